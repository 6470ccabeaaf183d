//! How a resource is called.

use std::fmt;

use serde::{Serialize, Serializer};

use super::Kind;

/// The name of a resource: its kind; for a route other than `/` the route's
/// path without the leading slash; for an alias its host name. So
/// `listener-rule/sms`, `dns-record/shop.corp.example.com`, and
/// `listener-rule/sms/shop.corp.example.com`.
///
/// Shown to the user and written into the tag `hybridgw:resource`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    // First, so that keys sort as they read.
    text: String,
    kind: Kind,
}

impl Key {
    /// The key of the only resource of this kind, or of the one of route `/`.
    pub fn bare(kind: Kind) -> Self {
        Self {
            text: kind.to_string(),
            kind,
        }
    }

    /// The key of this kind's resource for the route with this path.
    pub fn of_route(kind: Kind, path: &str) -> Self {
        match path.trim_start_matches('/') {
            "" => Self::bare(kind),
            route => Self::with(kind, route),
        }
    }

    /// The key of this kind's resource for the route `/`, where the bare key is
    /// another one's.
    pub fn of_root(kind: Kind) -> Self {
        Self::with(kind, "")
    }

    /// A key as read back from a tag. None: its kind is none of this program's.
    pub fn from_tag(value: &str) -> Option<Self> {
        let kind = value.split('/').next()?.parse().ok()?;
        Some(Self {
            text: value.to_owned(),
            kind,
        })
    }

    fn with(kind: Kind, rest: &str) -> Self {
        Self {
            text: format!("{kind}/{rest}"),
            kind,
        }
    }

    fn rest(&self) -> Option<&str> {
        self.text.split_once('/').map(|(_, rest)| rest)
    }

    /// The kind of the resource.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The route's path, with its leading slash.
    pub fn path(&self) -> String {
        format!("/{}", self.rest().unwrap_or_default())
    }

    /// The same key for an alias of this name.
    #[must_use]
    pub fn of_alias(&self, name: &str) -> Self {
        Self {
            text: format!("{}/{name}", self.text),
            kind: self.kind,
        }
    }

    /// Whether it is the key of what serves an alias of this name.
    pub fn is_of_alias(&self, name: &str) -> bool {
        let before = self.text.strip_suffix(name);
        before.is_some_and(|before| before.ends_with('/'))
    }

    /// The route's path, with its leading slash, of what serves this host.
    pub fn path_at(&self, host: &str) -> String {
        let path = self.path();
        match path
            .strip_suffix(host)
            .and_then(|rest| rest.strip_suffix('/'))
        {
            Some("") => "/".to_owned(),
            Some(rest) => rest.to_owned(),
            None => path,
        }
    }

    /// The key of another kind for the same route and host.
    #[must_use]
    pub fn sibling(&self, kind: Kind) -> Self {
        match self.rest() {
            Some(rest) => Self::with(kind, rest),
            None => Self::bare(kind),
        }
    }

    /// The whole key.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

impl Serialize for Key {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sibling_is_of_the_same_route_and_host() {
        let key = Key::bare(Kind::DomainName).of_alias("shop.corp.example.com");
        let sibling = key.sibling(Kind::DnsRecord);
        assert_eq!(sibling.as_str(), "dns-record/shop.corp.example.com");
        assert_eq!(
            Key::bare(Kind::RestApi).sibling(Kind::Stage),
            Key::bare(Kind::Stage)
        );
        let root = Key::of_root(Kind::TargetGroup);
        assert_eq!(root.sibling(Kind::Targets).as_str(), "targets/");
    }

    #[test]
    fn a_tag_of_an_unknown_kind_names_none_of_our_resources() {
        assert_eq!(Key::from_tag("load-balancers"), None);
        assert_eq!(Key::from_tag(""), None);
        let key = Key::from_tag("listener-rule/sms").expect("a key");
        assert_eq!(
            (key.kind(), key.path()),
            (Kind::ListenerRule, "/sms".to_owned())
        );
    }
}

//! The one trait that every AWS resource implements. Read this first.
//!
//! A resource knows how to be found, compared, made, changed and removed. The
//! order in which that happens, the waiting and the retries are the engine's
//! (`pipeline`). Resources print nothing and never sleep.

use std::{fmt, future::Future};

use serde::{Serialize, Serializer};

use crate::{
    aws::{
        Aws,
        read::{Query, Reads},
    },
    error::{Error, Result},
    ownership::{Found, Ours},
};

/// The name of a resource: its kind; for a route other than `/` the route's
/// path without the leading slash; for an alias its host name. So
/// `listener-rule/sms`, `dns-record/shop.corp.example.com`, and
/// `listener-rule/sms/shop.corp.example.com`.
///
/// Shown to the user and written into the tag `hybridgw:resource`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(String);

impl Key {
    /// The key of the only resource of this kind, or of the one of route `/`.
    pub fn bare(kind: &str) -> Self {
        Self(kind.to_owned())
    }

    /// The key of this kind's resource for the route with this path.
    pub fn of_route(kind: &str, path: &str) -> Self {
        match path.trim_start_matches('/') {
            "" => Self::bare(kind),
            rest => Self(format!("{kind}/{rest}")),
        }
    }

    /// A key as read back from a tag.
    pub fn from_tag(value: &str) -> Self {
        Self(value.to_owned())
    }

    /// The part before the first slash.
    pub fn kind(&self) -> &str {
        self.0.split('/').next().unwrap_or_default()
    }

    /// The route's path, with its leading slash.
    pub fn path(&self) -> String {
        match self.0.split_once('/') {
            Some((_, rest)) => format!("/{rest}"),
            None => "/".to_owned(),
        }
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
    pub fn sibling(&self, kind: &str) -> Self {
        match self.0.split_once('/') {
            Some((_, rest)) => Self(format!("{kind}/{rest}")),
            None => Self::bare(kind),
        }
    }

    /// The whole key.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl Serialize for Key {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

/// One of the stack's host names: its own, or an alias.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host {
    /// The name, in lower case.
    pub name: String,
    /// Whether it is an alias: then keys say the name.
    pub alias: bool,
}

impl Host {
    /// The key of this kind's resource for this host and the route with this path.
    pub fn key(&self, kind: &str, path: &str) -> Key {
        let of_route = Key::of_route(kind, path);
        if self.alias {
            Key(format!("{of_route}/{}", self.name))
        } else {
            of_route
        }
    }
}

/// What a resource needs of a neighbour before it can be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Need {
    /// Its id, ARN or DNS name: it may still be provisioning.
    Exists(Key),
    /// The finished thing.
    Settled(Key),
}

impl Need {
    /// The neighbour.
    pub fn key(&self) -> &Key {
        match self {
            Self::Exists(key) | Self::Settled(key) => key,
        }
    }
}

/// One difference between what is and what should be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Drift {
    /// The field, in the words of the configuration or of AWS.
    pub field: String,
    /// What AWS reports.
    pub actual: String,
    /// What it should be; `(known after apply)` where a neighbour decides it.
    pub desired: String,
    /// Whether AWS can only change it by making the thing anew.
    pub replace: bool,
    /// Whether to repair it only when everything else works: what takes
    /// something away that others may still use.
    #[serde(skip)]
    pub last: bool,
}

/// What stands for a neighbour's output before the neighbour exists.
pub const UNKNOWN: &str = "(known after apply)";

impl Drift {
    /// A difference that can be repaired in place.
    pub fn new(
        field: impl Into<String>,
        actual: impl Into<String>,
        desired: impl Into<String>,
    ) -> Self {
        Self {
            field: field.into(),
            actual: actual.into(),
            desired: desired.into(),
            replace: false,
            last: false,
        }
    }

    /// The difference between two printable values, if there is one.
    pub fn between<T: PartialEq + ToString>(field: &str, actual: &T, desired: &T) -> Option<Self> {
        (actual != desired).then(|| Self::new(field, actual.to_string(), desired.to_string()))
    }

    /// Marks a difference that only a new thing can repair.
    #[must_use]
    pub fn replaces(mut self) -> Self {
        self.replace = true;
        self
    }

    /// Marks a difference to be repaired when everything else works.
    #[must_use]
    pub fn at_last(mut self) -> Self {
        self.last = true;
        self
    }
}

/// Whether AWS has finished with a thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Settled {
    /// It works.
    Yes,
    /// AWS is still at it; why, for the display.
    NotYet(String),
    /// It will never work; only a new one can.
    Never(String),
}

/// An AWS resource: how to find it, compare it, make it, change it, remove it.
///
/// # Guarantees an implementation gives
///
/// - `discover` and `find` never write. They ask through [`Reads`],
///   which remembers answers.
/// - `discover` finds everything of this type that carries the stack's marks,
///   whatever the configuration says now: `down` and `status` rest on it.
/// - `diff` and `settled` are pure, and compare every managed field.
/// - `create` marks the thing as the stack's own in the same call that makes
///   it, so that a killed run leaves nothing that cannot be found again. It may
///   leave fields to be set: the engine follows it with `update`.
/// - `update` and `delete` take the proof that the thing is the stack's
///   ([`Ours`]); nothing else of theirs may be written to.
/// - `create`, `update` and `delete` may be repeated after any failure.
/// - `delete` needs nothing of the configuration, and takes "not there" for
///   success.
pub trait Resource: Send + Sync + 'static {
    /// The ids and the managed fields, as AWS reports them.
    type Actual: Clone + Send + Sync + 'static;

    /// The read operations whose answers show this resource. They are asked
    /// afresh before and after it is touched; the first one shows how far AWS
    /// has come with it.
    const READS: &'static [Query];

    /// Whether AWS refuses a second `create` or takes it for the first
    /// (`aws/retry.rs` has the sources). Then what was not there a moment ago is
    /// made without another look: if it is there by now, that shows.
    const MADE_ONCE: bool = false;

    /// How this resource is called.
    fn key(&self) -> Key;

    /// What must be there before this can be made, read off its own fields.
    fn needs(&self) -> Vec<Need>;

    /// What AWS must have finished before it can finish this: as long as that is
    /// under way, nobody looks how far this has come.
    fn settles_after(&self) -> Vec<Need> {
        Vec::new()
    }

    /// What will be made, in a few words for the plan.
    fn summary(&self) -> String;

    /// Everything of this type that carries the stack's marks.
    fn discover(reads: &Reads) -> impl Future<Output = Result<Vec<Found<Self::Actual>>>> + Send;

    /// Whether a discovered thing is this one.
    fn is(&self, found: &Found<Self::Actual>) -> bool {
        found.key == self.key()
    }

    /// This resource, if it exists.
    fn find(
        &self,
        reads: &Reads,
    ) -> impl Future<Output = Result<Option<Found<Self::Actual>>>> + Send {
        async move {
            let all = Self::discover(reads).await?;
            Ok(all.into_iter().find(|found| self.is(found)))
        }
    }

    /// This very thing again, if it is still there: for its removal, which needs
    /// to know of no other.
    fn again(
        reads: &Reads,
        was: &Found<Self::Actual>,
    ) -> impl Future<Output = Result<Option<Found<Self::Actual>>>> + Send {
        async move {
            let place = Self::place(&was.actual);
            let same = |found: &Found<Self::Actual>| {
                found.id == was.id && Self::place(&found.actual) == place
            };
            Ok(Self::discover(reads).await?.into_iter().find(same))
        }
    }

    /// What stands in the way of making it: something foreign of the same name.
    /// Asked only while the resource does not exist.
    fn obstacle(&self, reads: &Reads) -> impl Future<Output = Result<Option<Error>>> + Send {
        let _ = reads;
        async { Ok(None) }
    }

    /// Every managed field that is not as it should be.
    fn diff(&self, actual: &Self::Actual) -> Vec<Drift>;

    /// Whether AWS has finished with it.
    fn settled(&self, actual: &Self::Actual) -> Settled {
        let _ = actual;
        Settled::Yes
    }

    /// Makes it.
    fn create(&self, aws: &Aws) -> impl Future<Output = Result<()>> + Send;

    /// Repairs these differences in place.
    fn update(
        &self,
        aws: &Aws,
        actual: &Ours<Self::Actual>,
        drift: &[Drift],
    ) -> impl Future<Output = Result<()>> + Send;

    /// Removes it.
    fn delete(aws: &Aws, actual: &Ours<Self::Actual>) -> impl Future<Output = Result<()>> + Send;

    /// What else tells it apart from another one of this type with the same id:
    /// a renamed host's mapping is called `(none)` like the one it replaces.
    fn place(actual: &Self::Actual) -> String {
        let _ = actual;
        String::new()
    }

    /// The setting that forbids its deletion, if it is on.
    fn protection(actual: &Self::Actual) -> Option<&'static str> {
        let _ = actual;
        None
    }

    /// The kinds that must be gone before a thing with this key can be deleted.
    fn held_by(key: &Key) -> &'static [&'static str] {
        let _ = key;
        &[]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(alias: bool) -> Host {
        Host {
            name: "shop.corp.example.com".to_owned(),
            alias,
        }
    }

    #[test]
    fn an_alias_appends_its_name_and_a_route_its_path() {
        let keys = [
            (false, "/", "listener-rule"),
            (false, "/a/b", "listener-rule/a/b"),
            (true, "/", "listener-rule/shop.corp.example.com"),
            (true, "/sms", "listener-rule/sms/shop.corp.example.com"),
        ];
        for (alias, path, expected) in keys {
            let key = host(alias).key("listener-rule", path);
            assert_eq!(key.as_str(), expected);
            assert_eq!(key.path_at("shop.corp.example.com"), path);
        }
    }

    #[test]
    fn a_sibling_is_of_the_same_route_and_host() {
        let key = host(true).key("domain-name", "/");
        let sibling = key.sibling("dns-record");
        assert_eq!(sibling.as_str(), "dns-record/shop.corp.example.com");
        assert_eq!(Key::bare("rest-api").sibling("stage"), Key::bare("stage"));
    }
}

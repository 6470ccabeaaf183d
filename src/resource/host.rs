//! Hosts and the keys of what serves them.

pub use crate::host::Host;

use super::{Key, Kind};

impl Host {
    /// The host of this name that a thing with this key serves.
    pub fn served_by(key: &Key, name: impl Into<String>) -> Self {
        let name = name.into();
        Self {
            alias: key.is_of_alias(&name),
            name,
        }
    }

    /// The key of this kind's resource for this host and the route with this path.
    pub fn key(&self, kind: Kind, path: &str) -> Key {
        let of_route = Key::of_route(kind, path);
        if self.alias {
            of_route.of_alias(&self.name)
        } else {
            of_route
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alias_appends_its_name_and_a_route_its_path() {
        let name = "shop.corp.example.com";
        let keys = [
            (Host::own(name), "/", "listener-rule"),
            (Host::own(name), "/a/b", "listener-rule/a/b"),
            (
                Host::alias(name),
                "/",
                "listener-rule/shop.corp.example.com",
            ),
            (
                Host::alias(name),
                "/sms",
                "listener-rule/sms/shop.corp.example.com",
            ),
        ];
        for (host, path, expected) in keys {
            let key = host.key(Kind::ListenerRule, path);
            assert_eq!(key.as_str(), expected);
            assert_eq!(key.path_at(name), path);
            assert_eq!(Host::served_by(&key, name), host);
        }
    }
}

//! The order of a request: from the name, by the load balancer, to what answers.
//!
//! The plan and the status are shown in it, in a few groups.

use std::{cmp::Reverse, fmt};

use crate::resource::{Key, Kind};

/// Where a resource stands on the way of a request.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// The name and the load balancer: every request passes here.
    Front,
    /// What only the requests of a route meet. The longest path wins, so it
    /// comes first.
    Route(Reverse<usize>, String),
    /// The endpoints and what all APIs share.
    Behind,
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Front => f.write_str("name and load balancer"),
            Self::Route(_, path) => write!(f, "route {path}"),
            Self::Behind => f.write_str("endpoints, and what the APIs share"),
        }
    }
}

/// The order of what a person sees, for the names that are among its keys.
pub struct Order {
    /// The aliases, which are the ends of keys.
    aliases: Vec<String>,
    /// Whether there are APIs: the bare target group is theirs then, and else the
    /// route's `/`.
    has_apis: bool,
}

impl Order {
    /// The order of these resources.
    pub fn of<'a>(keys: impl IntoIterator<Item = &'a Key>) -> Self {
        let keys: Vec<&Key> = keys.into_iter().collect();
        let has_apis = keys.iter().any(|key| key.kind() == Kind::BasePathMapping);
        let named = |key: &&&Key| matches!(key.kind(), Kind::DnsRecord | Kind::DomainName);
        let named = keys.iter().filter(named);
        let aliases = named.map(|key| key.path().trim_start_matches('/').to_owned());
        Self {
            aliases: aliases.filter(|alias| !alias.is_empty()).collect(),
            has_apis,
        }
    }

    /// The group it is shown in.
    pub fn part(&self, key: &Key) -> Part {
        let is_shared = key.as_str() == key.kind().as_str();
        match key.kind() {
            Kind::DnsRecord
            | Kind::LoadBalancer
            | Kind::LoadBalancerSecurityGroup
            | Kind::SecurityGroupRules
            | Kind::Listener
            | Kind::RedirectListener => Part::Front,
            Kind::TargetGroup | Kind::Targets if is_shared && self.has_apis => Part::Behind,
            Kind::VpcEndpoint
            | Kind::EndpointSecurityGroup
            | Kind::EndpointPolicy
            | Kind::SiteEndpoint
            | Kind::DomainName => Part::Behind,
            Kind::ListenerRule
            | Kind::TargetGroup
            | Kind::Targets
            | Kind::BucketPolicy
            | Kind::LambdaPermission
            | Kind::BasePathMapping
            | Kind::RestApi
            | Kind::Deployment
            | Kind::Stage => {
                let path = self.path(key);
                Part::Route(Reverse(path.len()), path)
            }
        }
    }

    /// What sorts as a request goes.
    pub fn place(&self, key: &Key) -> (Part, u8, String) {
        (self.part(key), rank(key.kind()), key.as_str().to_owned())
    }

    /// The route's path, whatever host it is for.
    fn path(&self, key: &Key) -> String {
        let path = key.path();
        let without = self.aliases.iter().map(|alias| key.path_at(alias));
        without.min_by_key(String::len).unwrap_or(path)
    }
}

/// The order within a group.
fn rank(kind: Kind) -> u8 {
    match kind {
        Kind::DnsRecord => 0,
        Kind::LoadBalancer => 1,
        Kind::LoadBalancerSecurityGroup => 2,
        Kind::SecurityGroupRules => 3,
        Kind::Listener => 4,
        Kind::RedirectListener => 5,
        Kind::ListenerRule => 6,
        Kind::TargetGroup => 7,
        Kind::Targets => 8,
        Kind::LambdaPermission => 9,
        Kind::BucketPolicy => 10,
        Kind::VpcEndpoint => 11,
        Kind::SiteEndpoint => 12,
        Kind::EndpointSecurityGroup => 13,
        Kind::EndpointPolicy => 14,
        Kind::DomainName => 15,
        Kind::BasePathMapping => 16,
        Kind::RestApi => 17,
        Kind::Stage => 18,
        Kind::Deployment => 19,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resources_stand_as_a_request_meets_them() {
        let mut keys: Vec<Key> = [
            "stage",
            "base-path-mapping",
            "rest-api/sms",
            "target-group",
            "listener-rule/sms/shop.corp.example.com",
            "listener-rule",
            "vpc-endpoint",
            "dns-record/shop.corp.example.com",
            "load-balancer",
            "targets/app",
            "dns-record",
            "targets/",
        ]
        .iter()
        .map(|key| Key::from_tag(key).expect("a key"))
        .collect();
        let order = Order::of(&keys);
        keys.sort_by_key(|key| order.place(key));
        let shown: Vec<String> = keys
            .iter()
            .map(|key| format!("{}: {key}", order.part(key)))
            .collect();
        assert_eq!(
            shown,
            [
                "name and load balancer: dns-record",
                "name and load balancer: dns-record/shop.corp.example.com",
                "name and load balancer: load-balancer",
                "route /app: targets/app",
                "route /sms: listener-rule/sms/shop.corp.example.com",
                "route /sms: rest-api/sms",
                "route /: listener-rule",
                "route /: targets/",
                "route /: base-path-mapping",
                "route /: stage",
                "endpoints, and what the APIs share: target-group",
                "endpoints, and what the APIs share: vpc-endpoint",
            ]
        );
    }

    #[test]
    fn without_apis_the_bare_target_group_is_the_routes() {
        let group = Key::bare(Kind::TargetGroup);
        assert_eq!(Order::of([&group]).part(&group).to_string(), "route /");
        let mapping = Key::bare(Kind::BasePathMapping);
        assert_eq!(Order::of([&group, &mapping]).part(&group), Part::Behind);
    }
}

//! The rules of both security groups.
//!
//! They are apart from the groups because they refer to each other: the load
//! balancer's group lets out only to the endpoint's, which lets in only from
//! the load balancer's. Everything else is drift, also the rule that AWS puts
//! into every new group (all traffic out).

use std::{collections::BTreeSet, fmt, sync::Arc};

use aws_sdk_ec2::types::{IpPermission, IpRange, Ipv6Range, PrefixListId, UserIdGroupPair};

use crate::{
    aws::{Aws, Called},
    error::{Error, Result},
    graph::Node,
    look::Look,
    ownership::{Found, Ours},
    resource::{Drift, Key, Need, Resource},
    resources::{
        SecurityGroup,
        security_group::{ENDPOINT, LOAD_BALANCER, mark, tagged},
    },
};

/// The rules of the stack's two groups.
pub struct SecurityGroupRules {
    /// The load balancer's group.
    pub load_balancer: Arc<Node<SecurityGroup>>,
    /// The endpoint's group, if the stack has an endpoint.
    pub endpoint: Option<Arc<Node<SecurityGroup>>>,
    /// Who may reach the load balancer: IPv4 CIDRs.
    pub clients: Vec<String>,
}

/// Which way traffic goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Way {
    In,
    Out,
}

/// One rule: one port range and one peer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rule {
    group: String,
    way: Way,
    /// `tcp`, or `-1` for everything.
    protocol: String,
    ports: Option<(i32, i32)>,
    /// A CIDR, a group id or a prefix list id.
    peer: String,
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let way = match self.way {
            Way::In => "from",
            Way::Out => "to",
        };
        match self.ports {
            Some((low, high)) if low == high => write!(f, "{}/{low}", self.protocol)?,
            Some((low, high)) => write!(f, "{}/{low}-{high}", self.protocol)?,
            None => f.write_str("all traffic")?,
        }
        write!(f, " {way} {}", self.peer)
    }
}

/// The rules as EC2 reports them.
#[derive(Clone, Debug)]
pub struct Actual {
    /// The groups that exist.
    pub groups: BTreeSet<String>,
    /// The rules of all of them.
    pub rules: BTreeSet<Rule>,
}

impl SecurityGroupRules {
    fn wanted(&self, load_balancer: &str, endpoint: Option<&str>) -> BTreeSet<Rule> {
        let rule = |group: &str, way, port, peer: &str| Rule {
            group: group.to_owned(),
            way,
            protocol: "tcp".to_owned(),
            ports: Some((port, port)),
            peer: peer.to_owned(),
        };
        let clients = self
            .clients
            .iter()
            .flat_map(|client| [443, 80].map(|port| rule(load_balancer, Way::In, port, client)));
        let mut wanted: BTreeSet<Rule> = clients.collect();
        if let Some(endpoint) = endpoint {
            wanted.insert(rule(load_balancer, Way::Out, 443, endpoint));
            wanted.insert(rule(endpoint, Way::In, 443, load_balancer));
        }
        wanted
    }

    /// The load balancer's group and the endpoint's, once they are known.
    fn groups(&self) -> Option<(String, Option<String>)> {
        let endpoint = match &self.endpoint {
            Some(group) => Some(group.id()?),
            None => None,
        };
        Some((self.load_balancer.id()?, endpoint))
    }
}

impl Resource for SecurityGroupRules {
    type Actual = Actual;
    const ASKS: &'static [&'static str] = &["DescribeSecurityGroups"];

    fn key(&self) -> Key {
        Key::bare("security-group-rules")
    }

    fn needs(&self) -> Vec<Need> {
        let groups = self.endpoint.iter().chain([&self.load_balancer]);
        groups.map(|group| group.exists()).collect()
    }

    fn summary(&self) -> String {
        format!("443 and 80 from {}", self.clients.join(", "))
    }

    async fn discover(look: &Look) -> Result<Vec<Found<Actual>>> {
        let groups = tagged(look).await?;
        let mut whose = None;
        let mut actual = Actual {
            groups: BTreeSet::new(),
            rules: BTreeSet::new(),
        };
        for group in groups.iter() {
            let own = mark(group, &look.stack);
            let own = own.filter(|mark| [LOAD_BALANCER, ENDPOINT].contains(&mark.key().as_str()));
            let (Some(own), Some(id)) = (own, group.group_id()) else {
                continue;
            };
            whose = Some(own.for_part(Key::bare("security-group-rules")));
            actual.groups.insert(id.to_owned());
            for permission in group.ip_permissions() {
                actual.rules.extend(rules(id, Way::In, permission));
            }
            for permission in group.ip_permissions_egress() {
                actual.rules.extend(rules(id, Way::Out, permission));
            }
        }
        // Groups fresh from AWS hold only its default rule: nothing was made.
        let Some(mark) = whose.filter(|_| !actual.rules.iter().all(is_default)) else {
            return Ok(vec![]);
        };
        let id = actual.groups.iter().cloned().collect::<Vec<_>>().join(",");
        Ok(vec![Found::ours(mark, id, "available", actual)])
    }

    fn diff(&self, actual: &Actual) -> Vec<Drift> {
        let Actual { groups: _, rules } = actual;
        let Some((load_balancer, endpoint)) = self.groups() else {
            return vec![Drift::new("rules", "", crate::resource::UNKNOWN)];
        };
        let wanted = self.wanted(&load_balancer, endpoint.as_deref());
        let name = |rule: &Rule| {
            if rule.group == load_balancer {
                "load balancer rule"
            } else {
                "endpoint rule"
            }
        };
        let missing = wanted.difference(rules);
        let extra = rules.difference(&wanted);
        missing
            .map(|rule| Drift::new(name(rule), "", rule.to_string()))
            .chain(extra.map(|rule| Drift::new(name(rule), rule.to_string(), "")))
            .collect()
    }

    async fn create(&self, aws: &Aws) -> Result<()> {
        let (load_balancer, endpoint) = self
            .groups()
            .ok_or_else(|| Error::not_yet("its groups are not there yet"))?;
        for rule in self.wanted(&load_balancer, endpoint.as_deref()) {
            authorize(aws, &rule).await?;
        }
        Ok(())
    }

    async fn update(&self, aws: &Aws, actual: &Ours<Actual>, _drift: &[Drift]) -> Result<()> {
        let (load_balancer, endpoint) = self
            .groups()
            .ok_or_else(|| Error::not_yet("its groups are not there yet"))?;
        let wanted = self.wanted(&load_balancer, endpoint.as_deref());
        // New before old: a rule taken away first would cut traffic.
        for rule in wanted.difference(&actual.rules) {
            authorize(aws, rule).await?;
        }
        for rule in actual.rules.difference(&wanted) {
            revoke(aws, rule).await?;
        }
        Ok(())
    }

    async fn delete(aws: &Aws, actual: &Ours<Actual>) -> Result<()> {
        for rule in &actual.rules {
            revoke(aws, rule).await?;
        }
        Ok(())
    }

    fn held_by(_key: &Key) -> &'static [&'static str] {
        &["dns-record", "load-balancer"]
    }
}

/// The rule that AWS puts into every new group.
fn is_default(rule: &Rule) -> bool {
    rule.way == Way::Out && rule.protocol == "-1" && rule.peer == "0.0.0.0/0"
}

/// EC2 groups rules by ports; one rule of ours is one peer.
fn rules(group: &str, way: Way, permission: &IpPermission) -> Vec<Rule> {
    let ranges = permission.ip_ranges().iter();
    let ranges6 = permission.ipv6_ranges().iter();
    let lists = permission.prefix_list_ids().iter();
    let groups = permission.user_id_group_pairs().iter();
    let peers = ranges
        .filter_map(|range| range.cidr_ip())
        .chain(ranges6.filter_map(|range| range.cidr_ipv6()))
        .chain(lists.filter_map(|list| list.prefix_list_id()))
        .chain(groups.filter_map(|pair| pair.group_id()));
    peers
        .map(|peer| Rule {
            group: group.to_owned(),
            way,
            protocol: permission.ip_protocol().unwrap_or("-1").to_owned(),
            ports: permission.from_port().zip(permission.to_port()),
            peer: peer.to_owned(),
        })
        .collect()
}

fn permission(rule: &Rule) -> IpPermission {
    let (from, to) = rule.ports.unzip();
    let permission = IpPermission::builder()
        .ip_protocol(&rule.protocol)
        .set_from_port(from)
        .set_to_port(to);
    let peer = &rule.peer;
    let permission = if peer.starts_with("sg-") {
        permission.user_id_group_pairs(UserIdGroupPair::builder().group_id(peer).build())
    } else if peer.starts_with("pl-") {
        permission.prefix_list_ids(PrefixListId::builder().prefix_list_id(peer).build())
    } else if peer.contains(':') {
        permission.ipv6_ranges(Ipv6Range::builder().cidr_ipv6(peer).build())
    } else {
        permission.ip_ranges(IpRange::builder().cidr_ip(peer).build())
    };
    permission.build()
}

async fn authorize(aws: &Aws, rule: &Rule) -> Result<()> {
    let done = match rule.way {
        Way::In => aws
            .ec2
            .authorize_security_group_ingress()
            .group_id(&rule.group)
            .ip_permissions(permission(rule))
            .send()
            .await
            .called("AuthorizeSecurityGroupIngress")
            .map(drop),
        Way::Out => aws
            .ec2
            .authorize_security_group_egress()
            .group_id(&rule.group)
            .ip_permissions(permission(rule))
            .send()
            .await
            .called("AuthorizeSecurityGroupEgress")
            .map(drop),
    };
    match done {
        Err(error) if error.code() == Some("InvalidPermission.Duplicate") => Ok(()),
        other => other,
    }
}

async fn revoke(aws: &Aws, rule: &Rule) -> Result<()> {
    let done = match rule.way {
        Way::In => aws
            .ec2
            .revoke_security_group_ingress()
            .group_id(&rule.group)
            .ip_permissions(permission(rule))
            .send()
            .await
            .called("RevokeSecurityGroupIngress")
            .map(drop),
        Way::Out => aws
            .ec2
            .revoke_security_group_egress()
            .group_id(&rule.group)
            .ip_permissions(permission(rule))
            .send()
            .await
            .called("RevokeSecurityGroupEgress")
            .map(drop),
    };
    // InvalidPermission.NotFound and InvalidGroup.NotFound: gone already.
    crate::aws::error::none_if_missing(done).map(drop)
}

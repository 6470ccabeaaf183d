//! One rule of a security group, as it is read and written.

use std::fmt;

use aws_sdk_ec2::types::{
    IpPermission, IpRange, Ipv6Range, PrefixListId, ResourceType, SecurityGroup, TagSpecification,
    UserIdGroupPair,
};

use crate::{
    aws::{Aws, Called},
    error::Result,
    resource::tags::{self, Tags},
};

/// Which way traffic goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Direction {
    /// In.
    Ingress,
    /// Out.
    Egress,
}

/// One rule: one port range and one peer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rule {
    /// The group that has it.
    pub group: String,
    /// Which direction.
    pub direction: Direction,
    /// `tcp`, or `-1` for everything.
    pub protocol: String,
    /// From the first to the last port.
    pub ports: Option<(i32, i32)>,
    /// A CIDR, a group id or a prefix list id.
    pub peer: String,
    /// What it says of itself.
    pub description: Option<String>,
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let direction = match self.direction {
            Direction::Ingress => "from",
            Direction::Egress => "to",
        };
        match self.ports {
            Some((low, high)) if low == high => write!(f, "{}/{low}", self.protocol)?,
            Some((low, high)) => write!(f, "{}/{low}-{high}", self.protocol)?,
            None => f.write_str("all traffic")?,
        }
        write!(f, " {direction} {}", self.peer)?;
        match self.description {
            Some(_) => write!(f, " in {}", self.group),
            None => Ok(()),
        }
    }
}

impl Rule {
    /// A rule for one TCP port.
    pub fn tcp(group: &str, direction: Direction, port: i32, peer: &str) -> Self {
        Self {
            group: group.to_owned(),
            direction,
            protocol: "tcp".to_owned(),
            ports: Some((port, port)),
            peer: peer.to_owned(),
            description: None,
        }
    }

    /// All rules of a group. EC2 groups them by ports; one rule here is one
    /// peer.
    pub fn of(group: &SecurityGroup) -> Vec<Self> {
        let id = group.group_id().unwrap_or_default();
        let direction = |direction: Direction, permissions: &[IpPermission]| -> Vec<Self> {
            let all = permissions.iter();
            all.flat_map(|one| rules(id, direction, one)).collect()
        };
        let mut all = direction(Direction::Ingress, group.ip_permissions());
        all.extend(direction(Direction::Egress, group.ip_permissions_egress()));
        all
    }

    /// Whether it is for HTTPS alone.
    pub fn is_https(&self) -> bool {
        self.protocol == "tcp" && self.ports == Some((443, 443))
    }

    /// Whether AWS takes it for the same as another one, whatever they say of
    /// themselves.
    pub fn admits_as(&self, other: &Self) -> bool {
        let plain = |rule: &Self| Self {
            description: None,
            ..rule.clone()
        };
        plain(self) == plain(other)
    }
}

/// The rule that AWS puts into every new group.
pub fn is_default(rule: &Rule) -> bool {
    rule.direction == Direction::Egress && rule.protocol == "-1" && rule.peer == "0.0.0.0/0"
}

fn rules(group: &str, direction: Direction, permission: &IpPermission) -> Vec<Rule> {
    let ranges = permission.ip_ranges().iter();
    let ranges6 = permission.ipv6_ranges().iter();
    let lists = permission.prefix_list_ids().iter();
    let groups = permission.user_id_group_pairs().iter();
    let peers = ranges
        .map(|range| (range.cidr_ip(), range.description()))
        .chain(ranges6.map(|range| (range.cidr_ipv6(), range.description())))
        .chain(lists.map(|list| (list.prefix_list_id(), list.description())))
        .chain(groups.map(|pair| (pair.group_id(), pair.description())));
    peers
        .filter_map(|(peer, description)| {
            Some(Rule {
                group: group.to_owned(),
                direction,
                protocol: permission.ip_protocol().unwrap_or("-1").to_owned(),
                ports: permission.from_port().zip(permission.to_port()),
                peer: peer?.to_owned(),
                description: description.map(str::to_owned),
            })
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
        let pair = UserIdGroupPair::builder().group_id(peer);
        let pair = pair.set_description(rule.description.clone());
        permission.user_id_group_pairs(pair.build())
    } else if peer.starts_with("pl-") {
        permission.prefix_list_ids(PrefixListId::builder().prefix_list_id(peer).build())
    } else if peer.contains(':') {
        permission.ipv6_ranges(Ipv6Range::builder().cidr_ipv6(peer).build())
    } else {
        permission.ip_ranges(IpRange::builder().cidr_ip(peer).build())
    };
    permission.build()
}

/// Adds a rule with these tags; that it is there already is success.
///
/// In the call itself: where an organisation wants tags on everything, a rule
/// without them is refused (Organizations user guide, "Tag policies").
pub async fn authorize(aws: &Aws, rule: &Rule, tags: &Tags) -> Result<()> {
    let tags = TagSpecification::builder()
        .resource_type(ResourceType::SecurityGroupRule)
        .set_tags(Some(tags::to_ec2(tags)))
        .build();
    let done = match rule.direction {
        Direction::Ingress => aws
            .ec2
            .authorize_security_group_ingress()
            .group_id(&rule.group)
            .ip_permissions(permission(rule))
            .tag_specifications(tags)
            .send()
            .await
            .called("AuthorizeSecurityGroupIngress")
            .map(drop),
        Direction::Egress => aws
            .ec2
            .authorize_security_group_egress()
            .group_id(&rule.group)
            .ip_permissions(permission(rule))
            .tag_specifications(tags)
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

/// Removes a rule; that it is not there is success.
pub async fn revoke(aws: &Aws, rule: &Rule) -> Result<()> {
    let done = match rule.direction {
        Direction::Ingress => aws
            .ec2
            .revoke_security_group_ingress()
            .group_id(&rule.group)
            .ip_permissions(permission(rule))
            .send()
            .await
            .called("RevokeSecurityGroupIngress")
            .map(drop),
        Direction::Egress => aws
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

//! `IpPermissions`: how requests and answers bundle rules.

use std::collections::BTreeMap;

use ipnet::{Ipv4Net, Ipv6Net};
use serde_json::{Value, json};

use super::id::{GROUP, PREFIX_LIST};
use super::prefix_list;
use super::state::{Peer, Rule, State, Traffic};
use crate::codec::{Input, Refusal};
use crate::world::Ctx;

impl Traffic {
    /// All traffic.
    pub fn all() -> Self {
        Self {
            protocol: "-1".to_owned(),
            from: None,
            to: None,
        }
    }

    /// Reads protocol and ports.
    ///
    /// EC2 API reference, `IpPermission`: names or numbers of protocols; -1 is
    /// all, and then ports do not count; TCP and UDP need both ports.
    pub fn read(input: &Input) -> Result<Self, Refusal> {
        let protocol = match input.require("IpProtocol")? {
            "6" | "tcp" | "TCP" => "tcp",
            "17" | "udp" | "UDP" => "udp",
            "1" | "icmp" | "ICMP" => "icmp",
            "58" | "icmpv6" => "icmpv6",
            "-1" | "all" => "-1",
            number if number.parse::<u8>().is_ok() => number,
            other => {
                let text = format!("Invalid value '{other}' for IP protocol. Unknown protocol.");
                return Err(Refusal::new("InvalidPermission.Malformed", text));
            }
        };
        let (from, to) = (input.number("FromPort"), input.number("ToPort"));
        let ports = match protocol {
            "tcp" | "udp" => Some(port_range(from, to)?),
            "icmp" | "icmpv6" => Some((from.unwrap_or(-1), to.unwrap_or(-1))),
            _ => None,
        };
        Ok(Self {
            protocol: protocol.to_owned(),
            from: ports.map(|(from, _)| from),
            to: ports.map(|(_, to)| to),
        })
    }

    /// Returns whether TCP to this port is part of it.
    pub fn includes(&self, port: u16) -> bool {
        let port = i64::from(port);
        self.protocol == "-1"
            || self.protocol == "tcp" && self.from <= Some(port) && Some(port) <= self.to
    }
}

/// EC2 API reference, `IpPermission`; the words for a port that is missing are observed, the others
/// are an assumption.
fn port_range(from: Option<i64>, to: Option<i64>) -> Result<(i64, i64), Refusal> {
    match (from, to) {
        (Some(from), Some(to)) if (0..=65535).contains(&from) && (from..=65535).contains(&to) => {
            Ok((from, to))
        }
        (Some(from), Some(to)) => {
            let text = format!(
                "Invalid value '{from}-{to}' for portRange. Ports are 0 to 65535, the first not after the last."
            );
            Err(Refusal::new("InvalidParameterValue", text))
        }
        _ => {
            let text =
                "Invalid value 'Must specify both from and to ports with TCP/UDP.' for portRange.";
            Err(Refusal::new("InvalidParameterValue", text))
        }
    }
}

impl Peer {
    /// Reads an IPv4 range; host bits are cleared (EC2 API reference, `IpRange`: the canonical form).
    pub fn ipv4(text: &str) -> Result<Self, Refusal> {
        text.parse::<Ipv4Net>()
            .map(|net| Self::Ipv4(net.trunc()))
            .map_err(|_| malformed(text))
    }

    /// Reads an IPv6 range.
    pub fn ipv6(text: &str) -> Result<Self, Refusal> {
        text.parse::<Ipv6Net>()
            .map(|net| Self::Ipv6(net.trunc()))
            .map_err(|_| malformed(text))
    }

    /// Reads a group named in a rule of a group of this VPC (observed: "… belong to different networks").
    pub fn group(state: &State, vpc: &str, id: &str) -> Result<Self, Refusal> {
        if GROUP.find(&state.groups, id)?.vpc == vpc {
            return Ok(Self::Group(id.to_owned()));
        }
        let text = "You have specified two resources that belong to different networks.";
        Err(Refusal::new("InvalidGroup.NotFound", text))
    }
}

impl Peer {
    /// Reads a prefix list: one of the account's, or the one that AWS keeps for S3.
    pub fn prefix_list(state: &State, region: &str, id: &str) -> Result<Self, Refusal> {
        if id != prefix_list::s3(region) {
            PREFIX_LIST.find(&state.prefix_lists, id)?;
        }
        Ok(Self::PrefixList(id.to_owned()))
    }
}

/// Observed: `AuthorizeSecurityGroupIngress`.
fn malformed(range: &str) -> Refusal {
    Refusal::new(
        "InvalidParameterValue",
        format!("CIDR block {range} is malformed"),
    )
}

impl Rule {
    /// The rule that every new group has: out to everywhere (EC2 API reference, `CreateSecurityGroup`).
    pub fn default_egress(group: &str) -> Self {
        Self {
            group: group.to_owned(),
            egress: true,
            traffic: Traffic::all(),
            peer: Peer::Ipv4(Ipv4Net::default()),
            description: None,
        }
    }

    /// Returns whether two rules are the same to EC2: descriptions do not count.
    pub fn same(&self, other: &Self) -> bool {
        self.group == other.group
            && self.egress == other.egress
            && self.traffic == other.traffic
            && self.peer == other.peer
    }
}

/// Reads a rule's description (observed: "Invalid rule description").
pub fn description(part: &Input) -> Result<Option<String>, Refusal> {
    let Some(text) = part.text("Description").filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    let allowed =
        |letter: char| letter.is_ascii_alphanumeric() || " ._-:/()#,@[]+=&;{}!$*".contains(letter);
    if text.len() > 255 || !text.chars().all(allowed) {
        let text = "Invalid rule description. Valid descriptions are strings less than 256 characters \
                    from the following set: a-zA-Z0-9. _-:/()#,@[]+=&;{}!$*";
        return Err(Refusal::new("InvalidParameterValue", text));
    }
    Ok(Some(text.to_owned()))
}

/// Reads the rules of a request for a group: `IpPermissions`, or the old flat parameters for one.
pub fn requested(
    state: &State,
    region: &str,
    input: &Input,
    group: &str,
    egress: bool,
) -> Result<Vec<Rule>, Refusal> {
    let vpc = &GROUP.find(&state.groups, group)?.vpc;
    let mut rules = Vec::new();
    let mut add = |traffic: &Traffic, peer: Peer, part: &Input| -> Result<(), Refusal> {
        let description = description(part)?;
        rules.push(Rule {
            group: group.to_owned(),
            egress,
            traffic: traffic.clone(),
            peer,
            description,
        });
        Ok(())
    };
    for permission in input.each("IpPermissions") {
        let traffic = Traffic::read(&permission)?;
        for range in permission.each("IpRanges") {
            add(&traffic, Peer::ipv4(range.require("CidrIp")?)?, &range)?;
        }
        for range in permission.each("Ipv6Ranges") {
            add(&traffic, Peer::ipv6(range.require("CidrIpv6")?)?, &range)?;
        }
        for pair in permission.each("Groups") {
            add(
                &traffic,
                Peer::group(state, vpc, pair.require("GroupId")?)?,
                &pair,
            )?;
        }
        for list in permission.each("PrefixListIds") {
            add(
                &traffic,
                Peer::prefix_list(state, region, list.require("PrefixListId")?)?,
                &list,
            )?;
        }
    }
    if input.has("IpProtocol") {
        add(
            &Traffic::read(input)?,
            Peer::ipv4(input.require("CidrIp")?)?,
            input,
        )?;
    }
    if rules.is_empty() {
        return Err(input.protocol.missing("ipPermissions"));
    }
    Ok(rules)
}

/// Writes a group's rules of one direction: those of the same traffic in one permission.
pub fn permissions(ctx: &Ctx<'_>, group: &str, egress: bool) -> Value {
    let rules = ctx
        .here
        .ec2
        .rules
        .values()
        .filter(|rule| rule.group == group && rule.egress == egress);
    bundled(ctx, rules)
}

/// Writes rules as permissions.
pub fn bundled<'a>(ctx: &Ctx<'_>, rules: impl Iterator<Item = &'a Rule>) -> Value {
    let mut bundles: BTreeMap<&Traffic, Vec<&Rule>> = BTreeMap::new();
    for rule in rules {
        bundles.entry(&rule.traffic).or_default().push(rule);
    }
    bundles
        .into_iter()
        .map(|(traffic, rules)| permission(ctx, traffic, &rules))
        .collect()
}

fn permission(ctx: &Ctx<'_>, traffic: &Traffic, rules: &[&Rule]) -> Value {
    let list = |write: fn(&Ctx<'_>, &Rule) -> Option<Value>| -> Value {
        rules.iter().filter_map(|rule| write(ctx, rule)).collect()
    };
    json!({
        "fromPort": traffic.from,
        "groups": list(|ctx, rule| match &rule.peer {
            Peer::Group(group) => Some(json!({"description": rule.description, "groupId": group, "userId": ctx.account})),
            _ => None,
        }),
        "ipProtocol": traffic.protocol,
        "ipRanges": list(|_, rule| match rule.peer {
            Peer::Ipv4(net) => Some(json!({"cidrIp": net.to_string(), "description": rule.description})),
            _ => None,
        }),
        "ipv6Ranges": list(|_, rule| match rule.peer {
            Peer::Ipv6(net) => Some(json!({"cidrIpv6": net.to_string(), "description": rule.description})),
            _ => None,
        }),
        "prefixListIds": list(|_, rule| match &rule.peer {
            Peer::PrefixList(id) => Some(json!({"description": rule.description, "prefixListId": id})),
            _ => None,
        }),
        "toPort": traffic.to,
    })
}

//! What a rehearsal's network holds: VPC, subnets, a borrowed endpoint.

use std::{collections::BTreeSet, net::Ipv4Addr};

use ipnet::Ipv4Net;
use serde_json::json;

use crate::{
    aws::Partition,
    config::{Client, Config},
    hash,
    simulator::{
        ec2::{self, NewInterface, Peer, PrefixList, Rule, Traffic, attach_interface},
        world::Ctx,
    },
};

/// The VPC's range, unless pinned addresses are elsewhere; each subnet gets a
/// /24 of it, in a zone of its own.
const VPC_RANGE: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 0);

/// Adds VPC and subnets; says what was added.
pub(super) fn add_network(ctx: &mut Ctx<'_>, config: &Config) -> Vec<String> {
    let mut invented = Vec::new();
    let network = &config.network;
    let pins = &config.endpoint.addresses;
    let base = pins.first().copied().unwrap_or(VPC_RANGE);
    let missing = !ctx.here.ec2.vpcs.contains_key(&network.vpc);
    if missing && let Ok(range) = Ipv4Net::new(base, 16) {
        let range = range.trunc();
        ec2::furnish::add_vpc(ctx, &network.vpc, range);
        if let Some(vpc) = ctx.here.ec2.vpcs.get_mut(&network.vpc) {
            vpc.dns_hostnames = true; // its private zone is to answer
        }
        invented.push(format!("{} ({range})", network.vpc));
    }
    for subnet in &network.subnets {
        if ctx.here.ec2.subnets.contains_key(subnet) {
            continue;
        }
        let known = &ctx.here.ec2.subnets;
        let here = known.values().filter(|one| one.vpc == network.vpc);
        let taken: Vec<Ipv4Net> = here.map(|one| one.cidr).collect();
        // A zone that none of the file's other subnets is in.
        let named = network.subnets.iter().filter_map(|id| known.get(id));
        let used: BTreeSet<&str> = named.map(|one| one.zone.as_str()).collect();
        let zones = ec2::zones(ctx.region);
        let zone = zones.iter().find(|zone| !used.contains(zone.name.as_str()));
        let vpc = ctx.here.ec2.vpcs.get(&network.vpc).map(|vpc| vpc.cidr);
        let free = vpc.and_then(|vpc| free_range(vpc, &taken, pins));
        let (Some(range), Some(zone)) = (free, zone.or(zones.first())) else {
            continue;
        };
        ec2::furnish::add_subnet(ctx, subnet, &network.vpc, range, &zone.name);
        invented.push(format!("{subnet} ({range}, {})", zone.name));
    }
    invented.extend(add_clients(ctx, config));
    invented
}

/// The prefix lists and groups that the clients are in.
fn add_clients(ctx: &mut Ctx<'_>, config: &Config) -> Vec<String> {
    let vpc = &config.network.vpc;
    let mut invented = Vec::new();
    for client in &config.network.clients {
        match client {
            Client::PrefixList(id) if !ctx.here.ec2.prefix_lists.contains_key(id) => {
                let entries: Vec<Ipv4Net> = ["10.0.0.0/8".parse(), "172.16.0.0/12".parse()]
                    .into_iter()
                    .flatten()
                    .collect();
                let list = PrefixList {
                    name: "clients".to_owned(),
                    ipv6: false,
                    most: 10,
                    entries,
                };
                ctx.here.ec2.prefix_lists.insert(id.clone(), list);
                invented.push(format!(
                    "the prefix list {id} (10.0.0.0/8 and 172.16.0.0/12)"
                ));
            }
            Client::Group(id) if !ctx.here.ec2.groups.contains_key(id) => {
                ec2::furnish::add_group(ctx, id, vpc, id, "clients");
                invented.push(format!("the security group {id}"));
            }
            Client::Range(_) | Client::PrefixList(_) | Client::Group(_) => {}
        }
    }
    invented
}

fn overlap(one: Ipv4Net, other: Ipv4Net) -> bool {
    one.contains(&other) || other.contains(&one)
}

/// A range that no subnet has: with the first pinned address that is in none
/// yet and no other one, or else one without any.
fn free_range(vpc: Ipv4Net, taken: &[Ipv4Net], pins: &[Ipv4Addr]) -> Option<Ipv4Net> {
    let is_free = |range: &Ipv4Net| !taken.iter().any(|other| overlap(*range, *other));
    let pinned = |range: &Ipv4Net| pins.iter().filter(|pin| range.contains(*pin)).count();
    let homeless = |pin: &&Ipv4Addr| !taken.iter().any(|range| range.contains(*pin));
    if let Some(pin) = pins.iter().find(homeless) {
        // From a /24 down to the smallest subnet there is.
        let around = (24..=28).filter_map(|length| Some(Ipv4Net::new(*pin, length).ok()?.trunc()));
        let mut fitting = around.filter(|range| vpc.contains(range) && is_free(range));
        let alone = fitting.find(|range| pinned(range) == 1);
        if alone.is_some() {
            return alone;
        }
    }
    let mut ranges = vpc.subnets(24).ok()?.skip(1);
    ranges.find(|range| is_free(range) && pinned(range) == 0)
}

/// Adds the endpoint that the configuration borrows, as a network team would
/// have it: open for the VPC and the account's APIs, unless hybridgw is to open
/// it.
pub(super) fn add_endpoint(ctx: &mut Ctx<'_>, config: &Config) -> Option<String> {
    let foreign = config.endpoint.foreign && config.has_api();
    let unnamed = foreign.then(|| format!("vpce-0{}", &hash::long(&config.stack)[..16]));
    let id = config.endpoint.id.clone().or(unnamed)?;
    let id = &id;
    let network = &config.network;
    let vpc = ctx.here.ec2.vpcs.get(&network.vpc)?.cidr;
    if ctx.here.ec2.endpoints.contains_key(id) {
        return None;
    }
    let group = format!("sg-0{}", &hash::long(id)[..16]);
    ec2::furnish::add_group(ctx, &group, &network.vpc, id, "the borrowed endpoint");
    if !config.endpoint.manage {
        let rule = Rule {
            group: group.clone(),
            egress: false,
            traffic: Traffic {
                protocol: "tcp".to_owned(),
                from: Some(443),
                to: Some(443),
            },
            peer: Peer::Ipv4(vpc),
            description: None,
        };
        let key = ctx.random.id("sgr");
        ctx.here.ec2.rules.insert(key, rule);
    }
    let partition = Partition::of(ctx.region);
    let service = partition.execute_api_service(ctx.region);
    let groups = [group];
    let subnets = &network.subnets;
    if foreign {
        // Its owner's: with the addresses that the file says.
        ec2::furnish::add_endpoint(ctx, id, &network.vpc, &service, &[], &groups).ok()?;
        for address in &config.endpoint.addresses {
            let mut all = ctx.here.ec2.subnets.iter();
            let (subnet, _) =
                all.find(|(_, subnet)| subnet.vpc == network.vpc && subnet.cidr.contains(address))?;
            let new = NewInterface {
                subnet: subnet.clone(),
                groups: groups.to_vec(),
                address: Some(*address),
                description: format!("VPC Endpoint Interface {id}"),
                kind: "vpc_endpoint",
                requester: "amazon-aws",
                holder: id.clone(),
                since: ctx.now,
            };
            attach_interface(ctx, new).ok()?;
        }
    } else {
        ec2::furnish::add_endpoint(ctx, id, &network.vpc, &service, subnets, &groups).ok()?;
    }
    let apis = if config.endpoint.manage {
        "another1id/*"
    } else {
        "*"
    };
    let policy = json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow",
        "Principal": "*",
        "Action": "execute-api:Invoke",
        "Resource": format!("arn:{}:execute-api:{}:{}:{apis}", partition.id(), ctx.region, ctx.account),
    }]});
    if let Some(endpoint) = ctx.here.ec2.endpoints.get_mut(id) {
        endpoint.policy = policy.to_string();
    }
    Some(format!("the endpoint {id}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(text: &str) -> Ipv4Net {
        text.parse().unwrap()
    }

    #[test]
    fn each_pinned_address_gets_a_subnet_of_its_own() {
        let vpc = range("10.0.0.0/16");
        let pins = ["10.0.7.10", "10.0.7.70", "10.0.1.9"].map(|pin| pin.parse().unwrap());
        let mut taken = Vec::new();
        for wanted in ["10.0.7.0/26", "10.0.7.64/26", "10.0.1.0/24", "10.0.2.0/24"] {
            let free = free_range(vpc, &taken, &pins).unwrap();
            assert_eq!(free, range(wanted));
            taken.push(free);
        }
        assert_eq!(
            free_range(range("10.1.0.0/16"), &[], &[]),
            Some(range("10.1.1.0/24"))
        );
    }
}

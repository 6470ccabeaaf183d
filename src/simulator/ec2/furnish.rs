//! Things under ids that are given: what a configuration borrows and the account is to hold.
//!
//! Nothing is checked here but what could not be stored; operations check.

use ipnet::Ipv4Net;

use super::endpoint::FULL_ACCESS;
use super::interface::{ENDPOINT_REQUESTER, NewInterface, VPC_ENDPOINT, attach_interface};
use super::state::{Endpoint, EndpointState, Group, Peer, PrefixList, Rule, Subnet, Traffic, Vpc};
use crate::codec::Refusal;
use crate::world::Ctx;

/// Adds a VPC, with its default security group, which admits itself and lets
/// out to all (VPC user guide, "Default security groups").
pub fn add_vpc(ctx: &mut Ctx<'_>, id: &str, cidr: Ipv4Net) {
    let vpc = Vpc {
        cidr,
        dns_support: true,
        dns_hostnames: false,
    };
    ctx.here.ec2.vpcs.insert(id.to_owned(), vpc);
    let group = ctx.random.id("sg");
    add_group(ctx, &group, id, "default", "default VPC security group");
    let itself = Rule {
        group: group.clone(),
        egress: false,
        traffic: Traffic::all(),
        peer: Peer::Group(group),
        description: None,
    };
    let rule = ctx.random.id("sgr");
    ctx.here.ec2.rules.insert(rule, itself);
}

/// Adds a subnet to a VPC.
pub fn add_subnet(ctx: &mut Ctx<'_>, id: &str, vpc: &str, cidr: Ipv4Net, zone: &str) {
    let subnet = Subnet {
        vpc: vpc.to_owned(),
        cidr,
        zone: zone.to_owned(),
    };
    ctx.here.ec2.subnets.insert(id.to_owned(), subnet);
}

/// Adds a security group to a VPC, with the rule that lets out to all.
pub fn add_group(ctx: &mut Ctx<'_>, id: &str, vpc: &str, name: &str, description: &str) {
    let group = Group {
        vpc: vpc.to_owned(),
        name: name.to_owned(),
        description: description.to_owned(),
    };
    ctx.here.ec2.groups.insert(id.to_owned(), group);
    let rule = ctx.random.id("sgr");
    ctx.here.ec2.rules.insert(rule, Rule::default_egress(id));
}

/// Adds a prefix list of the account's, with room for ten entries more.
pub fn add_prefix_list(ctx: &mut Ctx<'_>, id: &str, name: &str, nets: &[Ipv4Net]) {
    let list = PrefixList {
        name: name.to_owned(),
        most: nets.len() + 10,
        ipv6: false,
        entries: nets.to_vec(),
    };
    ctx.here.ec2.prefix_lists.insert(id.to_owned(), list);
}

/// Adds an endpoint that is available already, with an interface in each subnet.
pub fn add_endpoint(
    ctx: &mut Ctx<'_>,
    id: &str,
    vpc: &str,
    service: &str,
    subnets: &[String],
    groups: &[String],
) -> Result<(), Refusal> {
    for subnet in subnets {
        let new = NewInterface {
            subnet: subnet.clone(),
            groups: groups.to_vec(),
            address: None,
            description: format!("VPC Endpoint Interface {id}"),
            kind: VPC_ENDPOINT,
            requester: ENDPOINT_REQUESTER,
            holder: id.to_owned(),
            since: ctx.now,
        };
        attach_interface(ctx, new)?;
    }
    let endpoint = Endpoint {
        vpc: vpc.to_owned(),
        service: service.to_owned(),
        state: EndpointState::Available,
        change: 0,
        subnets: subnets.to_vec(),
        groups: groups.to_vec(),
        policy: FULL_ACCESS.to_owned(),
        private_dns: false,
        created: ctx.now,
        label: ctx.random.letters(8),
    };
    ctx.here.ec2.endpoints.insert(id.to_owned(), endpoint);
    Ok(())
}

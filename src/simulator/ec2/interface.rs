//! Network interfaces: of endpoints, and of whatever else lives in subnets.

use std::net::Ipv4Addr;

use ipnet::Ipv4Net;
use serde_json::{Value, json};

use super::filter::Listing;
use super::id::{GROUP, INTERFACE, SUBNET};
use super::state::{Event, Interface, State};
use super::{tag, zone};
use crate::clock::Time;
use crate::codec::{Input, Output, Refusal, ok};
use crate::latency;
use crate::random::{Random, digest};
use crate::world::{self, Ctx};

const LISTING: Listing<Interface> = Listing {
    kind: &INTERFACE,
    ids: "NetworkInterfaceId",
    filters: &[
        "addresses.primary",
        "addresses.private-ip-address",
        "attachment.attachment-id",
        "attachment.instance-owner-id",
        "attachment.status",
        "availability-zone",
        "availability-zone-id",
        "description",
        "group-id",
        "interface-type",
        "network-interface-id",
        "owner-id",
        "private-ip-address",
        "requester-id",
        "requester-managed",
        "status",
        "subnet-id",
        "vpc-id",
    ],
    values,
    least: 5,
};

fn values(state: &State, id: &str, interface: &Interface, name: &str) -> Vec<String> {
    // A subnet outlives its interfaces: DeleteSubnet sees to it.
    let subnet = &state.subnets[&interface.subnet];
    let one = |text: &str| vec![text.to_owned()];
    match name {
        "addresses.private-ip-address" | "private-ip-address" => {
            vec![interface.address.to_string()]
        }
        "addresses.primary" | "requester-managed" => one("true"),
        "attachment.attachment-id" => vec![attachment(id)],
        "attachment.instance-owner-id" => one(instance_owner(interface)),
        "attachment.status" => one("attached"),
        "availability-zone" => one(&subnet.zone),
        "availability-zone-id" => one(&zone::id_of(&subnet.zone)),
        "description" => one(&interface.description),
        "group-id" => interface.groups.clone(),
        "interface-type" => one(&interface.kind),
        "network-interface-id" => one(id),
        "requester-id" => one(&interface.requester),
        "status" => one("in-use"),
        "subnet-id" => one(&interface.subnet),
        "vpc-id" => one(&subnet.vpc),
        _ => Vec::new(),
    }
}

/// An interface to be made.
#[derive(Clone, Debug)]
pub struct NewInterface {
    /// Its subnet.
    pub subnet: String,
    /// Its security groups.
    pub groups: Vec<String>,
    /// Its address; a free one if none is given.
    pub address: Option<Ipv4Addr>,
    /// EC2's description: `ELB app/<name>/<id>`.
    pub description: String,
    /// `vpc_endpoint`, or `interface` for application load balancers.
    pub kind: &'static str,
    /// Who makes it: `amazon-elb`.
    pub requester: &'static str,
    /// Who holds it: an id or an ARN.
    pub holder: String,
    /// When it first shows; it takes its address and holds its groups at once.
    pub since: Time,
}

/// Makes an interface inside its subnet, for another service, and returns its id.
pub fn attach_interface(ctx: &mut Ctx<'_>, new: NewInterface) -> Result<String, Refusal> {
    let state = &ctx.here.ec2;
    SUBNET.find(&state.subnets, &new.subnet)?;
    for group in &new.groups {
        GROUP.find(&state.groups, group)?;
    }
    let address = match new.address {
        Some(address) => check_address(state, &new.subnet, address)?,
        None => free_address(state, ctx.random, &new.subnet)?,
    };
    let id = ctx.random.id("eni");
    let interface = Interface {
        subnet: new.subnet,
        address,
        groups: new.groups,
        description: new.description,
        kind: new.kind.to_owned(),
        requester: new.requester.to_owned(),
        holder: new.holder,
        since: new.since,
        leaving: false,
    };
    ctx.here.ec2.interfaces.insert(id.clone(), interface);
    Ok(id)
}

/// Returns how many addresses of a subnet are free: five are AWS's (VPC user guide, "Subnet sizing").
pub fn free_addresses(state: &State, subnet: &str) -> u64 {
    let size = state
        .subnets
        .get(subnet)
        .map_or(0, |subnet| size(subnet.cidr));
    let used = state
        .interfaces
        .values()
        .filter(|interface| interface.subnet == subnet)
        .count();
    size.saturating_sub(5)
        .saturating_sub(u64::try_from(used).unwrap_or(u64::MAX))
}

fn size(cidr: Ipv4Net) -> u64 {
    1 << (32 - u32::from(cidr.prefix_len()))
}

/// Picks a free address: anywhere in the subnet but for the first four and the last.
fn free_address(state: &State, random: &mut Random, subnet: &str) -> Result<Ipv4Addr, Refusal> {
    let cidr = state.subnets[subnet].cidr;
    let usable = size(cidr).saturating_sub(5);
    let start = random.below(usable);
    let mut places = (0..usable).map(|step| 4 + (start + step) % usable);
    let at = |place: u64| {
        let offset = u32::try_from(place).unwrap_or(u32::MAX);
        Ipv4Addr::from(u32::from(cidr.network()).saturating_add(offset))
    };
    places.find_map(|place| Some(at(place)).filter(|address| !is_taken(state, subnet, *address))).ok_or_else(|| {
        // EC2 API reference, "Error codes".
        let text = format!("There are not enough free addresses in subnet '{subnet}' to satisfy the requested number of addresses.");
        Refusal::new("InsufficientFreeAddressesInSubnet", text)
    })
}

/// Checks an address that was asked for: in the subnet, not AWS's own, and free.
///
/// Codes: observed with `CreateNetworkInterface`; for endpoints an assumption.
pub fn check_address(state: &State, subnet: &str, address: Ipv4Addr) -> Result<Ipv4Addr, Refusal> {
    let cidr = SUBNET.find(&state.subnets, subnet)?.cidr;
    let invalid = |text: &str| {
        let text = format!("Value ({address}) for parameter ipv4 is invalid. {text}");
        Err(Refusal::new("InvalidParameterValue", text))
    };
    if !cidr.contains(&address) {
        return invalid("Address does not fall within the subnet's address range");
    }
    let place = u64::from(u32::from(address) - u32::from(cidr.network()));
    if place < 4 || place + 1 == size(cidr) {
        return invalid("Address is in subnet's reserved address range");
    }
    if is_taken(state, subnet, address) {
        // EC2 API reference, "Error codes": InvalidIPAddress.InUse.
        return Err(Refusal::new(
            "InvalidIPAddress.InUse",
            format!("Address {address} is in use."),
        ));
    }
    Ok(address)
}

fn is_taken(state: &State, subnet: &str, address: Ipv4Addr) -> bool {
    state
        .interfaces
        .values()
        .any(|interface| interface.subnet == subnet && interface.address == address)
}

/// Lets a holder go of interfaces: they show, and hold their groups and subnets, a while longer.
pub fn release(ctx: &mut Ctx<'_>, span: latency::Span, lets_go: impl Fn(&Interface) -> bool) {
    let mut ids = Vec::new();
    for (id, interface) in &mut ctx.here.ec2.interfaces {
        if !interface.leaving && lets_go(interface) {
            interface.leaving = true;
            ids.push(id.clone());
        }
    }
    if !ids.is_empty() {
        let delay = ctx.takes(span);
        ctx.after(delay, world::Event::Ec2(Event::InterfacesGone(ids)));
    }
}

/// Replaces an interface by a new one at another address of its subnet, as AWS does when it moves an endpoint; returns the new id.
pub fn replace_interface(ctx: &mut Ctx<'_>, id: &str) -> Result<String, Refusal> {
    let old = INTERFACE.find(&ctx.here.ec2.interfaces, id)?.clone();
    let address = free_address(&ctx.here.ec2, ctx.random, &old.subnet)?;
    let (new, since) = (ctx.random.id("eni"), ctx.now);
    let state = &mut ctx.here.ec2;
    state.tags.remove(id);
    state.interfaces.remove(id);
    state.interfaces.insert(
        new.clone(),
        Interface {
            address,
            since,
            ..old
        },
    );
    Ok(new)
}

/// The interface type of endpoints' interfaces.
pub const VPC_ENDPOINT: &str = "vpc_endpoint";

/// The account of AWS's that makes endpoints' interfaces (assumption: any such number).
pub const ENDPOINT_REQUESTER: &str = "727180483921";

/// `DescribeNetworkInterfaces`.
pub fn describe(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let visible = ctx
        .here
        .ec2
        .interfaces
        .iter()
        .filter(|(_, interface)| interface.since <= ctx.now);
    let (interfaces, next) = LISTING.select(ctx, visible, input)?;
    let items: Value = interfaces
        .into_iter()
        .map(|(id, interface)| item(ctx, id, interface))
        .collect();
    ok(json!({"networkInterfaceSet": items, "nextToken": next}))
}

fn instance_owner(interface: &Interface) -> &str {
    // Observed: `amazon-elb` holds a load balancer's interfaces, `amazon-aws` other ones.
    if interface.requester == "amazon-elb" {
        "amazon-elb"
    } else {
        "amazon-aws"
    }
}

fn attachment(id: &str) -> String {
    format!("ela-attach-0{}", digest(id, 16))
}

fn item(ctx: &Ctx<'_>, id: &str, interface: &Interface) -> Value {
    let state = &ctx.here.ec2;
    let subnet = &state.subnets[&interface.subnet];
    let host = interface.address.to_string().replace('.', "-");
    let name = format!("ip-{host}.{}.compute.internal", ctx.region);
    json!({
        "attachment": {
            "attachmentId": attachment(id),
            "attachTime": interface.since.iso(),
            "deleteOnTermination": false,
            "deviceIndex": 1,
            "instanceOwnerId": instance_owner(interface),
            "status": "attached",
        },
        "availabilityZone": subnet.zone,
        "description": interface.description,
        "groupSet": group_set(state, &interface.groups),
        "interfaceType": interface.kind,
        "ipv6AddressesSet": [],
        "macAddress": mac(id),
        "networkInterfaceId": id,
        "ownerId": ctx.account,
        "privateDnsName": name,
        "privateIpAddress": interface.address.to_string(),
        "privateIpAddressesSet": [
            {"primary": true, "privateDnsName": name, "privateIpAddress": interface.address.to_string()},
        ],
        "requesterId": interface.requester,
        "requesterManaged": true,
        "sourceDestCheck": true,
        "status": "in-use",
        "subnetId": interface.subnet,
        "tagSet": tag::set(state, id),
        "vpcId": subnet.vpc,
    })
}

fn mac(id: &str) -> String {
    let digits = digest(id, 10);
    format!(
        "02:{}:{}:{}:{}:{}",
        &digits[..2],
        &digits[2..4],
        &digits[4..6],
        &digits[6..8],
        &digits[8..]
    )
}

/// Writes groups by id and name.
pub fn group_set(state: &State, groups: &[String]) -> Value {
    let name = |id: &String| state.groups.get(id).map(|group| group.name.clone());
    groups
        .iter()
        .map(|id| json!({"groupId": id, "groupName": name(id)}))
        .collect()
}

//! Subnets.

use ipnet::Ipv4Net;
use serde_json::{Value, json};

use super::filter::Listing;
use super::id::{SUBNET, VPC};
use super::interface::free_addresses;
use super::state::Subnet;
use super::{tag, vpc, zone};
use crate::codec::{Input, Output, Refusal, ok};
use crate::world::Ctx;

const LISTING: Listing<Subnet> = Listing {
    kind: &SUBNET,
    ids: "SubnetId",
    filters: &[
        "availability-zone",
        "availabilityZone",
        "availability-zone-id",
        "availabilityZoneId",
        "available-ip-address-count",
        "cidr",
        "cidr-block",
        "cidrBlock",
        "default-for-az",
        "state",
        "subnet-id",
        "vpc-id",
    ],
    values: |state, id, subnet, name| match name {
        "availability-zone" | "availabilityZone" => vec![subnet.zone.clone()],
        "availability-zone-id" | "availabilityZoneId" => vec![zone::id_of(&subnet.zone)],
        "available-ip-address-count" => vec![free_addresses(state, id).to_string()],
        "cidr" | "cidr-block" | "cidrBlock" => vec![subnet.cidr.to_string()],
        "default-for-az" => vec!["false".to_owned()],
        "state" => vec!["available".to_owned()],
        "subnet-id" => vec![id.to_owned()],
        _ => vec![subnet.vpc.clone()],
    },
    least: 5,
};

/// `CreateSubnet`: inside its VPC's range (`InvalidSubnet.Range`) and apart from its
/// other subnets (`InvalidSubnet.Conflict`); EC2 API reference, "Error codes".
pub fn create(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let vpc_id = input.require("VpcId")?;
    let home = VPC.find(&ctx.here.ec2.vpcs, vpc_id)?.cidr;
    let cidr = vpc::range(input.require("CidrBlock")?, "InvalidSubnet.Range")?;
    let zone = zone::named(
        ctx.region,
        input.text("AvailabilityZone"),
        input.text("AvailabilityZoneId"),
    )?;
    let tags = tag::specified(input, &SUBNET)?;
    if !home.contains(&cidr) {
        return Err(Refusal::new(
            "InvalidSubnet.Range",
            format!("The CIDR '{cidr}' is invalid."),
        ));
    }
    let meets = |other: &Subnet| other.vpc == vpc_id && overlap(other.cidr, cidr);
    if ctx.here.ec2.subnets.values().any(meets) {
        let text = format!("The CIDR '{cidr}' conflicts with another subnet");
        return Err(Refusal::new("InvalidSubnet.Conflict", text));
    }
    let id = ctx.random.id("subnet");
    let state = &mut ctx.here.ec2;
    state.subnets.insert(
        id.clone(),
        Subnet {
            vpc: vpc_id.to_owned(),
            cidr,
            zone: zone.name,
        },
    );
    tag::put(state, &id, tags);
    ok(json!({"subnet": item(ctx, &id, &ctx.here.ec2.subnets[&id])}))
}

fn overlap(one: Ipv4Net, other: Ipv4Net) -> bool {
    one.contains(&other) || other.contains(&one)
}

/// `DescribeSubnets`.
pub fn describe(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let (subnets, next) = LISTING.select(ctx, ctx.here.ec2.subnets.iter(), input)?;
    let items: Value = subnets
        .into_iter()
        .map(|(id, subnet)| item(ctx, id, subnet))
        .collect();
    ok(json!({"nextToken": next, "subnetSet": items}))
}

fn item(ctx: &Ctx<'_>, id: &str, subnet: &Subnet) -> Value {
    json!({
        "assignIpv6AddressOnCreation": false,
        "availabilityZone": subnet.zone,
        "availabilityZoneId": zone::id_of(&subnet.zone),
        "availableIpAddressCount": free_addresses(&ctx.here.ec2, id),
        "cidrBlock": subnet.cidr.to_string(),
        "defaultForAz": false,
        "enableDns64": false,
        "ipv6CidrBlockAssociationSet": [],
        "ipv6Native": false,
        "mapCustomerOwnedIpOnLaunch": false,
        "mapPublicIpOnLaunch": false,
        "ownerId": ctx.account,
        "privateDnsNameOptionsOnLaunch": {
            "enableResourceNameDnsAAAARecord": false,
            "enableResourceNameDnsARecord": false,
            "hostnameType": "ip-name",
        },
        "state": "available",
        "subnetArn": ctx.arn("ec2", &format!("subnet/{id}")),
        "subnetId": id,
        "tagSet": tag::set(&ctx.here.ec2, id),
        "vpcId": subnet.vpc,
    })
}

/// `DeleteSubnet`: refused while interfaces are in it (EC2 API reference, `DeleteSubnet`; `DependencyViolation`).
pub fn delete(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let id = input.require("SubnetId")?;
    let state = &mut ctx.here.ec2;
    SUBNET.find(&state.subnets, id)?;
    if state
        .interfaces
        .values()
        .any(|interface| interface.subnet == id)
    {
        let text = format!("The subnet '{id}' has dependencies and cannot be deleted.");
        return Err(Refusal::new("DependencyViolation", text));
    }
    state.subnets.remove(id);
    state.tags.remove(id);
    ok(json!({"return": true}))
}

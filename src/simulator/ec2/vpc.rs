//! VPCs and their DNS attributes.

use ipnet::Ipv4Net;
use serde_json::{Value, json};

use super::filter::Listing;
use super::id::VPC;
use super::state::Vpc;
use super::{furnish, tag};
use crate::codec::{Input, Output, Refusal, ok};
use crate::random::digest;
use crate::servicequotas::{code, most};
use crate::world::Ctx;

const LISTING: Listing<Vpc> = Listing {
    kind: &VPC,
    ids: "VpcId",
    filters: &[
        "cidr",
        "cidr-block-association.cidr-block",
        "is-default",
        "owner-id",
        "state",
        "vpc-id",
    ],
    values: |_, id, vpc, name| match name {
        "cidr" | "cidr-block-association.cidr-block" => vec![vpc.cidr.to_string()],
        "is-default" => vec!["false".to_owned()],
        "state" => vec!["available".to_owned()],
        "vpc-id" => vec![id.to_owned()],
        _ => Vec::new(),
    },
    least: 5,
};

/// `CreateVpc`.
///
/// The range is between /16 and /28 (`InvalidVpc.Range`) and is made canonical
/// (EC2 API reference, `CreateVpc`); five VPCs a region unless the quota is
/// raised (`VpcLimitExceeded`; VPC user guide, "Quotas").
pub fn create(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let cidr = range(input.require("CidrBlock")?, "InvalidVpc.Range")?;
    // Terraform always sends it, as false.
    if input.flag("AmazonProvidedIpv6CidrBlock") == Some(true) {
        let text = "The parameter AmazonProvidedIpv6CidrBlock is not simulated";
        return Err(Refusal::new("UnknownParameter", text));
    }
    let tags = tag::specified(input, &VPC)?;
    if ctx.here.ec2.vpcs.len() >= most(ctx, code::VPCS) {
        return Err(Refusal::new(
            "VpcLimitExceeded",
            "The maximum number of VPCs has been reached.",
        ));
    }
    let id = ctx.random.id("vpc");
    furnish::add_vpc(ctx, &id, cidr);
    tag::put(&mut ctx.here.ec2, &id, tags);
    // Observed: a new one is pending for a moment, and has no IPv6 ranges.
    let mut vpc = item(ctx, &id, &ctx.here.ec2.vpcs[&id]);
    vpc["state"] = "pending".into();
    vpc["ipv6CidrBlockAssociationSet"] = json!([]);
    ok(json!({"vpc": vpc}))
}

/// Reads an IPv4 range between /16 and /28, in its canonical form.
///
/// EC2 API reference, `CreateVpc`; "Error codes": `InvalidVpc.Range`, `InvalidSubnet.Range` (the
/// words are observed).
pub fn range(text: &str, out_of_range: &'static str) -> Result<Ipv4Net, Refusal> {
    let net: Ipv4Net = text.parse().map_err(|_| {
        let text = format!(
            "Value ({text}) for parameter cidrBlock is invalid. This is not a valid CIDR block."
        );
        Refusal::new("InvalidParameterValue", text)
    })?;
    if !(16..=28).contains(&net.prefix_len()) {
        return Err(Refusal::new(
            out_of_range,
            format!("The CIDR '{text}' is invalid."),
        ));
    }
    Ok(net.trunc())
}

/// `DescribeVpcs`.
pub fn describe(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let (vpcs, next) = LISTING.select(ctx, ctx.here.ec2.vpcs.iter(), input)?;
    let items: Value = vpcs
        .into_iter()
        .map(|(id, vpc)| item(ctx, id, vpc))
        .collect();
    ok(json!({"nextToken": next, "vpcSet": items}))
}

fn item(ctx: &Ctx<'_>, id: &str, vpc: &Vpc) -> Value {
    json!({
        "cidrBlock": vpc.cidr.to_string(),
        "cidrBlockAssociationSet": [{
            "associationId": format!("vpc-cidr-assoc-0{}", digest(id, 16)),
            "cidrBlock": vpc.cidr.to_string(),
            "cidrBlockState": {"state": "associated"},
        }],
        "dhcpOptionsId": format!("dopt-0{}", digest(ctx.region, 16)),
        "instanceTenancy": "default",
        "isDefault": false,
        "ownerId": ctx.account,
        "state": "available",
        "tagSet": tag::set(&ctx.here.ec2, id),
        "vpcId": id,
    })
}

/// `DeleteVpc`: refused while anything but the default group is in it (EC2 API reference, `DeleteVpc`).
pub fn delete(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let id = input.require("VpcId")?;
    let state = &mut ctx.here.ec2;
    VPC.find(&state.vpcs, id)?;
    let held = state.subnets.values().any(|subnet| subnet.vpc == id)
        || state.endpoints.values().any(|endpoint| endpoint.vpc == id)
        || state
            .groups
            .values()
            .any(|group| group.vpc == id && group.name != "default");
    if held {
        let text = format!("The vpc '{id}' has dependencies and cannot be deleted.");
        return Err(Refusal::new("DependencyViolation", text));
    }
    let groups: Vec<String> = state
        .groups
        .iter()
        .filter(|(_, group)| group.vpc == id)
        .map(|(group, _)| group.clone())
        .collect();
    state.rules.retain(|_, rule| !groups.contains(&rule.group));
    state.groups.retain(|group, _| !groups.contains(group));
    state.vpcs.remove(id);
    state
        .tags
        .retain(|tagged, _| tagged != id && !groups.contains(tagged));
    ok(json!({"return": true}))
}

/// `DescribeVpcAttribute`: one attribute a call.
///
/// EC2 API reference, "Error codes": `InvalidParameterValue` (the words are an assumption).
pub fn describe_attribute(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let id = input.require("VpcId")?;
    let vpc = VPC.find(&ctx.here.ec2.vpcs, id)?;
    let attribute = input.require("Attribute")?;
    let value = match attribute {
        "enableDnsSupport" => vpc.dns_support,
        "enableDnsHostnames" => vpc.dns_hostnames,
        "enableNetworkAddressUsageMetrics" => false,
        other => {
            let text =
                format!("Value ({other}) for parameter attribute is invalid. Unknown attribute.");
            return Err(Refusal::new("InvalidParameterValue", text));
        }
    };
    ok(json!({"vpcId": id, attribute: {"value": value}}))
}

/// `ModifyVpcAttribute`: one attribute a call (EC2 API reference, `ModifyVpcAttribute`).
pub fn modify_attribute(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let value = |name: &str| {
        input
            .child(name)
            .and_then(|attribute| attribute.flag("Value"))
    };
    let vpc = VPC.find_mut(&mut ctx.here.ec2.vpcs, input.require("VpcId")?)?;
    match (value("EnableDnsSupport"), value("EnableDnsHostnames")) {
        (Some(on), None) => vpc.dns_support = on,
        (None, Some(on)) => vpc.dns_hostnames = on,
        (None, None) => return Err(input.protocol.missing("attribute")),
        (Some(_), Some(_)) => {
            let text = "Fields for multiple attribute types specified";
            return Err(Refusal::new("InvalidParameterCombination", text));
        }
    }
    ok(json!({"return": true}))
}

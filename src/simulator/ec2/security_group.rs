//! Security groups; their rules are in `rule.rs`.

use serde_json::{Value, json};

use super::filter::Listing;
use super::id::{GROUP, VPC};
use super::permission::permissions;
use super::state::{Group, Peer, Rule, State};
use super::{furnish, tag};
use crate::codec::{Input, Output, Refusal, ok};
use crate::world::Ctx;

const LISTING: Listing<Group> = Listing {
    kind: &GROUP,
    ids: "GroupId",
    filters: &[
        "description",
        "egress.ip-permission.cidr",
        "egress.ip-permission.from-port",
        "egress.ip-permission.group-id",
        "egress.ip-permission.protocol",
        "egress.ip-permission.to-port",
        "group-id",
        "group-name",
        "ip-permission.cidr",
        "ip-permission.from-port",
        "ip-permission.group-id",
        "ip-permission.protocol",
        "ip-permission.to-port",
        "owner-id",
        "vpc-id",
    ],
    values,
    least: 5,
};

fn values(state: &State, id: &str, group: &Group, name: &str) -> Vec<String> {
    match name {
        "description" => vec![group.description.clone()],
        "group-id" => vec![id.to_owned()],
        "group-name" => vec![group.name.clone()],
        "vpc-id" => vec![group.vpc.clone()],
        _ => {
            let (egress, field) = match name.strip_prefix("egress.ip-permission.") {
                Some(field) => (true, field),
                None => (
                    false,
                    name.strip_prefix("ip-permission.").unwrap_or_default(),
                ),
            };
            let rules = state
                .rules
                .values()
                .filter(|rule| rule.group == id && rule.egress == egress);
            rules.filter_map(|rule| rule_value(rule, field)).collect()
        }
    }
}

fn rule_value(rule: &Rule, field: &str) -> Option<String> {
    match (field, &rule.peer) {
        ("cidr", Peer::Ipv4(net)) => Some(net.to_string()),
        ("group-id", Peer::Group(group)) => Some(group.clone()),
        ("protocol", _) => Some(rule.traffic.protocol.clone()),
        ("from-port", _) => rule.traffic.from.map(|port| port.to_string()),
        ("to-port", _) => rule.traffic.to.map(|port| port.to_string()),
        _ => None,
    }
}

/// `CreateSecurityGroup`.
///
/// EC2 API reference, `CreateSecurityGroup`: no two groups of one name in a
/// VPC; up to 255 characters; the name does not begin with `sg-`; a rule that
/// lets out to all comes with it. Without `VpcId` the default VPC counts, and
/// this account has none (`VPCIdNotSpecified`, "Error codes").
pub fn create(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let name = input.require("GroupName")?;
    let description = input.require("GroupDescription")?;
    let no_vpc = || Refusal::new("VPCIdNotSpecified", "No default VPC for this user");
    let vpc = input.text("VpcId").ok_or_else(no_vpc)?;
    check_text(name, "GroupName")?;
    check_text(description, "GroupDescription")?;
    check_name(name)?;
    let tags = tag::specified(input, &GROUP)?;
    let state = &ctx.here.ec2;
    VPC.find(&state.vpcs, vpc)?;
    if state
        .groups
        .values()
        .any(|group| group.vpc == vpc && group.name == name)
    {
        let text = format!("The security group '{name}' already exists for VPC '{vpc}'");
        return Err(Refusal::new("InvalidGroup.Duplicate", text));
    }
    let id = ctx.random.id("sg");
    furnish::add_group(ctx, &id, vpc, name, description);
    tag::put(&mut ctx.here.ec2, &id, tags);
    let tags = tag::set(&ctx.here.ec2, &id);
    ok(json!({"groupId": id, "securityGroupArn": arn(ctx, &id), "tagSet": tags}))
}

/// EC2 API reference, `CreateSecurityGroup`: the characters allowed in a VPC.
fn check_text(text: &str, parameter: &str) -> Result<(), Refusal> {
    let allowed =
        |letter: char| letter.is_ascii_alphanumeric() || " ._-:/()#,@[]+=&;{}!$*".contains(letter);
    if text.chars().count() > 255 || !text.chars().all(allowed) {
        let text = format!(
            "Value ({text}) for parameter {parameter} is invalid. Character sets beyond ASCII are not supported, \
             and at most 255 of a-z, A-Z, 0-9, spaces, and ._-:/()#,@[]+=&;{{}}!$* are allowed."
        );
        return Err(Refusal::new("InvalidParameterValue", text));
    }
    Ok(())
}

fn check_name(name: &str) -> Result<(), Refusal> {
    if name.starts_with("sg-") {
        let text = format!(
            "Value ({name}) for parameter GroupName is invalid. Group names may not be in the format sg-*."
        );
        return Err(Refusal::new("InvalidParameterValue", text));
    }
    // EC2 API reference, "Error codes": InvalidGroup.Reserved.
    if name.eq_ignore_ascii_case("default") {
        return Err(Refusal::new(
            "InvalidGroup.Reserved",
            format!("The security group '{name}' is reserved"),
        ));
    }
    Ok(())
}

fn arn(ctx: &Ctx<'_>, id: &str) -> String {
    ctx.arn("ec2", &format!("security-group/{id}"))
}

/// `DescribeSecurityGroups`: `GroupName` names groups of the default VPC only, and there is none (EC2 API reference).
pub fn describe(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    if let Some(name) = input.texts("GroupName").first() {
        let text = format!("The security group '{name}' does not exist in default VPC");
        return Err(Refusal::new("InvalidGroup.NotFound", text));
    }
    let (groups, next) = LISTING.select(ctx, ctx.here.ec2.groups.iter(), input)?;
    let items: Value = groups
        .into_iter()
        .map(|(id, group)| item(ctx, id, group))
        .collect();
    ok(json!({"nextToken": next, "securityGroupInfo": items}))
}

fn item(ctx: &Ctx<'_>, id: &str, group: &Group) -> Value {
    let state = &ctx.here.ec2;
    json!({
        "groupDescription": group.description,
        "groupId": id,
        "groupName": group.name,
        "ipPermissions": permissions(ctx, id, false),
        "ipPermissionsEgress": permissions(ctx, id, true),
        "ownerId": ctx.account,
        "securityGroupArn": arn(ctx, id),
        "tagSet": tag::set(state, id),
        "vpcId": group.vpc,
    })
}

/// `DeleteSecurityGroup`.
///
/// EC2 API reference, `DeleteSecurityGroup`: refused with `DependencyViolation`
/// while an interface has the group or another group's rule names it. The
/// default group stays (`CannotDelete`, "Error codes").
pub fn delete(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let id = input.require("GroupId")?;
    let state = &mut ctx.here.ec2;
    let group = GROUP.find(&state.groups, id)?;
    if group.name == "default" {
        let text =
            format!("the specified group: \"{id}\" name: \"default\" cannot be deleted by a user");
        return Err(Refusal::new("CannotDelete", text));
    }
    if is_held(state, id) {
        return Err(Refusal::new(
            "DependencyViolation",
            format!("resource {id} has a dependent object"),
        ));
    }
    state.groups.remove(id);
    state.tags.remove(id);
    let rules: Vec<String> = state
        .rules
        .iter()
        .filter(|(_, rule)| rule.group == id)
        .map(|(rule, _)| rule.clone())
        .collect();
    for rule in rules {
        state.rules.remove(&rule);
        state.tags.remove(&rule);
    }
    ok(json!({"return": true, "groupId": id}))
}

/// Returns whether an interface, an endpoint, or another group's rule holds a group.
fn is_held(state: &State, id: &str) -> bool {
    let by_interface = state
        .interfaces
        .values()
        .any(|interface| interface.groups.iter().any(|group| group == id));
    let by_endpoint = state
        .endpoints
        .values()
        .any(|endpoint| endpoint.groups.iter().any(|group| group == id));
    let names =
        |rule: &Rule| rule.group != id && matches!(&rule.peer, Peer::Group(group) if group == id);
    by_interface || by_endpoint || state.rules.values().any(names)
}

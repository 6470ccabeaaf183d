//! Target groups: made, described, modified, deleted.

use serde_json::{Value, json};

use super::arn::{BALANCER, GROUP, arn, invalid, unsupported};
use super::check::{changed_check, new_check};
use super::list::{check_name, page, port};
use super::state::{Pairs, TargetGroup, TargetType};
use super::{tag, usage};
use crate::codec::{Input, Output, Refusal, ok};
use crate::servicequotas::{code, most};
use crate::world::Ctx;

/// `CreateTargetGroup`, for addresses and functions.
///
/// `ELBv2` API reference: idempotent; the same settings give the same group,
/// others `DuplicateTargetGroupName`. Assumption: tags are settings.
pub fn create(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let name = input.require("Name")?;
    check_name("Target group", name)?;
    let tags = tag::specified(input)?;
    let wanted = wanted(ctx, input, name)?;
    let named = ctx
        .here
        .elbv2
        .groups
        .iter()
        .find(|(_, known)| known.name == name);
    if let Some((arn, known)) = named {
        if same(known, &wanted) && tag::same(&ctx.here.elbv2, arn, &tags) {
            return ok(json!({"TargetGroups": [item(arn, known)]}));
        }
        let text = format!(
            "A target group with the same name '{name}' exists, but with different settings"
        );
        return Err(Refusal::new("DuplicateTargetGroupName", text));
    }
    if ctx.here.elbv2.groups.len() >= most(ctx, code::TARGET_GROUPS) {
        let text = "The maximum number of target groups has been reached";
        return Err(Refusal::new("TooManyTargetGroups", text));
    }
    let id = ctx.random.hex(16);
    let arn = arn(ctx, &GROUP, &format!("{name}/{id}"));
    let answer = json!({"TargetGroups": [item(&arn, &wanted)]});
    ctx.here.elbv2.groups.insert(arn.clone(), wanted);
    tag::put(&mut ctx.here.elbv2, &arn, tags);
    ok(answer)
}

fn same(known: &TargetGroup, wanted: &TargetGroup) -> bool {
    let settings = |group: &TargetGroup| TargetGroup {
        attributes: Pairs::new(),
        targets: Vec::new(),
        used_by: None,
        held_until: None,
        ..group.clone()
    };
    settings(known) == settings(wanted)
}

/// Reads and checks the group a request wants.
fn wanted(ctx: &Ctx<'_>, input: &Input, name: &str) -> Result<TargetGroup, Refusal> {
    let kind = match input.text("TargetType").unwrap_or("instance") {
        "ip" => TargetType::Ip,
        "lambda" => TargetType::Lambda,
        other @ ("instance" | "alb") => {
            return Err(unsupported(&format!("A target group of type '{other}'")));
        }
        other => return Err(invalid(format!("Target type '{other}' is not valid"))),
    };
    if input
        .text("IpAddressType")
        .is_some_and(|addresses| addresses != "ipv4")
    {
        return Err(unsupported("A target group of IPv6 addresses"));
    }
    let mut group = TargetGroup {
        name: name.to_owned(),
        kind,
        protocol: None,
        version: None,
        port: None,
        vpc: None,
        check: new_check(input, kind)?,
        attributes: Pairs::new(),
        targets: Vec::new(),
        used_by: None,
        held_until: None,
    };
    match kind {
        TargetType::Ip => route(ctx, input, &mut group)?,
        TargetType::Lambda => {
            // ELBv2 API reference, `CreateTargetGroup`: these do not apply to functions. That AWS refuses them: observed ("Protocol … cannot be specified").
            for name in ["Protocol", "ProtocolVersion", "Port", "VpcId"] {
                if input.has(name) {
                    return Err(invalid(format!(
                        "{name} cannot be specified for target groups with target type 'lambda'"
                    )));
                }
            }
        }
    }
    Ok(group)
}

/// Reads protocol, port and VPC, all of which must be given.
fn route(ctx: &Ctx<'_>, input: &Input, group: &mut TargetGroup) -> Result<(), Refusal> {
    let required = |name: &str| invalid(format!("A {name} must be specified"));
    let protocol = input.text("Protocol").ok_or_else(|| required("protocol"))?;
    match protocol {
        "HTTP" | "HTTPS" => {
            let version = input.text("ProtocolVersion").unwrap_or("HTTP1");
            if !matches!(version, "HTTP1" | "HTTP2") {
                return Err(unsupported(&format!("The protocol version '{version}'")));
            }
            group.version = Some(version.to_owned());
        }
        // For network load balancers: made, so that listeners can refuse them.
        "TCP" | "TLS" => {}
        other => {
            return Err(unsupported(&format!(
                "A target group of protocol '{other}'"
            )));
        }
    }
    let vpc = input.text("VpcId").ok_or_else(|| required("VPC ID"))?;
    if !ctx.here.ec2.vpcs.contains_key(vpc) {
        // Observed.
        return Err(invalid(format!("The VPC ID '{vpc}' is not found")));
    }
    group.protocol = Some(protocol.to_owned());
    group.port = Some(port(input, "Port")?.ok_or_else(|| required("port"))?);
    group.vpc = Some(vpc.to_owned());
    Ok(())
}

/// `DescribeTargetGroups`: all, or by load balancer, ARN or name.
pub fn describe(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let state = &ctx.here.elbv2;
    let (arns, names) = (input.texts("TargetGroupArns"), input.texts("Names"));
    let balancer = input.text("LoadBalancerArn");
    let ways = [!arns.is_empty(), !names.is_empty(), balancer.is_some()];
    if ways.iter().filter(|way| **way).count() > 1 {
        // ELBv2 API reference: one of them.
        return Err(invalid(
            "You can specify target group ARNs, names or a load balancer ARN, but only one of them",
        ));
    }
    if let Some(arn) = balancer {
        BALANCER.find(&state.balancers, arn)?;
    }
    for arn in &arns {
        GROUP.find(&state.groups, arn)?;
    }
    for name in &names {
        if !state.groups.values().any(|group| group.name == *name) {
            return Err(GROUP.lost(name));
        }
    }
    let asked = |arn: &String, group: &TargetGroup| {
        !ways.contains(&true)
            || arns.contains(arn)
            || names.contains(&group.name)
            || balancer.is_some() && group.used_by.as_deref() == balancer
    };
    let found: Vec<_> = state
        .groups
        .iter()
        .filter(|(arn, group)| asked(arn, group))
        .collect();
    let (found, next) = page(ctx, found, input)?;
    let items: Value = found
        .into_iter()
        .map(|(arn, group)| item(arn, group))
        .collect();
    ok(json!({"NextMarker": next, "TargetGroups": items}))
}

fn item(arn: &str, group: &TargetGroup) -> Value {
    let check = &group.check;
    let matcher = check
        .matcher
        .as_ref()
        .map(|codes| json!({"HttpCode": codes}));
    let kind = match group.kind {
        TargetType::Ip => "ip",
        TargetType::Lambda => "lambda",
    };
    json!({
        "HealthCheckEnabled": check.enabled,
        "HealthCheckIntervalSeconds": check.interval,
        "HealthCheckPath": check.path,
        "HealthCheckPort": check.port,
        "HealthCheckProtocol": check.protocol,
        "HealthCheckTimeoutSeconds": check.timeout,
        "HealthyThresholdCount": check.healthy,
        "IpAddressType": "ipv4",
        "LoadBalancerArns": group.used_by.iter().collect::<Vec<_>>(),
        "Matcher": matcher,
        "Port": group.port,
        "Protocol": group.protocol,
        "ProtocolVersion": group.version,
        "TargetGroupArn": arn,
        "TargetGroupName": group.name,
        "TargetType": kind,
        "UnhealthyThresholdCount": check.unhealthy,
        "VpcId": group.vpc,
    })
}

/// `ModifyTargetGroup`: the health check. What targets were found to be stays until checks say otherwise.
pub fn modify(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let arn = input.require("TargetGroupArn")?;
    let group = GROUP.find_mut(&mut ctx.here.elbv2.groups, arn)?;
    let check = changed_check(input, group.kind, &group.check)?;
    let begins = check.enabled && !group.check.enabled;
    group.check = check;
    let answer = json!({"TargetGroups": [item(arn, group)]});
    if begins {
        usage::begin(ctx, arn);
    }
    ok(answer)
}

/// `DeleteTargetGroup`.
///
/// In use while an action names it, and a little longer (`ResourceInUse`).
/// One that does not exist is `TargetGroupNotFound` (research: reliability §2.1; the API's model does not list it).
pub fn delete(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let arn = input.require("TargetGroupArn")?;
    let group = GROUP.find(&ctx.here.elbv2.groups, arn)?;
    if group.used_by.is_some() || group.held_until.is_some_and(|until| ctx.now < until) {
        let text = format!("Target group '{arn}' is currently in use by a listener or a rule");
        return Err(Refusal::new("ResourceInUse", text));
    }
    ctx.here.elbv2.groups.remove(arn);
    ctx.here.elbv2.tags.remove(arn);
    ok(json!({}))
}

//! Application load balancers: made, described, deleted. Changes are in `network.rs`.

use serde_json::{Value, json};

use super::arn::{BALANCER, arn, invalid, unsupported};
use super::list::{check_name, page};
use super::network::{
    attach, check_addresses, check_groups, check_subnets, default_groups, requested_subnets, zones,
};
use super::state::{Event, LoadBalancer, Pairs};
use super::{attribute, tag, usage};
use crate::codec::{Input, Output, Refusal, ok};
use crate::ec2::release_interfaces;
use crate::hosted_zones;
use crate::latency;
use crate::servicequotas::{code, most};
use crate::world::{self, Ctx};

/// `CreateLoadBalancer`, for application load balancers.
///
/// `ELBv2` API reference: idempotent; the same settings give the same load
/// balancer, others `DuplicateLoadBalancerName`. Assumption: tags are settings.
pub fn create(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let name = input.require("Name")?;
    check_name("Load balancer", name)?;
    if name.starts_with("internal-") {
        return Err(invalid(format!(
            "Load balancer name '{name}' cannot begin with 'internal-'"
        )));
    }
    check_kind(input)?;
    let tags = tag::specified(input)?;
    let subnets = requested_subnets(input)?;
    let vpc = check_subnets(ctx, &subnets, None)?;
    check_scheme(input, &vpc)?;
    let groups = match input.texts("SecurityGroups") {
        groups if groups.is_empty() => default_groups(ctx, &vpc),
        groups => groups,
    };
    check_groups(ctx, &vpc, &groups)?;
    let named = ctx
        .here
        .elbv2
        .balancers
        .iter()
        .find(|(_, known)| known.name == name);
    if let Some((arn, known)) = named {
        let same = sorted(&known.subnets) == sorted(&subnets)
            && sorted(&known.groups) == sorted(&groups)
            && tag::same(&ctx.here.elbv2, arn, &tags);
        if same {
            return ok(json!({"LoadBalancers": [item(ctx, arn, known)]}));
        }
        let text = format!(
            "A load balancer with the same name '{name}' exists, but with different settings"
        );
        return Err(Refusal::new("DuplicateLoadBalancerName", text));
    }
    if ctx.here.elbv2.balancers.len() >= most(ctx, code::BALANCERS) {
        let text = "The maximum number of load balancers has been reached";
        return Err(Refusal::new("TooManyLoadBalancers", text));
    }
    let arn = put(ctx, name, vpc, subnets, groups)?;
    tag::put(&mut ctx.here.elbv2, &arn, tags);
    let delay = ctx.takes(latency::LOAD_BALANCER_CREATE);
    ctx.after(delay, world::Event::Elbv2(Event::Active(arn.clone())));
    let balancer = BALANCER.find(&ctx.here.elbv2.balancers, &arn)?;
    ok(json!({"LoadBalancers": [item(ctx, &arn, balancer)]}))
}

/// Makes a load balancer that is provisioning, with an interface in each subnet; returns its ARN.
fn put(
    ctx: &mut Ctx<'_>,
    name: &str,
    vpc: String,
    subnets: Vec<String>,
    groups: Vec<String>,
) -> Result<String, Refusal> {
    let id = ctx.random.hex(16);
    let arn = arn(ctx, &BALANCER, &format!("app/{name}/{id}"));
    let balancer = LoadBalancer {
        name: name.to_owned(),
        id,
        dns_name: dns_name(ctx, name),
        vpc,
        subnets,
        groups,
        active: false,
        addresses: "ipv4".to_owned(),
        attributes: Pairs::new(),
        created: ctx.now,
    };
    attach(ctx, &arn, &balancer, &balancer.subnets)?;
    ctx.here.elbv2.balancers.insert(arn.clone(), balancer);
    Ok(arn)
}

/// Returns a new internal load balancer's name in DNS (ELB user guide, "DNS name": it begins with `internal-`).
pub fn dns_name(ctx: &mut Ctx<'_>, name: &str) -> String {
    let digits = 1_000_000_000 + ctx.random.below(1_000_000_000);
    let suffix = ctx.dns_suffix();
    format!("internal-{name}-{digits}.{}.elb.{suffix}", ctx.region)
}

fn sorted(ids: &[String]) -> Vec<&String> {
    let mut ids: Vec<&String> = ids.iter().collect();
    ids.sort_unstable();
    ids
}

/// Application load balancers with IPv4 addresses only.
fn check_kind(input: &Input) -> Result<(), Refusal> {
    match input.text("Type").unwrap_or("application") {
        "application" => {}
        kind => return Err(unsupported(&format!("A load balancer of type '{kind}'"))),
    }
    check_addresses(input.text("IpAddressType").unwrap_or("ipv4"))
}

/// The default is internet-facing (`ELBv2` API reference), and that needs an
/// internet gateway (observed: "VPC … has no internet gateway"), of which this account has none.
fn check_scheme(input: &Input, vpc: &str) -> Result<(), Refusal> {
    match input.text("Scheme").unwrap_or("internet-facing") {
        "internal" => Ok(()),
        "internet-facing" => {
            let text = format!("VPC {vpc} has no internet gateway");
            Err(Refusal::new("InvalidSubnet", text))
        }
        other => Err(Refusal::new(
            "InvalidScheme",
            format!("Scheme '{other}' is not valid"),
        )),
    }
}

/// `DescribeLoadBalancers`.
pub fn describe(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let (arns, names) = (input.texts("LoadBalancerArns"), input.texts("Names"));
    let all = &ctx.here.elbv2.balancers;
    for arn in &arns {
        BALANCER.find(all, arn)?;
    }
    for name in &names {
        if !all.values().any(|balancer| balancer.name == *name) {
            return Err(BALANCER.lost(name));
        }
    }
    let found: Vec<_> = all
        .iter()
        .filter(|(arn, balancer)| {
            (arns.is_empty() && names.is_empty())
                || arns.contains(arn)
                || names.contains(&balancer.name)
        })
        .collect();
    let (found, next) = page(ctx, found, input)?;
    let items: Value = found
        .into_iter()
        .map(|(arn, balancer)| item(ctx, arn, balancer))
        .collect();
    ok(json!({"LoadBalancers": items, "NextMarker": next}))
}

fn item(ctx: &Ctx<'_>, arn: &str, balancer: &LoadBalancer) -> Value {
    let state = if balancer.active {
        "active"
    } else {
        "provisioning"
    };
    json!({
        "AvailabilityZones": zones(ctx, balancer),
        "CanonicalHostedZoneId": hosted_zones::load_balancers(ctx.region),
        "CreatedTime": balancer.created.iso(),
        "DNSName": balancer.dns_name,
        "IpAddressType": balancer.addresses,
        "LoadBalancerArn": arn,
        "LoadBalancerName": balancer.name,
        "Scheme": "internal",
        "SecurityGroups": balancer.groups,
        "State": {"Code": state},
        "Type": "application",
        "VpcId": balancer.vpc,
    })
}

/// `DeleteLoadBalancer`.
///
/// `ELBv2` API reference: its listeners go with it; one that does not exist is a
/// success; deletion protection is `OperationNotPermitted`. Its interfaces linger.
pub fn delete(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let arn = input.require("LoadBalancerArn")?;
    if !BALANCER.fits(arn) {
        return Err(BALANCER.absent(arn));
    }
    let Some(balancer) = ctx.here.elbv2.balancers.get(arn) else {
        return ok(json!({}));
    };
    if balancer
        .attributes
        .get(attribute::PROTECTION)
        .is_some_and(|on| on == "true")
    {
        let text = format!(
            "Load balancer '{arn}' cannot be deleted because deletion protection is enabled"
        );
        return Err(Refusal::new("OperationNotPermitted", text));
    }
    let listeners: Vec<String> = ctx
        .here
        .elbv2
        .listeners_of(arn)
        .map(|(arn, _)| arn.clone())
        .collect();
    for listener in listeners {
        super::listener::drop(&mut ctx.here.elbv2, &listener);
    }
    ctx.here.elbv2.balancers.remove(arn);
    ctx.here.elbv2.tags.remove(arn);
    usage::refresh(ctx);
    release_interfaces(ctx, latency::LOAD_BALANCER_INTERFACES_LINGER, |interface| {
        interface.holder == arn
    });
    ok(json!({}))
}

/// A load balancer is active, unless it was deleted in between.
pub fn activate(ctx: &mut Ctx<'_>, arn: &str) {
    if let Some(balancer) = ctx.here.elbv2.balancers.get_mut(arn) {
        balancer.active = true;
        usage::begin_checks(ctx, arn);
    }
}

//! Targets come and go.

use std::net::Ipv4Addr;
use std::time::Duration;

use ipnet::Ipv4Net;
use serde_json::json;

use super::arn::{GROUP, invalid};
use super::list::port;
use super::state::{Event, Health, Target, TargetGroup, TargetType};
use super::usage::is_active;
use super::{attribute, seam};
use crate::codec::{Input, Output, Refusal, ok};
use crate::latency;
use crate::servicequotas::{code, most};
use crate::world::{self, Ctx};

/// The ranges that addresses outside the VPC may come from (`ELBv2` API reference, `CreateTargetGroup`: RFC 1918 and RFC 6598).
const PRIVATE: [(Ipv4Addr, u8); 4] = [
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
    (Ipv4Addr::new(100, 64, 0, 0), 10),
];

/// `ELBv2` API reference: `InvalidTarget`.
fn unfit(text: impl Into<String>) -> Refusal {
    Refusal::new("InvalidTarget", text)
}

/// Reads the id and port of a target: without a port the group's counts.
pub fn named(target: &Input, group: &TargetGroup) -> Result<(String, Option<u16>), Refusal> {
    let id = target.require("Id")?.to_owned();
    let port = port(target, "Port")?;
    match group.kind {
        TargetType::Lambda => Ok((id, None)),
        TargetType::Ip => Ok((id, port.or(group.port))),
    }
}

/// `RegisterTargets`: all of them, or none. One that is registered already stays as it is.
pub fn register(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let arn = input.require("TargetGroupArn")?;
    let mut group = GROUP.find(&ctx.here.elbv2.groups, arn)?.clone();
    let parts = input.each("Targets");
    if parts.is_empty() {
        return Err(input.protocol.missing("Targets"));
    }
    let mut new = Vec::new();
    for part in parts {
        let (id, port) = named(&part, &group)?;
        let zone = match group.kind {
            TargetType::Ip => Some(check_address(
                ctx,
                &group,
                &id,
                part.text("AvailabilityZone"),
            )?),
            TargetType::Lambda => {
                check_function(ctx, arn, &group, &id)?;
                None
            }
        };
        let known = group
            .targets
            .iter()
            .find(|target| target.id == id && target.port == port);
        if known.is_some_and(|target| target.draining) {
            // ELB user guide, "Register targets": an address that was deregistered
            // cannot be registered again before the deregistration delay is over.
            return Err(unfit(format!(
                "The target '{id}' is being deregistered; it cannot be registered again before its deregistration delay is over"
            )));
        }
        if known.is_none() {
            let serial = ctx.here.elbv2.next_serial();
            new.push(serial);
            group.targets.push(Target {
                id,
                port,
                zone,
                serial,
                health: Health::default(),
                draining: false,
            });
        }
    }
    let limit = most(ctx, code::TARGETS);
    if group.targets.len() > limit {
        let text = format!("The limit of {limit} targets has been reached");
        return Err(Refusal::new("TooManyTargets", text));
    }
    let checked = is_active(&ctx.here.elbv2, group.used_by.as_deref()) && group.check.enabled;
    ctx.here.elbv2.groups.insert(arn.to_owned(), group);
    for serial in new.into_iter().filter(|_| checked) {
        let delay = ctx.takes(latency::TARGET_INITIAL);
        let group = arn.to_owned();
        ctx.after(delay, world::Event::Elbv2(Event::Check { group, serial }));
    }
    ok(json!({}))
}

/// Checks an address, and returns its zone.
///
/// `ELBv2` API reference, `TargetDescription`: an address in the VPC's subnets
/// has their zone; one outside the VPC needs `all` (or, with cross-zone load
/// balancing off, a zone). That codes other than for public addresses are
/// `InvalidTarget`, too, is an assumption.
fn check_address(
    ctx: &Ctx<'_>,
    group: &TargetGroup,
    id: &str,
    zone: Option<&str>,
) -> Result<String, Refusal> {
    let Ok(address) = id.parse::<Ipv4Addr>() else {
        return Err(invalid(format!(
            "The target ID '{id}' is not a valid IPv4 address"
        )));
    };
    let state = &ctx.here.ec2;
    let vpc = group.vpc.as_deref().unwrap_or_default();
    let home = state
        .subnets
        .values()
        .find(|subnet| subnet.vpc == vpc && subnet.cidr.contains(&address));
    if let Some(subnet) = home {
        let balancer = state.interfaces.values().any(|interface| {
            let there = state
                .subnets
                .get(&interface.subnet)
                .is_some_and(|subnet| subnet.vpc == vpc);
            there && interface.address == address && interface.requester == "amazon-elb"
        });
        if balancer {
            // ELB user guide, "Register targets": not the addresses of a load balancer in the same VPC.
            return Err(unfit(format!(
                "The IP address '{id}' is reserved for use by a load balancer"
            )));
        }
        if let Some(zone) = zone.filter(|zone| *zone != "all" && **zone != subnet.zone) {
            return Err(unfit(format!(
                "The IP address '{id}' is not in the Availability Zone '{zone}'"
            )));
        }
        return Ok(zone.unwrap_or(&subnet.zone).to_owned());
    }
    let private = PRIVATE.iter().any(|(base, length)| {
        Ipv4Net::new(*base, *length).is_ok_and(|range| range.contains(&address))
    });
    let inside = state
        .vpcs
        .get(vpc)
        .is_some_and(|vpc| vpc.cidr.contains(&address));
    if !private || inside {
        return Err(unfit(format!(
            "The IP address '{id}' is not in a subnet of the VPC '{vpc}', nor in a private range outside it"
        )));
    }
    match zone {
        Some("all") => Ok("all".to_owned()),
        // Observed (AWS's load balancer controller): ValidationError.
        None => Err(invalid(format!(
            "An availability zone must be specified for the IP address '{id}', which is not from the target group's VPC"
        ))),
        Some(zone) => Err(unfit(format!(
            "The IP address '{id}' is outside the VPC; its Availability Zone must be 'all', not '{zone}'"
        ))),
    }
}

/// Checks a function: one a group, and it must let the load balancer invoke it (observed: `AccessDenied`, "elasticloadbalancing principal does not have permission to invoke …").
fn check_function(ctx: &Ctx<'_>, arn: &str, group: &TargetGroup, id: &str) -> Result<(), Refusal> {
    if !id.starts_with("arn:") || !id.contains(":lambda:") {
        return Err(invalid(format!(
            "The target ID '{id}' is not the ARN of a function"
        )));
    }
    if group.targets.iter().any(|target| target.id != id) {
        let text = "A target group of type 'lambda' has one target";
        return Err(Refusal::new("TooManyTargets", text));
    }
    if !seam::lambda_permits(ctx, id, arn) {
        let text = format!(
            "elasticloadbalancing principal does not have permission to invoke {id} from target group {arn}"
        );
        return Err(Refusal::new("AccessDenied", text).status(403));
    }
    Ok(())
}

/// `DeregisterTargets`.
///
/// `ELBv2` API reference: what is not registered is a success. A target is
/// `draining` for the deregistration delay, whether or not it has connections
/// (ELB user guide, "Deregistration delay"); functions go at once.
pub fn deregister(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let arn = input.require("TargetGroupArn")?;
    let mut group = GROUP.find(&ctx.here.elbv2.groups, arn)?.clone();
    let parts = input.each("Targets");
    if parts.is_empty() {
        return Err(input.protocol.missing("Targets"));
    }
    let delay = attribute::delay(&group);
    for part in parts {
        let (id, port) = named(&part, &group)?;
        if group.kind == TargetType::Ip && id.parse::<Ipv4Addr>().is_err() {
            return Err(invalid(format!(
                "The target ID '{id}' is not a valid IPv4 address"
            )));
        }
        let known = group
            .targets
            .iter_mut()
            .find(|target| target.id == id && target.port == port && !target.draining);
        if let Some(target) = known {
            target.draining = true;
            let (group, serial) = (arn.to_owned(), target.serial);
            ctx.after(
                Duration::from_secs(delay),
                world::Event::Elbv2(Event::Drained { group, serial }),
            );
        }
    }
    if delay == 0 {
        group.targets.retain(|target| !target.draining);
    }
    ctx.here.elbv2.groups.insert(arn.to_owned(), group);
    ok(json!({}))
}

/// A target's deregistration delay is over.
pub fn leave(ctx: &mut Ctx<'_>, group: &str, serial: u64) {
    if let Some(group) = ctx.here.elbv2.groups.get_mut(group) {
        group
            .targets
            .retain(|target| !(target.draining && target.serial == serial));
    }
}

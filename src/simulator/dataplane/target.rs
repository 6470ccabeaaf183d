//! From the rule to a function, or through the endpoint.

use std::net::Ipv4Addr;

use super::answer::{Answer, Hop, Kind};
use super::entrance::{Entrance, nodes};
use super::event::event;
use super::passed::{Passed, Stop, through};
use super::{api, bucket};
use crate::ec2::{EndpointState, Flow, Interface, groups_admit};
use crate::elbv2::{MULTI_VALUE, Target, TargetGroup, TargetType, Verdict};
use crate::lambda;
use crate::world::Ctx;

/// Forwards a request to each group that it may go to; weight 0 is none (`ELBv2` API reference, `TargetGroupTuple`).
pub fn forward(
    ctx: &Ctx<'_>,
    balancer: &str,
    groups: &[(String, u32)],
    passed: &Passed<'_>,
) -> Result<Answer, Stop> {
    let meant = groups.iter().filter(|(_, weight)| *weight > 0);
    let mut answer = None;
    for (arn, _) in meant {
        let group = ctx.here.elbv2.groups.get(arn);
        let group = group.ok_or_else(|| nobody("the target group is gone"))?;
        let this = to_group(ctx, balancer, arn, group, passed)?;
        answer.get_or_insert(this);
    }
    answer.ok_or_else(|| nobody("no target group has a weight above 0"))
}

/// ELB user guide, "Troubleshoot": 503 without registered targets, or when all are unused.
fn nobody(why: impl Into<String>) -> Stop {
    Stop::at(Hop::TargetHealth, 503, why)
}

fn to_group(
    ctx: &Ctx<'_>,
    balancer: &str,
    arn: &str,
    group: &TargetGroup,
    passed: &Passed<'_>,
) -> Result<Answer, Stop> {
    let (targets, open) = chosen(ctx, balancer, group)?;
    let mut answer = None;
    for target in targets {
        let this = match group.kind {
            TargetType::Lambda => function(ctx, balancer, (arn, group), target, passed),
            TargetType::Ip => address(ctx, balancer, group, target, passed),
        };
        answer.get_or_insert(this.map_err(|stop| Stop {
            why: told(stop.why, open),
            ..stop
        })?);
    }
    let answer = answer.ok_or_else(|| nobody("no target"))?;
    Ok(Answer {
        why: told(answer.why, open),
        ..answer
    })
}

fn told(why: String, open: bool) -> String {
    if open {
        format!("no target is healthy, so the load balancer tries all of them: {why}")
    } else {
        why
    }
}

/// The targets that requests go to, and whether that is all of them for lack of a healthy one.
///
/// ELB user guide, "Health checks for your target groups": healthy ones; when
/// none is, all registered ones ("fail open"). Draining targets and those in
/// zones of no node get none. A group that is not checked counts as healthy.
fn chosen<'a>(
    ctx: &Ctx<'_>,
    balancer: &str,
    group: &'a TargetGroup,
) -> Result<(Vec<&'a Target>, bool), Stop> {
    let all: Vec<&Target> = group
        .targets
        .iter()
        .filter(|target| !target.draining && in_zone(ctx, balancer, target))
        .collect();
    if all.is_empty() {
        return Err(nobody(format!(
            "the target group {} has no registered target in use",
            group.name
        )));
    }
    let is_healthy =
        |target: &Target| !group.check.enabled || target.health.verdict == Verdict::Healthy;
    let healthy: Vec<&Target> = all.iter().copied().filter(|one| is_healthy(one)).collect();
    if healthy.is_empty() {
        Ok((all, true))
    } else {
        Ok((healthy, false))
    }
}

fn in_zone(ctx: &Ctx<'_>, balancer: &str, target: &Target) -> bool {
    let subnets = &ctx.here.ec2.subnets;
    let own = ctx.here.elbv2.balancers.get(balancer);
    let mut zones = own
        .into_iter()
        .flat_map(|balancer| &balancer.subnets)
        .filter_map(|id| subnets.get(id));
    match target.zone.as_deref() {
        None | Some("all") => true,
        Some(zone) => zones.any(|subnet| subnet.zone == zone),
    }
}

/// ELB user guide, "Troubleshoot" and "Access logs" (`LambdaAccessDenied`): 502 when the function must not be invoked.
fn function(
    ctx: &Ctx<'_>,
    balancer: &str,
    (arn, group): (&str, &TargetGroup),
    target: &Target,
    passed: &Passed<'_>,
) -> Result<Answer, Stop> {
    if passed.ask.header("upgrade").is_some() {
        // ELB user guide, "Lambda functions as targets".
        let text = "the request asks for an upgrade, which functions do not have";
        return Err(Stop::at(Hop::Method, 400, text));
    }
    let principal = "elasticloadbalancing.amazonaws.com";
    if !lambda::permits(ctx, &target.id, principal, arn) {
        let text = format!("{} does not let {principal} invoke it for {arn}", target.id);
        return Err(Stop::at(Hop::Permission, 502, text));
    }
    let mut seen = passed.seen(Kind::Lambda);
    let several = group
        .attributes
        .get(MULTI_VALUE)
        .is_some_and(|on| on == "true");
    seen.function = Some(target.id.clone());
    seen.event = Some(event(ctx, balancer, passed, arn, several));
    Ok(through(
        200,
        format!("the load balancer invokes {}", target.id),
        seen,
    ))
}

fn address(
    ctx: &Ctx<'_>,
    balancer: &str,
    group: &TargetGroup,
    target: &Target,
    passed: &Passed<'_>,
) -> Result<Answer, Stop> {
    let port = target.port.unwrap_or_default();
    let interface = interface(ctx, group, &target.id)?;
    let sender = reached(ctx, balancer, interface, port)?;
    let entrance = entrance(ctx, interface, sender)?;
    let service = entrance
        .endpoint
        .service
        .rsplit('.')
        .next()
        .unwrap_or_default();
    speaks(group, service, port)?;
    if service == "s3" {
        bucket::answer(ctx, &entrance, passed)
    } else {
        api::answer(ctx, &entrance, passed)
    }
}

/// Nobody at the address, or nobody who answers: 504 (ELB user guide, "Troubleshoot": the connection was not made in time).
fn unanswered(text: impl Into<String>) -> Stop {
    Stop::at(Hop::Endpoint, 504, text)
}

fn interface<'a>(ctx: &'a Ctx<'_>, group: &TargetGroup, id: &str) -> Result<&'a Interface, Stop> {
    let state = &ctx.here.ec2;
    let address: Option<Ipv4Addr> = id.parse().ok();
    let mut all = state.interfaces.values();
    let found = all.find(|interface| {
        let subnet = state.subnets.get(&interface.subnet);
        Some(interface.address) == address
            && subnet.map(|subnet| &subnet.vpc) == group.vpc.as_ref()
            && interface.since <= ctx.now
            && !interface.leaving
    });
    found.ok_or_else(|| unanswered(format!("no network interface has the address {id}")))
}

/// Security groups drop silently, which is a 504 too. All nodes must pass; the first is the sender.
fn reached(ctx: &Ctx<'_>, balancer: &str, to: &Interface, port: u16) -> Result<Ipv4Addr, Stop> {
    let end = Flow {
        address: to.address,
        groups: &to.groups,
    };
    let mut sender = None;
    for node in nodes(ctx, balancer) {
        let start = Flow {
            address: node.address,
            groups: &node.groups,
        };
        if !groups_admit(&ctx.here.ec2, start, end, port) {
            let text = format!(
                "the security groups do not let the load balancer ({}) reach {} ({}) on port {port}",
                node.groups.join(", "),
                to.address,
                to.groups.join(", ")
            );
            return Err(Stop::at(Hop::SecurityGroup, 504, text));
        }
        sender.get_or_insert(node.address);
    }
    sender.ok_or_else(|| unanswered("the load balancer has no node"))
}

/// An endpoint serves once it is available, and goes on while it changes (as the health checks have it: an assumption).
fn entrance<'a>(
    ctx: &'a Ctx<'_>,
    interface: &'a Interface,
    sender: Ipv4Addr,
) -> Result<Entrance<'a>, Stop> {
    let endpoint = ctx.here.ec2.endpoints.get(&interface.holder);
    let endpoint = endpoint.ok_or_else(|| {
        unanswered(format!(
            "{} is not an endpoint's address",
            interface.address
        ))
    })?;
    let serves = match endpoint.state {
        EndpointState::Available => true,
        EndpointState::Pending => endpoint.change > 0,
        EndpointState::Deleting | EndpointState::Deleted => false,
    };
    let id = interface.holder.as_str();
    if !serves {
        return Err(unanswered(format!(
            "the endpoint {id} is {}",
            endpoint.state.word()
        )));
    }
    Ok(Entrance {
        id,
        endpoint,
        sender,
    })
}

/// HTTPS on 443, for S3 HTTP on 80 too. Plain HTTP on 443 is 400, a port that nothing listens on 502 (assumptions, as in the health checks).
fn speaks(group: &TargetGroup, service: &str, port: u16) -> Result<(), Stop> {
    let secure = group.protocol.as_deref() == Some("HTTPS");
    let refused = |status, text: String| Err(Stop::at(Hop::Endpoint, status, text));
    match (service, port, secure) {
        ("execute-api" | "s3", 443, true) | ("s3", 80, false) => Ok(()),
        ("execute-api" | "s3", 443, false) => {
            refused(400, "plain HTTP was sent to the HTTPS port".to_owned())
        }
        ("execute-api" | "s3", ..) => {
            refused(502, format!("the endpoint does not listen on port {port}"))
        }
        _ => refused(403, format!("an endpoint for {service} is not simulated")),
    }
}

//! What a health check is answered.

use std::net::Ipv4Addr;

use super::seam;
use super::state::{Answer, Target, TargetGroup, TargetType};
use crate::ec2::{Endpoint, EndpointState, Flow, Interface, groups_admit};
use crate::world::Ctx;

impl Answer {
    /// The reason code of an unhealthy target (`ELBv2` API reference, `TargetHealth`).
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Code(_) => "Target.ResponseCodeMismatch",
            Self::Timeout => "Target.Timeout",
            Self::Failed => "Target.FailedHealthChecks",
        }
    }

    /// The description of an unhealthy target (observed).
    pub fn words(self) -> String {
        match self {
            Self::Code(code) => format!("Health checks failed with these codes: [{code}]"),
            Self::Timeout => "Request timed out".to_owned(),
            Self::Failed => "Health checks failed".to_owned(),
        }
    }
}

/// Asks a target.
pub fn probe(ctx: &Ctx<'_>, group: &TargetGroup, arn: &str, target: &Target) -> Answer {
    match group.kind {
        // Assumption: a function that may be invoked answers 200, another one fails.
        TargetType::Lambda if seam::lambda_permits(ctx, &target.id, arn) => Answer::Code(200),
        TargetType::Lambda => Answer::Failed,
        TargetType::Ip => address(ctx, group, target),
    }
}

fn address(ctx: &Ctx<'_>, group: &TargetGroup, target: &Target) -> Answer {
    let Ok(address) = target.id.parse::<Ipv4Addr>() else {
        return Answer::Timeout;
    };
    let port = match group.check.port.as_deref().map(str::parse) {
        Some(Ok(port)) => port,
        _ => target.port.unwrap_or_default(),
    };
    let Some(interface) = interface_at(ctx, group, address) else {
        return Answer::Timeout;
    };
    if !reachable(ctx, group, interface, port) {
        return Answer::Timeout;
    }
    match ctx.here.ec2.endpoints.get(&interface.holder) {
        Some(endpoint) if serves(endpoint) => reply(group, endpoint, port),
        _ => Answer::Timeout,
    }
}

fn interface_at<'a>(
    ctx: &'a Ctx<'_>,
    group: &TargetGroup,
    address: Ipv4Addr,
) -> Option<&'a Interface> {
    let state = &ctx.here.ec2;
    state.interfaces.values().find(|interface| {
        let vpc = state
            .subnets
            .get(&interface.subnet)
            .map(|subnet| &subnet.vpc);
        interface.address == address
            && vpc == group.vpc.as_ref()
            && interface.since <= ctx.now
            && !interface.leaving
    })
}

/// Whether every node of the load balancer can connect: security groups drop silently, which is a timeout.
fn reachable(ctx: &Ctx<'_>, group: &TargetGroup, to: &Interface, port: u16) -> bool {
    let state = &ctx.here.ec2;
    let mut nodes = state
        .interfaces
        .values()
        .filter(|node| group.used_by.as_ref() == Some(&node.holder) && !node.leaving)
        .peekable();
    let end = Flow {
        address: to.address,
        groups: &to.groups,
    };
    nodes.peek().is_some()
        && nodes.all(|node| {
            groups_admit(
                state,
                Flow {
                    address: node.address,
                    groups: &node.groups,
                },
                end,
                port,
            )
        })
}

/// An endpoint serves once it is available, and goes on while its subnets change (the latter an assumption).
fn serves(endpoint: &Endpoint) -> bool {
    match endpoint.state {
        EndpointState::Available => true,
        EndpointState::Pending => endpoint.change > 0,
        EndpointState::Deleting | EndpointState::Deleted => false,
    }
}

/// What endpoints answer.
///
/// execute-api: HTTPS on 443; `/ping` and `/sping` are reserved for its service
/// health (API Gateway developer guide, "Important notes"), and without an API
/// in the host name anything else is 403. S3: 307 to a plain GET of `/`, 403 for
/// a bucket that is not said (AWS's blog on ALB and S3 behind `PrivateLink`:
/// matcher `307,405`). Others: 403. Ports that nothing listens on refuse.
/// Plain HTTP on the HTTPS port is 400. All of this beyond the named pages is an assumption.
fn reply(group: &TargetGroup, endpoint: &Endpoint, port: u16) -> Answer {
    let path = group.check.path.as_deref().unwrap_or("/");
    let path = path.split('?').next().unwrap_or(path);
    let secure = group.check.protocol.as_deref() == Some("HTTPS");
    let service = endpoint.service.rsplit('.').next().unwrap_or_default();
    match (service, port, secure) {
        (_, 443, false) => Answer::Code(400),
        ("execute-api", 443, true) if matches!(path, "/ping" | "/sping") => Answer::Code(200),
        ("s3", 443, true) | ("s3", 80, false) if path == "/" => Answer::Code(307),
        (_, 443, true) | ("s3", 80, false) => Answer::Code(403),
        _ => Answer::Failed,
    }
}

//! Load balancers, target groups and listeners under ARNs that are given: what a configuration borrows.
//!
//! Nothing is checked here but what could not be stored; operations check.

use super::arn::{LISTENER, RULE, below};
use super::load_balancer::dns_name;
use super::network::attach;
use super::state::{HealthCheck, Listener, LoadBalancer, Pairs, Rule, TargetGroup, TargetType};
use super::{Action, Deed, ssl_policy, usage};
use crate::codec::Refusal;
use crate::world::Ctx;

/// Adds an internal load balancer that is active already, with an interface in each subnet. Name and id are read off the ARN.
pub fn add_load_balancer(
    ctx: &mut Ctx<'_>,
    arn: &str,
    vpc: &str,
    subnets: &[String],
    groups: &[String],
) -> Result<(), Refusal> {
    let mut parts = arn.rsplit('/');
    let id = parts.next().unwrap_or_default().to_owned();
    let name = parts.next().unwrap_or_default().to_owned();
    let balancer = LoadBalancer {
        dns_name: dns_name(ctx, &name),
        name,
        id,
        vpc: vpc.to_owned(),
        subnets: subnets.to_vec(),
        groups: groups.to_vec(),
        active: true,
        addresses: "ipv4".to_owned(),
        attributes: Pairs::new(),
        created: ctx.now,
    };
    attach(ctx, arn, &balancer, subnets)?;
    ctx.here.elbv2.balancers.insert(arn.to_owned(), balancer);
    Ok(())
}

/// Adds an HTTPS listener that answers 404 by default. Its load balancer is read off the ARN.
pub fn add_https_listener(ctx: &mut Ctx<'_>, arn: &str, port: u16, certificate: &str) {
    let balancer = arn.rsplit_once('/').map_or(arn, |(front, _)| front);
    let listener = Listener {
        balancer: balancer.replacen(":listener/", ":loadbalancer/", 1),
        protocol: "HTTPS".to_owned(),
        port,
        policy: Some(ssl_policy::DEFAULT.to_owned()),
        certificate: Some(certificate.to_owned()),
        extra: Vec::new(),
        attributes: Pairs::new(),
    };
    let deed = Deed::Respond {
        status: "404".to_owned(),
        content_type: Some("text/plain".to_owned()),
        body: None,
    };
    let rule = Rule {
        listener: arn.to_owned(),
        priority: None,
        conditions: Vec::new(),
        action: Action { deed, order: None },
        transforms: Vec::new(),
    };
    let rule_arn = below(arn, &LISTENER, &RULE, &ctx.random.hex(16));
    ctx.here.elbv2.listeners.insert(arn.to_owned(), listener);
    ctx.here.elbv2.rules.insert(rule_arn, rule);
    usage::refresh(ctx);
}

/// Adds a target group for addresses, HTTPS on 443, without targets. Its name is read off the ARN.
pub fn add_target_group(ctx: &mut Ctx<'_>, arn: &str, vpc: &str, health_path: &str) {
    let name = arn.rsplit('/').nth(1).unwrap_or_default();
    let text = |text: &str| Some(text.to_owned());
    let group = TargetGroup {
        name: name.to_owned(),
        kind: TargetType::Ip,
        protocol: text("HTTPS"),
        version: text("HTTP1"),
        port: Some(443),
        vpc: text(vpc),
        check: HealthCheck {
            enabled: true,
            protocol: text("HTTPS"),
            port: text("traffic-port"),
            path: text(health_path),
            matcher: text("200"),
            interval: 30,
            timeout: 5,
            healthy: 5,
            unhealthy: 2,
        },
        attributes: Pairs::new(),
        targets: Vec::new(),
        used_by: None,
        held_until: None,
    };
    ctx.here.elbv2.groups.insert(arn.to_owned(), group);
}

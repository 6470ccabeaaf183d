//! `listener`: HTTPS on 443, and a redirect on 80.

use aws_sdk_elasticloadbalancingv2::types::{Listener, ProtocolEnum};

use crate::{
    checks::{
        Check, Finding,
        codes::{LISTENER_MISSING, LISTENER_NO_REDIRECT, LISTENER_NOT_HTTPS},
    },
    verify::{
        hops::{UP, seen},
        scene::Scene,
    },
};

/// A finding for 443, and one for 80 if that is not right.
pub fn check(scene: &Scene<'_>) -> Vec<Finding> {
    let balancer = seen!(&scene.balancer, Check::Listener);
    let all = seen!(&scene.listeners, Check::Listener);
    if balancer.is_none() {
        return vec![Finding::skipped(
            Check::Listener,
            "there is no load balancer",
        )];
    }
    let port = |one: &Listener| one.port().unwrap_or_default();
    let ports: Vec<String> = all.iter().map(|one| port(one).to_string()).collect();
    let Some(front) = scene.front() else {
        let found = match ports.as_slice() {
            [] => "the load balancer has no listener".to_owned(),
            ports => format!("listeners on {}, none on 443", ports.join(", ")),
        };
        let cause = "connections to port 443 are refused";
        return vec![Finding::failed(LISTENER_MISSING, found, cause, UP)];
    };
    let protocol = front.protocol().map_or("?", |one| one.as_str());
    if front.protocol() != Some(&ProtocolEnum::Https) {
        let found = format!("the listener on 443 speaks {protocol}");
        let cause = "clients ask for TLS there";
        return vec![Finding::failed(LISTENER_NOT_HTTPS, found, cause, UP)];
    }
    let policy = front.ssl_policy().unwrap_or("?");
    let mut findings = vec![Finding::ok(
        Check::Listener,
        format!("HTTPS on 443, {policy}"),
    )];
    let redirects = all.iter().any(|one| {
        let mut actions = one.default_actions().iter();
        port(one) == 80 && actions.any(|action| action.redirect_config().is_some())
    });
    if !redirects {
        let found = "nothing on port 80 leads to 443";
        let cause = "who types the name without https:// gets no answer";
        findings.push(Finding::warning(LISTENER_NO_REDIRECT, found, cause, UP));
    }
    findings
}

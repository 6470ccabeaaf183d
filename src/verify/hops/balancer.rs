//! `load-balancer`: it is there, active and internal.

use aws_sdk_elasticloadbalancingv2::types::{
    LoadBalancerSchemeEnum, LoadBalancerState, LoadBalancerStateEnum,
};

use crate::{
    checks::{
        Check, Finding,
        codes::{LOAD_BALANCER_MISSING, LOAD_BALANCER_NOT_ACTIVE, LOAD_BALANCER_PUBLIC},
    },
    verify::{
        hops::{UP, seen},
        scene::Scene,
    },
};

/// One finding.
pub fn check(scene: &Scene<'_>) -> Vec<Finding> {
    let balancer = seen!(&scene.balancer, Check::LoadBalancer);
    let Some(balancer) = balancer else {
        let found = format!("there is no load balancer named {}", scene.reads.stack);
        let cause = "it was deleted, or never made";
        return vec![Finding::failed(LOAD_BALANCER_MISSING, found, cause, UP)];
    };
    let state = balancer.state().and_then(LoadBalancerState::code);
    let word = state.map_or("unknown", |code| code.as_str());
    let name = balancer.dns_name().unwrap_or_default();
    let works = matches!(
        state,
        Some(LoadBalancerStateEnum::Active | LoadBalancerStateEnum::ActiveImpaired)
    );
    if !works {
        let reason = balancer.state().and_then(|state| state.reason());
        let cause = reason
            .unwrap_or("AWS has not finished with it, or could not")
            .to_owned();
        let remedy = "wait for it (`hybridgw verify --wait 5m`); if it is failed, run `hybridgw up --allow-replace`";
        let found = format!("{name} is {word}");
        return vec![Finding::failed(
            LOAD_BALANCER_NOT_ACTIVE,
            found,
            cause,
            remedy,
        )];
    }
    if balancer.scheme() == Some(&LoadBalancerSchemeEnum::InternetFacing) {
        let found = format!("{name} has public addresses");
        let cause = "its scheme is internet-facing";
        let remedy = "run `hybridgw up --allow-replace`: a scheme cannot be changed";
        return vec![Finding::failed(LOAD_BALANCER_PUBLIC, found, cause, remedy)];
    }
    vec![Finding::ok(
        Check::LoadBalancer,
        format!("{name}, {word}, internal"),
    )]
}

//! `endpoint`: it is there, available, for the right service, with addresses.

use crate::{
    checks::{
        Check, Finding,
        codes::{ENDPOINT_MISSING, ENDPOINT_NO_ADDRESS, ENDPOINT_NOT_AVAILABLE},
    },
    error::Result,
    resources::vpc_endpoint::Actual,
    verify::{
        hops::UP,
        scene::{Behind, Scene},
    },
};

/// A finding for each endpoint that a route needs.
pub fn check(scene: &Scene<'_>) -> Vec<Finding> {
    let needs = |is: fn(&Behind) -> bool| scene.ways.iter().any(|way| is(&way.route.behind));
    let mut findings = Vec::new();
    if needs(|behind| matches!(behind, Behind::Api { .. })) {
        let borrowed = scene
            .config
            .and_then(|config| config.endpoint.id.as_deref());
        findings.push(one(&scene.endpoint, "execute-api", borrowed));
    }
    if needs(|behind| matches!(behind, Behind::Site { .. })) {
        findings.push(one(&scene.site_endpoint, "S3", None));
    }
    findings
}

fn one(endpoint: &Result<Option<Actual>>, what: &str, borrowed: Option<&str>) -> Finding {
    let endpoint = match endpoint {
        Err(error) => return Finding::unseen(Check::Endpoint, error),
        Ok(endpoint) => endpoint,
    };
    let Some(endpoint) = endpoint.as_ref().filter(|one| one.state != "deleted") else {
        let (found, remedy) = match borrowed {
            Some(id) => (
                format!("there is no endpoint {id}"),
                "correct `endpoint.id`, or leave it out, and run `hybridgw up`",
            ),
            None => (format!("the stack has no endpoint for {what}"), UP),
        };
        return Finding::failed(
            ENDPOINT_MISSING,
            found,
            "it was deleted, or never made",
            remedy,
        );
    };
    let id = &endpoint.id;
    if endpoint.state != "available" {
        let found = format!("{id} is {}", endpoint.state);
        let cause = endpoint.failure.clone();
        let cause = cause.unwrap_or_else(|| "AWS is at it, or somebody is deleting it".to_owned());
        let remedy = "wait for it (`hybridgw verify --wait 5m`), then run `hybridgw up`";
        return Finding::failed(ENDPOINT_NOT_AVAILABLE, found, cause, remedy);
    }
    if endpoint.addresses.is_empty() {
        let found = format!("{id} has no network interface");
        return Finding::failed(ENDPOINT_NO_ADDRESS, found, "it is in no subnet", UP);
    }
    let addresses = endpoint.addresses.iter();
    let addresses: Vec<String> = addresses
        .map(|one| format!("{} in {}", one.ip, one.zone))
        .collect();
    Finding::ok(
        Check::Endpoint,
        format!("{id} for {what}, {}", addresses.join(", ")),
    )
}

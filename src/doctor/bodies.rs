//! `body`: the definitions of the stack's own APIs.

use super::Patient;
use crate::{
    checks::{
        Check, Finding,
        codes::{BODY_PERMISSION, BODY_REFUSED, BODY_UNHEEDED},
    },
    config::Problem,
    preflight, stack,
};

/// Every problem and every warning of every file, with its line.
pub(super) async fn check(patient: &Patient<'_>) -> Vec<Finding> {
    let (config, reads) = (patient.config, patient.reads);
    let mut findings = Vec::new();
    let mut read = 0;
    for route in &config.routes {
        let Some((file, definition)) = stack::definition(route, &reads.region) else {
            continue;
        };
        read += 1;
        let mut said = Vec::new();
        match definition {
            Err(error) => said.extend(error.0.iter().map(refused)),
            Ok(definition) => {
                said.extend(definition.warnings.iter().map(unheeded));
                said.extend(definition.body.functions().into_iter().map(|function| {
                    Finding::warning(
                        BODY_PERMISSION,
                        format!("{} invokes {function}", file.display()),
                        "the permission for it is yours to give",
                        format!("`aws lambda add-permission --principal apigateway.amazonaws.com` for {function}, with the API as its source; `hybridgw verify` looks whether it is there"),
                    )
                }));
                if !definition.claims.is_empty() {
                    let endpoint = preflight::endpoint_of_apis(config, reads).await;
                    let endpoint = endpoint.unwrap_or_default();
                    let admitted = stack::admitted(config, endpoint.as_deref());
                    let checked = definition.claims.check(admitted);
                    said.extend(checked.err().iter().flat_map(|error| &error.0).map(refused));
                }
            }
        }
        findings.extend(said.into_iter().map(|one| one.on_route(&route.path)));
    }
    if findings.is_empty() {
        let words = match read {
            0 => "no definition of the stack's own to read".to_owned(),
            1 => "the definition is one that API Gateway takes".to_owned(),
            many => format!("{many} definitions are ones that API Gateway takes"),
        };
        findings.push(Finding::ok(Check::Body, words));
    }
    findings
}

/// What of a definition API Gateway refuses, or hybridgw.
pub(super) fn refused(problem: &Problem) -> Finding {
    let cause = "API Gateway refuses such a body, or hybridgw does before it would";
    Finding::failed(BODY_REFUSED, found(problem), cause, remedy(problem))
}

/// What of a definition API Gateway takes and does not heed.
pub(super) fn unheeded(problem: &Problem) -> Finding {
    let cause = "API Gateway takes it, and it will not do what it says";
    Finding::warning(BODY_UNHEEDED, found(problem), cause, remedy(problem))
}

fn found(problem: &Problem) -> String {
    let bare = Problem {
        hint: None,
        ..problem.clone()
    };
    bare.to_string()
}

fn remedy(problem: &Problem) -> String {
    let hint = problem.hint.clone();
    hint.unwrap_or_else(|| "change it at this place".to_owned())
}

//! `quotas`: what is near its limit.

use super::Patient;
use crate::{
    checks::{Check, Finding, codes::QUOTAS_NEAR},
    preflight,
};

/// A share of a quota from which on it is near: four fifths.
const NEAR: (usize, usize) = (4, 5);

/// What will be near its quota once the file is applied; what is beyond it the
/// preflight says.
pub(super) async fn check(patient: &Patient<'_>) -> Vec<Finding> {
    let loads = match preflight::loads(patient.config, patient.reads).await {
        Ok(loads) => loads,
        Err(error) => return vec![Finding::unseen(Check::Quotas, &error)],
    };
    let (part, whole) = NEAR;
    let mut findings = Vec::new();
    for load in loads.iter().filter(|one| one.all <= one.most) {
        if load.all * whole < load.most * part {
            continue;
        }
        findings.push(Finding::warning(
            QUOTAS_NEAR,
            format!("{} of {} {}", load.all, load.most, load.what),
            "what is near its quota stops a growing stack halfway",
            format!("ask AWS for a higher quota in time ({})", load.quota),
        ));
    }
    let is_beyond = loads.iter().any(|one| one.all > one.most);
    if findings.is_empty() && !is_beyond {
        let nearest = loads
            .iter()
            .max_by_key(|one| one.all * 1000 / one.most.max(1));
        let words = nearest.map_or_else(
            || "nothing is counted".to_owned(),
            |one| format!("the nearest: {} of {} {}", one.all, one.most, one.what),
        );
        findings.push(Finding::ok(Check::Quotas, words));
    }
    findings
}

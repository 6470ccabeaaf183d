//! What was seen from outside is put down to the hop that causes it: of one
//! break one check fails, the one that names it.

use crate::checks::{Check, Finding};

/// What a request came to.
pub struct Symptom {
    /// Its finding.
    pub finding: Finding,
    /// The status; 0: no answer.
    pub status: u16,
}

/// The checks whose failure shows as this status (peers-and-aws-facts 2.3; ELB
/// user guide, "Troubleshoot").
fn causes(status: u16) -> &'static [Check] {
    match status {
        0 => &[
            Check::Listener,
            Check::Certificate,
            Check::SecurityGroup,
            Check::LoadBalancer,
        ],
        400 => &[Check::TargetGroup, Check::Method, Check::Rule],
        403 => &[
            Check::EndpointPolicy,
            Check::Mapping,
            Check::ApiPolicy,
            Check::Stage,
            Check::Method,
            Check::BucketPolicy,
            Check::Rule,
        ],
        404 | 301 => &[Check::Rule, Check::Mapping, Check::Method],
        500 => &[Check::Permission, Check::Rule],
        502 => &[
            Check::Permission,
            Check::TargetGroup,
            Check::Endpoint,
            Check::TargetHealth,
            Check::SecurityGroup,
            Check::Rule,
        ],
        503 => &[
            Check::TargetGroup,
            Check::TargetHealth,
            Check::Rule,
            Check::Endpoint,
        ],
        504 => &[
            Check::TargetGroup,
            Check::SecurityGroup,
            Check::Endpoint,
            Check::TargetHealth,
            Check::Permission,
        ],
        // Another rule answers whatever it wants.
        _ => &[Check::Rule],
    }
}

/// Behind a name that leads elsewhere, or a port that speaks otherwise, anything
/// may answer.
const ELSEWHERE: &[Check] = &[Check::Dns, Check::Tls, Check::Tcp, Check::Record];

/// The checks whose failure makes another one fail, though nothing is wrong with
/// that.
fn causes_of(check: Check) -> &'static [Check] {
    match check {
        Check::Dns => &[Check::Record, Check::LoadBalancer],
        Check::Tcp => &[
            Check::Record,
            Check::LoadBalancer,
            Check::SecurityGroup,
            Check::Listener,
        ],
        Check::Tls => &[
            Check::Certificate,
            Check::Listener,
            Check::LoadBalancer,
            Check::Dns,
            Check::Record,
        ],
        // A group that no rule uses is not checked; what is not reached, or has
        // gone, is unhealthy.
        Check::TargetHealth => &[
            Check::LoadBalancer,
            Check::Listener,
            Check::Rule,
            Check::SecurityGroup,
            Check::TargetGroup,
            Check::Endpoint,
            Check::Permission,
        ],
        // Addresses of an endpoint that is not serving say nothing.
        Check::TargetGroup => &[Check::Endpoint],
        _ => &[],
    }
}

fn is_about_the_same(one: &Finding, other: &Finding) -> bool {
    let alike = |a: &Option<String>, b: &Option<String>| a.is_none() || b.is_none() || a == b;
    alike(&one.route, &other.route) && alike(&one.host, &other.host)
}

/// The failure among these checks that explains a finding.
fn cause<'a>(finding: &Finding, checks: &[Check], all: &'a [Finding]) -> Option<&'a Finding> {
    let mut candidates = checks.iter().flat_map(|check| {
        all.iter()
            .filter(move |one| one.check == *check && one.is_failed())
    });
    candidates.find(|one| is_about_the_same(finding, one))
}

fn named(cause: &Finding) -> String {
    match cause.code {
        Some(code) => format!("put down to {code}"),
        None => format!("put down to {}", cause.check),
    }
}

/// The findings, with what others explain no longer failed.
pub fn explained(mut findings: Vec<Finding>, requests: Vec<Symptom>) -> Vec<Finding> {
    for check in [
        Check::TargetGroup,
        Check::TargetHealth,
        Check::Dns,
        Check::Tcp,
        Check::Tls,
    ] {
        let before = findings.clone();
        for finding in findings
            .iter_mut()
            .filter(|one| one.check == check && one.code.is_some())
        {
            if let Some(cause) = cause(finding, causes_of(check), &before) {
                *finding = finding.clone().put_down_to(named(cause));
            }
        }
    }
    for Symptom { finding, status } in requests {
        let cause = cause(&finding, causes(status), &findings)
            .or_else(|| cause(&finding, ELSEWHERE, &findings));
        let finding = match cause {
            Some(cause) if finding.is_failed() => finding.put_down_to(named(cause)),
            _ => finding,
        };
        findings.push(finding);
    }
    findings.sort_by_key(|finding| finding.check);
    findings
}

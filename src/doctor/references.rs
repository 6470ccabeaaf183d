//! What the file refers to: the preflight of `up`, and what stands in its way.

use crate::{
    checks::{
        Check, Finding, Verdict,
        codes::{CONFIG_FOREIGN, RECORD_FOREIGN},
    },
    error::{Error, ErrorKind},
    preflight::{self, Part, References},
    resource::Kind,
    stack::{self, Stack},
};

use super::Patient;

/// All that the preflight has to say, and a word for what it could not look at.
pub(super) async fn check(patient: &Patient<'_>, account: String) -> Vec<Finding> {
    let (references, parts) = preflight::examine(patient.config, patient.reads, account).await;
    let mut findings: Vec<Finding> = parts.iter().flat_map(said).collect();
    findings.extend(in_the_way(patient, &references).await);
    if findings.is_empty() {
        findings.push(Finding::ok(Check::Config, super::well::config(patient)));
    }
    findings
}

fn said(part: &Part) -> Vec<Finding> {
    let mut findings = Vec::new();
    for problem in &part.problems {
        let error = &problem.error;
        match problem.code {
            Some(code) => findings.push(Finding::plain(
                code,
                Verdict::Failed,
                error.to_string(),
                error.hints.first().cloned(),
            )),
            // It stands for all that the part would have said.
            None => findings.extend(part.checks.iter().map(|one| Finding::unseen(*one, error))),
        }
    }
    findings.extend(part.warnings.iter().map(|one| {
        let remedy = one.remedy.clone();
        Finding::plain(one.code, Verdict::Warning, one.found.clone(), remedy)
    }));
    findings
}

/// What is not this stack's and stands where something of it is to be.
async fn in_the_way(patient: &Patient<'_>, references: &References) -> Vec<Finding> {
    let (config, reads) = (patient.config, patient.reads);
    // A definition that is refused keeps nobody from looking at the rest.
    let bodies = stack::bodies(config, &reads.region).unwrap_or_default();
    let stack = Stack::new(config, references, bodies);
    let mut findings = Vec::new();
    for step in &stack.steps {
        let kind = step.key().kind();
        if kind == Kind::DnsRecord && references.hosted_zones.is_empty() {
            continue; // its zone is what is wrong
        }
        let conflict = async {
            step.observe(reads).await?;
            match step.observed() {
                Some(_) => Ok(None),
                None => step.conflict(reads).await,
            }
        };
        match conflict.await {
            Ok(Some(error)) => findings.push(foreign(kind, &error)),
            Err(error) if error.kind == ErrorKind::NotOurs => {
                findings.push(foreign(kind, &error));
            }
            // What else cannot be read has been said where it matters.
            Err(error) if kind == Kind::DnsRecord => {
                findings.push(Finding::unseen(Check::Record, &error));
            }
            _ => {}
        }
    }
    findings
}

fn foreign(kind: Kind, error: &Error) -> Finding {
    let code = match kind {
        Kind::DnsRecord => RECORD_FOREIGN,
        _ => CONFIG_FOREIGN,
    };
    let words = std::iter::once(error.to_string()).chain(error.also.iter().cloned());
    let found = words.collect::<Vec<_>>().join("; ");
    Finding::plain(code, Verdict::Failed, found, error.hints.first().cloned())
}

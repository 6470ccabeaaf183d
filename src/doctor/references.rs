//! What the file refers to: the preflight of `up`, and what stands in its way.

use std::time::Duration;

use futures_util::future::join_all;

use crate::{
    checks::{
        Check, Finding, Verdict,
        codes::{CONFIG_FOREIGN, RECORD_FOREIGN},
    },
    error::{Error, ErrorKind},
    preflight::{self, Part, References},
    resource::{Host, Key, Kind},
    stack::{self, Stack},
};

use super::Patient;

/// All that the preflight has to say, and a word for what it could not look at.
async fn check(patient: &Patient<'_>, account: String) -> Vec<Finding> {
    let (references, parts) = preflight::examine(patient.config, patient.reads, account).await;
    let mut findings: Vec<Finding> = parts.iter().flat_map(said).collect();
    findings.extend(in_the_way(patient, &references).await);
    if findings.is_empty() {
        findings.push(Finding::ok(Check::Config, super::well::config(patient)));
    }
    findings
}

/// The checks that are answered here alone.
const ANSWERED: &[Check] = &[
    Check::Subnets,
    Check::Zones,
    Check::EndpointService,
    Check::Record,
    Check::Clients,
    Check::Policy,
    Check::Logs,
    Check::Config,
];

/// The same within a time: what has no answer by then is not taken for well.
pub(super) async fn within(
    limit: Duration,
    patient: &Patient<'_>,
    account: String,
) -> Vec<Finding> {
    tokio::select! {
        findings = check(patient, account) => findings,
        () = patient.clock.sleep(limit) => {
            let why = format!("not judged: no answer within {} s", limit.as_secs());
            let skipped = ANSWERED.iter().map(|one| Finding::skipped(*one, &why));
            skipped.collect()
        }
    }
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
    // What is wrong kept the part from looking at the rest, or may have.
    let failed = part.problems.iter().find_map(|one| one.code);
    if let Some(failed) = failed {
        let spoken: Vec<Check> = findings.iter().map(|one| one.check).collect();
        let silent = part.checks.iter().filter(|one| !spoken.contains(one));
        findings.extend(
            silent
                .map(|one| Finding::skipped(*one, format!("not judged: {} failed", failed.check))),
        );
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
    // Where the zone is what is wrong, nobody knows what stands there.
    let hosts = config.hosts().into_iter().enumerate();
    let unplaced: Vec<Host> = hosts
        .filter(|(_, host)| !references.hosted_zones.contains_key(host.name))
        .map(|(index, host)| Host {
            name: host.name.to_owned(),
            alias: index > 0,
        })
        .collect();
    let keys: Vec<Key> = unplaced
        .iter()
        .map(|host| host.key(Kind::DnsRecord, "/"))
        .collect();
    let steps = stack.steps.iter().filter(|one| !keys.contains(&one.key()));
    let looks = steps.map(|step| async move {
        let conflict = async {
            step.observe(reads).await?;
            match step.observed() {
                Some(_) => Ok(None),
                None => step.conflict(reads).await,
            }
        };
        let kind = step.key().kind();
        match conflict.await {
            Ok(Some(error)) => Some(foreign(kind, &error)),
            Err(error) if error.kind == ErrorKind::NotOurs => Some(foreign(kind, &error)),
            // What else cannot be read has been said where it matters.
            Err(error) if kind == Kind::DnsRecord => Some(Finding::unseen(Check::Record, &error)),
            _ => None,
        }
    });
    let mut findings: Vec<Finding> = join_all(looks).await.into_iter().flatten().collect();
    findings.extend(unplaced.into_iter().map(|host| {
        let why = "not judged: its hosted zone is not known";
        Finding::skipped(Check::Record, why).on_host(host.name)
    }));
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

//! `doctor`: what a stack stands on, before the first `up` and any time after.
//!
//! ```text
//!  Patient: the configuration, and the account as it may be looked at
//!    ├─ identity.rs     who calls, and where; without that nothing else is asked
//!    ├─ references.rs   the preflight of `up`, and what would stand in its way
//!    ├─ permissions/    what the caller may do of what this file needs
//!    └─ clock, network, names, quotas, bodies, buckets
//!         what works today and will not for long, or hides where nobody looks
//!         │ well.rs     a check that found nothing says what it saw
//!         ▼
//!  Findings
//! ```
//!
//! All of it reads, but for EC2's dry runs, which change nothing. What one part
//! may not see, the others do without.

use std::{collections::BTreeSet, path::Path, time::Duration};

use crate::{
    aws::{Connection, read::Reads},
    checks::{self, Check, Finding, Job},
    clock::Clock,
    config::Config,
    error::Error,
};

mod bodies;
mod buckets;
mod clock;
pub mod files;
mod identity;
mod names;
mod network;
mod permissions;
mod quotas;
mod references;
mod well;

/// How long a part may take: some dozens of calls, with repeats where AWS
/// throttles.
const LIMIT: Duration = Duration::from_mins(2);

/// The checks, in the order in which reports have them.
const ALL: &[Check] = &[
    Check::Credentials,
    Check::Permissions,
    Check::Account,
    Check::Clock,
    Check::VpcDns,
    Check::Subnets,
    Check::Zones,
    Check::PrivateDns,
    Check::EndpointService,
    Check::Certificate,
    Check::Zone,
    Check::Record,
    Check::Quotas,
    Check::Clients,
    Check::Body,
    Check::Policy,
    Check::Logs,
    Check::Config,
];

/// What is examined.
pub struct Patient<'a> {
    /// The configuration.
    pub config: &'a Config,
    /// Its file.
    pub file: &'a Path,
    /// The way to AWS.
    pub connection: &'a Connection,
    /// The reads, of the stack.
    pub reads: &'a Reads,
    /// The clock of the world.
    pub clock: Clock,
    /// What time it is there, in seconds since 1970.
    pub now: i64,
}

/// Every operation that `up`, `sync` and `down` may call for a file, as AWS calls
/// them: what `permissions` asks about.
pub fn operations(config: &Config) -> BTreeSet<&'static str> {
    permissions::operations(config)
}

/// What there is to say where no credentials can be had.
pub fn without_credentials(error: &Error) -> Vec<Finding> {
    unjudged(vec![identity::unusable(error)])
}

/// All checks. Writes nothing.
pub async fn examine(patient: &Patient<'_>) -> Vec<Finding> {
    let (mut findings, account) = identity::check(patient).await;
    let Some(account) = account else {
        return unjudged(findings);
    };
    let jobs = vec![
        Job::new(Check::Permissions, LIMIT, permissions::check(patient)),
        Job::new(Check::VpcDns, LIMIT, network::vpc_dns(patient)),
        Job::new(Check::PrivateDns, LIMIT, network::private_dns(patient)),
        Job::new(Check::Certificate, LIMIT, names::certificates(patient)),
        Job::new(Check::Zone, LIMIT, names::zones(patient)),
        Job::new(Check::Quotas, LIMIT, quotas::check(patient)),
        Job::new(Check::Body, LIMIT, bodies::check(patient)),
        Job::new(Check::Policy, LIMIT, buckets::check(patient)),
    ];
    let (references, others) = tokio::join!(
        references::within(LIMIT, patient, account),
        checks::run(jobs, patient.clock),
    );
    findings.extend(references.into_iter().chain(others));
    // AWS has answered by now, and said what time it is.
    findings.push(clock::check(patient));
    well::finish(findings, patient).await
}

/// With the rest of the checks, which have to do without an account.
fn unjudged(findings: Vec<Finding>) -> Vec<Finding> {
    let why = match findings.iter().find(|one| one.is_failed()) {
        Some(failed) => format!("not judged: {} failed", failed.check),
        None => "not judged: nobody knows who calls".to_owned(),
    };
    filled(findings, |check| Finding::skipped(check, &why))
}

/// With a finding for each check that has none, in the order of the checks.
fn filled(mut findings: Vec<Finding>, of: impl Fn(Check) -> Finding) -> Vec<Finding> {
    for check in ALL {
        if !findings.iter().any(|one| one.check == *check) {
            findings.push(of(*check));
        }
    }
    findings.sort_by_key(|one| ALL.iter().position(|check| *check == one.check));
    findings
}

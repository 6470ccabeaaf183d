//! Carry out what was planned, then converge: look once more, and bring together
//! what several runs have made.
//!
//! Nothing but AWS is shared between two machines that run `up` at once, and a
//! read may lag behind the other's writes. So both may make a thing that has no
//! unique name. Every run keeps the same one of two: which, is decided in
//! `discover`, by what AWS shows to all (see `resources::rest_api`). The other
//! one is its duplicate, and goes.

use std::collections::BTreeSet;

use crate::{
    aws::{Aws, Connection, read::Reads},
    error::{Error, ErrorKind, Result},
    event::Sink,
    graph::Owned,
    pipeline::{
        Action, Plan, Report, apply,
        apply::{make, take_away},
        observe, refusal, remove,
    },
    resource::Kind,
    stack::Stack,
    stop::Stop,
};

/// How often a run sets right what others do meanwhile, before it says so.
const ROUNDS: usize = 4;

/// Does what a plan says: what is replaced goes, what is wanted comes, what is
/// no longer wanted goes last, and of that first what leads requests there.
/// Each part only if the one before it succeeded.
pub async fn execute(
    stack: &Stack,
    plan: &Plan,
    aws: &Aws,
    reads: &Reads,
    sink: &dyn Sink,
    stop: &Stop,
) -> Report {
    let replaced = refusal::replaced(stack, plan);
    // What the plan saw may be another by now: a person was asked meanwhile.
    let now = reads.forgetful();
    let asked = refusal::of_replacement(&replaced, &now);
    if let Some(refused) = refused(asked, &replaced, stop).await {
        return refused;
    }
    let asked = refusal::of_removal(&plan.orphans, &now);
    if let Some(refused) = refused(asked, &plan.orphans, stop).await {
        return refused;
    }
    let mut report = remove(&replaced, aws, reads, sink, stop).await;
    if report.ok() {
        report.extend(make(stack, aws, reads, sink, stop).await);
    }
    let hosts = hosts(stack);
    let orphans = plan.orphans.iter().cloned();
    let (leading, rest): (Vec<Owned>, Vec<Owned>) = orphans.partition(|one| leads(one, &hosts));
    if report.ok() {
        report.extend(remove(&leading, aws, reads, sink, stop).await);
    }
    if report.ok() {
        report.extend(take_away(stack, aws, reads, sink, stop).await);
    }
    if report.ok() {
        report.extend(remove(&rest, aws, reads, sink, stop).await);
    }
    report
}

/// The report of a run that was refused, or stopped, before it began.
async fn refused(
    asked: impl Future<Output = Result<()>>,
    doomed: &[Owned],
    stop: &Stop,
) -> Option<Report> {
    let asked = stop.reading(asked).await;
    let (error, first) = asked.err().zip(doomed.first())?;
    let mut report = Report::default();
    if let Some(why) = stop.why() {
        let keys = doomed.iter().map(|thing| thing.key.clone());
        let why = why.words().to_owned();
        report.not_started = keys.map(|key| (key, why.clone())).collect();
    } else {
        report.failed.push((first.key.clone(), error));
    }
    Some(report)
}

/// The host names that are served by now.
fn hosts(stack: &Stack) -> BTreeSet<String> {
    let records = stack
        .steps
        .iter()
        .filter(|step| step.key().kind() == Kind::DnsRecord);
    let observed = records.filter_map(|step| step.observed());
    // A record's id is its name.
    observed.map(|record| record.id).collect()
}

/// Whether requests find their way by a thing that nobody wants any more: then
/// it goes before anything that they are led to. But the rules of a host that
/// goes stay to the end: nobody asks for it any more, and they tell that the
/// listener has had a certificate for it.
fn leads(thing: &Owned, hosts: &BTreeSet<String>) -> bool {
    match thing.key.kind() {
        Kind::DnsRecord | Kind::BasePathMapping => true,
        // The scope of a rule is its host.
        Kind::ListenerRule => hosts.contains(&thing.scope),
        _ => false,
    }
}

/// Plans again after an apply, and repairs what another run has brought about,
/// until a plan is empty or the rounds are over. The report goes on with what
/// was done; the plan and its reads are the last ones.
///
/// Removes duplicates and nothing else, replaces nothing: more was not approved.
///
/// # Errors
///
/// A read that fails; or why the run stops.
pub async fn converge(
    stack: &Stack,
    connection: &Connection,
    sink: &dyn Sink,
    stop: &Stop,
    report: &mut Report,
) -> Result<(Plan, Reads)> {
    let aws = connection.writer();
    let mut round = 0;
    loop {
        let reads = Reads::new(connection.reader(), &stack.name);
        let plan = match stop.reading(observe(stack, &reads, stop.clock)).await {
            // What was listed a moment ago is gone: another run is at it.
            Err(error) if error.kind == ErrorKind::NotFound && round < ROUNDS => {
                round += 1;
                continue;
            }
            other => other?,
        };
        let over = round == ROUNDS || stop.why().is_some() || !report.may_go_on();
        if over || plan.converged() || !approved(&plan) {
            return Ok((plan, reads));
        }
        round += 1;
        report.go_on();
        repair(stack, &plan, &aws, &reads, sink, stop, report).await;
    }
}

/// Whether a plan asks for nothing that only a person may decide.
fn approved(plan: &Plan) -> bool {
    let deletions = plan.with(Action::Delete).len();
    plan.with(Action::Replace).is_empty() && deletions == plan.duplicates().len()
}

async fn repair(
    stack: &Stack,
    plan: &Plan,
    aws: &Aws,
    reads: &Reads,
    sink: &dyn Sink,
    stop: &Stop,
    report: &mut Report,
) {
    report.extend(apply(stack, aws, reads, sink, stop).await);
    if report.ok() {
        let mut gone = remove(&plan.duplicates(), aws, reads, sink, stop).await;
        // AWS refuses to delete an API that has been mapped meanwhile: then the
        // other one is the duplicate, and the next look says so.
        gone.failed.retain(|(_, error)| !is_refusal(error));
        report.extend(gone);
    }
}

fn is_refusal(error: &Error) -> bool {
    matches!(error.kind, ErrorKind::Refused(_))
}

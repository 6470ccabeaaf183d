//! What would refuse a deletion, asked before the first thing is deleted.
//!
//! Half a replacement is an outage: names, mappings and APIs are gone when the
//! load balancer turns out to be protected. So all that a read can tell is asked
//! of everything that goes, also of what goes with a parent: in the plan, and
//! once more right before the first deletion.

use crate::{
    aws::read::Reads,
    error::{Error, ErrorKind, Result},
    graph::Owned,
    pipeline::{Action, Plan},
    resource::Kind,
    resources::{LoadBalancer, holders, vpc_endpoint::lending},
    stack::Stack,
};

/// What a plan replaces, as it was last seen: all of the subtrees that go.
pub fn replaced(stack: &Stack, plan: &Plan) -> Vec<Owned> {
    let steps = stack.steps.iter();
    let replaced = steps.filter(|step| plan.action(&step.key()) == Some(Action::Replace));
    replaced.filter_map(|step| step.owned()).collect()
}

/// Refuses what a plan replaces and removes, if something would refuse it.
///
/// # Errors
///
/// All that [`of_replacement`] and [`of_removal`] say; or a read that fails.
pub async fn of_plan(stack: &Stack, plan: &Plan, reads: &Reads) -> Result<()> {
    let replaced = replaced(stack, plan);
    let replacement = of_replacement(&replaced, reads).await.err();
    let removal = of_removal(&plan.orphans, reads).await.err();
    all(replacement.into_iter().chain(removal).collect())
}

/// Refuses what a plan replaces, if something would refuse its deletion.
///
/// # Errors
///
/// All of that; or a read that fails.
pub async fn of_replacement(doomed: &[Owned], reads: &Reads) -> Result<()> {
    if doomed.is_empty() {
        return Ok(());
    }
    let mut errors = protections(doomed, reads).await?;
    errors.extend(used(doomed, reads).await.err());
    for thing in doomed {
        let words = holders::of_replaced(thing, reads).await?;
        errors.extend(holds(thing, "made anew", &words));
    }
    all(errors)
}

/// Refuses a removal, if one of the things is protected or used by others by now,
/// or if something of others would go with it.
///
/// # Errors
///
/// Which protection, which users, what would go; or a read that fails.
pub async fn of_removal(doomed: &[Owned], reads: &Reads) -> Result<()> {
    let mut errors = protections(doomed, reads).await?;
    errors.extend(used(doomed, reads).await.err());
    for thing in doomed {
        let words = holders::of_removed(thing, reads).await?;
        errors.extend(holds(thing, "deleted", &words));
    }
    all(errors)
}

/// Why a thing is not deleted that holds these of others.
fn holds(thing: &Owned, done: &str, what: &[String]) -> Option<Error> {
    let message = format!(
        "{} cannot be {done}: it holds or serves what is not this stack's: {}; nothing was deleted",
        thing.key,
        what.join(", ")
    );
    let hint = "take that away yourself, or let it be elsewhere, then run the command again";
    let error = Error::new(ErrorKind::NotOurs, message).hint(hint);
    (!what.is_empty()).then_some(error)
}

/// Refuses to delete an endpoint that others use.
///
/// # Errors
///
/// Who uses it; or a read that fails.
pub async fn used(doomed: &[Owned], reads: &Reads) -> Result<()> {
    let endpoints = doomed
        .iter()
        .filter(|thing| thing.key.kind() == Kind::VpcEndpoint && thing.state != "deleting");
    let endpoints = endpoints.map(|thing| thing.id.as_str()).collect();
    lending::refuse_used(reads, &endpoints).await
}

/// Protections of what goes, as AWS shows them now. The load balancer's is the
/// only one that a thing of the stack's can have.
async fn protections(doomed: &[Owned], reads: &Reads) -> Result<Vec<Error>> {
    let can_be = |thing: &&Owned| thing.key.kind() == Kind::LoadBalancer;
    if !doomed.iter().any(|thing| can_be(&thing)) {
        return Ok(Vec::new());
    }
    let now = Owned::discover::<LoadBalancer>(reads).await?;
    let going = now
        .iter()
        .filter(|now| doomed.iter().any(|was| was.same(now)));
    let protected = going.filter_map(|thing| Some(protected(thing, thing.protection?)));
    Ok(protected.collect())
}

fn protected(thing: &Owned, setting: &str) -> Error {
    let message = format!(
        "{} is protected by `{setting}`; nothing was deleted",
        thing.key
    );
    Error::invalid(message).hint(format!(
        "set `{setting} = false` with all else as it was, run `hybridgw up`, then try again"
    ))
}

fn all(errors: Vec<Error>) -> Result<()> {
    let mut errors = errors.into_iter();
    let Some(mut first) = errors.next() else {
        return Ok(());
    };
    for other in errors {
        first.also.push(other.to_string());
        first.also.extend(other.also);
        for hint in other.hints {
            if !first.hints.contains(&hint) {
                first.hints.push(hint);
            }
        }
    }
    Err(first)
}

//! Observe: look at everything once, siblings together.
//!
//! No order has to be kept here: a resource that lives in another asks for its
//! parent through the same [`Reads`], which answers each question once.

use std::{sync::Arc, time::Duration};

use futures_util::future::try_join_all;

use crate::{
    aws::read::Reads,
    clock::Clock,
    error::Result,
    graph::{Owned, Step},
    pipeline::plan::Plan,
    resource::{Kind, Settled},
    resources::{self, vpc_endpoint::lending},
    stack::Stack,
};

/// How long AWS may call something failed that works then, and how often that is
/// looked at.
const GRACE: Duration = Duration::from_mins(1);
const PAUSE: Duration = Duration::from_secs(5);

/// What exists of a stack, and what has to be done about it. Reads only.
///
/// # Errors
///
/// A read that fails, or something foreign in the place of what is wanted.
pub async fn observe(stack: &Stack, reads: &Reads, clock: Clock) -> Result<Plan> {
    let looks = try_join_all(stack.steps.iter().map(|step| step.observe(reads)));
    let (_, owned) = tokio::try_join!(looks, discover(reads))?;
    outlast_failures(stack, reads, clock).await?;
    let plan = Plan::new(stack, owned);
    refuse_conflicts(stack, reads, &plan).await?;
    let orphans = plan.orphans.iter();
    let endpoints =
        orphans.filter(|thing| thing.key.kind() == Kind::VpcEndpoint && thing.state != "deleting");
    let endpoints = endpoints.map(|thing| thing.id.as_str()).collect();
    lending::refuse_used(reads, &endpoints).await?;
    Ok(plan)
}

/// Looks again for a while at what AWS calls failed: a load balancer may be that
/// for a moment and work then (Terraform's provider goes on waiting, too), and
/// what has failed for good is made anew.
async fn outlast_failures(stack: &Stack, reads: &Reads, clock: Clock) -> Result<()> {
    let is_failed = |step: &&Arc<dyn Step>| {
        let observed = step.observed();
        observed.is_some_and(|observed| matches!(observed.settled, Settled::Never(_)))
    };
    let began = clock.now();
    let mut failed: Vec<_> = stack.steps.iter().filter(is_failed).collect();
    for step in &failed {
        tracing::warn!(
            "AWS says that {} has failed; that may pass: looking again for a minute",
            step.key()
        );
    }
    while !failed.is_empty() && clock.since(began) < GRACE {
        clock.sleep(PAUSE).await;
        let now = reads.now();
        try_join_all(failed.iter().map(|step| step.refresh(reads, now))).await?;
        failed.retain(is_failed);
    }
    Ok(())
}

/// Everything in the account and region that carries the stack's marks.
pub async fn discover(reads: &Reads) -> Result<Vec<Owned>> {
    resources::discover_all(reads).await
}

/// What would be created must not stand there already, made by somebody else.
async fn refuse_conflicts(stack: &Stack, reads: &Reads, plan: &Plan) -> Result<()> {
    let wanted = stack.steps.iter().filter(|step| plan.creates(&step.key()));
    let found = try_join_all(wanted.map(|step| step.conflict(reads))).await?;
    let mut errors = found.into_iter().flatten();
    let Some(mut first) = errors.next() else {
        return Ok(());
    };
    for other in errors {
        first.also.push(other.to_string());
        first.hints.extend(other.hints);
    }
    Err(first)
}

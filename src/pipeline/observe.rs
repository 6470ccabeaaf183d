//! Observe: look at everything once, siblings together.
//!
//! No order has to be kept here: a resource that lives in another asks for its
//! parent through the same [`Reads`], which answers each question once.

use futures_util::future::try_join_all;

use crate::{
    aws::read::Reads,
    error::Result,
    graph::Owned,
    pipeline::plan::Plan,
    resource::Kind,
    resources::{self, vpc_endpoint::lending},
    stack::Stack,
};

/// What exists of a stack, and what has to be done about it. Reads only.
///
/// # Errors
///
/// A read that fails, or something foreign in the place of what is wanted.
pub async fn observe(stack: &Stack, reads: &Reads) -> Result<Plan> {
    let looks = try_join_all(stack.steps.iter().map(|step| step.observe(reads)));
    let (_, owned) = tokio::try_join!(looks, discover(reads))?;
    let plan = Plan::new(stack, owned);
    refuse_conflicts(stack, reads, &plan).await?;
    let orphans = plan.orphans.iter();
    let endpoints =
        orphans.filter(|thing| thing.key.kind() == Kind::VpcEndpoint && thing.state != "deleting");
    let endpoints = endpoints.map(|thing| thing.id.as_str()).collect();
    lending::refuse_used(reads, &endpoints).await?;
    Ok(plan)
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

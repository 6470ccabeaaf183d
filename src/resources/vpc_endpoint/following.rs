//! Endpoints whose addresses are followed, whoever's they are.

use std::collections::BTreeMap;

use super::{Actual, leads_to, reading};
use crate::{
    aws::read::{Endpoints, Reads},
    error::Result,
    resource::{Found, Key, Kind, Mark, tags},
};

/// One of several endpoints that are looked at together: two calls for all.
pub(super) async fn find(
    reads: &Reads,
    key: Key,
    id: &str,
    among: &[String],
) -> Result<Option<Found<Actual>>> {
    let endpoints = reads
        .vpc_endpoints(Endpoints::Among(among.to_vec()))
        .await?;
    let interfaces = reading::interfaces(reads, &endpoints).await?;
    let mut all = endpoints.iter();
    let found = all.find(|one| one.vpc_endpoint_id() == Some(id));
    let actual = found.and_then(|one| reading::actual(one, &interfaces));
    // EC2 shows deleted endpoints for a while.
    let there = actual.filter(|one| one.state != "deleted");
    Ok(there.map(|actual| {
        let state = actual.state.clone();
        Found::borrowed(key, id, state, actual)
    }))
}

/// The ids of the stack's own endpoints, by kind; one that is being deleted is
/// gone already.
///
/// # Errors
///
/// AWS refuses or does not answer.
pub async fn own(reads: &Reads) -> Result<BTreeMap<Kind, String>> {
    let endpoints = reads.vpc_endpoints(Endpoints::OfStack).await?;
    let own = endpoints.iter().filter_map(|endpoint| {
        let mark = Mark::of_tags(&tags::of_ec2(endpoint.tags()), &reads.stack)?;
        let kind = mark.key().kind();
        let is_there = !matches!(reading::state_of(endpoint).as_str(), "deleting" | "deleted");
        let service = endpoint.service_name().unwrap_or_default();
        (is_there && leads_to(kind, service)).then_some(())?;
        Some((kind, endpoint.vpc_endpoint_id()?.to_owned()))
    });
    Ok(own.collect())
}

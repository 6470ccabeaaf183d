//! What a data plane asks: where a host and path lead, and what is deployed there.

use super::domain;
use super::mapping::NONE;
use super::state::{Domain, Snapshot};
use crate::world::Ctx;

/// Where a request to a custom domain name leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mapped {
    /// The API.
    pub api: String,
    /// The stage.
    pub stage: String,
    /// The path that is left, with its first slash.
    pub rest: String,
}

/// Returns where a host and a path lead.
///
/// API Gateway developer guide, "API mappings for REST APIs": the mapping of
/// the first path segment wins, and the empty one takes what is left. Without
/// a stage in the mapping the next segment names it (API reference,
/// `CreateBasePathMapping`). Regional names only: private ones may be several.
pub fn mapping_for(ctx: &Ctx<'_>, host: &str, path: &str) -> Option<Mapped> {
    let domain = regional(ctx, host)?;
    let (first, below) = cut(path);
    let (mapping, rest) = match domain.mappings.get(first).filter(|_| first != NONE) {
        Some(mapping) => (mapping, below),
        None => (domain.mappings.get(NONE)?, path),
    };
    let (stage, rest) = if let Some(stage) = &mapping.stage {
        (stage.as_str(), rest)
    } else {
        cut(rest)
    };
    Some(Mapped {
        api: mapping.api.clone(),
        stage: stage.to_owned(),
        rest: format!("/{}", rest.trim_start_matches('/')),
    })
}

/// The domain of a host, or the wildcard above it.
fn regional<'a>(ctx: &'a Ctx<'_>, host: &str) -> Option<&'a Domain> {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    let domains = &ctx.here.apigateway.domains;
    domains.get(&host).or_else(|| {
        let (_, parent) = host.split_once('.')?;
        domains.get(&format!("*.{parent}"))
    })
}

/// The first segment of a path, and what follows it.
fn cut(path: &str) -> (&str, &str) {
    let path = path.trim_start_matches('/');
    path.split_once('/').unwrap_or((path, ""))
}

/// Returns what a stage serves.
pub fn deployed<'a>(ctx: &'a Ctx<'_>, api: &str, stage: &str) -> Option<&'a Snapshot> {
    let api = ctx.here.apigateway.apis.get(api)?;
    let stage = api.stages.get(stage)?;
    let deployment = api.deployments.get(&stage.deployment)?;
    Some(&deployment.snapshot)
}

/// Returns the ARNs of the domain names that use a certificate: ACM deletes none that is in use.
pub fn users_of_certificate(ctx: &Ctx<'_>, certificate: &str) -> Vec<String> {
    let domains = ctx.here.apigateway.domains.values();
    let using = domains.filter(|domain| domain.certificate == certificate);
    using.map(|domain| domain::arn(ctx, domain)).collect()
}

//! The APIs that routes borrow.

use futures_util::future::join_all;

use super::{
    TO_COME,
    finding::{Finding, Problems, failed, problem, wrong},
    own_endpoint,
};
use crate::{
    aws::read::Reads,
    config::{ApiSource, Config, Route},
    policy,
    resource::Kind,
};

/// Checks every borrowed API. Returns warnings.
pub(super) async fn check(config: &Config, reads: &Reads) -> Finding<Vec<String>> {
    let borrowed = config.routes.iter().filter_map(|route| {
        let api = route.api()?;
        match &api.source {
            ApiSource::Borrowed(id) => Some((route, id, &api.stage)),
            ApiSource::OpenApi(_) | ApiSource::Lambda(_) | ApiSource::Placeholder => None,
        }
    });
    let checks = borrowed.map(|(route, id, stage)| check_one(route, id, stage, config, reads));
    let mut problems = Problems::default();
    let mut warnings = Vec::new();
    for finding in join_all(checks).await {
        warnings.extend(problems.take(finding).flatten());
    }
    problems.or(warnings)
}

/// Checks that the API can be reached through an endpoint, at this stage.
async fn check_one(
    route: &Route,
    id: &str,
    stage_name: &str,
    config: &Config,
    reads: &Reads,
) -> Finding<Option<String>> {
    let place = format!("route {}", route.path);
    let (api, stage) = tokio::join!(reads.rest_api(id), reads.stage(id, stage_name));
    let (api, stage) = (api.map_err(failed)?, stage.map_err(failed)?);
    let Some(api) = api.as_ref() else {
        return wrong(
            &place,
            format!("the API {id} does not exist in {}", reads.region),
            "check the id, the region and the account",
        );
    };
    let mut problems = Vec::new();
    let types = api
        .endpoint_configuration()
        .map(|one| one.types())
        .unwrap_or_default();
    if !types.iter().any(|kind| kind.as_str() == "PRIVATE") {
        problems.push(problem(
            &place,
            format!("the API {id} is not PRIVATE: an endpoint cannot reach it"),
            "let its team change the endpoint type to PRIVATE",
        ));
    }
    if stage.is_none() {
        problems.push(problem(
            &place,
            format!("the API {id} has no stage {stage_name}"),
            "name a stage that is deployed",
        ));
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    admission(route, id, api.policy().unwrap_or_default(), config, reads).await
}

/// A warning if the API's policy does not admit the endpoint: that is for the
/// API's team to change.
async fn admission(
    route: &Route,
    id: &str,
    policy: &str,
    config: &Config,
    reads: &Reads,
) -> Finding<Option<String>> {
    let endpoint = match &config.endpoint.id {
        Some(borrowed) => Some(borrowed.clone()),
        None => own_endpoint(reads, Kind::VpcEndpoint)
            .await
            .map_err(failed)?
            .map(|found| found.id),
    };
    let policy = policy::parse_of_api(policy, id);
    // A policy that admits every endpoint admits one that does not exist yet.
    let asked = endpoint.as_deref().unwrap_or("vpce-none");
    if policy::admits(&policy, asked, &config.network.vpc) {
        return Ok(None);
    }
    let yet = match endpoint {
        Some(_) => "",
        None => " yet (it does not exist)",
    };
    let statement = policy::only_through(endpoint.as_deref().unwrap_or(TO_COME));
    Ok(Some(format!(
        "route {}: the policy of the API {id} does not admit this stack's endpoint{yet}; its team has to add this and deploy again: {statement}",
        route.path
    )))
}

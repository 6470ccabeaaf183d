//! Whether a borrowed API's policy is in force: a policy takes effect only with
//! the next deployment (API Gateway developer guide, "Control access to a REST
//! API with resource policies"), and its team may not know.

use futures_util::future::join_all;
use serde_json::Value;

use super::finding::{Finding, Warning, failed};
use crate::{
    aws::read::{Reads, stands_aside},
    checks::codes,
    config::{ApiSource, Config},
    policy,
};

/// Compares the policy that each borrowed stage serves with the API's own.
/// Returns warnings.
pub(super) async fn check(config: &Config, reads: &Reads) -> Finding<Vec<Warning>> {
    let borrowed = config.routes.iter().filter_map(|route| {
        let api = route.api()?;
        match &api.source {
            ApiSource::Borrowed(id) => Some((&route.path, id, &api.stage)),
            ApiSource::OpenApi(_) | ApiSource::Lambda(_) | ApiSource::Placeholder => None,
        }
    });
    let checks = borrowed.map(|(path, id, stage)| check_one(path, id, stage, reads));
    let mut warnings = Vec::new();
    for finding in join_all(checks).await {
        warnings.extend(finding?);
    }
    Ok(warnings)
}

async fn check_one(path: &str, id: &str, stage: &str, reads: &Reads) -> Finding<Option<Warning>> {
    let (api, export) = tokio::join!(reads.rest_api(id), reads.export(id, stage));
    let export = match export {
        Ok(export) => export,
        // Who may not export is told no less than before.
        Err(error) if stands_aside(&error) => return Ok(None),
        Err(error) => return Err(failed(error)),
    };
    let api = api.map_err(failed)?;
    let (Some(api), Some(export)) = (api.as_ref(), export.as_ref()) else {
        return Ok(None); // said elsewhere
    };
    let Some(live) = live(export, id) else {
        return Ok(None);
    };
    let policy = policy::parse_of_api(api.policy().unwrap_or_default(), id);
    if policy == live {
        return Ok(None);
    }
    Ok(Some(Warning::new(
        codes::POLICY_NOT_DEPLOYED,
        format!(
            "route {path}: the policy of the API {id} was changed and not deployed: stage {stage} still has the one before"
        ),
        format!("its team has to deploy the API to {stage}"),
    )))
}

/// The policy that an export shows. None: it shows none.
fn live(export: &Value, id: &str) -> Option<Value> {
    let policy = export.get("x-amazon-apigateway-policy")?;
    let text = match policy {
        Value::String(text) => text.clone(),
        tree => tree.to_string(),
    };
    Some(policy::parse_of_api(&text, id))
}

//! Stages: the names under which deployments are invoked.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::common::{
    Patch, api, api_mut, bad, conflict, limit, missing, patches, settings, strings, tags, tidy,
};
use super::state::{Api, Stage, Tags};
use crate::clock::Time;
use crate::codec::{Input, Output, Refusal, ok};
use crate::world::Ctx;

/// API Gateway developer guide, "Quotas": stages an API (research: peers §3.2).
const MOST: usize = 10;

const SETTINGS: &[&str] = &[
    "cacheClusterEnabled",
    "cacheClusterSize",
    "canarySettings",
    "description",
    "documentationVersion",
    "tracingEnabled",
];

/// Adds a stage. Codes and messages: research (reliability §2.1), as remembered there.
pub fn add(
    now: Time,
    api: &mut Api,
    name: &str,
    deployment: &str,
    variables: Vec<(String, String)>,
    tags: Tags,
) -> Result<(), Refusal> {
    check_name(name)?;
    if !api.deployments.contains_key(deployment) {
        return Err(bad("Deployment id does not exist"));
    }
    if api.stages.contains_key(name) {
        return Err(conflict("Stage already exists"));
    }
    if api.stages.len() >= MOST {
        return Err(limit(
            "Maximum number of stages for this API has been reached.",
        ));
    }
    let stage = Stage {
        deployment: deployment.to_owned(),
        created: now,
        updated: now,
        variables: variables.into_iter().collect(),
        settings: Map::new(),
        tags,
    };
    api.stages.insert(name.to_owned(), stage);
    Ok(())
}

/// API Gateway API reference, `CreateStage`: letters, digits, hyphens and underscores, 128 at most.
fn check_name(name: &str) -> Result<(), Refusal> {
    let allowed = |letter: char| letter.is_ascii_alphanumeric() || letter == '-' || letter == '_';
    if name.is_empty() || name.len() > 128 || !name.chars().all(allowed) {
        return Err(bad("Stage name only allows a-zA-Z0-9_-"));
    }
    Ok(())
}

/// A stage on the wire.
fn shown(name: &str, stage: &Stage) -> Value {
    let mut tree = json!({
        "stageName": name,
        "deploymentId": stage.deployment,
        "cacheClusterEnabled": false,
        "cacheClusterStatus": "NOT_AVAILABLE",
        "methodSettings": {},
        "tracingEnabled": false,
        "createdDate": stage.created.unix_seconds(),
        "lastUpdatedDate": stage.updated.unix_seconds(),
        "tags": stage.tags,
    });
    if let Some(members) = tree.as_object_mut() {
        members.extend(stage.settings.clone());
        if !stage.variables.is_empty() {
            members.insert("variables".to_owned(), json!(stage.variables));
        }
    }
    tidy(tree)
}

/// `CreateStage`.
pub fn create(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let now = ctx.now;
    let name = input.require("stageName")?;
    let deployment = input.require("deploymentId")?;
    let (tags, variables) = (tags(input)?, strings(input, "variables")?);
    let api = api_mut(ctx.account, &mut ctx.here.apigateway, input)?;
    add(now, api, name, deployment, variables, tags)?;
    let stage = api.stages.get_mut(name).ok_or_else(|| missing("stage"))?;
    stage.settings = settings(input, SETTINGS);
    Ok(Output::from(shown(name, stage)).status(201))
}

/// `GetStages`: all in one answer, or those of one deployment (API Gateway API reference).
pub fn list(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let (_, api) = api(ctx, input)?;
    let wanted = input.text("deploymentId");
    let all = api
        .stages
        .iter()
        .filter(|(_, stage)| wanted.is_none_or(|id| stage.deployment == id));
    let items: Vec<Value> = all.map(|(name, stage)| shown(name, stage)).collect();
    ok(json!({"item": items}))
}

/// `GetStage`.
pub fn get(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let (_, api) = api(ctx, input)?;
    let name = input.require("stage_name")?;
    let stage = api.stages.get(name).ok_or_else(|| missing("stage"))?;
    ok(shown(name, stage))
}

const REPLACE: &[&str] = &[
    "/deploymentId",
    "/description",
    "/documentationVersion",
    "/tracingEnabled",
    "/variables/{name}",
];

/// `UpdateStage`: all patches or none.
pub fn update(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let now = ctx.now;
    let name = input.require("stage_name")?;
    let patches = patches(input)?;
    let api = api_mut(ctx.account, &mut ctx.here.apigateway, input)?;
    let mut stage = api
        .stages
        .get(name)
        .cloned()
        .ok_or_else(|| missing("stage"))?;
    for patch in &patches {
        apply(api, &mut stage, patch)?;
    }
    stage.updated = now;
    let tree = shown(name, &stage);
    api.stages.insert(name.to_owned(), stage);
    ok(tree)
}

fn apply(api: &Api, stage: &mut Stage, patch: &Patch) -> Result<(), Refusal> {
    let put = |settings: &mut Map<String, Value>, value: Value| {
        settings.insert(patch.path[1..].to_owned(), value);
    };
    match (patch.op.as_str(), patch.path.as_str()) {
        ("replace", "/deploymentId") => {
            if !api.deployments.contains_key(&patch.value) {
                return Err(bad("Deployment id does not exist"));
            }
            stage.deployment.clone_from(&patch.value);
        }
        ("replace", "/description" | "/documentationVersion") => {
            put(&mut stage.settings, patch.value.clone().into());
        }
        ("replace", "/tracingEnabled") => put(&mut stage.settings, patch.flag()?.into()),
        (op @ ("add" | "replace" | "remove"), under) if under.starts_with("/variables/") => {
            let name = &under["/variables/".len()..];
            variable(&mut stage.variables, op, name, &patch.value);
        }
        // The API reference knows more paths (caches, logs, method settings): not simulated.
        _ => return Err(patch.refuse(REPLACE)),
    }
    Ok(())
}

fn variable(variables: &mut BTreeMap<String, String>, op: &str, name: &str, value: &str) {
    if op == "remove" {
        variables.remove(name);
    } else {
        variables.insert(name.to_owned(), value.to_owned());
    }
}

/// `DeleteStage`: refused while a mapping names it (assumption, the strict one: mappings go first anyway).
pub fn delete(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let name = input.require("stage_name")?;
    let (id, api) = api(ctx, input)?;
    if !api.stages.contains_key(name) {
        return Err(missing("stage"));
    }
    let names = |domain: &super::state::Domain| {
        let mut mappings = domain.mappings.values();
        mappings.any(|mapping| mapping.api == id && mapping.stage.as_deref() == Some(name))
    };
    if ctx.here.apigateway.domains.values().any(names) {
        return Err(bad(format!(
            "Deleting stage {name} failed. Please remove all base path mappings related to the stage in your domains"
        )));
    }
    let api = api_mut(ctx.account, &mut ctx.here.apigateway, input)?;
    api.stages.remove(name);
    Ok(Output::empty(202))
}

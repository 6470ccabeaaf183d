//! Stages: the names under which deployments are invoked.

use serde_json::{Map, Value, json};

use super::common::{api, api_mut, bad, conflict, limit, missing, settings, strings, tags, tidy};
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
    for (name, value) in &variables {
        check_variable(name, value)?;
    }
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

/// API Gateway API reference, `CreateStage`: the names and values of variables. The words are an assumption.
pub fn check_variable(name: &str, value: &str) -> Result<(), Refusal> {
    let alphanumeric = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    if name.is_empty() || !name.chars().all(alphanumeric) {
        return Err(bad(format!(
            "Invalid stage variable name: {name}. Please use only alphanumeric characters and underscores."
        )));
    }
    let allowed = |letter: char| letter.is_ascii_alphanumeric() || "-._~:/?#&=,".contains(letter);
    if value.is_empty() || !value.chars().all(allowed) {
        return Err(bad(format!(
            "Invalid stage variable value: {value}. Please use values with alphanumeric characters and the symbols ' ', -', '.', '_', ':', '/', '?', '&', '=', and ','."
        )));
    }
    Ok(())
}

/// A stage on the wire.
pub fn shown(name: &str, stage: &Stage) -> Value {
    let mut tree = json!({
        "stageName": name,
        "deploymentId": stage.deployment,
        "cacheClusterEnabled": false,
        "cacheClusterStatus": "NOT_AVAILABLE",
        "methodSettings": {},
        "tracingEnabled": false,
        "createdDate": stage.created.unix_seconds(),
        "lastUpdatedDate": stage.updated.unix_seconds(),
    });
    if let Some(members) = tree.as_object_mut() {
        members.extend(stage.settings.clone());
        if stage.settings.get("cacheClusterEnabled") == Some(&Value::Bool(true)) {
            // Assumption: it is there at once.
            members.insert("cacheClusterStatus".to_owned(), "AVAILABLE".into());
        }
        // Recorded: without tags there is no member.
        if !stage.tags.is_empty() {
            members.insert("tags".to_owned(), json!(stage.tags));
        }
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
    let canary = input.child("canarySettings");
    let canary = canary
        .as_ref()
        .and_then(|canary| canary.text("deploymentId"));
    if canary.is_some_and(|id| !api.deployments.contains_key(id)) {
        // Recorded.
        return Err(bad("Deployment id does not exist"));
    }
    add(now, api, name, deployment, variables, tags)?;
    let stage = api.stages.get_mut(name).ok_or_else(|| missing("stage"))?;
    stage.settings = settings(input, SETTINGS);
    let deployment = stage.deployment.clone();
    if let Some(Value::Object(canary)) = stage.settings.get_mut("canarySettings") {
        fill_canary(canary, &deployment);
    }
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

/// What a canary has when nothing is said (recorded: `CreateStage`, `UpdateStage`).
pub fn fill_canary(settings: &mut Map<String, Value>, deployment: &str) {
    let defaults = [
        ("deploymentId", json!(deployment)),
        ("percentTraffic", json!(0.0)),
        ("useStageCache", json!(false)),
    ];
    for (name, value) in defaults {
        settings.entry(name).or_insert(value);
    }
}

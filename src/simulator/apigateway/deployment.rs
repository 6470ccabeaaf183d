//! Deployments: what stages serve.

use serde_json::{Map, Value, json};

use super::common::{api, api_mut, bad, missing, page, strings, tidy};
use super::patch::patches;
use super::stage;
use super::stage::fill_canary;
use super::state::{Api, Deployment, Members, Snapshot, Tags};
use crate::clock::Time;
use crate::codec::{Input, Output, Refusal, ok};
use crate::random::Random;
use crate::world::Ctx;

/// `CreateDeployment`, and with `stageName` the stage too.
///
/// Parameters of a stage without one do nothing (observed: Terraform's provider 5.100 sends an empty `stageDescription` so).
pub fn create(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let now = ctx.now;
    let api = api_mut(ctx.account, &mut ctx.here.apigateway, input)?;
    let canary = input.child("canarySettings");
    let name = input.text("stageName").filter(|name| !name.is_empty());
    if canary.is_some() {
        check_canary(api, input.text("stageName"))?;
    }
    let description = input.text("description").filter(|text| !text.is_empty());
    let variables = strings(input, "variables")?;
    let id = deploy(ctx.random, now, api, description.map(str::to_owned))?;
    let Some(name) = name else {
        return Ok(Output::from(shown(&id, &api.deployments[&id], false)).status(201));
    };
    let staged = match (api.stages.get_mut(name), canary) {
        (Some(stage), Some(canary)) => {
            let mut settings = canary.tree.as_object().cloned().unwrap_or_default();
            fill_canary(&mut settings, &id);
            let settings = Value::Object(settings);
            stage.settings.insert("canarySettings".to_owned(), settings);
            stage.updated = now;
            Ok(())
        }
        (Some(stage), None) => {
            stage.deployment.clone_from(&id);
            stage.updated = now;
            stage.variables.extend(variables);
            Ok(())
        }
        (None, _) => stage::add(now, api, name, &id, variables, Tags::new()),
    };
    if let Err(refusal) = staged {
        api.deployments.remove(&id);
        return Err(refusal);
    }
    if let Some(stage) = api.stages.get_mut(name) {
        stage.settings.extend(stage_settings(input));
    }
    Ok(Output::from(shown(&id, &api.deployments[&id], false)).status(201))
}

/// What a deployment says about its stage; empty is as absent.
fn stage_settings(input: &Input) -> Members {
    let names = [
        ("stageDescription", "description"),
        ("cacheClusterEnabled", "cacheClusterEnabled"),
        ("cacheClusterSize", "cacheClusterSize"),
        ("tracingEnabled", "tracingEnabled"),
    ];
    let given = names.into_iter().filter_map(|(asked, kept)| {
        let value = input.get(asked).filter(|value| **value != json!(""))?;
        Some((kept.to_owned(), value.clone()))
    });
    given.collect()
}

/// Recorded: `CreateDeployment` with a canary.
fn check_canary(api: &Api, stage: Option<&str>) -> Result<(), Refusal> {
    let begin = "Invalid deployment content specified.";
    match stage {
        None | Some("") => Err(bad(format!(
            "{begin}Non null and non empty stageName must be provided for canary deployment. Provided value is {}",
            stage.unwrap_or("null")
        ))),
        Some(name) if !api.stages.contains_key(name) => Err(bad(format!(
            "{begin}Stage {name} must already be created before making a canary release deployment"
        ))),
        Some(_) => Ok(()),
    }
}

/// Takes a snapshot of an API.
///
/// Refusals: observed. No method: research (reliability §2.1). A method that
/// nothing answers: terraform-provider-aws#21210. A private API without a
/// policy: serverless-application-model#1327.
pub fn deploy(
    random: &mut Random,
    now: Time,
    api: &mut Api,
    description: Option<String>,
) -> Result<String, Refusal> {
    let operations = api.operations();
    if operations.is_empty() {
        return Err(bad("The REST API doesn't contain any methods"));
    }
    let mut methods = operations.values().flat_map(|methods| methods.values());
    if methods.any(|method| method.integration.is_none()) {
        return Err(bad("No integration defined for method"));
    }
    if api.content.kind == "PRIVATE" && api.content.policy.is_none() {
        return Err(bad(
            "Private REST API doesn't have a resource policy attached to it",
        ));
    }
    let id = random.letters(6);
    let deployment = Deployment {
        description,
        created: now,
        snapshot: Snapshot {
            content: api.content.clone(),
            operations,
            parts: api.parts.clone(),
            settings: api.settings.clone(),
            name: api.name.clone(),
            description: api.description.clone(),
            version: api.version.clone(),
        },
    };
    api.deployments.insert(id.clone(), deployment);
    Ok(id)
}

fn shown(id: &str, deployment: &Deployment, with_summary: bool) -> Value {
    let summary = with_summary.then(|| summary(&deployment.snapshot));
    tidy(json!({
        "id": id,
        "description": deployment.description,
        "createdDate": deployment.created.unix_seconds(),
        "apiSummary": summary,
    }))
}

fn summary(snapshot: &Snapshot) -> Value {
    let paths = snapshot.operations.iter().map(|(path, methods)| {
        let methods = methods.iter().map(|(verb, method)| {
            let words = json!({
                "authorizationType": method.authorization,
                "apiKeyRequired": method.api_key_required,
            });
            (verb.clone(), words)
        });
        (path.clone(), Value::Object(methods.collect()))
    });
    Value::Object(paths.collect::<Map<_, _>>())
}

/// `GetDeployments`.
pub fn list(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let (_, api) = api(ctx, input)?;
    let all = api.deployments.iter();
    let items = all.map(|(id, one)| shown(id, one, false)).collect();
    ok(page(ctx, input, items)?)
}

/// `GetDeployment`; `embed=apisummary` shows the methods.
pub fn get(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let (_, api) = api(ctx, input)?;
    let id = input.require("deployment_id")?;
    let found = api.deployments.get(id);
    let embeds = input.texts("embed").iter().any(|one| one == "apisummary");
    ok(shown(
        id,
        found.ok_or_else(|| missing("Deployment"))?,
        embeds,
    ))
}

/// `UpdateDeployment`: the description (recorded), and nothing else.
pub fn update(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let patches = patches(input, "updateDeploymentInput")?;
    let id = input.require("deployment_id")?;
    let api = api_mut(ctx.account, &mut ctx.here.apigateway, input)?;
    let found = api.deployments.get_mut(id);
    let found = found.ok_or_else(|| missing("Deployment"))?;
    for patch in &patches {
        if (patch.op.as_str(), patch.path.as_str()) != ("replace", "/description") {
            return Err(patch.refuse(&["/description"]));
        }
        found.description = Some(patch.value.clone());
    }
    ok(shown(id, found, false))
}

/// `DeleteDeployment`: refused while a stage points to it (observed: pulumi-aws#1035; research: reliability §2.1).
pub fn delete(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let id = input.require("deployment_id")?;
    let api = api_mut(ctx.account, &mut ctx.here.apigateway, input)?;
    if !api.deployments.contains_key(id) {
        return Err(missing("Deployment"));
    }
    if api.stages.values().any(|stage| stage.deployment == id) {
        return Err(bad(
            "Active stages pointing to this deployment must be moved or deleted",
        ));
    }
    api.deployments.remove(id);
    Ok(Output::empty(202))
}

//! Deployments: what stages serve.

use serde_json::{Map, Value, json};

use super::common::{api, api_mut, bad, missing, page, strings, tidy};
use super::stage;
use super::state::{Api, Deployment, Snapshot, Tags};
use crate::clock::Time;
use crate::codec::{Input, Output, Refusal, ok};
use crate::random::Random;
use crate::world::Ctx;

/// `CreateDeployment`, and with `stageName` the stage too.
pub fn create(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let now = ctx.now;
    let api = api_mut(ctx.account, &mut ctx.here.apigateway, input)?;
    let description = input.text("description").map(str::to_owned);
    let id = deploy(ctx.random, now, api, description)?;
    if let Some(name) = input.text("stageName").filter(|name| !name.is_empty()) {
        let variables = strings(input, "variables")?;
        match api.stages.get_mut(name) {
            Some(stage) => {
                stage.deployment.clone_from(&id);
                stage.updated = now;
                stage.variables.extend(variables);
            }
            None => stage::add(now, api, name, &id, variables, Tags::new())?,
        }
    }
    Ok(Output::from(shown(&id, &api.deployments[&id], false)).status(201))
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

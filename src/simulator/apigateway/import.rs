//! `PutRestApi` and `ImportRestApi`: an API out of an `OpenAPI` body.

use std::collections::BTreeMap;

use serde_json::Value;

use super::body::{Body, read};
use super::common::{api, bad, failed};
use super::endpoint::{association, check_endpoints};
use super::method::defaults;
use super::rest_api::{check_name, new, replace, shown};
use super::state::{Api, Resource};
use super::{policy, resource};
use crate::codec::{Input, Output, Refusal, ok};
use crate::random::Random;
use crate::world::Ctx;

/// API Gateway API reference, `PutRestApi`: 6 MB at most.
const LONGEST: usize = 6 * 1024 * 1024;

/// `PutRestApi`: `merge` unless told; `overwrite` puts the body in the place of all there was.
///
/// API Gateway developer guide, "Import an API", and research (reliability
/// §2.1): `merge` never takes a path away, and `overwrite` drops the policy and
/// the endpoint association that the body does not bring. Ids of paths that
/// stay are kept: assumption.
pub fn put(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let (id, before) = api(ctx, input)?;
    let (id, before) = (id.to_owned(), before.clone());
    let body = parsed(input)?;
    let overwrite = match input.text("mode").unwrap_or("merge") {
        "overwrite" => true,
        "merge" => false,
        other => {
            return Err(bad(format!(
                "Invalid mode {other}: expected merge or overwrite"
            )));
        }
    };
    let after = merged(ctx, &id, before, &body, overwrite)?;
    let tree = with_warnings(shown(&id, &after), &body);
    replace(ctx, input, after)?;
    ok(tree)
}

/// `ImportRestApi`: a new API; `endpointConfigurationTypes` is among its parameters.
pub fn import(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let body = parsed(input)?;
    let name = check_name(body.title.as_deref().unwrap_or_default())?.to_owned();
    let types = input.texts("endpointConfigurationTypes");
    let asked = Input::new(
        input.protocol,
        serde_json::json!({"endpointConfiguration": {"types": types}}),
    );
    let (kind, _) = association(ctx, &asked)?;
    let id = new(ctx, &name)?;
    let mut fresh = ctx.here.apigateway.apis[&id].clone();
    fresh.content.kind = kind;
    fresh
        .settings
        .insert("apiKeySource".to_owned(), "HEADER".into());
    let after = merged(ctx, &id, fresh, &body, true)?;
    let tree = with_warnings(shown(&id, &after), &body);
    ctx.here.apigateway.apis.insert(id, after);
    Ok(Output::from(tree).status(201))
}

/// Reads the body; with `failonwarnings` a warning refuses it (API Gateway API reference).
fn parsed(input: &Input) -> Result<Body, Refusal> {
    if input.raw.len() > LONGEST {
        return Err(bad("API definition file is larger than 6 MB"));
    }
    let body = read(&input.raw)?;
    // The words are observed.
    if input.flag("failonwarnings") == Some(true) && !body.warnings.is_empty() {
        return Err(bad(format!(
            "Warnings found during import:\n\t{}",
            body.warnings.join("\n\t")
        )));
    }
    Ok(body)
}

fn with_warnings(mut tree: Value, body: &Body) -> Value {
    if !body.warnings.is_empty() {
        tree["warnings"] = body.warnings.clone().into();
    }
    tree
}

fn merged(
    ctx: &mut Ctx<'_>,
    id: &str,
    mut api: Api,
    body: &Body,
    overwrite: bool,
) -> Result<Api, Refusal> {
    if let Some(title) = &body.title {
        check_name(title)?.clone_into(&mut api.name);
    }
    if overwrite || body.description.is_some() {
        api.description.clone_from(&body.description);
    }
    if overwrite || body.version.is_some() {
        api.version.clone_from(&body.version);
    }
    let policy = body
        .policy
        .as_ref()
        .map(|policy| policy::for_api(ctx, id, &policy.to_string()));
    let content = &mut api.content;
    if overwrite || policy.is_some() {
        content.policy = policy.transpose()?;
    }
    if overwrite || body.vpc_endpoints.is_some() {
        let endpoints = body.vpc_endpoints.clone().unwrap_or_default();
        check_endpoints(ctx, &content.kind, &endpoints)?;
        content.vpc_endpoints = endpoints;
    }
    if overwrite || body.default_endpoint_off.is_some() {
        content.default_endpoint_off = body.default_endpoint_off.unwrap_or(false);
    }
    add_operations(ctx.random, &mut api, body, overwrite)?;
    Ok(api)
}

fn add_operations(
    random: &mut Random,
    api: &mut Api,
    body: &Body,
    overwrite: bool,
) -> Result<(), Refusal> {
    if overwrite {
        api.resources
            .retain(|_, one| keeps(&one.path, body.operations.keys()));
        for resource in api.resources.values_mut() {
            resource.methods = BTreeMap::new();
        }
    }
    for (path, methods) in &body.operations {
        let id = resource_at(random, api, path)
            .map_err(|refusal| failed(&format!("create resource at path '{path}'"), &refusal))?;
        let resource: Option<&mut Resource> = api.resources.get_mut(&id);
        if let Some(resource) = resource {
            for (verb, method) in methods {
                let mut method = method.clone();
                if let Some(integration) = &mut method.integration {
                    defaults(&mut integration.settings, &id);
                }
                resource.methods.insert(verb.clone(), method);
            }
        }
    }
    Ok(())
}

/// Returns whether a path is, or leads to, one of the body's.
fn keeps<'a>(path: &str, mut wanted: impl Iterator<Item = &'a String>) -> bool {
    let below = format!("{}/", path.trim_end_matches('/'));
    path == "/"
        || wanted.any(|other| other.trim_end_matches('/') == path || other.starts_with(&below))
}

/// Finds or makes the resource of a path, and those that lead to it.
fn resource_at(random: &mut Random, api: &mut Api, path: &str) -> Result<String, Refusal> {
    let mut id = api.root.clone();
    let mut so_far = String::new();
    for part in path
        .trim_matches('/')
        .split('/')
        .filter(|part| !part.is_empty())
    {
        so_far = format!("{so_far}/{part}");
        id = match api.at(&so_far) {
            Some(known) => known.to_owned(),
            None => resource::add(random, api, &id, part)?,
        };
    }
    Ok(id)
}

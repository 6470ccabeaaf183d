//! `PutRestApi` and `ImportRestApi`: an API out of an `OpenAPI` body.

use std::collections::BTreeMap;

use serde_json::Value;

use super::body::{Body, MODELS, Operation, read};
use super::common::{api, bad, failed};
use super::endpoint::{association, check_endpoints};
use super::integration_check::{answered, mapped};
use super::rest_api::{check_name, new, replace, shown, shown_alone};
use super::state::{Api, Members, Method, Parts, Resource};
use super::{integration, method, policy, resource};
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
    let body = parsed(ctx, input)?;
    let (id, before) = api(ctx, input)?;
    let (id, before) = (id.to_owned(), before.clone());
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
    let tree = with_warnings(shown_alone(&id, &after), &body);
    replace(ctx, input, after)?;
    ok(tree)
}

/// `ImportRestApi`: a new API; `endpointConfigurationTypes` is among its parameters.
pub fn import(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let body = parsed(ctx, input)?;
    let name = check_name(body.title.as_deref().unwrap_or_default())?.to_owned();
    let types = input.texts("endpointConfigurationTypes");
    let configuration = if types.is_empty() {
        serde_json::json!({})
    } else {
        serde_json::json!({"types": types})
    };
    let asked = Input::new(
        input.protocol,
        serde_json::json!({"endpointConfiguration": configuration}),
    );
    let kind = association(ctx, &asked)?.kind;
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
fn parsed(ctx: &Ctx<'_>, input: &Input) -> Result<Body, Refusal> {
    if input.raw.len() > LONGEST {
        return Err(bad("API definition file is larger than 6 MB"));
    }
    let text = String::from_utf8_lossy(&input.raw);
    // API Gateway developer guide, "AWS variables for OpenAPI import".
    let text = text
        .replace("${AWS::AccountId}", ctx.account)
        .replace("${AWS::Partition}", ctx.partition())
        .replace("${AWS::Region}", ctx.region);
    let basepath = input.text("basepath").unwrap_or("ignore");
    let body = read(text.as_bytes(), basepath)?;
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
    merge_settings(&mut api.settings, body, overwrite);
    merge_parts(ctx.random, id, &mut api.parts, body, overwrite);
    add_operations(ctx.random, &mut api, body, overwrite)?;
    Ok(api)
}

/// Binary media types are joined or replaced by mode (recorded); that a body in `overwrite` without the other two takes them away is an assumption.
fn merge_settings(settings: &mut Members, body: &Body, overwrite: bool) {
    let mut put = |name: &str, value: Option<Value>, default: Option<&str>| match value {
        Some(value) => {
            settings.insert(name.to_owned(), value);
        }
        None if overwrite => {
            settings.remove(name);
            settings.extend(default.map(|word| (name.to_owned(), word.into())));
        }
        None => {}
    };
    let source = body.api_key_source.clone();
    put("apiKeySource", source.map(Value::from), Some("HEADER"));
    put(
        "minimumCompressionSize",
        body.minimum_compression_size.clone(),
        None,
    );
    let name = "binaryMediaTypes";
    let mut types = match settings.remove(name) {
        Some(Value::Array(types)) if !overwrite => types,
        _ => Vec::new(),
    };
    for new in body.binary_media_types.iter().flatten() {
        if !types.iter().any(|known| known == new) {
            types.push(new.clone().into());
        }
    }
    if !types.is_empty() {
        settings.insert(name.to_owned(), types.into());
    }
}

/// Authorizers, models, validators and gateway responses of the body beside those there are, or in their place. What keeps its name keeps its id (assumption).
fn merge_parts(random: &mut Random, id: &str, parts: &mut Parts, body: &Body, overwrite: bool) {
    by_name(random, &mut parts.authorizers, &body.authorizers, overwrite);
    by_name(random, &mut parts.validators, &body.validators, overwrite);
    if overwrite {
        parts
            .models
            .retain(|name, _| body.models.contains_key(name));
        parts.gateway_responses.clear();
    }
    let own = MODELS.replace("{api}", id);
    for (name, given) in &body.models {
        let mut model = given.clone();
        if let Some(Value::String(text)) = model.get_mut("schema") {
            *text = text.replace(MODELS, &own);
        }
        let known = parts
            .models
            .get(name)
            .and_then(|known| known.get("id").cloned());
        model.insert(
            "id".to_owned(),
            known.unwrap_or_else(|| random.letters(6).into()),
        );
        parts.models.insert(name.clone(), model);
    }
    let responses = body.gateway_responses.clone();
    parts.gateway_responses.extend(responses);
}

fn by_name(
    random: &mut Random,
    known: &mut BTreeMap<String, Members>,
    new: &BTreeMap<String, Members>,
    overwrite: bool,
) {
    let names = |one: &Members| one.get("name").and_then(Value::as_str).map(str::to_owned);
    if overwrite {
        known.retain(|_, one| names(one).is_some_and(|name| new.contains_key(&name)));
    }
    for (name, given) in new {
        let same = known
            .iter()
            .find(|(_, one)| names(one).as_ref() == Some(name));
        let id = same.map(|(id, _)| id.clone());
        known.insert(id.unwrap_or_else(|| random.letters(6)), given.clone());
    }
}

/// The sentences are observed (lambda-tools#56, aws-apigateway-importer#209).
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
        for (verb, operation) in methods {
            let what = format!("put method '{verb}' on resource at path '{path}'");
            let made = bound(&api.parts, operation, &id);
            let made = made.map_err(|refusal| failed(&what, &refusal))?;
            check_mappings(&made, verb, path)?;
            let resource: Option<&mut Resource> = api.resources.get_mut(&id);
            resource.and_then(|resource| resource.methods.insert(verb.clone(), made));
        }
    }
    Ok(())
}

/// The sentences are observed (lambda-tools#56, aws-apigateway-importer#209).
fn check_mappings(method: &Method, verb: &str, path: &str) -> Result<(), Refusal> {
    let Some(integration) = &method.integration else {
        return Ok(());
    };
    let place = format!("on '{verb}' for resource at path '{path}'");
    mapped(integration, method)
        .map_err(|refusal| failed(&format!("put integration {place}"), &refusal))?;
    let mut responses = integration.responses.values();
    responses
        .try_for_each(|response| answered(response, method))
        .map_err(|refusal| failed(&format!("put integration response {place}"), &refusal))
}

/// A method of a body with the ids of what it names.
fn bound(parts: &Parts, operation: &Operation, resource: &str) -> Result<Method, Refusal> {
    let mut made = operation.method.clone();
    for (kind, known, setting) in [
        (&operation.authorizer, &parts.authorizers, "authorizerId"),
        (
            &operation.validator,
            &parts.validators,
            "requestValidatorId",
        ),
    ] {
        let Some(name) = kind else { continue };
        let mut all = known.iter();
        let found = all.find(|(_, one)| one.get("name").and_then(Value::as_str) == Some(name));
        // An unknown name is an id that is not there (assumption).
        let id = found.map_or(name, |(id, _)| id);
        made.settings.insert(setting.to_owned(), id.clone().into());
    }
    method::check(parts, &mut made)?;
    if let Some(integration) = &mut made.integration {
        integration::defaults(integration, resource);
    }
    Ok(made)
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

//! Base path mappings: from a path below a domain to a stage of an API.

use serde_json::{Value, json};

use super::common::{bad, conflict, missing, page, tidy};
use super::domain::{find, find_mut};
use super::patch::patches;
use super::state::{Domain, Mapping, State};
use crate::codec::{Input, Output, Refusal, ok};
use crate::world::Ctx;

/// API Gateway's word for an empty base path, and for no stage.
pub const NONE: &str = "(none)";

fn shown(base_path: &str, mapping: &Mapping) -> Value {
    tidy(json!({
        "basePath": base_path,
        "restApiId": mapping.api,
        "stage": mapping.stage,
    }))
}

/// Reads a base path.
///
/// The slash's refusal is observed (chalice#1897, aws-cdk#14822); the
/// characters are the CDK's (aws-cdk#23347), the code for others an assumption.
fn base_path(given: &str) -> Result<String, Refusal> {
    if given.is_empty() || given == NONE {
        return Ok(NONE.to_owned());
    }
    if given.contains('/') {
        return Err(bad(
            "API Gateway V1 doesn't support the slash character (/) in base path mappings. To create a multi-level base path mapping, use API Gateway V2.",
        ));
    }
    let allowed = |letter: char| letter.is_ascii_alphanumeric() || "$-_.+!*'()".contains(letter);
    if !given.chars().all(allowed) {
        return Err(bad(format!("Invalid base path: {given}")));
    }
    Ok(given.to_owned())
}

/// A stage of a mapping: `(none)` and nothing are no stage (API Gateway API reference, `CreateBasePathMapping`).
fn stage(given: Option<&str>) -> Option<String> {
    let given = given.filter(|stage| !stage.is_empty() && *stage != NONE);
    given.map(str::to_owned)
}

/// Checks where a mapping leads.
///
/// The stage's refusal is observed (research: reliability §2.1); the API's is
/// an assumption. Private names lead to private APIs only (API Gateway
/// developer guide, "Custom domain names for private APIs").
fn check(state: &State, domain: &Domain, mapping: &Mapping) -> Result<(), Refusal> {
    let api = state
        .apis
        .get(&mapping.api)
        .ok_or_else(|| bad("Invalid REST API identifier specified"))?;
    if domain.is_private() && api.content.kind != "PRIVATE" {
        return Err(bad(
            "A PRIVATE domain name can only be mapped to a PRIVATE API",
        ));
    }
    match &mapping.stage {
        Some(name) if !api.stages.contains_key(name) => {
            Err(bad("Invalid stage identifier specified"))
        }
        _ => Ok(()),
    }
}

/// Both refusals are observed (aws-extensions-for-dotnet-cli#102; aws-cdk#11095).
fn taken(base_path: &str) -> Refusal {
    conflict(if base_path == NONE {
        "Only one base path mapping is allowed if the base path is empty."
    } else {
        "Base path already exists for this domain name"
    })
}

/// `CreateBasePathMapping`.
pub fn create(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let state = &mut ctx.here.apigateway;
    let domain = find(state, input)?;
    let path = base_path(input.text("basePath").unwrap_or_default())?;
    let mapping = Mapping {
        api: input.require("restApiId")?.to_owned(),
        stage: stage(input.text("stage")),
    };
    if domain.mappings.contains_key(&path) {
        return Err(taken(&path));
    }
    check(state, domain, &mapping)?;
    let tree = shown(&path, &mapping);
    find_mut(state, input)?.mappings.insert(path, mapping);
    Ok(Output::from(tree).status(201))
}

/// `GetBasePathMappings`.
pub fn list(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let all = find(&ctx.here.apigateway, input)?.mappings.iter();
    let items = all.map(|(path, mapping)| shown(path, mapping)).collect();
    ok(page(ctx, input, items)?)
}

/// The message is observed (serverless-domain-manager#613).
fn named<'a>(domain: &'a Domain, input: &Input) -> Result<(&'a str, &'a Mapping), Refusal> {
    let found = domain.mappings.get_key_value(input.require("base_path")?);
    found
        .map(|(path, mapping)| (path.as_str(), mapping))
        .ok_or_else(|| missing("base path mapping"))
}

/// `GetBasePathMapping`.
pub fn get(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let (path, mapping) = named(find(&ctx.here.apigateway, input)?, input)?;
    ok(shown(path, mapping))
}

/// `UpdateBasePathMapping`: what counts is the mapping after all patches.
pub fn update(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let state = &mut ctx.here.apigateway;
    let domain = find(state, input)?;
    let (old, mapping) = named(domain, input)?;
    let (old, mut path, mut mapping) = (old.to_owned(), old.to_owned(), mapping.clone());
    for patch in patches(input, "updateBasePathMappingInput")? {
        match (patch.op.as_str(), patch.path.as_str()) {
            ("replace", "/basePath") => path = base_path(&patch.value)?,
            ("replace", "/restapiId") => mapping.api.clone_from(&patch.value),
            ("replace", "/stage") => mapping.stage = stage(Some(&patch.value)),
            _ => return Err(patch.refuse(&["/basePath", "/restapiId", "/stage"])),
        }
    }
    if path != old && domain.mappings.contains_key(&path) {
        return Err(taken(&path));
    }
    check(state, domain, &mapping)?;
    let tree = shown(&path, &mapping);
    let domain = find_mut(state, input)?;
    domain.mappings.remove(&old);
    domain.mappings.insert(path, mapping);
    ok(tree)
}

/// `DeleteBasePathMapping`.
pub fn delete(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let domain = find_mut(&mut ctx.here.apigateway, input)?;
    let gone = domain.mappings.remove(input.require("base_path")?);
    gone.ok_or_else(|| missing("base path mapping"))?;
    Ok(Output::empty(202))
}

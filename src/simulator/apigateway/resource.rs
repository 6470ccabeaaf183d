//! Resources: the paths of an API.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::common::{api, api_mut, bad, conflict, limit, missing, page};
use super::method;
use super::state::{Api, Resource};
use crate::codec::{Input, Output, Refusal, ok};
use crate::random::Random;
use crate::world::Ctx;

/// API Gateway developer guide, "Quotas": resources an API (research: peers §3.2).
const MOST: usize = 300;

/// A resource on the wire; its methods are there in full, or as names only.
pub fn shown(id: &str, resource: &Resource, in_full: bool) -> Value {
    let mut tree = json!({"id": id, "path": resource.path});
    if let (Some(parent), Some(part)) = (&resource.parent, &resource.part) {
        tree["parentId"] = parent.clone().into();
        tree["pathPart"] = part.clone().into();
    }
    if !resource.methods.is_empty() {
        let methods = resource.methods.iter().map(|(verb, one)| {
            let shown = if in_full {
                method::shown(verb, one)
            } else {
                json!({})
            };
            (verb.clone(), shown)
        });
        tree["resourceMethods"] = Value::Object(methods.collect::<Map<_, _>>());
    }
    tree
}

/// Adds a resource below another.
///
/// Codes and messages: observed. Two resources of one path: `ConflictException`.
pub fn add(
    random: &mut Random,
    api: &mut Api,
    parent: &str,
    part: &str,
) -> Result<String, Refusal> {
    check_part(part)?;
    let above = api
        .resources
        .get(parent)
        .ok_or_else(|| missing("Resource"))?;
    let path = format!("{}/{part}", above.path.trim_end_matches('/'));
    if api.at(&path).is_some() {
        return Err(conflict(format!(
            "Another resource with the same parent already has this name: {part}"
        )));
    }
    if above
        .part
        .as_deref()
        .is_some_and(|part| part.ends_with("+}"))
    {
        // API Gateway developer guide, "Set up a proxy integration with a proxy resource".
        return Err(bad(format!(
            "Cannot create a child of a resource with a greedy path variable: {}",
            above.path
        )));
    }
    // Observed: variables beside each other may not differ in name.
    let rival = |other: &Resource| {
        other.parent.as_deref() == Some(parent)
            && other.part.as_deref().is_some_and(|other| {
                variable(other) && variable(part) && is_greedy(other) == is_greedy(part)
            })
    };
    if let Some(other) = api.resources.values().find(|other| rival(other)) {
        let text = format!(
            "A sibling ({}) of this resource already has a variable path part -- only one is allowed",
            other.part.as_deref().unwrap_or_default()
        );
        return Err(bad(text));
    }
    if api.resources.len() >= MOST {
        return Err(limit(
            "Maximum number of resources for this API has been reached.",
        ));
    }
    let id = random.letters(6);
    let resource = Resource {
        parent: Some(parent.to_owned()),
        part: Some(part.to_owned()),
        path,
        methods: BTreeMap::new(),
    };
    api.resources.insert(id.clone(), resource);
    Ok(id)
}

fn variable(part: &str) -> bool {
    part.starts_with('{')
}

fn is_greedy(part: &str) -> bool {
    part.ends_with("+}")
}

/// The message is observed; the characters are those it names.
fn check_part(part: &str) -> Result<(), Refusal> {
    let plain = |text: &str| {
        !text.is_empty()
            && text
                .chars()
                .all(|letter| letter.is_ascii_alphanumeric() || "._-:".contains(letter))
    };
    let inside = part
        .strip_prefix('{')
        .and_then(|rest| rest.strip_suffix('}'));
    let fits = match inside {
        Some(name) => plain(name.strip_suffix('+').unwrap_or(name)),
        None => plain(part),
    };
    if fits {
        return Ok(());
    }
    Err(bad(
        "Resource's path part only allow a-zA-Z0-9._-: or a valid greedy path variable and curly braces at the beginning and the end.",
    ))
}

/// `CreateResource`.
pub fn create(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let (parent, part) = (input.require("parent_id")?, input.require("pathPart")?);
    let api = api_mut(ctx.account, &mut ctx.here.apigateway, input)?;
    let id = add(ctx.random, api, parent, part)?;
    Ok(Output::from(shown(&id, &api.resources[&id], false)).status(201))
}

/// `GetResources`; `embed=methods` shows the methods in full.
pub fn list(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let in_full = embeds_methods(input)?;
    let (_, api) = api(ctx, input)?;
    let all = api.resources.iter();
    let items = all
        .map(|(id, resource)| shown(id, resource, in_full))
        .collect();
    ok(page(ctx, input, items)?)
}

/// `GetResource`.
pub fn get(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let in_full = embeds_methods(input)?;
    let (_, api) = api(ctx, input)?;
    let id = input.require("resource_id")?;
    let resource = api.resources.get(id).ok_or_else(|| missing("Resource"))?;
    ok(shown(id, resource, in_full))
}

/// API Gateway API reference, `GetResources`: `methods` is all that can be embedded.
fn embeds_methods(input: &Input) -> Result<bool, Refusal> {
    match input.texts("embed").as_slice() {
        [] => Ok(false),
        [one] if one == "methods" => Ok(true),
        _ => Err(bad("embed can only be methods")),
    }
}

/// `DeleteResource`: with all below it; the root stays.
pub fn delete(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let id = input.require("resource_id")?;
    let api = api_mut(ctx.account, &mut ctx.here.apigateway, input)?;
    let resource = api.resources.get(id).ok_or_else(|| missing("Resource"))?;
    if id == api.root {
        return Err(bad("Root resource cannot be deleted"));
    }
    let path = resource.path.clone();
    let below = format!("{path}/");
    api.resources
        .retain(|_, other| other.path != path && !other.path.starts_with(&below));
    Ok(Output::empty(202))
}

//! Resources: the paths of an API.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::common::{api, api_mut, bad, conflict, limit, missing, page};
use super::method;
use super::patch::{Patch, patches};
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
/// API Gateway developer guide, "Quotas": 300 resources an API (the words are observed).
pub fn add(
    random: &mut Random,
    api: &mut Api,
    parent: &str,
    part: &str,
) -> Result<String, Refusal> {
    let path = place(api, parent, part, None)?;
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

/// The path of a resource of this name below another, when it may be there; its own place does not count.
///
/// Codes and messages are recorded (`CreateResource`, `UpdateResource`).
fn place(api: &Api, parent: &str, part: &str, own: Option<&str>) -> Result<String, Refusal> {
    let above = api
        .resources
        .get(parent)
        .ok_or_else(|| missing("Resource"))?;
    check_part(part)?;
    let path = format!("{}/{part}", above.path.trim_end_matches('/'));
    if api.at(&path).is_some_and(|other| Some(other) != own) {
        return Err(conflict(format!(
            "Another resource with the same parent already has this name: {part}"
        )));
    }
    if let Some(greedy) = above.part.as_deref().filter(|part| part.ends_with("+}")) {
        return Err(bad(format!(
            "Cannot create a child of a resource with a greedy path variable: {greedy}"
        )));
    }
    let mut siblings = api
        .resources
        .iter()
        .filter(|(id, other)| other.parent.as_deref() == Some(parent) && Some(id.as_str()) != own);
    let rival = siblings.find_map(|(_, other)| other.part.as_deref().filter(|part| variable(part)));
    if let Some(other) = rival.filter(|_| variable(part)) {
        return Err(bad(format!(
            "A sibling ({other}) of this resource already has a variable path part -- only one is allowed"
        )));
    }
    Ok(path)
}

fn variable(part: &str) -> bool {
    part.starts_with('{')
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

/// `UpdateResource`: another name, or another place. Refusals and their words are recorded.
pub fn update(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let patches = patches(input, "updateResourceInput")?;
    let id = input.require("resource_id")?;
    let api = api_mut(ctx.account, &mut ctx.here.apigateway, input);
    let api = api.map_err(|_| missing("Resource"))?;
    let mut changed = api.clone();
    for patch in &patches {
        change(&mut changed, id, patch)?;
    }
    *api = changed;
    let found = api.resources.get(id).ok_or_else(|| missing("Resource"))?;
    ok(shown(id, found, false))
}

/// What cannot be changed: recorded for `UpdateResource`.
fn change(api: &mut Api, id: &str, patch: &Patch) -> Result<(), Refusal> {
    let known = ["/parentId", "/pathPart"];
    let found = api.resources.get(id).ok_or_else(|| missing("Resource"))?;
    let (mut parent, mut part) = (found.parent.clone(), found.part.clone());
    let old = found.path.clone();
    if patch.op != "replace" || !known.contains(&patch.path.as_str()) {
        return Err(patch.refuse(&known));
    }
    if id == api.root {
        let text = format!("Root resource cannot update its {}.", &patch.path[1..]);
        return Err(bad(text));
    }
    if patch.path == "/parentId" {
        let above = api.resources.get(&patch.value);
        let above = above.ok_or_else(|| missing("Resource"))?;
        if above.path == old || above.path.starts_with(&format!("{old}/")) {
            return Err(bad("Resources cannot be cyclical."));
        }
        parent = Some(patch.value.clone());
    } else {
        part = Some(patch.value.clone());
    }
    let (parent, part) = (parent.unwrap_or_default(), part.unwrap_or_default());
    let moved = place(api, &parent, &part, Some(id))?;
    for (other, resource) in &mut api.resources {
        if other == id {
            resource.parent = Some(parent.clone());
            resource.part = Some(part.clone());
            resource.path.clone_from(&moved);
        } else if let Some(below) = resource.path.strip_prefix(&format!("{old}/")) {
            resource.path = format!("{moved}/{below}");
        }
    }
    Ok(())
}

/// `DeleteResource`: with all below it; the root stays.
///
/// API Gateway API reference: `BadRequestException` (the words are an assumption).
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

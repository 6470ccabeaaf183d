//! Models: what bodies look like.

use serde_json::{Value, json};

use super::common::{api, api_mut, bad, conflict, page, settings};
use super::patch::{Form, apply_listed, patches};
use super::state::{Members, Method};
use crate::codec::{Input, Output, Refusal, ok};
use crate::random::Random;
use crate::world::Ctx;

/// The models that a new API has (recorded: `GetModels`); an import makes none of its own.
pub fn defaults(random: &mut Random) -> impl Iterator<Item = (String, Members)> + use<'_> {
    let properties = [
        ("Empty", json!({})),
        ("Error", json!({"message": {"type": "string"}})),
    ];
    properties.into_iter().map(|(name, properties)| {
        let mut schema = json!({
            "$schema": "http://json-schema.org/draft-04/schema#",
            "title": format!("{name} Schema"),
            "type": "object",
        });
        if properties != json!({}) {
            schema["properties"] = properties;
        }
        let model = json!({
            "id": random.letters(6),
            "name": name,
            "contentType": "application/json",
            "description": format!("This is a default {} schema model", name.to_lowercase()),
            "schema": pretty(&schema),
        });
        (name.to_owned(), members(model))
    })
}

/// A schema as API Gateway writes it.
pub fn pretty(schema: &Value) -> String {
    serde_json::to_string_pretty(schema).unwrap_or_default()
}

fn members(tree: Value) -> Members {
    match tree {
        Value::Object(members) => members,
        _ => Members::new(),
    }
}

/// Recorded: `GetModel`, `DeleteModel`, whatever the API is.
fn missing(name: &str) -> Refusal {
    let text = format!("Invalid model name specified: {name}");
    Refusal::new("NotFoundException", text).status(404)
}

/// Recorded: `CreateModel`, `UpdateModel`.
fn check_schema(model: &Members) -> Result<(), Refusal> {
    let text = model
        .get("schema")
        .and_then(Value::as_str)
        .unwrap_or_default();
    if text.is_empty() {
        return Err(bad(
            "Model schema must have at least 1 property or array items defined",
        ));
    }
    let json = model.get("contentType").and_then(Value::as_str) == Some("application/json");
    // Assumption: the words.
    if json && serde_json::from_str::<Value>(text).is_err() {
        return Err(bad(
            "Invalid model specified: Validation Result: warnings : [], errors : [Invalid model schema specified]",
        ));
    }
    Ok(())
}

/// `CreateModel`.
///
/// Recorded: an empty name, an empty schema, a name that is taken. That names
/// are letters and digits: API Gateway developer guide, "Important notes" (the
/// words are an assumption).
pub fn create(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let name = input.text("name").unwrap_or_default();
    let api = api_mut(ctx.account, &mut ctx.here.apigateway, input)?;
    check_name(name)?;
    if api.parts.models.contains_key(name) {
        return Err(conflict("Model name already exists for this REST API"));
    }
    let mut model = settings(input, &["name", "description", "schema", "contentType"]);
    model.insert("id".to_owned(), ctx.random.letters(6).into());
    check_schema(&model)?;
    api.parts.models.insert(name.to_owned(), model.clone());
    Ok(Output::from(Value::Object(model)).status(201))
}

/// Checks the name of a model.
///
/// API Gateway API reference, `CreateModel`; "non-empty" is recorded, the other words are observed.
pub fn check_name(name: &str) -> Result<(), Refusal> {
    if name.is_empty() {
        return Err(bad("Model name must be non-empty"));
    }
    if !name.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Err(bad(format!("Model name must be alphanumeric: {name}")));
    }
    Ok(())
}

/// `GetModels`.
pub fn list(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let (_, api) = api(ctx, input)?;
    let all = api.parts.models.values();
    let items = all.map(|model| Value::Object(model.clone())).collect();
    ok(page(ctx, input, items)?)
}

/// `GetModel`; a flattened one is not simulated (the code is an assumption).
pub fn get(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let name = input.require("model_name")?;
    if input.flag("flatten") == Some(true) {
        return Err(bad("flatten is not simulated"));
    }
    let found = api(ctx, input)
        .ok()
        .and_then(|(_, api)| api.parts.models.get(name));
    ok(Value::Object(found.ok_or_else(|| missing(name))?.clone()))
}

/// Recorded: `UpdateModel`.
const PATCHES: &[(&str, Form)] = &[("/description", Form::Text), ("/schema", Form::Text)];

/// `UpdateModel`.
pub fn update(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let name = input.require("model_name")?;
    let patches = patches(input, "updateModelInput")?;
    let api = api_mut(ctx.account, &mut ctx.here.apigateway, input).map_err(|_| missing(name))?;
    let found = api
        .parts
        .models
        .get_mut(name)
        .ok_or_else(|| missing(name))?;
    let mut changed = found.clone();
    for patch in &patches {
        apply_listed(&mut changed, patch, PATCHES)?;
    }
    check_schema(&changed)?;
    found.clone_from(&changed);
    ok(Value::Object(changed))
}

/// `DeleteModel`: refused while a method names it (recorded for requests; for responses an assumption).
pub fn delete(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let name = input.require("model_name")?;
    let api = api_mut(ctx.account, &mut ctx.here.apigateway, input).map_err(|_| missing(name))?;
    if !api.parts.models.contains_key(name) {
        return Err(missing(name));
    }
    let asks = |method: &Method| names(method.settings.get("requestModels"), name);
    let answers = |method: &Method| {
        let mut all = method.responses.values();
        all.any(|response| names(response.get("responseModels"), name))
    };
    for (what, place) in [
        ("request", super::method::user(api, asks)),
        ("response", super::method::user(api, answers)),
    ] {
        if let Some(place) = place {
            return Err(conflict(format!(
                "Cannot delete model '{name}', is referenced in method {what}: {place}"
            )));
        }
    }
    api.parts.models.remove(name);
    Ok(Output::empty(202))
}

fn names(models: Option<&Value>, name: &str) -> bool {
    let mut all = models.and_then(Value::as_object).into_iter().flatten();
    all.any(|(_, model)| model == name)
}

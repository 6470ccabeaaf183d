//! Request validators: which parts of a request are checked.

use serde_json::{Value, json};

use super::common::{api, api_mut, bad, conflict, missing, page};
use super::patch::{Form, apply_listed, patches};
use super::state::Members;
use crate::codec::{Input, Output, Refusal, ok};
use crate::world::Ctx;

fn shown(id: &str, validator: &Members) -> Value {
    let mut tree = validator.clone();
    tree.insert("id".to_owned(), id.into());
    Value::Object(tree)
}

/// A validator of this name, and whether body and parameters are checked (recorded: not, unless told).
pub fn new(name: &str, body: bool, parameters: bool) -> Members {
    let mut validator = Members::new();
    validator.insert("name".to_owned(), name.into());
    validator.insert("validateRequestBody".to_owned(), body.into());
    validator.insert("validateRequestParameters".to_owned(), parameters.into());
    validator
}

/// `CreateRequestValidator`; the words for an API that is not there are recorded.
pub fn create(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let flag = |name: &str| input.flag(name).unwrap_or(false);
    let name = input.text("name").unwrap_or_default();
    let validator = new(
        name,
        flag("validateRequestBody"),
        flag("validateRequestParameters"),
    );
    let api = api_mut(ctx.account, &mut ctx.here.apigateway, input)
        .map_err(|_| bad("Invalid REST API identifier specified"))?;
    check_name(name)?;
    let id = ctx.random.letters(6);
    let tree = shown(&id, &validator);
    api.parts.validators.insert(id, validator);
    Ok(Output::from(tree).status(201))
}

/// Recorded: `UpdateRequestValidator`.
fn check_name(name: &str) -> Result<(), Refusal> {
    if name.trim().is_empty() {
        return Err(bad("Request Validator name cannot be blank"));
    }
    Ok(())
}

/// `GetRequestValidators`.
pub fn list(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let (_, api) = api(ctx, input)?;
    let all = api.parts.validators.iter();
    let items = all.map(|(id, one)| shown(id, one)).collect();
    ok(page(ctx, input, items)?)
}

/// `GetRequestValidator`; recorded: an unknown API has no validator.
pub fn get(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let id = input.require("requestvalidator_id")?;
    let found = api(ctx, input)
        .ok()
        .and_then(|(_, api)| api.parts.validators.get(id));
    ok(shown(
        id,
        found.ok_or_else(|| missing("Request Validator"))?,
    ))
}

/// Recorded: `UpdateRequestValidator`.
const PATCHES: &[(&str, Form)] = &[
    ("/name", Form::Text),
    ("/validateRequestParameters", Form::Flag),
    ("/validateRequestBody", Form::Flag),
];

/// `UpdateRequestValidator`.
pub fn update(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let id = input.require("requestvalidator_id")?;
    let patches = patches(input, "updateRequestValidatorInput")?;
    let api = api_mut(ctx.account, &mut ctx.here.apigateway, input);
    let found = api.ok().and_then(|api| api.parts.validators.get_mut(id));
    let found = found.ok_or_else(|| missing("Request Validator"))?;
    let mut changed = found.clone();
    for patch in &patches {
        apply_listed(&mut changed, patch, PATCHES)?;
    }
    check_name(
        changed
            .get("name")
            .and_then(Value::as_str)
            .unwrap_or_default(),
    )?;
    found.clone_from(&changed);
    ok(shown(id, &changed))
}

/// `DeleteRequestValidator`: refused while a method names it (assumption, as AWS does for models: recorded there).
pub fn delete(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let id = input.require("requestvalidator_id")?;
    let api = api_mut(ctx.account, &mut ctx.here.apigateway, input);
    let api = api.map_err(|_| missing("Request Validator"))?;
    if !api.parts.validators.contains_key(id) {
        return Err(missing("Request Validator"));
    }
    let names =
        |method: &super::Method| method.settings.get("requestValidatorId") == Some(&json!(id));
    if let Some(place) = super::method::user(api, names) {
        return Err(conflict(format!(
            "Cannot delete request validator '{id}', is referenced in method: {place}"
        )));
    }
    api.parts.validators.remove(id);
    Ok(Output::empty(202))
}

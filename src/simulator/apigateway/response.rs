//! The responses of methods and of integrations.

use serde_json::Value;

use super::common::{api, conflict, missing, settings};
use super::integration_check::answered;
use super::method::{check_models, method, method_mut, patched};
use super::patch::{Form, invalid, patches};
use super::state::Integration;
use crate::codec::{Input, Output, Refusal, ok};
use crate::world::Ctx;

/// API Gateway API reference, `MethodResponse`.
const METHOD: &[&str] = &["responseModels", "responseParameters"];

/// API Gateway API reference, `IntegrationResponse`.
pub const INTEGRATION: &[&str] = &[
    "contentHandling",
    "responseParameters",
    "responseTemplates",
    "selectionPattern",
];

/// Reads the status that a request names, before anything is looked up (recorded).
fn status(input: &Input) -> Result<String, Refusal> {
    let status = input.text("status_code").unwrap_or_default();
    let three = status.len() == 3 && status.bytes().all(|byte| byte.is_ascii_digit());
    let wrong = (!three || !('1'..='5').any(|first| status.starts_with(first))).then(|| {
        format!(
            "Value '{status}' at 'statusCode' failed to satisfy constraint: Member must satisfy regular expression pattern: [1-5]\\d\\d"
        )
    });
    invalid(wrong.as_slice())?;
    Ok(status.to_owned())
}

fn read(input: &Input, names: &[&str]) -> Result<(String, Value), Refusal> {
    let status = status(input)?;
    let mut members = settings(input, names);
    members.insert("statusCode".to_owned(), status.clone().into());
    Ok((status, Value::Object(members)))
}

/// The code is recorded (`UpdateMethodResponse`).
fn absent() -> Refusal {
    missing("Response status code")
}

/// `PutMethodResponse`: a second one is refused (API Gateway API reference: `ConflictException`).
pub fn put(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let (status, tree) = read(input, METHOD)?;
    method(ctx, input)?;
    let (_, api) = api(ctx, input)?;
    check_models(&api.parts, tree.get("responseModels"))?;
    let method = method_mut(ctx, input)?;
    if method.responses.contains_key(&status) {
        return Err(conflict("Response already exists for this resource"));
    }
    method.responses.insert(status, tree.clone());
    Ok(Output::from(tree).status(201))
}

/// `GetMethodResponse`.
pub fn get(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let status = status(input)?;
    let found = method(ctx, input)?.1.responses.get(&status);
    ok(found.ok_or_else(absent)?.clone())
}

/// `UpdateMethodResponse`: it answers 201 (recorded).
pub fn update(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let table = [
        ("/responseParameters/", Form::Flags),
        ("/responseModels/", Form::Texts),
    ];
    let patches = patches(input, "updateMethodResponseInput")?;
    let status = status(input)?;
    let found = method(ctx, input)?.1.responses.get(&status);
    let changed = patched(found.ok_or_else(absent)?, &patches, &table)?;
    let (_, api) = api(ctx, input)?;
    check_models(&api.parts, changed.get("responseModels"))?;
    let changed = Value::Object(changed);
    method_mut(ctx, input)?
        .responses
        .insert(status, changed.clone());
    Ok(Output::from(changed).status(201))
}

/// `DeleteMethodResponse`.
pub fn delete(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let status = status(input)?;
    let gone = method_mut(ctx, input)?.responses.remove(&status);
    gone.ok_or_else(absent)?;
    Ok(Output::empty(204))
}

fn integration_mut<'a>(
    ctx: &'a mut Ctx<'_>,
    input: &Input,
) -> Result<&'a mut Integration, Refusal> {
    let method = method_mut(ctx, input)?;
    method
        .integration
        .as_mut()
        .ok_or_else(|| missing("Integration"))
}

/// `PutIntegrationResponse`: in the place of the one before; the method need not know the status (recorded).
pub fn put_integration(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let (status, tree) = read(input, INTEGRATION)?;
    let method = method_mut(ctx, input)?;
    answered(&tree, method)?;
    let integration = method.integration.as_mut();
    let integration = integration.ok_or_else(|| missing("Integration"))?;
    integration.responses.insert(status, tree.clone());
    Ok(Output::from(tree).status(201))
}

/// `GetIntegrationResponse`.
pub fn get_integration(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let status = status(input)?;
    let found = integration_mut(ctx, input)?.responses.get(&status);
    ok(found.ok_or_else(absent)?.clone())
}

/// `UpdateIntegrationResponse` (API Gateway API reference, "Patch operations").
pub fn update_integration(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let table = [
        ("/contentHandling", Form::Text),
        ("/responseParameters/", Form::Texts),
        ("/responseTemplates/", Form::Texts),
        ("/selectionPattern", Form::Text),
    ];
    let patches = patches(input, "updateIntegrationResponseInput")?;
    let status = status(input)?;
    let found = integration_mut(ctx, input)?.responses.get(&status);
    let changed = patched(found.ok_or_else(absent)?, &patches, &table)?;
    let changed = Value::Object(changed);
    answered(&changed, method(ctx, input)?.1)?;
    let integration = integration_mut(ctx, input)?;
    integration.responses.insert(status, changed.clone());
    ok(changed)
}

/// `DeleteIntegrationResponse`; without the method it is the integration that is missing (recorded).
pub fn delete_integration(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let status = status(input)?;
    let found = integration_mut(ctx, input);
    let found = found.map_err(|refusal| {
        if refusal.message.contains("Method") {
            missing("Integration")
        } else {
            refusal
        }
    })?;
    found.responses.remove(&status).ok_or_else(absent)?;
    Ok(Output::empty(204))
}

//! Authorizers: who says whether a caller may call a method.

use serde_json::{Value, json};

use super::common::{api, api_mut, bad, conflict, missing, page, settings};
use super::patch::{Form, apply_bare, invalid, outside, patches};
use super::state::{Api, Members};
use crate::codec::{Input, Output, Refusal, ok};
use crate::world::Ctx;

const SETTINGS: &[&str] = &[
    "authType",
    "authorizerCredentials",
    "authorizerResultTtlInSeconds",
    "authorizerUri",
    "identitySource",
    "identityValidationExpression",
    "jwtConfiguration",
    "name",
    "providerARNs",
    "type",
];

/// API Gateway API reference, `Authorizer`; JWT since 2026-11-17 (research: field §1).
const TYPES: &[&str] = &["TOKEN", "REQUEST", "COGNITO_USER_POOLS", "JWT"];

/// An authorizer on the wire.
fn shown(id: &str, authorizer: &Members) -> Value {
    let mut tree = authorizer.clone();
    tree.insert("id".to_owned(), id.into());
    Value::Object(tree)
}

/// Checks an authorizer, and fills in what AWS fills in (recorded: `authType`).
///
/// API Gateway API reference, `CreateAuthorizer`: the URI is that of a Lambda
/// integration (its message is observed in many public logs), a user pool is
/// needed for `COGNITO_USER_POOLS`, and an identity source for `TOKEN`; those
/// two messages are assumptions.
pub fn checked(mut authorizer: Members) -> Result<Members, Refusal> {
    let text = |name: &str| {
        authorizer
            .get(name)
            .and_then(Value::as_str)
            .unwrap_or_default()
    };
    if text("name").is_empty() {
        return Err(bad("Authorizer name must be non-empty"));
    }
    let kind = text("type").to_owned();
    let lambda = matches!(kind.as_str(), "TOKEN" | "REQUEST");
    let uri = text("authorizerUri");
    if lambda && !(uri.contains(":lambda:path/") && uri.ends_with("/invocations")) {
        return Err(bad(format!(
            "Invalid Authorizer URI: {uri}. Authorizer URI should be a valid API Gateway ARN that represents a Lambda function invocation."
        )));
    }
    if kind == "TOKEN" && text("identitySource").is_empty() {
        return Err(bad(
            "Identity source must be non-empty for TOKEN authorizers",
        ));
    }
    let pools = authorizer.get("providerARNs").and_then(Value::as_array);
    if kind == "COGNITO_USER_POOLS" && pools.is_none_or(Vec::is_empty) {
        return Err(bad("providerARNs must be non-empty for COGNITO_USER_POOLS"));
    }
    // API Gateway API reference, `CreateAuthorizer`: an hour at most.
    let seconds = authorizer.get("authorizerResultTtlInSeconds");
    if seconds.is_some_and(|span| !span.as_i64().is_some_and(|span| (0..=3600).contains(&span))) {
        return Err(bad(
            "Authorizer result TTL must be between 0 and 3600 seconds",
        ));
    }
    let default = match kind.as_str() {
        "COGNITO_USER_POOLS" => "cognito_user_pools",
        _ => "custom",
    };
    authorizer
        .entry("authType")
        .or_insert_with(|| default.into());
    Ok(authorizer)
}

/// API Gateway API reference, `CreateAuthorizer`: the types (the words are recorded).
fn check_type(input: &Input) -> Result<(), Refusal> {
    let kind = input.text("type").unwrap_or_default();
    let wrong =
        (!TYPES.contains(&kind)).then(|| outside(kind, "createAuthorizerInput.type", TYPES));
    invalid(wrong.as_slice())
}

/// `CreateAuthorizer`. For an API that is not there AWS speaks of concurrency (recorded).
pub fn create(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    check_type(input)?;
    let authorizer = checked(settings(input, SETTINGS))?;
    let api = api_mut(ctx.account, &mut ctx.here.apigateway, input).map_err(|_| {
        conflict(
            "Unable to complete operation due to concurrent modification. Please try again later.",
        )
    })?;
    check_unique(api, &authorizer, "")?;
    let id = ctx.random.letters(6);
    let tree = shown(&id, &authorizer);
    api.parts.authorizers.insert(id, authorizer);
    Ok(Output::from(tree).status(201))
}

/// Assumption: names are unique in an API (the console refuses the second one).
fn check_unique(api: &Api, authorizer: &Members, own: &str) -> Result<(), Refusal> {
    let mut others = api.parts.authorizers.iter().filter(|(id, _)| *id != own);
    if others.any(|(_, other)| other.get("name") == authorizer.get("name")) {
        return Err(conflict("Authorizer name must be unique."));
    }
    Ok(())
}

/// `GetAuthorizers`.
pub fn list(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let (_, api) = api(ctx, input)?;
    let all = api.parts.authorizers.iter();
    let items = all.map(|(id, one)| shown(id, one)).collect();
    ok(page(ctx, input, items)?)
}

/// `GetAuthorizer`.
pub fn get(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let id = input.require("authorizer_id")?;
    let (_, api) = api(ctx, input)?;
    let found = api.parts.authorizers.get(id);
    ok(shown(id, found.ok_or_else(|| missing("Authorizer"))?))
}

/// API Gateway API reference, "Patch operations": `UpdateAuthorizer`.
const PATCHES: &[(&str, Form)] = &[
    ("/name", Form::Text),
    ("/type", Form::Text),
    ("/authType", Form::Text),
    ("/authorizerUri", Form::Text),
    ("/authorizerCredentials", Form::Text),
    ("/authorizerResultTtlInSeconds", Form::Number),
    ("/identitySource", Form::Text),
    ("/identityValidationExpression", Form::Text),
    ("/providerARNs", Form::Values),
];

/// `UpdateAuthorizer`: all patches or none.
pub fn update(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let id = input.require("authorizer_id")?;
    let patches = patches(input, "updateAuthorizerInput")?;
    let api = api_mut(ctx.account, &mut ctx.here.apigateway, input)?;
    let found = api.parts.authorizers.get(id);
    let mut changed = found.ok_or_else(|| missing("Authorizer"))?.clone();
    for patch in &patches {
        apply_bare(&mut changed, patch, PATCHES)?;
    }
    let changed = checked(changed)?;
    check_unique(api, &changed, id)?;
    let tree = shown(id, &changed);
    api.parts.authorizers.insert(id.to_owned(), changed);
    ok(tree)
}

/// `DeleteAuthorizer`: refused while a method names it (assumption, as AWS does for models: recorded there).
pub fn delete(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let id = input.require("authorizer_id")?;
    let api = api_mut(ctx.account, &mut ctx.here.apigateway, input)?;
    if !api.parts.authorizers.contains_key(id) {
        return Err(missing("Authorizer"));
    }
    if let Some(place) = super::method::user(api, |method| {
        method.settings.get("authorizerId") == Some(&json!(id))
    }) {
        return Err(conflict(format!(
            "Cannot delete authorizer '{id}', is referenced in method: {place}"
        )));
    }
    api.parts.authorizers.remove(id);
    Ok(Output::empty(202))
}

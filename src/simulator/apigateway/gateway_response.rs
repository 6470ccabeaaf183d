//! Gateway responses: what API Gateway answers by itself.

use serde_json::{Value, json};

use super::common::{api, api_mut, bad};
use super::patch::{Form, Misfit, Patch, apply, invalid, outside, patches};
use super::state::{Members, Parts};
use crate::codec::{Input, Output, Refusal, ok};
use crate::world::Ctx;

/// The types with their statuses (recorded: `GetGatewayResponses` of a new API).
const TYPES: &[(&str, &str)] = &[
    ("ACCESS_DENIED", "403"),
    ("API_CONFIGURATION_ERROR", "500"),
    ("AUTHORIZER_CONFIGURATION_ERROR", "500"),
    ("AUTHORIZER_FAILURE", "500"),
    ("BAD_REQUEST_BODY", "400"),
    ("BAD_REQUEST_PARAMETERS", "400"),
    ("DEFAULT_4XX", ""),
    ("DEFAULT_5XX", ""),
    ("EXPIRED_TOKEN", "403"),
    ("INTEGRATION_FAILURE", "504"),
    ("INTEGRATION_TIMEOUT", "504"),
    ("INVALID_API_KEY", "403"),
    ("INVALID_SIGNATURE", "403"),
    ("MISSING_AUTHENTICATION_TOKEN", "403"),
    ("QUOTA_EXCEEDED", "429"),
    ("REQUEST_TOO_LARGE", "413"),
    ("RESOURCE_NOT_FOUND", "404"),
    ("THROTTLED", "429"),
    ("UNAUTHORIZED", "401"),
    ("UNSUPPORTED_MEDIA_TYPE", "415"),
    ("WAF_FILTERED", "403"),
];

/// The types in the order of AWS's own message (recorded).
const NAMED: &[&str] = &[
    "REQUEST_TOO_LARGE",
    "RESOURCE_NOT_FOUND",
    "AUTHORIZER_CONFIGURATION_ERROR",
    "MISSING_AUTHENTICATION_TOKEN",
    "BAD_REQUEST_BODY",
    "INVALID_SIGNATURE",
    "INVALID_API_KEY",
    "BAD_REQUEST_PARAMETERS",
    "AUTHORIZER_FAILURE",
    "UNAUTHORIZED",
    "INTEGRATION_TIMEOUT",
    "ACCESS_DENIED",
    "DEFAULT_4XX",
    "DEFAULT_5XX",
    "WAF_FILTERED",
    "QUOTA_EXCEEDED",
    "THROTTLED",
    "API_CONFIGURATION_ERROR",
    "UNSUPPORTED_MEDIA_TYPE",
    "INTEGRATION_FAILURE",
    "EXPIRED_TOKEN",
];

const MEMBERS: &[&str] = &["statusCode", "responseParameters", "responseTemplates"];

/// Whether there is such a type.
pub fn is_known(kind: &str) -> bool {
    NAMED.contains(&kind)
}

/// A response with what AWS fills in (recorded: `PutGatewayResponse`).
pub fn filled(kind: &str, given: &Members) -> Members {
    let mut response = Members::new();
    let own = TYPES.iter().find(|(name, _)| *name == kind);
    if let Some((_, status)) = own.filter(|(_, status)| !status.is_empty()) {
        response.insert("statusCode".to_owned(), (*status).into());
    }
    response.insert("responseParameters".to_owned(), json!({}));
    response.insert(
        "responseTemplates".to_owned(),
        json!({"application/json": "{\"message\":$context.error.messageString}"}),
    );
    let given = given
        .iter()
        .filter(|(name, value)| MEMBERS.contains(&name.as_str()) && !value.is_null());
    for (name, value) in given {
        response.insert(name.clone(), value.clone());
    }
    response
}

/// A response on the wire: its own, else the default of its class, else AWS's (recorded).
fn shown(parts: &Parts, kind: &str) -> Value {
    let own = parts.gateway_responses.get(kind);
    let class = TYPES.iter().find(|(name, _)| *name == kind);
    let class = class.map_or("", |(_, status)| {
        if status.starts_with('5') {
            "DEFAULT_5XX"
        } else {
            "DEFAULT_4XX"
        }
    });
    let inherited = || parts.gateway_responses.get(class);
    let empty = Members::new();
    let mut tree = filled(kind, own.or_else(inherited).unwrap_or(&empty));
    tree.insert("responseType".to_owned(), kind.into());
    tree.insert("defaultResponse".to_owned(), own.is_none().into());
    Value::Object(tree)
}

/// API Gateway API reference, `GatewayResponse`: the types (the words are recorded).
fn kind(input: &Input) -> Result<&str, Refusal> {
    let kind = input.text("response_type").unwrap_or_default();
    let wrong = (!is_known(kind)).then(|| outside(kind, "responseType", NAMED));
    invalid(wrong.as_slice())?;
    Ok(kind)
}

/// `PutGatewayResponse`: in place of the one before.
pub fn put(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let kind = kind(input)?;
    let api = api_mut(ctx.account, &mut ctx.here.apigateway, input)?;
    let given = super::common::settings(input, MEMBERS);
    let response = filled(kind, &given);
    api.parts
        .gateway_responses
        .insert(kind.to_owned(), response);
    Ok(Output::from(shown(&api.parts, kind)).status(201))
}

/// `GetGatewayResponses`: all types, in one answer (recorded).
pub fn list(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let (_, api) = api(ctx, input)?;
    let all = TYPES.iter().map(|(kind, _)| shown(&api.parts, kind));
    ok(json!({"item": all.collect::<Vec<_>>()}))
}

/// `GetGatewayResponse`.
pub fn get(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let kind = kind(input)?;
    let (_, api) = api(ctx, input)?;
    ok(shown(&api.parts, kind))
}

/// API Gateway API reference, "Patch operations": `UpdateGatewayResponse`.
const PATCHES: &[(&str, Form)] = &[
    ("/statusCode", Form::Text),
    ("/responseParameters/", Form::Texts),
    ("/responseTemplates/", Form::Texts),
];

/// `UpdateGatewayResponse`: also of a default, which is one no longer (recorded).
pub fn update(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let kind = kind(input)?;
    let patches = patches(input, "updateGatewayResponseInput")?;
    let api = api_mut(ctx.account, &mut ctx.here.apigateway, input)?;
    let mut changed = match shown(&api.parts, kind) {
        Value::Object(members) => filled(kind, &members),
        _ => Members::new(),
    };
    for patch in &patches {
        change(&mut changed, patch)?;
    }
    let changed = filled(kind, &changed);
    api.parts.gateway_responses.insert(kind.to_owned(), changed);
    ok(shown(&api.parts, kind))
}

/// The words are recorded.
fn change(response: &mut Members, patch: &Patch) -> Result<(), Refusal> {
    let map = patch
        .path
        .trim_start_matches('/')
        .split('/')
        .next()
        .unwrap_or_default();
    if patch.op != "remove" && patch.value.is_empty() && map.starts_with("response") {
        return Err(bad(format!("Invalid null or empty value in {map}")));
    }
    apply(response, patch, PATCHES).map_err(|misfit| match misfit {
        Misfit::Absent => {
            Refusal::new("NotFoundException", "Invalid parameter name specified").status(404)
        }
        _ => bad(format!("Invalid patch path {}", patch.path)),
    })
}

/// `DeleteGatewayResponse`; the words are recorded.
pub fn delete(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let kind = kind(input)?;
    let api = api_mut(ctx.account, &mut ctx.here.apigateway, input)?;
    let gone = api.parts.gateway_responses.remove(kind);
    gone.ok_or_else(|| {
        Refusal::new(
            "NotFoundException",
            "Gateway response type not defined on api",
        )
        .status(404)
    })?;
    Ok(Output::empty(202))
}

//! Methods.

use serde_json::{Value, json};

use super::common::{api, api_mut, bad, conflict, missing, settings};
use super::integration_view;
use super::patch::{Form, Patch, apply_bare, patches};
use super::state::{Api, Members, Method, Parts, Resource};
use crate::codec::{Input, Output, Refusal, ok};
use crate::world::Ctx;

const SETTINGS: &[&str] = &[
    "authorizationScopes",
    "authorizerId",
    "operationName",
    "requestModels",
    "requestParameters",
    "requestValidatorId",
];

/// API Gateway API reference, `PutMethod`; `ANY` stands for all.
const VERBS: &[&str] = &[
    "ANY", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT",
];

/// API Gateway API reference, `Method`; JWT since 2026-11-17 (research: field §1).
const AUTHORIZATIONS: &[&str] = &["NONE", "AWS_IAM", "CUSTOM", "COGNITO_USER_POOLS", "JWT"];

/// A method on the wire.
pub fn shown(verb: &str, method: &Method) -> Value {
    let mut tree = own(method);
    tree.insert("httpMethod".to_owned(), verb.into());
    if !method.responses.is_empty() {
        tree.insert("methodResponses".to_owned(), json!(method.responses));
    }
    if let Some(integration) = &method.integration {
        tree.insert(
            "methodIntegration".to_owned(),
            integration_view::shown(integration),
        );
    }
    Value::Object(tree)
}

/// A method's own members, without responses and integration.
fn own(method: &Method) -> Members {
    let mut tree = method.settings.clone();
    tree.insert(
        "authorizationType".to_owned(),
        method.authorization.clone().into(),
    );
    tree.insert("apiKeyRequired".to_owned(), method.api_key_required.into());
    tree
}

/// Returns the resource that a request names. An API that is not there has no resources (recorded: `PutMethod`, `GetIntegration`).
pub fn resource<'a>(ctx: &'a Ctx<'_>, input: &Input) -> Result<&'a Resource, Refusal> {
    let id = input.require("resource_id")?;
    let found = api(ctx, input)
        .ok()
        .and_then(|(_, api)| api.resources.get(id));
    found.ok_or_else(|| missing("Resource"))
}

/// Returns the method that a request names.
pub fn method<'a>(ctx: &'a Ctx<'_>, input: &Input) -> Result<(&'a str, &'a Method), Refusal> {
    let verb = input.require("http_method")?;
    let found = resource(ctx, input)?.methods.get_key_value(verb);
    found
        .map(|(verb, method)| (verb.as_str(), method))
        .ok_or_else(|| missing("Method"))
}

/// Returns the method that a request names, to change it.
pub fn method_mut<'a>(ctx: &'a mut Ctx<'_>, input: &Input) -> Result<&'a mut Method, Refusal> {
    let (id, verb) = (input.require("resource_id")?, input.require("http_method")?);
    let api = api_mut(ctx.account, &mut ctx.here.apigateway, input);
    let resource = api.ok().and_then(|api| api.resources.get_mut(id));
    let methods = &mut resource.ok_or_else(|| missing("Resource"))?.methods;
    methods.get_mut(verb).ok_or_else(|| missing("Method"))
}

/// Where in an API a method is that fits, as AWS writes it: the path, a slash, the verb (recorded: `DeleteModel`).
pub fn user(api: &Api, fits: impl Fn(&Method) -> bool) -> Option<String> {
    let mut resources: Vec<&Resource> = api.resources.values().collect();
    resources.sort_by(|one, other| one.path.cmp(&other.path));
    resources.into_iter().find_map(|resource| {
        let mut methods = resource.methods.iter();
        let found = methods.find(|(_, method)| fits(method));
        found.map(|(verb, _)| format!("{}/{verb}", resource.path))
    })
}

/// Checks what a method names, and drops an authorizer that its authorization has no use for.
///
/// Refusals and their words are recorded (`PutMethod`, `UpdateMethod`).
pub fn check(parts: &Parts, method: &mut Method) -> Result<(), Refusal> {
    let text = |name: &str| method.settings.get(name).and_then(Value::as_str);
    if matches!(method.authorization.as_str(), "NONE" | "AWS_IAM") {
        method.settings.remove("authorizerId");
    } else if !text("authorizerId").is_some_and(|id| parts.authorizers.contains_key(id)) {
        return Err(bad(
            "Invalid authorizer ID specified. Setting the authorization type to CUSTOM or COGNITO_USER_POOLS requires a valid authorizer.",
        ));
    }
    let text = |name: &str| method.settings.get(name).and_then(Value::as_str);
    if text("requestValidatorId").is_some_and(|id| !parts.validators.contains_key(id)) {
        return Err(bad("Invalid Request Validator identifier specified"));
    }
    check_models(parts, method.settings.get("requestModels"))?;
    check_parameters(method.settings.get("requestParameters"))
}

/// Checks that models are there (recorded for requests).
pub fn check_models(parts: &Parts, models: Option<&Value>) -> Result<(), Refusal> {
    let mut names = models.and_then(Value::as_object).into_iter().flatten();
    let unknown = names.find(|(_, name)| {
        !name
            .as_str()
            .is_some_and(|name| parts.models.contains_key(name))
    });
    unknown.map_or(Ok(()), |(_, name)| {
        let name = name.as_str().unwrap_or_default();
        Err(bad(format!("Invalid model identifier specified: {name}")))
    })
}

/// Recorded: `PutMethod` with one name in two places, and with no expression at all.
fn check_parameters(parameters: Option<&Value>) -> Result<(), Refusal> {
    let mut seen = Vec::new();
    for key in parameters
        .and_then(Value::as_object)
        .into_iter()
        .flat_map(|all| all.keys())
    {
        let place = [
            "path",
            "querystring",
            "multivaluequerystring",
            "header",
            "multivalueheader",
        ];
        let name = key.strip_prefix("method.request.").and_then(|rest| {
            let (found, name) = rest.split_once('.')?;
            (place.contains(&found) && !name.is_empty()).then_some(name)
        });
        let name = name.ok_or_else(|| {
            bad(format!(
                "Invalid mapping expression specified: Validation Result: warnings : [], errors : [Invalid mapping expression specified: {key}]"
            ))
        })?;
        if seen.contains(&name) {
            return Err(bad(
                "Parameter names must be unique across querystring, header and path",
            ));
        }
        seen.push(name);
    }
    Ok(())
}

/// Reads a type of authorization, in any case (recorded: `none`, `None`).
fn authorization(given: &str) -> Result<String, Refusal> {
    let kind = given.to_ascii_uppercase();
    if !AUTHORIZATIONS.contains(&kind.as_str()) {
        // Assumption: the words.
        return Err(bad("Invalid authorizationType specified"));
    }
    Ok(kind)
}

/// `PutMethod`: a second one is refused (observed; research: reliability §5.2). The resource is looked up first (recorded).
pub fn put(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    resource(ctx, input)?;
    let verb = input.require("http_method")?.to_ascii_uppercase();
    if !VERBS.contains(&verb.as_str()) {
        return Err(bad(
            "Invalid HttpMethod specified. Valid options are GET,PUT,POST,DELETE,PATCH,OPTIONS,HEAD,ANY",
        ));
    }
    let mut method = Method {
        authorization: authorization(input.require("authorizationType")?)?,
        api_key_required: input.flag("apiKeyRequired").unwrap_or(false),
        settings: settings(input, SETTINGS),
        ..Method::default()
    };
    let api = api_mut(ctx.account, &mut ctx.here.apigateway, input)?;
    check(&api.parts, &mut method)?;
    let id = input.require("resource_id")?;
    let resource = api
        .resources
        .get_mut(id)
        .ok_or_else(|| missing("Resource"))?;
    if resource.methods.contains_key(&verb) {
        return Err(conflict("Method already exists for this resource"));
    }
    let tree = shown(&verb, &method);
    resource.methods.insert(verb, method);
    Ok(Output::from(tree).status(201))
}

/// `GetMethod`.
pub fn get(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let (verb, method) = method(ctx, input)?;
    ok(shown(verb, method))
}

/// API Gateway API reference, "Patch operations": `UpdateMethod`.
const PATCHES: &[(&str, Form)] = &[
    ("/authorizationType", Form::Text),
    ("/authorizerId", Form::Text),
    ("/authorizationScopes", Form::Values),
    ("/apiKeyRequired", Form::Flag),
    ("/operationName", Form::Text),
    ("/requestValidatorId", Form::Text),
    ("/requestParameters/", Form::Flags),
    ("/requestModels/", Form::Texts),
];

/// `UpdateMethod`: all patches or none.
pub fn update(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let patches = patches(input, "updateMethodInput")?;
    let (verb, found) = method(ctx, input)?;
    let (verb, mut changed) = (verb.to_owned(), found.clone());
    let mut tree = own(&changed);
    for patch in &patches {
        apply_bare(&mut tree, patch, PATCHES)?;
    }
    let kind = tree.remove("authorizationType");
    let kind = kind.as_ref().and_then(Value::as_str).unwrap_or_default();
    changed.authorization = authorization(kind)?;
    let key = tree.remove("apiKeyRequired");
    changed.api_key_required = key.and_then(|key| key.as_bool()).unwrap_or(false);
    changed.settings = tree;
    let (_, api) = api(ctx, input)?;
    check(&api.parts, &mut changed)?;
    *method_mut(ctx, input)? = changed.clone();
    ok(shown(&verb, &changed))
}

/// `DeleteMethod`.
pub fn delete(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    method(ctx, input)?;
    let (id, verb) = (input.require("resource_id")?, input.require("http_method")?);
    let api = api_mut(ctx.account, &mut ctx.here.apigateway, input)?;
    if let Some(resource) = api.resources.get_mut(id) {
        resource.methods.remove(verb);
    }
    Ok(Output::empty(204))
}

/// Applies patches to a structure that is worded like `UpdateMethod`.
pub fn patched(
    tree: &Value,
    patches: &[Patch],
    table: &[(&str, Form)],
) -> Result<Members, Refusal> {
    let mut members = tree.as_object().cloned().unwrap_or_default();
    for patch in patches {
        apply_bare(&mut members, patch, table)?;
    }
    Ok(members)
}

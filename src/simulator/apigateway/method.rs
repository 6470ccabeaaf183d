//! Methods and what answers them.

use serde_json::{Map, Value, json};

use super::common::{api, api_mut, bad, conflict, missing, settings};
use super::state::{Api, Integration, Method, Resource, State};
use crate::codec::{Input, Output, Refusal, ok};
use crate::world::Ctx;

const METHOD: &[&str] = &[
    "authorizationScopes",
    "authorizerId",
    "operationName",
    "requestModels",
    "requestParameters",
    "requestValidatorId",
];
const INTEGRATION: &[&str] = &[
    "cacheKeyParameters",
    "cacheNamespace",
    "connectionId",
    "connectionType",
    "contentHandling",
    "credentials",
    "integrationTarget",
    "passthroughBehavior",
    "requestParameters",
    "requestTemplates",
    "responseTransferMode",
    "timeoutInMillis",
    "tlsConfig",
];
const METHOD_RESPONSE: &[&str] = &["responseModels", "responseParameters"];
const INTEGRATION_RESPONSE: &[&str] = &[
    "contentHandling",
    "responseParameters",
    "responseTemplates",
    "selectionPattern",
];

/// API Gateway API reference, `PutMethod`; `ANY` stands for all.
const VERBS: &[&str] = &[
    "ANY", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT",
];

/// A method on the wire.
pub fn shown(verb: &str, method: &Method) -> Value {
    let mut tree = json!({
        "httpMethod": verb,
        "authorizationType": method.authorization,
        "apiKeyRequired": method.api_key_required,
    });
    if let Some(members) = tree.as_object_mut() {
        members.extend(method.settings.clone());
        if !method.responses.is_empty() {
            members.insert("methodResponses".to_owned(), json!(method.responses));
        }
        if let Some(integration) = &method.integration {
            members.insert(
                "methodIntegration".to_owned(),
                integration_shown(integration),
            );
        }
    }
    tree
}

fn integration_shown(integration: &Integration) -> Value {
    let mut tree = Map::new();
    tree.insert("type".to_owned(), integration.kind.clone().into());
    tree.extend(integration.settings.clone());
    for (name, value) in [
        ("httpMethod", &integration.http_method),
        ("uri", &integration.uri),
    ] {
        tree.extend(
            value
                .iter()
                .map(|text| (name.to_owned(), text.clone().into())),
        );
    }
    if !integration.responses.is_empty() {
        tree.insert(
            "integrationResponses".to_owned(),
            json!(integration.responses),
        );
    }
    Value::Object(tree)
}

fn resource<'a>(api: &'a Api, input: &Input) -> Result<&'a Resource, Refusal> {
    let id = input.require("resource_id")?;
    api.resources.get(id).ok_or_else(|| missing("Resource"))
}

fn resource_mut<'a>(api: &'a mut Api, input: &Input) -> Result<&'a mut Resource, Refusal> {
    let id = input.require("resource_id")?;
    api.resources.get_mut(id).ok_or_else(|| missing("Resource"))
}

fn method_mut<'a>(
    account: &str,
    state: &'a mut State,
    input: &Input,
) -> Result<&'a mut Method, Refusal> {
    let resource = resource_mut(api_mut(account, state, input)?, input)?;
    let verb = input.require("http_method")?;
    resource
        .methods
        .get_mut(verb)
        .ok_or_else(|| missing("Method"))
}

/// `PutMethod`: a second one is refused (observed; research: reliability §5.2).
pub fn put(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let verb = input.require("http_method")?.to_ascii_uppercase();
    if !VERBS.contains(&verb.as_str()) {
        return Err(bad(
            "Invalid HttpMethod specified. Valid options are GET,PUT,POST,DELETE,PATCH,OPTIONS,HEAD,ANY",
        ));
    }
    let authorization = input.require("authorizationType")?.to_owned();
    // API Gateway API reference, `Method`.
    if !["NONE", "AWS_IAM", "CUSTOM", "COGNITO_USER_POOLS"].contains(&authorization.as_str()) {
        return Err(bad("Invalid authorizationType specified"));
    }
    let api = api_mut(ctx.account, &mut ctx.here.apigateway, input)?;
    let resource = resource_mut(api, input)?;
    if resource.methods.contains_key(&verb) {
        return Err(conflict("Method already exists for this resource"));
    }
    let method = Method {
        authorization,
        api_key_required: input.flag("apiKeyRequired").unwrap_or(false),
        settings: settings(input, METHOD),
        ..Method::default()
    };
    let tree = shown(&verb, &method);
    resource.methods.insert(verb, method);
    Ok(Output::from(tree).status(201))
}

/// `GetMethod`.
pub fn get(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let resource = resource(api(ctx, input)?.1, input)?;
    let verb = input.require("http_method")?;
    let method = resource
        .methods
        .get(verb)
        .ok_or_else(|| missing("Method"))?;
    ok(shown(verb, method))
}

/// `DeleteMethod`.
pub fn delete(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let api = api_mut(ctx.account, &mut ctx.here.apigateway, input)?;
    let resource = resource_mut(api, input)?;
    let gone = resource.methods.remove(input.require("http_method")?);
    gone.ok_or_else(|| missing("Method"))?;
    Ok(Output::empty(204))
}

/// Checks an integration. Codes and messages: observed.
pub fn check_integration(kind: &str, verb: Option<&str>, uri: Option<&str>) -> Result<(), Refusal> {
    // API Gateway API reference, `PutIntegration`.
    if !["HTTP", "AWS", "MOCK", "HTTP_PROXY", "AWS_PROXY"].contains(&kind) {
        return Err(bad(format!(
            "1 validation error detected: Value '{kind}' at 'putIntegrationInput.type' failed to satisfy constraint: Member must satisfy enum value set: [HTTP, MOCK, AWS_PROXY, HTTP_PROXY, AWS]"
        )));
    }
    if kind == "MOCK" {
        return Ok(());
    }
    if verb.is_none_or(str::is_empty) {
        return Err(bad("Enumeration value for HttpMethod must be non-empty"));
    }
    let uri = uri.unwrap_or_default();
    let fits = if kind.starts_with("AWS") {
        uri.starts_with("arn:") && uri.contains(":apigateway:")
    } else {
        uri.starts_with("http://") || uri.starts_with("https://")
    };
    match (fits, kind.starts_with("AWS")) {
        (true, _) => Ok(()),
        (false, true) => Err(bad("Invalid ARN specified in the request")),
        (false, false) => Err(bad("Invalid HTTP endpoint specified for URI")),
    }
}

/// `PutIntegration`: in place of the one before, without its responses.
pub fn put_integration(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let method = method_mut(ctx.account, &mut ctx.here.apigateway, input)?;
    let kind = input.require("type")?;
    let (verb, uri) = (input.text("httpMethod"), input.text("uri"));
    check_integration(kind, verb, uri)?;
    let mut settings = settings(input, INTEGRATION);
    defaults(&mut settings, input.text("resource_id").unwrap_or_default());
    let integration = Integration {
        kind: kind.to_owned(),
        http_method: verb.map(str::to_owned),
        uri: uri.map(str::to_owned),
        settings,
        ..Integration::default()
    };
    let tree = integration_shown(&integration);
    method.integration = Some(integration);
    Ok(Output::from(tree).status(201))
}

/// API Gateway API reference, `Integration`: what is there when nothing is said.
pub fn defaults(settings: &mut Map<String, Value>, resource: &str) {
    let defaults = [
        ("passthroughBehavior", json!("WHEN_NO_MATCH")),
        ("timeoutInMillis", json!(29_000)),
        ("cacheNamespace", json!(resource)),
        ("cacheKeyParameters", json!([])),
    ];
    for (name, value) in defaults {
        settings.entry(name).or_insert(value);
    }
}

/// `GetIntegration`.
pub fn get_integration(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let method = method_mut(ctx.account, &mut ctx.here.apigateway, input)?;
    let integration = method.integration.as_ref();
    ok(integration_shown(
        integration.ok_or_else(|| missing("Integration"))?,
    ))
}

/// `DeleteIntegration`.
pub fn delete_integration(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let method = method_mut(ctx.account, &mut ctx.here.apigateway, input)?;
    let gone = method.integration.take();
    gone.ok_or_else(|| missing("Integration"))?;
    Ok(Output::empty(204))
}

fn response(input: &Input, names: &[&str]) -> Result<(String, Value), Refusal> {
    let status = input.require("status_code")?;
    let three = status.len() == 3 && status.bytes().all(|byte| byte.is_ascii_digit());
    if !three {
        return Err(bad("Invalid status code specified"));
    }
    let mut members = settings(input, names);
    members.insert("statusCode".to_owned(), status.into());
    Ok((status.to_owned(), Value::Object(members)))
}

/// `PutMethodResponse`: a second one is refused (API Gateway API reference: `ConflictException`).
pub fn put_response(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let (status, tree) = response(input, METHOD_RESPONSE)?;
    let method = method_mut(ctx.account, &mut ctx.here.apigateway, input)?;
    if method.responses.contains_key(&status) {
        return Err(conflict("Response already exists for this resource"));
    }
    method.responses.insert(status, tree.clone());
    Ok(Output::from(tree).status(201))
}

/// `PutIntegrationResponse`: the method must have a response of that status (observed).
pub fn put_integration_response(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let (status, tree) = response(input, INTEGRATION_RESPONSE)?;
    let method = method_mut(ctx.account, &mut ctx.here.apigateway, input)?;
    let known = method.responses.contains_key(&status);
    let integration = method.integration.as_mut();
    let integration = integration.ok_or_else(|| missing("Integration"))?;
    if !known {
        return Err(missing("Response status code"));
    }
    integration.responses.insert(status, tree.clone());
    Ok(Output::from(tree).status(201))
}

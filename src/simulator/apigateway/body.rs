//! `OpenAPI` bodies, as far as API Gateway looks into them.
//!
//! API Gateway developer guide, "`OpenAPI` extensions for API Gateway".

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::common::bad;
use super::common::failed;
use super::method::check_integration;
use super::state::{Integration, Method, Operations};
use crate::codec::Refusal;

const ENDPOINT: &str = "x-amazon-apigateway-endpoint-configuration";

/// What a body says.
#[derive(Debug, Default)]
pub struct Body {
    /// `info.title`.
    pub title: Option<String>,
    /// `info.description`.
    pub description: Option<String>,
    /// `info.version`.
    pub version: Option<String>,
    /// The policy.
    pub policy: Option<Value>,
    /// The endpoints to associate.
    pub vpc_endpoints: Option<Vec<String>>,
    /// Whether the default endpoint is off.
    pub default_endpoint_off: Option<bool>,
    /// Its methods.
    pub operations: Operations,
    /// What was left aside.
    pub warnings: Vec<String>,
}

/// Reads a body; YAML is not simulated.
pub fn read(raw: &[u8]) -> Result<Body, Refusal> {
    let document: Value = serde_json::from_slice(raw).map_err(|error| {
        bad(format!(
            "Invalid OpenAPI input: no JSON ({error}); YAML is not simulated"
        ))
    })?;
    let swagger = is_swagger(&document)?;
    let info = |name: &str| document["info"][name].as_str().map(str::to_owned);
    let mut body = Body {
        title: info("title"),
        description: info("description"),
        version: info("version"),
        policy: document.get("x-amazon-apigateway-policy").cloned(),
        ..Body::default()
    };
    read_endpoints(&document, swagger, &mut body)?;
    find_dangling(&document, &document, &mut body.warnings);
    let schemes = if swagger {
        &document["securityDefinitions"]
    } else {
        &document["components"]["securitySchemes"]
    };
    let paths = match &document["paths"] {
        Value::Object(paths) => paths.clone(),
        Value::Null => Map::new(),
        _ => return Err(bad("Invalid OpenAPI input: paths is no object")),
    };
    for (path, item) in &paths {
        if !path.starts_with('/') {
            return Err(bad(format!(
                "Invalid OpenAPI input: the path {path} does not begin with a slash"
            )));
        }
        let methods = methods(path, item, schemes, &mut body.warnings)?;
        if !methods.is_empty() {
            body.operations.insert(path.clone(), methods);
        }
    }
    Ok(body)
}

/// API Gateway developer guide, "Amazon API Gateway important notes": `OpenAPI` 2.0 and 3.0. That 3.1 is read as 3.0 is an assumption.
fn is_swagger(document: &Value) -> Result<bool, Refusal> {
    match (document["swagger"].as_str(), document["openapi"].as_str()) {
        (Some("2.0"), None) => Ok(true),
        (None, Some(version)) if version.starts_with("3.0") || version.starts_with("3.1") => {
            Ok(false)
        }
        _ => Err(bad(
            "Invalid OpenAPI input: expected swagger \"2.0\" or openapi \"3.0.x\"",
        )),
    }
}

/// Guide, "x-amazon-apigateway-endpoint-configuration": at the top of Swagger 2, in the servers of `OpenAPI` 3.
fn read_endpoints(document: &Value, swagger: bool, body: &mut Body) -> Result<(), Refusal> {
    let places: Vec<&Value> = if swagger {
        vec![document]
    } else {
        document["servers"]
            .as_array()
            .into_iter()
            .flatten()
            .collect()
    };
    for configuration in places.into_iter().filter_map(|place| place.get(ENDPOINT)) {
        if let Some(ids) = configuration.get("vpcEndpointIds") {
            let items = ids.as_array().map_or(&[][..], Vec::as_slice);
            let texts: Option<Vec<String>> = items
                .iter()
                .map(|id| id.as_str().map(str::to_owned))
                .collect();
            let texts = texts.ok_or_else(|| bad("vpcEndpointIds must be a list of strings"))?;
            let all = body.vpc_endpoints.get_or_insert_default();
            for id in texts {
                if !all.contains(&id) {
                    all.push(id);
                }
            }
        }
        if let Some(off) = configuration["disableExecuteApiEndpoint"].as_bool() {
            body.default_endpoint_off = Some(off);
        }
    }
    Ok(())
}

/// A `$ref` to nowhere in the document is a warning (assumption: API Gateway's words differ).
fn find_dangling(value: &Value, document: &Value, warnings: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            let target = members.get("$ref").and_then(Value::as_str);
            let pointer = target.and_then(|target| target.strip_prefix('#'));
            if let Some(pointer) = pointer.filter(|pointer| document.pointer(pointer).is_none()) {
                warnings.push(format!("Could not resolve reference: #{pointer}"));
            }
            members
                .values()
                .for_each(|child| find_dangling(child, document, warnings));
        }
        Value::Array(items) => items
            .iter()
            .for_each(|child| find_dangling(child, document, warnings)),
        _ => {}
    }
}

fn methods(
    path: &str,
    item: &Value,
    schemes: &Value,
    warnings: &mut Vec<String>,
) -> Result<BTreeMap<String, Method>, Refusal> {
    let mut methods = BTreeMap::new();
    for (name, operation) in item.as_object().into_iter().flatten() {
        let verb = match name.as_str() {
            "get" | "put" | "post" | "delete" | "options" | "head" | "patch" => {
                name.to_ascii_uppercase()
            }
            "x-amazon-apigateway-any-method" => "ANY".to_owned(),
            "trace" => {
                warnings.push(format!("Method 'trace' at path '{path}' is not supported"));
                continue;
            }
            _ => continue,
        };
        let what = format!("put integration on '{verb}' for resource at path '{path}'");
        let integration = integration(&operation["x-amazon-apigateway-integration"]);
        let integration = integration.map_err(|refusal| failed(&what, &refusal))?;
        let mut method = Method {
            authorization: authorization(operation, schemes),
            api_key_required: wants_key(operation, schemes),
            responses: responses(&operation["responses"]),
            integration,
            ..Method::default()
        };
        if let Some(id) = operation["operationId"].as_str() {
            method
                .settings
                .insert("operationName".to_owned(), id.into());
        }
        methods.insert(verb, method);
    }
    Ok(methods)
}

/// The security schemes that an operation asks for.
fn asked<'a>(operation: &'a Value, schemes: &'a Value) -> impl Iterator<Item = &'a Value> {
    let all = operation["security"].as_array().into_iter().flatten();
    all.filter_map(Value::as_object)
        .flat_map(Map::keys)
        .filter_map(|name| schemes.get(name))
}

/// Guide, "x-amazon-apigateway-auth" and "x-amazon-apigateway-authtype".
fn authorization(operation: &Value, schemes: &Value) -> String {
    if let Some(kind) = operation["x-amazon-apigateway-auth"]["type"].as_str() {
        return kind.to_ascii_uppercase();
    }
    let mut kind = "NONE";
    for scheme in asked(operation, schemes) {
        if scheme["x-amazon-apigateway-authtype"].as_str() == Some("awsSigv4") {
            kind = "AWS_IAM";
        } else if scheme["x-amazon-apigateway-authorizer"]["type"].as_str()
            == Some("cognito_user_pools")
        {
            kind = "COGNITO_USER_POOLS";
        } else if scheme.get("x-amazon-apigateway-authorizer").is_some() {
            kind = "CUSTOM";
        }
    }
    kind.to_owned()
}

/// Guide, "Set up API keys using `OpenAPI`": a scheme of type apiKey for `x-api-key`.
fn wants_key(operation: &Value, schemes: &Value) -> bool {
    asked(operation, schemes).any(|scheme| {
        let named = scheme["name"].as_str().unwrap_or_default();
        named.eq_ignore_ascii_case("x-api-key")
            && scheme.get("x-amazon-apigateway-authorizer").is_none()
    })
}

fn responses(responses: &Value) -> BTreeMap<String, Value> {
    let all = responses.as_object().into_iter().flatten();
    let numbered = all.filter(|(status, _)| status.bytes().all(|byte| byte.is_ascii_digit()));
    numbered
        .map(|(status, _)| (status.clone(), json!({"statusCode": status})))
        .collect()
}

/// Guide, "x-amazon-apigateway-integration"; a method may have none, and is then not deployed.
fn integration(given: &Value) -> Result<Option<Integration>, Refusal> {
    let Some(members) = given.as_object() else {
        return Ok(None);
    };
    let text = |name: &str| given[name].as_str().map(str::to_owned);
    let kind = text("type").unwrap_or_default().to_ascii_uppercase();
    let (http_method, uri) = (text("httpMethod"), text("uri"));
    check_integration(&kind, http_method.as_deref(), uri.as_deref())?;
    let own = ["type", "httpMethod", "uri", "responses"];
    let mut settings: Map<String, Value> = members
        .iter()
        .filter(|(name, _)| !own.contains(&name.as_str()))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    for name in ["passthroughBehavior", "connectionType"] {
        if let Some(Value::String(word)) = settings.get_mut(name) {
            word.make_ascii_uppercase();
        }
    }
    Ok(Some(Integration {
        kind,
        http_method,
        uri,
        settings,
        responses: integration_responses(&given["responses"]),
    }))
}

/// Guide, "x-amazon-apigateway-integration.responses": by pattern; `default` has none.
fn integration_responses(responses: &Value) -> BTreeMap<String, Value> {
    let mut all = BTreeMap::new();
    for (pattern, response) in responses.as_object().into_iter().flatten() {
        let status = match &response["statusCode"] {
            Value::String(status) => status.clone(),
            Value::Number(status) => status.to_string(),
            _ => continue,
        };
        let mut tree = response.clone();
        tree["statusCode"] = status.clone().into();
        if pattern != "default" {
            tree["selectionPattern"] = pattern.clone().into();
        }
        all.insert(status, tree);
    }
    all
}

//! What an integration may be.

use serde_json::Value;

use super::common::bad;
use super::patch::{invalid, outside};
use super::state::{Integration, Method};
use crate::codec::Refusal;

/// API Gateway API reference, `PutIntegration`; the order is that of AWS's own message (recorded).
pub const TYPES: &[&str] = &["HTTP", "MOCK", "AWS_PROXY", "HTTP_PROXY", "AWS"];

/// The other members that are one of a few words (API Gateway API reference, `Integration`).
const WORDS: &[(&str, &[&str])] = &[
    ("connectionType", &["INTERNET", "VPC_LINK"]),
    ("contentHandling", &["CONVERT_TO_BINARY", "CONVERT_TO_TEXT"]),
    ("responseTransferMode", &["BUFFERED", "STREAM"]),
];

/// What a member has to be.
enum Shape {
    Text,
    Whole,
    Texts,
    Map,
    Object,
}

/// API Gateway API reference, `Integration`.
const SHAPES: &[(&str, Shape)] = &[
    ("cacheKeyParameters", Shape::Texts),
    ("cacheNamespace", Shape::Text),
    ("connectionId", Shape::Text),
    ("connectionType", Shape::Text),
    ("contentHandling", Shape::Text),
    ("credentials", Shape::Text),
    ("httpMethod", Shape::Text),
    ("integrationTarget", Shape::Text),
    ("passthroughBehavior", Shape::Text),
    ("requestParameters", Shape::Map),
    ("requestTemplates", Shape::Map),
    ("responseTransferMode", Shape::Text),
    ("timeoutInMillis", Shape::Whole),
    ("tlsConfig", Shape::Object),
    ("type", Shape::Text),
    ("uri", Shape::Text),
];

/// Refuses members of another type than API Gateway's.
///
/// The code is recorded (`PutIntegration` with a boolean in the place of a
/// text), and so are the words for that; for other types they are an
/// assumption, as is everything for imports.
pub fn check_types(tree: &serde_json::Map<String, Value>) -> Result<(), Refusal> {
    for (name, shape) in SHAPES {
        let Some(value) = tree.get(*name) else {
            continue;
        };
        let text = |one: &Value| one.is_string();
        let wanted = match shape {
            Shape::Text if text(value) => continue,
            Shape::Whole if value.is_i64() => continue,
            Shape::Object if value.is_object() => continue,
            Shape::Texts if value.as_array().is_some_and(|all| all.iter().all(text)) => continue,
            Shape::Map if value.as_object().is_some_and(|all| all.values().all(text)) => continue,
            Shape::Whole => "Integer",
            Shape::Texts => "List",
            Shape::Map if value.is_object() => "String",
            Shape::Map | Shape::Object => "Map",
            Shape::Text => "String",
        };
        let given = match value {
            Value::Object(members) if matches!(shape, Shape::Map) => {
                members.values().find(|one| !one.is_string())
            }
            other => Some(other),
        };
        let class = given.map_or("Object", class);
        let text = format!("class java.lang.{class} can not be converted to an {wanted} ({name})");
        return Err(Refusal::new("SerializationException", text));
    }
    Ok(())
}

/// What Java calls a value's type.
fn class(value: &Value) -> &'static str {
    match value {
        Value::Bool(_) => "Boolean",
        Value::Number(_) => "Number",
        Value::String(_) => "String",
        _ => "Object",
    }
}

/// Checks an integration. Codes and messages: observed and recorded (`PutIntegration`).
pub fn check(integration: &Integration) -> Result<(), Refusal> {
    let Integration { kind, settings, .. } = integration;
    if !TYPES.contains(&kind.as_str()) {
        return invalid(&[outside(kind, "putIntegrationInput.type", TYPES)]);
    }
    for (name, words) in WORDS {
        let given = settings.get(*name).and_then(Value::as_str);
        if let Some(given) = given.filter(|given| !words.contains(given)) {
            let place = format!("putIntegrationInput.{name}");
            invalid(&[outside(given, &place, words)])?;
        }
    }
    let behaviour = settings.get("passthroughBehavior").and_then(Value::as_str);
    if behaviour
        .is_some_and(|word| !["WHEN_NO_MATCH", "WHEN_NO_TEMPLATES", "NEVER"].contains(&word))
    {
        // Assumption: the words.
        return Err(bad(
            "Invalid passthrough behavior specified. Valid options are WHEN_NO_MATCH,WHEN_NO_TEMPLATES,NEVER",
        ));
    }
    check_timeout(integration)?;
    if kind == "MOCK" {
        return Ok(());
    }
    if integration.http_method.as_deref().is_none_or(str::is_empty) {
        return Err(bad("Enumeration value for HttpMethod must be non-empty"));
    }
    let uri = integration.uri.as_deref().unwrap_or_default();
    if kind.starts_with("AWS") {
        check_arn(kind, uri)
    } else if uri.starts_with("http://")
        || uri.starts_with("https://")
        || uri.starts_with("${stageVariables.")
    {
        Ok(())
    } else {
        Err(bad("Invalid HTTP endpoint specified for URI"))
    }
}

/// 29 s are observed (research: field §8), 15 minutes for streams documented (developer guide, "Response transfer mode"); its words are an assumption.
fn check_timeout(integration: &Integration) -> Result<(), Refusal> {
    let settings = &integration.settings;
    let streams = settings.get("responseTransferMode").and_then(Value::as_str) == Some("STREAM");
    let most = if streams { 900_000 } else { 29_000 };
    let given = settings.get("timeoutInMillis").and_then(Value::as_i64);
    if given.is_some_and(|span| !(50..=most).contains(&span)) {
        return Err(bad(format!(
            "Timeout should be between 50 ms and {most} ms"
        )));
    }
    Ok(())
}

/// `arn:aws:apigateway:{region}:{service}:path/…` or `…:action/…`; the messages are recorded (`PutIntegration`).
fn check_arn(kind: &str, uri: &str) -> Result<(), Refusal> {
    let parts: Vec<&str> = uri.splitn(6, ':').collect();
    let ["arn", _, "apigateway", _, service, rest] = parts[..] else {
        return Err(bad("Invalid ARN specified in the request"));
    };
    if !rest.starts_with("path/") && !rest.starts_with("action/") {
        return Err(bad("AWS ARN for integration must contain path or action"));
    }
    let service = service.rsplit('.').next().unwrap_or(service);
    if kind == "AWS_PROXY" && !["lambda", "firehose"].contains(&service) {
        return Err(bad(
            "Integrations of type 'AWS_PROXY' currently only supports Lambda function and Firehose stream invocations.",
        ));
    }
    if service != "lambda" {
        return Ok(());
    }
    // Assumption: a function that is none is no ARN either; variables of the stage may stand in it (developer guide, "Stage variables").
    let function = rest.split_once("/functions/").map_or("", |(_, arn)| arn);
    let arn = function
        .strip_suffix("/invocations")
        .or_else(|| function.strip_suffix("/response-streaming-invocations"));
    let fits = arn.is_some_and(|arn| {
        arn.contains("${stageVariables.") || (arn.starts_with("arn:") && arn.contains(":function:"))
    });
    let stray = uri.replace("${stageVariables.", "").contains("${");
    if fits && !stray {
        Ok(())
    } else {
        Err(bad("Invalid ARN specified in the request"))
    }
}

/// How API Gateway says that a mapping does not fit (observed).
fn unmapped(why: &str) -> Refusal {
    bad(format!(
        "Invalid mapping expression specified: Validation Result: warnings : [], errors : [{why}]"
    ))
}

/// Checks that what an integration takes from the request is declared by its method (observed: lambda-tools#56).
pub fn mapped(integration: &Integration, method: &Method) -> Result<(), Refusal> {
    let declared = method
        .settings
        .get("requestParameters")
        .and_then(Value::as_object);
    let given = integration
        .settings
        .get("requestParameters")
        .and_then(Value::as_object);
    for source in given
        .into_iter()
        .flatten()
        .filter_map(|(_, source)| source.as_str())
    {
        let known = [
            "path",
            "querystring",
            "multivaluequerystring",
            "header",
            "multivalueheader",
        ];
        let place = source
            .strip_prefix("method.request.")
            .and_then(|rest| rest.split_once('.'));
        let Some((place, name)) = place.filter(|(place, _)| known.contains(place)) else {
            continue;
        };
        // A parameter is declared in the singular (developer guide, "Parameter mapping").
        let place = place.trim_start_matches("multivalue");
        let found = declared.is_some_and(|all| {
            all.contains_key(&format!("method.request.{place}.{name}")) || all.contains_key(source)
        });
        if !found {
            return Err(unmapped(&format!(
                "Invalid mapping expression parameter specified: {source}"
            )));
        }
    }
    Ok(())
}

/// Checks that what an integration's response sets is declared by the method's response.
///
/// Observed: aws-apigateway-importer#209 (the header), #121 (no response of that status).
pub fn answered(response: &Value, method: &Method) -> Result<(), Refusal> {
    let status = response["statusCode"].as_str().unwrap_or_default();
    let targets = response["responseParameters"]
        .as_object()
        .into_iter()
        .flatten();
    for (target, source) in targets {
        let Some(known) = method.responses.get(status) else {
            return Err(unmapped("No method response exists for method."));
        };
        let declared = &known["responseParameters"];
        if declared.get(target).is_none() {
            return Err(unmapped(&format!(
                "Invalid mapping expression parameter specified: {target}"
            )));
        }
        let source = source.as_str().unwrap_or_default();
        let constant = source.len() > 1 && source.starts_with('\'') && source.ends_with('\'');
        // Observed: amazon-api-gateway-developer-guide#7.
        if !constant
            && !["integration.response.", "context.", "stageVariables."]
                .iter()
                .any(|begin| source.starts_with(begin))
        {
            return Err(unmapped(&format!(
                "Invalid mapping expression specified: {source}"
            )));
        }
    }
    Ok(())
}

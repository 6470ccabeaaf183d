//! API Gateway's extensions: which there are, where each stands, and what is
//! in it. Developer guide, "`OpenAPI` extensions for API Gateway".

use serde_json::Value;

use super::checked::{Checked, read};
use super::form::{Field, Form, check as check_field};
use crate::body::document::{ANY_METHOD, Dialect, ENDPOINT, is_method, operations};
use crate::body::{at::At, findings::Findings};
use crate::config::shown;

/// Where an extension stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Root,
    Endpoint,
    PathItem,
    Operation,
    RootOrOperation,
    Scheme,
    Components,
    Tag,
}

/// What becomes of an extension.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Use {
    /// API Gateway reads it.
    Read,
    /// API Gateway reads it, and it keeps somebody out: nothing that looks like
    /// it is passed over.
    Guards,
    /// Only HTTP APIs have it.
    HttpApis,
}

struct Extension {
    name: &'static str,
    place: Place,
    is: Use,
    form: Form,
}

const RESPONSE_TYPES: [&str; 22] = [
    "ACCESS_DENIED",
    "API_CONFIGURATION_ERROR",
    "AUTHORIZER_CONFIGURATION_ERROR",
    "AUTHORIZER_FAILURE",
    "BAD_REQUEST_BODY",
    "BAD_REQUEST_PARAMETERS",
    "DEFAULT_4XX",
    "DEFAULT_5XX",
    "EXPIRED_TOKEN",
    "INTEGRATION_FAILURE",
    "INTEGRATION_TIMEOUT",
    "INVALID_API_KEY",
    "INVALID_SIGNATURE",
    "MISSING_AUTHENTICATION_TOKEN",
    "QUOTA_EXCEEDED",
    "REQUEST_TOO_LARGE",
    "RESOURCE_NOT_FOUND",
    "THROTTLED",
    "UNAUTHORIZED",
    "UNSUPPORTED_MEDIA_TYPE",
    "WAF_FILTERED",
    "INVALID_SNI",
];

const VALIDATORS: &str = "x-amazon-apigateway-request-validators";
const VALIDATOR: &str = "x-amazon-apigateway-request-validator";
const RESPONSES: &str = "x-amazon-apigateway-gateway-responses";

const VALIDATOR_FIELDS: [Field; 2] = [
    field("validateRequestBody", Form::Flag, VALIDATORS),
    field("validateRequestParameters", Form::Flag, VALIDATORS),
];

const RESPONSE_FIELDS: [Field; 3] = [
    field("statusCode", Form::Status, RESPONSES),
    field("responseParameters", Form::TextByName, RESPONSES),
    field("responseTemplates", Form::TextByName, RESPONSES),
];

const ENDPOINT_FIELDS: [Field; 4] = [
    field("vpcEndpointIds", Form::Texts, ENDPOINT),
    field("disableExecuteApiEndpoint", Form::Flag, ENDPOINT),
    field("types", Form::Texts, ENDPOINT),
    field("ipAddressType", Form::Text, ENDPOINT),
];

const EXTENSIONS: [Extension; 22] = [
    extension("any-method", Place::PathItem, Use::Read, Form::Object),
    extension(
        "api-key-source",
        Place::Root,
        Use::Read,
        Form::Word(&["HEADER", "AUTHORIZER"]),
    ),
    extension("auth", Place::Operation, Use::Guards, Form::Object),
    extension("authorizer", Place::Scheme, Use::Guards, Form::Object),
    extension("authtype", Place::Scheme, Use::Guards, Form::Text),
    extension(
        "binary-media-types",
        Place::Root,
        Use::Read,
        Form::MediaTypes,
    ),
    extension("cors", Place::Root, Use::HttpApis, Form::Object),
    extension("documentation", Place::Root, Use::Read, Form::Object),
    extension(
        "endpoint-access-mode",
        Place::Root,
        Use::Guards,
        Form::Word(&["BASIC", "STRICT"]),
    ),
    extension(
        "endpoint-configuration",
        Place::Endpoint,
        Use::Guards,
        Form::Table(&ENDPOINT_FIELDS),
    ),
    extension(
        "gateway-responses",
        Place::Root,
        Use::Read,
        Form::TableByName(&RESPONSE_FIELDS),
    ),
    extension("importexport-version", Place::Root, Use::Read, Form::Text),
    extension("integration", Place::Operation, Use::Read, Form::Object),
    extension(
        "integrations",
        Place::Components,
        Use::HttpApis,
        Form::Object,
    ),
    // Guide, "Compress payloads": 0 to 10 MB.
    extension(
        "minimum-compression-size",
        Place::Root,
        Use::Read,
        Form::Whole(0, 10_485_760),
    ),
    extension("policy", Place::Root, Use::Guards, Form::Object),
    extension(
        "request-validator",
        Place::RootOrOperation,
        Use::Guards,
        Form::Text,
    ),
    extension(
        "request-validators",
        Place::Root,
        Use::Guards,
        Form::TableByName(&VALIDATOR_FIELDS),
    ),
    extension("security-policy", Place::Root, Use::Guards, Form::Text),
    extension("tag-value", Place::Tag, Use::HttpApis, Form::Text),
    extension(
        "api-key-required",
        Place::Operation,
        Use::HttpApis,
        Form::Flag,
    ),
    extension(
        "authorization-scopes",
        Place::Operation,
        Use::HttpApis,
        Form::Texts,
    ),
];

const PREFIX: &str = "x-amazon-apigateway-";

const fn field(name: &'static str, form: Form, source: &'static str) -> Field {
    Field { name, form, source }
}

const fn extension(name: &'static str, place: Place, is: Use, form: Form) -> Extension {
    Extension {
        name,
        place,
        is,
        form,
    }
}

pub(super) fn check(checked: &Checked<'_>, findings: &mut Findings) {
    walk(checked, checked.document, &mut Vec::new(), findings);
    response_types(checked, findings);
    validators(checked, findings);
}

fn walk(checked: &Checked<'_>, value: &Value, steps: &mut Vec<String>, findings: &mut Findings) {
    match value {
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                steps.push(index.to_string());
                walk(checked, item, steps, findings);
                steps.pop();
            }
        }
        Value::Object(members) => {
            for (key, value) in read(members, steps) {
                steps.push(key.clone());
                if let Some(name) = key.strip_prefix(PREFIX) {
                    one(checked, name, value, steps, findings);
                }
                // What is in an extension is its own: but for an operation.
                if !key.starts_with(PREFIX) || key == ANY_METHOD {
                    walk(checked, value, steps, findings);
                }
                steps.pop();
            }
        }
        _ => {}
    }
}

fn one(
    checked: &Checked<'_>,
    name: &str,
    value: &Value,
    steps: &[String],
    findings: &mut Findings,
) {
    let at = At::of(steps);
    let Some(known) = EXTENSIONS.iter().find(|one| one.name == name) else {
        return unknown(name, &at, findings);
    };
    if known.is == Use::HttpApis {
        let message = format!("`{name}` is for HTTP APIs; a REST API has no use for it");
        let hint = match name {
            "cors" => "give the paths an `options` operation that answers with the headers",
            _ => "take it out",
        };
        findings.warn(&at, message, hint);
    } else if !stands(known.place, steps, checked.dialect) {
        let message = "API Gateway does not read it here";
        return findings.refuse(
            &at,
            message,
            format!("move it {}", words(known.place, checked)),
        );
    }
    let field = Field {
        name: known.name,
        form: known.form,
        source: "OpenAPI extensions for API Gateway",
    };
    check_field(&at, value, &field, findings);
    // The load balancer names no host in its handshake, and STRICT wants one
    // (developer guide, "Security policies for REST APIs").
    if name == "endpoint-access-mode" && value.as_str() == Some("STRICT") {
        let message = "STRICT refuses requests that come through a load balancer";
        findings.refuse(&at, message, "take it out, or write BASIC");
    }
}

fn unknown(name: &str, at: &At, findings: &mut Findings) {
    let near = EXTENSIONS
        .iter()
        .map(|one| (strsim::normalized_damerau_levenshtein(one.name, name), one))
        .filter(|(likeness, _)| *likeness > 0.7)
        .max_by(|(one, _), (other, _)| one.total_cmp(other));
    let message = "API Gateway has no such extension, and passes over it";
    match near {
        Some((_, near)) => {
            let hint = format!("did you mean {PREFIX}{}?", near.name);
            if near.is == Use::Guards || near.name == "integration" {
                findings.refuse(at, message, hint);
            } else {
                findings.warn(
                    at,
                    format!(
                        "API Gateway has no extension `{}`, and passes over it",
                        shown(name)
                    ),
                    hint,
                );
            }
        }
        None => findings.warn(
            at,
            format!(
                "API Gateway has no extension `{}`, and passes over it",
                shown(name)
            ),
            "take it out",
        ),
    }
}

fn stands(place: Place, steps: &[String], dialect: Dialect) -> bool {
    let steps: Vec<&str> = steps.iter().map(String::as_str).collect();
    // GET and any are refused for themselves.
    let method =
        |key: &str| is_method(&key.to_ascii_lowercase()) || key.eq_ignore_ascii_case("any");
    match (place, steps.as_slice()) {
        (Place::Root | Place::RootOrOperation, [_])
        | (Place::PathItem, ["paths", _, _])
        | (Place::Components, ["components", _])
        | (Place::Tag, ["tags", _, _]) => true,
        (Place::Endpoint, [_]) | (Place::Scheme, ["securityDefinitions", _, _]) => {
            dialect == Dialect::Swagger2
        }
        (Place::Endpoint, ["servers", _, _])
        | (Place::Scheme, ["components", "securitySchemes", _, _]) => dialect == Dialect::OpenApi3,
        (Place::Operation | Place::RootOrOperation, ["paths", _, key, _]) => method(key),
        _ => false,
    }
}

fn words(place: Place, checked: &Checked<'_>) -> &'static str {
    match (place, checked.dialect) {
        (Place::Root, _) | (Place::Endpoint, Dialect::Swagger2) => "to the top of the file",
        (Place::Endpoint, Dialect::OpenApi3) => "into an entry of `servers`",
        (Place::PathItem, _) => "into a path",
        (Place::Operation, _) => "into each operation",
        (Place::RootOrOperation, _) => "to the top of the file or into an operation",
        (Place::Scheme, Dialect::OpenApi3) => "into a scheme of components.securitySchemes",
        (Place::Scheme, Dialect::Swagger2) => "into a scheme of securityDefinitions",
        (Place::Components, _) => "into `components`",
        (Place::Tag, _) => "into an entry of `tags`",
    }
}

/// API reference, "`GatewayResponse`": the types are a closed list.
fn response_types(checked: &Checked<'_>, findings: &mut Findings) {
    let responses = checked.document.get(RESPONSES).and_then(Value::as_object);
    for (kind, response) in responses.into_iter().flatten() {
        let at = At::of([RESPONSES, kind]);
        if !RESPONSE_TYPES.contains(&kind.as_str()) {
            let hint = "see \"Gateway response types\" in the API Gateway developer guide";
            findings.refuse(&at, "is no type of gateway response", hint);
        }
        let parameters = response["responseParameters"].as_object();
        for (name, value) in parameters.into_iter().flatten() {
            let at = at.key("responseParameters").key(name);
            if !name.starts_with("gatewayresponse.header.") {
                let hint = "name headers as in gatewayresponse.header.X-Name";
                findings.refuse(&at, "only headers can be set", hint);
            } else if let Some(text) = value.as_str() {
                super::mapping::gateway(&at, text, findings);
            }
        }
    }
}

/// A validator that is named and not defined would validate nothing.
fn validators(checked: &Checked<'_>, findings: &mut Findings) {
    let defined = checked.document.get(VALIDATORS).and_then(Value::as_object);
    let mut named = |at: At, value: Option<&Value>| {
        let Some(name) = value.and_then(Value::as_str) else {
            return;
        };
        if !defined.is_some_and(|all| all.contains_key(name)) {
            let message = format!("the validator `{}` is not defined", shown(name));
            findings.refuse(
                &at,
                message,
                format!("define it in {VALIDATORS}, or take this out"),
            );
        }
    };
    named(At::of([VALIDATOR]), checked.document.get(VALIDATOR));
    let paths = checked.document["paths"].as_object().into_iter().flatten();
    for (path, item) in paths {
        for (key, operation) in operations(item) {
            let at = At::of(["paths", path, key, VALIDATOR]);
            named(at, operation.get(VALIDATOR));
        }
    }
}

//! The version, and the parts of a document that API Gateway reads.

use serde_json::Value;

use super::checked::Checked;
use super::form::{Field, Form, check as check_field, must_be};
use crate::body::document::Dialect;
use crate::body::{at::At, findings::Findings};
use crate::config::shown;

/// The parts of a document (`OpenAPI` 3.0.3 and 2.0, "`OpenAPI` Object", "Swagger Object").
const PARTS: [Field; 14] = [
    part("info", Form::Object),
    part("servers", Form::Objects),
    part("tags", Form::Objects),
    part("security", Form::Objects),
    part("components", Form::Object),
    part("definitions", Form::Object),
    part("parameters", Form::Object),
    part("responses", Form::Object),
    part("securityDefinitions", Form::Object),
    part("host", Form::Text),
    part("basePath", Form::Text),
    part("schemes", Form::Texts),
    part("consumes", Form::Texts),
    part("produces", Form::Texts),
];

const fn part(name: &'static str, form: Form) -> Field {
    Field {
        name,
        form,
        source: "Import a REST API",
    }
}

const COMPONENTS: [&str; 6] = [
    "schemas",
    "securitySchemes",
    "parameters",
    "responses",
    "requestBodies",
    "headers",
];

pub(super) fn dialect(document: &Value, findings: &mut Findings) -> Option<Dialect> {
    const HINT: &str = "openapi: \"3.0.1\", or swagger: \"2.0\"";
    let (root, version) = (At::default(), |key: &str| document.get(key));
    let (key, version) = match (version("openapi"), version("swagger")) {
        (Some(version), None) => ("openapi", version),
        (None, Some(version)) => ("swagger", version),
        (Some(_), Some(_)) => {
            findings.refuse(&root, "names both `openapi` and `swagger`", "keep one");
            return None;
        }
        (None, None) => {
            let template = ["Resources", "AWSTemplateFormatVersion", "Transform"];
            if template.iter().any(|key| document.get(key).is_some()) {
                let hint = "name the OpenAPI body itself; a template is CloudFormation's to deploy";
                findings.refuse(&root, "is a CloudFormation template", hint);
            } else {
                findings.refuse(&root, "has neither `openapi` nor `swagger`", HINT);
            }
            return None;
        }
    };
    let at = At::of([key]);
    let Some(text) = version.as_str() else {
        // YAML reads an unquoted 2.0 as a number, which API Gateway does not take.
        let hint = format!("put it in quotes: {key}: \"{version}\"");
        findings.refuse(&at, "must be a string", hint);
        return None;
    };
    let of_3_0 = text.strip_prefix("3.0").is_some_and(|patch| {
        patch.is_empty()
            || patch
                .strip_prefix('.')
                .is_some_and(|n| n.parse::<u8>().is_ok())
    });
    match key {
        "openapi" if of_3_0 => Some(Dialect::OpenApi3),
        "swagger" if text == "2.0" => Some(Dialect::Swagger2),
        // Developer guide, "Import a REST API": 2.0 and 3.0; 3.1 is answered
        // "Invalid OpenAPI input" (reported in public).
        "openapi" if text.starts_with("3.") => {
            let message = format!("API Gateway does not import OpenAPI {}", shown(text));
            let hint = "write it as 3.0: most generators have a setting (FastAPI: app.openapi_version = \"3.0.3\")";
            findings.refuse(&at, message, hint);
            // The rest is said as well.
            Some(Dialect::OpenApi3)
        }
        _ => {
            let message = format!("the version `{}` is not supported", shown(text));
            findings.refuse(&at, message, HINT);
            None
        }
    }
}

pub(super) fn check(checked: &Checked<'_>, findings: &mut Findings) {
    let root = At::default();
    for field in &PARTS {
        if let Some(value) = checked.document.get(field.name) {
            check_field(&root.key(field.name), value, field, findings);
        }
    }
    if let Some(Value::Object(components)) = checked.document.get("components") {
        let at = At::of(["components"]);
        for (name, value) in components {
            if COMPONENTS.contains(&name.as_str()) && !value.is_object() {
                findings.refuse(&at.key(name), must_be("an object", value), "");
            }
        }
    }
    for key in ["title", "description"] {
        let value = checked.document.pointer(&format!("/info/{key}"));
        if let Some(value) = value.filter(|value| !value.is_string()) {
            let hint = "put it in quotes";
            findings.refuse(&At::of(["info", key]), must_be("text", value), hint);
        }
    }
    models(checked, findings);
}

/// Developer guide, "Amazon API Gateway important notes": model names are
/// alphanumeric.
fn models(checked: &Checked<'_>, findings: &mut Findings) {
    let (at, models) = checked.models();
    for (name, model) in models.as_object().into_iter().flatten() {
        if !name.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            let plain: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
            let message = "names of models are letters and digits only, in API Gateway";
            let hint = format!("name it {} everywhere", shown(&plain));
            findings.refuse(&at.key(name), message, hint);
        } else if !model.is_object() {
            findings.refuse(&at.key(name), must_be("an object", model), "");
        }
    }
}

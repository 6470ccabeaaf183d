//! References: within the document, and to something.

use serde_json::Value;

use super::checked::{Checked, read, target_of};
use crate::body::document::INTEGRATION;
use crate::body::{at::At, findings::Findings};
use crate::config::shown;

/// API Gateway's own name of a model, which its exports have in models that
/// refer to others (developer guide, "Models and mapping templates").
const OWN_MODELS: &str = "https://apigateway.amazonaws.com/restapis/";

pub(super) fn check(checked: &Checked<'_>, findings: &mut Findings) {
    walk(checked, checked.document, &mut Vec::new(), findings);
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
            for (name, value) in read(members, steps) {
                steps.push(name.clone());
                match value.as_str() {
                    Some(text) if name == "$ref" => reference(checked, text, steps, findings),
                    _ => walk(checked, value, steps, findings),
                }
                steps.pop();
            }
        }
        _ => {}
    }
}

fn reference(checked: &Checked<'_>, text: &str, steps: &[String], findings: &mut Findings) {
    let at = At::of(steps);
    if text.starts_with(OWN_MODELS) {
        return;
    }
    if !text.starts_with('#') {
        let message = format!("refers to `{}`, outside of this file", shown(text));
        let hint = "API Gateway imports one file; bring it in, or bundle the files into one";
        return findings.refuse(&at, message, hint);
    }
    if target_of(checked.document, text).is_none() {
        let message = format!("refers to `{}`, which is not there", shown(text));
        findings.refuse(&at, message, "correct the reference, or add what it names");
    } else if steps.len() == 3 && steps[0] == "paths" {
        // Nobody documents that API Gateway follows these: assumption.
        let message = "a path by reference: nothing would be compared there";
        findings.refuse(&at, message, "write the operations of the path out");
    } else if steps.iter().any(|step| step == INTEGRATION) {
        // Developer guide, "x-amazon-apigateway-integrations object": HTTP APIs only.
        let message = "an integration by reference is for HTTP APIs only";
        findings.refuse(&at, message, "write the integration out");
    }
}

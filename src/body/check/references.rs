//! References: within the document, and to something.

use serde_json::Value;

use super::Checked;
use crate::body::findings::{At, Findings};
use crate::body::shown;

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
            let named = steps.last().is_some_and(|last| last == "properties");
            for (name, value) in members {
                if !named && matches!(name.as_str(), "example" | "examples" | "default" | "enum") {
                    continue;
                }
                if name.starts_with("x-") && !name.starts_with("x-amazon-") {
                    continue;
                }
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
    if target(checked.document, text).is_none() {
        let message = format!("refers to `{}`, which is not there", shown(text));
        findings.refuse(&at, message, "correct the reference, or add what it names");
    } else if steps.len() == 3 && steps[0] == "paths" {
        // Nobody documents that API Gateway follows these: assumption.
        let message = "a path by reference: nothing would be compared there";
        findings.refuse(&at, message, "write the operations of the path out");
    } else if steps.iter().any(|step| step == super::super::INTEGRATION) {
        // Developer guide, "x-amazon-apigateway-integrations object": HTTP APIs only.
        let message = "an integration by reference is for HTTP APIs only";
        findings.refuse(&at, message, "write the integration out");
    }
}

/// What a reference within the document leads to.
pub(super) fn target<'v>(document: &'v Value, reference: &str) -> Option<&'v Value> {
    let pointer = reference.strip_prefix('#')?;
    document
        .pointer(pointer)
        .or_else(|| document.pointer(&unescaped(pointer)))
}

/// `%7B` and its kin: a reference is also an address.
fn unescaped(pointer: &str) -> String {
    let bytes = pointer.as_bytes();
    let (mut out, mut i) = (Vec::with_capacity(bytes.len()), 0);
    while let Some(byte) = bytes.get(i) {
        let code = pointer.get(i + 1..i + 3);
        let code = code.and_then(|code| u8::from_str_radix(code, 16).ok());
        if let (b'%', Some(code)) = (byte, code) {
            out.push(code);
            i += 3;
        } else {
            out.push(*byte);
            i += 1;
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

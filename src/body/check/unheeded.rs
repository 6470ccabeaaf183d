//! What API Gateway takes and does not heed. Said in a line a kind: generators
//! write all of it, and little of it matters.

use std::collections::BTreeMap;

use serde_json::Value;

use super::checked::Checked;
use crate::body::document::{ANY_METHOD, Dialect};
use crate::body::{at::At, findings::Findings};
use crate::config::shown;

/// Words of schemas that are dropped (guide, "important notes"; models are JSON
/// schema draft 4, which has no `nullable`, `writeOnly` and `xml`).
const DROPPED: [&str; 9] = [
    "default",
    "deprecated",
    "discriminator",
    "example",
    "examples",
    "nullable",
    "readOnly",
    "writeOnly",
    "xml",
];

/// Words of schemas that do not refuse a request (same page).
const UNCHECKED: [&str; 4] = [
    "exclusiveMaximum",
    "exclusiveMinimum",
    "maxItems",
    "minItems",
];

/// Parts of operations that have no counterpart (assumption: nobody documents them).
const OF_OPERATIONS: [&str; 3] = ["callbacks", "deprecated", "servers"];

/// What a parameter's schema may say, and nobody checks (guide, "important
/// notes": of parameters, five attributes are read).
const OF_PARAMETERS: [&str; 8] = [
    "enum",
    "format",
    "maximum",
    "maxLength",
    "minimum",
    "minLength",
    "multipleOf",
    "pattern",
];

/// How often each word was met, and where first.
type Met = BTreeMap<&'static str, (usize, At)>;

#[derive(Default)]
struct Kinds {
    dropped: Met,
    unchecked: Met,
    operations: Met,
    parameters: Met,
}

pub(super) fn check(checked: &Checked<'_>, findings: &mut Findings) {
    let mut kinds = Kinds::default();
    walk(
        checked,
        checked.document,
        &mut Vec::new(),
        false,
        &mut kinds,
    );
    say(
        "API Gateway drops",
        &kinds.dropped,
        "they are for readers; requests pass as before",
        findings,
    );
    say(
        "API Gateway does not check",
        &kinds.unchecked,
        "let the application check them",
        findings,
    );
    say(
        "API Gateway has nothing like",
        &kinds.operations,
        "they are left out",
        findings,
    );
    say(
        "of parameters, API Gateway does not check",
        &kinds.parameters,
        "let the application check them",
        findings,
    );
    base_path(checked, findings);
}

fn say(words: &str, met: &Met, hint: &str, findings: &mut Findings) {
    let Some((_, at)) = met.values().min_by(|(_, one), (_, other)| one.cmp(other)) else {
        return;
    };
    let named = met
        .iter()
        .map(|(word, (count, _))| format!("{word} ({count})"));
    let named = named.collect::<Vec<_>>().join(", ");
    findings.warn(at, format!("{words} {named}"), hint);
}

fn meet(met: &mut Met, words: &[&'static str], key: &str, steps: &[String]) -> bool {
    let Some(word) = words.iter().find(|word| **word == key) else {
        return false;
    };
    let (count, _) = met.entry(word).or_insert_with(|| (0, At::of(steps)));
    *count += 1;
    true
}

fn walk(
    checked: &Checked<'_>,
    value: &Value,
    steps: &mut Vec<String>,
    in_schema: bool,
    kinds: &mut Kinds,
) {
    match value {
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                steps.push(index.to_string());
                walk(checked, item, steps, in_schema, kinds);
                steps.pop();
            }
        }
        Value::Object(members) => {
            let last = steps.last().map_or("", String::as_str);
            let names = matches!(last, "properties" | "schemas" | "definitions");
            let of_parameter = steps.len() > 1 && steps[steps.len() - 2] == "parameters"
                || last == "schema" && steps.len() > 2 && steps[steps.len() - 3] == "parameters";
            let of_operation = steps.len() == 3 && steps[0] == "paths";
            let of_response = steps.len() == 5 && steps[3] == "responses";
            for (key, value) in members {
                if key.starts_with("x-") && key != ANY_METHOD {
                    continue;
                }
                steps.push(key.clone());
                let met = !names
                    && (of_response && meet(&mut kinds.operations, &["links"], key, steps)
                        || of_operation && meet(&mut kinds.operations, &OF_OPERATIONS, key, steps)
                        || of_parameter && meet(&mut kinds.parameters, &OF_PARAMETERS, key, steps)
                        || in_schema
                            && (meet(&mut kinds.dropped, &DROPPED, key, steps)
                                || meet(&mut kinds.unchecked, &UNCHECKED, key, steps)
                                || key == "oneOf"
                                    && checked.dialect == Dialect::Swagger2
                                    && meet(&mut kinds.unchecked, &["oneOf"], key, steps)));
                let free = matches!(key.as_str(), "example" | "examples" | "default" | "enum");
                if !met && (names || !free || key == "default" && !in_schema) {
                    let schema =
                        in_schema || matches!(key.as_str(), "schema" | "schemas" | "definitions");
                    walk(checked, value, steps, schema, kinds);
                }
                steps.pop();
            }
        }
        _ => {}
    }
}

/// Paths are served as they are: the base path of servers is not put before
/// them (guide, "Set the `OpenAPI` basePath property": ignored unless asked).
/// API Gateway's own exports name the stage there.
fn base_path(checked: &Checked<'_>, findings: &mut Findings) {
    let document = checked.document;
    let own = |text: &str| text.contains(".execute-api.");
    let (at, base) = match checked.dialect {
        Dialect::Swagger2 => {
            if document["host"].as_str().is_some_and(own) {
                return;
            }
            let base = document["basePath"].as_str().unwrap_or_default();
            (At::of(["basePath"]), base.to_owned())
        }
        Dialect::OpenApi3 => {
            let server = &document["servers"][0];
            let url = server["url"].as_str().unwrap_or_default();
            if own(url) {
                return;
            }
            let variable = server["variables"]["basePath"]["default"].as_str();
            let path = url.split_once("://").map_or(url, |(_, rest)| {
                rest.find('/').map_or("", |start| &rest[start..])
            });
            let base = variable.unwrap_or(path);
            (At::of(["servers", "0", "url"]), base.to_owned())
        }
    };
    if !base.trim_matches('/').is_empty() {
        let message = format!("the base path `{}` is not part of the paths", shown(&base));
        findings.warn(
            &at,
            message,
            "the route's path is what stands before them; write more into the paths",
        );
    }
}

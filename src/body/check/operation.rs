//! An operation: its parameters, its responses, and what answers it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::form::must_be;
use super::integration::{self, Around};
use super::mapping::{Declared, is_name};
use super::{checked::Checked, security};
use crate::body::document::{INTEGRATION, PARAMETERS};
use crate::body::{at::At, findings::Findings};
use crate::config::shown;

/// Checks an operation of a path with these variables.
pub(super) fn check(
    checked: &Checked<'_>,
    at: &At,
    item: &Value,
    operation: &Value,
    variables: &BTreeSet<&str>,
    findings: &mut Findings,
) {
    if findings.is_refused(at) {
        return;
    }
    if !operation.is_object() {
        return findings.refuse(at, must_be("an object", operation), "");
    }
    let mut declared = Declared::new();
    let path = At::of(at.steps()[..2].iter());
    for (at, parameters) in [
        (path.key(PARAMETERS), &item[PARAMETERS]),
        (at.key(PARAMETERS), &operation[PARAMETERS]),
    ] {
        parameters_of(checked, &at, parameters, variables, &mut declared, findings);
    }
    let responses = responses(checked, &at.key("responses"), operation, findings);
    if let Some(id) = operation.get("operationId").filter(|id| !id.is_string()) {
        findings.refuse(&at.key("operationId"), must_be("text", id), "");
    }
    security::operation(checked, at, operation, findings);
    let Some(value) = operation.get(INTEGRATION) else {
        let message = format!("has no {INTEGRATION}");
        let hint = "API Gateway imports only operations that say what answers them";
        return findings.refuse(at, message, hint);
    };
    let around = Around {
        declared: &declared,
        responses: &responses,
    };
    integration::check(checked, &at.key(INTEGRATION), value, &around, findings);
}

/// Guide, "important notes": of parameters, `name`, `in`, `required`, `type`
/// and `description` are read.
fn parameters_of(
    checked: &Checked<'_>,
    at: &At,
    parameters: &Value,
    variables: &BTreeSet<&str>,
    declared: &mut Declared,
    findings: &mut Findings,
) {
    if parameters.is_null() || findings.is_refused(at) {
        return;
    }
    let Some(items) = parameters.as_array() else {
        return findings.refuse(at, must_be("a list", parameters), "");
    };
    let mut here = BTreeSet::new();
    for (index, given) in items.iter().enumerate() {
        let at = at.key(index.to_string());
        let parameter = checked.resolve(given);
        if !parameter.is_object() {
            findings.refuse(&at, must_be("an object", parameter), "with `name` and `in`");
            continue;
        }
        if parameter.get("$ref").is_some() {
            continue; // it leads nowhere, which is said there
        }
        let (Some(name), Some(place)) = (parameter["name"].as_str(), parameter["in"].as_str())
        else {
            findings.refuse(
                &at,
                "needs `name` and `in`, both text",
                "as in name: id, in: path",
            );
            continue;
        };
        if !here.insert((name, place)) {
            let message = format!("`{}` in {} is there twice", shown(name), shown(place));
            findings.refuse(&at, message, "keep one of the two");
        }
        parameter_of(&at, name, place, variables, declared, findings);
    }
}

fn parameter_of(
    at: &At,
    name: &str,
    place: &str,
    variables: &BTreeSet<&str>,
    declared: &mut Declared,
    findings: &mut Findings,
) {
    let kind = match place {
        "path" => "path",
        "query" => "querystring",
        "header" => "header",
        "body" => return,
        "cookie" | "formData" => {
            let message = format!("parameters in {place} are not kept by API Gateway");
            return findings.warn(at, message, "they reach the application all the same");
        }
        other => {
            let message = format!("`{}` is no place of a parameter", shown(other));
            return findings.refuse(at, message, "one of path, query, header, body");
        }
    };
    if place == "path" && !variables.contains(name) {
        let message = format!("the path has no variable `{{{}}}`", shown(name));
        findings.refuse(at, message, "name it as the path does, or take it out");
    } else if !is_name(name) {
        // Guide, "Parameter mapping source reference": the expression that every
        // name must match. `filter[name]` is refused in public reports.
        let message = format!(
            "the name `{}` has more than letters, digits and `._$-`",
            shown(name)
        );
        findings.refuse(
            at,
            message,
            "take it out: it reaches the application all the same",
        );
    }
    declared.insert(format!("method.request.{kind}.{name}"));
}

/// The headers of each response by status.
fn responses(
    checked: &Checked<'_>,
    at: &At,
    operation: &Value,
    findings: &mut Findings,
) -> BTreeMap<String, BTreeSet<String>> {
    let mut statuses = BTreeMap::new();
    let Some(given) = operation.get("responses") else {
        return statuses;
    };
    let Some(responses) = given.as_object() else {
        findings.refuse(at, must_be("an object", given), "");
        return statuses;
    };
    for (status, given) in responses
        .iter()
        .filter(|(status, _)| !status.starts_with("x-"))
    {
        let at = at.key(status);
        let response = checked.resolve(given);
        if !response.is_object() {
            findings.refuse(&at, must_be("an object", response), "");
            continue;
        }
        let digits = status.len() == 3 && status.bytes().all(|byte| byte.is_ascii_digit());
        if !digits {
            let message = "responses without a status of three digits are not kept";
            findings.warn(&at, message, "name each status that callers get");
            continue;
        }
        let headers = response["headers"].as_object().into_iter().flatten();
        let headers = headers.map(|(name, _)| name.clone()).collect();
        statuses.insert(status.clone(), headers);
    }
    statuses
}

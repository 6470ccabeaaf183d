//! Mappings of parameters: what is set, and where its value comes from.
//! Developer guide, "Parameter mapping source reference for REST APIs".

use std::collections::BTreeSet;

use serde_json::Value;

use crate::body::{at::At, findings::Findings};
use crate::config::shown;

/// The parameters that a method declares, as mappings name them:
/// `method.request.header.X-Name`.
pub(super) type Declared = BTreeSet<String>;

const STATIC: &str = "put static text in single quotes inside of the quotes: \"'text'\"";

/// Checks the mappings of requests.
pub(super) fn requests(at: &At, mappings: &Value, declared: &Declared, findings: &mut Findings) {
    for (target, source) in mappings.as_object().into_iter().flatten() {
        let at = at.key(target);
        let known = ["header.", "path.", "querystring."];
        let place = target.strip_prefix("integration.request.");
        if !place.is_some_and(|place| {
            known
                .iter()
                .any(|kind| place.strip_prefix(kind).is_some_and(is_name))
        }) {
            let hint = "integration.request.header.<name>, .path.<name> or .querystring.<name>";
            findings.refuse(&at, "is no parameter of an integration's request", hint);
        } else if let Some(source) = source.as_str() {
            request_source(&at, source, declared, findings);
        }
    }
}

fn request_source(at: &At, source: &str, declared: &Declared, findings: &mut Findings) {
    if is_common(source) || is_of(source, "method.request.body") {
        return;
    }
    let Some(wanted) = request_parameter(source) else {
        let message = format!("`{}` is no source of a value", shown(source));
        return findings.refuse(at, message, STATIC);
    };
    if !declared.contains(&wanted) {
        // "The method request parameters must be defined before being referenced"
        // in other words: guide, "x-amazon-apigateway-integration.requestParameters".
        let message = format!("the operation does not declare `{}`", shown(source));
        findings.refuse(at, message, "add it to the operation's `parameters`");
    }
}

/// The declared name of a source; lists of values are declared like single ones.
fn request_parameter(source: &str) -> Option<String> {
    let rest = source.strip_prefix("method.request.")?;
    let (kind, name) = rest.split_once('.')?;
    let kind = match kind {
        "multivalueheader" | "header" => "header",
        "multivaluequerystring" | "querystring" => "querystring",
        "path" => "path",
        _ => return None,
    };
    Some(format!("method.request.{kind}.{name}"))
}

/// Checks keys of a cache: parameters of the method, or of the integration that
/// a mapping sets (API reference, "Integration", `cacheKeyParameters`).
pub(super) fn cache_keys(
    at: &At,
    keys: &Value,
    mappings: &Value,
    declared: &Declared,
    findings: &mut Findings,
) {
    for (index, key) in keys.as_array().into_iter().flatten().enumerate() {
        let Some(key) = key.as_str() else { continue };
        let of_method = request_parameter(key).is_some_and(|name| declared.contains(&name));
        if !of_method && mappings.get(key).is_none() {
            let message = format!("the operation does not declare `{}`", shown(key));
            let hint =
                "add it to the operation's `parameters`, as method.request.querystring.<name>";
            findings.refuse(&at.key(index.to_string()), message, hint);
        }
    }
}

/// Checks the mappings of a response against the headers that the method's
/// response declares; None where it is not known.
pub(super) fn responses(
    at: &At,
    mappings: &Value,
    headers: Option<&BTreeSet<String>>,
    findings: &mut Findings,
) {
    for (target, source) in mappings.as_object().into_iter().flatten() {
        let at = at.key(target);
        let Some(header) = target.strip_prefix("method.response.header.") else {
            let hint = "name headers as in method.response.header.X-Name";
            findings.refuse(&at, "only headers can be set", hint);
            continue;
        };
        if !headers.is_some_and(|headers| headers.contains(header)) {
            // Header names are told apart by case (guide, "important notes").
            let message = format!(
                "the operation's response does not declare the header `{}`",
                shown(header)
            );
            findings.refuse(
                &at,
                message,
                "add it to the response's `headers`, spelt alike",
            );
            continue;
        }
        let Some(source) = source.as_str() else {
            continue;
        };
        let of_response = ["header.", "multivalueheader."].iter().any(|kind| {
            let name = source.strip_prefix("integration.response.");
            name.and_then(|name| name.strip_prefix(kind))
                .is_some_and(|name| !name.is_empty())
        });
        if !(of_response || is_common(source) || is_of(source, "integration.response.body")) {
            let message = format!("`{}` is no source of a value", shown(source));
            findings.refuse(&at, message, STATIC);
        }
    }
}

/// Checks a header's source in a gateway response.
pub(super) fn gateway(at: &At, source: &str, findings: &mut Findings) {
    if !(is_common(source) || source.starts_with("method.request.")) {
        let message = format!("`{}` is no source of a value", shown(source));
        findings.refuse(at, message, STATIC);
    }
}

/// Static text, and what every mapping may take from.
fn is_common(source: &str) -> bool {
    let quoted = source.len() > 1 && source.starts_with('\'') && source.ends_with('\'');
    let source = source.strip_prefix('$').unwrap_or(source);
    quoted
        || ["context.", "stageVariables."].iter().any(|kind| {
            source
                .strip_prefix(kind)
                .is_some_and(|name| !name.is_empty())
        })
}

fn is_of(source: &str, body: &str) -> bool {
    source
        .strip_prefix(body)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}

/// Guide, "Parameter mapping source reference": letters, digits and `._$-`.
pub(super) fn is_name(name: &str) -> bool {
    !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"._$-".contains(&byte))
}

//! Bodies that stand in a resource: `body = jsonencode({…})`, `Body:`.
//!
//! Only what the files tell to the last word is judged: an address that another
//! resource gives may be anything.

use std::path::Path;

use serde_json::Value;

use super::{
    kind::Kind,
    model::{Configuration, Is, Language, Node, Place, Resource},
};
use crate::{
    body::{Body, Limits},
    checks::{Check, Finding},
    config::Problem,
    doctor::bodies,
};

/// What the checks of a body say of each.
pub fn judge(configuration: &Configuration) -> Vec<Finding> {
    let region = configuration.region().unwrap_or("us-east-1");
    let limits = Limits::of(region);
    let apis = configuration.of(Kind::RestApi).filter(|api| !api.looked_up);
    apis.filter_map(|api| Some((api, api.get("body")?)))
        .flat_map(|(api, body)| of(configuration, api, body, &limits))
        .collect()
}

fn of(configuration: &Configuration, api: &Resource, body: &Node, limits: &Limits) -> Vec<Finding> {
    let place = api.place("body");
    let why_not = |why: &str| {
        let why = format!("{place}: the body of {} is not judged: {why}", api.address);
        vec![Finding::skipped(Check::Body, why)]
    };
    let is_document = |name: &str| matches!(name, "openapi" | "swagger");
    let text = match &body.is {
        _ if api.get("definition_uri").is_some() || api.get("body_s3_location").is_some() => {
            return why_not("it is in a file of its own, to be given as one");
        }
        // It adds what its other properties say.
        _ if api.get("definition_body").is_some() => return why_not("SAM adds to it"),
        Is::Text(text) if configuration.language != Language::CloudFormation => text.clone(),
        Is::Map(members) if members.iter().any(|(name, _)| is_document(name)) => {
            match value(body) {
                Some(value) => value.to_string(),
                None => return why_not("a part of it is given by something else"),
            }
        }
        Is::Template(_) | Is::Reference(_) | Is::Unknown => {
            return why_not("it is given by something else");
        }
        _ => return Vec::new(),
    };
    if has_parts(configuration, api) {
        return why_not("methods are made apart from it, too");
    }
    // The words of a problem name the place of the text, if it has lines at all.
    let lines = matches!(body.is, Is::Text(_)) && body.spread;
    let moved = |problem: &Problem| put(problem, place, lines);
    match Body::parse(&text, Path::new(&*place.file), limits) {
        Ok(read) if read.warnings.is_empty() => {
            let words = format!("{place}: {}", read.body.summary());
            vec![Finding::ok(Check::Body, words)]
        }
        Ok(read) => {
            let warnings = read.warnings.iter().map(moved);
            warnings.map(|one| bodies::unheeded(&one)).collect()
        }
        Err(error) => {
            let problems = error.0.iter().map(moved);
            problems.map(|one| bodies::refused(&one)).collect()
        }
    }
}

/// The problem at its place in the file of the resource.
fn put(problem: &Problem, place: &Place, lines: bool) -> Problem {
    let inside = problem.line.filter(|_| lines).unwrap_or(1);
    Problem {
        line: Some(place.line + inside - 1),
        column: None,
        ..problem.clone()
    }
}

/// Whether resources of their own add methods or integrations to an API.
fn has_parts(configuration: &Configuration, api: &Resource) -> bool {
    let parts = configuration
        .of(Kind::Method)
        .chain(configuration.of(Kind::Integration));
    let mut parts = parts.filter(|one| one.asks_for(&api.base));
    parts.next().is_some()
}

/// The document as JSON; none where a part of it is not told.
fn value(node: &Node) -> Option<Value> {
    Some(match &node.is {
        Is::Null => Value::Null,
        Is::Bool(flag) => (*flag).into(),
        Is::Number(text) => serde_json::from_str(text).ok()?,
        Is::Text(text) => text.as_str().into(),
        Is::List(items) => {
            let items: Option<Vec<Value>> = items.iter().map(value).collect();
            items?.into()
        }
        Is::Map(members) => {
            let members = members.iter();
            let members = members.map(|(name, node)| Some((name.clone(), value(node)?)));
            Value::Object(members.collect::<Option<_>>()?)
        }
        Is::Template(_) | Is::Reference(_) | Is::Unknown => return None,
    })
}

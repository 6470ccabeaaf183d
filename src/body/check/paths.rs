//! The paths: what API Gateway makes resources of.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::form::must_be;
use super::{checked::Checked, operation};
use crate::body::document::{is_method, operations};
use crate::body::normal;
use crate::body::{at::At, findings::Findings};
use crate::config::shown;

/// What a path item has beside operations (`OpenAPI` 3.0.3, "Path Item Object").
const BESIDE: [&str; 5] = ["summary", "description", "parameters", "servers", "$ref"];

/// API Gateway makes a resource of every part of a path, and the root.
#[derive(Default)]
struct Resources<'a> {
    /// The variable below each path, with the path that named it first.
    variables: BTreeMap<String, (&'a str, &'a str)>,
    /// Every path, whether it is in the file or leads to one.
    all: BTreeSet<String>,
}

pub(super) fn check(checked: &Checked<'_>, findings: &mut Findings) {
    let at = At::of(["paths"]);
    let root = At::default();
    let Some(paths) = checked.document.get("paths") else {
        let hint = "add `paths`, with an operation or more";
        return findings.refuse(&root, "has no paths", hint);
    };
    let Some(paths) = paths.as_object() else {
        return findings.refuse(&at, must_be("an object", paths), "");
    };
    let mut resources = Resources::default();
    let mut methods: BTreeMap<(String, &str), &str> = BTreeMap::new();
    let mut operation_ids: BTreeSet<&str> = BTreeSet::new();
    for (path, item) in paths.iter().filter(|(path, _)| !path.starts_with("x-")) {
        let at = at.key(path);
        name(&at, path, findings);
        if path.starts_with('/') {
            resources.add(&at, path, findings);
        }
        if !item.is_object() {
            if !findings.is_refused(&at) {
                let hint = "give it an operation or more, as in `get:`";
                findings.refuse(&at, "must be an object", hint);
            }
            continue;
        }
        beside(&at, item, findings);
        let variables: BTreeSet<&str> = normal::parts(path).filter_map(variable).collect();
        for (key, operation) in operations(item) {
            let at = at.key(key);
            if let Some(other) = methods.insert((normal::path(path), key), path) {
                let message = format!(
                    "{} has it already: slashes at the end and doubled ones are dropped",
                    shown(other)
                );
                findings.refuse(&at, message, "keep one of the two");
            }
            let id = operation["operationId"].as_str();
            if id.is_some_and(|id| !operation_ids.insert(id)) {
                let message = "operationIds are there twice; generated clients want them once";
                findings.warn(&at.key("operationId"), message, "give each its own");
            }
            operation::check(checked, &at, item, operation, &variables, findings);
        }
    }
    // The root is one of them.
    let count = resources.all.len() + 1;
    let most = checked.limits.resources;
    if count > most {
        let message = format!(
            "{count} resources are more than the {most} of the quota: every part of a path is one"
        );
        let hint = "let {proxy+} take what is below; if your account's quota is raised, say so in the configuration: api = { …, resources = <number> }";
        findings.refuse(&at, message, hint);
    }
    if methods.is_empty() && !findings.refuses() {
        let hint = "API Gateway deploys only what has a method; add one";
        findings.refuse(&root, "has no operations", hint);
    }
}

impl<'a> Resources<'a> {
    fn add(&mut self, at: &At, path: &'a str, findings: &mut Findings) {
        let mut so_far = String::new();
        for part in normal::parts(path) {
            if part.starts_with('{') {
                let (other, first) = *self.variables.entry(so_far.clone()).or_insert((part, path));
                if other != part {
                    // "A sibling … already has a variable path part -- only one is
                    // allowed": reported in public for imports, observed for {proxy+}.
                    let message = format!(
                        "`{}` stands where `{}` stands in {}: API Gateway takes one variable there",
                        shown(part),
                        shown(other),
                        shown(first)
                    );
                    let hint = if part.ends_with("+}") || other.ends_with("+}") {
                        "keep one: {proxy+} takes what the other would"
                    } else {
                        "name both alike"
                    };
                    findings.refuse(at, message, hint);
                }
            }
            so_far = format!("{so_far}/{part}");
            self.all.insert(so_far.clone());
        }
    }
}

/// The name of the variable that a part is.
fn variable(part: &str) -> Option<&str> {
    let inside = part.strip_prefix('{')?.strip_suffix('}')?;
    // `{a}-{b}` is two of them.
    if inside.contains('}') && inside.contains('{') && !inside.starts_with('{') {
        return None;
    }
    Some(inside.strip_suffix('+').unwrap_or(inside))
}

/// Guide, "important notes": letters, digits, underscores, hyphens, periods,
/// commas and colons; a variable is a part of its own, and a greedy one is last.
fn name(at: &At, path: &str, findings: &mut Findings) {
    if !path.starts_with('/') {
        return findings.refuse(at, "does not begin with `/`", "begin paths with `/`");
    }
    let parts: Vec<&str> = normal::parts(path).collect();
    let mut names = BTreeSet::new();
    for (index, part) in parts.iter().enumerate() {
        let literal = |letter: char| letter.is_ascii_alphanumeric() || "_-.,:".contains(letter);
        let word = |letter: char| letter.is_ascii_alphanumeric() || "_-.".contains(letter);
        let Some(name) = variable(part) else {
            if part.contains(['{', '}']) {
                let message = format!("`{}` is a variable only in part", shown(part));
                let hint = "let a variable be all between two slashes, and take it apart in the application";
                return findings.refuse(at, message, hint);
            }
            if let Some(odd) = part.chars().find(|letter| !literal(*letter)) {
                let message = format!("`{}` may not be in a path", shown(&odd.to_string()));
                let hint = "letters, digits and `_-.,:` may; variables are written {name}";
                return findings.refuse(at, message, hint);
            }
            if let Some(name) = part.strip_prefix(':') {
                let message = format!("`{}` is plain text here, not a variable", shown(part));
                findings.warn(at, message, format!("write {{{}}}", shown(name)));
            }
            continue;
        };
        if name.is_empty() || !name.chars().all(word) {
            let message = format!("`{}` is no variable", shown(part));
            return findings.refuse(
                at,
                message,
                "name it with letters, digits and `_-.`, as in {id}",
            );
        }
        if part.ends_with("+}") && index + 1 < parts.len() {
            let message = format!("`{}` takes all that follows, and so is last", shown(part));
            return findings.refuse(
                at,
                message,
                "take away what is behind it, or write {name} without +",
            );
        }
        if !names.insert(name) {
            let message = format!("`{{{}}}` is there twice", shown(name));
            return findings.refuse(at, message, "give the two variables names of their own");
        }
    }
    if matches!(parts.first(), Some(&("ping" | "sping"))) {
        // Guide, "important notes".
        let message = "API Gateway answers /ping and /sping itself: this is never reached under a domain name";
        findings.warn(at, message, "name it otherwise");
    }
}

/// What stands in a path item and is no operation.
fn beside(at: &At, item: &Value, findings: &mut Findings) {
    for key in item.as_object().into_iter().flatten().map(|(key, _)| key) {
        if is_method(key) || BESIDE.contains(&key.as_str()) || key.starts_with("x-") {
            continue;
        }
        let at = at.key(key);
        let small = key.to_ascii_lowercase();
        let (message, hint) = if key == "trace" {
            ("API Gateway has no such method", "take it out")
        } else if is_method(&small) {
            (
                "methods are in small letters, and this one is passed over",
                "write it in small letters",
            )
        } else if small == "any" {
            (
                "is no method of OpenAPI",
                "write x-amazon-apigateway-any-method",
            )
        } else if key == "security" {
            (
                "API Gateway reads it in operations only: these would be open",
                "move it into each operation",
            )
        } else {
            ("is no method of OpenAPI", "take it out")
        };
        findings.refuse(&at, message, hint);
    }
}

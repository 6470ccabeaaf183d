//! A body as API Gateway keeps it: variables filled in, paths in one spelling.

use serde_json::{Map, Value};

use super::document::{AUTH, INTEGRATION, PARAMETERS, is_method, names_a_scheme};
use crate::aws::Partition;

/// The one variable that is filled in late: the account is known after the first call.
pub(super) const ACCOUNT: &str = "${AWS::AccountId}";

/// Fills in what the region tells. API Gateway resolves `AWS::Region`,
/// `AWS::Partition` and `AWS::AccountId` itself (developer guide, "AWS variables
/// for `OpenAPI` import"), but reports what it resolved, and so does not read
/// back as it was sent. `AWS::URLSuffix` is `CloudFormation`'s, and files have it.
pub(super) fn fill(document: &mut Value, region: &str) {
    let partition = Partition::of(region);
    let known = [
        ("${AWS::Region}", region),
        ("${AWS::Partition}", partition.id()),
        ("${AWS::URLSuffix}", partition.dns_suffix()),
    ];
    replace(document, &known);
}

/// Fills in the account.
pub(super) fn fill_account(document: &mut Value, account: &str) {
    replace(document, &[(ACCOUNT, account)]);
}

fn replace(value: &mut Value, known: &[(&str, &str)]) {
    match value {
        Value::String(text) if text.contains("${AWS::") => {
            for (variable, filling) in known {
                *text = text.replace(variable, filling);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| replace(item, known)),
        Value::Object(members) => members
            .values_mut()
            .for_each(|member| replace(member, known)),
        _ => {}
    }
}

/// The parts of a path: slashes at the end and doubled ones make none.
pub(super) fn parts(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter(|part| !part.is_empty())
}

/// A path as API Gateway keeps it: without a slash at the end, and without
/// empty parts (observed: `/items/` is kept as `/items`).
pub(super) fn path(path: &str) -> String {
    let parts: Vec<&str> = parts(path).collect();
    format!("/{}", parts.join("/"))
}

/// Brings what has several spellings into one. For a checked document.
pub(super) fn document(document: &mut Value) {
    if let Some(version) = document.pointer_mut("/info/version") {
        to_text(version);
    }
    let Some(Value::Object(paths)) = document.get_mut("paths") else {
        return;
    };
    let mut normal = Map::new();
    for (name, item) in std::mem::take(paths) {
        let name = if name.starts_with('/') {
            path(&name)
        } else {
            name
        };
        match normal.get_mut(&name) {
            Some(known) => merge(known, item),
            None => {
                normal.insert(name, item);
            }
        }
    }
    for item in normal.values_mut() {
        let operations = item.as_object_mut().into_iter().flatten();
        for (_, operation) in operations {
            statuses(operation);
        }
    }
    *paths = normal;
    guard(document);
}

/// Writes `security` of the document into each operation that says nothing of its
/// own, as `OpenAPI` means it: whether API Gateway uses it where it stands is told
/// both ways (`docs/design/0020-security-at-the-top.md`).
fn guard(document: &mut Value) {
    let asked = document["security"].clone();
    if !names_a_scheme(&asked) {
        return;
    }
    let paths = document["paths"].as_object_mut().into_iter().flatten();
    for (_, item) in paths.filter(|(path, _)| path.starts_with('/')) {
        let members = item.as_object_mut().into_iter().flatten();
        for (_, operation) in members.filter(|(name, _)| is_method(name)) {
            if let Some(operation) = operation.as_object_mut()
                && !operation.contains_key(AUTH)
            {
                operation.entry("security").or_insert_with(|| asked.clone());
            }
        }
    }
}

/// Adds the operations of a path item to those of the same path spelt otherwise.
/// Parameters of the whole path go to the operations they were written for.
fn merge(known: &mut Value, other: Value) {
    own_parameters(known);
    let mut other = other;
    own_parameters(&mut other);
    if let (Value::Object(known), Value::Object(other)) = (known, other) {
        for (name, value) in other {
            known.entry(name).or_insert(value);
        }
    }
}

fn own_parameters(item: &mut Value) {
    let Some(item) = item.as_object_mut() else {
        return;
    };
    let Some(Value::Array(shared)) = item.remove(PARAMETERS) else {
        return;
    };
    for (name, operation) in item.iter_mut() {
        let Some(operation) = operation.as_object_mut() else {
            continue;
        };
        if is_method(name) {
            let own = operation
                .entry(PARAMETERS)
                .or_insert_with(|| Value::Array(Vec::new()));
            if let Value::Array(own) = own {
                own.extend(shared.iter().cloned());
            }
        }
    }
}

/// YAML reads `statusCode: 200` as a number; API Gateway's field is text.
fn statuses(operation: &mut Value) {
    let integration = operation.get_mut(INTEGRATION);
    let responses = integration.and_then(|one| one.get_mut("responses"));
    let responses = responses.and_then(Value::as_object_mut);
    for response in responses.into_iter().flat_map(|all| all.values_mut()) {
        if let Some(status) = response.get_mut("statusCode") {
            to_text(status);
        }
    }
}

fn to_text(value: &mut Value) {
    if value.is_number() {
        *value = Value::String(value.to_string());
    }
}

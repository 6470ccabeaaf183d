//! The policies of a configuration as documents: texts, objects, and
//! Terraform's blocks.

use serde_json::Value;

use super::{
    document,
    kind::Kind,
    model::{Configuration, Is, Node, Part, Reference, Resource},
};

/// Stand around the number of a reference inside of a text that is read as JSON.
const OPEN: char = '\u{e000}';
const CLOSE: char = '\u{e001}';

/// A policy as a tree.
pub enum Document {
    /// It is told in full, but for what references give.
    Read(Node),
    /// It is a text, and no JSON: the line and the words.
    Broken(usize, String),
    /// The files do not tell.
    Unknown,
}

/// The document that an attribute is.
pub fn read(configuration: &Configuration, attribute: &Node) -> Document {
    match &attribute.is {
        Is::Map(_) => Document::Read(attribute.clone()),
        Is::Text(text) => match parsed(attribute, text) {
            Ok(node) => Document::Read(node),
            Err((line, words)) => Document::Broken(line, words),
        },
        Is::Template(parts) => templated(attribute, parts),
        Is::Reference(reference) => match configuration.target(reference) {
            Some(blocks) if blocks.kind == Kind::PolicyDocument => of_blocks(blocks),
            _ => Document::Unknown,
        },
        _ => Document::Unknown,
    }
}

fn parsed(attribute: &Node, text: &str) -> Result<Node, document::Refusal> {
    let before = attribute.at.line.saturating_sub(1);
    let mut node = document::json(text, &attribute.at.file, before)?;
    if !attribute.spread {
        put_at(&mut node, attribute.at.line);
    }
    Ok(node)
}

/// Gives everything one line: that of a text without lines of its own.
fn put_at(node: &mut Node, line: usize) {
    node.at.line = line;
    match &mut node.is {
        Is::List(items) => items.iter_mut().for_each(|item| put_at(item, line)),
        Is::Map(members) => members
            .iter_mut()
            .for_each(|(_, value)| put_at(value, line)),
        _ => {}
    }
}

/// A text with holes. Where what fills them is a part of a text, it is read;
/// where it may be anything, the document is not known.
fn templated(attribute: &Node, parts: &[Part]) -> Document {
    let mut text = String::new();
    let mut holes = Vec::new();
    for part in parts {
        match part {
            Part::Text(more) => text.push_str(more),
            Part::Hole(hole) => {
                text.push(OPEN);
                text.push_str(&holes.len().to_string());
                text.push(CLOSE);
                holes.push(hole.clone());
            }
        }
    }
    match parsed(attribute, &text) {
        Ok(mut node) => {
            fill(&mut node, &holes);
            Document::Read(node)
        }
        Err(_) => Document::Unknown,
    }
}

/// Puts the references back into the texts.
fn fill(node: &mut Node, holes: &[Option<Reference>]) {
    match &mut node.is {
        Is::Text(text) if text.contains(OPEN) => node.is = filled(text, holes),
        Is::List(items) => items.iter_mut().for_each(|item| fill(item, holes)),
        Is::Map(members) => members.iter_mut().for_each(|(_, value)| fill(value, holes)),
        _ => {}
    }
}

fn filled(text: &str, holes: &[Option<Reference>]) -> Is {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(OPEN) {
        let Some((number, behind)) = after.split_once(CLOSE) else {
            break;
        };
        if !before.is_empty() {
            parts.push(Part::Text(before.to_owned()));
        }
        let hole = number
            .parse::<usize>()
            .ok()
            .and_then(|index| holes.get(index));
        parts.push(Part::Hole(hole.cloned().flatten()));
        rest = behind;
    }
    if !rest.is_empty() {
        parts.push(Part::Text(rest.to_owned()));
    }
    match parts.as_slice() {
        [Part::Hole(Some(reference))] => Is::Reference(reference.clone()),
        [Part::Hole(None)] => Is::Unknown,
        _ => Is::Template(parts),
    }
}

/// `data "aws_iam_policy_document"`: a `statement` block is a statement, a
/// `condition` block one key under one operator.
pub fn of_blocks(blocks: &Resource) -> Document {
    let merged = [
        "source_policy_documents",
        "override_policy_documents",
        "source_json",
        "override_json",
    ];
    if merged.iter().any(|name| blocks.get(name).is_some()) {
        return Document::Unknown;
    }
    // A plan may have the document itself.
    if let Some(json) = blocks.get("json")
        && let Some(text) = json.text()
        && let Ok(node) = document::json(&text, &json.at.file, 0)
    {
        let mut node = node;
        put_at(&mut node, json.at.line);
        return Document::Read(node);
    }
    let Some(statements) = blocks.get("statement") else {
        return Document::Unknown;
    };
    let at = &blocks.at;
    let mut all = Vec::new();
    for block in statements.items() {
        if !matches!(block.is, Is::Map(_)) {
            return Document::Unknown;
        }
        all.push(statement(block));
    }
    let version = Node::new(at, Is::Text("2012-10-17".to_owned()));
    Document::Read(Node::new(
        at,
        Is::Map(vec![
            ("Version".to_owned(), version),
            ("Statement".to_owned(), Node::new(at, Is::List(all))),
        ]),
    ))
}

fn statement(block: &Node) -> Node {
    let at = &block.at;
    let mut members = Vec::new();
    let effect = block.get("effect").cloned();
    let allow = || Node::new(at, Is::Text("Allow".to_owned()));
    members.push(("Effect".to_owned(), effect.unwrap_or_else(allow)));
    for (from, to) in [
        ("sid", "Sid"),
        ("actions", "Action"),
        ("not_actions", "NotAction"),
        ("resources", "Resource"),
        ("not_resources", "NotResource"),
    ] {
        if let Some(value) = block.get(from) {
            members.push((to.to_owned(), value.clone()));
        }
    }
    for (from, to) in [
        ("principals", "Principal"),
        ("not_principals", "NotPrincipal"),
    ] {
        let Some(found) = block.get(from) else {
            continue;
        };
        let mut by_type: Vec<(String, Node)> = Vec::new();
        for one in found.items() {
            let word = one.get("type").and_then(Node::text).unwrap_or_default();
            let ids = one.get("identifiers").cloned();
            by_type.push((
                word.into_owned(),
                ids.unwrap_or_else(|| Node::new(at, Is::Unknown)),
            ));
        }
        // `type = "*"` is everybody (provider documentation).
        let node = match by_type.as_slice() {
            [(word, ids)] if word == "*" => ids.clone(),
            _ => Node::new(&found.at, Is::Map(by_type)),
        };
        members.push((to.to_owned(), node));
    }
    if let Some(conditions) = block.get("condition") {
        members.push(("Condition".to_owned(), condition(conditions)));
    }
    Node::new(at, Is::Map(members))
}

fn condition(conditions: &Node) -> Node {
    let mut tests: Vec<(String, Node)> = Vec::new();
    for one in conditions.items() {
        let word = |name: &str| one.get(name).and_then(Node::text);
        let (Some(test), Some(key)) = (word("test"), word("variable")) else {
            // A `dynamic` block: there is a condition, and it is not known.
            return Node::new(&conditions.at, Is::Unknown);
        };
        let values = one.get("values").cloned();
        let values = values.unwrap_or_else(|| Node::new(&one.at, Is::Unknown));
        let index = tests
            .iter()
            .position(|(known, _)| *known == test)
            .unwrap_or_else(|| {
                tests.push((test.into_owned(), Node::new(&one.at, Is::Map(Vec::new()))));
                tests.len() - 1
            });
        if let Is::Map(keys) = &mut tests[index].1.is {
            keys.push((key.into_owned(), values));
        }
    }
    Node::new(&conditions.at, Is::Map(tests))
}

/// The statements of a document.
pub fn statements(document: &Node) -> Vec<&Node> {
    document
        .get("Statement")
        .map(Node::items)
        .unwrap_or_default()
}

/// The conditions of a statement: operator, key, and its values.
pub fn tests(statement: &Node) -> Vec<(&str, &str, Vec<&Node>)> {
    let block = statement
        .get("Condition")
        .map(Node::members)
        .unwrap_or_default();
    let tests = block.iter().flat_map(|(operator, keys)| {
        let keys = keys.members().iter();
        keys.map(move |(key, values)| (operator.as_str(), key.as_str(), values.items()))
    });
    tests.collect()
}

/// The document as plain JSON. `named` gives the text that stands for a
/// reference; none where the document depends on what is not known.
pub fn plain(node: &Node, named: &dyn Fn(&Reference) -> Option<String>) -> Option<Value> {
    Some(match &node.is {
        Is::Null => Value::Null,
        Is::Bool(flag) => (*flag).into(),
        Is::Number(text) | Is::Text(text) => text.as_str().into(),
        Is::Reference(reference) => named(reference)?.into(),
        Is::Template(parts) => {
            let mut text = String::new();
            for part in parts {
                match part {
                    Part::Text(more) => text.push_str(more),
                    Part::Hole(hole) => text.push_str(&named(hole.as_ref()?)?),
                }
            }
            text.into()
        }
        Is::List(items) => {
            let items: Option<Vec<Value>> = items.iter().map(|item| plain(item, named)).collect();
            items?.into()
        }
        Is::Map(members) => {
            let members = members
                .iter()
                .map(|(key, value)| Some((key.clone(), plain(value, named)?)));
            Value::Object(members.collect::<Option<_>>()?)
        }
        Is::Unknown => return None,
    })
}

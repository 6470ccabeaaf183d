//! Terraform: `.tf`, `.tf.json`, and what `terraform show -json` writes.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use hcl_edit::{
    Span,
    structure::{Block, Body, Structure},
};

use self::evaluate::{Lines, Scope, Written, each};
use super::{
    document::Refusal,
    kind::Kind,
    model::{Configuration, Is, Language, Node, Place, Reference, Resource},
};

mod evaluate;
mod mentions;
mod newlines;
pub mod shown;
pub mod values;

use mentions::Found;
use values::Values;

/// A file of a configuration, parsed.
pub enum File {
    /// In Terraform's own syntax.
    Hcl(Body, Arc<Lines>),
    /// In JSON.
    Json(Node),
}

/// Files of a folder that were not given: Terraform takes them all together.
pub struct LeftOut {
    /// Which, in words.
    pub why: String,
    /// What they declare; none: one of them cannot be read.
    pub declared: Option<BTreeSet<String>>,
}

impl File {
    /// Reads Terraform's own syntax.
    ///
    /// # Errors
    ///
    /// It does not parse.
    pub fn hcl(text: &str, file: &Arc<str>) -> Result<Self, Refusal> {
        let parsed = hcl_edit::parser::parse_body(text);
        let parsed = parsed.or_else(|error| {
            let again = newlines::joined(text);
            let again = again.map(|text| hcl_edit::parser::parse_body(&text));
            again.unwrap_or(Err(error))
        });
        let body = parsed.map_err(|error| {
            let said = format!("not valid HCL: {}", error.message());
            (error.location().line(), said)
        })?;
        Ok(Self::Hcl(body, Arc::new(Lines::of(text, file))))
    }
}

/// What is in a block, before its values are known.
enum Content<'a> {
    Hcl(&'a Block, &'a Arc<Lines>),
    Json(Node),
}

/// A block at the top of a file: `resource "aws_lb" "x" { … }`.
struct Top {
    word: String,
    labels: Vec<String>,
    at: Place,
    /// Its attributes and blocks by name, each with the names that hold inside.
    parts: Vec<Piece>,
}

/// An attribute somewhere inside of a block.
struct Piece {
    /// The dotted names of the blocks around it, and its own.
    path: Vec<String>,
    written: Written,
    inside: Vec<String>,
}

/// What these files say together, with variables that are set so.
pub fn configuration(
    files: &[File],
    name: String,
    left_out: Option<LeftOut>,
    values: &Values,
) -> Configuration {
    let mut made = Configuration::new(Language::Terraform, name);
    made.partial = left_out.is_some();
    if let Some(left_out) = left_out {
        made.open = Some(left_out.why);
        made.elsewhere = left_out.declared;
    }
    let mut scope = Scope::default();
    let mut tops: Vec<(Top, Content<'_>)> = Vec::new();
    for file in files {
        match file {
            File::Hcl(body, lines) => {
                let blocks = body.blocks();
                tops.extend(blocks.map(|block| (top(block, lines), Content::Hcl(block, lines))));
            }
            File::Json(node) => {
                let found = tops_of_json(node).into_iter();
                tops.extend(found.map(|(top, node)| (top, Content::Json(node))));
            }
        }
    }
    // Names first: a block may use what another file declares.
    for (top, _) in &tops {
        declare(top, &mut scope, &mut made);
    }
    values.set(&mut scope);
    for (top, parsed) in tops {
        let node = match parsed {
            Content::Hcl(block, lines) => content(&block.body, &scope, lines, &top.at),
            Content::Json(node) => scope.json(&node),
        };
        take(top, node, &scope, &mut made);
    }
    made
}

fn top(block: &Block, lines: &Arc<Lines>) -> Top {
    let mut parts = Vec::new();
    pieces(
        &block.body,
        &mut Vec::new(),
        &mut Vec::new(),
        lines,
        &mut parts,
    );
    let labels = block.labels.iter().map(|label| label.as_str().to_owned());
    Top {
        word: block.ident.as_str().to_owned(),
        labels: labels.collect(),
        at: lines.place(block.span()),
        parts,
    }
}

fn pieces(
    body: &Body,
    path: &mut Vec<String>,
    inside: &mut Vec<String>,
    lines: &Arc<Lines>,
    all: &mut Vec<Piece>,
) {
    for structure in body {
        match structure {
            Structure::Attribute(attribute) => {
                let name = attribute.key.as_str();
                let path = path.iter().map(String::as_str).chain([name]);
                all.push(Piece {
                    path: path.map(str::to_owned).collect(),
                    written: Written::Hcl(attribute.value.clone(), Arc::clone(lines)),
                    inside: inside.clone(),
                });
            }
            Structure::Block(block) => {
                let (before, names) = (path.len(), inside.len());
                match (block.ident.as_str(), block.labels.first()) {
                    // `dynamic "x"` stands for blocks `x`; inside, `x` is the iterator.
                    ("dynamic", Some(label)) => {
                        path.push(label.as_str().to_owned());
                        let iterator = block.body.get_attribute("iterator");
                        let iterator = iterator.and_then(|one| one.value.as_variable());
                        let iterator = iterator.map_or(label.as_str(), |one| one.as_str());
                        inside.push(iterator.to_owned());
                    }
                    ("content", _) if !inside.is_empty() => {}
                    (name, _) => path.push(name.to_owned()),
                }
                pieces(&block.body, path, inside, lines, all);
                path.truncate(before);
                inside.truncate(names);
            }
        }
    }
}

/// A block as a map. Blocks inside of it are lists under their name.
fn content(body: &Body, scope: &Scope, lines: &Lines, at: &Place) -> Node {
    let mut members: Vec<(String, Node)> = Vec::new();
    for structure in body {
        match structure {
            Structure::Attribute(attribute) => {
                let mut node = scope.node(&attribute.value, lines);
                if !node.spread {
                    node.at = lines.place(attribute.span());
                }
                members.push((attribute.key.as_str().to_owned(), node));
            }
            Structure::Block(block) => {
                let at = lines.place(block.span());
                let (name, node) = match (block.ident.as_str(), block.labels.first()) {
                    ("dynamic", Some(label)) => (label.as_str(), Node::new(&at, Is::Unknown)),
                    (name, _) => (name, content(&block.body, scope, lines, &at)),
                };
                let listed = members.iter_mut().find(|(known, _)| known == name);
                if let Some((
                    _,
                    Node {
                        is: Is::List(items),
                        ..
                    },
                )) = listed
                {
                    items.push(node);
                } else {
                    let list = Node::new(&at, Is::List(vec![node]));
                    members.push((name.to_owned(), list));
                }
            }
        }
    }
    Node::new(at, Is::Map(members))
}

/// The blocks of Terraform's JSON, with their content.
fn tops_of_json(root: &Node) -> Vec<(Top, Node)> {
    let mut all = Vec::new();
    for (word, value) in root.members() {
        let labels = match word.as_str() {
            "resource" | "data" | "ephemeral" => 2,
            "module" | "variable" | "output" | "provider" | "check" => 1,
            "locals" | "terraform" => 0,
            _ => continue,
        };
        labelled(word, value, labels, &mut Vec::new(), &mut all);
    }
    all
}

fn labelled(
    word: &str,
    node: &Node,
    left: usize,
    labels: &mut Vec<String>,
    all: &mut Vec<(Top, Node)>,
) {
    for node in node.items() {
        if left == 0 {
            let parts = node.members().iter().map(|(name, value)| Piece {
                path: vec![name.clone()],
                written: Written::Json(value.clone()),
                inside: Vec::new(),
            });
            let top = Top {
                word: word.to_owned(),
                labels: labels.clone(),
                at: node.at.clone(),
                parts: parts.collect(),
            };
            all.push((top, node.clone()));
            continue;
        }
        for (label, value) in node.members().iter().filter(|(label, _)| label != "//") {
            labels.push(label.clone());
            labelled(word, value, left - 1, labels, all);
            labels.pop();
        }
    }
}

/// Notes what a block declares.
fn declare(top: &Top, scope: &mut Scope, made: &mut Configuration) {
    let own = |name: &str| {
        let mut parts = top.parts.iter();
        parts
            .find(|one| one.path.len() == 1 && one.path[0] == name)
            .map(|one| one.written.clone())
    };
    match (top.word.as_str(), top.labels.as_slice()) {
        ("resource", [kind, name]) => {
            made.declared.insert(format!("{kind}.{name}"));
        }
        (word @ ("data" | "ephemeral" | "action"), [kind, name]) => {
            made.declared.insert(format!("{word}.{kind}.{name}"));
        }
        ("module", [name]) => {
            made.declared.insert(format!("module.{name}"));
        }
        ("variable", [name]) => {
            made.declared.insert(format!("var.{name}"));
            if let Some(default) = own("default") {
                scope.variables.insert(name.clone(), default);
            }
        }
        ("locals", _) => {
            for part in top.parts.iter().filter(|part| part.path.len() == 1) {
                made.declared.insert(format!("local.{}", part.path[0]));
                scope
                    .locals
                    .insert(part.path[0].clone(), part.written.clone());
            }
        }
        // Something that is looked up for a check alone.
        ("check", _) => {
            made.open = Some("a check block looks things up for itself".to_owned());
            made.elsewhere = None;
        }
        _ => {}
    }
}

/// Takes what a block says.
fn take(top: Top, node: Node, scope: &Scope, made: &mut Configuration) {
    let is_data = top.word == "data";
    match (top.word.as_str(), top.labels.as_slice()) {
        ("resource" | "data", [kind, name]) => {
            let prefix = if is_data { "data." } else { "" };
            let address = format!("{prefix}{kind}.{name}");
            note_references(&top, made);
            let mentions = mentions(&top, scope);
            if let Some(region) = region_of(&node) {
                made.regions.insert(region);
            }
            made.add(Resource {
                kind: Kind::of_terraform(kind),
                base: address.clone(),
                address,
                at: top.at,
                attributes: node,
                mentions,
                looked_up: is_data,
            });
        }
        ("module", [name]) => {
            note_references(&top, made);
            let all = mentions(&top, scope).into_values().flatten();
            made.passed.extend(all.map(|reference| reference.to));
            made.unread.push(format!("module.{name}"));
        }
        ("provider", [name]) if name == "aws" => {
            if let Some(region) = node.get("region").and_then(Node::text) {
                made.regions.insert(region.into_owned());
            }
            note_references(&top, made);
        }
        ("terraform", _) => {
            let version = node.get("required_providers.aws.version");
            made.provider = version.and_then(Node::text).map(|text| text.into_owned());
        }
        ("output" | "locals" | "provider" | "ephemeral", _) => note_references(&top, made),
        _ => {}
    }
}

fn mentions(top: &Top, scope: &Scope) -> BTreeMap<String, Vec<Reference>> {
    let mut all: BTreeMap<String, Vec<Reference>> = BTreeMap::new();
    for part in &top.parts {
        let found = scope.mentions(&part.written, &part.inside);
        all.entry(part.path[0].clone()).or_default().extend(found);
    }
    all
}

/// Notes each reference with its place. Arguments of Terraform itself name
/// attributes and providers, and are no references.
fn note_references(top: &Top, made: &mut Configuration) {
    for part in &top.parts {
        let path: Vec<&str> = part.path.iter().map(String::as_str).collect();
        if matches!(
            path.as_slice(),
            ["provider" | "providers"]
                | ["lifecycle", "ignore_changes"]
                | ["lifecycle", "action_trigger", "events"]
                | ["provisioner", "when" | "on_failure"]
                | [.., "iterator"]
        ) {
            continue;
        }
        let at = |span| match &part.written {
            Written::Hcl(_, lines) => lines.place(span),
            Written::Json(node) => node.at.clone(),
        };
        each(&part.written, &part.inside, &mut |found| match found {
            Found::Reference(reference, span) => made.references.push((reference, at(span))),
            Found::Bare(word, span) => made.bare.push((word, at(span))),
        });
    }
}

/// The region that the name of an endpoint service holds:
/// `com.amazonaws.us-east-1.execute-api`.
pub fn region_of(attributes: &Node) -> Option<String> {
    let name = attributes.get("service_name")?.text()?;
    let rest = name.split_once("com.amazonaws.")?.1;
    let (region, _) = rest.split_once('.')?;
    Some(region.to_owned())
}

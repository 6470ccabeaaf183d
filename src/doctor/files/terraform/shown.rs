//! What `terraform show -json` says of a plan or a state.
//!
//! `HashiCorp`, "JSON output format": values that are not known before `apply` are
//! left out of `planned_values`; what they refer to is in `configuration`.

use std::collections::BTreeMap;

use super::{
    super::{
        kind::Kind,
        model::{Configuration, Is, Language, Node, Reference, Resource},
    },
    region_of,
};

/// Modules in modules, as far as anybody writes them.
const DEEPEST: usize = 32;

/// What a document says.
pub fn configuration(document: &Node, name: String) -> Configuration {
    let mut made = Configuration::new(Language::Shown, name);
    let values = document
        .get("planned_values")
        .or_else(|| document.get("values"));
    let mut written = BTreeMap::new();
    if let Some(root) = document.get("configuration.root_module") {
        expressions(root, "", &mut written, DEEPEST);
    }
    if let Some(providers) = document.get("configuration.provider_config") {
        for (_, provider) in providers.members() {
            let region = provider.get("expressions.region.constant_value");
            let is_aws = provider.get("name").and_then(Node::text).as_deref() == Some("aws");
            if let Some(region) = region.and_then(Node::text).filter(|_| is_aws) {
                made.regions.insert(region.into_owned());
            }
        }
    }
    if let Some(root) = values.and_then(|values| values.get("root_module")) {
        module(root, &written, &mut made, DEEPEST);
    }
    made
}

/// The expressions of each resource of a module, by the resource's address
/// without indexes.
fn expressions<'a>(
    module: &'a Node,
    prefix: &str,
    written: &mut BTreeMap<String, (&'a Node, String)>,
    left: usize,
) {
    for resource in listed(module, "resources") {
        let Some(address) = resource.get("address").and_then(Node::text) else {
            continue;
        };
        if let Some(found) = resource.get("expressions") {
            written.insert(format!("{prefix}{address}"), (found, prefix.to_owned()));
        }
    }
    let Some(calls) = module.get("module_calls").filter(|_| left > 0) else {
        return;
    };
    for (name, call) in calls.members() {
        if let Some(inner) = call.get("module") {
            expressions(inner, &format!("{prefix}module.{name}."), written, left - 1);
        }
    }
}

fn listed<'a>(node: &'a Node, name: &str) -> Vec<&'a Node> {
    node.get(name).map(Node::items).unwrap_or_default()
}

fn module(
    module_: &Node,
    written: &BTreeMap<String, (&Node, String)>,
    made: &mut Configuration,
    left: usize,
) {
    for resource in listed(module_, "resources") {
        let word = |name: &str| resource.get(name).and_then(Node::text);
        let (Some(address), Some(kind)) = (word("address"), word("type")) else {
            continue;
        };
        let base = without_indexes(&address);
        let mut attributes = resource
            .get("values")
            .cloned()
            .unwrap_or_else(|| Node::new(&resource.at, Is::Map(Vec::new())));
        let mut mentions = BTreeMap::new();
        if let Some((found, prefix)) = written.get(&base) {
            overlay(&mut attributes, found, prefix);
            for (name, expression) in found.members() {
                let mut all = Vec::new();
                references(expression, prefix, &mut all);
                mentions.insert(name.clone(), all);
            }
        }
        made.declared.insert(base.clone());
        made.regions.extend(region_of(&attributes));
        made.add(Resource {
            kind: Kind::of_terraform(&kind),
            address: address.into_owned(),
            base,
            at: resource.at.clone(),
            attributes,
            mentions,
            looked_up: word("mode").as_deref() == Some("data"),
        });
    }
    if left > 0 {
        for child in listed(module_, "child_modules") {
            module(child, written, made, left - 1);
        }
    }
}

/// Fills in what only `apply` will know: what it refers to, or that it is unknown.
fn overlay(values: &mut Node, found: &Node, prefix: &str) {
    let at = values.at.clone();
    let Is::Map(members) = &mut values.is else {
        return;
    };
    for (name, expression) in found.members() {
        let blocks = expression.items();
        let is_expression =
            |node: &Node| node.get("references").is_some() || node.get("constant_value").is_some();
        let known = members.iter_mut().find(|(known, _)| known == name);
        let known = known.map(|(_, node)| node);
        if blocks.iter().all(|block| is_expression(block)) && !blocks.is_empty() {
            let told = known.as_ref().is_some_and(|node| {
                !matches!(&node.is, Is::Null)
                    && !matches!(&node.is, Is::List(items) if items.is_empty())
            });
            if !told && let Some(is) = referred(blocks[0], prefix) {
                let node = Node::new(&at, is);
                match known {
                    Some(place) => *place = node,
                    None => members.push((name.clone(), node)),
                }
            }
            continue;
        }
        // Nested blocks: as many as there are expressions for, in their order.
        if let Some(Node {
            is: Is::List(items),
            ..
        }) = known
        {
            for (item, block) in items.iter_mut().zip(blocks) {
                overlay(item, block, prefix);
            }
        }
    }
}

/// What an expression without a value refers to.
fn referred(expression: &Node, prefix: &str) -> Option<Is> {
    expression.get("references")?;
    let mut all = Vec::new();
    references(expression, prefix, &mut all);
    // Terraform lists `aws_lb.x.arn` and then `aws_lb.x`: one reference.
    let first = all.first()?;
    let single = all.iter().all(|one| one.to == first.to);
    Some(if single && (!first.attribute.is_empty() || first.input) {
        Is::Reference(first.clone())
    } else {
        Is::Unknown
    })
}

/// The references of an expression and of what is nested in it.
fn references(expression: &Node, prefix: &str, all: &mut Vec<Reference>) {
    for node in expression.items() {
        for (name, value) in node.members() {
            if name == "references" {
                let texts = value.items().into_iter().filter_map(Node::text);
                all.extend(texts.filter_map(|text| reference(&text, prefix)));
            } else if name != "constant_value" {
                references(value, prefix, all);
            }
        }
    }
}

/// A reference as Terraform spells it, `aws_lb.x[0].arn`.
fn reference(text: &str, prefix: &str) -> Option<Reference> {
    let text = without_indexes(text);
    let parts: Vec<&str> = text.split('.').filter(|part| !part.is_empty()).collect();
    let names = match *parts.first()? {
        "each" | "count" | "self" | "path" | "terraform" => return None,
        "data" => 3,
        _ => 2,
    };
    if parts.len() < names {
        return None;
    }
    let (to, attribute) = parts.split_at(names);
    Some(Reference {
        to: format!("{prefix}{}", to.join(".")),
        attribute: attribute.join("."),
        input: parts[0] == "var",
    })
}

/// An address without `[0]` and `["a.b"]`.
fn without_indexes(address: &str) -> String {
    let mut plain = String::with_capacity(address.len());
    let (mut inside, mut quoted) = (false, false);
    for c in address.chars() {
        match c {
            '"' if inside => quoted = !quoted,
            '[' if !quoted => inside = true,
            ']' if !quoted => inside = false,
            c if !inside => plain.push(c),
            _ => {}
        }
    }
    plain
}

//! `--set key=value`, laid over the file's tree.

use std::collections::BTreeSet;

use toml::de::{DeTable, DeValue};

use super::problem::{Refusal, refusal, shown};
use super::tree::{Entries, Node, Origin, Places, Problems, Value};

/// The keys that hold arrays: a missing one is made an array, not a table.
pub(super) type Arrays = BTreeSet<String>;

/// Lays one `--set key=value` over the tree.
pub(super) fn set(root: &mut Entries, setting: &str, arrays: &Arrays, problems: &mut Problems) {
    let Some((key, value)) = setting.split_once('=') else {
        let refused = refusal("needs a value", "write --set KEY=VALUE");
        return problems.push(Origin::Set, &shown(setting), refused);
    };
    let key = key.trim();
    let outcome = segments(key).and_then(|path| put(root, &path, set_value(value), arrays));
    if let Err(refused) = outcome {
        let named = if key.is_empty() { setting } else { key };
        problems.push(Origin::Set, &shown(named), refused);
    }
}

/// Reads a dotted key by TOML's own rules, quotes and all.
fn segments(key: &str) -> Result<Vec<String>, Refusal> {
    let refused = || {
        refusal(
            "not a key",
            "write --set KEY=VALUE, as in route.0.path=/orders",
        )
    };
    if key.chars().any(char::is_control) {
        return Err(refused());
    }
    let line = format!("{key}=0");
    let mut table = DeTable::parse(&line).map_err(|_| refused())?.into_inner();
    let mut path = Vec::new();
    while let Some((segment, value)) = table.into_iter().next() {
        path.push(segment.into_inner().into_owned());
        table = match value.into_inner() {
            DeValue::Table(inner) => inner,
            DeValue::Integer(_) => return Ok(path),
            _ => return Err(refused()),
        };
    }
    Err(refused())
}

/// The value of a `--set`: TOML if it is TOML, else the text itself.
fn set_value(text: &str) -> Node {
    let parsed = DeValue::parse(text.trim()).ok();
    let mut node = parsed.map_or_else(
        || Node {
            origin: Origin::Set,
            value: Value::String(text.to_owned()),
            raw: None,
        },
        |value| Places::new("").node(&(0..0), value.into_inner()),
    );
    mark_set(&mut node);
    if !matches!(node.value, Value::String(_)) {
        node.raw = Some(text.to_owned());
    }
    node
}

fn mark_set(node: &mut Node) {
    node.origin = Origin::Set;
    match &mut node.value {
        Value::Array(items) => items.iter_mut().for_each(mark_set),
        Value::Table(entries) => entries.values_mut().for_each(|(at, inner)| {
            *at = Origin::Set;
            mark_set(inner);
        }),
        _ => {}
    }
}

fn put(entries: &mut Entries, path: &[String], node: Node, arrays: &Arrays) -> Result<(), Refusal> {
    let Some((first, rest)) = path.split_first() else {
        return Ok(());
    };
    if rest.is_empty() {
        entries.insert(first.clone(), (Origin::Set, node));
        return Ok(());
    }
    let (_, inner) = entries
        .entry(first.clone())
        .or_insert_with(|| (Origin::Set, empty(arrays.contains(first))));
    put_into(inner, first, rest, node, arrays)
}

fn put_into(
    parent: &mut Node,
    name: &str,
    path: &[String],
    node: Node,
    arrays: &Arrays,
) -> Result<(), Refusal> {
    match &mut parent.value {
        Value::Table(entries) => put(entries, path, node, arrays),
        Value::Array(items) => put_item(items, name, path, node, arrays),
        other => Err(refusal(
            format!("`{}` is {}, not a table", shown(name), other.kind()),
            "name the key itself, without what follows it",
        )),
    }
}

fn put_item(
    items: &mut Vec<Node>,
    name: &str,
    path: &[String],
    node: Node,
    arrays: &Arrays,
) -> Result<(), Refusal> {
    let Some((index, rest)) = path.split_first() else {
        return Ok(());
    };
    let position: usize = index.parse().unwrap_or(usize::MAX);
    if position > items.len() {
        return Err(refusal(
            format!("`{}` is not an index of `{name}`", shown(index)),
            format!("count from 0; {} adds an entry", items.len()),
        ));
    }
    if position == items.len() {
        items.push(empty(false));
    }
    if rest.is_empty() {
        items[position] = node;
        return Ok(());
    }
    put_into(&mut items[position], index, rest, node, arrays)
}

fn empty(is_array: bool) -> Node {
    Node {
        origin: Origin::Set,
        value: if is_array {
            Value::Array(Vec::new())
        } else {
            Value::Table(Entries::new())
        },
        raw: None,
    }
}

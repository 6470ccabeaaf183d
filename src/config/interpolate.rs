//! `${VAR}` and `${VAR:-default}` in string values. `$${` stands for `${`.

use super::problem::{Refusal, refusal, shown};
use super::tree::{Entries, Node, Problems, Value, join};

type Env<'e> = &'e dyn Fn(&str) -> Option<String>;

/// Fills in every string below `entries`. What cannot be filled in is
/// reported and marked as broken.
pub(super) fn interpolate(entries: &mut Entries, path: &str, env: Env, problems: &mut Problems) {
    for (key, (_, node)) in entries {
        fill_node(node, &join(path, key), env, problems);
    }
}

fn fill_node(node: &mut Node, path: &str, env: Env, problems: &mut Problems) {
    match &mut node.value {
        Value::String(text) => match fill(text, env) {
            Ok(filled) => *text = filled,
            Err(refused) => {
                problems.push(node.origin, path, refused);
                node.value = Value::Broken;
            }
        },
        Value::Array(items) => {
            for (i, item) in items.iter_mut().enumerate() {
                fill_node(item, &join(path, &i.to_string()), env, problems);
            }
        }
        Value::Table(entries) => interpolate(entries, path, env, problems),
        _ => {}
    }
}

/// Fills in one string. What is filled in is not looked at again.
pub(super) fn fill(text: &str, env: Env) -> Result<String, Refusal> {
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("${") {
        if rest[..at].ends_with('$') {
            filled.push_str(&rest[..at - 1]);
            filled.push_str("${");
            rest = &rest[at + 2..];
            continue;
        }
        filled.push_str(&rest[..at]);
        let inside = &rest[at + 2..];
        let Some(end) = inside.find('}') else {
            return Err(refusal(
                format!("`${{` without `}}` in `{}`", shown(text)),
                "close it, or write `$${` for a plain `${`",
            ));
        };
        filled.push_str(&variable(&inside[..end], env)?);
        rest = &inside[end + 1..];
    }
    filled.push_str(rest);
    Ok(filled)
}

fn variable(expression: &str, env: Env) -> Result<String, Refusal> {
    let (name, default) = match expression.split_once(":-") {
        Some((name, default)) => (name, Some(default)),
        None => (expression, None),
    };
    let mut bytes = name.bytes();
    let begins_well = bytes
        .next()
        .is_some_and(|b| b.is_ascii_alphabetic() || b == b'_');
    if !begins_well || !bytes.all(|b| b.is_ascii_alphanumeric() || b == b'_') {
        return Err(refusal(
            format!("`{}` is not a variable's name", shown(name)),
            "write ${VAR} or ${VAR:-default}, or `$${` for a plain `${`",
        ));
    }
    match (env(name), default) {
        // As in a shell, `:-` covers what is set but empty.
        (Some(value), Some(default)) if value.is_empty() => Ok(default.to_owned()),
        (Some(value), _) => Ok(value),
        (None, Some(default)) => Ok(default.to_owned()),
        (None, None) => Err(refusal(
            format!("the variable `{name}` is not set"),
            format!("set {name}, or give a default: ${{{name}:-value}}"),
        )),
    }
}

//! Patches: what may be changed by which path, and how.

use serde_json::{Value, json};

use super::common::bad;
use super::state::Members;
use crate::codec::{Input, Refusal};

/// One of a request's `patchOperations`.
pub struct Patch {
    /// `add`, `remove`, `replace`.
    pub op: String,
    /// The path.
    pub path: String,
    /// The value; absent is empty.
    pub value: String,
    /// Where a `copy` takes it from; absent is empty.
    pub from: String,
}

impl Patch {
    /// Reads the value as a truth value.
    ///
    /// Assumption: the code and the words.
    pub fn flag(&self) -> Result<bool, Refusal> {
        match self.value.as_str() {
            "true" => Ok(true),
            "false" => Ok(false),
            other => Err(bad(format!(
                "Invalid boolean value {other} for patch path {}",
                self.path
            ))),
        }
    }

    /// Refuses the patch; the paths there are stand in the message (observed:
    /// boto3#2504; both spaces, and the words for other operations, are AWS's
    /// own: recorded for `UpdateRequestValidator`).
    pub fn refuse(&self, known: &[&str]) -> Refusal {
        let Self { op, path, .. } = self;
        let rest = if op == "replace" {
            format!("Must be one of: [{}]", known.join(", "))
        } else {
            "Please choose supported operations".to_owned()
        };
        bad(format!(
            "Invalid patch path  '{path}' specified for op '{op}'. {rest}"
        ))
    }

    /// Refuses the patch in words that say whose they are (AWS would take it: the code is an assumption).
    pub fn not_simulated(&self) -> Refusal {
        let Self { op, path, .. } = self;
        bad(format!("The patch {op} {path} is not simulated"))
    }
}

/// API Gateway API reference, `PatchOperation`; the order is that of AWS's own message (recorded).
const OPS: &[&str] = &["add", "remove", "move", "test", "replace", "copy"];

/// Reads the patches of a request; `input_name` is what AWS calls the request's structure.
///
/// Operations are checked before anything is looked up, all of them at once (recorded: `UpdateRestApi`, `UpdateMethodResponse`).
pub fn patches(input: &Input, input_name: &str) -> Result<Vec<Patch>, Refusal> {
    let given = input.each("patchOperations");
    let place = |number: usize| format!("{input_name}.patchOperations.{number}.member.op");
    let ops = given.iter().enumerate();
    let wrong: Vec<String> = ops
        .filter_map(|(index, patch)| {
            let op = patch.text("op").unwrap_or_default();
            (!OPS.contains(&op)).then(|| outside(op, &place(index + 1), OPS))
        })
        .collect();
    invalid(&wrong)?;
    let read = |patch: Input| {
        let text = |name: &str| patch.text(name).unwrap_or_default().to_owned();
        let path = patch.text("path").unwrap_or("null");
        if path == "null" {
            // Recorded: `UpdateGatewayResponse`.
            return Err(bad("Invalid patch path null"));
        }
        Ok(Patch {
            op: text("op"),
            path: path.to_owned(),
            value: text("value"),
            from: text("from"),
        })
    };
    given.into_iter().map(read).collect()
}

/// How AWS words that a value is none of an enumeration's (recorded).
pub fn outside(value: &str, place: &str, known: &[&str]) -> String {
    format!(
        "Value '{value}' at '{place}' failed to satisfy constraint: Member must satisfy enum value set: [{}]",
        known.join(", ")
    )
}

/// Refuses a request for what its model does not allow, if there is any of it (recorded: `ValidationException`, all in one message).
pub fn invalid(wrong: &[String]) -> Result<(), Refusal> {
    if wrong.is_empty() {
        return Ok(());
    }
    let errors = if wrong.len() == 1 { "error" } else { "errors" };
    let text = format!(
        "{} validation {errors} detected: {}",
        wrong.len(),
        wrong.join("; ")
    );
    Err(Refusal::new("ValidationException", text))
}

/// How a path's value is kept.
#[derive(Clone, Copy)]
pub enum Form {
    /// A text; an empty one takes the member away.
    Text,
    /// `true`; whatever else is false (recorded: `UpdateMethod`, `UpdateRequestValidator`).
    Flag,
    /// A whole number.
    Number,
    /// A map of texts; the path's last part names the member.
    Texts,
    /// A map of truth values; the path's last part names the member.
    Flags,
    /// A list; the path's last part is the item.
    Items,
    /// A list; the value is the item.
    Values,
}

/// Why a patch does not fit.
pub enum Misfit {
    /// There is no such path.
    Path,
    /// The path has no such operation.
    Op,
    /// What is to be replaced or removed is not there.
    Absent,
    /// The value is none for this path.
    Value,
}

/// Applies a patch by a table of paths; paths of maps and lists of named items end in a slash.
pub fn apply(tree: &mut Members, patch: &Patch, table: &[(&str, Form)]) -> Result<(), Misfit> {
    let fits = |row: &&(&str, Form)| {
        let under = patch.path.strip_prefix(row.0);
        under.is_some_and(|rest| {
            let named = row.0.ends_with('/');
            (named && !rest.is_empty() && !rest.contains('/')) || (!named && rest.is_empty())
        })
    };
    let (place, form) = table.iter().find(fits).ok_or(Misfit::Path)?;
    let mut names = place.trim_matches('/').split('/').peekable();
    let mut tree = tree;
    let mut name = names.next().unwrap_or_default();
    while names.peek().is_some() {
        let below = tree.entry(name).or_insert_with(|| json!({}));
        tree = below.as_object_mut().ok_or(Misfit::Path)?;
        name = names.next().unwrap_or_default();
    }
    // RFC 6901, which API Gateway's patch paths follow: `~1` is a slash, `~0` a tilde.
    let member = patch.path[place.len()..]
        .replace("~1", "/")
        .replace("~0", "~");
    put(tree, name, &member, patch, *form)
}

fn put(
    tree: &mut Members,
    name: &str,
    member: &str,
    patch: &Patch,
    form: Form,
) -> Result<(), Misfit> {
    let value = &patch.value;
    match form {
        Form::Text | Form::Flag | Form::Number => {
            if patch.op != "replace" {
                return Err(Misfit::Op);
            }
            let value: Option<Value> = match form {
                Form::Text => (!value.is_empty()).then(|| value.clone().into()),
                Form::Flag => Some((value == "true").into()),
                _ => Some(value.parse::<i64>().map_err(|_| Misfit::Value)?.into()),
            };
            set(tree, name, value);
            Ok(())
        }
        Form::Texts | Form::Flags => {
            let map = tree.entry(name).or_insert_with(|| json!({}));
            let map = map.as_object_mut().ok_or(Misfit::Path)?;
            let there = map.contains_key(member);
            let value = match form {
                Form::Flags => (value == "true").into(),
                _ => Value::from(value.clone()),
            };
            match patch.op.as_str() {
                "add" => map.insert(member.to_owned(), value),
                "replace" if there => map.insert(member.to_owned(), value),
                "remove" if there => map.remove(member),
                "replace" | "remove" => return Err(Misfit::Absent),
                _ => return Err(Misfit::Op),
            };
            if map.is_empty() {
                tree.remove(name);
            }
            Ok(())
        }
        Form::Items | Form::Values => {
            let item = if matches!(form, Form::Items) {
                member
            } else {
                value
            };
            listed(tree, name, item, &patch.op)
        }
    }
}

fn set(tree: &mut Members, name: &str, value: Option<Value>) {
    match value {
        Some(value) => tree.insert(name.to_owned(), value),
        None => tree.remove(name),
    };
}

fn listed(tree: &mut Members, name: &str, item: &str, op: &str) -> Result<(), Misfit> {
    let list = tree.entry(name).or_insert_with(|| json!([]));
    let list = list.as_array_mut().ok_or(Misfit::Path)?;
    match op {
        "add" if list.iter().any(|one| one == item) => {}
        "add" => list.push(item.into()),
        "remove" => {
            let place = list.iter().position(|one| one == item);
            list.remove(place.ok_or(Misfit::Absent)?);
        }
        "replace" => *list = vec![item.into()],
        _ => return Err(Misfit::Op),
    }
    Ok(())
}

/// Applies a patch to what AWS words like `UpdateMethod` (recorded).
pub fn apply_bare(
    tree: &mut Members,
    patch: &Patch,
    table: &[(&str, Form)],
) -> Result<(), Refusal> {
    apply(tree, patch, table).map_err(|misfit| match misfit {
        Misfit::Path => bad(format!("Invalid patch path {}", patch.path)),
        Misfit::Op => bad("Invalid patch operation specified. Must be one of: [replace]"),
        // Recorded: `UpdateMethodResponse`.
        Misfit::Absent if patch.path.contains("Models/") || patch.path.contains("Templates/") => {
            Refusal::new("NotFoundException", "Content-Type specified was not found").status(404)
        }
        Misfit::Absent => {
            Refusal::new("NotFoundException", "Invalid parameter name specified").status(404)
        }
        // Assumption.
        Misfit::Value => bad(format!("Invalid value {} for {}", patch.value, patch.path)),
    })
}

/// Applies a patch to what AWS words like `UpdateRequestValidator` (recorded).
pub fn apply_listed(
    tree: &mut Members,
    patch: &Patch,
    table: &[(&str, Form)],
) -> Result<(), Refusal> {
    let known: Vec<&str> = table.iter().map(|(path, _)| *path).collect();
    apply(tree, patch, table).map_err(|_| patch.refuse(&known))
}

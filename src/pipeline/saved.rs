//! A saved plan: what was approved, to be applied as it is or not at all.
//!
//! It holds what exists and what is done about it, and of every wanted resource
//! a hash of all that would be written to it, bodies and files included. Which
//! values a run will learn only from AWS (an id, an address) is pinned by the
//! key of the neighbour that they are of.

use std::{collections::BTreeSet, path::Path};

use serde_json::Value;

use crate::{
    error::{Error, Result},
    file,
    pipeline::{Plan, plan::MADE_BY},
};

/// Far more than the plan of the largest stack.
const MOST_BYTES: usize = 16 * 1024 * 1024;

const REMEDY: &str = "make a new one with `hybridgw plan --out FILE`, and approve that";

/// A plan that `plan --out` has saved.
#[derive(Clone, Debug)]
pub struct Saved(Value);

impl Saved {
    /// Reads it from a file.
    ///
    /// # Errors
    ///
    /// The file is none, or one that pins too little.
    pub fn read(path: &Path) -> Result<Self> {
        let text = file::read_text(path, MOST_BYTES).map_err(|error| error.to_string());
        let saved = text.and_then(|text| Self::parse(&text));
        saved.map_err(|why| {
            Error::invalid(format!("{} is not a saved plan: {why}", path.display())).hint(REMEDY)
        })
    }

    /// Reads it from its text.
    ///
    /// # Errors
    ///
    /// Why it cannot be applied.
    pub fn parse(text: &str) -> std::result::Result<Self, String> {
        let value: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
        if value["format_version"].as_u64() != Some(1) || !value["actions"].is_array() {
            return Err("it has no format_version 1".to_owned());
        }
        if !value["pins"].is_object() {
            return Err(
                "it does not pin what would be written, as an older version made it".to_owned(),
            );
        }
        Ok(Self(value))
    }

    /// Refuses it unless a fresh plan would do and write the very same.
    ///
    /// # Errors
    ///
    /// What differs.
    pub fn refuse_stale(&self, fresh: &Plan) -> Result<()> {
        let fresh = fresh.to_json();
        if self.0 == fresh {
            return Ok(());
        }
        let why = match (&self.0["made_by"], self.differences(&fresh)) {
            (Value::String(other), _) if other != MADE_BY => {
                format!("it was made by {other}, and this is {MADE_BY}")
            }
            (_, Some(which)) => which,
            _ => "what exists or what is wanted has changed".to_owned(),
        };
        let message = format!("the saved plan is stale: {why}; nothing was written");
        Err(Error::invalid(message).hint(REMEDY))
    }

    fn differences(&self, fresh: &Value) -> Option<String> {
        for field in ["stack", "account", "region"] {
            let (saved, now) = (&self.0[field], &fresh[field]);
            if saved != now {
                return Some(format!("it is for {field} {saved}, not {now}"));
            }
        }
        let wanted = other_pins(&self.0["pins"], &fresh["pins"]);
        let exists = other_actions(&self.0["actions"], &fresh["actions"]);
        let say = |what: &str, which: &BTreeSet<String>| {
            let names: Vec<&str> = which.iter().map(String::as_str).collect();
            (!which.is_empty()).then(|| format!("{what} has changed for {}", names.join(", ")))
        };
        let said = [say("what is wanted", &wanted), say("what exists", &exists)];
        let said: Vec<String> = said.into_iter().flatten().collect();
        (!said.is_empty()).then(|| said.join("; "))
    }
}

fn other_pins(saved: &Value, fresh: &Value) -> BTreeSet<String> {
    let keys = [saved, fresh].into_iter().filter_map(Value::as_object);
    let keys = keys.flat_map(|pins| pins.keys());
    let differ = keys.filter(|key| saved.get(key.as_str()) != fresh.get(key.as_str()));
    differ.cloned().collect()
}

fn other_actions(saved: &Value, fresh: &Value) -> BTreeSet<String> {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let (saved, fresh) = (list(saved), list(fresh));
    let only = |these: &[Value], those: &[Value]| -> Vec<String> {
        let only = these.iter().filter(|one| !those.contains(one));
        let names = only.filter_map(|one| one["resource"].as_str());
        names.map(str::to_owned).collect()
    };
    let mut keys: BTreeSet<String> = only(&saved, &fresh).into_iter().collect();
    keys.extend(only(&fresh, &saved));
    keys
}

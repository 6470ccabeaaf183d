//! What Lambda knows.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::clock::Time;

/// The tags of one function.
pub type Tags = BTreeMap<String, String>;

/// The policies of one function, by version or alias.
pub type Policies = BTreeMap<String, Policy>;

/// Lambda in one region of an account: functions by name.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct State {
    /// Functions.
    pub functions: BTreeMap<String, Function>,
}

/// A function.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Function {
    /// `$LATEST`.
    pub latest: Version,
    /// What was published, by number.
    pub versions: BTreeMap<u64, Version>,
    /// The number of the last one published.
    pub published: u64,
    /// Aliases, by name.
    pub aliases: BTreeMap<String, Alias>,
    /// Policies, by version or alias; that of the function itself is under the empty name.
    pub policies: Policies,
    /// Its tags.
    pub tags: Tags,
}

impl Function {
    /// Returns the revision of an alias or a version, or of the function itself.
    pub fn revision(&self, qualifier: &str) -> Option<&str> {
        if qualifier.is_empty() {
            return Some(&self.latest.revision);
        }
        let number = qualifier.parse::<u64>().ok();
        let version = number.and_then(|number| self.versions.get(&number));
        let version = version.map(|version| version.revision.as_str());
        version.or_else(|| Some(self.aliases.get(qualifier)?.revision.as_str()))
    }
}

/// A version of a function.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Version {
    /// Its settings, under their names on the wire.
    pub settings: Map<String, Value>,
    /// When it was made.
    pub modified: Time,
    /// From when on it is active; none, always.
    pub active: Option<Time>,
    /// Stands for the code.
    pub code: String,
    /// Changes with it.
    pub revision: String,
}

/// An alias.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Alias {
    /// The version it stands for.
    pub version: String,
    /// What it is for.
    pub description: String,
    /// Changes with it.
    pub revision: String,
}

/// A resource policy.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Policy {
    /// Its statements, in order.
    pub statements: Vec<Value>,
    /// Changes with it.
    pub revision: String,
}

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
    /// Returns the revision of an alias or a version; without a qualifier that of the function itself.
    pub fn revision(&self, qualifier: &str, now: Time) -> Option<&str> {
        if let Some(alias) = self.aliases.get(qualifier) {
            return Some(&alias.revision);
        }
        self.version(qualifier).map(|version| version.revision(now))
    }

    /// Gives what a qualifier names another revision: its policy is part of it (recorded).
    pub fn revise(&mut self, qualifier: &str, fresh: [String; 2]) {
        let [revision, settled] = fresh;
        if let Some(alias) = self.aliases.get_mut(qualifier) {
            alias.revision = revision;
            return;
        }
        let number = qualifier.parse::<u64>().ok();
        let version = match number {
            Some(number) => self.versions.get_mut(&number),
            None => Some(&mut self.latest),
        };
        if let Some(version) = version {
            (version.revision, version.settled) = (revision, settled);
        }
    }

    fn version(&self, qualifier: &str) -> Option<&Version> {
        if qualifier.is_empty() {
            return Some(&self.latest);
        }
        self.versions.get(&qualifier.parse::<u64>().ok()?)
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
    /// Until when it is made, or changed; none, it is not.
    pub active: Option<Time>,
    /// Whether that is a change rather than the making.
    pub updating: bool,
    /// Stands for the code.
    pub code: String,
    /// Changes with it.
    pub revision: String,
    /// Its revision once it is made, or changed; empty, the same.
    pub settled: String,
}

impl Version {
    /// Returns whether it is being made, or changed.
    pub fn is_under_way(&self, now: Time) -> bool {
        self.active.is_some_and(|active| now < active)
    }

    /// Returns its revision, which changes again when it is done (recorded).
    pub fn revision(&self, now: Time) -> &str {
        if self.settled.is_empty() || self.is_under_way(now) {
            &self.revision
        } else {
            &self.settled
        }
    }
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
}

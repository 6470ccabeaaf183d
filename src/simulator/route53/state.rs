//! What Route 53 knows.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::clock::Time;

/// Route 53 of an account; everything is under its id.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct State {
    /// Hosted zones.
    pub zones: BTreeMap<String, Zone>,
    /// Changes, for `GetChange`.
    pub changes: BTreeMap<String, Change>,
    /// Caller references that were used, of zones that are gone too.
    pub references: Vec<String>,
}

/// A hosted zone.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Zone {
    /// Its name, with a final dot.
    pub name: String,
    /// The caller reference it was made with.
    pub reference: String,
    /// What it is for.
    pub comment: Option<String>,
    /// Whether only VPCs see it.
    pub private: bool,
    /// The VPCs that see it.
    pub vpcs: Vec<Vpc>,
    /// Its name servers.
    pub servers: Vec<String>,
    /// Its record sets, in Route 53's order.
    pub records: Vec<Record>,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
}

/// A VPC that sees a private zone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vpc {
    /// Its id.
    pub id: String,
    /// Its region.
    pub region: String,
}

/// A record set.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Record {
    /// Its name, with a final dot.
    pub name: String,
    /// `A`, `CNAME`, …
    pub kind: String,
    /// Tells routed record sets of one name and type apart.
    pub identifier: Option<String>,
    /// Seconds, unless it is an alias.
    pub ttl: Option<u64>,
    /// Its values, in order, unless it is an alias.
    pub values: Vec<String>,
    /// Where it leads, if it is an alias.
    pub alias: Option<Alias>,
    /// `Weight`, `Failover` and the like, under their names on the wire.
    pub routing: Map<String, Value>,
}

/// Where an alias leads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alias {
    /// The target's hosted zone.
    pub zone: String,
    /// The target's name, with a final dot.
    pub name: String,
    /// Whether Route 53 asks the target for its health.
    pub follows_health: bool,
}

/// A change.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Change {
    /// When it was asked for.
    pub submitted: Time,
    /// Whether all name servers know it.
    pub in_sync: bool,
    /// What the caller said about it.
    pub comment: Option<String>,
}

/// What lies ahead in Route 53.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Event {
    /// All name servers know a change.
    InSync(String),
}

impl Record {
    /// Returns what it is sorted and found by.
    pub fn key(&self) -> (Vec<String>, &str, Option<&str>) {
        (
            super::name::sort_key(&self.name),
            &self.kind,
            self.identifier.as_deref(),
        )
    }
}

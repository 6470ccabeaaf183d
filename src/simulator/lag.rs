//! Reads that lag behind writes.
//!
//! EC2, ELB and API Gateway are eventually consistent (EC2 developer guide,
//! "Eventual consistency"). A rule such as
//! `{"operation": "ec2:Describe*", "seconds": 30, "flap": 0.2}` answers those
//! reads from the world as it was 30 simulated seconds ago, except that one
//! in five is answered from the present: seen, gone, and seen again.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::faults;

/// One rule: which reads lag, and by how much.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// `service:Operation`, with `*` and `?`.
    pub operation: String,
    /// Simulated seconds behind.
    pub seconds: f64,
    /// The chance that a read is up to date all the same.
    #[serde(default)]
    pub flap: f64,
}

impl Rule {
    /// Returns how far behind it is.
    pub fn span(&self) -> Duration {
        faults::seconds(self.seconds)
    }
}

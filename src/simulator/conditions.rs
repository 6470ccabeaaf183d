//! The conditions an account is simulated under; one JSON file sets them all.
//!
//! ```json
//! {"seed": 7, "quotas": true, "page": 5,
//!  "latency": {"seconds": {"ec2/endpoint-create": 5}, "jitter": 0.2},
//!  "lag": [{"operation": "ec2:Describe*", "seconds": 30}],
//!  "faults": [{"operation": "*", "calls": [12], "then": "drop-reply"}],
//!  "denied": ["ec2:CreateVpcEndpoint", {"action": "acm:*", "by": "service-control-policy"}]}
//! ```

use serde::{Deserialize, Serialize};

use super::error::WorldError;
use super::iam::state::Denial;
use super::latency::Latency;
use super::{faults, lag};

/// The conditions of a run. They belong to the process; the world file does not hold them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Conditions {
    /// Seed of faults and lag, and of the ids of a new world.
    pub seed: u64,
    /// Simulated seconds a second.
    pub speed: f64,
    /// Whether request quotas apply.
    pub quotas: bool,
    /// The most items a page ever has, to see whether clients read on.
    pub page: Option<usize>,
    /// How long things take.
    pub latency: Latency,
    /// The share of all calls that end in a 5xx, half of them applied.
    pub errors: f64,
    /// Which reads lag, and which writes do not see yet what was made.
    pub lag: Vec<lag::Rule>,
    /// Which calls go wrong.
    pub faults: Vec<faults::Rule>,
    /// What nobody may do, beside what an account denies.
    pub denied: Vec<Denial>,
}

impl Default for Conditions {
    fn default() -> Self {
        Self {
            seed: 0,
            speed: 1.0,
            quotas: true,
            page: None,
            latency: Latency::default(),
            errors: 0.0,
            lag: Vec::new(),
            faults: Vec::new(),
            denied: Vec::new(),
        }
    }
}

impl Conditions {
    /// Reads conditions from JSON; an unknown name anywhere is an error.
    pub fn from_json(text: &str) -> Result<Self, WorldError> {
        let conditions: Self = serde_json::from_str(text)?;
        match conditions.latency.unknown() {
            Some(name) => Err(WorldError::UnknownLatency(name.to_owned())),
            None => Ok(conditions),
        }
    }
}

//! Target groups, their targets, and the targets' health.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::clock::Time;

/// What the targets of a group are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TargetType {
    /// Addresses.
    Ip,
    /// One function.
    Lambda,
}

/// A target group.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TargetGroup {
    /// Its name.
    pub name: String,
    /// What its targets are.
    pub kind: TargetType,
    /// `HTTP`, `HTTPS`, `TCP`, `TLS`; none for functions.
    pub protocol: Option<String>,
    /// `HTTP1`, `HTTP2`; only for HTTP and HTTPS.
    pub version: Option<String>,
    /// The port; none for functions.
    pub port: Option<u16>,
    /// The VPC; none for functions.
    pub vpc: Option<String>,
    /// The health check.
    pub check: HealthCheck,
    /// Attributes that differ from the default.
    pub attributes: BTreeMap<String, String>,
    /// Its targets.
    pub targets: Vec<Target>,
    /// The load balancer whose listener or rule forwards to it.
    pub used_by: Option<String>,
    /// Until when it counts as used although nothing forwards to it any more.
    pub held_until: Option<Time>,
}

/// How targets are checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HealthCheck {
    /// Whether they are; always for addresses.
    pub enabled: bool,
    /// `HTTP` or `HTTPS`; none for functions.
    pub protocol: Option<String>,
    /// `traffic-port`, or a number; none for functions.
    pub port: Option<String>,
    /// The path that is asked for.
    pub path: Option<String>,
    /// The codes that are healthy.
    pub matcher: Option<String>,
    /// Seconds between two checks.
    pub interval: u32,
    /// Seconds until a check failed.
    pub timeout: u32,
    /// How many good checks make a target healthy.
    pub healthy: u32,
    /// How many bad checks make it unhealthy.
    pub unhealthy: u32,
}

/// A registered target.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Target {
    /// An address, or the ARN of a function.
    pub id: String,
    /// Its port; none for functions.
    pub port: Option<u16>,
    /// A zone's name, `all`, or none for functions.
    pub zone: Option<String>,
    /// The number of its registration, or of its group's use since.
    pub serial: u64,
    /// What the checks have found.
    pub health: Health,
    /// Whether it was deregistered and its delay runs.
    pub draining: bool,
}

/// What the checks of a target have found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Health {
    /// The verdict so far.
    pub verdict: Verdict,
    /// Good answers in a row.
    pub good: u32,
    /// Bad answers in a row.
    pub bad: u32,
}

/// Whether a target is healthy.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Verdict {
    /// No check yet.
    #[default]
    Registering,
    /// Not enough checks yet.
    Initial,
    /// Healthy.
    Healthy,
    /// Unhealthy, for this reason.
    Unhealthy(Answer),
}

/// The answer to a health check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Answer {
    /// An HTTP status.
    Code(u16),
    /// None in time.
    Timeout,
    /// The connection was refused, or the answer was no answer.
    Failed,
}

//! What `ELBv2` knows.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::action::Action;
use super::condition::Condition;
use super::transform::Transform;
use super::{health, load_balancer, target};
use crate::clock::Time;
use crate::world::Ctx;

/// Tags, or attributes.
pub type Pairs = BTreeMap<String, String>;

/// `ELBv2` in one region of an account; everything is under its ARN.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct State {
    /// Application load balancers.
    pub balancers: BTreeMap<String, LoadBalancer>,
    /// Target groups.
    pub groups: BTreeMap<String, TargetGroup>,
    /// Listeners.
    pub listeners: BTreeMap<String, Listener>,
    /// Rules, the default ones among them.
    pub rules: BTreeMap<String, Rule>,
    /// Tags, under the ARN of what they are on.
    pub tags: BTreeMap<String, Pairs>,
    /// Which load balancers use which certificates: both ARNs.
    pub bound: BTreeSet<(String, String)>,
    /// Until when a load balancer still counts as using a certificate that it let go of.
    pub released: Vec<(String, String, Time)>,
    /// Counts registrations and uses, so that an event knows whether it is still meant.
    pub serial: u64,
}

/// An application load balancer.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LoadBalancer {
    /// Its name.
    pub name: String,
    /// The sixteen digits at the end of its ARN.
    pub id: String,
    /// Its own DNS name.
    pub dns_name: String,
    /// Its VPC.
    pub vpc: String,
    /// Its subnets, in order, one a zone.
    pub subnets: Vec<String>,
    /// Its security groups, in order.
    pub groups: Vec<String>,
    /// Whether it is `active`; `provisioning` before.
    pub active: bool,
    /// Attributes that differ from the default.
    pub attributes: Pairs,
    /// When it was asked for.
    pub created: Time,
}

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
    pub attributes: Pairs,
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
    pub health: health::Health,
    /// Whether it was deregistered and its delay runs.
    pub draining: bool,
}

/// A listener.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Listener {
    /// Its load balancer's ARN.
    pub balancer: String,
    /// `HTTP` or `HTTPS`.
    pub protocol: String,
    /// Its port.
    pub port: u16,
    /// The TLS policy, for HTTPS.
    pub policy: Option<String>,
    /// The default certificate, for HTTPS.
    pub certificate: Option<String>,
    /// Further certificates, for HTTPS.
    pub extra: Vec<String>,
    /// Attributes that differ from the default.
    pub attributes: Pairs,
}

/// A rule of a listener.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rule {
    /// Its listener's ARN.
    pub listener: String,
    /// Its place; none for the default rule, which comes last.
    pub priority: Option<u16>,
    /// What requests it takes; all of these must hold.
    pub conditions: Vec<Condition>,
    /// What it does with them.
    pub action: Action,
    /// How requests are rewritten before they go to targets.
    pub transforms: Vec<Transform>,
}

/// What lies ahead in `ELBv2`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Event {
    /// A load balancer is active.
    Active(String),
    /// A target is due for a check.
    Check {
        /// The group.
        group: String,
        /// The target's number.
        serial: u64,
    },
    /// A deregistered target's delay is over.
    Drained {
        /// The group.
        group: String,
        /// The target's number.
        serial: u64,
    },
}

impl Event {
    /// Lets it happen.
    pub fn happen(self, ctx: &mut Ctx<'_>) {
        match self {
            Self::Active(arn) => load_balancer::activate(ctx, &arn),
            Self::Check { group, serial } => health::check(ctx, &group, serial),
            Self::Drained { group, serial } => target::leave(ctx, &group, serial),
        }
    }
}

impl State {
    /// Returns the next number.
    pub fn next_serial(&mut self) -> u64 {
        self.serial += 1;
        self.serial
    }

    /// Returns the rules of a listener by priority, the default one last.
    pub fn rules_of(&self, listener: &str) -> Vec<(&String, &Rule)> {
        let mut rules: Vec<_> = self
            .rules
            .iter()
            .filter(|(_, rule)| rule.listener == listener)
            .collect();
        rules.sort_by_key(|(_, rule)| rule.priority.unwrap_or(u16::MAX));
        rules
    }

    /// Returns the listeners of a load balancer.
    pub fn listeners_of<'a>(
        &'a self,
        balancer: &'a str,
    ) -> impl Iterator<Item = (&'a String, &'a Listener)> {
        self.listeners
            .iter()
            .filter(move |(_, listener)| listener.balancer == balancer)
    }

    /// Returns the rules of all listeners of a load balancer.
    pub fn rules_under<'a>(
        &'a self,
        balancer: &'a str,
    ) -> impl Iterator<Item = (&'a String, &'a Rule)> {
        self.rules.iter().filter(move |(_, rule)| {
            self.listeners
                .get(&rule.listener)
                .is_some_and(|listener| listener.balancer == balancer)
        })
    }
}

//! What `ELBv2` knows.

mod rule;
mod target;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::clock::Time;

pub use rule::{Action, Condition, Deed, Field, Part, Rule, Transform};
pub use target::{Answer, Health, HealthCheck, Target, TargetGroup, TargetType, Verdict};

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
    /// Its type of addresses.
    #[serde(default = "ipv4")]
    pub addresses: String,
    /// Attributes that differ from the default.
    pub attributes: Pairs,
    /// When it was asked for.
    pub created: Time,
}

fn ipv4() -> String {
    "ipv4".to_owned()
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

    /// Returns the load balancers that use a certificate, or did a moment ago.
    pub fn users_of_certificate(&self, certificate: &str, now: Time) -> Vec<String> {
        let bound = self.bound.iter().map(|(used, user)| (used, user));
        let recent = self.released.iter().filter(|(.., until)| now < *until);
        let recent = recent.map(|(used, user, _)| (used, user));
        let users: BTreeSet<String> = bound
            .chain(recent)
            .filter(|(used, _)| *used == certificate)
            .map(|(_, user)| user.clone())
            .collect();
        users.into_iter().collect()
    }
}

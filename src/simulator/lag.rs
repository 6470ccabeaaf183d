//! Reads that lag behind writes.
//!
//! EC2, ELB and API Gateway are eventually consistent (EC2 developer guide,
//! "Eventual consistency"). A rule such as
//! `{"operation": "ec2:Describe*", "seconds": 30, "flap": 0.2}` answers those
//! reads from the world as it was 30 simulated seconds ago, except that one
//! in five is answered from the present: seen, gone, and seen again.

use std::collections::VecDeque;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::clock::Time;
use super::random::Random;
use super::world::World;
use super::{faults, pattern};

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

/// The rules in force, and the past they need.
#[derive(Debug)]
pub struct Lag {
    rules: Vec<Rule>,
    past: VecDeque<World>,
    random: Random,
}

impl Lag {
    /// Puts rules in force.
    pub fn new(rules: Vec<Rule>, seed: u64) -> Self {
        Self {
            rules,
            past: VecDeque::new(),
            random: Random::seeded(seed ^ 0x1a6u64),
        }
    }

    /// Remembers the world as a write left it (nothing, when no read lags).
    pub fn remember(&mut self, world: &World) {
        if self.rules.is_empty() {
            return;
        }
        let horizon = world.now - self.longest();
        while self.past.get(1).is_some_and(|second| second.now <= horizon) {
            self.past.pop_front();
        }
        self.past.push_back(world.clone());
    }

    /// Returns the old world that a read sees, and the moment it sees it at; none for the present.
    pub fn view(&mut self, operation: &str, now: Time) -> Option<(World, Time)> {
        let rule = self
            .rules
            .iter()
            .find(|rule| pattern::matches(&rule.operation, operation))?;
        if self.random.unit() < rule.flap {
            return None;
        }
        let then = now - faults::seconds(rule.seconds);
        let old = self
            .past
            .iter()
            .rev()
            .find(|world| world.now <= then)
            .or_else(|| self.past.front())?;
        Some((old.clone(), then.max(old.now)))
    }

    fn longest(&self) -> Duration {
        self.rules
            .iter()
            .map(|rule| faults::seconds(rule.seconds))
            .max()
            .unwrap_or_default()
    }
}

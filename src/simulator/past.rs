//! What reads that lag see: the world as it was.

use std::collections::VecDeque;
use std::time::Duration;

use serde_json::Value;

use super::clock::Time;
use super::codec::{Body, Output};
use super::lag::Rule;
use super::pattern;
use super::random::Random;
use super::world::World;

/// The share of late answers that show a passing state (assumption).
const BLURRED: f64 = 0.25;

/// Puts other words for these values of a key, wherever it stands.
fn replace(tree: &mut Value, key: &str, words: &[(&str, &str)]) {
    match tree {
        Value::Object(members) => {
            for (name, value) in members {
                let other = words.iter().find(|(was, _)| *value == *was);
                match other {
                    Some((_, now)) if name == key => *value = Value::from(*now),
                    _ => replace(value, key, words),
                }
            }
        }
        Value::Array(items) => {
            for item in items {
                replace(item, key, words);
            }
        }
        _ => {}
    }
}

/// The rules in force, and the past they need.
#[derive(Debug)]
pub struct Past {
    rules: Vec<Rule>,
    /// Whether each rule has had anything to do.
    struck: Vec<bool>,
    worlds: VecDeque<World>,
    random: Random,
}

impl Past {
    /// Puts rules in force.
    pub fn new(rules: Vec<Rule>, seed: u64) -> Self {
        Self {
            struck: vec![false; rules.len()],
            rules,
            worlds: VecDeque::new(),
            random: Random::seeded(seed ^ 0x1a6u64),
        }
    }

    /// Remembers the world as a write left it (nothing, when no read lags).
    pub fn remember(&mut self, world: &World) {
        if self.rules.is_empty() {
            return;
        }
        let horizon = world.now - self.longest();
        while self
            .worlds
            .get(1)
            .is_some_and(|second| second.now <= horizon)
        {
            self.worlds.pop_front();
        }
        self.worlds.push_back(world.clone());
    }

    /// Returns the old world that a read sees, and the moment it sees it at; none for the present.
    pub fn view(&mut self, operation: &str, now: Time) -> Option<(World, Time)> {
        let mut rules = self.rules.iter().enumerate();
        let (place, rule) = rules.find(|(_, rule)| pattern::matches(&rule.operation, operation))?;
        self.struck[place] = true;
        if self.random.unit() < rule.flap {
            return None;
        }
        let then = now - rule.span();
        let old = self
            .worlds
            .iter()
            .rev()
            .find(|world| world.now <= then)
            .or_else(|| self.worlds.front())?;
        Some((old.clone(), then.max(old.now)))
    }

    /// Shows the states that AWS passes through and that nobody waits for, in
    /// some of the answers that lag: a load balancer that is `failed` for a
    /// moment, an endpoint that is `partial` or, on its way out, `deleted`
    /// (Terraform's provider waits through all of them).
    pub fn blur(&mut self, operation: &str, output: &mut Output) {
        let (key, words): (&str, &[(&str, &str)]) = match operation {
            "elasticloadbalancing:DescribeLoadBalancers" => ("Code", &[("provisioning", "failed")]),
            "ec2:DescribeVpcEndpoints" => {
                ("state", &[("pending", "partial"), ("deleting", "deleted")])
            }
            _ => return,
        };
        if self.random.unit() < BLURRED
            && let Body::Tree(tree) = &mut output.body
        {
            replace(tree, key, words);
        }
    }

    /// The rules that have had nothing to do so far.
    pub fn idle(&self) -> impl Iterator<Item = &Rule> {
        let rules = self.rules.iter().zip(&self.struck);
        rules.filter(|(_, struck)| !**struck).map(|(rule, _)| rule)
    }

    fn longest(&self) -> Duration {
        self.rules
            .iter()
            .map(|rule| rule.span())
            .max()
            .unwrap_or_default()
    }
}

//! What reads that lag see: the world as it was.

use std::collections::VecDeque;
use std::time::Duration;

use super::clock::Time;
use super::lag::Rule;
use super::pattern;
use super::random::Random;
use super::world::World;

/// The rules in force, and the past they need.
#[derive(Debug)]
pub struct Past {
    rules: Vec<Rule>,
    worlds: VecDeque<World>,
    random: Random,
}

impl Past {
    /// Puts rules in force.
    pub fn new(rules: Vec<Rule>, seed: u64) -> Self {
        Self {
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
        let rule = self
            .rules
            .iter()
            .find(|rule| pattern::matches(&rule.operation, operation))?;
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

    fn longest(&self) -> Duration {
        self.rules
            .iter()
            .map(|rule| rule.span())
            .max()
            .unwrap_or_default()
    }
}

//! Targets that somebody else has taken out a moment ago.
//!
//! `up` takes an address out of the load balancer before it takes the subnet
//! away from the endpoint. A watcher that put it back meanwhile would lead
//! requests to what is about to go. So an address that was registered and is no
//! longer is left out for a while, as long as another one works.

use std::collections::{BTreeMap, BTreeSet};

use tokio::time::{Duration, Instant};

use crate::clock::Clock;

/// From the deregistration to the end of the endpoint's change: `up` sends the
/// change as soon as the load balancer shows the deregistration.
const GRACE: Duration = Duration::from_mins(2);

/// What a watcher remembers of the targets it has seen, by group.
#[derive(Debug, Default)]
pub struct Withdrawn {
    groups: BTreeMap<String, Group>,
}

#[derive(Debug, Default)]
struct Group {
    /// The wanted ones that were registered at some time.
    seen: BTreeSet<String>,
    /// Since when those are missing which were.
    missing: BTreeMap<String, Instant>,
}

impl Withdrawn {
    /// Notes what is registered in a group. Whether the group is to be left as
    /// it is: all that is missing was taken out a moment ago.
    pub fn holds(
        &mut self,
        arn: &str,
        registered: &BTreeSet<String>,
        wanted: &BTreeSet<String>,
        clock: Clock,
    ) -> bool {
        let group = self.groups.entry(arn.to_owned()).or_default();
        group.seen.retain(|address| wanted.contains(address));
        let here = registered.intersection(wanted).cloned();
        group.seen.extend(here);
        let missing: BTreeSet<&String> = wanted.difference(registered).collect();
        group.missing.retain(|address, _| missing.contains(address));
        let mut fresh = false;
        for address in &missing {
            if !group.seen.contains(*address) {
                return false;
            }
            let since = group.missing.entry((*address).clone());
            fresh |= clock.since(*since.or_insert_with(Instant::now)) < GRACE;
        }
        fresh
    }

    /// Forgets the groups that are not among these.
    pub fn keep(&mut self, arns: &BTreeSet<&str>) {
        self.groups.retain(|arn, _| arns.contains(arn.as_str()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(items: &[&str]) -> BTreeSet<String> {
        items.iter().map(ToString::to_string).collect()
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_taken_out_a_moment_ago_is_left_and_what_is_new_is_not() {
        let mut withdrawn = Withdrawn::default();
        let mut holds = |has: &[&str], wanted: &[&str]| {
            withdrawn.holds("group", &set(has), &set(wanted), Clock::REAL)
        };
        assert!(!holds(&["a"], &["a", "b"]), "b was never registered");
        assert!(!holds(&["a", "b"], &["a", "b"]));
        assert!(holds(&["a"], &["a", "b"]), "somebody has taken b out");
        assert!(!holds(&["a"], &["a", "b", "c"]), "c is new");
        tokio::time::advance(Duration::from_mins(3)).await;
        assert!(!holds(&["a"], &["a", "b"]), "that was long ago");
        assert!(!holds(&["a", "b"], &["a", "b"]));
        assert!(holds(&["a"], &["a", "b"]), "and once more");
    }
}

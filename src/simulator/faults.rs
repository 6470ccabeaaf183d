//! Seeded faults: what to do to which call, and when.
//!
//! ```json
//! [{"operation": "ec2:CreateVpcEndpoint", "calls": [1, 3], "then": "drop-reply"},
//!  {"operation": "ec2:*", "probability": 0.3, "times": 5,
//!   "then": {"refuse": {"code": "RequestLimitExceeded", "status": 503}}},
//!  {"operation": "*", "then": {"delay": {"seconds": 3}}}]
//! ```
//!
//! What is done is `drop-request`, `drop-reply`, `refuse`, `refuse-reply`
//! (applied, and called a failure), `later` (with `Retry-After`), `page` (HTML of
//! a server in between, `applied` or not), `delay`, `delay-reply`, `hang` and
//! `hang-reply`. A pattern that fits no operation of the account is refused.
//!
//! `calls` and `from` count the calls that the rule's pattern fits, from 1.
//! Without `calls`, `from` and `probability` a rule strikes always. The first rule that
//! strikes wins; every rule counts every call it fits.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::pattern;
use super::random::Random;

/// One rule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// `service:Operation`, with `*` and `?`.
    pub operation: String,
    /// The calls it strikes, counted from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calls: Option<Vec<u64>>,
    /// The first call it strikes, counted from 1, and then all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<u64>,
    /// The chance with which it strikes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probability: Option<f64>,
    /// How often it strikes at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<u64>,
    /// What it does.
    pub then: Fault,
}

/// What is done to a call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Fault {
    /// The request never arrives: nothing is applied, the connection breaks.
    DropRequest,
    /// The request is applied, and the connection breaks before the reply.
    DropReply,
    /// AWS says no, with this code.
    Refuse {
        /// The error code.
        code: String,
        /// The HTTP status.
        #[serde(default = "bad_request")]
        status: u16,
        /// The message; a plain one if none is given.
        #[serde(default)]
        message: String,
    },
    /// The request is applied, and AWS says that it failed.
    RefuseReply {
        /// The error code.
        code: String,
        /// The HTTP status.
        #[serde(default = "server_error")]
        status: u16,
    },
    /// AWS says no, and after how many seconds to come back (`Retry-After`).
    Later {
        /// The error code.
        code: String,
        /// The HTTP status.
        #[serde(default = "too_many")]
        status: u16,
        /// Whole simulated seconds.
        seconds: u64,
    },
    /// A server in between answers with a page of its own, without a code.
    Page {
        /// The HTTP status.
        status: u16,
        /// Whether the request has got through and is applied.
        #[serde(default)]
        applied: bool,
    },
    /// The request arrives late.
    Delay {
        /// Simulated seconds.
        seconds: f64,
    },
    /// The request is applied at once and the reply is late.
    DelayReply {
        /// Simulated seconds.
        seconds: f64,
    },
    /// Nothing is applied and nothing ever comes back.
    Hang,
    /// The request is applied and nothing ever comes back.
    HangReply,
}

const fn bad_request() -> u16 {
    400
}

const fn server_error() -> u16 {
    500
}

const fn too_many() -> u16 {
    429
}

/// The rules in force, with their counts.
#[derive(Debug)]
pub struct Faults {
    rules: Vec<(Rule, Count)>,
    random: Random,
}

#[derive(Clone, Copy, Debug, Default)]
struct Count {
    seen: u64,
    struck: u64,
}

impl Faults {
    /// Puts rules in force; chance is drawn from the seed, apart from the world's.
    pub fn new(rules: Vec<Rule>, seed: u64) -> Self {
        let rules = rules
            .into_iter()
            .map(|rule| (rule, Count::default()))
            .collect();
        Self {
            rules,
            random: Random::seeded(seed ^ 0xfau64),
        }
    }

    /// Counts a call, and returns what is to be done to it.
    pub fn strike(&mut self, operation: &str) -> Option<Fault> {
        let mut verdict = None;
        for (rule, count) in &mut self.rules {
            if !pattern::matches(&rule.operation, operation) {
                continue;
            }
            count.seen += 1;
            let spent = rule.times.is_some_and(|times| count.struck >= times);
            let listed = rule
                .calls
                .as_ref()
                .is_none_or(|calls| calls.contains(&count.seen));
            let begun = rule.from.is_none_or(|from| count.seen >= from);
            let lucky = rule
                .probability
                .is_none_or(|chance| self.random.unit() < chance);
            if verdict.is_none() && !spent && listed && begun && lucky {
                count.struck += 1;
                verdict = Some(rule.then.clone());
            }
        }
        verdict
    }

    /// The rules that have struck nothing so far: a test that sets one has not
    /// asked what it meant to ask.
    pub fn idle(&self) -> impl Iterator<Item = &Rule> {
        let idle = |(_, count): &&(Rule, Count)| count.struck == 0;
        self.rules.iter().filter(idle).map(|(rule, _)| rule)
    }
}

/// Returns the duration of this many seconds; nonsense counts as none.
pub fn seconds(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(json: &str) -> Faults {
        Faults::new(serde_json::from_str(json).unwrap(), 1)
    }

    #[test]
    fn the_nth_call_is_struck() {
        let mut faults = faults(r#"[{"operation": "ec2:*", "calls": [2], "then": "drop-reply"}]"#);
        assert_eq!(faults.strike("ec2:CreateVpc"), None);
        assert_eq!(faults.strike("sts:GetCallerIdentity"), None);
        assert_eq!(faults.strike("ec2:DescribeVpcs"), Some(Fault::DropReply));
        assert_eq!(faults.strike("ec2:DescribeVpcs"), None);
    }

    #[test]
    fn from_a_call_on_all_are_struck() {
        let mut faults = faults(r#"[{"operation": "*", "from": 3, "then": "hang"}]"#);
        let struck: Vec<bool> = (0..4).map(|_| faults.strike("a:b").is_some()).collect();
        assert_eq!(struck, [false, false, true, true]);
    }

    #[test]
    fn chance_is_seeded_and_times_cap_it() {
        let json = r#"[{"operation": "*", "probability": 0.5, "times": 3, "then": "hang"}]"#;
        let run = |mut faults: Faults| {
            (0..40)
                .map(|_| faults.strike("a:b").is_some())
                .collect::<Vec<_>>()
        };
        assert_eq!(run(faults(json)), run(faults(json)));
        assert_eq!(
            run(faults(json)).iter().filter(|struck| **struck).count(),
            3
        );
    }

    #[test]
    fn a_refusal_says_its_code() {
        let json = r#"[{"operation": "*", "then": {"refuse": {"code": "Throttling"}}}]"#;
        let refusal = faults(json).strike("a:b");
        assert!(
            matches!(refusal, Some(Fault::Refuse { ref code, status: 400, .. }) if code == "Throttling")
        );
    }
}

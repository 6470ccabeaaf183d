//! What the policies of others say to the stack's requests, and what would help.

use ipnet::Ipv4Net;
use serde_json::Value;

use super::finding::Warning;
use crate::{
    aws::read::{Reads, Subnets},
    checks::{Code, codes},
    config::Config,
    policy::{Answer, Policy, Request, Through, statements},
};

/// The way of the stack's requests.
pub(super) struct Passage {
    /// The endpoint; none if it is still to come.
    pub endpoint: Option<String>,
    vpc: String,
    /// The load balancer's subnets: its nodes are who endpoints see, not the
    /// clients (load balancer guide: it opens connections of its own to targets).
    from: Vec<Ipv4Net>,
}

impl Passage {
    pub async fn of(config: &Config, reads: &Reads, endpoint: Option<String>) -> Self {
        let network = &config.network;
        // A subnet that does not exist is for another check to say.
        let subnets = reads.subnets(Subnets::With(network.subnets.clone())).await;
        let subnets = subnets.unwrap_or_default();
        let ranges: Option<Vec<Ipv4Net>> = network
            .subnets
            .iter()
            .map(|id| {
                let found = subnets.iter().find(|one| one.subnet_id() == Some(id));
                found?.cidr_block()?.parse().ok()
            })
            .collect();
        Self {
            endpoint,
            vpc: network.vpc.clone(),
            from: ranges.unwrap_or_default(),
        }
    }

    pub fn through(&self) -> Through<'_> {
        Through {
            endpoint: self.endpoint.as_deref(),
            vpc: &self.vpc,
            from: &self.from,
        }
    }

    /// Follows the endpoint in a sentence.
    pub fn yet(&self) -> &'static str {
        match self.endpoint {
            Some(_) => "",
            None => " yet (it does not exist)",
        }
    }
}

/// How a policy comes out that is read as `read` says: now, and with one more
/// statement.
pub(super) struct Outcome {
    /// The answer now.
    pub now: Answer,
    /// The answer with the statement.
    pub then: Answer,
    /// Whether the statement is missing even where no Deny is.
    missing: bool,
}

impl Outcome {
    /// Asks a policy; of several requests the worst answer counts.
    pub fn of(
        text: &str,
        statement: &Value,
        read: impl Fn(&str) -> Policy,
        requests: &[Request],
    ) -> Self {
        let worst = |text: &str| worst(&read(text), requests);
        let longer = statements::with(text, statement).to_string();
        let open = statements::without_denials(text);
        Self {
            now: worst(text),
            then: worst(&longer),
            missing: !open.is_some_and(|open| worst(&open.to_string()).is_yes()),
        }
    }

    /// A warning if not even the statement that hybridgw adds makes a yes of it.
    /// `policy` is whose it is, in words.
    pub fn vain(&self, place: &str, policy: &str, except: &str) -> Option<Warning> {
        let (will, remedy) = match &self.then {
            Answer::Yes(_) => return None,
            then if then.is_denied() => ("will", format!("a Deny wins over every Allow: {except}")),
            _ => (
                "may",
                "its owner has to know whether these requests are so".to_owned(),
            ),
        };
        let found = format!(
            "{place}: the statement that hybridgw adds to {policy} {will} not help: {}",
            self.then
        );
        Some(Warning::new(codes::POLICY_IN_VAIN, found, remedy))
    }

    /// What it is that keeps requests from passing now.
    pub fn code(&self) -> Code {
        if self.now.is_no() {
            codes::POLICY_NOT_ADMITTING
        } else {
            codes::POLICY_UNCLEAR
        }
    }

    /// What has to be done so that all passes: `except` where a Deny stands in the
    /// way, `add` where an Allow is missing.
    pub fn remedy(&self, except: &str, add: &str) -> String {
        if !self.then.is_denied() {
            return add.to_owned();
        }
        let also = if self.missing {
            format!("; then {add}")
        } else {
            String::new()
        };
        format!("a Deny wins over every Allow: {except}{also}")
    }
}

/// The worst answer to several requests.
pub(super) fn worst(policy: &Policy, requests: &[Request]) -> Answer {
    let rank = |answer: &Answer| match answer {
        answer if answer.is_denied() => 0,
        answer if answer.is_no() => 1,
        Answer::Depends { .. } => 2,
        _ => 3,
    };
    let answers = requests.iter().map(|request| policy.judge(request));
    let worst = answers.min_by_key(rank);
    worst.unwrap_or_else(|| Answer::Yes("nothing asked".to_owned()))
}

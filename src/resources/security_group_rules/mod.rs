//! The rules of the stack's security groups.
//!
//! They are apart from the groups because they refer to each other: the load
//! balancer's group lets out only to the endpoint's, which lets in only from
//! the load balancer's. Everything else is drift, also the rule that AWS puts
//! into every new group (all traffic out).
//!
//! In the endpoint's group other stacks that borrow the endpoint may have put a
//! rule each: these are theirs, and left alone.
//!
//! A borrowed endpoint has groups of somebody else's. Only if the configuration
//! says `manage` one of them gets a rule, which is the stack's own by its
//! description; the other rules there are nobody's business here.
//!
//! Their tags are set in the call that adds them, for policies that want tags on
//! everything, and not compared: `DescribeSecurityGroups` shows rules without their
//! tags, nothing here rests on them, and reading them would be one call more for
//! every plan. A rule that is added anew has the tags of then.

use std::{collections::BTreeSet, sync::Arc};

use aws_sdk_ec2::types;
use strum::{Display, EnumIter};

use crate::{
    aws::{
        Aws,
        read::{Groups, Query, Reads},
    },
    error::{Error, Result},
    graph::Node,
    names,
    resource::{
        Drift, Due, Found, Key, Kind, Need, Ours, Owner, Resource, UNKNOWN,
        tags::{self, Tags},
    },
    resources::{SecurityGroup, VpcEndpoint, security_group::mark, vpc_endpoint::lending},
};

mod rule;

pub use rule::Rule;
use rule::{Direction, authorize, is_default, revoke};

/// The rules of the stack's groups.
#[derive(Hash)]
pub struct SecurityGroupRules {
    /// Whose they are.
    pub owner: Owner,
    /// The load balancer's group.
    pub load_balancer: Arc<Node<SecurityGroup>>,
    /// The endpoint's group, if the stack has an endpoint.
    pub endpoint: Option<Arc<Node<SecurityGroup>>>,
    /// The endpoint that the stack borrows, or that it may not look at.
    pub borrowed: Option<Arc<Node<VpcEndpoint>>>,
    /// Whether one of its groups is to let the load balancer in.
    pub open: bool,
    /// Who may reach the load balancer: IPv4 CIDRs, prefix lists, groups.
    pub clients: Vec<String>,
}

/// The rules as EC2 reports them.
#[derive(Clone, Debug)]
pub struct Actual {
    /// The stack's groups that exist.
    pub groups: BTreeSet<String>,
    /// The rules of all of them, and the stack's own in other groups.
    pub rules: BTreeSet<Rule>,
    /// Rules of others that let the load balancer in.
    pub foreign: BTreeSet<Rule>,
}

/// What can differ.
#[derive(Clone, Debug, PartialEq, Eq, Display, EnumIter)]
#[strum(serialize_all = "lowercase")]
pub enum Field {
    /// A rule of the load balancer's group.
    #[strum(to_string = "load balancer rule")]
    LoadBalancerRule,
    /// A rule of the endpoints' group, or of a borrowed endpoint's.
    #[strum(to_string = "endpoint rule")]
    EndpointRule,
}

/// AWS's code when a group has as many rules as it may have.
const FULL: &str = "RulesPerSecurityGroupLimitExceeded";

/// What a rule says whose it is, in a group that is not the stack's.
pub fn description(stack: &str) -> String {
    names::opening(stack)
}

impl SecurityGroupRules {
    /// The rules that should be, once the groups are known.
    fn wanted(&self) -> Option<BTreeSet<Rule>> {
        let own = self.load_balancer.id()?;
        let clients = self.clients.iter();
        let clients = clients.flat_map(|client| {
            [443, 80].map(|port| Rule::tcp(&own, Direction::Ingress, port, client))
        });
        let mut wanted: BTreeSet<Rule> = clients.collect();
        if let Some(endpoint) = &self.endpoint {
            let endpoint = endpoint.id()?;
            wanted.insert(Rule::tcp(&own, Direction::Egress, 443, &endpoint));
            wanted.insert(Rule::tcp(&endpoint, Direction::Ingress, 443, &own));
        }
        if let Some(borrowed) = &self.borrowed {
            let endpoint = borrowed.actual()?;
            let groups = &endpoint.groups;
            let out = borrowed.desired.peers(&endpoint).into_iter();
            wanted.extend(out.map(|peer| Rule::tcp(&own, Direction::Egress, 443, &peer)));
            // One is enough: the groups of an interface add up.
            if let Some(first) = groups.first().filter(|_| self.open) {
                wanted.insert(Rule {
                    description: Some(description(&self.owner.stack)),
                    ..Rule::tcp(first, Direction::Ingress, 443, &own)
                });
            }
        }
        Some(wanted)
    }

    /// The field that a rule is a part of.
    fn field_of(&self, rule: &Rule) -> Field {
        if self.load_balancer.id().as_ref() == Some(&rule.group) {
            Field::LoadBalancerRule
        } else {
            Field::EndpointRule
        }
    }

    fn tags(&self) -> Tags {
        self.owner.tags(&self.key())
    }

    fn known(&self) -> Result<BTreeSet<Rule>> {
        self.wanted()
            .ok_or_else(|| Error::not_yet("its groups are not there yet"))
    }
}

impl Actual {
    /// What is wanted and not there, but for what others have done already.
    fn missing<'a>(&'a self, wanted: &'a BTreeSet<Rule>) -> Vec<&'a Rule> {
        let missing = wanted.difference(&self.rules);
        let done = |rule: &Rule| self.foreign.iter().any(|one| one.admits_as(rule));
        missing.filter(|rule| !done(rule)).collect()
    }

    /// When a rule goes: one between the load balancer and an endpoint at last,
    /// since requests may still need it.
    fn due(&self, rule: &Rule) -> Due {
        let is_endpoint = rule.peer.starts_with("sg-") || rule.peer.ends_with("/32");
        let to_endpoint = rule.direction == Direction::Egress && is_endpoint;
        let from_balancer =
            rule.direction == Direction::Ingress && self.groups.contains(&rule.peer);
        if rule.is_https() && (to_endpoint || from_balancer) {
            Due::Deferred
        } else {
            Due::Now
        }
    }
}

impl Resource for SecurityGroupRules {
    type Actual = Actual;
    type Field = Field;
    type Receipt = ();
    const READS: &'static [Query] = &[Query::DescribeSecurityGroups];
    const MADE_IN_STEPS: bool = true;

    fn key(&self) -> Key {
        Key::bare(Kind::SecurityGroupRules)
    }

    fn needs(&self) -> Vec<Need> {
        let mut needs: Vec<Need> = self.endpoint.iter().map(|group| group.exists()).collect();
        // Settled: the tag that remembers the borrowed endpoint is there before
        // it is opened.
        needs.push(if self.open {
            self.load_balancer.settled()
        } else {
            self.load_balancer.exists()
        });
        needs.extend(self.borrowed.iter().map(|endpoint| endpoint.exists()));
        needs
    }

    fn summary(&self) -> String {
        format!("443 and 80 from {}", self.clients.join(", "))
    }

    async fn discover(reads: &Reads) -> Result<Vec<Found<Actual>>> {
        let groups = reads.security_groups(Groups::OfStack).await?;
        let mut whose = None;
        let mut actual = Actual {
            groups: BTreeSet::new(),
            rules: BTreeSet::new(),
            foreign: BTreeSet::new(),
        };
        for group in groups.iter() {
            let own = mark(group, &reads.stack);
            let own = own.filter(|mark| is_group(mark.key().kind()));
            let (Some(own), Some(id)) = (own, group.group_id()) else {
                continue;
            };
            if own.key().kind() == Kind::LoadBalancerSecurityGroup && remembers_endpoint(group) {
                let (ours, foreign) = in_other_groups(reads, id).await?;
                actual.rules.extend(ours);
                actual.foreign = foreign;
            }
            whose = Some(own.for_part(Key::bare(Kind::SecurityGroupRules)));
            actual.groups.insert(id.to_owned());
            let mut rules = Rule::of(group);
            if own.key().kind() == Kind::EndpointSecurityGroup {
                leave_lent(reads, &mut rules).await?;
            }
            // In a group of the stack's own every rule is, whatever it says.
            actual.rules.extend(rules.into_iter().map(|rule| Rule {
                description: None,
                ..rule
            }));
        }
        // Groups fresh from AWS hold only its default rule: nothing was made.
        let Some(mark) = whose.filter(|_| !actual.rules.iter().all(is_default)) else {
            return Ok(vec![]);
        };
        let id = actual.groups.iter().cloned().collect::<Vec<_>>().join(",");
        Ok(vec![Found::ours(mark, id, "available", actual)])
    }

    fn diff(&self, actual: &Actual) -> Vec<Drift<Field>> {
        let Actual {
            groups: _,
            rules,
            foreign: _, // in missing
        } = actual;
        let Some(wanted) = self.wanted() else {
            return vec![Drift::new(Field::LoadBalancerRule, "", UNKNOWN)];
        };
        let missing = actual.missing(&wanted).into_iter();
        let missing = missing.map(|rule| Drift::new(self.field_of(rule), "", rule.to_string()));
        let extra = rules.difference(&wanted).map(|rule| {
            let drift = Drift::new(self.field_of(rule), rule.to_string(), "");
            match actual.due(rule) {
                Due::Now | Due::Switch => drift,
                Due::Deferred => drift.deferred(),
            }
        });
        missing.chain(extra).collect()
    }

    async fn create(&self, aws: &Aws) -> Result<()> {
        for rule in https_first(&self.known()?) {
            authorize(aws, rule, &self.tags()).await?;
        }
        Ok(())
    }

    async fn update(&self, aws: &Aws, actual: &Ours<Actual>, drift: &[Drift<Field>]) -> Result<()> {
        let wanted = self.known()?;
        let is_due = |rule: &Rule, due: Due| {
            let field = self.field_of(rule);
            drift.iter().any(|one| one.field == field && one.due == due)
        };
        let extra = actual.rules.difference(&wanted);
        let extra = extra.filter(|rule| is_due(rule, actual.due(rule)));
        let mut extra = https_first(extra);
        // New before old: a rule taken away first would cut traffic.
        for rule in https_first(actual.missing(&wanted)) {
            if is_due(rule, Due::Now) {
                authorize_in(aws, rule, &self.tags(), &mut extra).await?;
            }
        }
        for rule in extra.into_iter().rev() {
            revoke(aws, rule).await?;
        }
        Ok(())
    }

    #[cfg(test)]
    fn alter(&self, field: &Field, actual: &mut Actual) {
        let own = self.load_balancer.id().unwrap_or_default();
        match field {
            Field::LoadBalancerRule => {
                let rule = Rule::tcp(&own, Direction::Ingress, 22, "192.0.2.0/24");
                actual.rules.insert(rule);
            }
            Field::EndpointRule => {
                let other = actual.groups.iter().find(|group| **group != own);
                let rule =
                    other.map(|group| Rule::tcp(group, Direction::Ingress, 22, "192.0.2.0/24"));
                actual.rules.extend(rule);
            }
        }
    }

    async fn delete(aws: &Aws, actual: &Ours<Actual>) -> Result<()> {
        for rule in &actual.rules {
            revoke(aws, rule).await?;
        }
        Ok(())
    }
}

/// 443 before 80, which only leads there.
fn https_first<'a>(rules: impl IntoIterator<Item = &'a Rule>) -> Vec<&'a Rule> {
    let mut rules: Vec<&Rule> = rules.into_iter().collect();
    rules.sort_by_key(|rule| !rule.is_https());
    rules
}

/// Adds a rule. If its group is full (60 rules each way by default, VPC user
/// guide, "Amazon VPC quotas"), one of those that go makes room for it: the last
/// one first, so that those for 443 stay longest. What stays is not touched.
async fn authorize_in(aws: &Aws, rule: &Rule, tags: &Tags, extra: &mut Vec<&Rule>) -> Result<()> {
    loop {
        let added = authorize(aws, rule, tags).await;
        let full = matches!(&added, Err(error) if error.code() == Some(FULL));
        let is_beside = |one: &&Rule| one.group == rule.group && one.direction == rule.direction;
        let Some(place) = extra.iter().rposition(is_beside).filter(|_| full) else {
            return added;
        };
        revoke(aws, extra.remove(place)).await?;
    }
}

fn is_group(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::LoadBalancerSecurityGroup | Kind::EndpointSecurityGroup
    )
}

fn remembers_endpoint(group: &types::SecurityGroup) -> bool {
    let tags = tags::of_ec2(group.tags());
    !tags::now_and_before(&tags, tags::ENDPOINT).is_empty()
}

/// Takes out the rules of the endpoint's group that other stacks have put there,
/// which borrow the endpoint: HTTPS from their load balancer's group, and no more.
async fn leave_lent(reads: &Reads, rules: &mut Vec<Rule>) -> Result<()> {
    let own = description(&reads.stack);
    let is_marked = |rule: &Rule| {
        let words = rule.description.as_deref().unwrap_or_default();
        let https = rule.direction == Direction::Ingress && rule.is_https();
        https && rule.peer.starts_with("sg-") && words.starts_with("hybridgw:") && words != own
    };
    if !rules.iter().any(is_marked) {
        return Ok(());
    }
    let borrowers = lending::borrowers_of_stack(reads).await?;
    rules.retain(|rule| {
        let is_of = |one: &lending::Borrower| {
            rule.peer == one.group && rule.description == Some(description(&one.stack))
        };
        !(is_marked(rule) && borrowers.iter().any(is_of))
    });
    Ok(())
}

/// The rules of other groups that let in what comes from this one: the stack's
/// own, by their description, and those of others.
async fn in_other_groups(reads: &Reads, own: &str) -> Result<(BTreeSet<Rule>, BTreeSet<Rule>)> {
    let which = Groups::Admitting(own.to_owned());
    let groups = reads.security_groups(which).await?;
    let others = groups
        .iter()
        .filter(|group| mark(group, &reads.stack).is_none());
    let rules = others.flat_map(Rule::of);
    let from_own = rules.filter(|rule| rule.direction == Direction::Ingress && rule.peer == own);
    let description = description(&reads.stack);
    Ok(from_own.partition(|rule| rule.description.as_ref() == Some(&description)))
}

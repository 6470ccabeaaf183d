//! The rules that send a host and path to a target group.
//!
//! Rules of longer paths have smaller priorities: the longest path wins, and
//! `/` takes the rest. Each length has a band of priorities, so that a route
//! comes or goes without another one's rule being touched.
//!
//! A route to an API or a function has one rule. A site has three or more, told
//! apart by the tag `hybridgw:part`: see [`part`]. What is wrong with one of
//! them is repaired without touching the others.
//!
//! Requests are led elsewhere only when what they are led to works
//! (`docs/design/0014`), and ELBv2 checks a group's targets only while a rule
//! uses the group. So, where the host is served already, a new rule is held: it
//! stands, but a condition more keeps all requests from it. And a rule that
//! takes requests first gets the new group beside the old one, with weight 0.

use std::{collections::BTreeMap, fmt, sync::Arc};

use aws_sdk_elasticloadbalancingv2::types::RulePriorityPair;
use strum::EnumIter;

use crate::{
    aws::{
        Aws, Called,
        error::none_if_missing,
        read::{self, Query, Reads},
    },
    error::{Error, Result},
    graph::Node,
    resource::{
        Drift, Due, Found, Key, Kind, Mark, Need, Ours, Owner, Resource,
        tags::{self, Tags},
    },
    resources::{Listener, LoadBalancer, TargetGroup, Targets, balancing},
};

mod actual;
pub mod part;
mod terms;

pub use actual::Rule;
pub use part::Site;
use part::{Does, Wanted};
pub use terms::NOBODY;
use terms::{Part, RuleField};

/// The rules of one route and host.
#[derive(Hash)]
pub struct ListenerRule {
    /// Whose they are.
    pub owner: Owner,
    /// How they are called.
    pub key: Key,
    /// The HTTPS listener.
    pub listener: Arc<Node<Listener>>,
    /// The host name.
    pub host: String,
    /// The path of the route.
    pub path: String,
    /// Where matching requests go.
    pub group: Arc<Node<TargetGroup>>,
    /// How they go.
    pub way: Way,
}

/// How requests go that a rule takes.
#[derive(Default, Hash)]
pub struct Way {
    /// The site, if the route leads to one.
    pub site: Option<Site>,
    /// What is in the group before the first request is: a function. Addresses
    /// come afterwards, since AWS checks none before a rule forwards to them.
    pub after: Option<Arc<Node<Targets>>>,
    /// What else must work before requests are led there.
    pub behind: Vec<Need>,
}

/// The rules of one route and host, as ELBv2 reports them.
#[derive(Clone, Debug)]
pub struct Actual {
    /// By part, and then by priority.
    pub rules: Vec<Rule>,
}

impl Actual {
    /// Whether one of the rules forwards to this target group.
    pub fn forwards_to(&self, group: &str) -> bool {
        self.rules
            .iter()
            .any(|rule| rule.groups.contains_key(group))
    }

    /// The host name that the rules serve.
    pub fn host(&self) -> String {
        let first = self.rules.first();
        let host = first.and_then(|rule| rule.tags.get(tags::HOST));
        host.cloned().unwrap_or_default()
    }
}

/// What can differ.
#[derive(Clone, Debug, PartialEq, Eq, EnumIter)]
pub enum Field {
    /// Something of the only rule of a route.
    Only(RuleField),
    /// Something of one of several rules.
    Of(Part, RuleField),
    /// A rule that is missing, or one too many.
    Whole(Part),
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Only(field) => write!(f, "{field}"),
            Self::Of(part, field) => write!(f, "{} rule {field}", part.word()),
            Self::Whole(part) => write!(f, "{} rule", part.word()),
        }
    }
}

/// What of a rule is changed.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
struct Change {
    /// Its conditions, and whether it is held then.
    conditions: Option<bool>,
    action: bool,
    transforms: bool,
}

/// The rules that exist, brought together with those that should.
struct Match<'a> {
    pairs: Vec<(Wanted, Option<&'a Rule>)>,
    /// Twins, and parts that the route does not have any more.
    surplus: Vec<&'a Rule>,
}

impl ListenerRule {
    fn wanted(&self) -> Vec<Wanted> {
        let group = self.group.id();
        part::wanted(
            &self.host,
            &self.path,
            group.as_ref(),
            self.way.site.as_ref(),
        )
    }

    fn tags(&self, wanted: &Wanted) -> Tags {
        let mut tags = self.owner.tags(&self.key);
        tags.insert(tags::HOST.to_owned(), self.host.clone());
        if wanted.is_one_of_several {
            tags.insert(tags::PART.to_owned(), wanted.part.tag());
        }
        tags
    }

    /// Of duplicates, the one with the least to repair stays, else the one that has
    /// precedence.
    fn compare<'a>(&self, actual: &'a Actual) -> Match<'a> {
        let mut surplus: Vec<&Rule> = actual.rules.iter().collect();
        let pairs = self.wanted().into_iter().map(|wanted| {
            let faults = |rule: &Rule| (self.drift(&wanted, rule).len(), rule.priority);
            let same = surplus.iter().filter(|rule| rule.part == wanted.part);
            let kept = same.copied().min_by_key(|rule| faults(rule));
            if let Some(kept) = kept {
                surplus.retain(|rule| rule.arn != kept.arn);
            }
            (wanted, kept)
        });
        let pairs = pairs.collect();
        Match { pairs, surplus }
    }

    fn drift(&self, wanted: &Wanted, rule: &Rule) -> Vec<Drift<RuleField>> {
        let mut drift = wanted.drift(rule);
        drift.extend(tags::drift(&rule.tags, &self.tags(wanted), RuleField::Tag));
        drift
    }

    /// Makes one of the rules, held if somebody may be served without it.
    async fn put(&self, aws: &Aws, wanted: &Wanted) -> Result<()> {
        let front = self.listener.require()?;
        let (held, listener) = (front.serves(&self.host), front.arn);
        for priority in wanted.tries() {
            let created = aws
                .elb
                .create_rule()
                .listener_arn(&listener)
                .priority(priority)
                .set_conditions(Some(wanted.conditions(held)))
                .set_actions(wanted.action().map(|action| vec![action]))
                .set_transforms(wanted.transforms())
                .set_tags(Some(tags::to_elb(&self.tags(wanted))))
                .send()
                .await;
            let taken = created.as_ref().is_err_and(|error| {
                error
                    .as_service_error()
                    .is_some_and(|error| error.is_priority_in_use_exception())
            });
            if !taken {
                return created.called("CreateRule").map(drop);
            }
            if self.is_duplicate(aws, &listener, priority, wanted).await? {
                return Err(Error::not_yet("another run is making it"));
            }
        }
        Err(Error::invalid("the listener has no free priority left"))
    }

    /// Whether the rule that stands at a priority is the very one that was to
    /// be made there: the next priority would make it twice.
    async fn is_duplicate(
        &self,
        aws: &Aws,
        listener: &str,
        priority: i32,
        wanted: &Wanted,
    ) -> Result<bool> {
        let rules = read::rules(aws, listener, Query::DescribeRules.name()).await?;
        let place = priority.to_string();
        let stands = rules.iter().find(|rule| rule.priority() == Some(&place));
        let Some(arn) = stands.and_then(|rule| rule.rule_arn()) else {
            return Ok(false);
        };
        let answer = aws.elb.describe_tags().resource_arns(arn).send().await;
        let answer = none_if_missing(answer.called("DescribeTags"))?;
        let pairs = answer.iter().flat_map(|answer| answer.tag_descriptions());
        let pairs = pairs.flat_map(|one| one.tags());
        let has = tags::from_pairs(pairs.map(|tag| (tag.key(), tag.value())));
        let says = [tags::STACK, tags::RESOURCE, tags::HOST, tags::PART];
        let own = self.tags(wanted);
        Ok(says.iter().all(|key| has.get(*key) == own.get(*key)))
    }

    /// Repairs what is due of one of the rules.
    async fn repair(&self, aws: &Aws, wanted: &Wanted, rule: &Rule, due: Due) -> Result<()> {
        let mut changes = Tags::new();
        let mut change = Change::default();
        let mut is_misplaced = false;
        let all = self.drift(wanted, rule).into_iter();
        for one in all.filter(|one| one.due == due) {
            match one.field {
                RuleField::Host | RuleField::Path => change.conditions = Some(rule.held),
                RuleField::Taking => change.conditions = Some(false),
                RuleField::TargetGroup | RuleField::Redirect => change.action = true,
                RuleField::Transforms => change.transforms = true,
                RuleField::Priority => is_misplaced = true,
                RuleField::Tag(key) => {
                    changes.extend(tags::to_repair(&key, &rule.tags, &self.tags(wanted)));
                }
            }
        }
        balancing::set_tags(aws, &rule.arn, &changes).await?;
        if change != Change::default() {
            self.modify(aws, wanted, rule, change).await?;
        }
        if is_misplaced {
            move_into_band(aws, &rule.arn, wanted).await?;
        }
        Ok(())
    }

    /// What is not given stays as it is (ELBv2 API reference, `ModifyRule`).
    async fn modify(&self, aws: &Aws, wanted: &Wanted, rule: &Rule, change: Change) -> Result<()> {
        if matches!(wanted.does, Does::Forward(None)) {
            self.group.require()?;
        }
        let conditions = change.conditions.map(|held| wanted.conditions(held));
        let action = wanted.beside(rule).or_else(|| wanted.action());
        let action = action.filter(|_| change.action);
        let transforms = wanted.transforms().filter(|_| change.transforms);
        let none_left = change.transforms && transforms.is_none();
        aws.elb
            .modify_rule()
            .rule_arn(&rule.arn)
            .set_conditions(conditions)
            .set_actions(action.map(|action| vec![action]))
            .set_transforms(transforms)
            .set_reset_transforms(none_left.then_some(true))
            .send()
            .await
            .called("ModifyRule")
            .map(drop)
    }

    fn is(&self, key: &Key, host: &str) -> bool {
        host == self.host && key.path_at(host) == self.path
    }
}

/// The rules of the routes and hosts that are wanted.
async fn those(reads: &Reads, wanted: impl Fn(&Key, &str) -> bool) -> Result<Vec<Found<Actual>>> {
    // A rule's tags tell its route and host.
    let place = |tags: &Tags| {
        let mark = Mark::of_tags(tags, &reads.stack)?;
        let host = tags.get(tags::HOST).cloned().unwrap_or_default();
        let is_rule = mark.key().kind() == Kind::ListenerRule;
        (is_rule && wanted(mark.key(), &host)).then_some((mark, host))
    };
    let mut found = Vec::new();
    for balancer in LoadBalancer::discover(&reads.remembered()).await? {
        let is_about = |tags: &Tags| place(tags).is_some();
        for front in balancing::fronts(reads, &balancer.id, is_about).await? {
            let listener = front.listener.listener_arn().unwrap_or_default().to_owned();
            let mut routes: BTreeMap<(String, String), (Mark, Vec<Rule>)> = BTreeMap::new();
            for (rule, tags) in front.rules {
                let Some((mark, host)) = place(&tags) else {
                    continue;
                };
                let route = (mark.key().path_at(&host), host);
                let (_, rules) = routes.entry(route).or_insert((mark, Vec::new()));
                rules.push(Rule::of(&rule, tags));
            }
            found.extend(routes.into_values().filter_map(|(mark, mut rules)| {
                rules.sort_by_key(|rule| (rule.part, rule.priority));
                // The rule that `delete` takes last names them all.
                let id = rules.last()?.arn.clone();
                let actual = Actual { rules };
                let host = actual.host();
                let found = Found::ours(mark, id, "active", actual);
                Some(found.within(&listener).scoped(host))
            }));
        }
    }
    Ok(found)
}

impl Resource for ListenerRule {
    type Actual = Actual;
    type Field = Field;
    type Receipt = ();
    const READS: &'static [Query] = &[Query::DescribeRules, Query::DescribeTags];
    const MADE_IN_STEPS: bool = true;

    fn key(&self) -> Key {
        self.key.clone()
    }

    fn needs(&self) -> Vec<Need> {
        // Settled: the rule that guards the listener stands before any route.
        let mut needs = vec![self.listener.settled(), self.group.exists()];
        needs.extend(self.way.after.iter().map(|targets| targets.exists()));
        needs
    }

    fn switches_after(&self) -> Vec<Need> {
        let targets = self.group.key().sibling(Kind::Targets);
        let behind = self.way.behind.iter().cloned();
        behind.chain([Need::Settled(targets)]).collect()
    }

    fn summary(&self) -> String {
        match &self.way.site {
            None => format!("{}{}", self.host, self.path),
            Some(site) => format!("{}{} from {}", self.host, self.path, site.bucket_host),
        }
    }

    async fn discover(reads: &Reads) -> Result<Vec<Found<Actual>>> {
        those(reads, |_, _| true).await
    }

    async fn find(&self, reads: &Reads) -> Result<Option<Found<Actual>>> {
        let found = those(reads, |key, host| self.is(key, host)).await?;
        Ok(found.into_iter().next())
    }

    async fn again(reads: &Reads, was: &Found<Actual>) -> Result<Option<Found<Actual>>> {
        let host = was.actual.host();
        let all = those(reads, |key, at| *key == was.key && at == host).await?;
        Ok(all.into_iter().find(|found| found.id == was.id))
    }

    fn matches(&self, found: &Found<Actual>) -> bool {
        // Not by key: an alias that becomes the stack's own name keeps its rules.
        self.is(&found.key, &found.actual.host())
    }

    fn diff(&self, actual: &Actual) -> Vec<Drift<Field>> {
        let Match { pairs, surplus } = self.compare(actual);
        let mut drift = Vec::new();
        for (wanted, rule) in &pairs {
            let Some(rule) = rule else {
                drift.push(Drift::new(Field::Whole(wanted.part), "", wanted.words()));
                continue;
            };
            let of_rule = |field| {
                if wanted.is_one_of_several {
                    Field::Of(wanted.part, field)
                } else {
                    Field::Only(field)
                }
            };
            let own = self.drift(wanted, rule).into_iter();
            drift.extend(own.map(|one| one.map(of_rule)));
        }
        drift.extend(surplus.iter().map(|rule| {
            let field = Field::Whole(rule.part);
            // It may take requests that another part takes only after the switch.
            Drift::new(field, format!("one too many, {}", rule.priority), "").switches()
        }));
        drift
    }

    async fn create(&self, aws: &Aws) -> Result<()> {
        self.group.require()?;
        for wanted in self.wanted().into_iter().rev() {
            self.put(aws, &wanted).await?;
        }
        Ok(())
    }

    async fn update(&self, aws: &Aws, actual: &Ours<Actual>, drift: &[Drift<Field>]) -> Result<()> {
        let Some(due) = drift.first().map(|one| one.due) else {
            return Ok(());
        };
        let is_due = |part: Part| {
            drift.iter().any(|one| match one.field {
                Field::Only(_) => true,
                Field::Of(of, _) | Field::Whole(of) => of == part,
            })
        };
        let Match { pairs, surplus } = self.compare(actual);
        // The first one takes the rest, and is right only behind the others.
        let pairs = pairs.iter().rev();
        for (wanted, rule) in pairs.filter(|(wanted, _)| is_due(wanted.part)) {
            match rule {
                None => {
                    self.group.require()?;
                    self.put(aws, wanted).await?;
                }
                Some(rule) => self.repair(aws, wanted, rule, due).await?,
            }
        }
        for rule in surplus {
            if due == Due::Switch && is_due(rule.part) {
                remove(aws, &rule.arn).await?;
            }
        }
        Ok(())
    }

    #[cfg(test)]
    fn alter(&self, field: &Field, actual: &mut Actual) {
        let first = &mut actual.rules[0];
        match field {
            Field::Only(_) | Field::Of(..) => first.hosts.clear(),
            Field::Whole(_) => {
                let duplicate = first.clone();
                actual.rules.push(Rule {
                    arn: "another".to_owned(),
                    ..duplicate
                });
            }
        }
    }

    /// The rest goes first: without the others before it, it would take what is
    /// theirs.
    async fn delete(aws: &Aws, actual: &Ours<Actual>) -> Result<()> {
        for rule in &actual.rules {
            remove(aws, &rule.arn).await?;
        }
        Ok(())
    }
}

async fn move_into_band(aws: &Aws, rule: &str, wanted: &Wanted) -> Result<()> {
    for priority in wanted.tries() {
        let pair = RulePriorityPair::builder()
            .rule_arn(rule)
            .priority(priority)
            .build();
        let moved = aws
            .elb
            .set_rule_priorities()
            .rule_priorities(pair)
            .send()
            .await;
        let taken = moved.as_ref().is_err_and(|error| {
            error
                .as_service_error()
                .is_some_and(|error| error.is_priority_in_use_exception())
        });
        if !taken {
            return moved.called("SetRulePriorities").map(drop);
        }
    }
    Err(Error::invalid("the listener has no free priority left"))
}

/// Deletes a rule.
pub(super) async fn remove(aws: &Aws, arn: &str) -> Result<()> {
    let deleted = aws
        .elb
        .delete_rule()
        .rule_arn(arn)
        .send()
        .await
        .called("DeleteRule");
    none_if_missing(deleted).map(drop)
}

//! The rule that sends a host and path to a target group.
//!
//! Rules of longer paths have smaller priorities: the longest path wins, and
//! `/` takes the rest. Each length has a band of priorities, so that a route
//! comes or goes without another one's rule being touched.

use std::{collections::BTreeSet, sync::Arc};

use aws_sdk_elasticloadbalancingv2::types::{
    self, Action, ActionTypeEnum, HostHeaderConditionConfig, PathPatternConditionConfig,
    RuleCondition, RulePriorityPair,
};

use crate::{
    aws::{
        Aws, Called,
        error::none_if_missing,
        tags::{self, Owner, Tags},
    },
    error::{Error, Result},
    graph::Node,
    look::Look,
    names,
    resource::{Drift, Found, Key, Need, Resource, UNKNOWN},
    resources::{Listener, LoadBalancer, TargetGroup, balancing},
};

/// The rule of one route and host.
pub struct ListenerRule {
    /// Whose it is.
    pub owner: Owner,
    /// The HTTPS listener.
    pub listener: Arc<Node<Listener>>,
    /// The host name.
    pub host: String,
    /// The path of the route.
    pub path: String,
    /// Where matching requests go.
    pub group: Arc<Node<TargetGroup>>,
}

/// A rule as ELBv2 reports it.
#[derive(Clone, Debug)]
pub struct Actual {
    /// Its ARN.
    pub arn: String,
    /// Its place among the rules.
    pub priority: i32,
    /// The host names it takes.
    pub hosts: BTreeSet<String>,
    /// The path patterns it takes; none takes every path.
    pub paths: BTreeSet<String>,
    /// The target group it forwards to, or another action in words.
    pub action: String,
    /// All its tags.
    pub tags: Tags,
}

/// Priorities run to 50000 (ELBv2 API reference). A path has at most 128
/// characters, so there is room for this many routes of one length.
const BAND: i32 = 380;
const LONGEST: i32 = 128;

/// The priorities that a rule for this path may have.
fn band(path: &str) -> std::ops::Range<i32> {
    let length = i32::try_from(path.trim_end_matches('/').len()).unwrap_or(LONGEST);
    let start = 100 + (LONGEST - length.min(LONGEST)) * BAND;
    start..start + BAND
}

impl ListenerRule {
    fn tags(&self) -> Tags {
        let mut tags = self.owner.tags(&self.key());
        tags.insert(tags::HOST.to_owned(), self.host.clone());
        tags
    }

    /// `/` has no path condition; `/sms` takes itself and what is below it.
    fn patterns(&self) -> BTreeSet<String> {
        match self.path.as_str() {
            "/" => BTreeSet::new(),
            path => BTreeSet::from([path.to_owned(), format!("{path}/*")]),
        }
    }

    fn conditions(&self) -> Vec<RuleCondition> {
        let host = HostHeaderConditionConfig::builder()
            .values(&self.host)
            .build();
        let mut conditions = vec![
            RuleCondition::builder()
                .field("host-header")
                .host_header_config(host)
                .build(),
        ];
        let patterns = self.patterns();
        if !patterns.is_empty() {
            let path = PathPatternConditionConfig::builder()
                .set_values(Some(patterns.into_iter().collect()))
                .build();
            conditions.push(
                RuleCondition::builder()
                    .field("path-pattern")
                    .path_pattern_config(path)
                    .build(),
            );
        }
        conditions
    }

    fn action(group: &str) -> Action {
        Action::builder()
            .r#type(ActionTypeEnum::Forward)
            .target_group_arn(group)
            .build()
    }

    /// The priorities to try, beginning at a place that the host and path
    /// alone decide, so that two runs at once choose the same.
    fn priorities(&self) -> impl Iterator<Item = i32> + use<> {
        let hash = names::short_hash(&format!("{}{}", self.host, self.path));
        let seed = i32::from_str_radix(&hash, 16).unwrap_or_default();
        let band = band(&self.path);
        (0..BAND).map(move |step| band.start + (seed + step).rem_euclid(BAND))
    }
}

impl Resource for ListenerRule {
    type Actual = Actual;
    const ASKS: &'static [&'static str] = &["DescribeRules", balancing::TAGS_OF_FRONT];

    fn key(&self) -> Key {
        Key::of_route("listener-rule", &self.path)
    }

    fn needs(&self) -> Vec<Need> {
        // Settled: the rule that guards the listener stands before any route.
        vec![self.listener.settled(), self.group.exists()]
    }

    fn summary(&self) -> String {
        format!("{}{}", self.host, self.path)
    }

    async fn discover(look: &Look) -> Result<Vec<Found<Actual>>> {
        let mut found = Vec::new();
        for balancer in LoadBalancer::discover(look).await? {
            for front in balancing::fronts(look, &balancer.id).await? {
                let listener = front.listener.listener_arn().map(str::to_owned);
                found.extend(front.rules.into_iter().filter_map(|(rule, tags)| {
                    let key = tags::key_of(&tags, &look.stack)?;
                    (key.kind() == "listener-rule").then_some(())?;
                    let actual = actual(&rule, tags);
                    Some(Found {
                        key,
                        id: actual.arn.clone(),
                        state: "active".to_owned(),
                        parent: listener.clone(),
                        actual,
                    })
                }));
            }
        }
        Ok(found)
    }

    fn is(&self, found: &Found<Actual>) -> bool {
        found.key == self.key() && found.actual.tags.get(tags::HOST) == Some(&self.host)
    }

    fn diff(&self, actual: &Actual) -> Vec<Drift> {
        let Actual {
            arn: _,
            priority,
            hosts,
            paths,
            action,
            tags: has,
        } = actual;
        let mut drift = Vec::new();
        let band = band(&self.path);
        if !band.contains(priority) {
            let wanted = self.priorities().next().unwrap_or(band.start);
            drift.push(Drift::new(
                "priority",
                priority.to_string(),
                wanted.to_string(),
            ));
        }
        drift.extend(Drift::between("host", &join(hosts), &self.host));
        drift.extend(Drift::between(
            "path",
            &join(paths),
            &join(&self.patterns()),
        ));
        let group = self.group.id().unwrap_or_else(|| UNKNOWN.to_owned());
        drift.extend(Drift::between("target group", action, &group));
        drift.extend(tags::drift(has, &self.tags()));
        drift
    }

    async fn create(&self, aws: &Aws) -> Result<()> {
        let listener = self.listener.require()?.arn;
        let group = self.group.require()?.arn;
        for priority in self.priorities() {
            let created = aws
                .elb
                .create_rule()
                .listener_arn(&listener)
                .priority(priority)
                .set_conditions(Some(self.conditions()))
                .actions(Self::action(&group))
                .set_tags(Some(tags::to_elb(&self.tags())))
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
            if self.was_made_meanwhile(aws, &listener, &group).await? {
                return Err(Error::not_yet("another run has made it"));
            }
        }
        Err(Error::invalid("the listener has no free priority left"))
    }

    async fn update(&self, aws: &Aws, actual: &Actual, drift: &[Drift]) -> Result<()> {
        balancing::set_tags(aws, &actual.arn, drift).await?;
        let own = ["host", "path", "target group"];
        if drift.iter().any(|one| own.contains(&one.field.as_str())) {
            aws.elb
                .modify_rule()
                .rule_arn(&actual.arn)
                .set_conditions(Some(self.conditions()))
                .actions(Self::action(&self.group.require()?.arn))
                .send()
                .await
                .called("ModifyRule")?;
        }
        if drift.iter().any(|one| one.field == "priority") {
            self.move_into_band(aws, &actual.arn).await?;
        }
        Ok(())
    }

    async fn delete(aws: &Aws, actual: &Actual) -> Result<()> {
        remove(aws, &actual.arn).await
    }

    fn place(actual: &Actual) -> String {
        actual.tags.get(tags::HOST).cloned().unwrap_or_default()
    }
}

impl ListenerRule {
    /// Whether the listener has a rule like this one by now. Two runs try the
    /// same priorities in the same order.
    async fn was_made_meanwhile(&self, aws: &Aws, listener: &str, group: &str) -> Result<bool> {
        let pages = aws.elb.describe_rules().listener_arn(listener);
        let rules = pages.into_paginator().items().send();
        let rules = rules.collect::<Result<Vec<_>, _>>().await;
        let same = |rule: &types::Rule| {
            let there = actual(rule, Tags::new());
            there.action == group
                && there.hosts.contains(&self.host)
                && there.paths == self.patterns()
        };
        Ok(rules.called("DescribeRules")?.iter().any(same))
    }

    async fn move_into_band(&self, aws: &Aws, rule: &str) -> Result<()> {
        for priority in self.priorities() {
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

fn actual(rule: &types::Rule, tags: Tags) -> Actual {
    let mut hosts = BTreeSet::new();
    let mut paths = BTreeSet::new();
    for condition in rule.conditions() {
        // Old clients read the plain `values`, newer ones the typed list.
        let plain = condition.values().iter();
        match condition.field() {
            Some("host-header") => {
                let typed = condition.host_header_config();
                let typed = typed.map(|config| config.values()).unwrap_or_default();
                hosts.extend(plain.chain(typed).map(|host| host.to_lowercase()));
            }
            Some("path-pattern") => {
                let typed = condition.path_pattern_config();
                let typed = typed.map(|config| config.values()).unwrap_or_default();
                paths.extend(plain.chain(typed).cloned());
            }
            other => {
                // A condition that is not ours: shown as a path it is drift.
                paths.insert(other.unwrap_or("?").to_owned());
            }
        }
    }
    Actual {
        arn: rule.rule_arn().unwrap_or_default().to_owned(),
        priority: rule
            .priority()
            .and_then(|text| text.parse().ok())
            .unwrap_or_default(),
        hosts,
        paths,
        action: target(rule.actions()),
        tags,
    }
}

fn target(actions: &[Action]) -> String {
    let [action] = actions else {
        return format!("{} actions", actions.len());
    };
    action
        .target_group_arn()
        .or(action.r#type().map(ActionTypeEnum::as_str))
        .unwrap_or_default()
        .to_owned()
}

fn join(items: &BTreeSet<String>) -> String {
    items.iter().cloned().collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn longer_paths_come_before_shorter_ones_and_all_fit() {
        let longest = format!("/{}", "x".repeat(127));
        let (root, sms, long) = (band("/"), band("/sms"), band(&longest));
        assert!(long.end <= sms.start && sms.end <= root.start);
        assert!(root.end <= 50_000);
        assert!(long.start > 1, "the guard comes first");
    }
}

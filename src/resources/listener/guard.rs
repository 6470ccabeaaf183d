//! The rule that refuses requests with the header `x-apigw-api-id`, before all
//! others. It is never taken away while the listener stands: what is wrong with
//! it is changed where it is.

use aws_sdk_elasticloadbalancingv2::types::{
    self, Action, HttpHeaderConditionConfig, RuleCondition, RulePriorityPair,
};

use super::{Actual, fixed, words};
use crate::{
    aws::{
        Aws, Called,
        error::none_if_missing,
        read::{self, Query},
    },
    error::{Error, ErrorKind, Result},
    resource::tags::{self, Tags},
};

/// Before all others.
const FIRST: i32 = 1;
/// The rules of routes stand from here on (`listener_rule/part.rs`).
const ROUTES: i32 = 100;
const HEADER: &str = "x-apigw-api-id";

/// The guard in words, when it is as it should be.
pub(super) const WANTED: &str = "refuses with 403";

/// The rule as ELBv2 reports it.
#[derive(Clone, Debug)]
pub struct Guard {
    arn: String,
    priority: i32,
    refuses: bool,
}

impl Guard {
    /// Reads it.
    pub(super) fn of(rule: &types::Rule) -> Self {
        Self {
            arn: rule.rule_arn().unwrap_or_default().to_owned(),
            priority: priority(rule).unwrap_or_default(),
            refuses: words(rule.actions()) == "fixed 403" && is_about_header(rule),
        }
    }

    /// What it does, and where it stands if that is not the first place.
    fn words(&self) -> String {
        let does = if self.refuses { WANTED } else { "altered" };
        if self.priority == FIRST {
            return does.to_owned();
        }
        format!("{does}, priority {}", self.priority)
    }
}

/// What there is of it, and the foreign rule that has its place: by the end of its
/// ARN, since a plan has little room.
pub(super) fn shown(guard: Option<&Guard>, instead: Option<&str>) -> String {
    let has = guard.map(Guard::words).unwrap_or_default();
    let Some(rule) = instead else {
        return has;
    };
    let has = if has.is_empty() { "none" } else { &has };
    let id = rule.rsplit('/').next().unwrap_or(rule);
    format!("{has}; a foreign rule, {id}, has priority {FIRST}")
}

/// Of these rules without the stack's tags the one that has its place. One that
/// does what the guard does may be the guard, with tags that do not show yet.
pub(super) fn instead<'a>(mut others: impl Iterator<Item = &'a types::Rule>) -> Option<String> {
    let first = others.find(|rule| priority(rule) == Some(FIRST))?;
    let arn = first.rule_arn().map(str::to_owned);
    arn.filter(|_| !Guard::of(first).refuses)
}

/// Makes the guard what it should be.
pub(super) async fn put(aws: &Aws, listener: &Actual, own: &Tags) -> Result<()> {
    let Some(guard) = &listener.guard else {
        return make(aws, &listener.arn, own).await;
    };
    if !guard.refuses {
        aws.elb
            .modify_rule()
            .rule_arn(&guard.arn)
            .conditions(condition())
            .actions(action())
            .send()
            .await
            .called("ModifyRule")?;
    }
    if guard.priority != FIRST {
        bring_forward(aws, listener, guard, own).await?;
    }
    Ok(())
}

/// Makes it in the first place, or as near to it as others let it.
async fn make(aws: &Aws, listener: &str, own: &Tags) -> Result<()> {
    for priority in FIRST..ROUTES {
        let created = aws
            .elb
            .create_rule()
            .listener_arn(listener)
            .priority(priority)
            .conditions(condition())
            .actions(action())
            .set_tags(Some(tags::to_elb(own)))
            .send()
            .await;
        let is_taken = created.as_ref().is_err_and(|error| {
            error
                .as_service_error()
                .is_some_and(|error| error.is_priority_in_use_exception())
        });
        if !is_taken {
            return created.called("CreateRule").map(drop);
        }
        let Some((_, marks)) = standing_at(aws, listener, priority).await? else {
            return Err(Error::not_yet("the rule in the first place is going"));
        };
        if tags::key_of(&marks, &own[tags::STACK]) == tags::key_of(own, &own[tags::STACK]) {
            return Err(Error::not_yet("another run is making it"));
        }
    }
    Err(Error::invalid(
        "the listener has no free priority before the routes",
    ))
}

/// Puts it before all others. A rule of the stack's own that stands there
/// changes places with it; a foreign one is named.
async fn bring_forward(aws: &Aws, listener: &Actual, guard: &Guard, own: &Tags) -> Result<()> {
    let pair = |rule: &str, priority| {
        RulePriorityPair::builder()
            .rule_arn(rule)
            .priority(priority)
            .build()
    };
    let mut pairs = vec![pair(&guard.arn, FIRST)];
    if let Some((rule, marks)) = standing_at(aws, &listener.arn, FIRST).await? {
        if tags::key_of(&marks, &own[tags::STACK]).is_none() {
            return Err(in_the_way(&rule, guard));
        }
        if rule != guard.arn {
            pairs.push(pair(&rule, guard.priority));
        }
    }
    aws.elb
        .set_rule_priorities()
        .set_rule_priorities(Some(pairs))
        .send()
        .await
        .called("SetRulePriorities")
        .map(drop)
}

fn in_the_way(rule: &str, guard: &Guard) -> Error {
    Error::new(
        ErrorKind::NotOurs,
        format!(
            "the rule {rule} is not this stack's, and has priority {FIRST}, before the rule against {HEADER}, \
             which has priority {}",
            guard.priority
        ),
    )
    .hint("give that rule another priority (`aws elbv2 set-rule-priorities`) or delete it, and run `hybridgw up` again")
}

/// The rule that has a priority, and its tags.
async fn standing_at(aws: &Aws, listener: &str, wanted: i32) -> Result<Option<(String, Tags)>> {
    let rules = read::rules(aws, listener, Query::DescribeRules.name()).await?;
    let stands = rules.iter().find(|rule| priority(rule) == Some(wanted));
    let Some(arn) = stands.and_then(|rule| rule.rule_arn()) else {
        return Ok(None);
    };
    let answer = aws.elb.describe_tags().resource_arns(arn).send().await;
    let answer = none_if_missing(answer.called("DescribeTags"))?;
    let pairs = answer.iter().flat_map(|answer| answer.tag_descriptions());
    let pairs = pairs.flat_map(|one| one.tags());
    let marks = tags::from_pairs(pairs.map(|tag| (tag.key(), tag.value())));
    Ok(Some((arn.to_owned(), marks)))
}

fn priority(rule: &types::Rule) -> Option<i32> {
    rule.priority()?.parse().ok()
}

fn action() -> Action {
    fixed("403", "the header x-apigw-api-id is not allowed here\n")
}

fn condition() -> RuleCondition {
    let header = HttpHeaderConditionConfig::builder()
        .http_header_name(HEADER)
        .values("*")
        .build();
    RuleCondition::builder()
        .field("http-header")
        .http_header_config(header)
        .build()
}

fn is_about_header(rule: &types::Rule) -> bool {
    let [condition] = rule.conditions() else {
        return false;
    };
    condition.http_header_config().is_some_and(|header| {
        let name = header.http_header_name();
        name.is_some_and(|name| name.eq_ignore_ascii_case(HEADER)) && header.values() == ["*"]
    })
}

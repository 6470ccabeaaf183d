//! Rules as ELBv2 reports them.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_elasticloadbalancingv2::types::{
    self, Action, ActionTypeEnum, RuleCondition, RuleTransform, TransformTypeEnum,
};

use crate::aws::tags::{self, Tags};

use super::terms::{NOBODY, Part, Pattern, Transform, words_of};

/// A rule as ELBv2 reports it.
#[derive(Clone, Debug)]
pub struct Rule {
    /// Its ARN.
    pub arn: String,
    /// Which of the route's rules it says it is.
    pub part: Part,
    /// Its place among the rules.
    pub priority: i32,
    /// The host names it takes.
    pub hosts: BTreeSet<String>,
    /// The paths it takes; none takes every path.
    pub paths: BTreeSet<Pattern>,
    /// The target group it forwards to, or another action in words.
    pub action: String,
    /// The target groups it forwards to, and their weights.
    pub groups: BTreeMap<String, i32>,
    /// Whether it waits for what it leads to, and takes no request until then.
    pub held: bool,
    /// How it rewrites requests.
    pub transforms: BTreeSet<Transform>,
    /// All its tags.
    pub tags: Tags,
}

impl Rule {
    /// Reads a rule.
    pub fn of(rule: &types::Rule, tags: Tags) -> Self {
        let mut read = Self {
            arn: rule.rule_arn().unwrap_or_default().to_owned(),
            part: Part::from_tag(tags.get(tags::PART)),
            priority: rule
                .priority()
                .and_then(|text| text.parse().ok())
                .unwrap_or_default(),
            hosts: BTreeSet::new(),
            paths: BTreeSet::new(),
            action: target(rule.actions()),
            groups: groups(rule.actions()),
            held: false,
            transforms: rule.transforms().iter().map(transform).collect(),
            tags,
        };
        for condition in rule.conditions() {
            read.take(condition);
        }
        read
    }

    /// Old clients read the plain values, newer ones the typed list: ELBv2
    /// gives both.
    fn take(&mut self, condition: &RuleCondition) {
        let plain = condition.values().iter();
        let regexes = condition.regex_values().iter();
        match condition.field() {
            Some("host-header") => {
                let typed = condition.host_header_config();
                let hosts = typed.map(|config| config.values()).unwrap_or_default();
                self.hosts
                    .extend(plain.chain(hosts).map(|host| host.to_lowercase()));
                let typed = typed.map(|config| config.regex_values());
                let regexes = regexes.chain(typed.unwrap_or_default());
                self.hosts.extend(regexes.map(|one| format!("regex {one}")));
            }
            Some("path-pattern") => {
                let typed = condition.path_pattern_config();
                let paths = typed.map(|config| config.values()).unwrap_or_default();
                self.paths
                    .extend(plain.chain(paths).cloned().map(Pattern::Plain));
                let typed = typed.map(|config| config.regex_values());
                let regexes = regexes.chain(typed.unwrap_or_default());
                self.paths.extend(regexes.cloned().map(Pattern::Regex));
            }
            Some("source-ip") if sources(condition) == [NOBODY] => self.held = true,
            other => {
                // A condition that is not ours: shown as a path it is drift.
                let field = other.unwrap_or("?").to_owned();
                self.paths.insert(Pattern::Plain(field));
            }
        }
    }
}

fn target(actions: &[Action]) -> String {
    let [action] = actions else {
        return format!("{} actions", actions.len());
    };
    if let Some(redirect) = action.redirect_config() {
        return words_of(redirect);
    }
    let groups = groups(actions);
    if groups.len() > 1 {
        let one = |(group, weight): (&String, &i32)| format!("{group} ({weight})");
        return groups.iter().map(one).collect::<Vec<_>>().join(", ");
    }
    groups
        .keys()
        .next()
        .map(String::as_str)
        .or(action.r#type().map(ActionTypeEnum::as_str))
        .unwrap_or_default()
        .to_owned()
}

/// Both forms of a forward: of one group ELBv2 gives both back.
fn groups(actions: &[Action]) -> BTreeMap<String, i32> {
    let forwards = actions.iter().filter_map(|action| action.forward_config());
    let tuples = forwards.flat_map(|config| config.target_groups());
    let mut groups: BTreeMap<String, i32> = tuples
        .filter_map(|one| {
            Some((
                one.target_group_arn()?.to_owned(),
                one.weight().unwrap_or(1),
            ))
        })
        .collect();
    if groups.is_empty() {
        let plain = actions
            .iter()
            .filter_map(|action| action.target_group_arn());
        groups.extend(plain.map(|arn| (arn.to_owned(), 1)));
    }
    groups
}

fn sources(condition: &RuleCondition) -> &[String] {
    let config = condition.source_ip_config();
    config.map(|config| config.values()).unwrap_or_default()
}

fn transform(transform: &RuleTransform) -> Transform {
    let host = transform.host_header_rewrite_config();
    let url = transform.url_rewrite_config();
    let rewrites = host
        .map(|config| config.rewrites())
        .or(url.map(|config| config.rewrites()))
        .unwrap_or_default();
    let rewrite = rewrites.first();
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    Transform {
        kind: text(transform.r#type().map(TransformTypeEnum::as_str)),
        regex: text(rewrite.and_then(|rewrite| rewrite.regex())),
        replace: text(rewrite.and_then(|rewrite| rewrite.replace())),
    }
}

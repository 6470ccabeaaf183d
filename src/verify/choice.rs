//! Which rule of a listener takes a request.
//!
//! ELB user guide, "Listener rules": by priority, the lowest number first; all
//! conditions of a rule must hold; the default one takes the rest.

use std::net::IpAddr;

use aws_sdk_elasticloadbalancingv2::types::{
    ActionTypeEnum, Rule, RuleCondition, TransformTypeEnum,
};
use ipnet::IpNet;

use crate::{
    config::Config,
    resources::listener_rule::NOBODY,
    simulator::{pattern::matches, regex::Regex},
};

/// The rule that takes a request.
#[derive(Clone, Debug)]
pub struct Taken {
    /// The rule; none: not even a default one.
    pub rule: Option<Rule>,
    /// Whether it is the default one.
    pub is_default: bool,
    /// A rule that would take it, but waits for what it leads to.
    pub held: Option<String>,
    /// Whether it asks for a path.
    pub has_path: bool,
    /// Rules behind it that would take it, too: their target groups, and whether
    /// they ask for a path.
    pub behind: Vec<(String, bool)>,
}

impl Taken {
    /// The one target group that it forwards to.
    pub fn forwards_to(&self) -> Option<&str> {
        match groups(self.rule.as_ref()?).as_slice() {
            [one] => Some(*one),
            _ => None,
        }
    }

    /// The rule in words.
    pub fn words(&self) -> String {
        match &self.rule {
            None => "no rule, not even a default one".to_owned(),
            Some(_) if self.is_default => "the default rule".to_owned(),
            Some(rule) => format!("the rule of priority {}", rule.priority().unwrap_or("?")),
        }
    }

    /// What the rule does, in words.
    pub fn deed(&self) -> String {
        let actions = self.rule.as_ref().map(|rule| rule.actions());
        let Some(action) = actions.and_then(|all| all.last()) else {
            return "does nothing".to_owned();
        };
        if let Some(fixed) = action.fixed_response_config() {
            return format!("answers {}", fixed.status_code().unwrap_or("?"));
        }
        if action.redirect_config().is_some() {
            return "redirects".to_owned();
        }
        let groups = self.rule.as_ref().map(groups).unwrap_or_default();
        let names: Vec<&str> = groups.iter().map(|arn| name_of(arn)).collect();
        format!("forwards to {}", names.join(" and "))
    }

    /// Whether it forwards.
    pub fn forwards(&self) -> bool {
        let actions = self.rule.as_ref().map(|rule| rule.actions());
        let mut actions = actions.unwrap_or_default().iter();
        actions.any(|action| action.r#type() == Some(&ActionTypeEnum::Forward))
    }

    /// The transforms: each one's kind and what it puts in.
    pub fn transforms(&self) -> Vec<(String, String)> {
        let rule = self.rule.iter();
        let all = rule.flat_map(|rule| rule.transforms());
        all.filter_map(|one| {
            let kind = one.r#type().map(TransformTypeEnum::as_str)?;
            let host = one.host_header_rewrite_config().map(|one| one.rewrites());
            let url = one.url_rewrite_config().map(|one| one.rewrites());
            let rewrite = host.or(url)?.first()?;
            Some((
                kind.to_owned(),
                rewrite.replace().unwrap_or_default().to_owned(),
            ))
        })
        .collect()
    }
}

/// The name in a target group's ARN: `…:targetgroup/NAME/ID`.
pub fn name_of(arn: &str) -> &str {
    arn.rsplit('/').nth(1).unwrap_or(arn)
}

/// The target groups that a rule forwards to; those of weight 0 get nothing.
pub fn groups(rule: &Rule) -> Vec<&str> {
    let mut all = Vec::new();
    for action in rule.actions() {
        let tuples = action.forward_config().map(|one| one.target_groups());
        let tuples = tuples.unwrap_or_default();
        let weighed = tuples.iter().filter(|one| one.weight() != Some(0));
        all.extend(weighed.filter_map(|one| one.target_group_arn()));
        if tuples.is_empty() {
            all.extend(action.target_group_arn());
        }
    }
    all.dedup();
    all
}

/// The bucket and the first object that a site's transforms lead to.
pub fn site_of<'a>(
    transforms: impl Iterator<Item = (&'a str, &'a str)>,
) -> Option<(String, String)> {
    let (mut bucket, mut index) = (None, "index.html".to_owned());
    for (kind, replace) in transforms {
        if kind == TransformTypeEnum::HostHeaderRewrite.as_str() {
            bucket = replace
                .split_once(".s3.")
                .map(|(bucket, _)| bucket.to_owned());
        } else if !replace.contains('$') {
            replace.trim_start_matches('/').clone_into(&mut index);
        }
    }
    Some((bucket?, index))
}

/// The rule that takes a GET of a path of a host.
pub fn take(rules: &[Rule], host: &str, path: &str, config: Option<&Config>) -> Taken {
    let ask = Ask { host, path, config };
    let place = |rule: &Rule| -> u32 {
        let priority = rule.priority().unwrap_or_default();
        priority.parse().unwrap_or(u32::MAX)
    };
    let mut all: Vec<&Rule> = rules.iter().collect();
    all.sort_by_key(|rule| place(rule));
    let mut taken = Taken {
        rule: None,
        is_default: false,
        has_path: false,
        held: None,
        behind: Vec::new(),
    };
    for rule in all {
        let (held, others): (Vec<_>, Vec<_>) =
            rule.conditions().iter().partition(|one| is_held(one));
        if !others.into_iter().all(|one| ask.meets(one)) {
            continue;
        }
        let mut conditions = rule.conditions().iter();
        let has_path = conditions.any(|one| one.field() == Some("path-pattern"));
        if !held.is_empty() {
            taken.held = Some(format!(
                "the rule of priority {}",
                rule.priority().unwrap_or("?")
            ));
        } else if taken.rule.is_none() {
            taken.is_default = rule.is_default() == Some(true);
            taken.has_path = has_path;
            taken.rule = Some(rule.clone());
        } else {
            let others = groups(rule).into_iter();
            taken
                .behind
                .extend(others.map(|group| (group.to_owned(), has_path)));
        }
    }
    taken
}

fn is_held(condition: &RuleCondition) -> bool {
    let sources = condition.source_ip_config().map(|one| one.values());
    condition.field() == Some("source-ip") && sources.unwrap_or_default() == [NOBODY]
}

struct Ask<'a> {
    host: &'a str,
    path: &'a str,
    config: Option<&'a Config>,
}

impl Ask<'_> {
    /// ELB user guide, "Condition types for listener rules": one of the values
    /// has to fit; hosts in any case, paths as they are.
    fn meets(&self, condition: &RuleCondition) -> bool {
        let plain = condition.values();
        let any = |values: &[String], regexes: &[String], text: &str| {
            let expressed =
                |one: &String| Regex::new(one).is_some_and(|one| one.find(text).is_some());
            let fits = |one: &String| matches(one, text);
            plain.iter().chain(values).any(fits)
                || condition
                    .regex_values()
                    .iter()
                    .chain(regexes)
                    .any(expressed)
        };
        match condition.field() {
            Some("host-header") => {
                let typed = condition.host_header_config();
                let values = typed.map(|one| one.values()).unwrap_or_default();
                let regexes = typed.map(|one| one.regex_values()).unwrap_or_default();
                let host = self.host.to_lowercase();
                let lower =
                    |all: &[String]| all.iter().map(|one| one.to_lowercase()).collect::<Vec<_>>();
                any(values, regexes, &host)
                    || lower(plain)
                        .iter()
                        .chain(&lower(values))
                        .any(|one| matches(one, &host))
            }
            Some("path-pattern") => {
                let typed = condition.path_pattern_config();
                let values = typed.map(|one| one.values()).unwrap_or_default();
                let regexes = typed.map(|one| one.regex_values()).unwrap_or_default();
                any(values, regexes, self.path)
            }
            Some("http-request-method") => {
                let typed = condition.http_request_method_config();
                let values = typed.map(|one| one.values()).unwrap_or_default();
                values.iter().any(|one| one == "GET")
            }
            Some("source-ip") => {
                let typed = condition.source_ip_config();
                let values = typed.map(|one| one.values()).unwrap_or_default();
                values.iter().any(|one| self.is_client(one))
            }
            // Headers and queries that a plain request does not have.
            _ => false,
        }
    }

    /// Whether some client is in the range; without a file anybody may be.
    fn is_client(&self, range: &str) -> bool {
        let Some(config) = self.config else {
            return true;
        };
        let Ok(IpNet::V4(range)) = range.parse::<IpNet>() else {
            return false;
        };
        let mut clients = config
            .network
            .clients
            .iter()
            .filter_map(|one| one.to_string().parse::<IpNet>().ok());
        clients.any(|client| {
            let within = |net: &IpNet, address: IpAddr| net.contains(&address);
            let range = IpNet::V4(range);
            within(&range, client.network()) || within(&client, range.network())
        })
    }
}

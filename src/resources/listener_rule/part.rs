//! The rules that a route needs: one, or several for a site.
//!
//! S3 serves objects, and knows neither folders nor single-page applications
//! (S3 API reference, `GetObject`). So the load balancer rewrites what the
//! browser asks for:
//!
//! ```text
//! /app                    redirect   302 to /app/, so that relative links work
//! /app/assets/x.js?v=1.2  assets     /assets/x.js        one of `site.files`
//! /app/orders/17?code=a   rest       /index.html         whatever else
//! ```
//!
//! The query never reaches S3: there `?acl` or `response-…` ask for something
//! else, which anonymous callers may not (S3 API reference, `GetObject`). The
//! browser keeps it: nothing but the redirect changes its address, and that
//! one passes the query on.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
};

use aws_sdk_elasticloadbalancingv2::types::{
    Action, ActionTypeEnum, ForwardActionConfig, HostHeaderConditionConfig,
    HostHeaderRewriteConfig, PathPatternConditionConfig, RedirectActionConfig,
    RedirectActionStatusCodeEnum, RewriteConfig, RuleCondition, RuleTransform,
    SourceIpConditionConfig, TargetGroupTuple, TransformTypeEnum, UrlRewriteConfig,
};

use crate::{
    config::files::{self, escaped},
    hash,
    resource::{Drift, UNKNOWN},
};

use super::{
    actual::Rule,
    terms::{NOBODY, Part, Pattern, RuleField, Transform, words_of},
};

/// A forward action names up to 5 groups (ELB user guide, "Quotas").
const GROUPS: usize = 5;

/// A site as the load balancer has to know it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Site {
    /// The bucket's host name of its own in S3, by which S3 finds it.
    pub bucket_host: String,
    /// The object that answers wherever a path names no file.
    pub index: String,
    /// What is a file: patterns, as the configuration has them.
    pub files: Vec<String>,
}

/// What a matching request meets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Does {
    /// It goes to this target group; none: it has no ARN yet.
    Forward(Option<String>),
    /// The browser is sent to this path.
    Redirect(String),
}

/// A rule as it should be.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Which of the route's rules.
    pub part: Part,
    /// Whether it is one of several, and so says which one in its tags.
    pub is_one_of_several: bool,
    /// The host name it takes.
    pub host: String,
    /// The paths it takes; none takes every path.
    pub paths: BTreeSet<Pattern>,
    /// What becomes of a request.
    pub does: Does,
    /// How it is rewritten.
    pub transforms: BTreeSet<Transform>,
    /// Where it may stand.
    pub priorities: Range<i32>,
    /// Decides where it tries to stand first.
    seed: String,
}

/// Priorities run to 50000 (ELBv2 API reference). A path has at most 128
/// characters, so there is room for this many rules of one length.
const BAND: i32 = 380;
const LONGEST: i32 = 128;

/// The priorities that a rule for this path may have.
fn band(path: &str) -> Range<i32> {
    let length = i32::try_from(path.trim_end_matches('/').len()).unwrap_or(LONGEST);
    let start = 100 + (LONGEST - length.min(LONGEST)) * BAND;
    start..start + BAND
}

/// The rules of a route on a host. `group` is the target group's ARN, once it
/// has one.
pub fn wanted(host: &str, path: &str, group: Option<&String>, site: Option<&Site>) -> Vec<Wanted> {
    let band = band(path);
    let rule = |part, paths: BTreeSet<Pattern>, does| Wanted {
        part,
        is_one_of_several: site.is_some(),
        host: host.to_owned(),
        paths,
        does,
        transforms: BTreeSet::new(),
        priorities: band.clone(),
        seed: format!("{host}{path}"),
    };
    let rest = rule(Part::Rest, below(path), Does::Forward(group.cloned()));
    let Some(site) = site else {
        return vec![rest];
    };
    // The rest comes after the other parts: they have the first half.
    let middle = band.start + BAND / 2;
    let base = path.trim_end_matches('/');
    let to_bucket = |url: Transform| {
        let host = Transform::host("^.*$", &site.bucket_host);
        BTreeSet::from([host, url])
    };
    let mut all = vec![Wanted {
        transforms: to_bucket(Transform::url("^.*$", &format!("/{}", site.index))),
        priorities: middle..band.end,
        ..rest
    }];
    let without_base = format!("^{}/([^?]*).*$", escaped(base));
    all.extend(
        files::expressions(path, &site.files)
            .into_iter()
            .map(|one| {
                let part = Part::files(&one);
                let paths = one.into_iter().map(Pattern::Regex).collect();
                Wanted {
                    transforms: to_bucket(Transform::url(&without_base, "/$1")),
                    priorities: band.start..middle,
                    seed: format!("{host}{path} {}", part.tag()),
                    ..rule(part, paths, Does::Forward(group.cloned()))
                }
            }),
    );
    if !base.is_empty() {
        let itself = BTreeSet::from([Pattern::Plain(base.to_owned())]);
        all.push(Wanted {
            priorities: band.start..middle,
            seed: format!("{host}{path} redirect"),
            ..rule(Part::Redirect, itself, Does::Redirect(format!("{base}/")))
        });
    }
    all
}

/// `/` has no path condition; `/sms` takes itself and what is below it.
fn below(path: &str) -> BTreeSet<Pattern> {
    match path {
        "/" => BTreeSet::new(),
        path => [path.to_owned(), format!("{path}/*")]
            .map(Pattern::Plain)
            .into(),
    }
}

impl Transform {
    fn host(regex: &str, replace: &str) -> Self {
        Self {
            kind: TransformTypeEnum::HostHeaderRewrite.as_str().to_owned(),
            regex: regex.to_owned(),
            replace: replace.to_owned(),
        }
    }

    fn url(regex: &str, replace: &str) -> Self {
        Self {
            kind: TransformTypeEnum::UrlRewrite.as_str().to_owned(),
            regex: regex.to_owned(),
            replace: replace.to_owned(),
        }
    }

    fn to_elb(&self) -> RuleTransform {
        let rewrite = RewriteConfig::builder()
            .regex(&self.regex)
            .replace(&self.replace)
            .build();
        let kind = TransformTypeEnum::from(self.kind.as_str());
        let transform = RuleTransform::builder().r#type(kind.clone());
        if kind == TransformTypeEnum::HostHeaderRewrite {
            let config = HostHeaderRewriteConfig::builder().rewrites(rewrite).build();
            transform.host_header_rewrite_config(config)
        } else {
            let config = UrlRewriteConfig::builder().rewrites(rewrite).build();
            transform.url_rewrite_config(config)
        }
        .build()
    }
}

impl Wanted {
    /// The priorities to try, beginning at a place that the route and the part
    /// alone decide, so that two runs at once choose the same.
    pub fn tries(&self) -> impl Iterator<Item = i32> + use<> {
        let seed = i32::from_str_radix(&hash::short(&self.seed), 16).unwrap_or_default();
        let (start, room) = (self.priorities.start, self.priorities.end);
        let room = room - start;
        (0..room).map(move |step| start + (seed + step).rem_euclid(room))
    }

    /// What it takes and does, in a few words.
    pub fn words(&self) -> String {
        let paths = join(&self.paths);
        match &self.does {
            Does::Redirect(path) => format!("{paths}: redirects to {path}"),
            Does::Forward(_) if paths.is_empty() => "forwards".to_owned(),
            Does::Forward(_) => format!("{paths}: forwards"),
        }
    }

    /// Its conditions, as ELBv2 takes them. While it is held it takes nothing.
    pub fn conditions(&self, held: bool) -> Vec<RuleCondition> {
        let host = HostHeaderConditionConfig::builder()
            .values(&self.host)
            .build();
        let mut conditions = vec![
            RuleCondition::builder()
                .field("host-header")
                .host_header_config(host)
                .build(),
        ];
        if held {
            let nobody = SourceIpConditionConfig::builder().values(NOBODY).build();
            conditions.push(
                RuleCondition::builder()
                    .field("source-ip")
                    .source_ip_config(nobody)
                    .build(),
            );
        }
        if !self.paths.is_empty() {
            let mut path = PathPatternConditionConfig::builder();
            for pattern in &self.paths {
                path = match pattern {
                    Pattern::Plain(text) => path.values(text),
                    Pattern::Regex(text) => path.regex_values(text),
                };
            }
            conditions.push(
                RuleCondition::builder()
                    .field("path-pattern")
                    .path_pattern_config(path.build())
                    .build(),
            );
        }
        conditions
    }

    /// Its action; none while the target group has no ARN.
    pub fn action(&self) -> Option<Action> {
        let action = Action::builder();
        Some(match &self.does {
            Does::Forward(group) => action
                .r#type(ActionTypeEnum::Forward)
                .target_group_arn(group.as_ref()?)
                .build(),
            Does::Redirect(path) => action
                .r#type(ActionTypeEnum::Redirect)
                .redirect_config(redirect(path))
                .build(),
        })
    }

    /// What a rule does that takes requests and forwards them elsewhere: the same
    /// still, but the wanted group is in use, too, and so ELBv2 checks it. A
    /// weight of 0 gets no requests. None: it does not forward, or does it to
    /// the wanted group.
    pub fn beside(&self, rule: &Rule) -> Option<Action> {
        let Does::Forward(Some(group)) = &self.does else {
            return None;
        };
        if rule.held || rule.groups.is_empty() || rule.groups.contains_key(group) {
            return None;
        }
        let serving = rule.groups.iter().filter(|(_, weight)| **weight > 0);
        let mut groups: BTreeMap<&String, i32> = serving
            .take(GROUPS - 1)
            .map(|(group, weight)| (group, *weight))
            .collect();
        groups.insert(group, 0);
        let tuples = groups.into_iter().map(|(group, weight)| {
            TargetGroupTuple::builder()
                .target_group_arn(group)
                .weight(weight)
                .build()
        });
        let config = ForwardActionConfig::builder().set_target_groups(Some(tuples.collect()));
        let action = Action::builder().r#type(ActionTypeEnum::Forward);
        Some(action.forward_config(config.build()).build())
    }

    /// Its transforms, as ELBv2 takes them.
    pub fn transforms(&self) -> Option<Vec<RuleTransform>> {
        let all: Vec<RuleTransform> = self.transforms.iter().map(Transform::to_elb).collect();
        (!all.is_empty()).then_some(all)
    }

    /// Every difference of a rule, but for its tags.
    pub fn drift(&self, rule: &Rule) -> Vec<Drift<RuleField>> {
        let Rule {
            arn: _,
            part: _, // by it they were brought together
            priority,
            hosts,
            paths,
            action,
            groups,
            held,
            transforms,
            tags: _, // the resource's: they name the stack
        } = rule;
        // What takes requests and forwards them is switched late.
        let is_serving = !held && !groups.is_empty();
        let mut drift = Vec::new();
        if !self.priorities.contains(priority) {
            let first = self.tries().next().unwrap_or(self.priorities.start);
            drift.extend(Drift::between(RuleField::Priority, priority, &first));
        }
        drift.extend(Drift::between(RuleField::Host, &join(hosts), &self.host));
        drift.extend(Drift::between(
            RuleField::Path,
            &join(paths),
            &join(&self.paths),
        ));
        let (field, wanted) = match &self.does {
            Does::Forward(group) => {
                let group = group.clone().unwrap_or_else(|| UNKNOWN.to_owned());
                (RuleField::TargetGroup, group)
            }
            Does::Redirect(path) => (RuleField::Redirect, words_of(&redirect(path))),
        };
        let leads_there = groups.contains_key(&wanted);
        let late = |one: Drift<RuleField>, late: bool| if late { one.switches() } else { one };
        let target = Drift::between(field, action, &wanted);
        drift.extend(target.map(|one| late(one, is_serving && leads_there)));
        let transforms = Drift::between(
            RuleField::Transforms,
            &join(transforms),
            &join(&self.transforms),
        );
        drift.extend(transforms.map(|one| late(one, is_serving)));
        drift.extend(held.then(|| Drift::new(RuleField::Taking, "not yet", "yes").switches()));
        drift
    }
}

/// 302, so that no browser remembers it when the route is gone. Every field is
/// given, as ELBv2 gives all of them back.
fn redirect(path: &str) -> RedirectActionConfig {
    RedirectActionConfig::builder()
        .protocol("#{protocol}")
        .host("#{host}")
        .port("#{port}")
        .path(path)
        .query("#{query}")
        .status_code(RedirectActionStatusCodeEnum::Http302)
        .build()
}

fn join<T: ToString>(items: &BTreeSet<T>) -> String {
    let all: Vec<String> = items.iter().map(ToString::to_string).collect();
    all.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn site() -> Site {
        Site {
            bucket_host: "b.s3.eu-central-1.amazonaws.com".to_owned(),
            index: "index.html".to_owned(),
            files: ["*.js", "/LICENSE"].map(str::to_owned).into(),
        }
    }

    #[test]
    fn longer_paths_come_before_shorter_ones_and_all_fit() {
        let longest = format!("/{}", "x".repeat(127));
        let (root, sms, long) = (band("/"), band("/sms"), band(&longest));
        assert!(long.end <= sms.start && sms.end <= root.start);
        assert!(root.end <= 50_000);
        assert!(long.start > 1, "the guard comes first");
    }

    #[test]
    fn a_sites_files_and_redirect_come_before_its_rest_and_inside_the_band() {
        for path in ["/", "/app", "/a/b"] {
            let band = band(path);
            let parts = wanted("h", path, None, Some(&site()));
            let rest = &parts[0];
            for other in &parts[1..] {
                assert!(other.priorities.end <= rest.priorities.start, "{path}");
                for part in [rest, other] {
                    assert!(part.tries().all(|one| band.contains(&one)), "{path}");
                }
            }
        }
    }

    #[test]
    fn the_root_has_nothing_to_redirect_and_an_api_has_one_rule() {
        let parts = |path, site: Option<&Site>| -> Vec<Part> {
            let all = wanted("h", path, None, site);
            all.iter().map(|one| one.part).collect()
        };
        let own = site();
        let words = |path, site| -> Vec<&str> {
            let all = parts(path, site).into_iter();
            all.map(Part::word).collect()
        };
        assert_eq!(words("/", Some(&own)), ["rest", "assets"]);
        let all = ["rest", "assets", "redirect"];
        assert_eq!(words("/app", Some(&own)), all);
        assert_eq!(parts("/app", None), [Part::Rest]);
    }

    #[test]
    fn letters_that_mean_something_in_expressions_are_taken_as_they_are() {
        let parts = wanted("h", "/v1.2+x", None, Some(&site()));
        let files = join(&parts[1].paths);
        assert_eq!(
            files,
            r"regex ^/v1\.2\+x/.*\.js$, regex ^/v1\.2\+x/LICENSE$"
        );
    }

    #[test]
    fn other_files_are_other_rules_and_each_knows_its_tag() {
        let of = |files: &[&str]| {
            let files = files.iter().map(|one| (*one).to_owned()).collect();
            let site = Site { files, ..site() };
            let all = wanted("h", "/", None, Some(&site));
            all.iter().map(|one| one.part).collect::<Vec<_>>()
        };
        let (one, other) = (of(&["*.js"]), of(&["*.js", "*.css"]));
        assert_ne!(one[1], other[1]);
        for part in one.into_iter().chain(other) {
            assert_eq!(Part::from_tag(Some(&part.tag())), part);
        }
        let many: Vec<String> = (0..99).map(|i| format!("/a-long-name-{i}")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        let parts = of(&many);
        let distinct: BTreeSet<Part> = parts.iter().copied().collect();
        assert!(parts.len() > 3 && distinct.len() == parts.len());
    }
}

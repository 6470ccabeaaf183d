//! `rule`: of each host and route, the rule that takes it forwards to its target
//! group.

use aws_sdk_elasticloadbalancingv2::types::TransformTypeEnum;

use crate::{
    checks::{
        Check, Finding,
        codes::{
            RULE_HELD, RULE_MISSING, RULE_NOT_FORWARDING, RULE_OTHER_TARGET, RULE_SHADOWED,
            RULE_TRANSFORM,
        },
    },
    verify::{
        choice::{Taken, groups, name_of},
        hops::{UP, seen},
        scene::{Behind, Scene, Way},
    },
};

/// A finding for each host and route.
pub fn check(scene: &Scene<'_>) -> Vec<Finding> {
    seen!(&scene.rules, Check::Rule);
    if scene.front().is_none() {
        return vec![Finding::skipped(Check::Rule, "there is no listener on 443")];
    }
    let ways = scene.ways.iter();
    let judged = ways.filter_map(|way| {
        let finding = one(scene, way, way.taken.as_ref()?);
        Some(finding.on_host(&way.host).on_route(&way.route.path))
    });
    judged.collect()
}

fn one(scene: &Scene<'_>, way: &Way, taken: &Taken) -> Finding {
    let wanted = way
        .group
        .as_ref()
        .and_then(|group| group.target_group_arn());
    let found = format!("{} takes it and {}", taken.words(), taken.deed());
    let targets = taken.rule.as_ref().map(groups).unwrap_or_default();
    let is_right = wanted.is_some_and(|wanted| targets == [wanted]);
    // The route's own rule is among those behind: of `/` it asks for no path.
    let own = |(group, has_path): &(String, bool)| {
        wanted == Some(group.as_str()) && *has_path == (way.route.path != "/")
    };
    let is_behind = !is_right && taken.behind.iter().any(own);
    if taken.rule.is_none() || taken.is_default && !taken.forwards() {
        if let Some(held) = &taken.held {
            let cause = format!("{held} waits for what it leads to, and takes nothing until then");
            return Finding::failed(RULE_HELD, found, cause, "run `hybridgw up` to the end");
        }
        let cause = "no rule takes this host and path";
        return Finding::failed(RULE_MISSING, found, cause, UP);
    }
    if is_behind {
        let cause = "it stands before the stack's own rule";
        let remedy = "delete the rule, or give it a narrower condition; `hybridgw up` sets the stack's own rules right";
        return Finding::failed(RULE_SHADOWED, found, cause, remedy);
    }
    if !is_right && way.route.path != "/" && !taken.has_path {
        let cause = "the route's own rule is not there: one for every path takes it";
        return Finding::failed(RULE_MISSING, found, cause, UP);
    }
    if !taken.forwards() {
        let cause = "it should forward to the route's target group";
        return Finding::failed(RULE_NOT_FORWARDING, found, cause, UP);
    }
    if let Some(wanted) = wanted
        && !is_right
    {
        let cause = format!("it should forward to {} alone", name_of(wanted));
        return Finding::failed(RULE_OTHER_TARGET, found, cause, UP);
    }
    if wanted.is_none() && scene.config.is_some() {
        return Finding::skipped(Check::Rule, found)
            .because("the route's target group is not there");
    }
    if let Some(cause) = transforms(&way.route.behind, taken) {
        return Finding::failed(RULE_TRANSFORM, found, cause, UP);
    }
    Finding::ok(Check::Rule, found)
}

/// What is wrong with how the rule rewrites requests.
fn transforms(behind: &Behind, taken: &Taken) -> Option<String> {
    let all = taken.transforms();
    let of = |kind: TransformTypeEnum| {
        let mut all = all.iter().filter(move |(one, _)| *one == kind.as_str());
        all.next().map(|(_, replace)| replace.as_str())
    };
    let host = of(TransformTypeEnum::HostHeaderRewrite);
    let url = of(TransformTypeEnum::UrlRewrite);
    match behind {
        Behind::Site { bucket, index } => {
            let names_bucket = host.is_some_and(|host| host.starts_with(&format!("{bucket}.s3.")));
            if !names_bucket {
                let host = host.unwrap_or("nothing");
                return Some(format!(
                    "it writes {host} as host, where S3 has to see {bucket}"
                ));
            }
            let leads = url.is_some_and(|url| url.trim_start_matches('/') == index);
            let url = url.unwrap_or("nothing");
            (!leads).then(|| format!("it writes {url} as path, where S3 has to see /{index}"))
        }
        Behind::Api { .. } | Behind::Function(_) => {
            let (kind, replace) = all.first()?;
            Some(format!(
                "it rewrites requests ({kind}: {replace}), which nothing here asks for"
            ))
        }
    }
}

//! What a rehearsal's account holds, because the configuration borrows it.

use std::collections::BTreeSet;

use serde_json::json;

use super::furnish_network::{add_endpoint, add_network};
use crate::{
    aws::Partition,
    config::{ApiSource, Config, Site, Target, is_zone_id},
    hash,
    policy::delivery,
    simulator::{acm, apigateway, lambda, route53, s3, world::Ctx},
};

/// Adds what the configuration borrows and the account does not have; says what.
pub(super) fn add_missing(ctx: &mut Ctx<'_>, config: &Config) -> Vec<String> {
    let mut invented = add_network(ctx, config);
    invented.extend(add_certificates(ctx, config));
    invented.extend(add_zones(ctx, config));
    invented.extend(add_endpoint(ctx, config));
    invented.extend(add_log_buckets(ctx, config));
    for route in &config.routes {
        invented.extend(match &route.target {
            Target::Api(api) => match &api.source {
                ApiSource::Lambda(arn) => add_function(ctx, arn),
                ApiSource::Borrowed(id) => add_api(ctx, id, &api.stage),
                ApiSource::OpenApi(_) | ApiSource::Placeholder => None,
            },
            Target::Lambda(function) => add_function(ctx, &function.arn),
            Target::Site(site) => add_bucket(ctx, site, &config.network.vpc),
        });
    }
    invented
}

fn add_certificates(ctx: &mut Ctx<'_>, config: &Config) -> Vec<String> {
    let hosts = config.hosts();
    let mut invented = Vec::new();
    for host in &hosts {
        if ctx.here.acm.certificates.contains_key(host.certificate) {
            continue;
        }
        let covered = hosts
            .iter()
            .filter(|one| one.certificate == host.certificate);
        let names: Vec<String> = covered.map(|one| one.name.to_owned()).collect();
        acm::furnish::add_certificate(ctx, host.certificate, &names, acm::Status::Issued);
        invented.push(format!("a certificate for {}", names.join(" and ")));
    }
    invented
}

fn add_zones(ctx: &mut Ctx<'_>, config: &Config) -> Vec<String> {
    let hosts = config.hosts();
    let texts: BTreeSet<&str> = hosts.iter().map(|host| host.zone).collect();
    let vpc = route53::Vpc {
        id: config.network.vpc.clone(),
        region: ctx.region.to_owned(),
    };
    let mut invented = Vec::new();
    for text in texts {
        let zones = &ctx.global.route53.zones;
        let (id, name) = if is_zone_id(text) {
            if zones.contains_key(text) {
                continue;
            }
            let inside = hosts.iter().filter(|host| host.zone == text);
            let names: Vec<&str> = inside.map(|host| host.name).collect();
            (text.to_owned(), common_parent(&names))
        } else {
            let known = |zone: &str| zone.trim_end_matches('.') == text;
            if zones.values().any(|zone| known(&zone.name)) {
                continue;
            }
            let id = format!("Z{}", hash::long(text)[..20].to_uppercase());
            (id, text)
        };
        route53::add_zone(ctx, &id, name, true, std::slice::from_ref(&vpc));
        invented.push(format!("the private zone {name} ({id})"));
    }
    invented
}

/// The longest name above all of these; above the first, if they have nothing
/// in common.
fn common_parent<'a>(names: &[&'a str]) -> &'a str {
    let first = names.first().copied().unwrap_or_default();
    let parents = std::iter::successors(Some(first), |name| Some(name.split_once('.')?.1));
    let is_above = |parent: &&str| {
        let below = |name: &&str| name.ends_with(&format!(".{parent}"));
        parent.contains('.') && names.iter().all(below)
    };
    let parent = first.split_once('.').map_or("", |(_, rest)| rest);
    parents.skip(1).find(is_above).unwrap_or(parent)
}

fn add_function(ctx: &mut Ctx<'_>, arn: &str) -> Option<String> {
    let mut parts = arn.split(':').skip(6);
    let name = parts.next()?;
    let qualifier = parts.next();
    let known = ctx.here.lambda.functions.get(name);
    let is_there = known.is_some_and(|function| match qualifier.map(str::parse) {
        None => true,
        Some(Ok(version)) => function.versions.contains_key(&version),
        Some(Err(_)) => function.aliases.contains_key(qualifier.unwrap_or_default()),
    });
    if is_there {
        return None;
    }
    lambda::add_function(ctx, arn);
    let qualifier = qualifier.map(|text| format!(":{text}"));
    Some(format!(
        "the function {name}{}",
        qualifier.unwrap_or_default()
    ))
}

fn add_api(ctx: &mut Ctx<'_>, id: &str, stage: &str) -> Option<String> {
    if ctx.here.apigateway.apis.contains_key(id) {
        return None;
    }
    apigateway::furnish::add_api(ctx, id, stage, &[]).ok()?;
    Some(format!("the API {id}"))
}

/// A bucket with the index and an asset. Where hybridgw is not to change its
/// policy, that lets in the VPC, as its owner would have done.
fn add_bucket(ctx: &mut Ctx<'_>, site: &Site, vpc: &str) -> Option<String> {
    let Site {
        bucket,
        index,
        manage_policy,
        files: _,
    } = site;
    if ctx.global.s3.buckets.contains_key(bucket) || s3::foreign(ctx, bucket).is_some() {
        return None;
    }
    let region = ctx.region.to_owned();
    s3::add_bucket(ctx, bucket, &region);
    let page = format!("<!doctype html><title>{bucket}</title>\n");
    s3::add_object(ctx, bucket, index, &page);
    s3::add_object(ctx, bucket, "assets/app.js", "document.title = \"here\";\n");
    if !manage_policy {
        let partition = Partition::of(&region).id();
        let policy = json!({"Version": "2012-10-17", "Statement": [{
            "Sid": "FromTheNetwork",
            "Effect": "Allow",
            "Principal": "*",
            "Action": "s3:GetObject",
            "Resource": format!("arn:{partition}:s3:::{bucket}/*"),
            "Condition": {"StringEquals": {"aws:SourceVpc": vpc}},
        }]});
        let made = ctx.global.s3.buckets.get_mut(bucket);
        made?.policy = Some(policy.to_string());
    }
    Some(format!("the bucket {bucket} with {index}"))
}

/// The buckets of the load balancer's logs, with what lets it deliver them.
fn add_log_buckets(ctx: &mut Ctx<'_>, config: &Config) -> Vec<String> {
    let region = ctx.region.to_owned();
    let partition = Partition::of(&region).id();
    let mut invented = Vec::new();
    for (_, logs) in config.load_balancer.logs() {
        let Some(bucket) = logs.map(|logs| logs.bucket.as_str()) else {
            continue;
        };
        if ctx.global.s3.buckets.contains_key(bucket) || s3::foreign(ctx, bucket).is_some() {
            continue;
        }
        s3::add_bucket(ctx, bucket, &region);
        let policy = json!({"Version": "2012-10-17", "Statement": [{
            "Effect": "Allow",
            "Principal": {"Service": delivery::SERVICE},
            "Action": "s3:PutObject",
            "Resource": format!("arn:{partition}:s3:::{bucket}/*"),
        }]});
        if let Some(made) = ctx.global.s3.buckets.get_mut(bucket) {
            made.policy = Some(policy.to_string());
        }
        invented.push(format!("the bucket {bucket}"));
    }
    invented
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_share_a_zone_are_all_below_it() {
        for (names, parent) in [
            (vec!["orders.corp.example.com"], "corp.example.com"),
            (
                vec!["a.corp.example.com", "b.corp.example.com"],
                "corp.example.com",
            ),
            (
                vec!["a.b.corp.example.com", "c.corp.example.com"],
                "corp.example.com",
            ),
            (vec!["a.example.com", "a.example.org"], "example.com"),
        ] {
            assert_eq!(common_parent(&names), parent, "{names:?}");
        }
    }
}

//! What exists beyond what was there before, in lines without ids: one line a
//! thing, so that a second one of anything shows.

use std::collections::BTreeMap;

use hybridgw::simulator::{
    ec2::{EndpointState, Peer, Rule},
    elbv2::Verdict,
    world::{Region, World},
};

use crate::bench::{ACCOUNT, REGION};

/// Lines, and how often each is there.
pub type Shape = BTreeMap<String, usize>;

/// What is in `after` and not in `before`.
pub fn beyond(before: &World, after: &World) -> Shape {
    let mut shape = Shape::new();
    let empty = Region::default();
    let (then, now) = (
        before.region(ACCOUNT, REGION).unwrap_or(&empty),
        after.region(ACCOUNT, REGION).unwrap_or(&empty),
    );
    let lines = [
        network(then, now),
        interfaces(then, now),
        apis(then, now),
        balancing(then, now),
        functions(then, now),
        statements(then, now),
        bucket_statements(before, after),
        records(before, after, now),
    ];
    for line in lines.into_iter().flatten() {
        *shape.entry(line).or_default() += 1;
    }
    shape
}

/// The entries of a map that another map does not have.
fn new<'a, V>(
    then: &'a BTreeMap<String, V>,
    now: &'a BTreeMap<String, V>,
) -> impl Iterator<Item = (&'a String, &'a V)> {
    now.iter().filter(|(id, _)| !then.contains_key(*id))
}

fn network(then: &Region, now: &Region) -> Vec<String> {
    let name = |id: &str| {
        let group = now.ec2.groups.get(id);
        group.map_or_else(|| "?".to_owned(), |group| group.name.clone())
    };
    let mut lines: Vec<String> = new(&then.ec2.groups, &now.ec2.groups)
        .map(|(_, group)| format!("group {}", group.name))
        .collect();
    let rule = |rule: &Rule| {
        let peer = match &rule.peer {
            Peer::Group(id) => name(id),
            other => format!("{other:?}"),
        };
        let way = if rule.egress { "to" } else { "from" };
        format!(
            "rule of {} {way} {peer} {:?}",
            name(&rule.group),
            rule.traffic
        )
    };
    lines.extend(new(&then.ec2.rules, &now.ec2.rules).map(|(_, one)| rule(one)));
    lines.extend(
        new(&then.ec2.endpoints, &now.ec2.endpoints)
            // AWS shows a deleted one for a while.
            .filter(|(_, one)| {
                !matches!(one.state, EndpointState::Deleting | EndpointState::Deleted)
            })
            .map(|(_, one)| {
                let mut subnets = one.subnets.clone();
                subnets.sort();
                let groups: Vec<String> = one.groups.iter().map(|id| name(id)).collect();
                format!(
                    "endpoint of {} {subnets:?} {groups:?} {:?}",
                    one.service, one.state
                )
            }),
    );
    lines
}

fn interfaces(then: &Region, now: &Region) -> Vec<String> {
    let staying = new(&then.ec2.interfaces, &now.ec2.interfaces).filter(|(_, one)| !one.leaving);
    staying
        .map(|(_, one)| format!("interface of a {} in {}", one.kind, one.subnet))
        .collect()
}

fn apis(then: &Region, now: &Region) -> Vec<String> {
    let (then, now) = (&then.apigateway, &now.apigateway);
    let mut lines = Vec::new();
    for (_, api) in new(&then.apis, &now.apis) {
        let stages: Vec<&String> = api.stages.keys().collect();
        let mut tags = api.tags.clone();
        // The id of a deployment is another in each run.
        tags.remove("hybridgw:deployed");
        lines.push(format!("api {} {tags:?} stages {stages:?}", api.name));
        lines.extend(
            api.deployments
                .values()
                // What somebody deployed by hand stays.
                .filter(|one| one.description.as_deref() != Some("by hand"))
                .map(|_| format!("deployment of {}", api.name)),
        );
        for resource in api.resources.values() {
            let methods: Vec<&String> = resource.methods.keys().collect();
            lines.push(format!(
                "path {} {methods:?} of {}",
                resource.path, api.name
            ));
        }
    }
    for (host, domain) in new(&then.domains, &now.domains) {
        lines.push(format!("domain {host}"));
        for (path, mapping) in &domain.mappings {
            let api = now.apis.get(&mapping.api);
            let api = api.map_or("?", |api| api.name.as_str());
            lines.push(format!(
                "mapping {host} {path} to {api} {:?}",
                mapping.stage
            ));
        }
    }
    lines
}

fn balancing(then: &Region, now: &Region) -> Vec<String> {
    let (before, after) = (&then.elbv2, &now.elbv2);
    let mut lines = Vec::new();
    for (_, balancer) in new(&before.balancers, &after.balancers) {
        let mut subnets = balancer.subnets.clone();
        subnets.sort();
        let active = balancer.active;
        lines.push(format!(
            "balancer {} {subnets:?} active {active}",
            balancer.name
        ));
    }
    for (_, group) in new(&before.groups, &after.groups) {
        lines.push(format!("target group {}", group.name));
        let staying = group.targets.iter().filter(|target| !target.draining);
        lines.extend(staying.map(|target| {
            let interfaces = now.ec2.interfaces.values();
            let known = interfaces.filter(|one| one.address.to_string() == target.id);
            let holder = known
                .map(|one| one.kind.as_str())
                .next()
                .unwrap_or("nothing");
            let health = match &target.health.verdict {
                Verdict::Healthy => "healthy",
                _ => "not healthy",
            };
            format!("target of {}, {holder}, {health}", group.name)
        }));
    }
    for (_, listener) in new(&before.listeners, &after.listeners) {
        let (protocol, port) = (&listener.protocol, listener.port);
        lines.push(format!("listener {protocol} {port} {:?}", listener.policy));
    }
    // A rule may stand anywhere in its band: what counts is which comes first.
    let mut rules: Vec<_> = new(&before.rules, &after.rules).collect();
    rules.sort_by_key(|(_, rule)| rule.priority);
    for (rank, (_, rule)) in rules.into_iter().enumerate() {
        lines.push(format!("rule {rank} {:?}", rule.conditions));
    }
    lines
}

fn functions(then: &Region, now: &Region) -> Vec<String> {
    let count = |region: &Region, name: &str| {
        let function = region.lambda.functions.get(name);
        let policies = function.iter().flat_map(|one| one.policies.values());
        policies
            .map(|policy| policy.statements.len())
            .sum::<usize>()
    };
    let mut lines = Vec::new();
    for name in now.lambda.functions.keys() {
        let more = count(now, name).saturating_sub(count(then, name));
        lines.extend((0..more).map(|_| format!("permission on {name}")));
    }
    lines
}

/// How many statements a policy has.
fn count(policy: Option<&str>) -> usize {
    let document = policy.and_then(|text| serde_json::from_str(text).ok());
    let document: serde_json::Value = document.unwrap_or_default();
    document["Statement"].as_array().map_or(0, Vec::len)
}

/// What was added to the policies of endpoints that were there before.
fn statements(then: &Region, now: &Region) -> Vec<String> {
    let mut lines = Vec::new();
    for (id, old) in &then.ec2.endpoints {
        let new = now.ec2.endpoints.get(id);
        let new = count(new.map(|one| one.policy.as_str()));
        let more = new.saturating_sub(count(Some(&old.policy)));
        lines.extend((0..more).map(|_| format!("statement for {id}")));
    }
    lines
}

/// What was added to the policies of buckets.
fn bucket_statements(before: &World, after: &World) -> Vec<String> {
    let buckets = |world: &World| {
        let account = world.accounts().get(ACCOUNT);
        account
            .map(|one| one.global.s3.buckets.clone())
            .unwrap_or_default()
    };
    let (then, now) = (buckets(before), buckets(after));
    let mut lines = Vec::new();
    for (name, old) in &then {
        let new = count(now.get(name).and_then(|one| one.policy.as_deref()));
        let more = new.saturating_sub(count(old.policy.as_deref()));
        lines.extend((0..more).map(|_| format!("statement for {name}")));
    }
    lines
}

fn records(before: &World, after: &World, now: &Region) -> Vec<String> {
    let zones = |world: &World| {
        let account = world.accounts().get(ACCOUNT);
        account
            .map(|one| one.global.route53.zones.clone())
            .unwrap_or_default()
    };
    let (then, zones) = (zones(before), zones(after));
    let mut lines = Vec::new();
    for (id, zone) in &zones {
        let old = then
            .get(id)
            .map(|zone| zone.records.as_slice())
            .unwrap_or_default();
        for record in zone.records.iter().filter(|record| !old.contains(record)) {
            let target = record.alias.as_ref().map(|alias| alias.name.as_str());
            let target = target.unwrap_or("no alias").trim_end_matches('.');
            let balancer = now.elbv2.balancers.values();
            let mut balancer = balancer.filter(|one| target.ends_with(&one.dns_name));
            let leads = balancer.next().map_or("nowhere", |one| one.name.as_str());
            lines.push(format!("record {} {} to {leads}", record.name, record.kind));
        }
    }
    lines
}

//! `target-group`: the registered addresses are the endpoint's. `target-health`:
//! what the load balancer's own checks say.

use std::collections::BTreeSet;

use aws_sdk_elasticloadbalancingv2::types::{
    ProtocolEnum, TargetGroup, TargetHealthDescription, TargetHealthReasonEnum,
    TargetHealthStateEnum, TargetTypeEnum,
};

use crate::{
    checks::{
        Check, Finding,
        codes::{
            TARGET_GROUP_ADDRESS_MISSING, TARGET_GROUP_ADDRESS_STALE, TARGET_GROUP_EMPTY,
            TARGET_GROUP_MISSING, TARGET_GROUP_OTHER_FUNCTION, TARGET_GROUP_PROTOCOL,
            TARGET_HEALTH_ALL_UNHEALTHY, TARGET_HEALTH_INITIAL, TARGET_HEALTH_UNHEALTHY,
            TARGET_HEALTH_UNUSED,
        },
    },
    error::Result,
    verify::{
        hops::{UP, seen},
        scene::{Behind, Scene, Way},
    },
};

/// What registers addresses anew.
const SYNC: &str =
    "run `hybridgw sync`: it registers the endpoint's addresses and takes the others away";

/// A finding for each group, and each route without one.
pub async fn groups(scene: &Scene<'_>) -> Vec<Finding> {
    seen!(&scene.groups, Check::TargetGroup);
    let mut findings = Vec::new();
    for way in scene.once_a_route() {
        if way.group.is_none() {
            let cause = "it was deleted, or never made";
            let found = "the route has no target group";
            let missing = Finding::failed(TARGET_GROUP_MISSING, found, cause, UP);
            findings.push(missing.on_route(&way.route.path));
        }
    }
    for (group, way) in scene.used_groups() {
        let judged = registered(scene, group, way).await;
        let judged =
            judged.unwrap_or_else(|error| vec![Finding::unseen(Check::TargetGroup, &error)]);
        findings.extend(judged.into_iter().map(|one| one.on_route(&way.route.path)));
    }
    findings
}

async fn registered(scene: &Scene<'_>, group: &TargetGroup, way: &Way) -> Result<Vec<Finding>> {
    let name = group.target_group_name().unwrap_or_default();
    let targets = scene.targets(group).await?;
    let ids: BTreeSet<String> = targets
        .iter()
        .filter(|one| !is_leaving(one))
        .filter_map(id)
        .collect();
    if ids.is_empty() {
        let found = format!("{name} has no registered target");
        let cause = "the load balancer answers 503: there is nobody to send a request to";
        return Ok(vec![Finding::failed(
            TARGET_GROUP_EMPTY,
            found,
            cause,
            SYNC,
        )]);
    }
    if group.target_type() == Some(&TargetTypeEnum::Lambda) {
        return Ok(vec![function(name, &ids, &way.route.behind)]);
    }
    let (protocol, port) = (group.protocol(), group.port().unwrap_or_default());
    if protocol != Some(&ProtocolEnum::Https) || port != 443 {
        let word = protocol.map_or("?", ProtocolEnum::as_str);
        let found = format!("{name} speaks {word} on {port}");
        let cause = "endpoints answer HTTPS on 443 only";
        let remedy =
            "run `hybridgw up --allow-replace`: a target group's protocol cannot be changed";
        return Ok(vec![Finding::failed(
            TARGET_GROUP_PROTOCOL,
            found,
            cause,
            remedy,
        )]);
    }
    let endpoint = match scene.endpoint_of(&way.route.behind) {
        Some(Ok(Some(endpoint))) => endpoint,
        Some(Err(error)) => return Err(error.clone()),
        _ => {
            let found = format!("{name} has {}", listed(&ids));
            let why = "there is no endpoint to compare the addresses with";
            return Ok(vec![
                Finding::skipped(Check::TargetGroup, found).because(why),
            ]);
        }
    };
    let zones = zones(scene);
    let addresses = endpoint.addresses.iter();
    let has: BTreeSet<String> = addresses.clone().map(|one| one.ip.clone()).collect();
    // Of a borrowed endpoint only those in the load balancer's zones are used.
    let usable = addresses.filter(|one| zones.is_empty() || zones.contains(&one.zone));
    let usable: BTreeSet<String> = usable.map(|one| one.ip.clone()).collect();
    if has.is_empty() {
        let found = format!("{name} has {}", listed(&ids));
        let why = "the endpoint has no address to compare with";
        return Ok(vec![
            Finding::skipped(Check::TargetGroup, found).because(why),
        ]);
    }
    let mut findings = Vec::new();
    let missing: BTreeSet<String> = usable.difference(&ids).cloned().collect();
    let stale: BTreeSet<String> = ids.difference(&has).cloned().collect();
    if !missing.is_empty() {
        let found = format!(
            "{} of {} is not registered in {name}",
            listed(&missing),
            endpoint.id
        );
        let cause = "the endpoint's addresses have changed, or somebody deregistered one";
        findings.push(Finding::failed(
            TARGET_GROUP_ADDRESS_MISSING,
            found,
            cause,
            SYNC,
        ));
    }
    if !stale.is_empty() {
        let found = format!(
            "{} in {name} is no address of {}",
            listed(&stale),
            endpoint.id
        );
        let cause = "the endpoint's addresses have changed, or somebody registered one: requests to it end in 504";
        findings.push(Finding::failed(
            TARGET_GROUP_ADDRESS_STALE,
            found,
            cause,
            SYNC,
        ));
    }
    if findings.is_empty() {
        let found = format!("{} registered, as {} has them", listed(&ids), endpoint.id);
        findings.push(Finding::ok(Check::TargetGroup, found));
    }
    Ok(findings)
}

fn function(name: &str, ids: &BTreeSet<String>, behind: &Behind) -> Finding {
    let Behind::Function(wanted) = behind else {
        return Finding::ok(Check::TargetGroup, format!("{} registered", listed(ids)));
    };
    if ids.iter().all(|id| id == wanted) {
        return Finding::ok(Check::TargetGroup, format!("{wanted} registered"));
    }
    let found = format!("{name} has {}", listed(ids));
    let cause = format!("the route's function is {wanted}");
    Finding::failed(TARGET_GROUP_OTHER_FUNCTION, found, cause, UP)
}

fn zones(scene: &Scene<'_>) -> BTreeSet<String> {
    let balancer = scene.balancer.as_ref().ok().and_then(Option::as_ref);
    let zones = balancer
        .map(|one| one.availability_zones())
        .unwrap_or_default();
    zones
        .iter()
        .filter_map(|one| one.zone_name().map(str::to_owned))
        .collect()
}

/// A finding for each group.
pub async fn health(scene: &Scene<'_>) -> Vec<Finding> {
    seen!(&scene.groups, Check::TargetHealth);
    let mut findings = Vec::new();
    for (group, way) in scene.used_groups() {
        let targets = scene.targets(group).await;
        let finding = match &targets {
            Ok(targets) => healthy(group, targets),
            Err(error) => Finding::unseen(Check::TargetHealth, error),
        };
        findings.push(finding.on_route(&way.route.path));
    }
    if findings.is_empty() {
        findings.push(Finding::skipped(
            Check::TargetHealth,
            "there is no target group",
        ));
    }
    findings
}

fn healthy(group: &TargetGroup, targets: &[TargetHealthDescription]) -> Finding {
    let name = group.target_group_name().unwrap_or_default();
    let all: Vec<&TargetHealthDescription> =
        targets.iter().filter(|one| !is_leaving(one)).collect();
    if all.is_empty() {
        return Finding::skipped(
            Check::TargetHealth,
            format!("{name} has no registered target"),
        );
    }
    let is = |wanted: TargetHealthStateEnum| {
        let all = all.iter().filter(move |one| state(one) == Some(&wanted));
        all.copied().collect::<Vec<_>>()
    };
    let well = is(TargetHealthStateEnum::Healthy).len();
    let unchecked = all
        .iter()
        .filter(|one| reason(one) == Some(&TargetHealthReasonEnum::HealthCheckDisabled))
        .count();
    if well + unchecked == all.len() {
        let words = match unchecked {
            0 => format!("{well} of {} healthy in {name}", all.len()),
            _ => format!("health checks of {name} are off"),
        };
        return Finding::ok(Check::TargetHealth, words);
    }
    let unused = is(TargetHealthStateEnum::Unused);
    if unused.len() == all.len() {
        let cause = "the load balancer does not use the group, or not the targets' zones: requests end in 503";
        return Finding::failed(TARGET_HEALTH_UNUSED, told(name, &unused), cause, UP);
    }
    let sick = is(TargetHealthStateEnum::Unhealthy);
    let young = is(TargetHealthStateEnum::Initial);
    let remedy = remedy(&sick);
    if well == 0 && !sick.is_empty() && young.is_empty() {
        let found = format!(
            "{}; it still gets requests, because no target is healthy",
            told(name, &sick)
        );
        let cause = "the load balancer sends requests to all targets while none is healthy, whatever they answer";
        return Finding::failed(TARGET_HEALTH_ALL_UNHEALTHY, found, cause, remedy);
    }
    if !sick.is_empty() {
        let cause = "the load balancer sends it no requests: the others carry its share";
        return Finding::failed(TARGET_HEALTH_UNHEALTHY, told(name, &sick), cause, remedy);
    }
    if !young.is_empty() {
        let cause = "the first health checks are under way";
        let remedy = "wait (`hybridgw verify --wait 2m`)";
        return Finding::warning(TARGET_HEALTH_INITIAL, told(name, &young), cause, remedy);
    }
    let cause = "a part of the targets takes no requests";
    Finding::warning(TARGET_HEALTH_UNUSED, told(name, &all), cause, UP)
}

/// AWS's reason, with what the check saw: `Target.ResponseCodeMismatch: Health
/// checks failed with these codes: [403]`.
fn told(name: &str, targets: &[&TargetHealthDescription]) -> String {
    let words = targets.iter().map(|one| {
        let state = state(one).map_or("?", |state| state.as_str());
        let reason = reason(one).map_or(String::new(), |reason| format!(" ({}", reason.as_str()));
        let health = one.target_health().and_then(|health| health.description());
        let health = health.map_or(String::new(), |words| format!(": {words}"));
        let end = if reason.is_empty() { "" } else { ")" };
        format!(
            "{} is {state}{reason}{health}{end}",
            id(one).unwrap_or_default()
        )
    });
    format!("{name}: {}", words.collect::<Vec<_>>().join("; "))
}

fn remedy(sick: &[&TargetHealthDescription]) -> String {
    let mismatch = sick
        .iter()
        .any(|one| reason(one) == Some(&TargetHealthReasonEnum::ResponseCodeMismatch));
    if mismatch {
        "correct `load_balancer.health_check` (path and matcher), and run `hybridgw up`".to_owned()
    } else {
        "look at the endpoint and its security group; `hybridgw up` sets both right".to_owned()
    }
}

fn state(one: &TargetHealthDescription) -> Option<&TargetHealthStateEnum> {
    one.target_health().and_then(|health| health.state())
}

fn reason(one: &TargetHealthDescription) -> Option<&TargetHealthReasonEnum> {
    one.target_health().and_then(|health| health.reason())
}

fn id(one: &TargetHealthDescription) -> Option<String> {
    one.target()?.id().map(str::to_owned)
}

fn is_leaving(one: &TargetHealthDescription) -> bool {
    state(one) == Some(&TargetHealthStateEnum::Draining)
        || reason(one) == Some(&TargetHealthReasonEnum::DeregistrationInProgress)
}

fn listed(all: &BTreeSet<String>) -> String {
    all.iter().cloned().collect::<Vec<_>>().join(", ")
}

//! The hosted zones of the stack's names.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::join_all;

use super::{
    finding::{Finding, Problems, failed, problem, wrong},
    place_of_host,
};
use crate::{
    aws::{Called, error::none_if_missing},
    config::{Config, is_zone_id},
    look::Look,
};

/// A hosted zone.
#[derive(Clone, Debug)]
struct Zone {
    id: String,
    /// In lower case, without the dot at its end.
    name: String,
}

/// Checks the zone of every name. Returns its id by host name.
pub(super) async fn check(config: &Config, look: &Look) -> Finding<BTreeMap<String, String>> {
    let hosts = config.hosts();
    let texts: BTreeSet<&str> = hosts.iter().map(|host| host.zone).collect();
    let known = join_all(texts.iter().map(|text| {
        let named_by = hosts.iter().position(|host| host.zone == *text);
        let place = place_of_host(config, named_by.unwrap_or(0), "zone");
        async move { (*text, find(text, &place, look).await) }
    }));
    let mut problems = Problems::default();
    let known: BTreeMap<&str, Zone> = known
        .await
        .into_iter()
        .filter_map(|(text, finding)| Some((text, problems.take(finding)?)))
        .collect();
    let mut zones = BTreeMap::new();
    for (index, host) in hosts.iter().enumerate() {
        let Some(Zone { id, name }) = known.get(host.zone) else {
            continue;
        };
        let inside = host
            .name
            .strip_suffix(name.as_str())
            .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
        if inside {
            zones.insert(host.name.to_owned(), id.clone());
            continue;
        }
        problems.note(problem(
            &place_of_host(config, index, "zone"),
            format!("{} is not in the zone {name}", host.name),
            "name the zone that holds the name",
        ));
    }
    problems.or(zones)
}

async fn find(text: &str, place: &str, look: &Look) -> Finding<Zone> {
    if is_zone_id(text) {
        by_id(text, place, look).await
    } else {
        by_name(text, place, look).await
    }
}

fn zone(id: &str, name: &str) -> Zone {
    Zone {
        id: id.trim_start_matches("/hostedzone/").to_owned(),
        name: name.trim_end_matches('.').to_lowercase(),
    }
}

async fn by_id(id: &str, place: &str, look: &Look) -> Finding<Zone> {
    let answer = look.aws.route53.get_hosted_zone().id(id).send().await;
    let answer = none_if_missing(answer.called("GetHostedZone")).map_err(failed)?;
    match answer.and_then(|answer| answer.hosted_zone) {
        Some(found) => Ok(zone(id, found.name())),
        None => wrong(
            place,
            format!("the hosted zone {id} does not exist"),
            "check the id and the account",
        ),
    }
}

async fn by_name(name: &str, place: &str, look: &Look) -> Finding<Zone> {
    let call = look.aws.route53.list_hosted_zones_by_name().dns_name(name);
    let answer = call.send().await.called("ListHostedZonesByName");
    let answer = answer.map_err(failed)?;
    let all = answer.hosted_zones().iter();
    let zones: Vec<Zone> = all
        .map(|one| zone(one.id(), one.name()))
        .filter(|one| one.name == name)
        .collect();
    match zones.as_slice() {
        [] => wrong(
            place,
            format!("there is no hosted zone {name}"),
            "check the name and the account, or give the zone's id",
        ),
        [zone] => Ok(zone.clone()),
        several => {
            let ids: Vec<&str> = several.iter().map(|zone| zone.id.as_str()).collect();
            let count = ids.len();
            wrong(
                place,
                format!("{name} names {count} hosted zones: {}", ids.join(", ")),
                "give the id of the one you mean",
            )
        }
    }
}

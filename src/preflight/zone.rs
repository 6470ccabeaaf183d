//! The hosted zones of the stack's names.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::join_all;

use super::{
    finding::{Finding, Problems, failed, problem, wrong},
    place_of_host,
};
use crate::{
    aws::read::Reads,
    config::{Config, is_zone_id},
};

/// A hosted zone.
#[derive(Clone, Debug)]
struct Zone {
    id: String,
    /// In lower case, without the dot at its end.
    name: String,
}

/// Checks the zone of every name. Returns its id by host name.
pub(super) async fn check(config: &Config, reads: &Reads) -> Finding<BTreeMap<String, String>> {
    let hosts = config.hosts();
    let texts: BTreeSet<&str> = hosts.iter().map(|host| host.zone).collect();
    let known = join_all(texts.iter().map(|text| {
        let named_by = hosts.iter().position(|host| host.zone == *text);
        let place = place_of_host(config, named_by.unwrap_or(0), "zone");
        async move { (*text, find(text, &place, reads).await) }
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

async fn find(text: &str, place: &str, reads: &Reads) -> Finding<Zone> {
    if is_zone_id(text) {
        by_id(text, place, reads).await
    } else {
        by_name(text, place, reads).await
    }
}

fn zone(id: &str, name: &str) -> Zone {
    Zone {
        id: id.trim_start_matches("/hostedzone/").to_owned(),
        name: name.trim_end_matches('.').to_lowercase(),
    }
}

async fn by_id(id: &str, place: &str, reads: &Reads) -> Finding<Zone> {
    match reads.hosted_zone(id).await.map_err(failed)?.as_ref() {
        Some(found) => Ok(zone(id, found.name())),
        None => wrong(
            place,
            format!("the hosted zone {id} does not exist"),
            "check the id and the account",
        ),
    }
}

async fn by_name(name: &str, place: &str, reads: &Reads) -> Finding<Zone> {
    let all = reads.hosted_zones_from(name).await.map_err(failed)?;
    let zones: Vec<Zone> = all
        .iter()
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

//! The hosted zones of the stack's names.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_route53::types::RrType;
use futures_util::future::join_all;

use super::{
    finding::{Finding, Problem, Problems, Warning, failed, problem, wrong},
    place_of_host,
};
use crate::{
    aws::read::Reads,
    checks::codes,
    config::{Config, is_zone_id},
    error::ErrorKind,
};

/// A hosted zone.
#[derive(Clone, Debug)]
struct Zone {
    id: String,
    /// In lower case, without the dot at its end.
    name: String,
}

/// A private zone that a VPC sees.
pub(super) struct Seen {
    id: String,
    /// In lower case, without the dot at its end.
    pub name: String,
    /// The account or the service that has it.
    owner: String,
}

impl Seen {
    /// Its id, and whose it is.
    pub fn whose(&self) -> String {
        format!("{}, of {}", self.id, self.owner)
    }
}

/// The private zones that the VPC sees. Nobody has to allow that look: without it
/// what would be said of them is not said.
pub(super) async fn of_vpc(vpc: &str, reads: &Reads) -> Vec<Seen> {
    let zones = match reads.hosted_zones_of_vpc(vpc).await {
        Ok(zones) => zones,
        Err(error) => {
            tracing::info!("the private zones of {vpc} are not looked at: {error}");
            return Vec::new();
        }
    };
    let seen = zones.iter().map(|one| {
        let own = zone(one.hosted_zone_id(), one.name());
        let owner = one.owner();
        let account = owner.and_then(|owner| owner.owning_account());
        let service = owner.and_then(|owner| owner.owning_service());
        Seen {
            id: own.id,
            name: own.name,
            owner: match (account, service) {
                (Some(account), _) => format!("account {account}"),
                (None, Some(service)) => service.to_owned(),
                (None, None) => "another account".to_owned(),
            },
        }
    });
    seen.collect()
}

/// Warnings of private zones that hide a record of the stack in its own VPC: a
/// name is looked up in the most specific private zone that holds it, and found
/// there or nowhere (Route 53 developer guide, "Considerations when working with
/// a private hosted zone"). Looked for only while a record is to be made.
pub(super) async fn hidden(config: &Config, reads: &Reads) -> Finding<Vec<Warning>> {
    let zones = all(config, reads).await.unwrap_or_default();
    let mut to_come = Vec::new();
    for (index, host) in config.hosts().iter().enumerate() {
        let Some(zone) = zones.get(host.name) else {
            continue;
        };
        let records = reads.records_from(&zone.id, host.name).await;
        let records = records.map_err(failed)?;
        let is_there = records.iter().any(|record| {
            let name = record.name().trim_end_matches('.');
            name.eq_ignore_ascii_case(host.name) && *record.r#type() == RrType::A
        });
        if !is_there {
            to_come.push((index, host.name, zone));
        }
    }
    if to_come.is_empty() {
        return Ok(Vec::new());
    }
    let vpc = &config.network.vpc;
    let seen = of_vpc(vpc, reads).await;
    let warnings = to_come.into_iter().filter_map(|(index, host, zone)| {
        let mut others = seen.iter().filter(|other| {
            let longer = other.name.len() >= zone.name.len();
            other.id != zone.id && longer && is_inside(host, &other.name)
        });
        let other = others.next()?;
        let place = place_of_host(config, index, "zone");
        Some(Warning::new(
            codes::RECORD_HIDDEN,
            format!(
                "{place}: {vpc} sees the private zone {} ({}), which hides the record of {host} in {} there",
                other.name,
                other.whose(),
                zone.name,
            ),
            "put the record into that zone, or take the zone off the VPC",
        ))
    });
    Ok(warnings.collect())
}

fn is_inside(name: &str, zone: &str) -> bool {
    let rest = name.strip_suffix(zone);
    rest.is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

/// Checks the zone of every name. Returns its id by host name.
pub(super) async fn check(config: &Config, reads: &Reads) -> Finding<BTreeMap<String, String>> {
    let zones = all(config, reads).await?.into_iter();
    Ok(zones.map(|(host, zone)| (host, zone.id)).collect())
}

/// The ids of the zones by host name, as far as they can be found, and what keeps
/// the others from it.
pub(super) async fn known(
    config: &Config,
    reads: &Reads,
) -> (BTreeMap<String, String>, Vec<Problem>) {
    let (zones, problems) = look(config, reads).await;
    let zones = zones.into_iter().map(|(host, zone)| (host, zone.id));
    (zones.collect(), problems.or(()).err().unwrap_or_default())
}

async fn all(config: &Config, reads: &Reads) -> Finding<BTreeMap<String, Zone>> {
    let (zones, problems) = look(config, reads).await;
    problems.or(zones)
}

async fn look(config: &Config, reads: &Reads) -> (BTreeMap<String, Zone>, Problems) {
    let hosts = config.hosts();
    let texts: BTreeSet<&str> = hosts.iter().map(|host| host.zone).collect();
    let known = join_all(texts.iter().map(|text| {
        let named_by = hosts.iter().position(|host| host.zone == *text);
        let place = place_of_host(config, named_by.unwrap_or(0), "zone");
        async move { (*text, find(text, &place, config, reads).await) }
    }));
    let mut problems = Problems::default();
    let known: BTreeMap<&str, Zone> = known
        .await
        .into_iter()
        .filter_map(|(text, finding)| Some((text, problems.take(finding)?)))
        .collect();
    let mut zones = BTreeMap::new();
    for (index, host) in hosts.iter().enumerate() {
        let Some(zone) = known.get(host.zone) else {
            continue;
        };
        let name = &zone.name;
        if is_inside(host.name, name) {
            zones.insert(host.name.to_owned(), zone.clone());
            continue;
        }
        problems.note(problem(
            codes::ZONE_NOT_HOLDING,
            &place_of_host(config, index, "zone"),
            format!("{} is not in the zone {name}", host.name),
            "name the zone that holds the name",
        ));
    }
    (zones, problems)
}

async fn find(text: &str, place: &str, config: &Config, reads: &Reads) -> Finding<Zone> {
    let found = if is_zone_id(text) {
        by_id(text, place, reads).await
    } else {
        by_name(text, place, reads).await
    };
    let errors = match found {
        Err(errors) => errors,
        found => return found,
    };
    // What is not there for this account may be another's, and the VPC sees it.
    let is_gone = |problem: &Problem| problem.code == Some(codes::ZONE_MISSING);
    if !errors.iter().any(is_gone) {
        return Err(errors);
    }
    let own = format!("account {}", reads.account().await.map_err(failed)?);
    let seen = of_vpc(&config.network.vpc, reads).await;
    let mut seen = seen.iter().filter(|one| one.owner != own);
    let other = seen.find(|one| one.id == text || one.name == text);
    match other {
        Some(other) => Err(of_another(text, Some(&other.owner), place)),
        None => Err(errors),
    }
}

/// A zone that this account cannot change.
fn of_another(text: &str, owner: Option<&str>, place: &str) -> Vec<Problem> {
    let owner = owner.unwrap_or("another account");
    vec![problem(
        codes::ZONE_OTHER_ACCOUNT,
        place,
        format!(
            "the hosted zone {text} is of {owner}, and records are made in zones of the account that hybridgw runs in"
        ),
        "name a zone of this account: a private zone of the same or a longer name can be associated with the VPC, or that account delegates one to this account",
    )]
}

fn zone(id: &str, name: &str) -> Zone {
    Zone {
        id: id.trim_start_matches("/hostedzone/").to_owned(),
        name: name.trim_end_matches('.').to_lowercase(),
    }
}

async fn by_id(id: &str, place: &str, reads: &Reads) -> Finding<Zone> {
    let found = match reads.hosted_zone(id).await {
        // Route 53 says so of zones of others, and names the permission where that is what is
        // missing (observed).
        Err(error) if error.kind == ErrorKind::Denied && !error.message.contains("perform:") => {
            return Err(of_another(id, None, place));
        }
        found => found.map_err(failed)?,
    };
    match found.as_ref() {
        Some(found) => Ok(zone(id, &found.name)),
        None => wrong(
            codes::ZONE_MISSING,
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
            codes::ZONE_MISSING,
            place,
            format!("there is no hosted zone {name}"),
            "check the name and the account, or give the zone's id",
        ),
        [zone] => Ok(zone.clone()),
        several => {
            let ids: Vec<&str> = several.iter().map(|zone| zone.id.as_str()).collect();
            let count = ids.len();
            wrong(
                codes::ZONE_AMBIGUOUS,
                place,
                format!("{name} names {count} hosted zones: {}", ids.join(", ")),
                "give the id of the one you mean",
            )
        }
    }
}

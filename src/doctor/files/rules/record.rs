//! DNS records.

use super::super::{
    kind::Kind,
    model::{Configuration, Node, Reference, Resource},
    said::{Said, Words},
};
use crate::{checks::codes, simulator::hosted_zones};

/// Route 53 API reference, `AliasTarget`: the hosted zone is that of what the
/// alias leads to, not that of the record. Only another record of the same zone
/// has the record's own.
pub fn other_zone_id(configuration: &Configuration, said: &mut Said) {
    for record in configuration.of(Kind::Record) {
        let (Some(name), Some(zone)) = (record.get("alias.name"), record.get("alias.zone_id"))
        else {
            continue;
        };
        let Some(found) = wrong(configuration, record, name, zone) else {
            continue;
        };
        let words = Words {
            found,
            cause: "Route 53 looks for the name in that zone, and refuses the record",
            remedy: "take both of the alias from the load balancer: its DNS name and its zone id"
                .to_owned(),
        };
        said.failed(
            codes::RECORD_OTHER_ZONE_ID,
            &zone.at,
            &record.address,
            words,
        );
    }
}

/// What is wrong with the zone of an alias to a load balancer.
fn wrong(
    configuration: &Configuration,
    record: &Resource,
    name: &Node,
    zone: &Node,
) -> Option<String> {
    let balancer = match (name.reference(), name.text()) {
        (Some(reference), _) => {
            let target = configuration.target(reference)?;
            matches!(target.kind, Kind::LoadBalancer | Kind::Endpoint)
                .then_some(target.address.as_str())?
        }
        (None, Some(text)) if text.trim_end_matches('.').ends_with(".elb.amazonaws.com") => {
            "a load balancer"
        }
        _ => return None,
    };
    if let Some(reference) = zone.reference() {
        let right =
            name.reference().is_none_or(|one| one.to == reference.to) && is_zone_of_it(reference);
        let target = configuration.target(reference);
        // Of what is not made here nothing is known: a variable, a module.
        let known = target.is_some_and(|one| one.kind != Kind::Other);
        return (known && !right).then(|| {
            format!("its alias leads to {balancer}, and the zone id is that of {reference}")
        });
    }
    let text = zone.text()?;
    let of_record = record.text("zone_id").is_some_and(|own| own == text);
    let balancers = configuration.resources.iter();
    let known = balancers
        .filter_map(|one| one.text("zone_id"))
        .any(|own| own == text);
    let of_region = configuration.region().map(hosted_zones::load_balancers);
    // A region that is not in the table has a zone that is not told.
    let other = of_region.is_some_and(|zone| !zone.contains("SIMULATED") && zone != text);
    let balancer_zone = known && !of_record;
    let wrong = of_record || (other && !balancer_zone && name_is_of_balancer(configuration, name));
    wrong.then(|| format!("its alias leads to {balancer}, and the zone id is {text}"))
}

fn name_is_of_balancer(configuration: &Configuration, name: &Node) -> bool {
    let target = name.reference().and_then(|one| configuration.target(one));
    target.is_none_or(|one| {
        // A network load balancer's zone is another one.
        one.kind == Kind::LoadBalancer
            && one
                .text("load_balancer_type")
                .is_none_or(|word| word == "application")
    })
}

fn is_zone_of_it(reference: &Reference) -> bool {
    matches!(
        reference.leaf(),
        "zone_id"
            | "hosted_zone_id"
            | "CanonicalHostedZoneID"
            | "CanonicalHostedZoneNameID"
            | "DnsEntries"
    )
}

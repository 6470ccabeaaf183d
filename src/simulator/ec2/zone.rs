//! Availability zones.

use serde_json::{Value, json};

use super::filter::filters;
use crate::codec::{Input, Output, Refusal, ok};
use crate::world::Ctx;

/// A zone of a region.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone {
    /// `eu-central-1a`
    pub name: String,
    /// `euc1-az1`
    pub id: String,
}

/// Returns a region's zones: three, and six in us-east-1. Assumption: zone `a` is `az1`, which AWS maps by account.
pub fn zones(region: &str) -> Vec<Zone> {
    let letters = if region == "us-east-1" {
        "abcdef"
    } else {
        "abc"
    };
    let short = abbreviation(region);
    let zone = |(number, letter)| Zone {
        name: format!("{region}{letter}"),
        id: format!("{short}-az{}", number + 1),
    };
    letters.chars().enumerate().map(zone).collect()
}

/// `eu-central-1` → `euc1`, `ap-southeast-2` → `apse2`, `us-gov-west-1` → `usgw1` (EC2 user guide, "AZ IDs").
fn abbreviation(region: &str) -> String {
    let shorten = |(index, part): (usize, &str)| match part {
        _ if index == 0 => part.to_owned(),
        "northeast" => "ne".to_owned(),
        "northwest" => "nw".to_owned(),
        "southeast" => "se".to_owned(),
        "southwest" => "sw".to_owned(),
        _ => part.chars().take(1).collect(),
    };
    region.split('-').enumerate().map(shorten).collect()
}

/// `DescribeAvailabilityZones`.
pub fn describe(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    const FILTERS: &[&str] = &[
        "group-name",
        "opt-in-status",
        "region-name",
        "state",
        "zone-id",
        "zone-name",
        "zone-type",
    ];
    let (names, ids) = (input.texts("ZoneName"), input.texts("ZoneId"));
    let filters = filters(input, FILTERS)?;
    let all = zones(ctx.region);
    if let Some(lost) = names
        .iter()
        .find(|name| !all.iter().any(|zone| zone.name == **name))
    {
        return Err(invalid(lost));
    }
    if let Some(lost) = ids
        .iter()
        .find(|id| !all.iter().any(|zone| zone.id == **id))
    {
        return Err(invalid(lost));
    }
    let asked = |zone: &&Zone| {
        (names.is_empty() || names.contains(&zone.name))
            && (ids.is_empty() || ids.contains(&zone.id))
    };
    let values = |zone: &Zone, name: &str| match name {
        "group-name" => vec![format!("{}-zg-1", ctx.region)],
        "opt-in-status" => vec!["opt-in-not-required".to_owned()],
        "region-name" => vec![ctx.region.to_owned()],
        "state" => vec!["available".to_owned()],
        "zone-id" => vec![zone.id.clone()],
        "zone-name" => vec![zone.name.clone()],
        _ => vec!["availability-zone".to_owned()],
    };
    let fits = |zone: &&Zone| {
        filters
            .iter()
            .all(|filter| filter.keeps(None, |name| values(zone, name)))
    };
    let items: Value = all
        .iter()
        .filter(asked)
        .filter(fits)
        .map(|zone| item(ctx, zone))
        .collect();
    ok(json!({"availabilityZoneInfo": items}))
}

fn item(ctx: &Ctx<'_>, zone: &Zone) -> Value {
    json!({
        "groupName": format!("{}-zg-1", ctx.region),
        "messageSet": [],
        "networkBorderGroup": ctx.region,
        "optInStatus": "opt-in-not-required",
        "regionName": ctx.region,
        "zoneId": zone.id,
        "zoneName": zone.name,
        "zoneState": "available",
        "zoneType": "availability-zone",
    })
}

/// EC2 API reference, "Error codes": `InvalidParameterValue` (observed: "Invalid availability zone: [x]").
fn invalid(name: &str) -> Refusal {
    Refusal::new(
        "InvalidParameterValue",
        format!("Invalid availability zone: [{name}]"),
    )
}

/// Finds the zone a subnet is asked for in.
pub fn named(region: &str, name: Option<&str>, id: Option<&str>) -> Result<Zone, Refusal> {
    let mut all = zones(region).into_iter();
    match (name, id) {
        (Some(name), _) => all
            .find(|zone| zone.name == name)
            .ok_or_else(|| invalid(name)),
        (None, Some(id)) => all.find(|zone| zone.id == id).ok_or_else(|| invalid(id)),
        // AWS chooses; here always the first.
        (None, None) => all.next().ok_or_else(|| invalid(region)),
    }
}

/// Returns the id of the zone of this name.
pub fn id_of(name: &str) -> String {
    let region = name
        .strip_suffix(|letter: char| letter.is_ascii_lowercase())
        .unwrap_or(name);
    named(region, Some(name), None)
        .map(|zone| zone.id)
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zone_ids_are_abbreviated_as_aws_does() {
        let id = |region| zones(region)[0].id.clone();
        assert_eq!(id("eu-central-1"), "euc1-az1");
        assert_eq!(id("us-east-1"), "use1-az1");
        assert_eq!(id("ap-southeast-2"), "apse2-az1");
        assert_eq!(id("us-gov-west-1"), "usgw1-az1");
    }
}

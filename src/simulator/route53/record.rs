//! Record sets: how they are read, checked, changed and listed.

use std::net::{Ipv4Addr, Ipv6Addr};

use serde_json::{Value, json};

use super::alias::check_alias;
use super::change::begin;
use super::name::{check, inside, lies_in, outside};
use super::refusal::{invalid, malformed};
use super::state::{Alias, Record, Zone};
use super::zone::{find, find_mut, size};
use crate::codec::{Input, Output, Refusal, ok};
use crate::world::Ctx;

/// Route 53 API reference, `ResourceRecordSet`.
const KINDS: &[&str] = &[
    "A", "AAAA", "CAA", "CNAME", "DS", "HTTPS", "MX", "NAPTR", "NS", "PTR", "SOA", "SPF", "SRV",
    "SSHFP", "SVCB", "TLSA", "TXT",
];

/// What routes between record sets of one name and type.
const ROUTING: &[&str] = &[
    "Weight",
    "Region",
    "GeoLocation",
    "Failover",
    "MultiValueAnswer",
    "HealthCheckId",
];

/// Reads a record set. That it is either an alias or has TTL and values: observed.
fn parse(input: &Input, action: &str) -> Result<Record, Refusal> {
    let kind = input.require("Type")?.to_owned();
    if !KINDS.contains(&kind.as_str()) {
        return Err(malformed(format!("{kind} is no type of records")));
    }
    let name = inside(input.require("Name")?);
    check(&name).map_err(|refusal| invalid(refusal.message))?;
    let list = input
        .child("ResourceRecords")
        .map(|list| list.each("ResourceRecord"));
    let values: Vec<String> = list
        .into_iter()
        .flatten()
        .filter_map(|record| record.text("Value").map(str::to_owned))
        .collect();
    let alias = input
        .child("AliasTarget")
        .map(|target| alias(&target))
        .transpose()?;
    let ttl = input.number("TTL").and_then(|ttl| u64::try_from(ttl).ok());
    let plain = ttl.is_some() && !values.is_empty();
    if plain == alias.is_some() || (alias.is_some() && (ttl.is_some() || !values.is_empty())) {
        let found = if plain { "more than one" } else { "none" };
        return Err(malformed(format!(
            "Invalid request: Expected exactly one of [AliasTarget, all of [TTL, and ResourceRecords], or TrafficPolicyInstanceId], but found {found} in Change with [Action={action}, Name={name}, Type={kind}, SetIdentifier=null]"
        )));
    }
    let routing = ROUTING
        .iter()
        .filter_map(|name| Some(((*name).to_owned(), input.get(name)?.clone())));
    Ok(Record {
        name,
        kind,
        identifier: input.text("SetIdentifier").map(str::to_owned),
        ttl,
        values,
        alias,
        routing: routing.collect(),
    })
}

/// Route 53 API reference, `AliasTarget`: all three are required.
fn alias(target: &Input) -> Result<Alias, Refusal> {
    let follows_health = target.flag("EvaluateTargetHealth");
    Ok(Alias {
        zone: target.require("HostedZoneId")?.to_owned(),
        name: inside(target.require("DNSName")?),
        follows_health: follows_health
            .ok_or_else(|| malformed("EvaluateTargetHealth is required"))?,
    })
}

/// Checks a record set by itself.
///
/// The words are observed, but those about a CNAME with several values and a missing
/// `SetIdentifier` (assumption).
fn check_record(ctx: &Ctx<'_>, zone: &Zone, record: &Record) -> Result<(), Refusal> {
    let Record { name, kind, .. } = record;
    let (shown, within) = (outside(name), outside(&zone.name));
    if !lies_in(name, &zone.name) {
        return Err(invalid(format!(
            "RRSet with DNS name {shown} is not permitted in zone {within}"
        )));
    }
    if kind == "CNAME" && *name == zone.name {
        return Err(invalid(format!(
            "RRSet of type CNAME with DNS name {shown} is not permitted at apex in zone {within}"
        )));
    }
    if record.identifier.is_none() && record.routing.keys().any(|key| key != "HealthCheckId") {
        return Err(malformed(
            "A record set with a routing policy needs a SetIdentifier",
        ));
    }
    for value in &record.values {
        let problem = match kind.as_str() {
            "A" if value.parse::<Ipv4Addr>().is_err() => {
                "ARRDATAIllegalIPv4Address (Value is not a valid IPv4 address)"
            }
            "AAAA" if value.parse::<Ipv6Addr>().is_err() => {
                "AAAARRDATAIllegalIPv6Address (Value is not a valid IPv6 address)"
            }
            "TXT" | "SPF"
                if !value.starts_with('"') || !value.ends_with('"') || value.len() < 2 =>
            {
                "InvalidCharacterString (Value should be enclosed in quotation marks)"
            }
            "CNAME" if record.values.len() > 1 => {
                "CNAMERRSetContainsMultipleRecords (A CNAME has one value)"
            }
            _ => continue,
        };
        return Err(invalid(format!(
            "Invalid Resource Record: 'FATAL problem: {problem} encountered with '{value}''"
        )));
    }
    record
        .alias
        .as_ref()
        .map_or(Ok(()), |alias| check_alias(ctx, zone, record, alias))
}

/// Applies one change to a zone.
fn apply(zone: &mut Zone, action: &str, record: Record) -> Result<(), Refusal> {
    let what = format!("[name='{}', type='{}'", outside(&record.name), record.kind);
    let what = match &record.identifier {
        Some(identifier) => format!("{what}, set identifier='{identifier}']"),
        None => format!("{what}]"),
    };
    let place = zone
        .records
        .iter()
        .position(|known| known.key() == record.key());
    match (action, place) {
        // All these words are observed (terraform#18509, node-route53-updater#3).
        ("CREATE", Some(_)) => Err(invalid(format!(
            "Tried to create resource record set {what} but it already exists"
        ))),
        ("DELETE", None) => Err(invalid(format!(
            "Tried to delete resource record set {what} but it was not found"
        ))),
        ("DELETE", Some(place)) => {
            if !same(&zone.records[place], &record) {
                return Err(invalid(format!(
                    "Tried to delete resource record set {what} but the values provided do not match the current values"
                )));
            }
            zone.records.remove(place);
            Ok(())
        }
        ("CREATE" | "UPSERT", None) => {
            zone.records.push(record);
            Ok(())
        }
        ("UPSERT", Some(place)) => {
            zone.records[place] = record;
            Ok(())
        }
        _ => Err(malformed(format!("{action} is no action"))),
    }
}

/// Route 53 API reference, `Change`: what is deleted must match; the order of values does not count (assumption).
fn same(known: &Record, given: &Record) -> bool {
    let sorted = |record: &Record| {
        let mut record = record.clone();
        record.values.sort();
        record
    };
    sorted(known) == sorted(given)
}

/// Checks a zone after a whole batch.
fn check_zone(zone: &Zone) -> Result<(), Refusal> {
    let apex = |kind: &str| {
        zone.records
            .iter()
            .any(|record| record.name == zone.name && record.kind == kind)
    };
    if !apex("SOA") {
        return Err(invalid("A HostedZone must contain exactly one SOA record."));
    }
    if !apex("NS") {
        return Err(invalid(
            "A HostedZone must contain at least one NS record for the zone itself.",
        ));
    }
    for record in &zone.records {
        let mut others = zone
            .records
            .iter()
            .filter(|other| other.name == record.name && other.key() != record.key());
        let (shown, within) = (outside(&record.name), outside(&zone.name));
        if record.kind == "CNAME" && others.clone().any(|other| other.kind != "CNAME") {
            // Observed (amazon.aws#2694, terraform-aws-open-next#24 has the other way round).
            return Err(invalid(format!(
                "RRSet of type CNAME with DNS name {shown} is not permitted as it conflicts with other records with the same DNS name in zone {within}"
            )));
        }
        // Route 53 developer guide, "Values for weighted records": simple and routed ones do not mix.
        if record.identifier.is_none() && others.any(|other| other.kind == record.kind) {
            return Err(invalid(format!(
                "RRSet with DNS name {shown}, type {} cannot be created as other RRSets exist with the same name and type.",
                record.kind
            )));
        }
    }
    Ok(())
}

/// `ChangeResourceRecordSets`: all changes or none (Route 53 API reference), 1,000 at most.
pub fn change(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let (_, zone) = find(&ctx.global.route53, input)?;
    let batch = input
        .child("ChangeBatch")
        .ok_or_else(|| input.protocol.missing("ChangeBatch"))?;
    let changes = batch
        .child("Changes")
        .map(|changes| changes.each("Change"))
        .unwrap_or_default();
    if changes.is_empty() || changes.len() > 1000 {
        return Err(malformed("A change batch has 1 to 1,000 changes"));
    }
    let mut next = zone.clone();
    for change in &changes {
        let action = change.require("Action")?;
        let given = change
            .child("ResourceRecordSet")
            .ok_or_else(|| input.protocol.missing("ResourceRecordSet"))?;
        let record = parse(&given, action)?;
        if action != "DELETE" {
            check_record(ctx, &next, &record)?;
        }
        apply(&mut next, action, record)?;
    }
    check_zone(&next)?;
    next.records
        .sort_by(|one, other| one.key().cmp(&other.key()));
    *find_mut(&mut ctx.global.route53, input)? = next;
    let info = begin(ctx, batch.text("Comment"));
    ok(json!({"ChangeResourceRecordSetsResponse": {"ChangeInfo": info}}))
}

fn shown(record: &Record) -> Value {
    let values: Vec<Value> = record
        .values
        .iter()
        .map(|value| json!({"Value": value}))
        .collect();
    let alias = record.alias.as_ref().map(|alias| {
        json!({
            "HostedZoneId": alias.zone,
            "DNSName": outside(&alias.name),
            "EvaluateTargetHealth": alias.follows_health,
        })
    });
    let mut tree = json!({
        "Name": outside(&record.name),
        "Type": record.kind,
        "SetIdentifier": record.identifier,
        "TTL": record.ttl,
        "ResourceRecords": (!values.is_empty()).then(|| json!({"ResourceRecord": values})),
        "AliasTarget": alias,
    });
    if let Some(members) = tree.as_object_mut() {
        members.extend(record.routing.clone());
    }
    tree
}

/// `ListResourceRecordSets`: by reversed labels, then by type, from a name on; 300 a page (Route 53 API reference).
pub fn list(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let size = size(ctx, input, 300)?;
    let (_, zone) = find(&ctx.global.route53, input)?;
    let (name, kind) = (input.text("name"), input.text("type"));
    let identifier = input.text("identifier");
    if (kind.is_some() && name.is_none()) || (identifier.is_some() && kind.is_none()) {
        return Err(malformed(
            "A start needs all that goes before it: name, type, identifier",
        ));
    }
    let start = Record {
        name: name.map(inside).unwrap_or_default(),
        kind: kind.unwrap_or_default().to_owned(),
        identifier: identifier.map(str::to_owned),
        ..Record::default()
    };
    let from: Vec<&Record> = zone
        .records
        .iter()
        .filter(|record| name.is_none() || record.key() >= start.key())
        .collect();
    let page: Vec<Value> = from.iter().take(size).map(|record| shown(record)).collect();
    let next = from.get(size);
    ok(json!({"ListResourceRecordSetsResponse": {
        "ResourceRecordSets": {"ResourceRecordSet": page},
        "IsTruncated": next.is_some(),
        "NextRecordName": next.map(|record| outside(&record.name)),
        "NextRecordType": next.map(|record| record.kind.clone()),
        "NextRecordIdentifier": next.and_then(|record| record.identifier.clone()),
        "MaxItems": size.to_string(),
    }}))
}

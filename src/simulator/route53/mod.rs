//! Route 53: hosted zones, their record sets, and changes on their way to the name servers.
//!
//! Wire names are those of the API's model of 2013-04-01. `PriorRequestNotComplete`
//! comes with too many requests for one zone at once (Route 53 developer guide,
//! "Quotas"), and is left to fault rules.

mod alias;
mod change;
mod event;
mod name;
mod record;
mod refusal;
pub mod state;
mod tag;
mod zone;

pub use name::inside as spelled;
pub use state::{Alias, Change, Event, Record, State, Vpc, Zone};

use super::codec::Protocol;
use super::service::{Operation, Service, read, write};
use super::world::Ctx;

/// The service.
pub const SERVICE: Service = Service {
    name: "route53",
    protocol: Protocol::RestXml,
    namespace: "https://route53.amazonaws.com/doc/2013-04-01/",
    operations: OPERATIONS,
};

const OPERATIONS: &[Operation] = &[
    write(
        "CreateHostedZone",
        zone::create,
        &["Name", "VPC", "CallerReference", "HostedZoneConfig"],
    )
    .at("POST /2013-04-01/hostedzone"),
    read(
        "ListHostedZones",
        zone::list,
        &["marker", "maxitems", "hostedzonetype"],
    )
    .at("GET /2013-04-01/hostedzone"),
    read(
        "ListHostedZonesByName",
        zone::list_by_name,
        &["dnsname", "hostedzoneid", "maxitems"],
    )
    .at("GET /2013-04-01/hostedzonesbyname"),
    read(
        "ListHostedZonesByVPC",
        zone::list_by_vpc,
        &["vpcid", "vpcregion", "maxitems", "nexttoken"],
    )
    .at("GET /2013-04-01/hostedzonesbyvpc"),
    read("GetHostedZoneCount", zone::count, &[]).at("GET /2013-04-01/hostedzonecount"),
    read("GetHostedZone", zone::get, &["Id"]).at("GET /2013-04-01/hostedzone/{Id}"),
    write("DeleteHostedZone", zone::delete, &["Id"]).at("DELETE /2013-04-01/hostedzone/{Id}"),
    write(
        "AssociateVPCWithHostedZone",
        zone::associate,
        &["Id", "VPC", "Comment"],
    )
    .at("POST /2013-04-01/hostedzone/{Id}/associatevpc"),
    write(
        "ChangeResourceRecordSets",
        record::change,
        &["Id", "ChangeBatch"],
    )
    .at("POST /2013-04-01/hostedzone/{Id}/rrset"),
    read(
        "ListResourceRecordSets",
        record::list,
        &["Id", "name", "type", "identifier", "maxitems"],
    )
    .at("GET /2013-04-01/hostedzone/{Id}/rrset"),
    read("GetChange", change::get, &["Id"]).at("GET /2013-04-01/change/{Id}"),
    read(
        "ListTagsForResource",
        tag::list,
        &["ResourceType", "ResourceId"],
    )
    .at("GET /2013-04-01/tags/{ResourceType}/{ResourceId}"),
    write(
        "ChangeTagsForResource",
        tag::change,
        &["ResourceType", "ResourceId", "AddTags", "RemoveTagKeys"],
    )
    .at("POST /2013-04-01/tags/{ResourceType}/{ResourceId}"),
];

/// Adds a zone under an id that is given; a private one with its VPCs.
pub fn add_zone(ctx: &mut Ctx<'_>, id: &str, name: &str, private: bool, vpcs: &[Vpc]) {
    let vpcs = if private { vpcs.to_vec() } else { Vec::new() };
    zone::add(ctx, id, name, vpcs, &format!("borrowed {id}"));
    if let Some(zone) = ctx.global.route53.zones.get_mut(id) {
        zone.private = private;
    }
}

/// Returns the alias that a host's A record is, from the zone that fits the host best; wildcards count too.
pub fn resolve_alias<'a>(ctx: &'a Ctx<'_>, host: &str) -> Option<&'a Alias> {
    let host = name::inside(host);
    let zones = ctx.global.route53.zones.values();
    let fitting = zones.filter(|zone| name::lies_in(&host, &zone.name));
    let zone = fitting.max_by_key(|zone| zone.name.len())?;
    let wildcard = host
        .split_once('.')
        .map(|(_, parent)| format!("*.{parent}"));
    let named = |wanted: &str| {
        let mut records = zone.records.iter();
        records.find(|record| record.kind == "A" && record.name == wanted)
    };
    let record = named(&host).or_else(|| named(wildcard.as_deref()?))?;
    record.alias.as_ref()
}

#[cfg(test)]
mod tests;

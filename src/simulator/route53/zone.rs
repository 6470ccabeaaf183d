//! Hosted zones.

use serde_json::{Value, json};

use super::change::begin;
use super::name::{check, inside, outside, sort_key};
use super::state::{Record, State, Vpc, Zone};
use crate::codec::{Input, Output, Refusal, ok};
use crate::world::Ctx;

/// Route 53 developer guide, "Quotas": hosted zones an account.
const MOST: usize = 500;

/// Route 53 API reference: `NoSuchHostedZone`, 404; the words are observed.
pub fn absent(id: &str) -> Refusal {
    let text = format!("No hosted zone found with ID: {id}");
    Refusal::new("NoSuchHostedZone", text).status(404)
}

/// Returns the zone that a request names.
pub fn find<'a>(state: &'a State, input: &Input) -> Result<(&'a str, &'a Zone), Refusal> {
    let id = input.require("Id")?;
    let found = state.zones.get_key_value(id);
    found
        .map(|(id, zone)| (id.as_str(), zone))
        .ok_or_else(|| absent(id))
}

/// Returns the zone that a request names, to change it.
pub fn find_mut<'a>(state: &'a mut State, input: &Input) -> Result<&'a mut Zone, Refusal> {
    let id = input.require("Id")?;
    state.zones.get_mut(id).ok_or_else(|| absent(id))
}

fn shown(id: &str, zone: &Zone) -> Value {
    json!({
        "Id": format!("/hostedzone/{id}"),
        "Name": outside(&zone.name),
        "CallerReference": zone.reference,
        "Config": {"Comment": zone.comment, "PrivateZone": zone.private},
        "ResourceRecordSetCount": zone.records.len(),
    })
}

fn vpc_shown(vpc: &Vpc) -> Value {
    json!({"VPCRegion": vpc.region, "VPCId": vpc.id})
}

fn delegation(zone: &Zone) -> Value {
    json!({"NameServers": {"NameServer": zone.servers}})
}

/// Reads a `VPC`; one of the region that is asked must be there.
///
/// Route 53 API reference: `InvalidVPCId`. VPCs of other regions cannot be seen
/// from here, and are believed.
fn vpc(ctx: &Ctx<'_>, input: &Input) -> Result<Vpc, Refusal> {
    let vpc = Vpc {
        id: input.require("VPCId")?.to_owned(),
        region: input.require("VPCRegion")?.to_owned(),
    };
    let unknown = vpc.region == ctx.region && !ctx.here.ec2.vpcs.contains_key(&vpc.id);
    if unknown || !vpc.id.starts_with("vpc-") {
        // Recorded.
        let text = "The VPC ID is invalid.";
        return Err(Refusal::new("InvalidVPCId", text));
    }
    Ok(vpc)
}

/// Route 53 API reference: `ConflictingDomainExists`, for a VPC that sees a zone of that name already.
fn check_conflict(state: &State, name: &str, vpc: &Vpc) -> Result<(), Refusal> {
    let rival = |zone: &Zone| zone.private && zone.name == name && zone.vpcs.contains(vpc);
    if state.zones.values().any(rival) {
        let text = format!(
            "The VPC {} is already associated with a hosted zone of the name {name}",
            vpc.id
        );
        return Err(Refusal::new("ConflictingDomainExists", text));
    }
    Ok(())
}

/// `CreateHostedZone`: with a VPC it is private.
pub fn create(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let name = inside(input.require("Name")?);
    check(&name)?;
    let reference = input.require("CallerReference")?;
    let config = input.child("HostedZoneConfig");
    let comment = config.as_ref().and_then(|config| config.text("Comment"));
    let private = config
        .as_ref()
        .and_then(|config| config.flag("PrivateZone"))
        == Some(true);
    let vpc = input
        .child("VPC")
        .map(|given| vpc(ctx, &given))
        .transpose()?;
    if private && vpc.is_none() {
        // Route 53 API reference, `CreateHostedZone`: a private zone needs a VPC.
        return Err(Refusal::new(
            "InvalidInput",
            "When you're creating a private hosted zone, you must specify a VPC",
        ));
    }
    let state = &ctx.global.route53;
    if state.references.iter().any(|known| known == reference) {
        // Route 53 API reference: `HostedZoneAlreadyExists`, 409; the words are observed.
        let text = format!(
            "A hosted zone has already been created with the specified caller reference: {reference}"
        );
        return Err(Refusal::new("HostedZoneAlreadyExists", text).status(409));
    }
    if state.zones.len() >= MOST {
        return Err(Refusal::new(
            "TooManyHostedZones",
            "The limit on hosted zones is reached",
        ));
    }
    if let Some(vpc) = &vpc {
        check_conflict(state, &name, vpc)?;
    }
    let id = format!("Z{}", ctx.random.letters(20).to_ascii_uppercase());
    add(ctx, &id, &name, vpc.iter().cloned().collect(), reference);
    if let Some(zone) = ctx.global.route53.zones.get_mut(&id) {
        zone.comment = comment.map(str::to_owned);
    }
    ctx.global.route53.references.push(reference.to_owned());
    let info = begin(ctx, None);
    let zone = &ctx.global.route53.zones[&id];
    let body = json!({"CreateHostedZoneResponse": {
        "HostedZone": shown(&id, zone),
        "ChangeInfo": info,
        // Recorded: a private zone has none.
        "DelegationSet": (!zone.private).then(|| delegation(zone)),
        "VPC": vpc.as_ref().map(vpc_shown),
    }});
    let location = format!("https://route53.amazonaws.com/2013-04-01/hostedzone/{id}");
    Ok(Output::from(body).status(201).header("location", location))
}

/// Adds a zone under an id that is given, with its NS and SOA (Route 53 developer guide, "NS and SOA records").
pub fn add(ctx: &mut Ctx<'_>, id: &str, name: &str, vpcs: Vec<Vpc>, reference: &str) {
    let name = inside(name);
    let suffixes = ["com", "net", "org", "co.uk"];
    let mut servers = Vec::new();
    for suffix in suffixes {
        let (first, second) = (ctx.random.below(2048), ctx.random.below(64));
        servers.push(format!("ns-{first}.awsdns-{second:02}.{suffix}"));
    }
    let soa = format!(
        "{}. awsdns-hostmaster.amazon.com. 1 7200 900 1209600 86400",
        servers[0]
    );
    let apex = |kind: &str, ttl: u64, values: Vec<String>| Record {
        name: name.clone(),
        kind: kind.to_owned(),
        ttl: Some(ttl),
        values,
        ..Record::default()
    };
    let dotted = servers.iter().map(|server| format!("{server}.")).collect();
    let zone = Zone {
        private: !vpcs.is_empty(),
        vpcs,
        reference: reference.to_owned(),
        records: vec![apex("NS", 172_800, dotted), apex("SOA", 900, vec![soa])],
        name: name.clone(),
        servers,
        ..Zone::default()
    };
    ctx.global.route53.zones.insert(id.to_owned(), zone);
}

/// `GetHostedZone`: name servers of a public one, VPCs of a private one.
pub fn get(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let (id, zone) = find(&ctx.global.route53, input)?;
    let vpcs: Vec<Value> = zone.vpcs.iter().map(vpc_shown).collect();
    ok(json!({"GetHostedZoneResponse": {
        "HostedZone": shown(id, zone),
        "DelegationSet": (!zone.private).then(|| delegation(zone)),
        "VPCs": zone.private.then(|| json!({"VPC": vpcs})),
    }}))
}

/// Reads `MaxItems`: 100 unless told, and at most (Route 53 API reference).
pub fn size(ctx: &Ctx<'_>, input: &Input, most: usize) -> Result<usize, Refusal> {
    let asked = match input.get("maxitems") {
        None => most,
        Some(_) => match input
            .number("maxitems")
            .and_then(|asked| usize::try_from(asked).ok())
        {
            Some(asked) if asked > 0 => asked.min(most),
            _ => {
                return Err(Refusal::new(
                    "InvalidInput",
                    "MaxItems must be a number above zero",
                ));
            }
        },
    };
    Ok(ctx.conditions.page.unwrap_or(asked).min(asked))
}

/// `ListHostedZones`: by id; the marker is the first one of the next page.
pub fn list(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let size = size(ctx, input, 100)?;
    let marker = input.text("marker").unwrap_or_default();
    let private_only = input.text("hostedzonetype") == Some("PrivateHostedZone");
    let state = &ctx.global.route53;
    if !marker.is_empty() && !state.zones.contains_key(marker) {
        return Err(absent(marker));
    }
    let from = state.zones.range(marker.to_owned()..);
    let all: Vec<_> = from
        .filter(|(_, zone)| zone.private || !private_only)
        .collect();
    let zones: Vec<Value> = all
        .iter()
        .take(size)
        .map(|(id, zone)| shown(id, zone))
        .collect();
    let next = all.get(size).map(|(id, _)| (*id).clone());
    ok(json!({"ListHostedZonesResponse": {
        "HostedZones": {"HostedZone": zones},
        "Marker": marker,
        "IsTruncated": next.is_some(),
        "NextMarker": next,
        "MaxItems": size.to_string(),
    }}))
}

/// `ListHostedZonesByName`: by reversed labels, from a name on.
///
/// Route 53 API reference: an id goes with a name (the words are an assumption).
pub fn list_by_name(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let size = size(ctx, input, 100)?;
    let (name, id) = (input.text("dnsname"), input.text("hostedzoneid"));
    if id.is_some() && name.is_none() {
        return Err(Refusal::new("InvalidInput", "HostedZoneId needs a DNSName"));
    }
    if let Some(name) = name {
        check(name)?;
    }
    let mut all: Vec<(&String, &Zone)> = ctx.global.route53.zones.iter().collect();
    all.sort_by_key(|(id, zone)| (sort_key(&zone.name), (*id).clone()));
    let from = name.map(|name| (sort_key(&inside(name)), id.unwrap_or_default().to_owned()));
    let wanted: Vec<_> = all
        .into_iter()
        .filter(|(id, zone)| {
            from.as_ref()
                .is_none_or(|from| (sort_key(&zone.name), (*id).clone()) >= *from)
        })
        .collect();
    let zones: Vec<Value> = wanted
        .iter()
        .take(size)
        .map(|(id, zone)| shown(id, zone))
        .collect();
    let next = wanted.get(size);
    ok(json!({"ListHostedZonesByNameResponse": {
        "HostedZones": {"HostedZone": zones},
        "DNSName": name,
        "HostedZoneId": id,
        "IsTruncated": next.is_some(),
        "NextDNSName": next.map(|(_, zone)| outside(&zone.name)),
        "NextHostedZoneId": next.map(|(id, _)| (*id).clone()),
        "MaxItems": size.to_string(),
    }}))
}

/// `ListHostedZonesByVPC`: the private zones that a VPC sees, and whose they are.
/// Those of other accounts are not known here.
pub fn list_by_vpc(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let size = size(ctx, input, 100)?;
    let vpc = Vpc {
        id: input.require("vpcid")?.to_owned(),
        region: input.require("vpcregion")?.to_owned(),
    };
    let from = input.text("nexttoken").unwrap_or_default().to_owned();
    let all = ctx.global.route53.zones.range(from..);
    let all: Vec<_> = all
        .filter(|(_, zone)| zone.private && zone.vpcs.contains(&vpc))
        .collect();
    let items: Vec<Value> = all
        .iter()
        .take(size)
        .map(|(id, zone)| {
            json!({
                "HostedZoneId": id,
                "Name": outside(&zone.name),
                "Owner": {"OwningAccount": ctx.account},
            })
        })
        .collect();
    ok(json!({"ListHostedZonesByVPCResponse": {
        "HostedZoneSummaries": {"HostedZoneSummary": items},
        "MaxItems": size.to_string(),
        "NextToken": all.get(size).map(|(id, _)| (*id).clone()),
    }}))
}

/// `GetHostedZoneCount`.
pub fn count(ctx: &mut Ctx<'_>, _input: &Input) -> Result<Output, Refusal> {
    let count = ctx.global.route53.zones.len();
    ok(json!({"GetHostedZoneCountResponse": {"HostedZoneCount": count}}))
}

/// `DeleteHostedZone`: only NS and SOA of the zone itself may be left.
pub fn delete(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let (id, zone) = find(&ctx.global.route53, input)?;
    let own =
        |record: &Record| record.name == zone.name && ["NS", "SOA"].contains(&record.kind.as_str());
    if !zone.records.iter().all(own) {
        // Route 53 API reference: `HostedZoneNotEmpty`, 400; the words are observed.
        let text = "The specified hosted zone contains non-required resource record sets and so cannot be deleted.";
        return Err(Refusal::new("HostedZoneNotEmpty", text));
    }
    let id = id.to_owned();
    ctx.global.route53.zones.remove(&id);
    let info = begin(ctx, None);
    ok(json!({"DeleteHostedZoneResponse": {"ChangeInfo": info}}))
}

/// `AssociateVPCWithHostedZone`: private zones only (`PublicZoneVPCAssociation`, Route 53 API reference).
pub fn associate(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let given = input
        .child("VPC")
        .ok_or_else(|| input.protocol.missing("VPC"))?;
    let (_, zone) = find(&ctx.global.route53, input)?;
    if !zone.private {
        let text = "The hosted zone is public, and only private hosted zones have VPCs";
        return Err(Refusal::new("PublicZoneVPCAssociation", text));
    }
    let vpc = vpc(ctx, &given)?;
    check_conflict(&ctx.global.route53, &zone.name, &vpc)?;
    find_mut(&mut ctx.global.route53, input)?.vpcs.push(vpc);
    let info = begin(ctx, input.text("Comment"));
    ok(json!({"AssociateVPCWithHostedZoneResponse": {"ChangeInfo": info}}))
}

//! Where aliases lead.

use super::name::{lies_in, outside};
use super::refusal::{invalid, malformed};
use super::state::{Alias, Record, Zone};
use crate::codec::Refusal;
use crate::hosted_zones;
use crate::world::Ctx;

/// Where AWS's own names end: targets of aliases to its services.
const SERVICES: &[&str] = &[
    ".amazonaws.com.",
    ".amazonaws.com.cn.",
    ".cloudfront.net.",
    ".awsglobalaccelerator.com.",
    ".elasticbeanstalk.com.",
];

/// Checks the target of an alias.
///
/// Route 53 developer guide, "Choosing between alias and non-alias records":
/// another record of the same zone, of the same type, or one of AWS's services.
/// Words: observed. Of AWS's services the names of load balancers, interface
/// endpoints and regional APIs are looked at: each region has a zone for them,
/// and a name in it leads somewhere. Which zone belongs to another service is
/// not checked (assumption: the shape has to do).
pub fn check_alias(
    ctx: &Ctx<'_>,
    zone: &Zone,
    record: &Record,
    alias: &Alias,
) -> Result<(), Refusal> {
    let state = &ctx.global.route53;
    let shape = alias.zone.starts_with('Z')
        && alias
            .zone
            .bytes()
            .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
    if !shape || alias.zone.len() > 32 {
        return Err(malformed(format!("Invalid hosted zone id {}", alias.zone)));
    }
    if ["NS", "SOA"].contains(&record.kind.as_str()) {
        return Err(invalid(format!(
            "{} records cannot be aliases",
            record.kind
        )));
    }
    let what = format!(
        "Tried to create an alias that targets {}, type {} in zone {}",
        outside(&alias.name),
        record.kind,
        alias.zone
    );
    let target = state.zones.get(&alias.zone);
    match target {
        Some(target) if target.name != zone.name || !lies_in(&alias.name, &target.name) => {
            Err(invalid(format!(
                "{what}, but the alias target name does not lie within the target zone"
            )))
        }
        Some(target) => {
            let there = |other: &Record| other.name == alias.name && other.kind == record.kind;
            if target.records.iter().any(there) {
                Ok(())
            } else {
                Err(invalid(format!("{what}, but that target was not found")))
            }
        }
        None if own_zone(&alias.name).is_some() => check_own(ctx, alias, &what),
        None if SERVICES.iter().any(|suffix| alias.name.ends_with(suffix)) => Ok(()),
        None => Err(invalid(format!(
            "{what}, but the alias target name does not lie within the target zone"
        ))),
    }
}

/// The hosted zone that a name of AWS's is in, of those that are looked at
/// (ELB, API Gateway: AWS General Reference; endpoints: what EC2 says).
fn own_zone(name: &str) -> Option<String> {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    let name = name
        .trim_end_matches(".cn")
        .trim_end_matches(".amazonaws.com");
    let labels: Vec<&str> = name.rsplit('.').collect();
    match labels[..] {
        // a-1.eu-central-1.elb.amazonaws.com, and in China a-1.elb.cn-north-1.amazonaws.com.cn.
        ["elb", region, ..] | [region, "elb", ..] => Some(hosted_zones::load_balancers(region)),
        ["vpce", region, ..] => Some(hosted_zones::endpoints(region)),
        [region, "execute-api", ..] => Some(hosted_zones::apis(region)),
        _ => None,
    }
}

/// Checks an alias to one of these names: its zone, and that there is such a thing.
fn check_own(ctx: &Ctx<'_>, alias: &Alias, what: &str) -> Result<(), Refusal> {
    let name = alias.name.trim_end_matches('.').to_ascii_lowercase();
    if own_zone(&name).as_deref() != Some(alias.zone.as_str()) {
        return Err(invalid(format!(
            "{what}, but the alias target name does not lie within the target zone"
        )));
    }
    // Route 53 developer guide, "Values for alias records": `dualstack.` before it is the same.
    let plain = name.strip_prefix("dualstack.").unwrap_or(&name);
    // S3's endpoints have names for any bucket.
    let mut labels = plain.split('.');
    let of_endpoint = |label: &str| {
        let mut known = ctx.targets.endpoints.iter();
        let fits = |rest: &str| rest.is_empty() || rest.starts_with('-');
        known.any(|known| label.strip_prefix(known.as_str()).is_some_and(fits))
    };
    let found = ctx.targets.balancers.contains(plain)
        || ctx.targets.apis.contains(plain)
        || plain.contains(".vpce.") && labels.any(of_endpoint);
    if found {
        return Ok(());
    }
    Err(invalid(format!("{what}, but that target was not found")))
}

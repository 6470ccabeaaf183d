//! What ACM asks of Route 53 and of API Gateway.

use crate::route53;
use crate::world::Ctx;

/// Returns whether a CNAME record of this name and value is in a PUBLIC hosted zone of the account.
pub fn record_exists(ctx: &Ctx<'_>, name: &str, value: &str) -> bool {
    let (name, value) = (route53::spelled(name), route53::spelled(value));
    let zones = ctx.global.route53.zones.values();
    let mut records = zones
        .filter(|zone| !zone.private)
        .flat_map(|zone| &zone.records);
    records.any(|record| {
        record.kind == "CNAME"
            && record.name == name
            && record
                .values
                .iter()
                .any(|known| route53::spelled(known) == value)
    })
}

/// Returns what in API Gateway uses a certificate: the ARNs of domain names.
/// (AWS shows ARNs of load balancers of API Gateway's own; research: peers §2.5.)
pub fn domains_using(ctx: &Ctx<'_>, certificate: &str) -> Vec<String> {
    let domains = ctx.here.apigateway.domains.values();
    let using = domains.filter(|domain| domain.certificate == certificate);
    using
        .map(|domain| {
            let (partition, region) = (ctx.partition(), ctx.region);
            format!(
                "arn:{partition}:apigateway:{region}::/domainnames/{}",
                domain.name
            )
        })
        .collect()
}

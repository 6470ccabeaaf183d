//! The services that interface endpoints can be made for.

use serde_json::{Value, json};

use crate::codec::{Input, Output, Refusal, ok};
use crate::ec2::filter::{filters, page};
use crate::ec2::zone::zones;
use crate::random::digest;
use crate::world::Ctx;

/// The services this account knows, by the last part of their names. AWS has hundreds.
const SERVICES: &[&str] = &[
    "ec2",
    "elasticloadbalancing",
    "execute-api",
    "lambda",
    "logs",
    "s3",
    "sts",
];

/// Returns the last part of a service's name.
pub fn short(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}

/// `com.amazonaws.<region>.<service>`; in China most begin with `cn.com` (research: peers §3.5;
/// which ones do not is from the AWS CDK's table of exceptions, as remembered).
fn names(ctx: &Ctx<'_>) -> Vec<String> {
    let front = |service: &str| match (ctx.partition(), service) {
        ("aws-cn", "elasticloadbalancing" | "logs" | "s3") => "com",
        ("aws-cn", _) => "cn.com",
        _ => "com",
    };
    let name = |service: &&str| format!("{}.amazonaws.{}.{service}", front(service), ctx.region);
    SERVICES.iter().map(name).collect()
}

/// Returns whether a service has gateway endpoints, too.
pub fn has_gateways(name: &str) -> bool {
    kinds(name).contains(&"Gateway")
}

/// Refuses a service that does not exist (observed: `InvalidServiceName`).
pub fn check(ctx: &Ctx<'_>, name: &str) -> Result<(), Refusal> {
    if names(ctx).iter().any(|known| known == name) {
        return Ok(());
    }
    let text = format!("The Vpc Endpoint Service '{name}' does not exist");
    Err(Refusal::new("InvalidServiceName", text))
}

/// Returns whether services are offered in a zone: not in `use1-az3`, so that
/// clients meet such a zone (VPC user guide: "Not all AZs may be supported"; which one is an assumption).
pub fn offered(region: &str, zone: &str) -> bool {
    zones(region)
        .iter()
        .any(|known| known.name == zone && known.id != "use1-az3")
}

/// `execute-api.eu-central-1.vpce.amazonaws.com`
pub fn base_name(ctx: &Ctx<'_>, name: &str) -> String {
    format!("{}.{}.vpce.{}", short(name), ctx.region, ctx.dns_suffix())
}

/// The names that private DNS takes over: execute-api's and S3's with everything below them.
pub fn private_names(ctx: &Ctx<'_>, name: &str) -> Vec<String> {
    let plain = format!("{}.{}.{}", short(name), ctx.region, ctx.dns_suffix());
    match short(name) {
        "execute-api" | "s3" => vec![format!("*.{plain}"), plain],
        _ => vec![plain],
    }
}

/// What endpoints of a service can be: S3 has two kinds, and an entry for each
/// (`PrivateLink` guide, "Types of VPC endpoints for Amazon S3").
fn kinds(name: &str) -> &'static [&'static str] {
    match short(name) {
        "s3" => &["Gateway", "Interface"],
        _ => &["Interface"],
    }
}

/// `DescribeVpcEndpointServices`. Assumption: a name is listed once, whatever its kinds.
pub fn describe(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let wanted = input.texts("ServiceName");
    for name in &wanted {
        check(ctx, name)?;
    }
    let known = [
        "owner",
        "service-name",
        "service-type",
        "supported-ip-address-types",
    ];
    let filters = filters(input, &known)?;
    let values = |service: &str, kind: &str, name: &str| match name {
        "owner" => vec!["amazon".to_owned()],
        "service-name" => vec![service.to_owned()],
        "service-type" => vec![kind.to_owned()],
        _ => vec!["ipv4".to_owned()],
    };
    let all = names(ctx).into_iter().flat_map(|name| {
        let kinds = kinds(&name).iter();
        kinds.map(move |kind| (name.clone(), *kind))
    });
    let found = all.filter(|(service, kind)| {
        (wanted.is_empty() || wanted.contains(service))
            && filters
                .iter()
                .all(|filter| filter.keeps(None, |name| values(service, kind, name)))
    });
    let found: Vec<_> = found.collect();
    let (found, next) = page(ctx, found, input, 1)?;
    let details: Value = found
        .iter()
        .map(|(service, kind)| detail(ctx, service, kind))
        .collect();
    let mut names: Vec<&String> = found.iter().map(|(service, _)| service).collect();
    names.dedup();
    ok(json!({"nextToken": next, "serviceDetailSet": details, "serviceNameSet": names}))
}

fn detail(ctx: &Ctx<'_>, name: &str, kind: &str) -> Value {
    let gateway = kind == "Gateway";
    let offered: Vec<String> = zones(ctx.region)
        .into_iter()
        .filter(|zone| gateway || offered(ctx.region, &zone.name))
        .map(|zone| zone.name)
        .collect();
    let private = if gateway {
        Vec::new()
    } else {
        private_names(ctx, name)
    };
    let names: Value = private
        .iter()
        .map(|name| json!({"privateDnsName": name}))
        .collect();
    // EC2 API reference, `DescribeVpcEndpointServices`, example: a gateway has the service's public name.
    let base = if gateway {
        format!("{}.{}.{}", short(name), ctx.region, ctx.dns_suffix())
    } else {
        base_name(ctx, name)
    };
    json!({
        "acceptanceRequired": false,
        "availabilityZoneSet": offered,
        "baseEndpointDnsNameSet": [base],
        "managesVpcEndpoints": false,
        "owner": "amazon",
        "privateDnsName": private.first(),
        "privateDnsNameSet": names,
        "privateDnsNameVerificationState": (!gateway).then_some("verified"),
        "serviceId": format!("vpce-svc-0{}", digest(&format!("{name}{kind}"), 16)),
        "serviceName": name,
        "serviceRegion": ctx.region,
        "serviceType": [{"serviceType": kind}],
        "supportedIpAddressTypeSet": ["ipv4"],
        "tagSet": [],
        "vpcEndpointPolicySupported": true,
    })
}

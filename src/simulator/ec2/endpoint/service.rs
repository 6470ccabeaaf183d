//! The services that interface endpoints can be made for.

use serde_json::{Value, json};

use crate::simulator::codec::{Input, Output, Refusal, ok};
use crate::simulator::ec2::filter::{filters, page};
use crate::simulator::ec2::zone::zones;
use crate::simulator::random::digest;
use crate::simulator::world::Ctx;

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
        ("aws-cn", "elasticloadbalancing" | "logs") => "com",
        ("aws-cn", _) => "cn.com",
        _ => "com",
    };
    let name = |service: &&str| format!("{}.amazonaws.{}.{service}", front(service), ctx.region);
    SERVICES.iter().map(name).collect()
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

/// `DescribeVpcEndpointServices`.
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
    let values = |service: &str, name: &str| match name {
        "owner" => vec!["amazon".to_owned()],
        "service-name" => vec![service.to_owned()],
        "service-type" => vec!["Interface".to_owned()],
        _ => vec!["ipv4".to_owned()],
    };
    let mut found = names(ctx);
    found.retain(|service| {
        (wanted.is_empty() || wanted.contains(service))
            && filters
                .iter()
                .all(|filter| filter.keeps(None, |name| values(service, name)))
    });
    let (found, next) = page(ctx, found, input, 1)?;
    let details: Value = found.iter().map(|service| detail(ctx, service)).collect();
    ok(json!({"nextToken": next, "serviceDetailSet": details, "serviceNameSet": found}))
}

fn detail(ctx: &Ctx<'_>, name: &str) -> Value {
    let offered: Vec<String> = zones(ctx.region)
        .into_iter()
        .filter(|zone| offered(ctx.region, &zone.name))
        .map(|zone| zone.name)
        .collect();
    let private = private_names(ctx, name);
    let names: Value = private
        .iter()
        .map(|name| json!({"privateDnsName": name}))
        .collect();
    json!({
        "acceptanceRequired": false,
        "availabilityZoneSet": offered,
        "baseEndpointDnsNameSet": [base_name(ctx, name)],
        "managesVpcEndpoints": false,
        "owner": "amazon",
        "privateDnsName": private.first(),
        "privateDnsNameSet": names,
        "privateDnsNameVerificationState": "verified",
        "serviceId": format!("vpce-svc-0{}", digest(name, 16)),
        "serviceName": name,
        "serviceRegion": ctx.region,
        "serviceType": [{"serviceType": "Interface"}],
        "supportedIpAddressTypeSet": ["ipv4"],
        "tagSet": [],
        "vpcEndpointPolicySupported": true,
    })
}

//! `DescribeVpcEndpoints`.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::service;
use crate::codec::{Input, Output, Refusal, ok};
use crate::ec2::filter::Listing;
use crate::ec2::id::ENDPOINT;
use crate::ec2::interface::group_set;
use crate::ec2::state::Endpoint;
use crate::ec2::state::EndpointState;
use crate::ec2::tag;
use crate::hosted_zones;
use crate::random::digest;
use crate::world::Ctx;

const LISTING: Listing<Endpoint> = Listing {
    kind: &ENDPOINT,
    ids: "VpcEndpointId",
    filters: &[
        "ip-address-type",
        "service-name",
        "vpc-endpoint-id",
        "vpc-endpoint-state",
        "vpc-endpoint-type",
        "vpc-id",
    ],
    values: |_, id, endpoint, name| match name {
        "ip-address-type" => vec!["ipv4".to_owned()],
        "service-name" => vec![endpoint.service.clone()],
        "vpc-endpoint-id" => vec![id.to_owned()],
        "vpc-endpoint-state" => vec![endpoint.state.word().to_owned()],
        "vpc-endpoint-type" => vec!["Interface".to_owned()],
        _ => vec![endpoint.vpc.clone()],
    },
    least: 1,
};

/// `DescribeVpcEndpoints`: those that are gone are `deleted` for a while (observed: Terraform's provider waits through it).
pub fn describe(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let state = &ctx.here.ec2;
    let all: BTreeMap<_, _> = state.endpoints.iter().chain(&state.gone).collect();
    let (endpoints, next) = LISTING.select(ctx, all.into_iter(), input)?;
    let items: Value = endpoints
        .into_iter()
        .map(|(id, endpoint)| item(ctx, id, endpoint))
        .collect();
    ok(json!({"nextToken": next, "vpcEndpointSet": items}))
}

/// Writes an endpoint.
pub fn item(ctx: &Ctx<'_>, id: &str, endpoint: &Endpoint) -> Value {
    let state = &ctx.here.ec2;
    let shown = state.interfaces.iter().filter(|(_, interface)| {
        interface.holder == id && !interface.leaving && interface.since <= ctx.now
    });
    let interfaces: Value = shown.map(|(id, _)| id.clone()).collect();
    json!({
        "creationTimestamp": endpoint.created.iso(),
        "dnsEntrySet": dns_entries(ctx, id, endpoint),
        "dnsOptions": {"dnsRecordIpType": "ipv4"},
        "groupSet": group_set(state, &endpoint.groups),
        "ipAddressType": "ipv4",
        "networkInterfaceIdSet": interfaces,
        "ownerId": ctx.account,
        "policyDocument": endpoint.policy,
        "privateDnsEnabled": endpoint.private_dns,
        "requesterManaged": false,
        "routeTableIdSet": [],
        "serviceName": endpoint.service,
        "serviceRegion": ctx.region,
        "state": endpoint.state.word(),
        "subnetIdSet": endpoint.subnets,
        "tagSet": if endpoint.state == EndpointState::Deleted { json!([]) } else { tag::set(state, id) },
        "vpcEndpointId": id,
        "vpcEndpointType": "Interface",
        "vpcId": endpoint.vpc,
    })
}

/// The endpoint's own names: regional, of each zone, and the service's with private DNS.
///
/// `PrivateLink` guide, "Access an AWS service": `vpce-….execute-api.<region>.vpce.amazonaws.com`,
/// `vpce-…-<zone>.…`; S3's begin with `*.` (S3 user guide, "`PrivateLink`").
fn dns_entries(ctx: &Ctx<'_>, id: &str, endpoint: &Endpoint) -> Value {
    let Endpoint {
        label,
        subnets,
        private_dns,
        service: name,
        ..
    } = endpoint;
    let base = service::base_name(ctx, name);
    let star = if service::short(name) == "s3" {
        "*."
    } else {
        ""
    };
    let zones = subnets
        .iter()
        .filter_map(|subnet| ctx.here.ec2.subnets.get(subnet))
        .map(|subnet| &subnet.zone);
    let public_zone = hosted_zones::endpoints(ctx.region);
    let mut entries =
        vec![json!({"dnsName": format!("{star}{id}-{label}.{base}"), "hostedZoneId": public_zone})];
    entries.extend(zones.map(|zone| json!({"dnsName": format!("{star}{id}-{label}-{zone}.{base}"), "hostedZoneId": public_zone})));
    if *private_dns {
        let private_zone = format!("Z{}", digest(id, 20).to_uppercase());
        let names = service::private_names(ctx, name);
        entries.extend(
            names
                .iter()
                .map(|name| json!({"dnsName": name, "hostedZoneId": private_zone})),
        );
    }
    entries.into()
}

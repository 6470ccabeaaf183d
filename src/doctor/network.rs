//! `vpc-dns` and `private-dns`: what names the VPC knows.

use aws_sdk_apigateway::types::{EndpointType, RestApi};
use aws_sdk_ec2::types::{AttributeBooleanValue, VpcAttributeName};

use super::Patient;
use crate::{
    aws::read::Endpoints,
    checks::{
        Check, Finding,
        codes::{PRIVATE_DNS_HIDES, VPC_DNS_OFF},
    },
    error::Result,
};

/// Whether the VPC answers for names at all. Private zones need both attributes
/// (Route 53 developer guide, "Considerations when working with a private hosted
/// zone").
pub(super) async fn vpc_dns(patient: &Patient<'_>) -> Vec<Finding> {
    let vpc = &patient.config.network.vpc;
    let (support, hostnames) = tokio::join!(
        patient
            .reads
            .vpc_attribute(vpc, VpcAttributeName::EnableDnsSupport),
        patient
            .reads
            .vpc_attribute(vpc, VpcAttributeName::EnableDnsHostnames),
    );
    let (support, hostnames) = match (support, hostnames) {
        (Ok(support), Ok(hostnames)) => (support, hostnames),
        (Err(error), _) | (_, Err(error)) => {
            return vec![Finding::unseen(Check::VpcDns, &error)];
        }
    };
    let (Some(support), Some(hostnames)) = (support.as_ref(), hostnames.as_ref()) else {
        return vec![Finding::skipped(Check::VpcDns, "there is no such VPC")];
    };
    let is_on = |value: Option<&AttributeBooleanValue>| value.and_then(|one| one.value());
    let off: Vec<&str> = [
        ("DNS support", is_on(support.enable_dns_support())),
        ("DNS host names", is_on(hostnames.enable_dns_hostnames())),
    ]
    .into_iter()
    .filter_map(|(name, is_on)| (is_on != Some(true)).then_some(name))
    .collect();
    if off.is_empty() {
        let words = format!("DNS support and DNS host names are on in {vpc}");
        return vec![Finding::ok(Check::VpcDns, words)];
    }
    // With `private_dns` the preflight refuses it.
    if patient.config.endpoint.private_dns && patient.config.has_api() {
        return Vec::new();
    }
    vec![Finding::warning(
        VPC_DNS_OFF,
        format!("{vpc} has {} off", off.join(" and ")),
        "its resolver answers for no private zone",
        "turn both on in the VPC, unless the network asks another one's resolver",
    )]
}

/// Which public APIs a private name hides: where it is on, every name of the
/// service leads to the endpoint, and the endpoint to private APIs only (API
/// Gateway developer guide, "Private REST APIs": private DNS).
pub(super) async fn private_dns(patient: &Patient<'_>) -> Vec<Finding> {
    let finding = hidden(patient).await;
    vec![finding.unwrap_or_else(|error| Finding::unseen(Check::PrivateDns, &error))]
}

async fn hidden(patient: &Patient<'_>) -> Result<Finding> {
    let (config, reads) = (patient.config, patient.reads);
    let vpc = &config.network.vpc;
    let service = patient
        .connection
        .partition()
        .execute_api_service(&reads.region);
    let all = reads.vpc_endpoints(Endpoints::In(vpc.clone())).await?;
    let having = all.iter().find(|one| {
        let state = one.state().map_or("", |state| state.as_str());
        one.private_dns_enabled() == Some(true)
            && one.service_name() == Some(&service)
            && ["available", "pending"].contains(&state.to_lowercase().as_str())
    });
    let who = match having.and_then(|one| one.vpc_endpoint_id()) {
        Some(id) => format!("{id} has it on in {vpc}"),
        None if config.endpoint.private_dns && config.has_api() => {
            "`endpoint.private_dns` turns it on".to_owned()
        }
        None => {
            let words = format!("off: public APIs stay reachable from {vpc}");
            return Ok(Finding::ok(Check::PrivateDns, words));
        }
    };
    let apis = reads.rest_apis().await?;
    let public: Vec<&str> = apis
        .iter()
        .filter(|api| is_public(api))
        .filter_map(RestApi::name)
        .collect();
    if public.is_empty() {
        let words = format!(
            "{who}, and this account has no public REST API in {} for it to hide",
            reads.region
        );
        return Ok(Finding::ok(Check::PrivateDns, words));
    }
    let more = public.len().saturating_sub(5);
    let more = if more == 0 {
        String::new()
    } else {
        format!(" and {more} more")
    };
    Ok(Finding::warning(
        PRIVATE_DNS_HIDES,
        format!(
            "{who}: the public APIs {}{more} answer 403 from there by their own names",
            public[..public.len().min(5)].join(", ")
        ),
        "with private DNS every name of the service leads to the endpoint, and it leads to private APIs only",
        "leave `endpoint.private_dns` off: hybridgw does not need it; or give the public APIs custom domains",
    ))
}

fn is_public(api: &RestApi) -> bool {
    let kinds = api.endpoint_configuration().map(|one| one.types());
    !kinds.unwrap_or_default().contains(&EndpointType::Private)
}

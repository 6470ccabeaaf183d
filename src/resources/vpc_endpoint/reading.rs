//! Reading endpoints and their interfaces.

use std::{collections::BTreeSet, sync::Arc};

use aws_sdk_ec2::types::{self, NetworkInterface};

use crate::{
    aws::read::{Endpoints, Interfaces, Query, Reads},
    error::Result,
    policy,
    resource::tags,
};

use super::{Actual, Address};

/// The endpoint with this id: a list of one, or of none.
pub async fn by_id(reads: &Reads, id: &str) -> Result<Arc<Vec<types::VpcEndpoint>>> {
    reads.vpc_endpoints(Endpoints::With(id.to_owned())).await
}

/// The endpoint with this id as it is, whosever it is.
pub async fn one(reads: &Reads, id: &str) -> Result<Option<Actual>> {
    let endpoints = by_id(reads, id).await?;
    let interfaces = interfaces(reads, &endpoints).await?;
    let first = endpoints.first();
    Ok(first.and_then(|one| actual(one, &interfaces)))
}

/// The endpoints' interfaces.
pub async fn interfaces(
    reads: &Reads,
    endpoints: &[types::VpcEndpoint],
) -> Result<Arc<Vec<NetworkInterface>>> {
    let mut ids: Vec<String> = endpoints
        .iter()
        .flat_map(|endpoint| endpoint.network_interface_ids().iter().cloned())
        .collect();
    ids.sort();
    if ids.is_empty() {
        return Ok(Arc::default());
    }
    let which = Interfaces::With(ids.clone());
    let known = reads.network_interfaces(which.clone()).await?;
    if known.len() == ids.len() {
        return Ok(known);
    }
    // EC2 may show an endpoint before its interfaces: they are as much news as it is.
    let news = reads.likewise(&[Query::DescribeNetworkInterfaces]);
    news.network_interfaces(which).await
}

/// The state as the wire spells it, in lower case (aws-sdk-rust issue 619: the
/// enum's values begin with a capital, the wire's do not).
pub fn state_of(endpoint: &types::VpcEndpoint) -> String {
    endpoint
        .state()
        .map(|state| state.as_str().to_ascii_lowercase())
        .unwrap_or_default()
}

/// An endpoint with those of these interfaces that are its own.
pub fn actual(endpoint: &types::VpcEndpoint, interfaces: &[NetworkInterface]) -> Option<Actual> {
    let own: BTreeSet<&String> = endpoint.network_interface_ids().iter().collect();
    let is_own = |interface: &&NetworkInterface| {
        let id = interface.network_interface_id();
        id.is_some_and(|id| own.iter().any(|own| *own == id))
    };
    let interfaces: Vec<&NetworkInterface> = interfaces.iter().filter(is_own).collect();
    let addresses = interfaces.iter().filter_map(|interface| {
        Some(Address {
            subnet: interface.subnet_id()?.to_owned(),
            zone: interface.availability_zone().unwrap_or_default().to_owned(),
            ip: interface.private_ip_address()?.to_owned(),
        })
    });
    Some(Actual {
        id: endpoint.vpc_endpoint_id()?.to_owned(),
        state: state_of(endpoint),
        failure: endpoint
            .last_error()
            .and_then(|error| error.message())
            .map(str::to_owned),
        vpc: endpoint.vpc_id().unwrap_or_default().to_owned(),
        subnets: endpoint.subnet_ids().iter().cloned().collect(),
        groups: endpoint
            .groups()
            .iter()
            .filter_map(|group| group.group_id().map(str::to_owned))
            .collect(),
        private_dns: endpoint.private_dns_enabled().unwrap_or(false),
        policy: policy::parse(endpoint.policy_document().unwrap_or_default()),
        policy_text: endpoint.policy_document().unwrap_or_default().to_owned(),
        addresses: addresses.collect(),
        interfaces: interfaces
            .iter()
            .filter_map(|one| {
                let id = one.network_interface_id()?.to_owned();
                Some((id, tags::of_ec2(one.tag_set())))
            })
            .collect(),
        tags: tags::of_ec2(endpoint.tags()),
    })
}

//! What the configuration refers to and does not make: checked against AWS
//! before the first write. All problems are reported, not just the first.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::Ipv4Addr,
};

use crate::{
    aws::{Partition, read::Reads, record::Record},
    config::{Alias, Config},
    error::{Error, Result},
    resource::{Found, Host, Kind, Resource},
    resources::{self, VpcEndpoint},
};

mod addresses;
mod api;
mod bucket;
mod certificate;
mod clients;
mod deployed;
mod endpoint;
mod finding;
mod function;
mod listener;
mod logs;
mod network;
mod passage;
mod quotas;
mod room;
mod stage;
mod zone;

use finding::Problems;

pub use endpoint::Borrowed;

/// What stands in a statement for an endpoint that does not exist yet.
const TO_COME: &str = "<the endpoint's id, see `hybridgw outputs`>";

/// What was found out about the borrowed things.
#[derive(Clone, Debug)]
pub struct References {
    /// The account's id.
    pub account: String,
    /// The region.
    pub region: String,
    /// The hosted zone's id of each name.
    pub hosted_zones: BTreeMap<String, String>,
    /// The availability zone of each subnet.
    pub zones: BTreeMap<String, String>,
    /// The name of the endpoint service for `execute-api`.
    pub endpoint_service: String,
    /// The name of the endpoint service for S3.
    pub site_endpoint_service: String,
    /// The endpoint that the configuration borrows.
    pub endpoint: Option<Borrowed>,
    /// The pinned address of each subnet; empty if AWS chooses.
    pub addresses: BTreeMap<String, Ipv4Addr>,
    /// What is not wrong but worth saying.
    pub warnings: Vec<String>,
}

impl References {
    /// The id of the hosted zone that a name of the stack is in.
    pub fn hosted_zone(&self, host: &str) -> String {
        self.hosted_zones.get(host).cloned().unwrap_or_default()
    }

    /// Begins the ARN of an API: `arn:aws:execute-api:<region>:<account>`.
    pub fn execute_api_arn(&self) -> String {
        let partition = Partition::of(&self.region).id();
        format!(
            "arn:{partition}:execute-api:{}:{}",
            self.region, self.account
        )
    }
}

/// The account that the credentials belong to.
///
/// # Errors
///
/// `account` of the configuration names another one.
pub async fn account(reads: &Reads, wanted: Option<&str>) -> Result<String> {
    let account = reads.account().await?.to_string();
    match wanted {
        Some(wanted) if wanted != account => Err(Error::invalid(format!(
            "the credentials are for account {account}, and the configuration allows only {wanted}"
        ))
        .hint("choose another --profile, or correct `account` in the configuration")),
        _ => Ok(account),
    }
}

/// Checks everything that the configuration refers to. Reads only.
///
/// # Errors
///
/// Each reference that does not fit, with its place in the configuration.
pub async fn check(config: &Config, reads: &Reads) -> Result<References> {
    // The guard comes first and alone: in a wrong account nothing else is said.
    let account = account(reads, config.account.as_deref()).await?;
    let region = reads.region.clone();
    let endpoint_service = Partition::of(&region).execute_api_service(&region);
    let site_endpoint_service = Partition::of(&region).s3_service(&region);
    let mut services = Vec::new();
    if config.has_api() && config.endpoint.id.is_none() && !config.endpoint.foreign {
        services.push(endpoint_service.clone());
    }
    if config.has_site() {
        services.push(site_endpoint_service.clone());
    }
    let network = async {
        let network = network::check(config, reads, &services).await;
        let places = network.as_ref().ok();
        let room = async {
            match places {
                Some(places) => room::check(config, reads, places).await,
                None => Ok(()),
            }
        };
        let (room, pins, endpoint) = tokio::join!(
            room,
            addresses::check(config, reads, places),
            endpoint::check(config, reads, &endpoint_service, &account, places),
        );
        (network, room, pins, endpoint)
    };
    let clients = async {
        let rules = clients::check(config, reads).await;
        // What cannot be named counts as nothing, and is said.
        let quotas = quotas::check(config, reads, *rules.as_ref().unwrap_or(&0)).await;
        (rules, quotas)
    };
    let zones = async {
        let zones = zone::check(config, reads).await;
        (zones, zone::hidden(config, reads).await)
    };
    let (network, clients, logs, dns, zones, certificates, apis, functions, buckets, listener) = tokio::join!(
        network,
        clients,
        logs::check(config, reads, &account),
        network::check_dns(config, reads),
        zones,
        certificate::check(config, reads),
        api::check(config, reads),
        function::check(config, reads),
        bucket::check(config, reads),
        listener::check(config, reads),
    );
    let (places, room, pins, endpoint) = network;
    let (rules, quotas) = clients;
    let (zones, hidden) = zones;
    let (deployed, stages) =
        tokio::join!(deployed::check(config, reads), stage::check(config, reads));
    let mut problems = Problems::default();
    let places = problems.take(places).unwrap_or_default();
    problems.take(room);
    problems.take(rules);
    problems.take(dns);
    let addresses = problems.take(pins).unwrap_or_default();
    let hosted_zones = problems.take(zones).unwrap_or_default();
    problems.take(certificates);
    problems.take(listener);
    problems.take(quotas);
    let (endpoint, of_endpoint) = problems.take(endpoint).unwrap_or_default();
    problems.take(functions);
    let mut warnings = problems.take(apis).unwrap_or_default();
    warnings.extend(problems.take(buckets).unwrap_or_default());
    warnings.extend(problems.take(logs).unwrap_or_default());
    warnings.extend(problems.take(hidden).unwrap_or_default());
    warnings.extend(problems.take(deployed).unwrap_or_default());
    warnings.extend(problems.take(stages).unwrap_or_default());
    warnings.extend(of_endpoint);
    problems.into_result()?;
    let zones = places.into_iter().map(|(id, place)| (id, place.zone));
    Ok(References {
        account,
        region,
        hosted_zones,
        zones: zones.collect(),
        endpoint_service,
        site_endpoint_service,
        endpoint,
        addresses,
        warnings,
    })
}

/// Where the configuration has records, as far as its hosted zones are there.
pub async fn records(config: &Config, reads: &Reads) -> Vec<Record> {
    let zones = zone::check(config, reads).await.unwrap_or_default();
    let hosts = config.hosts().into_iter().enumerate();
    let records = hosts.filter_map(|(index, host)| {
        let zone = zones.get(host.name)?.clone();
        let name = host.name.to_owned();
        let alias = index > 0;
        Some(Record {
            zone,
            host: Host { name, alias },
        })
    });
    records.collect()
}

/// The ids of the hosted zones in which the stack has records.
///
/// # Errors
///
/// A zone that does not exist or does not hold its name.
pub async fn zones(config: &Config, reads: &Reads) -> Result<Vec<String>> {
    let mut problems = Problems::default();
    let zones = problems.take(zone::check(config, reads).await);
    problems.into_result()?;
    let zones: BTreeSet<String> = zones.into_iter().flat_map(BTreeMap::into_values).collect();
    Ok(zones.into_iter().collect())
}

/// The id of the endpoint that the stack's APIs are invoked through, if it
/// exists.
///
/// # Errors
///
/// A call that failed.
pub async fn endpoint_of_apis(config: &Config, reads: &Reads) -> Result<Option<String>> {
    if let Some(id) = &config.endpoint.id {
        return Ok(Some(id.clone()));
    }
    let own = own_endpoint(reads, Kind::VpcEndpoint).await?;
    Ok(own.map(|found| found.id))
}

/// The stack's own endpoint of this kind, if it exists.
async fn own_endpoint(
    reads: &Reads,
    kind: Kind,
) -> Result<Option<Found<resources::vpc_endpoint::Actual>>> {
    let mut endpoints = VpcEndpoint::discover(reads).await?.into_iter();
    Ok(endpoints.find(|found| found.key.kind() == kind))
}

/// Where a name of the stack stands in the configuration: the first is the
/// domain's own, the others are aliases. An alias without a zone of its own has
/// the domain's, and then its name is what does not fit.
fn place_of_host(config: &Config, index: usize, key: &str) -> String {
    let Some(alias) = index.checked_sub(1) else {
        return format!("domain.{key}");
    };
    let inherits = |alias: &Alias| key == "zone" && alias.zone.is_none();
    let key = match config.domain.aliases.get(alias) {
        Some(one) if inherits(one) => "name",
        _ => key,
    };
    format!("domain.aliases.{alias}.{key}")
}

#[cfg(test)]
mod tests;

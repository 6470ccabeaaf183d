//! What the configuration refers to and does not make: checked against AWS
//! before the first write. All problems are reported, not just the first.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::Ipv4Addr,
};

use crate::{
    aws::{
        Partition,
        read::{Reads, Unreadable, stands_aside},
        record::{Invoked, Record},
    },
    checks::Check,
    config::{Alias, ApiSource, Config, Route, Target},
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

use finding::Finding;

pub use endpoint::Borrowed;
pub use finding::{Problem, Warning};
pub use quotas::Load;

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
    pub warnings: Vec<Warning>,
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

/// What was found out about one of the things that the configuration refers to.
#[derive(Debug)]
pub struct Part {
    /// The checks that it answers.
    pub checks: &'static [Check],
    /// What does not fit, and what could not be looked at.
    pub problems: Vec<Problem>,
    /// What is not wrong but worth saying.
    pub warnings: Vec<Warning>,
}

impl Part {
    /// A part, and its value where it has one.
    fn of<T: Default>(checks: &'static [Check], finding: Finding<T>) -> (Self, T) {
        let (value, problems) = match finding {
            Ok(value) => (value, Vec::new()),
            Err(problems) => (T::default(), problems),
        };
        let part = Self {
            checks,
            problems,
            warnings: Vec::new(),
        };
        (part, value)
    }

    /// A part whose value is what is worth saying.
    fn saying(checks: &'static [Check], finding: Finding<Vec<Warning>>) -> Self {
        let (part, warnings) = Self::of(checks, finding);
        Self { warnings, ..part }
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
    let (references, parts) = examine(config, reads, account).await;
    let mut problems = Vec::new();
    let mut warnings = Vec::new();
    for part in parts {
        problems.extend(part.problems);
        warnings.extend(part.warnings);
    }
    finding::into_result(problems)?;
    Ok(References {
        warnings,
        ..references
    })
}

/// Looks at everything that the configuration refers to, whatever of it does not
/// fit: what is known of it, as far as it fits, and what each part came to.
pub async fn examine(config: &Config, reads: &Reads, account: String) -> (References, Vec<Part>) {
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
    let (network, places) = Part::of(
        &[Check::Subnets, Check::Zones, Check::EndpointService],
        places,
    );
    let (pins, addresses) = Part::of(&[Check::Subnets], pins);
    let (zones, hosted_zones) = Part::of(&[Check::Zone], zones);
    let (of_endpoint, (endpoint, warnings)) = Part::of(
        &[Check::EndpointService, Check::Zones, Check::Policy],
        endpoint,
    );
    let of_endpoint = Part {
        warnings,
        ..of_endpoint
    };
    let parts = vec![
        network,
        Part::of(&[Check::Subnets], room).0,
        Part::of(&[Check::Clients], rules).0,
        Part::of(&[Check::VpcDns, Check::PrivateDns], dns).0,
        pins,
        zones,
        Part::saying(&[Check::Record], hidden),
        Part::of(&[Check::Certificate], certificates).0,
        Part::of(&[Check::Config], listener).0,
        Part::of(&[Check::Quotas], quotas).0,
        of_endpoint,
        Part::of(&[Check::Config], functions).0,
        Part::saying(&[Check::Config, Check::Policy], apis),
        Part::saying(&[Check::Config, Check::Policy], buckets),
        Part::saying(&[Check::Logs], logs),
        Part::saying(&[Check::Policy], deployed),
        Part::saying(&[Check::Logs], stages),
    ];
    let zones = places.into_iter().map(|(id, place)| (id, place.zone));
    let references = References {
        account,
        region,
        hosted_zones,
        zones: zones.collect(),
        endpoint_service,
        site_endpoint_service,
        endpoint,
        addresses,
        warnings: Vec::new(),
    };
    (references, parts)
}

/// Where the configuration has records, as far as its hosted zones are there.
pub async fn records(config: &Config, reads: &Reads) -> Vec<Record> {
    records_in(config, &zone::known(config, reads).await.0)
}

/// Tells `reads` where the configuration has records and leads to functions, and
/// which of its names may have a record that nothing remembers in a zone that
/// cannot be read.
///
/// # Errors
///
/// A failure that concerns more than single reads.
pub async fn locate(config: &Config, reads: &mut Reads) -> Result<()> {
    reads.functions = functions_in(config);
    let (zones, problems) = zone::known(config, reads).await;
    reads.records = records_in(config, &zones);
    // A zone that is not there holds nothing.
    let mut unanswered = problems.into_iter().filter(|one| one.code.is_none());
    let Some(error) = unanswered.next().map(|one| *one.error) else {
        return Ok(());
    };
    if !stands_aside(&error) {
        return Err(error);
    }
    // What cannot tell is said by who reads it next.
    let remembered = resources::dns_record::remembered(reads).await;
    let remembered = remembered.unwrap_or_default();
    let hosts = config.hosts().into_iter().enumerate();
    let unknown = hosts.filter(|(_, host)| !remembered.contains(host.name));
    reads.unplaced = unknown
        .map(|(index, host)| Unreadable {
            of: host_of(index, host.name)
                .key(Kind::DnsRecord, "/")
                .to_string(),
            what: format!("the hosted zone {} of {}", host.zone, host.name),
            error: error.clone(),
        })
        .collect();
    Ok(())
}

fn functions_in(config: &Config) -> Vec<Invoked> {
    let invoked = |route: &Route| {
        let (function, by_api) = match &route.target {
            Target::Lambda(function) => (&function.arn, false),
            Target::Api(api) => match &api.source {
                ApiSource::Lambda(function) => (function, true),
                _ => return None,
            },
            Target::Site(_) => return None,
        };
        Some(Invoked {
            path: route.path.clone(),
            function: function.clone(),
            by_api,
        })
    };
    config.routes.iter().filter_map(invoked).collect()
}

fn records_in(config: &Config, zones: &BTreeMap<String, String>) -> Vec<Record> {
    let hosts = config.hosts().into_iter().enumerate();
    let records = hosts.filter_map(|(index, host)| {
        Some(Record {
            zone: zones.get(host.name)?.clone(),
            host: host_of(index, host.name),
        })
    });
    records.collect()
}

/// How much of each quota is used, with what is to be made.
///
/// # Errors
///
/// A call that failed.
pub async fn loads(config: &Config, reads: &Reads) -> Result<Vec<Load>> {
    let rules = clients::check(config, reads).await.unwrap_or_default();
    quotas::loads(config, reads, rules).await
}

/// The name at this place: the first is the domain's own.
fn host_of(index: usize, name: &str) -> Host {
    let (name, alias) = (name.to_owned(), index > 0);
    Host { name, alias }
}

/// The ids of the hosted zones in which the stack has records.
///
/// # Errors
///
/// A zone that does not exist or does not hold its name.
pub async fn zones(config: &Config, reads: &Reads) -> Result<Vec<String>> {
    let (part, zones) = Part::of(&[Check::Zone], zone::check(config, reads).await);
    finding::into_result(part.problems)?;
    let zones: BTreeSet<String> = zones.into_values().collect();
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

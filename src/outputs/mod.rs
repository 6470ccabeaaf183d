//! What exists of a stack, in the forms that people and programs want.
//!
//! Everything here is read from AWS by the stack's name alone.

use std::collections::{BTreeMap, BTreeSet};

use aws_smithy_types::date_time::{DateTime, Format};
use serde::{Serialize, Serializer};

use crate::{
    aws::read::{Reads, stands_aside},
    error::Result,
    graph::Owned,
    pipeline::survey::{Unread, survey},
    resource::{Key, Resource},
    resources::{
        BasePathMapping, DnsRecord, DomainName, ListenerRule, LoadBalancer, Targets,
        targets::Target, vpc_endpoint,
    },
};

mod awaited;
mod openings;

pub use awaited::until;
use openings::Endpoints;
pub use openings::{Opening, SiteRow};

/// The document of `status`.
#[derive(Clone, Debug, Serialize)]
pub struct Status {
    /// 1.
    pub format_version: u32,
    /// The stack's name.
    pub stack: String,
    /// Where it answers, without a trailing slash.
    pub url: Option<String>,
    /// What is owned and exists.
    pub resources: Vec<Existing>,
    /// The registered addresses and functions, for each route that they serve.
    pub targets: Vec<TargetRow>,
    /// What cannot be read; nothing of it is above.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unreadable: Vec<Unread>,
}

/// A thing that exists.
#[derive(Clone, Debug, Serialize)]
pub struct Existing {
    /// Its key.
    pub resource: Key,
    /// AWS's id.
    pub id: String,
    /// AWS's word for its state.
    pub state: String,
    /// When it was made, where AWS says so.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "written")]
    pub created: Option<DateTime>,
}

#[expect(clippy::ref_option, reason = "serde hands it over so")]
fn written<S: Serializer>(
    moment: &Option<DateTime>,
    serializer: S,
) -> std::result::Result<S::Ok, S::Error> {
    let text = moment.and_then(|moment| moment.fmt(Format::DateTime).ok());
    text.serialize(serializer)
}

/// A registered address or function.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct TargetRow {
    /// The path of the route.
    pub route: String,
    /// The address, or the function's ARN.
    pub address: String,
    /// Its availability zone; `all` for a function.
    pub zone: String,
    /// `healthy`, `initial`, `unhealthy`, …
    pub health: String,
    /// Why it is not healthy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl Status {
    /// Reads the status of the stack.
    pub async fn read(reads: &Reads) -> Result<Self> {
        let found = survey(reads).await?;
        let mut owned: Vec<Owned> = found.owned().cloned().collect();
        owned.sort_by(|a, b| a.key.cmp(&b.key).then(a.id.cmp(&b.id)));
        Ok(Self {
            format_version: 1,
            stack: reads.stack.clone(),
            url: or_nothing(url(reads).await)?,
            targets: or_nothing(targets(reads).await)?,
            unreadable: found.unread,
            resources: owned.into_iter().map(Existing::from).collect(),
        })
    }
}

/// What cannot be read is named once, and is not there.
fn or_nothing<T: Default>(answer: Result<T>) -> Result<T> {
    match answer {
        Err(error) if stands_aside(&error) => Ok(T::default()),
        answer => answer,
    }
}

impl From<Owned> for Existing {
    fn from(thing: Owned) -> Self {
        Self {
            resource: thing.key,
            id: thing.id,
            state: thing.state,
            created: thing.created,
        }
    }
}

/// The document of `outputs`.
#[derive(Clone, Debug, Serialize)]
pub struct Outputs {
    /// 1.
    pub format_version: u32,
    /// The stack's name.
    pub stack: String,
    /// The account's id.
    pub account: String,
    /// The region.
    pub region: String,
    /// Where it answers, without a trailing slash.
    pub url: Option<String>,
    /// The host name.
    pub host: Option<String>,
    /// The host name and its aliases.
    pub hosts: Vec<String>,
    /// The load balancer's own DNS name.
    pub load_balancer_dns: Option<String>,
    /// The endpoint's id.
    pub endpoint_id: Option<String>,
    /// The endpoint's addresses.
    pub addresses: Vec<String>,
    /// The API behind each route to one.
    pub apis: Vec<ApiRow>,
    /// The function behind each route straight to one.
    pub functions: Vec<FunctionRow>,
    /// The id of the S3 endpoint that sites are read through.
    pub site_endpoint_id: Option<String>,
    /// The bucket behind each route to a site.
    pub sites: Vec<SiteRow>,
    /// What the stack needs of an endpoint that it borrows.
    pub borrowed_endpoint: Option<Opening>,
}

/// The function behind a route.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct FunctionRow {
    /// The path of the route.
    pub route: String,
    /// The function's ARN, with its version or alias.
    pub function: String,
}

/// The API behind a route.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct ApiRow {
    /// The path of the route.
    pub route: String,
    /// The API's id.
    pub id: String,
    /// The stage's name.
    pub stage: String,
}

impl Outputs {
    /// Whether there is nothing to tell but whose stack it would be.
    pub fn is_empty(&self) -> bool {
        let parts = [
            &self.load_balancer_dns,
            &self.endpoint_id,
            &self.site_endpoint_id,
        ];
        self.hosts.is_empty() && self.apis.is_empty() && parts.into_iter().all(Option::is_none)
    }

    /// Reads the outputs of the stack.
    pub async fn read(reads: &Reads, account: &str) -> Result<Self> {
        let (hosts, balancers, endpoints, mappings, targets) = tokio::try_join!(
            hosts(reads),
            LoadBalancer::discover(reads),
            Endpoints::read(reads),
            BasePathMapping::discover(reads),
            targets(reads),
        )?;
        // Every host maps the same APIs.
        let apis: BTreeSet<ApiRow> = mappings
            .iter()
            .map(|mapping| ApiRow {
                route: mapping.actual.path(),
                id: mapping.actual.api.clone(),
                stage: mapping.actual.stage.clone(),
            })
            .collect();
        // Of an endpoint that may not be looked at, what is registered is known.
        let to_api = |row: &&TargetRow| apis.iter().any(|api| api.route == row.route);
        let registered = targets.iter().filter(to_api).map(|row| row.address.clone());
        let registered: BTreeSet<String> = registered.collect();
        let functions = targets.into_iter().filter(TargetRow::is_function);
        let functions = functions.map(|target| FunctionRow {
            route: target.route,
            function: target.address,
        });
        let host = hosts.first().cloned();
        let ids: Vec<&str> = apis.iter().map(|api| api.id.as_str()).collect();
        let endpoint = endpoints.apis.as_ref();
        Ok(Self {
            format_version: 1,
            stack: reads.stack.clone(),
            account: account.to_owned(),
            region: reads.region.clone(),
            url: host.as_ref().map(|host| format!("https://{host}")),
            host,
            hosts,
            load_balancer_dns: balancers.first().map(|one| one.actual.dns_name.clone()),
            endpoint_id: endpoint.map(|one| one.id.clone()),
            addresses: match endpoint {
                Some(endpoint) => addresses(endpoint),
                None => registered.into_iter().collect(),
            },
            borrowed_endpoint: endpoints.opening(reads, account, &ids),
            apis: apis.into_iter().collect(),
            functions: functions.collect(),
            site_endpoint_id: endpoints.sites.as_ref().map(|one| one.id.clone()),
            sites: endpoints.sites(reads).await?,
        })
    }

    /// Name and value of everything that fits into one line.
    pub fn flat(&self) -> Vec<(&'static str, String)> {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        vec![
            ("stack", self.stack.clone()),
            ("account", self.account.clone()),
            ("region", self.region.clone()),
            ("url", text(&self.url)),
            ("host", text(&self.host)),
            ("hosts", self.hosts.join(",")),
            ("load_balancer_dns", text(&self.load_balancer_dns)),
            ("endpoint_id", text(&self.endpoint_id)),
            ("addresses", self.addresses.join(",")),
            ("site_endpoint_id", text(&self.site_endpoint_id)),
        ]
    }
}

/// The endpoint's addresses in the order of their zones.
fn addresses(endpoint: &vpc_endpoint::Actual) -> Vec<String> {
    let mut all: Vec<_> = endpoint.addresses.iter().collect();
    all.sort_by_key(|address| (&address.zone, &address.ip));
    all.into_iter().map(|address| address.ip.clone()).collect()
}

/// The host names: the stack's own first, then the aliases. A stack without
/// APIs has no domain in API Gateway, one that is half made no record.
async fn hosts(reads: &Reads) -> Result<Vec<String>> {
    let (domains, records) =
        tokio::try_join!(DomainName::discover(reads), DnsRecord::discover(reads))?;
    let of_domains = domains.into_iter().map(|one| (one.key, one.id));
    let of_records = records.into_iter().map(|one| (one.key, one.id));
    let all: BTreeSet<(bool, String)> = of_domains
        .chain(of_records)
        .map(|(key, host)| (key.path() != "/", host))
        .collect();
    Ok(all.into_iter().map(|(_, host)| host).collect())
}

async fn url(reads: &Reads) -> Result<Option<String>> {
    let host = hosts(reads).await?.into_iter().next();
    Ok(host.map(|host| format!("https://{host}")))
}

impl TargetRow {
    /// Whether requests are answered by it, as far as the load balancer knows. Where
    /// health checks are off, as for most functions, it is not asked (ELB user guide,
    /// "Target health status": `unavailable`).
    pub fn serves(&self) -> bool {
        matches!(self.health.as_str(), "healthy" | "unavailable")
    }

    fn is_function(&self) -> bool {
        self.address.starts_with("arn:")
    }
}

async fn targets(reads: &Reads) -> Result<Vec<TargetRow>> {
    let (endpoints, groups, rules) = tokio::try_join!(
        Endpoints::read(reads),
        Targets::discover(reads),
        ListenerRule::discover(reads),
    )?;
    let endpoints = [endpoints.apis, endpoints.sites];
    let zones: BTreeMap<String, String> = endpoints
        .into_iter()
        .flatten()
        .flat_map(|endpoint| endpoint.addresses)
        .map(|address| (address.ip, address.zone))
        .collect();
    let mut rows = Vec::new();
    for group in &groups {
        let routes = rules
            .iter()
            .filter(|rule| rule.actual.forwards_to(&group.actual.group))
            .map(|rule| rule.key.path_at(&rule.actual.host()));
        // Every host has a rule for the route.
        let routes: BTreeSet<String> = routes.collect();
        for route in routes {
            rows.extend(
                group
                    .actual
                    .targets
                    .iter()
                    .map(|(address, target)| TargetRow {
                        route: route.clone(),
                        address: address.clone(),
                        zone: zone(&zones, address, target),
                        health: target.health.clone(),
                        reason: target.reason.clone(),
                    }),
            );
        }
    }
    rows.sort();
    Ok(rows)
}

/// The zone of a target. A function is in `all` of them, also where ELBv2 does
/// not say so.
fn zone(zones: &BTreeMap<String, String>, address: &str, target: &Target) -> String {
    match zones.get(address).unwrap_or(&target.zone).as_str() {
        "" if address.starts_with("arn:") => "all".to_owned(),
        zone => zone.to_owned(),
    }
}

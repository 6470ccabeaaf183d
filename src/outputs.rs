//! What exists of a stack, in the forms that people and programs want.
//!
//! Everything here is read from AWS by the stack's name alone.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::{
    error::Result,
    graph::Owned,
    look::Look,
    ownership::Found,
    resource::{Key, Resource},
    resources::{
        BasePathMapping, DomainName, ListenerRule, LoadBalancer, Targets, VpcEndpoint,
        discover_all, vpc_endpoint,
    },
};

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
    /// The registered addresses, for each route that they serve.
    pub targets: Vec<TargetRow>,
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
}

/// A registered address.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct TargetRow {
    /// The path of the route.
    pub route: String,
    /// The address.
    pub address: String,
    /// Its availability zone.
    pub zone: String,
    /// `healthy`, `initial`, `unhealthy`, …
    pub health: String,
    /// Why it is not healthy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl Status {
    /// Reads the status of the look's stack.
    pub async fn read(look: &Look) -> Result<Self> {
        let mut owned = discover_all(look).await?;
        owned.sort_by(|a, b| a.key.cmp(&b.key).then(a.id.cmp(&b.id)));
        Ok(Self {
            format_version: 1,
            stack: look.stack.clone(),
            url: url(look).await?,
            targets: targets(look).await?,
            resources: owned.into_iter().map(Existing::from).collect(),
        })
    }
}

impl From<Owned> for Existing {
    fn from(thing: Owned) -> Self {
        Self {
            resource: thing.key,
            id: thing.id,
            state: thing.state,
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
    /// The load balancer's own DNS name.
    pub load_balancer_dns: Option<String>,
    /// The endpoint's id.
    pub endpoint_id: Option<String>,
    /// The endpoint's addresses.
    pub addresses: Vec<String>,
    /// The API behind each route.
    pub apis: Vec<ApiRow>,
}

/// The API behind a route.
#[derive(Clone, Debug, Serialize)]
pub struct ApiRow {
    /// The path of the route.
    pub route: String,
    /// The API's id.
    pub id: String,
    /// The stage's name.
    pub stage: String,
}

impl Outputs {
    /// Reads the outputs of the look's stack.
    pub async fn read(look: &Look, account: &str) -> Result<Self> {
        let (domains, balancers, endpoints, mappings) = tokio::try_join!(
            DomainName::discover(look),
            LoadBalancer::discover(look),
            VpcEndpoint::discover(look),
            BasePathMapping::discover(look),
        )?;
        let host = domains.first().map(|domain| domain.id.clone());
        let endpoint = endpoints.first();
        let mut apis: Vec<ApiRow> = mappings
            .iter()
            .map(|mapping| ApiRow {
                route: mapping.key.path(),
                id: mapping.actual.api.clone(),
                stage: mapping.actual.stage.clone(),
            })
            .collect();
        apis.sort_by(|a, b| a.route.cmp(&b.route));
        Ok(Self {
            format_version: 1,
            stack: look.stack.clone(),
            account: account.to_owned(),
            region: look.aws.region.clone(),
            url: host.as_ref().map(|host| format!("https://{host}")),
            host,
            load_balancer_dns: balancers.first().map(|one| one.actual.dns_name.clone()),
            endpoint_id: endpoint.map(|one| one.id.clone()),
            addresses: endpoint.map(addresses).unwrap_or_default(),
            apis,
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
            ("load_balancer_dns", text(&self.load_balancer_dns)),
            ("endpoint_id", text(&self.endpoint_id)),
            ("addresses", self.addresses.join(",")),
        ]
    }
}

/// The endpoint's addresses in the order of their zones.
fn addresses(endpoint: &Found<vpc_endpoint::Actual>) -> Vec<String> {
    let mut all: Vec<_> = endpoint.actual.addresses.iter().collect();
    all.sort_by_key(|address| (&address.zone, &address.ip));
    all.into_iter().map(|address| address.ip.clone()).collect()
}

async fn url(look: &Look) -> Result<Option<String>> {
    let domains = DomainName::discover(look).await?;
    Ok(domains
        .first()
        .map(|domain| format!("https://{}", domain.id)))
}

async fn targets(look: &Look) -> Result<Vec<TargetRow>> {
    let (endpoints, groups, rules) = tokio::try_join!(
        VpcEndpoint::discover(look),
        Targets::discover(look),
        ListenerRule::discover(look),
    )?;
    let zones: BTreeMap<String, String> = endpoints
        .into_iter()
        .flat_map(|endpoint| endpoint.actual.addresses)
        .map(|address| (address.ip, address.zone))
        .collect();
    let mut rows = Vec::new();
    for group in &groups {
        let routes = rules
            .iter()
            .filter(|rule| rule.actual.forwards_to(&group.actual.group))
            .map(|rule| rule.key.path());
        for route in routes {
            rows.extend(
                group
                    .actual
                    .targets
                    .iter()
                    .map(|(address, target)| TargetRow {
                        route: route.clone(),
                        address: address.clone(),
                        zone: zones.get(address).unwrap_or(&target.zone).clone(),
                        health: target.health.clone(),
                        reason: target.reason.clone(),
                    }),
            );
        }
    }
    rows.sort();
    Ok(rows)
}

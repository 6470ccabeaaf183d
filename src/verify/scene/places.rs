//! The names, the routes and the endpoints of a stack: as the file has them, or
//! as tags remember them.

use std::sync::Arc;

use aws_sdk_apigateway::types::DomainName;

use super::{Behind, HostPlace};
use crate::{
    aws::{
        read::{Endpoints, Groups, Reads},
        record::Record,
        tags,
    },
    config::{ApiSource, Config, Target},
    error::Result,
    preflight,
    resource::{Host, Kind, Resource},
    resources::{
        VpcEndpoint,
        vpc_endpoint::{self, reading},
    },
};

/// What a route should lead to.
pub fn behind(target: &Target) -> Behind {
    match target {
        Target::Api(api) => Behind::Api {
            borrowed: match &api.source {
                ApiSource::Borrowed(id) => Some(id.clone()),
                _ => None,
            },
            stage: Some(api.stage.clone()),
        },
        Target::Lambda(function) => Behind::Function(function.arn.clone()),
        Target::Site(site) => Behind::Site {
            bucket: site.bucket.clone(),
            index: site.index.clone(),
        },
    }
}

/// The names with their zones: the file's, else what tags and domains remember.
pub async fn hosts(
    reads: &Reads,
    config: Option<&Config>,
    remembered: &[Record],
    domains: &Result<Arc<Vec<DomainName>>>,
) -> Vec<HostPlace> {
    let zone_of = |name: &str, records: &[Record]| {
        let record = records.iter().find(|one| one.host.name == name);
        record.map(|one| one.zone.clone())
    };
    if let Some(config) = config {
        let records = preflight::records(config, reads).await;
        let hosts = config.hosts().into_iter();
        return hosts
            .map(|host| HostPlace {
                name: host.name.to_owned(),
                zone: zone_of(host.name, &records).or_else(|| zone_of(host.name, remembered)),
            })
            .collect();
    }
    let mut hosts: Vec<HostPlace> = remembered
        .iter()
        .map(|record| HostPlace {
            name: record.host.name.clone(),
            zone: Some(record.zone.clone()),
        })
        .collect();
    let domains = domains.iter().flat_map(|all| all.iter());
    for domain in domains {
        let name = domain.domain_name().unwrap_or_default();
        let own = domain.tags().and_then(|tags| tags.get(tags::STACK)) == Some(&reads.stack);
        if own && !hosts.iter().any(|host| host.name == name) {
            let name = Host::own(name).name;
            hosts.push(HostPlace { name, zone: None });
        }
    }
    hosts
}

/// What is seen of an endpoint.
pub type Seen = Result<Option<vpc_endpoint::Actual>>;

/// The endpoints: the stack's own, by their tags, or the borrowed one.
pub async fn endpoints(reads: &Reads, config: Option<&Config>) -> (Seen, Seen) {
    let lent = config.and_then(|config| config.endpoint.id.clone());
    let lent = match lent {
        Some(id) => Some(id),
        None if config.is_none() => borrowed(reads).await,
        None => None,
    };
    let own = own(reads);
    let Some(id) = lent else {
        let own = own.await;
        return (own.clone().map(|(api, _)| api), own.map(|(_, site)| site));
    };
    let (one, own) = tokio::join!(reading::one(reads, &id), own);
    (one, own.map(|(_, site)| site))
}

async fn own(
    reads: &Reads,
) -> Result<(Option<vpc_endpoint::Actual>, Option<vpc_endpoint::Actual>)> {
    let found = VpcEndpoint::discover(reads).await?;
    let of = |kind: Kind| {
        let mut all = found.iter().filter(|one| one.key.kind() == kind);
        let serving = all.clone().find(|one| one.actual.state != "deleting");
        serving.or_else(|| all.next()).map(|one| one.actual.clone())
    };
    Ok((of(Kind::VpcEndpoint), of(Kind::SiteEndpoint)))
}

/// The id of the endpoint that the load balancer's group says is borrowed.
async fn borrowed(reads: &Reads) -> Option<String> {
    let groups = reads.security_groups(Groups::OfStack).await.ok()?;
    let mut all = groups.iter().map(|group| tags::of_ec2(group.tags()));
    let id = all.find_map(|tags| tags.get(tags::ENDPOINT).cloned())?;
    let known = reads.vpc_endpoints(Endpoints::OfStack).await.ok()?;
    known.is_empty().then_some(id)
}

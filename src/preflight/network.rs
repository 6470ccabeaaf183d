//! The VPC and its subnets, and whether endpoints can stand in them.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_ec2::types::{ServiceDetail, ServiceType, Subnet, VpcAttributeName};
use ipnet::Ipv4Net;

use super::{
    finding::{Finding, Problem, failed, problem, wrong},
    own_endpoint,
};
use crate::{
    aws::{
        Partition,
        read::{Endpoints, Reads, Subnets, Vpcs},
    },
    checks::codes,
    config::Config,
    resource::{Kind, Resource},
    resources::VpcEndpoint,
};

const PLACE: &str = "network.subnets";

/// A subnet of the configuration.
#[derive(Clone, Debug)]
pub(super) struct Place {
    /// Its availability zone.
    pub zone: String,
    /// Its addresses.
    pub range: Option<Ipv4Net>,
    /// How many of them are free.
    pub free: Option<i32>,
}

/// The subnets of the configuration, by id.
pub(super) type Places = BTreeMap<String, Place>;

/// Checks VPC and subnets. `all` are the services that endpoints of the stack's
/// own are made for.
pub(super) async fn check(config: &Config, reads: &Reads, all: &[String]) -> Finding<Places> {
    let network = &config.network;
    // Where endpoints of the stack's own stand there is a VPC, and their services are offered.
    let services = not_yet_used(config, reads, all).await?;
    let standing = all.len() > services.len();
    let (vpc_is_missing, subnets, offers) = tokio::join!(
        vpc_is_missing(reads, &network.vpc, standing),
        reads.subnets(Subnets::With(network.subnets.clone())),
        offers(reads, services),
    );
    let subnets = subnets.map_err(failed)?;
    let offers = offers?;
    if vpc_is_missing? {
        // Nothing can be said of subnets then.
        return wrong(
            codes::SUBNETS_NO_VPC,
            "network.vpc",
            format!("{} does not exist in {}", network.vpc, reads.region),
            "check the id, the region and the account",
        );
    }
    let mut problems = Vec::new();
    let mut places = Places::new();
    for id in &network.subnets {
        let mut all = subnets.iter();
        let Some(subnet) = all.find(|one| one.subnet_id() == Some(id)) else {
            problems.push(problem(
                codes::SUBNETS_MISSING,
                PLACE,
                format!("{id} does not exist in {}", reads.region),
                "check the id, the region and the account",
            ));
            continue;
        };
        problems.extend(check_subnet(subnet, id, &network.vpc, &offers));
        let place = Place {
            zone: subnet.availability_zone().unwrap_or_default().to_owned(),
            range: subnet.cidr_block().and_then(|range| range.parse().ok()),
            free: subnet.available_ip_address_count(),
        };
        places.insert(id.clone(), place);
    }
    problems.extend(check_zones(&places, network.subnets.len()));
    if problems.is_empty() {
        Ok(places)
    } else {
        Err(problems)
    }
}

async fn vpc_is_missing(reads: &Reads, vpc: &str, standing: bool) -> Finding<bool> {
    if standing {
        return Ok(false);
    }
    let vpcs = reads.vpcs(Vpcs::With(vpc.to_owned())).await;
    Ok(vpcs.map_err(failed)?.is_empty())
}

fn check_subnet(subnet: &Subnet, id: &str, vpc: &str, offers: &[ServiceDetail]) -> Vec<Problem> {
    let mut problems = Vec::new();
    if subnet.vpc_id() != Some(vpc) {
        let other = subnet.vpc_id().unwrap_or("another VPC");
        problems.push(problem(
            codes::SUBNETS_OTHER_VPC,
            PLACE,
            format!("{id} is in {other}, not in {vpc}"),
            "name subnets of `network.vpc`",
        ));
    }
    let zone = subnet.availability_zone().unwrap_or_default();
    for offer in offers {
        let offered = offer.availability_zones();
        if !offered.is_empty() && !offered.iter().any(|one| one == zone) {
            let service = offer.service_name().unwrap_or_default();
            problems.push(problem(
                codes::ENDPOINT_SERVICE_NOT_OFFERED,
                PLACE,
                format!("{id} is in {zone}, where {service} is not offered"),
                "choose a subnet in another zone",
            ));
        }
    }
    problems
}

/// The services as interface endpoints know them: S3 has an entry for gateway
/// endpoints, too.
async fn offers(reads: &Reads, services: Vec<String>) -> Finding<Vec<ServiceDetail>> {
    if services.is_empty() {
        return Ok(Vec::new());
    }
    let details = reads.vpc_endpoint_services(services).await;
    let details = details.map_err(failed)?;
    let is_interface = |detail: &ServiceDetail| {
        let kinds = detail.service_type().iter();
        let mut kinds = kinds.filter_map(|kind| kind.service_type());
        kinds.any(|kind| *kind == ServiceType::Interface)
    };
    let details = details.iter().filter(|one| is_interface(one));
    Ok(details.cloned().collect())
}

/// The services but for those of which an endpoint of the stack's own stands in
/// all these subnets: there they are offered.
async fn not_yet_used(config: &Config, reads: &Reads, all: &[String]) -> Finding<Vec<String>> {
    if all.is_empty() {
        return Ok(Vec::new());
    }
    let endpoints = VpcEndpoint::discover(reads).await.map_err(failed)?;
    let stands = |kind: Kind| {
        let mut of_kind = endpoints.iter().filter(|one| one.key.kind() == kind);
        let subnets = &config.network.subnets;
        let in_vpc = |id: &str| id == config.network.vpc;
        of_kind.any(|one| {
            in_vpc(&one.actual.vpc) && subnets.iter().all(|id| one.actual.subnets.contains(id))
        })
    };
    let kind = |service: &String| {
        if service.ends_with(".execute-api") {
            Kind::VpcEndpoint
        } else {
            Kind::SiteEndpoint
        }
    };
    let open = all.iter().filter(|service| !stands(kind(service)));
    Ok(open.cloned().collect())
}

fn check_zones(places: &Places, subnets: usize) -> Vec<Problem> {
    let mut zones: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (id, place) in places {
        zones.entry(&place.zone).or_default().insert(id);
    }
    let mut problems = Vec::new();
    for (zone, ids) in zones.iter().filter(|(_, ids)| ids.len() > 1) {
        let ids: Vec<&str> = ids.iter().copied().collect();
        problems.push(problem(
            codes::ZONES_SHARED,
            PLACE,
            format!("{} are all in {zone}", ids.join(" and ")),
            "name one subnet a zone: a load balancer and an endpoint take no second one",
        ));
    }
    if places.len() == subnets && zones.len() < 2 {
        problems.push(problem(
            codes::ZONES_SINGLE,
            PLACE,
            "a load balancer needs subnets in two zones or more",
            "add a subnet in another zone",
        ));
    }
    problems
}

/// Checks that the VPC can have private DNS, if it is to have it.
pub(super) async fn check_dns(config: &Config, reads: &Reads) -> Finding<()> {
    if !config.endpoint.private_dns {
        return Ok(());
    }
    let vpc = &config.network.vpc;
    let (support, hostnames) = tokio::join!(
        reads.vpc_attribute(vpc, VpcAttributeName::EnableDnsSupport),
        reads.vpc_attribute(vpc, VpcAttributeName::EnableDnsHostnames)
    );
    let (support, hostnames) = (support.map_err(failed)?, hostnames.map_err(failed)?);
    let is_on = |value: Option<&aws_sdk_ec2::types::AttributeBooleanValue>| {
        value.and_then(|value| value.value()).unwrap_or(false)
    };
    let (Some(support), Some(hostnames)) = (support.as_ref(), hostnames.as_ref()) else {
        return Ok(()); // no such VPC: said elsewhere
    };
    if is_on(support.enable_dns_support()) && is_on(hostnames.enable_dns_hostnames()) {
        return check_private_name(config, reads).await;
    }
    wrong(
        codes::VPC_DNS_OFF,
        "endpoint.private_dns",
        format!(
            "{} has DNS support or DNS host names off",
            config.network.vpc
        ),
        "turn both on in the VPC, or leave `private_dns` off: hybridgw does not need it",
    )
}

/// Whether the names of the service are free in the VPC: one endpoint has them, or
/// a private zone of that name (`PrivateLink` guide, "Private DNS": one endpoint
/// of a service with private DNS in a VPC).
async fn check_private_name(config: &Config, reads: &Reads) -> Finding<()> {
    const PLACE: &str = "endpoint.private_dns";
    const REMEDY: &str = "borrow that endpoint with `endpoint.id`, or leave `private_dns` off: hybridgw does not need it";
    let own = own_endpoint(reads, Kind::VpcEndpoint)
        .await
        .map_err(failed)?;
    if own.as_ref().is_some_and(|own| own.actual.private_dns) {
        return Ok(());
    }
    let vpc = &config.network.vpc;
    let (service, suffix) = {
        let partition = Partition::of(&reads.region);
        let service = partition.execute_api_service(&reads.region);
        (service, partition.dns_suffix())
    };
    let all = reads.vpc_endpoints(Endpoints::In(vpc.clone())).await;
    let all = all.map_err(failed)?;
    let ended = ["deleted", "failed", "rejected", "expired"];
    let other = all.iter().find(|one| {
        let state = one
            .state()
            .map_or("", |state| state.as_str())
            .to_lowercase();
        let has_names = one.private_dns_enabled() == Some(true);
        has_names && one.service_name() == Some(&service) && !ended.contains(&state.as_str())
    });
    if let Some(other) = other {
        let id = other.vpc_endpoint_id().unwrap_or("another endpoint");
        let name = other.tags().iter().find(|tag| tag.key() == Some("Name"));
        let name = name.and_then(|tag| tag.value());
        let name = name.map(|name| format!(" ({name})")).unwrap_or_default();
        let what = format!("{id}{name} has the private names of {service} in {vpc} already");
        return wrong(codes::PRIVATE_DNS_TAKEN, PLACE, what, REMEDY);
    }
    // In a shared VPC the endpoint of its owner shows by its zone alone.
    let name = format!("execute-api.{}.{suffix}", reads.region);
    for zone in super::zone::of_vpc(vpc, reads).await {
        if zone.name == name {
            let what = format!("{vpc} has a private zone {name} already ({})", zone.whose());
            return wrong(
                codes::PRIVATE_DNS_TAKEN,
                PLACE,
                what,
                "an endpoint of the VPC's owner has these names, or somebody's zone: leave `private_dns` off, hybridgw does not need it",
            );
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_subnets_of_one_zone_are_named() {
        let place = || Place {
            zone: "a".to_owned(),
            range: None,
            free: None,
        };
        let places = ["subnet-1", "subnet-2"].map(|id| (id.to_owned(), place()));
        let problems = check_zones(&Places::from(places), 2);
        assert_eq!(problems.len(), 2);
        let said = problems[0].error.to_string();
        assert!(
            said.contains("subnet-1 and subnet-2 are all in a"),
            "{said}"
        );
    }
}

//! What the configuration refers to and does not make: checked against AWS
//! before the first write. All problems are reported, not just the first.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_acm::types::CertificateStatus;
use aws_sdk_ec2::types::{Filter, VpcAttributeName};

use crate::{
    aws::{Called, Partition, error::none_if_missing},
    config::{ApiSource, Config, Route},
    error::{Error, Kind, Result},
    look::Look,
    policy,
    resource::Resource,
    resources::VpcEndpoint,
};

/// What was found out about the borrowed things.
#[derive(Clone, Debug)]
pub struct References {
    /// The account's id.
    pub account: String,
    /// The region.
    pub region: String,
    /// The hosted zone's id.
    pub zone: String,
    /// The availability zone of each subnet.
    pub zones: BTreeMap<String, String>,
    /// The endpoint service's name.
    pub endpoint_service: String,
    /// What is not wrong but worth saying.
    pub warnings: Vec<String>,
}

impl References {
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
pub async fn account(look: &Look, wanted: Option<&str>) -> Result<String> {
    let identity = look.aws.sts.get_caller_identity().send().await;
    let identity = identity.called("GetCallerIdentity")?;
    let account = identity.account().unwrap_or_default().to_owned();
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
pub async fn check(config: &Config, look: &Look) -> Result<References> {
    // The guard comes first and alone: in a wrong account nothing else is said.
    let account = account(look, config.account.as_deref()).await?;
    let region = look.aws.region.clone();
    let endpoint_service = look.aws.partition().execute_api_service(&region);
    let mut problems = Problems::default();
    let routes = futures_util::future::join_all(
        config
            .routes
            .iter()
            .map(|route| check_route(route, config, look)),
    );
    let (network, dns, zone, certificate, routes) = tokio::join!(
        check_network(config, look, &endpoint_service),
        check_vpc_dns(config, look),
        check_zone(config, look),
        check_certificate(config, look),
        routes,
    );
    let zones = problems.take(network).unwrap_or_default();
    problems.take(dns);
    problems.take(certificate);
    let zone = problems.take(zone).unwrap_or_default();
    let mut warnings = Vec::new();
    for route in routes {
        warnings.extend(problems.take(route).unwrap_or_default());
    }
    problems.into_result()?;
    Ok(References {
        account,
        region,
        zone,
        zones,
        endpoint_service,
        warnings,
    })
}

/// The ids of the hosted zones in which the stack has records.
///
/// # Errors
///
/// A zone that does not exist or does not hold its name.
pub async fn zones(config: &Config, look: &Look) -> Result<Vec<String>> {
    let mut problems = Problems::default();
    let zone = problems.take(check_zone(config, look).await);
    problems.into_result()?;
    Ok(zone.into_iter().collect())
}

/// A finding of a check: bad references come as a list, failed calls as one.
type Finding<T> = std::result::Result<T, Vec<Error>>;

#[derive(Default)]
struct Problems(Vec<Error>);

impl Problems {
    fn take<T>(&mut self, finding: Finding<T>) -> Option<T> {
        match finding {
            Ok(value) => Some(value),
            Err(errors) => {
                self.0.extend(errors);
                None
            }
        }
    }

    fn into_result(self) -> Result<()> {
        let mut errors = self.0;
        // A refused permission explains the rest.
        if let Some(index) = errors
            .iter()
            .position(|error| matches!(error.kind, Kind::Denied | Kind::Credentials))
        {
            return Err(errors.swap_remove(index));
        }
        let mut errors = errors.into_iter();
        let Some(first) = errors.next() else {
            return Ok(());
        };
        let rest: Vec<Error> = errors.collect();
        if rest.is_empty() {
            return Err(first);
        }
        let mut all = Error::invalid(format!(
            "{} references of the configuration do not fit",
            rest.len() + 1
        ));
        for error in std::iter::once(first).chain(rest) {
            all.also.push(error.to_string());
            all.hints.extend(error.hints);
        }
        Err(all)
    }
}

fn wrong<T>(place: &str, what: impl AsRef<str>, remedy: &str) -> Finding<T> {
    Err(vec![problem(place, what, remedy)])
}

fn problem(place: &str, what: impl AsRef<str>, remedy: &str) -> Error {
    Error::invalid(format!("{place}: {}", what.as_ref())).hint(remedy)
}

fn failed(error: Error) -> Vec<Error> {
    vec![error]
}

/// Returns the zone of each subnet.
async fn check_network(
    config: &Config,
    look: &Look,
    service: &str,
) -> Finding<BTreeMap<String, String>> {
    let network = &config.network;
    let by = |name: &str, values: Vec<String>| {
        Filter::builder()
            .name(name)
            .set_values(Some(values))
            .build()
    };
    let ec2 = &look.aws.ec2;
    let vpcs = ec2
        .describe_vpcs()
        .filters(by("vpc-id", vec![network.vpc.clone()]))
        .send();
    let subnets = ec2
        .describe_subnets()
        .filters(by("subnet-id", network.subnets.clone()))
        .send();
    let services = ec2
        .describe_vpc_endpoint_services()
        .service_names(service)
        .send();
    let (vpcs, subnets, services) = tokio::join!(vpcs, subnets, services);
    let vpcs = vpcs.called("DescribeVpcs").map_err(failed)?;
    let subnets = subnets.called("DescribeSubnets").map_err(failed)?;
    let services = services
        .called("DescribeVpcEndpointServices")
        .map_err(failed)?;

    let mut problems = Vec::new();
    if vpcs.vpcs().is_empty() {
        problems.push(problem(
            "network.vpc",
            format!("{} does not exist in {}", network.vpc, look.aws.region),
            "check the id, the region and the account",
        ));
    }
    let offered: BTreeSet<&str> = services
        .service_details()
        .iter()
        .flat_map(|detail| detail.availability_zones())
        .map(String::as_str)
        .collect();
    let mut zones: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for id in &network.subnets {
        let found = subnets
            .subnets()
            .iter()
            .find(|one| one.subnet_id() == Some(id));
        let Some(subnet) = found else {
            problems.push(problem(
                "network.subnets",
                format!("{id} does not exist in {}", look.aws.region),
                "check the id, the region and the account",
            ));
            continue;
        };
        if subnet.vpc_id() != Some(&network.vpc) {
            problems.push(problem(
                "network.subnets",
                format!(
                    "{id} is in {}, not in {}",
                    subnet.vpc_id().unwrap_or("another VPC"),
                    network.vpc
                ),
                "name subnets of `network.vpc`",
            ));
        }
        let zone = subnet.availability_zone().unwrap_or_default().to_owned();
        if !offered.is_empty() && !offered.contains(zone.as_str()) {
            problems.push(problem(
                "network.subnets",
                format!("{id} is in {zone}, where {service} is not offered"),
                "choose a subnet in another zone",
            ));
        }
        zones.entry(zone).or_default().push(id.clone());
    }
    problems.extend(check_zones(&zones, network.subnets.len()));
    if !problems.is_empty() {
        return Err(problems);
    }
    let of_each = zones
        .into_iter()
        .flat_map(|(zone, ids)| ids.into_iter().map(move |id| (id, zone.clone())));
    Ok(of_each.collect())
}

fn check_zones(zones: &BTreeMap<String, Vec<String>>, subnets: usize) -> Vec<Error> {
    let mut problems = Vec::new();
    for (zone, ids) in zones.iter().filter(|(_, ids)| ids.len() > 1) {
        problems.push(problem(
            "network.subnets",
            format!("{} are all in {zone}", ids.join(" and ")),
            "name one subnet a zone: a load balancer and an endpoint take no second one",
        ));
    }
    let found: usize = zones.values().map(Vec::len).sum();
    if found == subnets && zones.len() < 2 {
        problems.push(problem(
            "network.subnets",
            "a load balancer needs subnets in two zones or more",
            "add a subnet in another zone",
        ));
    }
    problems
}

async fn check_vpc_dns(config: &Config, look: &Look) -> Finding<()> {
    if !config.endpoint.private_dns {
        return Ok(());
    }
    let ask = |name: VpcAttributeName| {
        let call = look.aws.ec2.describe_vpc_attribute();
        call.vpc_id(&config.network.vpc).attribute(name).send()
    };
    let (support, hostnames) = tokio::join!(
        ask(VpcAttributeName::EnableDnsSupport),
        ask(VpcAttributeName::EnableDnsHostnames)
    );
    let support = none_if_missing(support.called("DescribeVpcAttribute")).map_err(failed)?;
    let hostnames = none_if_missing(hostnames.called("DescribeVpcAttribute")).map_err(failed)?;
    let is_on = |value: Option<&aws_sdk_ec2::types::AttributeBooleanValue>| {
        value.and_then(|value| value.value()).unwrap_or(false)
    };
    let (Some(support), Some(hostnames)) = (support, hostnames) else {
        return Ok(()); // no such VPC: said elsewhere
    };
    if is_on(support.enable_dns_support()) && is_on(hostnames.enable_dns_hostnames()) {
        return Ok(());
    }
    wrong(
        "endpoint.private_dns",
        format!(
            "{} has DNS support or DNS host names off",
            config.network.vpc
        ),
        "turn both on in the VPC, or leave `private_dns` off: hybridgw does not need it",
    )
}

async fn check_zone(config: &Config, look: &Look) -> Finding<String> {
    let domain = &config.domain;
    let is_id = domain.zone.starts_with('Z') && !domain.zone.contains('.');
    let (id, name) = if is_id {
        let zone = look
            .aws
            .route53
            .get_hosted_zone()
            .id(&domain.zone)
            .send()
            .await;
        let zone = none_if_missing(zone.called("GetHostedZone")).map_err(failed)?;
        let Some(zone) = zone.and_then(|answer| answer.hosted_zone) else {
            return wrong(
                "domain.zone",
                format!("the hosted zone {} does not exist", domain.zone),
                "check the id and the account",
            );
        };
        (domain.zone.clone(), zone.name)
    } else {
        zone_by_name(&domain.zone, look).await?
    };
    let name = name.trim_end_matches('.').to_lowercase();
    let inside = domain.name == name || domain.name.ends_with(&format!(".{name}"));
    if inside {
        Ok(id)
    } else {
        wrong(
            "domain.zone",
            format!("{} is not in the zone {name}", domain.name),
            "name the zone that holds the name",
        )
    }
}

async fn zone_by_name(name: &str, look: &Look) -> Finding<(String, String)> {
    let answer = look
        .aws
        .route53
        .list_hosted_zones_by_name()
        .dns_name(name)
        .send()
        .await;
    let answer = answer.called("ListHostedZonesByName").map_err(failed)?;
    let zones: Vec<(String, String)> = answer
        .hosted_zones()
        .iter()
        .filter(|zone| zone.name().trim_end_matches('.').eq_ignore_ascii_case(name))
        .map(|zone| {
            let id = zone.id().trim_start_matches("/hostedzone/").to_owned();
            (id, zone.name().to_owned())
        })
        .collect();
    match zones.as_slice() {
        [] => wrong(
            "domain.zone",
            format!("there is no hosted zone {name}"),
            "check the name and the account, or give the zone's id",
        ),
        [zone] => Ok(zone.clone()),
        several => {
            let ids: Vec<&str> = several.iter().map(|(id, _)| id.as_str()).collect();
            wrong(
                "domain.zone",
                format!(
                    "{name} names {} hosted zones: {}",
                    ids.len(),
                    ids.join(", ")
                ),
                "give the id of the one you mean",
            )
        }
    }
}

async fn check_certificate(config: &Config, look: &Look) -> Finding<()> {
    let arn = &config.domain.certificate;
    let answer = look
        .aws
        .acm
        .describe_certificate()
        .certificate_arn(arn)
        .send()
        .await;
    let answer = none_if_missing(answer.called("DescribeCertificate")).map_err(failed)?;
    let Some(certificate) = answer.and_then(|answer| answer.certificate) else {
        return wrong(
            "domain.certificate",
            format!("{arn} does not exist"),
            "check the ARN, the region and the account",
        );
    };
    let mut problems = Vec::new();
    if certificate.status() != Some(&CertificateStatus::Issued) {
        let status = certificate
            .status()
            .map_or("UNKNOWN", CertificateStatus::as_str);
        problems.push(problem(
            "domain.certificate",
            format!("the certificate is {status}, not ISSUED"),
            "validate or renew it first",
        ));
    }
    let mut names: BTreeSet<String> = certificate
        .subject_alternative_names()
        .iter()
        .cloned()
        .collect();
    names.extend(certificate.domain_name().map(str::to_owned));
    if !names.iter().any(|name| covers(name, &config.domain.name)) {
        let listed = names.into_iter().collect::<Vec<_>>().join(", ");
        problems.push(problem(
            "domain.certificate",
            format!("it covers {listed}, not {}", config.domain.name),
            "use a certificate for the name or for a wildcard above it",
        ));
    }
    if problems.is_empty() {
        Ok(())
    } else {
        Err(problems)
    }
}

/// Whether a certificate's name covers a host: a wildcard stands for exactly
/// one label (RFC 6125).
fn covers(name: &str, host: &str) -> bool {
    let name = name.to_lowercase();
    match name.strip_prefix("*.") {
        None => name == host,
        Some(parent) => host.split_once('.').is_some_and(|(_, rest)| rest == parent),
    }
}

/// What a route borrows. Returns warnings.
async fn check_route(route: &Route, config: &Config, look: &Look) -> Finding<Vec<String>> {
    let Some(api) = route.api() else {
        return Ok(vec![]);
    };
    match &api.source {
        ApiSource::Borrowed(id) => check_borrowed_api(route, id, &api.stage, config, look).await,
        ApiSource::Lambda(function) => check_function(route, function, look).await,
        ApiSource::OpenApi(_) | ApiSource::Placeholder => Ok(vec![]),
    }
}

async fn check_function(route: &Route, arn: &str, look: &Look) -> Finding<Vec<String>> {
    let place = format!("route {}", route.path);
    let answer = look
        .aws
        .lambda
        .get_function()
        .function_name(arn)
        .send()
        .await;
    match none_if_missing(answer.called("GetFunction")).map_err(failed)? {
        Some(_) => Ok(vec![]),
        None => wrong(
            &place,
            format!("the function {arn} does not exist"),
            "check the ARN, and its version or alias",
        ),
    }
}

async fn check_borrowed_api(
    route: &Route,
    id: &str,
    stage_name: &str,
    config: &Config,
    look: &Look,
) -> Finding<Vec<String>> {
    let place = format!("route {}", route.path);
    let gateway = &look.aws.apigateway;
    let api = gateway.get_rest_api().rest_api_id(id).send();
    let stage = gateway
        .get_stage()
        .rest_api_id(id)
        .stage_name(stage_name)
        .send();
    let (api, stage) = tokio::join!(api, stage);
    let api = none_if_missing(api.called("GetRestApi")).map_err(failed)?;
    let stage = none_if_missing(stage.called("GetStage")).map_err(failed)?;
    let Some(api) = api else {
        return wrong(
            &place,
            format!("the API {id} does not exist in {}", look.aws.region),
            "check the id, the region and the account",
        );
    };
    let mut problems = Vec::new();
    let types = api
        .endpoint_configuration()
        .map(|one| one.types())
        .unwrap_or_default();
    if !types.iter().any(|kind| kind.as_str() == "PRIVATE") {
        problems.push(problem(
            &place,
            format!("the API {id} is not PRIVATE: an endpoint cannot reach it"),
            "let its team change the endpoint type to PRIVATE",
        ));
    }
    if stage.is_none() {
        problems.push(problem(
            &place,
            format!("the API {id} has no stage {stage_name}"),
            "name a stage that is deployed",
        ));
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    let endpoints = VpcEndpoint::discover(look).await.map_err(failed)?;
    let endpoint = endpoints.first().map(|found| found.id.as_str());
    let policy = policy::parse_of_api(api.policy().unwrap_or_default(), id);
    // A policy that admits every endpoint admits one that does not exist yet.
    let asked = endpoint.unwrap_or("vpce-none");
    if policy::admits(&policy, asked, &config.network.vpc) {
        return Ok(vec![]);
    }
    let statement =
        policy::only_through(endpoint.unwrap_or("<the endpoint's id, see `hybridgw outputs`>"));
    Ok(vec![format!(
        "route {}: the policy of the API {id} does not admit this stack's endpoint{}; its team has to add this and deploy again: {statement}",
        route.path,
        if endpoint.is_some() {
            ""
        } else {
            " yet (it does not exist)"
        },
    )])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wildcard_stands_for_one_label() {
        assert!(covers("*.corp.example.com", "orders.corp.example.com"));
        assert!(covers("Orders.corp.example.com", "orders.corp.example.com"));
        assert!(!covers("*.example.com", "orders.corp.example.com"));
        assert!(!covers("*.corp.example.com", "corp.example.com"));
    }

    #[test]
    fn two_subnets_of_one_zone_are_named() {
        let zones = BTreeMap::from([(
            "a".to_owned(),
            vec!["subnet-1".to_owned(), "subnet-2".to_owned()],
        )]);
        let problems = check_zones(&zones, 2);
        assert_eq!(problems.len(), 2);
        assert!(
            problems[0]
                .to_string()
                .contains("subnet-1 and subnet-2 are all in a")
        );
    }
}

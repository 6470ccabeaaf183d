//! A borrowed endpoint: whether it fits, and what its owner has to open.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_ec2::types::{IpPermission, SecurityGroup as Group, VpcEndpoint as Described};
use ipnet::Ipv4Net;
use serde_json::json;

use super::{
    finding::{Finding, Problems, Warning, failed, problem, wrong},
    network::Places,
    passage::{Outcome, Passage},
};
use crate::{
    aws::{
        Partition,
        read::{Endpoints, Groups, Reads, Subnets},
    },
    checks::codes,
    config::{ApiSource, Config},
    error::Result,
    policy::{self, Policy, Request, Through, statements},
    resource::{Key, Kind, Resource},
    resources::{RestApi, SecurityGroup, security_group_rules},
};

const PLACE: &str = "endpoint.id";

/// What the stack needs to know of the endpoint that it borrows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Borrowed {
    /// `vpce-…`.
    pub id: String,
    /// Its security groups.
    pub groups: BTreeSet<String>,
    /// Its subnets.
    pub subnets: BTreeSet<String>,
    /// Its policy, as it is written.
    pub text: String,
}

/// Checks the endpoint that the configuration borrows, if it borrows one.
/// Returns it with warnings.
pub(super) async fn check(
    config: &Config,
    reads: &Reads,
    service: &str,
    account: &str,
    places: Option<&Places>,
) -> Finding<(Option<Borrowed>, Vec<Warning>)> {
    if config.endpoint.foreign && config.has_api() {
        let unseen = unseen(config, reads, account, places).await?;
        return Ok((None, vec![unseen]));
    }
    let Some(id) = &config.endpoint.id else {
        return Ok((None, Vec::new()));
    };
    let found = reads.vpc_endpoints(Endpoints::With(id.clone())).await;
    let found = found.map_err(failed)?;
    let Some(endpoint) = found.first() else {
        return wrong(
            codes::ENDPOINT_SERVICE_NO_ENDPOINT,
            PLACE,
            format!("{id} does not exist in {}", reads.region),
            "check the id, the region and the account",
        );
    };
    fits(endpoint, id, service, &config.network.vpc)?;
    let borrowed = borrowed(endpoint, id);
    let (zones, groups, statement) = tokio::join!(
        missing_zones(&borrowed, reads, places),
        closed_groups(&borrowed, config, reads, places),
        missing_statement(&borrowed, config, reads, account),
    );
    let mut problems = Problems::default();
    let mut warnings = Vec::new();
    for finding in [zones, groups, statement] {
        warnings.extend(problems.take(finding).flatten());
    }
    warnings.extend(too_open(&borrowed, config, reads));
    problems.or((Some(borrowed), warnings))
}

/// What the owner of an endpoint has to see to that this account may not look at:
/// nothing of it is checked.
async fn unseen(
    config: &Config,
    reads: &Reads,
    account: &str,
    places: Option<&Places>,
) -> Finding<Warning> {
    let (apis, groups) = tokio::join!(apis(config, reads, account), SecurityGroup::discover(reads));
    let apis = apis.map_err(failed)?;
    let mut groups = groups.map_err(failed)?.into_iter();
    let own = groups.find(|group| group.key.kind() == Kind::LoadBalancerSecurityGroup);
    let from = own.map_or_else(
        || {
            "the load balancer's security group (see `hybridgw outputs` once it is there)"
                .to_owned()
        },
        |group| group.id,
    );
    let ranges = places
        .into_iter()
        .flatten()
        .filter_map(|(_, place)| place.range);
    let ranges: Vec<String> = ranges.map(|range| range.to_string()).collect();
    let arns: BTreeSet<String> = apis.into_iter().map(|api| api.arn).collect();
    let statement = statements::invoke(&arns);
    let addresses = config.endpoint.addresses.iter();
    let addresses: Vec<String> = addresses.map(ToString::to_string).collect();
    let admitted = match &config.endpoint.id {
        Some(id) => format!("the stack's APIs admit {id}"),
        None => format!(
            "without `endpoint.id` the stack's APIs admit every endpoint of {}",
            config.network.vpc
        ),
    };
    Ok(Warning::new(
        codes::ENDPOINT_SERVICE_FOREIGN,
        format!("endpoint.foreign: the endpoint is not looked at, and {admitted}"),
        format!(
            "its owner has to see that {} are its addresses, that its security groups let in tcp 443 from {from}, or from {}, and that its policy has this statement: {statement}",
            addresses.join(" and "),
            ranges.join(" and "),
        ),
    ))
}

fn borrowed(endpoint: &Described, id: &str) -> Borrowed {
    let groups = endpoint.groups().iter();
    Borrowed {
        id: id.to_owned(),
        groups: groups
            .filter_map(|group| group.group_id().map(str::to_owned))
            .collect(),
        subnets: endpoint.subnet_ids().iter().cloned().collect(),
        text: endpoint.policy_document().unwrap_or_default().to_owned(),
    }
}

/// Whether requests to private APIs can go through it.
fn fits(endpoint: &Described, id: &str, service: &str, vpc: &str) -> Finding<()> {
    let mut problems = Problems::default();
    let kind = endpoint
        .vpc_endpoint_type()
        .map_or("?", |kind| kind.as_str());
    let actual = endpoint.service_name().unwrap_or("?");
    if actual != service {
        problems.note(problem(
            codes::ENDPOINT_SERVICE_OTHER,
            PLACE,
            format!("{id} leads to {actual}, not to {service}"),
            "name an endpoint for execute-api, or leave `id` out",
        ));
    } else if kind != "Interface" {
        problems.note(problem(
            codes::ENDPOINT_SERVICE_OTHER,
            PLACE,
            format!("{id} is a {kind} endpoint"),
            "name an interface endpoint: only these have addresses",
        ));
    }
    let own = endpoint.vpc_id().unwrap_or("another VPC");
    if own != vpc {
        problems.note(problem(
            codes::ENDPOINT_SERVICE_OTHER_VPC,
            PLACE,
            format!("{id} is in {own}, not in {vpc}"),
            "name an endpoint of `network.vpc`",
        ));
    }
    // The wire has these words in lower case (aws-sdk-rust issue 619).
    let state = endpoint.state().map_or("?", |state| state.as_str());
    if !state.eq_ignore_ascii_case("available") {
        problems.note(problem(
            codes::ENDPOINT_SERVICE_NOT_AVAILABLE,
            PLACE,
            format!("{id} is {}, not available", state.to_lowercase()),
            "wait for it, or name another one",
        ));
    }
    if endpoint.subnet_ids().is_empty() {
        problems.note(problem(
            codes::ENDPOINT_SERVICE_NO_ADDRESS,
            PLACE,
            format!("{id} is in no subnet, so it has no address"),
            "its owner has to give it one",
        ));
    }
    problems.or(())
}

/// A warning of zones in which the load balancer has no target of its own.
async fn missing_zones(
    borrowed: &Borrowed,
    reads: &Reads,
    places: Option<&Places>,
) -> Finding<Option<Warning>> {
    let Some(places) = places else {
        return Ok(None);
    };
    let own = borrowed.subnets.iter();
    let (known, others): (Vec<&String>, Vec<&String>) =
        own.partition(|id| places.contains_key(*id));
    let mut covered: BTreeSet<String> = known.iter().map(|id| places[*id].zone.clone()).collect();
    if !others.is_empty() {
        let which = Subnets::With(others.into_iter().cloned().collect());
        let subnets = reads.subnets(which).await.map_err(failed)?;
        let zones = subnets.iter().filter_map(|one| one.availability_zone());
        covered.extend(zones.map(str::to_owned));
    }
    let zones: BTreeSet<&str> = places.values().map(|place| place.zone.as_str()).collect();
    let all = zones.len();
    let without: Vec<&str> = zones
        .into_iter()
        .filter(|zone| !covered.contains(*zone))
        .collect();
    if without.len() == all {
        let what = format!(
            "{} has no address in a zone of `network.subnets`; a load balancer uses only targets in its zones",
            borrowed.id
        );
        return wrong(
            codes::ZONES_NO_ENDPOINT,
            PLACE,
            what,
            "name subnets in the endpoint's zones",
        );
    }
    Ok((!without.is_empty()).then(|| {
        let found = format!(
            "{PLACE}: {} has no address in {}",
            borrowed.id,
            without.join(" and ")
        );
        let remedy = "the load balancer's requests from there cross to another zone, unless its owner adds a subnet";
        Warning::new(codes::ZONES_CROSSED, found, remedy)
    }))
}

/// A warning if the endpoint's groups do not admit the load balancer, and
/// hybridgw may not open them.
async fn closed_groups(
    borrowed: &Borrowed,
    config: &Config,
    reads: &Reads,
    places: Option<&Places>,
) -> Finding<Option<Warning>> {
    let (Some(places), false) = (places, config.endpoint.manage) else {
        return Ok(None);
    };
    let which = Groups::With(borrowed.groups.iter().cloned().collect());
    let groups = reads.security_groups(which);
    let (groups, own) = tokio::join!(groups, SecurityGroup::discover(reads));
    let groups = groups.map_err(failed)?;
    let mut own = own.map_err(failed)?.into_iter();
    let own = own.find(|group| group.key.kind() == Kind::LoadBalancerSecurityGroup);
    let own = own.map(|group| group.id);
    let ranges: Vec<Ipv4Net> = places.values().filter_map(|place| place.range).collect();
    let opened = security_group_rules::description(&config.stack);
    if admit(&groups, own.as_deref(), &opened, &ranges) {
        return Ok(None);
    }
    let from = own.unwrap_or_else(|| {
        "the load balancer's security group (see `hybridgw outputs` once it is there)".to_owned()
    });
    let ranges: Vec<String> = ranges.iter().map(ToString::to_string).collect();
    let groups: Vec<&str> = borrowed.groups.iter().map(String::as_str).collect();
    Ok(Some(Warning::new(
        codes::ENDPOINT_SERVICE_CLOSED,
        format!(
            "{PLACE}: the security groups of {} ({}) do not admit the load balancer",
            borrowed.id,
            groups.join(", "),
        ),
        format!(
            "their owner has to let in tcp 443 from {from}, or from {}; or set `manage = true`",
            ranges.join(" and "),
        ),
    )))
}

/// Whether the groups let in HTTPS from the load balancer's group, or from all
/// of its subnets. Prefix lists are not looked into.
fn admit(groups: &[Group], own: Option<&str>, opened: &str, ranges: &[Ipv4Net]) -> bool {
    let rules: Vec<&IpPermission> = groups
        .iter()
        .flat_map(|group| group.ip_permissions())
        .filter(|rule| is_https(rule))
        .collect();
    // What the stack has opened itself goes when it may not be opened any more.
    let peers = rules.iter().flat_map(|rule| rule.user_id_group_pairs());
    let mut theirs = peers.filter(|peer| peer.description() != Some(opened));
    if own.is_some() && theirs.any(|peer| peer.group_id() == own) {
        return true;
    }
    let open: Vec<Ipv4Net> = rules
        .iter()
        .flat_map(|rule| rule.ip_ranges())
        .filter_map(|range| range.cidr_ip()?.parse().ok())
        .collect();
    let is_open = |wanted: &Ipv4Net| open.iter().any(|range| range.contains(wanted));
    !ranges.is_empty() && ranges.iter().all(is_open)
}

fn is_https(rule: &IpPermission) -> bool {
    let ports = rule.from_port().unwrap_or(0)..=rule.to_port().unwrap_or(65535);
    match rule.ip_protocol() {
        Some("-1") => true,
        Some("tcp" | "6") => ports.contains(&443),
        _ => false,
    }
}

/// What an API's part of an ARN is called before the API exists.
fn api_to_come(path: &str) -> String {
    format!("<the id of the API of route {path}, see `hybridgw outputs`>")
}

/// An API of the stack.
struct Api<'a> {
    arn: String,
    exists: bool,
    stage: &'a str,
}

/// The stack's APIs.
async fn apis<'a>(config: &'a Config, reads: &Reads, account: &str) -> Result<Vec<Api<'a>>> {
    let own: BTreeMap<String, String> = RestApi::discover(reads)
        .await?
        .into_iter()
        .map(|found| (found.key.path(), found.id))
        .collect();
    let region = &reads.region;
    let prefix = format!(
        "arn:{}:execute-api:{region}:{account}",
        Partition::of(region).id()
    );
    let apis = config.routes.iter().filter_map(|route| {
        let api = route.api()?;
        let id = match &api.source {
            ApiSource::Borrowed(id) => Some(id),
            _ => own.get(&route.path),
        };
        let name = id.cloned().unwrap_or_else(|| api_to_come(&route.path));
        Some(Api {
            arn: format!("{prefix}:{name}"),
            exists: id.is_some(),
            stage: &api.stage,
        })
    });
    Ok(apis.collect())
}

/// A warning if the endpoint's policy does not admit the stack's APIs: with the
/// statement, or with what stands in its way even if hybridgw adds that.
async fn missing_statement(
    borrowed: &Borrowed,
    config: &Config,
    reads: &Reads,
    account: &str,
) -> Finding<Option<Warning>> {
    let apis = apis(config, reads, account).await.map_err(failed)?;
    let passage = Passage::of(config, reads, Some(borrowed.id.clone())).await;
    let through = passage.through();
    // What the stack has added itself goes when it may not be added any more, and
    // comes anew where it may. A policy of nothing else would be one that lets
    // nothing pass.
    let sid = statements::sid(&config.stack, &Key::bare(Kind::EndpointPolicy));
    let closed = policy::normal(&policy::nothing());
    let text = match statements::without(&borrowed.text, &sid) {
        _ if borrowed.text.trim().is_empty() => String::new(),
        // hybridgw puts its own in the place of such a policy.
        Some(left) if !config.endpoint.manage || policy::normal(&left) != closed => {
            left.to_string()
        }
        _ => json!({ "Version": "2012-10-17", "Statement": [] }).to_string(),
    };
    let now = Policy::of_endpoint(&text);
    let (arns, requests): (BTreeSet<String>, Vec<Request>) = apis
        .iter()
        .map(|api| {
            let request = Request::invoke(&api.arn, Some(api.stage), None, None, &through);
            (api.arn.clone(), request)
        })
        .filter(|(_, request)| !now.judge(request).is_yes())
        .unzip();
    if requests.is_empty() {
        return Ok(None);
    }
    let statement = statements::invoke(&arns);
    let outcome = Outcome::of(&text, &statement, Policy::of_endpoint, &requests);
    let what = format!("the policy of {}", borrowed.id);
    let except = "its owner has to except requests to these APIs from it";
    Ok(if config.endpoint.manage {
        outcome.vain(PLACE, &what, except)
    } else {
        let all_exist = apis.iter().all(|api| api.exists);
        let yet = if all_exist { "" } else { " yet" };
        let may = if outcome.now.is_no() { "does" } else { "may" };
        let add =
            format!("its owner has to add this statement, or set `manage = true`: {statement}");
        let found = format!(
            "{PLACE}: {what} {may} not admit this stack's APIs{yet}: {}",
            outcome.now
        );
        Some(Warning::new(
            outcome.code(),
            found,
            outcome.remedy(except, &add),
        ))
    })
}

/// A warning if the endpoint leads to APIs of whatever account: people on the
/// network could reach a stranger's through it.
fn too_open(borrowed: &Borrowed, config: &Config, reads: &Reads) -> Option<Warning> {
    let region = &reads.region;
    let partition = Partition::of(region).id();
    let strangers = policy::api_arn(partition, region, "000000000000", "aaaaaaaaaa");
    let through = Through {
        endpoint: Some(&borrowed.id),
        vpc: &config.network.vpc,
        from: &[],
    };
    let request = Request::invoke(&strangers, None, None, None, &through);
    let policy = Policy::of_endpoint(&borrowed.text);
    policy.judge(&request).is_yes().then(|| {
        Warning::new(
            codes::POLICY_TOO_OPEN,
            format!(
                "{PLACE}: the policy of {} admits the APIs of every AWS account",
                borrowed.id
            ),
            "its owner may want to narrow it",
        )
    })
}

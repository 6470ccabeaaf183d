//! `security-group`: clients reach the load balancer, and that the endpoints.

use std::{collections::BTreeSet, net::IpAddr, sync::Arc};

use aws_sdk_ec2::types::{IpPermission, SecurityGroup};
use ipnet::IpNet;

use crate::{
    aws::read::{Groups, Interfaces},
    checks::{
        Check, Finding,
        codes::{SECURITY_GROUP_CLIENTS, SECURITY_GROUP_EGRESS, SECURITY_GROUP_ENDPOINT},
    },
    error::Result,
    resources::vpc_endpoint::Actual,
    verify::{
        hops::{UP, seen},
        scene::Scene,
    },
};

/// Who is at the other end.
#[derive(Clone, Debug, Default)]
struct Peer {
    groups: BTreeSet<String>,
    /// All of these have to pass; where that is not known, none.
    nets: Vec<IpNet>,
}

/// A finding for the clients, and one for each endpoint.
pub async fn check(scene: &Scene<'_>) -> Vec<Finding> {
    let balancer = seen!(&scene.balancer, Check::SecurityGroup);
    let Some(balancer) = balancer else {
        return vec![Finding::skipped(
            Check::SecurityGroup,
            "there is no load balancer",
        )];
    };
    let front: BTreeSet<String> = balancer.security_groups().iter().cloned().collect();
    let groups = seen!(known(scene, &front).await, Check::SecurityGroup);
    let own: Vec<&SecurityGroup> = those(&groups, &front);
    let mut findings = vec![clients(scene, &own)];
    for (endpoint, what) in [
        (&scene.endpoint, "execute-api"),
        (&scene.site_endpoint, "S3"),
    ] {
        let Ok(Some(endpoint)) = endpoint else {
            continue;
        };
        let to = seen!(known(scene, &endpoint.groups).await, Check::SecurityGroup);
        let to = those(&to, &endpoint.groups);
        findings.push(onward(scene, &own, &front, endpoint, &to, what).await);
    }
    findings
}

/// Groups by their ids, from what is known of the stack where they are there.
async fn known(scene: &Scene<'_>, ids: &BTreeSet<String>) -> Result<Arc<Vec<SecurityGroup>>> {
    let own = scene.reads.security_groups(Groups::OfStack).await?;
    if those(&own, ids).len() == ids.len() {
        return Ok(own);
    }
    let ids: Vec<String> = ids.iter().cloned().collect();
    scene.reads.security_groups(Groups::With(ids)).await
}

fn those<'a>(all: &'a [SecurityGroup], ids: &BTreeSet<String>) -> Vec<&'a SecurityGroup> {
    let is = |group: &&SecurityGroup| group.group_id().is_some_and(|id| ids.contains(id));
    all.iter().filter(is).collect()
}

fn clients(scene: &Scene<'_>, own: &[&SecurityGroup]) -> Finding {
    let rules: Vec<&IpPermission> = own
        .iter()
        .flat_map(|group| group.ip_permissions())
        .collect();
    let ids = names(own);
    let Some(config) = scene.config else {
        let open = rules.iter().any(|rule| is_https(rule));
        if open {
            return Finding::ok(Check::SecurityGroup, format!("{ids} admits clients on 443"));
        }
        let found = format!("{ids} admits nobody on 443");
        let cause = "connections to the load balancer time out";
        return Finding::failed(SECURITY_GROUP_CLIENTS, found, cause, UP);
    };
    let shut: Vec<String> = config
        .network
        .clients
        .iter()
        .map(ToString::to_string)
        .filter(|client| !client_admitted(&rules, client))
        .collect();
    if shut.is_empty() {
        let count = config.network.clients.len();
        let found = format!("{ids} admits all {count} of `network.clients` on 443");
        return Finding::ok(Check::SecurityGroup, found);
    }
    let found = format!("{ids} does not admit {} on 443", shut.join(", "));
    let cause = "a rule of the load balancer's group is missing: connections from there time out";
    Finding::failed(SECURITY_GROUP_CLIENTS, found, cause, UP)
}

/// Whether a client of the file (a range, a prefix list, a group) is let in.
fn client_admitted(rules: &[&IpPermission], client: &str) -> bool {
    let rules = || rules.iter().filter(|rule| is_https(rule));
    if let Ok(net) = client.parse::<IpNet>() {
        return rules().any(|rule| ranges(rule).any(|range| range.contains(&net)));
    }
    rules().any(|rule| {
        let mut lists = rule.prefix_list_ids().iter();
        let mut groups = rule.user_id_group_pairs().iter();
        lists.any(|one| one.prefix_list_id() == Some(client))
            || groups.any(|one| one.group_id() == Some(client))
    })
}

async fn onward(
    scene: &Scene<'_>,
    own: &[&SecurityGroup],
    front: &BTreeSet<String>,
    endpoint: &Actual,
    to: &[&SecurityGroup],
    what: &str,
) -> Finding {
    let addresses = endpoint.addresses.iter();
    let nets = addresses
        .filter_map(|one| one.ip.parse::<IpAddr>().ok())
        .map(IpNet::from);
    let there = Peer {
        groups: endpoint.groups.clone(),
        nets: nets.collect(),
    };
    let out = own.iter().flat_map(|group| group.ip_permissions_egress());
    if !admitted(&out.collect::<Vec<_>>(), &there) {
        let found = format!(
            "{} does not let out to the endpoint for {what} on 443",
            names(own)
        );
        let cause = "an egress rule of the load balancer's group is missing: requests end in 504";
        return Finding::failed(SECURITY_GROUP_EGRESS, found, cause, UP);
    }
    let mut here = Peer {
        groups: front.clone(),
        nets: Vec::new(),
    };
    let inward: Vec<&IpPermission> = to.iter().flat_map(|group| group.ip_permissions()).collect();
    let mut passes = admitted(&inward, &here);
    if !passes {
        // By ranges, then: those of the load balancer's own interfaces.
        here.nets = nodes(scene)
            .await
            .unwrap_or_default()
            .into_iter()
            .map(IpNet::from)
            .collect();
        passes = admitted(&inward, &here);
    }
    if passes {
        let found = format!(
            "{} lets out to {}, which lets it in ({what})",
            names(own),
            names(to)
        );
        return Finding::ok(Check::SecurityGroup, found);
    }
    let found = format!(
        "{} does not admit the load balancer ({}) on 443",
        names(to),
        names(own)
    );
    let cause = "an ingress rule of the endpoint's group is missing: requests end in 504";
    let borrowed = scene
        .config
        .is_some_and(|config| config.endpoint.id.is_some() && !config.endpoint.manage);
    let remedy = if borrowed {
        "let the endpoint's owner open its group as `hybridgw outputs` says, or set `endpoint.manage = true` and run `hybridgw up`"
    } else {
        UP
    };
    Finding::failed(SECURITY_GROUP_ENDPOINT, found, cause, remedy)
}

/// The addresses of the load balancer's interfaces. EC2 describes them as `ELB
/// app/<name>/<id>` (ELB user guide, "Security groups").
pub async fn nodes(scene: &Scene<'_>) -> Result<Vec<IpAddr>> {
    let balancer = scene.balancer.as_ref().map_err(Clone::clone)?;
    let group = balancer
        .as_ref()
        .and_then(|one| one.security_groups().first());
    let Some(group) = group else {
        return Ok(Vec::new());
    };
    let which = Interfaces::Using(group.clone());
    let all = scene.reads.network_interfaces(which).await?;
    let begins = format!("ELB app/{}/", scene.reads.stack);
    let own = all
        .iter()
        .filter(|one| one.description().unwrap_or_default().starts_with(&begins));
    let addresses = own.filter_map(|one| one.private_ip_address()?.parse().ok());
    Ok(addresses.collect())
}

fn admitted(rules: &[&IpPermission], peer: &Peer) -> bool {
    let rules = || rules.iter().filter(|rule| is_https(rule));
    let by_group = rules().any(|rule| {
        let mut groups = rule.user_id_group_pairs().iter();
        groups.any(|one| one.group_id().is_some_and(|id| peer.groups.contains(id)))
    });
    // What a prefix list holds is not looked up: it counts as fitting.
    let by_list = rules().any(|rule| !rule.prefix_list_ids().is_empty());
    let covered = |net: &IpNet| rules().any(|rule| ranges(rule).any(|range| range.contains(net)));
    by_group || by_list || !peer.nets.is_empty() && peer.nets.iter().all(covered)
}

fn is_https(rule: &IpPermission) -> bool {
    match rule.ip_protocol() {
        Some("-1") => true,
        Some("tcp" | "6") => {
            let (from, to) = (
                rule.from_port().unwrap_or(0),
                rule.to_port().unwrap_or(65_535),
            );
            (from..=to).contains(&443)
        }
        _ => false,
    }
}

fn ranges(rule: &IpPermission) -> impl Iterator<Item = IpNet> {
    let four = rule.ip_ranges().iter().filter_map(|one| one.cidr_ip());
    let six = rule.ipv6_ranges().iter().filter_map(|one| one.cidr_ipv6());
    four.chain(six).filter_map(|text| text.parse().ok())
}

fn names(groups: &[&SecurityGroup]) -> String {
    let ids: Vec<&str> = groups.iter().filter_map(|group| group.group_id()).collect();
    if ids.is_empty() {
        "no security group".to_owned()
    } else {
        ids.join(", ")
    }
}

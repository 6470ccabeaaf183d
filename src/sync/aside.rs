//! What is not as it should be and not to be repaired here. Only what the reads
//! of following show anyway is compared; `hybridgw plan` compares all.

use std::collections::BTreeSet;

use crate::{
    config::Config,
    resource::{Key, Kind, Resource},
    resources::{TargetGroup, target_group::Standing, vpc_endpoint::Actual},
    sync::Wanted,
};

const REPAIR: &str = "`hybridgw up` repairs it";

/// About the load balancer and its groups.
pub(super) fn of_groups(wanted: &Wanted, standing: &Standing) -> Vec<String> {
    let mut said = Vec::new();
    if standing.zones.is_none() && standing.any {
        said.push(format!("the load balancer is not there; {REPAIR}"));
    }
    let Some(config) = &wanted.config else {
        return said;
    };
    let standing: BTreeSet<Key> = standing
        .groups
        .iter()
        .map(|one| {
            let health = &config.load_balancer.health_check;
            let check = [
                ("path", &one.check.0, &health.path),
                ("matcher", &one.check.1, &health.matcher),
            ];
            let differs = check.into_iter().filter(|(_, has, wanted)| has != wanted);
            for (what, has, wanted) in differs.filter(|_| one.bucket.is_none()) {
                let key = one.group.key();
                said.push(format!(
                    "{key}: health check {what} is {has}, not {wanted}; {REPAIR}"
                ));
            }
            one.group.key()
        })
        .collect();
    let missing = groups_of(config).into_iter();
    let missing = missing.filter(|key| !standing.contains(key));
    said.extend(missing.map(|key| format!("{key} is not there; {REPAIR}")));
    said
}

/// The groups of addresses that a configuration asks for.
fn groups_of(config: &Config) -> Vec<Key> {
    let apis = config.has_api().then(|| Key::bare(Kind::TargetGroup));
    let sites = config.sites();
    let sites = sites.map(|(route, _)| TargetGroup::key_of_route(&route.path, config.has_api()));
    apis.into_iter().chain(sites).collect()
}

/// About an endpoint of the stack's own.
pub(super) fn of_endpoint(wanted: &Wanted, kind: Kind, actual: &Actual) -> Vec<String> {
    let Some(config) = &wanted.config else {
        return Vec::new();
    };
    let mut said = Vec::new();
    let mut differs = |what: &str, has: String, wanted: String| {
        if has != wanted {
            said.push(format!(
                "{kind}: {what}: {has} instead of {wanted}; {REPAIR}"
            ));
        }
    };
    let subnets = config.network.subnets.iter().cloned().collect();
    differs("subnets", join(&actual.subnets), join(&subnets));
    let is_api = kind == Kind::VpcEndpoint;
    let private_dns = is_api && config.endpoint.private_dns;
    differs(
        "private DNS",
        actual.private_dns.to_string(),
        private_dns.to_string(),
    );
    if is_api && !config.endpoint.addresses.is_empty() {
        let has = actual.addresses.iter().map(|one| one.ip.clone()).collect();
        let pins = config.endpoint.addresses.iter();
        let pins = pins.map(ToString::to_string).collect();
        differs("addresses", join(&has), join(&pins));
    }
    said
}

fn join(items: &BTreeSet<String>) -> String {
    items.iter().cloned().collect::<Vec<_>>().join(", ")
}

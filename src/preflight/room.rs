//! Whether the subnets have room for what gets addresses in them.

use super::{
    finding::{Finding, Problem, Problems, failed, problem},
    network::Places,
    own_endpoint,
};
use crate::{
    aws::read::Reads,
    checks::codes,
    config::Config,
    resource::{Found, Kind},
    resources::vpc_endpoint::Actual,
};

const PLACE: &str = "network.subnets";

/// What a load balancer wants of each subnet: a /27 or larger, and 8 free
/// addresses (ELB user guide, "Subnets for your load balancer").
const FREE: i32 = 8;
const SMALLEST: u8 = 27;

/// What is to come into a subnet.
struct Coming {
    balancer: bool,
    /// The endpoints of the stack's own, one address each.
    endpoints: i32,
}

impl Coming {
    fn addresses(&self) -> i32 {
        self.endpoints + if self.balancer { FREE } else { 0 }
    }

    fn words(&self) -> String {
        let endpoints = match self.endpoints {
            0 => None,
            1 => Some("1 for an endpoint".to_owned()),
            many => Some(format!("{many} for endpoints")),
        };
        let balancer = self
            .balancer
            .then(|| format!("{FREE} for the load balancer"));
        let all: Vec<String> = balancer.into_iter().chain(endpoints).collect();
        all.join(" and ")
    }
}

/// Checks the size of the subnets and their free addresses, for what is not in
/// them yet.
pub(super) async fn check(config: &Config, reads: &Reads, places: &Places) -> Finding<()> {
    let (balancer, apis, sites) = tokio::join!(
        reads.load_balancer(&config.stack),
        own_endpoint(reads, Kind::VpcEndpoint),
        own_endpoint(reads, Kind::SiteEndpoint),
    );
    let balancer = balancer.map_err(failed)?;
    let (apis, sites) = (apis.map_err(failed)?, sites.map_err(failed)?);
    let borrows = config.endpoint.id.is_some() || config.endpoint.foreign;
    let subnets = |found: Option<Found<Actual>>| {
        let found = found.map(|one| one.actual.subnets);
        found.unwrap_or_default()
    };
    let endpoints = [
        (config.has_api() && !borrows, subnets(apis)),
        (config.has_site(), subnets(sites)),
    ];
    let mut problems = Problems::default();
    for (id, place) in places {
        let mut zones = balancer.iter().flat_map(|one| one.availability_zones());
        let has_balancer = zones.any(|zone| zone.subnet_id() == Some(id));
        let missing = endpoints
            .iter()
            .filter(|(wanted, has)| *wanted && !has.contains(id));
        let coming = Coming {
            balancer: !has_balancer,
            endpoints: i32::try_from(missing.count()).unwrap_or(0),
        };
        let length = place.range.map(|range| range.prefix_len());
        if let Some(problem) = fits(id, &coming, length, place.free) {
            problems.note(problem);
        }
    }
    problems.or(())
}

fn fits(id: &str, coming: &Coming, length: Option<u8>, free: Option<i32>) -> Option<Problem> {
    if let Some(length) = length.filter(|length| coming.balancer && *length > SMALLEST) {
        return Some(problem(
            codes::SUBNETS_TOO_SMALL,
            PLACE,
            format!("{id} is a /{length}, and a load balancer wants a /{SMALLEST} or larger"),
            "choose a larger subnet",
        ));
    }
    let free = free.filter(|free| *free < coming.addresses())?;
    Some(problem(
        codes::SUBNETS_FULL,
        PLACE,
        format!(
            "{id} has {free} free addresses, and {} are needed: {}",
            coming.addresses(),
            coming.words()
        ),
        "choose another subnet, or make room in this one",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subnet_is_large_enough_and_has_addresses_for_all_that_comes() {
        let fits = |balancer, endpoints, length, free| {
            let coming = Coming {
                balancer,
                endpoints,
            };
            let error = fits("subnet-1", &coming, Some(length), Some(free));
            error.map(|one| one.error.to_string()).unwrap_or_default()
        };
        assert_eq!(fits(true, 1, 27, 9), "");
        assert_eq!(
            fits(true, 1, 24, 8),
            "network.subnets: subnet-1 has 8 free addresses, and 9 are needed: 8 for the load balancer and 1 for an endpoint"
        );
        assert!(fits(true, 2, 24, 9).ends_with("and 2 for endpoints"));
        assert!(fits(true, 0, 28, 11).contains("is a /28"));
        // What is there already needs nothing more.
        assert_eq!(fits(false, 0, 28, 0), "");
        assert_eq!(fits(false, 1, 28, 1), "");
        assert!(fits(false, 1, 28, 0).contains("1 are needed: 1 for an endpoint"));
    }
}

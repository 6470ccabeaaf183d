//! Pinned addresses: one in each subnet, and free.

use std::{collections::BTreeMap, net::Ipv4Addr};

use ipnet::Ipv4Net;

use super::{
    finding::{Finding, Problem, Problems, failed, problem},
    network::Places,
    own_endpoint,
};
use crate::{
    aws::read::{Interfaces, Reads, Vpcs},
    checks::codes,
    config::Config,
    resource::Kind,
};

const PLACE: &str = "endpoint.addresses";

/// Checks the pinned addresses against the subnets. Returns each subnet's.
pub(super) async fn check(
    config: &Config,
    reads: &Reads,
    places: Option<&Places>,
) -> Finding<BTreeMap<String, Ipv4Addr>> {
    let addresses = &config.endpoint.addresses;
    if config.endpoint.foreign {
        return check_foreign(config, reads).await.map(|()| BTreeMap::new());
    }
    let Some(places) = places.filter(|_| !addresses.is_empty()) else {
        return Ok(BTreeMap::new());
    };
    let mut problems = Problems::default();
    let mut pins: BTreeMap<String, Ipv4Addr> = BTreeMap::new();
    for address in addresses {
        match subnet_of(*address, places) {
            Err(error) => problems.note(error),
            Ok(subnet) => {
                if let Some(other) = pins.insert(subnet.to_owned(), *address) {
                    problems.note(problem(
                        codes::SUBNETS_ADDRESS,
                        PLACE,
                        format!("{other} and {address} are both in {subnet}"),
                        "name one address of each subnet",
                    ));
                }
            }
        }
    }
    problems.take(check_free(addresses, config, reads).await);
    problems.or(pins)
}

/// Whether the addresses of an endpoint that may not be looked at can be in the
/// VPC. Which of its subnets are shared with this account does not matter.
async fn check_foreign(config: &Config, reads: &Reads) -> Finding<()> {
    let vpc = &config.network.vpc;
    let vpcs = reads.vpcs(Vpcs::With(vpc.clone())).await.map_err(failed)?;
    let ranges = vpcs.iter().flat_map(|one| {
        let further = one.cidr_block_association_set().iter();
        let further = further.filter_map(|one| one.cidr_block());
        one.cidr_block().into_iter().chain(further)
    });
    let ranges: Vec<Ipv4Net> = ranges.filter_map(|range| range.parse().ok()).collect();
    let mut problems = Problems::default();
    for address in &config.endpoint.addresses {
        // No VPC: said elsewhere.
        if !ranges.is_empty() && !ranges.iter().any(|range| range.contains(address)) {
            problems.note(problem(
                codes::SUBNETS_ADDRESS,
                PLACE,
                format!("{address} is not an address of {vpc}"),
                "name addresses of an endpoint in `network.vpc`; its owner knows them",
            ));
        }
    }
    problems.or(())
}

/// The subnet that has the address, if it may be used there.
fn subnet_of(address: Ipv4Addr, places: &Places) -> std::result::Result<&str, Problem> {
    let ranges = places
        .iter()
        .filter_map(|(id, place)| Some((id, place.range?)));
    let mut ranges = ranges.filter(|(_, range)| range.contains(&address));
    let Some((id, range)) = ranges.next() else {
        return Err(problem(
            codes::SUBNETS_ADDRESS,
            PLACE,
            format!("{address} is in none of the subnets"),
            "name one address of each subnet of `network.subnets`",
        ));
    };
    if is_reserved(address, range) {
        return Err(problem(
            codes::SUBNETS_ADDRESS,
            PLACE,
            format!("{address} is one of the five that AWS keeps in {id} ({range})"),
            "not the first four and not the last",
        ));
    }
    Ok(id)
}

/// VPC user guide, "Subnet CIDR blocks": the first four and the last.
fn is_reserved(address: Ipv4Addr, range: Ipv4Net) -> bool {
    let place = u32::from(address) - u32::from(range.network());
    place < 4 || address == range.broadcast()
}

/// Whether nobody has the addresses, or only the stack's own endpoint.
async fn check_free(addresses: &[Ipv4Addr], config: &Config, reads: &Reads) -> Finding<()> {
    let which = Interfaces::At {
        vpc: config.network.vpc.clone(),
        addresses: addresses.iter().map(ToString::to_string).collect(),
    };
    let interfaces = reads.network_interfaces(which);
    let (interfaces, own) = tokio::join!(interfaces, own_endpoint(reads, Kind::VpcEndpoint));
    let interfaces = interfaces.map_err(failed)?;
    let own = own.map_err(failed)?;
    let is_own = |address: &str| {
        let mut held = own.iter().flat_map(|endpoint| &endpoint.actual.addresses);
        held.any(|held| held.ip == address)
    };
    let mut problems = Problems::default();
    for interface in interfaces.iter() {
        let all = interface.private_ip_addresses().iter();
        let held = all.filter_map(|one| one.private_ip_address());
        for address in held.filter(|one| addresses.iter().any(|pin| pin.to_string() == *one)) {
            if is_own(address) {
                continue;
            }
            let holder = interface
                .network_interface_id()
                .unwrap_or("another interface");
            let what = interface.description().filter(|text| !text.is_empty());
            let what = what.map(|text| format!(", {text}")).unwrap_or_default();
            problems.note(problem(
                codes::SUBNETS_ADDRESS_TAKEN,
                PLACE,
                format!("{address} is taken ({holder}{what})"),
                "choose an address that is free",
            ));
        }
    }
    problems.or(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::preflight::network::Place;

    fn places() -> Places {
        let place = |id: &str, range: &str| {
            let range = range.parse().ok();
            let (zone, free) = (id.to_owned(), None);
            (id.to_owned(), Place { zone, range, free })
        };
        Places::from([place("a", "10.0.1.0/24"), place("b", "10.0.2.0/28")])
    }

    #[test]
    fn the_first_four_addresses_and_the_last_are_awss_own() {
        let subnet =
            |address: &str| subnet_of(address.parse().unwrap(), &places()).map(str::to_owned);
        for (address, id) in [("10.0.1.4", "a"), ("10.0.1.254", "a"), ("10.0.2.14", "b")] {
            assert_eq!(subnet(address).unwrap(), id);
        }
        for address in ["10.0.1.0", "10.0.1.3", "10.0.1.255", "10.0.2.15"] {
            let said = subnet(address).unwrap_err().error.to_string();
            assert!(said.contains("AWS keeps"), "{said}");
        }
        let said = subnet("10.0.2.16").unwrap_err().error.to_string();
        assert!(said.contains("in none of the subnets"), "{said}");
    }
}

//! `dns`: what the name resolves to, and whether that is the load balancer.

use std::net::IpAddr;

use super::{Reached, listed, of_balancer};
use crate::{
    checks::{
        Check, Finding,
        codes::{
            DNS_NO_ANSWER, DNS_NOT_FORWARDED, DNS_NOT_FOUND, DNS_OTHER_ADDRESS, DNS_PUBLIC_ADDRESS,
        },
    },
    verify::{
        hops::groups::nodes,
        network::{Network, Resolved},
        scene::Scene,
    },
};

/// Addresses that only networks of one's own have: RFC 1918, RFC 6598, RFC 4193,
/// and those of this machine.
fn is_private(address: &IpAddr) -> bool {
    match address {
        IpAddr::V4(four) => {
            let [a, b, ..] = four.octets();
            let shared = a == 100 && (64..128).contains(&b);
            four.is_private() || four.is_loopback() || four.is_link_local() || shared
        }
        IpAddr::V6(six) => six.is_loopback() || six.segments()[0] & 0xfe00 == 0xfc00,
    }
}

/// `dns`.
pub async fn dns(network: &Network, scene: &Scene<'_>, reached: &Reached) -> Finding {
    let (host, resolver) = (&reached.host, network.resolver());
    let found = match &reached.resolved {
        Resolved::NoAnswer(why) => {
            let found = format!("{resolver} does not answer: {why}");
            let cause = "the resolver is not reached, or does not pass the question on";
            let remedy = "check the network, or name another resolver with --resolver";
            return Finding::failed(DNS_NO_ANSWER, found, cause, remedy);
        }
        Resolved::Nothing => return nothing(reached, &resolver),
        Resolved::To(addresses) => addresses,
    };
    let shown = listed(found);
    if network.is_overridden(host) {
        return Finding::ok(Check::Dns, format!("{shown}, by --resolve"));
    }
    let mut own = of_balancer(network, Some(scene)).await;
    own.extend(nodes(scene).await.unwrap_or_default());
    let public: Vec<IpAddr> = found
        .iter()
        .copied()
        .filter(|one| !is_private(one) && !own.contains(one))
        .collect();
    if !public.is_empty() {
        let cause = "the name leads to the internet: another record of this name answers here";
        let remedy = "look for a public record of the name, and at the order of the resolvers";
        return Finding::failed(
            DNS_PUBLIC_ADDRESS,
            format!("it leads to {}", listed(&public)),
            cause,
            remedy,
        );
    }
    let strange: Vec<IpAddr> = found
        .iter()
        .copied()
        .filter(|one| !own.contains(one))
        .collect();
    if !own.is_empty() && !strange.is_empty() {
        let found = format!(
            "it leads to {}, the load balancer has {}",
            listed(&strange),
            listed(&own)
        );
        let cause = "another record answers here, or an old answer is remembered";
        let remedy =
            "wait for the record's time to live (60 s); then look which zone answers: `dig +trace`";
        return Finding::failed(DNS_OTHER_ADDRESS, found, cause, remedy);
    }
    let compared = if own.is_empty() {
        ""
    } else {
        ", the load balancer's"
    };
    Finding::ok(Check::Dns, format!("{shown}{compared}, by {resolver}"))
}

fn nothing(reached: &Reached, resolver: &str) -> Finding {
    let found = format!("{resolver} knows no address of it");
    if reached.by_balancer && reached.is_outside() {
        let why = "the load balancer's own addresses are not reached either: this seems to be outside its network, where a private hosted zone is not seen";
        return Finding::skipped(Check::Dns, found).because(why);
    }
    if reached.by_balancer && reached.open().is_some() {
        let cause = "the load balancer is reached from here, but its hosted zone is not asked";
        let remedy = "associate the private zone with this VPC, or forward the zone's names to a Route 53 Resolver inbound endpoint; until then use --resolve";
        return Finding::failed(DNS_NOT_FORWARDED, found, cause, remedy);
    }
    let cause = "there is no such record, or the zone that has it is not asked from here";
    let remedy = "run `hybridgw up`; in a private zone, look which VPCs it is associated with; until then use --resolve";
    Finding::failed(DNS_NOT_FOUND, found, cause, remedy)
}

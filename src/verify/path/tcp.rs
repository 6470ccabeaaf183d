//! `tcp`: whether connections are made.

use std::net::IpAddr;

use super::{Reached, listed};
use crate::{
    checks::{
        Check, Finding,
        codes::{TCP_PARTLY, TCP_REFUSED, TCP_UNREACHABLE},
    },
    verify::network::{Connected, Network},
};

/// `tcp`.
pub fn tcp(network: &Network, reached: &Reached) -> Finding {
    let port = network.port(&reached.host);
    let note = if reached.by_balancer {
        ", the load balancer's own"
    } else {
        ""
    };
    if reached.tried.is_empty() {
        return Finding::skipped(Check::Tcp, "no address is known to connect to");
    }
    let with = |wanted: fn(&Connected) -> bool| {
        let all = reached.tried.iter().filter(|(_, became)| wanted(became));
        all.map(|(address, _)| *address).collect::<Vec<IpAddr>>()
    };
    let open = with(|became| *became == Connected::Open);
    let refused = with(|became| *became == Connected::Refused);
    let outside = with(Connected::is_outside);
    if open.len() == reached.tried.len() {
        let again = if reached.attempts > 1 {
            ", at the second attempt"
        } else {
            ""
        };
        return Finding::ok(
            Check::Tcp,
            format!("{} on {port}{note}{again}", listed(&open)),
        );
    }
    if !open.is_empty() {
        let found = format!(
            "{} on {port} answer, {} does not",
            listed(&open),
            listed(&[refused, outside].concat())
        );
        let cause = "a part of the load balancer is not reached: some connections hang until the client tries another address";
        let remedy = "look at the routes and network ACLs of that zone's subnet";
        return Finding::warning(TCP_PARTLY, found, cause, remedy);
    }
    if !refused.is_empty() {
        let found = format!("{} refuses connections to {port}", listed(&refused));
        let cause = "nothing listens there";
        let remedy = "run `hybridgw up`; with --resolve, check the address and the port";
        return Finding::failed(TCP_REFUSED, found, cause, remedy);
    }
    let words = reached.tried.iter().find_map(|(_, became)| match became {
        Connected::NoRoute(why) => Some(why.clone()),
        _ => None,
    });
    let words = words.unwrap_or_else(|| "no answer within 5 s".to_owned());
    let found = format!(
        "{} on {port}: {words}, {} attempts",
        listed(&outside),
        reached.attempts
    );
    let source = outside.first().and_then(|address| network.source(*address));
    let source = source.map_or(String::new(), |source| format!(" ({source} here)"));
    if network.is_overridden(&reached.host) {
        let cause = format!("nothing answers at the address of --resolve{source}");
        let remedy = "check the address, the route there and `network.clients`";
        return Finding::failed(TCP_UNREACHABLE, found, cause, remedy);
    }
    let why = format!(
        "this seems to be outside the load balancer's network{source}: no VPN, no route, or not one of `network.clients`"
    );
    Finding::skipped(Check::Tcp, found).because(why)
}

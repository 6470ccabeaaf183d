//! `dns`, `tcp`, `tls`: the way from where the command runs to the load
//! balancer.

use std::net::IpAddr;

use futures_util::future::join_all;

use super::{
    hops::groups::nodes,
    network::{Connected, Network, Resolved},
    scene::Scene,
};

mod dns;
mod tcp;
mod tls;

pub use dns::dns;
pub use tcp::tcp;
pub use tls::tls;

/// What was seen of a host from where the command runs.
#[derive(Clone, Debug)]
pub struct Reached {
    /// The host.
    pub host: String,
    /// What it resolves to.
    pub resolved: Resolved,
    /// The addresses that were tried, and what became of it.
    pub tried: Vec<(IpAddr, Connected)>,
    /// Whether these are the load balancer's own, since the name leads nowhere.
    pub by_balancer: bool,
    /// How often it was tried until it worked.
    pub attempts: u32,
}

impl Reached {
    /// An address that takes connections.
    pub fn open(&self) -> Option<IpAddr> {
        let mut open = self
            .tried
            .iter()
            .filter(|(_, became)| *became == Connected::Open);
        open.next().map(|(address, _)| *address)
    }

    /// Whether it looks as if the network were not reached from here.
    pub fn is_outside(&self) -> bool {
        !self.tried.is_empty() && self.tried.iter().all(|(_, became)| became.is_outside())
    }
}

/// How often a connection is tried before it counts as failed.
const TRIES: u32 = 2;

/// Resolves a host and connects to all of its addresses, side by side.
pub async fn reach(network: &Network, scene: Option<&Scene<'_>>, host: &str) -> Reached {
    let resolved = network.resolve(host).await;
    let (addresses, by_balancer) = match &resolved {
        Resolved::To(addresses) => (addresses.clone(), false),
        _ => (of_balancer(network, scene).await, true),
    };
    let mut attempts = 0;
    let mut tried = Vec::new();
    while attempts < TRIES {
        attempts += 1;
        let connects = addresses
            .iter()
            .map(|address| async move { (*address, network.connect(host, *address).await) });
        tried = join_all(connects).await;
        if tried.iter().all(|(_, became)| *became == Connected::Open) {
            break;
        }
    }
    Reached {
        host: host.to_owned(),
        resolved,
        tried,
        by_balancer,
        attempts,
    }
}

/// The load balancer's addresses: what its own name resolves to (the names of
/// internal load balancers are public: ELB user guide, "DNS name"), else those
/// of its interfaces.
async fn of_balancer(network: &Network, scene: Option<&Scene<'_>>) -> Vec<IpAddr> {
    let Some(scene) = scene else {
        return Vec::new();
    };
    let balancer = scene.balancer.as_ref().ok().and_then(Option::as_ref);
    let name = balancer.and_then(|one| one.dns_name());
    if let Some(name) = name
        && let Resolved::To(addresses) = network.resolve(name).await
    {
        return addresses;
    }
    nodes(scene).await.unwrap_or_default()
}

fn listed(all: &[IpAddr]) -> String {
    let all: Vec<String> = all.iter().map(ToString::to_string).collect();
    all.join(", ")
}

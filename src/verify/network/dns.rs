//! Names, by the system's resolver or a named one.

use std::{io, net::SocketAddr, time::Duration};

use hickory_resolver::{
    TokioResolver,
    config::{LookupIpStrategy, NameServerConfig, ResolveHosts, ResolverConfig},
    net::runtime::TokioRuntimeProvider,
};

use super::Resolved;

/// How long the system's resolver may take: it tries several servers, for 5 s
/// each by default (resolv.conf(5)).
const PATIENCE: Duration = Duration::from_secs(20);

/// Asks the system, which heeds its own hosts file.
pub async fn by_system(host: &str) -> Resolved {
    // With a port, and a dot at the end: no search domain is tried.
    let asked = tokio::net::lookup_host((format!("{host}."), 443));
    match tokio::time::timeout(PATIENCE, asked).await {
        Err(_) => Resolved::NoAnswer(format!("no answer within {} s", PATIENCE.as_secs())),
        Ok(Err(error)) if is_temporary(&error) => Resolved::NoAnswer(error.to_string()),
        Ok(Err(_)) => Resolved::Nothing,
        Ok(Ok(found)) => some(found.map(|address| address.ip()).collect()),
    }
}

/// getaddrinfo(3) tells "there is none" from "nobody answers"; the standard
/// library passes on its words only.
fn is_temporary(error: &io::Error) -> bool {
    let words = error.to_string().to_lowercase();
    words.contains("temporary") || words.contains("try again") || words.contains("system error")
}

fn some(mut addresses: Vec<std::net::IpAddr>) -> Resolved {
    addresses.sort();
    addresses.dedup();
    if addresses.is_empty() {
        Resolved::Nothing
    } else {
        Resolved::To(addresses)
    }
}

/// Asks this server and no other.
pub async fn by_server(host: &str, server: SocketAddr) -> Resolved {
    let mut named = NameServerConfig::udp_and_tcp(server.ip());
    for connection in &mut named.connections {
        connection.port = server.port();
    }
    let config = ResolverConfig::from_name_servers(vec![named]);
    let mut builder = TokioResolver::builder_with_config(config, TokioRuntimeProvider::default());
    let options = builder.options_mut();
    options.timeout = Duration::from_secs(3);
    options.attempts = 2;
    options.use_hosts_file = ResolveHosts::Never;
    options.ip_strategy = LookupIpStrategy::Ipv4AndIpv6;
    options.os_port_selection = true;
    let resolver = match builder.build() {
        Ok(resolver) => resolver,
        Err(error) => return Resolved::NoAnswer(error.to_string()),
    };
    match resolver.lookup_ip(format!("{host}.")).await {
        Ok(found) => some(found.iter().collect()),
        Err(error) if error.is_nx_domain() || error.is_no_records_found() => Resolved::Nothing,
        Err(error) => Resolved::NoAnswer(error.to_string()),
    }
}

//! Who may talk to whom: security groups, for health checks and the data plane.

use std::net::Ipv4Addr;

use super::state::{Peer, Rule, State};

/// One end of a connection.
#[derive(Clone, Copy, Debug)]
pub struct Flow<'a> {
    /// The address.
    pub address: Ipv4Addr,
    /// The security groups of the interface; none for what is outside the VPC.
    pub groups: &'a [String],
}

/// Returns whether a TCP connection passes the groups at both ends.
///
/// VPC user guide, "Security group rules": allow rules only, all groups of an
/// interface together; replies pass by themselves. An end outside the VPC has
/// no groups, and nothing holds it back.
pub fn groups_admit(state: &State, from: Flow<'_>, to: Flow<'_>, port: u16) -> bool {
    let out = from.groups.is_empty() || passes(state, from.groups, true, to, port);
    let inside = to.groups.is_empty() || passes(state, to.groups, false, from, port);
    out && inside
}

fn passes(state: &State, groups: &[String], egress: bool, other: Flow<'_>, port: u16) -> bool {
    let allows = |rule: &Rule| {
        rule.egress == egress
            && groups.contains(&rule.group)
            && rule.traffic.includes(port)
            && match &rule.peer {
                Peer::Ipv4(net) => net.contains(&other.address),
                Peer::Group(group) => other.groups.contains(group),
                Peer::PrefixList(id) => {
                    let list = state.prefix_lists.get(id);
                    let mut nets = list.into_iter().flat_map(|list| &list.entries);
                    nets.any(|net| net.contains(&other.address))
                }
                Peer::Ipv6(_) => false,
            }
    };
    state.rules.values().any(allows)
}

//! Ids and addresses in a VPC.

use std::{fmt, net::Ipv4Addr};

use ipnet::Ipv4Net;

use super::all;
use crate::config::form::Text;
use crate::config::problem::{Checked, refusal, shown};

/// The id of a VPC.
pub(in crate::config) const VPC: Text<String> = Text::new(|text, _| resource_id(text, "vpc-"))
    .pattern(r"^vpc-([0-9a-f]{8}|[0-9a-f]{17})$")
    .examples(&["vpc-0a1b2c3d4e5f60718"]);

/// The id of a subnet.
pub(in crate::config) const SUBNET: Text<String> =
    Text::new(|text, _| resource_id(text, "subnet-"))
        .pattern(r"^subnet-([0-9a-f]{8}|[0-9a-f]{17})$")
        .examples(&["subnet-0aaaaaaaaaaaaaaaa", "subnet-0bbbbbbbbbbbbbbbb"]);

/// The id of a VPC endpoint.
pub(in crate::config) const ENDPOINT: Text<String> =
    Text::new(|text, _| resource_id(text, "vpce-"))
        .pattern(r"^vpce-([0-9a-f]{8}|[0-9a-f]{17})$")
        .examples(&["vpce-0a1b2c3d4e5f60718"]);

/// The address of an endpoint in one subnet.
pub(in crate::config) const ADDRESS: Text<Ipv4Addr> = Text::new(|text, _| address(text))
    .pattern(r"^([0-9]{1,3}\.){3}[0-9]{1,3}$")
    .examples(&["10.0.1.10", "10.0.2.10"]);

/// Who may reach the load balancer.
pub(in crate::config) const CLIENTS: Text<Client> = Text::new(|text, _| client(text))
    .pattern(
        r"^(([0-9]{1,3}\.){3}[0-9]{1,3}/([1-9]|[12][0-9]|3[0-2])|(pl|sg)-([0-9a-f]{8}|[0-9a-f]{17}))$",
    )
    .examples(&["10.0.0.0/8"]);

/// Who may reach the load balancer.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Client {
    /// Whoever has one of these addresses.
    Range(Ipv4Net),
    /// Whoever has an address of this prefix list.
    PrefixList(String),
    /// Whatever is in this security group.
    Group(String),
}

impl fmt::Display for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Range(range) => range.fmt(f),
            Self::PrefixList(id) | Self::Group(id) => f.write_str(id),
        }
    }
}

/// An id such as `vpc-0a1b2c3d`: the prefix and 8 or 17 hexadecimal digits.
fn resource_id(text: &str, prefix: &str) -> Checked<String> {
    let digits = text.strip_prefix(prefix).unwrap_or_default();
    let is_hex = all(digits, |c| c.is_ascii_digit() || ('a'..='f').contains(&c));
    if is_hex && (digits.len() == 8 || digits.len() == 17) {
        return Ok(text.to_owned());
    }
    Err(refusal(
        format!("`{}` is not a `{prefix}` id", shown(text)),
        format!("`{prefix}` and 8 or 17 of 0-9 and a-f, as in {prefix}0a1b2c3d4e5f60718"),
    ))
}

/// One of the endpoint's addresses. Whether its subnet has it, AWS knows.
fn address(text: &str) -> Checked<Ipv4Addr> {
    if text.contains(':') {
        return Err(refusal(
            format!("`{}` is IPv6", shown(text)),
            "the endpoint has IPv4 addresses only; name one of each subnet",
        ));
    }
    text.parse().map_err(|_| {
        let message = format!("`{}` is not an IPv4 address", shown(text));
        refusal(message, "four numbers, as in 10.0.1.10")
    })
}

fn client(text: &str) -> Checked<Client> {
    if text.starts_with("pl-") {
        return resource_id(text, "pl-").map(Client::PrefixList);
    }
    if text.starts_with("sg-") {
        return resource_id(text, "sg-").map(Client::Group);
    }
    range(text).map(Client::Range)
}

fn range(text: &str) -> Checked<Ipv4Net> {
    if text.contains(':') {
        return Err(refusal(
            format!("`{}` is IPv6", shown(text)),
            "the load balancer has IPv4 addresses only; name the IPv4 ranges",
        ));
    }
    if let Ok(address) = text.parse::<Ipv4Addr>() {
        let message = format!("`{text}` is an address, not a range");
        return Err(refusal(message, format!("write {address}/32")));
    }
    let Ok(range) = text.parse::<Ipv4Net>() else {
        let message = format!("`{}` is not an IPv4 range", shown(text));
        return Err(refusal(
            message,
            "write a CIDR block, as in 10.0.0.0/8, or the id of a prefix list or a security group",
        ));
    };
    if range.prefix_len() == 0 {
        return Err(refusal(
            format!("`{text}` admits everybody"),
            "name the corporate ranges, as in 10.0.0.0/8",
        ));
    }
    let canonical = range.trunc();
    if canonical.to_string() != text {
        let message = format!("`{}` is not the range's canonical form", shown(text));
        return Err(refusal(message, format!("write {canonical}")));
    }
    Ok(canonical)
}

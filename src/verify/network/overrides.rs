//! `--resolve HOST:PORT:ADDR`, as curl has it.

use std::{net::IpAddr, str::FromStr};

/// Where a host is, whatever the resolver says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Override {
    /// The host; `*` for every one.
    pub host: String,
    /// The port to connect to.
    pub port: u16,
    /// The addresses.
    pub addresses: Vec<IpAddr>,
}

impl Override {
    /// Whether it is about this host.
    pub fn is_about(&self, host: &str) -> bool {
        self.host == "*" || self.host.eq_ignore_ascii_case(host)
    }
}

impl FromStr for Override {
    type Err = String;

    /// `HOST:PORT:ADDR[,ADDR]…`; an IPv6 address may stand in brackets.
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = |what: &str| {
            format!("{what}: write HOST:PORT:ADDRESS, as in orders.example.com:443:10.0.1.10")
        };
        let mut parts = text.trim_start_matches('+').splitn(3, ':');
        let (Some(host), Some(port), Some(addresses)) = (parts.next(), parts.next(), parts.next())
        else {
            return Err(wrong("not all three parts are there"));
        };
        if host.is_empty() {
            return Err(wrong("the host is missing"));
        }
        let port = port.parse().ok().filter(|port| *port > 0);
        let port = port.ok_or_else(|| wrong("the port is not a number from 1 to 65535"))?;
        let one = |text: &str| {
            let bare = text.trim().trim_start_matches('[').trim_end_matches(']');
            bare.parse()
                .map_err(|_| wrong(&format!("`{bare}` is not an IP address")))
        };
        Ok(Self {
            host: host.trim_end_matches('.').to_owned(),
            port,
            addresses: addresses.split(',').map(one).collect::<Result<_, _>>()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_led_elsewhere_as_curl_does_it() {
        let read: Override = "Orders.example.com:443:10.0.1.10,[::1]".parse().unwrap();
        assert_eq!(read.port, 443);
        assert_eq!(read.addresses.len(), 2);
        assert!(read.is_about("orders.example.com") && !read.is_about("example.com"));
        let bare: Override = "*:8443:::1".parse().unwrap();
        assert!(bare.is_about("any.example.com") && bare.addresses[0].is_ipv6());
    }

    #[test]
    fn nonsense_is_refused_with_the_form_that_is_right() {
        for text in [
            "",
            "host",
            "host:443",
            "host:443:",
            "host:x:10.0.0.1",
            ":443:10.0.0.1",
            "h:0:10.0.0.1",
            "h:443:name",
        ] {
            let error = text.parse::<Override>().unwrap_err();
            assert!(error.contains("HOST:PORT:ADDRESS"), "{text}: {error}");
        }
    }
}

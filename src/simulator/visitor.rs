//! Who may speak to the served account: programs on this machine, and no web page.
//!
//! The account checks no credentials, and a browser reaches loopback. A page can
//! send requests there (CSRF), and a page whose name leads to 127.0.0.1 can read
//! the answers too (DNS rebinding). A browser gives both away: `Host` is the
//! page's name then, `Origin` comes with every request that is not a plain GET
//! (Fetch standard, 3.1), and `Sec-Fetch-Site` with the rest (Fetch Metadata).

use std::net::IpAddr;

use hyper::header::{HOST, HeaderMap, ORIGIN};
use hyper::http::Uri;

/// Why a request is refused, if it is.
pub fn refusal(uri: &Uri, headers: &HeaderMap) -> Option<String> {
    let text =
        |value: &hyper::header::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    // The target may name a host as well, for proxies.
    let named = headers.get_all(HOST).iter().map(text);
    let named: Vec<String> = named
        .chain(uri.authority().map(ToString::to_string))
        .collect();
    if named.is_empty() {
        return Some("the request names no host".to_owned());
    }
    let is_served = |host: &String| is_loopback(host) || is_aws(host);
    if let Some(foreign) = named.iter().find(|host| !is_served(host)) {
        return Some(format!(
            "the host {foreign:?} is not this machine: only loopback names and addresses are served"
        ));
    }
    if let Some(origin) = headers.get(ORIGIN) {
        return Some(format!(
            "the request comes from a web page: its origin is {:?}",
            text(origin)
        ));
    }
    let site = headers.get("sec-fetch-site").map(text);
    match site.as_deref() {
        // What a person types into the address bar.
        None | Some("none" | "same-origin") => None,
        Some(site) => Some(format!(
            "the request comes from a web page: Sec-Fetch-Site is {site:?}"
        )),
    }
}

/// Whether a host is of AWS's own: clients that are led here otherwise than by
/// the name send it (a bucket in the host, a private API's own name). Nobody but
/// AWS can lead such a name to this machine.
fn is_aws(host: &str) -> bool {
    let name = host.split(':').next().unwrap_or_default();
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    [".amazonaws.com", ".amazonaws.com.cn", ".api.aws"]
        .iter()
        .any(|suffix| name.ends_with(suffix))
}

/// Whether a host, with or without a port, can be nothing but this machine.
/// `localhost` and what ends in `.localhost` never leave it (RFC 6761, 6.3).
pub fn is_loopback(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    if let Ok(address) = name.parse::<IpAddr>() {
        return address.is_loopback();
    }
    let name = name.to_ascii_lowercase();
    let name = name.strip_suffix('.').unwrap_or(&name);
    name == "localhost" || name.ends_with(".localhost")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(headers: &[(&'static str, &str)]) -> Option<String> {
        let headers = headers
            .iter()
            .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
            .collect();
        refusal(&Uri::from_static("/_simulator/reset"), &headers)
    }

    #[test]
    fn programs_on_this_machine_are_served() {
        for host in [
            "127.0.0.1:4567",
            "127.9.9.9",
            "[::1]:4567",
            "[::1]",
            "localhost",
            "LocalHost.:4567",
            "bucket.localhost:4567",
            "site.s3.eu-central-1.amazonaws.com",
        ] {
            assert_eq!(asked(&[("host", host)]), None, "{host}");
        }
    }

    #[test]
    fn a_name_that_only_leads_here_is_refused() {
        for host in [
            "evil.example:4567",
            "127.0.0.1.evil.example",
            "localhost.evil.example",
            "notlocalhost",
            "amazonaws.com.evil.example",
            "evilamazonaws.com",
            "0.0.0.0:4567",
            "[::]",
            "10.0.0.1",
            "",
        ] {
            assert!(asked(&[("host", host)]).is_some(), "{host}");
        }
        assert!(asked(&[]).is_some());
        let uri = Uri::from_static("http://evil.example/_simulator/reset");
        let host = [("host".parse().unwrap(), "localhost".parse().unwrap())];
        assert!(refusal(&uri, &host.into_iter().collect()).is_some());
    }

    #[test]
    fn a_web_page_is_refused_whatever_it_asks() {
        let host = ("host", "127.0.0.1:4567");
        for origin in ["https://evil.example", "null", "http://localhost:3000"] {
            assert!(asked(&[host, ("origin", origin)]).is_some(), "{origin}");
        }
        for site in ["cross-site", "same-site"] {
            assert!(asked(&[host, ("sec-fetch-site", site)]).is_some(), "{site}");
        }
        assert_eq!(asked(&[host, ("sec-fetch-site", "none")]), None);
    }
}

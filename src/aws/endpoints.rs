//! Where calls go when that is not AWS's own endpoint.
//!
//! A service can have an endpoint of its own, from `AWS_ENDPOINT_URL_S3` or the
//! `services` section of a profile (AWS SDKs and Tools reference guide,
//! "Service-specific endpoints"). Each is shown before anybody is asked, and
//! none may be plain HTTP unless the user says so.

use std::collections::BTreeMap;

use aws_config::SdkConfig;
use aws_types::service_config::{LoadServiceConfig, ServiceConfigKey};

use crate::{
    error::{Error, Result},
    simulator::visitor::is_loopback,
};

/// The services that are called, by the ids that their clients look up, which
/// are their names too.
const SERVICES: [&str; 9] = [
    "ACM",
    "API Gateway",
    "EC2",
    "Elastic Load Balancing v2",
    "Lambda",
    "Route 53",
    "S3",
    "STS",
    "Service Quotas",
];

/// The endpoints that are not AWS's own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Endpoints {
    /// For all services but those below.
    all: Option<String>,
    /// A service's own.
    own: BTreeMap<&'static str, String>,
}

impl Endpoints {
    /// As the clients will resolve them. `flag` is `--endpoint-url`, which beats
    /// all else.
    pub fn of(config: &SdkConfig, flag: Option<&str>) -> Self {
        if let Some(url) = flag {
            return Self {
                all: Some(url.to_owned()),
                own: BTreeMap::new(),
            };
        }
        let all = config.endpoint_url().map(str::to_owned);
        let mut own = BTreeMap::new();
        for service in SERVICES {
            let url = configured(config, service);
            // The answer for a service without its own is the one for all.
            if let Some(url) = url.filter(|url| Some(url) != all.as_ref()) {
                own.insert(service, url);
            }
        }
        Self { all, own }
    }

    /// Where a service's calls go, if that is not AWS.
    pub fn for_service(&self, service: &str) -> Option<&str> {
        let own = self.own.get(service).or(self.all.as_ref());
        own.map(String::as_str)
    }

    /// In words, for the header that is shown before asking.
    pub fn words(&self) -> Option<String> {
        let own = self
            .own
            .iter()
            .map(|(service, url)| format!("{url} for {service}"));
        let all: Vec<String> = self.all.iter().cloned().chain(own).collect();
        (!all.is_empty()).then(|| all.join(", "))
    }

    /// Plain HTTP shows credentials and plans to whoever is on the way, and lets
    /// them answer.
    ///
    /// # Errors
    ///
    /// An endpoint is plain HTTP and not on this machine.
    pub fn refuse_plain_http(&self) -> Result<()> {
        let plain = self
            .all
            .iter()
            .chain(self.own.values())
            .find(|url| is_plain_http(url) && !is_on_this_machine(url));
        match plain {
            None => Ok(()),
            Some(url) => Err(Error::invalid(format!(
                "the endpoint {url} is plain HTTP and not on this machine: \
                 whoever is on the way could read and change everything"
            ))
            .hint("use https, or pass --allow-http if that network is yours alone")),
        }
    }
}

/// The settings of services as AWS spells them in a profile: `route_53`, where
/// the SDK looks for `route-53`. In the environment both are `ROUTE_53`.
#[derive(Debug)]
struct AsDocumented(SdkConfig);

impl LoadServiceConfig for AsDocumented {
    fn load_config(&self, key: ServiceConfigKey<'_>) -> Option<String> {
        let id = key.service_id().replace(' ', "_");
        let key = ServiceConfigKey::builder()
            .service_id(&id)
            .env(key.env())
            .profile(key.profile())
            .build()
            .ok()?;
        self.0.service_config()?.load_config(key)
    }
}

/// The same configuration, with the settings of services as AWS spells them.
pub(super) fn as_documented(config: SdkConfig) -> SdkConfig {
    let builder = config.clone().into_builder();
    builder.service_config(AsDocumented(config)).build()
}

fn configured(config: &SdkConfig, service: &str) -> Option<String> {
    let key = ServiceConfigKey::builder()
        .service_id(service)
        .env("AWS_ENDPOINT_URL")
        .profile("endpoint_url")
        .build()
        .ok()?;
    config.service_config()?.load_config(key)
}

/// Schemes are compared without case (RFC 3986, 3.1).
fn is_plain_http(url: &str) -> bool {
    url.get(..7)
        .is_some_and(|scheme| scheme.eq_ignore_ascii_case("http://"))
}

/// Whether a URL's host can be nothing but this machine.
fn is_on_this_machine(url: &str) -> bool {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#', '\\']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    is_loopback(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(url: &str) -> Endpoints {
        Endpoints {
            all: Some(url.to_owned()),
            own: BTreeMap::new(),
        }
    }

    #[test]
    fn plain_http_is_for_this_machine() {
        for url in [
            "http://127.0.0.1:4566",
            "http://127.9.9.9/",
            "http://[::1]:4566",
            "HTTP://LocalHost:4566/x",
            "http://a.localhost",
            "https://example.com",
            "https://10.0.0.1",
        ] {
            assert!(all(url).refuse_plain_http().is_ok(), "{url}");
        }
        for url in [
            "http://example.com",
            "HTTP://10.0.0.1:4566",
            "http://localhost.example.com",
            "http://127.0.0.1@example.com",
            "http://example.com/127.0.0.1",
            "http://example.com#@localhost",
            "http://[::2]",
            "http://0.0.0.0",
        ] {
            assert!(all(url).refuse_plain_http().is_err(), "{url}");
        }
    }

    #[test]
    fn a_service_of_its_own_is_named_and_held_to_the_same() {
        let mut endpoints = Endpoints::default();
        assert_eq!(endpoints.words(), None);
        endpoints.own.insert("S3", "http://example.com".to_owned());
        assert!(endpoints.refuse_plain_http().is_err());
        assert_eq!(
            endpoints.words().as_deref(),
            Some("http://example.com for S3")
        );
        assert_eq!(endpoints.for_service("S3"), Some("http://example.com"));
        assert_eq!(endpoints.for_service("EC2"), None);
    }
}

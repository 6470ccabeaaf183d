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
const SERVICES: [&str; 10] = [
    "ACM",
    "API Gateway",
    "EC2",
    "Elastic Load Balancing v2",
    "IAM",
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

    /// What is no URL of a server would fail at each call, in the words of a
    /// library; a password in it would be shown wherever the endpoint is.
    ///
    /// # Errors
    ///
    /// An endpoint is no URL, or has a user in it.
    pub fn refuse_unusable(&self) -> Result<()> {
        for url in self.all.iter().chain(self.own.values()) {
            if authority(url).is_some_and(|authority| authority.contains('@')) {
                // It may be a password: it is not repeated.
                return Err(Error::invalid("an endpoint has a user name in it")
                    .hint("leave out what stands before the @"));
            }
            if !is_of_a_server(url) {
                let message = format!("the endpoint {url} is not the URL of a server");
                return Err(Error::invalid(message).hint("write it like https://example.com:4566"));
            }
        }
        Ok(())
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
        let value = self.0.service_config()?.load_config(key)?;
        // A variable that is set to nothing is as good as none, as in the AWS CLI.
        (!value.trim().is_empty()).then_some(value)
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

/// What stands between the scheme and the path.
fn authority(url: &str) -> Option<&str> {
    let (_, rest) = url.split_once("://")?;
    rest.split(['/', '?', '#', '\\']).next()
}

/// Whether it has a scheme, a host and, if any, a port that exists.
fn is_of_a_server(url: &str) -> bool {
    let Ok(uri) = url.parse::<hyper::Uri>() else {
        return false;
    };
    let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
        return false;
    };
    // What a port leaves of an authority is the host.
    let rest = authority.as_str().strip_prefix(authority.host());
    let has_port = rest.is_some_and(|rest| !rest.is_empty());
    matches!(scheme, "http" | "https")
        && !authority.host().is_empty()
        && has_port == authority.port_u16().is_some()
}

/// Schemes are compared without case (RFC 3986, 3.1).
fn is_plain_http(url: &str) -> bool {
    url.get(..7)
        .is_some_and(|scheme| scheme.eq_ignore_ascii_case("http://"))
}

/// Whether a URL's host can be nothing but this machine.
fn is_on_this_machine(url: &str) -> bool {
    let authority = authority(url).unwrap_or_default();
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
    fn what_is_no_server_is_refused_and_a_password_is_not_repeated() {
        for url in [
            "https://example.com",
            "http://127.0.0.1:4566/base",
            "http://[::1]:4566",
            "HTTPS://Example.com:8443",
        ] {
            let refused = all(url).refuse_unusable();
            assert!(refused.is_ok(), "{url}: {refused:?}");
        }
        for url in [
            "",
            "127.0.0.1:4566",
            "example.com",
            "ftp://example.com",
            "http://",
            "http://:80",
            "http://127.0.0.1:99999",
            "http://127.0.0.1:",
            "http://a b",
        ] {
            assert!(all(url).refuse_unusable().is_err(), "{url}");
        }
        let refused = all("https://me:hunter2@example.com").refuse_unusable();
        let error = refused.expect_err("a password");
        assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
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

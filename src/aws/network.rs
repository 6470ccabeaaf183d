//! The HTTP client of corporate networks: a proxy and a private CA.
//!
//! The SDK reads neither `HTTPS_PROXY` nor `AWS_CA_BUNDLE` by itself.

use std::{env, path::Path};

use aws_smithy_http_client::{
    Builder, Connector,
    proxy::ProxyConfig,
    tls::{Provider, TlsContext, TrustStore, rustls_provider::CryptoMode},
};
use aws_smithy_runtime_api::client::http::SharedHttpClient;

use crate::{
    error::{Error, Result},
    file,
};

/// Far more than all the roots of the world.
const MOST_BYTES: usize = 16 * 1024 * 1024;

/// Addresses that never go through the proxy: local emulators.
const LOOPBACK: &str = "localhost,127.0.0.0/8,::1";

/// An HTTP client that honours `HTTPS_PROXY`, `ALL_PROXY`, `NO_PROXY` and
/// `AWS_CA_BUNDLE`.
///
/// # Errors
///
/// A proxy that is no URL, or a CA bundle that cannot be read.
pub(super) fn http_client() -> Result<SharedHttpClient> {
    let read = |name: &str| env::var(name).ok().filter(|value| !value.is_empty());
    let proxy = proxy(&read)?;
    let tls = tls(&read)?;
    let client = Builder::new().build_with_connector_fn(move |settings, components| {
        let mut connector = Connector::builder()
            .tls_provider(Provider::Rustls(CryptoMode::AwsLc))
            .tls_context(tls.clone())
            .proxy_config(proxy.clone());
        connector.set_connector_settings(settings.cloned());
        connector.set_sleep_impl(components.and_then(|parts| parts.sleep_impl()));
        connector.build()
    });
    Ok(client)
}

fn proxy(read: &dyn Fn(&str) -> Option<String>) -> Result<ProxyConfig> {
    let names = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];
    let Some((name, url)) = names.iter().find_map(|name| Some((name, read(name)?))) else {
        return Ok(ProxyConfig::disabled());
    };
    let spared = read("NO_PROXY").or_else(|| read("no_proxy"));
    let spared = spared.map_or_else(|| LOOPBACK.to_owned(), |list| format!("{list},{LOOPBACK}"));
    // The URL may hold a password: it is not repeated.
    ProxyConfig::https(&url)
        .map(|proxy| proxy.no_proxy(spared))
        .map_err(|_| {
            Error::invalid(format!("{name} is not a proxy URL"))
                .hint("write it like http://proxy.example.com:8080")
        })
}

fn tls(read: &dyn Fn(&str) -> Option<String>) -> Result<TlsContext> {
    let mut trust = TrustStore::default();
    if let Some(path) = read("AWS_CA_BUNDLE") {
        let pem = file::read(Path::new(&path), MOST_BYTES).map_err(|error| {
            Error::invalid(format!(
                "AWS_CA_BUNDLE names {path}, which cannot be read: {error}"
            ))
        })?;
        if !pem
            .windows(27)
            .any(|part| part == b"-----BEGIN CERTIFICATE-----")
        {
            return Err(Error::invalid(format!(
                "AWS_CA_BUNDLE names {path}, which holds no PEM certificate"
            )));
        }
        // The bundle replaces the system's roots, as in every AWS tool.
        trust = TrustStore::empty().with_pem_certificate(pem);
    }
    TlsContext::builder()
        .with_trust_store(trust)
        .build()
        .map_err(|error| Error::invalid(format!("the TLS roots cannot be used: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_proxy_is_named_without_its_password() {
        let read = |name: &str| (name == "HTTPS_PROXY").then(|| "http://u:hunter2@ :x".to_owned());
        let error = proxy(&read).expect_err("not a URL");
        assert_eq!(error.to_string(), "HTTPS_PROXY is not a proxy URL");
    }

    #[test]
    fn a_missing_ca_bundle_is_named() {
        let read = |name: &str| (name == "AWS_CA_BUNDLE").then(|| "/no/such.pem".to_owned());
        let error = tls(&read).expect_err("no file");
        assert!(
            error
                .to_string()
                .starts_with("AWS_CA_BUNDLE names /no/such.pem")
        );
    }
}

//! The HTTP client of corporate networks: a proxy and a private CA.
//!
//! The SDK reads neither `HTTPS_PROXY` nor `AWS_CA_BUNDLE` by itself.

use std::{env, fmt, path::Path};

use aws_smithy_http_client::{
    Builder, Connector,
    proxy::ProxyConfig,
    tls::{Provider, TlsContext, TrustStore, rustls_provider::CryptoMode},
};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use rustls::{
    RootCertStore,
    pki_types::{CertificateDer, pem::PemObject},
};

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
    let never = match read("NO_PROXY").or_else(|| read("no_proxy")) {
        Some(list) => format!("{},{LOOPBACK}", spared(&list)),
        None => LOOPBACK.to_owned(),
    };
    // The URL may hold a password: it is not repeated.
    ProxyConfig::https(&url)
        .map(|proxy| proxy.no_proxy(never))
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
        check_bundle(&path, &pem)?;
        // The bundle replaces the system's roots, as in every AWS tool.
        trust = TrustStore::empty().with_pem_certificate(pem);
    }
    TlsContext::builder()
        .with_trust_store(trust)
        .build()
        .map_err(|error| Error::invalid(format!("the TLS roots cannot be used: {error}")))
}

/// The SDK panics at a bundle that it cannot use.
fn check_bundle(path: &str, pem: &[u8]) -> Result<()> {
    let mut store = RootCertStore::empty();
    for (index, certificate) in CertificateDer::pem_slice_iter(pem).enumerate() {
        let place = index + 1;
        let damaged = |why: &dyn fmt::Display| {
            Error::invalid(format!(
                "AWS_CA_BUNDLE names {path}, whose certificate {place} cannot be used: {why}"
            ))
        };
        let certificate = certificate.map_err(|error| damaged(&error))?;
        store.add(certificate).map_err(|error| damaged(&error))?;
    }
    if store.is_empty() {
        return Err(Error::invalid(format!(
            "AWS_CA_BUNDLE names {path}, which holds no PEM certificate"
        )));
    }
    Ok(())
}

/// `NO_PROXY` as the SDK reads it. Others also take `*.example.com` for
/// `.example.com`, and a port (Go's `httpproxy`, Python's requests).
fn spared(list: &str) -> String {
    let one = |entry: &str| {
        let entry = entry.trim();
        let entry = entry
            .strip_prefix('*')
            .filter(|rest| rest.starts_with('.'))
            .unwrap_or(entry);
        match entry.split_once(':') {
            Some((host, "443")) => host.to_owned(),
            _ => entry.to_owned(),
        }
    };
    let entries: Vec<String> = list.split(',').map(one).collect();
    entries.join(",")
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
    fn names_without_a_proxy_are_read_as_others_write_them() {
        let list = "*.example.com, a.example.net:443,.b,10.0.0.0/8,fe80::443,*,c:8443";
        let read = ".example.com,a.example.net,.b,10.0.0.0/8,fe80::443,*,c:8443";
        assert_eq!(spared(list), read);
    }

    #[test]
    fn a_damaged_ca_bundle_is_an_error_and_not_a_panic() {
        const BEGIN: &str = "-----BEGIN CERTIFICATE-----\n";
        const END: &str = "\n-----END CERTIFICATE-----\n";
        for inside in ["garbage!!", "MIIB", ""] {
            let whole = format!("{BEGIN}{inside}{END}");
            for pem in [whole.as_str(), whole.trim_end_matches(END)] {
                let error = check_bundle("x.pem", pem.as_bytes()).expect_err(pem);
                let said = error.to_string();
                assert!(said.starts_with("AWS_CA_BUNDLE names x.pem"), "{said}");
            }
        }
        let error = check_bundle("x.pem", b"stack = 1").expect_err("no certificate");
        assert!(error.to_string().ends_with("holds no PEM certificate"));
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

//! The certificates of the stack's names.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use aws_sdk_acm::types::{CertificateDetail, CertificateStatus};
use futures_util::future::join_all;

use super::{
    finding::{Finding, Problem, Problems, failed, problem},
    place_of_host,
};
use crate::{
    aws::read::Reads,
    checks::codes,
    config::{Config, Host},
};

/// Checks that each name has a certificate that is issued and covers it.
pub(super) async fn check(config: &Config, reads: &Reads) -> Finding<()> {
    let hosts = config.hosts();
    let arns: BTreeSet<&str> = hosts.iter().map(|host| host.certificate).collect();
    let found = join_all(arns.iter().map(|arn| async {
        let certificate = reads.certificate(arn).await.map_err(failed)?;
        Ok((*arn, certificate))
    }));
    let mut problems = Problems::default();
    let known: BTreeMap<&str, Arc<Option<CertificateDetail>>> = found
        .await
        .into_iter()
        .filter_map(|finding| problems.take(finding))
        .collect();
    for (index, host) in hosts.iter().enumerate() {
        let place = place_of_host(config, index, "certificate");
        let certificate = known.get(host.certificate);
        match certificate.map(|one| one.as_ref()) {
            None => {}
            Some(None) => problems.note(problem(
                codes::CERTIFICATE_MISSING,
                &place,
                format!("{} does not exist", host.certificate),
                "check the ARN, the region and the account",
            )),
            Some(Some(certificate)) => {
                for problem in judge(certificate, host, &place) {
                    problems.note(problem);
                }
            }
        }
    }
    problems.or(())
}

fn judge(certificate: &CertificateDetail, host: &Host<'_>, place: &str) -> Vec<Problem> {
    let mut problems = Vec::new();
    if certificate.status() != Some(&CertificateStatus::Issued) {
        let status = certificate.status();
        let status = status.map_or("UNKNOWN", CertificateStatus::as_str);
        problems.push(problem(
            codes::CERTIFICATE_NOT_ISSUED,
            place,
            format!("the certificate is {status}, not ISSUED"),
            "validate or renew it first",
        ));
    }
    let alternatives = certificate.subject_alternative_names().iter();
    let mut names: BTreeSet<&str> = alternatives.map(String::as_str).collect();
    names.extend(certificate.domain_name());
    if !names.iter().any(|name| covers(name, host.name)) {
        let listed = names.into_iter().collect::<Vec<_>>().join(", ");
        problems.push(problem(
            codes::CERTIFICATE_NOT_COVERING,
            place,
            format!("it covers {listed}, not {}", host.name),
            "use a certificate for the name or for a wildcard above it",
        ));
    }
    problems
}

/// Whether a certificate's name covers a host: a wildcard stands for exactly
/// one label (RFC 6125).
fn covers(name: &str, host: &str) -> bool {
    let name = name.to_lowercase();
    match name.strip_prefix("*.") {
        None => name == host,
        Some(parent) => host.split_once('.').is_some_and(|(_, rest)| rest == parent),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wildcard_stands_for_one_label() {
        assert!(covers("*.corp.example.com", "orders.corp.example.com"));
        assert!(covers("Orders.corp.example.com", "orders.corp.example.com"));
        assert!(!covers("*.example.com", "orders.corp.example.com"));
        assert!(!covers("*.corp.example.com", "corp.example.com"));
    }
}

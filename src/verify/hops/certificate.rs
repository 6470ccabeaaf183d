//! `certificate`: one of the listener's covers each host, and is good.

use std::sync::Arc;

use aws_sdk_acm::types::{CertificateDetail, CertificateStatus};

use crate::{
    checks::{
        Check, Finding,
        codes::{
            CERTIFICATE_EXPIRED, CERTIFICATE_EXPIRES_SOON, CERTIFICATE_MISSING,
            CERTIFICATE_NOT_COVERING, CERTIFICATE_NOT_ISSUED,
        },
    },
    error::Result,
    verify::{hops::seen, network::covers, scene::Scene},
};

/// A certificate that ends within this many days is a warning. ACM begins to
/// renew 60 days before (ACM user guide, "Managed renewal").
pub const SOON: i64 = 14;

/// Days from a moment until another, both in seconds since 1970.
pub fn days(now: i64, until: i64) -> i64 {
    (until - now).div_euclid(86_400)
}

/// A finding for each host.
pub async fn check(scene: &Scene<'_>) -> Vec<Finding> {
    seen!(&scene.listeners, Check::Certificate);
    let Some(arn) = scene.front().and_then(|front| front.listener_arn()) else {
        return vec![Finding::skipped(
            Check::Certificate,
            "there is no listener on 443",
        )];
    };
    let attached = seen!(
        scene.reads.listener_certificates(arn).await,
        Check::Certificate
    );
    let arns: Vec<&str> = attached
        .iter()
        .filter_map(|one| one.certificate_arn())
        .collect();
    let mut all = Vec::new();
    for arn in arns {
        all.push((arn, scene.reads.certificate(arn).await));
    }
    let hosts = scene.hosts.iter();
    hosts
        .map(|host| one(&host.name, &all, scene.now).on_host(&host.name))
        .collect()
}

type Seen<'a> = (&'a str, Result<Arc<Option<CertificateDetail>>>);

fn one(host: &str, all: &[Seen<'_>], now: i64) -> Finding {
    let mut names = Vec::new();
    let mut unseen = None;
    for (arn, certificate) in all {
        let detail = match certificate {
            Err(error) => {
                unseen = Some(Finding::unseen(Check::Certificate, error));
                continue;
            }
            Ok(detail) => detail,
        };
        let Some(detail) = detail.as_ref() else {
            let cause = "a listener goes on with a copy, but nothing renews it";
            let found = format!("ACM does not know {arn}");
            let remedy =
                "name a certificate that exists in `domain.certificate`, and run `hybridgw up`";
            unseen = Some(Finding::failed(CERTIFICATE_MISSING, found, cause, remedy));
            continue;
        };
        let own = names_of(detail);
        if own.iter().any(|name| covers(name, host)) {
            return judged(arn, detail, now);
        }
        names.extend(own);
    }
    if let Some(finding) = unseen {
        return finding;
    }
    let found = format!("the listener's certificates cover {}", names.join(", "));
    let cause = "browsers refuse a certificate for another name";
    let remedy = "name a certificate that covers the host in `domain.certificate` (of an alias: `domain.aliases`), and run `hybridgw up`";
    Finding::failed(CERTIFICATE_NOT_COVERING, found, cause, remedy)
}

fn names_of(detail: &CertificateDetail) -> Vec<String> {
    let others = detail.subject_alternative_names().iter().cloned();
    let mut names: Vec<String> = detail
        .domain_name()
        .map(str::to_owned)
        .into_iter()
        .chain(others)
        .collect();
    names.sort();
    names.dedup();
    names
}

/// What is to be said of a certificate at this moment, in seconds since 1970.
pub fn judged(arn: &str, detail: &CertificateDetail, now: i64) -> Finding {
    let status = detail.status();
    let left = detail.not_after().map(|moment| days(now, moment.secs()));
    let renew = "renew it: ACM does so by itself where DNS validation still holds; an imported one is imported again under the same ARN";
    if status == Some(&CertificateStatus::Expired) || left.is_some_and(|days| days < 0) {
        let found = format!("{arn} is expired");
        return Finding::failed(
            CERTIFICATE_EXPIRED,
            found,
            "it was not renewed in time",
            renew,
        );
    }
    if status != Some(&CertificateStatus::Issued) {
        let word = status.map_or("?", CertificateStatus::as_str);
        let cause = "only an issued certificate serves";
        let remedy = "finish its validation in ACM, or name another one in `domain.certificate`";
        return Finding::failed(
            CERTIFICATE_NOT_ISSUED,
            format!("{arn} is {word}"),
            cause,
            remedy,
        );
    }
    match left {
        Some(days) if days < SOON => {
            let found = format!("{arn} ends in {days} days");
            let cause = "it has not been renewed yet";
            Finding::warning(CERTIFICATE_EXPIRES_SOON, found, cause, renew)
        }
        Some(days) => Finding::ok(Check::Certificate, format!("issued, {days} days left")),
        None => Finding::ok(Check::Certificate, "issued"),
    }
}

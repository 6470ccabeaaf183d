//! The rules for single values, continued: the load balancer.

use super::S3Location;
use super::check::{Checked, all};
use super::check_routes::is_bucket;
use super::problem::{shown, wrong};

pub(super) fn tls_policy(text: &str) -> Checked<String> {
    let rest = text.strip_prefix("ELBSecurityPolicy-").unwrap_or_default();
    if all(rest, |c| c.is_ascii_alphanumeric() || c == '-') {
        return Ok(text.to_owned());
    }
    Err(wrong(
        format!("`{}` is not a TLS policy", shown(text)),
        "as in ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09",
    ))
}

pub(super) fn access_logs(text: &str) -> Checked<S3Location> {
    const EXAMPLE: &str = "write s3://bucket or s3://bucket/prefix";
    let Some(rest) = text.strip_prefix("s3://") else {
        let message = format!("`{}` is not a place in S3", shown(text));
        return Err(wrong(message, EXAMPLE));
    };
    let (bucket, prefix) = match rest.split_once('/') {
        Some((bucket, prefix)) => (bucket, Some(prefix)),
        None => (rest, None),
    };
    if !is_bucket(bucket) {
        let message = format!("`{}` is not a bucket's name", shown(bucket));
        return Err(wrong(message, EXAMPLE));
    }
    if prefix.is_some_and(|p| p.is_empty() || p.starts_with('/') || p.ends_with('/')) {
        let message = "the prefix neither begins nor ends with `/`";
        return Err(wrong(message, EXAMPLE));
    }
    let prefix = prefix.unwrap_or_default();
    // AWS adds it below the prefix, and refuses it within.
    if prefix.contains("AWSLogs") {
        let message = "the prefix must not contain `AWSLogs`";
        return Err(wrong(message, "leave it out; AWS adds it below the prefix"));
    }
    if !prefix.chars().all(|c| c.is_ascii_graphic()) {
        let message = format!("`{}` is not a usable prefix", shown(prefix));
        return Err(wrong(message, "ASCII without spaces"));
    }
    Ok(S3Location {
        bucket: bucket.to_owned(),
        prefix: prefix.to_owned(),
    })
}

pub(super) fn health_path(text: &str) -> Checked<String> {
    let fits = text.starts_with('/') && text.len() <= 1024 && all(text, |c| c.is_ascii_graphic());
    if fits {
        return Ok(text.to_owned());
    }
    Err(wrong(
        format!("`{}` is not a path", shown(text)),
        "begin with `/`, without spaces, as in /ping",
    ))
}

pub(super) fn matcher(text: &str) -> Checked<String> {
    let code = |text: &str| -> Option<u16> {
        let is_code = text.len() == 3 && all(text, |c| c.is_ascii_digit());
        let number = is_code.then(|| text.parse().ok()).flatten()?;
        (200..=499).contains(&number).then_some(number)
    };
    let fits = match text.split_once('-') {
        Some((low, high)) => matches!((code(low), code(high)), (Some(l), Some(h)) if l < h),
        None => text.split(',').all(|part| code(part).is_some()),
    };
    if fits {
        return Ok(text.to_owned());
    }
    Err(wrong(
        format!("`{}` does not match HTTP codes", shown(text)),
        "codes from 200 to 499: 200, or 200,301, or 200-299",
    ))
}

//! The rules for single values, continued: the load balancer and the routes.

use std::path::PathBuf;

use super::S3Location;
use super::arn::Arn;
use super::check::{Checked, all, lower_or_digit};
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
    let is_bucket = (3..=63).contains(&bucket.len())
        && all(bucket, |c| lower_or_digit(c) || c == '.' || c == '-')
        && !bucket.starts_with(['.', '-'])
        && !bucket.ends_with(['.', '-']);
    if !is_bucket {
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

/// The path of a route, which is `/` or one base path of API Gateway.
pub(super) fn route_path(text: &str) -> Checked<String> {
    if text == "/" {
        return Ok(text.to_owned());
    }
    let Some(name) = text.strip_prefix('/') else {
        let message = format!("`{}` does not begin with `/`", shown(text));
        return Err(wrong(message, format!("write /{}", shown(text))));
    };
    if let Some(shorter) = text.strip_suffix('/') {
        let message = format!("`{}` ends with `/`", shown(text));
        return Err(wrong(message, format!("write {}", shown(shorter))));
    }
    if name.contains('/') {
        return Err(wrong(
            format!("`{}` has more than one level", shown(text)),
            "API Gateway's base paths have one level: /orders, not /shop/orders",
        ));
    }
    // The characters that base paths and the load balancer's path patterns share.
    let fits = all(name, |c| c.is_ascii_alphanumeric() || "-_.$+".contains(c));
    if !fits || name.chars().all(|c| c == '.') {
        return Err(wrong(
            format!("`{}` is not a base path", shown(text)),
            "letters, digits and - _ . $ +",
        ));
    }
    // A rule's path pattern has 128 characters at most, and one ends in `/*`.
    if text.len() > 126 {
        let message = format!("{} characters are too many", text.len());
        return Err(wrong(message, "a listener rule leaves room for 126"));
    }
    if name == "ping" || name == "sping" {
        return Err(wrong(
            format!("`{text}` is reserved by API Gateway for its own health check"),
            "choose another path",
        ));
    }
    Ok(text.to_owned())
}

pub(super) fn file(text: &str) -> Checked<PathBuf> {
    if text.is_empty() || text.contains('\0') {
        let message = "is not a file's name";
        return Err(wrong(message, "name the OpenAPI file, as in openapi.json"));
    }
    Ok(PathBuf::from(text))
}

pub(super) fn api_id(text: &str) -> Checked<String> {
    if text.len() == 10 && all(text, lower_or_digit) {
        return Ok(text.to_owned());
    }
    Err(wrong(
        format!("`{}` is not a REST API's id", shown(text)),
        "10 lower-case letters and digits, as in a1b2c3d4e5",
    ))
}

pub(super) fn lambda(text: &str, region: Option<&str>) -> Checked<String> {
    let refused = || {
        wrong(
            "must be a Lambda function's ARN",
            "arn:aws:lambda:eu-central-1:111122223333:function:orders",
        )
    };
    let arn = Arn::parse(text).ok_or_else(refused)?;
    let name = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let rest = arn.resource.strip_prefix("function:").ok_or_else(refused)?;
    let (function, qualifier) = rest.split_once(':').unwrap_or((rest, "1"));
    let qualifier_fits = qualifier == "$LATEST" || (qualifier.len() <= 128 && all(qualifier, name));
    if arn.service != "lambda" || function.len() > 64 || !all(function, name) || !qualifier_fits {
        return Err(refused());
    }
    arn.in_region(region)?;
    Ok(text.to_owned())
}

pub(super) fn stage(text: &str) -> Checked<String> {
    let fits =
        text.len() <= 128 && all(text, |c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
    if fits {
        return Ok(text.to_owned());
    }
    Err(wrong(
        format!("`{}` is not a stage's name", shown(text)),
        "1 to 128 letters, digits, '_' and '-', as in v1",
    ))
}

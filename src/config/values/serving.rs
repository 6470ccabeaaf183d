//! How the load balancer serves and checks: TLS, health.

use super::all;
use crate::config::form::Text;
use crate::config::problem::{Checked, refusal, shown};

/// The security policy of a listener.
pub(in crate::config) const TLS_POLICY: Text<String> =
    Text::new(|text, _| tls_policy(text)).pattern(r"^ELBSecurityPolicy-[A-Za-z0-9-]+$");

/// The path of a health check.
pub(in crate::config) const HEALTH_PATH: Text<String> =
    Text::new(|text, _| health_path(text)).pattern(r"^/[!-~]*$");

/// The codes of a healthy answer.
pub(in crate::config) const MATCHER: Text<String> = Text::new(|text, _| matcher(text))
    .pattern(r"^[2-4][0-9]{2}(-[2-4][0-9]{2}|(,[2-4][0-9]{2})*)$")
    .examples(&["200", "200,301", "200-299"]);

fn tls_policy(text: &str) -> Checked<String> {
    let rest = text.strip_prefix("ELBSecurityPolicy-").unwrap_or_default();
    if all(rest, |c| c.is_ascii_alphanumeric() || c == '-') {
        return Ok(text.to_owned());
    }
    Err(refusal(
        format!("`{}` is not a TLS policy", shown(text)),
        "as in ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09",
    ))
}

fn health_path(text: &str) -> Checked<String> {
    let fits = text.starts_with('/') && text.len() <= 1024 && all(text, |c| c.is_ascii_graphic());
    if fits {
        return Ok(text.to_owned());
    }
    Err(refusal(
        format!("`{}` is not a path", shown(text)),
        "begin with `/`, without spaces, as in /ping",
    ))
}

fn matcher(text: &str) -> Checked<String> {
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
    Err(refusal(
        format!("`{}` does not match HTTP codes", shown(text)),
        "codes from 200 to 499: 200, or 200,301, or 200-299",
    ))
}

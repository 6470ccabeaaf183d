//! The settings of health checks.

use super::arn::invalid;
use super::list::number;
use super::matcher;
use super::state::{HealthCheck, TargetType};
use crate::codec::{Input, Refusal};

/// Reads the health check of a new group. Defaults: `ELBv2` API reference, `CreateTargetGroup`.
pub fn new_check(input: &Input, kind: TargetType) -> Result<HealthCheck, Refusal> {
    let text = |text: &str| Some(text.to_owned());
    let protocol = input.text("Protocol").unwrap_or_default();
    let stream = matches!(protocol, "TCP" | "TLS");
    let default = match kind {
        TargetType::Lambda => HealthCheck {
            enabled: false,
            protocol: None,
            port: None,
            path: text("/"),
            matcher: text("200"),
            interval: 35,
            timeout: 30,
            healthy: 5,
            unhealthy: 5,
        },
        TargetType::Ip => HealthCheck {
            enabled: true,
            // HTTP for application load balancers whatever the traffic's protocol.
            protocol: text(if stream { "TCP" } else { "HTTP" }),
            port: text("traffic-port"),
            path: text("/").filter(|_| !stream),
            matcher: text("200").filter(|_| !stream),
            interval: 30,
            // ELB user guide, "Health checks": 5 s; the API reference says 6 and 10 by protocol.
            timeout: if stream { 10 } else { 5 },
            healthy: 5,
            unhealthy: 2,
        },
    };
    changed_check(input, kind, &default)
}

/// Reads what a request makes of a health check.
pub fn changed_check(
    input: &Input,
    kind: TargetType,
    old: &HealthCheck,
) -> Result<HealthCheck, Refusal> {
    let mut check = old.clone();
    check.enabled = input.flag("HealthCheckEnabled").unwrap_or(check.enabled);
    if !check.enabled && kind == TargetType::Ip {
        // ELBv2 API reference: always enabled for addresses.
        return Err(invalid(
            "Health check enabled must be true for target groups with target type 'ip'",
        ));
    }
    if let Some(protocol) = input.text("HealthCheckProtocol") {
        check.protocol = Some(protocol_of(protocol, kind, old)?);
    }
    if let Some(port) = input.text("HealthCheckPort") {
        let number = port.parse::<u16>().is_ok_and(|port| port > 0);
        if kind == TargetType::Lambda || !(number || port == "traffic-port") {
            return Err(invalid(format!("Health check port '{port}' is not valid")));
        }
        check.port = Some(port.to_owned());
    }
    if let Some(path) = input.text("HealthCheckPath") {
        if !path.starts_with('/') || path.chars().count() > 1024 {
            return Err(invalid(format!(
                "Health check path '{path}' must begin with a '/' character, and can be at most 1024 characters in length."
            )));
        }
        check.path = Some(path.to_owned());
    }
    if let Some(codes) = input.child("Matcher") {
        if codes.has("GrpcCode") {
            return Err(invalid(
                "A gRPC matcher cannot be used with this protocol version",
            ));
        }
        let codes = codes.require("HttpCode")?;
        matcher::check(codes)?;
        check.matcher = Some(codes.to_owned());
    }
    let set =
        |name, least, most, old| number(input, name, least, most).map(|new| new.unwrap_or(old));
    check.interval = set("HealthCheckIntervalSeconds", 5, 300, check.interval)?;
    check.timeout = set("HealthCheckTimeoutSeconds", 2, 120, check.timeout)?;
    check.healthy = set("HealthyThresholdCount", 2, 10, check.healthy)?;
    check.unhealthy = set("UnhealthyThresholdCount", 2, 10, check.unhealthy)?;
    if check.timeout >= check.interval && kind == TargetType::Ip || check.timeout > check.interval {
        // Observed.
        let text = format!(
            "Health check interval must be greater than the timeout: {} is not more than {}",
            check.interval, check.timeout
        );
        return Err(invalid(text));
    }
    Ok(check)
}

/// TCP is not for groups of HTTP and HTTPS (`ELBv2` API reference, `ModifyTargetGroup`).
fn protocol_of(protocol: &str, kind: TargetType, old: &HealthCheck) -> Result<String, Refusal> {
    let stream = old.protocol.as_deref() == Some("TCP");
    match protocol {
        "HTTP" | "HTTPS" if kind == TargetType::Ip => Ok(protocol.to_owned()),
        "TCP" if stream => Ok(protocol.to_owned()),
        _ => Err(invalid(format!(
            "Health check protocol '{protocol}' is not supported for this target group"
        ))),
    }
}

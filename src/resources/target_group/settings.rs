//! What is set in a target group, by what it leads to.

use std::collections::BTreeMap;

use aws_sdk_elasticloadbalancingv2::types::{self, Matcher, ProtocolEnum, TargetGroupAttribute};

use super::{Behind, Field};

/// Endpoints of API Gateway and of S3 speak HTTPS.
const PORT: i32 = 443;
/// How long an address that goes keeps its connections, in seconds.
const DELAY: (&str, &str) = ("deregistration_delay.timeout_seconds", "30");
const MULTI_VALUE: &str = "lambda.multi_value_headers.enabled";

/// The settings of a target group.
pub(super) struct Settings {
    /// `ip` or `lambda`.
    pub target_type: String,
    /// Protocol and port; empty for functions, which take none.
    pub traffic: String,
    /// The VPC; empty for functions, which take none.
    pub vpc: String,
    /// How targets are checked. Only functions can do without.
    pub check: Option<Check>,
    /// The field, the attribute as ELBv2 spells it, its value.
    pub attributes: Vec<(Field, &'static str, String)>,
}

/// A health check.
pub(super) struct Check {
    /// The protocol; none for functions.
    pub protocol: Option<ProtocolEnum>,
    /// The path.
    pub path: String,
    /// The healthy codes.
    pub matcher: String,
    /// Seconds from one check to the next.
    pub interval: i32,
    /// Seconds to wait for an answer.
    pub timeout: i32,
    /// Answers in a row that change the verdict.
    pub threshold: i32,
}

impl Check {
    /// The healthy codes, as ELBv2 takes them.
    pub fn matcher(&self) -> Matcher {
        Matcher::builder().http_code(&self.matcher).build()
    }
}

impl Settings {
    /// The settings for this kind of group.
    pub fn of(behind: &Behind, vpc: &str) -> Self {
        match behind {
            Behind::Api { health } => Self::of_addresses(vpc, &health.path, &health.matcher),
            // S3 answers a request that names no bucket with 307 or 405: AWS's own
            // pattern (blog "Hosting Internal HTTPS Static Websites with ALB, S3,
            // and PrivateLink").
            Behind::Site { .. } => Self::of_addresses(vpc, "/", "307,405"),
            Behind::Lambda {
                multi_value_headers,
                health_check,
                ..
            } => Self {
                target_type: "lambda".to_owned(),
                traffic: String::new(),
                vpc: String::new(),
                check: health_check.as_ref().map(|check| Check {
                    protocol: None,
                    path: check.path.clone(),
                    matcher: check.matcher.clone(),
                    interval: i32::try_from(check.interval).unwrap_or(i32::MAX),
                    // ELBv2's default for functions, and less than any interval.
                    timeout: 30,
                    threshold: 2,
                }),
                attributes: vec![(
                    Field::MultiValueHeaders,
                    MULTI_VALUE,
                    multi_value_headers.to_string(),
                )],
            },
        }
    }

    fn of_addresses(vpc: &str, path: &str, matcher: &str) -> Self {
        let (delay, seconds) = DELAY;
        Self {
            target_type: "ip".to_owned(),
            traffic: format!("HTTPS:{PORT}"),
            vpc: vpc.to_owned(),
            check: Some(Check {
                protocol: Some(ProtocolEnum::Https),
                path: path.to_owned(),
                matcher: matcher.to_owned(),
                interval: 10,
                timeout: 5,
                threshold: 2,
            }),
            attributes: vec![(Field::DeregistrationDelay, delay, seconds.to_owned())],
        }
    }

    /// The protocol, where there is one.
    pub fn protocol(&self) -> Option<ProtocolEnum> {
        (!self.traffic.is_empty()).then_some(ProtocolEnum::Https)
    }

    /// The port, where there is one.
    pub fn port(&self) -> Option<i32> {
        (!self.traffic.is_empty()).then_some(PORT)
    }

    /// The attribute that a field is, as ELBv2 takes it.
    pub fn attribute(&self, field: &Field) -> Option<TargetGroupAttribute> {
        let mut all = self.attributes.iter();
        let (_, key, value) = all.find(|(own, ..)| own == field)?;
        let attribute = TargetGroupAttribute::builder().key(*key);
        Some(attribute.value(value).build())
    }

    /// The health check by its fields. Of one that is off nothing else matters.
    pub fn health(&self) -> BTreeMap<Field, String> {
        let Some(check) = &self.check else {
            return BTreeMap::from([(Field::HealthCheck, "off".to_owned())]);
        };
        let mut health = BTreeMap::from([
            (Field::HealthCheck, "on".to_owned()),
            (Field::HealthCheckPath, check.path.clone()),
            (Field::HealthCheckMatcher, check.matcher.clone()),
            (Field::HealthCheckInterval, check.interval.to_string()),
            (Field::HealthCheckTimeout, check.timeout.to_string()),
            (Field::HealthyThreshold, check.threshold.to_string()),
            (Field::UnhealthyThreshold, check.threshold.to_string()),
        ]);
        if let Some(protocol) = &check.protocol {
            health.insert(Field::HealthCheckProtocol, protocol.as_str().to_owned());
        }
        health
    }
}

fn number(number: Option<i32>) -> String {
    number.map(|number| number.to_string()).unwrap_or_default()
}

/// Protocol and port, as ELBv2 reports them.
pub(super) fn traffic(group: &types::TargetGroup) -> String {
    let protocol = group.protocol().map(ProtocolEnum::as_str);
    protocol.map_or_else(String::new, |protocol| {
        format!("{protocol}:{}", number(group.port()))
    })
}

/// The health check, as ELBv2 reports it.
pub(super) fn health(group: &types::TargetGroup) -> BTreeMap<Field, String> {
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    let matcher = group.matcher().and_then(|matcher| matcher.http_code());
    let protocol = group.health_check_protocol().map(ProtocolEnum::as_str);
    let on = group.health_check_enabled().unwrap_or(true);
    BTreeMap::from([
        (Field::HealthCheck, if on { "on" } else { "off" }.to_owned()),
        (Field::HealthCheckProtocol, text(protocol)),
        (Field::HealthCheckPath, text(group.health_check_path())),
        (Field::HealthCheckMatcher, text(matcher)),
        (
            Field::HealthCheckInterval,
            number(group.health_check_interval_seconds()),
        ),
        (
            Field::HealthCheckTimeout,
            number(group.health_check_timeout_seconds()),
        ),
        (
            Field::HealthyThreshold,
            number(group.healthy_threshold_count()),
        ),
        (
            Field::UnhealthyThreshold,
            number(group.unhealthy_threshold_count()),
        ),
    ])
}

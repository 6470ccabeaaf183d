//! Attributes of load balancers, target groups and listeners: their names, defaults and values.
//!
//! `ELBv2` API reference, `LoadBalancerAttribute`, `TargetGroupAttribute`,
//! `ListenerAttribute`: those of application load balancers.

use serde_json::{Value, json};

use super::arn::{BALANCER, GROUP, LISTENER, invalid};
use super::logs;
use super::state::{Pairs, TargetGroup, TargetType};
use crate::codec::{Input, Output, Refusal, ok};
use crate::world::Ctx;

/// What an attribute may be.
enum Kind {
    Flag,
    OneOf(&'static [&'static str]),
    /// A number in a range; zero where that turns it off.
    Range(u32, u32, bool),
    /// `off`, or a number up to this.
    Off(u32),
    Text,
    /// The default and nothing else.
    Fixed,
}

use Kind::{Fixed, Flag, Off, OneOf, Range, Text};

type Table = &'static [(&'static str, &'static str, Kind)];

const BALANCERS: Table = &[
    ("access_logs.s3.bucket", "", Text),
    ("access_logs.s3.enabled", "false", Flag),
    ("access_logs.s3.prefix", "", Text),
    (
        "client_keep_alive.seconds",
        "3600",
        Range(60, 604_800, false),
    ),
    ("connection_logs.s3.bucket", "", Text),
    ("connection_logs.s3.enabled", "false", Flag),
    ("connection_logs.s3.prefix", "", Text),
    (PROTECTION, "false", Flag),
    ("health_check_logs.s3.bucket", "", Text),
    ("health_check_logs.s3.enabled", "false", Flag),
    ("health_check_logs.s3.prefix", "", Text),
    ("idle_timeout.timeout_seconds", "60", Range(1, 4000, false)),
    ("ipv6.deny_all_igw_traffic", "true", Flag),
    ("load_balancing.cross_zone.enabled", "true", Fixed),
    (
        "routing.http.desync_mitigation_mode",
        "defensive",
        OneOf(&["monitor", "defensive", "strictest"]),
    ),
    (DROP_INVALID, "false", Flag),
    ("routing.http.preserve_host_header.enabled", "false", Flag),
    (
        "routing.http.x_amzn_tls_version_and_cipher_suite.enabled",
        "false",
        Flag,
    ),
    ("routing.http.xff_client_port.enabled", "false", Flag),
    (
        "routing.http.xff_header_processing.mode",
        "append",
        OneOf(&["append", "preserve", "remove"]),
    ),
    ("routing.http2.enabled", "true", Flag),
    ("waf.fail_open.enabled", "false", Flag),
    ("zonal_shift.config.enabled", "false", Flag),
];

/// The attribute that keeps a load balancer from being deleted.
pub const PROTECTION: &str = "deletion_protection.enabled";
/// Whether headers with names of other characters than letters, digits and hyphens are dropped.
pub const DROP_INVALID: &str = "routing.http.drop_invalid_header_fields.enabled";
/// How long a target that goes is `draining`, in seconds.
pub const DELAY: &str = "deregistration_delay.timeout_seconds";

const WEEK: u32 = 604_800;

const ADDRESS_GROUPS: Table = &[
    (DELAY, "300", Range(0, 3600, false)),
    (
        "load_balancing.algorithm.anomaly_mitigation",
        "off",
        OneOf(&["on", "off"]),
    ),
    (
        "load_balancing.algorithm.type",
        "round_robin",
        OneOf(&[
            "round_robin",
            "least_outstanding_requests",
            "weighted_random",
        ]),
    ),
    (
        "load_balancing.cross_zone.enabled",
        "use_load_balancer_configuration",
        OneOf(&["true", "false", "use_load_balancer_configuration"]),
    ),
    ("slow_start.duration_seconds", "0", Range(30, 900, true)),
    ("stickiness.app_cookie.cookie_name", "", Text),
    (
        "stickiness.app_cookie.duration_seconds",
        "86400",
        Range(1, WEEK, false),
    ),
    ("stickiness.enabled", "false", Flag),
    (
        "stickiness.lb_cookie.duration_seconds",
        "86400",
        Range(1, WEEK, false),
    ),
    (
        "stickiness.type",
        "lb_cookie",
        OneOf(&["lb_cookie", "app_cookie"]),
    ),
    (
        "target_group_health.dns_failover.minimum_healthy_targets.count",
        "1",
        Off(1000),
    ),
    (
        "target_group_health.dns_failover.minimum_healthy_targets.percentage",
        "off",
        Off(100),
    ),
    (
        "target_group_health.unhealthy_state_routing.minimum_healthy_targets.count",
        "1",
        Range(1, 1000, false),
    ),
    (
        "target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage",
        "off",
        Off(100),
    ),
];

/// Whether functions get all values of a header and of a parameter.
pub const MULTI_VALUE: &str = "lambda.multi_value_headers.enabled";

const FUNCTION_GROUPS: Table = &[(MULTI_VALUE, "false", Flag)];

const LISTENERS: Table = &[
    (
        "routing.http.request.x_amzn_mtls_clientcert.header_name",
        "",
        Text,
    ),
    (
        "routing.http.request.x_amzn_mtls_clientcert_issuer.header_name",
        "",
        Text,
    ),
    (
        "routing.http.request.x_amzn_mtls_clientcert_leaf.header_name",
        "",
        Text,
    ),
    (
        "routing.http.request.x_amzn_mtls_clientcert_serial_number.header_name",
        "",
        Text,
    ),
    (
        "routing.http.request.x_amzn_mtls_clientcert_subject.header_name",
        "",
        Text,
    ),
    (
        "routing.http.request.x_amzn_mtls_clientcert_validity.header_name",
        "",
        Text,
    ),
    (
        "routing.http.request.x_amzn_tls_cipher_suite.header_name",
        "",
        Text,
    ),
    (
        "routing.http.request.x_amzn_tls_version.header_name",
        "",
        Text,
    ),
    (
        "routing.http.response.access_control_allow_credentials.header_value",
        "",
        OneOf(&["true", ""]),
    ),
    (
        "routing.http.response.access_control_allow_headers.header_value",
        "",
        Text,
    ),
    (
        "routing.http.response.access_control_allow_methods.header_value",
        "",
        Text,
    ),
    (
        "routing.http.response.access_control_allow_origin.header_value",
        "",
        Text,
    ),
    (
        "routing.http.response.access_control_expose_headers.header_value",
        "",
        Text,
    ),
    (
        "routing.http.response.access_control_max_age.header_value",
        "",
        Text,
    ),
    (
        "routing.http.response.content_security_policy.header_value",
        "",
        Text,
    ),
    ("routing.http.response.server.enabled", "true", Flag),
    (
        "routing.http.response.strict_transport_security.header_value",
        "",
        Text,
    ),
    (
        "routing.http.response.x_content_type_options.header_value",
        "",
        OneOf(&["nosniff", ""]),
    ),
    (
        "routing.http.response.x_frame_options.header_value",
        "",
        Text,
    ),
];

/// Checks a value of an attribute. Assumption: what is out of range is a `ValidationError`, too.
fn check(kind: &Kind, default: &str, key: &str, value: &str) -> Result<(), Refusal> {
    let number = value.parse::<u32>().ok();
    let fits = match kind {
        Flag => matches!(value, "true" | "false"),
        OneOf(values) => values.contains(&value),
        Range(least, most, zero) => {
            number.is_some_and(|number| (*least..=*most).contains(&number) || *zero && number == 0)
        }
        Off(most) => value == "off" || number.is_some_and(|number| (1..=*most).contains(&number)),
        Text => value.chars().count() <= 1024,
        Fixed => value == default,
    };
    if fits {
        Ok(())
    } else {
        Err(invalid(format!(
            "The value '{value}' of the attribute '{key}' is not valid"
        )))
    }
}

/// Sets the attributes of a request. Unknown keys are refused (observed: "… attribute key 'x' is not recognized").
fn set(table: Table, noun: &str, has: &mut Pairs, input: &Input) -> Result<(), Refusal> {
    let wanted = input.each("Attributes");
    if wanted.is_empty() {
        return Err(input.protocol.missing("Attributes"));
    }
    for attribute in wanted {
        let key = attribute.require("Key")?;
        let value = attribute.text("Value").unwrap_or_default();
        let (_, default, kind) = table
            .iter()
            .find(|(known, ..)| *known == key)
            .ok_or_else(|| invalid(format!("{noun} attribute key '{key}' is not recognized")))?;
        check(kind, default, key, value)?;
        has.insert(key.to_owned(), value.to_owned());
    }
    Ok(())
}

/// Writes all attributes, the defaults among them.
fn all(table: Table, has: &Pairs) -> Value {
    let item = |(key, default, _): &(&str, &str, Kind)| {
        let value = has.get(*key).map_or(*default, String::as_str);
        json!({"Key": key, "Value": value})
    };
    json!({"Attributes": table.iter().map(item).collect::<Value>()})
}

fn group_table(group: &TargetGroup) -> Table {
    match group.kind {
        TargetType::Ip => ADDRESS_GROUPS,
        TargetType::Lambda => FUNCTION_GROUPS,
    }
}

/// Returns a group's deregistration delay in seconds; functions have none.
pub fn delay(group: &TargetGroup) -> u64 {
    let set = group
        .attributes
        .get(DELAY)
        .and_then(|value| value.parse().ok());
    match group.kind {
        TargetType::Ip => set.unwrap_or(300),
        TargetType::Lambda => 0,
    }
}

/// `DescribeLoadBalancerAttributes`.
pub fn describe_balancer(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let arn = input.require("LoadBalancerArn")?;
    let balancer = BALANCER.find(&ctx.here.elbv2.balancers, arn)?;
    ok(all(BALANCERS, &balancer.attributes))
}

/// `ModifyLoadBalancerAttributes`: logs that are on are tried ([`super::logs`]).
pub fn modify_balancer(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let arn = input.require("LoadBalancerArn")?;
    let balancer = BALANCER.find_mut(&mut ctx.here.elbv2.balancers, arn)?;
    set(BALANCERS, "Load balancer", &mut balancer.attributes, input)?;
    let has = balancer.attributes.clone();
    logs::check(ctx, arn, &has)?;
    ok(all(BALANCERS, &has))
}

/// `DescribeTargetGroupAttributes`.
pub fn describe_group(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let arn = input.require("TargetGroupArn")?;
    let group = GROUP.find(&ctx.here.elbv2.groups, arn)?;
    ok(all(group_table(group), &group.attributes))
}

/// `ModifyTargetGroupAttributes`.
pub fn modify_group(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let arn = input.require("TargetGroupArn")?;
    let group = GROUP.find_mut(&mut ctx.here.elbv2.groups, arn)?;
    let table = group_table(group);
    set(table, "Target group", &mut group.attributes, input)?;
    ok(all(table, &group.attributes))
}

/// `DescribeListenerAttributes`.
pub fn describe_listener(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let arn = input.require("ListenerArn")?;
    let listener = LISTENER.find(&ctx.here.elbv2.listeners, arn)?;
    ok(all(LISTENERS, &listener.attributes))
}

/// `ModifyListenerAttributes`.
pub fn modify_listener(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let arn = input.require("ListenerArn")?;
    let listener = LISTENER.find_mut(&mut ctx.here.elbv2.listeners, arn)?;
    set(LISTENERS, "Listener", &mut listener.attributes, input)?;
    ok(all(LISTENERS, &listener.attributes))
}

//! What the account may have, and capacity.

use serde_json::{Value, json};

use super::arn::BALANCER;
use super::list::page;
use crate::codec::{Input, Output, Refusal, ok};
use crate::world::Ctx;

/// Load balancers a region (ELB user guide, "Quotas for your Application Load Balancers", as are all here).
pub const BALANCERS: usize = 50;
/// Target groups a region.
pub const GROUPS: usize = 3000;
/// Listeners a load balancer.
pub const LISTENERS: usize = 50;
/// Rules a load balancer, not counting the default ones.
pub const RULES: usize = 100;
/// Target groups a load balancer.
pub const GROUPS_A_BALANCER: usize = 100;
/// Target groups an action.
pub const GROUPS_AN_ACTION: usize = 5;
/// Targets a group.
pub const TARGETS: usize = 1000;
/// Certificates a load balancer, not counting the default ones.
pub const CERTIFICATES: usize = 25;
/// Condition values a rule.
pub const VALUES: usize = 5;
/// Wildcards a rule.
pub const WILDCARDS: usize = 5;

const LIMITS: &[(&str, usize)] = &[
    ("application-load-balancers", BALANCERS),
    ("certificates-per-application-load-balancer", CERTIFICATES),
    ("condition-values-per-alb-rule", VALUES),
    ("condition-wildcards-per-alb-rule", WILDCARDS),
    ("listeners-per-application-load-balancer", LISTENERS),
    ("rules-per-application-load-balancer", RULES),
    ("target-groups", GROUPS),
    (
        "target-groups-per-action-on-application-load-balancer",
        GROUPS_AN_ACTION,
    ),
    (
        "target-groups-per-application-load-balancer",
        GROUPS_A_BALANCER,
    ),
    ("targets-per-application-load-balancer", TARGETS),
];

/// `DescribeAccountLimits`.
pub fn limits(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let (limits, next) = page(ctx, LIMITS.iter().collect(), input)?;
    let item = |(name, most): &(&str, usize)| json!({"Max": most.to_string(), "Name": name});
    let items: Value = limits.into_iter().map(item).collect();
    ok(json!({"Limits": items, "NextMarker": next}))
}

/// `DescribeCapacityReservation`: no load balancer has reserved any.
pub fn capacity(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let arn = input.require("LoadBalancerArn")?;
    BALANCER.find(&ctx.here.elbv2.balancers, arn)?;
    ok(json!({"CapacityReservationState": []}))
}

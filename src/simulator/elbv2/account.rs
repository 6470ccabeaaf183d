//! What the account may have, and capacity.

use serde_json::{Value, json};

use super::arn::BALANCER;
use super::list::page;
use crate::codec::{Input, Output, Refusal, ok};
use crate::servicequotas::{code, most};
use crate::world::Ctx;

/// Target groups a load balancer (ELB user guide, "Quotas for your Application Load Balancers", as are all here).
pub const GROUPS_A_BALANCER: usize = 100;
/// Target groups an action.
pub const GROUPS_AN_ACTION: usize = 5;
/// Condition values a rule.
pub const VALUES: usize = 5;
/// Wildcards a rule.
pub const WILDCARDS: usize = 5;

/// `DescribeAccountLimits`: the account's quotas, and what cannot be raised.
pub fn limits(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let all = [
        ("application-load-balancers", most(ctx, code::BALANCERS)),
        (
            "certificates-per-application-load-balancer",
            most(ctx, code::CERTIFICATES),
        ),
        ("condition-values-per-alb-rule", VALUES),
        ("condition-wildcards-per-alb-rule", WILDCARDS),
        (
            "listeners-per-application-load-balancer",
            most(ctx, code::LISTENERS),
        ),
        (
            "rules-per-application-load-balancer",
            most(ctx, code::RULES),
        ),
        ("target-groups", most(ctx, code::TARGET_GROUPS)),
        (
            "target-groups-per-action-on-application-load-balancer",
            GROUPS_AN_ACTION,
        ),
        (
            "target-groups-per-application-load-balancer",
            GROUPS_A_BALANCER,
        ),
        (
            "targets-per-application-load-balancer",
            most(ctx, code::TARGETS_A_BALANCER),
        ),
    ];
    let (limits, next) = page(ctx, all.to_vec(), input)?;
    let item = |(name, most): (&str, usize)| json!({"Max": most.to_string(), "Name": name});
    let items: Value = limits.into_iter().map(item).collect();
    ok(json!({"Limits": items, "NextMarker": next}))
}

/// `DescribeCapacityReservation`: no load balancer has reserved any.
pub fn capacity(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let arn = input.require("LoadBalancerArn")?;
    BALANCER.find(&ctx.here.elbv2.balancers, arn)?;
    ok(json!({"CapacityReservationState": []}))
}

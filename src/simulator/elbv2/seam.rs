//! What ELBv2 asks of Lambda.

use crate::lambda;
use crate::world::Ctx;

/// Returns whether a function exists and lets the load balancers of a target group invoke it.
pub fn lambda_permits(ctx: &Ctx<'_>, function_arn: &str, target_group_arn: &str) -> bool {
    let principal = "elasticloadbalancing.amazonaws.com";
    lambda::permits(ctx, function_arn, principal, target_group_arn)
}

//! Certificates as API Gateway looks at them.

use super::common::bad;
use crate::acm;
use crate::codec::Refusal;
use crate::world::Ctx;

/// Checks a certificate for a domain name.
///
/// Region: observed (serverless-domain-manager#49). Account: observed
/// (aws-cdk#10529). Issued, and covering the name: API Gateway developer guide,
/// "Set up a regional custom domain name"; the words are an assumption.
pub fn check(ctx: &Ctx<'_>, arn: &str, host: &str) -> Result<(), Refusal> {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    let ["arn", _, "acm", region, account, resource] = parts[..] else {
        return Err(bad(format!("Invalid certificate ARN: {arn}")));
    };
    if !resource.starts_with("certificate/") {
        return Err(bad(format!("Invalid certificate ARN: {arn}")));
    }
    if region != ctx.region {
        return Err(bad(format!(
            "Invalid certificate ARN: {arn}. Certificate must be in '{}'.",
            ctx.region
        )));
    }
    if account != ctx.account {
        return Err(bad(
            "The certificate provided must be owned by the account creating the domain.",
        ));
    }
    if !acm::covers(ctx, arn, host) {
        return Err(bad(format!(
            "The certificate {arn} does not exist, is not issued, or does not cover {host}"
        )));
    }
    Ok(())
}

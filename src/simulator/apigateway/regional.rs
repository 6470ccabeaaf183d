//! Where the DNS of regional domain names leads.

use crate::random::digest;
use crate::world::Ctx;

/// AWS general reference, "API Gateway endpoints and quotas": Route 53 hosted zone ids. Regions that are not here have an invented one.
pub fn hosted_zone(region: &str) -> String {
    let known = match region {
        "us-east-1" => "Z1UJRXOUMOOFQ8",
        "us-east-2" => "ZOJJZC49E0EPZ",
        "us-west-1" => "Z2MUQ32089INYE",
        "us-west-2" => "Z2OJLYMUO9EFXC",
        "eu-central-1" => "Z1U9ULNL0V5AJ3",
        "eu-west-1" => "ZLY8HYME6SFDD",
        "eu-west-2" => "ZJ5UAJN8Y3Z2Q",
        "eu-west-3" => "Z3KY65QIEKYHQQ",
        "eu-north-1" => "Z3UWIKFBOOGXPP",
        "ap-southeast-1" => "ZL327KTPIQFUL",
        "ap-southeast-2" => "Z2RPCDW04V8134",
        "ap-northeast-1" => "Z1YSHQZHG15GKL",
        _ => return format!("Z{}", digest(region, 13).to_ascii_uppercase()),
    };
    known.to_owned()
}

/// Where DNS has to lead: `d-…` (API Gateway developer guide, "Set up a regional custom domain name").
pub fn target(ctx: &mut Ctx<'_>) -> String {
    let label = ctx.random.letters(10);
    format!("d-{label}.execute-api.{}.{}", ctx.region, ctx.dns_suffix())
}

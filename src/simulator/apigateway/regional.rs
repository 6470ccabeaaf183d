//! Where the DNS of regional domain names leads.

use crate::world::Ctx;

/// Where DNS has to lead: `d-…` (API Gateway developer guide, "Set up a regional custom domain name").
pub fn target(ctx: &mut Ctx<'_>) -> String {
    let label = ctx.random.letters(10);
    format!("d-{label}.execute-api.{}.{}", ctx.region, ctx.dns_suffix())
}

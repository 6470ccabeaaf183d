//! Tags, by ARN.

use serde_json::json;

use super::common::{bad, missing, tags, within_limit};
use super::domain;
use super::state::Tags;
use crate::codec::{Input, Output, Refusal, ok};
use crate::world::Ctx;

/// Returns the tags of what an ARN names.
///
/// API Gateway developer guide, "API Gateway resources that can be tagged":
/// APIs, stages, domain names, access associations. Deployments, resources and
/// mappings cannot be.
fn tagged<'a>(ctx: &'a mut Ctx<'_>, input: &Input) -> Result<&'a mut Tags, Refusal> {
    let arn = input.require("resource_arn")?;
    let prefix = format!("arn:{}:apigateway:{}:", ctx.partition(), ctx.region);
    let invalid = || bad("Invalid ARN specified in the request");
    let (account, path) = arn
        .strip_prefix(&prefix)
        .and_then(|rest| rest.split_once(':'))
        .ok_or_else(invalid)?;
    if !account.is_empty() && account != ctx.account {
        return Err(invalid());
    }
    let parts: Vec<&str> = path.trim_start_matches('/').split('/').collect();
    match parts[..] {
        ["restapis", id] => {
            let api = ctx.here.apigateway.apis.get_mut(id);
            api.map(|api| &mut api.tags).ok_or_else(|| missing("API"))
        }
        ["restapis", id, "stages", name] => {
            let api = ctx.here.apigateway.apis.get_mut(id);
            let stage = api.and_then(|api| api.stages.get_mut(name));
            stage
                .map(|stage| &mut stage.tags)
                .ok_or_else(|| missing("stage"))
        }
        ["domainnames", key] => {
            let known = ctx.here.apigateway.domains.get(key);
            let fits = known.is_some_and(|known| domain::arn(ctx, known) == arn);
            let found = ctx.here.apigateway.domains.get_mut(key);
            found
                .filter(|_| fits)
                .map(|domain| &mut domain.tags)
                .ok_or_else(|| missing("domain name"))
        }
        ["domainnameaccessassociations", ..] => {
            let found = ctx.here.apigateway.associations.get_mut(arn);
            found
                .map(|association| &mut association.tags)
                .ok_or_else(|| missing("domain name access association"))
        }
        _ => Err(invalid()),
    }
}

/// `TagResource`.
pub fn tag(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let new = tags(input)?;
    let all = tagged(ctx, input)?;
    all.extend(new);
    within_limit(all)?;
    Ok(Output::empty(204))
}

/// `UntagResource`; keys that are not there do not matter (assumption).
pub fn untag(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let keys = input.texts("tagKeys");
    if keys.is_empty() {
        return Err(input.protocol.missing("tagKeys"));
    }
    tagged(ctx, input)?.retain(|key, _| !keys.contains(key));
    Ok(Output::empty(204))
}

/// `GetTags`.
pub fn get(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let tags = tagged(ctx, input)?;
    ok(json!({"tags": tags}))
}

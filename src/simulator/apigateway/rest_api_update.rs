//! Changes of a REST API.

use serde_json::{Value, json};

use super::common::{api, bad};
use super::endpoint::{check_endpoints, check_family};
use super::patch::{Form, Misfit, Patch, apply, patches};
use super::policy;
use super::rest_api::{check_compression, check_name, shown_alone};
use super::state::{Api, Members};
use crate::codec::{Input, Output, Refusal, ok};
use crate::world::Ctx;

const ENDPOINTS: &str = "/endpointConfiguration/vpcEndpointIds";
const TYPES: &str = "/endpointConfiguration/types/";

/// `UpdateRestApi`: all patches or none (API Gateway developer guide, "Patch operations").
pub fn update(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let patches = patches(input, "updateRestApiInput")?;
    let (id, found) = api(ctx, input)?;
    let (id, mut changed) = (id.to_owned(), found.clone());
    for patch in patches {
        change(ctx, &id, &mut changed, &patch)?;
    }
    let tree = shown_alone(&id, &changed);
    ctx.here.apigateway.apis.insert(id, changed);
    ok(tree)
}

/// The words of the refusals are recorded (`UpdateRestApi`).
fn change(ctx: &Ctx<'_>, id: &str, api: &mut Api, patch: &Patch) -> Result<(), Refusal> {
    let (op, target) = (patch.op.as_str(), patch.path.as_str());
    let replace_only = || bad("Invalid patch operation specified. Must be one of: [replace]");
    match (op, target) {
        ("add" | "remove", ENDPOINTS) => associate(ctx, api, patch),
        (_, under) if under.starts_with(TYPES) => retype(api, patch),
        (_, under) if under.starts_with("/binaryMediaTypes") => media(&mut api.settings, patch),
        ("remove", "/description") => {
            // Recorded.
            api.description = None;
            Ok(())
        }
        ("replace", _) => replace(ctx, id, api, patch),
        (
            "add" | "remove",
            "/name"
            | "/description"
            | "/policy"
            | "/disableExecuteApiEndpoint"
            | "/minimumCompressionSize"
            | "/apiKeySource"
            | "/endpointConfiguration/ipAddressType",
        ) => Err(replace_only()),
        ("add" | "remove", _) => Err(bad(format!("Invalid patch path {target}"))),
        _ => Err(replace_only()),
    }
}

fn replace(ctx: &Ctx<'_>, id: &str, api: &mut Api, patch: &Patch) -> Result<(), Refusal> {
    let value = patch.value.as_str();
    let text = (!value.is_empty()).then(|| value.to_owned());
    match patch.path.as_str() {
        "/name" => check_name(value)?.clone_into(&mut api.name),
        "/description" => api.description = text,
        "/policy" => {
            let policy = text.map(|text| policy::for_api(ctx, id, &text));
            api.content.policy = policy.transpose()?;
        }
        "/disableExecuteApiEndpoint" => api.content.default_endpoint_off = patch.flag()?,
        "/minimumCompressionSize" if text.is_none() => {
            api.settings.remove("minimumCompressionSize");
        }
        "/minimumCompressionSize" => {
            let size = value.parse::<i64>().map_or(Value::Null, Value::from);
            check_compression(&size)?;
            api.settings
                .insert("minimumCompressionSize".to_owned(), size);
        }
        "/apiKeySource" => {
            // API Gateway API reference, `RestApi`; the words are an assumption.
            if !["HEADER", "AUTHORIZER"].contains(&value) {
                return Err(bad(
                    "Invalid API key source specified. Valid options are HEADER,AUTHORIZER",
                ));
            }
            api.settings.insert("apiKeySource".to_owned(), value.into());
        }
        "/endpointConfiguration/ipAddressType" => {
            if !["ipv4", "dualstack"].contains(&value) {
                return Err(bad("ipAddressType must be either ipv4 or dualstack."));
            }
            check_family(&api.content.kind, Some(value))?;
            value.clone_into(&mut api.content.address_type);
        }
        "/securityPolicy" | "/endpointAccessMode" => return Err(patch.not_simulated()),
        other => return Err(bad(format!("Invalid patch path {other}"))),
    }
    Ok(())
}

fn associate(ctx: &Ctx<'_>, api: &mut Api, patch: &Patch) -> Result<(), Refusal> {
    let content = &mut api.content;
    if patch.op == "add" {
        check_endpoints(ctx, &content.kind, std::slice::from_ref(&patch.value))?;
        if !content.vpc_endpoints.contains(&patch.value) {
            content.vpc_endpoints.push(patch.value.clone());
        }
        return Ok(());
    }
    let mut known = content.vpc_endpoints.iter();
    let place = known.position(|known| *known == patch.value);
    // Assumption: what is not there cannot be removed.
    let place = place.ok_or_else(|| {
        bad(format!(
            "The VPC endpoint {} is not associated with the API",
            patch.value
        ))
    })?;
    content.vpc_endpoints.remove(place);
    Ok(())
}

/// `replace /endpointConfiguration/types/{from}`: the new type is the value (recorded).
fn retype(api: &mut Api, patch: &Patch) -> Result<(), Refusal> {
    if !["add", "remove", "replace"].contains(&patch.op.as_str()) {
        return Err(bad(
            "Invalid patch operation specified. Must be 'add'|'remove'|'replace'",
        ));
    }
    if patch.op != "replace" {
        return Err(patch.not_simulated());
    }
    if !["REGIONAL", "EDGE", "PRIVATE"].contains(&patch.value.as_str()) {
        return Err(bad(
            "Invalid EndpointTypes specified. Valid options are REGIONAL,EDGE,PRIVATE",
        ));
    }
    if patch.value != "PRIVATE" && !api.content.vpc_endpoints.is_empty() {
        // Observed for new APIs (aws-cdk#9588); here an assumption.
        return Err(bad("VPCEndpoints can only be specified with PRIVATE apis."));
    }
    api.content.kind.clone_from(&patch.value);
    if patch.value == "PRIVATE" {
        // Recorded.
        "dualstack".clone_into(&mut api.content.address_type);
    }
    Ok(())
}

/// `/binaryMediaTypes/{type}`: added, removed, or replaced by the value (recorded).
fn media(settings: &mut Members, patch: &Patch) -> Result<(), Refusal> {
    let unfit = || bad(format!("Invalid patch path {}", patch.path));
    if patch.op == "replace" {
        let given = patch
            .path
            .strip_prefix("/binaryMediaTypes/")
            .ok_or_else(unfit)?;
        let old = given.replace("~1", "/").replace("~0", "~");
        let types = settings
            .get_mut("binaryMediaTypes")
            .and_then(Value::as_array_mut);
        let place = types.and_then(|types| types.iter_mut().find(|one| **one == *old));
        *place.ok_or_else(unfit)? = json!(patch.value);
        return Ok(());
    }
    let table = [("/binaryMediaTypes/", Form::Items)];
    apply(settings, patch, &table).map_err(|misfit| match misfit {
        Misfit::Op => bad("Invalid patch operation specified. Must be 'add'|'remove'|'replace'"),
        _ => unfit(),
    })?;
    settings.retain(|_, value| value.as_array().is_none_or(|all| !all.is_empty()));
    Ok(())
}

//! REST APIs.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::common::{api, api_mut, bad, limit, page, settings, tags, tidy};
use super::endpoint::{Association, association, check_model};
use super::state::{Api, Content, Resource};
use super::{model, policy};
use crate::codec::{Input, Output, Refusal, ok};
use crate::world::Ctx;

/// API Gateway developer guide, "Quotas": regional and private APIs a region (research: peers §3.2).
const MOST: usize = 600;

/// Settings that are kept and given back, and nothing more.
const SETTINGS: &[&str] = &[
    "apiKeySource",
    "binaryMediaTypes",
    "endpointAccessMode",
    "minimumCompressionSize",
    "securityPolicy",
];

/// `CreateRestApi`. Names are not unique (observed: research, reliability §2.1).
pub fn create(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let name = check_name(input.require("name")?)?.to_owned();
    if input.has("cloneFrom") {
        return Err(bad("cloneFrom is not simulated"));
    }
    check_model(input)?;
    if input.text("description") == Some("") {
        // Recorded; also before what is wrong with the endpoint.
        return Err(bad("Description cannot be an empty string"));
    }
    let tags = tags(input)?;
    let Association {
        kind,
        address_type,
        vpc_endpoints,
    } = association(ctx, input)?;
    let id = new(ctx, &name)?;
    let text = input.text("policy").filter(|text| !text.is_empty());
    let policy = text
        .map(|text| policy::for_api(ctx, &id, text))
        .transpose()?;
    let mut settings = settings(input, SETTINGS);
    settings
        .entry("apiKeySource")
        .or_insert_with(|| "HEADER".into());
    if let Some(size) = settings.get("minimumCompressionSize") {
        check_compression(size)?;
    }
    // Recorded: an empty list is none.
    settings.retain(|_, value| value.as_array().is_none_or(|all| !all.is_empty()));
    let models = model::defaults(ctx.random).collect();
    let made = ctx.here.apigateway.apis.entry(id.clone()).or_default();
    made.description = input.text("description").map(str::to_owned);
    made.version = input.text("version").map(str::to_owned);
    made.tags = tags;
    made.settings = settings;
    made.parts.models = models;
    made.content = Content {
        kind,
        address_type,
        vpc_endpoints,
        policy,
        default_endpoint_off: input.flag("disableExecuteApiEndpoint").unwrap_or(false),
    };
    let shown = shown(&id, &ctx.here.apigateway.apis[&id]);
    Ok(Output::from(shown).status(201))
}

/// Adds an API with nothing but its root.
///
/// API Gateway developer guide, "Quotas": 600 APIs a region (the code and the words are an
/// assumption).
pub fn new(ctx: &mut Ctx<'_>, name: &str) -> Result<String, Refusal> {
    if ctx.here.apigateway.apis.len() >= MOST {
        return Err(limit("Maximum number of APIs for this account reached"));
    }
    let id = ctx.random.letters(10);
    add(ctx, &id, name);
    Ok(id)
}

/// Adds an API with nothing but its root, under an id that is given.
pub fn add(ctx: &mut Ctx<'_>, id: &str, name: &str) {
    let root = ctx.random.letters(10);
    let resource = Resource {
        parent: None,
        part: None,
        path: "/".to_owned(),
        methods: BTreeMap::new(),
    };
    let api = Api {
        name: name.to_owned(),
        created: ctx.now,
        resources: BTreeMap::from([(root.clone(), resource)]),
        root,
        ..Api::default()
    };
    ctx.here.apigateway.apis.insert(id.to_owned(), api);
}

/// API Gateway API reference, `CreateRestApi`. The longest name is an assumption (`CloudFormation`'s).
pub fn check_name(name: &str) -> Result<&str, Refusal> {
    if name.trim().is_empty() || name.chars().count() > 1024 {
        return Err(bad("Invalid API name specified"));
    }
    Ok(name)
}

/// An API on the wire.
pub fn shown(id: &str, api: &Api) -> Value {
    let content = &api.content;
    let mut tree = Map::new();
    let mut put = |name: &str, value: Value| tree.insert(name.to_owned(), value);
    put("id", id.into());
    put("name", api.name.clone().into());
    put("description", json!(api.description));
    put("version", json!(api.version));
    put("createdDate", api.created.unix_seconds().into());
    put("policy", json!(policy::shown(content.policy.as_deref())));
    if !api.tags.is_empty() {
        put("tags", json!(api.tags));
    }
    put("rootResourceId", api.root.clone().into());
    put(
        "disableExecuteApiEndpoint",
        content.default_endpoint_off.into(),
    );
    let private = content.kind == "PRIVATE";
    // API Gateway API reference, `EndpointConfiguration`: for PRIVATE only dualstack is supported.
    let family = match content.address_type.as_str() {
        "" if private => "dualstack",
        "" => "ipv4",
        given => given,
    };
    let mut configuration = json!({"types": [content.kind], "ipAddressType": family});
    if !content.vpc_endpoints.is_empty() {
        configuration["vpcEndpointIds"] = json!(content.vpc_endpoints);
    }
    put("endpointConfiguration", configuration);
    tree.extend(api.settings.clone());
    tidy(Value::Object(tree))
}

/// An API on the wire as single calls answer about one that was there: without tags they are an empty structure (recorded: `GetRestApi`, `UpdateRestApi`, `PutRestApi`, and not `CreateRestApi`, `ImportRestApi`, `GetRestApis`).
pub fn shown_alone(id: &str, api: &Api) -> Value {
    let mut tree = shown(id, api);
    tree["tags"] = json!(api.tags);
    tree
}

/// Recorded: `CreateRestApi`, `UpdateRestApi`.
pub fn check_compression(size: &Value) -> Result<(), Refusal> {
    let bytes = size.as_i64();
    if bytes.is_some_and(|bytes| (0..=10_485_760).contains(&bytes)) {
        return Ok(());
    }
    Err(bad(
        "Invalid minimum compression size, must be between 0 and 10485760",
    ))
}

/// `GetRestApi`.
pub fn get(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let (id, api) = api(ctx, input)?;
    ok(shown_alone(id, api))
}

/// `GetRestApis`.
pub fn list(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let all = ctx.here.apigateway.apis.iter();
    let items = all.map(|(id, api)| shown(id, api)).collect();
    ok(page(ctx, input, items)?)
}

/// `DeleteRestApi`: refused while a mapping names the API (observed: gcdt#373, serverless#3638).
pub fn delete(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let id = api(ctx, input)?.0.to_owned();
    let state = &mut ctx.here.apigateway;
    let mapped = state
        .domains
        .values()
        .filter(|domain| domain.mappings.values().any(|mapping| mapping.api == id));
    let hosts: Vec<&str> = mapped.map(|domain| domain.name.as_str()).collect();
    if !hosts.is_empty() {
        return Err(bad(format!(
            "Deleting RestApi {id} failed. Please remove all base path mappings related to the RestApi in your domains: {}",
            hosts.join(", ")
        )));
    }
    state.apis.remove(&id);
    Ok(Output::empty(202))
}

/// `GetAccount`: the defaults of an account (API Gateway developer guide, "Quotas").
#[expect(
    clippy::unnecessary_wraps,
    reason = "an operation may refuse, and this one does not"
)]
pub fn account(ctx: &mut Ctx<'_>, _input: &Input) -> Result<Output, Refusal> {
    let mut shown = json!({
        "apiKeyVersion": "4",
        "features": ["UsagePlans"],
        "throttleSettings": {"burstLimit": 5000, "rateLimit": 10_000.0},
    });
    if let Some(role) = &ctx.here.apigateway.log_role {
        shown["cloudwatchRoleArn"] = role.as_str().into();
    }
    Ok(Output::from(shown))
}

/// Puts what a body brings in the place of what an API was.
pub fn replace(ctx: &mut Ctx<'_>, input: &Input, with: Api) -> Result<(), Refusal> {
    let account = ctx.account;
    *api_mut(account, &mut ctx.here.apigateway, input)? = with;
    Ok(())
}

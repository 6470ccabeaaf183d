//! `permission`: functions let the load balancer, or the API, invoke them.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::{
    checks::{
        Check, Finding,
        codes::{PERMISSION_MISSING, PERMISSION_NO_FUNCTION},
    },
    error::Result,
    simulator::pattern::matches,
    verify::{
        hops::{
            UP,
            api::{is_there, methods_of},
        },
        scene::{Behind, Scene, Way},
    },
};

/// The service that acts for an API.
const GATEWAY: &str = "apigateway.amazonaws.com";
/// The service that acts for a load balancer (ELB user guide, "Lambda functions
/// as targets").
const BALANCING: &str = "elasticloadbalancing.amazonaws.com";

/// A finding for each route that invokes a function.
pub async fn check(scene: &Scene<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for way in scene.once_a_route() {
        let judged = match &way.route.behind {
            Behind::Site { .. } => continue,
            Behind::Function(arn) => to_function(scene, way, arn).await,
            Behind::Api { .. } => of_api(scene, way).await,
        };
        let judged =
            judged.unwrap_or_else(|error| vec![Finding::unseen(Check::Permission, &error)]);
        findings.extend(judged.into_iter().map(|one| one.on_route(&way.route.path)));
    }
    findings
}

async fn to_function(scene: &Scene<'_>, way: &Way, arn: &str) -> Result<Vec<Finding>> {
    let group = way
        .group
        .as_ref()
        .and_then(|group| group.target_group_arn());
    let Some(group) = group else {
        let why = "the route has no target group that a permission could name";
        return Ok(vec![Finding::skipped(Check::Permission, why)]);
    };
    let asks = [(BALANCING, group.to_owned())];
    let remedy = UP.to_owned();
    let cause = "the load balancer may not invoke the function: requests end in 502";
    Ok(vec![one(scene, arn, &asks, cause, remedy).await?])
}

/// The functions behind the methods of an API.
async fn of_api(scene: &Scene<'_>, way: &Way) -> Result<Vec<Finding>> {
    let Some((api, stage)) = way.api() else {
        return Ok(Vec::new());
    };
    if !is_there(scene, &api)? {
        return Ok(Vec::new());
    }
    let resources = scene.reads.resources(&api).await?;
    let prefix = scene.execute_api_arn();
    let mut functions: BTreeMap<String, Vec<(&str, String)>> = BTreeMap::new();
    for method in methods_of(&resources) {
        let function = method.uri.as_deref().and_then(function_of);
        let Some(function) = function.filter(|_| !method.by_role) else {
            continue;
        };
        // API Gateway developer guide, "Lambda resource policies": the verb, and
        // the resource's path with its variables as `*`.
        let parts = method
            .path
            .split('/')
            .map(|part| if part.starts_with('{') { "*" } else { part });
        let path = parts.collect::<Vec<_>>().join("/");
        let verb = if method.verb == "ANY" {
            "GET"
        } else {
            &method.verb
        };
        let source = format!("{prefix}:{api}/{stage}/{verb}{path}");
        functions
            .entry(function)
            .or_default()
            .push((GATEWAY, source));
    }
    let own = matches_own(way);
    let mut findings = Vec::new();
    for (function, asks) in &functions {
        let remedy = if own
            && scene
                .config
                .is_some_and(|config| names(config, &way.route.path, function))
        {
            UP.to_owned()
        } else {
            format!(
                "aws lambda add-permission --function-name {function} --statement-id api-{api} --action lambda:InvokeFunction --principal {GATEWAY} --source-arn '{prefix}:{api}/*'"
            )
        };
        let cause = "API Gateway may not invoke the function: requests end in 500";
        findings.push(one(scene, function, asks, cause, remedy).await?);
    }
    Ok(findings)
}

fn matches_own(way: &Way) -> bool {
    matches!(&way.route.behind, Behind::Api { borrowed: None, .. })
}

/// Whether the file names the function as the one behind the route.
fn names(config: &crate::config::Config, path: &str, function: &str) -> bool {
    let mut routes = config.routes.iter().filter(|route| route.path == path);
    routes.any(|route| {
        let source = route.api().map(|api| &api.source);
        matches!(source, Some(crate::config::ApiSource::Lambda(arn)) if arn == function)
    })
}

/// The function of `…:lambda:path/2015-03-31/functions/{arn}/invocations`; none
/// where the stage's variables name it.
fn function_of(uri: &str) -> Option<String> {
    let (_, after) = uri.split_once(":lambda:path/")?;
    let (_, arn) = after.split_once("/functions/")?;
    let arn = arn.trim_end_matches("/invocations");
    (!arn.contains("${")).then(|| arn.to_owned())
}

async fn one(
    scene: &Scene<'_>,
    function: &str,
    asks: &[(&str, String)],
    cause: &str,
    remedy: String,
) -> Result<Finding> {
    let parts: Vec<&str> = function.split(':').collect();
    let (name, qualifier) = match parts.get(7) {
        Some(qualifier) => (parts[..7].join(":"), Some((*qualifier).to_owned())),
        None => (function.to_owned(), None),
    };
    let policy = scene.reads.function_policy(&name, qualifier).await?;
    if policy.is_none() && !scene.reads.has_function(function).await? {
        let found = format!("there is no function {function}");
        let remedy = "name a function that exists, and run `hybridgw up`";
        let cause = "it was deleted";
        return Ok(Finding::failed(
            PERMISSION_NO_FUNCTION,
            found,
            cause,
            remedy,
        ));
    }
    let document: Value = policy
        .as_deref()
        .and_then(|text| serde_json::from_str(text).ok())
        .unwrap_or_default();
    let refused = asks
        .iter()
        .find(|(who, source)| !permits(&document, who, source));
    Ok(match refused {
        None => Finding::ok(Check::Permission, format!("{function} may be invoked")),
        Some((who, source)) => {
            let found = format!("{function} does not let {who} invoke it for {source}");
            Finding::failed(PERMISSION_MISSING, found, cause, remedy)
        }
    })
}

/// Whether a function's policy lets a service invoke it on behalf of something.
/// Lambda writes these statements itself (`AddPermission`): a service, an
/// action, and conditions on the source.
fn permits(policy: &Value, service: &str, source: &str) -> bool {
    let statements = policy["Statement"].as_array().into_iter().flatten();
    let fits = |one: &Value| {
        let principal = &one["Principal"];
        let mut actions = texts(&one["Action"]).into_iter();
        let admits = principal == "*" || texts(&principal["Service"]).contains(&service);
        let acts = actions.any(|action| matches(&action.to_lowercase(), "lambda:invokefunction"));
        admits && acts && conditions(&one["Condition"], source)
    };
    let of = |effect: &str| {
        statements
            .clone()
            .any(|one| one["Effect"] == effect && fits(one))
    };
    of("Allow") && !of("Deny")
}

fn texts(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) => vec![text],
        Value::Array(all) => all.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

/// Conditions on the source's ARN have to fit; those on its account are taken
/// for right: it is the stack's own.
fn conditions(block: &Value, source: &str) -> bool {
    let operators = block.as_object().into_iter().flatten();
    let mut all = operators.flat_map(|(_, keys)| keys.as_object().into_iter().flatten());
    all.all(|(key, values)| {
        !key.eq_ignore_ascii_case("aws:SourceArn")
            || texts(values).iter().any(|pattern| matches(pattern, source))
    })
}

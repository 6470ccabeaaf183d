//! `stage` and `method`: what of the API a request meets.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_apigateway::types::Resource;
use serde_json::Value;

use crate::{
    checks::{
        Check, Finding,
        codes::{
            METHOD_MISSING, METHOD_NO_INTEGRATION, METHOD_NONE, METHOD_NOT_DEPLOYED, STAGE_MISSING,
            STAGE_NO_DEPLOYMENT,
        },
    },
    error::{ErrorKind, Result},
    stack::Bodies,
    verify::{
        hops::{UP, site},
        scene::{Behind, Scene, Way},
    },
};

/// Why a hop behind the mapping is not judged.
const NO_API: &str = "no API is known for the route";

/// `stage`: a finding for each API route.
pub async fn stages(scene: &Scene<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for way in scene.once_a_route() {
        if way.route.is_api() {
            let judged = stage(scene, way).await;
            let finding = judged.unwrap_or_else(|error| Finding::unseen(Check::Stage, &error));
            findings.push(finding.on_route(&way.route.path));
        }
    }
    findings
}

async fn stage(scene: &Scene<'_>, way: &Way) -> Result<Finding> {
    let Some((api, name)) = way.api() else {
        return Ok(Finding::skipped(Check::Stage, NO_API));
    };
    if !is_there(scene, &api)? {
        return Ok(Finding::skipped(
            Check::Stage,
            format!("there is no API {api}"),
        ));
    }
    let stages = scene.reads.stages(&api).await?;
    let Some(stage) = stages.iter().find(|one| one.stage_name() == Some(&name)) else {
        let others: Vec<&str> = stages.iter().filter_map(|one| one.stage_name()).collect();
        let found = match others.as_slice() {
            [] => format!("{api} has no stage"),
            others => format!("{api} has the stages {}, not {name}", others.join(", ")),
        };
        let cause = "requests are answered with 403 Forbidden";
        let borrowed = way.route.is_borrowed_api();
        let remedy = if borrowed {
            "let the API's team deploy it, or correct the route's `stage`"
        } else {
            UP
        };
        return Ok(Finding::failed(STAGE_MISSING, found, cause, remedy));
    };
    let Some(deployment) = stage.deployment_id().filter(|id| !id.is_empty()) else {
        let found = format!("{name} of {api} serves no deployment");
        return Ok(Finding::failed(
            STAGE_NO_DEPLOYMENT,
            found,
            "nothing was deployed to it",
            UP,
        ));
    };
    Ok(Finding::ok(
        Check::Stage,
        format!("{name} of {api} serves {deployment}"),
    ))
}

/// Whether the account has an API.
pub fn is_there(scene: &Scene<'_>, api: &str) -> Result<bool> {
    let apis = scene.apis.as_ref().map_err(Clone::clone)?;
    Ok(apis.iter().any(|one| one.id() == Some(api)))
}

/// What a stage serves.
#[derive(Clone, Debug, Default)]
pub struct Deployed {
    /// The API's policy as deployed; none if that is not told.
    pub policy: Option<String>,
    /// The methods, as in `GET /orders`.
    pub methods: BTreeSet<String>,
}

/// Whether the API is known to have no such stage, so that nothing is deployed.
pub async fn lacks_stage(scene: &Scene<'_>, api: &str, stage: &str) -> bool {
    let stages = scene.reads.stages(api).await;
    stages.is_ok_and(|all| all.iter().all(|one| one.stage_name() != Some(stage)))
}

/// What a stage serves, as its export tells it (API Gateway API reference,
/// `GetExport`); none where it is not told: no such stage, or no such export.
///
/// # Errors
///
/// It may not be looked at: then nothing can be said of what is live.
pub async fn deployed(scene: &Scene<'_>, api: &str, stage: &str) -> Result<Option<Deployed>> {
    if !scene.sees_deployed || lacks_stage(scene, api, stage).await {
        return Ok(None);
    }
    let export = match scene.reads.export(api, stage).await {
        Err(error) if error.kind == ErrorKind::Denied => return Err(error),
        export => export.ok(),
    };
    Ok(export.as_deref().and_then(Option::as_ref).map(read))
}

/// An export, read.
fn read(document: &Value) -> Deployed {
    let policy = &document["x-amazon-apigateway-policy"];
    let policy = match policy {
        Value::Object(_) => Some(policy.to_string()),
        Value::String(text) => Some(text.clone()),
        _ => None,
    };
    let paths = document["paths"].as_object().into_iter().flatten();
    let methods = paths.flat_map(|(path, verbs)| {
        let verbs = verbs.as_object().into_iter().flatten();
        verbs.filter_map(move |(verb, _)| {
            let verb = match verb.as_str() {
                "x-amazon-apigateway-any-method" => "ANY".to_owned(),
                "get" | "put" | "post" | "delete" | "options" | "head" | "patch" | "trace" => {
                    verb.to_uppercase()
                }
                _ => return None,
            };
            Some(format!("{verb} {path}"))
        })
    });
    Deployed {
        policy,
        methods: methods.collect(),
    }
}

/// `method`: a finding for each route to an API or a site.
pub async fn methods(scene: &Scene<'_>, bodies: &Bodies) -> Vec<Finding> {
    let mut findings = Vec::new();
    for way in scene.once_a_route() {
        let finding = match &way.route.behind {
            Behind::Function(_) => continue,
            Behind::Site { bucket, index } => site::objects(scene, bucket, index).await,
            Behind::Api { .. } => {
                let judged = method(scene, way, bodies).await;
                judged.unwrap_or_else(|error| Finding::unseen(Check::Method, &error))
            }
        };
        findings.push(finding.on_route(&way.route.path));
    }
    findings
}

async fn method(scene: &Scene<'_>, way: &Way, bodies: &Bodies) -> Result<Finding> {
    let Some((api, stage)) = way.api() else {
        return Ok(Finding::skipped(Check::Method, NO_API));
    };
    if !is_there(scene, &api)? {
        return Ok(Finding::skipped(
            Check::Method,
            format!("there is no API {api}"),
        ));
    }
    let resources = scene.reads.resources(&api).await?;
    let methods = methods_of(&resources);
    let all: Vec<String> = methods.iter().map(|one| one.name()).collect();
    if all.is_empty() {
        let found = format!("{api} has no method");
        let cause = "every request is answered with 403 Missing Authentication Token";
        return Ok(Finding::failed(METHOD_NONE, found, cause, UP));
    }
    if let Some(body) = bodies.get(&way.route.path) {
        let wanted = body.operations();
        let wanted = wanted
            .iter()
            .flat_map(|(path, verbs)| verbs.keys().map(move |verb| format!("{verb} {path}")));
        let missing: Vec<String> = wanted.filter(|one| !all.contains(one)).collect();
        if !missing.is_empty() {
            let found = format!("{api} lacks {}", missing.join(", "));
            let cause = "the file has it, and the API does not: such requests are answered with 403 Missing Authentication Token";
            return Ok(Finding::failed(METHOD_MISSING, found, cause, UP));
        }
    }
    let mut idle = methods.iter().filter(|one| !one.has_integration);
    if let Some(one) = idle.next() {
        let found = format!("{} of {api} has no integration", one.name());
        let cause = "API Gateway refuses to deploy such an API";
        return Ok(Finding::failed(METHOD_NO_INTEGRATION, found, cause, UP));
    }
    if let Some(live) = deployed(scene, &api, &stage).await? {
        let waiting: Vec<String> = all
            .iter()
            .filter(|one| !live.methods.contains(*one))
            .cloned()
            .collect();
        if !waiting.is_empty() {
            let found = format!(
                "{} of {api} is not deployed to {stage}",
                shortened(&waiting)
            );
            let cause = "what the API has counts from the next deployment on: such requests are answered with 403 Missing Authentication Token until then";
            if way.route.is_borrowed_api() {
                // Its team may be in the middle of something.
                let remedy = "let the API's team deploy it again";
                return Ok(Finding::warning(METHOD_NOT_DEPLOYED, found, cause, remedy));
            }
            return Ok(Finding::failed(METHOD_NOT_DEPLOYED, found, cause, UP));
        }
    }
    let found = format!("{api} has {}", shortened(&all));
    if lacks_stage(scene, &api, &stage).await {
        let why = "nothing is deployed: the stage is not there";
        return Ok(Finding::skipped(Check::Method, found).because(why));
    }
    Ok(Finding::ok(Check::Method, found))
}

fn shortened(all: &[String]) -> String {
    match all {
        [one, two, three, rest @ ..] if !rest.is_empty() => {
            format!("{one}, {two}, {three} and {} more", rest.len())
        }
        few => few.join(", "),
    }
}

/// A method of an API.
#[derive(Clone, Debug)]
pub struct Method {
    /// The verb, `ANY` for all.
    pub verb: String,
    /// The resource's path.
    pub path: String,
    /// `NONE`, `AWS_IAM`, …
    pub authorization: String,
    /// Whether it wants an API key.
    pub wants_key: bool,
    /// Whether something answers.
    pub has_integration: bool,
    /// Where requests go.
    pub uri: Option<String>,
    /// Whether a role's permissions count instead of the function's.
    pub by_role: bool,
}

impl Method {
    fn name(&self) -> String {
        format!("{} {}", self.verb, self.path)
    }

    /// Whether a plain request may call it.
    pub fn is_open(&self) -> bool {
        matches!(self.authorization.as_str(), "" | "NONE") && !self.wants_key
    }
}

/// The methods of an API, by path and verb.
pub fn methods_of(resources: &[Resource]) -> Vec<Method> {
    let mut all = BTreeMap::new();
    for resource in resources {
        let path = resource.path().unwrap_or_default();
        for (verb, method) in resource.resource_methods().into_iter().flatten() {
            let integration = method.method_integration();
            let read = Method {
                verb: verb.clone(),
                path: path.to_owned(),
                authorization: method.authorization_type().unwrap_or_default().to_owned(),
                wants_key: method.api_key_required().unwrap_or_default(),
                has_integration: integration.is_some(),
                uri: integration.and_then(|one| one.uri().map(str::to_owned)),
                by_role: integration.is_some_and(|one| one.credentials().is_some()),
            };
            all.insert((path.to_owned(), verb.clone()), read);
        }
    }
    all.into_values().collect()
}

//! Changes of a stage.

use serde_json::{Map, Value, json};

use super::common::{api_mut, bad, missing};
use super::patch::{Patch, patches};
use super::stage::{check_variable, fill_canary, shown};
use super::state::{Api, Stage};
use crate::codec::{Input, Output, Refusal, ok};
use crate::world::Ctx;

/// `UpdateStage`: all patches or none. Refusals and their words are recorded.
pub fn update(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let now = ctx.now;
    let patches = patches(input, "updateStageInput")?;
    let name = input.require("stage_name")?;
    let api = api_mut(ctx.account, &mut ctx.here.apigateway, input)?;
    let found = api.stages.get(name);
    let mut stage = found.ok_or_else(|| missing("stage"))?.clone();
    for patch in &patches {
        apply(api, &mut stage, patch)?;
    }
    stage.updated = now;
    let tree = shown(name, &stage);
    api.stages.insert(name.to_owned(), stage);
    ok(tree)
}

fn apply(api: &Api, stage: &mut Stage, patch: &Patch) -> Result<(), Refusal> {
    let (op, target) = (patch.op.as_str(), patch.path.as_str());
    let first = target
        .trim_start_matches('/')
        .split('/')
        .next()
        .unwrap_or_default();
    match (op, first) {
        ("copy", _) => promote(stage, patch),
        (_, "variables") if target.len() > "/variables/".len() => variable(stage, patch),
        (_, "accessLogSettings") => access_log(stage, patch),
        (_, "canarySettings") => canary(api, stage, patch),
        ("replace", _) => replace(api, stage, patch),
        ("remove", _) => forget(stage, patch),
        _ => Err(unknown(patch)),
    }
}

fn replace(api: &Api, stage: &mut Stage, patch: &Patch) -> Result<(), Refusal> {
    let value = &patch.value;
    let name = &patch.path[1.min(patch.path.len())..];
    let value: Value = match patch.path.as_str() {
        "/deploymentId" => {
            check_deployment(api, value)?;
            stage.deployment.clone_from(value);
            return Ok(());
        }
        "/description" | "/documentationVersion" | "/cacheClusterSize" => value.clone().into(),
        "/tracingEnabled" | "/cacheClusterEnabled" => patch.flag()?.into(),
        "/clientCertificateId" => return Err(patch.not_simulated()),
        _ => return method_setting(stage, patch),
    };
    stage.settings.insert(name.to_owned(), value);
    Ok(())
}

/// Recorded for `UpdateStage` and `CreateStage`.
fn check_deployment(api: &Api, id: &str) -> Result<(), Refusal> {
    if api.deployments.contains_key(id) {
        return Ok(());
    }
    Err(bad("Deployment id does not exist"))
}

fn variable(stage: &mut Stage, patch: &Patch) -> Result<(), Refusal> {
    let name = &patch.path["/variables/".len()..];
    match patch.op.as_str() {
        "remove" => {
            stage.variables.remove(name);
        }
        "add" | "replace" => {
            check_variable(name, &patch.value)?;
            stage.variables.insert(name.to_owned(), patch.value.clone());
        }
        _ => return Err(unknown(patch)),
    }
    Ok(())
}

/// What is under a name of the stage's settings, to change it.
fn under<'a>(stage: &'a mut Stage, name: &str) -> &'a mut Map<String, Value> {
    let below = stage.settings.entry(name).or_insert_with(|| json!({}));
    if !below.is_object() {
        *below = json!({});
    }
    match below {
        Value::Object(members) => members,
        // It was made one above.
        _ => unreachable!(),
    }
}

/// All words are recorded for `UpdateStage`.
fn access_log(stage: &mut Stage, patch: &Patch) -> Result<(), Refusal> {
    const NAME: &str = "accessLogSettings";
    let member = patch.path.strip_prefix("/accessLogSettings/");
    match (patch.op.as_str(), member) {
        ("remove", None) => {
            stage.settings.remove(NAME);
            Ok(())
        }
        ("remove", Some(_)) => Err(nothing_there(patch)),
        ("add" | "replace", Some(member @ ("destinationArn" | "format"))) => {
            if patch.value.is_empty() {
                return Err(bad("Access Log value must not be empty"));
            }
            under(stage, NAME).insert(member.to_owned(), patch.value.clone().into());
            Ok(())
        }
        _ => Err(bad(
            "Invalid accessLogSettings path. Must be one of : [/accessLogSettings/destinationArn, /accessLogSettings/format]",
        )),
    }
}

const CANARY: &str = "canarySettings";

fn canary(api: &Api, stage: &mut Stage, patch: &Patch) -> Result<(), Refusal> {
    let member = patch.path.strip_prefix("/canarySettings/");
    match (patch.op.as_str(), member) {
        ("remove", None) => {
            stage.settings.remove(CANARY);
            return Ok(());
        }
        ("remove", Some(_)) => return Err(nothing_there(patch)),
        ("add", Some(_)) => {
            let text = format!("Invalid add operation with path: {}", patch.path);
            return Err(bad(text));
        }
        _ => {}
    }
    let (member, value) = match member {
        Some("deploymentId") => {
            check_deployment(api, &patch.value)?;
            ("deploymentId", json!(patch.value))
        }
        Some("percentTraffic") => {
            let share = patch.value.parse::<f64>().ok();
            let share = share.filter(|share| (0.0..=100.0).contains(share));
            // Assumption: the words.
            (
                "percentTraffic",
                json!(share.ok_or_else(|| bad("Percent traffic must be between 0.0 and 100.0"))?),
            )
        }
        Some("useStageCache") => ("useStageCache", json!(patch.flag()?)),
        Some(other) => match other.strip_prefix("stageVariableOverrides/") {
            Some(name) if !name.is_empty() => {
                check_variable(name, &patch.value)?;
                let mut all = under(stage, CANARY)
                    .get("stageVariableOverrides")
                    .cloned()
                    .unwrap_or_default();
                all[name] = patch.value.clone().into();
                ("stageVariableOverrides", all)
            }
            _ => return Err(unknown(patch)),
        },
        None => return Err(unknown(patch)),
    };
    let deployment = stage.deployment.clone();
    let settings = under(stage, CANARY);
    settings.insert(member.to_owned(), value);
    fill_canary(settings, &deployment);
    Ok(())
}

/// Two copies make the stage what its canary is.
///
/// The words are recorded for `UpdateStage`.
fn promote(stage: &mut Stage, patch: &Patch) -> Result<(), Refusal> {
    let canary = stage.settings.get(CANARY).cloned();
    match (patch.path.as_str(), patch.from.as_str()) {
        ("/deploymentId", "/canarySettings/deploymentId") => {
            let canary = canary.ok_or_else(no_canary)?;
            let id = canary["deploymentId"].as_str().unwrap_or_default();
            id.clone_into(&mut stage.deployment);
        }
        ("/variables", "/canarySettings/stageVariableOverrides") => {
            let canary = canary.ok_or_else(no_canary)?;
            let all = canary["stageVariableOverrides"].as_object();
            for (name, value) in all.into_iter().flatten() {
                let value = value.as_str().unwrap_or_default();
                stage.variables.insert(name.clone(), value.to_owned());
            }
        }
        (to, from) => {
            return Err(bad(format!(
                "Invalid copy operation with path: {to} and from {from}. Valid copy:path are [/deploymentId, /variables] and valid copy:from are [/canarySettings/deploymentId, /canarySettings/stageVariableOverrides]"
            )));
        }
    }
    Ok(())
}

/// Recorded for `UpdateStage`.
fn no_canary() -> Refusal {
    bad("Promotion not available. Canary does not exist.")
}

/// How a method setting is kept.
enum Kind {
    Flag,
    Text,
    Whole,
    Rate,
}

/// The method settings: the end of their path, their member (API Gateway API reference, "Patch operations": `UpdateStage`; `MethodSetting`).
const SETTINGS: &[(&str, &str, Kind)] = &[
    ("metrics/enabled", "metricsEnabled", Kind::Flag),
    ("logging/dataTrace", "dataTraceEnabled", Kind::Flag),
    ("logging/loglevel", "loggingLevel", Kind::Text),
    ("throttling/burstLimit", "throttlingBurstLimit", Kind::Whole),
    ("throttling/rateLimit", "throttlingRateLimit", Kind::Rate),
    ("caching/ttlInSeconds", "cacheTtlInSeconds", Kind::Whole),
    ("caching/enabled", "cachingEnabled", Kind::Flag),
    ("caching/dataEncrypted", "cacheDataEncrypted", Kind::Flag),
    (
        "caching/requireAuthorizationForCacheControl",
        "requireAuthorizationForCacheControl",
        Kind::Flag,
    ),
    (
        "caching/unauthorizedCacheControlHeaderStrategy",
        "unauthorizedCacheControlHeaderStrategy",
        Kind::Text,
    ),
];

/// `/{path}/{verb}/{group}/{name}`; the path has its slashes as `~1`, and is kept without the first (recorded: `test/GET`).
fn method_setting(stage: &mut Stage, patch: &Patch) -> Result<(), Refusal> {
    let parts: Vec<&str> = patch.path.trim_start_matches('/').splitn(3, '/').collect();
    let [resource, verb, setting] = parts[..] else {
        return Err(unknown(patch));
    };
    let mut all = SETTINGS.iter();
    let (_, member, kind) = all
        .find(|(end, ..)| *end == setting)
        .ok_or_else(|| unknown(patch))?;
    // Assumption: the words.
    let wrong = || bad(format!("Invalid value {} for {}", patch.value, patch.path));
    let value = match kind {
        Kind::Flag => json!(patch.flag()?),
        Kind::Text => json!(patch.value),
        Kind::Whole => json!(patch.value.parse::<i64>().map_err(|_| wrong())?),
        Kind::Rate => json!(patch.value.parse::<f64>().map_err(|_| wrong())?),
    };
    let resource = resource.replace("~1", "/");
    let key = format!("{}/{verb}", resource.strip_prefix('/').unwrap_or(&resource));
    let settings = under(stage, "methodSettings");
    let one = settings.entry(key).or_insert_with(|| {
        // Recorded: what else there is once one is set.
        json!({
            "cacheDataEncrypted": false,
            "cacheTtlInSeconds": 300,
            "cachingEnabled": false,
            "dataTraceEnabled": false,
            "metricsEnabled": false,
            "requireAuthorizationForCacheControl": true,
            "throttlingBurstLimit": 5000,
            "throttlingRateLimit": 10_000.0,
            "unauthorizedCacheControlHeaderStrategy": "SUCCEED_WITH_RESPONSE_HEADER",
        })
    });
    one[*member] = value;
    Ok(())
}

/// `remove /{path}/{verb}` takes a method's settings away.
fn forget(stage: &mut Stage, patch: &Patch) -> Result<(), Refusal> {
    let parts: Vec<&str> = patch.path.trim_start_matches('/').split('/').collect();
    if let [resource, verb] = parts[..] {
        let resource = resource.replace("~1", "/");
        let key = format!("{}/{verb}", resource.strip_prefix('/').unwrap_or(&resource));
        if under(stage, "methodSettings").remove(&key).is_some() {
            return Ok(());
        }
        return Err(nothing_there(patch));
    }
    if patch.path == "/documentationVersion" || patch.path == "/description" {
        stage.settings.remove(&patch.path[1..]);
        return Ok(());
    }
    Err(unknown(patch))
}

/// Recorded for `UpdateStage`.
fn nothing_there(patch: &Patch) -> Refusal {
    bad(format!(
        "Cannot remove method setting {} because there is no method setting for this method ",
        patch.path.trim_start_matches('/')
    ))
}

/// AWS's list is longer: each method setting stands there twice.
///
/// Recorded for `UpdateStage`.
fn unknown(patch: &Patch) -> Refusal {
    bad(format!(
        "Invalid method setting path: {}. Must be one of: [/deploymentId, /description, /cacheClusterEnabled, /cacheClusterSize, /clientCertificateId, /accessLogSettings, /accessLogSettings/destinationArn, /accessLogSettings/format, /{{resourcePath}}/{{httpMethod}}/…, /*/*/…, /variables/{{variable_name}}, /tracingEnabled]",
        patch.path
    ))
}

//! Functions and their versions. Code is not looked at.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::check::{SETTINGS, check_new};
use super::name::{Named, conflict, invalid, parse};
use super::revision::{check_revision, fresh, revision};
use super::state::{Function, Version};
use super::tag::tags;
use crate::codec::{Input, Output, Refusal, ok};
use crate::paging;
use crate::random::{Random, digest};
use crate::world::Ctx;

/// How long a function is `Pending` when it is new, or `InProgress` when it is changed
/// (recorded that it is; the span is an assumption).
pub const CREATION: Duration = Duration::from_secs(5);

/// `CreateFunction`.
pub fn create(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let named = parse(ctx, input.require("FunctionName")?)?;
    if named.qualifier.is_some() {
        return Err(invalid("A function is created without a qualifier."));
    }
    check_new(ctx, input)?;
    if ctx.here.lambda.functions.contains_key(&named.name) {
        // Observed (terraform-provider-aws#1524).
        return Err(conflict(format!("Function already exist: {}", named.name)));
    }
    let [revision, settled] = fresh(ctx.random);
    let version = Version {
        settings: settings(input, &named.name, SETTINGS),
        modified: ctx.now,
        active: Some(ctx.now + CREATION),
        updating: false,
        code: input.get("Code").map(Value::to_string).unwrap_or_default(),
        revision,
        settled,
    };
    let mut function = Function {
        latest: version,
        tags: tags(input, "Tags"),
        ..Function::default()
    };
    let number = if input.flag("Publish") == Some(true) {
        publish_next(&mut function, ctx.random, None).to_string()
    } else {
        "$LATEST".to_owned()
    };
    let tree = shown(ctx, &named.name, &function, &number, None);
    ctx.here.lambda.functions.insert(named.name, function);
    Ok(Output::from(tree).status(201))
}

/// The settings of a request, as they are kept.
pub fn settings(input: &Input, function: &str, known: &[&str]) -> Map<String, Value> {
    let given = input.names().filter(|name| known.contains(name));
    let mut settings: Map<String, Value> = given
        .filter_map(|name| Some((name.to_owned(), input.get(name)?.clone())))
        .collect();
    if let Some(logging) = settings.get_mut("LoggingConfig") {
        *logging = logged(logging, function);
    }
    settings
}

/// How a function logs, filled in (recorded: JSON has levels, INFO unless told).
fn logged(given: &Value, function: &str) -> Value {
    let mut tree = json!({"LogFormat": "Text", "LogGroup": format!("/aws/lambda/{function}")});
    if given["LogFormat"] == "JSON" {
        tree["ApplicationLogLevel"] = "INFO".into();
        tree["SystemLogLevel"] = "INFO".into();
    }
    for (name, value) in given.as_object().into_iter().flatten() {
        tree[name] = value.clone();
    }
    tree
}

fn publish_next(function: &mut Function, random: &mut Random, description: Option<&str>) -> u64 {
    function.published += 1;
    let mut version = function.latest.clone();
    // Recorded: a version has a revision of its own, and keeps it when it becomes active.
    (version.revision, version.settled) = (revision(random), String::new());
    if let Some(description) = description {
        version
            .settings
            .insert("Description".to_owned(), description.into());
    }
    function.versions.insert(function.published, version);
    function.published
}

/// A version on the wire; asked for with a qualifier, the ARN has it.
pub fn shown(
    ctx: &Ctx<'_>,
    name: &str,
    function: &Function,
    number: &str,
    qualifier: Option<&str>,
) -> Value {
    let published = number.parse::<u64>().ok();
    let version = published
        .and_then(|number| function.versions.get(&number))
        .unwrap_or(&function.latest);
    let suffix = qualifier.map(|qualifier| format!(":{qualifier}"));
    let mut tree = json!({
        "FunctionName": name,
        "FunctionArn": ctx.arn("lambda", &format!("function:{name}{}", suffix.unwrap_or_default())),
        "Version": number,
        "LastModified": version.modified.iso().replace('Z', "+0000"),
        "CodeSize": 1024,
        "CodeSha256": digest(&version.code, 44),
        "RevisionId": version.revision(ctx.now),
        "State": "Active",
        "LastUpdateStatus": "Successful",
        "Description": "",
        "Timeout": 3,
        "MemorySize": 128,
        "PackageType": "Zip",
        "Architectures": ["x86_64"],
        "EphemeralStorage": {"Size": 512},
        "TracingConfig": {"Mode": "PassThrough"},
        "LoggingConfig": {"LogFormat": "Text", "LogGroup": format!("/aws/lambda/{name}")},
        "RuntimeVersionConfig": {"RuntimeVersionArn": runtime(ctx, version)},
        "SnapStart": {"ApplyOn": "None", "OptimizationStatus": "Off"},
    });
    if let Some(members) = tree.as_object_mut() {
        members.extend(version.settings.clone());
        if version.is_under_way(ctx.now) {
            // Recorded: a change gives the same reason.
            let (state, word, reason) = if version.updating {
                ("LastUpdateStatus", "InProgress", "LastUpdateStatusReason")
            } else {
                members.remove("LastUpdateStatus");
                ("State", "Pending", "StateReason")
            };
            members.insert(state.to_owned(), word.into());
            members.insert(reason.to_owned(), "The function is being created.".into());
            members.insert(format!("{reason}Code"), "Creating".into());
        }
    }
    tree
}

/// The ARN of the runtime that a version runs on (recorded; its id is made up).
fn runtime(ctx: &Ctx<'_>, version: &Version) -> String {
    let name = version.settings.get("Runtime").and_then(Value::as_str);
    let id = digest(name.unwrap_or_default(), 64);
    format!(
        "arn:{}:lambda:{}::runtime:{id}",
        ctx.partition(),
        ctx.region
    )
}

/// The version's number that a qualifier stands for.
fn number(named: &Named, function: &Function) -> String {
    let qualifier = named.qualifier.as_deref().unwrap_or("$LATEST");
    let alias = function.aliases.get(qualifier);
    alias.map_or_else(|| qualifier.to_owned(), |alias| alias.version.clone())
}

fn configuration_of(ctx: &Ctx<'_>, input: &Input) -> Result<(Named, Value), Refusal> {
    let named = Named::of(ctx, input)?;
    let function = named.find(ctx, &ctx.here.lambda)?;
    let number = number(&named, function);
    let tree = shown(
        ctx,
        &named.name,
        function,
        &number,
        named.qualifier.as_deref(),
    );
    Ok((named, tree))
}

/// `GetFunction`.
pub fn get(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let (named, configuration) = configuration_of(ctx, input)?;
    let location = format!(
        "https://awslambda-{0}-tasks.s3.{0}.{1}/snapshots/{2}/{3}",
        ctx.region,
        ctx.dns_suffix(),
        ctx.account,
        named.name
    );
    let mut tree = json!({
        "Configuration": configuration,
        "Code": {"RepositoryType": "S3", "Location": location},
    });
    let tags = &named.find(ctx, &ctx.here.lambda)?.tags;
    if !tags.is_empty() {
        tree["Tags"] = json!(tags);
    }
    ok(tree)
}

/// `GetFunctionConfiguration`.
pub fn configuration(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    ok(configuration_of(ctx, input)?.1)
}

/// `ListFunctions`: 50 a page at most (Lambda API reference); `FunctionVersion=ALL` shows what was published too.
pub fn list(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let mut all = Vec::new();
    let every = input.text("FunctionVersion") == Some("ALL");
    for (name, function) in &ctx.here.lambda.functions {
        let latest = every.then_some("$LATEST");
        all.push(shown(ctx, name, function, "$LATEST", latest));
        for number in function.versions.keys().filter(|_| every) {
            let number = number.to_string();
            all.push(shown(ctx, name, function, &number, Some(&number)));
        }
    }
    let asked = input.number("MaxItems").unwrap_or(50).clamp(1, 50);
    let asked = usize::try_from(asked).unwrap_or(50);
    let size = ctx.conditions.page.unwrap_or(asked).min(asked);
    let (items, next) =
        paging::cut(all, size, input.text("Marker")).ok_or_else(|| invalid("Invalid Marker"))?;
    let mut tree = json!({"Functions": items});
    if let Some(next) = next {
        tree["NextMarker"] = next.into();
    }
    ok(tree)
}

/// `DeleteFunction`: with a qualifier one version, unless an alias stands for it (Lambda API reference).
pub fn delete(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let named = Named::of(ctx, input)?;
    named.find(ctx, &ctx.here.lambda)?;
    let functions = &mut ctx.here.lambda.functions;
    let Some(qualifier) = &named.qualifier else {
        functions.remove(&named.name);
        return Ok(Output::empty(204));
    };
    let number = qualifier
        .parse::<u64>()
        .map_err(|_| invalid("$LATEST version cannot be deleted without deleting the function."))?;
    let Some(function) = functions.get_mut(&named.name) else {
        return Ok(Output::empty(204));
    };
    if let Some((alias, _)) = function
        .aliases
        .iter()
        .find(|(_, alias)| alias.version == *qualifier)
    {
        return Err(conflict(format!(
            "Unable to delete version because the following aliases reference it: [{alias}]"
        )));
    }
    function.versions.remove(&number);
    function.policies.remove(qualifier);
    Ok(Output::empty(204))
}

/// `PublishVersion`: none is published when nothing has changed since the last (Lambda API reference).
pub fn publish(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let named = Named::of(ctx, input)?;
    let (absent, fresh, now) = (named.absent(ctx), fresh(ctx.random), ctx.now);
    let function = ctx
        .here
        .lambda
        .functions
        .get_mut(&named.name)
        .ok_or(absent)?;
    let told_by = "GetFunction/GetAlias API";
    check_revision(function.revision("", now), input, told_by)?;
    let code = digest(&function.latest.code, 44);
    if let Some(asked) = input.text("CodeSha256").filter(|asked| *asked != code) {
        // Recorded.
        return Err(invalid(format!(
            "CodeSHA256 ({asked}) is different from current CodeSHA256 in $LATEST ({code}). Please try again with the CodeSHA256 in $LATEST."
        )));
    }
    let same = function
        .versions
        .get(&function.published)
        .is_some_and(|last| {
            last.code == function.latest.code && same_settings(last, &function.latest)
        });
    let number = if same {
        function.published
    } else {
        let number = publish_next(function, ctx.random, input.text("Description"));
        // Recorded: $LATEST has another revision then.
        function.revise("", fresh);
        number
    };
    let number = number.to_string();
    let function = named.find(ctx, &ctx.here.lambda)?;
    let tree = shown(ctx, &named.name, function, &number, Some(&number));
    Ok(Output::from(tree).status(201))
}

fn same_settings(one: &Version, other: &Version) -> bool {
    let bare = |version: &Version| {
        let mut settings: Map<String, Value> = version.settings.clone();
        settings.remove("Description");
        settings
    };
    bare(one) == bare(other)
}

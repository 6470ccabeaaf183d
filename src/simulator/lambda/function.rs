//! Functions and their versions. Code is not looked at.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::name::{Named, conflict, invalid, parse};
use super::state::{Function, Tags, Version};
use crate::codec::{Input, Output, Refusal, ok};
use crate::paging;
use crate::random::{Random, digest};
use crate::world::Ctx;

const SETTINGS: &[&str] = &[
    "Architectures",
    "DeadLetterConfig",
    "Description",
    "Environment",
    "EphemeralStorage",
    "Handler",
    "KMSKeyArn",
    "LoggingConfig",
    "MemorySize",
    "PackageType",
    "Role",
    "Runtime",
    "Timeout",
    "VpcConfig",
];

/// A revision id.
pub fn revision(random: &mut Random) -> String {
    let digits = random.hex(32);
    format!(
        "{}-{}-4{}-8{}-{}",
        &digits[..8],
        &digits[8..12],
        &digits[13..16],
        &digits[17..20],
        &digits[20..]
    )
}

/// How long a new function is `Pending` (recorded that it is; the span is an assumption).
const CREATION: Duration = Duration::from_secs(5);

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
    let version = Version {
        settings: input
            .names()
            .filter(|name| SETTINGS.contains(name))
            .filter_map(|name| Some((name.to_owned(), input.get(name)?.clone())))
            .collect(),
        modified: ctx.now,
        active: Some(ctx.now + CREATION),
        code: input.get("Code").map(Value::to_string).unwrap_or_default(),
        revision: revision(ctx.random),
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

/// Lambda API reference, `CreateFunction`: what a zip package needs.
fn check_new(ctx: &Ctx<'_>, input: &Input) -> Result<(), Refusal> {
    // Every setting that is sent must be one that is kept: silence would be a yes.
    const BESIDES: &[&str] = &[
        "Code",
        "FunctionName",
        "Publish",
        "Tags",
        "TracingConfig",
        "SnapStart",
    ];
    let mut names = input.names();
    if let Some(name) = names.find(|name| !SETTINGS.contains(name) && !BESIDES.contains(name)) {
        let text = format!("The parameter {name} is not simulated");
        return Err(Refusal::new("UnknownParameter", text));
    }
    let role = input.require("Role")?;
    if !role.starts_with("arn:") || !role.contains(":iam::") {
        return Err(invalid(format!(
            "The role {role} is not an IAM role's ARN."
        )));
    }
    if !input.has("Code") {
        return Err(invalid("Please provide a source for function code."));
    }
    let zip = input.text("PackageType").unwrap_or("Zip") == "Zip";
    if zip && !(input.has("Runtime") && input.has("Handler")) {
        return Err(invalid(
            "Runtime and Handler are mandatory parameters for functions created with deployment packages.",
        ));
    }
    check_runtime(input)?;
    check_network(ctx, input)?;
    // Lambda developer guide, "Quotas": 4 KB of environment variables (the words are recorded).
    let variables = input.get("Environment").map(|given| &given["Variables"]);
    if variables.is_some_and(|variables| variables.to_string().len() > 4096) {
        return Err(invalid(
            "Lambda was unable to configure your environment variables because the environment variables you have provided exceeded the 4KB limit.",
        ));
    }
    // Lambda developer guide, "Using tags".
    if tags(input, "Tags").len() > 50 {
        return Err(invalid("The maximum number of tags for a resource is 50."));
    }
    let bucket = input
        .child("Code")
        .and_then(|code| code.text("S3Bucket").map(str::to_owned));
    if let Some(bucket) = bucket
        && !ctx.global.s3.buckets.contains_key(&bucket)
    {
        // Recorded.
        return Err(invalid(
            "Error occurred while GetObject. S3 Error Code: NoSuchBucket. S3 Error Message: The specified bucket does not exist",
        ));
    }
    Ok(())
}

/// Lambda developer guide, "Lambda runtimes": families that are known; an unknown
/// one is refused (recorded, the words are shortened).
fn check_runtime(input: &Input) -> Result<(), Refusal> {
    const FAMILIES: &[&str] = &[
        "nodejs", "python", "java", "dotnet", "ruby", "go1.", "provided",
    ];
    match input.text("Runtime") {
        Some(name) if !FAMILIES.iter().any(|family| name.starts_with(family)) => {
            Err(invalid(format!(
                "Value {name} at 'runtime' failed to satisfy constraint: Member must satisfy enum value set"
            )))
        }
        _ => Ok(()),
    }
}

/// The groups and subnets of a function in a VPC are there (recorded for groups; the words are shortened).
fn check_network(ctx: &Ctx<'_>, input: &Input) -> Result<(), Refusal> {
    let Some(network) = input.child("VpcConfig") else {
        return Ok(());
    };
    let state = &ctx.here.ec2;
    let mut groups = network.texts("SecurityGroupIds").into_iter();
    if let Some(lost) = groups.find(|id| !state.groups.contains_key(id)) {
        return Err(invalid(format!(
            "Error occurred while DescribeSecurityGroups. EC2 Error Code: InvalidGroup.NotFound. EC2 Error Message: The security group '{lost}' does not exist"
        )));
    }
    let mut subnets = network.texts("SubnetIds").into_iter();
    if let Some(lost) = subnets.find(|id| !state.subnets.contains_key(id)) {
        return Err(invalid(format!(
            "Error occurred while DescribeSubnets. EC2 Error Code: InvalidSubnetID.NotFound. EC2 Error Message: The subnet ID '{lost}' does not exist"
        )));
    }
    Ok(())
}

/// Reads a map of tags.
pub fn tags(input: &Input, name: &str) -> Tags {
    let given = input.get(name).and_then(Value::as_object);
    let pairs = given.into_iter().flatten();
    pairs
        .filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned())))
        .collect()
}

fn publish_next(function: &mut Function, random: &mut Random, description: Option<&str>) -> u64 {
    function.published += 1;
    let mut version = function.latest.clone();
    version.revision = revision(random);
    if let Some(description) = description {
        version
            .settings
            .insert("Description".to_owned(), description.into());
    }
    function.versions.insert(function.published, version);
    function.published
}

/// A version on the wire; asked for with a qualifier, the ARN has it.
fn shown(
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
        "RevisionId": version.revision,
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
        if version.active.is_some_and(|active| ctx.now < active) {
            members.insert("State".to_owned(), "Pending".into());
            members.insert(
                "StateReason".to_owned(),
                "The function is being created.".into(),
            );
            members.insert("StateReasonCode".to_owned(), "Creating".into());
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
    let absent = named.absent(ctx);
    let function = ctx
        .here
        .lambda
        .functions
        .get_mut(&named.name)
        .ok_or(absent)?;
    let same = function
        .versions
        .get(&function.published)
        .is_some_and(|last| {
            last.code == function.latest.code && same_settings(last, &function.latest)
        });
    let number = if same {
        function.published
    } else {
        publish_next(function, ctx.random, input.text("Description"))
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

/// The function of a tagging call: its ARN, without a qualifier (Lambda API reference, `TagResource`).
fn tagged<'a>(ctx: &'a mut Ctx<'_>, input: &Input) -> Result<&'a mut Function, Refusal> {
    let arn = input.require("Resource")?;
    let named = parse(ctx, arn)?;
    if !arn.starts_with("arn:") || named.qualifier.is_some() {
        return Err(invalid(
            "Tags on function aliases and versions are not supported. Please specify a function ARN.",
        ));
    }
    let absent = named.absent(ctx);
    ctx.here.lambda.functions.get_mut(&named.name).ok_or(absent)
}

/// `TagResource`: 50 at most, `aws:` is reserved (Lambda developer guide, "Using tags").
pub fn tag(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let new = tags(input, "Tags");
    let function = tagged(ctx, input)?;
    if new
        .keys()
        .any(|key| key.to_ascii_lowercase().starts_with("aws:"))
    {
        return Err(invalid("Tag keys starting with 'aws:' are reserved."));
    }
    function.tags.extend(new);
    if function.tags.len() > 50 {
        return Err(invalid("The maximum number of tags for a resource is 50."));
    }
    Ok(Output::empty(204))
}

/// `UntagResource`.
pub fn untag(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let keys = input.texts("tagKeys");
    tagged(ctx, input)?
        .tags
        .retain(|key, _| !keys.contains(key));
    Ok(Output::empty(204))
}

/// `ListTags`.
pub fn list_tags(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let tags = &tagged(ctx, input)?.tags;
    ok(json!({"Tags": tags}))
}

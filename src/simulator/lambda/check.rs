//! What a function's settings must be.

use super::name::{invalid, unfit};
use super::tag::{tags, within_limit};
use crate::codec::{Input, Refusal};
use crate::world::Ctx;

/// The settings that a function keeps.
pub const SETTINGS: &[&str] = &[
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
    "TracingConfig",
    "VpcConfig",
];

/// What `UpdateFunctionConfiguration` takes (Lambda API reference): not what belongs to the code.
pub const CHANGES: &[&str] = &[
    "DeadLetterConfig",
    "Description",
    "Environment",
    "EphemeralStorage",
    "FunctionName",
    "Handler",
    "KMSKeyArn",
    "LoggingConfig",
    "MemorySize",
    "RevisionId",
    "Role",
    "Runtime",
    "Timeout",
    "TracingConfig",
    "VpcConfig",
];

/// Lambda API reference, `CreateFunction`: what a zip package needs.
pub fn check_new(ctx: &Ctx<'_>, input: &Input) -> Result<(), Refusal> {
    // Every setting that is sent must be one that is kept: silence would be a yes.
    const BESIDES: &[&str] = &["Code", "FunctionName", "Publish", "Tags", "SnapStart"];
    let mut names = input.names();
    if let Some(name) = names.find(|name| !SETTINGS.contains(name) && !BESIDES.contains(name)) {
        let text = format!("The parameter {name} is not simulated");
        return Err(Refusal::new("UnknownParameter", text));
    }
    input.require("Role")?;
    let snap = input.child("SnapStart");
    if snap.is_some_and(|snap| snap.text("ApplyOn").is_some_and(|on| on != "None")) {
        // Assumption: the code; AWS would take it.
        let text = "SnapStart is not simulated";
        return Err(invalid(text));
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
    check_settings(ctx, input)?;
    within_limit(&tags(input, "Tags"))?;
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

/// Checks the settings that a function is made with, or changed to.
pub fn check_settings(ctx: &Ctx<'_>, input: &Input) -> Result<(), Refusal> {
    if let Some(role) = input.text("Role")
        && !(role.starts_with("arn:") && role.contains(":iam::") && role.contains(":role"))
    {
        // Recorded.
        let pattern = "arn:(aws[a-zA-Z-]*)?:iam::\\d{12}:role/?[a-zA-Z_0-9+=,.@\\-_/]+";
        return Err(unfit("role", role, pattern));
    }
    check_runtime(input)?;
    check_network(ctx, input)?;
    check_sizes(input)?;
    // Lambda developer guide, "Quotas": 4 KB of environment variables (the words are recorded).
    let variables = input.get("Environment").map(|given| &given["Variables"]);
    if variables.is_some_and(|variables| variables.to_string().len() > 4096) {
        return Err(invalid(format!(
            "Lambda was unable to configure your environment variables because the environment variables you have provided exceeded the 4KB limit. String measured: {}",
            variables.unwrap_or_default()
        )));
    }
    Ok(())
}

/// Lambda developer guide, "Quotas": 128 to 10,240 MB, 900 seconds at most. The words
/// are those of the model's constraints (assumption).
fn check_sizes(input: &Input) -> Result<(), Refusal> {
    for (name, least, most) in [("MemorySize", 128, 10_240), ("Timeout", 1, 900)] {
        let Some(given) = input.number(name) else {
            continue;
        };
        let (word, bound) = if given < least {
            ("greater", least)
        } else if given > most {
            ("less", most)
        } else {
            continue;
        };
        let place = format!("{}{}", name[..1].to_ascii_lowercase(), &name[1..]);
        let text = format!(
            "1 validation error detected: Value '{given}' at '{place}' failed to satisfy constraint: Member must have value {word} than or equal to {bound}"
        );
        return Err(Refusal::new("ValidationException", text));
    }
    Ok(())
}

/// The runtimes of November 2025 (recorded with the words).
const RUNTIMES: &[&str] = &[
    "nodejs20.x",
    "python3.14",
    "provided.al2023",
    "python3.12",
    "python3.13",
    "nodejs24.x",
    "nodejs22.x",
    "java25",
    "python3.10",
    "python3.11",
    "java21",
    "ruby3.3",
    "ruby3.4",
    "ruby3.2",
    "python3.8",
    "python3.9",
    "java17",
    "nodejs16.x",
    "dotnet10",
    "dotnet8",
    "java11",
    "dotnet6",
    "nodejs18.x",
    "provided.al2",
    "java8.al2",
];

/// Runtimes that were (recorded with other words).
const RETIRED: &[&str] = &[
    "dotnetcore3.1",
    "go1.x",
    "java8",
    "nodejs12.x",
    "nodejs14.x",
    "provided",
    "python3.7",
    "ruby2.7",
];

/// An unknown runtime is refused, and so is one that is retired (recorded).
fn check_runtime(input: &Input) -> Result<(), Refusal> {
    match input.text("Runtime") {
        Some(name) if RETIRED.contains(&name) => Err(invalid(format!(
            "The runtime parameter of {name} is no longer supported for creating or updating AWS Lambda functions. We recommend you use a supported runtime while creating or updating functions."
        ))),
        Some(name) if !RUNTIMES.contains(&name) => Err(invalid(format!(
            "Value {name} at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: [{}] or be a valid ARN",
            RUNTIMES.join(", ")
        ))),
        _ => Ok(()),
    }
}

/// The groups and subnets of a function in a VPC are there (recorded for groups; the words are shortened).
fn check_network(ctx: &Ctx<'_>, input: &Input) -> Result<(), Refusal> {
    let Some(network) = input.child("VpcConfig") else {
        return Ok(());
    };
    for (name, prefix, letters) in [
        ("SecurityGroupIds", "sg-", "[0-9a-zA-Z]*"),
        ("SubnetIds", "subnet-", "[0-9a-z]*"),
    ] {
        let is_one = |id: &String| {
            let rest = id.strip_prefix(prefix);
            rest.is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_alphanumeric()))
        };
        let given = network.texts(name);
        if !given.iter().all(is_one) {
            // Recorded.
            let place = format!("{}{}", name[..1].to_ascii_lowercase(), &name[1..]);
            let text = format!(
                "1 validation error detected: Value '[{}]' at 'vpcConfig.{place}' failed to satisfy constraint: Member must satisfy constraint: [Member must have length less than or equal to 1024, Member must have length greater than or equal to 0, Member must satisfy regular expression pattern: {prefix}{letters}]",
                given.join(", ")
            );
            return Err(Refusal::new("ValidationException", text));
        }
    }
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

//! Who may reach a bucket: its policy and its public access block.

use serde_json::{Value, json};

use super::bucket::{Found, find, named};
use super::policy::{check, is_public};
use super::state::{AccessBlock, Bucket};
use crate::codec::{Body, Input, Output, Refusal, ok};
use crate::world::Ctx;

/// `PutBucketPolicy`.
///
/// S3 API reference: `MalformedPolicy`. S3 user guide, "Policies and
/// permissions": 20 KB at most. "Blocking public access": a public policy is
/// refused with `AccessDenied` while `BlockPublicPolicy` is on.
pub fn put_policy(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let name = input.require("Bucket")?.to_owned();
    let text = String::from_utf8_lossy(&input.raw).into_owned();
    let bucket = match find(ctx, input)? {
        Found::Here(bucket) => bucket,
        Found::Elsewhere(redirect) => return Ok(redirect),
    };
    let tree = check(&name, &text)?;
    let blocks = bucket.access_block.is_some_and(|block| block.block_policy);
    if blocks && is_public(&tree) {
        let text = "User is not authorized to perform: s3:PutBucketPolicy because public policies are prevented by the BlockPublicPolicy setting in S3 Block Public Access.";
        return Err(Refusal::new("AccessDenied", text).status(403));
    }
    bucket.policy = Some(text);
    Ok(Output::empty(204))
}

/// Returns whether a bucket shuts out everybody without credentials, whatever its policy says.
///
/// S3 user guide, "Blocking public access": `RestrictPublicBuckets` leaves a bucket
/// whose policy is public to its own account and to AWS services.
pub fn restricted(bucket: &Bucket) -> bool {
    let restricts = bucket.access_block.is_some_and(|block| block.restrict);
    let tree: Value =
        serde_json::from_str(bucket.policy.as_deref().unwrap_or_default()).unwrap_or_default();
    restricts && is_public(&tree)
}

/// S3 API reference, "Error responses": `NoSuchBucketPolicy`, 404 (the words are recorded).
fn policy<'a>(bucket: &'a Bucket, input: &Input) -> Result<&'a String, Refusal> {
    let text = "The bucket policy does not exist";
    let none = || named(Refusal::new("NoSuchBucketPolicy", text).status(404), input);
    bucket.policy.as_ref().ok_or_else(none)
}

/// `GetBucketPolicy`: as it was given; none is `NoSuchBucketPolicy`, 404 (S3 API reference).
pub fn get_policy(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let bucket = match find(ctx, input)? {
        Found::Here(bucket) => bucket,
        Found::Elsewhere(redirect) => return Ok(redirect),
    };
    let text = policy(bucket, input)?.clone();
    Ok(Output {
        body: Body::Raw("application/json", text.into_bytes()),
        ..Output::empty(200)
    })
}

/// `GetBucketPolicyStatus`.
pub fn policy_status(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let bucket = match find(ctx, input)? {
        Found::Here(bucket) => bucket,
        Found::Elsewhere(redirect) => return Ok(redirect),
    };
    let tree: Value = serde_json::from_str(policy(bucket, input)?).unwrap_or_default();
    ok(json!({"PolicyStatus": {"IsPublic": is_public(&tree)}}))
}

/// `DeleteBucketPolicy`.
pub fn delete_policy(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    match find(ctx, input)? {
        Found::Here(bucket) => bucket.policy = None,
        Found::Elsewhere(redirect) => return Ok(redirect),
    }
    Ok(Output::empty(204))
}

/// `GetPublicAccessBlock`: none is `NoSuchPublicAccessBlockConfiguration`, 404 (S3 API reference).
pub fn get_block(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let bucket = match find(ctx, input)? {
        Found::Here(bucket) => bucket,
        Found::Elsewhere(redirect) => return Ok(redirect),
    };
    let block = bucket.access_block.ok_or_else(|| {
        let text = "The public access block configuration was not found";
        let none = Refusal::new("NoSuchPublicAccessBlockConfiguration", text).status(404);
        named(none, input)
    })?;
    ok(json!({"PublicAccessBlockConfiguration": {
        "BlockPublicAcls": block.block_acls,
        "IgnorePublicAcls": block.ignore_acls,
        "BlockPublicPolicy": block.block_policy,
        "RestrictPublicBuckets": block.restrict,
    }}))
}

/// `PutPublicAccessBlock`: what is not said is off (S3 API reference).
pub fn put_block(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let on = |name: &str| input.flag(name).unwrap_or(false);
    let block = AccessBlock {
        block_acls: on("BlockPublicAcls"),
        ignore_acls: on("IgnorePublicAcls"),
        block_policy: on("BlockPublicPolicy"),
        restrict: on("RestrictPublicBuckets"),
    };
    match find(ctx, input)? {
        Found::Here(bucket) => bucket.access_block = Some(block),
        Found::Elsewhere(redirect) => return Ok(redirect),
    }
    Ok(Output::empty(200))
}

/// `DeletePublicAccessBlock`.
pub fn delete_block(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    match find(ctx, input)? {
        Found::Here(bucket) => bucket.access_block = None,
        Found::Elsewhere(redirect) => return Ok(redirect),
    }
    Ok(Output::empty(204))
}

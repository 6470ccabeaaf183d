//! Buckets.

use serde_json::{Value, json};

use super::state::{AccessBlock, Bucket};
use crate::codec::{Body, Input, Output, Refusal, escape, ok};
use crate::paging;
use crate::world::Ctx;

/// S3 user guide, "Bucket quotas": general purpose buckets an account.
const MOST: usize = 10_000;

/// What a request finds at its bucket's name.
pub enum Found<'a> {
    /// The bucket, in this region.
    Here(&'a mut Bucket),
    /// It is elsewhere: the answer that says so.
    Elsewhere(Output),
}

/// Finds the bucket of a request.
///
/// S3 API reference, "Error responses": `NoSuchBucket`, 404; `AccessDenied`,
/// 403, for another account's; `PermanentRedirect`, 301, for another region's.
/// The redirect names the region in a header, as refusals cannot: so it is an
/// answer here.
pub fn find<'a>(ctx: &'a mut Ctx<'_>, input: &Input) -> Result<Found<'a>, Refusal> {
    let name = input.require("Bucket")?;
    if let Some(region) = foreign(ctx, name) {
        // Which of the two comes first is observed: any region's endpoint tells anybody where a bucket is.
        return if region == ctx.region {
            Err(Refusal::new("AccessDenied", "Access Denied").status(403))
        } else {
            Ok(Found::Elsewhere(redirect(name, region)))
        };
    }
    check_owner(input)?;
    let bucket = ctx.global.s3.buckets.get_mut(name);
    let bucket = bucket.ok_or_else(|| {
        Refusal::new("NoSuchBucket", "The specified bucket does not exist")
            .status(404)
            .detail("BucketName", name)
    })?;
    let owner = input
        .get("headers")
        .and_then(|headers| headers["x-amz-expected-bucket-owner"].as_str());
    if owner.is_some_and(|owner| owner != ctx.account) {
        return Err(Refusal::new("AccessDenied", "Access Denied").status(403));
    }
    if bucket.region == ctx.region {
        Ok(Found::Here(bucket))
    } else {
        Ok(Found::Elsewhere(redirect(name, &bucket.region)))
    }
}

/// An expected owner is an account's number (recorded: `InvalidBucketOwnerAWSAccountID`).
fn check_owner(input: &Input) -> Result<(), Refusal> {
    let owner = input
        .get("headers")
        .and_then(|headers| headers["x-amz-expected-bucket-owner"].as_str());
    let fits = |owner: &str| owner.len() == 12 && owner.bytes().all(|byte| byte.is_ascii_digit());
    if owner.is_none_or(fits) {
        return Ok(());
    }
    let text = format!(
        "The value of the expected bucket owner parameter must be an AWS Account ID... [{}]",
        owner.unwrap_or_default()
    );
    Err(Refusal::new("InvalidBucketOwnerAWSAccountID", text))
}

/// Adds the bucket's name to a refusal (recorded for most that are about one).
pub fn named(refusal: Refusal, input: &Input) -> Refusal {
    refusal.detail("BucketName", input.text("Bucket").unwrap_or_default())
}

/// What a page cannot go on from (the words are recorded).
pub fn unknown_token() -> Refusal {
    let text = "The continuation token provided is incorrect";
    Refusal::new("InvalidArgument", text).detail("ArgumentName", "continuation-token")
}

fn redirect(name: &str, region: &str) -> Output {
    let text = "The bucket you are attempting to access must be addressed using the specified endpoint. Please send all future requests to this endpoint.";
    let content = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>PermanentRedirect</Code><Message>{text}</Message>\
         <Endpoint>{0}.s3.{region}.amazonaws.com</Endpoint><Bucket>{0}</Bucket></Error>",
        escape(name)
    );
    let mut output = Output::empty(301).header("x-amz-bucket-region", region);
    output.body = Body::Raw("application/xml", content.into_bytes());
    output
}

/// The name under which a bucket is claimed across accounts.
pub fn claim(name: &str) -> String {
    format!("s3/{name}")
}

/// The name under which all accounts see where a bucket is.
fn place(name: &str) -> String {
    format!("s3-region/{name}")
}

/// Returns the region of a bucket that another account has.
pub fn foreign<'a>(ctx: &'a Ctx<'_>, name: &str) -> Option<&'a str> {
    let owner = ctx.claims.get(&claim(name))?;
    let region = ctx.claims.get(&place(name));
    (owner != ctx.account).then(|| region.map_or(ctx.region, String::as_str))
}

/// S3 user guide, "Bucket naming rules".
fn check_name(name: &str) -> Result<(), Refusal> {
    let allowed = |byte: u8| {
        byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-' || byte == b'.'
    };
    let ends = |byte: Option<u8>| {
        byte.is_some_and(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    };
    let fits = (3..=63).contains(&name.len())
        && name.bytes().all(allowed)
        && ends(name.bytes().next())
        && ends(name.bytes().last())
        && !name.contains("..")
        && name.parse::<std::net::Ipv4Addr>().is_err()
        && !name.starts_with("xn--")
        && !name.ends_with("-s3alias");
    if fits {
        return Ok(());
    }
    let text = "The specified bucket is not valid.";
    Err(Refusal::new("InvalidBucketName", text).detail("BucketName", name))
}

/// `CreateBucket`: names are global (S3 user guide, "Bucket naming rules").
///
/// S3 API reference, `CreateBucket`: `BucketAlreadyExists`,
/// `BucketAlreadyOwnedByYou`, both 409; in us-east-1 one's own is taken for
/// made. The constraint must be the region asked, and us-east-1 has none
/// (`IllegalLocationConstraintException`).
pub fn create(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let name = input.require("Bucket")?;
    check_name(name)?;
    let given = input
        .text("LocationConstraint")
        .filter(|given| !given.is_empty());
    if given == Some("us-east-1") {
        // Recorded: us-east-1 is said by saying nothing.
        let text = "The specified location-constraint is not valid";
        return Err(Refusal::new("InvalidLocationConstraint", text)
            .detail("LocationConstraint", "us-east-1"));
    }
    let constraint = given.unwrap_or("us-east-1");
    if constraint != ctx.region {
        let text = if given.is_some() {
            format!(
                "The {constraint} location constraint is incompatible for the region specific endpoint this request was sent to."
            )
        } else {
            "The unspecified location constraint is incompatible for the region specific endpoint this request was sent to.".to_owned()
        };
        return Err(Refusal::new("IllegalLocationConstraintException", text));
    }
    let arn = format!("arn:{}:s3:::{name}", ctx.partition());
    let made = || {
        Output::empty(200)
            .header("location", format!("/{name}"))
            .header("x-amz-bucket-arn", arn.clone())
    };
    if ctx
        .claims
        .get(&claim(name))
        .is_some_and(|owner| owner != ctx.account)
    {
        let text = "The requested bucket name is not available. The bucket namespace is shared by all users of the system. Please select a different name and try again.";
        return Err(Refusal::new("BucketAlreadyExists", text).status(409));
    }
    if let Some(own) = ctx.global.s3.buckets.get(name) {
        if ctx.region == "us-east-1" && own.region == "us-east-1" {
            return Ok(made());
        }
        let text =
            "Your previous request to create the named bucket succeeded and you already own it.";
        let taken = Refusal::new("BucketAlreadyOwnedByYou", text).status(409);
        return Err(named(taken, input));
    }
    if ctx.global.s3.buckets.len() >= MOST {
        return Err(Refusal::new(
            "TooManyBuckets",
            "You have attempted to create more buckets than allowed",
        ));
    }
    let region = ctx.region.to_owned();
    add(ctx, name, &region);
    Ok(made())
}

/// Adds a bucket under a name that is given.
pub fn add(ctx: &mut Ctx<'_>, name: &str, region: &str) {
    let bucket = Bucket {
        region: region.to_owned(),
        created: ctx.now,
        access_block: Some(AccessBlock::ALL),
        ..Bucket::default()
    };
    ctx.claims.insert(claim(name), ctx.account.to_owned());
    ctx.claims.insert(place(name), region.to_owned());
    ctx.global.s3.buckets.insert(name.to_owned(), bucket);
}

/// `HeadBucket`: where the bucket is, also to those who must not look inside (S3 API reference: 403 has the region, too).
pub fn head(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    if foreign(ctx, input.require("Bucket")?) == Some(ctx.region) {
        return Ok(Output::empty(403).header("x-amz-bucket-region", ctx.region));
    }
    Ok(match find(ctx, input)? {
        Found::Here(bucket) => {
            Output::empty(200).header("x-amz-bucket-region", bucket.region.clone())
        }
        Found::Elsewhere(redirect) => redirect,
    })
}

/// `GetBucketLocation`: us-east-1 is empty; asked in any region (S3 API reference).
pub fn location(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let name = input.require("Bucket")?;
    let region = ctx
        .global
        .s3
        .buckets
        .get(name)
        .map(|bucket| bucket.region.clone());
    match region {
        Some(region) if region == "us-east-1" => ok(json!({"LocationConstraint": ""})),
        Some(region) => ok(json!({"LocationConstraint": region})),
        None if foreign(ctx, name).is_some() => {
            Err(Refusal::new("AccessDenied", "Access Denied").status(403))
        }
        None => find(ctx, input).and_then(|_| ok(json!({"LocationConstraint": ""}))),
    }
}

/// `ListBuckets`: all of the account's, whatever their region, or those of one.
///
/// S3 API reference, `ListBuckets`: `InvalidArgument` (the words are observed).
pub fn list(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let prefix = input.text("prefix").unwrap_or_default();
    let region = input.text("bucket-region");
    let all = ctx.global.s3.buckets.iter().filter(|(name, bucket)| {
        name.starts_with(prefix) && region.is_none_or(|region| bucket.region == region)
    });
    let all: Vec<Value> = all
        .map(|(name, bucket)| json!({"Name": name, "CreationDate": bucket.created.iso(), "BucketRegion": bucket.region}))
        .collect();
    let asked = input
        .number("max-buckets")
        .and_then(|asked| usize::try_from(asked).ok())
        .unwrap_or(10_000);
    let size = ctx.conditions.page.unwrap_or(asked).min(asked);
    let (items, next) =
        paging::cut(all, size, input.text("continuation-token")).ok_or_else(unknown_token)?;
    ok(json!({"ListAllMyBucketsResult": {
        "Owner": {"ID": crate::random::digest(ctx.account, 64)},
        "Buckets": {"Bucket": items},
        "ContinuationToken": next,
    }}))
}

/// `DeleteBucket`: an empty one (`BucketNotEmpty`, 409, S3 API reference).
pub fn delete(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    match find(ctx, input)? {
        Found::Here(bucket) if !bucket.objects.is_empty() => {
            let text = "The bucket you tried to delete is not empty";
            let full = Refusal::new("BucketNotEmpty", text).status(409);
            return Err(named(full, input));
        }
        Found::Here(_) => {}
        Found::Elsewhere(redirect) => return Ok(redirect),
    }
    let name = input.require("Bucket")?;
    ctx.claims.remove(&claim(name));
    ctx.claims.remove(&place(name));
    ctx.global.s3.buckets.remove(name);
    Ok(Output::empty(204))
}

/// `GetBucketTagging`: none is `NoSuchTagSet`, 404 (S3 API reference).
pub fn tagging(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let bucket = match find(ctx, input)? {
        Found::Here(bucket) => bucket,
        Found::Elsewhere(redirect) => return Ok(redirect),
    };
    if bucket.tags.is_empty() {
        let none = Refusal::new("NoSuchTagSet", "The TagSet does not exist").status(404);
        return Err(named(none, input));
    }
    let tags = bucket.tags.iter();
    let tags: Vec<Value> = tags
        .map(|(key, value)| json!({"Key": key, "Value": value}))
        .collect();
    ok(json!({"Tagging": {"TagSet": {"Tag": tags}}}))
}

/// `PutBucketTagging`: in place of the tags before; 50 at most (`InvalidTag`, `BadRequest`: S3 API reference).
pub fn put_tagging(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let given = input
        .child("TagSet")
        .map(|set| set.each("Tag"))
        .unwrap_or_default();
    let mut tags = std::collections::BTreeMap::new();
    for tag in given {
        let key = tag.require("Key")?.to_owned();
        // All three are recorded.
        if key.starts_with("aws:") {
            let text = "System tags cannot be added/updated by requester";
            return Err(Refusal::new("InvalidTag", text).detail("TagKey", key));
        }
        if key.chars().count() > 128 {
            let text = "The TagKey you have provided is invalid";
            return Err(Refusal::new("InvalidTag", text).detail("TagKey", key));
        }
        let value = tag.text("Value").unwrap_or_default().to_owned();
        if tags.insert(key.clone(), value).is_some() {
            let text = "Cannot provide multiple Tags with the same key";
            return Err(Refusal::new("InvalidTag", text).detail("TagKey", key));
        }
    }
    if tags.len() > 50 {
        return Err(Refusal::new(
            "BadRequest",
            "Bucket tag count cannot be greater than 50",
        ));
    }
    match find(ctx, input)? {
        Found::Here(bucket) => bucket.tags = tags,
        Found::Elsewhere(redirect) => return Ok(redirect),
    }
    Ok(Output::empty(204))
}

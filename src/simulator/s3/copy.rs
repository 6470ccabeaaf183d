//! `CopyObject`.

use serde_json::json;

use super::bucket::{Found, find, foreign};
use super::object::{
    check_simulated, encrypted, encryption_headers, given, kept, key, made, no_such_key,
};
use super::state::Object;
use super::{conditional, encryption};
use crate::codec::{Input, Output, Refusal};
use crate::world::Ctx;

/// The header that makes a `PutObject` a copy.
pub const SOURCE: &str = "x-amz-copy-source";

/// `CopyObject`: within the account; a source must be there, and its conditions hold.
///
/// S3 API reference, `CopyObject`: the source's metadata or, with
/// `x-amz-metadata-directive: REPLACE`, the request's; encryption is the
/// request's or the bucket's; conditions on the source are 412.
pub fn copy(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    check_simulated(input)?;
    let (bucket, from) = source(given(input, SOURCE).unwrap_or_default())?;
    let object = found(ctx, &bucket, &from)?.clone();
    check_source(&object, input)?;
    let to = key(input)?;
    let replaces = given(input, "x-amz-metadata-directive") == Some("REPLACE");
    let itself = input.text("Bucket") == Some(bucket.as_str()) && to == from;
    if itself && !replaces && given(input, Object::ENCRYPTION).is_none() {
        let text = "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes.";
        return Err(Refusal::new("InvalidRequest", text));
    }
    let mut headers = object.headers.clone();
    headers.retain(|name, _| !name.starts_with(Object::ENCRYPTION));
    if replaces {
        headers.retain(|name, _| name.starts_with(super::checksum::HEADER));
        headers.extend(kept(input));
    }
    let asked = given(input, Object::ENCRYPTION)
        .map(|algorithm| encryption::read(algorithm, given(input, Object::KEY), false))
        .transpose()?;
    let now = ctx.now;
    let target = match find(ctx, input)? {
        Found::Here(bucket) => bucket,
        Found::Elsewhere(redirect) => return Ok(redirect),
    };
    encrypted(&mut headers, asked.as_ref().or(target.encryption.as_ref()));
    let copy = made(object.body.0.to_vec(), headers, now);
    let body = json!({"CopyObjectResult": {"ETag": copy.etag, "LastModified": now.iso()}});
    let output = encryption_headers(Output::from(body), &copy);
    target.objects.insert(to.to_owned(), copy);
    Ok(output)
}

/// Reads `/bucket/key` or `bucket/key`, percent-encoded; a version is not simulated.
fn source(text: &str) -> Result<(String, String), Refusal> {
    if text.contains("?versionId=") {
        let text = "A version of a copy's source is not simulated";
        return Err(Refusal::new("NotImplemented", text).status(501));
    }
    let decoded = crate::codec::decode(text.trim_start_matches('/'), false);
    let parts = decoded.split_once('/');
    let parts = parts.filter(|(bucket, key)| !bucket.is_empty() && !key.is_empty());
    let (bucket, key) = parts.ok_or_else(|| {
        let text = "Copy Source must mention the source bucket and key: sourcebucket/sourcekey";
        Refusal::new("InvalidArgument", text).detail("ArgumentName", SOURCE)
    })?;
    Ok((bucket.to_owned(), key.to_owned()))
}

fn found<'a>(ctx: &'a Ctx<'_>, bucket: &str, key: &str) -> Result<&'a Object, Refusal> {
    if foreign(ctx, bucket).is_some() {
        return Err(Refusal::new("AccessDenied", "Access Denied").status(403));
    }
    let found = ctx.global.s3.buckets.get(bucket).ok_or_else(|| {
        Refusal::new("NoSuchBucket", "The specified bucket does not exist")
            .status(404)
            .detail("BucketName", bucket)
    })?;
    found.objects.get(key).ok_or_else(|| no_such_key(key))
}

/// The conditions on the source; what would be a 304 for a reader is a 412 here (S3 API reference).
fn check_source(object: &Object, input: &Input) -> Result<(), Refusal> {
    let modified = object.modified.iso();
    let condition = |name: &str| given(input, &format!("x-amz-copy-source-{name}"));
    match conditional::judge(object, &modified[..19], condition)? {
        conditional::Held::Yes => Ok(()),
        conditional::Held::NotModified => {
            Err(conditional::failed("x-amz-copy-source-If-None-Match"))
        }
    }
}

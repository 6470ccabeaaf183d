//! `CopyObject`.

use serde_json::json;

use super::bucket::{Found, find, foreign};
use super::object::{
    check_simulated, encrypted, encryption_headers, given, kept, key, made, no_such_key,
};
use super::state::Object;
use super::{checksum, conditional, encryption};
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
    // Recorded: a bucket that says how its objects are encrypted lets them be copied in place.
    let buckets = ctx.global.s3.buckets.get(&bucket);
    let changes = replaces
        || given(input, Object::ENCRYPTION).is_some()
        || given(input, "x-amz-storage-class").is_some()
        || buckets.is_some_and(|bucket| bucket.encryption.is_some());
    if itself && !changes {
        let text = "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes.";
        return Err(Refusal::new("InvalidRequest", text));
    }
    let mut headers = object.headers.clone();
    headers.retain(|name, _| !name.starts_with(Object::ENCRYPTION));
    if replaces {
        headers.retain(|name, _| name.starts_with(checksum::HEADER));
        headers.extend(kept(input));
    }
    // Recorded: the source's checksum, or one by the algorithm that the request names.
    if let Some(algorithm) = given(input, "x-amz-checksum-algorithm") {
        let name = checksum::header(algorithm).ok_or_else(|| unknown_algorithm(algorithm))?;
        let value = checksum::checksum(name, &object.body.0).unwrap_or_default();
        headers.retain(|name, _| !name.starts_with(checksum::HEADER));
        headers.insert(name.to_owned(), value);
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
    let mut result = json!({"ETag": copy.etag, "LastModified": now.iso()});
    for name in checksum::HEADERS {
        if let Some(value) = copy.headers.get(name) {
            let name = name.trim_start_matches(checksum::HEADER).to_uppercase();
            result[format!("Checksum{name}")] = value.clone().into();
            result["ChecksumType"] = "FULL_OBJECT".into();
        }
    }
    let body = json!({"CopyObjectResult": result});
    let output = encryption_headers(Output::from(body), &copy);
    target.objects.insert(to.to_owned(), copy);
    Ok(output)
}

/// S3 API reference, `CopyObject`: the algorithms; the code and the words are recorded for `CreateMultipartUpload`.
fn unknown_algorithm(name: &str) -> Refusal {
    let text = format!(
        "Checksum algorithm provided is unsupported. Please try again with any of the valid types: [CRC32, CRC32C, CRC64NVME, SHA1, SHA256] ({name})"
    );
    Refusal::new("InvalidRequest", text)
}

/// Reads `/bucket/key` or `bucket/key`, percent-encoded; a version is not simulated.
///
/// S3 API reference, `CopyObject`. That a version is a `NotImplemented` is an assumption: AWS would take it.
fn source(text: &str) -> Result<(String, String), Refusal> {
    if text.contains("?versionId=") {
        let text = "A version of a copy's source is not simulated";
        return Err(Refusal::new("NotImplemented", text).status(501));
    }
    let decoded = crate::codec::decode(text.trim_start_matches('/'), false);
    let parts = decoded.split_once('/');
    let parts = parts.filter(|(bucket, key)| !bucket.is_empty() && !key.is_empty());
    let (bucket, key) = parts.ok_or_else(|| {
        // Recorded.
        Refusal::new("InvalidArgument", "Invalid copy source object key")
            .detail("ArgumentName", SOURCE)
            .detail("ArgumentValue", SOURCE)
    })?;
    Ok((bucket.to_owned(), key.to_owned()))
}

/// S3 API reference, "Error responses": `AccessDenied`, `NoSuchBucket`, `NoSuchKey`.
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

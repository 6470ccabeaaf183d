//! Objects.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::{Value, json};

use super::address::unchunked;
use super::bucket::{Found, find};
use super::encryption;
use super::state::{Bytes, Encryption, Object};
use crate::clock::Time;
use crate::codec::{Body, Input, Output, Refusal, ok};
use crate::paging;
use crate::random::digest;
use crate::world::Ctx;

/// The headers that an object keeps.
const KEPT: &[&str] = &[
    "cache-control",
    "content-disposition",
    "content-encoding",
    "content-language",
    "content-type",
    "expires",
];

/// `PutObject`. S3's entity tags are MD5 digests; these are others (assumption: nobody compares).
pub fn put(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let now = ctx.now;
    let key = key(input)?;
    let headers = input.get("headers");
    let body = unchunked(&input.raw, headers);
    let given = |name: &str| headers.and_then(|headers| headers[name].as_str());
    let mut kept: BTreeMap<String, String> = KEPT
        .iter()
        .filter_map(|name| Some(((*name).to_owned(), given(name)?.to_owned())))
        .collect();
    if let Some(encoding) = kept.remove("content-encoding") {
        let parts = encoding
            .split(',')
            .map(str::trim)
            .filter(|part| *part != "aws-chunked");
        let parts: Vec<&str> = parts.collect();
        if !parts.is_empty() {
            kept.insert("content-encoding".to_owned(), parts.join(","));
        }
    }
    kept.entry("content-type".to_owned())
        .or_insert_with(|| "binary/octet-stream".to_owned());
    let asked = given(Object::ENCRYPTION)
        .map(|algorithm| encryption::read(algorithm, given(Object::KEY), false))
        .transpose()?;
    let bucket = match find(ctx, input)? {
        Found::Here(bucket) => bucket,
        Found::Elsewhere(redirect) => return Ok(redirect),
    };
    encrypted(&mut kept, asked.as_ref().or(bucket.encryption.as_ref()));
    // S3 API reference, `PutObject`: `If-None-Match: *`, 412.
    if given("if-none-match") == Some("*") && bucket.objects.contains_key(key) {
        let text = "At least one of the pre-conditions you specified did not hold";
        return Err(Refusal::new("PreconditionFailed", text).status(412));
    }
    let object = made(body, kept, now);
    let output = encryption_headers(
        Output::empty(200).header("etag", object.etag.clone()),
        &object,
    );
    bucket.objects.insert(key.to_owned(), object);
    Ok(output)
}

fn made(body: Vec<u8>, headers: BTreeMap<String, String>, now: Time) -> Object {
    Object {
        etag: format!("\"{}\"", digest(&String::from_utf8_lossy(&body), 32)),
        body: Bytes(Arc::new(body)),
        modified: now,
        headers,
    }
}

/// What an object's headers say about encryption by KMS; S3's own keys are not written down.
fn encrypted(headers: &mut BTreeMap<String, String>, encryption: Option<&Encryption>) {
    let Some(encryption) = encryption.filter(|one| one.algorithm != "AES256") else {
        return;
    };
    headers.insert(Object::ENCRYPTION.to_owned(), encryption.algorithm.clone());
    let key = encryption.key.iter();
    headers.extend(key.map(|key| (Object::KEY.to_owned(), key.clone())));
}

fn encryption_headers(output: Output, object: &Object) -> Output {
    let output = output.header(Object::ENCRYPTION, object.algorithm().to_owned());
    match object.headers.get(Object::KEY) {
        Some(key) => output.header(Object::KEY, key.clone()),
        None => output,
    }
}

/// Adds a page to a bucket of the account, encrypted as the bucket says; returns whether there is such a bucket.
pub fn add(ctx: &mut Ctx<'_>, bucket: &str, key: &str, body: &str) -> bool {
    let now = ctx.now;
    let Some(bucket) = ctx.global.s3.buckets.get_mut(bucket) else {
        return false;
    };
    let mut headers = BTreeMap::from([("content-type".to_owned(), "text/html".to_owned())]);
    encrypted(&mut headers, bucket.encryption.as_ref());
    let object = made(body.as_bytes().to_vec(), headers, now);
    bucket.objects.insert(key.to_owned(), object);
    true
}

/// S3 user guide, "Naming S3 objects": 1,024 bytes at most.
fn key(input: &Input) -> Result<&str, Refusal> {
    let key = input.require("Key")?;
    if key.len() > 1024 {
        return Err(Refusal::new("KeyTooLongError", "Your key is too long"));
    }
    Ok(key)
}

/// `GetObject`; ranges and conditions are not simulated.
pub fn get(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    answer(ctx, input, true)
}

/// `HeadObject`.
pub fn head(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    answer(ctx, input, false)
}

/// S3 API reference, `GetObject`: `NoSuchKey`, 404, for those who may list the bucket.
fn answer(ctx: &mut Ctx<'_>, input: &Input, with_body: bool) -> Result<Output, Refusal> {
    let bucket = match find(ctx, input)? {
        Found::Here(bucket) => bucket,
        Found::Elsewhere(redirect) => return Ok(redirect),
    };
    let object = bucket.objects.get(key(input)?).ok_or_else(|| {
        Refusal::new("NoSuchKey", "The specified key does not exist.").status(404)
    })?;
    let mut output = Output::empty(200)
        .header("etag", object.etag.clone())
        .header("last-modified", http_date(object.modified))
        .header("accept-ranges", "bytes");
    output = encryption_headers(output, object);
    for name in KEPT {
        if let Some(value) = object.headers.get(*name) {
            output = output.header(name, value.clone());
        }
    }
    if with_body {
        output.body = Body::Raw("", object.body.0.to_vec());
    } else {
        output = output.header("content-length", object.body.0.len().to_string());
    }
    Ok(output)
}

/// A date as HTTP writes it (RFC 9110).
fn http_date(time: Time) -> String {
    const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    const MONTHS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let iso = time.iso();
    let day = usize::try_from(time.unix_seconds() / 86_400 % 7).unwrap_or(0);
    let month: usize = iso[5..7].parse().unwrap_or(1);
    format!(
        "{}, {} {} {} {} GMT",
        DAYS[day],
        &iso[8..10],
        MONTHS[(month - 1) % 12],
        &iso[..4],
        &iso[11..19]
    )
}

/// `DeleteObject`: also if there is none (S3 API reference).
pub fn delete(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let key = key(input)?;
    match find(ctx, input)? {
        Found::Here(bucket) => bucket.objects.remove(key),
        Found::Elsewhere(redirect) => return Ok(redirect),
    };
    Ok(Output::empty(204))
}

/// `ListObjectsV2`: by key, 1,000 a page at most (S3 API reference).
pub fn list(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let most = ctx.conditions.page.unwrap_or(1000);
    let prefix = input.text("prefix").unwrap_or_default();
    let delimiter = input
        .text("delimiter")
        .filter(|delimiter| !delimiter.is_empty());
    let after = input.text("start-after").unwrap_or_default();
    let asked = input
        .number("max-keys")
        .and_then(|asked| usize::try_from(asked).ok())
        .unwrap_or(1000)
        .min(1000);
    let url = input.text("encoding-type") == Some("url");
    let name = input.require("Bucket")?.to_owned();
    let bucket = match find(ctx, input)? {
        Found::Here(bucket) => bucket,
        Found::Elsewhere(redirect) => return Ok(redirect),
    };
    let (mut folders, mut found) = (BTreeSet::new(), Vec::new());
    for (key, object) in &bucket.objects {
        let Some(rest) = key.strip_prefix(prefix).filter(|_| key.as_str() > after) else {
            continue;
        };
        let folder = delimiter
            .and_then(|delimiter| rest.find(delimiter).map(|at| &rest[..at + delimiter.len()]));
        if let Some(folder) = folder {
            let folder = format!("{prefix}{folder}");
            if folders.insert(folder.clone()) {
                found.push((true, json!({"Prefix": shown(&folder, url)})));
            }
        } else {
            found.push((
                false,
                json!({
                    "Key": shown(key, url),
                    "LastModified": object.modified.iso(),
                    "ETag": object.etag,
                    "Size": object.body.0.len(),
                    "StorageClass": "STANDARD",
                }),
            ));
        }
    }
    let token = input.text("continuation-token");
    let (page, next) = paging::cut(found, asked.min(most), token).ok_or_else(|| {
        Refusal::new(
            "InvalidArgument",
            "The continuation token provided is incorrect",
        )
    })?;
    let of = |wanted: bool| -> Vec<Value> {
        let items = page.iter().filter(|(folder, _)| *folder == wanted);
        items.map(|(_, item)| item.clone()).collect()
    };
    ok(json!({"ListBucketResult": {
        "Name": name,
        "Prefix": shown(prefix, url),
        "Delimiter": delimiter,
        "StartAfter": input.text("start-after"),
        "MaxKeys": asked,
        "KeyCount": page.len(),
        "EncodingType": url.then_some("url"),
        "IsTruncated": next.is_some(),
        "ContinuationToken": token,
        "NextContinuationToken": next,
        "Contents": of(false),
        "CommonPrefixes": of(true),
    }}))
}

/// A key in a listing; `encoding-type=url` has it percent-encoded.
fn shown(key: &str, url: bool) -> String {
    if !url {
        return key.to_owned();
    }
    let encoded = key.bytes().map(|byte| {
        if byte.is_ascii_alphanumeric() || b"-_.~/".contains(&byte) {
            char::from(byte).to_string()
        } else {
            format!("%{byte:02X}")
        }
    });
    encoded.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_http_dates() {
        assert_eq!(http_date(Time::START), "Thu, 01 Jan 2026 00:00:00 GMT");
    }
}

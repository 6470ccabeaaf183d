//! Objects.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::address::unchunked;
use super::bucket::{Found, find};
use super::state::{Bytes, Encryption, Object};
use super::{checksum, conditional, encryption};
use crate::clock::Time;
use crate::codec::{Body, Input, Output, Refusal};
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

/// What people put on an object themselves begins so; it is kept.
const METADATA: &str = "x-amz-meta-";

/// Headers of S3's that are not simulated: an object that is put with one of
/// them would be another one here.
const NOT_SIMULATED: &[&str] = &[
    "x-amz-grant-full-control",
    "x-amz-grant-read",
    "x-amz-grant-read-acp",
    "x-amz-grant-write-acp",
    "x-amz-object-lock-legal-hold",
    "x-amz-object-lock-mode",
    "x-amz-object-lock-retain-until-date",
    "x-amz-server-side-encryption-context",
    "x-amz-server-side-encryption-customer-algorithm",
    "x-amz-tagging",
    "x-amz-website-redirect-location",
    "x-amz-write-offset-bytes",
];

/// Returns a header of a request.
pub fn given<'a>(input: &'a Input, name: &str) -> Option<&'a str> {
    input.get("headers")?.get(name)?.as_str()
}

/// Refuses what is asked for and not simulated.
///
/// S3 user guide, "Controlling ownership of objects": a bucket as they are
/// made since April 2023 takes no ACL but `bucket-owner-full-control`
/// (`AccessControlListNotSupported`).
pub fn check_simulated(input: &Input) -> Result<(), Refusal> {
    let class = given(input, "x-amz-storage-class").filter(|class| *class != "STANDARD");
    let named = NOT_SIMULATED
        .iter()
        .find(|name| given(input, name).is_some());
    let named = named.copied().or(class.map(|_| "x-amz-storage-class"));
    if let Some(name) = named {
        let text = format!("The header {name} is not simulated");
        return Err(Refusal::new("NotImplemented", text).status(501));
    }
    match given(input, "x-amz-acl") {
        None | Some("bucket-owner-full-control") => Ok(()),
        Some(_) => {
            let text = "The bucket does not allow ACLs";
            Err(Refusal::new("AccessControlListNotSupported", text))
        }
    }
}

/// The headers of a request that an object keeps, with those that people invent.
pub fn kept(input: &Input) -> BTreeMap<String, String> {
    let all = input.get("headers").and_then(Value::as_object);
    let named = all.into_iter().flatten().filter_map(|(name, value)| {
        let keeps = KEPT.contains(&name.as_str()) || name.starts_with(METADATA);
        keeps.then_some((name.clone(), value.as_str()?.to_owned()))
    });
    let mut kept: BTreeMap<String, String> = named.collect();
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
    kept
}

/// `PutObject`.
pub fn put(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    check_simulated(input)?;
    let now = ctx.now;
    let key = key(input)?;
    let (body, trailers) = unchunked(&input.raw, input.get("headers"));
    let mut kept = kept(input);
    checksum::check_md5(given(input, "content-md5"), &body)?;
    kept.extend(checked(input, &trailers, &body)?);
    let asked = given(input, Object::ENCRYPTION)
        .map(|algorithm| encryption::read(algorithm, given(input, Object::KEY), false))
        .transpose()?;
    let bucket = match find(ctx, input)? {
        Found::Here(bucket) => bucket,
        Found::Elsewhere(redirect) => return Ok(redirect),
    };
    encrypted(&mut kept, asked.as_ref().or(bucket.encryption.as_ref()));
    check_write(input, bucket.objects.get(key), key)?;
    let object = made(body, kept, now);
    let output = Output::empty(200).header("etag", object.etag.clone());
    let output = checksums(encryption_headers(output, &object), &object);
    bucket.objects.insert(key.to_owned(), object);
    Ok(output)
}

/// The checksums that come with a body, in front or behind it; S3's own if none does.
fn checked(
    input: &Input,
    trailers: &[(String, String)],
    body: &[u8],
) -> Result<BTreeMap<String, String>, Refusal> {
    let headers = input.get("headers").and_then(Value::as_object);
    let ahead = headers.into_iter().flatten();
    let ahead = ahead.filter_map(|(name, value)| Some((name.as_str(), value.as_str()?)));
    let behind = trailers.iter();
    let behind = behind.map(|(name, value)| (name.as_str(), value.as_str()));
    let is_one = |name: &str| {
        let name = name.strip_prefix(checksum::HEADER);
        name.is_some_and(|name| !["algorithm", "mode", "type"].contains(&name))
    };
    let mut found: BTreeMap<String, String> = BTreeMap::new();
    for (name, value) in ahead.chain(behind).filter(|(name, _)| is_one(name)) {
        if found.keys().any(|known| known != name) {
            // Recorded.
            let text = "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.";
            return Err(Refusal::new("InvalidRequest", text));
        }
        checksum::check(name, value, body)?;
        found.insert(name.to_owned(), value.to_owned());
    }
    if found.is_empty() {
        let own = checksum::checksum(checksum::DEFAULT, body);
        found.extend(own.map(|own| (checksum::DEFAULT.to_owned(), own)));
    }
    Ok(found)
}

/// Adds an object's checksum to an answer; it is of the whole object (S3 API reference, `ChecksumType`).
pub fn checksums(mut output: Output, object: &Object) -> Output {
    for name in checksum::HEADERS {
        if let Some(value) = object.headers.get(name) {
            output = output
                .header(name, value.clone())
                .header("x-amz-checksum-type", "FULL_OBJECT");
        }
    }
    output
}

/// S3 API reference, `PutObject`: `If-None-Match` takes `*` alone; `If-Match`
/// needs an object (`NoSuchKey`), and its entity tag (412).
fn check_write(input: &Input, there: Option<&Object>, key: &str) -> Result<(), Refusal> {
    match given(input, "if-none-match") {
        Some("*") if there.is_some() => return Err(conditional::failed("If-None-Match")),
        None | Some("*") => {}
        Some(_) => {
            let text = "A header you provided implies functionality that is not implemented";
            return Err(Refusal::new("NotImplemented", text)
                .status(501)
                .detail("Header", "If-None-Match"));
        }
    }
    match (given(input, "if-match"), there) {
        (Some(_), None) => Err(no_such_key(key)),
        (Some(tags), Some(object)) if !conditional::tagged(tags, &object.etag) => {
            Err(conditional::failed("If-Match"))
        }
        _ => Ok(()),
    }
}

/// S3 API reference, "Error responses": `NoSuchKey`, 404.
pub fn no_such_key(key: &str) -> Refusal {
    Refusal::new("NoSuchKey", "The specified key does not exist.")
        .status(404)
        .detail("Key", key)
}

/// Returns an object of these bytes and headers.
pub fn made(body: Vec<u8>, headers: BTreeMap<String, String>, now: Time) -> Object {
    Object {
        etag: checksum::entity_tag(&body),
        body: Bytes(Arc::new(body)),
        modified: now,
        headers,
    }
}

/// What an object's headers say about encryption by KMS; S3's own keys are not written down.
pub fn encrypted(headers: &mut BTreeMap<String, String>, encryption: Option<&Encryption>) {
    let Some(encryption) = encryption.filter(|one| one.algorithm != "AES256") else {
        return;
    };
    headers.insert(Object::ENCRYPTION.to_owned(), encryption.algorithm.clone());
    let key = encryption.key.iter();
    headers.extend(key.map(|key| (Object::KEY.to_owned(), key.clone())));
}

pub fn encryption_headers(output: Output, object: &Object) -> Output {
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
pub fn key(input: &Input) -> Result<&str, Refusal> {
    let key = input.require("Key")?;
    if key.len() > 1024 {
        return Err(Refusal::new("KeyTooLongError", "Your key is too long"));
    }
    Ok(key)
}

/// `GetObject`.
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
    let key = key(input)?;
    let object = bucket.objects.get(key).ok_or_else(|| no_such_key(key))?;
    let modified = object.modified.iso();
    let held = conditional::judge(object, &modified[..19], |name| given(input, name))?;
    if held == conditional::Held::NotModified {
        return Ok(Output::empty(304)
            .header("etag", object.etag.clone())
            .header("last-modified", http_date(object.modified)));
    }
    let size = object.body.0.len();
    let part = conditional::range(given(input, "range"), size)?;
    let (from, to) = part.unwrap_or((0, size));
    let mut output = described(object, if part.is_some() { 206 } else { 200 });
    if part.is_some() {
        let shown = format!("bytes {from}-{}/{size}", to - 1);
        output = output.header("content-range", shown);
    } else if given(input, "x-amz-checksum-mode").is_some_and(|mode| mode == "ENABLED") {
        output = checksums(output, object);
    }
    if with_body {
        output.body = Body::Raw("", object.body.0[from..to].to_vec());
    } else {
        output = output.header("content-length", (to - from).to_string());
    }
    Ok(output)
}

/// An answer with an object's headers.
fn described(object: &Object, status: u16) -> Output {
    let output = Output::empty(status)
        .header("etag", object.etag.clone())
        .header("last-modified", http_date(object.modified))
        .header("accept-ranges", "bytes");
    let mut output = encryption_headers(output, object);
    for (name, value) in &object.headers {
        if KEPT.contains(&name.as_str()) || name.starts_with(METADATA) {
            output.headers.push((name.clone().into(), value.clone()));
        }
    }
    output
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_http_dates() {
        assert_eq!(http_date(Time::START), "Thu, 01 Jan 2026 00:00:00 GMT");
    }
}

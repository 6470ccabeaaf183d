//! `ListObjectsV2`.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::bucket::{Found, find, unknown_token};
use crate::codec::{Input, Output, Refusal, ok};
use crate::paging;
use crate::world::Ctx;

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
    let (page, next) = paging::cut(found, asked.min(most), token).ok_or_else(unknown_token)?;
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

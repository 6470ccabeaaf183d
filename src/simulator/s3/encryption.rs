//! How a bucket's objects are encrypted when a request does not say.

use serde_json::json;

use super::bucket::{Found, find};
use super::state::Encryption;
use crate::codec::{Input, Output, Refusal, ok};
use crate::world::Ctx;

/// S3 API reference, "Error responses": `InvalidArgument` (the words of an unknown algorithm are an assumption).
fn invalid(text: &str) -> Refusal {
    Refusal::new("InvalidArgument", text)
}

/// Reads an algorithm and its key (S3 API reference, `ServerSideEncryptionByDefault`: a key only with KMS).
pub fn read(algorithm: &str, key: Option<&str>, bucket_key: bool) -> Result<Encryption, Refusal> {
    let kms = match algorithm {
        "AES256" => false,
        "aws:kms" | "aws:kms:dsse" => true,
        _ => return Err(invalid("The encryption method specified is not supported")),
    };
    if key.is_some() && !kms {
        // Recorded for `PutBucketEncryption`.
        let text = "a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms or aws:kms:dsse";
        return Err(invalid(text).detail("ArgumentName", "ApplyServerSideEncryptionByDefault"));
    }
    Ok(Encryption {
        algorithm: algorithm.to_owned(),
        key: key.map(str::to_owned),
        bucket_key,
    })
}

/// `GetBucketEncryption`: every bucket has one (S3 user guide, "Default encryption", since January 2023).
pub fn get(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let bucket = match find(ctx, input)? {
        Found::Here(bucket) => bucket,
        Found::Elsewhere(redirect) => return Ok(redirect),
    };
    let set = bucket.encryption.as_ref();
    ok(json!({"ServerSideEncryptionConfiguration": {"Rule": [{
        "ApplyServerSideEncryptionByDefault": {
            "KMSMasterKeyID": set.and_then(|set| set.key.as_deref()),
            "SSEAlgorithm": set.map_or("AES256", |set| set.algorithm.as_str()),
        },
        "BucketKeyEnabled": set.is_some_and(|set| set.bucket_key),
    }]}}))
}

/// `PutBucketEncryption`: one rule; objects that are there already stay as they are (S3 user guide).
pub fn put(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    // Recorded: whether the bucket is there comes first.
    if let Found::Elsewhere(redirect) = find(ctx, input)? {
        return Ok(redirect);
    }
    let rules = input.each("Rule");
    let [rule] = rules.as_slice() else {
        let text = "The XML you provided was not well-formed or did not validate against our published schema";
        return Err(Refusal::new("MalformedXML", text));
    };
    let default = rule.child("ApplyServerSideEncryptionByDefault");
    let default = default.unwrap_or_else(|| Input::new(input.protocol, json!({})));
    let wanted = read(
        default.require("SSEAlgorithm")?,
        default.text("KMSMasterKeyID"),
        rule.flag("BucketKeyEnabled").unwrap_or(false),
    )?;
    match find(ctx, input)? {
        Found::Here(bucket) => bucket.encryption = Some(wanted),
        Found::Elsewhere(redirect) => return Ok(redirect),
    }
    Ok(Output::empty(200))
}

/// `DeleteBucketEncryption`: S3's own keys again.
pub fn delete(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    match find(ctx, input)? {
        Found::Here(bucket) => bucket.encryption = None,
        Found::Elsewhere(redirect) => return Ok(redirect),
    }
    Ok(Output::empty(204))
}

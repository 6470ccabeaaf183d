//! S3: what a static site behind an interface endpoint needs.
//!
//! Wire names are those of the API's model of 2006-03-01. Who may read an
//! object by a policy is for a data plane to judge: here an account has its own
//! buckets, and no others.

mod access;
mod address;
mod bucket;
mod checksum;
mod conditional;
mod copy;
mod encryption;
mod listing;
mod object;
mod policy;
pub mod state;
mod vocabulary;

pub use access::restricted;
pub use address::{members, path};
pub use bucket::{add as add_bucket, foreign};
pub use object::add as add_object;
pub use state::{AccessBlock, Bucket, Bytes, Encryption, Object, State};

use super::codec::{Input, Output, Protocol, Refusal};
use super::service::{Operation, Service, read, write};
use super::world::Ctx;

/// The service.
pub const SERVICE: Service = Service {
    name: "s3",
    protocol: Protocol::S3,
    namespace: "http://s3.amazonaws.com/doc/2006-03-01/",
    operations: OPERATIONS,
};

const OPERATIONS: &[Operation] = &[
    read(
        "ListBuckets",
        bucket::list,
        &[
            "max-buckets",
            "continuation-token",
            "prefix",
            "bucket-region",
            "headers",
            "x-id",
        ],
    )
    .at("GET /"),
    // Of a bucket's routes those with a query come first.
    read(
        "GetBucketLocation",
        bucket::location,
        &["Bucket", "location", "headers", "x-id"],
    )
    .at("GET /{Bucket}?location"),
    read("ListObjectsV2", listing::list, LISTING).at("GET /{Bucket}?list-type=2"),
    write(
        "PutBucketPolicy",
        access::put_policy,
        &["Bucket", "policy", "headers", "x-id"],
    )
    .at("PUT /{Bucket}?policy"),
    read(
        "GetBucketPolicy",
        access::get_policy,
        &["Bucket", "policy", "headers", "x-id"],
    )
    .at("GET /{Bucket}?policy"),
    write(
        "DeleteBucketPolicy",
        access::delete_policy,
        &["Bucket", "policy", "headers", "x-id"],
    )
    .at("DELETE /{Bucket}?policy"),
    read(
        "GetBucketPolicyStatus",
        access::policy_status,
        &["Bucket", "policyStatus", "headers", "x-id"],
    )
    .at("GET /{Bucket}?policyStatus"),
    write("PutPublicAccessBlock", access::put_block, BLOCK).at("PUT /{Bucket}?publicAccessBlock"),
    read("GetPublicAccessBlock", access::get_block, BLOCK).at("GET /{Bucket}?publicAccessBlock"),
    write("DeletePublicAccessBlock", access::delete_block, BLOCK)
        .at("DELETE /{Bucket}?publicAccessBlock"),
    read(
        "GetBucketEncryption",
        encryption::get,
        &["Bucket", "encryption", "headers", "x-id"],
    )
    .at("GET /{Bucket}?encryption"),
    write(
        "PutBucketEncryption",
        encryption::put,
        &["Bucket", "Rule", "encryption", "headers", "x-id"],
    )
    .at("PUT /{Bucket}?encryption"),
    write(
        "DeleteBucketEncryption",
        encryption::delete,
        &["Bucket", "encryption", "headers", "x-id"],
    )
    .at("DELETE /{Bucket}?encryption"),
    read(
        "GetBucketTagging",
        bucket::tagging,
        &["Bucket", "tagging", "headers", "x-id"],
    )
    .at("GET /{Bucket}?tagging"),
    write(
        "PutBucketTagging",
        bucket::put_tagging,
        &["Bucket", "TagSet", "tagging", "headers", "x-id"],
    )
    .at("PUT /{Bucket}?tagging"),
    write(
        "CreateBucket",
        bucket::create,
        &["Bucket", "LocationConstraint", "headers", "x-id"],
    )
    .at("PUT /{Bucket}"),
    read("HeadBucket", bucket::head, &["Bucket", "headers", "x-id"]).at("HEAD /{Bucket}"),
    write(
        "DeleteBucket",
        bucket::delete,
        &["Bucket", "headers", "x-id"],
    )
    .at("DELETE /{Bucket}"),
    write("PutObject", put_or_copy, OBJECT).at("PUT /{Bucket}/{Key+}"),
    read("GetObject", object::get, OBJECT).at("GET /{Bucket}/{Key+}"),
    read("HeadObject", object::head, OBJECT).at("HEAD /{Bucket}/{Key+}"),
    write("DeleteObject", object::delete, OBJECT).at("DELETE /{Bucket}/{Key+}"),
];

const OBJECT: &[&str] = &["Bucket", "Key", "headers", "x-id"];

const BLOCK: &[&str] = &[
    "BlockPublicAcls",
    "BlockPublicPolicy",
    "Bucket",
    "IgnorePublicAcls",
    "RestrictPublicBuckets",
    "headers",
    "publicAccessBlock",
    "x-id",
];

const LISTING: &[&str] = &[
    "Bucket",
    "continuation-token",
    "delimiter",
    "encoding-type",
    "fetch-owner",
    "headers",
    "list-type",
    "max-keys",
    "prefix",
    "start-after",
    "x-id",
];

/// `PutObject`, or `CopyObject`: the same request with a source.
fn put_or_copy(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    if object::given(input, copy::SOURCE).is_some() {
        copy::copy(ctx, input)
    } else {
        object::put(ctx, input)
    }
}

/// Returns an object of the account.
pub fn object<'a>(ctx: &'a Ctx<'_>, bucket: &str, key: &str) -> Option<&'a Object> {
    ctx.global.s3.buckets.get(bucket)?.objects.get(key)
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_objects;

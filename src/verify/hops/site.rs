//! `method` of a site: its first object is there, and readable without a
//! signature.

use aws_sdk_s3::types::ServerSideEncryption;

use crate::{
    aws::read::{Bucket, Object},
    checks::{Check, Finding, codes::METHOD_NO_OBJECT},
    verify::scene::Scene,
};

/// A finding for each site.
pub async fn objects(scene: &Scene<'_>, bucket: &str, index: &str) -> Finding {
    if is_elsewhere(scene, bucket).await {
        return Finding::skipped(Check::Method, format!("there is no bucket {bucket} here"));
    }
    let object = match scene.reads.object(bucket, index).await {
        Err(error) => return Finding::unseen(Check::Method, &error),
        Ok(object) => object,
    };
    let kms = |one: &ServerSideEncryption| one.as_str().starts_with("aws:kms");
    match &*object {
        Object::There(Some(encryption)) if kms(encryption) => {
            let found = format!("{index} in {bucket} is encrypted with a key of KMS");
            let cause = "S3 gives such objects only to requests with a signature, which load balancers do not make: 400";
            let remedy = "encrypt the site's objects with SSE-S3, and upload them again";
            Finding::failed(METHOD_NO_OBJECT, found, cause, remedy)
        }
        Object::There(_) => Finding::ok(Check::Method, format!("{index} is in {bucket}")),
        Object::Refused => {
            let why = format!("the caller may not look at {index} in {bucket}");
            Finding {
                remedy: Some("allow the caller s3:GetObject".to_owned()),
                ..Finding::skipped(Check::Method, why)
            }
        }
        Object::Missing => {
            let found = format!("{bucket} has no object {index}");
            let cause = "every path that names no file leads to it: S3 answers 403 or 404";
            let remedy = "upload the site, or correct the route's `index`";
            Finding::failed(METHOD_NO_OBJECT, found, cause, remedy)
        }
    }
}

/// Whether the bucket is not there, or in another region: that is `mapping`'s to
/// say.
pub async fn is_elsewhere(scene: &Scene<'_>, bucket: &str) -> bool {
    let seen = scene.reads.bucket(bucket).await;
    seen.is_ok_and(|seen| matches!(*seen, Bucket::Missing | Bucket::In(_)))
}

//! S3: the buckets of sites.

use std::sync::Arc;

use aws_sdk_s3::{
    error::SdkError,
    types::{
        PublicAccessBlockConfiguration, ServerSideEncryption, ServerSideEncryptionConfiguration,
    },
};

use super::{Answers, Query, Reads};
use crate::{
    aws::{Called, error::none_if_missing},
    error::Result,
};

/// What is seen of a bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Bucket {
    /// It is there, in the region.
    Here,
    /// It is in another region.
    In(String),
    /// It may not be looked at.
    Refused,
    /// There is none of this name.
    Missing,
}

/// What is seen of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Object {
    /// It is there, encrypted like this.
    There(Option<ServerSideEncryption>),
    /// It may not be looked at.
    Refused,
    /// There is none of this name.
    Missing,
}

#[derive(Debug)]
pub(super) struct Known {
    bucket: Answers<String, Bucket>,
    object: Answers<(String, String), Object>,
    encryption: Answers<String, Option<ServerSideEncryptionConfiguration>>,
    policy: Answers<String, Option<String>>,
    block: Answers<String, Option<PublicAccessBlockConfiguration>>,
}

impl Default for Known {
    fn default() -> Self {
        Self {
            bucket: Answers::to(Query::HeadBucket),
            object: Answers::to(Query::HeadObject),
            encryption: Answers::to(Query::GetBucketEncryption),
            policy: Answers::to(Query::GetBucketPolicy),
            block: Answers::to(Query::GetPublicAccessBlock),
        }
    }
}

impl Reads {
    /// Whether a bucket is there, and in the region.
    ///
    /// The answer has no body, whatever it is; but every answer about a bucket
    /// that exists names its region in a header (S3 API reference, `HeadBucket`).
    pub async fn bucket(&self, bucket: &str) -> Result<Arc<Bucket>> {
        let call = self.aws.s3.head_bucket().bucket(bucket);
        let known = &self.memory.s3.bucket;
        self.get(known, bucket.to_owned(), |name| async move {
            let answer = call.send().await;
            let (status, region) = match &answer {
                Ok(answer) => (200, answer.bucket_region().map(str::to_owned)),
                Err(SdkError::ServiceError(refused)) => {
                    let region = refused.raw().headers().get("x-amz-bucket-region");
                    (refused.raw().status().as_u16(), region.map(str::to_owned))
                }
                Err(_) => (0, None),
            };
            match (status, region) {
                (404, _) => Ok(Bucket::Missing),
                (_, Some(region)) if region != self.region => Ok(Bucket::In(region)),
                (403, _) => Ok(Bucket::Refused),
                _ => answer.called(name).map(|_| Bucket::Here),
            }
        })
        .await
    }

    /// An object of a bucket.
    pub async fn object(&self, bucket: &str, key: &str) -> Result<Arc<Object>> {
        let call = self.aws.s3.head_object().bucket(bucket).key(key);
        let about = (bucket.to_owned(), key.to_owned());
        let known = &self.memory.s3.object;
        self.get(known, about, |name| async move {
            let answer = match call.send().await {
                // Without a body there is no code: a 403 is a refusal.
                Err(SdkError::ServiceError(refused)) if refused.raw().status().as_u16() == 403 => {
                    return Ok(Object::Refused);
                }
                answer => none_if_missing(answer.called(name))?,
            };
            Ok(answer.map_or(Object::Missing, |object| {
                Object::There(object.server_side_encryption)
            }))
        })
        .await
    }

    /// How a bucket encrypts new objects.
    pub async fn bucket_encryption(
        &self,
        bucket: &str,
    ) -> Result<Arc<Option<ServerSideEncryptionConfiguration>>> {
        let call = self.aws.s3.get_bucket_encryption().bucket(bucket);
        let known = &self.memory.s3.encryption;
        self.get(known, bucket.to_owned(), |name| async move {
            let answer = call.send().await.called(name)?;
            Ok(answer.server_side_encryption_configuration)
        })
        .await
    }

    /// What a bucket blocks of public access; none: nothing, or it is gone.
    pub async fn public_access_block(
        &self,
        bucket: &str,
    ) -> Result<Arc<Option<PublicAccessBlockConfiguration>>> {
        let call = self.aws.s3.get_public_access_block().bucket(bucket);
        let known = &self.memory.s3.block;
        self.get(known, bucket.to_owned(), |name| async move {
            let answer = none_if_missing(call.send().await.called(name))?;
            Ok(answer.and_then(|answer| answer.public_access_block_configuration))
        })
        .await
    }

    /// A bucket's policy as it is written; none if it has none, or is gone.
    pub async fn bucket_policy(&self, bucket: &str) -> Result<Arc<Option<String>>> {
        let call = self.aws.s3.get_bucket_policy().bucket(bucket);
        let known = &self.memory.s3.policy;
        self.get(known, bucket.to_owned(), |name| async move {
            let answer = none_if_missing(call.send().await.called(name))?;
            Ok(answer.and_then(|answer| answer.policy))
        })
        .await
    }
}

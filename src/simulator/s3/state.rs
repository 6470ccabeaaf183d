//! What S3 knows.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::clock::Time;

/// S3 of an account: buckets by name.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct State {
    /// Buckets.
    pub buckets: BTreeMap<String, Bucket>,
}

/// A bucket.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Bucket {
    /// Its region.
    pub region: String,
    /// When it was made.
    pub created: Time,
    /// Its policy, as given.
    pub policy: Option<String>,
    /// Its public access block, if it has one.
    pub access_block: Option<AccessBlock>,
    /// How new objects are encrypted, unless S3 does it with keys of its own.
    pub encryption: Option<Encryption>,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
    /// Its objects, by key.
    pub objects: BTreeMap<String, Object>,
}

/// Four ways of keeping a bucket from the public.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "it is what the API has")]
pub struct AccessBlock {
    /// `BlockPublicAcls`.
    pub block_acls: bool,
    /// `IgnorePublicAcls`.
    pub ignore_acls: bool,
    /// `BlockPublicPolicy`.
    pub block_policy: bool,
    /// `RestrictPublicBuckets`.
    pub restrict: bool,
}

impl AccessBlock {
    /// What a new bucket has: all four (S3 user guide, "Blocking public access", since April 2023).
    pub const ALL: Self = Self {
        block_acls: true,
        ignore_acls: true,
        block_policy: true,
        restrict: true,
    };
}

/// How objects are encrypted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Encryption {
    /// `AES256`, `aws:kms` or `aws:kms:dsse`.
    pub algorithm: String,
    /// The KMS key; none is the account's `aws/s3`.
    pub key: Option<String>,
    /// Whether a key of the bucket's own saves calls to KMS.
    pub bucket_key: bool,
}

/// An object.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Object {
    /// Its bytes.
    pub body: Bytes,
    /// Its entity tag, with quotes.
    pub etag: String,
    /// When it was put.
    pub modified: Time,
    /// Its headers: `content-type`, `cache-control` and the like, and how it is encrypted.
    pub headers: BTreeMap<String, String>,
}

impl Object {
    /// The header that says how an object is encrypted.
    pub const ENCRYPTION: &str = "x-amz-server-side-encryption";
    /// The header that says with which key of KMS.
    pub const KEY: &str = "x-amz-server-side-encryption-aws-kms-key-id";

    /// Returns how it is encrypted: by S3's own keys unless said otherwise.
    pub fn algorithm(&self) -> &str {
        self.headers
            .get(Self::ENCRYPTION)
            .map_or("AES256", String::as_str)
    }

    /// Returns whether reading it takes a key of KMS.
    pub fn needs_kms(&self) -> bool {
        self.algorithm().starts_with("aws:kms")
    }
}

/// Bytes: shared between copies of the world, and hexadecimal in its file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bytes(pub Arc<Vec<u8>>);

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let digit = |nibble: u8| char::from(DIGITS[usize::from(nibble & 15)]);
        let text: String = self
            .0
            .iter()
            .flat_map(|byte| [digit(byte >> 4), digit(*byte)])
            .collect();
        serializer.serialize_str(&text)
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let pair = |pair: &[u8]| {
            let text = std::str::from_utf8(pair).ok()?;
            u8::from_str_radix(text, 16).ok()
        };
        let bytes: Option<Vec<u8>> = text.as_bytes().chunks(2).map(pair).collect();
        let bytes = bytes.ok_or_else(|| serde::de::Error::custom("no hexadecimal digits"))?;
        Ok(Self(Arc::new(bytes)))
    }
}

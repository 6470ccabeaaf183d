//! What ACM knows.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::clock::Time;

/// ACM in one region of an account.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct State {
    /// Certificates, under their ARNs.
    pub certificates: BTreeMap<String, Certificate>,
    /// Idempotency tokens that were used.
    pub tokens: BTreeMap<String, Token>,
}

/// Where a certificate is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Status {
    /// Its records are not found yet.
    PendingValidation,
    /// Ready.
    Issued,
    /// Its records were not found in time.
    ValidationTimedOut,
    /// It has run out.
    Expired,
}

impl Status {
    /// The word on the wire.
    pub const fn word(self) -> &'static str {
        match self {
            Self::PendingValidation => "PENDING_VALIDATION",
            Self::Issued => "ISSUED",
            Self::ValidationTimedOut => "VALIDATION_TIMED_OUT",
            Self::Expired => "EXPIRED",
        }
    }
}

/// Where a certificate comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Kind {
    /// ACM made it.
    AmazonIssued,
    /// Somebody brought it.
    Imported,
}

/// A certificate.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Certificate {
    /// The names it is for, the main one first.
    pub names: Vec<String>,
    /// Where it is in its life.
    pub status: Status,
    /// Where it comes from.
    pub kind: Kind,
    /// `RSA_2048`, `EC_prime256v1`, …
    pub algorithm: String,
    /// When it was requested or first imported.
    pub created: Time,
    /// When it was issued, or last imported.
    pub issued: Option<Time>,
    /// From when to when it is valid.
    pub valid: Option<(Time, Time)>,
    /// From when on its validation records are told.
    pub records_since: Time,
    /// Whether its records were found, so that it will be issued.
    pub found: bool,
    /// PEM of the certificate, where it was imported.
    pub body: Option<String>,
    /// PEM of its chain, where it was imported.
    pub chain: Option<String>,
    /// Its serial number in hexadecimal.
    pub serial: String,
    /// `CertificateTransparencyLoggingPreference`.
    pub transparency: String,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
    /// What it says itself, where it was imported.
    #[serde(default)]
    pub own: Option<Own>,
}

/// What an imported certificate says itself.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Own {
    /// `DomainName`.
    pub domain: String,
    /// Whom it is for.
    pub subject: String,
    /// Who made it.
    pub issuer: String,
    /// What its key may do.
    pub usages: Vec<String>,
    /// What it may be used for: the object identifiers.
    pub extended_usages: Vec<String>,
    /// How it is signed.
    pub signature: String,
}

impl Certificate {
    /// Returns the name that ACM shows first.
    pub fn domain(&self) -> &str {
        let first = self.names.first().map_or("", String::as_str);
        self.own.as_ref().map_or(first, |own| own.domain.as_str())
    }
}

/// An idempotency token that was used.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Token {
    /// A digest of the parameters it was used with.
    pub parameters: String,
    /// What it made.
    pub arn: String,
    /// When.
    pub at: Time,
}

/// What lies ahead in ACM.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Event {
    /// The records of a certificate are looked up.
    Look(String),
    /// A certificate whose records were found is issued.
    Issue(String),
}

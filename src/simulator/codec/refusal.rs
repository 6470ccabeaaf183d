//! Noes.

use std::borrow::Cow;

/// A no, as AWS says it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct Refusal {
    /// AWS's error code.
    pub code: Cow<'static, str>,
    /// The message.
    pub message: String,
    /// The HTTP status.
    pub status: u16,
    /// What S3's errors say beside it: `BucketName`, `Key`, `Condition`.
    pub details: Vec<(&'static str, String)>,
}

impl Refusal {
    /// Returns a refusal with status 400.
    pub fn new(code: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self {
            code: code.into(),
            message: message.into(),
            status: 400,
            details: Vec::new(),
        }
    }

    /// Sets the HTTP status.
    #[must_use]
    pub fn status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    /// Adds a member to S3's error.
    #[must_use]
    pub fn detail(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.details.push((name, value.into()));
        self
    }
}

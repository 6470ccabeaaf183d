//! The one error type: what could not be done, AWS's words, and the remedy.

use std::{fmt, time::Duration};

/// The result of everything that can fail here.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Begins the remedy of a call that was denied.
const ALLOW: &str = "allow the caller ";

/// What kind of failure it is: this decides the exit code and whether the
/// engine may try again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// The user's input or AWS's answer makes the request impossible.
    Invalid,
    /// Something that hybridgw did not make stands in the way.
    NotOurs,
    /// AWS is not ready for this call yet; the same call may work later.
    NotYet,
    /// AWS refused for load. Nothing was applied; the call is safe to repeat.
    Throttled,
    /// The call may or may not have been applied (lost reply, 5xx).
    Unknown,
    /// AWS says the thing does not exist.
    NotFound,
    /// AWS says that a thing of this name exists already; its error code.
    Exists(&'static str),
    /// AWS refused the call for another reason; its error code.
    Refused(String),
    /// A refusal that AWS also gives while something made a moment ago is not
    /// yet visible to it. Final once it has lasted.
    Unseen(&'static Unseen),
    /// No usable credentials.
    Credentials,
    /// The credentials lack a permission.
    Denied,
    /// The user said no.
    Declined,
    /// A signal asked to stop.
    Interrupted,
    /// `--timeout` ran out.
    TimedOut,
}

impl ErrorKind {
    /// Whether the same call may succeed later, with nothing done about it.
    pub fn passes(&self) -> bool {
        matches!(
            self,
            Self::Throttled | Self::Unknown | Self::TimedOut | Self::NotYet
        )
    }
}

/// A refusal that may pass by itself.
#[derive(Debug, PartialEq, Eq)]
pub struct Unseen {
    /// AWS's error code.
    pub code: &'static str,
    /// For how many minutes it may.
    pub minutes: u8,
}

impl Unseen {
    /// How long it may pass by itself.
    pub fn grace(&self) -> Duration {
        Duration::from_mins(self.minutes.into())
    }
}

/// A failure with its causes and hints, ready to be shown.
#[derive(Clone, Debug)]
pub struct Error {
    /// What kind of failure it is.
    pub kind: ErrorKind,
    /// What could not be done, in one sentence without a full stop.
    pub message: String,
    /// Why, outermost first.
    pub causes: Vec<String>,
    /// What else there is to say, a line each.
    pub also: Vec<String>,
    /// What to do about it.
    pub hints: Vec<String>,
}

impl Error {
    /// An error of this kind with this message.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            causes: Vec::new(),
            also: Vec::new(),
            hints: Vec::new(),
        }
    }

    /// Bad input, or a world in which the request makes no sense.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Invalid, message)
    }

    /// AWS is not ready yet; `why` is shown while waiting.
    pub fn not_yet(why: impl Into<String>) -> Self {
        Self::new(ErrorKind::NotYet, why)
    }

    /// Adds a remedy.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// Puts a larger sentence in front; what was the message becomes a cause.
    #[must_use]
    pub fn context(mut self, message: impl Into<String>) -> Self {
        let inner = std::mem::replace(&mut self.message, message.into());
        self.causes.insert(0, inner);
        self
    }

    /// AWS's error code, where the failure has one.
    pub fn code(&self) -> Option<&str> {
        match &self.kind {
            ErrorKind::Exists(code) => Some(code),
            ErrorKind::Unseen(refusal) => Some(refusal.code),
            ErrorKind::Refused(code) => Some(code),
            _ => None,
        }
    }

    /// The IAM action that the caller lacks, where to allow it helps.
    pub fn action(&self) -> Option<&str> {
        let mut hints = self.hints.iter();
        let lacking = hints.find_map(|hint| hint.strip_prefix(ALLOW))?;
        lacking.split(" on ").next()
    }

    /// The process's exit code for this failure (see `docs/design/0003-exit-codes.md`).
    pub fn exit_code(&self) -> u8 {
        match self.kind {
            ErrorKind::Declined => 3,
            ErrorKind::Credentials | ErrorKind::Denied => 4,
            ErrorKind::Interrupted => 130,
            _ => 1,
        }
    }
}

impl fmt::Display for Error {
    /// One line: the message and its causes. Hints are shown apart.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        for cause in &self.causes {
            write!(f, ": {cause}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {}

/// The first error of this type among an error and its sources.
pub fn below<'a, T>(error: &'a (dyn std::error::Error + 'static)) -> Option<&'a T>
where
    T: std::error::Error + 'static,
{
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        next = error.source();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn context_keeps_the_inner_message_as_first_cause() {
        let error = Error::invalid("AWS said no").context("could not create vpc-endpoint");
        assert_eq!(
            error.to_string(),
            "could not create vpc-endpoint: AWS said no"
        );
    }

    #[test]
    fn exit_codes_are_the_contract() {
        let code = |kind| Error::new(kind, "").exit_code();
        assert_eq!(code(ErrorKind::Invalid), 1);
        assert_eq!(code(ErrorKind::TimedOut), 1);
        assert_eq!(code(ErrorKind::Declined), 3);
        assert_eq!(code(ErrorKind::Credentials), 4);
        assert_eq!(code(ErrorKind::Denied), 4);
        assert_eq!(code(ErrorKind::Interrupted), 130);
    }
}

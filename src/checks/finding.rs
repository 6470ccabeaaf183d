//! What a check has to say.

use std::time::Duration;

use serde::{Serialize, Serializer};
use strum::Display;

use super::{Check, Code};
use crate::error::{Error, ErrorKind};

/// What a check came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Display, Serialize)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum Verdict {
    /// It is as it should be.
    Ok,
    /// It works, and will or may not for long.
    Warning,
    /// It does not work.
    Failed,
    /// It was not judged.
    Skipped,
}

/// One thing that a check has to say. A check may have several: one a route, a
/// host, a cause.
#[derive(Clone, Debug, Serialize)]
pub struct Finding {
    /// The check.
    pub check: Check,
    /// What is wrong, by its stable name; also of what is suppressed.
    pub code: Option<Code>,
    /// What it came to.
    pub verdict: Verdict,
    /// The path of the route that it is about.
    pub route: Option<String>,
    /// The host that it is about.
    pub host: Option<String>,
    /// What was seen.
    pub found: String,
    /// Why that is so, or why it was not judged.
    pub cause: Option<String>,
    /// What to do: a command or a setting.
    pub remedy: Option<String>,
    /// How long the check took.
    #[serde(rename = "seconds", serialize_with = "seconds")]
    pub took: Duration,
}

fn seconds<S: Serializer>(took: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64((took.as_secs_f64() * 1000.0).round() / 1000.0)
}

impl Finding {
    fn new(check: Check, verdict: Verdict, found: impl Into<String>) -> Self {
        Self {
            check,
            code: None,
            verdict,
            route: None,
            host: None,
            found: found.into(),
            cause: None,
            remedy: None,
            took: Duration::ZERO,
        }
    }

    /// It is as it should be.
    pub fn ok(check: Check, found: impl Into<String>) -> Self {
        Self::new(check, Verdict::Ok, found)
    }

    /// It does not work: what was seen, why, and what to do.
    pub fn failed(
        code: Code,
        found: impl Into<String>,
        cause: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self {
            code: Some(code),
            cause: Some(cause.into()),
            remedy: Some(remedy.into()),
            ..Self::new(code.check, Verdict::Failed, found)
        }
    }

    /// It works, and should be looked at: what was seen, why, and what to do.
    pub fn warning(
        code: Code,
        found: impl Into<String>,
        cause: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self {
            verdict: Verdict::Warning,
            ..Self::failed(code, found, cause, remedy)
        }
    }

    /// It is not as it should be, and what was seen says all of it.
    pub fn plain(
        code: Code,
        verdict: Verdict,
        found: impl Into<String>,
        remedy: Option<String>,
    ) -> Self {
        Self {
            code: Some(code),
            remedy,
            ..Self::new(code.check, verdict, found)
        }
    }

    /// It was not judged; why.
    pub fn skipped(check: Check, why: impl Into<String>) -> Self {
        Self::new(check, Verdict::Skipped, why)
    }

    /// It was not judged because AWS did not show what it is about. A missing
    /// permission is named as the IAM action that it is.
    pub fn unseen(check: Check, error: &Error) -> Self {
        let mut finding = Self::skipped(check, error.to_string());
        if error.kind == ErrorKind::Denied
            && let Some(action) = error.action()
        {
            finding.found = format!("the caller may not {action}");
            finding.cause = Some(error.to_string());
            finding.remedy = Some(format!("allow the caller {action}"));
        } else {
            finding.remedy = error.hints.first().cloned();
        }
        finding
    }

    /// The same about a route.
    #[must_use]
    pub fn on_route(mut self, path: impl Into<String>) -> Self {
        self.route = Some(path.into());
        self
    }

    /// The same about a host.
    #[must_use]
    pub fn on_host(mut self, host: impl Into<String>) -> Self {
        self.host = Some(host.into());
        self
    }

    /// The same, with a cause.
    #[must_use]
    pub fn because(mut self, cause: impl Into<String>) -> Self {
        self.cause = Some(cause.into());
        self
    }

    /// Whether it is as it should be.
    pub fn is_ok(&self) -> bool {
        self.verdict == Verdict::Ok
    }

    /// Whether it does not work.
    pub fn is_failed(&self) -> bool {
        self.verdict == Verdict::Failed
    }

    /// What did not work, as a consequence of something else: not judged.
    #[must_use]
    pub fn put_down_to(mut self, cause: impl Into<String>) -> Self {
        self.verdict = Verdict::Skipped;
        self.code = None;
        self.remedy = None;
        self.because(cause)
    }
}

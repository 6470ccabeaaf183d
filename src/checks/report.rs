//! All findings of a run, and what they come to.

use serde::Serialize;

use super::{Code, Finding, Verdict};

/// The document of `verify` and `doctor`.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// 1.
    pub format_version: u32,
    /// The stack's name.
    pub stack: String,
    /// Whether something was checked and nothing failed.
    pub ok: bool,
    /// What the checks say, in the order of the checks.
    pub checks: Vec<Finding>,
}

impl Report {
    /// A report of these findings. What has a suppressed code does not count,
    /// and is said to be suppressed.
    pub fn new(stack: impl Into<String>, mut checks: Vec<Finding>, suppress: &[Code]) -> Self {
        for finding in &mut checks {
            let counts = matches!(finding.verdict, Verdict::Failed | Verdict::Warning);
            if counts && finding.code.is_some_and(|code| suppress.contains(&code)) {
                finding.verdict = Verdict::Skipped;
                finding.cause = Some("suppressed by --suppress or [checks]".to_owned());
                finding.remedy = None;
            }
        }
        let count = |verdict| checks.iter().any(|one: &Finding| one.verdict == verdict);
        Self {
            format_version: 1,
            stack: stack.into(),
            ok: !count(Verdict::Failed) && (count(Verdict::Ok) || count(Verdict::Warning)),
            checks,
        }
    }

    /// The same without what is well or was not judged; where nothing could be
    /// judged, with what says why.
    #[must_use]
    pub fn short(mut self) -> Self {
        if self.ok || self.failed().next().is_some() {
            self.checks.retain(Finding::is_failed);
        } else {
            let first = self.checks.iter().position(|one| one.remedy.is_some());
            let first = first.unwrap_or_default();
            self.checks = self.checks.into_iter().skip(first).take(1).collect();
        }
        self
    }

    /// How many findings have this verdict.
    pub fn count(&self, verdict: Verdict) -> usize {
        self.checks
            .iter()
            .filter(|one| one.verdict == verdict)
            .count()
    }

    /// The findings that failed.
    pub fn failed(&self) -> impl Iterator<Item = &Finding> {
        self.checks.iter().filter(|one| one.is_failed())
    }

    /// 0, or 2: something failed, or nothing could be judged.
    pub fn exit_code(&self) -> u8 {
        if self.ok { 0 } else { 2 }
    }
}

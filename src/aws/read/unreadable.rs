//! Doing without what may not be read.
//!
//! `up` has to know everything. Removal and `status` do not: one bucket whose
//! policy is denied must not keep a stack from being taken down.

use std::sync::{Arc, Mutex, PoisonError};

use super::Reads;
use crate::error::{Error, ErrorKind, Result};

/// Something that could not be read.
#[derive(Clone, Debug)]
pub struct Unreadable {
    /// The key of the resource that is told by it.
    pub of: String,
    /// What it is, with its name: `the policy of the bucket docs`.
    pub what: String,
    /// Why.
    pub error: Error,
}

/// What was not readable so far.
#[derive(Debug, Default)]
pub(super) struct Gaps(Mutex<Vec<Unreadable>>);

/// Whether a failed read may be done without: a refusal of this one read. What
/// fails every call, or may work in a moment, may not.
pub fn stands_aside(error: &Error) -> bool {
    matches!(
        error.kind,
        ErrorKind::Denied | ErrorKind::Refused(_) | ErrorKind::Invalid | ErrorKind::Unknown
    )
}

impl Reads {
    /// The same, doing without what cannot be read; see [`Reads::unreadable`].
    #[must_use]
    pub fn with_gaps(&self) -> Self {
        Self {
            gaps: Some(Arc::default()),
            ..self.clone()
        }
    }

    /// What these reads did without.
    pub fn unreadable(&self) -> Vec<Unreadable> {
        let mut all = self.unplaced.clone();
        if let Some(gaps) = &self.gaps {
            let gaps = gaps.0.lock().unwrap_or_else(PoisonError::into_inner);
            all.extend(gaps.iter().cloned());
        }
        all.sort_by(|a, b| (&a.of, &a.what).cmp(&(&b.of, &b.what)));
        all.dedup_by(|a, b| a.of == b.of && a.what == b.what);
        all
    }

    /// An answer that these reads may do without; none if they do.
    ///
    /// # Errors
    ///
    /// The answer is one, and cannot be done without.
    pub fn readable<T>(
        &self,
        of: &str,
        what: impl FnOnce() -> String,
        answer: Result<T>,
    ) -> Result<Option<T>> {
        match (answer, &self.gaps) {
            (Ok(answer), _) => Ok(Some(answer)),
            (Err(error), Some(gaps)) if stands_aside(&error) => {
                let mut all = gaps.0.lock().unwrap_or_else(PoisonError::into_inner);
                all.push(Unreadable {
                    of: of.to_owned(),
                    what: what(),
                    error,
                });
                Ok(None)
            }
            (Err(error), _) => Err(error),
        }
    }
}

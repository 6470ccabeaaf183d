//! What checks find: values, or all that is wrong.

use crate::error::{Error, ErrorKind, Result};

/// A finding of a check: bad references come as a list, failed calls as one.
pub(super) type Finding<T> = std::result::Result<T, Vec<Error>>;

#[derive(Default)]
pub(super) struct Problems(Vec<Error>);

impl Problems {
    /// The value of a finding, whose errors are noted.
    pub fn take<T>(&mut self, finding: Finding<T>) -> Option<T> {
        match finding {
            Ok(value) => Some(value),
            Err(errors) => {
                self.0.extend(errors);
                None
            }
        }
    }

    /// Notes one more.
    pub fn note(&mut self, error: Error) {
        self.0.push(error);
    }

    /// The value, if nothing was noted.
    pub fn or<T>(self, value: T) -> Finding<T> {
        if self.0.is_empty() {
            Ok(value)
        } else {
            Err(self.0)
        }
    }

    /// All that was noted, as one error.
    pub fn into_result(self) -> Result<()> {
        let mut errors = self.0;
        // A refused permission explains the rest.
        if let Some(index) = errors
            .iter()
            .position(|error| matches!(error.kind, ErrorKind::Denied | ErrorKind::Credentials))
        {
            return Err(errors.swap_remove(index));
        }
        let mut errors = errors.into_iter();
        let Some(first) = errors.next() else {
            return Ok(());
        };
        let rest: Vec<Error> = errors.collect();
        if rest.is_empty() {
            return Err(first);
        }
        let mut all = Error::invalid(format!(
            "{} references of the configuration do not fit",
            rest.len() + 1
        ));
        for error in std::iter::once(first).chain(rest) {
            all.also.push(error.to_string());
            all.hints.extend(error.hints);
        }
        Err(all)
    }
}

/// A finding of one problem: its place in the configuration, what is wrong,
/// and what to do.
pub(super) fn wrong<T>(place: &str, what: impl AsRef<str>, remedy: &str) -> Finding<T> {
    Err(vec![problem(place, what, remedy)])
}

/// One problem, as [`wrong`] takes it.
pub(super) fn problem(place: &str, what: impl AsRef<str>, remedy: &str) -> Error {
    Error::invalid(format!("{place}: {}", what.as_ref())).hint(remedy)
}

/// A call that failed.
pub(super) fn failed(error: Error) -> Vec<Error> {
    vec![error]
}

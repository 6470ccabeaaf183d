//! What checks find: values, or all that is wrong; and what is worth saying.

use std::fmt;

use crate::{
    checks::Code,
    error::{Error, ErrorKind, Result},
};

/// A finding of a check: bad references come as a list, failed calls as one.
pub(super) type Finding<T> = std::result::Result<T, Vec<Problem>>;

/// Something that does not fit, or could not be looked at.
#[derive(Clone, Debug)]
pub struct Problem {
    /// What is wrong, by its stable name; none: a call failed.
    pub code: Option<Code>,
    /// Its place in the configuration, what is wrong there, and what to do.
    pub error: Box<Error>,
}

/// Something that fits and should be looked at. Displayed with its remedy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// What it is, by its stable name.
    pub code: Code,
    /// Its place in the configuration, and what was seen there.
    pub found: String,
    /// What to do, where there is something to do.
    pub remedy: Option<String>,
}

impl Warning {
    /// A warning of what was seen, with what to do about it.
    pub(super) fn new(code: Code, found: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self {
            code,
            found: found.into(),
            remedy: Some(remedy.into()),
        }
    }

    /// A warning about which there is nothing to do now.
    pub(super) fn bare(code: Code, found: impl Into<String>) -> Self {
        Self {
            code,
            found: found.into(),
            remedy: None,
        }
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.found)?;
        match &self.remedy {
            Some(remedy) => write!(f, "; {remedy}"),
            None => Ok(()),
        }
    }
}

#[derive(Default)]
pub(super) struct Problems(Vec<Problem>);

impl Problems {
    /// The value of a finding, whose problems are noted.
    pub fn take<T>(&mut self, finding: Finding<T>) -> Option<T> {
        match finding {
            Ok(value) => Some(value),
            Err(problems) => {
                self.0.extend(problems);
                None
            }
        }
    }

    /// Notes one more.
    pub fn note(&mut self, problem: Problem) {
        self.0.push(problem);
    }

    /// The value, if nothing was noted.
    pub fn or<T>(self, value: T) -> Finding<T> {
        if self.0.is_empty() {
            Ok(value)
        } else {
            Err(self.0)
        }
    }
}

/// All problems as one error; none of none.
///
/// # Errors
///
/// What the problems say.
pub(super) fn into_result(problems: impl IntoIterator<Item = Problem>) -> Result<()> {
    let mut problems: Vec<Problem> = problems.into_iter().collect();
    // A refused permission explains the rest.
    if let Some(index) = problems
        .iter()
        .position(|one| matches!(one.error.kind, ErrorKind::Denied | ErrorKind::Credentials))
    {
        return Err(*problems.swap_remove(index).error);
    }
    let count = problems.len();
    let unanswered = problems.iter().filter(|one| one.code.is_none()).count();
    let mut errors = problems.into_iter().map(|one| *one.error);
    // A call that failed says nothing of the configuration.
    let mut all = if count == 1 || unanswered == count {
        let Some(first) = errors.next() else {
            return Ok(());
        };
        first
    } else {
        let or = if unanswered == 0 {
            ""
        } else {
            ", or could not be looked at"
        };
        Error::invalid(format!(
            "{count} references of the configuration do not fit{or}"
        ))
    };
    let first = all.to_string();
    for error in errors {
        let line = error.to_string();
        if line != first && !all.also.contains(&line) {
            all.also.push(line);
            all.hints.extend(error.hints);
        }
    }
    Err(all)
}

/// A finding of one problem: its place in the configuration, what is wrong,
/// and what to do.
pub(super) fn wrong<T>(code: Code, place: &str, what: impl AsRef<str>, remedy: &str) -> Finding<T> {
    Err(vec![problem(code, place, what, remedy)])
}

/// One problem, as [`wrong`] takes it.
pub(super) fn problem(code: Code, place: &str, what: impl AsRef<str>, remedy: &str) -> Problem {
    Problem {
        code: Some(code),
        error: Box::new(Error::invalid(format!("{place}: {}", what.as_ref())).hint(remedy)),
    }
}

/// A call that failed, as a problem.
pub(super) fn unanswered(error: Error) -> Problem {
    Problem {
        code: None,
        error: Box::new(error),
    }
}

/// A call that failed.
pub(super) fn failed(error: Error) -> Vec<Problem> {
    vec![unanswered(error)]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lost() -> Problem {
        unanswered(Error::new(ErrorKind::Unknown, "HTTP 502").hint("look"))
    }

    #[test]
    fn a_call_that_failed_is_not_told_as_a_fault_of_the_file() {
        let error = into_result([lost(), lost(), lost()]).expect_err("three problems");
        assert_eq!(error.kind, ErrorKind::Unknown);
        assert_eq!(error.to_string(), "HTTP 502");
        assert!(
            error.also.is_empty() && error.hints == ["look"],
            "{error:?}"
        );
    }
}

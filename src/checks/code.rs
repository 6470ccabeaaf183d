//! The stable names of what can be wrong.

use std::fmt;

use serde::{Serialize, Serializer};

use super::{Check, codes};

/// What is wrong: `CHECK/CAUSE`. Stable: scripts and `--suppress` rely on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Code {
    /// The check that says it.
    pub check: Check,
    /// The cause, in kebab case.
    pub cause: &'static str,
}

impl Code {
    /// The code of this name.
    ///
    /// # Errors
    ///
    /// There is none: the nearest one.
    pub fn named(name: &str) -> Result<Self, Self> {
        let mut all = codes::ALL.iter().copied();
        if let Some(code) = all.find(|code| code.to_string() == name) {
            return Ok(code);
        }
        let likeness = |code: &Self| strsim::jaro_winkler(name, &code.to_string());
        let all = codes::ALL.iter().copied();
        let nearest = all.max_by(|one, other| likeness(one).total_cmp(&likeness(other)));
        Err(nearest.unwrap_or(codes::DNS_NOT_FOUND))
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.check, self.cause)
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

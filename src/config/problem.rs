//! What is wrong with a file, where, and what to do about it.

use std::fmt;

use crate::text::plain;

/// The `file` of a problem whose value came from the command line.
pub(super) const SET: &str = "--set";

/// One thing wrong: where it is, what it is, and a way out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The file as the caller named it, `--set` for a value of the command
    /// line, empty when the message itself names the file.
    pub file: String,
    /// The line, from 1, where one is known.
    pub line: Option<usize>,
    /// The column in characters, from 1, where one is known.
    pub column: Option<usize>,
    /// The key's dotted path (`route.0.path`), or the place in an `OpenAPI`
    /// body (`GET /orders`). Empty for the file as a whole.
    pub key: String,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub hint: Option<String>,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}:{line}: ", plain(&self.file))?,
            None if self.file == SET => write!(f, "{SET} ")?,
            None if self.file.is_empty() => {}
            None => write!(f, "{}: ", plain(&self.file))?,
        }
        if !self.key.is_empty() {
            write!(f, "{}: ", plain(&self.key))?;
        }
        f.write_str(&plain(&self.message))?;
        if let Some(hint) = &self.hint {
            write!(f, "\n  hint: {}", plain(hint))?;
        }
        Ok(())
    }
}

/// Everything wrong with a configuration, in the order of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigErrors(pub Vec<Problem>);

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_lines(f, &self.0)
    }
}

impl std::error::Error for ConfigErrors {}

/// Writes problems one below the other.
pub(crate) fn write_lines(f: &mut fmt::Formatter<'_>, problems: &[Problem]) -> fmt::Result {
    for (i, problem) in problems.iter().enumerate() {
        if i > 0 {
            f.write_str("\n")?;
        }
        write!(f, "{problem}")?;
    }
    Ok(())
}

/// A refusal of one value, before it is known where the value stands.
#[derive(Debug)]
pub(super) struct Refusal {
    pub message: String,
    pub hint: Option<String>,
}

/// A value that passed its check, or why it did not.
pub(super) type Checked<T> = Result<T, Refusal>;

/// A refusal with its remedy.
pub(super) fn refusal(message: impl Into<String>, hint: impl Into<String>) -> Refusal {
    Refusal {
        message: message.into(),
        hint: Some(hint.into()),
    }
}

/// A user's text as it may be printed: no control characters, not endless.
pub(crate) fn shown(text: &str) -> String {
    const LONGEST: usize = 80;
    let head: String = text.chars().take(LONGEST).collect();
    let mut shown = plain(&head).into_owned();
    if text.chars().nth(LONGEST).is_some() {
        shown.push('…');
    }
    shown
}

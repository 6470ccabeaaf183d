//! What a person sees. stdout is data, stderr is everything else.

use std::{
    fmt::Write as _,
    io::{self, Write},
};

use anstyle::{AnsiColor, Style};
use clap::ColorChoice;

use crate::{
    cli::{Global, Output},
    error::{Error, Result},
};

pub mod plan;
pub mod progress;
pub mod tables;

/// Bold red: `error:`.
pub const ERROR: Style = AnsiColor::Red.on_default().bold();
/// Bold yellow: `warning:`.
pub const WARNING: Style = AnsiColor::Yellow.on_default().bold();
/// Cyan: `hint:`.
pub const HINT: Style = AnsiColor::Cyan.on_default();
/// Green: created, done.
pub const GOOD: Style = AnsiColor::Green.on_default();
/// Bold: names.
pub const BOLD: Style = Style::new().bold();
/// Dim: what can be overlooked.
pub const DIM: Style = Style::new().dimmed();

/// Writes to the two streams.
#[derive(Clone, Copy, Debug)]
pub struct Printer {
    /// Say nothing on stderr but errors.
    pub quiet: bool,
    /// How results are written.
    pub output: Output,
}

impl Printer {
    /// A printer as the command line wants it. Sets the colour choice of both
    /// streams; `NO_COLOR` and `CLICOLOR_FORCE` decide where that is `auto`.
    pub fn new(global: &Global) -> Self {
        let choice = match global.color {
            ColorChoice::Auto => anstream::ColorChoice::Auto,
            ColorChoice::Always => anstream::ColorChoice::Always,
            ColorChoice::Never => anstream::ColorChoice::Never,
        };
        choice.write_global();
        Self {
            quiet: global.quiet,
            output: global.output,
        }
    }

    /// Whether stdout carries JSON.
    pub fn is_json(self) -> bool {
        self.output == Output::Json
    }

    /// Writes data.
    ///
    /// # Errors
    ///
    /// stdout cannot be written, as on a full disk. A closed pipe is no error:
    /// the reader has what it wanted.
    pub fn data(self, text: &str) -> Result<()> {
        let mut out = anstream::stdout().lock();
        let written = writeln!(out, "{}", text.trim_end_matches('\n')).and_then(|()| out.flush());
        match written {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Error::invalid(
                format!("the output cannot be written: {error}"),
            )),
            _ => Ok(()),
        }
    }

    /// Writes a JSON document.
    ///
    /// # Errors
    ///
    /// As [`Printer::data`].
    pub fn json(self, value: &impl serde::Serialize) -> Result<()> {
        let text = serde_json::to_string_pretty(value)
            .map_err(|error| Error::invalid(error.to_string()))?;
        self.data(&text)
    }

    /// Writes a line for the person at the terminal.
    pub fn note(self, text: &str) {
        if !self.quiet {
            say(text);
        }
    }

    /// Writes a warning.
    pub fn warn(self, text: &str) {
        if !self.quiet {
            say(&format!("{WARNING}warning:{WARNING:#} {text}"));
        }
    }

    /// Writes an error with its causes and hints.
    pub fn error(self, error: &Error) {
        say(&describe(error));
    }
}

/// Nothing can be done when stderr is gone.
fn say(text: &str) {
    let _ = writeln!(anstream::stderr().lock(), "{text}");
}

/// An error as it is shown: message, causes, what else there is, hints.
pub fn describe(error: &Error) -> String {
    let mut text = format!("{ERROR}error:{ERROR:#} {}", error.message);
    for cause in &error.causes {
        let _ = write!(text, "\n  caused by: {cause}");
    }
    for line in &error.also {
        let _ = write!(text, "\n  {line}");
    }
    if !error.hints.is_empty() {
        text.push('\n');
    }
    let mut said: Vec<&String> = Vec::new();
    for hint in &error.hints {
        if !said.contains(&hint) {
            let _ = write!(text, "\n{HINT}hint:{HINT:#} {hint}");
            said.push(hint);
        }
    }
    text
}

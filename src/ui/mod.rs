//! What a person sees. stdout is data, stderr is everything else.

use std::{
    fmt::Display,
    io::{self, Write},
};

use anstyle::{AnsiColor, Style};
use clap::ColorChoice;

use crate::{
    cli::{Global, Output},
    error::{Error, Result},
    text,
};

pub mod log;
mod order;
pub mod plan;
pub mod progress;
pub mod tables;
pub mod tree;
mod words;

pub use words::Text;

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
    pub fn data(self, text: &Text) -> Result<()> {
        self.made(text)
    }

    /// Writes data in the place of what the terminal shows.
    ///
    /// # Errors
    ///
    /// As [`Printer::data`].
    pub fn page(self, text: &Text) -> Result<()> {
        // Home, then clear to the end: the scrollback stays.
        self.made(&format!("\u{1b}[H\u{1b}[J{text}"))
    }

    /// Writes what this program makes of itself: completions, the manual page.
    ///
    /// # Errors
    ///
    /// As [`Printer::data`].
    pub fn made(self, text: &str) -> Result<()> {
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
        self.made(&text::json(&text))
    }

    /// Writes a JSON line.
    ///
    /// # Errors
    ///
    /// As [`Printer::data`].
    pub fn json_line(self, value: &serde_json::Value) -> Result<()> {
        self.made(&text::json(&value.to_string()))
    }

    /// Writes a line for the person at the terminal.
    pub fn note(self, text: &Text) {
        if !self.quiet {
            say(text);
        }
    }

    /// Writes a warning.
    pub fn warn(self, words: impl Display) {
        if !self.quiet {
            let mut text = Text::new();
            say(text.styled(WARNING, "warning:").say(' ').say(words));
        }
    }

    /// Writes an error with its causes and hints.
    pub fn error(self, error: &Error) {
        say(&describe(error));
    }
}

/// Nothing can be done when stderr is gone.
fn say(text: &Text) {
    progress::beside(|| {
        let _ = writeln!(anstream::stderr().lock(), "{text}");
    });
}

/// An error as it is shown: message, causes, what else there is, hints.
pub fn describe(error: &Error) -> Text {
    let mut text = Text::new();
    text.styled(ERROR, "error:").say(' ').lines(&error.message);
    for cause in &error.causes {
        text.line().say("  caused by: ").lines(cause);
    }
    for also in &error.also {
        text.line().say("  ").say(also);
    }
    if !error.hints.is_empty() {
        text.line();
    }
    let mut said: Vec<&String> = Vec::new();
    for hint in &error.hints {
        if !said.contains(&hint) {
            text.line().styled(HINT, "hint:").say(' ').say(hint);
            said.push(hint);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_in_the_words_of_others_moves_no_cursor() {
        let evil = "\u{1b}[2K\u{9b}1A\u{202e}";
        let mut error = Error::invalid(evil)
            .context(evil)
            .hint(format!("{evil}\nhint: x"));
        error.also.push(format!("{evil}\nerror: forged"));
        let shown = anstream::adapter::strip_str(&describe(&error)).to_string();
        assert!(
            !shown.contains(|c: char| c != '\n' && c.is_control()),
            "{shown:?}"
        );
        assert!(!shown.contains('\u{202e}'), "{shown:?}");
        assert_eq!(shown.lines().count(), 5, "{shown}");
    }
}

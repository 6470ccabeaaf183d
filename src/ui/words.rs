//! What is shown, built from words and values. There is no way to put a value
//! in but through [`plain`]: what was written by others cannot style, move or
//! break a line.

use std::{
    fmt::{self, Display, Write},
    ops::Deref,
};

use anstyle::Style;

use crate::text::{plain, plainly};

/// Text that is safe to show. Line breaks and colours in it are this program's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Text(String);

impl Text {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// One piece of text.
    pub fn of(value: impl Display) -> Self {
        let mut text = Self::new();
        text.say(value);
        text
    }

    /// Adds a value.
    pub fn say(&mut self, value: impl Display) -> &mut Self {
        self.0.push_str(&plainly(value));
        self
    }

    /// Adds a value in a style.
    pub fn styled(&mut self, style: Style, value: impl Display) -> &mut Self {
        let value = plainly(value);
        self.add(format_args!("{style}{value}{style:#}"))
    }

    /// Adds a value, filled up with spaces to a width.
    pub fn cell(&mut self, value: impl Display, width: usize) -> &mut Self {
        let value = plainly(value);
        self.add(format_args!("{value:width$}"))
    }

    /// Adds words of this program that have lines of their own, such as the
    /// problems of a file. Words of others go through [`Text::say`].
    pub fn lines(&mut self, value: impl Display) -> &mut Self {
        for (i, line) in value.to_string().lines().enumerate() {
            if i > 0 {
                self.0.push('\n');
            }
            self.0.push_str(&plain(line));
        }
        self
    }

    /// Ends the line, without spaces at its end.
    pub fn line(&mut self) -> &mut Self {
        self.trim();
        self.0.push('\n');
        self
    }

    /// Takes the spaces at the end away.
    pub fn trim(&mut self) -> &mut Self {
        let end = self.0.trim_end_matches(' ').len();
        self.0.truncate(end);
        self
    }

    /// Adds what is safe already.
    pub fn append(&mut self, other: &Self) -> &mut Self {
        self.0.push_str(&other.0);
        self
    }

    fn add(&mut self, text: fmt::Arguments<'_>) -> &mut Self {
        self.0.write_fmt(text).expect("a string takes everything");
        self
    }
}

impl Deref for Text {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::BOLD;

    #[test]
    fn values_neither_style_nor_break_a_line() {
        let mut text = Text::of("a\u{1b}[1m\n");
        text.styled(BOLD, "\u{1b}[0m")
            .cell("b\r", 6)
            .say("|")
            .line();
        assert_eq!(
            &*text,
            "a\\u{1b}[1m\\n\u{1b}[1m\\u{1b}[0m\u{1b}[0mb\\r   |\n"
        );
    }

    #[test]
    fn lines_of_this_program_stay_lines() {
        let mut text = Text::new();
        text.lines("a.toml:1: wrong\u{9b}\n  hint: right");
        assert_eq!(&*text, "a.toml:1: wrong\\u{9b}\n  hint: right");
    }
}

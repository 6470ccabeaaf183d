//! Text of others, as it may be shown.
//!
//! Names, tags, messages and files come from whoever can write them. A terminal
//! obeys what is in them: an escape sequence in an API's name can overwrite the
//! plan that a person approves, a bidi override can turn it round, a line break
//! can put a line of its own under it.

use std::{
    borrow::Cow,
    fmt::{self, Write},
};

/// The text with everything spelt out that a terminal would obey or hide:
/// control characters (C0, DEL, C1), line breaks, bidi controls, and characters
/// without a width.
pub fn plain(text: &str) -> Cow<'_, str> {
    if !text.contains(is_unseen) {
        return Cow::Borrowed(text);
    }
    let mut plain = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if is_unseen(c) {
            plain.extend(c.escape_default());
        } else {
            plain.push(c);
        }
    }
    Cow::Owned(plain)
}

/// The text on one line: a run of white space becomes one space, the rest is
/// [`plain`]. For words that AWS breaks into lines itself.
pub fn line(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    plain(&words.join(" ")).into_owned()
}

/// The same JSON, with nothing in it that a terminal would obey: such characters
/// stand in strings alone, where `\u` means the same.
pub fn json(text: &str) -> Cow<'_, str> {
    // Line feeds are the layout; serde_json writes every other C0 as an escape.
    let unseen = |c: char| c != '\n' && is_unseen(c);
    if !text.contains(unseen) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if unseen(c) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                write!(safe, "\\u{unit:04x}").expect("a string takes everything");
            }
        } else {
            safe.push(c);
        }
    }
    Cow::Owned(safe)
}

/// What a value shows, [`plain`].
pub fn plainly(value: impl fmt::Display) -> String {
    plain(&value.to_string()).into_owned()
}

/// Whether a terminal obeys the character, or shows nothing for it.
fn is_unseen(c: char) -> bool {
    c.is_control()
        || matches!(c,
            // The default ignorable characters of Unicode's UAX #44 that are no
            // part of a script's spelling, and what ends a line or a paragraph.
            '\u{ad}' | '\u{61c}' | '\u{180e}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_obeys_is_spelt_out() {
        for (text, shown) in [
            ("\u{1b}[2K\rorders", r"\u{1b}[2K\rorders"),
            ("a\nb\tc\u{7f}", r"a\nb\tc\u{7f}"),
            ("\u{9b}31m", r"\u{9b}31m"),
            ("\u{202e}lmot", r"\u{202e}lmot"),
            (
                "a\u{2028}b\u{200b}c\u{feff}",
                r"a\u{2028}b\u{200b}c\u{feff}",
            ),
            ("\u{e0041}", r"\u{e0041}"),
        ] {
            assert_eq!(plain(text), shown);
        }
    }

    #[test]
    fn what_people_write_stays_as_it_is() {
        for text in ["", "orders-dev", "Größe, \"naïve\" \\ 日本語 … ✓", "שלום"] {
            assert!(matches!(plain(text), Cow::Borrowed(same) if same == text));
        }
    }

    #[test]
    fn lines_of_others_become_one() {
        assert_eq!(
            line(" Errors:\n\tno \u{1b}[1m path\n"),
            r"Errors: no \u{1b}[1m path"
        );
    }

    #[test]
    fn json_means_the_same_and_moves_no_cursor() {
        let value = serde_json::json!({ "a\u{202e}": ["\u{9b}2J\u{7f}\u{e0041}\n\u{1b}", "ü"] });
        let text = serde_json::to_string_pretty(&value).expect("JSON");
        let safe = json(&text);
        assert!(!safe.contains(|c| c != '\n' && is_unseen(c)), "{safe}");
        let back: serde_json::Value = serde_json::from_str(&safe).expect("still JSON");
        assert_eq!(back, value);
    }
}

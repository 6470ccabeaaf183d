//! Kinds of values: for each, in one constant, how it looks, examples of it,
//! and the check that it passes. A check takes the text and gives the value,
//! or says what is wrong with it and what would be right.

pub(super) mod api;
pub(super) mod arn;
pub(super) mod checks;
pub(super) mod dns;
pub(super) mod network;
pub(super) mod path;
pub(super) mod s3;
pub(super) mod serving;
pub(super) mod stack;

/// Whether the text is not empty and has none but the allowed characters.
fn all(text: &str, allowed: impl Fn(char) -> bool) -> bool {
    !text.is_empty() && text.chars().all(allowed)
}

fn lower_or_digit(c: char) -> bool {
    c.is_ascii_lowercase() || c.is_ascii_digit()
}

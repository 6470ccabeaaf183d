//! What a stack is called, where it stands, and how it is tagged.

use super::{all, lower_or_digit};
use crate::config::form::Text;
use crate::config::problem::{Checked, Refusal, refusal, shown};
use crate::error::{Error, Result};

/// The name of a stack.
pub(in crate::config) const STACK: Text<String> = Text::new(|text, _| stack(text))
    .pattern(r"^(?!internal-|sg-)[a-z0-9]([a-z0-9-]{0,22}[a-z0-9])?$")
    .examples(&["orders-dev"]);

/// A region.
pub(in crate::config) const REGION: Text<String> = Text::new(|text, _| region(text))
    .pattern(r"^[a-z]{2,4}(-[a-z]+){1,3}-[0-9]{1,2}$")
    .examples(&["eu-central-1"]);

/// An account's id.
pub(in crate::config) const ACCOUNT: Text<String> = Text::new(|text, _| account(text))
    .pattern(r"^[0-9]{12}$")
    .examples(&["111122223333"]);

/// The value of a tag.
pub(in crate::config) const TAG_VALUE: Text<String> = Text::new(|text, _| tag_value(text));

/// Checks the name of a stack that does not come from a file.
///
/// # Errors
///
/// It is none.
pub(crate) fn check_stack(text: &str) -> Result<()> {
    let checked = stack(text).map(drop);
    checked.map_err(|Refusal { message, hint }| {
        let error = Error::invalid(message);
        hint.into_iter().fold(error, Error::hint)
    })
}

fn stack(text: &str) -> Checked<String> {
    const HINT: &str = "1 to 24 of a-z, 0-9 and '-', as in orders-dev";
    if text.is_empty() || text.len() > 24 || !all(text, |c| lower_or_digit(c) || c == '-') {
        let message = format!("`{}` is not a stack name", shown(text));
        return Err(refusal(message, HINT));
    }
    if text.starts_with('-') || text.ends_with('-') {
        let message = format!("`{text}` has a hyphen at an end");
        return Err(refusal(message, "begin and end with a letter or digit"));
    }
    // The stack names the load balancer and begins the groups' names; AWS
    // reserves `internal-` for the one and `sg-` for the others.
    for reserved in ["internal-", "sg-"] {
        if text.starts_with(reserved) {
            let message = format!("`{text}` begins with `{reserved}`, which AWS reserves");
            return Err(refusal(message, "choose another beginning"));
        }
    }
    Ok(text.to_owned())
}

pub(super) fn region(text: &str) -> Checked<String> {
    let mut parts: Vec<&str> = text.split('-').collect();
    let number = parts.pop().unwrap_or_default();
    let is_region = (2..=4).contains(&parts.len())
        && (1..=2).contains(&number.len())
        && all(number, |c| c.is_ascii_digit())
        && (2..=4).contains(&parts[0].len())
        && parts
            .iter()
            .all(|part| all(part, |c| c.is_ascii_lowercase()));
    if is_region {
        return Ok(text.to_owned());
    }
    Err(refusal(
        format!("`{}` is not a region", shown(text)),
        "a region looks like eu-central-1, us-gov-west-1 or cn-north-1",
    ))
}

pub(super) fn account(text: &str) -> Checked<String> {
    if text.len() == 12 && all(text, |c| c.is_ascii_digit()) {
        return Ok(text.to_owned());
    }
    Err(refusal(
        format!("`{}` is not an account id", shown(text)),
        "12 digits, as in 111122223333",
    ))
}

/// AWS's own rules for tags, the strictest of the services used.
fn tag_text(text: &str) -> Checked<()> {
    let strange = text
        .chars()
        .find(|c| !c.is_alphanumeric() && !" _.:/=+-@".contains(*c));
    strange.map_or(Ok(()), |c| {
        Err(refusal(
            format!("`{}` is not allowed in a tag", shown(&c.to_string())),
            "letters, digits, spaces and _ . : / = + - @",
        ))
    })
}

pub(in crate::config) fn tag_key(text: &str) -> Checked<()> {
    if text.is_empty() || text.chars().count() > 128 {
        let message = "a tag's key has 1 to 128 characters";
        return Err(refusal(message, "name it, or shorten it"));
    }
    for reserved in ["aws:", "hybridgw:"] {
        if text.to_ascii_lowercase().starts_with(reserved) {
            let message = format!("tags beginning `{reserved}` are reserved");
            return Err(refusal(message, "choose another key"));
        }
    }
    tag_text(text)
}

fn tag_value(text: &str) -> Checked<String> {
    if text.chars().count() > 256 {
        let message = "a tag's value has at most 256 characters";
        return Err(refusal(message, "shorten it"));
    }
    tag_text(text).map(|()| text.to_owned())
}

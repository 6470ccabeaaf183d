//! The forms that a field can have, and the check of a table of fields.

use serde_json::Value;

use super::uri;
use crate::body::{at::At, findings::Findings};
use crate::config::shown;

/// What a field has to be.
#[derive(Clone, Copy)]
pub(super) enum Form {
    /// Text.
    Text,
    /// One of these words, in capitals or not.
    Word(&'static [&'static str]),
    /// `true` or `false`.
    Flag,
    /// A whole number in these bounds.
    Whole(u64, u64),
    /// A status of three digits; YAML makes a number of it.
    Status,
    /// Seconds in these bounds, as a number or as text.
    Seconds(u64, u64),
    /// A list of texts.
    Texts,
    /// A list of objects.
    Objects,
    /// Texts by name.
    TextByName,
    /// An object.
    Object,
    /// An IAM role, or the caller's own credentials.
    Credentials,
    /// A media type.
    MediaTypes,
    /// A table of these fields.
    Table(&'static [Field]),
    /// Tables of these fields by name.
    TableByName(&'static [Field]),
}

/// A field of a table: its name, its form, and where that is documented.
pub(super) struct Field {
    /// The key.
    pub name: &'static str,
    /// What it has to be.
    pub form: Form,
    /// The page of the developer guide, or another source.
    pub source: &'static str,
}

/// Checks the fields of an object. What the table does not have is named.
pub(super) fn table(at: &At, value: &Value, fields: &[Field], findings: &mut Findings) {
    let Some(members) = value.as_object() else {
        return findings.refuse(at, must_be("an object", value), "");
    };
    for (name, value) in members {
        let here = at.key(name);
        match fields.iter().find(|field| field.name == name) {
            Some(field) => check(&here, value, field, findings),
            None if name.starts_with("x-") || name == "$ref" => {}
            None => {
                let near = fields
                    .iter()
                    .map(|field| field.name)
                    .find(|known| strsim::normalized_damerau_levenshtein(known, name) > 0.7);
                let hint = near.map_or_else(
                    || "API Gateway leaves it out; take it out here too".to_owned(),
                    |near| format!("did you mean `{near}`?"),
                );
                findings.warn(&here, "is not documented for REST APIs", hint);
            }
        }
    }
}

/// Checks one field against its form.
pub(super) fn check(at: &At, value: &Value, field: &Field, findings: &mut Findings) {
    let hint = format!(
        "see \"{}\" in the API Gateway developer guide",
        field.source
    );
    match field.form {
        Form::Table(fields) => return table(at, value, fields, findings),
        Form::TableByName(fields) => {
            let Some(members) = value.as_object() else {
                return findings.refuse(at, must_be("an object", value), hint);
            };
            for (name, value) in members {
                table(&at.key(name), value, fields, findings);
            }
            return;
        }
        Form::TextByName => {
            let Some(members) = value.as_object() else {
                return findings.refuse(at, must_be("an object of texts", value), hint);
            };
            for (name, value) in members.iter().filter(|(_, value)| !value.is_string()) {
                findings.refuse(&at.key(name), must_be("text", value), hint.clone());
            }
            return;
        }
        _ => {}
    }
    if let Err(wanted) = fits(value, field.form) {
        let known = matches!(field.form, Form::Word(_) | Form::Credentials);
        let message = match value.as_str() {
            Some(text) if known || text.chars().count() < 40 => {
                format!("must be {wanted}, not `{}`", shown(text))
            }
            _ => must_be(&wanted, value),
        };
        let is_number = value
            .as_str()
            .is_some_and(|text| text.parse::<u64>().is_ok());
        let hint = match field.form {
            Form::Whole(..) if is_number => "write the number without quotes".to_owned(),
            _ => hint,
        };
        findings.refuse(at, message, hint);
    }
}

/// Whether a value has a form; else what it must be.
fn fits(value: &Value, form: Form) -> Result<(), String> {
    let text = value.as_str();
    let (fits, wanted) = match form {
        Form::Text => (text.is_some(), "text".to_owned()),
        Form::Word(words) => (
            text.is_some_and(|text| words.iter().any(|word| word.eq_ignore_ascii_case(text))),
            one_of(words),
        ),
        Form::Flag => (value.is_boolean(), "true or false".to_owned()),
        Form::Whole(least, most) => (
            value.as_u64().is_some_and(|n| (least..=most).contains(&n)),
            format!("a whole number from {least} to {most}"),
        ),
        Form::Status => (
            status(value).is_some(),
            "a status of three digits, as in \"200\"".to_owned(),
        ),
        Form::Seconds(least, most) => {
            let number = value
                .as_u64()
                .or_else(|| text.and_then(|text| text.parse().ok()));
            (
                number.is_some_and(|n| (least..=most).contains(&n)),
                format!("seconds from {least} to {most}"),
            )
        }
        Form::Texts => (
            value
                .as_array()
                .is_some_and(|all| all.iter().all(Value::is_string)),
            "a list of texts".to_owned(),
        ),
        Form::Objects => (
            value
                .as_array()
                .is_some_and(|all| all.iter().all(Value::is_object)),
            "a list of objects".to_owned(),
        ),
        Form::Object => (value.is_object(), "an object".to_owned()),
        Form::Credentials => (
            text.is_some_and(uri::is_credentials),
            "the ARN of an IAM role, arn:aws:iam::<account>:role/<name>".to_owned(),
        ),
        Form::MediaTypes => (
            value.as_array().is_some_and(|all| {
                all.iter()
                    .all(|one| one.as_str().is_some_and(|one| one.contains('/')))
            }),
            "a list of media types, as in [\"image/png\"]".to_owned(),
        ),
        Form::TextByName | Form::Table(_) | Form::TableByName(_) => return Ok(()),
    };
    if fits { Ok(()) } else { Err(wanted) }
}

/// A status of three digits, as text or number.
pub(super) fn status(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    let digits = text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_digit());
    (digits && text.starts_with(['1', '2', '3', '4', '5'])).then_some(text)
}

/// `must be text, not a number`.
pub(super) fn must_be(wanted: &str, value: &Value) -> String {
    let is = match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(number) => return format!("must be {wanted}, not {number}"),
        Value::String(_) => "text",
        Value::Array(_) if wanted.starts_with("a list") => return format!("must be {wanted}"),
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    };
    format!("must be {wanted}, not {is}")
}

fn one_of(words: &[&str]) -> String {
    match words {
        [only] => format!("`{only}`"),
        words => format!("one of {}", words.join(", ")),
    }
}

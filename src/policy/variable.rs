//! Policy variables, `${aws:username}`: IAM user guide, "Policy elements:
//! Variables and tags".

use super::{
    pattern::Piece,
    request::{Held, Known, Request},
};

/// What a text of a policy means for a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// One of these patterns; by the key, if there are several.
    Either(Vec<Vec<Piece>>, Option<String>),
    /// It names a key that the request lacks: "any attempt to match it fails and
    /// causes the statement to be invalid".
    Void(String),
    /// It depends on this.
    Open(String),
}

/// How a text is read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reading {
    /// `*` and `?` are wildcards.
    pub wildcards: bool,
    /// `${…}` are variables: only in policies of version 2012-10-17.
    pub variables: bool,
}

/// Reads a text of a policy, with the values of the request in it.
pub(super) fn read(text: &str, reading: Reading, request: &Request) -> Meaning {
    let mut all: Vec<Vec<Piece>> = vec![Vec::new()];
    let mut by: Option<String> = None;
    let mut rest = text;
    while let Some(letter) = rest.chars().next() {
        let inside = rest.strip_prefix("${").filter(|_| reading.variables);
        let Some((name, after)) = inside.and_then(|inside| inside.split_once('}')) else {
            let piece = match letter {
                '*' if reading.wildcards => Piece::Run,
                '?' if reading.wildcards => Piece::One,
                letter => Piece::Char(letter),
            };
            for one in &mut all {
                one.push(piece);
            }
            rest = &rest[letter.len_utf8()..];
            continue;
        };
        rest = after;
        let values = match value(name, request) {
            Value::These(values) => values,
            Value::Void => return Meaning::Void(name.to_owned()),
            Value::Open(on) => return Meaning::Open(on),
        };
        if values.len() > 1 {
            by = Some(name.to_owned());
        }
        let with = |one: &Vec<Piece>| {
            let longer = values.iter().map(|value| {
                let mut longer = one.clone();
                longer.extend(value.chars().map(Piece::Char));
                longer
            });
            longer.collect::<Vec<_>>()
        };
        all = all.iter().flat_map(with).collect();
    }
    Meaning::Either(all, by)
}

enum Value {
    These(Vec<String>),
    Void,
    Open(String),
}

/// The value of `name` or of `name, 'default'`. Whether a key of several values
/// can be a variable is not documented.
fn value(name: &str, request: &Request) -> Value {
    // The three characters that have another meaning.
    if matches!(name, "*" | "?" | "$") {
        return Value::These(vec![name.to_owned()]);
    }
    let (key, default) = match name.split_once(',') {
        Some((key, default)) => {
            let quoted = default.trim().strip_prefix('\'');
            let Some(default) = quoted.and_then(|text| text.strip_suffix('\'')) else {
                return Value::Open(format!("the variable ${{{name}}}"));
            };
            (key.trim(), Some(default))
        }
        None => (name.trim(), None),
    };
    let Known::Either(held) = request.key(key) else {
        return Value::Open(key.to_owned());
    };
    let several = held.len() > 1;
    let mut values = Vec::new();
    for one in held {
        match (one, default) {
            (Held::Text(text), _) => values.push(text),
            (Held::Absent, Some(default)) => values.push(default.to_owned()),
            (Held::Absent, None) if several => return Value::Open(key.to_owned()),
            (Held::Absent, None) => return Value::Void,
            (Held::Several(_), _) => return Value::Open(key.to_owned()),
        }
    }
    if values.is_empty() {
        Value::Open(key.to_owned())
    } else {
        Value::These(values)
    }
}

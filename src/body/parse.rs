//! From text to a document: JSON or YAML, nothing of it twice.

use std::fmt;
use std::path::Path;

use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::{MOST_BYTES, shown};
use crate::config::Problem;

/// A document as it stands in the file.
pub(super) struct Parsed {
    /// The whole of it, an object.
    pub document: Value,
    /// Whether the text is JSON.
    pub is_json: bool,
}

/// Reads text, JSON or YAML by the file's name or else by how it begins.
pub(super) fn text(text: &str, file: &Path) -> Result<Parsed, Box<Problem>> {
    const HINT: &str = "it must be an OpenAPI body in JSON or YAML";
    let refuse = |at: Option<(usize, usize)>, message: String, hint: &str| {
        Box::new(Problem {
            file: file.display().to_string(),
            line: at.map(|(line, _)| line),
            column: at.map(|(_, column)| column),
            key: String::new(),
            message,
            hint: Some(hint.to_owned()).filter(|hint| !hint.is_empty()),
        })
    };
    if text.trim().is_empty() {
        return Err(refuse(None, "the file is empty".to_owned(), HINT));
    }
    if text.len() > MOST_BYTES {
        let message = format!("{} bytes are too many", text.len());
        return Err(refuse(None, message, "API Gateway imports 6 MB at most"));
    }
    let extension = file.extension().and_then(|extension| extension.to_str());
    let is_json = match extension {
        Some("json") => true,
        Some("yaml" | "yml") => false,
        _ => text.trim_start().starts_with('{'),
    };
    let parsed = if is_json { json(text) } else { yaml(text) };
    match parsed {
        Ok(document @ Value::Object(_)) => Ok(Parsed { document, is_json }),
        Ok(_) => Err(refuse(None, "is not an object".to_owned(), HINT)),
        Err((at, message)) => {
            // `!Sub` and its kin mean something to CloudFormation only.
            let hint = if message.contains("unsupported tag") {
                "CloudFormation's tags are not resolved here; write the value, with ${AWS::Region} and ${AWS::AccountId} where it needs them"
            } else if message.contains("duplicate key") {
                "keep one of the two: which one counts differs between readers"
            } else {
                ""
            };
            Err(refuse(at, message, hint))
        }
    }
}

/// What a parser says, and the line and column where it says so.
type Said = (Option<(usize, usize)>, String);

fn json(text: &str) -> Result<Value, Said> {
    let read: Result<Once, _> = serde_json::from_str(text);
    read.map(|once| once.0).map_err(|error| {
        // serde_json repeats the place at the end of its text.
        let said = error.to_string();
        let said = said.split(" at line ").next().unwrap_or_default();
        let at = (error.line(), error.column());
        (Some(at), format!("not valid JSON: {}", shown(said)))
    })
}

/// A JSON value in which no object has a key twice: `serde_json` keeps the last
/// one, and what the first said would be gone.
struct Once(Value);

impl<'de> Deserialize<'de> for Once {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OnceVisitor)
    }
}

struct OnceVisitor;

impl<'de> Visitor<'de> for OnceVisitor {
    type Value = Once;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Once, E> {
        Ok(Once(Value::Null))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Once, E> {
        Ok(Once(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Once, E> {
        Ok(Once(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Once, E> {
        Ok(Once(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Once, E> {
        Ok(Once(value.into()))
    }

    fn visit_str<E>(self, value: &str) -> Result<Once, E> {
        Ok(Once(value.into()))
    }

    fn visit_string<E>(self, value: String) -> Result<Once, E> {
        Ok(Once(value.into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Once, A::Error> {
        let mut all = Vec::new();
        while let Some(Once(item)) = items.next_element()? {
            all.push(item);
        }
        Ok(Once(all.into()))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Once, A::Error> {
        let mut all = Map::new();
        while let Some(key) = members.next_key::<String>()? {
            if all.contains_key(&key) {
                let message = format!("duplicate key `{}`", shown(&key));
                return Err(de::Error::custom(message));
            }
            let Once(value) = members.next_value()?;
            all.insert(key, value);
        }
        Ok(Once(all.into()))
    }
}

/// Parses on a stack of its own: 100 levels need more than a thread's usual
/// 2 MB in a build without optimisation (tried).
fn yaml(text: &str) -> Result<Value, Said> {
    const STACK: usize = 16 * 1024 * 1024;
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(STACK);
        let parser = thread
            .spawn_scoped(scope, || yaml_here(text))
            .map_err(|error| (None, format!("no thread to parse YAML on: {error}")))?;
        let broken = |_| (None, "not valid YAML: it breaks the parser".to_owned());
        parser.join().map_err(broken).and_then(|parsed| parsed)
    })
}

fn yaml_here(text: &str) -> Result<Value, Said> {
    let options = serde_saphyr::options! {
        // YAML 1.2: the country code `no` is text.
        strict_booleans: true,
        leading_zero_numbers_as_strings: true,
        underscored_numbers_as_strings: true,
        reject_unsupported_tags: true,
        with_snippet: false,
        // As deep as serde_json goes, and room for what 6 MB can hold.
        budget: serde_saphyr::budget! {
            max_depth: 128,
            max_nodes: 3_000_000,
            max_events: 9_000_000,
        },
    };
    serde_saphyr::from_str_with_options(text, options).map_err(|error| {
        let at = error.location().and_then(|location| {
            let line = usize::try_from(location.line()).ok()?;
            Some((line, usize::try_from(location.column()).ok()?))
        });
        let said = match error.without_snippet() {
            // Its text speaks of options that only a programmer has.
            serde_saphyr::Error::DuplicateMappingKey { key, .. } => {
                format!("duplicate key `{}`", key.as_deref().unwrap_or_default())
            }
            error => error.to_string(),
        };
        let said = said.split(" at line ").next().unwrap_or_default();
        (at, format!("not valid YAML: {}", shown(said)))
    })
}

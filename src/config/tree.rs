//! The file as a tree that remembers where each value stands.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;

use serde_json::Value as Json;
use toml::de::{DeTable, DeValue};

use super::problem::{Problem, Refusal, SET, shown};

/// Where a key or value came from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Origin {
    File { line: usize, column: usize },
    Set,
}

/// A value and its place.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub origin: Origin,
    pub value: Value,
    /// The text given to `--set`, so that `--set account=111122223333` is a
    /// string where a string is wanted.
    pub raw: Option<String>,
}

/// A table's entries: the key's place, and the value.
pub(super) type Entries = BTreeMap<String, (Origin, Node)>;

/// What a TOML value is, as far as the configuration uses TOML.
#[derive(Clone, Debug)]
pub(super) enum Value {
    String(String),
    Integer(i64),
    Boolean(bool),
    /// A kind that no key takes: its name.
    Other(&'static str),
    Array(Vec<Node>),
    Table(Entries),
    /// Already reported; checks of it would only repeat the report.
    Broken,
}

impl Value {
    /// The kind, with its article, for messages.
    pub fn kind(&self) -> &'static str {
        match self {
            Value::String(_) => "a string",
            Value::Integer(_) => "an integer",
            Value::Boolean(_) => "a boolean",
            Value::Other(kind) => kind,
            Value::Array(_) => "an array",
            Value::Table(_) => "a table",
            Value::Broken => "unusable",
        }
    }
}

/// Problems as they are found, in one file.
pub(super) struct Problems {
    file: String,
    found: Vec<Problem>,
}

impl Problems {
    pub fn new(file: &Path) -> Self {
        Problems {
            file: file.display().to_string(),
            found: Vec::new(),
        }
    }

    pub fn push(&mut self, origin: Origin, key: &str, refusal: Refusal) {
        let (file, line, column) = match origin {
            Origin::File { line, column } => (self.file.clone(), Some(line), Some(column)),
            Origin::Set => (SET.to_owned(), None, None),
        };
        self.found.push(Problem {
            file,
            line,
            column,
            key: key.to_owned(),
            message: refusal.message,
            hint: refusal.hint,
        });
    }

    /// Whether something is wrong with this key, or below it.
    pub fn is_wrong(&self, key: &str) -> bool {
        self.found
            .iter()
            .any(|problem| problem.key.starts_with(key))
    }

    /// The problems in the order of the file, those of `--set` after them.
    pub fn sorted(mut self) -> Vec<Problem> {
        self.found
            .sort_by_key(|p| (p.line.is_none(), p.line, p.column));
        self.found
    }
}

/// The tree of a file that has not been written yet: nothing stands anywhere.
pub(super) fn from_json(table: serde_json::Map<String, Json>) -> Entries {
    let entry = |(key, value)| (key, (Origin::Set, node_of(value)));
    table.into_iter().map(entry).collect()
}

fn node_of(value: Json) -> Node {
    let value = match value {
        Json::String(text) => Value::String(text),
        Json::Number(number) => number
            .as_i64()
            .map_or(Value::Other("a number out of range"), Value::Integer),
        Json::Bool(yes) => Value::Boolean(yes),
        Json::Array(items) => Value::Array(items.into_iter().map(node_of).collect()),
        Json::Object(members) => Value::Table(from_json(members)),
        Json::Null => Value::Other("nothing"),
    };
    Node {
        origin: Origin::Set,
        value,
        raw: None,
    }
}

/// Parses TOML. Syntax errors are reported and yield nothing to go on with.
pub(super) fn parse(text: &str, problems: &mut Problems) -> Option<Entries> {
    let places = Places::new(text);
    let (document, errors) = DeTable::parse_recoverable(text);
    if errors.is_empty() {
        return Some(places.entries(document.into_inner()));
    }
    let mut last = None;
    for error in errors {
        let origin = places.origin(&error.span().unwrap_or_default());
        // One slip often yields several errors on its line; the first says it best.
        if last.replace(origin_line(origin)) != Some(origin_line(origin)) {
            let message = format!("not valid TOML: {}", error.message().replace('\n', ", "));
            problems.push(
                origin,
                "",
                Refusal {
                    message,
                    hint: None,
                },
            );
        }
    }
    None
}

fn origin_line(origin: Origin) -> usize {
    match origin {
        Origin::File { line, .. } => line,
        Origin::Set => 0,
    }
}

/// Byte offsets to lines and columns.
pub(super) struct Places<'t> {
    text: &'t str,
    line_starts: Vec<usize>,
}

impl<'t> Places<'t> {
    pub fn new(text: &'t str) -> Self {
        let after_breaks = text.match_indices('\n').map(|(at, _)| at + 1);
        Places {
            text,
            line_starts: std::iter::once(0).chain(after_breaks).collect(),
        }
    }

    fn origin(&self, span: &Range<usize>) -> Origin {
        let line = self
            .line_starts
            .partition_point(|start| *start <= span.start);
        let start = self.line_starts[line.saturating_sub(1)];
        let before = self.text.get(start..span.start).unwrap_or_default();
        Origin::File {
            line,
            column: before.chars().count() + 1,
        }
    }

    fn entries(&self, table: DeTable<'_>) -> Entries {
        table
            .into_iter()
            .map(|(key, value)| {
                let at = self.origin(&key.span());
                let node = self.node(&value.span(), value.into_inner());
                (key.into_inner().into_owned(), (at, node))
            })
            .collect()
    }

    pub fn node(&self, span: &Range<usize>, value: DeValue<'_>) -> Node {
        let value = match value {
            DeValue::String(text) => Value::String(text.into_owned()),
            DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
                .map_or(Value::Other("a number out of range"), Value::Integer),
            DeValue::Boolean(yes) => Value::Boolean(yes),
            DeValue::Float(_) => Value::Other("a float"),
            DeValue::Datetime(_) => Value::Other("a date"),
            DeValue::Array(items) => Value::Array(
                items
                    .into_iter()
                    .map(|item| self.node(&item.span(), item.into_inner()))
                    .collect(),
            ),
            DeValue::Table(table) => Value::Table(self.entries(table)),
        };
        Node {
            origin: self.origin(span),
            value,
            raw: None,
        }
    }
}

/// One more segment of a key's path, quoted where TOML wants quotes.
pub(super) fn join(path: &str, segment: &str) -> String {
    let is_bare = !segment.is_empty()
        && segment
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    let segment = if is_bare {
        segment.to_owned()
    } else {
        format!("\"{}\"", shown(segment))
    };
    if path.is_empty() {
        segment
    } else {
        format!("{path}.{segment}")
    }
}

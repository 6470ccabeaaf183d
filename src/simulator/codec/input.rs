//! What an operation is asked: a tree of parameters, and the raw body.

use serde_json::Value;

use super::{Protocol, Refusal};

/// The parameters of one request, or of one structure inside it.
///
/// Query parameters, path labels, query strings and the members of a JSON or
/// XML body all end up as members of one tree. Query protocols send every
/// scalar as text; [`Input::number`] and [`Input::flag`] read both.
#[derive(Clone, Debug)]
pub struct Input {
    /// The protocol, for the way it words what is missing.
    pub protocol: Protocol,
    /// The members.
    pub tree: Value,
    /// The body as it came (empty inside structures).
    pub raw: Vec<u8>,
}

impl Input {
    /// Wraps a tree.
    pub fn new(protocol: Protocol, tree: Value) -> Self {
        Self {
            protocol,
            tree,
            raw: Vec::new(),
        }
    }

    /// Returns a member, unless it is absent or null.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.tree.get(name).filter(|value| !value.is_null())
    }

    /// Returns whether a member is there.
    pub fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// Returns a text.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.get(name)?.as_str()
    }

    /// Returns a text that must be there, and not be empty.
    pub fn require(&self, name: &str) -> Result<&str, Refusal> {
        self.text(name)
            .filter(|text| !text.is_empty())
            .ok_or_else(|| self.protocol.missing(name))
    }

    /// Returns a whole number.
    pub fn number(&self, name: &str) -> Option<i64> {
        let value = self.get(name)?;
        value.as_i64().or_else(|| value.as_str()?.parse().ok())
    }

    /// Returns a truth value.
    pub fn flag(&self, name: &str) -> Option<bool> {
        let value = self.get(name)?;
        value.as_bool().or_else(|| match value.as_str()? {
            text if text.eq_ignore_ascii_case("true") => Some(true),
            text if text.eq_ignore_ascii_case("false") => Some(false),
            _ => None,
        })
    }

    /// Returns the texts of a list; a lone text is a list of one, nothing a list of none.
    pub fn texts(&self, name: &str) -> Vec<String> {
        self.items(name)
            .iter()
            .filter_map(|item| item.as_str())
            .map(str::to_owned)
            .collect()
    }

    /// Returns the structures of a list; a lone structure is a list of one.
    pub fn each(&self, name: &str) -> Vec<Self> {
        let items = self.items(name).into_iter().filter(|item| item.is_object());
        items
            .map(|item| Self::new(self.protocol, item.clone()))
            .collect()
    }

    /// Returns the structure under a name.
    pub fn child(&self, name: &str) -> Option<Self> {
        self.get(name)
            .filter(|value| value.is_object())
            .map(|value| Self::new(self.protocol, value.clone()))
    }

    /// Returns the names of the members.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.tree
            .as_object()
            .into_iter()
            .flat_map(|members| members.keys().map(String::as_str))
    }

    fn items(&self, name: &str) -> Vec<&Value> {
        match self.get(name) {
            None => Vec::new(),
            Some(Value::Array(items)) => items.iter().collect(),
            // The query protocol writes an empty list as `Name=`.
            Some(Value::String(text)) if text.is_empty() && self.protocol.is_query() => Vec::new(),
            Some(single) => vec![single],
        }
    }
}

//! Reading one table: keys by name, types by kind, leftovers refused.

use std::fmt::Display;

use super::problem::{Wrong, wrong};
use super::tree::{Entries, Node, Origin, Problems, Value, join};

type Checked<T> = Result<T, Wrong>;

/// An array of strings: what it is called, how many it needs, and why.
pub(super) struct List {
    pub key: &'static str,
    pub least: usize,
    pub why: &'static str,
    pub example: &'static str,
}

/// A table on its way through: what is left, and what has been asked for.
pub(super) struct Section {
    pub path: String,
    pub origin: Origin,
    pub entries: Entries,
    pub asked: Vec<&'static str>,
    /// Not a table at all, and reported as such.
    pub unusable: bool,
}

impl Section {
    pub fn new(path: String, origin: Origin, entries: Entries) -> Self {
        Section {
            path,
            origin,
            entries,
            asked: Vec::new(),
            unusable: false,
        }
    }

    /// Takes out what stands under `key`.
    pub fn take(&mut self, key: &'static str) -> Option<(Origin, Node)> {
        self.asked.push(key);
        self.entries.remove(key)
    }

    /// The table under `key`, empty if there is none.
    pub fn section(&mut self, key: &'static str, problems: &mut Problems) -> Section {
        let path = join(&self.path, key);
        match self.take(key) {
            Some((at, node)) => {
                section_of(node, path.clone(), at, problems).unwrap_or_else(|| Section {
                    unusable: true,
                    ..Section::new(path, at, Entries::new())
                })
            }
            None => Section::new(path, self.origin, Entries::new()),
        }
    }

    /// The table under `key`, if there is one.
    pub fn section_opt(&mut self, key: &'static str, problems: &mut Problems) -> Option<Section> {
        if self.entries.contains_key(key) {
            return Some(self.section(key, problems));
        }
        self.asked.push(key);
        None
    }

    /// A string that passes its check; `None` if there is none, or not a good one.
    pub fn text_opt<T>(
        &mut self,
        key: &'static str,
        problems: &mut Problems,
        check: impl FnOnce(&str) -> Checked<T>,
    ) -> Option<T> {
        let (_, node) = self.take(key)?;
        text_of(&node, &join(&self.path, key), problems, check)
    }

    /// A string that must be there.
    pub fn text<T>(
        &mut self,
        key: &'static str,
        example: &str,
        problems: &mut Problems,
        check: impl FnOnce(&str) -> Checked<T>,
    ) -> Option<T> {
        if !self.entries.contains_key(key) {
            self.missing(key, example, problems);
        }
        self.text_opt(key, problems, check)
    }

    /// Reports that `key` is not there, with an example of what could be.
    pub fn missing(&self, key: &str, example: &str, problems: &mut Problems) {
        if self.unusable {
            return;
        }
        let place = match self.path.as_str() {
            "" => "at the top".to_owned(),
            path => match path.rsplit_once('.') {
                // An item of an array, and a table within one.
                Some((array, item)) if is_index(item) => format!("to [[{array}]]"),
                Some((outer, table)) if outer.rsplit('.').any(is_index) => format!("to `{table}`"),
                _ => format!("to [{path}]"),
            },
        };
        let hint = format!("add {place}: {key} = {example}");
        let refused = wrong("missing required key", hint);
        problems.push(self.origin, &join(&self.path, key), refused);
    }

    /// True or false, or what holds when the file does not say.
    pub fn boolean(&mut self, key: &'static str, default: bool, problems: &mut Problems) -> bool {
        let Some((_, node)) = self.take(key) else {
            return default;
        };
        if let Value::Boolean(yes) = node.value {
            return yes;
        }
        let path = join(&self.path, key);
        unexpected(&node, &path, "true or false", "without quotes", problems);
        default
    }

    /// Whether there is `placeholder = true`; false would mean nothing.
    pub fn placeholder(&mut self, problems: &mut Problems) -> bool {
        let origin = self.entries.get("placeholder").map(|(_, node)| node.origin);
        let value = self.boolean("placeholder", true, problems);
        if let (Some(origin), false) = (origin, value) {
            let hint = "leave the key out, and name one of `openapi`, `id` and `lambda`";
            let path = join(&self.path, "placeholder");
            problems.push(origin, &path, wrong("must be true", hint));
        }
        origin.is_some()
    }

    /// A number of seconds within a range.
    pub fn seconds(
        &mut self,
        key: &'static str,
        range: std::ops::RangeInclusive<u32>,
        problems: &mut Problems,
    ) -> Option<u32> {
        let (_, node) = self.take(key)?;
        let path = join(&self.path, key);
        let Value::Integer(number) = node.value else {
            unexpected(
                &node,
                &path,
                "an integer",
                "seconds, without quotes",
                problems,
            );
            return None;
        };
        let seconds = u32::try_from(number).ok().filter(|n| range.contains(n));
        if seconds.is_none() {
            let message = format!("{number} is out of range");
            let hint = format!("{} to {} seconds", range.start(), range.end());
            problems.push(node.origin, &path, wrong(message, hint));
        }
        seconds
    }

    /// An array of strings, none of them twice; empty if there is none.
    pub fn list_opt<T: PartialEq + Display>(
        &mut self,
        list: &List,
        problems: &mut Problems,
        check: impl Fn(&str) -> Checked<T>,
    ) -> Option<Vec<T>> {
        if self.entries.contains_key(list.key) {
            return self.list(list, problems, check);
        }
        self.asked.push(list.key);
        Some(Vec::new())
    }

    /// An array of strings, none of them twice.
    pub fn list<T: PartialEq + Display>(
        &mut self,
        list: &List,
        problems: &mut Problems,
        check: impl Fn(&str) -> Checked<T>,
    ) -> Option<Vec<T>> {
        let path = join(&self.path, list.key);
        let Some((_, node)) = self.take(list.key) else {
            self.missing(list.key, list.example, problems);
            return None;
        };
        let Value::Array(items) = node.value else {
            let hint = format!("write {} = {}", list.key, list.example);
            unexpected(&node, &path, "an array", &hint, problems);
            return None;
        };
        let count = items.len();
        if count < list.least {
            let message = format!("needs {} or more, has {count}", list.least);
            problems.push(node.origin, &path, wrong(message, list.why));
        }
        let mut values = Vec::new();
        for (i, item) in items.into_iter().enumerate() {
            let value = text_of(&item, &join(&path, &i.to_string()), problems, |text| {
                let value = check(text)?;
                if values.contains(&value) {
                    return Err(wrong(format!("`{value}` is named twice"), "name it once"));
                }
                Ok(value)
            });
            values.extend(value);
        }
        (values.len() == count).then_some(values)
    }

    /// Reports what nobody asked for.
    pub fn finish(self, problems: &mut Problems) {
        for (key, (at, _)) in self.entries {
            let near = self
                .asked
                .iter()
                .map(|known| (strsim::jaro_winkler(&key, known), known))
                .filter(|(likeness, _)| *likeness > 0.8)
                .max_by(|a, b| a.0.total_cmp(&b.0));
            let hint = match near {
                Some((_, known)) => format!("did you mean `{known}`?"),
                None => format!("the keys here are `{}`", self.asked.join("`, `")),
            };
            problems.push(at, &join(&self.path, &key), wrong("unknown key", hint));
        }
    }
}

fn is_index(segment: &str) -> bool {
    segment.bytes().all(|byte| byte.is_ascii_digit())
}

/// The node as a table.
pub(super) fn section_of(
    node: Node,
    path: String,
    at: Origin,
    problems: &mut Problems,
) -> Option<Section> {
    if let Value::Table(entries) = node.value {
        return Some(Section::new(path, at, entries));
    }
    let hint = "write key = value pairs in it";
    unexpected(&node, &path, "a table", hint, problems);
    None
}

/// The node as a string that passes its check.
pub(super) fn text_of<T>(
    node: &Node,
    path: &str,
    problems: &mut Problems,
    check: impl FnOnce(&str) -> Checked<T>,
) -> Option<T> {
    let text = match (&node.value, node.raw.as_ref()) {
        (Value::String(text), _) => text,
        (Value::Integer(_) | Value::Boolean(_) | Value::Other(_), Some(raw)) => raw,
        _ => {
            unexpected(node, path, "a string", "put it in quotes", problems);
            return None;
        }
    };
    match check(text) {
        Ok(value) => Some(value),
        Err(refused) => {
            problems.push(node.origin, path, refused);
            None
        }
    }
}

pub(super) fn unexpected(
    node: &Node,
    path: &str,
    wanted: &str,
    hint: &str,
    problems: &mut Problems,
) {
    if matches!(node.value, Value::Broken) {
        return;
    }
    let message = format!("must be {wanted}, not {}", node.value.kind());
    problems.push(node.origin, path, wrong(message, hint));
}

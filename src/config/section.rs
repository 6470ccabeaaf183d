//! One table on its way through the reader: what of it is left, and which keys
//! have been asked for. What nobody asks for is refused.

use super::problem::{Refusal, refusal};
use super::reading::Reading;
use super::tree::{Entries, Node, Origin, Value, join};

/// What the file gives for a key, or as an item of an array.
pub(super) struct Given {
    /// Where the key stands; where the item does.
    pub at: Origin,
    pub path: String,
    pub node: Node,
}

/// A table of the file.
pub(super) struct Section {
    pub path: String,
    pub origin: Origin,
    pub entries: Entries,
    known: Vec<&'static str>,
}

impl Given {
    /// The items, if this is an array of them.
    pub fn items(self, wanted: &str, hint: &str, reading: &mut Reading) -> Option<Vec<Given>> {
        let Value::Array(items) = self.node.value else {
            self.unexpected(wanted, hint, reading);
            return None;
        };
        let of = |(i, node): (usize, Node)| Given {
            at: node.origin,
            path: join(&self.path, &i.to_string()),
            node,
        };
        Some(items.into_iter().enumerate().map(of).collect())
    }

    /// The table, if this is one.
    pub fn section(self, reading: &mut Reading) -> Option<Section> {
        if let Value::Table(entries) = self.node.value {
            return Some(Section::new(self.path, self.at, entries));
        }
        self.unexpected("a table", "write key = value pairs in it", reading);
        None
    }

    /// The string, if this is one: also a value that `--set` gave without quotes.
    pub fn text(&self, reading: &mut Reading) -> Option<&str> {
        match (&self.node.value, &self.node.raw) {
            (Value::String(text), _) => Some(text),
            (Value::Integer(_) | Value::Boolean(_) | Value::Other(_), Some(raw)) => Some(raw),
            _ => {
                self.unexpected("a string", "put it in quotes", reading);
                None
            }
        }
    }

    /// Reports that the value is not of the kind that is wanted.
    pub fn unexpected(&self, wanted: &str, hint: &str, reading: &mut Reading) {
        if matches!(self.node.value, Value::Broken) {
            return;
        }
        let message = format!("must be {wanted}, not {}", self.node.value.kind());
        self.refuse(refusal(message, hint), reading);
    }

    /// Reports what is wrong with the value.
    pub fn refuse(&self, refusal: Refusal, reading: &mut Reading) {
        reading.refuse(self.node.origin, &self.path, refusal);
    }

    /// The last segment of the path.
    pub fn name(&self) -> &str {
        self.path
            .rsplit_once('.')
            .map_or(&self.path, |(_, name)| name)
    }
}

impl Section {
    pub fn new(path: String, origin: Origin, entries: Entries) -> Self {
        Section {
            path,
            origin,
            entries,
            known: Vec::new(),
        }
    }

    /// The empty table under `key` of this one.
    pub fn empty(&self, key: &str) -> Section {
        Section::new(join(&self.path, key), self.origin, Entries::new())
    }

    /// Whether there is something under `key`.
    pub fn has(&self, key: &str) -> bool {
        self.entries.contains_key(key)
    }

    /// Takes out what stands under `key`.
    pub fn take(&mut self, key: &'static str, reading: &mut Reading) -> Option<Given> {
        self.known.push(key);
        let (at, node) = self.entries.remove(key)?;
        let path = join(&self.path, key);
        reading.note_place(&path, node.origin);
        Some(Given { at, path, node })
    }

    /// Reports that `key` is not there.
    pub fn missing(&self, key: &str, hint: String, reading: &mut Reading) {
        let refusal = refusal("missing required key", hint);
        reading.refuse(self.origin, &join(&self.path, key), refusal);
    }

    /// Where to add a key, in words.
    pub fn place(&self) -> String {
        match self.path.as_str() {
            "" => "at the top".to_owned(),
            path => match path.rsplit_once('.') {
                // An item of an array, and a table within one.
                Some((array, item)) if is_index(item) => format!("to [[{array}]]"),
                Some((outer, table)) if outer.rsplit('.').any(is_index) => format!("to `{table}`"),
                _ => format!("to [{path}]"),
            },
        }
    }

    /// Reports what nobody asked for.
    pub fn finish(self, reading: &mut Reading) {
        for (key, (at, _)) in self.entries {
            let near = self
                .known
                .iter()
                .map(|known| (strsim::jaro_winkler(&key, known), known))
                .filter(|(likeness, _)| *likeness > 0.8)
                .max_by(|a, b| a.0.total_cmp(&b.0));
            let hint = match near {
                Some((_, known)) => format!("did you mean `{known}`?"),
                None => format!("the keys here are `{}`", self.known.join("`, `")),
            };
            let refusal = refusal("unknown key", hint);
            reading.refuse(at, &join(&self.path, &key), refusal);
        }
    }
}

fn is_index(segment: &str) -> bool {
    segment.bytes().all(|byte| byte.is_ascii_digit())
}

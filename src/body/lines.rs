//! Where the parts of a body stand in its file.
//!
//! The readers of JSON and YAML give values without places. Places are wanted
//! for what is said only, so the text is walked once more, and only then.

use std::collections::HashMap;

use granit_parser::{Event, Parser};

use super::at::At;

/// A line and a column, from 1.
pub(super) type Place = (usize, usize);

/// Finds the place of each: of its key, or else of the nearest part around it
/// that the text spells out (what an alias or a merge brings stands elsewhere).
/// None for the document as a whole.
pub(super) fn find(text: &str, is_json: bool, wanted: &[&At]) -> Vec<Option<Place>> {
    let mut walk = Walk::new(wanted);
    if is_json {
        json(text, &mut walk);
    } else {
        yaml(text, &mut walk);
    }
    wanted.iter().map(|at| walk.place(at)).collect()
}

/// The wanted parts as a tree, and the way from the root to the current part.
struct Walk {
    nodes: Vec<Wanted>,
    open: Vec<Open>,
}

#[derive(Default)]
struct Wanted {
    place: Option<Place>,
    children: HashMap<String, usize>,
}

/// A collection that has begun and not ended; its node, if it is on a wanted way.
enum Open {
    Map { node: Option<usize>, next: Next },
    List { node: Option<usize>, next: usize },
}

/// What comes next in a map.
#[derive(Clone, Copy)]
enum Next {
    Key,
    /// A value, and its node, if it is on a wanted way.
    Value(Option<usize>),
}

impl Walk {
    fn new(wanted: &[&At]) -> Self {
        let mut nodes = vec![Wanted::default()];
        for at in wanted {
            let mut here = 0;
            for step in at.steps() {
                here = if let Some(next) = nodes[here].children.get(step) {
                    *next
                } else {
                    nodes.push(Wanted::default());
                    let next = nodes.len() - 1;
                    nodes[here].children.insert(step.clone(), next);
                    next
                };
            }
        }
        Self {
            nodes,
            open: Vec::new(),
        }
    }

    fn place(&self, at: &At) -> Option<Place> {
        let (mut here, mut place) = (0, None);
        for step in at.steps() {
            here = *self.nodes[here].children.get(step)?;
            match self.nodes[here].place {
                None => break,
                found => place = found,
            }
        }
        place
    }

    /// The node of what begins here.
    fn begins(&mut self, place: Place) -> Option<usize> {
        match self.open.last() {
            None => Some(0),
            Some(Open::Map { next, .. }) => match next {
                Next::Key => None,
                Next::Value(node) => *node,
            },
            Some(Open::List { node, next }) => {
                let child = self.nodes[(*node)?].children.get(&next.to_string());
                let child = *child?;
                self.nodes[child].place = Some(place);
                Some(child)
            }
        }
    }

    fn scalar(&mut self, text: &str, place: Place) {
        if let Some(Open::Map {
            node,
            next: next @ Next::Key,
        }) = self.open.last_mut()
        {
            let child = node.and_then(|node| self.nodes[node].children.get(text).copied());
            *next = Next::Value(child);
            if let Some(child) = child {
                self.nodes[child].place = Some(place);
            }
            return;
        }
        self.begins(place);
        self.ended();
    }

    fn map(&mut self, place: Place) {
        let node = self.begins(place);
        self.open.push(Open::Map {
            node,
            next: Next::Key,
        });
    }

    fn list(&mut self, place: Place) {
        let node = self.begins(place);
        self.open.push(Open::List { node, next: 0 });
    }

    fn close(&mut self) {
        self.open.pop();
        self.ended();
    }

    fn ended(&mut self) {
        match self.open.last_mut() {
            Some(Open::Map { next, .. }) => {
                *next = match next {
                    // A key that is no text: the value to come is not wanted.
                    Next::Key => Next::Value(None),
                    Next::Value(_) => Next::Key,
                };
            }
            Some(Open::List { next, .. }) => *next += 1,
            None => {}
        }
    }
}

fn yaml(text: &str, walk: &mut Walk) {
    for event in Parser::new_from_str(text) {
        // The text has been read before: what cannot be walked has no places.
        let Ok((event, span)) = event else { return };
        let place = (span.start.line(), span.start.col() + 1);
        match event {
            Event::Scalar(text, ..) => walk.scalar(&text, place),
            Event::Alias(_) => {
                walk.begins(place);
                walk.ended();
            }
            Event::MappingStart(..) => walk.map(place),
            Event::SequenceStart(..) => walk.list(place),
            Event::MappingEnd | Event::SequenceEnd => walk.close(),
            _ => {}
        }
    }
}

/// Walks text that is known to be JSON.
fn json(text: &str, walk: &mut Walk) {
    let bytes = text.as_bytes();
    let (mut i, mut line, mut begin) = (0, 1, 0);
    while let Some(byte) = bytes.get(i) {
        let place = (line, i - begin + 1);
        match byte {
            b'\n' => {
                line += 1;
                begin = i + 1;
            }
            b'{' => walk.map(place),
            b'[' => walk.list(place),
            b'}' | b']' => walk.close(),
            b'"' => {
                let end = string_end(bytes, i);
                let quoted = text.get(i..end).unwrap_or_default();
                let read: String = serde_json::from_str(quoted).unwrap_or_default();
                walk.scalar(&read, place);
                i = end - 1;
            }
            byte if byte.is_ascii_whitespace() || matches!(byte, b',' | b':') => {}
            _ => {
                let rest = bytes.iter().skip(i);
                let word =
                    rest.take_while(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(byte));
                i += word.count().max(1) - 1;
                walk.scalar("", place);
            }
        }
        i += 1;
    }
}

/// The place behind the closing quote of the string that begins at `start`.
pub(crate) fn string_end(bytes: &[u8], start: usize) -> usize {
    let mut i = start + 1;
    while let Some(byte) = bytes.get(i) {
        match byte {
            b'\\' => i += 2,
            b'"' => return i + 1,
            _ => i += 1,
        }
    }
    bytes.len()
}

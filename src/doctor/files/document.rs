//! JSON and YAML as trees with the line of each part.

use std::{collections::HashMap, sync::Arc};

use granit_parser::{Event, Parser, ScalarStyle, Tag};

use super::model::{Is, Node, Place};
use crate::body::lines::string_end;

/// As deep as `serde_json` goes.
const DEEPEST: usize = 128;

/// As many parts as a tree may have: aliases of YAML multiply.
const MOST: usize = 1_000_000;

/// Why a text is no tree: the line, and the words.
pub type Refusal = (usize, String);

/// Reads JSON. `line` is that of the text's beginning, less one.
///
/// # Errors
///
/// It is not JSON.
pub fn json(text: &str, file: &Arc<str>, line: usize) -> Result<Node, Refusal> {
    if let Err(error) = serde_json::from_str::<serde::de::IgnoredAny>(text) {
        let said = error.to_string();
        let said = said.split(" at line ").next().unwrap_or_default();
        return Err((
            line + error.line().max(1),
            format!("not valid JSON: {said}"),
        ));
    }
    let mut build = Build::new(file);
    let bytes = text.as_bytes();
    let (mut i, mut line) = (0, line + 1);
    while let Some(byte) = bytes.get(i) {
        match byte {
            b'\n' => line += 1,
            b'{' => build.open(line, true, None)?,
            b'[' => build.open(line, false, None)?,
            b'}' | b']' => build.close(),
            b'"' => {
                let end = string_end(bytes, i);
                let quoted = text.get(i..end).unwrap_or_default();
                let read = serde_json::from_str(quoted).unwrap_or_default();
                build.value(line, Is::Text(read), None)?;
                i = end - 1;
            }
            byte if byte.is_ascii_alphanumeric() || *byte == b'-' => {
                let rest = &bytes[i..];
                let part = |byte: &&u8| byte.is_ascii_alphanumeric() || b"+-.".contains(byte);
                let length = rest.iter().take_while(part).count();
                let word = text.get(i..i + length).unwrap_or_default();
                build.value(line, plain(word), None)?;
                i += length - 1;
            }
            _ => {}
        }
        i += 1;
    }
    Ok(build.finish())
}

/// Reads the first document of YAML. A short tag is its long form:
/// `!Ref x` is `{"Ref": "x"}`, `!Sub x` is `{"Fn::Sub": "x"}`.
///
/// # Errors
///
/// It is not YAML.
pub fn yaml(text: &str, file: &Arc<str>) -> Result<Node, Refusal> {
    let mut build = Build::new(file);
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| {
            let line = error.marker().line();
            (line, format!("not valid YAML: {}", error.info()))
        })?;
        let line = span.start.line();
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let is = match (style, &tag) {
                    (ScalarStyle::Plain, None) => plain(&text),
                    _ => Is::Text(text.into_owned()),
                };
                build.anchored = anchor;
                build.value(line, is, long(tag.as_deref()))?;
            }
            Event::MappingStart(_, anchor, tag) => {
                build.anchored = anchor;
                build.open(line, true, long(tag.as_deref()))?;
            }
            Event::SequenceStart(_, anchor, tag) => {
                build.anchored = anchor;
                build.open(line, false, long(tag.as_deref()))?;
            }
            Event::MappingEnd | Event::SequenceEnd => build.close(),
            Event::Alias(anchor) => build.alias(line, anchor)?,
            Event::DocumentEnd => break,
            _ => {}
        }
    }
    Ok(build.finish())
}

/// The long form of a local tag: the key of the map that it stands for.
fn long(tag: Option<&Tag>) -> Option<String> {
    let text = tag?.to_string();
    let name = text.strip_prefix('!')?;
    if name.is_empty() || name.starts_with('!') || name.contains(':') {
        return None;
    }
    Some(match name {
        "Ref" | "Condition" => name.to_owned(),
        name => format!("Fn::{name}"),
    })
}

/// A plain scalar by YAML's core schema, which JSON's is a part of.
fn plain(word: &str) -> Is {
    match word {
        "" | "~" | "null" | "Null" | "NULL" => Is::Null,
        "true" | "True" | "TRUE" => Is::Bool(true),
        "false" | "False" | "FALSE" => Is::Bool(false),
        word if word.parse::<f64>().is_ok_and(f64::is_finite) => Is::Number(word.to_owned()),
        word => Is::Text(word.to_owned()),
    }
}

/// A tree that is being read.
struct Build {
    file: Arc<str>,
    open: Vec<Open>,
    root: Option<Node>,
    anchors: HashMap<usize, Node>,
    /// The anchor of what comes next; 0 for none.
    anchored: usize,
    count: usize,
}

/// A collection that has begun and not ended.
struct Open {
    node: Node,
    /// A key whose value is still to come.
    key: Option<String>,
    tag: Option<String>,
    anchor: usize,
}

impl Build {
    fn new(file: &Arc<str>) -> Self {
        Self {
            file: Arc::clone(file),
            open: Vec::new(),
            root: None,
            anchors: HashMap::new(),
            anchored: 0,
            count: 0,
        }
    }

    fn at(&self, line: usize) -> Place {
        Place {
            file: Arc::clone(&self.file),
            line,
        }
    }

    fn counted(&mut self, line: usize, more: usize) -> Result<(), Refusal> {
        self.count += more;
        if self.count > MOST {
            return Err((line, format!("more than {MOST} parts are too many")));
        }
        Ok(())
    }

    fn open(&mut self, line: usize, is_map: bool, tag: Option<String>) -> Result<(), Refusal> {
        if self.open.len() >= DEEPEST {
            return Err((line, format!("nested deeper than {DEEPEST} levels")));
        }
        self.counted(line, 1)?;
        let is = if is_map {
            Is::Map(Vec::new())
        } else {
            Is::List(Vec::new())
        };
        self.open.push(Open {
            node: Node::new(&self.at(line), is),
            key: None,
            tag,
            anchor: std::mem::take(&mut self.anchored),
        });
        Ok(())
    }

    fn close(&mut self) {
        if let Some(done) = self.open.pop() {
            let node = tagged(done.node, done.tag);
            self.put(node, done.anchor);
        }
    }

    fn value(&mut self, line: usize, is: Is, tag: Option<String>) -> Result<(), Refusal> {
        self.counted(line, 1)?;
        let node = tagged(Node::new(&self.at(line), is), tag);
        let anchor = std::mem::take(&mut self.anchored);
        self.put(node, anchor);
        Ok(())
    }

    fn alias(&mut self, line: usize, anchor: usize) -> Result<(), Refusal> {
        let at = self.at(line);
        let known = self.anchors.get(&anchor).cloned();
        // Inside of itself it is not known yet, and stays so.
        let mut node = known.unwrap_or_else(|| Node::new(&at, Is::Unknown));
        self.counted(line, size(&node))?;
        if self.open.len() + depth(&node) > DEEPEST {
            return Err((line, format!("nested deeper than {DEEPEST} levels")));
        }
        node.at = at;
        self.put(node, 0);
        Ok(())
    }

    fn put(&mut self, node: Node, anchor: usize) {
        if anchor > 0 {
            self.anchors.insert(anchor, node.clone());
        }
        let Some(open) = self.open.last_mut() else {
            self.root.get_or_insert(node);
            return;
        };
        match &mut open.node.is {
            Is::List(items) => items.push(node),
            Is::Map(members) => match open.key.take() {
                // What is no text is a key that nobody asks for.
                None => {
                    open.key = Some(
                        node.text()
                            .map_or_else(String::new, |text| text.into_owned()),
                    );
                }
                Some(key) if key == "<<" => merge(members, &node),
                Some(key) => members.push((key, node)),
            },
            _ => {}
        }
    }

    fn finish(mut self) -> Node {
        while !self.open.is_empty() {
            self.close();
        }
        let at = self.at(1);
        self.root.unwrap_or_else(|| Node::new(&at, Is::Null))
    }
}

/// YAML's merge key: what is there already stays.
fn merge(members: &mut Vec<(String, Node)>, from: &Node) {
    for source in from.items() {
        for (key, value) in source.members() {
            if !members.iter().any(|(known, _)| known == key) {
                members.push((key.clone(), value.clone()));
            }
        }
    }
}

fn tagged(node: Node, tag: Option<String>) -> Node {
    let Some(tag) = tag else { return node };
    let at = node.at.clone();
    Node::new(&at, Is::Map(vec![(tag, node)]))
}

fn size(node: &Node) -> usize {
    1 + match &node.is {
        Is::List(items) => items.iter().map(size).sum(),
        Is::Map(members) => members.iter().map(|(_, value)| size(value)).sum::<usize>(),
        _ => 0,
    }
}

fn depth(node: &Node) -> usize {
    1 + match &node.is {
        Is::List(items) => items.iter().map(depth).max().unwrap_or_default(),
        Is::Map(members) => members
            .iter()
            .map(|(_, value)| depth(value))
            .max()
            .unwrap_or_default(),
        _ => 0,
    }
}

//! XML both ways: trees are written by a small writer, and read with quick-xml.

use quick_xml::Reader;
use quick_xml::events::Event;
use serde_json::{Map, Value};

/// How lists are written.
#[derive(Clone, Copy, Debug)]
pub enum Lists {
    /// `<names><item>a</item></names>`: EC2's `item`, the query protocol's `member`.
    Wrapped(&'static str),
    /// `<name>a</name><name>b</name>`: a tree for REST-XML says its wrappers itself.
    Flat,
}

/// Writes the members of a tree as elements; null members are left out.
pub fn write(tree: &Value, lists: Lists, out: &mut String) {
    match tree {
        Value::Null => {}
        Value::Bool(flag) => out.push_str(if *flag { "true" } else { "false" }),
        Value::Number(number) => out.push_str(&number.to_string()),
        Value::String(text) => out.push_str(&escape(text)),
        Value::Array(items) => {
            let name = if let Lists::Wrapped(name) = lists {
                name
            } else {
                "item"
            };
            for item in items {
                element(name, item, lists, out);
            }
        }
        Value::Object(members) => {
            for (name, child) in members.iter().filter(|(_, child)| !child.is_null()) {
                match (lists, child) {
                    (Lists::Flat, Value::Array(items)) => {
                        for item in items {
                            element(name, item, lists, out);
                        }
                    }
                    _ => element(name, child, lists, out),
                }
            }
        }
    }
}

fn element(name: &str, child: &Value, lists: Lists, out: &mut String) {
    out.extend(["<", name, ">"]);
    write(child, lists, out);
    out.extend(["</", name, ">"]);
}

/// Escapes text for XML.
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\r' => escaped.push_str("&#xD;"),
            other => escaped.push(other),
        }
    }
    escaped
}

/// Reads an XML document into the members of its root: leaves are texts,
/// elements of one name that stand together are a list. Attributes are dropped.
pub fn read(document: &str) -> Result<Value, String> {
    let mut reader = Reader::from_str(document);
    let mut open: Vec<(Map<String, Value>, String)> = vec![(Map::new(), String::new())];
    let mut names: Vec<String> = Vec::new();
    loop {
        match reader.read_event().map_err(|error| error.to_string())? {
            Event::Start(tag) => {
                names.push(tag.local_name().as_ref().to_owned());
                open.push((Map::new(), String::new()));
            }
            Event::Empty(tag) => {
                let name = tag.local_name().as_ref().to_owned();
                if let Some((parent, _)) = open.last_mut() {
                    add(parent, &name, Value::String(String::new()));
                }
            }
            Event::End(_) => close(&mut open, &mut names),
            Event::Text(text) => push(&mut open, &text),
            Event::CData(text) => push(&mut open, &text),
            Event::GeneralRef(reference) => {
                let name: &str = &reference;
                let character = reference
                    .resolve_char_ref()
                    .map_err(|error| error.to_string())?;
                let resolved = character
                    .map(String::from)
                    .or_else(|| named(name).map(str::to_owned));
                push(
                    &mut open,
                    &resolved.ok_or_else(|| format!("unknown entity {name}"))?,
                );
            }
            Event::Eof => break,
            _ => {}
        }
    }
    let root = open
        .into_iter()
        .next()
        .map(|(members, _)| members)
        .unwrap_or_default();
    match root.into_iter().next() {
        Some((_, members)) if names.is_empty() => Ok(members),
        _ => Err("no well-formed document".to_owned()),
    }
}

fn named(entity: &str) -> Option<&'static str> {
    match entity {
        "amp" => Some("&"),
        "lt" => Some("<"),
        "gt" => Some(">"),
        "quot" => Some("\""),
        "apos" => Some("'"),
        _ => None,
    }
}

fn push(open: &mut [(Map<String, Value>, String)], text: &str) {
    if let Some((_, content)) = open.last_mut() {
        content.push_str(text);
    }
}

fn close(open: &mut Vec<(Map<String, Value>, String)>, names: &mut Vec<String>) {
    let (Some((members, text)), Some(name)) = (open.pop(), names.pop()) else {
        return;
    };
    let value = if members.is_empty() {
        Value::String(text)
    } else {
        Value::Object(members)
    };
    if let Some((parent, _)) = open.last_mut() {
        add(parent, &name, value);
    }
}

fn add(members: &mut Map<String, Value>, name: &str, value: Value) {
    match members.get_mut(name) {
        Some(Value::Array(items)) => items.push(value),
        Some(first) => *first = Value::Array(vec![first.take(), value]),
        None => {
            members.insert(name.to_owned(), value);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn written(tree: &Value, lists: Lists) -> String {
        let mut out = String::new();
        write(tree, lists, &mut out);
        out
    }

    #[test]
    fn ec2_and_query_wrap_their_lists() {
        let tree = json!({"b": true, "ids": ["x", "y&z"], "none": null, "tags": []});
        assert_eq!(
            written(&tree, Lists::Wrapped("item")),
            "<b>true</b><ids><item>x</item><item>y&amp;z</item></ids><tags></tags>"
        );
    }

    #[test]
    fn rest_xml_repeats_elements() {
        let tree = json!({"Zones": {"Zone": [{"Id": 1}, {"Id": 2}]}});
        assert_eq!(
            written(&tree, Lists::Flat),
            "<Zones><Zone><Id>1</Id></Zone><Zone><Id>2</Id></Zone></Zones>"
        );
    }

    #[test]
    fn what_is_written_is_read() {
        let document = "<?xml version=\"1.0\"?><R xmlns=\"x\"><A>1 &amp; &#50;</A><L><I>a</I><I>b</I></L><E/></R>";
        assert_eq!(
            read(document),
            Ok(json!({"A": "1 & 2", "L": {"I": ["a", "b"]}, "E": ""}))
        );
        assert!(read("<a><b></a>").is_err());
        assert!(read("").is_err());
    }
}

//! The parts of the JSON schema, for editors:
//! `#:schema ./docs/reference/hybridgw.schema.json`.

use serde_json::{Value as Json, json};

/// A JSON object: a schema, or a table as it is written.
pub(super) type Object = serde_json::Map<String, Json>;

/// The schemas that others refer to, by name.
#[derive(Default)]
pub(super) struct Definitions(Object);

/// The schema of one table, as its keys add themselves to it.
pub(super) struct TableSchema<'a> {
    pub definitions: &'a mut Definitions,
    properties: Object,
    required: Vec<Json>,
    one_of: Vec<Json>,
}

impl Definitions {
    /// A reference to the schema called `name`, made the first time.
    pub fn refer(&mut self, name: &str, make: impl FnOnce(&mut Self) -> Object) -> Object {
        if !self.0.contains_key(name) {
            let schema = make(self);
            self.0.insert(name.to_owned(), schema.into());
        }
        object(json!({ "$ref": format!("#/definitions/{name}") }))
    }

    /// All of them.
    pub fn into_object(self) -> Object {
        self.0
    }
}

impl<'a> TableSchema<'a> {
    pub fn new(definitions: &'a mut Definitions) -> Self {
        TableSchema {
            definitions,
            properties: Object::new(),
            required: Vec::new(),
            one_of: Vec::new(),
        }
    }

    /// Adds a key.
    pub fn key(&mut self, name: &str, description: &str, mut schema: Object) {
        // Beside a `$ref` draft 7 reads nothing.
        if let Some(reference) = schema.remove("$ref") {
            schema.insert("allOf".to_owned(), json!([{ "$ref": reference }]));
        }
        schema.insert("description".to_owned(), prose(description));
        self.properties.insert(name.to_owned(), schema.into());
    }

    /// Says that `name` must be there.
    pub fn require(&mut self, name: &str) {
        self.required.push(name.into());
    }

    /// Says that exactly one of `names` must be there.
    pub fn require_one(&mut self, names: &[&str]) {
        let one = |name: &&str| json!({ "required": [name] });
        self.one_of.extend(names.iter().map(one));
    }

    /// The schema of the whole table.
    pub fn into_object(self, description: &str) -> Object {
        let mut schema = object(json!({
            "type": "object",
            "description": prose(description),
            "properties": self.properties,
            "additionalProperties": false,
        }));
        for (word, list) in [("required", self.required), ("oneOf", self.one_of)] {
            if !list.is_empty() {
                schema.insert(word.to_owned(), list.into());
            }
        }
        schema
    }
}

/// Adds a default to the schema of a key, unless it says nothing.
pub(super) fn default_to(schema: &mut Object, default: Json) {
    if !is_empty(&default) {
        schema.insert("default".to_owned(), default);
    }
}

/// Whether nothing is said by this.
pub(super) fn is_empty(value: &Json) -> bool {
    match value {
        Json::Array(items) => items.is_empty(),
        Json::Object(members) => members.is_empty(),
        _ => false,
    }
}

/// A documentation comment as one line.
pub(super) fn prose(comment: &str) -> Json {
    comment.trim().into()
}

/// The object that `json` is.
pub(super) fn object(json: Json) -> Object {
    match json {
        Json::Object(members) => members,
        _ => Object::new(),
    }
}

//! Tags: a table whose keys are the user's own.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use crate::config::form::Form;
use crate::config::problem::refusal;
use crate::config::reading::Reading;
use crate::config::schema::{Definitions, Object, object};
use crate::config::section::Given;
use crate::config::tree::join;
use crate::config::values::stack::{TAG_VALUE, tag_key};

// AWS takes 50 on a resource; hybridgw keeps room for its own.
const MOST: usize = 40;

/// Keys and values for everything that is made.
pub(super) struct Tags;

impl Form for Tags {
    type Value = BTreeMap<String, String>;

    fn read(&self, given: Given, reading: &mut Reading) -> Option<Self::Value> {
        let section = given.section(reading)?;
        if section.entries.len() > MOST {
            let message = format!("{} tags are too many", section.entries.len());
            let refusal = refusal(message, format!("{MOST} at most"));
            reading.refuse(section.origin, &section.path, refusal);
        }
        let mut tags = BTreeMap::new();
        for (key, (at, node)) in section.entries {
            let path = join(&section.path, &key);
            if let Err(refusal) = tag_key(&key) {
                reading.refuse(at, &path, refusal);
            }
            if let Some(value) = TAG_VALUE.read(Given { at, path, node }, reading) {
                tags.insert(key, value);
            }
        }
        Some(tags)
    }

    fn write(&self, tags: &Self::Value) -> Json {
        json!(tags)
    }

    fn schema(&self, definitions: &mut Definitions) -> Object {
        let value = TAG_VALUE.schema(definitions);
        object(json!({
            "type": "object", "additionalProperties": value, "maxProperties": MOST,
        }))
    }

    fn example(&self) -> String {
        "{ team = \"orders\" }".to_owned()
    }
}

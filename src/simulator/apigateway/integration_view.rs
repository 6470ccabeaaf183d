//! An integration as it is shown, alone and within its method.

use serde_json::{Map, Value, json};

use super::state::{Integration, Members};

/// An integration on the wire.
pub fn shown(integration: &Integration) -> Value {
    let mut tree = own(integration);
    if !integration.responses.is_empty() {
        tree.insert(
            "integrationResponses".to_owned(),
            json!(integration.responses),
        );
    }
    Value::Object(tree)
}

/// An integration's own members, without its responses.
pub fn own(integration: &Integration) -> Members {
    let mut tree = Map::new();
    tree.insert("type".to_owned(), integration.kind.clone().into());
    tree.extend(integration.settings.clone());
    for (name, value) in [
        ("httpMethod", &integration.http_method),
        ("uri", &integration.uri),
    ] {
        let value = value
            .iter()
            .map(|text| (name.to_owned(), text.clone().into()));
        tree.extend(value);
    }
    tree
}

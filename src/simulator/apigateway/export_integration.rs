//! Integrations in exports.

use serde_json::{Map, Value, json};

use super::state::Integration;

/// An integration as the extension has it (recorded: no defaults, words in lower case).
pub fn integration_of(integration: &Integration) -> Value {
    let mut tree = integration.settings.clone();
    for (name, default) in [
        ("timeoutInMillis", json!(29_000)),
        ("cacheKeyParameters", json!([])),
        ("connectionType", json!("INTERNET")),
    ] {
        if tree.get(name) == Some(&default) {
            tree.remove(name);
        }
    }
    tree.remove("cacheNamespace");
    if let Some(Value::String(word)) = tree.get_mut("passthroughBehavior") {
        word.make_ascii_lowercase();
    }
    tree.insert(
        "type".to_owned(),
        integration.kind.to_ascii_lowercase().into(),
    );
    let texts = [
        ("httpMethod", &integration.http_method),
        ("uri", &integration.uri),
    ];
    for (name, text) in texts {
        tree.extend(
            text.iter()
                .map(|text| (name.to_owned(), text.clone().into())),
        );
    }
    let responses = integration.responses.values().map(|response| {
        let mut own = response.as_object().cloned().unwrap_or_default();
        let pattern = own.remove("selectionPattern");
        let pattern = pattern.and_then(|one| one.as_str().map(str::to_owned));
        let pattern = pattern.filter(|one| !one.is_empty());
        (
            pattern.unwrap_or_else(|| "default".to_owned()),
            Value::Object(own),
        )
    });
    let responses: Map<String, Value> = responses.collect();
    if !responses.is_empty() {
        tree.insert("responses".to_owned(), responses.into());
    }
    Value::Object(tree)
}

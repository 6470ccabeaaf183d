//! The integrations of a body.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::text;
use crate::apigateway::integration::{SETTINGS, of};
use crate::apigateway::integration_check::{check, check_types};
use crate::apigateway::response;
use crate::apigateway::state::Integration;
use crate::codec::Refusal;

/// Guide, "x-amazon-apigateway-integration"; a method may have none, and is then not deployed. Members that REST APIs do not have are left out (recorded: `payloadFormatVersion`).
pub fn integration(given: &Value) -> Result<Option<Integration>, Refusal> {
    let Some(members) = given.as_object() else {
        return Ok(None);
    };
    let known = members.iter().filter(|(name, _)| {
        SETTINGS.contains(&name.as_str()) || matches!(name.as_str(), "type" | "httpMethod" | "uri")
    });
    let mut tree: Map<String, Value> = known
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    for name in [
        "type",
        "passthroughBehavior",
        "connectionType",
        "contentHandling",
        "responseTransferMode",
    ] {
        if let Some(Value::String(word)) = tree.get_mut(name) {
            word.make_ascii_uppercase();
        }
    }
    if let Some(Value::Object(parameters)) = tree.get_mut("requestParameters") {
        // Recorded: an import leaves out a parameter that is a truth value.
        parameters.retain(|_, value| !value.is_boolean());
    }
    check_types(&tree)?;
    let mut integration = of(tree);
    check(&integration)?;
    integration.responses = responses(&given["responses"]);
    Ok(Some(integration))
}

/// Guide, "x-amazon-apigateway-integration.responses": by pattern; `default` has none (recorded).
fn responses(responses: &Value) -> BTreeMap<String, Value> {
    let mut all = BTreeMap::new();
    for (pattern, given) in responses.as_object().into_iter().flatten() {
        let Some(status) = text(&given["statusCode"]) else {
            continue;
        };
        let members = given.as_object().into_iter().flatten();
        let known = members.filter(|(name, _)| response::INTEGRATION.contains(&name.as_str()));
        let mut tree: Map<String, Value> = known
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        if let Some(Value::String(word)) = tree.get_mut("contentHandling") {
            word.make_ascii_uppercase();
        }
        tree.insert("statusCode".to_owned(), status.clone().into());
        if pattern != "default" {
            tree.insert("selectionPattern".to_owned(), pattern.clone().into());
        }
        all.insert(status, Value::Object(tree));
    }
    all
}

//! The JSON of a policy, before it means anything.

use serde_json::Value;

/// Reads a policy document as AWS returns it: its statements in their order.
///
/// API Gateway returns the JSON escaped once more: quotes, and the ends of lines.
/// What cannot be read is returned as a string, so that it differs from everything
/// wanted.
pub(super) fn read(text: &str) -> Value {
    let unescaped = || serde_json::from_str::<String>(&format!("\"{text}\"")).ok();
    serde_json::from_str(text)
        .ok()
        .filter(Value::is_object)
        .or_else(|| serde_json::from_str(&unescaped()?).ok())
        .unwrap_or_else(|| Value::String(text.to_owned()))
}

/// One text or a list of them; none if there is something else in it.
///
/// JSON's numbers and truth values mean their texts (IAM user guide, "Grammar of
/// the IAM JSON policy language").
pub(super) fn texts(value: &Value) -> Option<Vec<String>> {
    let text = |one: &Value| match one {
        Value::String(text) => Some(text.clone()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    };
    match value {
        Value::Array(all) => all.iter().map(text).collect(),
        one => Some(vec![text(one)?]),
    }
}

//! Resource policies, the way API Gateway keeps them.

use serde_json::Value;

use super::common::bad;
use crate::codec::Refusal;
use crate::world::Ctx;

/// API Gateway developer guide, "Quotas": a resource policy has 8,192 bytes at most (research: peers §3.2).
const LONGEST: usize = 8192;

/// Reads a policy for an API: `execute-api:/…` becomes the ARN of the API.
///
/// API Gateway developer guide, "Create and attach a resource policy": the
/// short form is expanded when the policy is saved (research: peers §3.4).
pub fn for_api(ctx: &Ctx<'_>, api: &str, text: &str) -> Result<String, Refusal> {
    let tree = checked(text)?;
    let prefix = ctx.arn("execute-api", api);
    Ok(expand(tree, &prefix).to_string())
}

/// Reads a policy for a private domain name, with the domain's ARN instead.
pub fn for_domain(ctx: &Ctx<'_>, key: &str, text: &str) -> Result<String, Refusal> {
    let tree = checked(text)?;
    let prefix = ctx.arn("execute-api", &format!("/domainnames/{key}"));
    Ok(expand(tree, &prefix).to_string())
}

/// The message is observed (many public logs); the size's is an assumption.
fn checked(text: &str) -> Result<Value, Refusal> {
    let invalid = || {
        bad(
            "Invalid policy document. Please check the policy syntax and ensure that Principals are valid.",
        )
    };
    if text.len() > LONGEST {
        return Err(bad(format!(
            "The policy is larger than the limit of {LONGEST} bytes"
        )));
    }
    let tree: Value = serde_json::from_str(text).map_err(|_| invalid())?;
    let statements = match &tree["Statement"] {
        Value::Array(items) => items.iter().collect(),
        single @ Value::Object(_) => vec![single],
        _ => return Err(invalid()),
    };
    let whole = |statement: &&Value| {
        // IAM user guide, "JSON policy element reference": what a resource policy's statement has to have.
        let effect = statement["Effect"].as_str();
        matches!(effect, Some("Allow" | "Deny"))
            && (statement.get("Principal").is_some() || statement.get("NotPrincipal").is_some())
            && (statement.get("Action").is_some() || statement.get("NotAction").is_some())
    };
    if statements.is_empty() || !statements.iter().all(whole) {
        return Err(invalid());
    }
    Ok(tree)
}

fn expand(value: Value, prefix: &str) -> Value {
    match value {
        Value::String(text) => match text.strip_prefix("execute-api:/") {
            Some(rest) => Value::String(format!("{prefix}/{rest}")),
            None => Value::String(text),
        },
        Value::Array(items) => items.into_iter().map(|item| expand(item, prefix)).collect(),
        Value::Object(members) => Value::Object(
            members
                .into_iter()
                .map(|(key, value)| (key, expand(value, prefix)))
                .collect(),
        ),
        other => other,
    }
}

/// Writes a policy as API Gateway reads it back: with its quotes escaped once more (research; the client's `policy.rs`).
pub fn shown(policy: Option<&str>) -> Option<String> {
    let quoted = Value::from(policy?).to_string();
    Some(quoted[1..quoted.len() - 1].to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_is_read_back_escaped() {
        assert_eq!(
            shown(Some(r#"{"a":"b"}"#)),
            Some(r#"{\"a\":\"b\"}"#.to_owned())
        );
    }

    #[test]
    fn a_policy_has_statements() {
        for text in [
            "",
            "{}",
            r#"{"Statement": []}"#,
            r#"{"Statement": [{"Effect": "Maybe", "Principal": "*", "Action": "*"}]}"#,
            r#"{"Statement": {"Effect": "Allow", "Action": "*"}}"#,
        ] {
            assert!(checked(text).is_err(), "{text}");
        }
        assert!(
            checked(r#"{"Statement": {"Effect": "Allow", "Principal": "*", "Action": "*"}}"#)
                .is_ok()
        );
        assert!(checked(&" ".repeat(LONGEST + 1)).is_err());
    }
}

//! Policies as AWS gives them back, and whether two say the same.

use serde_json::{Map, Value, json};

use super::{
    principal,
    text::{read, texts},
};

/// A policy as AWS gives it back, in one spelling ([`normal`]).
pub fn parse(text: &str) -> Value {
    match read(text) {
        policy @ Value::Object(_) => normal(&policy),
        other => other,
    }
}

/// One spelling for policies that mean the same: lists of one become their
/// element, longer lists are sorted, `{"AWS": "*"}` becomes `*`.
pub fn normal(value: &Value) -> Value {
    match value {
        Value::Array(items) => {
            let mut items: Vec<Value> = items.iter().map(normal).collect();
            if items.len() == 1 {
                return items.remove(0);
            }
            items.sort_by_key(ToString::to_string);
            Value::Array(items)
        }
        Value::Object(fields) if fields.len() == 1 && fields.get("AWS") == Some(&json!("*")) => {
            json!("*")
        }
        Value::Object(fields) => fields
            .iter()
            .map(|(key, value)| (key.clone(), normal(value)))
            .collect::<Map<_, _>>()
            .into(),
        other => other.clone(),
    }
}

/// Compares an API's own policy, in which AWS has expanded `execute-api:/…` to
/// the ARN of the API.
pub fn parse_of_api(text: &str, api: &str) -> Value {
    normal(&contracted(parse(text), api))
}

fn contracted(value: Value, api: &str) -> Value {
    match value {
        Value::String(text) => {
            let inside = text
                .starts_with("arn:")
                .then(|| text.split_once(&format!(":{api}/")))
                .flatten()
                .map(|(_, rest)| format!("execute-api:/{rest}"));
            Value::String(inside.unwrap_or(text))
        }
        Value::Array(items) => items
            .into_iter()
            .map(|item| contracted(item, api))
            .collect(),
        Value::Object(fields) => fields
            .into_iter()
            .map(|(key, value)| (key, contracted(value, api)))
            .collect::<Map<_, _>>()
            .into(),
        other => other,
    }
}

/// Whether two policies say the same, as AWS spells them anew when it keeps
/// them: one value or a list of one, the order of lists and statements, an
/// account's id or its root's ARN, `{"AWS": "*"}` or `*`, actions and keys in
/// whatever case, truth values and numbers as texts, and for an API with this id
/// `execute-api:/…` or its ARN. Ids of statements and of the policy say nothing;
/// the version says whether there are variables.
///
/// Policies that let the same through in different words are not the same here.
pub fn same(one: &Value, other: &Value, api: Option<&str>) -> bool {
    let spelt = |policy: &Value| {
        let policy = match api {
            Some(api) => contracted(policy.clone(), api),
            None => policy.clone(),
        };
        spelling(&policy)
    };
    one.is_object() && other.is_object() && spelt(one) == spelt(other)
}

fn spelling(policy: &Value) -> Value {
    let statements: Vec<Value> = match &policy["Statement"] {
        Value::Array(all) => all.iter().map(statement).collect(),
        single => vec![statement(single)],
    };
    let mut spelt = json!({ "Statement": unique(statements) });
    // Without variables the versions say the same.
    if policy.to_string().contains("${") {
        // "Version": without one it is the older.
        let version = policy["Version"].as_str().unwrap_or("2008-10-17");
        spelt["Version"] = json!(version);
    }
    spelt
}

fn statement(statement: &Value) -> Value {
    let Some(fields) = statement.as_object() else {
        return statement.clone();
    };
    let fields = fields.iter().filter_map(|(name, value)| {
        let value = match name.as_str() {
            "Sid" => return None,
            "Action" | "NotAction" => list(value, |name| name.to_ascii_lowercase()),
            "Principal" | "NotPrincipal" => who(value),
            "Resource" | "NotResource" => list(value, str::to_owned),
            "Condition" if value.as_object().is_some_and(Map::is_empty) => return None,
            "Condition" => condition(value),
            _ => value.clone(),
        };
        Some((name.clone(), value))
    });
    fields.collect::<Map<_, _>>().into()
}

/// One text or several, as a sorted list.
fn list(value: &Value, spell: impl Fn(&str) -> String) -> Value {
    match texts(value) {
        Some(all) => unique(all.iter().map(|one| json!(spell(one))).collect()),
        None => value.clone(),
    }
}

fn unique(mut all: Vec<Value>) -> Value {
    all.sort_by_key(ToString::to_string);
    all.dedup();
    all.into()
}

/// An account is its root's ARN (IAM user guide, "JSON policy elements:
/// Principal"); everybody is `*`, alone or beside others.
fn who(value: &Value) -> Value {
    let Some(kinds) = value.as_object() else {
        return value.clone();
    };
    let everybody = |names: &Value| {
        texts(names)
            .unwrap_or_default()
            .iter()
            .any(|one| one == "*")
    };
    if kinds.len() == 1 && kinds.get("AWS").is_some_and(everybody) {
        return json!("*");
    }
    let spell = |name: &str| principal::account(name).unwrap_or_else(|| name.to_owned());
    let kinds = kinds
        .iter()
        .map(|(kind, names)| (kind.clone(), list(names, spell)));
    kinds.collect::<Map<_, _>>().into()
}

fn condition(value: &Value) -> Value {
    let Some(operators) = value.as_object() else {
        return value.clone();
    };
    let operators = operators.iter().map(|(operator, keys)| {
        let keys = match keys.as_object() {
            Some(keys) => keys
                .iter()
                .map(|(key, values)| (key.to_ascii_lowercase(), list(values, str::to_owned)))
                .collect::<Map<_, _>>()
                .into(),
            None => keys.clone(),
        };
        (operator.clone(), keys)
    });
    operators.collect::<Map<_, _>>().into()
}

/// A policy in one line, for the plan.
pub fn words(policy: &Value) -> String {
    policy.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::only_through;

    #[test]
    fn what_api_gateway_returns_equals_what_was_sent() {
        let sent = only_through("vpce-1");
        let text = sent
            .to_string()
            .replace(
                "execute-api:/*",
                "arn:aws:execute-api:eu-west-1:111122223333:abc123/*",
            )
            .replace('"', "\\\"");
        assert_eq!(parse_of_api(&text, "abc123"), normal(&sent));
        assert!(same(&read(&text), &sent, Some("abc123")));
        assert!(!same(&read(&text), &sent, Some("abc124")));
    }

    #[test]
    fn lists_of_one_and_reordered_lists_mean_the_same() {
        let one = json!({"Statement": [{"Principal": {"AWS": "*"}, "Resource": ["b", "a"]}]});
        let two = json!({"Statement": {"Principal": "*", "Resource": ["a", "b"]}});
        assert_eq!(normal(&one), normal(&two));
        assert!(same(&one, &two, None));
    }

    #[test]
    fn another_endpoint_is_a_difference() {
        let [one, two] = ["vpce-1", "vpce-2"].map(only_through);
        assert_ne!(normal(&one), normal(&two));
        assert!(!same(&one, &two, None));
    }

    #[test]
    fn what_aws_spells_anew_is_the_same() {
        let base = json!({"Version": "2012-10-17", "Id": "x", "Statement": [
            {"Sid": "a", "Effect": "Allow", "Principal": {"AWS": ["111122223333", "444455556666"]},
             "Action": ["execute-api:Invoke"], "Resource": ["execute-api:/prod/*"],
             "Condition": {"Bool": {"aws:SecureTransport": true}}},
            {"Effect": "Deny", "Principal": "*", "Action": "execute-api:*", "Resource": "*"},
        ]});
        let other = json!({"Version": "2008-10-17", "Statement": [
            {"Sid": "b", "Effect": "Deny", "Principal": {"AWS": ["*"]}, "Action": "EXECUTE-API:*", "Resource": "*", "Condition": {}},
            {"Effect": "Allow", "Resource": "arn:aws:execute-api:eu-west-1:111122223333:abc/prod/*",
             "Principal": {"AWS": ["arn:aws:iam::444455556666:root", "arn:aws:iam::111122223333:root"]},
             "Action": "execute-api:invoke", "Condition": {"Bool": {"AWS:securetransport": ["true"]}}},
        ]});
        assert!(same(&base, &other, Some("abc")));
        for (at, value) in [
            ("/Statement/0/Effect", json!("Deny")),
            ("/Statement/0/Resource", json!("execute-api:/*")),
            ("/Statement/0/Principal", json!("*")),
            ("/Statement/1/Action", json!("execute-api:Invoke")),
            (
                "/Statement/0/Condition/Bool/aws:SecureTransport",
                json!("false"),
            ),
            ("/Statement/0/Condition", json!({})),
            ("/Statement/1", json!("nonsense")),
        ] {
            let mut changed = base.clone();
            *changed.pointer_mut(at).expect("it is there") = value;
            assert!(!same(&changed, &other, Some("abc")), "{at}");
        }
    }

    #[test]
    fn the_version_counts_where_there_are_variables() {
        let of = |version: &str| json!({"Version": version, "Statement": {"Effect": "Allow", "Resource": "a/${aws:username}"}});
        assert!(!same(&of("2012-10-17"), &of("2008-10-17"), None));
        let none = json!({"Statement": [{"Effect": "Allow", "Resource": ["a/${aws:username}"]}]});
        assert!(same(&none, &of("2008-10-17"), None));
    }

    #[test]
    fn garbage_differs_from_everything() {
        assert_eq!(parse("not json"), Value::String("not json".to_owned()));
        let garbage = parse("not json");
        assert!(!same(&garbage, &garbage, None));
    }
}

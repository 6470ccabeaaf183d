//! The policy documents that hybridgw writes, and how to compare what AWS
//! gives back.

use serde_json::{Value, json};

mod judge;
pub mod statements;

pub use judge::{Request, lets_through};

/// A REST API's policy: everybody may invoke, but only through this endpoint.
///
/// The explicit Deny matters: an Allow with a condition alone would still leave
/// other statements room. The key is `aws:SourceVpce` with a `vpce-` id; a
/// `vpc-` id there admits nobody (API Gateway developer guide, "Resource policy
/// examples").
pub fn only_through(endpoint: &str) -> Value {
    json!({
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": "*",
                "Action": "execute-api:Invoke",
                "Resource": "execute-api:/*"
            },
            {
                "Effect": "Deny",
                "Principal": "*",
                "Action": "execute-api:Invoke",
                "Resource": "execute-api:/*",
                "Condition": { "StringNotEquals": { "aws:SourceVpce": endpoint } }
            }
        ]
    })
}

/// An endpoint's policy before its APIs are known: nothing passes.
pub fn nothing() -> Value {
    json!({
        "Version": "2012-10-17",
        "Statement": {
            "Effect": "Deny",
            "Principal": "*",
            "Action": "*",
            "Resource": "*"
        }
    })
}

/// An endpoint's policy: only these APIs may be invoked through it.
///
/// The principal has to be `*`: the endpoint sees callers without AWS
/// credentials as anonymous (API Gateway developer guide, "Use VPC endpoint
/// policies for private APIs").
pub fn only_to<'a>(apis: impl IntoIterator<Item = &'a str>) -> Value {
    let mut resources: Vec<String> = apis.into_iter().map(|arn| format!("{arn}/*")).collect();
    resources.sort();
    json!({
        "Version": "2012-10-17",
        "Statement": {
            "Effect": "Allow",
            "Principal": "*",
            "Action": "execute-api:Invoke",
            "Resource": resources
        }
    })
}

/// A statement for a bucket's policy: everybody may read, but only through this
/// endpoint (S3 user guide, "Controlling access from VPC endpoints"). Such a
/// statement is not public: Block Public Access can stay on.
pub fn read_through(endpoint: &str, bucket: &str, partition: &str) -> Value {
    json!({
        "Effect": "Allow",
        "Principal": "*",
        "Action": "s3:GetObject",
        "Resource": format!("arn:{partition}:s3:::{bucket}/*"),
        "Condition": { "StringEquals": { "aws:SourceVpce": endpoint } }
    })
}

/// Reads a policy document as AWS returns it.
///
/// API Gateway returns the JSON with its quotes escaped once more. What cannot
/// be read is returned as a string, so that it differs from everything wanted.
pub fn parse(text: &str) -> Value {
    let unescaped = || text.replace("\\\"", "\"").replace("\\\\", "\\");
    serde_json::from_str(text)
        .ok()
        .filter(Value::is_object)
        .or_else(|| serde_json::from_str(&unescaped()).ok())
        .map_or_else(|| Value::String(text.to_owned()), |value| normal(&value))
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
            .collect::<serde_json::Map<_, _>>()
            .into(),
        other => other.clone(),
    }
}

/// Compares an API's own policy, in which AWS has expanded `execute-api:/…` to
/// the ARN of the API.
pub fn parse_of_api(text: &str, api: &str) -> Value {
    fn contract(value: Value, api: &str) -> Value {
        match value {
            Value::String(text) => {
                let inside = text
                    .starts_with("arn:")
                    .then(|| text.split_once(&format!(":{api}/")))
                    .flatten()
                    .map(|(_, rest)| format!("execute-api:/{rest}"));
                Value::String(inside.unwrap_or(text))
            }
            Value::Array(items) => items.into_iter().map(|item| contract(item, api)).collect(),
            Value::Object(fields) => fields
                .into_iter()
                .map(|(key, value)| (key, contract(value, api)))
                .collect::<serde_json::Map<_, _>>()
                .into(),
            other => other,
        }
    }
    normal(&contract(parse(text), api))
}

/// Whether an API's policy admits requests through this endpoint, as far as its
/// conditions on the endpoint and its VPC tell. Conditions on anything else are
/// not judged.
pub fn admits(policy: &Value, endpoint: &str, vpc: &str) -> bool {
    let statements = match &policy["Statement"] {
        Value::Array(all) => all.clone(),
        Value::Object(_) => vec![policy["Statement"].clone()],
        _ => return false,
    };
    let with = |effect: &str| {
        let wanted = statements
            .iter()
            .filter(move |one| one["Effect"] == *effect);
        wanted
            .map(|one| holds(&one["Condition"], endpoint, vpc))
            .collect::<Vec<bool>>()
    };
    let allowed = with("Allow").into_iter().any(|holds| holds);
    let denied = with("Deny").into_iter().any(|holds| holds);
    allowed && !denied
}

/// Whether the conditions on endpoint and VPC hold for a request.
fn holds(condition: &Value, endpoint: &str, vpc: &str) -> bool {
    let Some(operators) = condition.as_object() else {
        return true;
    };
    let tests = operators.iter().flat_map(|(operator, keys)| {
        let keys = keys.as_object().into_iter().flatten();
        keys.map(move |(key, values)| (operator, key, values))
    });
    let mut judged = tests.filter_map(|(operator, key, values)| {
        let actual = match key.to_ascii_lowercase().as_str() {
            "aws:sourcevpce" => endpoint,
            "aws:sourcevpc" => vpc,
            _ => return None,
        };
        let listed = match values {
            Value::Array(all) => all.iter().any(|value| value == actual),
            one => one == actual,
        };
        let negated = operator.contains("Not");
        Some(listed != negated)
    });
    judged.all(|holds| holds)
}

/// A policy in one line, for the plan.
pub fn words(policy: &Value) -> String {
    policy.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

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
    }

    #[test]
    fn lists_of_one_and_reordered_lists_mean_the_same() {
        let one = json!({"Statement": [{"Principal": {"AWS": "*"}, "Resource": ["b", "a"]}]});
        let two = json!({"Statement": {"Principal": "*", "Resource": ["a", "b"]}});
        assert_eq!(normal(&one), normal(&two));
    }

    #[test]
    fn another_endpoint_is_a_difference() {
        assert_ne!(
            normal(&only_through("vpce-1")),
            normal(&only_through("vpce-2"))
        );
    }

    #[test]
    fn a_vpc_id_under_the_endpoints_key_admits_nobody() {
        let ours = normal(&only_through("vpce-1"));
        assert!(admits(&ours, "vpce-1", "vpc-1"));
        assert!(!admits(&ours, "vpce-2", "vpc-1"));
        let mistaken = json!({"Statement": {
            "Effect": "Allow",
            "Condition": {"StringEquals": {"aws:SourceVpce": "vpc-1"}}
        }});
        assert!(!admits(&mistaken, "vpce-1", "vpc-1"));
        assert!(!admits(&Value::String(String::new()), "vpce-1", "vpc-1"));
    }

    #[test]
    fn garbage_differs_from_everything() {
        assert_eq!(parse("not json"), Value::String("not json".to_owned()));
    }
}

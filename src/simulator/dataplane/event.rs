//! The event that a function gets from a load balancer.

use serde_json::{Map, Value, json};

use super::passed::{Passed, bare};

/// Returns the event of a request.
///
/// ELB user guide, "Lambda functions as targets": the whole path; header names
/// in lower case; one value each, the last one, or with
/// `lambda.multi_value_headers.enabled` all of them under other names. Query
/// strings are not decoded. That a rule's transforms have been at work before
/// is an assumption.
pub fn event(passed: &Passed<'_>, group: &str, several: bool) -> Value {
    let (path, query) = passed.path();
    let (headers, parameters) = (headers(passed), pairs(query.trim_start_matches('?')));
    let mut event = json!({
        "requestContext": {"elb": {"targetGroupArn": group}},
        "httpMethod": passed.ask.method,
        "path": path,
        "body": "",
        "isBase64Encoded": false,
    });
    if several {
        event["multiValueHeaders"] = all(headers);
        event["multiValueQueryStringParameters"] = all(parameters);
    } else {
        event["headers"] = last(headers);
        event["queryStringParameters"] = last(parameters);
    }
    event
}

/// What the client sent, and what load balancers add (ELB user guide, "X-Forwarded headers").
fn headers(passed: &Passed<'_>) -> Vec<(String, String)> {
    let ask = passed.ask;
    let own = ask.headers.iter();
    let own = own.map(|(name, value)| (name.to_ascii_lowercase(), value.clone()));
    let added = [
        ("host", bare(&passed.host)),
        ("x-forwarded-for", ask.client.to_string()),
        ("x-forwarded-port", ask.port.to_string()),
        (
            "x-forwarded-proto",
            if ask.port == 443 { "https" } else { "http" }.to_owned(),
        ),
    ];
    let added = added.map(|(name, value)| (name.to_owned(), value));
    own.chain(added).collect()
}

fn pairs(query: &str) -> Vec<(String, String)> {
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    let pairs = pairs.map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    pairs
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

fn last(pairs: Vec<(String, String)>) -> Value {
    let pairs = pairs.into_iter();
    Value::Object(pairs.map(|(name, value)| (name, value.into())).collect())
}

fn all(pairs: Vec<(String, String)>) -> Value {
    let mut lists: Map<String, Value> = Map::new();
    for (name, value) in pairs {
        let list = lists.entry(name).or_insert_with(|| json!([]));
        if let Value::Array(list) = list {
            list.push(value.into());
        }
    }
    Value::Object(lists)
}

//! The event that a function gets from a load balancer.

use serde_json::{Map, Value, json};

use super::answer::Ask;
use super::passed::{Passed, bare};
use crate::random::digest;
use crate::world::Ctx;

/// Returns the event of a request.
///
/// ELB user guide, "Lambda functions as targets": the whole path; header names
/// in lower case; one value each, the last one, or with
/// `lambda.multi_value_headers.enabled` all of them under other names. Query
/// strings are not decoded. That a rule's transforms have been at work before
/// is an assumption.
pub fn event(
    ctx: &Ctx<'_>,
    balancer: &str,
    passed: &Passed<'_>,
    group: &str,
    several: bool,
) -> Value {
    let (path, query) = passed.path();
    let (headers, parameters) = (
        headers(ctx, balancer, passed),
        pairs(query.trim_start_matches('?')),
    );
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

/// What the client sent, and what load balancers add to it.
fn headers(ctx: &Ctx<'_>, balancer: &str, passed: &Passed<'_>) -> Vec<(String, String)> {
    let ask = passed.ask;
    let attributes = ctx.here.elbv2.balancers.get(balancer);
    let attribute = |name: &str| attributes?.attributes.get(name).map(String::as_str);
    let secure = ask.port == 443;
    let mut added = vec![
        ("host", Some(bare(&passed.host))),
        ("x-amzn-trace-id", Some(traced(ctx, ask))),
        (
            "x-forwarded-for",
            forwarded(ask, attribute("routing.http.xff_header_processing.mode")),
        ),
        ("x-forwarded-port", Some(ask.port.to_string())),
        (
            "x-forwarded-proto",
            Some(if secure { "https" } else { "http" }.to_owned()),
        ),
    ];
    let tells = attribute("routing.http.x_amzn_tls_version_and_cipher_suite.enabled");
    if secure && tells == Some("true") {
        // ELB user guide, "Load balancer attributes"; what is negotiated is an assumption.
        let suite = "TLS_AES_128_GCM_SHA256";
        added.push(("x-amzn-tls-cipher-suite", Some(suite.to_owned())));
        added.push(("x-amzn-tls-version", Some("TLSv1.3".to_owned())));
    }
    let own = ask.headers.iter();
    let own = own.map(|(name, value)| (name.to_ascii_lowercase(), value.clone()));
    let mut all: Vec<(String, String)> = own
        .filter(|(name, _)| !added.iter().any(|(known, _)| known == name))
        .collect();
    let added = added.into_iter();
    all.extend(added.filter_map(|(name, value)| Some((name.to_owned(), value?))));
    all
}

/// The client's addresses (ELB user guide, "X-Forwarded headers"): `append`, unless told.
fn forwarded(ask: &Ask, mode: Option<&str>) -> Option<String> {
    let given = ask.header("x-forwarded-for").map(str::to_owned);
    let client = ask.client.to_string();
    match (mode, given) {
        (Some("remove"), _) => None,
        (Some("preserve"), given) => given,
        (_, Some(given)) => Some(format!("{given}, {client}")),
        (_, None) => Some(client),
    }
}

/// The trace (ELB user guide, "Request tracing"): a root of the load balancer's,
/// or the client's with the load balancer's part in front. The digits depend on
/// the request and the time alone.
fn traced(ctx: &Ctx<'_>, ask: &Ask) -> String {
    let seconds = ctx.now.unix_seconds();
    let request = format!("{} {} {}", ask.host, ask.path, ask.client);
    let part = format!("1-{seconds:08x}-{}", digest(&request, 24));
    match ask.header("x-amzn-trace-id") {
        Some(given) if given.contains("Root=") => format!("Self={part};{given}"),
        _ => format!("Root={part}"),
    }
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

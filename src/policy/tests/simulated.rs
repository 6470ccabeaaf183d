//! Beside the simulated account's own evaluation, which shares no code with this
//! one: a request of which everything is known gets the same answer from both.

use hybridgw_simulator::policy::{Question, Verdict, judge};

use super::*;

const RESOURCE: &str = "arn:aws:execute-api:eu-central-1:111122223333:abc/v1/GET/orders";

/// The keys of the simulated account's requests through an endpoint.
fn keys() -> [(&'static str, String); 5] {
    [
        ("aws:SourceVpce", "vpce-1"),
        ("aws:SourceVpc", "vpc-1"),
        ("aws:VpcSourceIp", "10.0.1.7"),
        ("aws:SecureTransport", "true"),
        ("aws:ResourceAccount", "111122223333"),
    ]
    .map(|(key, value)| (key, value.to_owned()))
}

#[test]
fn both_evaluations_agree_on_every_case_that_is_not_open() {
    let from = ["10.0.1.7/32".parse().expect("a range")];
    let through = Through {
        endpoint: Some("vpce-1"),
        vpc: "vpc-1",
        from: &from,
    };
    let request = Request::invoke(API, Some("v1"), Some("GET"), Some("/orders"), &through);
    let question = Question {
        action: "execute-api:Invoke",
        resource: RESOURCE,
        keys: &keys(),
    };
    let (mut wrong, mut count) = (Vec::new(), 0);
    let mut here = false;
    for line in include_str!("cases.txt").lines() {
        if let Some(line) = line.strip_prefix("? ") {
            // Those that the simulated account is asked for.
            here = line == "api GET v1 /orders" || line == "endpoint GET v1 /orders";
            continue;
        }
        let Some((statements, _)) = line
            .split_once(" => ")
            .filter(|_| here && !line.starts_with('#'))
        else {
            continue;
        };
        let statements = statements.trim();
        let all: Vec<Value> = match statements {
            "" => vec![],
            some => some.split(" + ").map(statement).collect(),
        };
        let text = json!({"Version": "2012-10-17", "Statement": all}).to_string();
        let text = text.replace("execute-api:/", &format!("{API}/"));
        let ours = Policy::of_api(&text, API).judge(&request);
        let theirs = judge(&text, &question);
        let agree = match theirs {
            Verdict::Allowed => ours.is_yes(),
            Verdict::Denied => ours.is_denied(),
            Verdict::Silent => ours.is_no() && !ours.is_denied(),
        };
        // What depends on something is one or the other there.
        if matches!(ours, Answer::Depends { .. }) {
            continue;
        }
        count += 1;
        if !agree {
            wrong.push(format!(
                "{line}\n    {ours}, but the simulated account: {theirs:?}"
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(count > 100, "{count} cases");
}

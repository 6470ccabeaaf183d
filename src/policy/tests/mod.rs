//! Policies, by a table of cases, by a slow reference, and beside the simulated
//! account.

use serde_json::{Value, json};

use super::*;

mod reaching;
mod reference;
mod simulated;

pub(super) const API: &str = "arn:aws:execute-api:eu-central-1:111122223333:abc";

/// A request of the table, and how a policy is read for it.
struct Asked {
    place: String,
    request: Request,
    version: String,
}

fn asked(line: &str) -> Asked {
    let mut words: Vec<&str> = line.split(' ').collect();
    let mut extra = Vec::new();
    while words.last().is_some_and(|word| word.contains('=')) {
        extra.extend(words.pop().and_then(|word| word.split_once('=')));
    }
    let given = |name: &str| {
        extra
            .iter()
            .find(|(key, _)| *key == name)
            .map(|(_, value)| *value)
    };
    let from = ["10.0.1.0/24", "10.0.2.0/24"].map(|range| range.parse().expect("a range"));
    let through = Through {
        endpoint: (given("through") != Some("-")).then_some("vpce-1"),
        vpc: "vpc-1",
        from: &from,
    };
    let some = |word: &'static str| (word != "*").then_some(word);
    let words: Vec<&'static str> = words.iter().map(|word| &*word.to_string().leak()).collect();
    let mut request = match words[..] {
        ["api" | "endpoint", method, stage, path] => {
            Request::invoke(API, some(stage), some(method), some(path), &through)
        }
        ["bucket", key] => Request::read("aws", "shop", some(key), &through),
        _ => panic!("{line}"),
    };
    for (key, value) in extra.iter().filter(|(key, _)| key.contains(':')) {
        let list = value
            .strip_prefix('[')
            .and_then(|list| list.strip_suffix(']'));
        let held = match (*value, list) {
            ("-", _) => Held::Absent,
            (_, Some("")) => Held::Several(vec![]),
            (_, Some(list)) => Held::Several(list.split(',').map(str::to_owned).collect()),
            (text, None) => Held::Text(text.to_owned()),
        };
        request = request.with(key, Known::Either(vec![held]));
    }
    request = match given("by") {
        Some("role") => request.by(Caller::Identity {
            arn: "arn:aws:iam::111122223333:role/app".to_owned(),
            session: Some("arn:aws:sts::111122223333:assumed-role/app/s".to_owned()),
        }),
        Some(_) => request.by(Caller::Service("cloudfront.amazonaws.com".to_owned())),
        None => request,
    };
    Asked {
        place: words[0].to_owned(),
        request,
        version: given("version").unwrap_or("2012-10-17").to_owned(),
    }
}

fn statement(text: &str) -> Value {
    let (effect, more) = text
        .trim()
        .split_once(' ')
        .expect("an effect and an object");
    let effect = if effect == "allow" { "Allow" } else { "Deny" };
    let mut whole = json!({"Effect": effect, "Principal": "*", "Action": "*", "Resource": "*"});
    let more: Value = serde_json::from_str(more).unwrap_or_else(|error| panic!("{text}: {error}"));
    for (name, value) in more.as_object().expect("an object") {
        whole[name] = value.clone();
    }
    whole
        .as_object_mut()
        .expect("an object")
        .retain(|_, value| !value.is_null());
    whole
}

fn policy(place: &str, text: &str) -> Policy {
    match place {
        "endpoint" => Policy::of_endpoint(text),
        "bucket" => Policy::of_bucket(text),
        _ => Policy::of_api(text, API),
    }
}

fn short(answer: &Answer) -> String {
    let number = |by: &String| by.trim_start_matches("statement ").to_owned();
    match answer {
        Answer::Yes(by) => format!("yes {}", number(by)),
        Answer::No(Refusal::Denied { by, .. }) => format!("no {}", number(by)),
        Answer::No(_) => "no -".to_owned(),
        Answer::Depends { on, .. } => {
            let on: Vec<&str> = on.iter().map(String::as_str).collect();
            format!("open {}", on.join(", "))
        }
    }
}

#[test]
fn every_case_of_the_table_is_answered_with_what_decides_it() {
    let mut now: Option<Asked> = None;
    let mut wrong = Vec::new();
    let mut count = 0;
    for line in include_str!("cases.txt").lines() {
        if let Some(line) = line.strip_prefix("? ") {
            now = Some(asked(line));
            continue;
        }
        let Some((statements, expected)) =
            line.split_once(" => ").filter(|_| !line.starts_with('#'))
        else {
            continue;
        };
        let now = now.as_ref().expect("a request comes first");
        let statements = statements.trim();
        let all: Vec<Value> = match statements {
            "" => vec![],
            some => some.split(" + ").map(statement).collect(),
        };
        let text = json!({"Version": now.version, "Statement": all}).to_string();
        let answer = short(&policy(&now.place, &text).judge(&now.request));
        count += 1;
        if answer != expected {
            wrong.push(format!("{line}\n    but it is: {answer}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(count > 200, "{count} cases");
}

#[test]
fn an_answer_says_in_words_what_decides() {
    let get = asked("api GET v1 /orders").request;
    let said = |statements: Value| {
        let text = json!({"Version": "2012-10-17", "Statement": statements}).to_string();
        Policy::of_api(&text, API).judge(&get).to_string()
    };
    let mut named =
        statement(r#"deny {"Condition":{"StringNotEquals":{"aws:PrincipalOrgID":["o-1","o-2"]}}}"#);
    named["Sid"] = json!("perimeter");
    assert_eq!(
        said(json!([statement("allow {}"), named])),
        "statement \"perimeter\" denies it (StringNotEquals aws:PrincipalOrgID o-1 and 1 more)"
    );
    assert_eq!(said(json!([])), "no statement allows it");
    assert_eq!(
        said(statement(
            r#"allow {"Resource":"execute-api:/v2/*","Principal":{"AWS":"1"}}"#
        )),
        "no statement allows it (statement 1 would, but for its Principal and its Resource)"
    );
    assert_eq!(
        said(statement(
            r#"allow {"Condition":{"StringEquals":{"aws:sourceVpce":"vpc-1"}}}"#
        )),
        "no statement allows it (statement 1 would, but for StringEquals aws:sourceVpce vpc-1 (the key for a vpc- id is aws:SourceVpc))"
    );
    assert_eq!(
        said(statement(
            r#"allow {"Condition":{"StringEquals":{"aws:Referer":"x"}}}"#
        )),
        "it depends on aws:Referer (statement 1)"
    );
}

#[test]
fn without_a_policy_an_endpoint_is_open_and_all_else_is_closed() {
    let get = asked("api GET v1 /orders").request;
    assert!(Policy::of_endpoint("").judge(&get).is_yes());
    assert!(Policy::of_api("", API).judge(&get).is_no());
    assert!(Policy::of_bucket(" ").judge(&get).is_no());
    // What cannot be read is neither.
    let answer = Policy::of_api("{", API).judge(&get);
    assert!(!answer.is_yes() && !answer.is_no());
}

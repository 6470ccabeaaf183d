//! Against a slow and obvious evaluation: every unknown is tried with every value
//! of a small domain. Yes has to be yes for all of them, no has to be no, and
//! where both happen the answer has to be "depends".

use std::net::Ipv4Addr;

use ipnet::Ipv4Net;
use proptest::prelude::*;

use super::*;

/// What one request holds, everything known.
#[derive(Clone, Debug)]
struct Plain {
    resource: String,
    one: Option<Vec<String>>,
    two: Option<Vec<String>>,
    address: Ipv4Addr,
}

impl Plain {
    fn key(&self, key: &str) -> Option<Vec<String>> {
        match key {
            "k:one" => self.one.clone(),
            "k:two" => self.two.clone(),
            "aws:VpcSourceIp" => Some(vec![self.address.to_string()]),
            _ => None,
        }
    }
}

fn like(pattern: &[char], text: &[char]) -> bool {
    match (pattern, text) {
        ([], []) => true,
        (['*', rest @ ..], _) => {
            like(rest, text) || (!text.is_empty() && like(pattern, &text[1..]))
        }
        (['?', rest @ ..], [_, left @ ..]) => like(rest, left),
        ([one, rest @ ..], [letter, left @ ..]) => one == letter && like(rest, left),
        _ => false,
    }
}

fn globs(pattern: &str, text: &str) -> bool {
    let [pattern, text] = [pattern, text].map(|text| text.chars().collect::<Vec<_>>());
    like(&pattern, &text)
}

fn compared(operator: &str, wanted: &str, actual: &str) -> bool {
    match operator {
        "StringEquals" | "StringNotEquals" => wanted == actual,
        "StringEqualsIgnoreCase" => wanted.eq_ignore_ascii_case(actual),
        "StringLike" | "StringNotLike" => globs(wanted, actual),
        "IpAddress" | "NotIpAddress" => {
            let net: Ipv4Net = wanted.parse().expect("a range");
            net.contains(&actual.parse::<Ipv4Addr>().expect("an address"))
        }
        other => panic!("{other}"),
    }
}

fn condition(operator: &str, key: &str, wanted: &[String], plain: &Plain) -> bool {
    let actual = plain.key(key);
    if operator == "Null" {
        let absent = actual.is_none_or(|all| all.is_empty());
        return wanted.iter().any(|one| *one == absent.to_string());
    }
    let (set, name) = operator
        .split_once(':')
        .map_or((None, operator), |(set, name)| (Some(set), name));
    let (name, if_exists) = name
        .strip_suffix("IfExists")
        .map_or((name, false), |name| (name, true));
    let negated = name.contains("Not");
    let actual = actual.unwrap_or_default();
    if actual.is_empty() {
        return if_exists || set.map_or(negated, |set| set == "ForAllValues");
    }
    let fits = |one: &String| wanted.iter().any(|wanted| compared(name, wanted, one)) != negated;
    if set == Some("ForAnyValue") {
        actual.iter().any(fits)
    } else {
        actual.iter().all(fits)
    }
}

fn applies(statement: &Value, plain: &Plain) -> bool {
    let words = |value: &Value| -> Vec<String> {
        let all = value.as_array().expect("a list");
        all.iter()
            .map(|one| one.as_str().expect("text").to_owned())
            .collect()
    };
    let listed = |value: &Value| words(value).iter().any(|one| globs(one, &plain.resource));
    let about = match statement.get("Resource") {
        Some(names) => listed(names),
        None => !listed(&statement["NotResource"]),
    };
    let conditions = statement["Condition"].as_object().expect("a block");
    about
        && conditions.iter().all(|(operator, keys)| {
            let mut keys = keys.as_object().expect("keys").iter();
            keys.all(|(key, wanted)| condition(operator, key, &words(wanted), plain))
        })
}

fn passes(statements: &[Value], plain: &Plain) -> bool {
    let any = |effect: &str| {
        let mut of = statements.iter().filter(|one| one["Effect"] == effect);
        of.any(|one| applies(one, plain))
    };
    any("Allow") && !any("Deny")
}

const STRINGS: [&str; 5] = [
    "StringEquals",
    "StringNotEquals",
    "StringEqualsIgnoreCase",
    "StringLike",
    "StringNotLike",
];

fn test() -> impl Strategy<Value = (String, String, Vec<String>)> {
    let name = (
        prop::sample::select(&["", "ForAnyValue:", "ForAllValues:"][..]),
        prop::sample::select(&STRINGS[..]),
        prop::sample::select(&["", "IfExists"][..]),
    );
    let values = prop::collection::vec(
        prop::sample::select(&["a", "b", "A", "*", "a*", "?", ""][..]),
        0..3,
    );
    let key = prop::sample::select(&["k:one", "k:two"][..]);
    let of_text = (name, key, values).prop_map(|((set, name, exists), key, values)| {
        // A key of several values needs a set operator.
        let set = if set.is_empty() && key == "k:two" {
            "ForAnyValue:"
        } else {
            set
        };
        (format!("{set}{name}{exists}"), key.to_owned(), values)
    });
    let ranges = prop::collection::vec(
        prop::sample::select(
            &[
                "10.0.0.0/30",
                "10.0.0.4/31",
                "10.0.0.6/31",
                "10.0.0.1/32",
                "10.9.0.0/16",
            ][..],
        ),
        1..4,
    );
    let of_address = (
        prop::sample::select(&["IpAddress", "NotIpAddress", "IpAddressIfExists"][..]),
        ranges,
    )
        .prop_map(|(name, ranges)| (name.to_owned(), "aws:VpcSourceIp".to_owned(), ranges));
    let null = (
        prop::sample::select(&["k:one", "k:two", "aws:VpcSourceIp"][..]),
        prop::collection::vec(prop::sample::select(&["true", "false"][..]), 1..3),
    )
        .prop_map(|(key, values)| ("Null".to_owned(), key.to_owned(), values));
    prop_oneof![4 => of_text, 2 => of_address, 1 => null].prop_map(|(operator, key, values)| {
        (
            operator,
            key,
            values.into_iter().map(str::to_owned).collect(),
        )
    })
}

fn one() -> impl Strategy<Value = Value> {
    let inside = [
        "*",
        "v1/*",
        "v1/GET/*",
        "v1/*/a",
        "v1/???/a*",
        "v2/*",
        "*/PUT/*",
        "v1/*/b",
    ];
    let names = prop::collection::vec(prop::sample::select(inside.to_vec()), 1..3);
    let effect = prop::sample::select(&["Allow", "Allow", "Deny"][..]);
    let negated = prop::bool::weighted(0.2);
    let tests = prop::collection::vec(test(), 0..3);
    (effect, names, negated, tests).prop_map(|(effect, names, negated, tests)| {
        let names: Vec<String> = names.iter().map(|name| format!("{API}/{name}")).collect();
        let mut conditions = json!({});
        for (operator, key, values) in tests {
            conditions[operator][key] = json!(values);
        }
        let element = if negated { "NotResource" } else { "Resource" };
        json!({"Effect": effect, "Principal": "*", "Action": "*", element: names, "Condition": conditions})
    })
}

/// What is known of the request, as a choice for each part.
fn known() -> impl Strategy<Value = (u8, u8, u8, bool)> {
    (0..5_u8, 0..4_u8, 0..3_u8, any::<bool>())
}

fn texts(all: &[&str]) -> Vec<String> {
    all.iter().map(ToString::to_string).collect()
}

/// The request as the evaluator is told of it, and all that it may be.
fn worlds((one, two, resource, all_addresses): (u8, u8, u8, bool)) -> (Request, Vec<Plain>) {
    let ones = [
        None,
        Some(texts(&["a"])),
        Some(texts(&["b"])),
        Some(texts(&["A"])),
    ];
    let twos = [
        None,
        Some(vec![]),
        Some(texts(&["a"])),
        Some(texts(&["a", "b"])),
    ];
    let held = |value: &Option<Vec<String>>| match value.as_deref() {
        None => Held::Absent,
        Some([one]) => Held::Text(one.clone()),
        Some(all) => Held::Several(all.to_vec()),
    };
    let range: Ipv4Net = if all_addresses {
        "10.0.0.0/29"
    } else {
        "10.0.0.1/32"
    }
    .parse()
    .expect("a range");
    let through = Through {
        endpoint: Some("vpce-1"),
        vpc: "vpc-1",
        from: &[range],
    };
    let (verb, path) =
        [(Some("GET"), Some("/a")), (None, Some("/a")), (None, None)][usize::from(resource)];
    let mut request = Request::invoke(API, Some("v1"), verb, path, &through);
    let pick = |index: u8, all: &[Option<Vec<String>>]| match all.get(usize::from(index)) {
        Some(value) => vec![value.clone()],
        None => all.to_vec(),
    };
    let (first, second) = (pick(one, &ones), pick(two + 1, &twos));
    if let [only] = first.as_slice() {
        request = request.with("k:one", Known::Either(vec![held(only)]));
    }
    if let [only] = second.as_slice() {
        request = request.with("k:two", Known::Either(vec![held(only)]));
    }
    let resources: &[&str] = match resource {
        0 => &["v1/GET/a"],
        1 => &["v1/GET/a", "v1/PUT/a", "v1/DELETE/a"],
        _ => &[
            "v1/GET/a",
            "v1/GET/b",
            "v1/PUT/a/b",
            "v1/PUT/",
            "v1/DELETE/a",
        ],
    };
    let mut plains = Vec::new();
    for one in &first {
        for two in &second {
            for resource in resources {
                for address in range.hosts().chain([range.network(), range.broadcast()]) {
                    plains.push(Plain {
                        resource: format!("{API}/{resource}"),
                        one: one.clone(),
                        two: two.clone(),
                        address,
                    });
                }
            }
        }
    }
    (request, plains)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(3000) })]

    #[test]
    fn an_answer_is_sound_and_both_ways_open_where_both_happen(
        statements in prop::collection::vec(one(), 1..4),
        known in known(),
    ) {
        let (request, plains) = worlds(known);
        let text = json!({"Version": "2012-10-17", "Statement": statements}).to_string();
        let answer = Policy::of_api(&text, API).judge(&request);
        let outcomes: Vec<bool> = plains.iter().map(|plain| passes(&statements, plain)).collect();
        let (yes, no) = (outcomes.contains(&true), outcomes.contains(&false));
        prop_assert!(!answer.is_yes() || !no, "{text} says {answer}, but for some {plains:?}");
        prop_assert!(!answer.is_no() || !yes, "{text} says {answer}, but for some {plains:?}");
        // One request is left: then nothing is open.
        if plains.len() == 1 {
            prop_assert!(answer.is_yes() || answer.is_no(), "{text} says {answer}");
        }
        // One statement without conditions asks about nothing but the resource,
        // and there the answer is exact.
        let bare = |one: &Value| one["Condition"].as_object().is_some_and(serde_json::Map::is_empty);
        if let [one] = &statements[..] && bare(one) && one["Effect"] == "Deny" {
            prop_assert!(answer.is_no());
        }
    }
}

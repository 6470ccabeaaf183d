//! Single statements in policies that are somebody else's: a bucket's, or a
//! borrowed endpoint's. The other statements stay as they are.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::{names, resource::Key};

/// The id of a stack's statement: readable, and its own by a hash of stack and
/// key. Letters and digits only (IAM user guide, "Policy elements: Sid").
pub fn sid(stack: &str, key: &Key) -> String {
    let readable: String = format!("hybridgw{stack}{key}")
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .take(80)
        .collect();
    let hash = names::short_hash(&format!("{stack}/{key}"));
    format!("{readable}{hash}")
}

/// Lets anonymous callers who come through this endpoint read the objects of a
/// bucket. A policy with such a condition is not public, so that the bucket's
/// block of public access may stay (S3 user guide, "The meaning of public").
pub fn read_through(sid: &str, endpoint: &str, objects: &str) -> Value {
    json!({
        "Sid": sid,
        "Effect": "Allow",
        "Principal": "*",
        "Action": "s3:GetObject",
        "Resource": objects,
        "Condition": { "StringEquals": { "aws:SourceVpce": endpoint } }
    })
}

/// Lets everybody invoke these APIs through an endpoint.
pub fn invoke(sid: &str, apis: &BTreeSet<String>) -> Value {
    let resources: Vec<String> = apis.iter().map(|arn| format!("{arn}/*")).collect();
    json!({
        "Sid": sid,
        "Effect": "Allow",
        "Principal": "*",
        "Action": "execute-api:Invoke",
        "Resource": resources
    })
}

/// The policy of an S3 endpoint: anybody may read these objects, and nothing
/// else passes. Browsers send no signature.
pub fn only_objects(objects: &BTreeSet<String>) -> Value {
    json!({
        "Version": "2012-10-17",
        "Statement": {
            "Effect": "Allow",
            "Principal": "*",
            "Action": "s3:GetObject",
            "Resource": objects
        }
    })
}

/// The objects of a policy that [`only_objects`] has made; none if it says
/// anything else.
pub fn objects_of(policy: &Value) -> Option<BTreeSet<String>> {
    let resource = &policy["Statement"]["Resource"];
    let objects = match resource {
        Value::String(one) => BTreeSet::from([one.clone()]),
        Value::Array(all) => all
            .iter()
            .map(|one| one.as_str().map(str::to_owned))
            .collect::<Option<_>>()?,
        _ => return None,
    };
    let wanted = super::normal(&only_objects(&objects));
    (super::normal(policy) == wanted).then_some(objects)
}

/// The statements of a policy. AWS takes a single one without a list.
fn all(policy: &Value) -> Vec<Value> {
    match &policy["Statement"] {
        Value::Array(all) => all.clone(),
        Value::Object(_) => vec![policy["Statement"].clone()],
        _ => vec![],
    }
}

/// The statement with this id, normalised.
pub fn find(policy: &str, sid: &str) -> Option<Value> {
    let policy: Value = serde_json::from_str(policy).ok()?;
    let statement = all(&policy).into_iter().find(|one| one["Sid"] == sid)?;
    Some(super::normal(&statement))
}

/// A policy with this statement, in the place of the one with its id if there
/// is one.
pub fn with(policy: &str, statement: &Value) -> Value {
    let mut policy = read(policy);
    let sid = &statement["Sid"];
    let mut statements = all(&policy);
    match statements.iter_mut().find(|one| one["Sid"] == *sid) {
        Some(own) => *own = statement.clone(),
        None => statements.push(statement.clone()),
    }
    policy["Statement"] = statements.into();
    policy
}

/// A policy without the statement with this id; none if nothing else is left.
pub fn without(policy: &str, sid: &str) -> Option<Value> {
    let mut policy = read(policy);
    let mut statements = all(&policy);
    statements.retain(|one| one["Sid"] != sid);
    if statements.is_empty() {
        return None;
    }
    policy["Statement"] = statements.into();
    Some(policy)
}

fn read(policy: &str) -> Value {
    let read: Option<Value> = serde_json::from_str(policy).ok();
    read.filter(Value::is_object)
        .unwrap_or_else(|| json!({ "Version": "2012-10-17" }))
}

/// Whether a policy lets everybody invoke these APIs (the beginnings of their
/// ARNs), leaving out the statement with the id `but`. Statements with
/// conditions are not counted upon.
pub fn admits_apis(policy: &str, apis: &BTreeSet<String>, but: &str) -> bool {
    let statements = all(&read(policy));
    let others = statements.iter().filter(|one| one["Sid"] != but);
    let unconditional: Vec<&Value> = others
        .filter(|one| one.get("Condition").is_none())
        .collect();
    let covers = |effect: &str, api: &str| {
        let mut same = unconditional.iter().filter(|one| one["Effect"] == *effect);
        same.any(|one| {
            super::normal(&one["Principal"]) == "*"
                && any(&one["Action"], "execute-api:Invoke", true)
                && any(&one["Resource"], &format!("{api}/v1/GET/"), false)
        })
    };
    apis.iter()
        .all(|api| covers("Allow", api) && !covers("Deny", api))
}

/// Whether one of these patterns takes a text. Actions are alike in any case.
fn any(patterns: &Value, text: &str, is_action: bool) -> bool {
    let one = |pattern: &Value| {
        pattern.as_str().is_some_and(|pattern| {
            if is_action {
                matches(&pattern.to_ascii_lowercase(), &text.to_ascii_lowercase())
            } else {
                matches(pattern, text)
            }
        })
    };
    match patterns {
        Value::Array(all) => all.iter().any(one),
        pattern => one(pattern),
    }
}

/// `*` stands for any letters, `?` for one.
fn matches(pattern: &str, text: &str) -> bool {
    let Some(first) = pattern.chars().next() else {
        return text.is_empty();
    };
    let rest = &pattern[first.len_utf8()..];
    match first {
        '*' => (0..=text.len())
            .filter(|at| text.is_char_boundary(*at))
            .any(|at| matches(rest, &text[at..])),
        letter => text.chars().next().is_some_and(|has| {
            (letter == '?' || letter == has) && matches(rest, &text[has.len_utf8()..])
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FOREIGN: &str = r#"{"Version":"2008-10-17","Id":"x","Statement":{"Sid":"theirs","Effect":"Deny",
        "Principal":"*","Action":"s3:*","Resource":["b","a"],"Condition":{"Bool":{"aws:SecureTransport":"false"}}}}"#;

    #[test]
    fn a_statement_comes_and_goes_and_the_others_stay_as_they_were() {
        let own = read_through("ours", "vpce-1", "arn:aws:s3:::b/*");
        let with_it = with(FOREIGN, &own).to_string();
        assert_eq!(find(&with_it, "ours"), Some(crate::policy::normal(&own)));
        let moved = read_through("ours", "vpce-2", "arn:aws:s3:::b/*");
        let twice = with(&with_it, &moved).to_string();
        assert_eq!(all(&read(&twice)).len(), 2, "it takes the old one's place");
        let left = without(&twice, "ours").expect("theirs is left");
        let before: Value = serde_json::from_str(FOREIGN).expect("JSON");
        assert_eq!(all(&left), all(&before));
        assert_eq!(
            (&left["Version"], &left["Id"]),
            (&before["Version"], &before["Id"])
        );
    }

    #[test]
    fn a_policy_of_nothing_but_our_statement_goes_as_a_whole() {
        let own = with("", &read_through("ours", "vpce-1", "o")).to_string();
        assert_eq!(without(&own, "ours"), None);
        assert_eq!(find(FOREIGN, "ours"), None);
    }

    #[test]
    fn stacks_and_routes_that_read_alike_have_different_ids() {
        let key = |path: &str| Key::of_route("bucket-policy", path);
        let ids = BTreeSet::from([
            sid("orders", &key("/dev/app")),
            sid("orders-dev", &key("/app")),
            sid("ordersdev", &key("/app")),
        ]);
        assert_eq!(ids.len(), 3);
        let plain = |id: &String| id.chars().all(|letter| letter.is_ascii_alphanumeric());
        assert!(ids.iter().all(plain), "{ids:?}");
    }

    #[test]
    fn what_others_admit_is_told_from_what_we_admit() {
        let api = "arn:aws:execute-api:eu-central-1:111122223333:abc";
        let apis = BTreeSet::from([api.to_owned()]);
        let full =
            r#"{"Statement":[{"Action":"*","Effect":"Allow","Principal":"*","Resource":"*"}]}"#;
        assert!(admits_apis(full, &apis, "ours"));
        let own = with("", &invoke("ours", &apis)).to_string();
        assert!(admits_apis(&own, &apis, "another"));
        assert!(!admits_apis(&own, &apis, "ours"));
        let others = own.replace("abc", "def");
        assert!(!admits_apis(&others, &apis, "another"));
        let refused = with(
            full,
            &json!({"Sid": "no", "Effect": "Deny", "Principal": {"AWS": "*"},
            "Action": "execute-api:*", "Resource": format!("{api}/*")}),
        );
        assert!(!admits_apis(&refused.to_string(), &apis, "ours"));
    }

    #[test]
    fn the_objects_of_a_policy_are_known_only_if_it_says_nothing_else() {
        for objects in [
            &["arn:aws:s3:::a/*"][..],
            &["arn:aws:s3:::a/*", "arn:aws:s3:::b/*"],
        ] {
            let objects: BTreeSet<String> = objects.iter().map(ToString::to_string).collect();
            let policy = crate::policy::normal(&only_objects(&objects));
            assert_eq!(objects_of(&policy), Some(objects));
        }
        let mut wider = only_objects(&BTreeSet::from(["a".to_owned()]));
        wider["Statement"]["Action"] = json!("s3:*");
        assert_eq!(objects_of(&wider), None);
    }
}

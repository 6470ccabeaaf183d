//! Single statements in policies that are somebody else's: a bucket's, or a
//! borrowed endpoint's. The other statements stay as they are.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::{hash, resource::Key};

/// The id of a stack's statement: readable, and its own by a hash of stack and
/// key. Letters and digits only (IAM user guide, "Policy elements: Sid").
pub fn sid(stack: &str, key: &Key) -> String {
    let readable: String = format!("hybridgw{stack}{key}")
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .take(80)
        .collect();
    let hash = hash::short(&format!("{stack}/{key}"));
    format!("{readable}{hash}")
}

/// A statement with this id.
pub fn named(sid: &str, mut statement: Value) -> Value {
    statement["Sid"] = json!(sid);
    statement
}

/// Lets everybody invoke these APIs through an endpoint.
pub fn invoke(apis: &BTreeSet<String>) -> Value {
    let resources: Vec<String> = apis.iter().map(|arn| format!("{arn}/*")).collect();
    json!({
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

/// The statements of a policy as it is written.
pub fn of(policy: &str) -> Vec<Value> {
    all(&read(policy))
}

/// A policy with these statements of others behind its own.
pub fn beside(policy: &Value, others: &[Value]) -> Value {
    let mut policy = policy.clone();
    if !others.is_empty() {
        let mut statements = all(&policy);
        statements.extend_from_slice(others);
        policy["Statement"] = statements.into();
    }
    policy
}

/// A policy of these statements alone; none if there are none.
pub fn only(statements: &[Value]) -> Option<Value> {
    let policy = json!({ "Version": "2012-10-17", "Statement": statements });
    (!statements.is_empty()).then_some(policy)
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
    let same = |one: &&mut Value| sid.is_string() && one["Sid"] == *sid;
    match statements.iter_mut().find(same) {
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

/// A policy without all that denies; none if nothing is left.
pub fn without_denials(policy: &str) -> Option<Value> {
    let mut policy = read(policy);
    let mut statements = all(&policy);
    statements.retain(|one| one["Effect"] != "Deny");
    if statements.is_empty() {
        return None;
    }
    policy["Statement"] = statements.into();
    Some(policy)
}

/// Lets everybody invoke this stage of the API that the policy belongs to, through
/// an endpoint. Beside statements for other endpoints it takes nothing away.
pub fn invoke_through(endpoint: &str, stage: &str) -> Value {
    json!({
        "Effect": "Allow",
        "Principal": "*",
        "Action": "execute-api:Invoke",
        "Resource": format!("execute-api:/{stage}/*"),
        "Condition": { "StringEquals": { "aws:SourceVpce": endpoint } }
    })
}

fn read(policy: &str) -> Value {
    Some(super::text::read(policy))
        .filter(Value::is_object)
        .unwrap_or_else(|| json!({ "Version": "2012-10-17" }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resource::Kind;

    const FOREIGN: &str = r#"{"Version":"2008-10-17","Id":"x","Statement":{"Sid":"theirs","Effect":"Deny",
        "Principal":"*","Action":"s3:*","Resource":["b","a"],"Condition":{"Bool":{"aws:SecureTransport":"false"}}}}"#;

    #[test]
    fn a_statement_comes_and_goes_and_the_others_stay_as_they_were() {
        let reading = |endpoint| named("ours", crate::policy::read_through(endpoint, "b", "aws"));
        let own = reading("vpce-1");
        let with_it = with(FOREIGN, &own).to_string();
        assert_eq!(find(&with_it, "ours"), Some(crate::policy::normal(&own)));
        let twice = with(&with_it, &reading("vpce-2")).to_string();
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
        let own = with("", &named("ours", json!({"Effect": "Allow"}))).to_string();
        assert_eq!(without(&own, "ours"), None);
        assert_eq!(find(FOREIGN, "ours"), None);
    }

    #[test]
    fn stacks_and_routes_that_read_alike_have_different_ids() {
        let key = |path: &str| Key::of_route(Kind::BucketPolicy, path);
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

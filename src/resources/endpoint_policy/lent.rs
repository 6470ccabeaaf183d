//! The statements of other stacks in the policy of an endpoint of this one's.
//!
//! One is theirs if its id is the one that a stack which borrows the endpoint
//! gives it, and if it says what such a stack writes and no more: that single
//! APIs may be invoked. Anything else is drift.

use serde_json::Value;

use super::{key, named};
use crate::{
    aws::{Aws, read::Reads},
    error::Result,
    policy::{self, statements},
    resources::vpc_endpoint::{
        self,
        lending::{self, Borrower},
    },
};

/// The statements that may be others'. Few policies have one: only then it is
/// asked who borrows.
fn marked(text: &str) -> Vec<Value> {
    let all = statements::of(text).into_iter();
    let marked = all.filter(|one| {
        let sid = one["Sid"].as_str().unwrap_or_default();
        sid.starts_with("hybridgw") && opens_single_apis(one)
    });
    marked.collect()
}

/// Whether a statement is one that [`statements::invoke`] has made.
fn opens_single_apis(statement: &Value) -> bool {
    let arns = named(statement);
    let is_api = |arn: &String| {
        let parts: Vec<&str> = arn.split(':').collect();
        let plain = |part: &str| {
            let mut letters = part.bytes();
            !part.is_empty() && letters.all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        };
        matches!(parts.as_slice(), ["arn", rest @ ..]
            if rest.len() == 5 && rest[1] == "execute-api" && rest.iter().all(|part| plain(part)))
    };
    let sid = statement["Sid"].as_str().unwrap_or_default();
    let wanted = statements::named(sid, statements::invoke(&arns));
    !arns.is_empty()
        && arns.iter().all(is_api)
        && policy::normal(&wanted) == policy::normal(statement)
}

fn of_borrowers(marked: Vec<Value>, borrowers: &[Borrower]) -> Vec<Value> {
    let is_theirs = |statement: &Value| {
        let sid = |one: &Borrower| statements::sid(&one.stack, &key());
        borrowers.iter().any(|one| statement["Sid"] == sid(one))
    };
    marked.into_iter().filter(is_theirs).collect()
}

/// The policy of an own endpoint without what is others', normalised; none if
/// nothing else is in it.
pub(super) async fn own_share(
    reads: &Reads,
    endpoint: &str,
    actual: &vpc_endpoint::Actual,
) -> Result<Option<Value>> {
    let marked = marked(&actual.policy_text);
    if marked.is_empty() {
        return Ok(Some(actual.policy.clone()));
    }
    let borrowers = lending::borrowers(reads, endpoint).await?;
    let theirs = of_borrowers(marked, &borrowers);
    let mut left = Some(actual.policy_text.clone());
    for sid in theirs.iter().filter_map(|one| one["Sid"].as_str()) {
        left = left.and_then(|text| statements::without(&text, sid).map(|left| left.to_string()));
    }
    Ok(left.map(|text| policy::parse(&text)))
}

/// The statements of others in a policy that was read right now.
pub(super) async fn to_others_now(
    aws: &Aws,
    stack: &str,
    endpoint: &str,
    text: &str,
) -> Result<Vec<Value>> {
    let marked = marked(text);
    if marked.is_empty() {
        return Ok(marked);
    }
    let borrowers = lending::borrowers_now(aws, stack, endpoint).await?;
    Ok(of_borrowers(marked, &borrowers))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const API: &str = "arn:aws:execute-api:eu-central-1:111122223333:a1b2c3d4e5";

    fn borrower(stack: &str) -> Borrower {
        Borrower {
            stack: stack.to_owned(),
            group: "sg-1".to_owned(),
        }
    }

    fn theirs(stack: &str, arn: &str) -> Value {
        let sid = statements::sid(stack, &key());
        statements::named(&sid, statements::invoke(&[arn.to_owned()].into()))
    }

    #[test]
    fn only_what_a_borrower_writes_is_left_alone() {
        let kept = |statement: &Value| {
            let text = json!({"Statement": [statement]}).to_string();
            !of_borrowers(marked(&text), &[borrower("billing")]).is_empty()
        };
        assert!(kept(&theirs("billing", API)));
        // The mark of a stack that does not borrow, or of nobody.
        assert!(!kept(&theirs("orders", API)));
        // A mark on something wider.
        for arn in [
            "*",
            "arn:aws:execute-api:eu-central-1:111122223333:*",
            "arn:aws:execute-api:*:111122223333:a1b2c3d4e5",
            "arn:aws:execute-api:eu-central-1:111122223333",
        ] {
            assert!(!kept(&theirs("billing", arn)), "{arn}");
        }
        for (field, value) in [
            ("Action", json!("execute-api:*")),
            ("Resource", json!("*")),
            ("NotResource", json!("x")),
            ("Effect", json!("Deny")),
        ] {
            let mut wider = theirs("billing", API);
            wider[field] = value;
            assert!(!kept(&wider), "{field}");
        }
    }
}

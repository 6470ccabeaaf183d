//! Lambda: one test a rule, on the wire.

use serde_json::{Value, json};

use super::{add_function, permits};
use crate::Simulator;
use crate::testing::{ACCOUNT, REGION, account};
use crate::testing_rest::{here, json_call};

const POLICY: &str = "/2015-03-31/functions/orders/policy";
const GATEWAY: &str = "apigateway.amazonaws.com";

fn arn(rest: &str) -> String {
    format!("arn:aws:lambda:{REGION}:{ACCOUNT}:function:orders{rest}")
}

fn with_function(rest: &str) -> Simulator {
    let simulator = account();
    here(&simulator, |ctx| add_function(ctx, &arn(rest)));
    simulator
}

async fn ask(
    simulator: &Simulator,
    method: &str,
    path: &str,
    body: Value,
) -> Result<Value, String> {
    let answer = json_call(simulator, "lambda", method, path, &body).await;
    answer.map(|(_, tree)| tree).map_err(|(code, _)| code)
}

fn grant(id: &str, source: &str) -> Value {
    json!({"StatementId": id, "Action": "lambda:InvokeFunction", "Principal": GATEWAY, "SourceArn": source})
}

#[tokio::test]
async fn a_function_has_many_names() {
    let simulator = with_function(":live");
    let names = [
        "orders".to_owned(),
        "orders:live".to_owned(),
        format!("{ACCOUNT}:function:orders"),
        arn(":live"),
        arn(":1"),
    ];
    for name in names {
        let path = format!("/2015-03-31/functions/{}", name.replace(':', "%3A"));
        assert!(
            ask(&simulator, "GET", &path, Value::Null).await.is_ok(),
            "{name}"
        );
    }
    let get = |name: &str| format!("/2015-03-31/functions/{name}");
    let codes = [
        ("other", "ResourceNotFoundException"),
        ("orders:9", "ResourceNotFoundException"),
        ("orders:1?Qualifier=live", "InvalidParameterValueException"),
        ("444455556666:function:orders", "AccessDeniedException"),
        ("no%20name", "ValidationException"),
    ];
    for (name, code) in codes {
        assert_eq!(
            ask(&simulator, "GET", &get(name), Value::Null).await,
            Err(code.to_owned()),
            "{name}"
        );
    }
}

#[tokio::test]
async fn a_statement_has_awss_shape() {
    let simulator = with_function("");
    let none = ask(&simulator, "GET", POLICY, Value::Null).await;
    assert_eq!(none, Err("ResourceNotFoundException".to_owned()));
    ask(
        &simulator,
        "POST",
        POLICY,
        grant("one", "arn:aws:execute-api:x/*"),
    )
    .await
    .unwrap();
    let found = ask(&simulator, "GET", POLICY, Value::Null).await.unwrap();
    let policy: Value = serde_json::from_str(found["Policy"].as_str().unwrap()).unwrap();
    assert_eq!(
        policy["Statement"],
        json!([{
            "Sid": "one",
            "Effect": "Allow",
            "Principal": {"Service": GATEWAY},
            "Action": "lambda:InvokeFunction",
            "Resource": arn(""),
            "Condition": {"ArnLike": {"AWS:SourceArn": "arn:aws:execute-api:x/*"}},
        }])
    );
}

#[tokio::test]
async fn statement_ids_conflict_and_go() {
    let simulator = with_function("");
    let add = || ask(&simulator, "POST", POLICY, grant("one", "arn:x"));
    add().await.unwrap();
    assert_eq!(add().await, Err("ResourceConflictException".to_owned()));
    let one = format!("{POLICY}/one");
    ask(&simulator, "DELETE", &one, Value::Null).await.unwrap();
    let again = ask(&simulator, "DELETE", &one, Value::Null).await;
    assert_eq!(again, Err("ResourceNotFoundException".to_owned()));
}

#[tokio::test]
async fn a_policy_grows_to_20_kilobytes() {
    let simulator = with_function("");
    let source = format!("arn:{}", "x".repeat(9000));
    for id in ["one", "two"] {
        ask(&simulator, "POST", POLICY, grant(id, &source))
            .await
            .unwrap();
    }
    let more = ask(&simulator, "POST", POLICY, grant("three", &source)).await;
    assert_eq!(more, Err("PolicyLengthExceededException".to_owned()));
}

#[tokio::test]
async fn permits_asks_the_policy_of_the_qualifier() {
    let simulator = with_function(":live");
    let source = format!("arn:aws:execute-api:{REGION}:{ACCOUNT}:abc/*");
    let path = format!("{POLICY}?Qualifier=live");
    ask(&simulator, "POST", &path, grant("one", &source))
        .await
        .unwrap();
    let permitted = |function: String, who: &str, source: &str| {
        here(&simulator, |ctx| permits(ctx, &function, who, source))
    };
    let call = format!("arn:aws:execute-api:{REGION}:{ACCOUNT}:abc/live/GET/x");
    assert!(permitted(arn(":live"), GATEWAY, &call));
    assert!(!permitted(arn(""), GATEWAY, &call));
    assert!(!permitted(arn(":live"), "events.amazonaws.com", &call));
    assert!(!permitted(
        arn(":live"),
        GATEWAY,
        &call.replace("abc", "abd")
    ));
    assert!(!permitted(arn(":other"), GATEWAY, &call));
}

#[tokio::test(start_paused = true)]
async fn of_two_statements_added_at_the_same_moment_one_is_lost_and_both_calls_succeed() {
    let simulator = with_function("");
    let source = format!("arn:aws:execute-api:{REGION}:{ACCOUNT}:a1b2c3d4e5/*");
    let add = |id: &'static str| ask(&simulator, "POST", POLICY, grant(id, &source));
    let (one, two) = tokio::join!(add("one"), add("two"));
    assert!(one.is_ok() && two.is_ok());
    let ids = async || {
        let policy = ask(&simulator, "GET", POLICY, Value::Null).await;
        let policy = policy.expect("there is one");
        let text = policy["Policy"].as_str().expect("a document").to_owned();
        let document: Value = serde_json::from_str(&text).expect("JSON");
        let all = document["Statement"].as_array().cloned();
        let ids = all.unwrap_or_default().into_iter();
        ids.map(|one| one["Sid"].as_str().unwrap_or_default().to_owned())
            .collect::<Vec<_>>()
    };
    let left = ids().await;
    assert_eq!(left.len(), 1, "{left:?}");
    // One after the other, none is.
    let lost = if left == ["one"] { "two" } else { "one" };
    assert!(add(lost).await.is_ok());
    assert_eq!(ids().await.len(), 2);
    // A refusal changes nothing.
    assert!(add("one").await.is_err());
    assert_eq!(ids().await.len(), 2);
}

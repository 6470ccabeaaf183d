//! Functions on the wire: what is refused when they are made or changed, and their revisions.

use serde_json::{Value, json};

use crate::Simulator;
use crate::testing::{ACCOUNT, REGION, account};
use crate::testing_rest::{here, json_call};

const FUNCTIONS: &str = "/2015-03-31/functions";
const ORDERS: &str = "/2015-03-31/functions/orders";

async fn call(
    simulator: &Simulator,
    method: &str,
    path: &str,
    body: Value,
) -> Result<Value, (String, String)> {
    let answer = json_call(simulator, "lambda", method, path, &body).await;
    answer.map(|(_, tree)| tree)
}

fn wanted(changes: &Value) -> Value {
    let mut body = json!({
        "FunctionName": "orders",
        "Runtime": "python3.13",
        "Handler": "a.b",
        "Role": format!("arn:aws:iam::{ACCOUNT}:role/orders"),
        "Code": {"ZipFile": "UEsFBgAA"},
    });
    for (name, value) in changes.as_object().into_iter().flatten() {
        body[name] = value.clone();
    }
    body
}

async fn active() -> Simulator {
    let simulator = account();
    let made = call(&simulator, "POST", FUNCTIONS, wanted(&json!({}))).await;
    made.expect("it can be made");
    tokio::time::sleep(std::time::Duration::from_secs(6)).await;
    simulator
}

async fn revision(simulator: &Simulator, path: &str) -> String {
    let found = call(simulator, "GET", path, Value::Null).await.unwrap();
    let found = found.get("Configuration").unwrap_or(&found);
    found["RevisionId"].as_str().unwrap().to_owned()
}

#[tokio::test(start_paused = true)]
async fn a_function_is_pending_and_has_another_revision_when_it_is_active() {
    let simulator = account();
    let body = wanted(&json!({"LoggingConfig": {"LogFormat": "JSON"}}));
    let made = call(&simulator, "POST", FUNCTIONS, body).await.unwrap();
    assert_eq!(
        (&made["State"], &made["StateReasonCode"]),
        (&json!("Pending"), &json!("Creating"))
    );
    assert!(made.get("LastUpdateStatus").is_none());
    assert_eq!(
        made["LoggingConfig"],
        json!({"LogFormat": "JSON", "LogGroup": "/aws/lambda/orders", "ApplicationLogLevel": "INFO", "SystemLogLevel": "INFO"})
    );
    let early = call(
        &simulator,
        "PUT",
        &format!("{ORDERS}/configuration"),
        json!({"Timeout": 9}),
    )
    .await;
    assert_eq!(early.unwrap_err().0, "ResourceConflictException");
    tokio::time::sleep(std::time::Duration::from_secs(6)).await;
    let found = call(
        &simulator,
        "GET",
        &format!("{ORDERS}/configuration"),
        Value::Null,
    )
    .await
    .unwrap();
    assert_eq!(
        (&found["State"], &found["LastUpdateStatus"]),
        (&json!("Active"), &json!("Successful"))
    );
    assert_ne!(found["RevisionId"], made["RevisionId"]);
}

#[tokio::test(start_paused = true)]
async fn a_change_needs_the_revision_that_it_names() {
    let simulator = active().await;
    let path = format!("{ORDERS}/configuration");
    let change = |revision: &str| json!({"Timeout": 9, "RevisionId": revision});
    let wrong = call(&simulator, "PUT", &path, change("wrong"))
        .await
        .unwrap_err();
    assert_eq!(wrong.0, "PreconditionFailedException");
    assert!(
        wrong
            .1
            .ends_with("Call the GetFunction/GetAlias API to retrieve the latest Revision Id"),
        "{}",
        wrong.1
    );
    let before = revision(&simulator, &path).await;
    let changed = call(&simulator, "PUT", &path, change(&before))
        .await
        .unwrap();
    assert_eq!(
        (
            &changed["Timeout"],
            &changed["State"],
            &changed["LastUpdateStatus"]
        ),
        (&json!(9), &json!("Active"), &json!("InProgress"))
    );
    let again = call(&simulator, "PUT", &path, json!({"Timeout": 8}))
        .await
        .unwrap_err();
    assert!(
        again.1.contains("An update is in progress for resource"),
        "{}",
        again.1
    );
    tokio::time::sleep(std::time::Duration::from_secs(6)).await;
    let after = revision(&simulator, &path).await;
    assert!(after != before && after != changed["RevisionId"].as_str().unwrap());
}

#[tokio::test(start_paused = true)]
async fn a_policy_has_the_revision_of_its_function() {
    let simulator = active().await;
    let path = format!("{ORDERS}/policy");
    let grant = |id: &str, revision: &str| json!({"StatementId": id, "Action": "lambda:InvokeFunction", "Principal": "apigateway.amazonaws.com", "RevisionId": revision});
    let wrong = call(&simulator, "POST", &path, grant("a", "wrong"))
        .await
        .unwrap_err();
    assert_eq!(wrong.0, "PreconditionFailedException");
    assert!(
        wrong
            .1
            .ends_with("Call the GetPolicy API to retrieve the latest Revision Id"),
        "{}",
        wrong.1
    );
    let before = revision(&simulator, ORDERS).await;
    call(&simulator, "POST", &path, grant("a", &before))
        .await
        .unwrap();
    let granted = revision(&simulator, &path).await;
    assert_eq!(granted, revision(&simulator, ORDERS).await);
    assert_ne!(granted, before);
    let stale = call(
        &simulator,
        "DELETE",
        &format!("{path}/a?RevisionId={before}"),
        Value::Null,
    )
    .await;
    assert_eq!(stale.unwrap_err().0, "PreconditionFailedException");
    let fresh = call(
        &simulator,
        "DELETE",
        &format!("{path}/a?RevisionId={granted}"),
        Value::Null,
    )
    .await;
    assert!(fresh.is_ok(), "{fresh:?}");
    assert_ne!(revision(&simulator, ORDERS).await, granted);
}

#[tokio::test(start_paused = true)]
async fn versions_and_aliases_have_revisions_of_their_own() {
    let simulator = active().await;
    let latest = revision(&simulator, ORDERS).await;
    let versions = format!("{ORDERS}/versions");
    let wrong = call(
        &simulator,
        "POST",
        &versions,
        json!({"RevisionId": "wrong"}),
    )
    .await;
    assert_eq!(wrong.unwrap_err().0, "PreconditionFailedException");
    let other = call(
        &simulator,
        "POST",
        &versions,
        json!({"CodeSha256": "other"}),
    )
    .await;
    assert_eq!(other.unwrap_err().0, "InvalidParameterValueException");
    let published = call(&simulator, "POST", &versions, json!({"RevisionId": latest}))
        .await
        .unwrap();
    let one = published["RevisionId"].as_str().unwrap();
    assert_eq!(
        revision(&simulator, &format!("{ORDERS}?Qualifier=1")).await,
        one
    );
    assert_ne!(
        revision(&simulator, ORDERS).await,
        latest,
        "publishing changes $LATEST's"
    );
    let alias = json!({"Name": "live", "FunctionVersion": "1"});
    let alias = call(&simulator, "POST", &format!("{ORDERS}/aliases"), alias)
        .await
        .unwrap();
    let policy = format!("{ORDERS}/policy?Qualifier=live");
    let grant = json!({"StatementId": "a", "Action": "lambda:InvokeFunction", "Principal": "apigateway.amazonaws.com", "RevisionId": alias["RevisionId"]});
    call(&simulator, "POST", &policy, grant).await.unwrap();
    let now = revision(&simulator, &format!("{ORDERS}/aliases/live")).await;
    assert_eq!(revision(&simulator, &policy).await, now);
    assert_ne!(now, alias["RevisionId"].as_str().unwrap());
    assert_eq!(
        revision(&simulator, &format!("{ORDERS}?Qualifier=1")).await,
        one
    );
}

#[tokio::test]
async fn what_lambda_refuses_of_a_new_function_is_refused() {
    let simulator = account();
    let long = "x".repeat(5000);
    let many: Value = (0..51)
        .map(|n| (format!("k{n}"), json!("v")))
        .collect::<serde_json::Map<_, _>>()
        .into();
    for (changes, code) in [
        (
            json!({"Runtime": "python2.6"}),
            "InvalidParameterValueException",
        ),
        (json!({"Role": "r1"}), "ValidationException"),
        (json!({"MemorySize": 64}), "ValidationException"),
        (json!({"Timeout": 901}), "ValidationException"),
        (
            json!({"VpcConfig": {"SecurityGroupIds": ["sg-0123456789abcdef0"], "SubnetIds": []}}),
            "InvalidParameterValueException",
        ),
        (
            json!({"VpcConfig": {"SecurityGroupIds": [], "SubnetIds": ["subnet-0123456789abcdef0"]}}),
            "InvalidParameterValueException",
        ),
        (
            json!({"Environment": {"Variables": {"A": long}}}),
            "InvalidParameterValueException",
        ),
        (
            json!({"Code": {"S3Bucket": "nobodys", "S3Key": "k"}}),
            "InvalidParameterValueException",
        ),
        (json!({"Tags": many}), "InvalidParameterValueException"),
        (
            json!({"SnapStart": {"ApplyOn": "PublishedVersions"}}),
            "InvalidParameterValueException",
        ),
        (
            json!({"Layers": ["arn:aws:lambda:eu-central-1:1:layer:a:1"]}),
            "UnknownParameter",
        ),
        (json!({"Handler": null}), "InvalidParameterValueException"),
        (
            json!({"FunctionName": "orders:live"}),
            "InvalidParameterValueException",
        ),
        (
            json!({"Runtime": "go1.x"}),
            "InvalidParameterValueException",
        ),
        (
            json!({"VpcConfig": {"SecurityGroupIds": ["group"], "SubnetIds": []}}),
            "ValidationException",
        ),
        (
            json!({"FunctionName": "x".repeat(65)}),
            "InvalidParameterValueException",
        ),
    ] {
        let refused = call(&simulator, "POST", FUNCTIONS, wanted(&changes)).await;
        assert_eq!(
            refused.map_err(|(code, _)| code),
            Err(code.to_owned()),
            "{changes}"
        );
    }
    call(&simulator, "POST", FUNCTIONS, wanted(&json!({})))
        .await
        .unwrap();
    let twice = call(&simulator, "POST", FUNCTIONS, wanted(&json!({}))).await;
    assert_eq!(twice.unwrap_err().0, "ResourceConflictException");
}

#[tokio::test]
async fn what_is_not_there_is_said_in_lambdas_words() {
    let simulator = account();
    here(&simulator, |ctx| {
        super::add_function(
            ctx,
            &format!("arn:aws:lambda:{REGION}:{ACCOUNT}:function:orders"),
        );
    });
    let arn = format!("arn:aws:lambda:{REGION}:{ACCOUNT}:function");
    for (method, path, words) in [
        (
            "GET",
            format!("{FUNCTIONS}/none"),
            format!("Function not found: {arn}:none"),
        ),
        (
            "GET",
            format!("{ORDERS}/aliases/none"),
            format!("Cannot find alias arn: {arn}:orders:none"),
        ),
        (
            "GET",
            format!("{ORDERS}/policy"),
            "The resource you requested does not exist.".to_owned(),
        ),
        (
            "DELETE",
            format!("{ORDERS}/policy/a?Qualifier=none"),
            format!("Cannot find alias arn: {arn}:orders:none"),
        ),
        (
            "GET",
            format!("{FUNCTIONS}/none/policy"),
            "The resource you requested does not exist.".to_owned(),
        ),
        (
            "DELETE",
            format!("{FUNCTIONS}/none/policy/a"),
            format!("No policy found for: {arn}:none"),
        ),
        (
            "GET",
            format!("{ORDERS}?Qualifier=none"),
            format!("Function not found: {arn}:orders:none"),
        ),
        (
            "DELETE",
            format!("{ORDERS}/policy/a"),
            "No policy is associated with the given resource.".to_owned(),
        ),
    ] {
        let refused = call(&simulator, method, &path, Value::Null)
            .await
            .unwrap_err();
        assert_eq!(
            refused,
            ("ResourceNotFoundException".to_owned(), words),
            "{method} {path}"
        );
    }
}

#[tokio::test]
async fn a_qualifier_has_a_pattern() {
    let simulator = account();
    let long = "x".repeat(129);
    for qualifier in ["a%20b", "what%3F", long.as_str()] {
        let path = format!("{ORDERS}?Qualifier={qualifier}");
        let refused = call(&simulator, "GET", &path, Value::Null).await;
        let (code, words) = refused.unwrap_err();
        assert_eq!(code, "ValidationException", "{qualifier}");
        assert!(words.contains("at 'qualifier'"), "{words}");
    }
}

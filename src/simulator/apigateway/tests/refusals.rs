//! What API Gateway refuses, on import and one by one.

use serde_json::{Value, json};

use super::{body, call, put, refuse};
use crate::testing::account;
use crate::testing_rest::json_call;

const BAD: &str = "BadRequestException";
const IMPORT: &str = "/restapis?mode=import";

fn arn(function: &str) -> String {
    format!(
        "arn:aws:apigateway:eu-central-1:lambda:path/2015-03-31/functions/{function}/invocations"
    )
}

fn lambda() -> Value {
    let function = "arn:aws:lambda:eu-central-1:111122223333:function:a";
    json!({"type": "aws_proxy", "httpMethod": "POST", "uri": arn(function)})
}

/// A body whose only method has this integration.
fn with(integration: Value) -> Value {
    let mut document = body("/a", json!({}));
    document["paths"]["/a"]["get"]["x-amazon-apigateway-integration"] = integration;
    document
}

/// The integration of a Lambda function with a member changed.
fn changed(name: &str, value: Value) -> Value {
    let mut integration = lambda();
    integration[name] = value;
    with(integration)
}

fn paths(all: &[&str]) -> Value {
    let mut document = body("/", json!({}));
    let method = document["paths"]["/"].clone();
    let paths = all.iter().map(|path| ((*path).to_owned(), method.clone()));
    document["paths"] = Value::Object(paths.collect());
    document
}

/// Imports what must be refused with these words.
async fn refuse_all(cases: Vec<(Value, &str)>) {
    let simulator = account();
    for (document, words) in cases {
        let answer = json_call(&simulator, "apigateway", "POST", IMPORT, &document).await;
        let (_, message) = answer.expect_err(&document.to_string());
        assert!(message.contains(words), "{words}: {message}");
    }
    let all = call(&simulator, "GET", "/restapis", Value::Null).await;
    let all = all["item"].as_array().unwrap();
    assert!(all.is_empty(), "a refused import makes nothing");
}

#[tokio::test]
async fn an_import_refuses_documents_and_paths_that_aws_refuses() {
    let many: Vec<String> = (0..300).map(|number| format!("/p{number}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let mut newer = body("/", json!({}));
    newer["openapi"] = "3.1.0".into();
    refuse_all(vec![
        (newer, "Invalid OpenAPI input."),
        (Value::String("x".to_owned()), "Invalid OpenAPI input"),
        (
            paths(&["/items/{id}", "/items/{itemId}/tags"]),
            "A sibling ({id})",
        ),
        (
            paths(&["/{id}", "/{proxy+}"]),
            "already has a variable path part",
        ),
        (paths(&["/report.{format}"]), "path part only allow"),
        (paths(&["/{proxy+}/more"]), "greedy path variable"),
        (paths(&many), "Maximum number of resources"),
    ])
    .await;
}

#[tokio::test]
async fn an_import_refuses_integrations_that_aws_refuses() {
    let no_verb = json!({"type": "aws_proxy", "uri": arn("arn:aws:lambda:a:b:function:c")});
    let header = json!({"integration.request.header.a": "method.request.header.a"});
    let answer = json!({"default": {"statusCode": 200, "responseParameters": {"method.response.header.a": "'b'"}}});
    refuse_all(vec![
        (with(no_verb), "HttpMethod must be non-empty"),
        (
            changed(
                "uri",
                json!("arn:aws:lambda:eu-central-1:111122223333:function:a"),
            ),
            "Invalid ARN",
        ),
        (
            changed("uri", json!("arn:aws:apigateway:eu-central-1:lambda:x")),
            "must contain path or action",
        ),
        (
            changed("uri", json!("arn:aws:apigateway:eu-central-1:s3:path/b")),
            "currently only supports Lambda",
        ),
        (changed("uri", json!(arn("${function}"))), "Invalid ARN"),
        (
            changed("uri", json!({"Fn::Sub": "x"})),
            "can not be converted",
        ),
        (
            changed("timeoutInMillis", json!("5000")),
            "can not be converted",
        ),
        (
            changed("timeoutInMillis", json!(120_000)),
            "Timeout should be between 50 ms and 29000 ms",
        ),
        (
            changed("timeoutInMillis", json!(49)),
            "Timeout should be between",
        ),
        (
            changed("requestTemplates", json!({"application/json": {}})),
            "can not be converted",
        ),
        (
            changed("cacheKeyParameters", json!("a")),
            "can not be converted",
        ),
        (
            changed("passthroughBehavior", json!("always")),
            "passthrough behavior",
        ),
        (
            changed("requestParameters", header),
            "Unable to put integration on 'GET'",
        ),
        (
            changed("responses", answer),
            "Unable to put integration response on 'GET'",
        ),
    ])
    .await;
}

#[tokio::test]
async fn an_import_takes_what_aws_takes() {
    let simulator = account();
    for document in [
        with(lambda()),
        changed(
            "uri",
            json!(arn(
                "arn:aws:lambda:eu-central-1:111122223333:function:${stageVariables.f}"
            )),
        ),
        changed(
            "uri",
            json!(arn(
                "arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function:a"
            )),
        ),
        with(json!({"type": "mock", "requestParameters": {"integration.request.header.x": true}})),
        with(
            json!({"type": "http_proxy", "httpMethod": "ANY", "uri": "https://example.com", "responseTransferMode": "STREAM", "timeoutInMillis": 900_000}),
        ),
    ] {
        call(&simulator, "POST", IMPORT, document).await;
    }
}

#[tokio::test]
async fn paths_are_kept_as_aws_keeps_them() {
    let simulator = account();
    let made = call(&simulator, "POST", IMPORT, paths(&["/items/", "//a//b"])).await;
    let id = made["id"].as_str().unwrap();
    let resources = format!("/restapis/{id}/resources");
    let known = async || {
        let found = call(&simulator, "GET", &resources, Value::Null).await;
        let all = found["item"].as_array().unwrap().iter();
        let mut paths: Vec<String> = all
            .map(|one| one["path"].as_str().unwrap().to_owned())
            .collect();
        paths.sort();
        paths
    };
    assert_eq!(known().await, ["/", "/a", "/a/b", "/items"]);
    let mut based = paths(&["/test"]);
    based["servers"] = json!([{"url": "https://example.com/base/part/"}]);
    put(&simulator, id, "overwrite&basepath=prepend", based.clone()).await;
    assert_eq!(
        known().await,
        ["/", "/base", "/base/part", "/base/part/test"]
    );
    put(&simulator, id, "overwrite&basepath=split", based.clone()).await;
    assert_eq!(known().await, ["/", "/part", "/part/test"]);
    put(&simulator, id, "overwrite", based).await;
    assert_eq!(known().await, ["/", "/test"]);
}

#[tokio::test]
async fn a_new_api_is_refused_as_aws_words_it() {
    let simulator = account();
    let types = |types: Value| json!({"name": "a", "endpointConfiguration": types});
    for (body, code, words) in [
        (
            json!({"name": "a", "description": ""}),
            BAD,
            "Description cannot be an empty string",
        ),
        (
            json!({"name": "a", "minimumCompressionSize": -1}),
            BAD,
            "between 0 and 10485760",
        ),
        (types(json!({"types": []})), BAD, "cannot be both DISABLED"),
        (
            types(json!({"types": ["EDGE", "REGIONAL"]})),
            BAD,
            "multiple Endpoint Types",
        ),
        (
            types(json!({"types": ["PRIVATE"], "ipAddressType": "ipv4"})),
            BAD,
            "Only dualstack",
        ),
        (
            types(json!({"types": ["x"], "ipAddressType": "y"})),
            "ValidationException",
            "2 validation errors detected",
        ),
    ] {
        refuse(&simulator, "POST", "/restapis", body, code, words).await;
    }
    let edge = types(json!({"types": ["EDGE"], "ipAddressType": "dualstack"}));
    let made = call(&simulator, "POST", "/restapis", edge).await;
    assert_eq!(made["endpointConfiguration"]["ipAddressType"], "dualstack");
    let unknown = "/restapis/nothing?mode=merge";
    refuse(
        &simulator,
        "PUT",
        unknown,
        json!({"openapi": "9"}),
        BAD,
        "Invalid OpenAPI input.",
    )
    .await;
}

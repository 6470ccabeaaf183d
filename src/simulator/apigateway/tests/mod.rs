//! API Gateway: one test a rule, on the wire.

mod apis;
mod bodies;
mod domains;
mod parts;
mod refusals;

use serde_json::{Value, json};

use crate::Simulator;
use crate::acm::{Status, furnish::add_certificate};
use crate::testing::{ACCOUNT, Network, REGION, account, ec2_text, furnished};
use crate::testing_rest::{here, json_call};

/// An endpoint that nobody made.
const NOBODY: &str = "vpce-0123456789abcdef0";

/// An account with a certificate for names below `example.com`.
fn with_certificate() -> Simulator {
    let simulator = account();
    certify(&simulator);
    simulator
}

fn certify(simulator: &Simulator) {
    let names = ["*.example.com".to_owned()];
    here(simulator, |ctx| {
        add_certificate(ctx, &certificate(), &names, Status::Issued);
    });
}

/// An account with a network, an endpoint for execute-api, and a certificate.
async fn with_endpoint() -> (Simulator, Network, String) {
    let (simulator, network) = furnished().await;
    certify(&simulator);
    let id = ec2_text(
        &simulator,
        &network.endpoint(),
        "/vpcEndpoint/vpcEndpointId",
    )
    .await;
    (simulator, network, id)
}

/// Sends a request that must work, and returns the answer.
async fn call(simulator: &Simulator, method: &str, path: &str, body: Value) -> Value {
    let answer = json_call(simulator, "apigateway", method, path, &body).await;
    let (_, tree) = answer.unwrap_or_else(|error| panic!("{method} {path}: {error:?}"));
    tree
}

/// Sends a request that must be refused with a code and words.
async fn refuse(
    simulator: &Simulator,
    method: &str,
    path: &str,
    body: Value,
    code: &str,
    words: &str,
) {
    let answer = json_call(simulator, "apigateway", method, path, &body).await;
    let (found, message) = answer.expect_err(path);
    assert_eq!(found, code, "{method} {path}: {message}");
    assert!(message.contains(words), "{method} {path}: {message}");
}

/// Puts whether a request works, and takes its code if not.
async fn code(simulator: &Simulator, method: &str, path: &str, body: Value) -> String {
    let answer = json_call(simulator, "apigateway", method, path, &body).await;
    answer.map_or_else(|(code, _)| code, |_| "ok".to_owned())
}

fn policy(endpoint: &str) -> Value {
    let statement = |effect: &str| {
        json!({
            "Effect": effect,
            "Principal": "*",
            "Action": "execute-api:Invoke",
            "Resource": "execute-api:/*",
        })
    };
    let mut deny = statement("Deny");
    deny["Condition"] = json!({"StringNotEquals": {"aws:SourceVpce": endpoint}});
    json!({"Version": "2012-10-17", "Statement": [statement("Allow"), deny]})
}

fn private(name: &str, endpoint: &str) -> Value {
    json!({
        "name": name,
        "policy": policy(endpoint).to_string(),
        "endpointConfiguration": {"types": ["PRIVATE"], "vpcEndpointIds": [endpoint]},
    })
}

/// A body with a mock at a path, and what else is given.
fn body(path: &str, more: Value) -> Value {
    let mut document = json!({
        "openapi": "3.0.1",
        "info": {"title": "orders", "version": "1"},
        "paths": {path: {"get": {"x-amazon-apigateway-integration": {"type": "mock"}}}},
    });
    if let (Some(members), Value::Object(more)) = (document.as_object_mut(), more) {
        members.extend(more);
    }
    document
}

/// A private API with a mock at its root; its id.
async fn api(simulator: &Simulator, endpoint: &str) -> String {
    let made = call(simulator, "POST", "/restapis", private("orders", endpoint)).await;
    let id = made["id"].as_str().unwrap().to_owned();
    put(simulator, &id, "merge", body("/", json!({}))).await;
    id
}

async fn put(simulator: &Simulator, id: &str, mode: &str, body: Value) -> Value {
    call(
        simulator,
        "PUT",
        &format!("/restapis/{id}?mode={mode}"),
        body,
    )
    .await
}

/// A deployment of an API; its id.
async fn deployment(simulator: &Simulator, id: &str) -> String {
    let path = format!("/restapis/{id}/deployments");
    let made = call(simulator, "POST", &path, json!({})).await;
    made["id"].as_str().unwrap().to_owned()
}

/// An API that is deployed to the stage `live`.
async fn staged(simulator: &Simulator, endpoint: &str) -> String {
    let id = api(simulator, endpoint).await;
    let deployment = deployment(simulator, &id).await;
    let stage = json!({"stageName": "live", "deploymentId": deployment});
    call(simulator, "POST", &format!("/restapis/{id}/stages"), stage).await;
    id
}

fn patch(op: &str, path: &str, value: &str) -> Value {
    json!({"patchOperations": [{"op": op, "path": path, "value": value}]})
}

fn certificate() -> String {
    format!("arn:aws:acm:{REGION}:{ACCOUNT}:certificate/1")
}

fn regional(host: &str) -> Value {
    json!({
        "domainName": host,
        "regionalCertificateArn": certificate(),
        "endpointConfiguration": {"types": ["REGIONAL"]},
        "securityPolicy": "TLS_1_2",
    })
}

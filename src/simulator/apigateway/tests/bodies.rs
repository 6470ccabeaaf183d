//! Bodies, and the resources that they make.

use serde_json::{Value, json};

use super::{api, body, call, policy, put, refuse, with_endpoint};
use crate::testing::{account, signed};
use crate::testing_rest::send;

const BAD: &str = "BadRequestException";

#[tokio::test]
async fn overwriting_drops_what_the_body_does_not_bring() {
    let (simulator, _, endpoint) = with_endpoint().await;
    let id = api(&simulator, &endpoint).await;
    let merged = put(&simulator, &id, "merge", body("/b", json!({}))).await;
    assert!(merged.get("policy").is_some());
    let resources = format!("/restapis/{id}/resources?embed=methods");
    let found = call(&simulator, "GET", &resources, Value::Null).await;
    assert_eq!(found["item"].as_array().unwrap().len(), 2);
    let bare = put(&simulator, &id, "overwrite", body("/c", json!({}))).await;
    assert!(bare.get("policy").is_none(), "{bare}");
    assert!(
        bare["endpointConfiguration"]
            .get("vpcEndpointIds")
            .is_none()
    );
    let found = call(&simulator, "GET", &resources, Value::Null).await;
    let paths: Vec<&str> = found["item"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|one| one["path"].as_str())
        .collect();
    assert!(paths.len() == 2 && paths.contains(&"/c"), "{paths:?}");
    let whole = json!({
        "x-amazon-apigateway-policy": policy(&endpoint),
        "servers": [{"url": "/", "x-amazon-apigateway-endpoint-configuration": {"vpcEndpointIds": [endpoint]}}],
    });
    let full = put(&simulator, &id, "overwrite", body("/c", whole)).await;
    assert!(full.get("policy").is_some());
    assert_eq!(
        full["endpointConfiguration"]["vpcEndpointIds"],
        json!([endpoint])
    );
}

#[tokio::test]
async fn the_endpoints_stand_elsewhere_in_swagger() {
    let (simulator, _, endpoint) = with_endpoint().await;
    let id = api(&simulator, &endpoint).await;
    let top = json!({"x-amazon-apigateway-endpoint-configuration": {"vpcEndpointIds": [endpoint]}});
    let misplaced = put(&simulator, &id, "overwrite", body("/", top.clone())).await;
    assert!(
        misplaced["endpointConfiguration"]
            .get("vpcEndpointIds")
            .is_none()
    );
    let mut swagger = body("/", top);
    swagger.as_object_mut().unwrap().remove("openapi");
    swagger["swagger"] = "2.0".into();
    let found = put(&simulator, &id, "overwrite", swagger).await;
    assert_eq!(
        found["endpointConfiguration"]["vpcEndpointIds"],
        json!([endpoint])
    );
}

#[tokio::test]
async fn warnings_refuse_only_when_asked() {
    let (simulator, _, endpoint) = with_endpoint().await;
    let id = api(&simulator, &endpoint).await;
    let dangling = body(
        "/",
        json!({"components": {"schemas": {"a": {"$ref": "#/nothing"}}}}),
    );
    let path = format!("/restapis/{id}?mode=merge&failonwarnings=true");
    refuse(
        &simulator,
        "PUT",
        &path,
        dangling.clone(),
        BAD,
        "Warnings found",
    )
    .await;
    let taken = put(&simulator, &id, "merge", dangling).await;
    assert_eq!(taken["warnings"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn variables_have_no_siblings_and_greedy_ones_no_children() {
    let simulator = account();
    let made = call(&simulator, "POST", "/restapis", json!({"name": "a"})).await;
    let (id, root) = (
        made["id"].as_str().unwrap(),
        made["rootResourceId"].as_str().unwrap(),
    );
    let under = |parent: &str| format!("/restapis/{id}/resources/{parent}");
    let part = |part: &str| json!({"pathPart": part});
    call(&simulator, "POST", &under(root), part("{a}")).await;
    refuse(
        &simulator,
        "POST",
        &under(root),
        part("{b}"),
        BAD,
        "variable path part",
    )
    .await;
    refuse(
        &simulator,
        "POST",
        &under(root),
        part("{proxy+}"),
        BAD,
        "A sibling ({a})",
    )
    .await;
    let other = call(&simulator, "POST", &under(root), part("other")).await;
    let other = under(other["id"].as_str().unwrap());
    let greedy = call(&simulator, "POST", &other, part("{proxy+}")).await;
    let greedy = under(greedy["id"].as_str().unwrap());
    refuse(&simulator, "POST", &greedy, part("x"), BAD, "greedy").await;
    refuse(
        &simulator,
        "POST",
        &under(root),
        part("a b"),
        BAD,
        "path part only allow",
    )
    .await;
    refuse(&simulator, "DELETE", &under(root), Value::Null, BAD, "Root").await;
}

#[tokio::test]
async fn a_refused_body_changes_nothing() {
    let (simulator, _, endpoint) = with_endpoint().await;
    let id = api(&simulator, &endpoint).await;
    let path = format!("/restapis/{id}");
    let before = call(&simulator, "GET", &path, Value::Null).await;
    let mut foreign = body("/b", json!({}));
    foreign["paths"]["/b"]["get"]["x-amazon-apigateway-integration"] =
        json!({"type": "aws_proxy", "httpMethod": "POST", "uri": "x"});
    let put = format!("{path}?mode=overwrite");
    refuse(
        &simulator,
        "PUT",
        &put,
        foreign,
        BAD,
        "Errors found during import",
    )
    .await;
    let other = body("/b", json!({"openapi": "4.0"}));
    refuse(&simulator, "PUT", &put, other, BAD, "Invalid OpenAPI input").await;
    assert_eq!(call(&simulator, "GET", &path, Value::Null).await, before);
}

#[tokio::test]
async fn what_is_not_simulated_of_a_document_is_said() {
    let (simulator, _, endpoint) = with_endpoint().await;
    let id = api(&simulator, &endpoint).await;
    let path = format!("/restapis/{id}");
    let documented = || {
        let parts = json!({"version": "1", "documentationParts": []});
        body("/b", json!({"x-amazon-apigateway-documentation": parts}))
    };
    let put = call(&simulator, "PUT", &path, documented()).await;
    let warning = "x-amazon-apigateway-documentation: documentation parts are not simulated";
    assert_eq!(put["warnings"], json!([warning]));
    let strict = format!("{path}?failonwarnings=true");
    refuse(&simulator, "PUT", &strict, documented(), BAD, warning).await;
    let stage = json!({"stageName": "live"});
    call(&simulator, "POST", &format!("{path}/deployments"), stage).await;
    let export = async |query: &str, accept: &str| {
        let path = format!("{path}/stages/live/exports/oas30{query}");
        let mut request = signed("apigateway", "GET", &path, "");
        request
            .headers
            .push(("accept".to_owned(), accept.to_owned()));
        send(&simulator, request).await.status
    };
    assert_eq!(export("", "application/json").await, 200);
    assert_eq!(
        export("?extensions=integrations,authorizers", "*/*").await,
        200
    );
    assert_eq!(export("", "application/yaml").await, 400);
    assert_eq!(
        export("?extensions=documentation", "application/json").await,
        400
    );
    assert_eq!(export("?extensions=postman", "application/json").await, 400);
}

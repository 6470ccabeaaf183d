//! APIs, bodies, deployments, stages.

use serde_json::{Value, json};

use super::{
    NOBODY, api, call, code, deployment, patch, policy, private, refuse, staged, with_endpoint,
};
use crate::apigateway::{deployed, furnish};
use crate::testing::{ACCOUNT, REGION, account, ec2};
use crate::testing_rest::here;

const BAD: &str = "BadRequestException";

#[tokio::test]
async fn names_are_not_unique() {
    let simulator = account();
    let one = call(&simulator, "POST", "/restapis", json!({"name": "a"})).await;
    let two = call(&simulator, "POST", "/restapis", json!({"name": "a"})).await;
    assert_ne!(one["id"], two["id"]);
}

#[tokio::test]
async fn a_policy_is_expanded_and_escaped() {
    let (simulator, _, endpoint) = with_endpoint().await;
    let made = call(&simulator, "POST", "/restapis", private("a", &endpoint)).await;
    let text = made["policy"].as_str().unwrap();
    assert!(text.contains("\\\""), "{text}");
    let id = made["id"].as_str().unwrap();
    let arn = format!("arn:aws:execute-api:{REGION}:{ACCOUNT}:{id}/*");
    let read: Value = serde_json::from_str(&text.replace("\\\"", "\"")).unwrap();
    assert_eq!(read["Statement"][1]["Resource"], arn);
    assert_eq!(
        read["Statement"][1]["Condition"]["StringNotEquals"]["aws:SourceVpce"],
        endpoint
    );
}

#[tokio::test]
async fn endpoints_exist_and_are_for_execute_api_and_for_private_apis() {
    let (simulator, network, endpoint) = with_endpoint().await;
    let other = network.endpoint().replace("execute-api", "s3");
    let other = ec2(&simulator, &other).await.unwrap()["vpcEndpoint"]["vpcEndpointId"].clone();
    let other = other.as_str().unwrap().to_owned();
    for id in [NOBODY, &other] {
        refuse(&simulator, "POST", "/restapis", private("a", id), BAD, id).await;
    }
    let mut public = private("a", &endpoint);
    public["endpointConfiguration"]["types"] = json!(["REGIONAL"]);
    refuse(&simulator, "POST", "/restapis", public, BAD, "PRIVATE apis").await;
    // Still pending, and taken: see `PENDING_IS_TAKEN`.
    call(&simulator, "POST", "/restapis", private("a", &endpoint)).await;
    let delete = format!("DeleteVpcEndpoints&VpcEndpointId.1={endpoint}");
    ec2(&simulator, &delete).await.unwrap();
    let again = private("b", &endpoint);
    refuse(&simulator, "POST", "/restapis", again, BAD, "deleting").await;
}

#[tokio::test]
async fn patches_are_all_or_none() {
    let (simulator, _, endpoint) = with_endpoint().await;
    let id = api(&simulator, &endpoint).await;
    let path = format!("/restapis/{id}");
    let both = json!({"patchOperations": [
        {"op": "replace", "path": "/name", "value": "b"},
        {"op": "replace", "path": "/nothing", "value": "b"},
    ]});
    refuse(
        &simulator,
        "PATCH",
        &path,
        both,
        BAD,
        "Invalid patch path /nothing",
    )
    .await;
    let found = call(&simulator, "GET", &path, Value::Null).await;
    assert_eq!(found["name"], "orders");
    let ids = "/endpointConfiguration/vpcEndpointIds";
    let changed = call(&simulator, "PATCH", &path, patch("remove", ids, &endpoint)).await;
    assert!(
        changed["endpointConfiguration"]
            .get("vpcEndpointIds")
            .is_none()
    );
    refuse(
        &simulator,
        "PATCH",
        &path,
        patch("remove", ids, &endpoint),
        BAD,
        "",
    )
    .await;
    refuse(
        &simulator,
        "PATCH",
        &path,
        patch("add", ids, NOBODY),
        BAD,
        NOBODY,
    )
    .await;
    let emptied = call(&simulator, "PATCH", &path, patch("replace", "/policy", "")).await;
    assert!(emptied.get("policy").is_none());
}

#[tokio::test]
async fn methods_conflict_and_resources_do() {
    let simulator = account();
    let made = call(&simulator, "POST", "/restapis", json!({"name": "a"})).await;
    let (id, root) = (
        made["id"].as_str().unwrap(),
        made["rootResourceId"].as_str().unwrap(),
    );
    let resource = format!("/restapis/{id}/resources/{root}");
    call(&simulator, "POST", &resource, json!({"pathPart": "a"})).await;
    let again = json!({"pathPart": "a"});
    refuse(
        &simulator,
        "POST",
        &resource,
        again,
        "ConflictException",
        "already has this name",
    )
    .await;
    let method = format!("{resource}/methods/GET");
    let none = json!({"authorizationType": "NONE"});
    call(&simulator, "PUT", &method, none.clone()).await;
    refuse(
        &simulator,
        "PUT",
        &method,
        none,
        "ConflictException",
        "Method already exists",
    )
    .await;
}

#[tokio::test]
async fn what_cannot_be_deployed_is_not() {
    let (simulator, _, endpoint) = with_endpoint().await;
    let made = call(&simulator, "POST", "/restapis", private("a", &endpoint)).await;
    let (id, root) = (
        made["id"].as_str().unwrap(),
        made["rootResourceId"].as_str().unwrap(),
    );
    let deployments = format!("/restapis/{id}/deployments");
    refuse(
        &simulator,
        "POST",
        &deployments,
        json!({}),
        BAD,
        "doesn't contain any methods",
    )
    .await;
    let method = format!("/restapis/{id}/resources/{root}/methods/GET");
    call(
        &simulator,
        "PUT",
        &method,
        json!({"authorizationType": "NONE"}),
    )
    .await;
    refuse(
        &simulator,
        "POST",
        &deployments,
        json!({}),
        BAD,
        "No integration defined",
    )
    .await;
    call(
        &simulator,
        "PUT",
        &format!("{method}/integration"),
        json!({"type": "MOCK"}),
    )
    .await;
    let path = format!("/restapis/{id}");
    call(&simulator, "PATCH", &path, patch("replace", "/policy", "")).await;
    refuse(
        &simulator,
        "POST",
        &deployments,
        json!({}),
        BAD,
        "resource policy",
    )
    .await;
}

#[tokio::test]
async fn a_policy_takes_effect_with_the_next_deployment() {
    let (simulator, _, endpoint) = with_endpoint().await;
    let id = staged(&simulator, &endpoint).await;
    let snapshot = |stage: &'static str| {
        let id = id.clone();
        here(&simulator, move |ctx| deployed(ctx, &id, stage).cloned())
    };
    let before = snapshot("live").unwrap();
    assert!(before.operations["/"]["GET"].integration.is_some());
    let other = policy(NOBODY).to_string();
    let path = format!("/restapis/{id}");
    call(
        &simulator,
        "PATCH",
        &path,
        patch("replace", "/policy", &other),
    )
    .await;
    assert_eq!(snapshot("live").unwrap(), before);
    let next = deployment(&simulator, &id).await;
    assert_eq!(
        snapshot("live").unwrap(),
        before,
        "until a stage points to it"
    );
    let move_it = patch("replace", "/deploymentId", &next);
    call(&simulator, "PATCH", &format!("{path}/stages/live"), move_it).await;
    assert!(
        snapshot("live")
            .unwrap()
            .content
            .policy
            .unwrap()
            .contains(NOBODY)
    );
    assert!(snapshot("nothing").is_none());
}

#[tokio::test]
async fn a_deployment_stays_while_a_stage_points_to_it() {
    let (simulator, _, endpoint) = with_endpoint().await;
    let id = api(&simulator, &endpoint).await;
    let deployment = deployment(&simulator, &id).await;
    let stage = json!({"stageName": "live", "deploymentId": deployment});
    let stages = format!("/restapis/{id}/stages");
    call(&simulator, "POST", &stages, stage.clone()).await;
    refuse(
        &simulator,
        "POST",
        &stages,
        stage,
        "ConflictException",
        "Stage already exists",
    )
    .await;
    let path = format!("/restapis/{id}/deployments/{deployment}");
    refuse(
        &simulator,
        "DELETE",
        &path,
        Value::Null,
        BAD,
        "Active stages",
    )
    .await;
    call(&simulator, "DELETE", &format!("{stages}/live"), Value::Null).await;
    call(&simulator, "DELETE", &path, Value::Null).await;
}

#[tokio::test]
async fn ten_stages_an_api() {
    let (simulator, _, endpoint) = with_endpoint().await;
    let id = api(&simulator, &endpoint).await;
    let deployment = deployment(&simulator, &id).await;
    let path = format!("/restapis/{id}/stages");
    for number in 0..10 {
        let stage = json!({"stageName": format!("s{number}"), "deploymentId": deployment});
        call(&simulator, "POST", &path, stage).await;
    }
    let more = json!({"stageName": "more", "deploymentId": deployment});
    refuse(
        &simulator,
        "POST",
        &path,
        more,
        "LimitExceededException",
        "stages",
    )
    .await;
}

#[tokio::test]
async fn tags_have_their_limits() {
    let simulator = account();
    let create = |tags: Value| json!({"name": "a", "tags": tags});
    let many: serde_json::Map<String, Value> =
        (0..51).map(|n| (format!("k{n}"), json!("v"))).collect();
    for tags in [
        json!({"aws:a": "b"}),
        json!({"a": "b".repeat(257)}),
        many.into(),
    ] {
        assert_eq!(
            code(&simulator, "POST", "/restapis", create(tags)).await,
            BAD
        );
    }
    let made = call(&simulator, "POST", "/restapis", create(json!({"a": "b"}))).await;
    let id = made["id"].as_str().unwrap();
    let arn = format!("/tags/arn%3Aaws%3Aapigateway%3A{REGION}%3A%3A%2Frestapis%2F{id}");
    call(&simulator, "PUT", &arn, json!({"tags": {"c": "d"}})).await;
    call(
        &simulator,
        "DELETE",
        &format!("{arn}?tagKeys=a&tagKeys=x"),
        Value::Null,
    )
    .await;
    let found = call(&simulator, "GET", &arn, Value::Null).await;
    assert_eq!(found["tags"], json!({"c": "d"}));
}

#[tokio::test]
async fn a_borrowed_api_is_private_and_deployed() {
    let (simulator, _, endpoint) = with_endpoint().await;
    let made = here(&simulator, |ctx| {
        furnish::add_api(ctx, "abcde12345", "prod", std::slice::from_ref(&endpoint))
    });
    made.unwrap();
    let found = call(&simulator, "GET", "/restapis/abcde12345", Value::Null).await;
    assert_eq!(found["endpointConfiguration"]["types"], json!(["PRIVATE"]));
    call(
        &simulator,
        "GET",
        "/restapis/abcde12345/stages/prod",
        Value::Null,
    )
    .await;
    let snapshot = here(&simulator, |ctx| {
        deployed(ctx, "abcde12345", "prod").cloned()
    })
    .unwrap();
    assert!(snapshot.operations.contains_key("/{proxy+}"));
}

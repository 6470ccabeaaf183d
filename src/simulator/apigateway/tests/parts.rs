//! What methods refer to, and what is read back of it.
//!
//! The bodies are shaped like those of a public suite of tests that ran on AWS; what is expected of them is what AWS answered.

use serde_json::{Value, json};

use super::{body, call, patch, put, refuse, with_endpoint};
use crate::Simulator;
use crate::testing::account;

const URI: &str = "arn:aws:apigateway:eu-central-1:lambda:path/2015-03-31/functions/arn:aws:lambda:eu-central-1:111122223333:function:a/invocations";

/// A body with an authorizer of each kind, models, a validator, and a response of its own.
fn whole() -> Value {
    let http = json!({"type": "http", "httpMethod": "GET", "uri": "http://example.com/pets", "passthroughBehavior": "when_no_match",
        "responses": {"default": {"statusCode": 200}}, "requestParameters": {"integration.request.querystring.page": "method.request.querystring.page"}});
    json!({
        "openapi": "3.0.2",
        "info": {"title": "orders", "version": 1},
        "security": [{"token": []}],
        "x-amazon-apigateway-api-key-source": "AUTHORIZER",
        "x-amazon-apigateway-binary-media-types": ["image/png"],
        "x-amazon-apigateway-minimum-compression-size": 10,
        "x-amazon-apigateway-request-validators": {"basic": {"validateRequestBody": true, "validateRequestParameters": true}},
        "x-amazon-apigateway-request-validator": "basic",
        "x-amazon-apigateway-gateway-responses": {"UNAUTHORIZED": {"statusCode": 418}},
        "paths": {
            "/pets": {
                "get": {"parameters": [{"name": "page", "in": "query"}],
                    "responses": {"200": {"description": "ok", "headers": {"X-A": {"schema": {"type": "string"}}},
                        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Pets"}}}}},
                    "x-amazon-apigateway-integration": http},
                "post": {"security": [{"pool": ["email"]}], "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Pet"}}}},
                    "x-amazon-apigateway-integration": {"type": "mock", "httpMethod": "POST"}},
                "options": {"security": [], "x-amazon-apigateway-integration": {"type": "mock"}},
            },
            "/pets/{id}": {"x-amazon-apigateway-any-method": {"security": [{"key": []}], "x-amazon-apigateway-integration": {"type": "mock"}}},
        },
        "components": {
            "schemas": {
                "Pet": {"type": "object", "description": "A pet", "properties": {"name": {"type": "string"}}},
                "Pets": {"type": "array", "items": {"$ref": "#/components/schemas/Pet"}},
            },
            "securitySchemes": {
                "token": {"type": "apiKey", "name": "Auth", "in": "header", "x-amazon-apigateway-authtype": "oauth2",
                    "x-amazon-apigateway-authorizer": {"type": "token", "authorizerUri": URI, "authorizerResultTtlInSeconds": 60}},
                "pool": {"type": "apiKey", "name": "Auth", "in": "header", "x-amazon-apigateway-authtype": "cognito_user_pools",
                    "x-amazon-apigateway-authorizer": {"type": "cognito_user_pools", "providerARNs": ["arn:aws:cognito-idp:eu-central-1:111122223333:userpool/a"]}},
                "key": {"type": "apiKey", "name": "x-api-key", "in": "header"},
            },
        },
    })
}

async fn imported(simulator: &Simulator) -> (Value, String) {
    let made = call(simulator, "POST", "/restapis?mode=import", whole()).await;
    let id = made["id"].as_str().unwrap().to_owned();
    (made, format!("/restapis/{id}"))
}

async fn items(simulator: &Simulator, path: &str) -> Vec<Value> {
    let found = call(simulator, "GET", path, Value::Null).await;
    found["item"].as_array().unwrap().clone()
}

/// The methods of an API as `GetResources` shows them, by path and verb.
async fn method(simulator: &Simulator, api: &str, path: &str, verb: &str) -> Value {
    let all = items(simulator, &format!("{api}/resources?embed=methods")).await;
    let found = all.iter().find(|one| one["path"] == path).unwrap();
    found["resourceMethods"][verb].clone()
}

fn named<'a>(all: &'a [Value], name: &str) -> &'a Value {
    all.iter().find(|one| one["name"] == name).unwrap()
}

#[tokio::test]
async fn an_import_keeps_what_its_methods_refer_to() {
    let simulator = account();
    let (made, api) = imported(&simulator).await;
    assert_eq!(
        [&made["apiKeySource"], &made["version"]],
        ["AUTHORIZER", "1"]
    );
    assert_eq!(made["binaryMediaTypes"], json!(["image/png"]));
    assert_eq!(made["minimumCompressionSize"], 10);
    assert!(made.get("tags").is_none());
    let authorizers = items(&simulator, &format!("{api}/authorizers")).await;
    let token = named(&authorizers, "token");
    assert_eq!(token["identitySource"], "method.request.header.Auth");
    assert_eq!([&token["type"], &token["authType"]], ["TOKEN", "oauth2"]);
    let models = items(&simulator, &format!("{api}/models")).await;
    assert_eq!(models.len(), 2, "an import has no default models");
    assert_eq!(named(&models, "Pet")["description"], "A pet");
    let schema = named(&models, "Pets")["schema"].as_str().unwrap();
    let reference = format!("https://apigateway.amazonaws.com{api}/models/Pet");
    assert!(schema.contains(&reference), "{schema}");
    let validators = items(&simulator, &format!("{api}/requestvalidators")).await;
    let get = method(&simulator, &api, "/pets", "GET").await;
    assert_eq!(
        get["authorizationType"], "CUSTOM",
        "the document's security counts"
    );
    assert_eq!(get["authorizerId"], token["id"]);
    assert_eq!(get["requestValidatorId"], validators[0]["id"]);
    assert_eq!(
        get["requestParameters"],
        json!({"method.request.querystring.page": false})
    );
    assert_eq!(
        get["methodResponses"]["200"],
        json!({"statusCode": "200", "responseModels": {"application/json": "Pets"}, "responseParameters": {"method.response.header.X-A": false}})
    );
    let integration = &get["methodIntegration"];
    assert_eq!(integration["connectionType"], "INTERNET");
    assert_eq!(integration["passthroughBehavior"], "WHEN_NO_MATCH");
    assert_eq!(integration["timeoutInMillis"], 29_000);
    assert_eq!(
        integration["integrationResponses"],
        json!({"200": {"statusCode": "200"}})
    );
    let post = method(&simulator, &api, "/pets", "POST").await;
    assert_eq!(post["authorizationType"], "COGNITO_USER_POOLS");
    assert_eq!(post["authorizationScopes"], json!(["email"]));
    assert_eq!(post["requestModels"], json!({"application/json": "Pet"}));
    assert!(
        post["methodIntegration"].get("httpMethod").is_none(),
        "a mock has no verb"
    );
    let open = method(&simulator, &api, "/pets", "OPTIONS").await;
    assert_eq!(open["authorizationType"], "NONE");
    let any = method(&simulator, &api, "/pets/{id}", "ANY").await;
    assert_eq!(any["apiKeyRequired"], true);
    assert_eq!(
        any["requestParameters"],
        json!({"method.request.path.id": true})
    );
}

#[tokio::test]
async fn overwriting_takes_parts_away_and_merging_keeps_them() {
    let simulator = account();
    let (made, api) = imported(&simulator).await;
    let id = made["id"].as_str().unwrap();
    let before = items(&simulator, &format!("{api}/authorizers")).await;
    put(
        &simulator,
        id,
        "merge",
        body(
            "/b",
            json!({"x-amazon-apigateway-binary-media-types": ["image/gif"]}),
        ),
    )
    .await;
    assert_eq!(
        items(&simulator, &format!("{api}/authorizers")).await,
        before
    );
    let found = call(&simulator, "GET", &api, Value::Null).await;
    assert_eq!(found["binaryMediaTypes"], json!(["image/png", "image/gif"]));
    put(&simulator, id, "overwrite", whole()).await;
    assert_eq!(
        items(&simulator, &format!("{api}/authorizers")).await,
        before,
        "what keeps its name keeps its id"
    );
    let bare = put(&simulator, id, "overwrite", body("/b", json!({}))).await;
    assert_eq!(
        [&bare["apiKeySource"], &bare["tags"]],
        [&json!("HEADER"), &json!({})]
    );
    assert!(bare.get("binaryMediaTypes").is_none() && bare.get("minimumCompressionSize").is_none());
    for kind in ["authorizers", "models", "requestvalidators"] {
        assert!(
            items(&simulator, &format!("{api}/{kind}")).await.is_empty(),
            "{kind}"
        );
    }
}

#[tokio::test]
async fn gateway_responses_have_their_defaults() {
    let simulator = account();
    let (_, api) = imported(&simulator).await;
    let all = items(&simulator, &format!("{api}/gatewayresponses")).await;
    assert_eq!(all.len(), 21);
    let own = call(
        &simulator,
        "GET",
        &format!("{api}/gatewayresponses/UNAUTHORIZED"),
        Value::Null,
    )
    .await;
    assert_eq!(
        [&own["statusCode"], &own["defaultResponse"]],
        [&json!("418"), &json!(false)]
    );
    let path = format!("{api}/gatewayresponses/DEFAULT_5XX");
    call(&simulator, "PUT", &path, json!({"statusCode": "599"})).await;
    let inherited = call(
        &simulator,
        "GET",
        &format!("{api}/gatewayresponses/INTEGRATION_TIMEOUT"),
        Value::Null,
    )
    .await;
    assert_eq!(
        [&inherited["statusCode"], &inherited["defaultResponse"]],
        [&json!("599"), &json!(true)]
    );
    call(&simulator, "DELETE", &path, Value::Null).await;
    refuse(
        &simulator,
        "GET",
        &format!("{api}/gatewayresponses/X"),
        Value::Null,
        "ValidationException",
        "enum value set",
    )
    .await;
}

#[tokio::test]
async fn a_method_changed_by_hand_is_seen_and_not_live() {
    let (simulator, _, endpoint) = with_endpoint().await;
    let id = super::api(&simulator, &endpoint).await;
    let api = format!("/restapis/{id}");
    let mut protected = body("/", json!({}));
    protected["paths"]["/"]["get"]["x-amazon-apigateway-auth"] = json!({"type": "AWS_IAM"});
    put(&simulator, &id, "merge", protected).await;
    let first = super::deployment(&simulator, &id).await;
    let stage = json!({"stageName": "live", "deploymentId": first});
    call(&simulator, "POST", &format!("{api}/stages"), stage).await;
    let all = items(&simulator, &format!("{api}/resources")).await;
    let root = all[0]["id"].as_str().unwrap();
    let path = format!("{api}/resources/{root}/methods/GET");
    call(
        &simulator,
        "PATCH",
        &path,
        patch("replace", "/authorizationType", "NONE"),
    )
    .await;
    let changed = method(&simulator, &api, "/", "GET").await;
    assert_eq!(changed["authorizationType"], "NONE");
    let summary = format!("{api}/deployments/{first}?embed=apisummary");
    let summary = call(&simulator, "GET", &summary, Value::Null).await;
    assert_eq!(
        summary["apiSummary"]["/"]["GET"]["authorizationType"],
        "AWS_IAM"
    );
    let export = format!("{api}/stages/live/exports/oas30?extensions=apigateway");
    let export = call(&simulator, "GET", &export, Value::Null).await;
    assert_eq!(
        export["paths"]["/"]["get"]["security"],
        json!([{"sigv4": []}])
    );
    assert_eq!(
        export["paths"]["/"]["get"]["x-amazon-apigateway-integration"]["type"],
        "mock"
    );
    refuse(
        &simulator,
        "PATCH",
        &path,
        patch("replace", "/authorizationType", "CUSTOM"),
        "BadRequestException",
        "requires a valid authorizer",
    )
    .await;
    refuse(
        &simulator,
        "PATCH",
        &path,
        patch("replace", "/httpMethod", "PUT"),
        "BadRequestException",
        "Invalid patch path /httpMethod",
    )
    .await;
    refuse(
        &simulator,
        "PATCH",
        &path,
        patch("wrong", "/apiKeyRequired", "true"),
        "ValidationException",
        "updateMethodInput.patchOperations.1.member.op",
    )
    .await;
    let integration = format!("{path}/integration");
    let template = patch("add", "/requestTemplates/application~1json", "{}");
    let changed = call(&simulator, "PATCH", &integration, template).await;
    assert_eq!(
        changed["requestTemplates"],
        json!({"application/json": "{}"})
    );
}

#[tokio::test]
async fn what_a_method_refers_to_is_not_deleted() {
    let simulator = account();
    let (_, api) = imported(&simulator).await;
    let get = method(&simulator, &api, "/pets", "GET").await;
    for (kind, id) in [
        ("authorizers", &get["authorizerId"]),
        ("requestvalidators", &get["requestValidatorId"]),
        ("models", &json!("Pet")),
    ] {
        let path = format!("{api}/{kind}/{}", id.as_str().unwrap());
        refuse(
            &simulator,
            "DELETE",
            &path,
            Value::Null,
            "ConflictException",
            "is referenced in method",
        )
        .await;
    }
}

#[tokio::test]
async fn a_stage_is_changed_as_the_console_does_it() {
    let (simulator, _, endpoint) = with_endpoint().await;
    let id = super::staged(&simulator, &endpoint).await;
    let stage = format!("/restapis/{id}/stages/live");
    let change = |op: &str, path: &str, value: &str| patch(op, path, value);
    let logs = change(
        "add",
        "/accessLogSettings/destinationArn",
        "arn:aws:logs:eu-central-1:111122223333:log-group:a",
    );
    call(&simulator, "PATCH", &stage, logs).await;
    call(
        &simulator,
        "PATCH",
        &stage,
        change("replace", "/*/*/throttling/burstLimit", "123"),
    )
    .await;
    call(
        &simulator,
        "PATCH",
        &stage,
        change("replace", "/canarySettings/percentTraffic", "50.0"),
    )
    .await;
    let found = call(&simulator, "GET", &stage, Value::Null).await;
    assert_eq!(found["methodSettings"]["*/*"]["throttlingBurstLimit"], 123);
    assert_eq!(found["canarySettings"]["useStageCache"], false);
    assert!(
        found["accessLogSettings"]["destinationArn"].is_string() && found.get("tags").is_none()
    );
    call(&simulator, "PATCH", &stage, change("remove", "/*/*", "")).await;
    for (op, path, value, words) in [
        ("remove", "/*/*", "", "Cannot remove method setting */*"),
        ("replace", "/stageName", "x", "Invalid method setting path"),
        ("replace", "/variables/a", "b c", "stage variable value"),
        ("replace", "/clientCertificateId", "x", "not simulated"),
    ] {
        refuse(
            &simulator,
            "PATCH",
            &stage,
            change(op, path, value),
            "BadRequestException",
            words,
        )
        .await;
    }
}

#[tokio::test]
async fn a_deployment_may_say_nothing_about_a_stage() {
    let (simulator, _, endpoint) = with_endpoint().await;
    let id = super::api(&simulator, &endpoint).await;
    let path = format!("/restapis/{id}/deployments");
    let made = call(
        &simulator,
        "POST",
        &path,
        json!({"description": "", "stageDescription": "", "stageName": "", "variables": {}}),
    )
    .await;
    assert!(made.get("description").is_none(), "{made}");
    call(
        &simulator,
        "POST",
        &path,
        json!({"stageName": "new", "stageDescription": "d", "tracingEnabled": true}),
    )
    .await;
    let stage = call(
        &simulator,
        "GET",
        &format!("/restapis/{id}/stages/new"),
        Value::Null,
    )
    .await;
    assert_eq!(
        [&stage["description"], &stage["tracingEnabled"]],
        [&json!("d"), &json!(true)]
    );
}

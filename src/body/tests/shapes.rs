//! Documents of the shapes that tools write: each is taken, or refused for the
//! right reason. The shapes are rebuilt here; none is a file of anybody's.

use serde_json::{Value, json};

use super::{Admitted, Body, Line, POLICY, parse, read};
use crate::policy;

fn problems(text: &str) -> Vec<String> {
    let refused = read(text, "api.json").unwrap_err();
    refused
        .0
        .iter()
        .map(|one| format!("{}: {}", one.key, one.message))
        .collect()
}

fn warnings(text: &str) -> Vec<String> {
    let read = read(text, "api.json").unwrap();
    read.warnings
        .iter()
        .map(|one| Line(one).to_string())
        .collect()
}

const URI: &str = "arn:aws:apigateway:eu-central-1:lambda:path/2015-03-31/functions/arn:aws:lambda:eu-central-1:111122223333:function:orders/invocations";

fn lambda() -> Value {
    json!({"type": "aws_proxy", "httpMethod": "POST", "uri": URI, "passthroughBehavior": "when_no_match"})
}

/// What `FastAPI` writes of itself, in the version that it says.
fn fastapi(version: &str) -> Value {
    json!({
        "openapi": version,
        "info": {"title": "FastAPI", "version": "0.1.0"},
        "paths": {"/items/{item_id}": {"get": {
            "summary": "Read Item", "operationId": "read_item_items__item_id__get",
            "parameters": [{"name": "item_id", "in": "path", "required": true, "schema": {"type": "integer", "title": "Item Id"}}],
            "responses": {
                "200": {"description": "Successful Response", "content": {"application/json": {"schema": {}}}},
                "422": {"description": "Validation Error", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/HTTPValidationError"}}}},
            },
            "security": [{"OAuth2PasswordBearer": []}],
        }}},
        "components": {
            "schemas": {
                "Body_upload_file_post": {"properties": {"file": {"type": "string", "format": "binary"}}, "type": "object"},
                "HTTPValidationError": {"properties": {"detail": {"items": {"$ref": "#/components/schemas/ValidationError"}, "type": "array"}}, "type": "object"},
                "ValidationError": {"properties": {"loc": {"items": {"anyOf": [{"type": "string"}, {"type": "integer"}]}, "type": "array"}}, "type": "object"},
            },
            "securitySchemes": {"OAuth2PasswordBearer": {"type": "oauth2", "flows": {"password": {"scopes": {}, "tokenUrl": "token"}}}},
        },
    })
}

#[test]
fn fastapi_is_told_all_that_its_file_lacks() {
    let newer = problems(&fastapi("3.1.0").to_string());
    assert_eq!(
        newer[1],
        "openapi: API Gateway does not import OpenAPI 3.1.0"
    );
    let mut said = problems(&fastapi("3.0.2").to_string());
    said.sort();
    assert_eq!(
        said,
        [
            "GET /items/{item_id}: has no x-amazon-apigateway-integration",
            "GET /items/{item_id}: security: API Gateway does not know the scheme `OAuth2PasswordBearer`: this would be open",
            "components.schemas.Body_upload_file_post: names of models are letters and digits only, in API Gateway",
        ]
    );
}

#[test]
fn springdoc_with_security_at_the_top_would_be_open_without_an_authorizer() {
    let document = json!({
        "openapi": "3.0.1",
        "info": {"title": "OpenAPI definition", "version": "v0"},
        "servers": [{"url": "http://localhost:8080", "description": "Generated server url"}],
        "security": [{"bearerAuth": []}],
        "paths": {"/orders": {"get": {
            "tags": ["order-controller"], "operationId": "all",
            "responses": {"200": {"description": "OK", "content": {"*/*": {"schema": {"$ref": "#/components/schemas/PageOrder"}}}}},
            "x-amazon-apigateway-integration": lambda(),
        }}},
        "components": {
            "schemas": {"PageOrder": {"type": "object", "properties": {"total": {"type": "integer", "format": "int64"}}}},
            "securitySchemes": {"bearerAuth": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
        },
    });
    assert_eq!(
        problems(&document.to_string()),
        ["security: API Gateway does not know the scheme `bearerAuth`: this would be open"]
    );
}

#[test]
fn a_template_of_sam_or_serverless_is_not_filled_in() {
    let document = json!({
        "swagger": "2.0",
        "info": {"title": {"Ref": "AWS::StackName"}, "version": "1.0"},
        "paths": {"/orders": {"post": {
            "responses": {},
            "x-amazon-apigateway-integration": {
                "type": "aws_proxy", "httpMethod": "POST",
                "uri": {"Fn::Sub": "arn:aws:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${Orders.Arn}/invocations"},
            },
        }}},
    });
    assert_eq!(
        problems(&document.to_string()),
        [
            "info.title: `Ref` is a function of CloudFormation",
            "POST /orders: x-amazon-apigateway-integration.uri: `Fn::Sub` is a function of CloudFormation",
        ]
    );
}

/// What `GetExport` gives with `extensions: apigateway`.
fn export_3(policy: &Value, endpoint: &str) -> Value {
    json!({
        "openapi": "3.0.1",
        "info": {"title": "orders-dev", "description": "hybridgw body 0", "version": "2026-11-25T19:00:00Z"},
        "servers": [{
            "url": "https://a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com/{basePath}",
            "variables": {"basePath": {"default": "v1"}},
            "x-amazon-apigateway-endpoint-configuration": {"vpcEndpointIds": [endpoint], "disableExecuteApiEndpoint": false},
        }],
        "paths": {
            "/": {"x-amazon-apigateway-any-method": {"x-amazon-apigateway-integration": lambda()}},
            "/{proxy+}": {"x-amazon-apigateway-any-method": {
                "parameters": [{"name": "proxy", "in": "path", "required": true, "schema": {"type": "string"}}],
                "x-amazon-apigateway-integration": {
                    "type": "aws_proxy", "httpMethod": "POST", "uri": URI, "passthroughBehavior": "when_no_match",
                    "timeoutInMillis": 29000, "cacheKeyParameters": ["method.request.path.proxy"], "cacheNamespace": "abc123",
                    "contentHandling": "CONVERT_TO_TEXT", "responseTransferMode": "BUFFERED",
                    "responses": {"default": {"statusCode": "200"}},
                },
            }},
            "/options": {"options": {
                "responses": {"200": {"description": "200 response", "headers": {"Access-Control-Allow-Origin": {"schema": {"type": "string"}}}, "content": {}}},
                "x-amazon-apigateway-integration": {
                    "type": "mock", "requestTemplates": {"application/json": "{\"statusCode\": 200}"}, "passthroughBehavior": "when_no_match",
                    "responses": {"default": {"statusCode": "200", "responseParameters": {"method.response.header.Access-Control-Allow-Origin": "'*'"}}},
                },
            }},
        },
        "components": {"schemas": {"Empty": {"title": "Empty Schema", "type": "object"}}},
        POLICY: policy,
        "x-amazon-apigateway-importexport-version": "1.0",
    })
}

#[test]
fn an_export_of_our_own_api_goes_in_as_it_is() {
    let endpoint = "vpce-0123456789abcdef0";
    // API Gateway writes resources out.
    let text = policy::only_through(endpoint).to_string().replace(
        "execute-api:/*",
        "arn:aws:execute-api:eu-central-1:111122223333:a1b2c3d4e5/*",
    );
    let policy: Value = serde_json::from_str(&text).unwrap();
    let export = export_3(&policy, endpoint).to_string();
    assert_eq!(warnings(&export), [""; 0]);
    let claims = read(&export, "api.json").unwrap().claims;
    assert!(claims.check(Admitted::Endpoint(endpoint)).is_ok());
    // Before the endpoint is there, and with another one, nothing is let pass.
    let others = [
        Admitted::ToCome,
        Admitted::Endpoint("vpce-0aaaaaaaaaaaaaaaa"),
        Admitted::Vpc("vpc-0a1b2c3d"),
    ];
    for other in others {
        let refused = claims.check(other).unwrap_err();
        assert_eq!(refused.0.len(), 2, "{refused}");
        assert!(refused.0.iter().all(|one| one.line.is_some()), "{refused}");
    }
}

#[test]
fn what_the_file_says_of_policy_and_endpoints_is_not_dropped() {
    let endpoint = "vpce-0123456789abcdef0";
    let ours = policy::only_through(endpoint);
    let mut stricter = ours.clone();
    stricter["Statement"].as_array_mut().unwrap().push(json!({
        "Effect": "Deny", "Principal": "*", "Action": "execute-api:Invoke", "Resource": "execute-api:/*/DELETE/*",
    }));
    let mut named = ours.clone();
    named["Statement"][0]["Sid"] = "All".into();
    named["Statement"][0]["Principal"] = json!({"AWS": "*"});
    for (policy, fits) in [
        (ours, true),
        (named, true),
        (stricter, false),
        (json!({}), false),
    ] {
        let claims = read(&export_3(&policy, endpoint).to_string(), "api.json")
            .unwrap()
            .claims;
        assert_eq!(
            claims.check(Admitted::Endpoint(endpoint)).is_ok(),
            fits,
            "{policy}"
        );
    }
    let mut public = export_3(&policy::only_through(endpoint), endpoint);
    public["servers"][0]["x-amazon-apigateway-endpoint-configuration"]["types"] =
        json!(["REGIONAL"]);
    let claims = read(&public.to_string(), "api.json").unwrap().claims;
    let said = claims.check(Admitted::Endpoint(endpoint)).unwrap_err();
    assert_eq!(
        said.to_string(),
        "api.json:1: servers.0.x-amazon-apigateway-endpoint-configuration.types: hybridgw's APIs are private\n  hint: write PRIVATE, or take it out"
    );
}

#[test]
fn a_policy_for_an_endpoint_of_another_account_is_known_as_ours() {
    let vpc = "vpc-0a1b2c3d";
    let mut document = export_3(&policy::only_from(vpc), "vpce-0123456789abcdef0");
    let endpoints = "x-amazon-apigateway-endpoint-configuration";
    document["servers"][0][endpoints] = json!({ "types": ["PRIVATE"] });
    let claims = read(&document.to_string(), "api.json").unwrap().claims;
    assert!(claims.check(Admitted::Vpc(vpc)).is_ok());
    for other in [Admitted::Vpc("vpc-0ffffffff"), Admitted::ToCome] {
        assert!(claims.check(other).is_err(), "{other:?}");
    }
    // It is associated with none.
    document["servers"][0][endpoints]["vpcEndpointIds"] = json!(["vpce-0123456789abcdef0"]);
    let claims = read(&document.to_string(), "api.json").unwrap().claims;
    let said = claims.check(Admitted::Vpc(vpc)).unwrap_err().to_string();
    assert!(said.contains("is associated with none"), "{said}");
}

/// The same of Swagger 2.0, with what an older API has.
#[test]
fn an_export_in_swagger_goes_in_as_it_is() {
    let export = json!({
        "swagger": "2.0",
        "info": {"version": "2026-11-25T19:00:00Z", "title": "orders"},
        "host": "a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com",
        "basePath": "/prod",
        "schemes": ["https"],
        "paths": {"/pets/{petId}": {"get": {
            "produces": ["application/json"],
            "parameters": [
                {"name": "petId", "in": "path", "required": true, "type": "string"},
                {"name": "type", "in": "query", "required": false, "type": "string"},
            ],
            "responses": {"200": {"description": "200 response", "schema": {"$ref": "#/definitions/Pet"}, "headers": {"X-Total": {"type": "string"}}}},
            "security": [{"doorman": []}, {"api_key": []}],
            "x-amazon-apigateway-request-validator": "Validate all",
            "x-amazon-apigateway-integration": {
                "type": "http", "httpMethod": "GET", "uri": "http://pets.example.com/{petId}",
                "requestParameters": {
                    "integration.request.path.petId": "method.request.path.petId",
                    "integration.request.querystring.type": "method.request.querystring.type",
                },
                "responses": {"2\\d{2}": {"statusCode": "200", "responseParameters": {"method.response.header.X-Total": "integration.response.header.total"}}},
                "passthroughBehavior": "when_no_match",
                "tlsConfig": {"insecureSkipVerification": false},
            },
        }}},
        "securityDefinitions": {
            "doorman": {
                "type": "apiKey", "name": "Authorization", "in": "header", "x-amazon-apigateway-authtype": "custom",
                "x-amazon-apigateway-authorizer": {"type": "token", "authorizerUri": URI, "authorizerResultTtlInSeconds": 300},
            },
            "api_key": {"type": "apiKey", "name": "x-api-key", "in": "header"},
        },
        "definitions": {"Pet": {"type": "object", "properties": {"id": {"type": "string"}}}},
        "x-amazon-apigateway-gateway-responses": {"DEFAULT_4XX": {"responseParameters": {"gatewayresponse.header.Access-Control-Allow-Origin": "'*'"}}},
        "x-amazon-apigateway-request-validators": {"Validate all": {"validateRequestParameters": true, "validateRequestBody": true}},
        "x-amazon-apigateway-binary-media-types": ["image/png", "*/*"],
        "x-amazon-apigateway-api-key-source": "HEADER",
        "x-amazon-apigateway-minimum-compression-size": 0,
    });
    let said = warnings(&export.to_string());
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(said[0].contains("403"), "{said:?}");
}

#[test]
fn chalice_and_serverless_use_proxies_with_empty_responses() {
    let export = json!({
        "swagger": "2.0", "info": {"version": "1.0", "title": "app"}, "schemes": ["https"],
        "paths": {"/": {"get": {
            "consumes": ["application/json"], "produces": ["application/json"],
            "responses": {"200": {"description": "200 response", "schema": {"$ref": "#/definitions/Empty"}}},
            "x-amazon-apigateway-integration": {
                "responses": {"default": {"statusCode": "200"}}, "uri": URI, "passthroughBehavior": "when_no_match",
                "httpMethod": "POST", "contentHandling": "CONVERT_TO_TEXT", "type": "aws_proxy",
            },
        }}, "/{proxy+}": {"x-amazon-apigateway-any-method": {
            "parameters": [{"name": "proxy", "in": "path", "required": true, "type": "string"}],
            "responses": {},
            "x-amazon-apigateway-integration": {"responses": {"default": {"statusCode": "200"}}, "uri": URI, "httpMethod": "POST", "type": "aws_proxy"},
        }}},
        "definitions": {"Empty": {"type": "object", "title": "Empty Schema"}},
        "x-amazon-apigateway-binary-media-types": ["application/octet-stream", "image/jpeg"],
    });
    assert_eq!(warnings(&export.to_string()), [""; 0]);
}

#[test]
fn nswag_and_tsoa_without_integrations_are_refused_for_that() {
    let nswag = json!({
        "x-generator": "NSwag v14.0.0", "openapi": "3.0.0", "info": {"title": "Orders", "version": "1.0.0"},
        "servers": [{"url": "https://localhost:5001"}],
        "paths": {"/api/Orders": {"get": {"tags": ["Orders"], "operationId": "Orders_GetAll", "responses": {"200": {"description": "",
            "content": {"application/json": {"schema": {"type": "array", "items": {"$ref": "#/components/schemas/Order"}}}}}}}}},
        "components": {"schemas": {"Order": {"type": "object", "additionalProperties": false, "properties": {"name": {"type": "string", "nullable": true}}}}},
    });
    assert_eq!(
        problems(&nswag.to_string()),
        ["GET /api/Orders: has no x-amazon-apigateway-integration"]
    );
    let tsoa = json!({
        "openapi": "3.0.0", "info": {"title": "app", "version": "1.0.0", "license": {"name": "MIT"}},
        "servers": [{"url": "/"}],
        "components": {"examples": {}, "headers": {}, "parameters": {}, "requestBodies": {}, "responses": {}, "schemas": {"Pick_Order.id_": {"type": "object"}}, "securitySchemes": {}},
        "paths": {"/orders": {"get": {"operationId": "List", "security": [], "parameters": [], "responses": {"200": {"description": "Ok"}},
            "x-amazon-apigateway-integration": lambda()}}},
    });
    assert_eq!(
        problems(&tsoa.to_string()),
        [
            "components.schemas.Pick_Order.id_: names of models are letters and digits only, in API Gateway"
        ]
    );
}

#[test]
fn paths_and_variables_are_as_api_gateway_keeps_them() {
    let text = "openapi: 3.0.1
paths:
  /items/: {get: {x-amazon-apigateway-integration: {type: mock}}}
  //items: {put: {x-amazon-apigateway-integration: {type: mock}}}
  /a//b/: {parameters: [{name: q, in: query}], get: {x-amazon-apigateway-integration: {type: http, httpMethod: GET, uri: 'https://${AWS::Region}.${AWS::URLSuffix}/${AWS::Partition}/${AWS::AccountId}'}}}
";
    let body = parse(text).unwrap().in_account("111122223333");
    let operations = body.operations();
    assert_eq!(operations.keys().collect::<Vec<_>>(), ["/a/b", "/items"]);
    assert_eq!(
        operations["/items"].keys().collect::<Vec<_>>(),
        ["GET", "PUT"]
    );
    let uri = operations["/a/b"]["GET"].uri.as_deref();
    assert_eq!(
        uri,
        Some("https://eu-central-1.amazonaws.com/aws/111122223333")
    );
}

#[test]
fn three_hundred_resources_fit_and_one_more_does_not() {
    let document = |count: usize| {
        let paths: serde_json::Map<_, _> = (0..count)
            .map(|n| {
                (
                    format!("/a/p{n}"),
                    json!({"get": {"x-amazon-apigateway-integration": {"type": "mock"}}}),
                )
            })
            .collect();
        json!({"openapi": "3.0.1", "paths": paths}).to_string()
    };
    // The root and /a are two.
    assert!(parse(&document(298)).is_ok());
    let said = problems(&document(299));
    assert_eq!(
        said,
        ["paths: 301 resources are more than the 300 of the quota: every part of a path is one"]
    );
}

#[test]
fn json_with_a_key_twice_is_refused_as_yaml_is() {
    let text = "{\"openapi\": \"3.0.1\", \"paths\": {\n\"/a\": {},\n\"/a\": {}}}";
    let said = read(text, "api.json").unwrap_err();
    assert_eq!(said.0[0].line, Some(3), "{said}");
    assert!(said.to_string().contains("duplicate key `/a`"), "{said}");
}

#[test]
fn bodies_made_here_pass_all_checks_in_every_partition() {
    for (region, partition) in [
        ("eu-central-1", "aws"),
        ("cn-north-1", "aws-cn"),
        ("us-gov-west-1", "aws-us-gov"),
    ] {
        let arn = format!("arn:{partition}:lambda:{region}:111122223333:function:orders");
        for body in [
            Body::lambda_proxy(&arn, region, partition, "t"),
            Body::placeholder("t"),
        ] {
            let limits = super::Limits::of(region);
            let read = Body::parse(
                &body.document.to_string(),
                std::path::Path::new("a.json"),
                &limits,
            )
            .unwrap();
            assert_eq!(read.body, body);
            assert!(read.warnings.is_empty());
        }
    }
}

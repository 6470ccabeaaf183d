//! `OpenAPI` documents made of optional parts: which are in one, its number says.

use serde_json::{Value, json};

/// A part that a document may have.
type Part = (&'static str, fn(&mut Value));

const GET: &str = "/paths/~1orders~1{id}/get";
const POST: &str = "/paths/~1orders/post";
const INTEGRATION: &str = "x-amazon-apigateway-integration";
const FUNCTION: &str = "arn:aws:apigateway:eu-central-1:lambda:path/2015-03-31/functions/arn:aws:lambda:eu-central-1:111122223333:function:orders/invocations";
const DOORMAN: &str = "arn:aws:apigateway:eu-central-1:lambda:path/2015-03-31/functions/arn:aws:lambda:eu-central-1:111122223333:function:doorman/invocations";

/// A document by its number: 0 has no optional part, 1 has all. Also what is in it.
pub fn document(number: u64) -> (Vec<&'static str>, Value) {
    let mut document = json!({
        "openapi": "3.0.1",
        "info": { "title": "orders", "version": "1" },
        "paths": {
            "/orders/{id}": { "get": {
                "parameters": [{ "name": "id", "in": "path", "required": true, "schema": { "type": "string" } }],
                "responses": { "200": { "description": "one" } },
                INTEGRATION: { "type": "aws_proxy", "httpMethod": "POST", "uri": FUNCTION },
            } },
            "/orders": { "post": {
                "parameters": [],
                "responses": { "200": { "description": "made" } },
                INTEGRATION: {
                    "type": "http", "httpMethod": "POST", "uri": "https://orders.example.com/orders",
                    "responses": { "default": { "statusCode": "200" } },
                },
            } },
        },
    });
    let mut bits = match number {
        0 => 0,
        1 => u64::MAX,
        other => mixed(other),
    };
    let mut names = Vec::new();
    for (name, add) in PARTS {
        if bits & 1 == 1 {
            add(&mut document);
            names.push(*name);
        }
        bits >>= 1;
    }
    let guards = u64::try_from(GUARDS.len()).expect("few");
    let which = usize::try_from(number % guards).expect("few");
    let (name, security) = GUARDS[which];
    names.push(name);
    guard(&mut document, security);
    if name == AT_THE_TOP {
        // It holds for all that ask for nothing else.
        document["security"] = at(&mut document, GET)["security"].take();
        let get = at(&mut document, GET).as_object_mut();
        get.expect("an operation").remove("security");
    }
    (names, document)
}

/// Bits that look like nothing (splitmix64).
fn mixed(number: u64) -> u64 {
    let mut bits = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

fn at<'a>(document: &'a mut Value, pointer: &str) -> &'a mut Value {
    document
        .pointer_mut(pointer)
        .expect("it is in every document")
}

fn push(document: &mut Value, operation: &str, parameter: Value) {
    let all = at(document, operation)["parameters"].as_array_mut();
    all.expect("a list").push(parameter);
}

fn schema(document: &mut Value, name: &str) -> Value {
    document["components"]["schemas"][name] =
        json!({ "type": "object", "properties": { "id": { "type": "string" } } });
    let target = format!("#/components/schemas/{name}");
    json!({ "application/json": { "schema": { "$ref": target } } })
}

const PARTS: &[Part] = &[
    ("words", |all| {
        all["info"]["description"] = "All orders".into();
        let get = at(all, GET);
        get["summary"] = "One order".into();
        get["description"] = "One order, with its lines".into();
        get["tags"] = json!(["orders"]);
    }),
    ("names of operations", |all| {
        at(all, GET)["operationId"] = "getOrder".into();
        at(all, POST)["operationId"] = "postOrder".into();
    }),
    ("a query", |all| {
        push(
            all,
            GET,
            json!({ "name": "full", "in": "query", "required": true, "schema": { "type": "boolean" } }),
        );
    }),
    ("a header", |all| {
        push(
            all,
            GET,
            json!({ "name": "If-None-Match", "in": "header", "schema": { "type": "string" } }),
        );
    }),
    ("parameters of the path", |all| {
        all["paths"]["/orders/{id}"]["parameters"] =
            json!([{ "name": "trace", "in": "header", "schema": { "type": "string" } }]);
    }),
    ("a body without a name", |all| {
        let content = json!({ "application/json": { "schema": { "type": "object" } } });
        at(all, POST)["requestBody"] = json!({ "content": content });
    }),
    ("a body with a model", |all| {
        let content = schema(all, "Order");
        at(all, POST)["requestBody"] = json!({ "required": true, "content": content });
    }),
    ("a model of an answer", |all| {
        let content = schema(all, "Answer");
        at(all, GET)["responses"]["200"]["content"] = content;
    }),
    ("a header of an answer", |all| {
        at(all, GET)["responses"]["200"]["headers"] =
            json!({ "ETag": { "schema": { "type": "string" } } });
    }),
    ("other answers", |all| {
        at(all, GET)["responses"]["404"] = json!({ "description": "none" });
        at(all, GET)["responses"]["default"] = json!({ "description": "other" });
    }),
    ("validators", |all| {
        all["x-amazon-apigateway-request-validators"] = json!({
            "all": { "validateRequestBody": true, "validateRequestParameters": true },
            "none": { "validateRequestBody": false, "validateRequestParameters": false },
        });
        all["x-amazon-apigateway-request-validator"] = "all".into();
        at(all, POST)["x-amazon-apigateway-request-validator"] = "none".into();
    }),
    ("a gateway response", |all| {
        all["x-amazon-apigateway-gateway-responses"] = json!({ "UNAUTHORIZED": {
            "statusCode": 401,
            "responseParameters": { "gatewayresponse.header.WWW-Authenticate": "'Bearer'" },
            "responseTemplates": { "application/json": "{\"message\": \"no\"}" },
        } });
    }),
    ("binary types", |all| {
        all["x-amazon-apigateway-binary-media-types"] = json!(["image/png", "application/pdf"]);
    }),
    ("compression", |all| {
        all["x-amazon-apigateway-minimum-compression-size"] = 1024.into();
    }),
    ("a source of keys", |all| {
        all["x-amazon-apigateway-api-key-source"] = "AUTHORIZER".into();
    }),
    ("no default endpoint", |all| {
        all["servers"] = json!([{ "url": "/",
            "x-amazon-apigateway-endpoint-configuration": { "disableExecuteApiEndpoint": true } }]);
    }),
    ("a timeout", |all| {
        at(all, POST)[INTEGRATION]["timeoutInMillis"] = 5000.into();
    }),
    ("no passing through", |all| {
        at(all, POST)[INTEGRATION]["passthroughBehavior"] = "never".into();
        at(all, GET)[INTEGRATION]["passthroughBehavior"] = "when_no_match".into();
    }),
    ("content as bytes", |all| {
        at(all, POST)[INTEGRATION]["contentHandling"] = "CONVERT_TO_BINARY".into();
    }),
    ("a mapped header", |all| {
        push(
            all,
            POST,
            json!({ "name": "trace", "in": "header", "schema": { "type": "string" } }),
        );
        at(all, POST)[INTEGRATION]["requestParameters"] = json!({
            "integration.request.header.trace": "method.request.header.trace",
            "integration.request.header.from": "'hybridgw'",
        });
    }),
    ("a template", |all| {
        at(all, POST)[INTEGRATION]["requestTemplates"] =
            json!({ "application/json": "{\"order\": $input.json('$')}" });
    }),
    ("patterns of answers", |all| {
        at(all, POST)["responses"]["400"] = json!({ "description": "refused" });
        at(all, POST)[INTEGRATION]["responses"]["4\\d{2}"] = json!({
            "statusCode": "400", "responseTemplates": { "application/json": "{}" },
        });
    }),
    ("a mapped answer", |all| {
        let post = at(all, POST);
        post["responses"]["200"]["headers"] =
            json!({ "Location": { "schema": { "type": "string" } } });
        post[INTEGRATION]["responses"]["default"]["responseParameters"] =
            json!({ "method.response.header.Location": "integration.response.header.Location" });
    }),
    ("a cache", |all| {
        let integration = &mut at(all, GET)[INTEGRATION];
        integration["cacheKeyParameters"] = json!(["method.request.path.id"]);
        integration["cacheNamespace"] = "orders".into();
    }),
    ("TLS unverified", |all| {
        at(all, POST)[INTEGRATION]["tlsConfig"] = json!({ "insecureSkipVerification": true });
    }),
    ("a role", |all| {
        at(all, GET)[INTEGRATION]["credentials"] = "arn:aws:iam::111122223333:role/invoke".into();
    }),
    ("a greedy path", |all| {
        all["paths"]["/{proxy+}"] = json!({ "x-amazon-apigateway-any-method": {
            "parameters": [{ "name": "proxy", "in": "path", "required": true, "schema": { "type": "string" } }],
            "responses": {},
            INTEGRATION: {
                "type": "http_proxy", "httpMethod": "ANY", "uri": "https://backend.example.com/{proxy}",
                "requestParameters": { "integration.request.path.proxy": "method.request.path.proxy" },
            },
        } });
    }),
    ("CORS", |all| {
        all["paths"]["/orders"]["options"] = json!({
            "responses": { "200": { "description": "CORS", "headers": {
                "Access-Control-Allow-Origin": { "schema": { "type": "string" } },
            } } },
            INTEGRATION: {
                "type": "mock", "passthroughBehavior": "when_no_match",
                "requestTemplates": { "application/json": "{\"statusCode\": 200}" },
                "responses": { "default": { "statusCode": "200", "responseParameters": {
                    "method.response.header.Access-Control-Allow-Origin": "'*'",
                } } },
            },
        });
    }),
];

/// Who may invoke `GET /orders/{id}`.
const GUARDS: &[(&str, &[&str])] = &[
    ("for everybody", &[]),
    ("a token", &["token"]),
    ("a request", &["request"]),
    ("a user pool", &["pool"]),
    ("a signature", &["sigv4"]),
    ("a key", &["key"]),
    ("a token and a key", &["token", "key"]),
    ("a JWT", &["jwt"]),
    (AT_THE_TOP, &["token"]),
];

const AT_THE_TOP: &str = "a token at the top";

fn guard(document: &mut Value, names: &[&str]) {
    let header = |name: &str| json!({ "type": "apiKey", "in": "header", "name": name });
    for name in names {
        let mut scheme = header(if *name == "key" {
            "x-api-key"
        } else {
            "Authorization"
        });
        let authorizer = match *name {
            "token" => json!({ "type": "token", "authorizerUri": DOORMAN,
                "authorizerResultTtlInSeconds": 60, "identityValidationExpression": "^Bearer .*$" }),
            "request" => json!({ "type": "request", "authorizerUri": DOORMAN,
                "identitySource": "method.request.header.Authorization" }),
            "pool" => json!({ "type": "cognito_user_pools", "providerARNs":
                ["arn:aws:cognito-idp:eu-central-1:111122223333:userpool/eu-central-1_aBcDeFgHi"] }),
            "jwt" => json!({ "type": "jwt", "jwtConfiguration":
                { "issuers": [{ "issuer": "https://id.example.com", "audiences": ["orders"] }] } }),
            _ => Value::Null,
        };
        match *name {
            "sigv4" => scheme["x-amazon-apigateway-authtype"] = "awsSigv4".into(),
            "key" => {}
            _ => scheme["x-amazon-apigateway-authorizer"] = authorizer,
        }
        document["components"]["securitySchemes"][*name] = scheme;
        let scopes = if *name == "pool" {
            json!(["orders/read"])
        } else {
            json!([])
        };
        let get = at(document, GET);
        let mut one = json!({});
        one[*name] = scopes;
        match get["security"].as_array_mut() {
            Some(all) => all.push(one),
            None => get["security"] = json!([one]),
        }
    }
}

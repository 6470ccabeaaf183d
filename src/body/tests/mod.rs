use std::path::PathBuf;

use proptest::prelude::*;

use super::*;

mod cases;
mod shapes;

const OPENAPI: &str = r#"{
  "openapi": "3.0.1",
  "info": { "title": "Orders", "version": "7", "x-owner": "blue" },
  "servers": [
    { "url": "https://a.example.com", "x-amazon-apigateway-endpoint-configuration": { "disableExecuteApiEndpoint": true } },
    { "url": "https://b.example.com" }
  ],
  "paths": {
    "/orders": {
      "parameters": [],
      "get": {
        "responses": { "200": { "description": "ok" } },
        "x-amazon-apigateway-integration": {
          "type": "aws_proxy", "httpMethod": "POST",
          "uri": "arn:aws:apigateway:eu-central-1:lambda:path/2015-03-31/functions/arn:aws:lambda:eu-central-1:111122223333:function:orders/invocations"
        }
      },
      "post": {
        "x-amazon-apigateway-integration": { "type": "HTTP_PROXY", "httpMethod": "POST", "uri": "https://example.com/orders" }
      }
    },
    "/{proxy+}": {
      "x-amazon-apigateway-any-method": { "x-amazon-apigateway-integration": { "type": "mock" } }
    }
  },
  "components": {
    "securitySchemes": {
      "token": {
        "type": "apiKey",
        "x-amazon-apigateway-authorizer": {
          "type": "token",
          "authorizerUri": "arn:aws:apigateway:eu-central-1:lambda:path/2015-03-31/functions/arn:aws:lambda:eu-central-1:111122223333:function:doorman/invocations"
        }
      }
    }
  }
}"#;

const SWAGGER: &str = r#"
swagger: "2.0"
info: {title: Orders, version: "1"}
paths:
  /:
    get:
      produces: [application/json]
      responses:
        200: {description: ok}
      x-amazon-apigateway-integration:
        type: mock
        requestTemplates: {application/json: '{"statusCode": 200}'}
"#;

fn parse(text: &str) -> Result<Body, OpenApiError> {
    read(text, "api").map(|read| read.body)
}

fn read(text: &str, file: &str) -> Result<Read, OpenApiError> {
    Body::parse(text, Path::new(file), &Limits::of("eu-central-1"))
}

fn with(body: &Body) -> Value {
    let ids = ["vpce-0123456789abcdef0".to_owned()];
    body.with(
        "orders-dev",
        "hybridgw 1234",
        &json!({ "Version": "2012-10-17" }),
        &ids,
    )
}

/// A body around one path item, in YAML.
fn item(item: &str) -> String {
    format!("openapi: 3.0.1\npaths:\n  /x: {item}\n")
}

#[test]
fn operations_are_read_with_their_integrations() {
    let body = parse(OPENAPI).unwrap();
    let told: Vec<String> = body
        .operations()
        .into_iter()
        .flat_map(|(path, methods)| {
            methods.into_iter().map(move |(method, integration)| {
                let uri = integration.uri.unwrap_or_default();
                format!("{method} {path} {} {uri}", integration.kind)
            })
        })
        .collect();
    assert_eq!(
        told,
        [
            "GET /orders AWS_PROXY arn:aws:apigateway:eu-central-1:lambda:path/2015-03-31/functions/arn:aws:lambda:eu-central-1:111122223333:function:orders/invocations",
            "POST /orders HTTP_PROXY https://example.com/orders",
            "ANY /{proxy+} MOCK ",
        ]
    );
}

#[test]
fn functions_are_those_of_integrations_and_authorizers() {
    assert_eq!(
        parse(OPENAPI).unwrap().functions(),
        [
            "arn:aws:lambda:eu-central-1:111122223333:function:doorman",
            "arn:aws:lambda:eu-central-1:111122223333:function:orders",
        ]
    );
    assert!(parse(SWAGGER).unwrap().functions().is_empty());
}

#[test]
fn streaming_names_its_function_too() {
    let uri = "arn:aws:apigateway:eu-central-1:lambda:path/2021-11-15/functions/ARN/response-streaming-invocations";
    assert_eq!(function_of(uri).as_deref(), Some("ARN"));
    assert_eq!(
        function_of("arn:aws:apigateway:eu-central-1:sqs:path/q"),
        None
    );
    assert_eq!(
        function_of("https://example.com/functions/x/invocations"),
        None
    );
}

#[test]
fn an_openapi_body_takes_the_endpoint_into_its_servers() {
    let body = parse(OPENAPI).unwrap();
    let mut expected: Value = serde_json::from_str(OPENAPI).unwrap();
    expected["info"]["title"] = "orders-dev".into();
    expected["info"]["description"] = "hybridgw 1234".into();
    expected[POLICY] = json!({ "Version": "2012-10-17" });
    expected["servers"][0][ENDPOINT]["vpcEndpointIds"] = json!(["vpce-0123456789abcdef0"]);
    expected["servers"][1][ENDPOINT] = json!({ "vpcEndpointIds": ["vpce-0123456789abcdef0"] });
    assert_eq!(with(&body), expected);
}

#[test]
fn an_openapi_body_without_servers_is_given_one() {
    for servers in ["", "\nservers: []"] {
        let text = item("{get: {x-amazon-apigateway-integration: {type: mock}}}") + servers;
        let written = with(&parse(&text).unwrap());
        let ids = json!({ "vpcEndpointIds": ["vpce-0123456789abcdef0"] });
        assert_eq!(written["servers"], json!([{ "url": "/", ENDPOINT: ids }]));
        let info = json!({ "title": "orders-dev", "description": "hybridgw 1234" });
        assert_eq!(written["info"], info);
    }
}

#[test]
fn a_swagger_body_takes_the_endpoint_at_the_top() {
    let body = parse(SWAGGER).unwrap();
    let mut expected = body.document.clone();
    expected["info"]["title"] = "orders-dev".into();
    expected["info"]["description"] = "hybridgw 1234".into();
    expected[POLICY] = json!({ "Version": "2012-10-17" });
    expected[ENDPOINT] = json!({ "vpcEndpointIds": ["vpce-0123456789abcdef0"] });
    assert_eq!(with(&body), expected);
}

#[test]
fn yaml_and_json_are_one() {
    let body = parse(SWAGGER).unwrap();
    let json = serde_json::to_string(&body.document).unwrap();
    assert_eq!(parse(&json).unwrap(), body);
    // YAML's number becomes JSON's key.
    let responses = &body.document["paths"]["/"]["get"]["responses"];
    assert_eq!(responses, &json!({ "200": { "description": "ok" } }));
}

#[test]
fn yaml_keeps_words_that_were_booleans_once() {
    let text = SWAGGER.replace(
        "title: Orders",
        "title: on, x-country: no, x-id: 0123, x-version: 1.10.0",
    );
    let info = &parse(&text).unwrap().document["info"];
    assert_eq!(info["title"], "on");
    assert_eq!(info["x-country"], "no");
    assert_eq!(info["x-id"], "0123");
    assert_eq!(info["x-version"], "1.10.0");
}

#[test]
fn yaml_anchors_and_merges_are_resolved() {
    let text = "openapi: '3.0.1'
x-mock: &mock {x-amazon-apigateway-integration: {type: mock}}
paths:
  /a: {get: *mock}
  /b: {get: {<<: *mock, summary: b}}
";
    let operations = parse(text).unwrap().operations();
    assert_eq!(operations["/a"]["GET"].kind, "MOCK");
    assert_eq!(operations["/b"]["GET"].kind, "MOCK");
}

#[test]
fn the_hash_is_of_content_not_of_layout() {
    let one = parse(
        r#"{"openapi":"3.0.1","paths":{"/":{"get":{"x-amazon-apigateway-integration":{"type":"mock"}}}}}"#,
    );
    let other =
        parse("paths: {/: {get: {x-amazon-apigateway-integration: {type: mock}}}}\nopenapi: 3.0.1");
    let changed =
        parse("paths: {/: {put: {x-amazon-apigateway-integration: {type: mock}}}}\nopenapi: 3.0.1");
    let hash = one.unwrap().hash();
    assert_eq!(hash.len(), 16);
    // Written down, since a hash that changes between versions deploys every API anew.
    assert_eq!(hash, "7f7b528ee707bb2f");
    assert_eq!(hash, other.unwrap().hash());
    assert_ne!(hash, changed.unwrap().hash());
}

#[test]
fn canonical_json_is_json() {
    for text in [
        "{}",
        "[]",
        "null",
        r#"{"a":[1,{},[],"\"\n"],"b":{"c":1.5}}"#,
    ] {
        let mut out = String::new();
        write_canonical(&serde_json::from_str(text).unwrap(), &mut out);
        assert_eq!(out, text);
    }
}

#[test]
fn bodies_made_here_are_ones_that_would_be_read() {
    let arn = "arn:aws:lambda:eu-central-1:111122223333:function:orders";
    let proxy = Body::lambda_proxy(arn, "eu-central-1", "aws", "orders-dev");
    assert_eq!(proxy.functions(), [arn]);
    let placeholder = Body::placeholder("orders-dev");
    assert!(placeholder.functions().is_empty());
    for (body, kind) in [(proxy, "AWS_PROXY"), (placeholder, "MOCK")] {
        assert_eq!(parse(&body.document.to_string()).unwrap(), body);
        assert_eq!(body.document["info"]["title"], "orders-dev");
        let operations = body.operations();
        assert_eq!(operations.keys().collect::<Vec<_>>(), ["/", "/{proxy+}"]);
        for methods in operations.values() {
            assert_eq!(methods.keys().collect::<Vec<_>>(), ["ANY"]);
            assert_eq!(methods["ANY"].kind, kind);
        }
    }
}

#[test]
fn the_proxy_invokes_by_post() {
    let body = Body::lambda_proxy("ARN", "eu-central-1", "aws", "orders-dev");
    let integration = &body.document["paths"]["/"][ANY_METHOD][INTEGRATION];
    assert_eq!(integration["httpMethod"], "POST");
    let uri = "arn:aws:apigateway:eu-central-1:lambda:path/2015-03-31/functions/ARN/invocations";
    assert_eq!(integration["uri"], uri);
}

#[test]
fn the_placeholder_answers_json_with_200() {
    let body = Body::placeholder("orders-dev");
    let integration = &body.document["paths"]["/{proxy+}"][ANY_METHOD][INTEGRATION];
    let parse = |value: &Value| -> Value { serde_json::from_str(value.as_str().unwrap()).unwrap() };
    let request = parse(&integration["requestTemplates"]["application/json"]);
    assert_eq!(request, json!({ "statusCode": 200 }));
    let answer = &integration["responses"]["default"];
    assert_eq!(answer["statusCode"], "200");
    assert!(parse(&answer["responseTemplates"]["application/json"])["message"].is_string());
}

#[test]
fn files_are_read_by_their_extension() {
    let folder = std::env::temp_dir().join(format!("hybridgw-openapi-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let write = |name: &str, text: &[u8]| -> PathBuf {
        let path = folder.join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let limits = Limits::of("eu-central-1");
    let read = |path: &Path| Body::read(path, &limits);
    let json = read(&write("a.json", OPENAPI.as_bytes()));
    assert_eq!(json.unwrap().body.dialect, Dialect::OpenApi3);
    let yaml = read(&write("a.yaml", SWAGGER.as_bytes()));
    assert_eq!(yaml.unwrap().body.dialect, Dialect::Swagger2);
    // JSON is YAML, and a mark at the beginning is neither.
    assert!(read(&write("b.yml", OPENAPI.as_bytes())).is_ok());
    assert!(read(&write("b", format!("\u{feff}{OPENAPI}").as_bytes())).is_ok());

    let said = |path: PathBuf| -> String {
        let said = read(&path).unwrap_err().to_string();
        said.replace(folder.to_str().unwrap(), "")
    };
    insta::assert_snapshot!(said(write("c.json", SWAGGER.as_bytes())), @"/c.json:2: not valid JSON: expected value");
    insta::assert_snapshot!(said(write("d.json", b"\xff")), @r"
    cannot read /d.json: invalid utf-8 sequence of 1 bytes from index 0
      hint: save it as UTF-8
    ");
    insta::assert_snapshot!(said(write("e.json", &vec![b' '; MOST_BYTES + 1])), @r"
    cannot read /e.json: 6291457 bytes are too many
      hint: API Gateway imports 6 MB at most
    ");
    insta::assert_snapshot!(said(folder.join("none.json")), @r"
    cannot read /none.json: No such file or directory (os error 2)
      hint: file names are relative to the configuration file
    ");
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn depth_is_no_danger() {
    for deep in [
        "[".repeat(100_000),
        "{\"a\":".repeat(100_000),
        "- ".repeat(100_000),
    ] {
        assert!(parse(&deep).is_err());
    }
}

proptest! {
    #[test]
    fn no_text_makes_the_reader_panic(text in "\\PC*") {
        let _ = parse(&text);
    }

    /// A body with anything in any place.
    #[test]
    fn no_shape_makes_the_reader_panic(
        hole in prop::sample::select(vec![
            "openapi", "info", "servers", "paths", "get", "type", "uri", "url", "authorizerUri",
            "x-amazon-apigateway-integration", "x-amazon-apigateway-authorizer", "securitySchemes",
        ]),
        filling in prop::sample::select(vec!["null", "1", "\"x\"", "[]", "[1]", "{}", "{\"a\":[]}"]),
    ) {
        let text = OPENAPI.replace(&format!("\"{hole}\": "), &format!("\"{hole}\": {filling}, \"_\": "));
        if let Ok(body) = parse(&text) {
            body.operations();
            body.functions();
            body.hash();
            with(&body);
        }
    }
}

//! What a file wants, aspect by aspect, and what differs from it.

use super::*;
use crate::body::Body;

const FILE: &str = r##"
openapi: 3.0.1
x-amazon-apigateway-request-validator: all
x-amazon-apigateway-binary-media-types: [image/png]
x-amazon-apigateway-minimum-compression-size: 1024
x-amazon-apigateway-api-key-source: AUTHORIZER
paths:
  /items/{id}:
    parameters: [{ name: trace, in: header, schema: { type: string } }]
    get:
      operationId: item
      security: [{ pool: [b, a] }, { key: [] }]
      parameters: [{ name: full, in: query, required: true }]
      responses:
        200: { headers: { etag: {} }, content: { application/json: { schema: { $ref: "#/components/schemas/Item" } } } }
      x-amazon-apigateway-integration:
        type: http
        httpMethod: get
        uri: https://items.example.com/{id}
        connectionType: vpc_link
        connectionId: abc
        timeoutInMillis: 5000
        passthroughBehavior: when_no_match
        cacheKeyParameters: [method.request.path.id]
        requestParameters: { integration.request.path.id: method.request.path.id }
        tlsConfig: { insecureSkipVerification: true }
        responses:
          default: { statusCode: 200, responseTemplates: { application/json: "" } }
          "5..": { statusCode: "500" }
    post:
      security: [{ later: [] }]
      requestBody: { content: { application/json: { schema: { type: object } } } }
      x-amazon-apigateway-integration: { type: mock, httpMethod: POST }
components:
  schemas: { Item: { type: object } }
  securitySchemes:
    key: { type: apiKey, in: header, name: X-Api-Key }
    later: { type: oauth2, x-amazon-apigateway-authorizer: { type: of-tomorrow } }
    pool: { type: apiKey, in: header, name: Authorization, x-amazon-apigateway-authorizer: { type: cognito_user_pools } }
"##;

fn body() -> Body {
    parse(FILE)
}

fn parse(text: &str) -> Body {
    Body::unchecked(text, "eu-central-1")
}

#[test]
fn a_file_says_each_aspect_as_api_gateway_keeps_it() {
    let methods = body().definition().methods;
    let said: Vec<String> = methods["GET /items/{id}"]
        .said
        .iter()
        .map(|(aspect, text)| format!("{aspect} = {text}"))
        .collect();
    insta::assert_snapshot!(said.join("\n"), @r#"
    API key = required
    TLS = not verified
    authorization = COGNITO_USER_POOLS
    authorizer = pool
    cache keys = method.request.path.id
    connection = VPC_LINK abc
    integration = HTTP
    integration method = GET
    integration parameters = {"integration.request.path.id":"method.request.path.id"}
    integration response 200 = {}
    integration response 500 = {"pattern":"5.."}
    operation name = item
    request parameters = method.request.header.trace: false, method.request.path.id: true, method.request.querystring.full: true
    request validator = all
    response 200 = {"models":{"application/json":"Item"},"parameters":{"method.response.header.etag":false}}
    scopes = a, b
    timeout = 5000
    uri = https://items.example.com/{id}
    "#);
}

#[test]
fn what_cannot_be_told_differs_from_nothing() {
    let wanted = &body().definition().methods["POST /items/{id}"];
    assert!(wanted.open.contains(AUTHORIZATION), "{wanted:?}");
    assert!(wanted.open.contains("request models"), "{wanted:?}");
    let mut actual = wanted.said.clone();
    actual.insert(AUTHORIZATION.to_owned(), "OF_TOMORROW".to_owned());
    actual.insert(
        "request models".to_owned(),
        "application/json: MODEL1a2b3c".to_owned(),
    );
    assert_eq!(wanted.drift("POST /items/{id}", &actual).count(), 0);
}

#[test]
fn a_method_opened_by_somebody_is_named_with_its_aspect() {
    let definition = body().definition();
    let mut actual: Methods = definition
        .methods
        .iter()
        .map(|(name, wanted)| (name.clone(), wanted.said.clone()))
        .collect();
    assert!(definition.drift(&actual).is_empty());
    let get = actual.get_mut("GET /items/{id}").unwrap();
    get.insert(AUTHORIZATION.to_owned(), "NONE".to_owned());
    get.remove(API_KEY);
    let words = |drift: Vec<Drift>| -> Vec<String> {
        let mut words: Vec<String> = drift
            .iter()
            .map(|one| format!("{}: {} -> {}", one.field, one.actual, one.desired))
            .collect();
        words.sort();
        words
    };
    let expected = [
        "GET /items/{id}: API key:  -> required",
        "GET /items/{id}: authorization: NONE -> COGNITO_USER_POOLS",
    ];
    assert_eq!(words(definition.drift(&actual)), expected);
    assert_eq!(words(definition.protection(&actual)), expected);
    actual.remove("POST /items/{id}");
    let gone = definition.drift(&actual);
    let gone = gone
        .iter()
        .find(|one| one.field == "POST /items/{id}")
        .unwrap();
    assert_eq!((gone.actual.as_str(), gone.desired.as_str()), ("", "MOCK"));
}

/// A method that asks for these schemes, with `auth` beside them.
fn guarded(security: &str, auth: &str) -> Wanted {
    let text = format!(
        r"
openapi: 3.0.1
paths:
  /x:
    get:
      security: [{security}]
      {auth}
      x-amazon-apigateway-integration: {{ type: mock }}
components:
  securitySchemes:
    sigv4: {{ type: apiKey, in: header, name: Authorization, x-amazon-apigateway-authtype: awsSigv4 }}
    token: {{ type: apiKey, in: header, name: Authorization, x-amazon-apigateway-authorizer: {{ type: token }} }}
    request: {{ type: apiKey, in: header, name: Authorization, x-amazon-apigateway-authorizer: {{ type: request }} }}
    pool: {{ type: apiKey, in: header, name: Authorization, x-amazon-apigateway-authorizer: {{ type: cognito_user_pools }} }}
    jwt: {{ type: openIdConnect, x-amazon-apigateway-authorizer: {{ type: jwt }} }}
    plain: {{ type: http, scheme: bearer }}
"
    );
    parse(&text).definition().methods["GET /x"].clone()
}

#[test]
fn a_method_that_asks_for_somebody_is_never_taken_for_right_when_it_is_open() {
    const IAM: &str = "x-amazon-apigateway-auth: { type: AWS_IAM }";
    const NONE: &str = "x-amazon-apigateway-auth: { type: NONE }";
    for (security, auth, authorizer, kinds) in [
        ("{ sigv4: [] }", "", "", &["AWS_IAM"][..]),
        ("{ token: [] }", "", "token", &["CUSTOM"]),
        ("{ request: [] }", "", "request", &["CUSTOM"]),
        ("{ pool: [b, a] }", "", "pool", &["COGNITO_USER_POOLS"]),
        ("", IAM, "", &["AWS_IAM"]),
        (
            "{ plain: [] }, { pool: [] }",
            "",
            "pool",
            &["COGNITO_USER_POOLS"],
        ),
        // Which of several counts, and what a new kind is called, is left open.
        ("{ jwt: [] }", "", "jwt", &["JWT", "CUSTOM"]),
        (
            "{ token: [], pool: [a] }",
            "",
            "",
            &["CUSTOM", "COGNITO_USER_POOLS"],
        ),
        (
            "{ token: [] }, { sigv4: [] }",
            "",
            "",
            &["CUSTOM", "AWS_IAM"],
        ),
        ("{ pool: [] }", IAM, "", &["COGNITO_USER_POOLS", "AWS_IAM"]),
    ] {
        let wanted = guarded(security, auth);
        let of = |kind: &str| {
            let mut has = wanted.said.clone();
            has.insert(AUTHORIZATION.to_owned(), kind.to_owned());
            Methods::from([("GET /x".to_owned(), has)])
        };
        let definition = Definition {
            methods: BTreeMap::from([("GET /x".to_owned(), wanted.clone())]),
            ..Definition::default()
        };
        for kind in kinds {
            let drift = definition.protection(&of(kind));
            assert_eq!(drift, [], "{security} {auth} as {kind}");
        }
        for found in [
            definition.protection(&of("NONE")),
            definition.drift(&of("NONE")),
        ] {
            let fields: Vec<&str> = found.iter().map(|one| one.field.as_str()).collect();
            assert_eq!(fields, ["GET /x: authorization"], "{security} {auth}");
        }
        if !wanted.open.contains("authorizer") {
            let named = wanted.said.get("authorizer").cloned().unwrap_or_default();
            assert_eq!(named, authorizer, "{security}");
        }
    }
    // What says that anybody may is open as it says.
    for (security, auth) in [("", ""), ("{ plain: [] }", ""), ("{ pool: [] }", NONE)] {
        let wanted = guarded(security, auth);
        assert_eq!(
            wanted.opened("GET /x", &wanted.said),
            None,
            "{security} {auth}"
        );
    }
}

#[test]
fn what_the_top_of_the_file_asks_for_each_operation_without_its_own_asks_for() {
    let text = r"
openapi: 3.0.1
security: [{ token: [] }]
paths:
  /a/:
    get: { x-amazon-apigateway-integration: { type: mock } }
    put: { security: [], x-amazon-apigateway-integration: { type: mock } }
    post: { security: [{ pool: [] }], x-amazon-apigateway-integration: { type: mock } }
    head: { x-amazon-apigateway-auth: { type: AWS_IAM }, x-amazon-apigateway-integration: { type: mock } }
  /{proxy+}:
    x-amazon-apigateway-any-method: { x-amazon-apigateway-integration: { type: mock } }
components:
  securitySchemes:
    token: { type: apiKey, in: header, name: Authorization, x-amazon-apigateway-authorizer: { type: token } }
    pool: { type: apiKey, in: header, name: Authorization, x-amazon-apigateway-authorizer: { type: cognito_user_pools } }
";
    let body = parse(text);
    let methods = body.definition().methods;
    let of = |name: &str| methods[name].said[AUTHORIZATION].as_str();
    assert_eq!(of("GET /a"), "CUSTOM");
    assert_eq!(of("ANY /{proxy+}"), "CUSTOM");
    assert_eq!(of("PUT /a"), "NONE");
    assert_eq!(of("POST /a"), "COGNITO_USER_POOLS");
    assert_eq!(of("HEAD /a"), "AWS_IAM");
    // It is put so, and does not hang on what API Gateway makes of the top.
    let put = body.with("t", "d", &serde_json::json!({}), &[]);
    assert_eq!(
        put["paths"]["/a"]["get"]["security"][0]["token"],
        serde_json::json!([])
    );
    // A file that says it everywhere itself is what it was.
    let own = |top: &str| {
        let text =
            format!("openapi: 3.0.1\n{top}\npaths: {{/a: {{get: {{security: [{{token: []}}]}}}}}}");
        let tree = serde_json::to_value(parse(&text).with("t", "d", &serde_json::json!({}), &[]));
        tree.unwrap()["paths"].clone()
    };
    assert_eq!(own("security: [{token: []}]"), own("info: {}"));
}

#[test]
fn settings_of_the_api_come_from_extensions() {
    let settings = body().settings();
    assert_eq!(
        settings.binary_types.into_iter().collect::<Vec<_>>(),
        ["image/png"]
    );
    assert_eq!(settings.compression, Some(1024));
    assert_eq!(settings.key_source, "AUTHORIZER");
    assert!(!settings.default_endpoint_off);
    let bare = "openapi: 3.0.1\npaths: {/: {get: {x-amazon-apigateway-integration: {type: mock}}}}";
    assert_eq!(parse(bare).settings(), Settings::default());
}

#[test]
fn nothing_and_null_and_empty_are_one() {
    let one = serde_json::json!({ "b": null, "a": { "c": "" }, "d": [1] });
    assert_eq!(text_of(&one), r#"{"d":[1]}"#);
}

//! The kinds of APIs behind a route.

use std::fmt::Write;

use aws_sdk_apigateway::types::{EndpointConfiguration, EndpointType};

use crate::support::{REGION, World, ZONE, replaced, words};

const JSON: &str = r#"{
  "openapi": "3.0.1",
  "info": { "title": "orders", "version": "1", "description": "All orders" },
  "paths": {
    "/": { "get": { "responses": { "200": { "description": "ok" } },
      "x-amazon-apigateway-integration": { "type": "mock",
        "requestTemplates": { "application/json": "{\"statusCode\": 200}" },
        "responses": { "default": { "statusCode": "200",
          "responseTemplates": { "application/json": "all orders" } } } } } },
    "/item": {
      "get": { "responses": { "200": { "description": "ok" } },
        "x-amazon-apigateway-integration": { "type": "mock",
          "requestTemplates": { "application/json": "{\"statusCode\": 200}" },
          "responses": { "default": { "statusCode": "200",
            "responseTemplates": { "application/json": "one order" } } } } },
      "post": { "responses": { "201": { "description": "made" } },
        "x-amazon-apigateway-integration": { "type": "mock",
          "requestTemplates": { "application/json": "{\"statusCode\": 201}" },
          "responses": { "default": { "statusCode": "201",
            "responseTemplates": { "application/json": "made" } } } } }
    }
  }
}"#;

/// Without a policy a private API cannot be deployed.
const NOBODY: &str = r#"{"Version":"2012-10-17","Statement":{"Effect":"Deny","Principal":"*","Action":"execute-api:Invoke","Resource":"execute-api:/*"}}"#;

const YAML: &str = r#"
openapi: 3.0.1
info:
  title: shop
  version: "1"
paths:
  /:
    get:
      responses:
        "200":
          description: ok
      x-amazon-apigateway-integration:
        type: mock
        requestTemplates:
          application/json: '{"statusCode": 200}'
        responses:
          default:
            statusCode: "200"
            responseTemplates:
              application/json: the shop
"#;

/// The configuration with these routes instead of the placeholder.
fn with_routes(world: &World, routes: &[(&str, &str)]) -> String {
    let toml = world.toml();
    let (head, _) = toml.split_once("[[route]]").expect("a route");
    let mut toml = head.to_owned();
    for (path, api) in routes {
        let _ = write!(toml, "[[route]]\npath = {path:?}\napi = {{ {api} }}\n\n");
    }
    toml
}

#[tokio::test]
async fn the_longest_path_wins_among_routes_in_json_yaml_and_placeholder() {
    let world = World::new().await;
    let before = world.census().await;
    world.save("orders.json", JSON);
    world.save("shop.yaml", YAML);
    world.write(&with_routes(
        &world,
        &[
            ("/", "placeholder = true"),
            ("/orders", r#"openapi = "orders.json", stage = "live""#),
            ("/ord", r#"openapi = "shop.yaml""#),
        ],
    ));
    let up = world.up();
    world.plan_is_empty("three routes");
    world.answers("three routes");
    let ask = |path: &str| {
        let answer = world.ask(path);
        (answer.status, answer.body.trim().to_owned())
    };
    assert_eq!(ask("/orders"), (200, "all orders".to_owned()), "{up}");
    assert_eq!(ask("/orders/item"), (200, "one order".to_owned()), "{up}");
    assert_eq!(ask("/ord"), (200, "the shop".to_owned()), "{up}");
    let made = world.request("POST", "/orders/item", &[("x-forwarded-proto", "https")]);
    assert_eq!((made.status, made.body.trim()), (201, "made"), "{up}");
    // A path that the body does not have; and one that only begins alike.
    assert_eq!(world.ask("/orders/none").status, 403, "{up}");
    assert!(ask("/ordersX").1.contains("The way in works"), "{up}");

    let outputs = world.hybridgw("outputs -o json").exits(0);
    let apis = outputs.json()["apis"].clone();
    let routes: Vec<_> = apis
        .as_array()
        .into_iter()
        .flatten()
        .map(|row| {
            format!(
                "{} {}",
                row["route"].as_str().unwrap_or_default(),
                row["stage"].as_str().unwrap_or_default()
            )
        })
        .collect();
    assert_eq!(routes, ["/ v1", "/ord v1", "/orders live"], "{outputs}");
    let down = world.down();
    world.census().await.assert_equals(&before, &down);
}

#[tokio::test]
async fn an_openapi_file_follows_its_changes() {
    let world = World::new().await;
    world.save("orders.json", JSON);
    world.write(&with_routes(&world, &[("/", r#"openapi = "orders.json""#)]));
    world.up();
    assert_eq!(world.ask("/item").body.trim(), "one order");
    world.save("orders.json", &replaced(JSON, "one order", "an order"));
    let up = world.up();
    let redeployed = ["update deployment", "update rest-api", "update stage"];
    assert_eq!(up.done(), redeployed, "{up}");
    assert_eq!(world.ask("/item").body.trim(), "an order");
    // Layout is not content.
    world.save(
        "orders.json",
        &JSON.replace("one order", "an order").replace('\n', " "),
    );
    world.plan_is_empty("another layout of the same body");
    let up = world.hybridgw("up --yes -o json").converged();
    assert_eq!(up.done(), [""; 0], "{up}");
    // A path taken out of the file goes from the API.
    world.save("orders.json", &JSON.replace("/item", "/thing"));
    world.up();
    assert_eq!(world.ask("/thing").body.trim(), "one order");
    assert_eq!(world.ask("/item").status, 403);
}

#[tokio::test]
async fn a_function_is_invoked_by_its_api_alone_and_forgotten_after_down() {
    let world = World::new().await;
    let before = world.census().await;
    let lambda = format!("lambda = {:?}", world.function);
    world.write(&with_routes(
        &world,
        &[("/", &lambda), ("/shop", "placeholder = true")],
    ));
    let up = world.up();
    let ids = world.ids();
    assert!(ids.contains_key("lambda-permission"), "{ids:?}\n{up}");
    let statement = statement(&world).await;
    let source = format!(
        "arn:aws:execute-api:{REGION}:{}:{}/*",
        world.account, ids["rest-api"]
    );
    assert!(statement.contains(&source), "{statement}");
    assert!(
        statement.contains("apigateway.amazonaws.com"),
        "{statement}"
    );
    world.plan_is_empty("a function");

    let name = world.function.clone();
    let id = &ids["lambda-permission"];
    let call = world.aws.lambda.remove_permission().function_name(name);
    call.statement_id(id).send().await.expect("it can go");
    let plan = world.hybridgw("plan --detailed-exitcode -o json").exits(2);
    assert_eq!(plan.planned(), ["create lambda-permission"], "{plan}");
    let up = world.up();
    assert_eq!(up.done(), ["create lambda-permission"], "{up}");

    let down = world.down();
    world.census().await.assert_equals(&before, &down);
}

#[tokio::test]
async fn the_permission_of_a_function_no_longer_wanted_goes() {
    let world = World::new().await;
    let before = world.census().await;
    world.write(&with_routes(
        &world,
        &[("/", &format!("lambda = {:?}", world.function))],
    ));
    world.up();
    world.write(&world.toml());
    let up = world.up();
    assert!(
        up.done().contains(&"delete lambda-permission".to_owned()),
        "{up}"
    );
    world.plan_is_empty("the function taken out");
    world.answers("the function taken out");
    let down = world.down();
    world.census().await.assert_equals(&before, &down);
}

#[tokio::test]
async fn a_borrowed_api_is_warned_about_and_never_deleted() {
    let world = World::new().await;
    let gateway = &world.aws.apigateway;
    let private = EndpointConfiguration::builder()
        .types(EndpointType::Private)
        .build();
    let made = gateway.create_rest_api().name("theirs");
    let made = made.endpoint_configuration(private).policy(NOBODY);
    let made = made.send().await;
    let id = made.expect("an API").id.expect("its id");
    let root = gateway.get_resources().rest_api_id(&id).send().await;
    let root = root.expect("resources").items()[0].id.clone();
    let method = gateway.put_method().rest_api_id(&id);
    let method = method.set_resource_id(root.clone()).http_method("GET");
    method
        .authorization_type("NONE")
        .send()
        .await
        .expect("a method");
    let mock = gateway.put_integration().rest_api_id(&id);
    let mock = mock.set_resource_id(root).http_method("GET");
    let mock = mock.r#type(aws_sdk_apigateway::types::IntegrationType::Mock);
    mock.send().await.expect("an integration");
    let deployed = gateway
        .create_deployment()
        .rest_api_id(&id)
        .stage_name("live");
    deployed.send().await.expect("a deployment");
    let before = world.census().await;

    world.write(&with_routes(
        &world,
        &[
            ("/", "placeholder = true"),
            ("/theirs", &format!("id = {id:?}, stage = \"live\"")),
        ],
    ));
    let up = world.up().says(&["warning:", &id, "aws:SourceVpce"]);
    let created = words(&up.result()["created"]);
    assert!(
        created.contains(&"base-path-mapping/theirs".to_owned()),
        "{up}"
    );
    assert!(!created.contains(&"rest-api/theirs".to_owned()), "{up}");
    let plan = world.hybridgw("plan --detailed-exitcode").exits(0);
    let endpoint = &world.ids()["vpc-endpoint"];
    plan.says(&["does not admit", endpoint]);
    let down = world.down();
    world.census().await.assert_equals(&before, &down);
}

/// The policy of the world's function.
async fn statement(world: &World) -> String {
    let policy = world.aws.lambda.get_policy().function_name(&world.function);
    let policy = policy.send().await.expect("a policy").policy;
    policy.unwrap_or_default()
}

#[tokio::test]
async fn a_function_straight_behind_the_balancer_lives_and_goes_without_a_trace() {
    let world = World::new().await;
    let before = world.census().await;
    let route = |value: &str| {
        let toml = world.toml();
        let (head, _) = toml.split_once("[[route]]").expect("a route");
        world.write(&format!("{head}[[route]]\npath = \"/sms\"\n{value}\n"));
    };
    route(&format!("lambda = {:?}", world.function));
    let up = world.up();
    world.plan_is_empty("a route to a function");
    let ids = world.ids();
    assert!(!ids.contains_key("vpc-endpoint"), "{ids:?}\n{up}");
    assert!(!ids.contains_key("domain-name"), "{ids:?}\n{up}");
    assert!(ids.contains_key("lambda-permission/sms"), "{ids:?}\n{up}");
    let outputs = world.hybridgw("outputs -o json").exits(0);
    let row = &outputs.json()["functions"][0];
    assert_eq!(row["function"], *world.function, "{outputs}");

    let options = format!(
        "lambda = {{ function = {:?}, multi_value_headers = true, health_check = {{ interval = 40 }} }}",
        world.function
    );
    route(&options);
    let plan = world.hybridgw("plan -o json");
    assert_eq!(plan.planned(), ["update target-group/sms"], "{plan}");
    let changes = &plan.json()["actions"];
    let changes: Vec<String> = changes
        .as_array()
        .into_iter()
        .flatten()
        .flat_map(|action| action["changes"].as_array().cloned().unwrap_or_default())
        .map(|change| change["field"].as_str().unwrap_or_default().to_owned())
        .collect();
    assert!(
        changes.contains(&"multi-value headers".to_owned()),
        "{plan}"
    );
    assert!(changes.contains(&"health check".to_owned()), "{plan}");
    world.up();
    world.plan_is_empty("its settings have changed");

    // Its permission goes when somebody takes it; and with the stack.
    let id = &world.ids()["lambda-permission/sms"];
    let name = &world.function;
    let call = world.aws.lambda.remove_permission().function_name(name);
    let taken = call.statement_id(id).send().await;
    taken.expect("a permission can be removed");
    let plan = world.hybridgw("plan -o json");
    assert_eq!(plan.planned(), ["create lambda-permission/sms"], "{plan}");
    world.up();
    let down = world.down();
    world.census().await.assert_equals(&before, &down);
}

#[tokio::test]
async fn aliases_have_records_certificates_and_rules_of_their_own() {
    let world = World::new().await;
    let shop = format!("shop.{ZONE}");
    let certificate = world.make_certificate(&shop).await;
    let before = world.census().await;
    let own = format!("certificate = {:?}\n", world.certificate);
    let aliases =
        format!("{own}aliases = [{{ name = {shop:?}, certificate = {certificate:?} }}]\n");
    world.write_with(&own, &aliases);
    let up = world.up();
    world.plan_is_empty("an alias");
    world.answers("an alias");
    let ask = || world.request_to(&shop, "GET", "/", &[("x-forwarded-proto", "https")]);
    assert_eq!(ask().status, 200, "{up}");
    let ids = world.ids();
    for kind in [
        "dns-record",
        "domain-name",
        "base-path-mapping",
        "listener-rule",
    ] {
        assert!(
            ids.contains_key(&format!("{kind}/{shop}")),
            "{kind}: {ids:?}"
        );
    }

    // Without the alias everything of it goes, and the certificate last.
    world.write(&world.toml());
    let up = world.up();
    world.plan_is_empty("the alias has gone");
    assert_eq!(
        up.done()
            .iter()
            .filter(|one| one.starts_with("delete"))
            .count(),
        4,
        "{up}"
    );
    world.answers("the alias has gone");
    let down = world.down();
    world.census().await.assert_equals(&before, &down);
}

//! Bodies of many shapes: what API Gateway makes of each converges, an idle `up` stays cheap, and what
//! somebody edits or deploys is named and put right.

use aws_sdk_apigateway::types::IntegrationType;
use hybridgw::{
    aws::{Aws, simulated::http_client},
    pipeline::Plan,
    simulator::{Simulator, conditions::Conditions},
};

use crate::{
    bench::{ACCOUNT, Bench, REGION, config},
    drifts,
    support::{
        document::document,
        sweep::{Ran, seeds, sweep},
    },
};

/// Answers by itself what browsers ask beforehand.
const CORS: &str = r#"
openapi: 3.0.1
info: { title: cors, version: "1" }
paths:
  /items:
    options:
      responses:
        "200":
          description: CORS
          headers:
            Access-Control-Allow-Origin: { schema: { type: string } }
            Access-Control-Allow-Methods: { schema: { type: string } }
      x-amazon-apigateway-integration:
        type: mock
        passthroughBehavior: when_no_match
        requestTemplates: { application/json: '{"statusCode": 200}' }
        responses:
          default:
            statusCode: "200"
            responseParameters:
              method.response.header.Access-Control-Allow-Origin: "'*'"
              method.response.header.Access-Control-Allow-Methods: "'GET,OPTIONS'"
"#;

/// As tools of before `OpenAPI` 3 write.
const SWAGGER: &str = r##"
swagger: "2.0"
info: { title: pets, version: "2016-09-12" }
schemes: [https]
consumes: [application/json]
produces: [application/json]
paths:
  /pets:
    get:
      parameters: [{ name: type, in: query, required: false, type: string }]
      responses:
        "200": { description: ok, schema: { $ref: "#/definitions/Pets" }, headers: { Access-Control-Allow-Origin: { type: string } } }
      x-amazon-apigateway-integration:
        type: http
        httpMethod: GET
        uri: http://petstore.example.com/pets
        passthroughBehavior: when_no_match
        requestParameters: { integration.request.querystring.type: method.request.querystring.type }
        responses:
          default: { statusCode: "200", responseParameters: { method.response.header.Access-Control-Allow-Origin: "'*'" } }
          "4\\d{2}": { statusCode: "400" }
    post:
      parameters: [{ in: body, name: NewPet, required: true, schema: { $ref: "#/definitions/NewPet" } }]
      responses: { "200": { description: ok } }
      x-amazon-apigateway-integration: { type: mock, requestTemplates: { application/json: '{"statusCode": 200}' }, responses: { default: { statusCode: "200" } } }
definitions:
  Pets: { type: array, items: { $ref: "#/definitions/NewPet" } }
  NewPet: { type: object, properties: { type: { type: string } } }
"##;

/// A stack with one API of this body, and its idle `up`.
struct Stand {
    bench: Bench,
    file: std::path::PathBuf,
}

impl Drop for Stand {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.file);
    }
}

impl Stand {
    fn new(number: usize, body: &str) -> Self {
        Self::with(number, body, "")
    }

    fn with(number: usize, body: &str, more: &str) -> Self {
        let name = format!("hybridgw-bodies-{}-{number}.yaml", std::process::id());
        let file = std::env::temp_dir().join(name);
        std::fs::write(&file, body).expect("it can be written");
        let api = format!(
            "route.0.api={{ openapi = \"{}\", stage = \"v1\"{more} }}",
            file.display()
        );
        let config = config("placeholder.toml", &[api]);
        let simulator = Simulator::new(Conditions::default());
        let furnished = hybridgw::rehearsal::furnish(&simulator, &config, ACCOUNT, REGION);
        furnished.expect("it is in memory");
        let bench = Bench::at(simulator, config);
        Self { bench, file }
    }

    /// What the plan says, field by field.
    async fn says(&self) -> Vec<String> {
        let (_, plan) = self
            .bench
            .plan(&self.bench.look())
            .await
            .expect("it can be planned");
        said(&plan)
    }

    async fn is_whole(&self, what: &str) {
        let outcome = self.bench.up().await;
        assert!(outcome.ok(), "{what}: {outcome:?}");
        assert_eq!(self.says().await, [""; 0], "{what}");
    }

    /// Somebody at the console, and the API's id.
    async fn console(&self) -> (Aws, String) {
        let http = http_client(self.bench.simulator.clone());
        let aws = drifts::clients(http, None, ACCOUNT, REGION);
        let apis = aws
            .apigateway
            .get_rest_apis()
            .send()
            .await
            .expect("it reads");
        let mut apis = apis.items().iter();
        let own = apis.find(|api| {
            api.tags()
                .is_some_and(|tags| tags.contains_key("hybridgw:stack"))
        });
        let id = own.and_then(|api| api.id.clone()).expect("the API stands");
        (aws, id)
    }
}

fn said(plan: &Plan) -> Vec<String> {
    let fields = plan.actions.iter().flat_map(|action| {
        let resource = &action.resource;
        let changes = action.changes.iter();
        changes.map(move |one| {
            format!(
                "{resource} {}: {} -> {}",
                one.field, one.actual, one.desired
            )
        })
    });
    fields.collect()
}

/// What an idle `up` of a body costs, after it has converged.
async fn idle(number: usize, what: &str, body: &str) -> usize {
    let stand = Stand::new(number, body);
    stand.is_whole(what).await;
    let bench = Bench::at(stand.bench.simulator.clone(), stand.bench.config.clone());
    assert!(bench.up().await.ok());
    assert_eq!(bench.writes(), 0, "{what}");
    let calls = bench.connection.journal.attempts();
    let by_operation = bench.connection.journal.by_operation();
    assert!(calls <= 27, "{what}: {calls} calls, {by_operation:?}");
    calls
}

/// Whatever optional parts a document has: it is put, read back and as it should be.
#[test]
fn bodies_of_every_shape_converge_and_an_idle_up_costs_27_calls_at_most() {
    sweep("bodies_of_every_shape", &seeds(24), async |number| {
        let (parts, body) = document(*number);
        let what = format!("{number}: {}", parts.join(", "));
        let place = usize::try_from(*number).expect("few");
        idle(place, &what, &body.to_string()).await;
        Ran::default()
    });
}

#[tokio::test(start_paused = true)]
async fn a_swagger_file_converges() {
    idle(900, "Swagger", SWAGGER).await;
}

#[tokio::test(start_paused = true)]
async fn what_is_deployed_by_hand_and_taken_back_is_seen_and_put_right() {
    let stand = Stand::new(901, CORS);
    stand.is_whole("up").await;
    let (console, id) = stand.console().await;
    let gateway = &console.apigateway;
    let paths = gateway
        .get_resources()
        .rest_api_id(&id)
        .send()
        .await
        .expect("it reads");
    let path = paths
        .items()
        .iter()
        .find(|one| one.path() == Some("/items"));
    let path = path.and_then(|one| one.id()).expect("it has a path");
    let call = gateway.put_integration().rest_api_id(&id).resource_id(path);
    let call = call
        .http_method("OPTIONS")
        .r#type(IntegrationType::HttpProxy);
    let call = call
        .integration_http_method("GET")
        .uri("https://elsewhere.example.com");
    call.send().await.expect("it can be edited");
    let edited = stand.says().await;
    assert!(
        edited
            .iter()
            .any(|one| one.starts_with("rest-api OPTIONS /items: uri: https://elsewhere")),
        "{edited:#?}"
    );
    let call = gateway
        .create_deployment()
        .rest_api_id(&id)
        .stage_name("v1");
    call.send().await.expect("it can be deployed");
    // Taken back in the definition, not on the stage.
    let outcome = stand.bench.up().await;
    assert!(outcome.ok(), "{outcome:?}");
    stand.is_whole("put right").await;
}

#[tokio::test(start_paused = true)]
async fn settings_of_a_stage_are_made_kept_and_taken_away() {
    let more = r#", variables = { backend = "a.internal" }, tracing = true, access_logs = { destination = "arn:aws:logs:eu-central-1:111122223333:log-group:orders" }"#;
    let mut stand = Stand::with(902, CORS, more);
    stand.is_whole("with settings").await;
    let bare = Stand::new(903, CORS);
    stand.bench.config = bare.bench.config.clone();
    let said = stand.says().await;
    let fields: Vec<&str> = said
        .iter()
        .filter_map(|one| one.split(':').next())
        .collect();
    assert_eq!(
        fields,
        [
            "stage variables.backend",
            "stage tracing",
            "stage access_logs"
        ]
    );
    stand.is_whole("without settings").await;
}

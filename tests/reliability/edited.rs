//! Somebody edits the API in the moment between the put of its body and the deployment: that is not
//! published.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use aws_sdk_apigateway::types::{GatewayResponseType, IntegrationType, Op, PatchOperation};
use futures_util::future::BoxFuture;
use hybridgw::{
    aws::{Aws, simulated::http_client},
    simulator::{Simulator, conditions::Conditions},
};
use serde_json::Value;

use crate::{
    bench::{ACCOUNT, Bench, REGION, config},
    drifts,
    support::door::{self, Call, Gate},
};

/// What somebody edits.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Edit {
    Integration,
    Authorizer,
    GatewayResponse,
}

impl Edit {
    async fn make(self, aws: &Aws, api: &str) {
        match self {
            Self::Integration => integration(aws, api).await,
            Self::Authorizer => authorizer(aws, api).await,
            Self::GatewayResponse => gateway_response(aws, api).await,
        }
    }
}

/// Edits the API before the first deployments are made.
#[derive(Debug)]
struct Editor {
    simulator: Simulator,
    edit: Edit,
    edits: AtomicUsize,
}

impl Gate for Editor {
    fn before<'a>(&'a self, call: &'a Call) -> BoxFuture<'a, ()> {
        let api = call.operation.strip_prefix("POST /restapis/");
        let api = api.and_then(|rest| rest.strip_suffix("/deployments"));
        Box::pin(async move {
            let Some(api) = api else { return };
            if self.edits.fetch_add(1, Ordering::Relaxed) < 2 {
                let http = http_client(self.simulator.clone());
                let aws = drifts::clients(http, None, ACCOUNT, REGION);
                self.edit.make(&aws, api).await;
            }
        })
    }
}

async fn integration(aws: &Aws, api: &str) {
    let paths = aws.apigateway.get_resources().rest_api_id(api);
    let paths = paths.embed("methods").send().await.expect("it reads");
    let mut paths = paths.items().iter();
    let path = paths
        .find(|one| one.resource_methods().is_some())
        .expect("a path");
    let call = aws.apigateway.put_integration().rest_api_id(api);
    let call = call
        .resource_id(path.id().expect("an id"))
        .http_method("ANY");
    let call = call
        .r#type(IntegrationType::HttpProxy)
        .integration_http_method("GET");
    let call = call.uri("https://elsewhere.example.com");
    call.send().await.expect("it can be edited");
}

/// Somebody else's function lets people in.
async fn authorizer(aws: &Aws, api: &str) {
    let all = aws.apigateway.get_authorizers().rest_api_id(api);
    let all = all.send().await.expect("it reads");
    let one = all.items().first().and_then(|one| one.id()).expect("one");
    let uri = "arn:aws:apigateway:eu-central-1:lambda:path/2015-03-31/functions/arn:aws:lambda:eu-central-1:111122223333:function:elsewhere/invocations";
    let patch = PatchOperation::builder().op(Op::Replace);
    let patch = patch.path("/authorizerUri").value(uri).build();
    let call = aws.apigateway.update_authorizer().rest_api_id(api);
    let call = call.authorizer_id(one).patch_operations(patch);
    call.send().await.expect("it can be edited");
}

async fn gateway_response(aws: &Aws, api: &str) {
    let call = aws.apigateway.put_gateway_response().rest_api_id(api);
    let call = call.response_type(GatewayResponseType::Default4Xx);
    let call = call.response_parameters(
        "gatewayresponse.header.Location",
        "'https://elsewhere.example.com'",
    );
    call.send().await.expect("it can be edited");
}

/// A method with an authorizer, which the file does not tell in API Gateway's words.
const GUARDED: &str = r#"
openapi: 3.0.1
info: { title: orders, version: "1" }
paths:
  /orders:
    get:
      security: [{ token: [] }]
      responses: { "200": { description: all } }
      x-amazon-apigateway-integration:
        type: aws_proxy
        httpMethod: POST
        uri: "arn:aws:apigateway:eu-central-1:lambda:path/2015-03-31/functions/arn:aws:lambda:eu-central-1:111122223333:function:orders/invocations"
components:
  securitySchemes:
    token:
      type: apiKey
      in: header
      name: Authorization
      x-amazon-apigateway-authtype: custom
      x-amazon-apigateway-authorizer:
        type: token
        authorizerUri: "arn:aws:apigateway:eu-central-1:lambda:path/2015-03-31/functions/arn:aws:lambda:eu-central-1:111122223333:function:doorman/invocations"
"#;

/// The API as the account has it after an `up` during which two edits were made.
async fn up_among_edits(edit: Edit, more: &[String]) -> Value {
    let config = config("placeholder.toml", more);
    let simulator = Simulator::new(Conditions::default());
    hybridgw::rehearsal::furnish(&simulator, &config, ACCOUNT, REGION).expect("in memory");
    let editor = Arc::new(Editor {
        simulator: simulator.clone(),
        edit,
        edits: AtomicUsize::new(0),
    });
    let http = door::client(simulator.clone(), Arc::<Editor>::clone(&editor));
    let bench = Bench::through(http, simulator, config);
    let outcome = bench.up().await;
    assert!(outcome.ok(), "{edit:?}: {outcome:?}");
    let edits = editor.edits.load(Ordering::Relaxed);
    assert_eq!(edits, 3, "{edit:?}: two were caught");
    let world = serde_json::to_value(bench.simulator.world()).expect("a world is JSON");
    let apis = &world["accounts"][ACCOUNT]["regions"][REGION]["apigateway"]["apis"];
    let mut apis = apis.as_object().expect("a map").values();
    apis.next().expect("an API").clone()
}

#[tokio::test(start_paused = true)]
async fn an_edit_between_the_put_and_the_deployment_is_not_published() {
    let file = std::env::temp_dir().join(format!("hybridgw-edited-{}.yaml", std::process::id()));
    std::fs::write(&file, GUARDED).expect("it can be written");
    let guarded = format!(
        "route.0.api={{ openapi = \"{}\", stage = \"v1\" }}",
        file.display()
    );
    for (edit, more) in [
        (Edit::Integration, None),
        (Edit::GatewayResponse, None),
        (Edit::Authorizer, Some(guarded)),
    ] {
        let more: Vec<String> = more.into_iter().collect();
        let api = up_among_edits(edit, &more).await;
        let live = api["deployments"].as_object().expect("a map");
        assert_eq!(live.len(), 1, "{edit:?}: {live:?}");
        // Neither deployed nor left in the definition.
        assert!(!api.to_string().contains("elsewhere"), "{edit:?}: {api}");
    }
    let _ = std::fs::remove_file(&file);
}

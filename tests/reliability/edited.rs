//! Somebody edits the API in the moment between the put of its body and the deployment: that is not
//! published.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use aws_sdk_apigateway::types::IntegrationType;
use futures_util::future::BoxFuture;
use hybridgw::{
    aws::simulated::http_client,
    simulator::{Simulator, conditions::Conditions},
};

use crate::{
    bench::{ACCOUNT, Bench, REGION, config},
    drifts,
    support::door::{self, Call, Gate},
};

/// Edits the API before the first deployments are made.
#[derive(Debug)]
struct Editor {
    simulator: Simulator,
    edits: AtomicUsize,
}

impl Gate for Editor {
    fn before<'a>(&'a self, call: &'a Call) -> BoxFuture<'a, ()> {
        let api = call.operation.strip_prefix("POST /restapis/");
        let api = api.and_then(|rest| rest.strip_suffix("/deployments"));
        Box::pin(async move {
            let Some(api) = api else { return };
            if self.edits.fetch_add(1, Ordering::Relaxed) < 2 {
                edit(&self.simulator, api).await;
            }
        })
    }
}

async fn edit(simulator: &Simulator, api: &str) {
    let aws = drifts::clients(http_client(simulator.clone()), None, ACCOUNT, REGION);
    let paths = aws
        .apigateway
        .get_resources()
        .rest_api_id(api)
        .embed("methods");
    let paths = paths.send().await.expect("it reads");
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

#[tokio::test(start_paused = true)]
async fn an_edit_between_the_put_and_the_deployment_is_not_published() {
    let config = config("placeholder.toml", &[]);
    let simulator = Simulator::new(Conditions::default());
    hybridgw::rehearsal::furnish(&simulator, &config, ACCOUNT, REGION).expect("in memory");
    let editor = Arc::new(Editor {
        simulator: simulator.clone(),
        edits: AtomicUsize::new(0),
    });
    let http = door::client(simulator.clone(), Arc::<Editor>::clone(&editor));
    let bench = Bench::through(http, simulator, config);
    let outcome = bench.up().await;
    assert!(outcome.ok(), "{outcome:?}");
    assert_eq!(editor.edits.load(Ordering::Relaxed), 3, "two were caught");
    let world = serde_json::to_value(bench.simulator.world()).expect("a world is JSON");
    let apis = &world["accounts"][ACCOUNT]["regions"][REGION]["apigateway"]["apis"];
    let apis = apis.as_object().expect("a map");
    let deployments = apis
        .values()
        .filter_map(|api| api["deployments"].as_object());
    let live: Vec<String> = deployments
        .flat_map(|all| all.values().map(ToString::to_string))
        .collect();
    assert_eq!(live.len(), 1, "{live:?}");
    assert!(!live[0].contains("elsewhere"), "{live:?}");
}

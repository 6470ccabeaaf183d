//! Pinned addresses: the endpoint has them before anything else of the stack takes
//! addresses of its subnets.

use std::{collections::BTreeSet, time::Duration};

use hybridgw::{pipeline::Action, rehearsal, simulator::conditions::Conditions};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::{
    bench::{ACCOUNT, Bench, REGION, config},
    quick,
};

const PINNED: &str = "pinned.toml";

/// The endpoint's call arrives late: whoever does not wait for it is there first.
fn late() -> Conditions {
    let late = r#"{"quotas": false, "faults": [
        {"operation": "ec2:CreateVpcEndpoint", "calls": [1], "then": {"delay": {"seconds": 30}}}]}"#;
    Conditions::from_json(late).expect("it is understood")
}

fn pinned(pins: &[String]) -> String {
    format!("endpoint.addresses={}", json!(pins))
}

fn bench(name: &str, set: &[String], conditions: Conditions) -> Bench {
    let mut bench = Bench::new(name, conditions);
    bench.config = config(name, set);
    rehearsal::furnish(&bench.simulator, &bench.config, ACCOUNT, REGION).expect("in memory");
    bench
}

/// The interfaces whose description begins so.
fn interfaces(bench: &Bench, begins: &str) -> Vec<Value> {
    let census = bench.census();
    let all = census["regions"]["ec2"]["interfaces"]
        .as_object()
        .expect("a map");
    let own = all.values().filter(|one| {
        let description = one["description"].as_str().unwrap_or_default();
        description.starts_with(begins)
    });
    own.cloned().collect()
}

fn addresses(interfaces: &[Value]) -> BTreeSet<String> {
    let all = interfaces.iter().filter_map(|one| one["address"].as_str());
    all.map(str::to_owned).collect()
}

#[tokio::test(start_paused = true)]
async fn a_load_balancer_takes_no_pinned_address_though_the_endpoint_comes_late() {
    // Which addresses does the load balancer get by itself?
    let unpinned = bench(PINNED, &[pinned(&[])], late());
    assert!(unpinned.up().await.ok());
    let taken: Vec<String> = addresses(&interfaces(&unpinned, "ELB app/"))
        .into_iter()
        .collect();
    assert_eq!(taken.len(), 2, "{taken:?}");

    let bench = bench(PINNED, &[pinned(&taken)], late());
    let outcome = bench.up().await;
    assert!(outcome.ok(), "{outcome:?}");
    assert!(bench.simulator.idle().is_empty(), "it came in time");
    let of_endpoint = addresses(&interfaces(&bench, "VPC Endpoint Interface"));
    assert_eq!(of_endpoint, taken.into_iter().collect());
}

#[tokio::test(start_paused = true)]
async fn the_endpoint_of_sites_comes_after_a_pinned_one() {
    let pins = ["10.0.1.10", "10.0.2.10"].map(str::to_owned);
    let bench = bench("everything.toml", &[pinned(&pins)], late());
    let outcome = bench.up().await;
    assert!(outcome.ok(), "{outcome:?}");
    assert!(bench.simulator.idle().is_empty(), "it came in time");
    let census = bench.census();
    let endpoints = census["regions"]["ec2"]["endpoints"]
        .as_object()
        .expect("a map");
    let created = |service: &str| {
        let mut all = endpoints.values();
        let one = all.find(|one| {
            one["service"]
                .as_str()
                .is_some_and(|name| name.ends_with(service))
        });
        one.expect("it is there")["created"].clone()
    };
    let seconds = |value: &Value| value.to_string().trim_matches('"').to_owned();
    let (apis, sites) = (created(".execute-api"), created(".s3"));
    assert!(seconds(&apis) < seconds(&sites), "{apis} and {sites}");
    assert!(addresses(&interfaces(&bench, "VPC Endpoint Interface")).is_superset(&pins.into()));
}

#[tokio::test(start_paused = true)]
async fn without_pins_nothing_waits_for_the_endpoint() {
    let took = async |set: &[String]| {
        let bench = bench(
            PINNED,
            set,
            Conditions {
                quotas: false,
                ..quick()
            },
        );
        let began = Instant::now();
        assert!(bench.up().await.ok());
        began.elapsed()
    };
    let without = took(&[pinned(&[])]).await;
    let with = took(&[]).await;
    println!("simulated: up without pins {without:?}, with pins {with:?}");
    // The load balancer's three minutes, and two health checks.
    assert!(without < Duration::from_secs(200), "{without:?}");
    assert!(with < Duration::from_mins(5), "{with:?}");
}

#[tokio::test(start_paused = true)]
async fn a_pinned_endpoint_that_is_made_anew_leaves_the_load_balancer_where_it_is() {
    let bench = Bench::new(PINNED, quick());
    assert!(bench.up().await.ok());
    let look = bench.look();
    let (stack, _) = bench.plan(&look).await.expect("it can be planned");
    for step in &stack.steps {
        let on = |need: &hybridgw::resource::Need| need.key().as_str() == "vpc-endpoint";
        let key = step.key();
        if key.as_str() == "load-balancer" {
            assert!(step.needs().iter().any(on), "it does not wait");
            assert!(!step.built_on().iter().any(on), "it is made anew, too");
        }
    }
    let world = bench.simulator.edit(|world, conditions| {
        let ctx = world.context(ACCOUNT, REGION, conditions);
        ctx.here.ec2.endpoints.clear();
        ctx.here
            .ec2
            .interfaces
            .retain(|_, one| one.kind != "vpc_endpoint");
    });
    world.expect("it is in memory");
    let (_, plan) = bench.plan(&bench.look()).await.expect("it can be planned");
    assert!(plan.with(Action::Replace).is_empty());
    let outcome = bench.up().await;
    assert!(outcome.ok(), "{outcome:?}");
    assert!(outcome.report.deleted.is_empty(), "{outcome:?}");
}

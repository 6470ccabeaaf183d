//! Several machines at once on one account: nothing but AWS is shared.

use std::{collections::BTreeMap, time::Duration};

use aws_sdk_apigateway::{
    primitives::Blob,
    types::{Op, PatchOperation, PutMode, RestApi},
};
use hybridgw::{
    aws::{Connection, simulated},
    clock::Clock,
    config::Config,
    pipeline::observe::discover,
    simulator::{Simulator, conditions::Conditions, random::Random},
};

use super::bench::{ACCOUNT, Bench, Outcome, REGION, assert_same, example};

impl Bench {
    /// The same account, seen from another machine.
    fn beside(&self, name: &str, seed: u64) -> Self {
        let simulator: Simulator = self.simulator.clone();
        let http = simulated::http_client(simulator.clone());
        let connection = Connection::through(http, ACCOUNT, REGION, Clock::REAL).seeded(seed);
        let config = Config::load(&example(name), &[], &|_| None).expect("an example is right");
        Self {
            config,
            connection,
            simulator,
        }
    }

    /// What the command `up` does, some time from now. A plan that fails
    /// because of the other machine is made again, as a person would.
    async fn up_after(&self, delay: Duration) -> Outcome {
        tokio::time::sleep(delay).await;
        self.up().await
    }

    /// How many there are of each thing that carries the stack's marks.
    async fn things(&self) -> BTreeMap<String, usize> {
        let mut things = BTreeMap::new();
        for owned in discover(&self.look()).await.expect("reads work") {
            *things.entry(owned.key.to_string()).or_default() += 1;
        }
        things
    }
}

/// Reads of what has no unique name lag: each machine makes its own.
fn conditions(seed: u64, lag: u64) -> Conditions {
    let json = format!(
        r#"{{"seed": {seed}, "lag": [
            {{"operation": "apigateway:Get*", "seconds": {lag}}},
            {{"operation": "elasticloadbalancing:DescribeRules", "seconds": {lag}}}]}}"#
    );
    Conditions::from_json(&json).expect("it is understood")
}

#[tokio::test(start_paused = true)]
async fn two_machines_at_once_end_with_one_of_each_and_both_succeed() {
    let mut duplicates = 0;
    for seed in 0..8 {
        let name = "placeholder.toml";
        let lag = [0, 2, 7, 20][usize::try_from(seed % 4).expect("small")];
        let bench = Bench::new(name, conditions(seed, lag));
        let before = bench.census();
        let other = bench.beside(name, seed + 1);
        let delay = Duration::from_millis(Random::seeded(seed).below(4_000));
        let (one, two) = tokio::join!(bench.up_after(Duration::ZERO), other.up_after(delay));
        for outcome in [&one, &two] {
            assert!(outcome.ok(), "seed {seed}, {delay:?}: {outcome:?}");
        }
        tokio::time::sleep(Duration::from_secs(lag)).await;
        let things = bench.things().await;
        assert!(
            things.values().all(|count| *count == 1),
            "seed {seed}: {things:?}"
        );
        let (_, plan) = bench.plan(&bench.look()).await.expect("it can be planned");
        assert!(plan.converged(), "seed {seed}");
        let made = bench.simulator.journal().into_iter();
        let apis = made
            .filter(|call| call.operation == "apigateway:CreateRestApi" && call.outcome == "ok");
        duplicates += usize::from(apis.count() > 1);
        assert!(bench.down().await.ok(), "seed {seed}");
        assert_same(&before, &bench.census(), "after down");
        bench.assert_struck();
    }
    println!("two APIs were made in {duplicates} of 8 runs");
    assert!(duplicates > 1, "the machines did not meet: {duplicates}");
}

#[tokio::test(start_paused = true)]
async fn up_beside_down_ends_full_or_empty_with_a_second_run_of_the_last() {
    for seed in 0..6 {
        let name = "placeholder.toml";
        let bench = Bench::new(name, conditions(seed, 0));
        let before = bench.census();
        let other = bench.beside(name, seed + 1);
        // Half of the time, down begins with something to do.
        if seed % 2 == 0 {
            assert!(bench.up().await.ok());
        }
        let delay = Duration::from_millis(Random::seeded(seed).below(200_000));
        let down = async {
            tokio::time::sleep(delay).await;
            other.down().await
        };
        let _ = tokio::join!(bench.up_after(Duration::ZERO), down);
        if seed % 4 < 2 {
            let outcome = bench.up().await;
            assert!(outcome.ok(), "seed {seed}, {delay:?}: {outcome:?}");
            let things = bench.things().await;
            assert!(
                things.values().all(|count| *count == 1),
                "seed {seed}: {things:?}"
            );
        }
        let report = other.down().await;
        assert!(report.ok(), "seed {seed}, {delay:?}: {report:?}");
        assert_same(&before, &bench.census(), "after down");
    }
}

/// A second API with the first one's marks, deployed; returns its id.
async fn duplicate(bench: &Bench, first: &RestApi) -> String {
    let calls = bench.connection.writer().apigateway;
    let made = calls
        .create_rest_api()
        .name(first.name().expect("it has one"))
        .set_tags(first.tags().cloned())
        .set_endpoint_configuration(first.endpoint_configuration().cloned())
        .set_policy(first.policy().map(|policy| policy.replace('\\', "")))
        .send()
        .await
        .expect("names are not unique");
    let id = made.id().expect("it has one").to_owned();
    let mock = r#"{"openapi": "3.0.1", "info": {"title": "t", "version": "1"}, "paths": {"/": {"get": {
        "responses": {"200": {"description": "ok"}}, "x-amazon-apigateway-integration": {"type": "mock"}}}}}"#;
    let put = calls.put_rest_api().rest_api_id(&id).body(Blob::new(mock));
    put.mode(PutMode::Merge).send().await.expect("a body");
    let deploy = calls.create_deployment().rest_api_id(&id);
    let deployment = deploy.send().await.expect("it has a method");
    let stage = calls
        .create_stage()
        .rest_api_id(&id)
        .stage_name("duplicate");
    // As another run of the stack marks it: somebody's own would keep the API.
    let marks = [
        ("hybridgw:stack", bench.config.stack.as_str()),
        ("hybridgw:resource", "stage"),
    ];
    let marks = marks.map(|(key, value)| (key.to_owned(), value.to_owned()));
    let stage = stage
        .set_deployment_id(deployment.id)
        .set_tags(Some(marks.into()));
    stage.send().await.expect("a stage");
    id
}

#[tokio::test(start_paused = true)]
async fn of_two_apis_the_mapped_one_is_kept_even_if_it_is_the_younger() {
    for remap in [false, true] {
        let bench = Bench::new("placeholder.toml", conditions(0, 0));
        let before = bench.census();
        assert!(bench.up().await.ok());
        let calls = bench.connection.writer().apigateway;
        let all = calls.get_rest_apis().send().await.expect("reads work");
        let [first] = all.items() else {
            panic!("one API: {all:?}");
        };
        tokio::time::sleep(Duration::from_mins(1)).await;
        let second = duplicate(&bench, first).await;
        let mut kept = first.id().expect("it has one").to_owned();
        if remap {
            let patch = |path: &str, value: &str| {
                let patch = PatchOperation::builder().op(Op::Replace);
                patch.path(path).value(value).build()
            };
            let mapping = calls
                .update_base_path_mapping()
                .domain_name(&bench.config.domain.name)
                .base_path("(none)")
                .patch_operations(patch("/restapiId", &second))
                .patch_operations(patch("/stage", "duplicate"));
            mapping.send().await.expect("it is there");
            kept = second;
        }
        let (_, plan) = bench.plan(&bench.look()).await.expect("it can be planned");
        assert!(!plan.duplicates().is_empty(), "it is shown as a deletion");
        let outcome = bench.up().await;
        assert!(outcome.ok(), "remap {remap}: {outcome:?}");
        let all = calls.get_rest_apis().send().await.expect("reads work");
        let ids: Vec<_> = all.items().iter().filter_map(|api| api.id()).collect();
        assert_eq!(ids, [kept.as_str()], "remap {remap}");
        assert!(bench.down().await.ok());
        assert_same(&before, &bench.census(), "after down");
    }
}

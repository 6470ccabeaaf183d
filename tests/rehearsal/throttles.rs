//! Throttles, quotas and refusals: what is sent again, when, and what is not.

use std::{sync::Arc, time::Duration};

use hybridgw::{
    event::Silent,
    pipeline::apply,
    simulator::conditions::Conditions,
    stop::{Stop, Why},
};
use tokio::time::Instant;

use super::{Bench, assert_same, quick};

/// What the services say when they are asked too often.
const THROTTLES: [&str; 6] = [
    "RequestLimitExceeded",
    "SlowDown",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
    "PriorRequestNotComplete",
];

impl Bench {
    /// The calls that were refused for load.
    fn throttled(&self) -> Vec<String> {
        let entries = self.simulator.journal().into_iter();
        let refused = entries.filter(|entry| {
            let code = entry.outcome.trim_start_matches("refuse: ");
            THROTTLES.contains(&code)
        });
        refused.map(|entry| entry.operation).collect()
    }

    /// Fails if a rule has struck nothing of a service that was called often.
    fn assert_stormy(&self) {
        let journal = self.simulator.journal();
        for (service, ..) in CODES {
            let calls = journal.iter();
            let calls = calls.filter(|entry| entry.operation.starts_with(&format!("{service}:")));
            let (struck, all): (Vec<_>, Vec<_>) =
                calls.partition(|entry| entry.outcome.starts_with("refuse"));
            assert!(
                all.len() < 20 || !struck.is_empty(),
                "no storm over {service}"
            );
        }
    }
}

fn conditions(json: &str) -> Conditions {
    Conditions::from_json(json).expect("it is understood")
}

/// How each service asks to slow down.
const CODES: [(&str, &str, u16); 7] = [
    ("ec2", "RequestLimitExceeded", 503),
    ("elasticloadbalancing", "Throttling", 400),
    ("route53", "PriorRequestNotComplete", 400),
    ("apigateway", "TooManyRequestsException", 429),
    ("lambda", "TooManyRequestsException", 429),
    ("acm", "ThrottlingException", 400),
    ("sts", "Throttling", 400),
];

/// Every service refuses this share of all calls, each with its own code.
fn storm(share: f64, seed: u64) -> Conditions {
    let rules: Vec<String> = CODES
        .iter()
        .map(|(service, code, status)| {
            format!(
                r#"{{"operation": "{service}:*", "probability": {share},
                     "then": {{"refuse": {{"code": "{code}", "status": {status}}}}}}}"#
            )
        })
        .collect();
    conditions(&format!(
        r#"{{"seed": {seed}, "faults": [{}]}}"#,
        rules.join(",")
    ))
}

#[tokio::test(start_paused = true)]
async fn one_run_alone_is_never_asked_to_slow_down() {
    let bench = Bench::new("apis.toml", quick());
    assert!(bench.up().await.ok());
    let began = Instant::now();
    assert!(bench.down().await.ok());
    assert_eq!(bench.throttled(), Vec::<String>::new());
    let calls = bench.connection.journal.by_operation();
    let apis = u32::try_from(calls["DeleteRestApi"]).expect("a few");
    assert!(apis >= 2, "the example has several APIs");
    let least = Duration::from_secs(30) * (apis - 1);
    assert!(began.elapsed() >= least, "{:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn storms_of_throttles_slow_a_run_down_and_never_fail_it() {
    for (share, seeds) in [(0.3, 2), (0.6, 2), (0.9, 1)] {
        for seed in 0..seeds {
            let bench = Bench::new("apis.toml", storm(share, seed));
            let before = bench.census();
            let began = Instant::now();
            let report = bench.up().await;
            assert!(report.ok(), "{share}, seed {seed}: {report:?}");
            let (_, plan) = bench.plan(&bench.look()).await.expect("it can be planned");
            assert!(plan.converged(), "{share}, seed {seed}");
            let up = began.elapsed().as_secs();
            let report = bench.down().await;
            assert!(report.ok(), "{share}, seed {seed}: {report:?}");
            assert_same(&before, &bench.census(), "after the storm");
            let (refused, all) = (bench.throttled().len(), bench.simulator.journal().len());
            println!("{share}, seed {seed}: up {up} s, {refused} of {all} calls refused");
            assert!(refused > 50, "there was a storm: {refused}");
            bench.assert_stormy();
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_same_seed_gives_the_same_run_with_quotas_and_throttles() {
    let run = async || {
        let bench = Bench::new("apis.toml", storm(0.3, 7));
        assert!(bench.up().await.ok());
        (bench.census(), bench.simulator.journal())
    };
    let (first, calls) = run().await;
    let (second, again) = run().await;
    assert_eq!(calls.len(), again.len());
    assert!(calls == again, "the same calls at other times");
    assert_same(&first, &second, "the second run");
}

#[tokio::test(start_paused = true)]
async fn what_cannot_succeed_is_sent_once_and_said_in_aws_s_words() {
    let refusals = [
        ("ec2", "CreateSecurityGroup", "UnauthorizedOperation", 403),
        ("ec2", "CreateVpcEndpoint", "VpcEndpointLimitExceeded", 400),
        (
            "elasticloadbalancing",
            "CreateLoadBalancer",
            "TooManyLoadBalancers",
            400,
        ),
        ("apigateway", "CreateRestApi", "LimitExceededException", 429),
        (
            "apigateway",
            "CreateDomainName",
            "AccessDeniedException",
            403,
        ),
        ("apigateway", "CreateDeployment", "BadRequestException", 400),
        ("route53", "ChangeResourceRecordSets", "InvalidInput", 400),
    ];
    for (service, operation, code, status) in refusals {
        let faults = format!(
            r#"{{"faults": [{{"operation": "{service}:{operation}", "then":
                {{"refuse": {{"code": "{code}", "status": {status}, "message": "no, said AWS"}}}}}}]}}"#
        );
        let bench = Bench::new("placeholder.toml", conditions(&faults));
        let report = bench.up().await;
        bench.assert_struck();
        let (_, error) = report.report.failed.first().expect("something failed");
        let text = error.to_string();
        assert!(
            text.contains(code) && text.contains("no, said AWS"),
            "{text}"
        );
        let sent = bench.connection.journal.by_operation()[operation];
        // Two groups are made, at the same time.
        let groups = if operation == "CreateSecurityGroup" {
            2
        } else {
            1
        };
        assert_eq!(sent, groups, "{operation} {code}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_refusal_that_says_try_again_later_is_tried_again_later() {
    let faults = r#"{"faults": [{"operation": "apigateway:CreateBasePathMapping", "times": 8, "then":
        {"refuse": {"code": "ConflictException", "status": 409,
                    "message": "Unable to complete operation due to concurrent modification. Please try again later."}}}]}"#;
    let bench = Bench::new("placeholder.toml", conditions(faults));
    let report = bench.up().await;
    assert!(report.ok(), "{report:?}");
    bench.assert_struck();
    assert_eq!(
        bench.connection.journal.by_operation()["CreateBasePathMapping"],
        9
    );
}

#[tokio::test(start_paused = true)]
async fn lost_replies_of_reads_are_asked_again_and_of_other_calls_looked_for() {
    let faults = r#"{"faults": [
        {"operation": "*:Get*", "probability": 0.1, "then": "drop-reply"},
        {"operation": "*:Describe*", "probability": 0.1, "then": "drop-request"},
        {"operation": "*:Create*", "calls": [1, 4, 9], "then": "drop-reply"}]}"#;
    let bench = Bench::new("placeholder.toml", conditions(faults));
    let report = bench.up().await;
    assert!(report.ok(), "{report:?}");
    let (_, plan) = bench.plan(&bench.look()).await.expect("it can be planned");
    assert!(plan.converged());
    let outcome = bench.down().await;
    assert!(outcome.ok(), "{outcome:?}");
    bench.assert_struck();
}

#[tokio::test(start_paused = true)]
async fn a_call_that_waits_for_throttles_ends_soon_after_the_run_is_stopped() {
    let faults = r#"{"faults": [{"operation": "apigateway:CreateRestApi", "then":
        {"refuse": {"code": "TooManyRequestsException", "status": 429}}}]}"#;
    let bench = Bench::new("placeholder.toml", conditions(faults));
    let stop = Arc::new(Stop::default());
    bench.connection.heed(&stop);
    let look = bench.look();
    let (stack, _) = bench.plan(&look).await.expect("it can be planned");
    let aws = bench.connection.writer();
    let run = async {
        let report = apply(&stack, &aws, &look, &Silent, &stop).await;
        (report, Instant::now())
    };
    let interrupt = async {
        tokio::time::sleep(Duration::from_mins(4)).await;
        stop.set(Why::Interrupted);
        let sent = bench.connection.journal.by_operation()["CreateRestApi"];
        (Instant::now(), sent)
    };
    let ((report, ended), (thrown, sent)) = tokio::join!(run, interrupt);
    assert!(sent > 10, "it was tried again for four minutes: {sent}");
    assert!(
        ended - thrown < Duration::from_secs(2),
        "{:?}",
        ended - thrown
    );
    let after = bench.connection.journal.by_operation()["CreateRestApi"];
    assert_eq!(after, sent, "sent once more after the stop");
    assert!(report.failed.is_empty(), "{report:?}");
    let waits = report.not_started.iter().map(|(key, _)| key.as_str());
    assert!(
        waits.collect::<Vec<_>>().contains(&"rest-api"),
        "{report:?}"
    );
}

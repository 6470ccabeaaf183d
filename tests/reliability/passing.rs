//! Refusals and states that pass by themselves, each for as long as AWS takes; and the same when they
//! do not pass.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_types::body::SdkBody;
use futures_util::future::BoxFuture;
use hybridgw::{
    pipeline::{Action, report::failure},
    simulator::{
        conditions::Conditions,
        faults::{Fault, Rule},
    },
};
use tokio::time::{Instant, sleep, timeout};

use crate::support::{
    door::{Call, Gate},
    scene::{Scene, Verb, steady},
    sweep::prepared,
};

/// Calls a load balancer failed that is being made, until a moment.
#[derive(Debug)]
struct Failing {
    until: Instant,
    said: Mutex<usize>,
}

impl Failing {
    fn lasting(time: Duration) -> Arc<Self> {
        Arc::new(Self {
            until: Instant::now() + time,
            said: Mutex::default(),
        })
    }

    fn said(&self) -> usize {
        *self.said.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Gate for Failing {
    fn after<'a>(&'a self, call: &'a Call, reply: &'a mut HttpResponse) -> BoxFuture<'a, ()> {
        if call.operation == "DescribeLoadBalancers" && Instant::now() < self.until {
            let body = String::from_utf8_lossy(reply.body().bytes().unwrap_or_default());
            let failed = body.replace(">provisioning<", ">failed<");
            if failed != body {
                *self.said.lock().unwrap_or_else(PoisonError::into_inner) += 1;
                *reply.body_mut() = SdkBody::from(failed);
            }
        }
        Box::pin(std::future::ready(()))
    }
}

#[test]
fn a_load_balancer_that_is_failed_for_a_moment_is_neither_planned_nor_made_anew() {
    let scene = Scene::of("placeholder.toml", Verb::Up);
    prepared(async move || {
        let bench = scene.bench(Conditions::default());
        assert!(timeout(Duration::from_secs(30), bench.up()).await.is_err());
        // A plan in the meantime.
        let failing = Failing::lasting(Duration::from_secs(30));
        let behind = bench.behind(failing.clone());
        let (_, plan) = behind
            .plan(&behind.look())
            .await
            .expect("it can be planned");
        assert!(failing.said() > 0, "it was never failed");
        let replaced = plan.with(Action::Replace);
        assert!(replaced.is_empty(), "{replaced:?}");
        // And a run that goes on.
        let failing = Failing::lasting(Duration::from_secs(30));
        let outcome = bench.behind(failing.clone()).up().await;
        assert!(failing.said() > 0, "it was never failed");
        assert!(outcome.ok(), "{outcome:?}");
        assert!(outcome.report.deleted.is_empty(), "{outcome:?}");
        assert!(scene.judge(&bench, &outcome).await.is_empty());
    });
}

#[test]
fn a_load_balancer_that_stays_failed_is_to_be_made_anew_after_a_minute() {
    let scene = Scene::of("placeholder.toml", Verb::Up);
    prepared(async move || {
        let bench = scene.bench(Conditions::default());
        assert!(timeout(Duration::from_secs(30), bench.up()).await.is_err());
        let behind = bench.behind(Failing::lasting(Duration::from_hours(1)));
        let began = Instant::now();
        let (_, plan) = behind
            .plan(&behind.look())
            .await
            .expect("it can be planned");
        let took = began.elapsed();
        assert!(took < Duration::from_secs(90), "{took:?}");
        let replaced = plan.with(Action::Replace);
        let replaced: Vec<&str> = replaced.iter().map(|one| one.resource.as_str()).collect();
        assert!(replaced.contains(&"load-balancer"), "{replaced:?}");
    });
}

/// A refusal of what is not visible yet.
struct Refusal {
    name: &'static str,
    verb: Verb,
    operation: &'static str,
    code: &'static str,
    status: u16,
    words: &'static str,
    /// How long it may last.
    passes: Duration,
    /// When it is said that it does not pass, at the latest.
    said: Option<Duration>,
}

const REFUSALS: [Refusal; 5] = [
    Refusal {
        name: "placeholder.toml",
        verb: Verb::Up,
        operation: "elasticloadbalancing:CreateListener",
        code: "CertificateNotFound",
        status: 400,
        words: "Certificate not found",
        passes: Duration::from_secs(280),
        said: Some(Duration::from_mins(7)),
    },
    Refusal {
        name: "lambda.toml",
        verb: Verb::Up,
        operation: "elasticloadbalancing:RegisterTargets",
        code: "AccessDenied",
        status: 403,
        words: "elasticloadbalancing principal does not have permission to invoke the function",
        passes: Duration::from_secs(45),
        said: Some(Duration::from_mins(4)),
    },
    // It always passes: a look at the bucket is under way.
    Refusal {
        name: "site.toml",
        verb: Verb::Up,
        operation: "s3:PutBucketPolicy",
        code: "OperationAborted",
        status: 409,
        words: "A conflicting conditional operation is currently in progress",
        passes: Duration::from_mins(4),
        said: None,
    },
    Refusal {
        name: "placeholder.toml",
        verb: Verb::Down,
        operation: "route53:ChangeResourceRecordSets",
        code: "InvalidChangeBatch",
        status: 400,
        words: "but the values provided do not match the current values",
        passes: Duration::from_secs(45),
        said: Some(Duration::from_mins(2)),
    },
    Refusal {
        name: "placeholder.toml",
        verb: Verb::Down,
        operation: "route53:ChangeResourceRecordSets",
        code: "InvalidChangeBatch",
        status: 400,
        words: "but it already exists",
        passes: Duration::from_secs(45),
        said: Some(Duration::from_mins(2)),
    },
];

impl Refusal {
    fn conditions(&self) -> Conditions {
        let rule = Rule {
            operation: self.operation.to_owned(),
            calls: None,
            from: None,
            probability: None,
            times: None,
            then: Fault::Refuse {
                code: self.code.to_owned(),
                status: self.status,
                message: self.words.to_owned(),
            },
        };
        Conditions {
            faults: vec![rule],
            ..steady()
        }
    }
}

#[test]
fn what_is_not_visible_yet_is_waited_for_as_long_as_aws_takes() {
    for refusal in &REFUSALS {
        let scene = Scene::of(refusal.name, refusal.verb);
        prepared(async move || {
            let bench = scene.bench(refusal.conditions());
            let passing = async {
                sleep(refusal.passes).await;
                assert!(
                    bench.simulator.idle().is_empty(),
                    "{} was not called",
                    refusal.operation
                );
                bench.simulator.set_faults(Vec::new());
            };
            let (outcome, ()) = tokio::join!(scene.go(&bench), passing);
            assert!(outcome.ok(), "{}: {outcome:?}", refusal.code);
            assert!(scene.judge(&bench, &outcome).await.is_empty());
        });
    }
}

#[test]
fn what_does_not_pass_is_said_in_aws_words_when_its_time_is_over() {
    for refusal in &REFUSALS {
        let Some(said) = refusal.said else { continue };
        let scene = Scene::of(refusal.name, refusal.verb);
        prepared(async move || {
            let bench = scene.bench(refusal.conditions());
            let began = Instant::now();
            let outcome = scene.go(&bench).await;
            let took = began.elapsed();
            assert!(bench.simulator.idle().is_empty());
            assert!(took < said, "{}: {took:?}", refusal.words);
            let error = failure(&outcome.report, None);
            let words = error.to_string();
            assert!(words.contains(refusal.code), "{words}");
            assert!(words.contains(refusal.words), "{words}");
            bench.simulator.set_faults(Vec::new());
            let again = scene.go(&bench).await;
            assert!(scene.judge(&bench, &again).await.is_empty());
        });
    }
}

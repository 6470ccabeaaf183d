//! Refusals that do not pass: said at once, with what is left and what to do.

use std::{collections::BTreeMap, time::Duration};

use hybridgw::{
    error::ErrorKind,
    outputs::Status,
    pipeline::report::failure,
    simulator::{
        conditions::Conditions,
        faults::{Fault, Rule},
    },
};
use tokio::time::Instant;

use crate::bench::{ACCOUNT, REGION};
use crate::support::{
    scene::{Scene, Verb, steady},
    sweep::prepared,
};

fn refusing(operation: &str, from: u64, code: &str, status: u16, message: &str) -> Conditions {
    let then = Fault::Refuse {
        code: code.to_owned(),
        status,
        message: message.to_owned(),
    };
    answering(operation, from, then)
}

fn answering(operation: &str, from: u64, then: Fault) -> Conditions {
    Conditions {
        faults: vec![Rule {
            operation: operation.to_owned(),
            calls: None,
            from: Some(from),
            probability: None,
            times: None,
            then,
        }],
        ..steady()
    }
}

#[test]
fn what_waits_for_a_thing_that_has_failed_for_good_gives_up_soon() {
    for operation in ["CreateLoadBalancer", "CreateListener", "CreateRule"] {
        let scene = Scene::of("everything.toml", Verb::Up);
        prepared(async move || {
            let operation = format!("elasticloadbalancing:{operation}");
            let bench = scene.bench(refusing(&operation, 1, "AccessDenied", 403, "no"));
            let began = Instant::now();
            let outcome = bench.up().await;
            let took = began.elapsed();
            assert!(bench.simulator.idle().is_empty());
            assert!(took < Duration::from_mins(4), "{operation}: {took:?}");
            let error = failure(&outcome.report, None);
            assert_eq!(error.exit_code(), 4, "{error:?}");
            let also = error.also.join("\n");
            let words = "Target.NotInUse: Target group is not configured to receive traffic from the load balancer; listener-rule/hooks did not come about";
            assert!(also.contains(words), "{also}");

            bench.simulator.set_conditions(steady());
            let again = bench.up().await;
            let findings = scene.judge(&bench, &again).await;
            assert!(findings.is_empty(), "{operation}: {findings:?}");
        });
    }
}

/// The load balancer is not let into the zone of a new address, which so is never healthy.
#[test]
fn an_address_in_a_zone_that_the_load_balancer_does_not_get_is_not_waited_for_20_minutes() {
    let scene = Scene::of("everything.toml", Verb::Change);
    prepared(async move || {
        let page = Fault::Page {
            status: 502,
            applied: false,
        };
        let bench = scene.bench(answering("elasticloadbalancing:SetSubnets", 1, page));
        let began = Instant::now();
        let (outcome, findings) = scene.asking(&bench, Box::pin(bench.up())).await;
        let took = began.elapsed();
        assert!(findings.is_empty(), "{findings:?}");
        assert!(bench.simulator.idle().is_empty());
        assert!(took < Duration::from_mins(8), "{took:?}");
        let error = failure(&outcome.report, None);
        let said = format!("{error} {}", error.also.join("\n"));
        for words in [
            "HTTP 502 without an error code",
            "is healthy; load-balancer did not come about",
        ] {
            assert!(said.contains(words), "{said}");
        }

        bench.simulator.set_conditions(steady());
        let again = bench.up().await;
        let findings = scene.judge(&bench, &again).await;
        assert!(findings.is_empty(), "{findings:?}");
    });
}

#[test]
fn a_page_in_the_place_of_an_answer_is_quoted_and_not_waited_for_20_minutes() {
    for (operation, status) in [
        ("elasticloadbalancing:CreateTargetGroup", 403),
        ("ec2:AuthorizeSecurityGroupIngress", 302),
        ("ec2:CreateVpcEndpoint", 200),
        ("apigateway:CreateRestApi", 407),
        ("route53:ChangeResourceRecordSets", 502),
    ] {
        let scene = Scene::of("everything.toml", Verb::Up);
        prepared(async move || {
            let page = Fault::Page {
                status,
                applied: false,
            };
            let bench = scene.bench(answering(operation, 1, page));
            let began = Instant::now();
            let outcome = bench.up().await;
            let took = began.elapsed();
            assert!(bench.simulator.idle().is_empty());
            assert!(took < Duration::from_mins(8), "{operation}: {took:?}");
            let error = failure(&outcome.report, None);
            let said = format!("HTTP {status} without an error code");
            assert!(error.to_string().contains(&said), "{error}");
            // It may have come about, for all that anybody knows.
            assert!(!outcome.report.left_behind().is_empty());

            bench.simulator.set_conditions(steady());
            let again = bench.up().await;
            let findings = scene.judge(&bench, &again).await;
            assert!(findings.is_empty(), "{operation}: {findings:?}");
        });
    }
}

#[test]
fn a_conflict_that_does_not_pass_is_no_20_minutes_of_waiting() {
    for (operation, code, words) in [
        (
            "apigateway:CreateBasePathMapping",
            "ConflictException",
            "Base path already exists for this domain name",
        ),
        (
            "apigateway:CreateDeployment",
            "ConflictException",
            "The request configuration has conflicts",
        ),
        (
            "apigateway:CreateStage",
            "BadRequestException",
            "Invalid stage name",
        ),
    ] {
        let scene = Scene::of("placeholder.toml", Verb::Up);
        prepared(async move || {
            let bench = scene.bench(refusing(operation, 1, code, 409, words));
            let began = Instant::now();
            let outcome = bench.up().await;
            let took = began.elapsed();
            assert!(bench.simulator.idle().is_empty());
            let error = failure(&outcome.report, None);
            assert!(error.to_string().contains(words), "{error}");
            assert!(took < Duration::from_mins(5), "{operation}: {took:?}");
        });
    }
}

#[test]
fn credentials_that_run_out_in_the_middle_are_named_with_what_is_left_behind() {
    for from in [60, 110] {
        let scene = Scene::of("placeholder.toml", Verb::Up);
        prepared(async move || {
            let expired = refusing("*", from, "ExpiredTokenException", 403, "expired");
            let bench = scene.bench(expired);
            let outcome = bench.up().await;
            assert!(bench.simulator.idle().is_empty());
            let error = match outcome.error {
                Some(error) => error,
                None => failure(&outcome.report, None),
            };
            assert_eq!(error.kind, ErrorKind::Credentials, "{error:?}");
            assert_eq!(error.exit_code(), 4);
            let hints = error.hints.join("; ");
            assert!(
                hints.contains("sign in") && hints.contains("run again"),
                "{hints}"
            );
            assert!(!hints.contains("network"), "{hints}");
            assert!(!outcome.report.left_behind().is_empty());
            bench.simulator.set_faults(Vec::new());
            let again = bench.up().await;
            assert!(scene.judge(&bench, &again).await.is_empty());
        });
    }
}

/// Reads that may be denied, and what `status` names then, if it has to; whether everything can go
/// all the same.
const DENIED: [(&str, &str, bool); 5] = [
    ("s3:GetBucketPolicy", "the policy of the bucket ", false),
    ("lambda:GetPolicy", "the policy of the function ", false),
    ("apigateway:GetResources", "", true),
    // Somebody's stage would go with the API.
    ("apigateway:GetStages", "GetStages", false),
    (
        "elasticloadbalancing:DescribeTargetHealth",
        "DescribeTargetHealth",
        true,
    ),
];

#[test]
fn one_denied_read_keeps_neither_down_nor_status_from_the_rest() {
    for (operation, named, all) in DENIED {
        let scene = Scene::of("everything.toml", Verb::Down);
        prepared(async move || {
            let bench = scene.bench(steady());
            let before = Status::read(&bench.look()).await.expect("it is readable");
            let denied = refusing(operation, 1, "AccessDenied", 403, "no");
            bench.simulator.set_conditions(denied);

            let status = Status::read(&bench.look()).await.expect("it goes on");
            let seen = status.resources.len();
            assert!(seen + 6 > before.resources.len(), "{operation}: {seen}");
            assert_eq!(
                status.unreadable.is_empty(),
                named.is_empty(),
                "{operation}"
            );

            let outcome = bench.down().await;
            let gone = outcome.report.deleted.len();
            if all {
                assert!(outcome.ok(), "{operation}: {outcome:?}");
                assert!(scene.judge(&bench, &outcome).await.is_empty());
                return;
            }
            assert!(bench.simulator.idle().is_empty());
            assert!(gone > 5, "{operation}: only {gone} went");
            let error = outcome.error.as_ref();
            let error = error.unwrap_or_else(|| panic!("{operation}: {:?}", outcome.report));
            assert_eq!(error.exit_code(), 4, "{error:?}");
            let also = error.also.join("\n");
            assert!(
                also.contains("unreadable: ") && also.contains(named),
                "{also}"
            );
            let words = serde_json::to_string(&status).expect("it is JSON");
            assert!(words.contains(named), "{words}");

            bench.simulator.set_conditions(steady());
            let again = bench.down().await;
            let findings = scene.judge(&bench, &again).await;
            assert!(findings.is_empty(), "{operation}: {findings:?}");
        });
    }
}

/// The zones of a file are known by name alone.
const ZONES: &str = "route53:ListHostedZonesByName";

#[test]
fn a_denied_list_of_zones_keeps_nothing_that_is_remembered_from_going() {
    let scene = Scene::of("everything.toml", Verb::Down);
    prepared(async move || {
        let bench = scene.bench(refusing(ZONES, 1, "AccessDenied", 403, "no"));
        let outcome = bench.down().await;
        assert!(bench.simulator.idle().is_empty());
        assert!(outcome.ok(), "{outcome:?}");
        bench.simulator.set_conditions(steady());
        let findings = scene.judge(&bench, &outcome).await;
        assert!(findings.is_empty(), "{findings:?}");
    });
}

#[test]
fn a_zone_of_the_file_that_cannot_be_read_and_nothing_remembers_is_said() {
    let scene = Scene::of("everything.toml", Verb::Down);
    prepared(async move || {
        let bench = scene.bench(refusing(ZONES, 1, "AccessDenied", 403, "no"));
        let forgotten = bench.simulator.edit(|world, conditions| {
            let ctx = world.context(ACCOUNT, REGION, conditions);
            let stack = bench.config.stack.as_str();
            let own = |tags: &&mut BTreeMap<String, String>| {
                tags.get("hybridgw:stack").is_some_and(|one| one == stack)
            };
            for tags in ctx.here.ec2.tags.values_mut().filter(own) {
                tags.retain(|key, _| !key.starts_with("hybridgw:record:"));
            }
        });
        forgotten.expect("it is in memory");
        let outcome = bench.down().await;
        assert!(bench.simulator.idle().is_empty());
        let error = outcome.error.as_ref();
        let error = error.unwrap_or_else(|| panic!("{:?}", outcome.report));
        assert_eq!(error.exit_code(), 4, "{error:?}");
        let also = error.also.join("\n");
        assert!(
            also.contains("unreadable: the hosted zone corp.example.com of "),
            "{also}"
        );
        assert!(
            error
                .hints
                .iter()
                .any(|hint| hint.contains("ListHostedZonesByName")),
            "{error:?}"
        );
        // What proves whose the record is stays until it can be looked for.
        bench.simulator.set_conditions(steady());
        let again = bench.down().await;
        let findings = scene.judge(&bench, &again).await;
        assert!(findings.is_empty(), "{findings:?}");
    });
}

#[test]
fn a_rule_about_an_operation_that_does_not_exist_is_refused() {
    for operation in ["elbv2:CreateRule", "apigateway:UpdateRestApiPolicy"] {
        let conditions = refusing(operation, 1, "AccessDenied", 403, "no");
        let checked = hybridgw::simulator::check(&conditions);
        let error = checked.expect_err("nothing is called so").to_string();
        assert!(error.contains(operation), "{error}");
    }
}

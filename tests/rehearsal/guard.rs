//! The rule against `x-apigw-api-id`: it is never gone while the listener stands.

use std::{cell::RefCell, collections::BTreeSet, time::Duration};

use aws_sdk_elasticloadbalancingv2::types::{
    Action, FixedResponseActionConfig, HostHeaderConditionConfig, HttpHeaderConditionConfig,
    RuleCondition, RulePriorityPair,
};
use hybridgw::{aws::Aws, simulator::dataplane::Ask};

use crate::{
    bench::{ACCOUNT, Bench, Outcome, REGION},
    onlooker::CLIENT,
    probe::HOST,
    quick,
};

/// What a request with the header is answered.
fn sneaks(bench: &Bench) -> u16 {
    let mut ask = Ask::new(HOST, "/", CLIENT);
    ask.headers
        .insert("x-apigw-api-id".to_owned(), "a1b2c3d4e5".to_owned());
    bench.simulator.ask(ACCOUNT, REGION, &ask).status
}

/// The rules of the HTTPS listener: ARN, priority, and the header it is about.
async fn rules(bench: &Bench, aws: &Aws) -> Vec<(String, String, Option<String>)> {
    let balancer = aws.elb.describe_load_balancers().names(&bench.config.stack);
    let balancers = balancer.send().await.expect("it is there");
    let arn = balancers.load_balancers()[0].load_balancer_arn();
    let listeners = aws
        .elb
        .describe_listeners()
        .set_load_balancer_arn(arn.map(str::to_owned));
    let listeners = listeners.send().await.expect("they are there");
    let https = listeners
        .listeners()
        .iter()
        .find(|one| one.port() == Some(443));
    let listener = https
        .and_then(|one| one.listener_arn())
        .expect("it is there");
    let rules = aws.elb.describe_rules().listener_arn(listener).send().await;
    let rules = rules.expect("it is there").rules.unwrap_or_default();
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    let one = |rule: &aws_sdk_elasticloadbalancingv2::types::Rule| {
        let mut headers = rule.conditions().iter();
        let header = headers.find_map(|one| one.http_header_config()?.http_header_name());
        let header = header.map(str::to_owned);
        (text(rule.rule_arn()), text(rule.priority()), header)
    };
    let mut all = vec![(listener.to_owned(), String::new(), None)];
    all.extend(rules.iter().map(one));
    all
}

async fn place(aws: &Aws, rule: &str, priority: i32) {
    let pair = RulePriorityPair::builder()
        .rule_arn(rule)
        .priority(priority);
    let moved = aws.elb.set_rule_priorities().rule_priorities(pair.build());
    moved.send().await.expect("the place is free");
}

fn fixed(status: &str) -> Action {
    let response = FixedResponseActionConfig::builder()
        .status_code(status)
        .build();
    let action = Action::builder().r#type("fixed-response".into());
    action.fixed_response_config(response).build()
}

async fn stranger(aws: &Aws, listener: &str) -> String {
    let host = HostHeaderConditionConfig::builder().values("other.example.com");
    let host = RuleCondition::builder()
        .field("host-header")
        .host_header_config(host.build());
    let made = aws
        .elb
        .create_rule()
        .listener_arn(listener)
        .priority(1)
        .conditions(host.build())
        .actions(fixed("200"))
        .send()
        .await
        .expect("the place is free");
    made.rules()[0].rule_arn().unwrap_or_default().to_owned()
}

/// Applies while a request with the header is sent every second. Returns what it
/// was answered.
async fn watched(bench: &Bench) -> (Outcome, BTreeSet<u16>) {
    let heard: RefCell<BTreeSet<u16>> = RefCell::default();
    let watch = async {
        loop {
            heard.borrow_mut().insert(sneaks(bench));
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    let outcome = tokio::select! {
        outcome = bench.up() => outcome,
        () = watch => unreachable!(),
    };
    (outcome, heard.into_inner())
}

/// A person who is asked about the plan reads of the foreign rule.
async fn assert_planned(bench: &Bench, foreign: &str) {
    let (_, plan) = bench.plan(&bench.look()).await.expect("it can be planned");
    let shown = hybridgw::ui::plan::render(&plan).to_string();
    let id = foreign.rsplit('/').next().expect("an id");
    assert!(shown.contains(&format!("{id}, has priority 1")), "{shown}");
}

#[tokio::test(start_paused = true)]
async fn a_foreign_rule_in_its_place_is_named_and_it_stands_behind_meanwhile() {
    let bench = Bench::new("placeholder.toml", quick());
    assert!(bench.up().await.ok());
    let aws = bench.connection.writer();
    let all = rules(&bench, &aws).await;
    let guard = all.iter().find(|(.., header)| header.is_some());
    let guard = guard.expect("it is there").0.clone();
    place(&aws, &guard, 7).await;
    let foreign = stranger(&aws, &all[0].0).await;
    assert_planned(&bench, &foreign).await;
    let (outcome, heard) = watched(&bench).await;
    let said = format!("{outcome:?}");
    assert!(!outcome.ok() && said.contains(&foreign), "{said}");
    assert_eq!(heard, BTreeSet::from([403]));
    // Without any, it is made as near to its place as it can be.
    let deleted = aws.elb.delete_rule().rule_arn(&guard).send().await;
    deleted.expect("it is there");
    assert_planned(&bench, &foreign).await;
    let (outcome, _) = watched(&bench).await;
    let said = format!("{outcome:?}");
    assert!(!outcome.ok() && said.contains(&foreign), "{said}");
    assert_eq!(sneaks(&bench), 403);
    let guards = |all: &[(String, String, Option<String>)]| -> Vec<String> {
        let own = all.iter().filter(|(.., header)| header.is_some());
        own.map(|(_, priority, _)| priority.clone()).collect()
    };
    assert_eq!(guards(&rules(&bench, &aws).await), ["2"]);
    // The way is free.
    let deleted = aws.elb.delete_rule().rule_arn(&foreign).send().await;
    deleted.expect("it is there");
    let (outcome, heard) = watched(&bench).await;
    assert!(outcome.ok(), "{outcome:?}");
    assert_eq!(heard, BTreeSet::from([403]));
    assert_eq!(guards(&rules(&bench, &aws).await), ["1"]);
}

#[tokio::test(start_paused = true)]
async fn a_rule_of_the_stack_in_its_place_changes_places_with_it() {
    let bench = Bench::new("placeholder.toml", quick());
    assert!(bench.up().await.ok());
    let aws = bench.connection.writer();
    let all = rules(&bench, &aws).await;
    let (guard, ..) = all
        .iter()
        .find(|(.., header)| header.is_some())
        .expect("it is there");
    let own = all
        .iter()
        .skip(1)
        .find(|(_, priority, header)| header.is_none() && priority != "default");
    let (own, ..) = own.expect("it is there");
    place(&aws, guard, 7).await;
    place(&aws, own, 1).await;
    assert_eq!(
        sneaks(&bench),
        403,
        "no API is chosen: the domain has a mapping"
    );
    let (outcome, _) = watched(&bench).await;
    assert!(outcome.ok(), "{outcome:?}");
    let again = rules(&bench, &aws).await;
    let first = again
        .iter()
        .find(|(_, priority, _)| priority == "1")
        .expect("it is there");
    assert_eq!(first.0, *guard);
}

#[tokio::test(start_paused = true)]
async fn an_altered_one_is_put_right_where_it_stands() {
    let bench = Bench::new("placeholder.toml", quick());
    assert!(bench.up().await.ok());
    let aws = bench.connection.writer();
    let all = rules(&bench, &aws).await;
    let (guard, ..) = all
        .iter()
        .find(|(.., header)| header.is_some())
        .expect("it is there");
    let header = HttpHeaderConditionConfig::builder()
        .http_header_name("x-apigw-api-id")
        .values("a*");
    let condition = RuleCondition::builder()
        .field("http-header")
        .http_header_config(header.build());
    let altered = aws
        .elb
        .modify_rule()
        .rule_arn(guard)
        .conditions(condition.build());
    altered.send().await.expect("it is there");
    let (outcome, heard) = watched(&bench).await;
    assert!(outcome.ok(), "{outcome:?}");
    assert_eq!(heard, BTreeSet::from([403]));
    let again = rules(&bench, &aws).await;
    assert!(
        again
            .iter()
            .any(|(arn, priority, _)| arn == guard && priority == "1")
    );
}

/// `doctor` asks EC2 by dry runs: nothing else that writes gets out.
#[tokio::test(start_paused = true)]
async fn who_may_only_try_cannot_write() {
    let bench = Bench::new("placeholder.toml", quick());
    let (aws, before) = (bench.connection.prober(), bench.census());
    let make = || {
        let call = aws.ec2.create_security_group().group_name("x");
        call.description("x").vpc_id(&bench.config.network.vpc)
    };
    for call in [make(), make().dry_run(false)] {
        let refused = call.send().await.expect_err("it is not let out");
        let words = format!("{refused:?}");
        assert!(words.contains("this client may only try"), "{words}");
    }
    let delete = aws.elb.delete_load_balancer().load_balancer_arn("x");
    assert!(delete.send().await.is_err());
    assert_eq!(bench.connection.journal.attempts(), 0);
    let tried = make()
        .dry_run(true)
        .send()
        .await
        .expect_err("a yes is an error");
    assert!(format!("{tried:?}").contains("DryRunOperation"));
    assert_eq!(bench.census(), before);
}

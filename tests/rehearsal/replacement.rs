//! Replacement asks all that can refuse before it deletes anything.

use std::fs;

use aws_sdk_ec2::types::{IpPermission, UserIdGroupPair};
use aws_sdk_elasticloadbalancingv2::types::{
    Action, ActionTypeEnum, FixedResponseActionConfig, LoadBalancerAttribute, ProtocolEnum,
    RuleCondition, Tag,
};
use hybridgw::{
    aws::Aws,
    config::Config,
    event::Silent,
    graph::Owned,
    pipeline::{Plan, execute, observe::discover},
    rehearsal,
    simulator::{Simulator, conditions::Conditions},
    stop::Stop,
};

use super::{ACCOUNT, Bench, REGION, assert_same, example};

/// A stack that stands, and the same in another VPC: only a new one can be there.
async fn moved(protected: bool) -> (Bench, Bench) {
    let text = fs::read_to_string(example("placeholder.toml")).expect("an example can be read");
    let text = format!("{text}\n[load_balancer]\ndeletion_protection = {protected}\n");
    let load = |text: &str| {
        let config = Config::parse(text, &example("text.toml"), &[], &|_| None);
        config.unwrap_or_else(|errors| panic!("{errors}"))
    };
    let here = load(&text);
    let there = load(
        &text
            .replace("vpc-0a", "vpc-0b")
            .replace("subnet-0a", "subnet-0d")
            .replace("subnet-0b", "subnet-0e")
            .replace("subnet-0c", "subnet-0f"),
    );
    let simulator = Simulator::new(Conditions::default());
    for config in [&here, &there] {
        rehearsal::furnish(&simulator, config, ACCOUNT, REGION).expect("it is in memory");
    }
    let bench = Bench::at(simulator.clone(), here);
    let outcome = bench.up().await;
    assert!(outcome.ok(), "{outcome:?}");
    (bench, Bench::at(simulator, there))
}

async fn owned(bench: &Bench, key: &str) -> Owned {
    let all = discover(&bench.look()).await.expect("it can be read");
    let mut found = all.into_iter().filter(|one| one.key.as_str() == key);
    found.next().unwrap_or_else(|| panic!("there is no {key}"))
}

/// `up --allow-replace` writes nothing and names what refuses.
async fn refused(bench: &Bench, because: &str) {
    let (before, writes) = (bench.census(), bench.writes());
    let outcome = bench.up().await;
    let said: Vec<String> = outcome
        .report
        .failed
        .iter()
        .map(|(_, error)| error.to_string())
        .collect();
    let said = said.join("\n");
    assert!(said.contains(because), "{because}: {outcome:?}");
    assert!(said.contains("nothing was deleted"), "{said}");
    assert_eq!(bench.writes(), writes, "{because}: something was written");
    assert_same(&before, &bench.census(), because);
}

#[tokio::test(start_paused = true)]
async fn what_nothing_refuses_is_made_anew() {
    let (_, there) = moved(false).await;
    let outcome = there.up().await;
    assert!(outcome.ok(), "{outcome:?}");
    let gone = outcome.report.deleted.iter().map(|key| key.as_str());
    assert!(
        gone.clone().any(|key| key == "load-balancer"),
        "{:?}",
        gone.collect::<Vec<_>>()
    );
}

#[tokio::test(start_paused = true)]
async fn a_protected_load_balancer_refuses_before_anything_is_deleted() {
    let (_, there) = moved(true).await;
    refused(&there, "load_balancer.deletion_protection").await;
}

#[tokio::test(start_paused = true)]
async fn a_protection_switched_on_after_the_plan_refuses_too() {
    let (here, there) = moved(false).await;
    let look = there.look();
    let (stack, plan) = there.plan(&look).await.expect("a plan");
    let balancer = owned(&here, "load-balancer").await.id;
    let on = LoadBalancerAttribute::builder()
        .key("deletion_protection.enabled")
        .value("true");
    let protect = here
        .connection
        .writer()
        .elb
        .modify_load_balancer_attributes();
    let protect = protect.load_balancer_arn(balancer).attributes(on.build());
    protect.send().await.expect("it can be protected");
    let (before, writes) = (there.census(), there.writes());
    let aws = there.connection.writer();
    let report = execute(&stack, &plan, &aws, &look, &Silent, &Stop::default()).await;
    assert!(!report.ok() && report.deleted.is_empty(), "{report:?}");
    assert_eq!(there.writes(), writes, "something was written");
    assert_same(&before, &there.census(), "a late protection");
}

/// Somebody's stage of our API.
async fn add_stage(here: &Bench, aws: &Aws) {
    let api = owned(here, "rest-api").await.id;
    let deployment = owned(here, "deployment").await.id;
    let call = aws
        .apigateway
        .create_stage()
        .rest_api_id(api)
        .deployment_id(deployment);
    call.stage_name("theirs")
        .send()
        .await
        .expect("it can be made");
}

fn answer() -> Action {
    let answer = FixedResponseActionConfig::builder()
        .status_code("200")
        .build();
    let action = Action::builder().r#type(ActionTypeEnum::FixedResponse);
    action.fixed_response_config(answer).build()
}

/// Somebody's rule in a listener of ours.
async fn add_rule(here: &Bench, aws: &Aws, listener: &str) -> String {
    let listener = owned(here, listener).await.id;
    let condition = RuleCondition::builder()
        .field("path-pattern")
        .values("/theirs")
        .build();
    let call = aws.elb.create_rule().listener_arn(listener).priority(40);
    let call = call.conditions(condition).actions(answer());
    let made = call.send().await.expect("it can be made");
    made.rules()[0].rule_arn().expect("an ARN").to_owned()
}

/// Somebody's listener of our load balancer; perhaps with another stack's tags.
async fn add_listener(here: &Bench, aws: &Aws, stack: Option<&str>) -> String {
    let balancer = owned(here, "load-balancer").await.id;
    let tag = |key: &str, value: &str| Tag::builder().key(key).value(value).build();
    let tags = stack.map(|stack| {
        let resource = tag("hybridgw:resource", "redirect-listener");
        vec![tag("hybridgw:stack", stack), resource]
    });
    let call = aws.elb.create_listener().load_balancer_arn(balancer);
    let call = call.protocol(ProtocolEnum::Http).port(8080).set_tags(tags);
    let made = call.default_actions(answer()).send().await;
    let made = made.expect("it can be made");
    made.listeners()[0]
        .listener_arn()
        .expect("an ARN")
        .to_owned()
}

/// What of others AWS would delete with ours: by what it is called in an error.
const INSIDE: [&str; 5] = [
    "stage",
    "rule",
    "rule on port 80",
    "listener",
    "another stack's",
];

async fn put_inside(here: &Bench, what: &str) -> String {
    let aws = here.connection.writer();
    match what {
        "stage" => {
            add_stage(here, &aws).await;
            "stage theirs".to_owned()
        }
        "rule" => add_rule(here, &aws, "listener").await,
        "rule on port 80" => add_rule(here, &aws, "redirect-listener").await,
        "listener" => add_listener(here, &aws, None).await,
        _ => add_listener(here, &aws, Some("billing")).await,
    }
}

/// Somebody's group that lets in what comes from our load balancer.
async fn add_group_rule(here: &Bench, aws: &Aws) {
    let own = owned(here, "load-balancer-security-group").await.id;
    let call = aws
        .ec2
        .create_security_group()
        .group_name("theirs")
        .description("theirs");
    let group = call
        .vpc_id(&here.config.network.vpc)
        .send()
        .await
        .expect("it can be made");
    let pair = UserIdGroupPair::builder().group_id(own).build();
    let rule = IpPermission::builder()
        .ip_protocol("tcp")
        .from_port(443)
        .to_port(443);
    let call = aws.ec2.authorize_security_group_ingress();
    let call = call.group_id(group.group_id().expect("an id"));
    let call = call.ip_permissions(rule.user_id_group_pairs(pair).build());
    call.send().await.expect("it can be made");
}

#[tokio::test(start_paused = true)]
async fn what_others_have_on_our_things_refuses_before_anything_is_deleted() {
    for what in INSIDE {
        let (here, there) = moved(false).await;
        let because = put_inside(&here, what).await;
        refused(&there, &because).await;
    }
    let (here, there) = moved(false).await;
    add_group_rule(&here, &here.connection.writer()).await;
    refused(&there, "a rule of sg-").await;
}

/// Takes away what [`put_inside`] has put there.
async fn take_out(here: &Bench, what: &str, id: &str) {
    let aws = here.connection.writer();
    let gone = match what {
        "stage" => {
            let api = owned(here, "rest-api").await.id;
            let call = aws.apigateway.delete_stage().rest_api_id(api);
            let sent = call.stage_name("theirs").send().await;
            sent.is_ok()
        }
        "rule" | "rule on port 80" => aws.elb.delete_rule().rule_arn(id).send().await.is_ok(),
        _ => aws
            .elb
            .delete_listener()
            .listener_arn(id)
            .send()
            .await
            .is_ok(),
    };
    assert!(gone, "{what}");
}

#[tokio::test(start_paused = true)]
async fn what_others_have_in_our_things_does_not_go_down_with_them() {
    for what in INSIDE {
        let (here, _) = moved(false).await;
        let because = put_inside(&here, what).await;
        let (before, writes) = (here.census(), here.writes());
        let outcome = here.down().await;
        let error = outcome.error.expect("it is refused");
        assert!(error.to_string().contains(&because), "{what}: {error}");
        assert!(!error.hints.is_empty(), "{error}");
        assert_eq!(here.writes(), writes, "{what}: something was written");
        assert_same(&before, &here.census(), what);
        take_out(&here, what, &because).await;
        let outcome = here.down().await;
        assert!(outcome.ok(), "{what}: {outcome:?}");
    }
}

/// Somebody's rule of our listener that forwards to a group of ours.
async fn add_user(here: &Bench, group: &str) -> String {
    let aws = here.connection.writer();
    let listener = owned(here, "listener").await.id;
    let group = owned(here, group).await.id;
    let forward = Action::builder().r#type(ActionTypeEnum::Forward);
    let condition = RuleCondition::builder()
        .field("path-pattern")
        .values("/theirs");
    let call = aws.elb.create_rule().listener_arn(listener).priority(40);
    let call = call.conditions(condition.build());
    let call = call.actions(forward.target_group_arn(group).build());
    let made = call.send().await.expect("it can be made");
    made.rules()[0].rule_arn().expect("an ARN").to_owned()
}

#[tokio::test(start_paused = true)]
async fn a_group_that_a_rule_of_others_forwards_to_is_neither_made_anew_nor_taken_away() {
    let (here, _) = moved(false).await;
    let because = add_user(&here, "target-group").await;
    // Only a new group has another protocol.
    let altered = here.simulator.edit(|world, conditions| {
        let ctx = world.context(ACCOUNT, REGION, conditions);
        for group in ctx.here.elbv2.groups.values_mut() {
            group.protocol = Some("HTTP".to_owned());
        }
    });
    altered.expect("it is in memory");
    refused(&here, &because).await;
    // A route goes, and its group with it.
    let mut bench = Bench::new("everything.toml", Conditions::default());
    assert!(bench.up().await.ok());
    let because = add_user(&bench, "target-group/hooks").await;
    bench.config.routes.retain(|route| route.path != "/hooks");
    refused(&bench, &because).await;
}

#[tokio::test(start_paused = true)]
async fn a_protected_load_balancer_that_nobody_wants_any_more_refuses_before_anything_is_written() {
    let (here, _) = moved(true).await;
    let look = here.look();
    let (mut stack, _) = here.plan(&look).await.expect("a plan");
    // A file in which nothing of the front is left.
    stack
        .steps
        .retain(|step| step.key().as_str().ends_with("security-group"));
    let owned = discover(&look).await.expect("it can be read");
    let plan = Plan::new(&stack, owned);
    let orphans: Vec<&str> = plan.orphans.iter().map(|one| one.key.as_str()).collect();
    assert!(orphans.contains(&"load-balancer"), "{orphans:?}");
    let (before, writes) = (here.census(), here.writes());
    let aws = here.connection.writer();
    let report = execute(&stack, &plan, &aws, &look, &Silent, &Stop::default()).await;
    let said: Vec<String> = report
        .failed
        .iter()
        .map(|(_, error)| error.to_string())
        .collect();
    assert!(
        said.join("\n")
            .contains("load_balancer.deletion_protection"),
        "{report:?}"
    );
    assert!(report.deleted.is_empty(), "{report:?}");
    assert_eq!(here.writes(), writes, "something was written");
    assert_same(&before, &here.census(), "a protected orphan");
}

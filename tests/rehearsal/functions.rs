//! Routes straight to functions.

use aws_sdk_elasticloadbalancingv2::{
    operation::modify_target_group::builders::ModifyTargetGroupFluentBuilder, types,
};
use hybridgw::{
    outputs::{Outputs, Status},
    rehearsal,
    simulator::{conditions::Conditions, dataplane::Kind, lambda::Policies},
};
use serde_json::json;

use crate::{
    bench::{ACCOUNT, Bench, REGION, assert_same, config},
    quick,
    watch::{ask, function, up_watched},
};

const HOST: &str = "orders.corp.example.com";

fn arn(name: &str) -> String {
    format!("arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}")
}

/// Changes the file to these routes, on the same account.
fn reroute(bench: &mut Bench, routes: &str) {
    bench.config = config("lambda.toml", &[format!("route=[{routes}]")]);
    rehearsal::furnish(&bench.simulator, &bench.config, ACCOUNT, REGION).expect("in memory");
}

fn route(path: &str, function: &str) -> String {
    format!("{{path=\"{path}\", lambda=\"{}\"}}", arn(function))
}

/// The statements in the policies of a function, of all its versions and aliases.
fn statements(bench: &Bench, name: &str) -> usize {
    let census = bench.census();
    let policies = census["regions"]["lambda"]["functions"][name]["policies"].clone();
    let policies = policies.as_object().cloned().unwrap_or_default();
    let counts = policies.values().map(|policy| {
        let statements = policy["statements"].as_array();
        statements.map_or(0, Vec::len)
    });
    counts.sum()
}

#[tokio::test(start_paused = true)]
async fn functions_get_whole_paths_and_their_stack_has_nothing_of_api_gateway() {
    let bench = Bench::new("lambda.toml", quick());
    let before = bench.census();
    let outcome = bench.up().await;
    assert!(outcome.ok(), "{outcome:?}");
    let made: Vec<String> = outcome
        .report
        .created
        .iter()
        .map(ToString::to_string)
        .collect();
    let expected = [
        "dns-record",
        "lambda-permission",
        "lambda-permission/sms",
        "listener",
        "listener-rule",
        "listener-rule/sms",
        "load-balancer",
        "load-balancer-security-group",
        "redirect-listener",
        "security-group-rules",
        "target-group",
        "target-group/sms",
        "targets",
        "targets/sms",
    ];
    assert_eq!(made, expected);

    let answer = ask(&bench, HOST, "/a/b?x=1&x=2");
    let seen = answer.seen.expect(&answer.why);
    assert_eq!(
        (seen.kind, seen.function),
        (Kind::Lambda, Some(arn("orders:live")))
    );
    let event = seen.event.expect("a function gets an event");
    assert_eq!(event["path"], "/a/b");
    assert_eq!(event["queryStringParameters"]["x"], "2", "one value each");
    let answer = ask(&bench, HOST, "/sms/send?x=1&x=2");
    let seen = answer.seen.expect(&answer.why);
    assert_eq!(seen.function, Some(arn("sms")));
    let event = seen.event.expect("a function gets an event");
    assert_eq!(event["path"], "/sms/send");
    assert_eq!(
        event["multiValueQueryStringParameters"]["x"],
        json!(["1", "2"])
    );

    let outputs = Outputs::read(&bench.look(), ACCOUNT)
        .await
        .expect("reads work");
    let functions: Vec<(&str, &str)> = outputs
        .functions
        .iter()
        .map(|row| (row.route.as_str(), row.function.as_str()))
        .collect();
    let (live, sms) = (arn("orders:live"), arn("sms"));
    assert_eq!(functions, [("/", live.as_str()), ("/sms", sms.as_str())]);
    assert_eq!(
        outputs.url.as_deref(),
        Some("https://orders.corp.example.com")
    );
    let status = Status::read(&bench.look()).await.expect("reads work");
    let health: Vec<(&str, &str, &str)> = status
        .targets
        .iter()
        .map(|row| (row.route.as_str(), row.zone.as_str(), row.health.as_str()))
        .collect();
    assert_eq!(
        health,
        [("/", "all", "unavailable"), ("/sms", "all", "healthy")]
    );

    let outcome = bench.down().await;
    assert!(outcome.ok(), "{outcome:?}");
    assert_same(&before, &bench.census(), "after down");
}

#[tokio::test(start_paused = true)]
async fn a_version_of_a_function_is_permitted_and_invoked_as_that_version() {
    let mut bench = Bench::new("lambda.toml", quick());
    reroute(&mut bench, &route("/", "orders:7"));
    assert!(bench.up().await.ok());
    assert_eq!(function(&bench, HOST, "/"), arn("orders:7"));
    let world = bench.census();
    let policies = &world["regions"]["lambda"]["functions"]["orders"]["policies"];
    assert!(policies["7"]["statements"][0].is_object(), "{policies}");
}

#[tokio::test(start_paused = true)]
async fn another_function_takes_over_without_a_moment_in_which_nobody_answers() {
    let mut bench = Bench::new("lambda.toml", quick());
    let before = bench.census();
    reroute(
        &mut bench,
        &[route("/", "web"), route("/sms", "old")].join(","),
    );
    assert!(bench.up().await.ok());
    assert_eq!(
        (statements(&bench, "old"), statements(&bench, "web")),
        (1, 1)
    );

    reroute(
        &mut bench,
        &[route("/", "web"), route("/sms", "new:live")].join(","),
    );
    let (_, plan) = bench.plan(&bench.look()).await.expect("it can be planned");
    let shown = hybridgw::ui::plan::render(&plan);
    assert_eq!(
        plan.summary().delete,
        3,
        "group, target, permission: {shown}"
    );
    // The route itself is answered all the time, too: by one or the other.
    let outcome = up_watched(&bench, &[(HOST, "/"), (HOST, "/sms"), (HOST, "/sms/x")]).await;
    assert!(outcome.ok(), "{outcome:?}");
    assert_eq!(function(&bench, HOST, "/sms"), arn("new:live"));
    assert_eq!(function(&bench, HOST, "/"), arn("web"));
    assert_eq!(
        (statements(&bench, "old"), statements(&bench, "new")),
        (0, 1)
    );
    assert!(bench.down().await.ok());
    reroute(
        &mut bench,
        &[route("/", "web"), route("/sms", "old")].join(","),
    );
    let functions = |census: &serde_json::Value| census["regions"]["elbv2"].clone();
    assert_same(
        &functions(&before),
        &functions(&bench.census()),
        "after down",
    );
    assert_eq!(statements(&bench, "new"), 0);
}

#[tokio::test(start_paused = true)]
async fn killed_while_a_function_is_changed_leaves_no_permission_that_nothing_finds() {
    let old = [route("/", "web"), route("/sms", "old")].join(",");
    let new = [route("/", "web"), route("/sms", "new")].join(",");
    let changing = async |faults: &str| {
        let mut bench = Bench::new("lambda.toml", quick());
        reroute(&mut bench, &old);
        assert!(bench.up().await.ok());
        reroute(&mut bench, &new);
        let from = bench.simulator.journal().len();
        let faults = faults.replace("FROM", &(from + 1).to_string());
        let conditions = Conditions::from_json(&faults).expect("it is understood");
        bench.simulator.set_faults(conditions.faults);
        (bench, from)
    };
    let (bench, from) = changing(r#"{"faults": []}"#).await;
    assert!(bench.up().await.ok());
    let calls = bench.simulator.journal().len() - from;
    let mut killed = 0;
    for point in (1..=calls).step_by(5) {
        let hang = format!(
            r#"{{"faults": [{{"operation": "*", "from": {point}, "then": "hang-reply"}}]}}"#
        );
        let (bench, _) = changing(&hang).await;
        let run = tokio::time::timeout(std::time::Duration::from_secs(40), bench.up()).await;
        killed += usize::from(run.is_err());
        bench.heal();
        // Straight down, with nothing but the name.
        let outcome = bench.down().await;
        assert!(outcome.ok(), "call {point}: {outcome:?}");
        let left = (statements(&bench, "old"), statements(&bench, "new"));
        assert_eq!(left, (0, 0), "call {point}");
    }
    assert!(killed > 3, "{killed} of the runs were killed");
}

/// The group of the route `/`, which is not checked, or of `/sms`, which is.
async fn group(bench: &Bench, checked: bool) -> String {
    let aws = bench.connection.reader();
    let groups = aws.elb.describe_target_groups().send().await;
    let groups = groups.expect("they are there");
    let mut groups = groups.target_groups().iter();
    let group = groups.find(|one| one.health_check_enabled() == Some(checked));
    let arn = group.and_then(|one| one.target_group_arn());
    arn.expect("it is there").to_owned()
}

/// Fails unless the plan names this one difference, and `up` repairs it.
async fn repaired(bench: &Bench, key: &str, field: &str) {
    let look = bench.look();
    let (_, plan) = Box::pin(bench.plan(&look))
        .await
        .expect("it can be planned");
    let differences = plan.actions.iter().flat_map(|one| {
        let fields = one.changes.iter();
        fields.map(move |change| format!("{}: {}", one.resource, change.field))
    });
    let differences: Vec<String> = differences.collect();
    assert_eq!(differences, [format!("{key}: {field}")]);
    let outcome = Box::pin(bench.up()).await;
    assert!(outcome.ok(), "{key} {field}: {outcome:?}");
}

async fn modify(
    bench: &Bench,
    group: &str,
    change: impl FnOnce(ModifyTargetGroupFluentBuilder) -> ModifyTargetGroupFluentBuilder,
) {
    let aws = bench.connection.writer();
    let call = change(aws.elb.modify_target_group().target_group_arn(group));
    call.send().await.expect("it can be changed");
}

#[tokio::test(start_paused = true)]
async fn a_health_check_that_somebody_changes_is_named_and_repaired() {
    let bench = Bench::new("lambda.toml", quick());
    assert!(Box::pin(bench.up()).await.ok());
    let (root, sms) = (group(&bench, false).await, group(&bench, true).await);
    modify(&bench, &sms, |call| call.health_check_path("/other")).await;
    repaired(&bench, "target-group/sms", "health check path").await;
    modify(&bench, &sms, |call| call.health_check_interval_seconds(90)).await;
    repaired(&bench, "target-group/sms", "health check interval").await;
    modify(&bench, &sms, |call| call.health_check_timeout_seconds(20)).await;
    repaired(&bench, "target-group/sms", "health check timeout").await;
    modify(&bench, &sms, |call| call.healthy_threshold_count(9)).await;
    repaired(&bench, "target-group/sms", "healthy threshold").await;
    modify(&bench, &sms, |call| call.unhealthy_threshold_count(9)).await;
    repaired(&bench, "target-group/sms", "unhealthy threshold").await;
    let codes = types::Matcher::builder().http_code("200").build();
    modify(&bench, &sms, |call| call.matcher(codes)).await;
    repaired(&bench, "target-group/sms", "health check matcher").await;
    modify(&bench, &sms, |call| call.health_check_enabled(false)).await;
    repaired(&bench, "target-group/sms", "health check").await;
    modify(&bench, &root, |call| call.health_check_enabled(true)).await;
    repaired(&bench, "target-group", "health check").await;
}

#[tokio::test(start_paused = true)]
async fn attributes_and_tags_that_somebody_changes_are_named_and_repaired() {
    let bench = Bench::new("lambda.toml", quick());
    assert!(Box::pin(bench.up()).await.ok());
    let sms = group(&bench, true).await;
    let aws = bench.connection.writer();
    let attribute = types::TargetGroupAttribute::builder()
        .key("lambda.multi_value_headers.enabled")
        .value("false")
        .build();
    let change = aws.elb.modify_target_group_attributes();
    let change = change.target_group_arn(&sms).attributes(attribute);
    change.send().await.expect("it can be changed");
    repaired(&bench, "target-group/sms", "multi-value headers").await;
    let stranger = arn("stranger");
    for (key, value) in [
        ("hybridgw:function", stranger.as_str()),
        ("hybridgw:function", "nonsense"),
        ("hybridgw:resource", "target-group/else"),
    ] {
        let tag = types::Tag::builder().key(key).value(value).build();
        let change = aws.elb.add_tags().resource_arns(&sms).tags(tag);
        change.send().await.expect("it can be changed");
        repaired(&bench, "target-group/sms", &format!("tags.{key}")).await;
    }
}

/// The id of the only statement in the policy of `sms`.
async fn statement(bench: &Bench) -> String {
    let aws = bench.connection.reader();
    let policy = aws.lambda.get_policy().function_name("sms").send().await;
    let policy = policy.expect("it is there").policy.unwrap_or_default();
    let policy: serde_json::Value = serde_json::from_str(&policy).expect("it is JSON");
    let id = policy["Statement"][0]["Sid"].as_str();
    id.expect("a statement").to_owned()
}

#[tokio::test(start_paused = true)]
async fn a_permission_that_somebody_changes_or_takes_is_named_and_repaired() {
    let bench = Bench::new("lambda.toml", quick());
    assert!(Box::pin(bench.up()).await.ok());
    let (root, sms) = (group(&bench, false).await, group(&bench, true).await);
    let statement = statement(&bench).await;
    let aws = bench.connection.writer();
    let take = async || {
        let call = aws.lambda.remove_permission().function_name("sms");
        let taken = call.statement_id(&statement).send().await;
        taken.expect("it can be taken");
    };
    take().await;
    let elsewhere = aws.lambda.add_permission().function_name("sms");
    let elsewhere = elsewhere
        .statement_id(&statement)
        .action("lambda:InvokeFunction")
        .principal("elasticloadbalancing.amazonaws.com")
        .source_arn(&root);
    elsewhere.send().await.expect("it can be added");
    repaired(&bench, "lambda-permission/sms", "source").await;
    assert_eq!(function(&bench, HOST, "/sms"), arn("sms"));

    // What is missing is made again.
    take().await;
    let target = types::TargetDescription::builder().id(arn("sms")).build();
    let deregister = aws.elb.deregister_targets().target_group_arn(&sms);
    let gone = deregister.targets(target).send().await;
    gone.expect("it can be deregistered");
    let outcome = Box::pin(bench.up()).await;
    assert!(outcome.ok(), "{outcome:?}");
    let made = outcome.report.created.iter().map(ToString::to_string);
    let made: Vec<String> = made.collect();
    assert_eq!(made, ["lambda-permission/sms", "targets/sms"]);
    assert_eq!(function(&bench, HOST, "/sms"), arn("sms"));
}

/// A run beside `down` adds its statement after what remembers the function has
/// gone: the file tells where it is.
#[tokio::test(start_paused = true)]
async fn a_statement_that_nothing_remembers_goes_down_with_the_file() {
    let mut bench = Bench::new("lambda.toml", quick());
    let behind = format!("{{path=\"/api\", api={{lambda=\"{}\"}}}}", arn("behind"));
    reroute(&mut bench, &format!("{}, {behind}", route("/", "alone")));
    assert!(bench.up().await.ok());
    let policies = |restored: &[Policies]| {
        let mut seen = Vec::new();
        let edited = bench.simulator.edit(|world, conditions| {
            let ctx = world.context(ACCOUNT, REGION, conditions);
            for (place, name) in ["alone", "behind"].into_iter().enumerate() {
                let function = ctx.here.lambda.functions.get_mut(name).expect("there");
                if let Some(before) = restored.get(place) {
                    function.policies = before.clone();
                }
                seen.push(function.policies.clone());
            }
        });
        edited.expect("it is in memory");
        seen
    };
    let before = policies(&[]);
    assert!(bench.down().await.ok());
    policies(&before);
    let left = |bench: &Bench| statements(bench, "alone") + statements(bench, "behind");
    assert_eq!(left(&bench), 2);
    let outcome = bench.down().await;
    assert!(outcome.ok(), "{outcome:?}");
    assert_eq!(left(&bench), 0);
}

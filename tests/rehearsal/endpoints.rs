//! Endpoints: borrowed ones, pinned addresses, and the S3 endpoint of sites.

use std::{collections::BTreeSet, time::Duration};

use hybridgw::{
    aws::read::Query,
    outputs::{Outputs, Status},
    rehearsal,
    simulator::{conditions::Conditions, dataplane::Hop},
};
use serde_json::{Value, json};

use crate::{
    bench::{ACCOUNT, Bench, Outcome, REGION, assert_same, config},
    quick,
    watch::{ask, assert_answered, up_watched},
};

const HOST: &str = "orders.corp.example.com";
const LENT: &str = "vpce-0123456789abcdef0";
const BORROWED: &str = "borrowed-endpoint.toml";

/// Changes the file, on the same account.
fn change(bench: &mut Bench, name: &str, set: &[&str]) {
    let set: Vec<String> = set.iter().map(ToString::to_string).collect();
    bench.config = config(name, &set);
    rehearsal::furnish(&bench.simulator, &bench.config, ACCOUNT, REGION).expect("in memory");
}

/// The borrowed endpoint, its policy read, and the rules of its groups.
fn lent(bench: &Bench) -> (Value, Vec<Value>) {
    let census = bench.census();
    let ec2 = &census["regions"]["ec2"];
    let mut endpoint = ec2["endpoints"][LENT].clone();
    let policy = endpoint["policy"].as_str().expect("it has a policy");
    endpoint["policy"] = serde_json::from_str(policy).expect("a policy is JSON");
    let groups = endpoint["groups"].clone();
    let rules = ec2["rules"].as_object().expect("rules").values();
    let own = rules.filter(|rule| {
        let groups = groups.as_array().expect("a list");
        groups.contains(&rule["group"]) && rule["egress"] == false
    });
    (endpoint, own.cloned().collect())
}

#[tokio::test(start_paused = true)]
async fn a_borrowed_endpoint_is_opened_for_the_stack_and_left_as_it_was() {
    let bench = Bench::new(BORROWED, quick());
    let before = lent(&bench);
    let outcome = bench.up().await;
    assert!(outcome.ok(), "{outcome:?}");
    assert_answered(&bench, &[(HOST, "/")]);
    let created: BTreeSet<&str> = outcome
        .report
        .created
        .iter()
        .map(|key| key.as_str())
        .collect();
    assert!(!created.contains("vpc-endpoint") && !created.contains("endpoint-security-group"));
    let (endpoint, rules) = lent(&bench);
    let statements = endpoint["policy"]["Statement"].as_array().expect("a list");
    let theirs = &before.0["policy"]["Statement"][0];
    assert_eq!((statements.len(), &statements[0]), (2, theirs));
    assert_eq!(rules.len(), before.1.len() + 1);
    let ours = |rule: &&Value| rule["description"] == "hybridgw:orders";
    assert_eq!(rules.iter().filter(ours).count(), 1);

    let status = Status::read(&bench.look()).await.expect("reads work");
    assert!(
        status
            .resources
            .iter()
            .all(|one| one.id != LENT || one.resource.as_str() == "endpoint-policy")
    );
    // Without the file: what was opened is known from the stack's own tags.
    assert!(bench.down().await.ok());
    assert_eq!(lent(&bench), before);
}

#[tokio::test(start_paused = true)]
async fn what_was_opened_is_repaired_and_others_rules_and_statements_stay() {
    let bench = Bench::new(BORROWED, quick());
    assert!(Box::pin(bench.up()).await.ok());
    let opened = lent(&bench);
    let theirs = json!({"Sid": "Theirs", "Effect": "Allow", "Principal": "*",
        "Action": "execute-api:Invoke", "Resource": "arn:aws:execute-api:eu-central-1:111122223333:zzz/*"});
    let mut policy = opened.0["policy"].clone();
    policy["Statement"][1]["Action"] = json!("execute-api:ManageConnections");
    policy["Statement"]
        .as_array_mut()
        .expect("a list")
        .push(theirs.clone());
    let aws = bench.connection.writer();
    let call = aws.ec2.modify_vpc_endpoint().vpc_endpoint_id(LENT);
    call.policy_document(policy.to_string())
        .send()
        .await
        .expect("it is changed");
    let rule = opened
        .1
        .iter()
        .find(|rule| rule["description"] == "hybridgw:orders");
    let group = rule.expect("it was opened")["group"].clone();
    revoke_ours(&bench, group.as_str().expect("an id")).await;

    let outcome = bench.up().await;
    assert!(outcome.ok(), "{outcome:?}");
    let updated: Vec<&str> = outcome
        .report
        .updated
        .iter()
        .map(|key| key.as_str())
        .collect();
    assert_eq!(updated, ["endpoint-policy", "security-group-rules"]);
    let repaired = lent(&bench);
    assert_eq!(
        repaired.0["policy"]["Statement"][1],
        opened.0["policy"]["Statement"][1]
    );
    assert_eq!(repaired.0["policy"]["Statement"][2], theirs);
    assert_answered(&bench, &[(HOST, "/")]);
}

/// Takes the stack's rule out of a borrowed endpoint's group.
async fn revoke_ours(bench: &Bench, group: &str) {
    use aws_sdk_ec2::types::{IpPermission, UserIdGroupPair};
    let look = bench.look();
    let status = Status::read(&look).await.expect("reads work");
    let own = status.resources.iter();
    let own = own
        .clone()
        .find(|one| one.resource.as_str() == "load-balancer-security-group");
    let pair = UserIdGroupPair::builder()
        .group_id(&own.expect("it exists").id)
        .build();
    let rule = IpPermission::builder()
        .ip_protocol("tcp")
        .from_port(443)
        .to_port(443);
    let aws = bench.connection.writer();
    let call = aws.ec2.revoke_security_group_ingress().group_id(group);
    let rule = rule.user_id_group_pairs(pair).build();
    call.ip_permissions(rule)
        .send()
        .await
        .expect("it is revoked");
}

#[tokio::test(start_paused = true)]
async fn without_manage_nothing_of_a_borrowed_endpoint_is_changed() {
    let bench = {
        let mut bench = Bench::new("placeholder.toml", quick());
        let set = [&format!("endpoint.id={LENT}")[..], "endpoint.manage=false"];
        change(&mut bench, "placeholder.toml", &set);
        bench
    };
    let before = lent(&bench);
    let outcome = bench.up().await;
    assert!(outcome.ok(), "{outcome:?}");
    assert_answered(&bench, &[(HOST, "/")]);
    assert_eq!(lent(&bench), before);
    // What its owner has to open is told exactly.
    let outputs = Outputs::read(&bench.look(), ACCOUNT).await;
    let outputs = outputs.expect("reads work");
    let opening = outputs.borrowed_endpoint.expect("it is borrowed");
    let status = Status::read(&bench.look()).await.expect("reads work");
    let id = |key: &str| {
        let own = status
            .resources
            .iter()
            .find(|one| one.resource.as_str() == key);
        own.expect("it exists").id.clone()
    };
    assert_eq!(opening.from, id("load-balancer-security-group"));
    let api = format!(
        "arn:aws:execute-api:{REGION}:{ACCOUNT}:{}/*",
        id("rest-api")
    );
    assert_eq!(opening.statement["Resource"], json!([api]));
    assert_eq!(
        (outputs.endpoint_id.as_deref(), outputs.addresses.len()),
        (Some(LENT), 3)
    );
    assert!(bench.down().await.ok());
    assert_eq!(lent(&bench), before);
}

#[tokio::test(start_paused = true)]
async fn when_manage_is_taken_back_what_was_opened_is_closed() {
    let mut bench = Bench::new(BORROWED, quick());
    let before = lent(&bench);
    assert!(Box::pin(bench.up()).await.ok());
    change(&mut bench, BORROWED, &["endpoint.manage=false"]);
    // Nobody else lets the load balancer in: its targets cannot be healthy.
    let look = bench.look();
    let (_, plan) = bench.plan(&look).await.expect("it can be planned");
    let shown = hybridgw::ui::plan::render(&plan);
    assert!(
        shown.contains("endpoint-policy") && shown.contains("tcp/443 from"),
        "{shown}"
    );
    let outcome = Box::pin(bench.up()).await;
    assert!(outcome.report.ok(), "{outcome:?}");
    // Two health checks later.
    tokio::time::sleep(Duration::from_secs(30)).await;
    let (_, rules) = lent(&bench);
    assert_eq!(rules, before.1);
    assert_eq!(ask(&bench, HOST, "/").hop, Some(Hop::SecurityGroup));
    assert!(bench.down().await.ok());
    assert_eq!(lent(&bench), before);
}

#[tokio::test(start_paused = true)]
async fn from_an_own_endpoint_to_a_borrowed_one_and_back() {
    let mut bench = Bench::new(BORROWED, quick());
    let before = lent(&bench);
    change(&mut bench, "placeholder.toml", &["stack=orders"]);
    assert!(Box::pin(bench.up()).await.ok());
    for name in [BORROWED, "pinned.toml"] {
        change(&mut bench, name, &[]);
        let outcome = bench.up().await;
        assert!(outcome.ok(), "{name}: {outcome:?}");
        assert_answered(&bench, &[(HOST, "/")]);
    }
    assert_eq!(lent(&bench), before);
}

#[tokio::test(start_paused = true)]
async fn killed_at_any_call_a_borrowed_endpoint_ends_as_it_was() {
    let calls = {
        let bench = Bench::new(BORROWED, quick());
        bench.up().await;
        bench.simulator.journal().len()
    };
    for point in (40..=calls).step_by(37) {
        let bench = Bench::new(BORROWED, hanging_from(point));
        let before = bench.census();
        let lent_before = lent(&bench);
        up_killed(&bench).await;
        bench.simulator.set_faults(Vec::new());
        let outcome = bench.down().await;
        assert!(outcome.ok(), "call {point}: {outcome:?}");
        assert_eq!(lent(&bench), lent_before, "call {point}");
        let policy = |mut census: Value| {
            census["regions"]["ec2"]["endpoints"][LENT]["policy"] = Value::Null;
            census
        };
        assert_same(
            &policy(before),
            &policy(bench.census()),
            &format!("call {point}"),
        );
    }
}

/// From this call on, none is answered; the first one has its effect.
fn hanging_from(point: usize) -> Conditions {
    let faults = format!(
        r#"{{"quotas": false, "faults": [
            {{"operation": "*", "calls": [{point}], "then": "hang-reply"}},
            {{"operation": "*", "from": {}, "then": "hang"}}]}}"#,
        point + 1
    );
    Conditions::from_json(&faults).expect("it is understood")
}

/// Runs until no call is answered any more, and kills it.
async fn up_killed(bench: &Bench) {
    let stuck = async {
        let mut before = usize::MAX;
        loop {
            let now = bench.connection.journal.attempts();
            if now == before {
                return;
            }
            before = now;
            tokio::time::sleep(Duration::from_secs(8)).await;
        }
    };
    tokio::select! {
        outcome = Box::pin(bench.up()) => panic!("the run was not killed: {outcome:?}"),
        () = stuck => {}
    }
}

/// The healthy targets of a route.
fn healthy(status: &Status, route: &str) -> BTreeSet<String> {
    let rows = status.targets.iter();
    let own = rows.filter(|row| row.route == route && row.health == "healthy");
    own.map(|row| row.address.clone()).collect()
}

/// Applies the bench's configuration, with requests and a look at the targets
/// every second: one is healthy all the while.
async fn up_serving(bench: &Bench, route: &str, asked: &[(&str, &str)]) -> Outcome {
    let watch = async {
        let look = bench.look();
        loop {
            let now = look.afresh(&[Query::DescribeTargetHealth]);
            let status = Status::read(&now).await.expect("reads work");
            assert!(!healthy(&status, route).is_empty(), "{:?}", status.targets);
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    };
    tokio::select! {
        outcome = Box::pin(up_watched(bench, asked)) => outcome,
        () = Box::pin(watch) => unreachable!(),
    }
}

/// Quotas would slow the watcher down, and it the product.
fn unlimited() -> Conditions {
    Conditions {
        quotas: false,
        ..quick()
    }
}

const PINS: [&str; 2] = ["10.0.1.10", "10.0.2.10"];

fn pinned(pins: &[&str]) -> String {
    format!("endpoint.addresses={}", json!(pins))
}

#[tokio::test(start_paused = true)]
async fn pins_come_change_and_go_and_a_healthy_target_is_always_there() {
    let mut bench = Bench::new("pinned.toml", unlimited());
    assert!(Box::pin(bench.up()).await.ok());
    let now = |status: &Status| healthy(status, "/");
    let status = Status::read(&bench.look()).await.expect("reads work");
    assert_eq!(now(&status), PINS.map(str::to_owned).into());
    // One changes, all change, none is pinned, both are pinned anew.
    let steps: [&[&str]; 4] = [
        &["10.0.1.10", "10.0.2.20"],
        &["10.0.1.30", "10.0.2.30"],
        &[],
        &["10.0.1.40", "10.0.2.40"],
    ];
    let mut last = BTreeSet::new();
    for pins in steps {
        change(&mut bench, "pinned.toml", &[&pinned(pins)]);
        let outcome = Box::pin(up_serving(&bench, "/", &[(HOST, "/")])).await;
        assert!(outcome.ok(), "{pins:?}: {outcome:?}");
        let status = Status::read(&bench.look()).await.expect("reads work");
        let wanted: BTreeSet<String> = pins.iter().map(ToString::to_string).collect();
        let wanted = if pins.is_empty() { last } else { wanted };
        assert_eq!(now(&status), wanted, "unpinned addresses stay as they are");
        last = wanted;
    }
}

#[tokio::test(start_paused = true)]
async fn a_change_of_pins_killed_at_any_call_is_finished_without_a_gap() {
    // Changes both pins, killed at a call; says how many calls it took.
    let change_killed_at = async |point: Option<usize>| {
        let mut bench = Bench::new("pinned.toml", unlimited());
        assert!(Box::pin(bench.up()).await.ok());
        let pins = pinned(&["10.0.1.30", "10.0.2.30"]);
        change(&mut bench, "pinned.toml", &[&pins]);
        let before = bench.simulator.journal().len();
        let outcome = if let Some(point) = point {
            let faults = hanging_from(point).faults;
            bench.simulator.set_faults(faults);
            Box::pin(up_killed(&bench)).await;
            bench.simulator.set_faults(Vec::new());
            Box::pin(up_serving(&bench, "/", &[(HOST, "/")])).await
        } else {
            Box::pin(bench.up()).await
        };
        assert!(outcome.ok(), "{point:?}: {outcome:?}");
        let calls = bench.simulator.journal().len() - before;
        let status = Status::read(&bench.look()).await.expect("reads work");
        let wanted = ["10.0.1.30", "10.0.2.30"].map(str::to_owned);
        assert_eq!(healthy(&status, "/"), wanted.into(), "{point:?}");
        calls
    };
    let calls = Box::pin(change_killed_at(None)).await;
    for point in (8..calls).step_by(calls / 7) {
        Box::pin(change_killed_at(Some(point))).await;
    }
}

#[tokio::test(start_paused = true)]
async fn the_subnets_of_a_site_change_and_a_healthy_target_is_always_there() {
    let mut bench = Bench::new("site.toml", unlimited());
    assert!(Box::pin(bench.up()).await.ok());
    let subnet = |letter: &str| format!("subnet-0{}", letter.repeat(16));
    let [first, second] = ["a", "b"].map(subnet);
    let [third, fourth] = ["c", "d"].map(subnet);
    for subnets in [
        vec![&first, &second, &third],
        vec![&first, &third],
        vec![&second, &fourth],
    ] {
        let set = format!("network.subnets={}", json!(subnets));
        change(&mut bench, "site.toml", &[&set]);
        let outcome = Box::pin(up_serving(&bench, "/", &[(HOST, "/x"), (HOST, "/help/")])).await;
        assert!(outcome.ok(), "{subnets:?}: {outcome:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn somebody_who_widens_the_policy_of_the_s3_endpoint_is_found_out() {
    let bench = Bench::new("site.toml", quick());
    assert!(Box::pin(bench.up()).await.ok());
    let status = Status::read(&bench.look()).await.expect("reads work");
    let own = status
        .resources
        .iter()
        .find(|one| one.resource.as_str() == "site-endpoint");
    let own = own.expect("it exists").id.clone();
    let aws = bench.connection.writer();
    for policy in [
        json!({"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}]}),
        json!({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": "*",
            "Action": "s3:GetObject", "Resource": ["arn:aws:s3:::shop-frontend/*", "arn:aws:s3:::shop-help/*", "arn:aws:s3:::other/*"]}}),
    ] {
        let call = aws.ec2.modify_vpc_endpoint().vpc_endpoint_id(&own);
        call.policy_document(policy.to_string())
            .send()
            .await
            .expect("it is changed");
        let outcome = bench.up().await;
        assert!(outcome.ok(), "{outcome:?}");
        let updated: Vec<&str> = outcome
            .report
            .updated
            .iter()
            .map(|key| key.as_str())
            .collect();
        assert_eq!(updated, ["site-endpoint"]);
        let census = bench.census();
        let now = census["regions"]["ec2"]["endpoints"][&own]["policy"].as_str();
        let now: Value = serde_json::from_str(now.expect("a policy")).expect("JSON");
        assert_eq!(
            now["Statement"]["Resource"],
            json!(["arn:aws:s3:::shop-frontend/*", "arn:aws:s3:::shop-help/*"])
        );
    }
}

//! Things that several stacks, many releases or many routes share: an endpoint,
//! a group's rules, a thing's tags, a function's policy, a client token.

use std::collections::BTreeSet;

use aws_sdk_ec2::types::{IpPermission, UserIdGroupPair};
use hybridgw::{
    event::Silent,
    outputs::Status,
    pipeline::{observe::discover, refusal, remove},
    rehearsal,
    stop::Stop,
};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::{
    bench::{ACCOUNT, Bench, REGION, assert_same, config},
    quick,
    watch::{assert_answered, up_watched},
};

const ORDERS: &str = "orders.corp.example.com";
const BILLING: &str = "billing.corp.example.com";
const BOTH: [(&str, &str); 2] = [(ORDERS, "/"), (BILLING, "/")];

/// The same account, with another file.
fn beside(bench: &Bench, name: &str, set: &[String]) -> Bench {
    let config = config(name, set);
    rehearsal::furnish(&bench.simulator, &config, ACCOUNT, REGION).expect("in memory");
    Bench::at(bench.simulator.clone(), config)
}

/// The AWS id of a resource of the stack.
async fn id(bench: &Bench, key: &str) -> String {
    let status = Status::read(&bench.look()).await.expect("reads work");
    let mut all = status.resources.iter();
    let own = all.find(|one| one.resource.as_str() == key);
    own.expect("it exists").id.clone()
}

/// A stack that borrows the other one's own endpoint.
async fn borrower(owner: &Bench, stack: &str, manage: bool) -> Bench {
    let set = [
        format!("stack={stack}"),
        format!("domain.name={BILLING}"),
        format!("endpoint.id={}", id(owner, "vpc-endpoint").await),
        format!("endpoint.manage={manage}"),
        format!(
            "domain.certificate=arn:aws:acm:{REGION}:{ACCOUNT}:certificate/{}",
            "22345678-1234-1234-1234-123456789012"
        ),
    ];
    beside(owner, "borrowed-endpoint.toml", &set)
}

/// A stack with an endpoint of its own, and one that borrows it; both serve.
async fn two() -> (Bench, Bench) {
    let owner = Bench::new("placeholder.toml", quick());
    assert!(Box::pin(owner.up()).await.ok());
    let borrower = borrower(&owner, "billing", true).await;
    let outcome = Box::pin(up_watched(&borrower, &BOTH[..1])).await;
    assert!(outcome.ok(), "{outcome:?}");
    assert_answered(&owner, &BOTH);
    (owner, borrower)
}

#[tokio::test(start_paused = true)]
async fn two_stacks_share_the_endpoint_of_one_and_neither_takes_away_what_the_other_opened() {
    let owner = Bench::new("placeholder.toml", quick());
    assert!(Box::pin(owner.up()).await.ok());
    let before = owner.census();
    let borrower = borrower(&owner, "billing", true).await;
    assert!(Box::pin(borrower.up()).await.ok());
    for bench in [&owner, &borrower, &owner] {
        let look = bench.look();
        let (_, plan) = Box::pin(bench.plan(&look))
            .await
            .expect("it can be planned");
        assert!(plan.converged(), "{}", hybridgw::ui::plan::render(&plan));
    }
    // A change of the owner's group and policy is made beside the other's share.
    let mut wider = owner.clone();
    wider.config = config(
        "placeholder.toml",
        &["network.clients=[\"10.0.0.0/8\", \"172.16.0.0/12\"]".to_owned()],
    );
    let outcome = Box::pin(up_watched(&wider, &BOTH)).await;
    assert!(outcome.ok(), "{outcome:?}");
    assert!(Box::pin(up_watched(&owner, &BOTH)).await.ok());

    let outcome = Box::pin(borrower.down()).await;
    assert!(outcome.ok(), "{outcome:?}");
    assert_answered(&owner, &BOTH[..1]);
    let group = |census: Value| census["regions"]["ec2"].clone();
    let policies = |mut ec2: Value| {
        for endpoint in ec2["endpoints"].as_object_mut().expect("some").values_mut() {
            let text = endpoint["policy"].as_str().expect("a policy");
            let mut policy: Value = serde_json::from_str(text).expect("JSON");
            if policy["Statement"]
                .as_array()
                .is_some_and(|all| all.len() == 1)
            {
                policy["Statement"] = policy["Statement"][0].take();
            }
            endpoint["policy"] = policy;
        }
        let rules = ec2["rules"].as_object().expect("some").values();
        let rules: BTreeSet<String> = rules.map(ToString::to_string).collect();
        json!([
            ec2["endpoints"],
            ec2["groups"],
            ec2["tags"].as_object().map(|all| {
                let kept = all.iter().filter(|(id, _)| !id.starts_with("sgr-"));
                kept.map(|(id, tags)| (id.clone(), tags.clone()))
                    .collect::<serde_json::Map<_, _>>()
            }),
            rules
        ])
    };
    assert_eq!(policies(group(before)), policies(group(owner.census())));
    assert!(Box::pin(owner.down()).await.ok());
}

#[tokio::test(start_paused = true)]
async fn the_owner_of_a_shared_endpoint_does_not_go_down_under_the_other_stack() {
    for manage in [true, false] {
        let (owner, borrower) = if manage {
            two().await
        } else {
            let owner = Bench::new("placeholder.toml", quick());
            assert!(Box::pin(owner.up()).await.ok());
            let borrower = borrower(&owner, "billing", false).await;
            let _ = Box::pin(borrower.up()).await;
            (owner, borrower)
        };
        let look = owner.look();
        let stands = discover(&look).await.expect("reads work");
        let error = refusal::of_removal(&stands, &look).await;
        let error = error.expect_err("it is used");
        assert!(error.message.contains("the stack billing"), "{error}");
        // Past that refusal, the endpoint stays all the same, and says so at once.
        let began = Instant::now();
        let aws = owner.connection.writer();
        let endpoint: Vec<_> = stands
            .into_iter()
            .filter(|one| one.key.as_str() == "vpc-endpoint")
            .collect();
        let report = remove(&endpoint, &aws, &look, &Silent, &Stop::default()).await;
        let [(_, error)] = &report.failed[..] else {
            panic!("{report:?}");
        };
        assert!(error.to_string().contains("the stack billing"), "{error}");
        assert!(began.elapsed().as_secs() < 30, "{:?}", began.elapsed());
        if manage {
            assert_answered(&owner, &BOTH);
        }
        // To a file in which the endpoint is not wanted any more: the same.
        let set = [
            "stack=orders-dev".to_owned(),
            format!("domain.name={ORDERS}"),
        ];
        let mut moved = owner.clone();
        moved.config = config("borrowed-endpoint.toml", &set);
        rehearsal::furnish(&moved.simulator, &moved.config, ACCOUNT, REGION).expect("in memory");
        let planned = Box::pin(moved.plan(&moved.look())).await;
        let error = planned.err().expect("its endpoint is used");
        assert!(error.message.contains("the stack billing"), "{error}");

        assert!(Box::pin(borrower.down()).await.ok());
        let outcome = Box::pin(owner.down()).await;
        assert!(outcome.ok(), "{outcome:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_mark_that_no_borrower_has_made_is_drift() {
    let (owner, _) = two().await;
    let shared = id(&owner, "vpc-endpoint").await;
    let group = id(&owner, "endpoint-security-group").await;
    let aws = owner.connection.writer();
    let vpc = owner.config.network.vpc.clone();
    let made = aws.ec2.create_security_group().vpc_id(vpc);
    let made = made.group_name("stranger").description("a stranger");
    let stranger = made.send().await.expect("it can be made").group_id;
    let pair = UserIdGroupPair::builder()
        .set_group_id(stranger)
        .description("hybridgw:billing");
    let rule = IpPermission::builder()
        .ip_protocol("tcp")
        .from_port(443)
        .to_port(443);
    let rule = rule.user_id_group_pairs(pair.build()).build();
    let call = aws.ec2.authorize_security_group_ingress().group_id(&group);
    call.ip_permissions(rule)
        .send()
        .await
        .expect("it can be added");
    let census = owner.census();
    let text = &census["regions"]["ec2"]["endpoints"][&shared]["policy"];
    let mut policy: Value = serde_json::from_str(text.as_str().expect("text")).expect("JSON");
    let statements = policy["Statement"].as_array_mut().expect("two");
    let theirs = statements.iter_mut().find(|one| one["Sid"].is_string());
    theirs.expect("the borrower's")["Resource"] = json!("*");
    let call = aws.ec2.modify_vpc_endpoint().vpc_endpoint_id(&shared);
    call.policy_document(policy.to_string())
        .send()
        .await
        .expect("it can be changed");

    let (_, plan) = Box::pin(owner.plan(&owner.look()))
        .await
        .expect("it can be planned");
    let shown = hybridgw::ui::plan::render(&plan);
    assert!(
        shown.contains("endpoint-policy") && shown.contains("tcp/443 from sg-"),
        "{shown}"
    );
    assert!(Box::pin(owner.up()).await.ok());
    let census = owner.census();
    let text = census["regions"]["ec2"]["endpoints"][&shared]["policy"].to_string();
    assert!(!text.contains(r#"Resource\":\"*"#), "{text}");
}

#[tokio::test(start_paused = true)]
async fn a_group_that_rules_of_others_name_is_not_waited_for() {
    let (owner, _) = two().await;
    let endpoint = id(&owner, "vpc-endpoint").await;
    let aws = owner.connection.writer();
    let call = aws.ec2.delete_vpc_endpoints().vpc_endpoint_ids(&endpoint);
    call.send().await.expect("it can be deleted by hand");
    tokio::time::sleep(std::time::Duration::from_mins(3)).await;
    let began = Instant::now();
    let outcome = Box::pin(owner.down()).await;
    let failed = &outcome.report.failed;
    let [(key, error)] = &failed[..] else {
        panic!("{outcome:?}");
    };
    assert_eq!(key.as_str(), "endpoint-security-group");
    assert!(error.to_string().contains("stack billing"), "{error}");
    assert!(began.elapsed().as_secs() < 400, "{:?}", began.elapsed());
}

fn clients(ranges: std::ops::Range<usize>) -> String {
    let ranges: Vec<String> = ranges.map(|one| format!("10.{one}.0.0/16")).collect();
    format!("network.clients={}", json!(ranges))
}

#[tokio::test(start_paused = true)]
async fn as_many_ranges_as_a_group_takes_are_replaced_by_others_and_those_that_stay_are_served() {
    for (old, new, stays) in [
        // All of 20 are others; 30, the most there can be; one of 30 stays.
        (clients(10..30), clients(50..70), None),
        (clients(10..40), clients(50..80), None),
        (
            clients(1..31),
            clients(1..2).replace(']', ",") + &clients(50..79)[17..],
            Some(()),
        ),
    ] {
        let mut bench = Bench::new("placeholder.toml", quick());
        bench.config = config("placeholder.toml", std::slice::from_ref(&old));
        assert!(Box::pin(bench.up()).await.ok(), "{old}");
        bench.config = config("placeholder.toml", std::slice::from_ref(&new));
        let began = Instant::now();
        let asked: &[(&str, &str)] = if stays.is_some() { &BOTH[..1] } else { &[] };
        let outcome = Box::pin(up_watched(&bench, asked)).await;
        assert!(outcome.ok(), "{new}: {outcome:?}");
        assert!(began.elapsed().as_secs() < 120, "{:?}", began.elapsed());
    }
}

fn release(number: usize) -> Vec<String> {
    let function = format!("arn:aws:lambda:{REGION}:{ACCOUNT}:function:orders:{number}");
    let route = format!(r#"{{path="/", api={{lambda="{function}", stage="v1"}}}}"#);
    vec![format!("route=[{route}]")]
}

#[tokio::test(start_paused = true)]
async fn sixty_releases_leave_as_many_tags_and_take_as_many_calls_as_the_first() {
    let first = config("placeholder.toml", &release(1));
    let mut bench = Bench::new("placeholder.toml", quick());
    bench.config = first;
    rehearsal::furnish(&bench.simulator, &bench.config, ACCOUNT, REGION).expect("in memory");
    assert!(Box::pin(bench.up()).await.ok());
    let mut figures = Vec::new();
    for number in 2..=60 {
        let next = beside(&bench, "placeholder.toml", &release(number));
        let before = next.simulator.journal().len();
        let outcome = Box::pin(next.up()).await;
        assert!(outcome.ok(), "{number}: {outcome:?}");
        let calls = next.simulator.journal().len() - before;
        let census = next.census();
        let apis = census["regions"]["apigateway"]["apis"].as_object();
        let tags = apis
            .expect("APIs")
            .values()
            .map(|api| api["tags"].as_object());
        let tags: usize = tags.flatten().map(serde_json::Map::len).sum();
        figures.push((tags, calls));
    }
    let (first, last) = (figures[0], figures[figures.len() - 1]);
    println!("tags and calls: {first:?} … {last:?}");
    assert!(figures.iter().all(|one| one.0 == first.0), "{figures:?}");
    // When the beats of the waiting fall otherwise, some calls come or go.
    let most = figures.iter().map(|one| one.1).max().unwrap_or_default();
    assert!(
        most <= first.1 + 30 && last.1 <= first.1 + 10,
        "{figures:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn many_routes_to_one_function_get_their_statements_each_with_one_call() {
    let paths = ["/", "/a", "/b", "/c", "/d", "/e"];
    let function = format!("arn:aws:lambda:{REGION}:{ACCOUNT}:function:orders");
    let routes = paths.map(|path| format!(r#"{{path="{path}", lambda="{function}"}}"#));
    let mut bench = Bench::new("lambda.toml", quick());
    let before = bench.census();
    bench.config = config("lambda.toml", &[format!("route=[{}]", routes.join(","))]);
    let outcome = Box::pin(bench.up()).await;
    assert!(outcome.ok(), "{outcome:?}");
    let calls = bench.connection.journal.by_operation();
    let made = calls.get("AddPermission").copied();
    assert_eq!(made, Some(paths.len()), "{calls:?}");
    let asked = paths.map(|path| (ORDERS, path));
    assert_answered(&bench, &asked);
    assert!(Box::pin(bench.down()).await.ok());
    let removed = bench.connection.journal.by_operation();
    let removed = removed.get("RemovePermission").copied();
    assert_eq!(removed, Some(paths.len()));
    assert_same(&before, &bench.census(), "after down");
}

#[tokio::test(start_paused = true)]
async fn an_endpoint_that_is_deleted_by_hand_is_made_again_however_often() {
    let bench = Bench::new("placeholder.toml", quick());
    assert!(Box::pin(bench.up()).await.ok());
    let aws = bench.connection.writer();
    for round in 0..10 {
        let endpoint = id(&bench, "vpc-endpoint").await;
        let call = aws.ec2.delete_vpc_endpoints().vpc_endpoint_ids(&endpoint);
        call.send().await.expect("it can be deleted");
        // Until it is gone for good.
        tokio::time::sleep(std::time::Duration::from_mins(3)).await;
        let outcome = Box::pin(bench.up()).await;
        assert!(outcome.ok(), "round {round}: {outcome:?}");
        assert_answered(&bench, &BOTH[..1]);
    }
    assert!(Box::pin(bench.down()).await.ok());
}

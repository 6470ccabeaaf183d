//! `sync` once: it follows the addresses, of every kind of route, with the configuration and
//! without, and touches nothing else.

use std::{collections::BTreeSet, time::Duration};

use hybridgw::simulator::faults::Rule;
use tokio::time::Instant;

use super::{
    bench::{ACCOUNT, Bench, EXAMPLES, REGION, config},
    quick, watch,
};

/// A stack that stands, with all that it borrows.
async fn standing(name: &str) -> Bench {
    let bench = Bench::new(name, quick());
    let outcome = bench.up().await;
    assert!(outcome.ok(), "{name}: {outcome:?}");
    bench.again()
}

impl Bench {
    /// Another process: its calls are counted from none.
    fn again(&self) -> Self {
        Self::at(self.simulator.clone(), self.config.clone())
    }
}

#[tokio::test(start_paused = true)]
async fn replaced_interfaces_are_followed_on_every_example_with_and_without_its_file() {
    for name in EXAMPLES {
        let standing = standing(name).await;
        for by_tags in [false, true] {
            let what = format!("{name}, by tags: {by_tags}");
            let bench = standing.again();
            let (round, ended) = bench.sync(by_tags).await;
            assert!(ended.is_ok(), "{what}: {ended:?}");
            assert!(!round.has_changed(), "{what}: {round:?}");
            assert!(round.warnings.is_empty(), "{what}: {:?}", round.warnings);
            if bench.groups().is_empty() {
                continue; // functions only
            }
            // One interface of each endpoint.
            let mut seen = BTreeSet::new();
            let all = bench.interfaces().into_iter();
            let one_each = all.filter(|one| seen.insert(one.endpoint.clone()));
            let new: BTreeSet<String> = one_each.map(|one| bench.replace(&one)).collect();
            let (round, ended) = bench.sync(by_tags).await;
            assert!(ended.is_ok(), "{what}: {ended:?}");
            let came = round.registered.iter().map(|one| one.address.clone());
            let came: BTreeSet<String> = came.collect();
            // A borrowed world may hold endpoints that are not the stack's.
            assert!(
                !came.is_empty() && came.is_subset(&new),
                "{what}: {came:?} of {new:?}"
            );
            assert_eq!(round.deregistered.len(), round.registered.len(), "{what}");
            bench.assert_followed(&what);
            if name == "pinned.toml" {
                // Another address than the pinned one serves, and is named: `up` moves it.
                let (round, _) = bench.sync(false).await;
                assert!(
                    round
                        .warnings
                        .iter()
                        .any(|one| one.contains("10.0.2.10") || one.contains("10.0.1.10")),
                    "{what}: {:?}",
                    round.warnings
                );
                continue;
            }
            let error = bench.unconverged().await;
            assert!(error.is_none(), "{what}: {error:?}");
            let calls = bench.connection.journal.by_operation();
            let writes = ["RegisterTargets", "DeregisterTargets", "CreateTags"];
            let reads = |name: &String| {
                name.starts_with("Describe")
                    || name.starts_with("Get")
                    || name.starts_with("List")
                    || name.starts_with("Head")
            };
            let other = calls
                .keys()
                .find(|name| !reads(name) && !writes.contains(&name.as_str()));
            assert!(other.is_none(), "{what}: {other:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn while_it_follows_requests_are_answered_and_the_new_address_is_healthy_before_the_old_goes()
{
    let bench = standing("placeholder.toml").await;
    let host = bench.config.domain.name.clone();
    let first = bench.interfaces().remove(0);
    bench.replace(&first);
    // The balancer notices that the old address is dead, and asks nobody there.
    tokio::time::sleep(Duration::from_secs(30)).await;
    let watching = async {
        loop {
            watch::assert_answered(&bench, &[(&host, "/")]);
            let groups = bench.groups();
            assert!(
                groups.values().all(|group| !group.healthy.is_empty()),
                "{groups:?}"
            );
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    };
    let began = Instant::now();
    let (_, ended) = tokio::select! {
        done = bench.sync(false) => done,
        () = watching => unreachable!(),
    };
    assert!(ended.is_ok(), "{ended:?}");
    println!("one sync of one interface: {:?}", began.elapsed());
    bench.assert_followed("after it");
}

#[tokio::test(start_paused = true)]
async fn interfaces_have_the_endpoints_tags_after_up_and_again_after_aws_replaced_them() {
    let set = ["tags={ team = \"orders\" }".to_owned()];
    let wanted = config("placeholder.toml", &set);
    let bench = Bench::new("placeholder.toml", quick());
    let bench = Bench::at(bench.simulator, wanted);
    assert!(bench.up().await.ok());
    let tagged = |bench: &Bench| {
        bench.interfaces().iter().all(|one| {
            one.tags
                .get("hybridgw:stack")
                .is_some_and(|stack| stack == "orders-dev")
                && one.tags.get("team").is_some_and(|team| team == "orders")
                && !one.tags.contains_key("hybridgw:resource")
        })
    };
    assert!(tagged(&bench), "{:?}", bench.interfaces());
    for by_tags in [false, true] {
        bench.replace(&bench.interfaces()[0]);
        assert!(!tagged(&bench));
        let (round, ended) = bench.sync(by_tags).await;
        assert!(ended.is_ok(), "{ended:?}");
        assert_eq!(round.tagged.len(), 1);
        assert!(tagged(&bench), "{:?}", bench.interfaces());
    }
    assert!(bench.unconverged().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_group_is_never_emptied_when_the_endpoint_has_gone() {
    let bench = standing("placeholder.toml").await;
    let before = bench.groups();
    let id = bench.interfaces()[0].endpoint.clone();
    let ec2 = bench.connection.writer().ec2;
    ec2.delete_vpc_endpoints()
        .vpc_endpoint_ids(&id)
        .send()
        .await
        .expect("it goes");
    for pause in [1, 600] {
        tokio::time::sleep(Duration::from_secs(pause)).await;
        for by_tags in [false, true] {
            let (round, ended) = bench.again().sync(by_tags).await;
            assert!(!round.has_changed(), "{round:?}");
            assert!(
                !round.warnings.is_empty() || ended.is_err(),
                "nothing is said: {round:?}"
            );
        }
    }
    let registered = |groups: &std::collections::BTreeMap<String, super::following::Group>| {
        groups
            .values()
            .map(|one| one.registered.clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(registered(&before), registered(&bench.groups()));
}

#[tokio::test(start_paused = true)]
async fn a_foreign_target_goes_and_an_emptied_group_is_filled() {
    let bench = standing("placeholder.toml").await;
    let arn = {
        let world = bench.simulator.world();
        let here = world.region(ACCOUNT, REGION).expect("it is in use");
        here.elbv2
            .groups
            .keys()
            .next()
            .expect("there is one")
            .clone()
    };
    let elb = bench.connection.writer().elb;
    let target = |id: &str| {
        aws_sdk_elasticloadbalancingv2::types::TargetDescription::builder()
            .id(id)
            .build()
    };
    let call = elb.register_targets().target_group_arn(&arn);
    call.targets(target("10.0.1.200"))
        .send()
        .await
        .expect("it is registered");
    let (round, ended) = bench.sync(true).await;
    assert!(ended.is_ok(), "{ended:?}");
    assert_eq!(round.deregistered.len(), 1);
    bench.assert_followed("a foreign target");
    let mut call = elb.deregister_targets().target_group_arn(&arn);
    for one in bench.interfaces() {
        call = call.targets(target(&one.address));
    }
    call.send().await.expect("they go");
    tokio::time::sleep(Duration::from_mins(2)).await;
    let (round, ended) = bench.sync(true).await;
    assert!(ended.is_ok(), "{ended:?}");
    assert_eq!(round.registered.len(), bench.interfaces().len());
    bench.assert_followed("an emptied group");
}

#[tokio::test(start_paused = true)]
async fn what_else_differs_is_named_and_left() {
    let bench = standing("placeholder.toml").await;
    let other = config(
        "placeholder.toml",
        &[
            "load_balancer.health_check={ path = \"/sping\", matcher = \"200\" }".to_owned(),
            "endpoint.private_dns=true".to_owned(),
        ],
    );
    let bench = Bench::at(bench.simulator, other);
    let (round, ended) = bench.sync(false).await;
    assert!(ended.is_ok() && !round.has_changed(), "{ended:?} {round:?}");
    let said = round.warnings.join("\n");
    for words in [
        "health check path is /ping, not /sping",
        "private DNS",
        "`hybridgw up` repairs it",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
    assert_eq!(bench.writes(), 0);
}

#[tokio::test(start_paused = true)]
async fn no_stack_of_that_name_and_nothing_made_yet_are_errors_that_say_so() {
    let bench = Bench::new("placeholder.toml", quick());
    let (_, ended) = bench.sync(false).await;
    let error = ended.expect_err("nothing was made");
    assert_eq!(error.exit_code(), 1);
    let said = format!("{error} {:?}", error.hints);
    assert!(
        said.contains("nothing of the stack orders-dev exists") && said.contains("hybridgw up"),
        "{said}"
    );
    let (_, ended) = bench.sync(true).await;
    let error = ended.expect_err("there is no such stack");
    let said = format!("{error} {:?}", error.hints);
    assert!(said.contains("status --all"), "{said}");
}

#[tokio::test(start_paused = true)]
async fn which_of_two_endpoints_serves_is_not_guessed() {
    let bench = standing("placeholder.toml").await;
    let groups = bench
        .look()
        .security_groups(hybridgw::aws::read::Groups::OfStack)
        .await;
    let groups = groups.expect("reads work");
    let front = groups
        .iter()
        .find(|one| one.group_name() == Some("orders-dev-load-balancer"));
    let front = front.and_then(|one| one.group_id()).expect("it is there");
    let tag = aws_sdk_ec2::types::Tag::builder()
        .key("hybridgw:endpoint")
        .value("vpce-0another")
        .build();
    let ec2 = bench.connection.writer().ec2;
    ec2.create_tags()
        .resources(front)
        .tags(tag)
        .send()
        .await
        .expect("it is tagged");
    let old = bench.interfaces().remove(0);
    bench.replace(&old);
    let (round, _) = bench.sync(true).await;
    let targets = [round.registered.len(), round.deregistered.len()];
    assert_eq!(targets, [0, 0], "{round:?}");
    assert!(
        round
            .warnings
            .iter()
            .any(|one| one.contains("vpce-0another")),
        "{:?}",
        round.warnings
    );
    // The file says which.
    let (round, ended) = bench.sync(false).await;
    assert!(
        ended.is_ok() && round.registered.len() == 1,
        "{ended:?} {round:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn an_endpoint_that_is_changing_is_waited_for() {
    let bench = standing("placeholder.toml").await;
    let ec2 = bench.connection.writer().ec2;
    let last = bench.config.network.subnets.last().expect("it has subnets");
    let id = bench.interfaces()[0].endpoint.clone();
    ec2.modify_vpc_endpoint()
        .vpc_endpoint_id(&id)
        .remove_subnet_ids(last)
        .send()
        .await
        .expect("it changes");
    let (round, ended) = bench.sync(true).await;
    assert!(ended.is_ok(), "{ended:?}");
    assert_eq!(round.deregistered.len(), 1, "{round:?}");
    ec2.modify_vpc_endpoint()
        .vpc_endpoint_id(&id)
        .add_subnet_ids(last)
        .send()
        .await
        .expect("it changes");
    let (round, ended) = bench.sync(true).await;
    assert!(ended.is_ok(), "{ended:?}");
    assert_eq!(round.registered.len(), 1, "{round:?}");
    bench.assert_followed("a subnet taken and given");
}

#[tokio::test(start_paused = true)]
async fn a_denied_call_is_named_and_exits_with_4() {
    let bench = standing("placeholder.toml").await;
    for operation in [
        "ec2:DescribeNetworkInterfaces",
        "elasticloadbalancing:RegisterTargets",
        "ec2:CreateTags",
    ] {
        let rule = format!(
            r#"[{{"operation": "{operation}", "then": {{"refuse": {{"code": "UnauthorizedOperation", "status": 403}}}}}}]"#
        );
        let rules: Vec<Rule> = serde_json::from_str(&rule).expect("it is understood");
        bench.replace(&bench.interfaces()[0]);
        bench.simulator.set_faults(rules);
        let (_, ended) = bench.sync(true).await;
        let error = ended.expect_err("it is denied");
        assert_eq!(error.exit_code(), 4, "{error}");
        let name = operation.split(':').next_back().expect("a name");
        assert!(format!("{error}").contains(name), "{error}");
        bench.heal();
        if name == "CreateTags" {
            bench.assert_followed("without tags");
        }
        assert!(bench.sync(true).await.1.is_ok());
        bench.assert_followed("after the denial");
    }
}

//! Whose a name is: other regions, other accounts, sets, and records beside ours.

use std::time::Duration;

use hybridgw::{
    Error,
    aws::{Connection, simulated},
    clock::Clock,
    error::ErrorKind,
    event::Silent,
    pipeline::{Planned, execute},
    rehearsal,
    simulator::{
        Simulator,
        conditions::Conditions,
        route53::{Alias, Record},
        world::World,
    },
    stop::Stop,
};
use tokio::time::Instant;

use crate::{
    bench::{ACCOUNT, Bench, REGION, assert_same, config},
    quick,
    watch::{ask, assert_answered},
};

const ABROAD: &str = "eu-west-1";
const OTHER_ACCOUNT: &str = "444455556666";
const HOST: &str = "orders.corp.example.com";
const STACK: &str = "orders-dev";

/// The stack of the same name and host, in another region or account.
fn bench(simulator: &Simulator, account: &str, region: &str) -> Bench {
    let certificate =
        format!("arn:aws:acm:{region}:{account}:certificate/12345678-1234-1234-1234-123456789012");
    let set = [
        format!("region={region}"),
        format!("domain.certificate={certificate}"),
    ];
    let config = config("placeholder.toml", &set);
    rehearsal::furnish(simulator, &config, account, region).expect("it is in memory");
    let http = simulated::http_client(simulator.clone());
    Bench {
        connection: Connection::through(http, account, region, Clock::REAL),
        config,
        simulator: simulator.clone(),
    }
}

fn edit(simulator: &Simulator, account: &str, change: impl FnOnce(&mut Vec<Record>)) {
    let done = simulator.edit(|world, conditions| {
        let ctx = world.context(account, REGION, conditions);
        let mut zones = ctx.global.route53.zones.values_mut();
        let zone = zones.next().expect("the zone is there");
        change(&mut zone.records);
        zone.records
            .sort_by(|one, other| one.key().cmp(&other.key()));
    });
    done.expect("it is in memory");
}

/// The records of the stack's name.
fn records(world: &World, account: &str) -> Vec<Record> {
    let account = world.accounts().get(account).expect("it is in use");
    let zones = account.global.route53.zones.values();
    let all = zones.flat_map(|zone| &zone.records);
    let named = all.filter(|record| record.name == format!("{HOST}."));
    named.cloned().collect()
}

fn standing(bench: &Bench) -> Vec<Record> {
    records(&bench.simulator.world(), ACCOUNT)
}

fn of(kind: &str) -> Record {
    Record {
        name: format!("{HOST}."),
        kind: kind.to_owned(),
        ..Record::default()
    }
}

fn value(kind: &str, value: &str) -> Record {
    Record {
        ttl: Some(60),
        values: vec![value.to_owned()],
        ..of(kind)
    }
}

fn alias(kind: &str, target: &str) -> Record {
    Record {
        alias: Some(Alias {
            zone: "Z215JYRZR1TBD5".to_owned(),
            name: format!("{target}."),
            follows_health: true,
        }),
        ..of(kind)
    }
}

fn weighted(record: Record, set: &str) -> Record {
    Record {
        identifier: Some(set.to_owned()),
        routing: [("Weight".to_owned(), 50.into())].into_iter().collect(),
        ..record
    }
}

/// The DNS name of the stack's load balancer in a region of an account.
fn balancer(bench: &Bench, account: &str, region: &str) -> String {
    let world = bench.simulator.world();
    let here = world.region(account, region).expect("it is in use");
    let mut all = here.elbv2.balancers.values();
    let own = all.find(|one| one.name == STACK).expect("it stands");
    own.dns_name.clone()
}

/// Refused by name, with a remedy, before anything was written.
async fn refused(bench: &Bench, words: &[&str]) -> Error {
    let before = bench.writes();
    let outcome = bench.up().await;
    let error = outcome.error.expect("it is refused");
    assert_eq!(error.kind, ErrorKind::NotOurs, "{error}");
    let said = format!("{error} {:?} {:?}", error.also, error.hints);
    for word in words.iter().copied().chain([HOST]) {
        assert!(said.contains(word), "{word}: {said}");
    }
    assert!(!error.hints.is_empty(), "{error}");
    assert_eq!(bench.writes(), before, "{said}");
    error
}

#[tokio::test(start_paused = true)]
async fn the_same_stack_in_another_region_does_not_move_the_live_name() {
    let here = Bench::new("placeholder.toml", quick());
    assert!(here.up().await.ok());
    let before = standing(&here);
    let abroad = bench(&here.simulator, ACCOUNT, ABROAD);
    refused(&abroad, &[REGION, "domain.name"]).await;
    // Nor does what is not there take it away.
    let outcome = abroad.down().await;
    assert!(outcome.ok(), "{outcome:?}");
    assert_eq!(standing(&here), before);
    assert_answered(&here, &[(HOST, "/")]);
}

#[tokio::test(start_paused = true)]
async fn taking_down_the_old_region_leaves_the_name_that_leads_to_the_new_one() {
    let old = Bench::new("placeholder.toml", quick());
    assert!(old.up().await.ok());
    // The name is moved by hand: the new region makes its own record.
    edit(&old.simulator, ACCOUNT, |all| {
        all.retain(|one| one.name != format!("{HOST}."));
    });
    let new = bench(&old.simulator, ACCOUNT, ABROAD);
    let outcome = new.up().await;
    assert!(outcome.ok(), "{outcome:?}");
    let live = standing(&new);
    let target = balancer(&new, ACCOUNT, ABROAD);
    assert!(
        live[0]
            .alias
            .as_ref()
            .is_some_and(|one| one.name.starts_with(&target))
    );
    refused(&old, &[ABROAD]).await;
    let outcome = old.down().await;
    assert!(outcome.ok(), "{outcome:?}");
    assert_eq!(standing(&new), live);
    assert!(new.unconverged().await.is_none());
    // And the new one takes its own away.
    let outcome = new.down().await;
    assert!(outcome.ok(), "{outcome:?}");
    assert!(standing(&new).is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_stack_of_the_same_name_in_another_account_keeps_its_name() {
    let theirs = Bench::new("placeholder.toml", quick());
    assert!(theirs.up().await.ok());
    let target = balancer(&theirs, ACCOUNT, REGION);
    let ours = bench(&theirs.simulator, OTHER_ACCOUNT, REGION);
    // The zone that both reach holds their alias: nothing here remembers it.
    let shared = alias("A", &target);
    edit(&ours.simulator, OTHER_ACCOUNT, |all| {
        all.push(shared.clone());
    });
    refused(&ours, &["domain.name"]).await;
    let outcome = ours.down().await;
    assert!(outcome.ok(), "{outcome:?}");
    let kept = records(&ours.simulator.world(), OTHER_ACCOUNT);
    assert_eq!(kept.as_slice(), std::slice::from_ref(&shared));
    // Also when a stack of ours stands, and the one that it led to is gone.
    assert!(theirs.down().await.ok());
    edit(&ours.simulator, OTHER_ACCOUNT, |all| {
        all.retain(|one| one.name != shared.name);
    });
    let outcome = ours.up().await;
    assert!(outcome.ok(), "{outcome:?}");
    edit(&ours.simulator, OTHER_ACCOUNT, |all| {
        all.retain(|one| one.name != shared.name);
        all.push(shared.clone());
    });
    refused(&ours, &["domain.name"]).await;
    let outcome = ours.down().await;
    assert!(outcome.ok(), "{outcome:?}");
    assert_eq!(records(&ours.simulator.world(), OTHER_ACCOUNT), [shared]);
}

#[tokio::test(start_paused = true)]
async fn a_run_killed_before_its_record_does_not_claim_one_that_came_meanwhile() {
    let theirs = Bench::new("placeholder.toml", quick());
    assert!(theirs.up().await.ok());
    let shared = alias("A", &balancer(&theirs, ACCOUNT, REGION));
    let ours = bench(&theirs.simulator, OTHER_ACCOUNT, REGION);
    // The group that remembers the record is there, and no balancer that it could lead to.
    let rule = r#"{"faults": [{"operation": "elasticloadbalancing:CreateLoadBalancer",
        "then": {"refuse": {"code": "TooManyLoadBalancers"}}}]}"#;
    let conditions = Conditions::from_json(rule).expect("it is understood");
    ours.simulator.set_conditions(conditions);
    assert!(!ours.up().await.ok());
    ours.assert_struck();
    ours.simulator.set_conditions(Conditions::default());
    let here = ours.simulator.world();
    let groups = &here
        .region(OTHER_ACCOUNT, REGION)
        .expect("in use")
        .ec2
        .groups;
    assert!(
        groups
            .values()
            .any(|one| one.name == "orders-dev-load-balancer")
    );
    assert!(records(&here, OTHER_ACCOUNT).is_empty());
    edit(&ours.simulator, OTHER_ACCOUNT, |all| {
        all.push(shared.clone());
    });
    refused(&ours, &["domain.name"]).await;
    assert!(ours.down().await.ok());
    assert_eq!(records(&ours.simulator.world(), OTHER_ACCOUNT), [shared]);
}

#[tokio::test(start_paused = true)]
async fn sets_are_somebodys_also_if_one_of_them_leads_to_our_balancer() {
    let bench = Bench::new("placeholder.toml", quick());
    assert!(bench.up().await.ok());
    let target = balancer(&bench, ACCOUNT, REGION);
    let foreign = format!("internal-{STACK}-1234567890.{REGION}.elb.amazonaws.com");
    let sets = [
        weighted(alias("A", &target), "blue"),
        weighted(alias("A", &foreign), "green"),
    ];
    edit(&bench.simulator, ACCOUNT, |all| {
        all.retain(|one| one.name != format!("{HOST}."));
        all.extend(sets.clone());
    });
    refused(&bench, &["blue", "green"]).await;
    let outcome = bench.down().await;
    assert!(outcome.ok(), "{outcome:?}");
    assert_eq!(standing(&bench), sets);
}

#[tokio::test(start_paused = true)]
async fn what_stands_in_place_of_ours_is_refused_by_name_and_stays() {
    let records = [
        value("CNAME", "elsewhere.example.com."),
        value("AAAA", "2001:db8::7"),
        value("A", "10.0.9.8"),
        value("NS", "ns-1.example.net."),
        weighted(value("A", "10.0.9.8"), "blue"),
        alias(
            "AAAA",
            "internal-orders-dev-1234567890.us-west-2.elb.amazonaws.com",
        ),
    ];
    for record in records {
        let bench = Bench::new("placeholder.toml", quick());
        edit(&bench.simulator, ACCOUNT, |all| all.push(record.clone()));
        refused(&bench, &[&record.kind]).await;
        assert!(bench.down().await.ok());
        assert_eq!(standing(&bench), [record]);
    }
}

#[tokio::test(start_paused = true)]
async fn what_comes_beside_ours_and_is_preferred_to_it_is_refused_by_name_and_stays() {
    let records = [
        value("AAAA", "2001:db8::7"),
        value("NS", "ns-1.example.net."),
    ];
    for record in records {
        let bench = Bench::new("placeholder.toml", quick());
        assert!(bench.up().await.ok());
        edit(&bench.simulator, ACCOUNT, |all| all.push(record.clone()));
        refused(&bench, &[&record.kind]).await;
        assert!(bench.down().await.ok());
        assert_eq!(standing(&bench), [record]);
    }
    // To the same load balancer is nowhere else, and a text leads nowhere.
    let bench = Bench::new("placeholder.toml", quick());
    assert!(bench.up().await.ok());
    let target = balancer(&bench, ACCOUNT, REGION);
    edit(&bench.simulator, ACCOUNT, |all| {
        all.push(alias("AAAA", &target));
        all.push(value("TXT", "\"ours\""));
    });
    let outcome = bench.up().await;
    assert!(outcome.ok(), "{outcome:?}");
}

/// Deletes the stack's load balancer, and waits until it has let go.
async fn lose_the_balancer(bench: &Bench) -> String {
    let aws = bench.connection.writer();
    let lost = balancer(bench, ACCOUNT, REGION);
    let named = aws.elb.describe_load_balancers().names(STACK).send().await;
    let arn = named.expect("it stands").load_balancers()[0]
        .load_balancer_arn()
        .expect("it has one")
        .to_owned();
    let deleted = aws.elb.delete_load_balancer().load_balancer_arn(arn).send();
    deleted.await.expect("it can be deleted");
    tokio::time::sleep(Duration::from_mins(10)).await;
    lost
}

#[tokio::test(start_paused = true)]
async fn a_record_moves_to_a_new_balancer_only_when_that_one_answers() {
    let bench = Bench::new("placeholder.toml", quick());
    let before = bench.census();
    assert!(bench.up().await.ok());
    let lost = lose_the_balancer(&bench).await;
    let is_moved = || {
        let target = standing(&bench)[0].alias.clone().expect("an alias");
        !target.name.starts_with(&lost)
    };
    let watch = async {
        loop {
            tokio::time::sleep(Duration::from_secs(1)).await;
            // As soon as it is moved, it works.
            if is_moved() {
                assert_answered(&bench, &[(HOST, "/")]);
            }
        }
    };
    let outcome = tokio::select! {
        outcome = bench.up() => outcome,
        () = watch => unreachable!(),
    };
    assert!(outcome.ok(), "{outcome:?}");
    assert!(is_moved());
    assert_answered(&bench, &[(HOST, "/")]);
    // A record that was left on the lost one would be known, too.
    lose_the_balancer(&bench).await;
    let outcome = bench.down().await;
    assert!(outcome.ok(), "{outcome:?}");
    assert_same(&before, &bench.census(), "after down");
}

/// Takes the tag that remembers the load balancer's name.
async fn forget_the_balancer(bench: &Bench) {
    let aws = bench.connection.writer();
    let groups = aws.ec2.describe_security_groups().send().await;
    let groups = groups.expect("reads work");
    let mut all = groups.security_groups().iter();
    let own = all.find(|one| one.group_name() == Some("orders-dev-load-balancer"));
    let group = own.and_then(|one| one.group_id()).expect("it is there");
    let tag = aws_sdk_ec2::types::Tag::builder().key("hybridgw:balancer");
    let call = aws.ec2.delete_tags().resources(group).tags(tag.build());
    call.send().await.expect("it can be taken");
}

#[tokio::test(start_paused = true)]
async fn a_stack_that_does_not_remember_its_balancer_yet_keeps_its_record() {
    let bench = Bench::new("placeholder.toml", quick());
    let before = bench.census();
    assert!(bench.up().await.ok());
    forget_the_balancer(&bench).await;
    let (_, plan) = bench.plan(&bench.look()).await.expect("it can be planned");
    let open: Vec<String> = plan
        .actions
        .iter()
        .flat_map(|one| {
            one.changes
                .iter()
                .map(|change| format!("{} {}", one.resource, change.field))
        })
        .collect();
    assert_eq!(open, ["dns-record remembered"]);
    let outcome = bench.up().await;
    assert!(outcome.ok(), "{outcome:?}");
    // Without the balancer, the shape of the name has to do.
    forget_the_balancer(&bench).await;
    lose_the_balancer(&bench).await;
    let outcome = bench.down().await;
    assert!(outcome.ok(), "{outcome:?}");
    assert_same(&before, &bench.census(), "after down");
}

/// Route 53 refuses every change with these words.
fn refusing(words: &str, rest: &str) -> Conditions {
    let rule = format!(
        r#"{{"faults": [{{"operation": "route53:ChangeResourceRecordSets", {rest}
            "then": {{"refuse": {{"code": "InvalidChangeBatch", "message": "{words}"}}}}}}]}}"#
    );
    Conditions::from_json(&rule).expect("it is understood")
}

/// What an advanced hosted zone may say.
const GUARDED: [&str; 3] = [
    "[The change is refused by the guardrail ACTIVE_RECORD_CHECK of the hosted zone]",
    "[Tried to delete resource record set [name='orders.corp.example.com.', type='A'] but it still receives DNS queries]",
    "[The resource record set is protected by a record protection]",
];

#[tokio::test(start_paused = true)]
async fn what_a_guardrail_refuses_is_said_at_once_with_what_to_do() {
    for words in GUARDED {
        let bench = Bench::new("placeholder.toml", quick());
        bench.simulator.set_conditions(refusing(words, ""));
        let began = Instant::now();
        let outcome = bench.up().await;
        let took = began.elapsed();
        assert!(took < Duration::from_mins(6), "{words}: up {took:?}");
        bench.assert_struck();
        says_guarded(&outcome.report.failed, words);

        let bench = Bench::new("placeholder.toml", quick());
        assert!(bench.up().await.ok());
        bench.simulator.set_conditions(refusing(words, ""));
        let began = Instant::now();
        let outcome = bench.down().await;
        let took = began.elapsed();
        assert!(took < Duration::from_mins(1), "{words}: down {took:?}");
        bench.assert_struck();
        says_guarded(&outcome.report.failed, words);
        assert_answered(&bench, &[(HOST, "/")]);
        bench.simulator.set_conditions(Conditions::default());
        assert!(bench.down().await.ok());
    }
}

fn says_guarded(failed: &[(hybridgw::resource::Key, Error)], words: &str) {
    let [(key, error)] = failed else {
        panic!("one thing fails: {failed:?}");
    };
    assert_eq!(key.as_str(), "dns-record");
    let said = error.to_string();
    assert!(said.contains(words), "{said}");
    assert!(said.contains("guardrail or a protection"), "{said}");
    assert!(
        error.hints.iter().any(|hint| hint.contains("hosted zone")),
        "{error:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_permanent_refusal_is_said_at_once_and_a_passing_one_waited_for() {
    let permanent = "[RRSet of type A with DNS name orders.corp.example.com. is not permitted]";
    let bench = Bench::new("placeholder.toml", quick());
    bench.simulator.set_conditions(refusing(permanent, ""));
    let began = Instant::now();
    let outcome = bench.up().await;
    assert!(
        began.elapsed() < Duration::from_mins(6),
        "{:?}",
        began.elapsed()
    );
    let failed = &outcome.report.failed;
    assert!(
        failed
            .iter()
            .any(|(_, error)| error.to_string().contains(permanent)),
        "{outcome:?}"
    );

    let passing = [
        "[Tried to create resource record set [name='orders.corp.example.com.', type='A'] but it already exists]",
        "[Tried to create an alias that targets x, type A in zone Z1, but that target was not found]",
    ];
    for words in passing {
        let bench = Bench::new("placeholder.toml", quick());
        bench
            .simulator
            .set_conditions(refusing(words, r#""calls": [1],"#));
        let outcome = bench.up().await;
        assert!(outcome.ok(), "{words}: {outcome:?}");
        bench.assert_struck();
        assert_answered(&bench, &[(HOST, "/")]);
    }
    // What changed between read and write is looked at again.
    for words in [
        "it was not found",
        "the values provided do not match the current values",
    ] {
        let bench = Bench::new("placeholder.toml", quick());
        assert!(bench.up().await.ok());
        edit(&bench.simulator, ACCOUNT, |all| {
            for alias in all.iter_mut().filter_map(|one| one.alias.as_mut()) {
                alias.follows_health = false;
            }
        });
        let words =
            format!("[Tried to delete resource record set [name='{HOST}.', type='A'] but {words}]");
        bench
            .simulator
            .set_conditions(refusing(&words, r#""calls": [1],"#));
        let outcome = bench.up().await;
        assert!(outcome.ok(), "{words}: {outcome:?}");
        bench.assert_struck();
    }
}

#[tokio::test(start_paused = true)]
async fn a_name_that_is_taken_after_the_plan_is_refused_by_name_and_soon() {
    for record in [
        value("A", "10.0.9.8"),
        value("CNAME", "elsewhere.example.com."),
        weighted(value("A", "10.0.9.8"), "blue"),
        alias(
            "A",
            "internal-orders-dev-1234567890.us-west-2.elb.amazonaws.com",
        ),
    ] {
        let bench = Bench::new("placeholder.toml", quick());
        let look = bench.look();
        let (stack, plan) = bench.plan(&look).await.expect("nothing is in the way");
        edit(&bench.simulator, ACCOUNT, |all| all.push(record.clone()));
        let began = Instant::now();
        let aws = bench.connection.writer();
        let report = execute(&stack, &plan, &aws, &look, &Silent, &Stop::default()).await;
        let took = began.elapsed();
        assert!(took < Duration::from_mins(6), "{record:?}: {took:?}");
        let [(key, error)] = report.failed.as_slice() else {
            panic!("one thing fails: {report:?}");
        };
        assert_eq!(
            (key.as_str(), &error.kind),
            ("dns-record", &ErrorKind::NotOurs)
        );
        assert!(error.to_string().contains(HOST), "{error}");
        assert_eq!(standing(&bench), [record]);
        assert_ne!(ask(&bench, HOST, "/").status, 200);
    }
}

#[tokio::test(start_paused = true)]
async fn a_balancer_that_somebody_gives_ipv6_is_named_and_repaired() {
    let bench = Bench::new("placeholder.toml", quick());
    assert!(bench.up().await.ok());
    let before = bench.census();
    let done = bench.simulator.edit(|world, conditions| {
        let ctx = world.context(ACCOUNT, REGION, conditions);
        for balancer in ctx.here.elbv2.balancers.values_mut() {
            if balancer.name == STACK {
                balancer.addresses = "dualstack".to_owned();
            }
        }
    });
    done.expect("it is in memory");
    let (_, plan) = bench.plan(&bench.look()).await.expect("it can be planned");
    let open: Vec<String> = plan
        .actions
        .iter()
        .flat_map(|one| {
            one.changes
                .iter()
                .map(|change| format!("{} {}", one.resource, change.field))
        })
        .collect();
    assert_eq!(open, ["load-balancer ip address type"]);
    let outcome = bench.up().await;
    assert!(outcome.ok(), "{outcome:?}");
    assert_same(&before, &bench.census(), "after up");
}

/// Until then some resolvers still say that there is no such name.
#[tokio::test(start_paused = true)]
async fn up_ends_when_every_name_server_knows_the_record() {
    let mut conditions = quick();
    let late = ("route53/change-insync".to_owned(), 900.0);
    conditions.latency.seconds.extend([late]);
    let bench = Bench::new("placeholder.toml", conditions);
    let began = Instant::now();
    let outcome = bench.up().await;
    assert!(outcome.ok(), "{outcome:?}");
    let took = began.elapsed();
    assert!(took > Duration::from_mins(15), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn a_plan_says_of_each_thing_what_it_is() {
    let bench = Bench::new("everything.toml", quick());
    let (_, plan) = bench.plan(&bench.look()).await.expect("it can be planned");
    let line = |one: &Planned| format!("{}: {}", one.resource, one.summary);
    let lines: Vec<String> = plan.actions.iter().map(line).collect();
    insta::assert_snapshot!(lines.join("\n"));
}

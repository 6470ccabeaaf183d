//! Properties of the engine, on fake resources, in paused time.
//!
//! The fakes live in a small world of their own: things take time to get ready,
//! calls can fail before or after they are applied, and the run can be killed
//! at any call.

#[path = "engine/removing.rs"]
mod removing;
mod support;
#[path = "engine/waiting.rs"]
mod waiting;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use hybridgw::{
    Error,
    error::ErrorKind,
    event::Silent,
    graph::Owned,
    pipeline::{Action, Plan, Report, apply, remove::remove_in_order},
    resource::{Key, Need},
    stop::{Stop, Why},
};
use proptest::prelude::*;
use support::fake::{Fault, Kill, World, key, look, name, reader, stack, writer};
use tokio::time::Instant;

fn exists(name: &str) -> Need {
    Need::Exists(key(name))
}

fn settled(name: &str) -> Need {
    Need::Settled(key(name))
}

/// Looks at everything and plans, as `observe` does.
async fn plan(world: &Arc<World>) -> Plan {
    let stack = stack(world);
    let look = look();
    for step in &stack.steps {
        step.observe(&look).await.expect("fakes can be looked at");
    }
    Plan::new(&stack, world.owned())
}

/// One `up`.
async fn up(world: &Arc<World>) -> Report {
    up_until(world, &Stop::default()).await
}

async fn up_until(world: &Arc<World>, stop: &Stop) -> Report {
    let stack = stack(world);
    let look = look();
    for step in &stack.steps {
        step.observe(&look).await.expect("fakes can be looked at");
    }
    apply(&stack, &writer(), &look, &Silent, stop).await
}

async fn down(world: &Arc<World>) -> Report {
    let doomed: Vec<Owned> = world.owned();
    let (aws, look, stop) = (writer(), look(), Stop::default());
    remove_in_order(&doomed, &world.order(), &aws, &look, &Silent, &stop).await
}

fn names(keys: &[Key]) -> Vec<String> {
    keys.iter().map(name).collect()
}

/// A chain beside a slow thing: what hybridgw's own stack looks like.
fn sample() -> Arc<World> {
    World::new([
        ("group", 0, vec![]),
        ("endpoint", 90, vec![exists("group")]),
        ("api", 0, vec![exists("endpoint")]),
        ("deployment", 0, vec![settled("api")]),
        ("balancer", 170, vec![exists("group")]),
        ("listener", 0, vec![exists("balancer")]),
        ("targets", 20, vec![settled("endpoint"), exists("listener")]),
    ])
}

#[tokio::test(start_paused = true)]
async fn up_takes_as_long_as_the_longest_chain_of_waits() {
    let world = sample();
    let began = Instant::now();
    let report = up(&world).await;
    assert!(report.ok(), "{report:?}");
    let took = began.elapsed().as_secs_f64();
    // The balancer's 170 s; the endpoint's 90 s and the targets' 20 s fit in.
    assert!((170.0..176.0).contains(&took), "{took} s");
}

#[tokio::test(start_paused = true)]
async fn a_neighbour_that_needs_only_the_id_does_not_wait_for_the_finished_thing() {
    let world = sample();
    up(&world).await;
    let at = |name| world.created_at(name).expect("it was created").as_secs();
    assert!(at("listener") < 5, "the listener waited for the balancer");
    assert!(at("api") < 5, "the API waited for the endpoint");
    assert!(at("targets") >= 90, "the targets did not wait");
}

#[tokio::test(start_paused = true)]
async fn a_second_plan_is_empty_and_a_second_up_writes_nothing() {
    let world = sample();
    up(&world).await;
    assert!(plan(&world).await.converged());
    let before = world.calls();
    let report = up(&world).await;
    assert!(report.ok() && report.created.is_empty() && report.updated.is_empty());
    assert_eq!(world.calls(), before);
}

#[tokio::test(start_paused = true)]
async fn drift_is_planned_and_only_the_drifted_thing_is_touched() {
    let world = sample();
    up(&world).await;
    world.alter("listener");
    let plan = plan(&world).await;
    assert_eq!(names_of(&plan, Action::Update), ["listener"]);
    let report = up(&world).await;
    assert_eq!(names(&report.updated), ["listener"]);
    assert!(report.created.is_empty());
}

#[tokio::test(start_paused = true)]
async fn an_action_is_told_of_the_resource_that_is_asked_about() {
    let world = sample();
    let planned = plan(&world).await;
    for wanted in &planned.actions {
        assert_eq!(planned.action(&wanted.resource), Some(Action::Create));
    }
    assert!(up(&world).await.ok());
    let last = world.owned().last().expect("it is there").key.clone();
    world.alter(&name(&last));
    let planned = plan(&world).await;
    assert_eq!(planned.action(&last), Some(Action::Update));
    assert_eq!(planned.action(&key("unheard-of")), None);
    // What goes is not wanted.
    let gone = Plan::removal("fake", "111122223333", "eu-central-1", world.owned());
    assert_eq!(gone.action(&last), None);
}

fn names_of(plan: &Plan, action: Action) -> Vec<String> {
    let with = plan.with(action).into_iter();
    with.map(|planned| name(&planned.resource)).collect()
}

#[tokio::test(start_paused = true)]
async fn what_is_ours_and_no_longer_wanted_is_a_deletion() {
    let world = sample();
    up(&world).await;
    world.forget_wish("targets");
    let plan = plan(&world).await;
    assert_eq!(names_of(&plan, Action::Delete), ["targets"]);
}

#[tokio::test(start_paused = true)]
async fn a_replacement_takes_down_what_stands_on_it_and_nothing_else() {
    let world = sample();
    up(&world).await;
    world.doom("endpoint");
    let plan = plan(&world).await;
    let replaced: BTreeSet<String> = names_of(&plan, Action::Replace).into_iter().collect();
    let expected = ["api", "deployment", "endpoint", "targets"];
    assert_eq!(replaced, expected.map(str::to_owned).into());
}

#[tokio::test(start_paused = true)]
async fn what_was_not_approved_to_be_replaced_is_not() {
    let world = sample();
    up(&world).await;
    let stack = stack(&world);
    let look = look();
    for step in &stack.steps {
        step.observe(&look).await.expect("fakes can be looked at");
    }
    world.doom("endpoint");
    let before = world.calls();
    let report = apply(&stack, &writer(), &look, &Silent, &Stop::default()).await;
    assert_eq!(report.failed.len(), 1);
    assert_eq!(report.failed[0].0, key("endpoint"));
    assert_eq!(world.calls(), before, "nothing was written");
}

#[tokio::test(start_paused = true)]
async fn a_failure_skips_exactly_the_descendants() {
    for (broken, skipped) in [
        ("api", vec!["deployment"]),
        ("balancer", vec!["listener", "targets"]),
        ("deployment", vec![]),
        ("endpoint", vec!["api", "deployment", "targets"]),
    ] {
        let world = sample();
        world.fault(
            "create",
            broken,
            Fault::Refuse(ErrorKind::Refused("No".into())),
            1,
        );
        let report = up(&world).await;
        let failed: Vec<String> = report.failed.iter().map(|(key, _)| name(key)).collect();
        assert_eq!(failed, [broken]);
        let not_started: Vec<String> = report
            .not_started
            .iter()
            .map(|(key, _)| name(key))
            .collect();
        assert_eq!(not_started, skipped, "after {broken}");
        assert_eq!(report.created.len(), 7 - 1 - skipped.len());
    }
}

#[tokio::test(start_paused = true)]
async fn what_cannot_succeed_is_tried_once() {
    let world = sample();
    world.fault("create", "api", Fault::Refuse(ErrorKind::Denied), 99);
    let report = up(&world).await;
    assert_eq!(report.failed.len(), 1);
    assert_eq!(world.attempts("create", "api"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_refusal_for_now_and_a_throttle_are_tried_again_in_the_same_run() {
    for (kind, times) in [(ErrorKind::NotYet, 5), (ErrorKind::Throttled, 1)] {
        for name in ["group", "endpoint", "api", "targets"] {
            let world = sample();
            world.fault("create", name, Fault::Refuse(kind.clone()), times);
            let report = up(&world).await;
            assert!(report.ok(), "{name} {kind:?}: {report:?}");
            assert_eq!(world.attempts("create", name), times + 1);
        }
    }
}

/// Each call has been sent for ten minutes by then.
#[tokio::test(start_paused = true)]
async fn a_second_call_that_is_only_throttled_ends_the_wait() {
    let world = sample();
    world.fault("create", "api", Fault::Refuse(ErrorKind::Throttled), 99);
    let report = up(&world).await;
    assert_eq!(report.failed.len(), 1, "{report:?}");
    assert_eq!(world.attempts("create", "api"), 2);
}

#[tokio::test(start_paused = true)]
async fn a_lost_reply_makes_no_second_thing() {
    for name in ["group", "endpoint", "api", "balancer", "targets"] {
        let world = sample();
        world.fault("create", name, Fault::LoseReply, 1);
        let report = up(&world).await;
        assert!(report.ok(), "{name}: {report:?}");
        assert_eq!(world.attempts("create", name), 1, "{name}");
        assert!(names(&report.created).contains(&name.to_owned()));
    }
}

#[tokio::test(start_paused = true)]
async fn a_lost_request_is_sent_again_only_after_a_while_of_looking() {
    let world = sample();
    world.fault("create", "api", Fault::Refuse(ErrorKind::Unknown), 1);
    let began = Instant::now();
    let report = up(&world).await;
    assert!(report.ok(), "{report:?}");
    assert_eq!(world.attempts("create", "api"), 2);
    assert!(began.elapsed() >= Duration::from_mins(1));
}

#[tokio::test(start_paused = true)]
async fn reads_that_lag_behind_make_no_second_thing() {
    for lag in [1, 5, 30, 55] {
        let world = sample();
        world.lag(Duration::from_secs(lag));
        let report = up(&world).await;
        assert!(report.ok(), "{lag} s: {report:?}");
        for name in ["group", "endpoint", "api", "deployment", "balancer"] {
            assert_eq!(world.attempts("create", name), 1, "{name}, {lag} s");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn killed_at_any_call_the_next_run_ends_with_one_of_everything() {
    let calls = {
        let world = sample();
        up(&world).await;
        world.calls()
    };
    for point in 1..=calls {
        for kill in [Kill::BeforeApplied(point), Kill::AfterApplied(point)] {
            let world = sample();
            world.kill_at(kill);
            tokio::select! {
                _ = up(&world) => panic!("{kill:?}: the run was not killed"),
                () = world.killed() => {}
            }
            let report = up(&world).await;
            assert!(report.ok(), "{kill:?}: {report:?}");
            assert_eq!(world.duplicates(), 0, "{kill:?}");
            assert!(plan(&world).await.converged(), "{kill:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn down_killed_at_any_call_is_finished_by_the_next() {
    let calls = {
        let world = sample();
        up(&world).await;
        let before = world.calls();
        down(&world).await;
        world.calls() - before
    };
    for point in 1..=calls {
        for after in [false, true] {
            let world = sample();
            up(&world).await;
            let at = world.calls() + point;
            world.kill_at(if after {
                Kill::AfterApplied(at)
            } else {
                Kill::BeforeApplied(at)
            });
            tokio::select! {
                _ = down(&world) => panic!("call {point}: the run was not killed"),
                () = world.killed() => {}
            }
            let report = down(&world).await;
            assert!(report.ok(), "call {point}: {report:?}");
            assert!(world.owned().is_empty(), "call {point}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn down_deletes_users_before_what_they_use() {
    let world = sample();
    up(&world).await;
    let report = down(&world).await;
    assert!(report.ok(), "{report:?}");
    world.assert_deleted_in_order();
    assert!(world.owned().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_stuck_deletion_keeps_what_it_stands_on_and_lets_the_rest_go() {
    let world = sample();
    up(&world).await;
    world.fault("delete", "listener", Fault::Refuse(ErrorKind::Denied), 99);
    let report = down(&world).await;
    let left: BTreeSet<String> = world
        .owned()
        .into_iter()
        .map(|thing| name(&thing.key))
        .collect();
    assert_eq!(
        left,
        ["balancer", "group", "listener"].map(str::to_owned).into()
    );
    assert_eq!(report.failed.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_signal_starts_nothing_new_and_says_what_is_still_settling() {
    let world = sample();
    let stop = Arc::new(Stop::default());
    let switch = Arc::clone(&stop);
    let signal = async move {
        tokio::time::sleep(Duration::from_secs(30)).await;
        switch.set(Why::Interrupted);
        std::future::pending::<()>().await;
    };
    let began = Instant::now();
    let report = tokio::select! {
        report = up_until(&world, &stop) => report,
        () = signal => unreachable!(),
    };
    assert!(
        began.elapsed() < Duration::from_secs(40),
        "it went on waiting"
    );
    let unsettled: Vec<String> = report.unsettled.iter().map(|(key, _)| name(key)).collect();
    assert_eq!(unsettled, ["balancer", "endpoint"]);
    assert_eq!(world.attempts("create", "targets"), 0);
    // The next run takes it from there.
    let report = up(&world).await;
    assert!(
        report.ok() && names(&report.created) == ["targets"],
        "{report:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_thing_that_never_shows_a_change_fails_instead_of_looping() {
    let world = sample();
    up(&world).await;
    world.alter("listener");
    world.fault("update", "listener", Fault::Ignore, 99);
    let report = up(&world).await;
    assert_eq!(report.failed.len(), 1, "{report:?}");
    assert_eq!(world.attempts("update", "listener"), 1);
}

#[test]
fn failures_are_reported_with_what_is_left_behind() {
    let report = Report {
        created: vec![key("group"), key("endpoint")],
        failed: vec![(key("api"), Error::invalid("AWS said no"))],
        not_started: vec![(key("deployment"), "api did not come about".to_owned())],
        ..Report::default()
    };
    let error = hybridgw::pipeline::report::failure(&report, None);
    insta::assert_snapshot!(
        anstream::adapter::strip_str(&hybridgw::ui::describe(&error))
            .to_string()
            .replace("targets/", ""),
        @r"
    error: AWS said no
      not started: deployment
      left behind: group, endpoint
    "
    );
}

#[tokio::test]
async fn a_client_that_only_reads_refuses_to_write_before_anything_is_sent() {
    let call = reader().ec2.create_security_group().group_name("x");
    let refused = call.send().await.expect_err("the guard refuses");
    let words = hybridgw::aws::error::chain(&refused);
    assert!(words.contains("this client may only read"), "{words}");
}

/// Random graphs: each resource needs some of those before it.
fn graphs() -> impl Strategy<Value = Vec<(u64, BTreeMap<usize, bool>)>> {
    let node = |index: usize| {
        let needs =
            proptest::collection::btree_map(0..index.max(1), any::<bool>(), 0..=index.min(3));
        (0u64..120, needs)
    };
    (1usize..14).prop_flat_map(move |count| (0..count).map(node).collect::<Vec<_>>())
}

fn world_of(graph: &[(u64, BTreeMap<usize, bool>)]) -> Arc<World> {
    let name = |index: usize| format!("n{index}");
    let nodes = graph.iter().enumerate().map(|(index, (seconds, needs))| {
        let needs =
            needs
                .iter()
                .filter(|(needed, _)| **needed < index)
                .map(|(needed, finished)| {
                    let needed = key(&name(*needed));
                    if *finished {
                        Need::Settled(needed)
                    } else {
                        Need::Exists(needed)
                    }
                });
        (name(index), *seconds, needs.collect())
    });
    World::new(nodes)
}

fn in_paused_time<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .expect("a runtime can be made")
        .block_on(work)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn in_any_graph_everything_comes_after_what_it_needs(graph in graphs()) {
        in_paused_time(async {
            let world = world_of(&graph);
            let report = up(&world).await;
            assert!(report.ok(), "{report:?}");
            world.assert_created_in_order();
            assert!(plan(&world).await.converged());
            let report = down(&world).await;
            assert!(report.ok(), "{report:?}");
            world.assert_deleted_in_order();
            assert!(world.owned().is_empty());
        });
    }

    #[test]
    fn in_any_graph_one_failure_skips_exactly_its_descendants(
        graph in graphs(),
        which in any::<prop::sample::Index>(),
    ) {
        in_paused_time(async {
            let world = world_of(&graph);
            let broken = format!("n{}", which.index(graph.len()));
            world.fault("create", &broken, Fault::Refuse(ErrorKind::Denied), 1);
            let report = up(&world).await;
            let skipped: BTreeSet<Key> =
                report.not_started.iter().map(|(key, _)| key.clone()).collect();
            assert_eq!(skipped, world.descendants(&broken));
            let report = up(&world).await;
            assert!(report.ok(), "{report:?}");
        });
    }

    #[test]
    fn in_any_graph_a_kill_anywhere_is_healed_by_the_next_run(
        graph in graphs(),
        which in any::<prop::sample::Index>(),
        after in any::<bool>(),
    ) {
        in_paused_time(async {
            let calls = { let world = world_of(&graph); up(&world).await; world.calls() };
            let point = which.index(calls) + 1;
            let world = world_of(&graph);
            world.kill_at(if after { Kill::AfterApplied(point) } else { Kill::BeforeApplied(point) });
            tokio::select! {
                _ = up(&world) => panic!("not killed"),
                () = world.killed() => {}
            }
            let report = up(&world).await;
            assert!(report.ok(), "{report:?}");
            assert_eq!(world.duplicates(), 0);
        });
    }
}

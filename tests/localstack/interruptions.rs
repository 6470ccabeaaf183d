//! Killed, failed, and run twice at once: the end is one of everything.

use std::time::Duration;

use crate::support::{ALL, Census, Proxy, Ran, World, words};

/// One of each thing that can come twice.
#[track_caller]
fn assert_one_of_each(census: &Census, before: &Census, ran: &Ran) {
    for (kind, more) in [
        ("apis", 1),
        ("balancers", 1),
        ("deployments", 1),
        ("domains", 1),
        ("endpoints", 1),
        ("listeners", 2),
        ("mappings", 1),
        ("records", 1),
        ("security groups", 2),
        ("stages", 1),
        ("target groups", 1),
        ("targets", 3),
    ] {
        let new = census.count(kind) - before.count(kind);
        assert_eq!(new, more, "{kind}: {census}\n{ran}");
    }
}

/// Kills `up` when this many writes have been applied and the reply to the last
/// of them is still on its way; then a second `up` has to make it whole.
async fn killed_after(writes: &[usize]) {
    let world = World::new().await;
    let before = world.census().await;
    for &writes in writes {
        let proxy = Proxy::hold_after(writes);
        let up = world.call("up --yes -o json").through(&proxy).spawn();
        let held = proxy.wait_until_it_holds(Duration::from_mins(1));
        let killed = up.kill();
        proxy.release();
        assert!(held, "{writes} writes were not reached: {killed}");
        assert_eq!(killed.code, None, "{killed}");

        let up = world.up();
        let after = world.census().await;
        assert_one_of_each(&after, &before, &up);
        world.answers(&format!("a kill after {writes} writes"));
        let down = world.down();
        world.census().await.assert_equals(&before, &down);
    }
}

#[tokio::test]
async fn up_killed_early_is_taken_on_by_the_next() {
    killed_after(&[1, 4, 9]).await;
}

#[tokio::test]
async fn up_killed_late_is_taken_on_by_the_next() {
    killed_after(&[14, 20, 26]).await;
}

#[tokio::test]
async fn down_takes_what_a_killed_up_has_left() {
    let world = World::new().await;
    let before = world.census().await;
    for writes in [2, 7, 12, 18] {
        let proxy = Proxy::hold_after(writes);
        let up = world.call("up --yes").through(&proxy).spawn();
        let held = proxy.wait_until_it_holds(Duration::from_mins(1));
        let killed = up.kill();
        proxy.release();
        assert!(held, "{writes} writes were not reached: {killed}");
        let down = world.hybridgw("down --yes -o json").converged();
        world.census().await.assert_equals(&before, &down);
    }
}

#[tokio::test]
async fn a_killed_down_is_taken_on_by_the_next() {
    let world = World::new().await;
    let before = world.census().await;
    for writes in [1, 5, 10] {
        world.up();
        let proxy = Proxy::hold_after(writes);
        let down = world.call("down --yes").through(&proxy).spawn();
        let held = proxy.wait_until_it_holds(Duration::from_mins(1));
        let killed = down.kill();
        proxy.release();
        assert!(held, "{writes} writes were not reached: {killed}");
        let down = world.hybridgw("down --yes -o json").converged();
        world.census().await.assert_equals(&before, &down);
    }
}

#[tokio::test]
async fn two_ups_at_once_end_with_one_of_everything() {
    let world = World::new().await;
    let before = world.census().await;
    for _ in 0..2 {
        let one = world.call("up --yes -o json").spawn();
        let two = world.call("up --yes -o json").spawn();
        let (one, two) = (one.wait(), two.wait());
        // CreateRestApi takes no token: both may make an API, and say that a
        // plan is not empty then. The next run takes the second one away.
        for ran in [one, two] {
            if ran.code != Some(0) {
                ran.exits(1)
                    .says(&["not converged", "run `hybridgw up` again"]);
            }
        }
        let up = world.up();
        let after = world.census().await;
        assert_one_of_each(&after, &before, &up);
        world.answers("two ups at once");
        let down = world.down();
        world.census().await.assert_equals(&before, &down);
    }
}

/// Refuses the HTTPS listener, which comes late: what can be known beforehand
/// is checked before anything is made.
fn without_a_listener() -> Proxy {
    Proxy::refuse("CreateListener", "&Protocol=HTTPS", "TooManyListeners")
}

#[tokio::test]
async fn a_failed_up_says_truly_what_is_left_behind() {
    let world = World::new().await;
    let before = world.census().await;
    let proxy = without_a_listener();
    let up = world.call("up --yes -o json").through(&proxy);
    let failed = up.run().exits(1);
    let failed = failed.says(&["could not create listener", "hybridgw up", "hybridgw down"]);
    let result = failed.result();
    assert_eq!(result["ok"], false, "{failed}");
    assert_eq!(result["converged"], false, "{failed}");
    assert_eq!(words(&result["failed"]), ["listener"], "{failed}");
    let left = words(&result["left_behind"]);
    assert_eq!(left, words(&result["created"]), "{failed}");
    let standing: Vec<String> = world.ids().into_keys().collect();
    assert_eq!(left, standing, "{failed}");

    let up = world.up();
    let mut all = words(&up.result()["created"]);
    all.extend(left);
    all.sort();
    assert_eq!(all, ALL, "{up}");
    world.answers("a refused listener");
    let down = world.down();
    world.census().await.assert_equals(&before, &down);
}

#[tokio::test]
async fn a_rolled_back_up_leaves_nothing() {
    let world = World::new().await;
    let before = world.census().await;
    let proxy = without_a_listener();
    let up = world.call("up --yes --rollback -o json").through(&proxy);
    let failed = up.run().exits(1);
    let result = failed.result();
    assert_eq!(words(&result["failed"]), ["listener"], "{failed}");
    assert_eq!(result["left_behind"], serde_json::json!([]), "{failed}");
    let (created, deleted) = (words(&result["created"]), words(&result["deleted"]));
    assert_eq!(created, deleted, "{failed}");
    assert!(created.len() > 10, "it got far: {failed}");
    world.census().await.assert_equals(&before, &failed);
}

#[tokio::test]
async fn a_rollback_undoes_only_what_this_run_created() {
    let world = World::new().await;
    world.up();
    let ids = world.ids();
    let call = world
        .aws
        .elb
        .delete_listener()
        .listener_arn(&ids["listener"]);
    call.send().await.expect("the listener can go");
    let call = world.aws.apigateway.delete_base_path_mapping();
    let call = call.domain_name(crate::support::HOST).base_path("(none)");
    call.send().await.expect("the mapping can go");
    let before: Vec<String> = world.ids().into_keys().collect();
    let proxy = without_a_listener();
    let up = world.call("up --yes --rollback -o json").through(&proxy);
    let failed = up.run().exits(1);
    let after: Vec<String> = world.ids().into_keys().collect();
    assert_eq!(after, before, "{failed}");
    world.up();
    world.answers("a rollback");
}

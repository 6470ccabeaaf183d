//! How many calls it takes to find that nothing is to be done.

use hybridgw::outputs::Status;

use crate::support::{
    scene::{Scene, Verb},
    sweep::prepared,
};

/// Reads of each command on the example whose stack stands: no-op `up`, `plan`, `status`.
fn reads(name: &'static str) -> [usize; 3] {
    prepared(async move || {
        let scene = Scene::of(name, Verb::Down);
        let count = |bench: &crate::bench::Bench| {
            assert_eq!(
                bench.writes(),
                0,
                "{:?}",
                bench.connection.journal.by_operation()
            );
            bench.connection.journal.attempts()
        };
        let bench = scene.bench(hybridgw::simulator::conditions::Conditions::default());
        assert!(bench.up().await.ok());
        let up = count(&bench);
        let bench = bench.afresh();
        assert!(bench.plan(&bench.look()).await.is_ok());
        let plan = count(&bench);
        let bench = bench.afresh();
        assert!(Status::read(&bench.look()).await.is_ok());
        println!("{name}: {:?}", bench.connection.journal.by_operation());
        let status = count(&bench);
        println!("{name}: up {up} reads, plan {plan}, status {status}");
        [up, plan, status]
    })
}

#[test]
fn an_up_with_nothing_to_do_writes_nothing_and_reads_little() {
    let [up, plan, status] = reads("placeholder.toml");
    assert!(up <= 24, "{up} reads of up");
    assert!(plan <= 24, "{plan} reads of plan");
    // One call a kind, each looked for directly: a child is found although its parent is gone.
    assert!(status <= 20, "{status} reads of status");
}

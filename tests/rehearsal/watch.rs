//! Requests while something is changed: asked of the simulated account's data
//! plane at every simulated second.

use std::time::Duration;

use hybridgw::simulator::dataplane::{Answer, Ask};

use crate::{
    bench::{ACCOUNT, Bench, Outcome, REGION},
    onlooker::CLIENT,
};

/// Asks for a path of a host.
pub fn ask(bench: &Bench, host: &str, path: &str) -> Answer {
    let ask = Ask::new(host, path, CLIENT);
    bench.simulator.ask(ACCOUNT, REGION, &ask)
}

/// The function that answers; fails if none does.
pub fn function(bench: &Bench, host: &str, path: &str) -> String {
    let answer = ask(bench, host, path);
    assert_eq!(answer.status, 200, "{host}{path}: {}", answer.why);
    let seen = answer.seen.expect("something answered");
    seen.function.expect("a function answered")
}

/// Fails unless all of these are answered.
pub fn assert_answered(bench: &Bench, asked: &[(&str, &str)]) {
    for (host, path) in asked {
        let answer = ask(bench, host, path);
        assert_eq!(
            (answer.status, answer.hop),
            (200, None),
            "{host}{path}: {}",
            answer.why
        );
    }
}

/// Applies the bench's configuration while these are asked for every second.
pub async fn up_watched(bench: &Bench, asked: &[(&str, &str)]) -> Outcome {
    let watch = async {
        loop {
            assert_answered(bench, asked);
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    };
    tokio::select! {
        outcome = bench.up() => outcome,
        () = watch => unreachable!(),
    }
}

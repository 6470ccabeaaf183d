//! `wait` and what stands behind `status --watch`: each look is a new one.

use std::time::Duration;

use hybridgw::{
    clock::Clock,
    error::ErrorKind,
    outputs::{Status, until},
    simulator::conditions::Conditions,
};
use tokio::time::{Instant, timeout};

use super::bench::{Bench, EXAMPLES};

const HOUR: Duration = Duration::from_hours(1);

/// Longer than a look and the next one.
const LATE: Duration = Duration::from_mins(1);

#[tokio::test(start_paused = true)]
async fn every_kind_of_stack_is_waited_for_until_it_serves_and_until_it_is_gone() {
    for name in EXAMPLES {
        let bench = Bench::new(name, Conditions::default());
        let reads = bench.look();
        let mut said = Vec::new();
        let waiting = async {
            let open = Status::not_yet_healthy;
            let say = |words: &str| said.push(words.to_owned());
            let seen = timeout(HOUR, until(&reads, Clock::REAL, open, say)).await;
            let seen = seen.unwrap_or_else(|_| panic!("{name}: it never ends"));
            assert!(seen.expect("reads work").url.is_some(), "{name}");
            Instant::now()
        };
        let making = async {
            assert!(Box::pin(bench.up()).await.ok(), "{name}");
            Instant::now()
        };
        let (seen, made) = tokio::join!(waiting, making);
        assert!(seen < made + LATE, "{name}: {:?} late", seen - made);
        assert!(said.len() > 1, "{name}: {said:?}");
        assert!(said[0].starts_with("there is no"), "{name}: {said:?}");

        let waiting = async {
            let gone = until(&reads, Clock::REAL, Status::not_yet_gone, |_| {});
            let gone = timeout(HOUR, gone).await;
            assert!(gone.is_ok(), "{name}: it never ends");
            Instant::now()
        };
        let removing = async {
            assert!(Box::pin(bench.down()).await.ok(), "{name}");
            Instant::now()
        };
        let (seen, gone) = tokio::join!(waiting, removing);
        assert!(seen < gone + LATE, "{name}: {:?} late", seen - gone);
    }
}

#[tokio::test(start_paused = true)]
async fn a_denied_read_ends_a_wait_and_one_that_passes_does_not() {
    let bench = |code: &str, status: u16, times: u64| {
        let conditions = format!(
            r#"{{"faults":[{{"operation":"elasticloadbalancing:DescribeLoadBalancers","times":{times},
                "then":{{"refuse":{{"code":"{code}","status":{status}}}}}}}]}}"#
        );
        let conditions = serde_json::from_str(&conditions).expect("they are conditions");
        Bench::new("placeholder.toml", conditions)
    };
    let gone = |bench: &Bench| {
        let reads = bench.look();
        async move { until(&reads, Clock::REAL, Status::not_yet_gone, |_| {}).await }
    };
    let denied = bench("AccessDenied", 403, 1_000);
    let error = gone(&denied).await.expect_err("it can never be told");
    assert_eq!(error.kind, ErrorKind::Denied, "{error}");

    let unwell = bench("InternalFailure", 503, 40);
    assert!(gone(&unwell).await.is_ok());
    assert!(unwell.simulator.idle().is_empty(), "no answer was a 503");
    let asked = unwell.connection.journal.attempts();
    assert!(asked > 40, "{asked} calls");
}

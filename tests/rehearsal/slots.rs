//! A call that waits for its slot is told, by the resource that it is about.

use std::sync::Mutex;

use hybridgw::{
    event::{Event, Happening, Sink},
    pipeline::{execute, remove, survey},
    stop::Stop,
};

use crate::{bench::Bench, quick};

/// What each resource waited for.
#[derive(Default)]
struct Waits(Mutex<Vec<(String, String)>>);

impl Sink for Waits {
    fn emit(&self, event: Event) {
        if let Happening::Waiting(why) = event.happening {
            let mut waits = self.0.lock().expect("no panic");
            waits.push((event.key.to_string(), why));
        }
    }
}

impl Waits {
    fn of(&self, kind: &str, words: &str) -> usize {
        let waits = self.0.lock().expect("no panic");
        let about = waits
            .iter()
            .filter(|(key, why)| key.starts_with(kind) && why.contains(words));
        about.count()
    }
}

#[tokio::test(start_paused = true)]
async fn what_waits_for_a_slot_says_so_and_for_how_long() {
    // Several names: each has a domain, and these are made once in 30 seconds.
    let bench = Bench::new("aliases.toml", quick());
    let look = bench.look();
    let (stack, plan) = bench.plan(&look).await.expect("it can be planned");
    let aws = bench.connection.writer();
    let (waits, stop) = (Waits::default(), Stop::default());
    let report = execute(&stack, &plan, &aws, &look, &waits, &stop).await;
    assert!(report.ok(), "{report:?}");
    let domains = waits.of(
        "domain-name",
        "for its slot: AWS allows CreateDomainName once in 30 s",
    );
    let names = bench.config.hosts().len();
    assert!(domains >= names - 1, "{domains} of {names}: {:?}", waits.0);
    assert_eq!(
        waits.of("load-balancer", "for its slot"),
        0,
        "{:?}",
        waits.0
    );

    let waits = Waits::default();
    let look = bench.look();
    let found = survey(&look).await.expect("it can be read");
    let report = remove(&found.free, &aws, &look, &waits, &stop).await;
    assert!(report.ok(), "{report:?}");
    let domains = waits.of(
        "domain-name",
        "for its slot: AWS allows DeleteDomainName once in 30 s",
    );
    assert!(domains >= names - 1, "{domains} of {names}: {:?}", waits.0);
}

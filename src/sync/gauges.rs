//! What can be measured of a watcher: in Prometheus' text format, and whether
//! it is well.

use std::{
    collections::BTreeSet,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicI64, AtomicU64},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use prometheus_client::{
    encoding::text::encode,
    metrics::{counter::Counter, family::Family, gauge::Gauge},
    registry::Registry,
};
use tokio::time::Instant;

use crate::{
    clock::Clock,
    sync::{Change, Round},
};

/// After how many intervals without success a watcher is not well.
pub const PATIENCE: u32 = 10;

type Label = [(&'static str, String); 1];
type Gauges1 = Family<Label, Gauge<i64, AtomicI64>>;
type Counters1 = Family<Label, Counter<u64, AtomicU64>>;

/// What is measured.
#[derive(Debug)]
pub struct Gauges {
    registry: Registry,
    last_success: Gauge<i64, AtomicI64>,
    present: Gauge<i64, AtomicI64>,
    addresses: Gauges1,
    registered: Gauges1,
    healthy: Gauges1,
    rounds: Counter<u64, AtomicU64>,
    failures: Counters1,
    came: Counters1,
    went: Counters1,
    tagged: Counter<u64, AtomicU64>,
    calls: Counter<u64, AtomicU64>,
    remembered: Gauge<i64, AtomicI64>,
    clock: Clock,
    limit: Duration,
    /// When a round last succeeded; before that, when the watching began.
    success: Mutex<(Instant, bool)>,
}

fn label(name: &'static str, value: &impl ToString) -> Label {
    [(name, value.to_string())]
}

fn signed(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

impl Gauges {
    /// Gauges of a watcher with this interval.
    pub fn new(clock: Clock, interval: Duration) -> Self {
        let mut registry = Registry::with_prefix("hybridgw_sync");
        /// Registers a metric of its field's type.
        macro_rules! metric {
            ($name:literal, $help:literal) => {{
                let metric = Default::default();
                registry.register($name, $help, Clone::clone(&metric));
                metric
            }};
        }
        let (last_success, present): (Gauge<i64, AtomicI64>, Gauge<i64, AtomicI64>) = (
            metric!(
                "last_success_timestamp_seconds",
                "When a round last succeeded, in Unix time"
            ),
            metric!("stack_present", "Whether anything of the stack exists"),
        );
        let addresses: Gauges1 = metric!("addresses", "Addresses of an endpoint that can serve");
        let registered: Gauges1 = metric!("registered_targets", "Addresses that are registered");
        let healthy: Gauges1 = metric!("healthy_targets", "Of these, those that are healthy");
        let rounds: Counter<u64, AtomicU64> = metric!("rounds", "Rounds that have succeeded");
        let failures: Counters1 = metric!("failures", "Rounds that have failed, by kind");
        let came: Counters1 = metric!("registrations", "Targets registered");
        let went: Counters1 = metric!("deregistrations", "Targets deregistered");
        let tagged: Counter<u64, AtomicU64> = metric!("tagged_interfaces", "Interfaces tagged");
        let calls: Counter<u64, AtomicU64> = metric!("api_calls", "HTTP attempts to AWS");
        let remembered: Gauge<i64, AtomicI64> =
            metric!("remembered_answers", "Answers of AWS that are remembered");
        Self {
            registry,
            last_success,
            present,
            addresses,
            registered,
            healthy,
            rounds,
            failures,
            came,
            went,
            tagged,
            calls,
            remembered,
            clock,
            limit: interval * PATIENCE,
            success: Mutex::new((clock.now(), false)),
        }
    }

    /// A round has succeeded. Series of what is no longer there go.
    pub(super) fn succeeded(&self, round: &Round) {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let now = now.map_or(0, |now| i64::try_from(now.as_secs()).unwrap_or(i64::MAX));
        self.last_success.set(now);
        self.rounds.inc();
        self.addresses.clear();
        for (id, count) in &round.addresses {
            let label = label("endpoint", id);
            self.addresses.get_or_create(&label).set(signed(*count));
        }
        for (key, (healthy, all)) in &round.targets {
            let label = label("targets", key);
            self.healthy.get_or_create(&label).set(signed(*healthy));
            self.registered.get_or_create(&label).set(signed(*all));
        }
        *self.success.lock().unwrap_or_else(PoisonError::into_inner) = (self.clock.now(), true);
    }

    /// Forgets the series of all targets but these.
    pub(super) fn keep(&self, targets: &BTreeSet<String>, were: &BTreeSet<String>) {
        for gone in were.difference(targets) {
            let label = label("targets", gone);
            self.healthy.remove(&label);
            self.registered.remove(&label);
        }
    }

    /// A round has failed.
    pub(super) fn failed(&self, kind: &'static str) {
        self.failures.get_or_create(&label("kind", &kind)).inc();
    }

    /// What a round has done.
    pub(super) fn repaired(&self, round: &Round) {
        let count = |family: &Counters1, changes: &[Change]| {
            for change in changes {
                let label = label("targets", &change.targets);
                family.get_or_create(&label).inc();
            }
        };
        count(&self.came, &round.registered);
        count(&self.went, &round.deregistered);
        self.tagged.inc_by(round.tagged.len() as u64);
    }

    /// Whether there is anything of the stack.
    pub(super) fn present(&self, present: bool) {
        self.present.set(i64::from(present));
    }

    /// How many answers are remembered.
    pub(super) fn remembered(&self, count: usize) {
        self.remembered.set(signed(count));
    }

    /// How many calls there were so far.
    pub(super) fn calls(&self, so_far: usize) {
        let before = self.calls.get();
        self.calls.inc_by((so_far as u64).saturating_sub(before));
    }

    /// All of it, in `OpenMetrics` text format.
    pub fn text(&self) -> String {
        let mut text = String::new();
        // Writing to a string does not fail.
        let _ = encode(&mut text, &self.registry);
        text
    }

    /// Whether the watcher is well, and in words why or why not.
    pub fn health(&self) -> (bool, String) {
        let (since, any) = *self.success.lock().unwrap_or_else(PoisonError::into_inner);
        let ago = self.clock.since(since).as_secs();
        match (any, self.clock.since(since) <= self.limit) {
            (true, true) => (true, format!("ok: the last round succeeded {ago} s ago")),
            (true, false) => (false, format!("no round has succeeded for {ago} s")),
            (false, _) => (false, format!("no round has succeeded yet, in {ago} s")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resource::{Key, Kind};

    #[tokio::test(start_paused = true)]
    async fn a_watcher_is_well_for_ten_intervals_after_a_success() {
        let gauges = Gauges::new(Clock::REAL, Duration::from_secs(30));
        assert!(!gauges.health().0, "nothing is known yet");
        gauges.succeeded(&Round::default());
        assert!(gauges.health().0);
        tokio::time::advance(Duration::from_mins(4)).await;
        assert!(gauges.health().0);
        tokio::time::advance(Duration::from_mins(2)).await;
        let (well, words) = gauges.health();
        assert!(!well && words.contains("360 s"), "{words}");
    }

    #[tokio::test(start_paused = true)]
    async fn series_follow_what_there_is() {
        let gauges = Gauges::new(Clock::REAL, Duration::from_secs(30));
        let mut round = Round::default();
        round.addresses.insert("vpce-1".to_owned(), 2);
        let key = Key::bare(Kind::Targets);
        round.targets.insert(key.clone(), (1, 2));
        round.registered.push(Change {
            targets: key,
            address: "10.0.1.5".to_owned(),
        });
        gauges.repaired(&round);
        gauges.succeeded(&round);
        gauges.failed("denied");
        gauges.calls(7);
        let text = gauges.text();
        for line in [
            "hybridgw_sync_addresses{endpoint=\"vpce-1\"} 2",
            "hybridgw_sync_healthy_targets{targets=\"targets\"} 1",
            "hybridgw_sync_registered_targets{targets=\"targets\"} 2",
            "hybridgw_sync_registrations_total{targets=\"targets\"} 1",
            "hybridgw_sync_failures_total{kind=\"denied\"} 1",
            "hybridgw_sync_rounds_total 1",
            "hybridgw_sync_api_calls_total 7",
        ] {
            assert!(text.lines().any(|one| one == line), "{line}\n{text}");
        }
        gauges.succeeded(&Round::default());
        gauges.keep(&BTreeSet::new(), &BTreeSet::from(["targets".to_owned()]));
        let text = gauges.text();
        assert!(
            !text.contains("vpce-1") && !text.contains("healthy_targets{"),
            "{text}"
        );
    }
}

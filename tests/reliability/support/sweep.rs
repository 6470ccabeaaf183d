//! Sweeps: many cases, each in a runtime of its own with paused time.

use std::{
    collections::{BTreeMap, BTreeSet},
    env,
    fmt::{Display, Write as _},
    fs,
    io::Write as _,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use hybridgw::simulator::random::Random;

/// The case to run again, and no other.
const SEED: &str = "HYBRIDGW_SEED";

/// The file in which a sweep notes what went well.
const LOG: &str = "HYBRIDGW_SWEEP_LOG";

/// The SDK's futures are large without optimisation.
const STACK: usize = 64 << 20;

/// After how many cases a long sweep says how far it is.
const PROGRESS: usize = 250;

/// How long a case may take in virtual time before it counts as stuck.
const STUCK: Duration = Duration::from_hours(12);

/// Whether everything is to be run, and not a sample.
pub fn full() -> bool {
    env::var("HYBRIDGW_SWEEP").is_ok_and(|value| value == "full")
}

/// Whether every case is to be made: for the full sweep, and to find the one named.
pub fn whole() -> bool {
    full() || env::var(SEED).is_ok()
}

/// The seeds to run: as many as said, a hundred times `usual` in the full sweep, or the one named.
pub fn seeds(usual: u64) -> Vec<u64> {
    if let Some(seed) = env::var(SEED).ok().and_then(|text| text.parse().ok()) {
        return vec![seed];
    }
    let asked = env::var("HYBRIDGW_SEEDS").ok();
    let asked = asked.map(|text| text.parse().expect("HYBRIDGW_SEEDS is a number"));
    let count = asked.unwrap_or(if full() { usual * 50 } else { usual });
    (0..count).collect()
}

/// `keep` of the cases, the same ones each time, or all in the full sweep.
pub fn sample<C>(mut cases: Vec<C>, keep: usize) -> Vec<C> {
    if whole() {
        return cases;
    }
    let mut random = Random::seeded(cases.len() as u64);
    while cases.len() > keep {
        let place = random.below(cases.len() as u64);
        cases.remove(usize::try_from(place).expect("it is below the length"));
    }
    cases
}

/// What a promise is broken by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Breach {
    Duplicate,
    Orphan,
    Missing,
    Foreign,
    Report,
    Plan,
    Quota,
    Secret,
    Stuck,
    Panic,
    Outage,
}

/// What was found wrong, in words.
pub type Findings = Vec<(Breach, String)>;

/// What a case came to.
#[derive(Debug, Default)]
pub struct Ran {
    /// What was found wrong.
    pub findings: Findings,
    /// Figures to add up: `"needed one more run"`.
    pub counts: BTreeMap<&'static str, u64>,
}

impl Ran {
    /// A case with these findings.
    pub fn with(findings: Findings) -> Self {
        Self {
            findings,
            ..Self::default()
        }
    }

    /// Adds to a figure.
    pub fn count(&mut self, what: &'static str, more: u64) {
        *self.counts.entry(what).or_default() += more;
    }
}

/// What went well before, a line a case, in a file or nowhere.
struct Log {
    path: Option<PathBuf>,
    done: BTreeSet<String>,
}

impl Log {
    fn of(path: Option<PathBuf>) -> Self {
        let text = path.as_ref().and_then(|path| fs::read_to_string(path).ok());
        let done = text
            .unwrap_or_default()
            .lines()
            .map(str::to_owned)
            .collect();
        Self { path, done }
    }

    fn has(&self, test: &str, id: &str) -> bool {
        self.done.contains(&format!("{test} {id}"))
    }

    fn note(&self, test: &str, id: &str) {
        let Some(path) = &self.path else {
            return;
        };
        let file = fs::OpenOptions::new().append(true).create(true).open(path);
        let mut file = file.expect("the log of the sweep can be written");
        writeln!(file, "{test} {id}").expect("the log of the sweep can be written");
    }
}

#[derive(Default)]
struct Tally {
    ran: usize,
    converged: usize,
    breaches: BTreeMap<Breach, usize>,
    counts: BTreeMap<&'static str, u64>,
    longest: Duration,
    failures: Vec<String>,
}

/// Runs cases on all cores, prints the figures, and fails if any case found anything.
///
/// A sweep that takes hours may be stopped: with a log, what went well is not run again.
pub fn sweep<C, F>(test: &str, cases: &[C], case: F)
where
    C: Display + Sync,
    F: AsyncFn(&C) -> Ran + Sync,
{
    sweep_on(
        &Log::of(env::var(LOG).ok().map(PathBuf::from)),
        test,
        cases,
        case,
    );
}

fn sweep_on<C, F>(log: &Log, test: &str, cases: &[C], case: F)
where
    C: Display + Sync,
    F: AsyncFn(&C) -> Ran + Sync,
{
    let wanted = env::var(SEED).ok();
    let cases: Vec<&C> = cases
        .iter()
        .filter(|case| wanted.as_ref().is_none_or(|id| case.to_string() == *id))
        .collect();
    assert!(!cases.is_empty(), "{test} has no such case: {wanted:?}");
    let all = cases.len();
    let is_new = |case: &&C| !log.has(test, &case.to_string());
    let cases: Vec<&C> = cases.into_iter().filter(is_new).collect();
    if cases.len() < all {
        println!(
            "{test}: {} of {all} cases went well before",
            all - cases.len()
        );
    }
    let (began, next, tally) = (
        Instant::now(),
        AtomicUsize::new(0),
        Mutex::new(Tally::default()),
    );
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..workers.min(cases.len()) {
            let work = || {
                while let Some(one) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let (ran, took) = run(async || case(one).await);
                    let mut tally = tally.lock().unwrap_or_else(PoisonError::into_inner);
                    if ran.findings.is_empty() {
                        log.note(test, &one.to_string());
                    }
                    tally.add(test, &one.to_string(), ran, took);
                    if tally.ran.is_multiple_of(PROGRESS) {
                        println!("so far {}", tally.figures(test, began.elapsed()));
                    }
                }
            };
            let worker = std::thread::Builder::new().stack_size(STACK);
            worker.spawn_scoped(scope, work).expect("a thread");
        }
    });
    let tally = tally.into_inner().unwrap_or_else(PoisonError::into_inner);
    println!("{}", tally.figures(test, began.elapsed()));
    assert!(tally.failures.is_empty(), "{}", tally.complaint(test));
}

/// Runs one case; how long it took is virtual time.
fn run(case: impl AsyncFn() -> Ran) -> (Ran, Duration) {
    let wrong = |breach, words: String| Ran::with(vec![(breach, words)]);
    let ran = catch_unwind(AssertUnwindSafe(|| {
        block_on(async {
            let began = tokio::time::Instant::now();
            let ran = tokio::time::timeout(STUCK, case()).await;
            let ran = ran.unwrap_or_else(|_| wrong(Breach::Stuck, "it never ended".to_owned()));
            (ran, began.elapsed())
        })
    }));
    ran.unwrap_or_else(|payload| {
        let words = payload.downcast_ref::<String>().cloned();
        let words = words.or_else(|| payload.downcast_ref::<&str>().map(ToString::to_string));
        let words = words.unwrap_or_default();
        (wrong(Breach::Panic, words), Duration::ZERO)
    })
}

/// Makes something in a thread of its own, in paused time.
pub fn prepared<T, F>(work: F) -> T
where
    T: Send + 'static,
    F: AsyncFnOnce() -> T + Send + 'static,
{
    let thread = std::thread::Builder::new().stack_size(STACK);
    let thread = thread.spawn(move || block_on(work())).expect("a thread");
    thread.join().expect("it can be made")
}

/// Runs something to its end in paused time.
fn block_on<T>(work: impl Future<Output = T>) -> T {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_all().start_paused(true).build();
    runtime.expect("a runtime").block_on(work)
}

impl Tally {
    fn add(&mut self, test: &str, id: &str, ran: Ran, took: Duration) {
        self.ran += 1;
        self.longest = self.longest.max(took);
        for (what, more) in ran.counts {
            *self.counts.entry(what).or_default() += more;
        }
        if ran.findings.is_empty() {
            self.converged += 1;
            return;
        }
        let mut failure = format!(
            "case {id}\n  again: HYBRIDGW_SEED='{id}' cargo test --test reliability {test}\n"
        );
        for (breach, words) in ran.findings {
            *self.breaches.entry(breach).or_default() += 1;
            let _ = writeln!(failure, "  {breach:?}: {words}");
        }
        self.failures.push(failure);
    }

    fn figures(&self, test: &str, took: Duration) -> String {
        let of = |breach| self.breaches.get(&breach).copied().unwrap_or_default();
        let mut line = format!(
            "{test}: {} cases, {} converged, {} duplicates, {} orphans, {} foreign writes, longest {:.0} virtual s, {:.1} s",
            self.ran,
            self.converged,
            of(Breach::Duplicate),
            of(Breach::Orphan),
            of(Breach::Foreign),
            self.longest.as_secs_f64(),
            took.as_secs_f64(),
        );
        for (what, count) in &self.counts {
            let _ = write!(line, ", {what}: {count}");
        }
        line
    }

    fn complaint(&self, test: &str) -> String {
        let shown = self.failures.iter().take(12);
        let shown: Vec<&str> = shown.map(String::as_str).collect();
        format!(
            "{test}: {} of {} cases broke the promise: {:?}\n{}",
            self.failures.len(),
            self.ran,
            self.breaches,
            shown.join("\n")
        )
    }
}

#[test]
fn a_sweep_that_was_stopped_does_not_do_again_what_went_well() {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("sweep.log");
    let _ = fs::remove_file(&path);
    let log = || Log::of(Some(path.clone()));
    let done = Mutex::new(Vec::new());
    let run = |cases: &[u64]| {
        let case = async |case: &u64| {
            done.lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(*case);
            let wrong = (*case == 2).then(|| (Breach::Report, "it is two".to_owned()));
            Ran::with(wrong.into_iter().collect())
        };
        let swept = || sweep_on(&log(), "a_sweep", cases, case);
        catch_unwind(AssertUnwindSafe(swept)).is_ok()
    };
    assert!(run(&[1]));
    assert!(!run(&[1, 2, 3]), "it is two");
    assert!(!run(&[1, 2, 3]), "what went wrong is run again");
    assert!(run(&[1, 3]), "all of it went well before");
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_unstable();
    assert_eq!(done, [1, 2, 2, 3]);
}

//! `sync --watch`: rounds for as long as the process lives.
//!
//! A round in which nothing has changed makes four reads at most: endpoints and
//! interfaces are asked for in every one, the targets of two groups in turn.
//! In every twentieth the stack is looked up anew, in place of the targets. What
//! fails is said once and tried again, more and more seldom; nothing ends the
//! watching but a signal.

use std::{
    collections::{BTreeMap, BTreeSet},
    future::Future,
    sync::Arc,
    time::Duration,
};

pub use fastrand::Rng as Chance;
use tokio::time::Instant;

use crate::{
    aws::{Connection, read::Reads},
    error::{Error, ErrorKind, Result},
    event::Silent,
    stop::Stop,
    sync::{
        Ahead, Round, Scope, Wanted,
        gauges::Gauges,
        once::absent,
        round::{Hand, act, look},
        service::{Notice, Service},
        withdrawn::Withdrawn,
    },
};

/// How many groups' targets a round looks at: with endpoints and interfaces four
/// reads.
const IN_TURN: usize = 2;
/// After how many rounds the stack is looked up anew.
const ANEW: u32 = 20;
/// The same, when what is followed is gone or not in use.
const STALE: u32 = 6;
/// How long the reads of a round may take. Throttled and lost calls are sent
/// again meanwhile (`aws::resend`).
const READS: Duration = Duration::from_mins(1);
/// After a change rounds follow one another more quickly, until the targets are
/// as they should be, but not for longer than this. A group's health checks are
/// ten seconds apart.
const SOON: (Duration, Duration) = (Duration::from_secs(10), Duration::from_mins(3));
/// The longest pause that failures lead to, unless the interval is longer.
const LONGEST: Duration = Duration::from_mins(5);
/// How much longer or shorter a pause may be: watchers do not walk in step.
const JITTER: f64 = 0.2;

/// What happens, for whoever is told of it.
#[derive(Clone, Debug)]
pub enum Happened {
    /// It has begun; what is followed.
    Began(String),
    /// A round has changed something.
    Changed(Box<Round>),
    /// Something is not as it should be.
    Warning(String),
    /// Rounds fail, and are tried again.
    Failing(Error),
    /// They succeed again, after this time.
    Well(Duration),
    /// Nothing of the stack is left.
    Gone,
    /// There is something again.
    Back,
    /// The configuration was read again.
    Reloaded,
    /// It could not be used; the old one counts.
    NotReloaded(Error),
}

/// Who is told what happens.
pub trait Voice: Send + Sync {
    /// Takes it; the time is that since the beginning.
    fn say(&self, happened: &Happened, elapsed: Duration);
}

/// How a watcher is asked to read its configuration again.
pub trait Reloads {
    /// Returns when it is asked.
    fn asked(&mut self) -> impl Future<Output = ()>;
    /// Reads it.
    fn read(&mut self) -> impl Future<Output = Result<(Wanted, Connection)>>;
}

/// What a watcher has done from beginning to end.
#[derive(Clone, Debug, Default)]
pub struct Total {
    /// The addresses that it has registered.
    pub registered: BTreeSet<String>,
    /// The addresses that it has deregistered.
    pub deregistered: BTreeSet<String>,
    /// The calls of connections that it no longer has.
    pub earlier_calls: usize,
}

/// A watcher.
pub struct Watch<'a> {
    /// How to reach AWS.
    pub connection: Connection,
    /// What to follow.
    pub wanted: Wanted,
    /// From one round to the next.
    pub interval: Duration,
    /// The chance in the pauses.
    pub chance: Chance,
    /// Ends it.
    pub stop: &'a Arc<Stop>,
    /// Who is told.
    pub voice: &'a dyn Voice,
    /// What can be measured.
    pub gauges: Arc<Gauges>,
    /// The service manager.
    pub service: Service,
}

/// What a watcher remembers from one round to the next. None of it grows.
#[derive(Default)]
struct Memory {
    began: Option<Instant>,
    scope: Option<Scope>,
    ahead: Option<Ahead>,
    /// Why the last look at the stack anew failed.
    unread: Option<String>,
    rounds: u32,
    turn: usize,
    withdrawn: Withdrawn,
    /// The targets that are followed.
    keys: BTreeSet<String>,
    said: BTreeSet<String>,
    failing: Option<Failing>,
    /// When a round last changed something, and whether more is to be done.
    open: Option<Instant>,
    /// Whether the stack was there at the last look; none: nobody has looked.
    present: Option<bool>,
    /// The last round was stale, too.
    stale: bool,
    /// For how many rounds interfaces are not given tags, and what was said.
    tagless: (u32, Vec<String>),
    total: Total,
}

/// A row of rounds that fail.
struct Failing {
    since: Instant,
    rounds: u32,
    kinds: BTreeSet<&'static str>,
}

/// How a pause ends.
enum Next {
    Round,
    Reload,
    End,
}

impl Watch<'_> {
    /// Watches until it is stopped.
    ///
    /// # Errors
    ///
    /// The first round fails for a reason that does not pass by itself: there is
    /// no such stack, the credentials are not valid, a permission is missing.
    pub async fn run(mut self, reloads: &mut impl Reloads) -> Result<Total> {
        let began = self.stop.clock.now();
        let mut memory = Memory {
            began: Some(began),
            ..Memory::default()
        };
        loop {
            self.service.busy(self.stop.clock);
            let done = self.round(&mut memory).await;
            self.service.idle();
            if self.stop.why().is_some() {
                break;
            }
            let calls = memory.total.earlier_calls + self.connection.journal.attempts();
            self.gauges.calls(calls);
            let remembered = memory
                .scope
                .as_ref()
                .map(|scope| scope.reads.remembered_answers());
            self.gauges.remembered(remembered.unwrap_or_default());
            let elapsed = self.stop.clock.since(began);
            match done {
                Ok(round) => self.succeeded(&mut memory, round, elapsed),
                Err(error) => self.failed(&mut memory, error, elapsed)?,
            }
            match self.pause(&memory, reloads).await {
                Next::Round => {}
                Next::Reload => self.reload(&mut memory, reloads, began).await,
                Next::End => break,
            }
        }
        self.service.tell(&Notice::Stopping);
        Ok(memory.total)
    }

    /// One round. A failure leaves everything as it was before.
    async fn round(&self, memory: &mut Memory) -> Result<Round> {
        let mut scope = if let Some(scope) = memory.scope.take() {
            scope
        } else {
            memory.rounds = 0;
            memory.ahead = None;
            let reads = Reads::new(self.connection.reader(), &self.wanted.stack);
            self.in_time(Scope::read(reads, &self.wanted)).await?
        };
        if !scope.exists {
            memory.withdrawn = Withdrawn::default();
            let were = std::mem::take(&mut memory.keys);
            self.gauges.keep(&memory.keys, &were);
            if memory.present.is_none() {
                return Err(absent(&self.wanted, &self.connection.region));
            }
            self.is_present(memory, false);
            return Ok(Round::default());
        }
        let done = self.follow(&mut scope, memory).await;
        self.keep(
            scope,
            memory,
            done.as_ref().is_ok_and(|round| round.is_stale),
        );
        done
    }

    async fn follow(&self, scope: &mut Scope, memory: &mut Memory) -> Result<Round> {
        memory.rounds += 1;
        let every = if memory.stale { STALE } else { ANEW };
        if memory.rounds.is_multiple_of(every) && memory.ahead.is_none() {
            let reads = Reads::new(self.connection.reader(), &self.wanted.stack);
            memory.ahead = Some(Ahead::new(reads));
        }
        let looking = async {
            let Some(ahead) = &mut memory.ahead else {
                let due = in_turn(&mut memory.turn, scope.groups.len());
                return Ok((look(scope, &due).await?, Ok(None)));
            };
            let looked = look(scope, &[]).await?;
            // What is known can be followed, whatever has become of this.
            Ok((looked, ahead.step(&self.wanted).await))
        };
        let (looked, next) = self.in_time(looking).await?;
        let aws = self.connection.writer();
        let hand = Hand {
            aws: &aws,
            sink: &Silent,
            stop: self.stop,
            limit: None,
            tags: memory.tagless.0 == 0,
        };
        let withdrawn = &mut memory.withdrawn;
        let round = act(scope, &self.wanted, &looked, withdrawn, &hand).await;
        match next {
            Ok(None) => {}
            Ok(Some(next)) => {
                memory.ahead = None;
                memory.unread = None;
                *scope = next.after(scope);
            }
            Err(error) => {
                memory.ahead = None;
                memory.unread = Some(format!("the stack cannot be looked up anew: {error}"));
            }
        }
        Ok(round)
    }

    /// Keeps what is followed for the next round, unless it has to be looked up
    /// again: at once the first time, and then in some of the rounds.
    fn keep(&self, scope: Scope, memory: &mut Memory, is_stale: bool) {
        let keys = scope.keys().iter().map(ToString::to_string).collect();
        let were = std::mem::replace(&mut memory.keys, keys);
        self.gauges.keep(&memory.keys, &were);
        let arns = scope.groups.iter().map(|group| group.arn.as_str());
        memory.withdrawn.keep(&arns.collect());
        let exists = scope.exists;
        let again = is_stale && !memory.stale;
        memory.stale = is_stale;
        memory.scope = (exists && !again).then_some(scope);
        self.is_present(memory, exists);
    }

    fn is_present(&self, memory: &mut Memory, present: bool) {
        let was = memory.present.replace(present);
        self.gauges.present(present);
        let began = memory.began.unwrap_or_else(|| self.stop.clock.now());
        let elapsed = self.stop.clock.since(began);
        match (was, present) {
            (Some(true), false) => self.voice.say(&Happened::Gone, elapsed),
            (Some(false), true) => self.voice.say(&Happened::Back, elapsed),
            _ => {}
        }
    }

    /// Reads, unless they take too long or the run is stopped.
    async fn in_time<T>(&self, reads: impl Future<Output = Result<T>>) -> Result<T> {
        let late = || Error::new(ErrorKind::TimedOut, "AWS gave no answer within a minute");
        tokio::select! {
            biased;
            done = reads => done,
            _ = self.stop.thrown() => Err(Error::new(ErrorKind::Interrupted, "interrupted")),
            () = self.stop.clock.sleep(READS) => Err(late()),
        }
    }

    fn succeeded(&self, memory: &mut Memory, mut round: Round, elapsed: Duration) {
        if let Some(first) = round.failed.first() {
            let error = first.clone();
            self.count(memory, &round);
            self.say_changes(&round, elapsed);
            self.failing(memory, error, elapsed);
            return;
        }
        if memory.said.is_empty() && memory.failing.is_none() && self.service.is_starting() {
            self.voice
                .say(&Happened::Began(self.words(memory)), elapsed);
        }
        if let Some(failing) = memory.failing.take() {
            let spent = self.stop.clock.since(failing.since);
            self.voice.say(&Happened::Well(spent), elapsed);
        }
        memory.tagless.0 = memory.tagless.0.saturating_sub(1);
        if !round.untagged.is_empty() {
            let said = round.untagged.iter().map(ToString::to_string);
            memory.tagless = (ANEW, said.collect());
        } else if memory.tagless.0 == 0 {
            memory.tagless.1.clear();
        }
        round.warnings.extend(memory.tagless.1.iter().cloned());
        round.warnings.extend(memory.unread.clone());
        self.count(memory, &round);
        self.warn(memory, &round, elapsed);
        let now = self.stop.clock.now();
        memory.open = match memory.open.filter(|_| !round.has_changed()) {
            since @ Some(_) if round.is_open => since,
            _ => round.has_changed().then_some(now),
        };
        self.say_changes(&round, elapsed);
        self.gauges.succeeded(&round);
        self.service.tell(&Notice::Ready(status(&round)));
    }

    fn say_changes(&self, round: &Round, elapsed: Duration) {
        if round.has_changed() {
            let changed = Happened::Changed(Box::new(round.clone()));
            self.voice.say(&changed, elapsed);
        }
    }

    /// What is followed, in words.
    fn words(&self, memory: &Memory) -> String {
        let keys = memory.scope.as_ref().map(Scope::keys).unwrap_or_default();
        let keys: Vec<String> = keys.iter().map(ToString::to_string).collect();
        let what = match keys.as_slice() {
            [] => "nothing: no route's targets are addresses".to_owned(),
            keys => keys.join(", "),
        };
        format!(
            "{} in {}: {what}",
            self.wanted.stack, self.connection.region
        )
    }

    fn count(&self, memory: &mut Memory, round: &Round) {
        let came = round.registered.iter().map(|one| one.address.clone());
        memory.total.registered.extend(came);
        let went = round.deregistered.iter().map(|one| one.address.clone());
        memory.total.deregistered.extend(went);
        self.gauges.repaired(round);
    }

    /// Says what is not as it should be, when it comes about. What was seen of
    /// targets that were not looked at in this round counts on.
    fn warn(&self, memory: &mut Memory, round: &Round, elapsed: Duration) {
        let all = round.warnings.iter().chain(&round.waiting);
        let now: BTreeSet<String> = all.chain(&round.sick).cloned().collect();
        for words in now.difference(&memory.said) {
            self.voice.say(&Happened::Warning(words.clone()), elapsed);
        }
        let looked = |words: &str| {
            let mut keys = round.targets.keys();
            keys.any(|key| {
                words
                    .strip_prefix(key.as_str())
                    .is_some_and(|rest| rest.starts_with(':'))
            })
        };
        let of_targets = |words: &String| words.starts_with("targets") && !looked(words);
        let kept: BTreeSet<String> = memory
            .said
            .iter()
            .filter(|one| of_targets(one))
            .cloned()
            .collect();
        memory.said = now.union(&kept).cloned().collect();
    }

    fn failed(&self, memory: &mut Memory, error: Error, elapsed: Duration) -> Result<()> {
        if memory.present.is_none() && !error.kind.passes() {
            return Err(error);
        }
        self.failing(memory, error, elapsed);
        Ok(())
    }

    fn failing(&self, memory: &mut Memory, error: Error, elapsed: Duration) {
        let kind = kind(&error);
        self.gauges.failed(kind);
        let now = self.stop.clock.now();
        let failing = memory.failing.get_or_insert_with(|| Failing {
            since: now,
            rounds: 0,
            kinds: BTreeSet::new(),
        });
        failing.rounds += 1;
        if failing.kinds.insert(kind) {
            self.service.tell(&Notice::Status(error.to_string()));
            self.voice.say(&Happened::Failing(error), elapsed);
        }
    }

    async fn pause(&mut self, memory: &Memory, reloads: &mut impl Reloads) -> Next {
        let rounds = memory.failing.as_ref().map_or(0, |failing| failing.rounds);
        let clock = self.stop.clock;
        let soon = memory.open.is_some_and(|since| clock.since(since) < SOON.1);
        let interval = if soon {
            self.interval.min(SOON.0)
        } else {
            self.interval
        };
        let span = pause(interval, rounds, &mut self.chance);
        tokio::select! {
            biased;
            _ = self.stop.thrown() => Next::End,
            () = reloads.asked() => Next::Reload,
            () = self.stop.clock.sleep(span) => Next::Round,
        }
    }

    async fn reload(&mut self, memory: &mut Memory, reloads: &mut impl Reloads, began: Instant) {
        self.service.tell(&Notice::Reloading);
        let happened = match reloads.read().await {
            Err(error) => Happened::NotReloaded(error),
            Ok((wanted, connection)) => {
                if !Arc::ptr_eq(&connection.journal, &self.connection.journal) {
                    memory.total.earlier_calls += self.connection.journal.attempts();
                    connection.heed(self.stop);
                }
                (self.wanted, self.connection) = (wanted, connection);
                memory.scope = None;
                memory.said.clear();
                Happened::Reloaded
            }
        };
        let elapsed = self.stop.clock.since(began);
        self.voice.say(&happened, elapsed);
        self.service.tell(&Notice::Reloaded);
    }
}

/// The groups whose turn it is.
fn in_turn(turn: &mut usize, groups: usize) -> Vec<usize> {
    if groups == 0 {
        return Vec::new();
    }
    let count = IN_TURN.min(groups);
    let due = (0..count).map(|step| (*turn + step) % groups).collect();
    *turn = (*turn + count) % groups;
    due
}

/// The pause after so many rounds in a row that have failed.
fn pause(interval: Duration, failed: u32, chance: &mut Chance) -> Duration {
    let longer = interval.saturating_mul(2_u32.pow(failed.min(10)));
    let span = longer.min(LONGEST.max(interval));
    span.mul_f64(1.0 - JITTER + 2.0 * JITTER * chance.f64())
}

/// What kind of failure it is, for metrics, and to say each once.
fn kind(error: &Error) -> &'static str {
    match error.kind {
        ErrorKind::Credentials => "credentials",
        ErrorKind::Denied => "denied",
        ErrorKind::Throttled => "throttled",
        ErrorKind::Unknown | ErrorKind::TimedOut => "no-answer",
        _ => "other",
    }
}

/// One line for the service manager.
fn status(round: &Round) -> String {
    let working: usize = round.targets.values().map(|(works, _)| works).sum();
    let all: usize = round.targets.values().map(|(_, all)| all).sum();
    let addresses: &BTreeMap<String, usize> = &round.addresses;
    let addresses: usize = addresses.values().sum();
    format!("{addresses} addresses; {working} of {all} targets healthy")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_differ_by_a_fifth_and_grow_to_five_minutes() {
        let mut chance = Chance::with_seed(1);
        let interval = Duration::from_secs(30);
        let all: Vec<Duration> = (0..200).map(|_| pause(interval, 0, &mut chance)).collect();
        assert!(
            all.iter()
                .all(|one| (24.0..=36.0).contains(&one.as_secs_f64()))
        );
        let spread = all
            .iter()
            .max()
            .unwrap()
            .abs_diff(*all.iter().min().unwrap());
        assert!(spread > Duration::from_secs(8), "{spread:?}");
        let longest = pause(interval, 900, &mut chance);
        assert!(longest <= LONGEST.mul_f64(1.2) && longest >= LONGEST.mul_f64(0.8));
        let hour = Duration::from_hours(1);
        assert!(
            pause(hour, 900, &mut chance) >= hour.mul_f64(0.8),
            "never more often"
        );
    }

    #[test]
    fn every_group_has_its_turn() {
        let mut turn = 0;
        let seen: Vec<usize> = (0..3).flat_map(|_| in_turn(&mut turn, 3)).collect();
        assert_eq!(seen, [0, 1, 2, 0, 1, 2]);
        assert_eq!(in_turn(&mut turn, 1), [0]);
        assert!(in_turn(&mut turn, 0).is_empty());
    }
}

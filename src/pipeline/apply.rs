//! Apply: walk the graph, everything at once that can be.
//!
//! Each resource runs on its own as soon as its needs are met: look, act, look
//! again until AWS shows what is wanted. That loop is the program's only
//! waiter. It also is crash recovery: what a killed run left half made is found
//! half made, and taken on from there.

use std::{collections::BTreeMap, time::Duration};

use futures_util::{StreamExt, stream::FuturesUnordered};
use tokio::time::Instant;

use crate::{
    aws::Aws,
    error::{Error, Kind},
    event::{Event, Happening, Sink},
    graph::{Sight, Step},
    look::Look,
    pipeline::{
        Report,
        patience::{PATIENCE, Patience},
        signpost::Signpost,
    },
    resource::{Drift, Key, Need, Settled},
    stack::Stack,
    stop::Stop,
};

/// How long AWS may show old data after a write (EC2 API reference, "Eventual
/// consistency"; Terraform's provider allows minutes, Crossplane 30 s).
const GRACE: Duration = Duration::from_mins(1);

/// The first wait between two looks, and the longest.
const WAIT: (Duration, Duration) = (Duration::from_millis(150), Duration::from_secs(5));

/// Which differences a walk repairs.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// What others need.
    Main,
    /// What takes something away ([`Drift::at_last`]).
    Last,
}

/// What has become of a resource, for those who need it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Progress {
    Waiting,
    Exists,
    Settled,
    /// It will not come any further in this run.
    Ended,
}

/// Makes the wanted resources what they should be.
///
/// Things are made and changed here, never deleted: a resource that only now
/// turns out to need replacement fails. A failure skips what needs the failed thing
/// and nothing else. When the run is stopped, nothing new is started, and the
/// calls that are under way finish.
pub async fn apply(stack: &Stack, aws: &Aws, look: &Look, sink: &dyn Sink, stop: &Stop) -> Report {
    let mut report = walk_all(stack, aws, look, sink, stop, (Phase::Main, false)).await;
    let is_late = || stack.steps.iter().any(|step| has_late_drift(step.as_ref()));
    while report.ok() && is_late() {
        let last = walk_all(stack, aws, look, sink, stop, (Phase::Last, true)).await;
        let moved = !last.updated.is_empty();
        report.extend(last);
        // What was taken away may have made room for more.
        if report.ok() {
            report.extend(walk_all(stack, aws, look, sink, stop, (Phase::Main, true)).await);
        }
        if !moved {
            break;
        }
    }
    report
}

fn has_late_drift(step: &dyn Step) -> bool {
    step.sight()
        .is_some_and(|sight| sight.drift.iter().any(|drift| drift.last))
}

async fn walk_all(
    stack: &Stack,
    aws: &Aws,
    look: &Look,
    sink: &dyn Sink,
    stop: &Stop,
    (phase, known): (Phase, bool),
) -> Report {
    let board: BTreeMap<Key, Signpost<Progress>> = stack
        .steps
        .iter()
        .map(|step| (step.key(), Signpost::new(Progress::Waiting)))
        .collect();
    let walks: FuturesUnordered<_> = stack
        .steps
        .iter()
        .map(|step| {
            let walk = Walk {
                step: step.as_ref(),
                board: &board,
                aws,
                look,
                sink,
                stop,
                phase,
                known,
                since: Instant::now(),
                silent: None,
                missing: None,
                did: Did::Nothing,
            };
            walk.run()
        })
        .collect();
    let outcomes: Vec<Outcome> = walks.collect().await;
    into_report(outcomes)
}

/// What a walk did to its resource.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Did {
    Nothing,
    Created,
    Updated,
}

/// How a walk ended.
enum End {
    Settled,
    Unsettled(String),
    Failed(Error),
    NotStarted(String),
}

struct Outcome {
    key: Key,
    did: Did,
    end: End,
}

fn into_report(mut outcomes: Vec<Outcome>) -> Report {
    outcomes.sort_by(|a, b| a.key.cmp(&b.key));
    let mut report = Report::default();
    for Outcome { key, did, end } in outcomes {
        match did {
            Did::Nothing => {}
            Did::Created => report.created.push(key.clone()),
            Did::Updated => report.updated.push(key.clone()),
        }
        match end {
            End::Settled => {}
            End::Unsettled(why) => report.unsettled.push((key, why)),
            End::Failed(error) => report.failed.push((key, error)),
            End::NotStarted(why) => report.not_started.push((key, why)),
        }
    }
    report
}

/// One resource on its way.
struct Walk<'a> {
    step: &'a dyn Step,
    board: &'a BTreeMap<Key, Signpost<Progress>>,
    aws: &'a Aws,
    look: &'a Look,
    sink: &'a dyn Sink,
    stop: &'a Stop,
    phase: Phase,
    /// Whether an earlier walk of this run has made it or found it.
    known: bool,
    since: Instant,
    /// Since when no call has got an answer.
    silent: Option<Instant>,
    /// Since when AWS says that something is not there which it needs.
    missing: Option<Instant>,
    did: Did,
}

/// What this walk has written and not yet seen.
#[derive(Default)]
struct Written {
    /// When a create was sent.
    created: Option<Instant>,
    /// Whether a create was refused because the thing exists.
    exists: bool,
    /// When the thing was last seen. Old and new answers of AWS take turns for a
    /// while: what was there a moment ago is waited for, not made again.
    seen: Option<Instant>,
    /// When these differences were last sent to be repaired.
    repaired: Option<(Instant, Vec<Drift>)>,
}

impl Walk<'_> {
    async fn run(mut self) -> Outcome {
        let key = self.step.key();
        let end = match self.wait_for_needs().await {
            Err(why) => End::NotStarted(why),
            Ok(()) => match self.stop.why() {
                Some(why) => End::NotStarted(why.words().to_owned()),
                None => self.make().await,
            },
        };
        let (progress, happening) = match &end {
            End::Settled => (Progress::Settled, self.success()),
            End::Failed(error) => (Progress::Ended, Happening::Failed(error.clone())),
            End::Unsettled(why) | End::NotStarted(why) => {
                (Progress::Ended, Happening::Stopped(why.clone()))
            }
        };
        self.emit(happening);
        self.announce(progress);
        Outcome {
            key,
            did: self.did,
            end,
        }
    }

    fn success(&self) -> Happening {
        match self.did {
            Did::Nothing => Happening::Kept,
            Did::Created => Happening::Created,
            Did::Updated => Happening::Updated,
        }
    }

    /// Returns when every need is met, or says which one never will be.
    async fn wait_for_needs(&mut self) -> Result<(), String> {
        let needs = self.step.needs();
        for (index, need) in needs.iter().enumerate() {
            let Some(neighbour) = self.board.get(need.key()) else {
                continue;
            };
            if neighbour.get() < wanted(need) {
                let open = needs[index..].iter().filter(|need| !self.is_met(need));
                let open: Vec<&str> = open.map(|need| need.key().as_str()).collect();
                self.emit(Happening::Queued(open.join(", ")));
            }
            let reached = neighbour.wait_for(|now| now >= wanted(need)).await;
            if reached == Progress::Ended {
                return Err(format!("{} did not come about", need.key()));
            }
        }
        self.since = Instant::now();
        Ok(())
    }

    fn is_met(&self, need: &Need) -> bool {
        let neighbour = self.board.get(need.key());
        neighbour.is_none_or(|neighbour| neighbour.get() >= wanted(need))
    }

    /// Looks, acts, and looks again until AWS shows what is wanted.
    async fn make(&mut self) -> End {
        let mut written = Written {
            seen: self.known.then(Instant::now),
            ..Written::default()
        };
        let mut pause = WAIT.0;
        let mut patience = Patience::by(self.stop.clock);
        loop {
            let turn = match self.step.look_again(self.look).await {
                Err(error) => self.after_failed_call(error, None),
                Ok(()) => match self.seen() {
                    None => self.create(&mut written).await,
                    Some(sight) => {
                        written.seen = Some(Instant::now());
                        self.announce(Progress::Exists);
                        self.repair(sight, &mut written).await
                    }
                },
            };
            match turn {
                Turn::Over(end) => return end,
                Turn::LookAgain => pause = WAIT.0,
                Turn::Wait(why) => {
                    if patience.is_over() {
                        return End::Failed(Error::new(
                            Kind::TimedOut,
                            format!("gave up after {} minutes: {why}", PATIENCE.as_secs() / 60),
                        ));
                    }
                    self.emit(Happening::Waiting(why.clone()));
                    if self.stop.sleep(pause).await.is_err() {
                        return self.stopped(why);
                    }
                    pause = (pause * 3 / 2).min(WAIT.1);
                }
            }
        }
    }

    fn seen(&mut self) -> Option<Sight> {
        self.silent = None;
        self.step.sight()
    }

    /// The run stops while this resource waits.
    fn stopped(&self, why: String) -> End {
        if self.did == Did::Nothing && self.step.owned().is_none() {
            End::NotStarted(why)
        } else {
            End::Unsettled(why)
        }
    }

    async fn create(&mut self, written: &mut Written) -> Turn {
        if let Some(known) = written.created.max(written.seen)
            && self.stop.clock.since(known) < GRACE
        {
            return Turn::Wait("not visible yet".to_owned());
        }
        if let Some(why) = self.stop.why() {
            return Turn::Over(self.stopped(why.words().to_owned()));
        }
        self.emit(Happening::Creating);
        match self.step.create(self.aws).await {
            Ok(()) => {
                self.did = Did::Created;
                self.missing = None;
                written.created = Some(Instant::now());
                Turn::LookAgain
            }
            Err(error) => {
                if error.kind == Kind::Unknown {
                    // It may have been made. Look for a while before sending
                    // the call a second time.
                    self.did = Did::Created;
                    written.created = Some(Instant::now());
                }
                if let Kind::Exists(_) = error.kind
                    && !std::mem::replace(&mut written.exists, true)
                {
                    // Another run may have made it, and reads lag behind: look
                    // for a while before believing that it is somebody else's.
                    written.created = Some(Instant::now());
                    return Turn::Wait(error.to_string());
                }
                self.after_failed_call(error, Some("create"))
            }
        }
    }

    async fn repair(&mut self, sight: Sight, written: &mut Written) -> Turn {
        if let Settled::Never(why) = &sight.settled {
            return Turn::Over(End::Failed(
                Error::invalid(format!("AWS says {why}"))
                    .hint("only a new one can work: run `hybridgw up --allow-replace`"),
            ));
        }
        let due = |drift: &&Drift| drift.last == (self.phase == Phase::Last);
        let mut drift: Vec<Drift> = sight.drift.iter().filter(due).cloned().collect();
        // What takes away does so once a walk: before more goes, others follow.
        let more = |(_, before): &(Instant, Vec<Drift>)| *before != drift;
        if self.phase == Phase::Last && written.repaired.as_ref().is_some_and(more) {
            drift.clear();
        }
        if drift.is_empty() {
            return match sight.settled {
                Settled::NotYet(why) => Turn::Wait(why),
                _ => Turn::Over(End::Settled),
            };
        }
        let fields = fields(&drift);
        if drift.iter().any(|drift| drift.replace) {
            return Turn::Over(End::Failed(
                Error::invalid(format!(
                    "{fields} can only be changed by making it anew, and that was not approved"
                ))
                .hint("run `hybridgw plan` to see what has changed meanwhile"),
            ));
        }
        if let Some((sent, before)) = &written.repaired
            && *before == drift
        {
            if self.stop.clock.since(*sent) < GRACE {
                return Turn::Wait(format!("{fields} not visible yet"));
            }
            return Turn::Over(End::Failed(Error::invalid(format!(
                "AWS took the change of {fields} but does not show it: {}",
                words(&drift)
            ))));
        }
        if let Some(why) = self.stop.why() {
            return Turn::Over(self.stopped(why.words().to_owned()));
        }
        self.emit(Happening::Updating(fields));
        match self.step.update(self.aws, &drift).await {
            Ok(()) => {
                self.missing = None;
                if self.did == Did::Nothing {
                    self.did = Did::Updated;
                }
                written.repaired = Some((Instant::now(), drift));
                Turn::LookAgain
            }
            Err(error) => self.after_failed_call(error, Some("change")),
        }
    }

    fn after_failed_call(&mut self, error: Error, verb: Option<&str>) -> Turn {
        let clock = self.stop.clock;
        let missing = match error.kind {
            Kind::NotFound => *self.missing.get_or_insert_with(Instant::now),
            _ => Instant::now(),
        };
        let silent = match error.kind {
            Kind::Unknown => *self.silent.get_or_insert_with(Instant::now),
            _ => Instant::now(),
        };
        match error.kind {
            Kind::NotYet => Turn::Wait(error.message),
            Kind::Throttled => Turn::Wait("AWS asks to slow down".to_owned()),
            Kind::Unknown if clock.since(silent) < GRACE => {
                Turn::Wait(format!("trying again: {error}"))
            }
            // A neighbour made a moment ago may not be visible to every
            // service yet.
            Kind::NotFound if clock.since(missing) < GRACE && verb.is_some() => {
                Turn::Wait(error.to_string())
            }
            _ => Turn::Over(End::Failed(error.context(match verb {
                Some(verb) => format!("could not {verb} {}", self.step.key()),
                None => format!("could not look up {}", self.step.key()),
            }))),
        }
    }

    fn announce(&self, progress: Progress) {
        let own = self.board.get(&self.step.key());
        if let Some(own) = own.filter(|own| progress > own.get()) {
            own.set(progress);
        }
    }

    fn emit(&self, happening: Happening) {
        self.sink.emit(Event {
            key: self.step.key(),
            happening,
            elapsed: self.stop.clock.since(self.since),
        });
    }
}

/// How far a neighbour has to be.
fn wanted(need: &Need) -> Progress {
    match need {
        Need::Exists(_) => Progress::Exists,
        Need::Settled(_) => Progress::Settled,
    }
}

/// What a turn of the loop decides.
enum Turn {
    /// Something was written: look at once.
    LookAgain,
    /// Nothing to do but wait; why.
    Wait(String),
    /// Done, or failed.
    Over(End),
}

fn fields(drift: &[Drift]) -> String {
    let names: Vec<&str> = drift.iter().map(|drift| drift.field.as_str()).collect();
    names.join(", ")
}

fn words(drift: &[Drift]) -> String {
    let one = |drift: &Drift| format!("{}: {} -> {}", drift.field, drift.actual, drift.desired);
    drift.iter().map(one).collect::<Vec<_>>().join("; ")
}

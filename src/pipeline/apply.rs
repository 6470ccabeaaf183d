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
    aws::{
        Aws,
        read::{Moment, Reads},
    },
    error::{Error, ErrorKind},
    event::{Event, Happening, Sink},
    graph::{Observed, Step},
    pipeline::{
        Report,
        patience::{PATIENCE, Patience},
        rhythm::{Pause, Rhythm},
        signpost::Signpost,
    },
    resource::{Drift, Due, Key, Need, Settled},
    stack::Stack,
    stop::{Stop, Why},
};

/// How long AWS may show old data after a write (EC2 API reference, "Eventual
/// consistency"; Terraform's provider allows minutes, Crossplane 30 s).
const GRACE: Duration = Duration::from_mins(1);

/// What has become of a resource, for those who need it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Progress {
    Waiting,
    Exists,
    Settled,
    /// It will not come any further in this run.
    Ended,
}

/// How far a resource has come, and from when on the answers are that showed it:
/// those who need it take no older ones.
#[derive(Clone, Copy, Debug)]
struct Reached {
    progress: Progress,
    moment: Moment,
}

/// Makes the wanted resources what they should be.
///
/// Things are made and changed here, never deleted: a resource that only now
/// turns out to need replacement fails. A failure skips what needs the failed thing
/// and nothing else. When the run is stopped, nothing new is started, and the
/// calls that are under way finish.
pub async fn apply(
    stack: &Stack,
    aws: &Aws,
    reads: &Reads,
    sink: &dyn Sink,
    stop: &Stop,
) -> Report {
    let mut report = make(stack, aws, reads, sink, stop).await;
    if report.ok() {
        report.extend(take_away(stack, aws, reads, sink, stop).await);
    }
    report
}

/// The first half of [`apply`]: all but what takes something away.
pub async fn make(stack: &Stack, aws: &Aws, reads: &Reads, sink: &dyn Sink, stop: &Stop) -> Report {
    let run = Run {
        stack,
        aws,
        reads,
        sink,
        stop,
    };
    run.pass(Due::Now, Earlier::None).await
}

/// The second half of [`apply`]: what takes something away, once nobody is led
/// to it any more.
pub async fn take_away(
    stack: &Stack,
    aws: &Aws,
    reads: &Reads,
    sink: &dyn Sink,
    stop: &Stop,
) -> Report {
    let run = Run {
        stack,
        aws,
        reads,
        sink,
        stop,
    };
    let mut report = Report::default();
    let is_deferred = || {
        stack
            .steps
            .iter()
            .any(|step| has_deferred_drift(step.as_ref()))
    };
    while report.ok() && is_deferred() {
        let last = run.pass(Due::Deferred, Earlier::Pass).await;
        let moved = !last.updated.is_empty();
        report.extend(last);
        // What was taken away may have made room for more.
        if report.ok() {
            report.extend(run.pass(Due::Now, Earlier::Pass).await);
        }
        if !moved {
            break;
        }
    }
    report
}

fn has_deferred_drift(step: &dyn Step) -> bool {
    let is_deferred = |drift: &Drift| drift.due == Due::Deferred;
    step.observed()
        .is_some_and(|observed| observed.drift.iter().any(is_deferred))
}

/// What all resources of a run share.
#[derive(Clone, Copy)]
struct Run<'a> {
    stack: &'a Stack,
    aws: &'a Aws,
    reads: &'a Reads,
    sink: &'a dyn Sink,
    stop: &'a Stop,
}

/// Whether an earlier pass of this run has made or found everything.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Earlier {
    None,
    Pass,
}

impl Run<'_> {
    /// Takes every resource as far as it comes, repairing what is due.
    async fn pass(&self, due: Due, earlier: Earlier) -> Report {
        let steps = &self.stack.steps;
        let moment = self.reads.now();
        let start = Reached {
            progress: Progress::Waiting,
            moment,
        };
        let board: BTreeMap<Key, Signpost<Reached>> = steps
            .iter()
            .map(|step| (step.key(), Signpost::new(start)))
            .collect();
        let rhythm = Rhythm::by(self.stop.clock);
        let walks: FuturesUnordered<_> = steps
            .iter()
            .map(|step| {
                let walk = Walk {
                    step: step.as_ref(),
                    board: &board,
                    run: *self,
                    rhythm,
                    moment,
                    looked: moment,
                    due,
                    earlier,
                    since: Instant::now(),
                    silent: None,
                    missing: None,
                    failed: None,
                    did: Did::Nothing,
                    touched: None,
                };
                walk.run()
            })
            .collect();
        into_report(walks.collect().await)
    }
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
    touched: Option<Vec<Drift>>,
    end: End,
}

fn into_report(mut outcomes: Vec<Outcome>) -> Report {
    outcomes.sort_by(|a, b| a.key.cmp(&b.key));
    let mut report = Report::default();
    for Outcome {
        key,
        did,
        touched,
        end,
    } in outcomes
    {
        report
            .touched
            .extend(touched.map(|drift| (key.clone(), drift)));
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
    board: &'a BTreeMap<Key, Signpost<Reached>>,
    run: Run<'a>,
    rhythm: Rhythm,
    /// Answers that were asked before count for nothing.
    moment: Moment,
    /// The moment of the last look at all of it.
    looked: Moment,
    due: Due,
    earlier: Earlier,
    since: Instant,
    /// Since when no call has got an answer.
    silent: Option<Instant>,
    /// Since when AWS says that something is not there which it needs, or means
    /// that.
    missing: Option<Instant>,
    /// Since when AWS says that it will never work.
    failed: Option<Instant>,
    did: Did,
    /// What differed when a change of it failed, which may have been applied.
    touched: Option<Vec<Drift>>,
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
            Ok(()) => match self.run.stop.why() {
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
            touched: self.touched,
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
            if neighbour.get().progress < wanted(need) {
                let open = needs[index..].iter().filter(|need| !self.is_met(need));
                let open: Vec<&str> = open.map(|need| need.key().as_str()).collect();
                self.emit(Happening::Queued(open.join(", ")));
            }
            let far_enough = |now: Reached| now.progress >= wanted(need);
            let reached = neighbour.wait_for(far_enough).await;
            self.moment = self.moment.max(reached.moment);
            if reached.progress == Progress::Ended {
                return Err(format!("{} did not come about", need.key()));
            }
        }
        self.since = Instant::now();
        Ok(())
    }

    fn is_met(&self, need: &Need) -> bool {
        let neighbour = self.board.get(need.key());
        neighbour.is_none_or(|neighbour| neighbour.get().progress >= wanted(need))
    }

    /// Looks, acts, and looks again until AWS shows what is wanted.
    async fn make(&mut self) -> End {
        let mut written = Written {
            seen: (self.earlier == Earlier::Pass).then(Instant::now),
            ..Written::default()
        };
        let mut pause = Pause::SHORT;
        let mut patience = Patience::by(self.run.stop.clock);
        let mut settling = false;
        // What the plan did not see, and AWS makes only once, needs no look.
        let mut blind = self.earlier == Earlier::None
            && self.step.is_made_once()
            && self.step.observed().is_none();
        loop {
            let looked = if std::mem::take(&mut blind) {
                Ok(())
            } else {
                self.look(settling).await
            };
            let turn = match looked {
                Err(error) => self.after_failed_call(error, None),
                Ok(()) => match self.seen() {
                    None => self.create(&mut written).await,
                    Some(observed) => {
                        written.seen = Some(Instant::now());
                        self.announce(Progress::Exists);
                        self.repair(observed, &mut written).await
                    }
                },
            };
            match turn {
                Turn::Over(end) => return end,
                Turn::LookAgain => {
                    pause = Pause::SHORT;
                    settling = false;
                    self.moment = self.run.reads.now();
                }
                Turn::Wait { why, settles } => {
                    if patience.is_over() {
                        return End::Failed(Error::new(
                            ErrorKind::TimedOut,
                            format!("gave up after {} minutes: {why}", PATIENCE.as_secs() / 60),
                        ));
                    }
                    self.emit(Happening::Waiting(why.clone()));
                    settling = settles;
                    if settles {
                        pause = pause.max(Pause::SETTLING);
                    }
                    if self.pause(pause, settles).await.is_err() {
                        return self.stopped(why);
                    }
                    pause = pause.longer();
                }
            }
        }
    }

    /// Looks it up; if only AWS's own progress is waited for, no more than that.
    async fn look(&mut self, settling: bool) -> Result<(), Error> {
        if settling {
            let step = self.step;
            return step.watch(self.run.reads, self.moment, self.looked).await;
        }
        self.looked = self.moment;
        self.step.refresh(self.run.reads, self.moment).await
    }

    /// Waits for the next beat, and before that for what AWS does first. What
    /// others ask for meanwhile is news for this one, too.
    async fn pause(&mut self, pause: Pause, settles: bool) -> Result<(), Why> {
        let first = self.step.settles_after();
        for need in first.iter().filter(|_| settles) {
            let Some(neighbour) = self.board.get(need.key()) else {
                continue;
            };
            tokio::select! {
                biased;
                why = self.run.stop.thrown() => return Err(why),
                _ = neighbour.wait_for(|now| now.progress >= wanted(need)) => {}
            }
        }
        self.moment = self.run.reads.now();
        self.run.stop.sleep(self.rhythm.until(pause)).await
    }

    fn seen(&mut self) -> Option<Observed> {
        self.silent = None;
        self.step.observed()
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
            && self.run.stop.clock.since(known) < GRACE
        {
            return Turn::wait("not visible yet".to_owned());
        }
        if let Some(why) = self.run.stop.why() {
            return Turn::Over(self.stopped(why.words().to_owned()));
        }
        self.emit(Happening::Creating);
        match self.step.create(self.run.aws).await {
            Ok(()) => {
                self.did = Did::Created;
                self.missing = None;
                written.created = Some(Instant::now());
                Turn::LookAgain
            }
            Err(error) => {
                if error.kind == ErrorKind::Unknown {
                    // It may have been made. Look for a while before sending
                    // the call a second time.
                    self.did = Did::Created;
                    written.created = Some(Instant::now());
                } else if self.step.is_made_in_steps() && self.is_partly_there().await {
                    self.did = Did::Created;
                }
                if let ErrorKind::Exists(_) = error.kind
                    && !std::mem::replace(&mut written.exists, true)
                {
                    // Another run may have made it, and reads lag behind: look
                    // for a while before believing that it is somebody else's.
                    written.created = Some(Instant::now());
                    return Turn::wait(error.to_string());
                }
                self.after_failed_call(error, Some("create"))
            }
        }
    }

    /// Whether a create of several calls has made something before it failed.
    /// What cannot be read may be there.
    async fn is_partly_there(&mut self) -> bool {
        let now = self.run.reads.now();
        let looked = self.step.refresh(self.run.reads, now).await;
        looked.is_err() || self.step.observed().is_some()
    }

    async fn repair(&mut self, observed: Observed, written: &mut Written) -> Turn {
        if let Settled::Never(why) = &observed.settled {
            // A load balancer may be failed for a moment and work then
            // (Terraform's provider goes on waiting, too).
            let since = *self.failed.get_or_insert_with(Instant::now);
            if self.run.stop.clock.since(since) < GRACE {
                let why = format!("AWS says {why}");
                return Turn::Wait { why, settles: true };
            }
            return Turn::Over(End::Failed(
                Error::invalid(format!("AWS says {why}"))
                    .hint("only a new one can work: run `hybridgw up --allow-replace`"),
            ));
        }
        self.failed = None;
        let due_at = |due: Due| -> Vec<Drift> {
            let all = observed.drift.iter();
            all.filter(|drift| drift.due == due).cloned().collect()
        };
        let mut due = self.due;
        let mut drift = due_at(due);
        // Switching is late: all the rest is as it should be.
        let switch = due_at(Due::Switch);
        if due == Due::Now && drift.is_empty() && !switch.is_empty() {
            if let Some(turn) = self.before_switching().await {
                return turn;
            }
            (due, drift) = (Due::Switch, switch);
        }
        // What takes away does so once a walk: before more goes, others follow.
        let more = |(_, before): &(Instant, Vec<Drift>)| *before != drift;
        if self.due == Due::Deferred && written.repaired.as_ref().is_some_and(more) {
            drift.clear();
        }
        if drift.is_empty() {
            return match observed.settled {
                Settled::NotYet(why) => Turn::Wait { why, settles: true },
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
            if self.run.stop.clock.since(*sent) < GRACE {
                return Turn::wait(format!("{fields} not visible yet"));
            }
            return Turn::Over(End::Failed(Error::invalid(format!(
                "AWS took the change of {fields} but does not show it: {}",
                words(&drift)
            ))));
        }
        if let Some(why) = self.run.stop.why() {
            return Turn::Over(self.stopped(why.words().to_owned()));
        }
        self.emit(Happening::Updating(fields));
        match self.step.update(self.run.aws, due).await {
            Ok(()) => {
                self.missing = None;
                if self.did == Did::Nothing {
                    self.did = Did::Updated;
                }
                written.repaired = Some((Instant::now(), drift));
                Turn::LookAgain
            }
            Err(error) => {
                self.touched.get_or_insert(observed.drift);
                self.after_failed_call(error, Some("change"))
            }
        }
    }

    /// Waits until that works which live requests will be led to. None: it did
    /// already.
    async fn before_switching(&self) -> Option<Turn> {
        let mut waited = false;
        for need in self.step.switches_after() {
            let Some(neighbour) = self.board.get(need.key()) else {
                continue;
            };
            if neighbour.get().progress < wanted(&need) {
                waited = true;
                let why = format!("waiting for {}", need.key());
                self.emit(Happening::Waiting(why.clone()));
                tokio::select! {
                    biased;
                    _ = self.run.stop.thrown() => return Some(Turn::Over(self.stopped(why))),
                    _ = neighbour.wait_for(|now| now.progress >= wanted(&need)) => {}
                }
            }
            if neighbour.get().progress == Progress::Ended {
                let why = format!("not switched: {} did not come about", need.key());
                return Some(Turn::Over(End::Unsettled(why)));
            }
        }
        waited.then_some(Turn::LookAgain)
    }

    fn after_failed_call(&mut self, error: Error, verb: Option<&str>) -> Turn {
        let clock = self.run.stop.clock;
        let missing = match error.kind {
            ErrorKind::NotFound | ErrorKind::Unseen(_) => {
                *self.missing.get_or_insert_with(Instant::now)
            }
            _ => Instant::now(),
        };
        let silent = match error.kind {
            ErrorKind::Unknown => *self.silent.get_or_insert_with(Instant::now),
            _ => Instant::now(),
        };
        match error.kind {
            ErrorKind::NotYet => Turn::wait(error.message),
            ErrorKind::Throttled => Turn::wait("AWS asks to slow down".to_owned()),
            ErrorKind::Unknown if clock.since(silent) < GRACE => {
                Turn::wait(format!("trying again: {error}"))
            }
            // A neighbour made a moment ago may not be visible to every
            // service yet.
            ErrorKind::NotFound if clock.since(missing) < GRACE && verb.is_some() => {
                Turn::wait(error.to_string())
            }
            ErrorKind::Unseen(refusal) if clock.since(missing) < refusal.grace() => {
                Turn::wait(error.to_string())
            }
            _ => Turn::Over(End::Failed(error.context(match verb {
                Some(verb) => format!("could not {verb} {}", self.step.key()),
                None => format!("could not look up {}", self.step.key()),
            }))),
        }
    }

    fn announce(&self, progress: Progress) {
        let own = self.board.get(&self.step.key());
        if let Some(own) = own.filter(|own| progress > own.get().progress) {
            let moment = self.moment;
            own.set(Reached { progress, moment });
        }
    }

    fn emit(&self, happening: Happening) {
        self.run.sink.emit(Event {
            key: self.step.key(),
            happening,
            elapsed: self.run.stop.clock.since(self.since),
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
    /// Nothing to do but wait.
    Wait {
        why: String,
        /// Whether all is as it should be but for what AWS is still at.
        settles: bool,
    },
    /// Done, or failed.
    Over(End),
}

impl Turn {
    /// Nothing to do but wait, until something else can be done.
    fn wait(why: impl Into<String>) -> Self {
        Self::Wait {
            why: why.into(),
            settles: false,
        }
    }
}

fn fields(drift: &[Drift]) -> String {
    let names: Vec<&str> = drift.iter().map(|drift| drift.field.as_str()).collect();
    names.join(", ")
}

fn words(drift: &[Drift]) -> String {
    let one = |drift: &Drift| format!("{}: {} -> {}", drift.field, drift.actual, drift.desired);
    drift.iter().map(one).collect::<Vec<_>>().join("; ")
}

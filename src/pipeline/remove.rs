//! Remove: take away things that are ours, users before what they use.
//!
//! Serves `down`, orphans of `up`, replacement and `--rollback`. It works on
//! what was discovered, from any partial state, and needs no configuration.

use std::{sync::Arc, time::Duration};

use futures_util::{StreamExt, stream::FuturesUnordered};
use tokio::time::Instant;

use crate::{
    aws::{Aws, read::Reads, telling},
    error::{Error, ErrorKind},
    event::{Event, Happening, Sink},
    graph::Owned,
    pipeline::{
        Report,
        patience::{PATIENCE, Patience},
        rhythm::{Pause, Rhythm},
        signpost::Signpost,
        teardown,
    },
    resource::Key,
    stop::Stop,
};

/// When a deletion that AWS has taken is sent again, as long as the thing stands.
const AGAIN: Duration = Duration::from_mins(1);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Progress {
    Standing,
    Gone,
    Stuck,
}

/// Deletes these things and waits until they are gone. Independent branches go
/// on when one is stuck; what a stuck thing holds stays.
pub async fn remove(
    doomed: &[Owned],
    aws: &Aws,
    reads: &Reads,
    sink: &dyn Sink,
    stop: &Stop,
) -> Report {
    remove_in_order(doomed, &teardown::waits_for, aws, reads, sink, stop).await
}

/// Whether the first thing stays until the second one is gone.
pub type WaitsFor<'a> = &'a (dyn Fn(&Key, &Key) -> bool + Sync);

/// [`remove`] in another order than that of the table.
pub async fn remove_in_order(
    doomed: &[Owned],
    waits_for: WaitsFor<'_>,
    aws: &Aws,
    reads: &Reads,
    sink: &dyn Sink,
    stop: &Stop,
) -> Report {
    let board: Vec<Signpost<Progress>> = doomed
        .iter()
        .map(|_| Signpost::new(Progress::Standing))
        .collect();
    let rhythm = Rhythm::by(stop.clock);
    let removals: FuturesUnordered<_> = (0..doomed.len())
        .map(|index| {
            let removal = Removal {
                thing: &doomed[index],
                doomed,
                waits_for,
                board: &board,
                index,
                aws,
                reads,
                sink,
                stop,
                rhythm,
                since: Instant::now(),
            };
            removal.run()
        })
        .collect();
    let mut ends: Vec<(usize, End)> = removals.collect().await;
    ends.sort_by_key(|(index, _)| *index);
    let mut report = Report::default();
    for (index, end) in ends {
        let key = doomed[index].key.clone();
        match end {
            End::Gone => report.deleted.push(key),
            End::Failed(error) => report.failed.push((key, error)),
            End::Unsettled(why) => report.unsettled.push((key, why)),
            End::NotStarted(why) => report.not_started.push((key, why)),
        }
    }
    report
}

enum End {
    Gone,
    Failed(Error),
    Unsettled(String),
    NotStarted(String),
}

struct Removal<'a> {
    thing: &'a Owned,
    doomed: &'a [Owned],
    waits_for: WaitsFor<'a>,
    board: &'a [Signpost<Progress>],
    index: usize,
    aws: &'a Aws,
    reads: &'a Reads,
    sink: &'a dyn Sink,
    stop: &'a Stop,
    rhythm: Rhythm,
    since: Instant,
}

impl Removal<'_> {
    async fn run(mut self) -> (usize, End) {
        let end = if let Err(why) = self.wait_for_users().await {
            End::NotStarted(why)
        } else {
            self.since = Instant::now();
            match (self.goes_with_parent(), self.stop.why()) {
                (true, _) => End::Gone,
                (false, Some(why)) => End::NotStarted(why.words().to_owned()),
                (false, None) => {
                    telling(self.delete(), |why| self.emit(Happening::Waiting(why))).await
                }
            }
        };
        let (progress, happening) = match &end {
            End::Gone => (Progress::Gone, Happening::Deleted),
            End::Failed(error) => (Progress::Stuck, Happening::Failed(error.clone())),
            End::Unsettled(why) | End::NotStarted(why) => {
                (Progress::Stuck, Happening::Stopped(why.clone()))
            }
        };
        self.emit(happening);
        self.board[self.index].set(progress);
        (self.index, end)
    }

    fn is_parent(&self, other: &Owned) -> bool {
        self.thing.parent.as_deref() == Some(other.id.as_str()) && other.key != self.thing.key
    }

    /// Whether it disappears together with a thing that goes too.
    fn goes_with_parent(&self) -> bool {
        self.doomed.iter().any(|other| self.is_parent(other))
    }

    /// Returns when nothing uses the thing any more, or when its parent is gone.
    async fn wait_for_users(&mut self) -> Result<(), String> {
        let goes_with_parent = self.goes_with_parent();
        let first: Vec<usize> = (0..self.doomed.len())
            .filter(|&other| {
                let thing = &self.doomed[other];
                if goes_with_parent {
                    self.is_parent(thing)
                } else {
                    other != self.index && (self.waits_for)(&self.thing.key, &thing.key)
                }
            })
            .collect();
        if !first.is_empty() {
            let names: Vec<&str> = first
                .iter()
                .map(|&other| self.doomed[other].key.as_str())
                .collect();
            self.emit(Happening::Queued(names.join(", ")));
        }
        for other in first {
            let end = self.board[other]
                .wait_for(|now| now != Progress::Standing)
                .await;
            if end == Progress::Stuck {
                return Err(format!("{} is still there", self.doomed[other].key));
            }
        }
        Ok(())
    }

    async fn delete(&self) -> End {
        let mut pause = Pause::SHORT;
        let mut moment = self.reads.now();
        let mut thing = Arc::clone(&self.thing.thing);
        let mut deleted: Option<Instant> = None;
        // Since when AWS does not answer, or says what may pass by itself.
        let mut refused: Option<Instant> = None;
        // Whether the last call was only throttled, for as long as one is sent again.
        let mut slowed = false;
        let mut patience = Patience::by(self.stop.clock);
        let clock = self.stop.clock;
        self.emit(Happening::Deleting);
        loop {
            // What still stands after a while may have been made again.
            let sent = if deleted.is_some_and(|then| clock.since(then) < AGAIN) {
                Ok(())
            } else {
                let sent = thing.delete(self.aws).await;
                deleted = sent.is_ok().then(|| clock.now());
                if deleted.is_some() {
                    moment = self.reads.now();
                }
                sent
            };
            // Often it is gone at once. A refusal may also mean that somebody
            // else has deleted it.
            let turn = match sent {
                Err(error) if !may_be_gone(&error.kind) => Err(error),
                sent => match self.stop.looking(thing.again(self.reads, moment)).await {
                    Err(why) => return End::Unsettled(why.words().to_owned()),
                    Ok(Err(error)) => Err(error),
                    Ok(Ok(Some(now))) => {
                        thing = now;
                        sent.map(|()| false)
                    }
                    Ok(Ok(None)) => Ok(true),
                },
            };
            let why = match turn {
                Ok(true) => return End::Gone,
                Ok(false) => {
                    refused = None;
                    slowed = false;
                    "AWS is still deleting it".to_owned()
                }
                Err(error) => {
                    if matches!(error.kind, ErrorKind::NotYet | ErrorKind::Throttled) {
                        refused = None;
                    }
                    let since = *refused.get_or_insert_with(|| clock.now());
                    let now = error.kind == ErrorKind::Throttled;
                    let again = std::mem::replace(&mut slowed, now) && now;
                    match waits(error, clock.since(since), again) {
                        Ok(why) => why,
                        Err(error) if error.kind == ErrorKind::NotFound => return End::Gone,
                        Err(error) => {
                            let words = format!("could not delete {}", self.thing.key);
                            return End::Failed(error.context(words));
                        }
                    }
                }
            };
            if patience.is_over() {
                return End::Failed(Error::new(
                    ErrorKind::TimedOut,
                    format!("gave up after {} minutes: {why}", PATIENCE.as_secs() / 60),
                ));
            }
            self.emit(Happening::Waiting(why.clone()));
            // What others ask for meanwhile is news for this one, too.
            moment = self.reads.now();
            let beat = self.rhythm.until(pause);
            if self.stop.sleep(beat).await.is_err() {
                return End::Unsettled(why);
            }
            pause = pause.longer();
        }
    }

    fn emit(&self, happening: Happening) {
        self.sink.emit(Event {
            key: self.thing.key.clone(),
            happening,
            elapsed: self.stop.clock.since(self.since),
        });
    }
}

/// Whether a refusal leaves open whether the thing is still there.
fn may_be_gone(refusal: &ErrorKind) -> bool {
    matches!(refusal, ErrorKind::NotYet | ErrorKind::Unseen(_))
}

/// What is waited for after this failure, the like of which has lasted for so
/// long; or the failure, if nothing is. A second call that is only throttled is
/// none: each has been sent for ten minutes, or is asked to come back later than that.
fn waits(error: Error, lasted: Duration, slowed_again: bool) -> Result<String, Error> {
    match error.kind {
        ErrorKind::NotYet => Ok(error.message),
        ErrorKind::Throttled if !slowed_again => Ok(format!("AWS asks to slow down: {error}")),
        ErrorKind::Unknown if lasted < AGAIN => Ok(format!("trying again: {error}")),
        ErrorKind::Unseen(refusal) if lasted < refusal.grace() => Ok(error.to_string()),
        _ => Err(error),
    }
}

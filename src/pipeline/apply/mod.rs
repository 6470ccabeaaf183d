//! Apply: walk the graph, everything at once that can be.
//!
//! Each resource runs on its own as soon as its needs are met: look, act, look
//! again until AWS shows what is wanted. That loop is the program's only
//! waiter. It also is crash recovery: what a killed run left half made is found
//! half made, and taken on from there.

mod act;
mod course;
mod walk;

use std::collections::BTreeMap;

use futures_util::{StreamExt, stream::FuturesUnordered};

use crate::{
    aws::{
        Aws,
        read::{Moment, Reads},
    },
    error::Error,
    event::Sink,
    graph::Step,
    pipeline::{Report, rhythm::Rhythm, signpost::Signpost},
    resource::{Drift, Due, Key},
    stack::Stack,
    stop::Stop,
};
use walk::Walk;

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

/// What all resources share while each comes as far as it can, once.
#[derive(Clone, Copy)]
struct Pass<'a> {
    aws: &'a Aws,
    reads: &'a Reads,
    sink: &'a dyn Sink,
    stop: &'a Stop,
    /// How far each has come.
    board: &'a BTreeMap<Key, Signpost<Reached>>,
    rhythm: Rhythm,
    /// Answers that were asked before this pass count for nothing.
    moment: Moment,
    /// The differences that are repaired.
    due: Due,
    earlier: Earlier,
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
        let board = steps
            .iter()
            .map(|step| (step.key(), Signpost::new(start)))
            .collect();
        let pass = Pass {
            aws: self.aws,
            reads: self.reads,
            sink: self.sink,
            stop: self.stop,
            board: &board,
            rhythm: Rhythm::by(self.stop.clock),
            moment,
            due,
            earlier,
        };
        let walks: FuturesUnordered<_> = steps
            .iter()
            .map(|step| Walk::new(step.as_ref(), pass).run())
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

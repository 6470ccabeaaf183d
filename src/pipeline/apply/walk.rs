//! One resource on its way: what is known of it, and what is told to the others.

use tokio::time::Instant;

use super::{Did, End, Pass, Progress, Reached};
use crate::{
    aws::read::Moment,
    event::{Event, Happening},
    graph::Step,
    resource::{Drift, Need},
};

/// One resource on its way.
pub(super) struct Walk<'a> {
    pub(super) step: &'a dyn Step,
    pub(super) pass: Pass<'a>,
    /// Answers that were asked before count for nothing.
    pub(super) moment: Moment,
    /// The moment of the last look at all of it.
    pub(super) looked: Moment,
    pub(super) since: Instant,
    /// Since when no look has got an answer.
    pub(super) silent: Option<Instant>,
    /// Since when no write has got an answer.
    pub(super) unanswered: Option<Instant>,
    /// Whether a call was given up that AWS refused for load all the time, and no
    /// write has succeeded since.
    pub(super) slowed: bool,
    /// Since when what AWS would do first has ended, without it.
    pub(super) forlorn: Option<Instant>,
    /// Since when AWS says that something is not there which it needs, or means
    /// that.
    pub(super) missing: Option<Instant>,
    /// Since when AWS says that it will never work.
    pub(super) failed: Option<Instant>,
    pub(super) did: Did,
    /// What differed when a change of it failed, which may have been applied.
    pub(super) touched: Option<Vec<Drift>>,
}

impl<'a> Walk<'a> {
    /// A resource of which nothing is known but what the plan saw.
    pub(super) fn new(step: &'a dyn Step, pass: Pass<'a>) -> Self {
        Self {
            step,
            pass,
            moment: pass.moment,
            looked: pass.moment,
            since: Instant::now(),
            silent: None,
            unanswered: None,
            slowed: false,
            forlorn: None,
            missing: None,
            failed: None,
            did: Did::Nothing,
            touched: None,
        }
    }

    /// The run stops while this resource waits.
    pub(super) fn stopped(&self, why: String) -> End {
        if self.did == Did::Nothing && self.step.owned().is_none() {
            End::NotStarted(why)
        } else {
            End::Unsettled(why)
        }
    }

    pub(super) fn announce(&self, progress: Progress) {
        let own = self.pass.board.get(&self.step.key());
        if let Some(own) = own.filter(|own| progress > own.get().progress) {
            let moment = self.moment;
            own.set(Reached { progress, moment });
        }
    }

    pub(super) fn emit(&self, happening: Happening) {
        self.pass.sink.emit(Event {
            key: self.step.key(),
            happening,
            elapsed: self.pass.stop.clock.since(self.since),
        });
    }
}

/// How far a neighbour has to be.
pub(super) fn wanted(need: &Need) -> Progress {
    match need {
        Need::Exists(_) => Progress::Exists,
        Need::Settled(_) => Progress::Settled,
    }
}

/// What this walk has written and not yet seen.
#[derive(Default)]
pub(super) struct Written {
    /// When a create was sent.
    pub(super) created: Option<Instant>,
    /// How many creates AWS said yes to.
    pub(super) taken: u8,
    /// What the last create was answered, if that leaves open what became of it.
    pub(super) doubt: Option<String>,
    /// Whether a create was refused because the thing exists.
    pub(super) exists: bool,
    /// When the thing was last seen. Old and new answers of AWS take turns for a
    /// while: what was there a moment ago is waited for, not made again.
    pub(super) seen: Option<Instant>,
    /// When these differences were last sent to be repaired.
    pub(super) repaired: Option<(Instant, Vec<Drift>)>,
}

/// What a turn of the loop decides.
pub(super) enum Turn {
    /// Something was written: look at once.
    LookAgain,
    /// Nothing to do but wait.
    Wait { why: String, what: For },
    /// Done, or failed.
    Over(End),
}

/// What is waited for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum For {
    /// What AWS is still at: all else is as it should be.
    Settling,
    /// What has to come about before more can be done.
    Others,
    /// Another answer of AWS's.
    Answer,
}

impl Turn {
    /// Nothing to do but wait for another answer.
    pub(super) fn wait(why: impl Into<String>) -> Self {
        Self::Wait {
            why: why.into(),
            what: For::Answer,
        }
    }
}

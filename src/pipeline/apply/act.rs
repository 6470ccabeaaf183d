//! What a walk does with what it sees: create, repair, switch, and what follows
//! from a call that failed.

use std::time::Duration;

use tokio::time::Instant;

use super::{
    Did, End, Progress,
    walk::{For, Turn, Walk, Written, wanted},
};
use crate::{
    error::{Error, ErrorKind},
    event::Happening,
    graph::Observed,
    resource::{Drift, Due, Settled},
};

/// How long AWS may show old data after a write (EC2 API reference, "Eventual
/// consistency"; Terraform's provider allows minutes, Crossplane 30 s).
pub(super) const GRACE: Duration = Duration::from_mins(1);

/// How long writes are tried that get no answer of AWS's: a page of a proxy
/// stays what it is, and an outage may last for hours.
const UNANSWERED: Duration = Duration::from_mins(5);

/// How often one thing is made, when AWS says yes and never shows it: a second
/// time, since the first may be lost, and not again. What has no unique name
/// would come about once more each time.
const MOST_MADE: u8 = 2;

/// How long what was made for the last time is looked for: reads have been seen
/// to be minutes behind.
const LAST_LOOK: Duration = Duration::from_mins(5);

impl Walk<'_> {
    pub(super) async fn create(&mut self, written: &mut Written) -> Turn {
        let was_last = written.taken >= MOST_MADE;
        let patience = if was_last { LAST_LOOK } else { GRACE };
        if let Some(known) = written.created.max(written.seen)
            && self.pass.stop.clock.since(known) < patience
        {
            return Turn::wait(match &written.doubt {
                None => "not visible yet".to_owned(),
                Some(answer) => format!("not visible yet, after {answer}"),
            });
        }
        if was_last {
            return Turn::Over(End::Failed(self.never_shown(written.taken)));
        }
        if let Some(why) = self.pass.stop.why() {
            return Turn::Over(self.stopped(why.words().to_owned()));
        }
        self.emit(Happening::Creating);
        match self.step.create(self.pass.aws).await {
            Ok(()) => {
                self.did = Did::Created;
                self.answered();
                written.doubt = None;
                written.taken += 1;
                written.created = Some(Instant::now());
                Turn::LookAgain
            }
            Err(error) => {
                if error.kind == ErrorKind::Unknown {
                    // It may have been made. Look for a while before sending
                    // the call a second time.
                    self.did = Did::Created;
                    written.doubt = Some(error.to_string());
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

    fn never_shown(&self, taken: u8) -> Error {
        Error::invalid(format!(
            "AWS has said {taken} times that it made {}, and does not show it; there may be {taken} of it",
            self.step.key()
        ))
        .hint("run `hybridgw up` again in some minutes: of what is there by then, it keeps one and removes the rest")
    }

    /// Whether a create of several calls has made something before it failed.
    /// What cannot be read may be there.
    async fn is_partly_there(&mut self) -> bool {
        let now = self.pass.reads.now();
        let looked = self.step.refresh(self.pass.reads, now).await;
        looked.is_err() || self.step.observed().is_some()
    }

    pub(super) async fn repair(&mut self, observed: Observed, written: &mut Written) -> Turn {
        if let Settled::Never(why) = &observed.settled {
            // A load balancer may be failed for a moment and work then
            // (Terraform's provider goes on waiting, too).
            let since = *self.failed.get_or_insert_with(Instant::now);
            if self.pass.stop.clock.since(since) < GRACE {
                let why = format!("AWS says {why}");
                let what = For::Settling;
                return Turn::Wait { why, what };
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
        let mut due = self.pass.due;
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
        if self.pass.due == Due::Deferred && written.repaired.as_ref().is_some_and(more) {
            drift.clear();
        }
        if drift.is_empty() {
            return match observed.settled {
                Settled::NotYet(why) => Turn::Wait {
                    why,
                    what: For::Settling,
                },
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
            if self.pass.stop.clock.since(*sent) < GRACE {
                return Turn::wait(format!("{fields} not visible yet"));
            }
            return Turn::Over(End::Failed(Error::invalid(format!(
                "AWS took the change of {fields} but does not show it: {}",
                words(&drift)
            ))));
        }
        if let Some(why) = self.pass.stop.why() {
            return Turn::Over(self.stopped(why.words().to_owned()));
        }
        self.emit(Happening::Updating(fields));
        match self.step.update(self.pass.aws, due).await {
            Ok(()) => {
                self.answered();
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
            let Some(neighbour) = self.pass.board.get(need.key()) else {
                continue;
            };
            if neighbour.get().progress < wanted(&need) {
                waited = true;
                let why = format!("waiting for {}", need.key());
                self.emit(Happening::Waiting(why.clone()));
                tokio::select! {
                    biased;
                    _ = self.pass.stop.thrown() => return Some(Turn::Over(self.stopped(why))),
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

    /// A write has succeeded.
    fn answered(&mut self) {
        self.missing = None;
        self.unanswered = None;
        self.slowed = false;
    }

    pub(super) fn after_failed_call(&mut self, error: Error, verb: Option<&str>) -> Turn {
        let clock = self.pass.stop.clock;
        let missing = match error.kind {
            ErrorKind::NotFound | ErrorKind::Unseen(_) => {
                *self.missing.get_or_insert_with(Instant::now)
            }
            _ => Instant::now(),
        };
        // A look that succeeds says nothing of writes.
        let (silent, limit) = match verb {
            Some(_) => (&mut self.unanswered, UNANSWERED),
            None => (&mut self.silent, GRACE),
        };
        let silent = match error.kind {
            ErrorKind::Unknown => *silent.get_or_insert_with(Instant::now),
            _ => Instant::now(),
        };
        // One call has waited for ten minutes by itself, or as long as AWS asks.
        let slowed = error.kind == ErrorKind::Throttled;
        let slowed_again = slowed && std::mem::replace(&mut self.slowed, slowed);
        match error.kind {
            ErrorKind::NotYet => Turn::Wait {
                why: error.message,
                what: For::Others,
            },
            ErrorKind::Throttled if !slowed_again => {
                Turn::wait(format!("AWS asks to slow down: {error}"))
            }
            ErrorKind::Unknown if clock.since(silent) < limit => {
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
}

fn fields(drift: &[Drift]) -> String {
    let names: Vec<&str> = drift.iter().map(|drift| drift.field.as_str()).collect();
    names.join(", ")
}

fn words(drift: &[Drift]) -> String {
    let one = |drift: &Drift| format!("{}: {} -> {}", drift.field, drift.actual, drift.desired);
    drift.iter().map(one).collect::<Vec<_>>().join("; ")
}

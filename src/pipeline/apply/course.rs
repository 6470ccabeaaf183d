//! The course of a resource: look, act, look again until AWS shows what is wanted.
//!
//! This loop is the program's only waiter, and its crash recovery.

use tokio::time::Instant;

use super::{
    Did, Earlier, End, Outcome, Progress, Reached,
    act::GRACE,
    walk::{For, Turn, Walk, Written, wanted},
};
use crate::{
    aws::telling,
    error::{Error, ErrorKind},
    event::{Event, Happening},
    graph::Observed,
    pipeline::{
        patience::{PATIENCE, Patience},
        rhythm::Pause,
    },
    resource::{Key, Need},
    stop::Why,
};

impl Walk<'_> {
    /// Takes it as far as it comes, and tells the others.
    pub(super) async fn run(mut self) -> Outcome {
        let key = self.step.key();
        let end = match self.wait_for_needs().await {
            Err(why) => End::NotStarted(why),
            Ok(()) => match self.pass.stop.why() {
                Some(why) => End::NotStarted(why.words().to_owned()),
                None => self.make_and_tell().await,
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
            let Some(neighbour) = self.pass.board.get(need.key()) else {
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
        let neighbour = self.pass.board.get(need.key());
        neighbour.is_none_or(|neighbour| neighbour.get().progress >= wanted(need))
    }

    /// Looks and acts as [`Walk::make`] does, and tells what its calls wait for.
    async fn make_and_tell(&mut self) -> End {
        let (pass, since, key) = (self.pass, self.since, self.step.key());
        let hear = |why| {
            pass.sink.emit(Event {
                key: key.clone(),
                happening: Happening::Waiting(why),
                elapsed: pass.stop.clock.since(since),
            });
        };
        telling(self.make(), hear).await
    }

    /// Looks, acts, and looks again until AWS shows what is wanted.
    async fn make(&mut self) -> End {
        let mut written = Written {
            seen: (self.pass.earlier == Earlier::Pass).then(Instant::now),
            ..Written::default()
        };
        let mut pause = Pause::SHORT;
        let mut patience = Patience::by(self.pass.stop.clock);
        let mut settling = false;
        // What the plan did not see, and AWS makes only once, needs no look.
        let mut blind = self.pass.earlier == Earlier::None
            && self.step.is_made_once()
            && self.step.observed().is_none();
        loop {
            let looked = if std::mem::take(&mut blind) {
                Ok(())
            } else {
                match self.pass.stop.looking(self.look(settling)).await {
                    Ok(looked) => looked,
                    Err(why) => return self.stopped(why.words().to_owned()),
                }
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
                    self.moment = self.pass.reads.now();
                }
                Turn::Wait { why, what } => {
                    if what != For::Answer
                        && let Some(key) = self.in_vain()
                    {
                        return End::Unsettled(format!("{why}; {key} did not come about"));
                    }
                    if patience.is_over() {
                        return End::Failed(Error::new(
                            ErrorKind::TimedOut,
                            format!("gave up after {} minutes: {why}", PATIENCE.as_secs() / 60),
                        ));
                    }
                    self.emit(Happening::Waiting(why.clone()));
                    settling = what == For::Settling;
                    if settling {
                        pause = pause.max(Pause::SETTLING);
                    }
                    if self.pause(pause, settling).await.is_err() {
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
            return step.watch(self.pass.reads, self.moment, self.looked).await;
        }
        self.looked = self.moment;
        self.step.refresh(self.pass.reads, self.moment).await
    }

    /// Waits for the next beat, and before that for what AWS does first. What
    /// others ask for meanwhile is news for this one, too.
    async fn pause(&mut self, pause: Pause, settles: bool) -> Result<(), Why> {
        let first = self.step.settles_after();
        for need in first.iter().filter(|_| settles) {
            let Some(neighbour) = self.pass.board.get(need.key()) else {
                continue;
            };
            tokio::select! {
                biased;
                why = self.pass.stop.thrown() => return Err(why),
                _ = neighbour.wait_for(|now| now.progress >= wanted(need)) => {}
            }
        }
        self.moment = self.pass.reads.now();
        self.pass.stop.sleep(self.pass.rhythm.until(pause)).await
    }

    /// What AWS would do first, if that has ended a while ago and this is still
    /// waited for. Not at once: what was there before may have sufficed.
    fn in_vain(&mut self) -> Option<Key> {
        let ended = |need: &Need| {
            let neighbour = self.pass.board.get(need.key());
            neighbour.is_some_and(|one| one.get().progress == Progress::Ended)
        };
        let first = self.step.settles_after().into_iter().find(ended);
        let Some(need) = first else {
            self.forlorn = None;
            return None;
        };
        let since = *self.forlorn.get_or_insert_with(Instant::now);
        (self.pass.stop.clock.since(since) >= GRACE).then(|| need.key().clone())
    }

    fn seen(&mut self) -> Option<Observed> {
        self.silent = None;
        self.step.observed()
    }
}

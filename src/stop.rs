//! How a run is told to stop: one switch, thrown once, seen by every wait.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use tokio::sync::watch;

use crate::{
    clock::Clock,
    error::{Error, ErrorKind, Result},
};

/// Why a run stops early.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// A signal asked for it.
    Interrupted,
    /// `--timeout` ran out.
    TimedOut,
}

impl Why {
    /// Why a resource was left as it is.
    pub fn words(self) -> &'static str {
        match self {
            Self::Interrupted => "interrupted",
            Self::TimedOut => "out of time",
        }
    }

    /// What a command that is stopped ends with.
    pub fn error(self) -> Error {
        match self {
            Self::Interrupted => Error::new(ErrorKind::Interrupted, self.words()),
            Self::TimedOut => Error::new(ErrorKind::TimedOut, self.words())
                .hint("give it longer with --timeout; a second run goes on from here"),
        }
    }
}

/// How long a look that is under way may still take when the run stops: enough
/// for AWS to say what has become of the last writes, if it answers at all.
const LAST_LOOK: Duration = Duration::from_secs(3);

/// The switch, and the clock by which a run waits.
#[derive(Debug)]
pub struct Stop {
    why: watch::Sender<Option<Why>>,
    asking: watch::Sender<bool>,
    /// How much is under way that is dropped when the switch is thrown.
    reading: AtomicUsize,
    /// The clock of the world that is worked on.
    pub clock: Clock,
}

impl Default for Stop {
    fn default() -> Self {
        Self::by(Clock::REAL)
    }
}

impl Stop {
    /// A switch that is not thrown.
    pub fn by(clock: Clock) -> Self {
        Self {
            why: watch::Sender::new(None),
            asking: watch::Sender::new(false),
            reading: AtomicUsize::new(0),
            clock,
        }
    }

    /// Throws the switch. The first reason counts.
    pub fn set(&self, why: Why) {
        self.why.send_if_modified(|now| {
            let first = now.is_none();
            if first {
                *now = Some(why);
            }
            first
        });
    }

    /// Why to stop, if the switch is thrown.
    pub fn why(&self) -> Option<Why> {
        *self.why.borrow()
    }

    /// Returns when the switch is thrown.
    pub async fn thrown(&self) -> Why {
        let mut watcher = self.why.subscribe();
        loop {
            if let Some(why) = *watcher.borrow_and_update() {
                return why;
            }
            if watcher.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }

    /// Stops the clock of [`Stop::limit`] for as long as the result lives: a
    /// person is asked.
    #[must_use]
    pub fn asking(&self) -> Asking<'_> {
        self.asking.send_replace(true);
        Asking(self)
    }

    /// Whether nothing is under way that has to be settled: a person is being
    /// asked, or something is only read.
    pub fn is_idle(&self) -> bool {
        *self.asking.borrow() || self.reading.load(Ordering::Relaxed) > 0
    }

    /// Throws the switch when this much time has been spent, but for the time in
    /// which a person was asked.
    pub async fn limit(&self, time: Duration) {
        let mut asking = self.asking.subscribe();
        let mut left = time;
        loop {
            let began = self.clock.now();
            tokio::select! {
                biased;
                asked = asking.wait_for(|asking| *asking) => {
                    if asked.is_err() {
                        return;
                    }
                }
                () = self.clock.sleep(left) => return self.set(Why::TimedOut),
            }
            left = left.saturating_sub(self.clock.since(began));
            if asking.wait_for(|asking| !*asking).await.is_err() {
                return;
            }
        }
    }

    /// Does what only reads, and drops it when the run stops.
    ///
    /// # Errors
    ///
    /// That of the work; or why the run stops.
    pub async fn reading<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        self.reading.fetch_add(1, Ordering::Relaxed);
        let done = tokio::select! {
            biased;
            why = self.thrown() => Err(why.error()),
            done = work => done,
        };
        self.reading.fetch_sub(1, Ordering::Relaxed);
        done
    }

    /// Looks at what was written, and gives up soon after the run stops.
    ///
    /// # Errors
    ///
    /// Why the run stops, if the look had no end.
    pub async fn looking<T>(&self, look: impl Future<Output = T>) -> Result<T, Why> {
        let over = async {
            let why = self.thrown().await;
            self.clock.sleep(LAST_LOOK).await;
            why
        };
        tokio::select! {
            biased;
            seen = look => Ok(seen),
            why = over => Err(why),
        }
    }

    /// Sleeps, unless the run stops meanwhile.
    ///
    /// # Errors
    ///
    /// Why the run stops.
    pub async fn sleep(&self, time: Duration) -> Result<(), Why> {
        tokio::select! {
            biased;
            why = self.thrown() => Err(why),
            () = self.clock.sleep(time) => Ok(()),
        }
    }
}

/// A person is being asked.
#[derive(Debug)]
pub struct Asking<'a>(&'a Stop);

impl Drop for Asking<'_> {
    fn drop(&mut self) {
        self.0.asking.send_replace(false);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn time_at_the_prompt_is_not_counted() {
        let stop = Arc::new(Stop::default());
        let limited = Arc::clone(&stop);
        tokio::spawn(async move { limited.limit(Duration::from_mins(1)).await });
        let seconds = async |count| tokio::time::sleep(Duration::from_secs(count)).await;
        seconds(20).await;
        {
            let _asking = stop.asking();
            assert!(stop.is_idle());
            seconds(3600).await;
        }
        assert!(!stop.is_idle());
        seconds(39).await;
        assert_eq!(stop.why(), None, "20 s and 39 s are not a minute");
        seconds(2).await;
        assert_eq!(stop.why(), Some(Why::TimedOut));
    }

    #[tokio::test(start_paused = true)]
    async fn a_silent_server_holds_up_no_run_that_stops() {
        let stop = Stop::default();
        let silence = || std::future::pending::<Result<()>>();
        let began = tokio::time::Instant::now();
        let interrupt = async {
            stop.clock.sleep(Duration::from_secs(5)).await;
            stop.set(Why::Interrupted);
        };
        let (read, ()) = tokio::join!(stop.reading(silence()), interrupt);
        assert_eq!(read.expect_err("it was dropped").exit_code(), 130);
        assert_eq!(began.elapsed().as_secs(), 5);
        let looked = stop.looking(silence()).await;
        assert_eq!(looked.expect_err("it was given up"), Why::Interrupted);
        assert_eq!(began.elapsed().as_secs(), 8);
        // What answers is heard, also by a run that stops.
        let answer = stop.looking(stop.clock.sleep(Duration::from_secs(1))).await;
        assert!(answer.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn without_a_prompt_the_limit_is_the_limit() {
        let stop = Stop::by(Clock::at_speed(60.0));
        let began = tokio::time::Instant::now();
        stop.limit(Duration::from_mins(20)).await;
        assert_eq!(stop.why(), Some(Why::TimedOut));
        assert_eq!(began.elapsed().as_secs(), 20);
    }
}

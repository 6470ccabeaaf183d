//! How a run is told to stop: one switch, thrown once, seen by every wait.

use std::time::Duration;

use tokio::sync::watch;

use crate::clock::Clock;

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
}

/// The switch, and the clock by which a run waits.
#[derive(Debug)]
pub struct Stop {
    why: watch::Sender<Option<Why>>,
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

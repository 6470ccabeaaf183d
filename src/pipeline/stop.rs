//! How a run is told to stop: one switch, thrown once, seen by every wait.

use std::time::Duration;

use tokio::sync::watch;

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

/// The switch.
#[derive(Debug)]
pub struct Stop(watch::Sender<Option<Why>>);

impl Default for Stop {
    fn default() -> Self {
        Self(watch::Sender::new(None))
    }
}

impl Stop {
    /// Throws the switch. The first reason counts.
    pub fn set(&self, why: Why) {
        self.0.send_if_modified(|now| {
            let first = now.is_none();
            if first {
                *now = Some(why);
            }
            first
        });
    }

    /// Why to stop, if the switch is thrown.
    pub fn why(&self) -> Option<Why> {
        *self.0.borrow()
    }

    /// Returns when the switch is thrown.
    pub async fn thrown(&self) -> Why {
        let mut watcher = self.0.subscribe();
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
            why = self.thrown() => Err(why),
            () = tokio::time::sleep(time) => Ok(()),
        }
    }
}

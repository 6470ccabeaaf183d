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
    asking: watch::Sender<bool>,
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

    /// Whether a person is being asked, and nothing is under way.
    pub fn is_asking(&self) -> bool {
        *self.asking.borrow()
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
            assert!(stop.is_asking());
            seconds(3600).await;
        }
        assert!(!stop.is_asking());
        seconds(39).await;
        assert_eq!(stop.why(), None, "20 s and 39 s are not a minute");
        seconds(2).await;
        assert_eq!(stop.why(), Some(Why::TimedOut));
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

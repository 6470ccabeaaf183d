//! How long one resource may keep a run waiting.
//!
//! What counts is the time that the run was there to wait. A machine that was
//! suspended, or a process that was stopped, comes back after hours and has
//! looked at AWS once: that is one turn, not hours of waiting.

use std::time::Duration;

use tokio::time::Instant;

use crate::clock::Clock;

/// How long one resource may take to come or to go. The slowest documented
/// wait is a custom domain's update, 15 minutes; a load balancer's interfaces
/// hold its security group for minutes (Terraform's provider waits 15).
pub(super) const PATIENCE: Duration = Duration::from_mins(20);

/// The longest that one turn counts: a few calls, each to the end of its
/// time-out, and a pause.
const TURN: Duration = Duration::from_mins(5);

/// The patience that is left for one resource.
pub(super) struct Patience {
    clock: Clock,
    last: Instant,
    spent: Duration,
}

impl Patience {
    /// Full patience, from now on.
    pub(super) fn by(clock: Clock) -> Self {
        Self {
            clock,
            last: clock.now(),
            spent: Duration::ZERO,
        }
    }

    /// Counts the turn that ends now; whether the patience is over.
    pub(super) fn is_over(&mut self) -> bool {
        let turn = self.clock.since(self.last);
        self.last = self.clock.now();
        self.spent += turn.min(TURN);
        self.spent > PATIENCE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn hours_of_sleep_are_one_turn_and_minutes_of_waiting_add_up() {
        let mut patience = Patience::by(Clock::REAL);
        tokio::time::advance(Duration::from_hours(2)).await;
        assert!(!patience.is_over());
        for _ in 0..3 {
            tokio::time::advance(Duration::from_mins(4)).await;
            assert!(!patience.is_over());
        }
        tokio::time::advance(Duration::from_mins(4)).await;
        assert!(patience.is_over());
    }
}

//! The product's clock. It runs at the pace of the world that is worked on:
//! real time for AWS, faster for the simulated account (`--speed`).
//!
//! Everything that waits or measures goes through it, so that a rehearsal keeps
//! the proportions of the real thing and shows simulated time.

use std::time::Duration;

use tokio::time::Instant;

/// A clock with a speed: seconds of the world a second.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Clock {
    speed: f64,
}

impl Clock {
    /// Real time.
    pub const REAL: Self = Self { speed: 1.0 };

    /// A clock that runs `speed` times as fast; `speed` is positive.
    pub fn at_speed(speed: f64) -> Self {
        Self { speed }
    }

    /// A moment to measure from.
    pub fn now(self) -> Instant {
        Instant::now()
    }

    /// The world's time since a moment.
    pub fn since(self, moment: Instant) -> Duration {
        moment.elapsed().mul_f64(self.speed)
    }

    /// Waits for a span of the world's time.
    pub async fn sleep(self, span: Duration) {
        tokio::time::sleep(span.div_f64(self.speed)).await;
    }
}

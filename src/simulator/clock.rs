//! Simulated time: milliseconds since 1970, running at a chosen speed.
//!
//! The clock rides on [`tokio::time::Instant`], so a test on tokio's paused
//! clock drives it, and `--speed` multiplies it. The world file holds its
//! reading, so no time passes between two commands.

use std::ops::{Add, Sub};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use tokio::time::Instant;

/// A moment of the simulated account's time.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Time(u64);

impl Time {
    /// When an account of tests begins: 2026-01-01T00:00:00Z, so that the same seed gives the same run.
    pub const START: Self = Self(1_767_225_600_000);

    /// Reads the machine's clock, to the second: when an account begins that people use.
    /// A certificate that was made a moment ago is valid then.
    pub fn present() -> Self {
        let passed = SystemTime::now().duration_since(UNIX_EPOCH);
        passed.map_or(Self::START, |passed| Self(passed.as_secs() * 1000))
    }

    /// Returns the time of this many milliseconds since 1970.
    pub const fn from_unix_millis(millis: u64) -> Self {
        Self(millis)
    }

    /// Returns the milliseconds since 1970.
    pub const fn unix_millis(self) -> u64 {
        self.0
    }

    /// Returns the whole seconds since 1970: the timestamps of the JSON protocols.
    pub const fn unix_seconds(self) -> u64 {
        self.0 / 1000
    }

    /// Returns how long after `earlier` this is; zero when it is not after it.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }

    /// Returns the time as the XML protocols write it: `2026-01-01T00:00:00.000Z`.
    pub fn iso(self) -> String {
        let (year, month, day) = date(self.0 / 86_400_000);
        let rest = self.0 % 86_400_000;
        let (hour, minute) = (rest / 3_600_000, rest / 60_000 % 60);
        let (second, millis) = (rest / 1000 % 60, rest % 1000);
        format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millis:03}Z")
    }
}

impl Add<Duration> for Time {
    type Output = Self;

    fn add(self, span: Duration) -> Self {
        Self(self.0.saturating_add(millis(span)))
    }
}

impl Sub<Duration> for Time {
    type Output = Self;

    fn sub(self, span: Duration) -> Self {
        Self(self.0.saturating_sub(millis(span)))
    }
}

fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

/// Year, month and day of the n-th day since 1970.
fn date(mut days: u64) -> (u64, u64, u64) {
    let leap =
        |year: u64| year.is_multiple_of(4) && !year.is_multiple_of(100) || year.is_multiple_of(400);
    let mut year = 1970;
    while days >= 365 + u64::from(leap(year)) {
        days -= 365 + u64::from(leap(year));
        year += 1;
    }
    let lengths = [
        31,
        28 + u64::from(leap(year)),
        31,
        30,
        31,
        30,
        31,
        31,
        30,
        31,
        30,
        31,
    ];
    let mut month = 1;
    for length in lengths {
        if days < length {
            break;
        }
        days -= length;
        month += 1;
    }
    (year, month, days + 1)
}

/// A running clock.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    base: Time,
    origin: Instant,
    speed: f64,
}

impl Clock {
    /// Starts a clock that reads `base` now and runs `speed` simulated seconds a second.
    pub fn starting_at(base: Time, speed: f64) -> Self {
        let speed = if speed.is_finite() && speed > 0.0 {
            speed
        } else {
            1.0
        };
        Self {
            base,
            origin: Instant::now(),
            speed,
        }
    }

    /// Reads the clock.
    pub fn now(&self) -> Time {
        self.base + self.origin.elapsed().mul_f64(self.speed)
    }

    /// Puts the clock forward.
    pub fn skip(&mut self, span: Duration) {
        self.base = self.base + span;
    }

    /// Waits for a span of simulated time.
    pub async fn sleep(self, span: Duration) {
        tokio::time::sleep(span.div_f64(self.speed)).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_aws_writes_them() {
        assert_eq!(Time::START.iso(), "2026-01-01T00:00:00.000Z");
        assert_eq!(
            Time::from_unix_millis(951_782_400_000).iso(),
            "2000-02-29T00:00:00.000Z"
        );
        assert_eq!(
            Time::from_unix_millis(1_735_689_599_123).iso(),
            "2024-12-31T23:59:59.123Z"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn speed_multiplies_time() {
        let clock = Clock::starting_at(Time::START, 60.0);
        tokio::time::sleep(Duration::from_secs(2)).await;
        assert_eq!(clock.now().since(Time::START), Duration::from_mins(2));
    }
}

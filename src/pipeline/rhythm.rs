//! When those who wait look again: on a common beat.
//!
//! Whoever wakes at the same moment shares the answer that one of them asks for
//! ([`crate::aws::read`]). So nobody waits for a span of their own, but for the
//! next beat; and each step is twice the one before it, so that the beats of
//! the longer ones are beats of the shorter ones, too.

use std::time::Duration;

use tokio::time::Instant;

use crate::clock::Clock;

/// The beats of a run.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rhythm {
    clock: Clock,
    began: Instant,
}

/// How long somebody waits from one look to the next, about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Pause(Duration);

impl Pause {
    /// The first one after something was written.
    pub(super) const SHORT: Self = Self(Duration::from_millis(150));
    /// The first one while AWS is at work: nothing of that takes less.
    pub(super) const SETTLING: Self = Self(Duration::from_millis(1_200));
    /// The longest one.
    pub(super) const LONG: Self = Self(Duration::from_millis(4_800));

    /// The one after it.
    #[must_use]
    pub(super) fn longer(self) -> Self {
        Self(self.0 * 2).min(Self::LONG)
    }
}

impl Rhythm {
    /// A rhythm that begins now.
    pub(super) fn by(clock: Clock) -> Self {
        Self {
            clock,
            began: clock.now(),
        }
    }

    /// The time until the beat that is nearest to this pause: half of it at
    /// least.
    pub(super) fn until(&self, pause: Pause) -> Duration {
        until(self.clock.since(self.began), pause)
    }
}

fn until(now: Duration, Pause(step): Pause) -> Duration {
    let (now, step) = (now.as_nanos(), step.as_nanos());
    let beat = (now + step / 2).div_ceil(step) * step;
    Duration::from_nanos(u64::try_from(beat - now).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pauses() -> impl Iterator<Item = Pause> {
        let all = std::iter::successors(Some(Pause::SHORT), |one| Some(one.longer()));
        all.take(8)
    }

    #[test]
    fn pauses_grow_to_five_seconds_and_no_further() {
        let all: Vec<u128> = pauses().map(|Pause(step)| step.as_millis()).collect();
        assert_eq!(all, [150, 300, 600, 1_200, 2_400, 4_800, 4_800, 4_800]);
    }

    #[test]
    fn every_beat_of_a_longer_pause_is_one_of_a_shorter() {
        for millis in (0..20_000).step_by(37) {
            let now = Duration::from_millis(millis);
            for pause in pauses() {
                let wait = until(now, pause);
                assert!(wait >= pause.0 / 2 && wait <= pause.0 * 3 / 2, "{wait:?}");
                let beat = (now + wait).as_nanos();
                assert_eq!(beat % pause.0.as_nanos(), 0);
                assert_eq!(beat % Pause::SHORT.0.as_nanos(), 0);
            }
        }
    }

    #[test]
    fn who_begins_to_wait_a_little_later_wakes_at_the_same_beat() {
        let early = Duration::from_secs(10);
        let late = Duration::from_millis(10_400);
        let wakes = |now: Duration| now + until(now, Pause::LONG);
        assert_eq!(wakes(early), wakes(late));
    }
}

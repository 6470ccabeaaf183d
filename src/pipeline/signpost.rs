//! How far something has come, and a way to wait for it.
//!
//! Those who wait are woken in the order in which they came. `tokio`'s watch
//! channel wakes them in a random order, and then the same seed would not give
//! the same rehearsal.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

/// A value that others wait for.
#[derive(Debug)]
pub(super) struct Signpost<T> {
    now: Mutex<T>,
    changed: Notify,
}

impl<T: Copy> Signpost<T> {
    /// A signpost that shows `now`.
    pub(super) fn new(now: T) -> Self {
        Self {
            now: Mutex::new(now),
            changed: Notify::new(),
        }
    }

    /// What it shows.
    pub(super) fn get(&self) -> T {
        *self.lock()
    }

    /// Shows something else, and wakes those who wait.
    pub(super) fn set(&self, now: T) {
        *self.lock() = now;
        self.changed.notify_waiters();
    }

    /// Returns what it shows once that is what is waited for.
    pub(super) async fn wait_for(&self, wanted: impl Fn(T) -> bool) -> T {
        loop {
            // Registered before the look, so that no change is missed.
            let changed = self.changed.notified();
            let now = self.get();
            if wanted(now) {
                return now;
            }
            changed.await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, T> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

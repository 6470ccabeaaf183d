//! Turns: what AWS takes as a whole is read, changed and written by one at a
//! time.
//!
//! A bucket's policy is replaced by each write, and statements added to one
//! function's policy at the same moment get lost. Within this process the
//! writers of one thing take turns; other machines are not seen.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::{Mutex as Turn, OwnedMutexGuard};

use super::waits;

/// Who may write what, by the thing's name. Clones share their turns.
#[derive(Clone, Debug, Default)]
pub struct Turns {
    by_name: Arc<Mutex<HashMap<String, Arc<Turn<()>>>>>,
}

impl Turns {
    /// Waits for the turn to write this thing. It ends with the guard.
    pub async fn take(&self, name: &str) -> OwnedMutexGuard<()> {
        let turn = {
            let mut all = self.by_name.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(all.entry(name.to_owned()).or_default())
        };
        if let Ok(guard) = Arc::clone(&turn).try_lock_owned() {
            return guard;
        }
        waits::tell(format!("waits for its turn to write to {name}"));
        turn.lock_owned().await
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    #[tokio::test]
    async fn two_writers_of_one_thing_do_not_overlap_and_those_of_two_things_may() {
        let turns = Turns::default();
        let first = turns.take("bucket").await;
        let clone = turns.clone();
        assert!(clone.take("bucket").now_or_never().is_none());
        assert!(clone.take("another").now_or_never().is_some());
        drop(first);
        assert!(turns.take("bucket").now_or_never().is_some());
    }
}

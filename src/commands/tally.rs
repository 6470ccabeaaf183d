//! What a run has done so far, for the result of one that has to leave at once.

use std::sync::{Arc, Mutex, PoisonError};

use crate::{
    aws::Connection,
    event::{Event, Happening, Sink},
    pipeline::Report,
    resource::Key,
};

/// What is known of a run while it goes on.
#[derive(Default)]
pub struct Tally(Mutex<Known>);

/// What a run has found, and what it has said since.
#[derive(Clone, Default)]
pub struct Known {
    /// What was done, by what was said of it. What may have been made counts as
    /// made.
    pub report: Report,
    /// What a removal has found, and sets out to take away.
    pub doomed: Vec<Key>,
    /// Counts the calls, once there is a connection.
    pub connection: Option<Connection>,
}

impl Tally {
    /// What is known by now.
    pub fn now(&self) -> Known {
        self.known(|known| known.clone())
    }

    /// Takes note of whom is talked to, and of what is to go.
    pub fn begin(&self, connection: &Connection, doomed: &[Key]) {
        self.known(|known| {
            known.connection = Some(connection.clone());
            doomed.clone_into(&mut known.doomed);
        });
    }

    /// A sink that takes note of what is said.
    pub fn hearing(self: &Arc<Self>, told: Box<dyn Sink>) -> Hearing {
        Hearing {
            tally: Arc::clone(self),
            told,
        }
    }

    fn hear(&self, event: &Event) {
        self.known(|Known { report, .. }| {
            let key = event.key.clone();
            match &event.happening {
                Happening::Creating | Happening::Created if !report.created.contains(&key) => {
                    report.created.push(key);
                }
                Happening::Updated => report.updated.push(key),
                Happening::Deleted if report.created.contains(&key) => report.rolled_back.push(key),
                Happening::Deleted => report.deleted.push(key),
                Happening::Failed(error) => report.failed.push((key, error.clone())),
                _ => {}
            }
        });
    }

    fn known<T>(&self, with: impl FnOnce(&mut Known) -> T) -> T {
        with(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Known {
    /// What stands where it should not, as far as is known.
    pub fn standing(&self) -> Vec<Key> {
        standing(&self.report, &self.doomed)
    }
}

/// What this run made, and what it should have taken away and did not.
pub fn standing(report: &Report, doomed: &[Key]) -> Vec<Key> {
    let mut standing = report.left_behind();
    let gone = |key: &&Key| !report.deleted.contains(key);
    standing.extend(doomed.iter().filter(gone).cloned());
    standing
}

/// Takes note of what happens before it is shown.
pub struct Hearing {
    tally: Arc<Tally>,
    told: Box<dyn Sink>,
}

impl Sink for Hearing {
    fn emit(&self, event: Event) {
        self.tally.hear(&event);
        self.told.emit(event);
    }
}

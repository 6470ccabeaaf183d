//! The one trait that every AWS resource implements. Read this first.
//!
//! A resource knows how to be found, compared, made, changed and removed. The
//! order in which that happens, the waiting and the retries are the engine's
//! (`pipeline`). Resources print nothing and never sleep.

use std::{fmt, future::Future, hash::Hash};

use strum::IntoEnumIterator;

use crate::{
    aws::{
        Aws,
        read::{Query, Reads},
    },
    error::{Error, Result},
};

mod drift;
mod host;
mod key;
mod kind;
pub mod ownership;
pub mod tags;

pub use drift::{Drift, Due, UNKNOWN};
pub use host::Host;
pub use key::Key;
pub use kind::Kind;
pub use ownership::{Found, Mark, Ours};
pub use tags::Owner;

/// What a resource needs of a neighbour before it can be made.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Need {
    /// Its id, ARN or DNS name: it may still be provisioning.
    Exists(Key),
    /// The finished thing.
    Settled(Key),
}

impl Need {
    /// The neighbour.
    pub fn key(&self) -> &Key {
        match self {
            Self::Exists(key) | Self::Settled(key) => key,
        }
    }
}

/// Whether AWS has finished with a thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Settled {
    /// It works.
    Yes,
    /// AWS is still at it; why, for the display.
    NotYet(String),
    /// It will never work; only a new one can.
    Never(String),
}

/// An AWS resource: how to find it, compare it, make it, change it, remove it.
///
/// # Guarantees an implementation gives
///
/// - `discover` and `find` never write. They ask through [`Reads`],
///   which remembers answers.
/// - `discover` finds everything of this type that carries the stack's marks,
///   whatever the configuration says now: `down` and `status` rest on it.
/// - `diff` and `settled` are pure, and compare every managed field.
/// - `create` marks the thing as the stack's own in the same call that makes
///   it, so that a killed run leaves nothing that cannot be found again. It may
///   leave fields to be set: the engine follows it with `update`.
/// - `update` and `delete` take the proof that the thing is the stack's
///   ([`Ours`]); nothing else of theirs may be written to.
/// - `create`, `update` and `delete` may be repeated after any failure.
/// - Its hash, derived, takes in every field, and of a neighbour its key: a
///   saved plan pins by it all that would be written.
/// - `delete` needs nothing of the configuration, and takes "not there" for
///   success.
pub trait Resource: Hash + Send + Sync + 'static {
    /// The ids and the managed fields, as AWS reports them.
    type Actual: Clone + Send + Sync + 'static;

    /// What can differ, and so what `update` must repair. Displayed as plans
    /// show it.
    type Field: Clone + Eq + fmt::Debug + fmt::Display + IntoEnumIterator + Send + Sync;

    /// What this run knows of its last write and no read tells: `()` for most.
    type Receipt: Clone + Send + Sync + 'static;

    /// The read operations whose answers show this resource. They are asked
    /// afresh before and after it is touched; the first one shows how far AWS
    /// has come with it.
    const READS: &'static [Query];

    /// Whether AWS refuses a second `create` or takes it for the first
    /// (`aws/retry.rs` has the sources). Then what was not there a moment ago is
    /// made without another look: if it is there by now, that shows.
    const MADE_ONCE: bool = false;

    /// Whether `create` makes several calls: one that fails may have made a part.
    const MADE_IN_STEPS: bool = false;

    /// How this resource is called.
    fn key(&self) -> Key;

    /// What must be there before this can be made, read off its own fields.
    fn needs(&self) -> Vec<Need>;

    /// What else must be there before this is made, though it is not built on
    /// it: making that anew leaves this as it is.
    fn waits_for(&self) -> Vec<Need> {
        Vec::new()
    }

    /// What AWS must have finished before it can finish this: as long as that is
    /// under way, nobody looks how far this has come.
    fn settles_after(&self) -> Vec<Need> {
        Vec::new()
    }

    /// What must work before live requests are led to it: what is
    /// [`Due::Switch`] waits for all of these.
    fn switches_after(&self) -> Vec<Need> {
        Vec::new()
    }

    /// What will be made, in a few words for the plan.
    fn summary(&self) -> String;

    /// Everything of this type that carries the stack's marks.
    fn discover(reads: &Reads) -> impl Future<Output = Result<Vec<Found<Self::Actual>>>> + Send;

    /// Whether a discovered thing is this one.
    fn matches(&self, found: &Found<Self::Actual>) -> bool {
        found.key == self.key()
    }

    /// This resource, if it exists.
    fn find(
        &self,
        reads: &Reads,
    ) -> impl Future<Output = Result<Option<Found<Self::Actual>>>> + Send {
        async move {
            let all = Self::discover(reads).await?;
            Ok(all.into_iter().find(|found| self.matches(found)))
        }
    }

    /// Completes what `find` has found: by what takes calls of its own and only
    /// a comparison needs, and by what AWS tells of this run's last write.
    fn complete(
        &self,
        reads: &Reads,
        receipt: Option<&Self::Receipt>,
        actual: &mut Self::Actual,
    ) -> impl Future<Output = Result<()>> + Send {
        let _ = (reads, receipt, actual);
        async { Ok(()) }
    }

    /// This very thing again, if it is still there: for its removal, which needs
    /// to know of no other.
    fn again(
        reads: &Reads,
        was: &Found<Self::Actual>,
    ) -> impl Future<Output = Result<Option<Found<Self::Actual>>>> + Send {
        async move {
            let all = Self::discover(reads).await?.into_iter();
            let mut same = all.filter(|found| found.id == was.id && found.scope == was.scope);
            Ok(same.next())
        }
    }

    /// What stands in the way of making it: something foreign of the same name.
    /// Asked only while the resource does not exist.
    fn conflict(&self, reads: &Reads) -> impl Future<Output = Result<Option<Error>>> + Send {
        let _ = reads;
        async { Ok(None) }
    }

    /// Every managed field that is not as it should be.
    fn diff(&self, actual: &Self::Actual) -> Vec<Drift<Self::Field>>;

    /// Whether AWS has finished with it.
    fn settled(&self, actual: &Self::Actual) -> Settled {
        let _ = actual;
        Settled::Yes
    }

    /// Makes it.
    fn create(&self, aws: &Aws) -> impl Future<Output = Result<Self::Receipt>> + Send;

    /// Repairs these differences in place: all of them are due at once. The
    /// values that are written come from `self`.
    fn update(
        &self,
        aws: &Aws,
        actual: &Ours<Self::Actual>,
        drift: &[Drift<Self::Field>],
    ) -> impl Future<Output = Result<Self::Receipt>> + Send;

    /// Removes it.
    fn delete(aws: &Aws, actual: &Ours<Self::Actual>) -> impl Future<Output = Result<()>> + Send;

    /// Makes this field differ in what AWS is said to report.
    #[cfg(test)]
    fn alter(&self, field: &Self::Field, actual: &mut Self::Actual);
}

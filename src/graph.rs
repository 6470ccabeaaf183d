//! A node of the graph: typed for its neighbours, erased for the engine.
//!
//! A resource holds its neighbours as `Arc<Node<…>>` and reads their outputs
//! with their types. The engine sees only [`Step`] (to make and repair) and
//! [`Owned`] (to remove).

use std::{
    hash::{Hash, Hasher},
    sync::{Arc, PoisonError, RwLock},
};

use aws_smithy_types::DateTime;
use futures_util::future::BoxFuture;

use crate::{
    aws::{
        Aws,
        read::{Moment, Reads},
    },
    error::{Error, Result},
    hash,
    resource::{Drift, Due, Found, Key, Need, Ours, Resource, Settled},
};

/// A wanted resource and what was last seen of it.
pub struct Node<R: Resource> {
    /// What it should be.
    pub desired: R,
    seen: RwLock<Option<Found<R::Actual>>>,
    /// Of this run's last write, until AWS has finished with it.
    receipt: RwLock<Option<R::Receipt>>,
}

/// By its key: what a neighbour should be counts in its own hash, and what it
/// is may be known only after apply.
impl<R: Resource> Hash for Node<R> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key().hash(state);
    }
}

impl<R: Resource> Node<R> {
    /// A node that has not been looked at.
    pub fn new(desired: R) -> Arc<Self> {
        Arc::new(Self {
            desired,
            seen: RwLock::new(None),
            receipt: RwLock::new(None),
        })
    }

    /// How the resource is called.
    pub fn key(&self) -> Key {
        self.desired.key()
    }

    /// A need for the resource's id.
    pub fn exists(&self) -> Need {
        Need::Exists(self.key())
    }

    /// A need for the finished resource.
    pub fn settled(&self) -> Need {
        Need::Settled(self.key())
    }

    /// What was last seen, if it exists.
    pub fn actual(&self) -> Option<R::Actual> {
        self.seen().map(|found| found.actual)
    }

    /// AWS's id, if it exists.
    pub fn id(&self) -> Option<String> {
        self.seen().map(|found| found.id)
    }

    /// What was last seen.
    ///
    /// # Errors
    ///
    /// If it does not exist (any more): then it is made first.
    pub fn require(&self) -> Result<R::Actual> {
        self.actual().ok_or_else(|| missing(&self.key()))
    }

    /// Whether it was last seen finished and as wanted.
    pub fn is_settled(&self) -> bool {
        self.actual()
            .is_some_and(|actual| self.desired.settled(&actual) == Settled::Yes)
    }

    fn seen(&self) -> Option<Found<R::Actual>> {
        read(&self.seen)
    }

    /// The differences that are due now, at the switch, or at last.
    fn due(&self, actual: &R::Actual, due: Due) -> Vec<Drift<R::Field>> {
        let all = self.desired.diff(actual).into_iter();
        all.filter(|drift| drift.due == due).collect()
    }
}

fn read<T: Clone>(cell: &RwLock<Option<T>>) -> Option<T> {
    cell.read().unwrap_or_else(PoisonError::into_inner).clone()
}

fn write<T>(cell: &RwLock<Option<T>>, value: Option<T>) {
    *cell.write().unwrap_or_else(PoisonError::into_inner) = value;
}

fn missing(key: &Key) -> Error {
    Error::not_yet(format!("{key} is not there yet"))
}

/// What was observed of a resource that exists.
#[derive(Clone, Debug)]
pub struct Observed {
    /// AWS's id.
    pub id: String,
    /// What is not as it should be.
    pub drift: Vec<Drift>,
    /// Whether AWS has finished with it.
    pub settled: Settled,
}

/// A resource as the engine sees it.
pub trait Step: Send + Sync {
    /// How it is called.
    fn key(&self) -> Key;
    /// What must be there before it.
    fn needs(&self) -> Vec<Need>;
    /// Of that, what it has to be made anew with.
    fn built_on(&self) -> Vec<Need>;
    /// What will be made, in a few words.
    fn summary(&self) -> String;
    /// A hash of all that it should be.
    fn pin(&self) -> String;
    /// Looks it up and remembers what is seen.
    fn observe<'a>(&'a self, reads: &'a Reads) -> BoxFuture<'a, Result<()>>;
    /// Looks it up with answers that were asked at this moment or later.
    fn refresh<'a>(&'a self, reads: &'a Reads, moment: Moment) -> BoxFuture<'a, Result<()>>;
    /// Looks how far AWS has come with it since this news, when nothing was
    /// written after the other moment.
    fn watch<'a>(
        &'a self,
        reads: &'a Reads,
        news: Moment,
        written: Moment,
    ) -> BoxFuture<'a, Result<()>>;
    /// Whether making it twice is refused or changes nothing.
    fn is_made_once(&self) -> bool;
    /// Whether a create that fails may have made a part of it.
    fn is_made_in_steps(&self) -> bool;
    /// What AWS has to be done with before.
    fn settles_after(&self) -> Vec<Need>;
    /// What must work before live requests are led to it.
    fn switches_after(&self) -> Vec<Need>;
    /// What was last seen, compared with what should be. None: not there.
    fn observed(&self) -> Option<Observed>;
    /// What was last seen, as a thing that can be removed.
    fn owned(&self) -> Option<Owned>;
    /// What foreign thing stands in the way of making it.
    fn conflict<'a>(&'a self, reads: &'a Reads) -> BoxFuture<'a, Result<Option<Error>>>;
    /// Makes it.
    fn create<'a>(&'a self, aws: &'a Aws) -> BoxFuture<'a, Result<()>>;
    /// Repairs what is due of the differences of the thing last seen.
    fn update<'a>(&'a self, aws: &'a Aws, due: Due) -> BoxFuture<'a, Result<()>>;
    /// What comes of altering each field, one at a time.
    #[cfg(test)]
    fn alterations<'a>(&'a self, aws: &'a Aws) -> Vec<Alteration<'a>>;
}

/// A field that is made to differ in what was last seen.
#[cfg(test)]
pub struct Alteration<'a> {
    /// The resource's type and the field.
    pub field: String,
    /// Whether that field differs then, and no other one.
    pub is_exact: bool,
    /// Whether only a new thing can repair it.
    pub replaces: bool,
    /// Repairs it.
    pub repair: BoxFuture<'a, Result<()>>,
}

impl<R: Resource> Step for Node<R> {
    fn key(&self) -> Key {
        self.desired.key()
    }

    fn needs(&self) -> Vec<Need> {
        let mut needs = self.desired.needs();
        needs.extend(self.desired.waits_for());
        needs
    }

    fn built_on(&self) -> Vec<Need> {
        self.desired.needs()
    }

    fn summary(&self) -> String {
        self.desired.summary()
    }

    fn pin(&self) -> String {
        hash::of(&self.desired)
    }

    fn observe<'a>(&'a self, reads: &'a Reads) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let mut found = self.desired.find(reads).await?;
            if let Some(found) = &mut found {
                let receipt = read(&self.receipt);
                let actual = &mut found.actual;
                let completed = self.desired.complete(reads, receipt.as_ref(), actual).await;
                if let Err(error) = completed {
                    if receipt.is_some() {
                        // It is there, whatever has become of the last write.
                        write(&self.seen, Some(found.clone()));
                    }
                    return Err(error);
                }
                if receipt.is_some() && self.desired.settled(actual) == Settled::Yes {
                    write(&self.receipt, None);
                }
            }
            write(&self.seen, found);
            Ok(())
        })
    }

    fn refresh<'a>(&'a self, reads: &'a Reads, moment: Moment) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move { self.observe(&reads.since(moment, R::READS)).await })
    }

    fn watch<'a>(
        &'a self,
        reads: &'a Reads,
        news: Moment,
        written: Moment,
    ) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move { self.observe(&reads.watching(news, written, R::READS)).await })
    }

    fn is_made_once(&self) -> bool {
        R::MADE_ONCE
    }

    fn is_made_in_steps(&self) -> bool {
        R::MADE_IN_STEPS
    }

    fn settles_after(&self) -> Vec<Need> {
        self.desired.settles_after()
    }

    fn switches_after(&self) -> Vec<Need> {
        self.desired.switches_after()
    }

    fn observed(&self) -> Option<Observed> {
        let found = self.seen()?;
        let drift = self.desired.diff(&found.actual).into_iter();
        Some(Observed {
            drift: drift.map(Drift::shown).collect(),
            settled: self.desired.settled(&found.actual),
            id: found.id,
        })
    }

    fn owned(&self) -> Option<Owned> {
        self.seen().as_ref().and_then(Owned::of::<R>)
    }

    fn conflict<'a>(&'a self, reads: &'a Reads) -> BoxFuture<'a, Result<Option<Error>>> {
        Box::pin(self.desired.conflict(reads))
    }

    fn create<'a>(&'a self, aws: &'a Aws) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let receipt = self.desired.create(aws).await?;
            write(&self.receipt, Some(receipt));
            Ok(())
        })
    }

    fn update<'a>(&'a self, aws: &'a Aws, due: Due) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let found = self.seen().ok_or_else(|| missing(&self.key()))?;
            let drift = self.due(&found.actual, due);
            let receipt = self.desired.update(aws, &found.own()?, &drift).await?;
            write(&self.receipt, Some(receipt));
            Ok(())
        })
    }

    #[cfg(test)]
    fn alterations<'a>(&'a self, aws: &'a Aws) -> Vec<Alteration<'a>> {
        use std::mem::discriminant;
        use strum::IntoEnumIterator;

        let Some(seen) = self.seen().filter(|found| found.own().is_ok()) else {
            return vec![];
        };
        let altered = R::Field::iter().map(|field| {
            let mut found = seen.clone();
            self.desired.alter(&field, &mut found.actual);
            let drift = self.desired.diff(&found.actual);
            let is_field = |one: &Drift<R::Field>| discriminant(&one.field) == discriminant(&field);
            let kind = std::any::type_name::<R>()
                .rsplit("::")
                .next()
                .unwrap_or_default();
            Alteration {
                field: format!("{kind} {field:?}"),
                is_exact: !drift.is_empty() && drift.iter().all(is_field),
                replaces: drift.iter().any(|one| one.replace),
                repair: Box::pin(async move {
                    let due = drift.iter().map(|one| one.due).next().unwrap_or_default();
                    let drift: Vec<_> = drift.into_iter().filter(|one| one.due == due).collect();
                    let updated = self.desired.update(aws, &found.own()?, &drift).await;
                    updated.map(drop)
                }),
            }
        });
        altered.collect()
    }
}

/// A thing that exists and carries the stack's marks, as `down` and `status`
/// see it: without any configuration.
#[derive(Clone)]
pub struct Owned {
    /// Its key, as its tags say.
    pub key: Key,
    /// AWS's id.
    pub id: String,
    /// Where that id is unique; see [`Found::scope`].
    pub scope: String,
    /// AWS's word for its state, in lower case.
    pub state: String,
    /// The id of the thing it disappears with.
    pub parent: Option<String>,
    /// The setting that forbids its deletion, if it is on.
    pub protection: Option<&'static str>,
    /// When it was made, where AWS says so.
    pub created: Option<DateTime>,
    /// How to delete it and to see that it is gone.
    pub thing: Arc<dyn Removable>,
}

/// Something that can be removed.
pub trait Removable: Send + Sync {
    /// Deletes it; "not there" is success.
    fn delete<'a>(&'a self, aws: &'a Aws) -> BoxFuture<'a, Result<()>>;
    /// Looks again, with answers that were asked at this moment or later. None:
    /// it is gone. Else it is what it is now: somebody may have made it anew in
    /// the same place.
    fn again<'a>(
        &'a self,
        reads: &'a Reads,
        moment: Moment,
    ) -> BoxFuture<'a, Result<Option<Arc<dyn Removable>>>>;
}

struct Thing<R: Resource> {
    found: Found<R::Actual>,
    own: Ours<R::Actual>,
}

impl<R: Resource> Removable for Thing<R> {
    fn delete<'a>(&'a self, aws: &'a Aws) -> BoxFuture<'a, Result<()>> {
        Box::pin(R::delete(aws, &self.own))
    }

    fn again<'a>(
        &'a self,
        reads: &'a Reads,
        moment: Moment,
    ) -> BoxFuture<'a, Result<Option<Arc<dyn Removable>>>> {
        Box::pin(async move {
            let now = R::again(&reads.since(moment, R::READS), &self.found).await?;
            Ok(now
                .as_ref()
                .and_then(Owned::of::<R>)
                .map(|owned| owned.thing))
        })
    }
}

impl Owned {
    /// Erases the type of a found thing. None: it is borrowed.
    pub fn of<R: Resource>(found: &Found<R::Actual>) -> Option<Self> {
        let own = found.own().ok()?;
        Some(Self {
            key: found.key.clone(),
            id: found.id.clone(),
            scope: found.scope.clone(),
            state: found.state.clone(),
            parent: found.parent.clone(),
            protection: found.protection,
            created: found.created,
            thing: Arc::new(Thing::<R> {
                found: found.clone(),
                own,
            }),
        })
    }

    /// Everything of one type that carries the stack's marks.
    pub async fn discover<R: Resource>(reads: &Reads) -> Result<Vec<Self>> {
        let all = R::discover(reads).await?;
        Ok(all.iter().filter_map(Self::of::<R>).collect())
    }

    /// Whether it is a second thing in the place of this one.
    pub fn is_duplicate_of(&self, other: &Self) -> bool {
        self.key == other.key && self.scope == other.scope && self.id != other.id
    }

    /// Whether two things are the same. Not by key: a host that becomes an
    /// alias keeps its domain and rules, which are then called otherwise.
    pub fn same(&self, other: &Self) -> bool {
        self.key.kind() == other.key.kind() && self.id == other.id && self.scope == other.scope
    }
}

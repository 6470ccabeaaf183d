//! Survey: what exists of a stack, as far as it may be read.
//!
//! For `down` and `status`, which must not stop at one denied read. What cannot
//! be read is named; what would have to wait for it stays; the rest may go.

use serde::{Serialize, Serializer, ser::SerializeStruct};

use crate::{
    aws::read::Reads,
    error::{Error, ErrorKind, Result},
    graph::Owned,
    pipeline::teardown,
    resource::{Key, Kind},
    resources::discover_readable,
};

/// What exists, and what of it may go.
#[derive(Default)]
pub struct Survey {
    /// What may be removed.
    pub free: Vec<Owned>,
    /// What stays, because it would wait for what cannot be read.
    pub bound: Vec<Owned>,
    /// What cannot be read.
    pub unread: Vec<Unread>,
}

/// Something that could not be read.
#[derive(Clone, Debug)]
pub struct Unread {
    /// The keys that are told by it; bare ones stand for all of their kind.
    pub keys: Vec<Key>,
    /// What it is, where it has a name of its own.
    pub what: Option<String>,
    /// Why.
    pub error: Error,
}

impl Unread {
    /// One line about it.
    pub fn words(&self) -> String {
        let keys: Vec<&str> = self.keys.iter().map(Key::as_str).collect();
        let what = self.what.as_ref();
        let what = what.map_or_else(String::new, |what| format!("{what}, for "));
        format!("{what}{}: {}", keys.join(", "), self.error)
    }

    /// Whether a thing would have to wait for it.
    fn binds(&self, thing: &Key) -> bool {
        self.keys.iter().any(|key| {
            let holds = teardown::may_hold_others(thing.kind(), key.kind());
            let waits = holds || teardown::waits_for(thing, key);
            // A statement is remembered by what its own route has.
            let of_route = matches!(thing.kind(), Kind::RestApi | Kind::TargetGroup);
            let is_named = self.what.is_some();
            waits && (!is_named || !of_route || thing.path() == key.path())
        })
    }
}

impl Serialize for Unread {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let mut line = serializer.serialize_struct("Unread", 3)?;
        line.serialize_field("resources", &self.keys)?;
        line.serialize_field("what", &self.what)?;
        line.serialize_field("error", &self.error.to_string())?;
        line.end()
    }
}

/// Looks at all that can be seen. Reads only.
///
/// # Errors
///
/// A failure that concerns more than single reads.
pub async fn survey(reads: &Reads) -> Result<Survey> {
    let reads = reads.with_gaps();
    let (owned, kinds) = discover_readable(&reads).await?;
    let mut unread: Vec<Unread> = Vec::new();
    for (kinds, error) in kinds {
        let keys = kinds.iter().map(|kind| Key::bare(*kind));
        let same = |one: &&mut Unread| one.error.to_string() == error.to_string();
        match unread.iter_mut().find(same) {
            Some(known) => known.keys.extend(keys),
            None => unread.push(Unread {
                keys: keys.collect(),
                what: None,
                error,
            }),
        }
    }
    unread.extend(reads.unreadable().into_iter().map(|one| Unread {
        keys: Key::from_tag(&one.of).into_iter().collect(),
        what: Some(one.what),
        error: one.error,
    }));
    let (free, bound) = split(owned, &unread);
    Ok(Survey {
        free,
        bound,
        unread,
    })
}

/// What may go, and what has to stay.
fn split(owned: Vec<Owned>, unread: &[Unread]) -> (Vec<Owned>, Vec<Owned>) {
    let is_bound = |thing: &Owned| unread.iter().any(|one| one.binds(&thing.key));
    let (mut bound, mut free): (Vec<Owned>, Vec<Owned>) = owned.into_iter().partition(is_bound);
    loop {
        let is_bound = |thing: &Owned| {
            bound.iter().any(|other| {
                let lives_in_it = thing.parent.as_deref() == Some(other.id.as_str());
                lives_in_it || teardown::waits_for(&thing.key, &other.key)
            })
        };
        let (more, rest): (Vec<Owned>, Vec<Owned>) = free.into_iter().partition(is_bound);
        free = rest;
        if more.is_empty() {
            return (free, bound);
        }
        bound.extend(more);
    }
}

impl Survey {
    /// Everything that exists and was seen.
    pub fn owned(&self) -> impl Iterator<Item = &Owned> {
        self.free.iter().chain(&self.bound)
    }

    /// Why what could not be read keeps a run from its end; none: all was read.
    pub fn gaps(&self) -> Option<Error> {
        let denied = |one: &&Unread| one.error.kind == ErrorKind::Denied;
        let first = self.unread.iter().find(denied).or(self.unread.first())?;
        let mut error = Error::new(
            first.error.kind.clone(),
            "not everything of the stack can be read",
        );
        let lines = self.unread.iter().map(Unread::words);
        error.also = lines.map(|line| format!("unreadable: {line}")).collect();
        for hint in self.unread.iter().flat_map(|one| &one.error.hints) {
            if !error.hints.contains(hint) {
                error.hints.push(hint.clone());
            }
        }
        Some(error)
    }
}

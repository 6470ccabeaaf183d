//! Whether an API consists of what its body says: by the file, by the record of
//! what was put, and by what this run has put itself.

use std::time::Duration;

use tokio::time::Instant;

use super::{
    Actual, Field, RestApi,
    contents::{self, Part},
    listing::those,
};
use crate::{
    aws::read::Reads,
    error::Result,
    resource::{Drift, Resource, tags},
};

/// That the body was put by this run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Put {
    /// How often.
    times: u32,
    /// When last.
    at: Instant,
    /// How long ago that was when the API was looked at.
    age: Duration,
}

impl Put {
    /// The same, looked at now.
    pub(super) fn now(self) -> Self {
        Self {
            age: self.at.elapsed(),
            ..self
        }
    }

    /// One more put.
    pub(super) fn again(earlier: Option<Self>) -> Self {
        Self {
            times: earlier.map_or(1, |put| put.times + 1),
            at: Instant::now(),
            age: Duration::ZERO,
        }
    }
}

/// After so long what is reported is no older answer any more, but what API
/// Gateway has made of the put.
const LAG: Duration = Duration::from_secs(45);

impl RestApi {
    pub(super) async fn read_contents(&self, reads: &Reads, actual: &mut Actual) -> Result<()> {
        let beside = self.body.definition().beside;
        let record = actual.record.as_ref();
        contents::read(reads, &actual.id, record, beside, &mut actual.contents).await
    }

    /// An API of the stack's own with all that it consists of.
    pub(in crate::resources) async fn look(
        &self,
        reads: &Reads,
        id: &str,
    ) -> Result<Option<Actual>> {
        let found = those(reads, |api| api.id == id).await?.into_iter().next();
        let Some(mut actual) = found.map(|found| found.actual) else {
            return Ok(None);
        };
        self.read_contents(reads, &mut actual).await?;
        Ok(Some(actual))
    }

    /// What of policy, endpoints and body is not as it was put a moment ago.
    pub(in crate::resources) fn edited(&self, actual: &Actual) -> Option<Field> {
        let mut drift = self.diff(actual).into_iter().map(|one| one.field);
        drift.find(|field| matches!(field, Field::Policy | Field::Endpoints | Field::Body))
    }

    /// Whether what was put is what is there, as far as the file and the record
    /// of an earlier put tell it.
    pub(in crate::resources) fn is_known(&self, actual: &Actual) -> bool {
        let (definition, contents) = (self.body.definition(), &actual.contents);
        if !definition.drift(&contents.methods).is_empty() {
            return self.is_recorded(actual) && definition.protection(&contents.methods).is_empty();
        }
        self.is_recorded(actual) || (definition.is_whole() && contents.is_nothing_beside())
    }

    fn is_recorded(&self, actual: &Actual) -> bool {
        let now = actual.contents.record(&self.body.hash());
        actual.record.as_ref() == Some(&now)
    }

    /// The record of what is there; none, if that is recorded already.
    pub(in crate::resources) fn record(&self, actual: &Actual) -> Option<(String, String)> {
        let tag = actual.contents.record(&self.body.hash()).tag();
        let is_new = actual.tags.get(tags::CONTENTS) != Some(&tag);
        is_new.then(|| (tags::CONTENTS.to_owned(), tag))
    }

    /// What is not as the body has it, where that is known to be put.
    pub(super) fn of_contents(&self, actual: &Actual) -> Vec<Drift<Field>> {
        if actual.is_empty {
            return Vec::new();
        }
        let hash = self.body.hash();
        let definition = self.body.definition();
        let methods = &actual.contents.methods;
        let named = || definition.drift(methods).into_iter();
        // Each step of the way to the record reads otherwise: put, put again, recorded.
        let unrecorded = || {
            let step = match actual.put.map(|put| put.times) {
                None => "none",
                Some(1) => "none, put once",
                Some(_) => "none, put twice",
            };
            Drift::new(Field::Record, step, hash.clone())
        };
        let protection = definition.protection(methods).into_iter();
        let mut drift: Vec<Drift<Field>> = protection.map(|one| one.map(Field::Method)).collect();
        let known = actual.record.as_ref().filter(|record| record.body == hash);
        let Some(record) = known else {
            // What is put twice and still reads otherwise is how API Gateway
            // keeps it. It keeps something: where nothing is, nothing shows yet.
            let is_unseen = methods.is_empty() && !definition.methods.is_empty();
            if is_unseen || actual.put.is_none_or(|put| put.times < 2) {
                drift = named().map(|one| one.map(Field::Method)).collect();
            }
            drift.push(unrecorded());
            return drift;
        };
        let now = actual.contents.record(&hash);
        let changed: Vec<Part> = record.changed(&now).collect();
        if changed.is_empty() {
            return drift;
        }
        if drift.is_empty() && actual.put.is_some_and(|put| put.age >= LAG) {
            return vec![unrecorded()];
        }
        for part in changed {
            let methods: Vec<Drift> = match part {
                Part::Methods => named().collect(),
                _ => Vec::new(),
            };
            if methods.is_empty() {
                let (was, is) = ("changed since they were put", "as the body has them");
                drift.push(Drift::new(Field::Part(part), was, is));
            } else {
                // Who may invoke them is among these.
                drift = methods
                    .into_iter()
                    .map(|one| one.map(Field::Method))
                    .collect();
            }
        }
        drift
    }
}

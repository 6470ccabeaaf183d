//! What is not as it should be.

use std::fmt;

use serde::Serialize;

/// One difference between what is and what should be.
///
/// The texts are for people. What is written to AWS comes from the desired
/// state and the field, never from them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Drift<F = String> {
    /// The field, in the words of the configuration or of AWS.
    pub field: F,
    /// What AWS reports.
    pub actual: String,
    /// What it should be; `(known after apply)` where a neighbour decides it.
    pub desired: String,
    /// Whether AWS can only change it by making the thing anew.
    pub replace: bool,
    /// When it may be repaired.
    #[serde(skip)]
    pub due: Due,
}

/// When a difference is repaired.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Due {
    /// As soon as what it needs is there.
    #[default]
    Now,
    /// When what requests are led to works: see
    /// [`switches_after`](super::Resource::switches_after).
    Switch,
    /// When everything else works: what takes something away that others may
    /// still use.
    Deferred,
}

/// What stands for a neighbour's output before the neighbour exists.
pub const UNKNOWN: &str = "(known after apply)";

impl<F> Drift<F> {
    /// A difference that can be repaired in place.
    pub fn new(field: F, actual: impl Into<String>, desired: impl Into<String>) -> Self {
        Self {
            field,
            actual: actual.into(),
            desired: desired.into(),
            replace: false,
            due: Due::Now,
        }
    }

    /// The difference between two printable values, if there is one.
    pub fn between<T: PartialEq + ToString + ?Sized>(
        field: F,
        actual: &T,
        desired: &T,
    ) -> Option<Self> {
        (actual != desired).then(|| Self::new(field, actual.to_string(), desired.to_string()))
    }

    /// Marks a difference that only a new thing can repair.
    #[must_use]
    pub fn replaces(mut self) -> Self {
        self.replace = true;
        self
    }

    /// Marks a difference to be repaired when everything else works.
    #[must_use]
    pub fn deferred(mut self) -> Self {
        self.due = Due::Deferred;
        self
    }

    /// Marks a difference whose repair changes where live requests go.
    #[must_use]
    pub fn switches(mut self) -> Self {
        self.due = Due::Switch;
        self
    }

    /// The same difference of a field that this one is a part of.
    pub fn map<G>(self, field: impl FnOnce(F) -> G) -> Drift<G> {
        Drift {
            field: field(self.field),
            actual: self.actual,
            desired: self.desired,
            replace: self.replace,
            due: self.due,
        }
    }
}

impl<F: fmt::Display> Drift<F> {
    /// The same difference, as it is shown.
    pub fn shown(self) -> Drift {
        self.map(|field| field.to_string())
    }
}

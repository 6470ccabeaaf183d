//! What a run did and where it left things.

use crate::{
    error::{Error, ErrorKind},
    resource::{Drift, Key},
    stop::Why,
};

/// The fate of every resource of a run.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Made by this run, finished or not.
    pub created: Vec<Key>,
    /// Changed by this run.
    pub updated: Vec<Key>,
    /// Removed by this run.
    pub deleted: Vec<Key>,
    /// Made by this run and removed again, because it failed.
    pub rolled_back: Vec<Key>,
    /// Perhaps changed by this run: a call for that went out and failed. What
    /// differed before it.
    pub touched: Vec<(Key, Vec<Drift>)>,
    /// Made by this run and left by its rollback: what it has changed uses it.
    pub in_use: Vec<Key>,
    /// Could not be made, changed or removed.
    pub failed: Vec<(Key, Error)>,
    /// Left while AWS was still at it; why.
    pub unsettled: Vec<(Key, String)>,
    /// Never taken up; why.
    pub not_started: Vec<(Key, String)>,
}

impl Report {
    /// Whether everything that was asked for is done.
    pub fn ok(&self) -> bool {
        self.failed.is_empty() && self.unsettled.is_empty() && self.not_started.is_empty()
    }

    /// Whether it failed, if at all, only because something that was there has
    /// gone: another run has removed it, and a fresh look finds out what to use.
    pub fn may_go_on(&self) -> bool {
        let gone = |(_, error): &(Key, Error)| error.kind == ErrorKind::NotFound;
        self.ok() || (!self.failed.is_empty() && self.failed.iter().all(gone))
    }

    /// Forgets what could not be done: it is taken up again.
    pub fn go_on(&mut self) {
        self.failed.clear();
        self.unsettled.clear();
        self.not_started.clear();
    }

    /// What this run made and did not remove again.
    pub fn left_behind(&self) -> Vec<Key> {
        self.created
            .iter()
            .filter(|key| !self.rolled_back.contains(key))
            .cloned()
            .collect()
    }

    /// Adds what a later pass of the same run did.
    pub fn extend(&mut self, later: Self) {
        for key in later.created {
            if !self.created.contains(&key) {
                self.created.push(key);
            }
        }
        for key in later.updated {
            if !self.created.contains(&key) && !self.updated.contains(&key) {
                self.updated.push(key);
            }
        }
        self.touched.extend(later.touched);
        self.in_use.extend(later.in_use);
        self.deleted.extend(later.deleted);
        self.rolled_back.extend(later.rolled_back);
        self.failed.extend(later.failed);
        self.unsettled.extend(later.unsettled);
        self.not_started.extend(later.not_started);
    }
}

/// What a failed run has to say: each failure, what else stopped, what stays.
pub fn failure(report: &Report, stop: Option<Why>) -> Error {
    // Who is not known, or not allowed, is told so first: it decides what to do.
    let is = |kind: ErrorKind| report.failed.iter().position(|(_, one)| one.kind == kind);
    let first = is(ErrorKind::Credentials).or_else(|| is(ErrorKind::Denied));
    let first = first.unwrap_or_default();
    let others = report.failed.iter().enumerate();
    let failed = others
        .filter(|(place, _)| *place != first)
        .map(|(_, one)| one);
    let mut error = match (report.failed.get(first), stop) {
        (Some((_, first)), _) => first.clone(),
        (None, Some(why)) => why.error(),
        (None, _) => Error::invalid("not everything could be done"),
    };
    error
        .also
        .extend(failed.map(|(_, other)| other.to_string()));
    let say = |label: &str, items: Vec<String>| {
        (!items.is_empty()).then(|| format!("{label}: {}", items.join(", ")))
    };
    let with_reason = |items: &[(Key, String)]| {
        items
            .iter()
            .map(|(key, why)| format!("{key} ({why})"))
            .collect()
    };
    let names = |items: &[Key]| items.iter().map(ToString::to_string).collect();
    error
        .also
        .extend(say("still settling", with_reason(&report.unsettled)));
    let waiting: Vec<Key> = report
        .not_started
        .iter()
        .map(|(key, _)| key.clone())
        .collect();
    error.also.extend(say("not started", names(&waiting)));
    error
        .also
        .extend(say("removed again", names(&report.rolled_back)));
    if !report.in_use.is_empty() {
        let left = say(
            "left because what was serving now uses it",
            names(&report.in_use),
        );
        error.also.extend(left);
        let changed = say("changed, and not changed back", names(&report.updated));
        error.also.extend(changed);
    }
    error
        .also
        .extend(say("left behind", names(&report.left_behind())));
    error
}

//! What rules say, until it is sorted.

use super::model::Place;
use crate::checks::{Check, Code, Finding};

/// What was said of a configuration.
#[derive(Default)]
pub struct Said(Vec<(Place, Finding)>);

/// The words of a finding.
pub struct Words<'a> {
    /// What of it is wrong, behind the place and the name: `its matcher is 200-499`.
    pub found: String,
    /// Why that matters.
    pub cause: &'a str,
    /// What to do.
    pub remedy: String,
}

impl Said {
    /// It does not work.
    pub fn failed(&mut self, code: Code, at: &Place, whose: &str, words: Words<'_>) {
        let found = shown(at, whose, &words.found);
        let finding = Finding::failed(code, found, words.cause, words.remedy);
        self.push(at, finding);
    }

    /// It works, and should be looked at.
    pub fn warned(&mut self, code: Code, at: &Place, whose: &str, words: Words<'_>) {
        let found = shown(at, whose, &words.found);
        let finding = Finding::warning(code, found, words.cause, words.remedy);
        self.push(at, finding);
    }

    /// It was not judged.
    pub fn skipped(&mut self, check: Check, at: &Place, whose: &str, why: &str) {
        self.push(at, Finding::skipped(check, shown(at, whose, why)));
    }

    fn push(&mut self, at: &Place, finding: Finding) {
        // A module that is called twice has each of its mistakes twice.
        let same = |(_, known): &(Place, Finding)| {
            known.code == finding.code && known.found == finding.found
        };
        if !self.0.iter().any(same) {
            self.0.push((at.clone(), finding));
        }
    }

    /// All of it, in the order of the checks, then of the files.
    pub fn findings(mut self) -> Vec<Finding> {
        self.0.sort_by(|(one, first), (other, second)| {
            (first.check, one).cmp(&(second.check, other))
        });
        self.0.into_iter().map(|(_, finding)| finding).collect()
    }
}

fn shown(at: &Place, whose: &str, found: &str) -> String {
    match whose {
        "" => format!("{at}: {found}"),
        whose => format!("{at}: {whose}: {found}"),
    }
}

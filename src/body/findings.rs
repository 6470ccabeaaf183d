//! What is found in a body: what refuses it, and what is worth saying.

use std::collections::{BTreeMap, BTreeSet};

use super::{at::At, lines};
use crate::config::Problem;

/// One thing found.
struct Found {
    at: At,
    message: String,
    hint: String,
}

/// What is found, as it is found.
#[derive(Default)]
pub(super) struct Findings {
    problems: Vec<Found>,
    refused: BTreeSet<At>,
    warnings: Vec<Found>,
}

impl Findings {
    /// Notes what refuses the body. One problem a place: what is no text can
    /// also be no address, and the first says it best.
    pub fn refuse(&mut self, at: &At, message: impl Into<String>, hint: impl Into<String>) {
        let whole = at.steps().is_empty();
        if whole || self.refused.insert(at.clone()) {
            self.problems.push(Found {
                at: at.clone(),
                message: message.into(),
                hint: hint.into(),
            });
        }
    }

    /// Notes what is worth saying. The same words are said once, with their number.
    pub fn warn(&mut self, at: &At, message: impl Into<String>, hint: impl Into<String>) {
        self.warnings.push(Found {
            at: at.clone(),
            message: message.into(),
            hint: hint.into(),
        });
    }

    /// Whether anything refuses the body.
    pub fn refuses(&self) -> bool {
        !self.problems.is_empty()
    }

    /// Whether something is refused at this place.
    pub fn is_refused(&self, at: &At) -> bool {
        self.refused.contains(at)
    }

    /// The problems and the warnings, each in the order of the file.
    pub fn report(self, file: &str, text: &str, is_json: bool) -> (Vec<Problem>, Vec<Problem>) {
        let warnings = grouped(self.warnings);
        let all: Vec<&At> = self
            .problems
            .iter()
            .chain(&warnings)
            .map(|f| &f.at)
            .collect();
        let places = if all.is_empty() {
            Vec::new()
        } else {
            lines::find(text, is_json, &all)
        };
        let (of_problems, of_warnings) = places.split_at(self.problems.len());
        (
            listed(file, &self.problems, of_problems),
            listed(file, &warnings, of_warnings),
        )
    }
}

/// The places of what was noted before: for a check that is made later.
pub(super) fn problem(
    file: &str,
    at: &At,
    place: Option<lines::Place>,
    message: String,
    hint: String,
) -> Problem {
    Problem {
        file: file.to_owned(),
        line: place.map(|(line, _)| line),
        column: place.map(|(_, column)| column),
        key: at.words(),
        message,
        hint: Some(hint).filter(|hint| !hint.is_empty()),
    }
}

fn listed(file: &str, found: &[Found], places: &[Option<lines::Place>]) -> Vec<Problem> {
    let mut listed: Vec<Problem> = found
        .iter()
        .zip(places)
        .map(|(one, place)| problem(file, &one.at, *place, one.message.clone(), one.hint.clone()))
        .collect();
    listed.sort_by_key(|one| (one.line, one.column));
    listed
}

/// Warnings of the same words as one, at the first place.
fn grouped(warnings: Vec<Found>) -> Vec<Found> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    let mut first: Vec<Found> = Vec::new();
    for one in warnings {
        let count = counts.entry(one.message.clone()).or_insert(0);
        *count += 1;
        if *count == 1 {
            first.push(one);
        }
    }
    for one in &mut first {
        let more = counts[&one.message] - 1;
        if more > 0 {
            one.message = format!("{} (and at {more} more)", one.message);
        }
    }
    first
}

//! One pass over a file: the problems so far, and what has been read that
//! later keys are checked against.

use std::collections::BTreeMap;
use std::path::Path;

use super::problem::Refusal;
use super::tree::{Origin, Problems};

/// One pass over a file.
pub(super) struct Reading<'a> {
    pub problems: Problems,
    pub context: Context<'a>,
    /// Where the value of each key stands that the file gives.
    places: BTreeMap<String, Origin>,
}

/// What the keys read so far say to those that come after them. A declaration
/// fills it in with `then` and `before`.
pub(super) struct Context<'a> {
    /// The folder that file names are relative to.
    pub folder: &'a Path,
    /// The stack's region: what the file says, or else its certificate.
    pub region: Option<String>,
    /// The stack's account: what the file says, or else its certificate.
    pub account: Option<String>,
    /// The host name whose zone is read next.
    pub host: Option<String>,
    /// Whether that name has a zone of its own.
    pub has_own_zone: bool,
    /// The zone of the domain, if its name and its zone are right.
    pub zone: Option<String>,
    /// The host names that may not be named again.
    pub hosts: Vec<String>,
    /// The aliases, if the whole domain is right.
    pub aliases: Vec<String>,
    /// How many subnets there are, if the whole network is right.
    pub subnets: Option<usize>,
    /// What the route leads to whose path is read next.
    pub kind: Kind,
    /// Whether the API that is read next is borrowed.
    pub is_borrowed: bool,
    /// The paths that may not be named again.
    pub paths: Vec<String>,
    /// Whether a route leads to an API, if all routes are right.
    pub has_api: Option<bool>,
    /// The keys by which something is asked of the endpoint, but for its id.
    pub endpoint: Vec<&'static str>,
    /// How many addresses are pinned.
    pub addresses: usize,
}

/// What a route leads to, as far as its path depends on it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Kind {
    Api,
    Lambda,
    Site,
    /// None of them, or several: reported elsewhere.
    Unclear,
}

impl<'a> Context<'a> {
    /// What is known before the first key.
    pub fn new(folder: &'a Path) -> Self {
        Context {
            folder,
            region: None,
            account: None,
            host: None,
            has_own_zone: false,
            zone: None,
            hosts: Vec::new(),
            aliases: Vec::new(),
            subnets: None,
            kind: Kind::Unclear,
            is_borrowed: false,
            paths: Vec::new(),
            has_api: None,
            endpoint: Vec::new(),
            addresses: 0,
        }
    }
}

impl<'a> Reading<'a> {
    pub fn new(problems: Problems, context: Context<'a>) -> Self {
        Reading {
            problems,
            context,
            places: BTreeMap::new(),
        }
    }

    /// Reports what is wrong with the value at `path`.
    pub fn refuse(&mut self, origin: Origin, path: &str, refusal: Refusal) {
        self.problems.push(origin, path, refusal);
    }

    /// Remembers where the value at `path` stands.
    pub fn note_place(&mut self, path: &str, origin: Origin) {
        self.places.insert(path.to_owned(), origin);
    }

    /// Where the value at `path` stands, right or not, if the file gives one.
    pub fn place(&self, path: &str) -> Option<Origin> {
        self.places.get(path).copied()
    }
}

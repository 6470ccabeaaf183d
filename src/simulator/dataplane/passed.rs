//! A request on its way: past a hop, stopped, or through.

use super::answer::{Answer, Ask, Hop, Kind, Seen};

/// A request that stopped.
#[derive(Debug)]
pub struct Stop {
    /// Where.
    pub hop: Hop,
    /// The HTTP status that the client gets.
    pub status: u16,
    /// Why, in words.
    pub why: String,
    /// What S3 got.
    pub seen: Option<Box<Seen>>,
}

impl Stop {
    /// Returns a stop at a hop.
    pub fn at(hop: Hop, status: u16, why: impl Into<String>) -> Self {
        let why = why.into();
        Self {
            hop,
            status,
            why,
            seen: None,
        }
    }
}

impl From<Stop> for Answer {
    fn from(stop: Stop) -> Self {
        Self {
            status: stop.status,
            hop: Some(stop.hop),
            why: stop.why,
            seen: stop.seen.map(|seen| *seen),
            certificate: None,
        }
    }
}

/// A request behind the rule that took it: transforms have changed it.
#[derive(Clone, Debug)]
pub struct Passed<'a> {
    /// The request as the client sent it.
    pub ask: &'a Ask,
    /// The host.
    pub host: String,
    /// Path and query.
    pub url: String,
}

impl Passed<'_> {
    /// The path without the query, and the query with its question mark.
    pub fn path(&self) -> (&str, &str) {
        let end = self.url.find('?').unwrap_or(self.url.len());
        self.url.split_at(end)
    }

    /// What a target of this kind gets.
    pub fn seen(&self, kind: Kind) -> Seen {
        Seen {
            kind,
            path: self.url.clone(),
            query: self.path().1.trim_start_matches('?').to_owned(),
            host: self.host.clone(),
            method: self.ask.method.clone(),
            ..Seen::default()
        }
    }
}

/// A request that got through.
pub fn through(status: u16, why: impl Into<String>, seen: Seen) -> Answer {
    Answer {
        status,
        hop: None,
        why: why.into(),
        seen: Some(seen),
        certificate: None,
    }
}

/// A host without its port, in lower case.
pub fn bare(host: &str) -> String {
    let host = host.split(':').next().unwrap_or(host);
    host.trim_end_matches('.').to_ascii_lowercase()
}

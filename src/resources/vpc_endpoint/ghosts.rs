//! Endpoints that a client token names and that are gone.
//!
//! A token outlives the endpoint it made; how long, and what AWS then answers,
//! nobody documents. It may show the endpoint as deleted, refuse the token, or
//! repeat its first answer. So the next token is made of what the last one
//! named: two runs at once come to the same one, and no number of deleted
//! endpoints uses the tokens up.

use std::{
    hash::{Hash, Hasher},
    sync::{Mutex, PoisonError},
};

/// How often one endpoint is named and not seen until it counts as gone. Between
/// two answers lies a minute of looking: EC2 shows what it has made sooner.
const PATIENCE: usize = 3;

/// What tokens have named in this run.
#[derive(Debug, Default)]
pub struct Ghosts {
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    gone: String,
    named: Option<(String, usize)>,
}

impl Ghosts {
    /// What the next token is made of: the last endpoint that is gone.
    pub fn last(&self) -> String {
        self.with(|seen| seen.gone.clone())
    }

    /// Notes an endpoint that is gone.
    pub fn gone(&self, id: &str) {
        self.with(|seen| {
            id.clone_into(&mut seen.gone);
            seen.named = None;
        });
    }

    /// Notes an endpoint that a token has named as one that is there. Returns
    /// whether to believe it.
    pub fn named(&self, id: &str) -> bool {
        self.with(|seen| {
            let times = match seen.named.take() {
                Some((before, times)) if before == id => times + 1,
                _ => 1,
            };
            seen.named = Some((id.to_owned(), times));
            times <= PATIENCE
        })
    }

    fn with<T>(&self, ask: impl FnOnce(&mut Seen) -> T) -> T {
        ask(&mut self.seen.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// What was seen in this run is no part of what is wanted.
impl Hash for Ghosts {
    fn hash<H: Hasher>(&self, _: &mut H) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_named_again_and_again_and_never_seen_is_gone() {
        let ghosts = Ghosts::default();
        assert!((0..PATIENCE).all(|_| ghosts.named("vpce-1")));
        assert!(!ghosts.named("vpce-1"));
        ghosts.gone("vpce-1");
        assert_eq!(ghosts.last(), "vpce-1");
        assert!(ghosts.named("vpce-2"));
    }
}

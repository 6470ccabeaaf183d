//! Where something stands in a document.

use super::document::{is_method, verb};
use crate::config::shown;

/// Where something stands in a document: keys and indexes from the root.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct At(Vec<String>);

impl At {
    /// The place named by these steps.
    pub fn of<S: Into<String>>(steps: impl IntoIterator<Item = S>) -> Self {
        Self(steps.into_iter().map(Into::into).collect())
    }

    /// The place of a key in what stands here.
    pub fn key(&self, key: impl Into<String>) -> Self {
        let mut steps = self.0.clone();
        steps.push(key.into());
        Self(steps)
    }

    /// The steps from the root.
    pub fn steps(&self) -> &[String] {
        &self.0
    }

    /// The place in a person's words: `GET /orders: responses.200`.
    pub fn words(&self) -> String {
        let (head, rest) = match self.0.as_slice() {
            [paths, path, method, rest @ ..] if paths == "paths" && is_method(method) => {
                let method = verb(method);
                (format!("{method} {}", shown(path)), rest)
            }
            [paths, path, rest @ ..] if paths == "paths" => (shown(path), rest),
            rest => (String::new(), rest),
        };
        let rest = rest.iter().map(|step| shown(step)).collect::<Vec<_>>();
        let rest = rest.join(".");
        match (head.is_empty(), rest.is_empty()) {
            (true, _) => rest,
            (_, true) => head,
            _ => format!("{head}: {rest}"),
        }
    }
}

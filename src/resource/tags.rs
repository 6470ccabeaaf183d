//! The tags that say whose a thing is.
//!
//! They are set in the call that makes the thing. There is no state file: what
//! carries the tags is ours, what does not is not.

use std::collections::BTreeSet;

pub use crate::aws::tags::*;

use super::{Drift, Key};
use crate::hash;

/// Whose things these are, and the tags the user wants on them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Owner {
    /// The stack's name.
    pub stack: String,
    /// `[tags]` of the configuration.
    pub extra: Tags,
}

impl Owner {
    /// The tags of the thing with this key.
    pub fn tags(&self, key: &Key) -> Tags {
        let mut tags = self.extra.clone();
        tags.insert(STACK.to_owned(), self.stack.clone());
        tags.insert(RESOURCE.to_owned(), key.to_string());
        tags
    }
}

/// The key of a thing with these tags, if it is the stack's.
pub fn key_of(tags: &Tags, stack: &str) -> Option<Key> {
    let ours = tags.get(STACK).is_some_and(|name| name == stack);
    Key::from_tag(tags.get(RESOURCE).filter(|_| ours)?)
}

/// The difference in tags. What others have added is left alone. `field` names a
/// tag as a field of its resource.
pub fn drift<F>(actual: &Tags, desired: &Tags, field: impl Fn(String) -> F) -> Vec<Drift<F>> {
    desired
        .iter()
        .filter(|(key, value)| actual.get(*key) != Some(*value))
        .map(|(key, value)| {
            let was = actual.get(key).cloned().unwrap_or_default();
            Drift::new(field(key.clone()), was, value)
        })
        .collect()
}

/// What lies elsewhere is known from these tags alone. When one changes, the
/// old value is kept beside it, in the same call: what lies there is found
/// until it is removed, whenever a run is killed.
const KEPT: [&str; 3] = [FUNCTION, BUCKET_POLICY, ENDPOINT];

/// The key under which this value of a tag is kept once the tag has another. It
/// is taken away with what it remembers: things have 50 tags at most.
pub fn beside(key: &str, was: &str) -> String {
    format!("{key}:{}", hash::short(was))
}

/// The tags to set in order to repair this one.
pub fn to_repair(key: &str, actual: &Tags, desired: &Tags) -> Tags {
    let mut changes = Tags::new();
    let Some(wanted) = desired.get(key) else {
        return changes;
    };
    changes.insert(key.to_owned(), wanted.clone());
    let was = actual.get(key).filter(|was| !was.is_empty());
    if let Some(was) = was.filter(|_| KEPT.contains(&key)) {
        changes.insert(beside(key, was), was.clone());
    }
    changes
}

/// The value of a tag and those that it had before.
pub fn now_and_before<'a>(tags: &'a Tags, key: &str) -> BTreeSet<&'a str> {
    let is = |has: &str| match has.strip_prefix(key) {
        Some(rest) => rest.is_empty() || rest.starts_with(':'),
        None => false,
    };
    let values = tags.iter().filter(|(has, _)| is(has));
    values.map(|(_, value)| value.as_str()).collect()
}

/// Makes one of the program's own tags differ.
#[cfg(test)]
pub fn alter(tags: &mut Tags) {
    tags.insert(RESOURCE.to_owned(), "another".to_owned());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resource::Kind;

    fn tags(pairs: &[(&str, &str)]) -> Tags {
        pairs
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect()
    }

    #[test]
    fn another_stacks_things_are_not_ours() {
        let theirs = tags(&[(STACK, "orders"), (RESOURCE, "listener")]);
        assert_eq!(key_of(&theirs, "orders-dev"), None);
        assert_eq!(key_of(&theirs, "orders"), Some(Key::bare(Kind::Listener)));
        assert_eq!(key_of(&tags(&[(RESOURCE, "listener")]), "orders"), None);
    }

    #[test]
    fn extra_tags_are_left_alone_and_missing_ones_are_repaired() {
        let actual = tags(&[("team", "sales"), ("cost", "7")]);
        let desired = tags(&[("team", "orders"), ("env", "dev")]);
        let drift = drift(&actual, &desired, |key| key);
        let fields: Vec<&str> = drift.iter().map(|one| one.field.as_str()).collect();
        assert_eq!(fields, ["env", "team"]);
        let changes = fields
            .iter()
            .flat_map(|key| to_repair(key, &actual, &desired));
        assert_eq!(changes.collect::<Tags>(), desired);
    }

    #[test]
    fn a_changed_function_stays_known_until_its_permission_is_gone() {
        let mut tags = tags(&[(FUNCTION, "old"), ("hybridgw:functions", "other")]);
        let desired = Tags::from([(FUNCTION.to_owned(), "new".to_owned())]);
        tags.extend(to_repair(FUNCTION, &tags, &desired));
        assert_eq!(now_and_before(&tags, FUNCTION), ["new", "old"].into());
        // And back again: each once.
        let desired = Tags::from([(FUNCTION.to_owned(), "old".to_owned())]);
        tags.extend(to_repair(FUNCTION, &tags, &desired));
        assert_eq!(now_and_before(&tags, FUNCTION), ["new", "old"].into());
    }
}

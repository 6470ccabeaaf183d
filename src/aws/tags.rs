//! The tags that say whose a thing is. The only place that spells them.
//!
//! They are set in the call that makes the thing. There is no state file: what
//! carries the tags is ours, what does not is not.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    names,
    resource::{Drift, Key},
};

/// The stack a thing belongs to.
pub const STACK: &str = "hybridgw:stack";
/// The resource key of a thing.
pub const RESOURCE: &str = "hybridgw:resource";
/// The host name that a rule or a domain serves.
pub const HOST: &str = "hybridgw:host";
/// Which of a route's rules a listener rule is, where there are several.
pub const PART: &str = "hybridgw:part";
/// The function that a REST API or a target group invokes; its permission is
/// found by it.
pub const FUNCTION: &str = "hybridgw:function";
/// The bucket behind a target group.
pub const BUCKET: &str = "hybridgw:bucket";
/// The bucket in whose policy the stack has a statement; it is found by it.
pub const BUCKET_POLICY: &str = "hybridgw:bucket-policy";
/// The endpoint that the stack borrows. On the load balancer's security group;
/// what was opened of it is found by it.
pub const ENDPOINT: &str = "hybridgw:endpoint";
/// Begins the tags of the load balancer's security group that remember DNS
/// records, which cannot be tagged. The value is `<zone id>/<host name>`, with
/// `/alias` behind it for an alias of the stack.
pub const RECORD: &str = "hybridgw:record:";

/// Tags, ordered by key.
pub type Tags = BTreeMap<String, String>;

/// Whose things these are, and the tags the user wants on them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
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
    ours.then(|| tags.get(RESOURCE).map(|key| Key::from_tag(key)))?
}

/// The difference in tags. What others have added is left alone.
pub fn drift(actual: &Tags, desired: &Tags) -> Vec<Drift> {
    desired
        .iter()
        .filter(|(key, value)| actual.get(*key) != Some(*value))
        .map(|(key, value)| {
            let was = actual.get(key).cloned().unwrap_or_default();
            Drift::new(format!("{DRIFT}{key}"), was, value)
        })
        .collect()
}

/// How a drift of tags begins.
const DRIFT: &str = "tags.";

/// What lies elsewhere is known from these tags alone. When one changes, the
/// old value is kept beside it, in the same call: what lies there is found
/// until it is removed, whenever a run is killed.
const KEPT: [&str; 3] = [FUNCTION, BUCKET_POLICY, ENDPOINT];

/// The tags to set in order to repair these drifts.
pub fn to_repair(drift: &[Drift]) -> Tags {
    let mut changes = Tags::new();
    for drift in drift {
        let Some(key) = drift.field.strip_prefix(DRIFT) else {
            continue;
        };
        changes.insert(key.to_owned(), drift.desired.clone());
        if KEPT.contains(&key) && !drift.actual.is_empty() {
            let beside = format!("{key}:{}", names::short_hash(&drift.actual));
            changes.insert(beside, drift.actual.clone());
        }
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

/// Tags from the pairs that an SDK type gives.
pub fn from_pairs<'a>(pairs: impl IntoIterator<Item = (Option<&'a str>, Option<&'a str>)>) -> Tags {
    pairs
        .into_iter()
        .filter_map(|(key, value)| Some((key?.to_owned(), value.unwrap_or_default().to_owned())))
        .collect()
}

/// EC2's tags.
pub fn of_ec2(tags: &[aws_sdk_ec2::types::Tag]) -> Tags {
    from_pairs(tags.iter().map(|tag| (tag.key(), tag.value())))
}

/// EC2's tag list.
pub fn to_ec2(tags: &Tags) -> Vec<aws_sdk_ec2::types::Tag> {
    let tag = |(key, value): (&String, &String)| {
        aws_sdk_ec2::types::Tag::builder()
            .key(key)
            .value(value)
            .build()
    };
    tags.iter().map(tag).collect()
}

/// ELBv2's tag list.
pub fn to_elb(tags: &Tags) -> Vec<aws_sdk_elasticloadbalancingv2::types::Tag> {
    tags.iter()
        .map(|(key, value)| {
            aws_sdk_elasticloadbalancingv2::types::Tag::builder()
                .key(key)
                .value(value)
                .build()
        })
        .collect()
}

/// API Gateway's tag map.
pub fn to_map(tags: &Tags) -> std::collections::HashMap<String, String> {
    tags.clone().into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

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
        assert_eq!(key_of(&theirs, "orders"), Some(Key::bare("listener")));
        assert_eq!(key_of(&tags(&[(RESOURCE, "listener")]), "orders"), None);
    }

    #[test]
    fn extra_tags_are_left_alone_and_missing_ones_are_repaired() {
        let actual = tags(&[("team", "sales"), ("cost", "7")]);
        let desired = tags(&[("team", "orders"), ("env", "dev")]);
        let drift = drift(&actual, &desired);
        assert_eq!(drift.len(), 2);
        assert_eq!(to_repair(&drift), desired);
    }

    #[test]
    fn a_changed_function_stays_known_until_its_permission_is_gone() {
        let mut tags = tags(&[(FUNCTION, "old"), ("hybridgw:functions", "other")]);
        let desired = Tags::from([(FUNCTION.to_owned(), "new".to_owned())]);
        tags.extend(to_repair(&drift(&tags, &desired)));
        assert_eq!(now_and_before(&tags, FUNCTION), ["new", "old"].into());
        // And back again: each once.
        let desired = Tags::from([(FUNCTION.to_owned(), "old".to_owned())]);
        tags.extend(to_repair(&drift(&tags, &desired)));
        assert_eq!(now_and_before(&tags, FUNCTION), ["new", "old"].into());
    }
}

//! The tags of an endpoint's network interfaces.
//!
//! AWS makes the interfaces, replaces them when it wants to, and gives them no
//! tags; people want to find and to bill them by tags (issues 2350 and 2526 of
//! aws-cloudformation/cloudformation-coverage-roadmap). They carry the stack's name and
//! the user's tags, but no resource key: they go with their endpoint, and
//! nothing is known from them.

use super::{Actual, Field};
use crate::{
    aws::Aws,
    error::Result,
    resource::{
        Drift,
        tags::{STACK, Tags},
    },
    resources::security_group::set_tags_of_all,
};

/// Of an endpoint's tags those that its interfaces have, too.
pub fn tags_of(endpoint: &Tags) -> Tags {
    let shared = endpoint.iter().filter(|(key, _)| {
        let reserved = key.starts_with("aws:") || key.starts_with("hybridgw:");
        key.as_str() == STACK || !reserved
    });
    shared
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect()
}

/// The interfaces that lack one of the tags of an endpoint with these tags.
pub fn bare(actual: &Actual, endpoint: &Tags) -> Vec<String> {
    let wanted = tags_of(endpoint);
    let lacks = |has: &Tags| {
        wanted
            .iter()
            .any(|(key, value)| has.get(key) != Some(value))
    };
    let bare = actual.interfaces.iter().filter(|(_, has)| lacks(has));
    bare.map(|(id, _)| id.clone()).collect()
}

/// Sets them, in one call.
///
/// # Errors
///
/// AWS refuses. One interface that has gone meanwhile fails the call for all.
pub async fn set_tags(aws: &Aws, interfaces: Vec<String>, endpoint: &Tags) -> Result<()> {
    set_tags_of_all(aws, interfaces, &tags_of(endpoint)).await
}

pub(super) fn drift(actual: &Actual, endpoint: &Tags) -> Option<Drift<Field>> {
    let bare = bare(actual, endpoint);
    let desired = "the endpoint's";
    (!bare.is_empty()).then(|| {
        let actual = format!("missing on {}", bare.join(", "));
        Drift::new(Field::InterfaceTags, actual, desired)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tags(pairs: &[(&str, &str)]) -> Tags {
        let pairs = pairs.iter();
        pairs
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect()
    }

    #[test]
    fn an_interface_has_no_tag_that_would_make_it_a_resource_or_that_is_awss() {
        let endpoint = tags(&[
            (STACK, "orders"),
            ("hybridgw:resource", "vpc-endpoint"),
            ("aws:cloudformation:stack-name", "x"),
            ("team", "orders"),
        ]);
        let wanted = tags(&[(STACK, "orders"), ("team", "orders")]);
        assert_eq!(tags_of(&endpoint), wanted);
        let mut actual = Actual::default();
        let more = tags(&[(STACK, "orders"), ("team", "orders"), ("cost", "7")]);
        actual.interfaces.insert("eni-1".to_owned(), more);
        let other = tags(&[(STACK, "orders"), ("team", "sales")]);
        actual.interfaces.insert("eni-2".to_owned(), other);
        assert_eq!(bare(&actual, &endpoint), ["eni-2"]);
    }
}

//! Whether a request meets a rule's condition.

use std::net::IpAddr;

use ipnet::IpNet;

use super::answer::Ask;
use super::passed::bare;
use crate::elbv2::{Condition, Field};
use crate::pattern::matches;
use crate::regex::Regex;

/// Returns whether a request meets a condition: one of its values fits.
///
/// ELB user guide, "Condition types for listener rules": hosts, header values
/// and query strings are compared without regard to case; paths with it, and
/// without the query; methods exactly; the source is the client's address.
pub fn fits(condition: &Condition, ask: &Ask) -> bool {
    let values = &condition.values;
    match &condition.field {
        Field::Host => {
            let host = bare(&ask.host);
            alike(values, &host) || expressed(condition, &host)
        }
        Field::Path => {
            let path = ask.path.split('?').next().unwrap_or_default();
            values.iter().any(|value| matches(value, path)) || expressed(condition, path)
        }
        Field::Header(name) => ask
            .header(name)
            .is_some_and(|found| alike(values, found) || expressed(condition, found)),
        Field::Query => {
            let keys = condition.keys.iter().map(Option::as_deref);
            keys.zip(values).any(|(key, value)| asked(ask, key, value))
        }
        Field::Method => values.contains(&ask.method),
        Field::Source => values.iter().any(|value| {
            let net: Option<IpNet> = value.parse().ok();
            net.is_some_and(|net| net.contains(&IpAddr::V4(ask.client)))
        }),
    }
}

fn alike(values: &[String], text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    let mut values = values.iter();
    values.any(|value| matches(&value.to_ascii_lowercase(), &text))
}

/// Assumption: expressions are searched for, anchors are theirs to bring.
fn expressed(condition: &Condition, text: &str) -> bool {
    let mut all = condition.regexes.iter().filter_map(|one| Regex::new(one));
    all.any(|regex| regex.find(text).is_some())
}

/// Whether the query has a pair; without a key, whether any of its values fits.
fn asked(ask: &Ask, key: Option<&str>, value: &str) -> bool {
    let query = ask.path.split_once('?').map_or("", |(_, query)| query);
    let mut pairs = query
        .split('&')
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    pairs.any(|(known, found)| {
        let wanted = |pattern: &str, text: &str| {
            matches(&pattern.to_ascii_lowercase(), &text.to_ascii_lowercase())
        };
        !query.is_empty() && key.is_none_or(|key| wanted(key, known)) && wanted(value, found)
    })
}

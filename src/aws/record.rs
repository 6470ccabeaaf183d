//! What of a stack cannot be tagged: its DNS records, as tags remember them, and
//! the functions that a configuration leads to.

use super::tags::{self, Tags};
use crate::{hash, host::Host};

/// A DNS record as the load balancer's group remembers it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Record {
    /// The hosted zone's id.
    pub zone: String,
    /// The host name.
    pub host: Host,
}

impl Record {
    /// The tag that remembers it: a short stable key, zone and host as value. A
    /// host that moves to another zone has two, until its old record is gone.
    pub fn tag(&self) -> (String, String) {
        let place = format!("{}/{}", self.zone, self.host.name);
        let key = format!("{}{}", tags::RECORD, hash::short(&place));
        let alias = if self.host.alias { ALIAS } else { "" };
        (key, format!("{place}{alias}"))
    }

    /// The records that these tags remember; the stack's own host comes first.
    pub fn of_tags(tags: &Tags) -> Vec<Self> {
        let values = tags.iter().filter(|(key, _)| key.starts_with(tags::RECORD));
        let mut records: Vec<Self> = values
            .filter_map(|(_, value)| {
                let own = value.strip_suffix(ALIAS);
                let (zone, name) = own.unwrap_or(value).split_once('/')?;
                let host = match own {
                    Some(_) => Host::alias(name),
                    None => Host::own(name),
                };
                let zone = zone.to_owned();
                Some(Self { zone, host })
            })
            .collect();
        records.sort_by_key(|record| record.host.alias);
        records
    }
}

/// Ends the value of an alias's tag. Not part of any host name.
const ALIAS: &str = "/alias";

/// A function that a route of the configuration leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invoked {
    /// The path of the route.
    pub path: String,
    /// The function's ARN, with its qualifier.
    pub function: String,
    /// Whether an API invokes it; otherwise the load balancer does.
    pub by_api: bool,
}

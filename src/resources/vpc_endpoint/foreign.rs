//! An endpoint that this account may not look at: in a shared VPC its owner has
//! it, and EC2 shows it to nobody else (VPC user guide, "Share your VPC subnets
//! with other accounts"). What the configuration says of it is all that is known.

use std::{collections::BTreeSet, fmt, net::Ipv4Addr};

use serde_json::Value;

use super::{Actual, Address};
use crate::{
    policy,
    resource::{Found, Key},
};

/// An endpoint as the configuration describes it.
#[derive(Hash)]
pub struct Foreign {
    /// Its id, if its owner has told it.
    pub id: Option<String>,
    /// The VPC that it is in.
    pub vpc: String,
    /// Its addresses.
    pub addresses: Vec<Ipv4Addr>,
}

impl Foreign {
    /// Its addresses as ranges of one.
    pub(super) fn ranges(&self) -> Vec<String> {
        let all = self.addresses.iter();
        all.map(|address| format!("{address}/32")).collect()
    }

    /// The policy of an API that is reached through it: without its id through
    /// any endpoint of its VPC.
    pub(super) fn admission(&self) -> Value {
        match &self.id {
            Some(id) => policy::only_through(id),
            None => policy::only_from(&self.vpc),
        }
    }

    /// What is taken for its state, without a look.
    pub(super) fn found(&self, key: Key) -> Found<Actual> {
        let addresses = self.addresses.iter().map(|ip| Address {
            subnet: String::new(),
            zone: String::new(),
            ip: ip.to_string(),
        });
        let id = self.id.clone().unwrap_or_else(|| "foreign".to_owned());
        let actual = Actual {
            id: id.clone(),
            state: "available".to_owned(),
            vpc: self.vpc.clone(),
            addresses: addresses.collect::<BTreeSet<Address>>(),
            ..Actual::default()
        };
        Found::borrowed(key, id, "foreign", actual)
    }
}

impl fmt::Display for Foreign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all: Vec<String> = self.addresses.iter().map(ToString::to_string).collect();
        let id = self.id.as_deref().unwrap_or("no id");
        write!(f, "{id} at {}, another account's", all.join(", "))
    }
}

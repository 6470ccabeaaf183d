//! The VPC endpoint for `execute-api`, and the rules between its keys.

use std::net::Ipv4Addr;

use crate::config::form::{List, Switch};
use crate::config::key::{optional, or, or_empty};
use crate::config::problem::refusal;
use crate::config::reading::{Context, Reading};
use crate::config::table::table;
use crate::config::values::network::{ADDRESS, ENDPOINT};

table! {
    /// The VPC endpoint for `execute-api`. Only stacks with `api` routes have one.
    pub struct Endpoint: Default {
        /// The id of an endpoint to borrow. It is never deleted. Without it the
        /// stack has its own.
        id: Option<String> = optional(ENDPOINT);
        /// Whether hybridgw may open a borrowed endpoint's groups and policy for
        /// this stack. Otherwise it prints what has to be opened.
        manage: bool = or(Switch, false);
        /// Whether `*.execute-api` names resolve to the endpoint in the whole VPC.
        private_dns: bool = or(Switch, false);
        /// The endpoint's addresses, one in each subnet. AWS chooses without them.
        /// With `foreign`: the addresses that the endpoint has.
        addresses: Vec<Ipv4Addr> = or_empty(List::of(ADDRESS));
        /// Whether the endpoint is one that this account may not look at, as in a
        /// shared VPC, whose owner has it: `addresses` are its addresses, and
        /// nothing of it is looked at. With its `id` the stack's APIs admit this
        /// endpoint only, without it every endpoint of the VPC.
        foreign: bool = or(Switch, false);
    }
}

const FOREIGN: &str = "foreign";

/// Lets the rules between the keys know what the endpoint asks for.
pub(super) fn note(endpoint: &Endpoint, context: &mut Context) {
    let asked = [
        ("manage", endpoint.manage),
        ("private_dns", endpoint.private_dns),
        ("addresses", !endpoint.addresses.is_empty()),
        (FOREIGN, endpoint.foreign),
    ];
    let asked = asked.into_iter().filter(|(_, is)| *is);
    context.endpoint = asked.map(|(key, _)| key).collect();
    context.addresses = endpoint.addresses.len();
}

/// Checks what is asked of the endpoint against the routes and the subnets.
pub(in crate::config) fn check(reading: &mut Reading) {
    let is_borrowed = reading.place("endpoint.id").is_some();
    let asked = std::mem::take(&mut reading.context.endpoint);
    let is_foreign = asked.contains(&FOREIGN);
    if reading.context.has_api == Some(false) {
        let borrowed = is_borrowed.then_some("id");
        for key in borrowed.into_iter().chain(asked) {
            let message = "no route leads to an API, so there is no endpoint";
            let hint = "leave it out, or add a route with `api`";
            refuse(key, message, hint, reading);
        }
    } else if is_foreign {
        check_foreign(&asked, reading);
    } else if is_borrowed {
        for key in asked.into_iter().filter(|key| *key != "manage") {
            let message = format!("`{key}` and `id` exclude each other");
            let hint = match key {
                "addresses" => {
                    "a borrowed endpoint's are looked up; keep one of them, or add `foreign = true` if this account may not look at it"
                }
                _ => "a borrowed endpoint stays as it is; keep one of them",
            };
            refuse(key, &message, hint, reading);
        }
    } else if asked.contains(&"manage") {
        let hint = "name the endpoint to borrow with `id`, or leave it out";
        let message = "the stack manages its own endpoint anyway";
        refuse("manage", message, hint, reading);
    }
    let addresses = reading.context.addresses;
    if let Some(subnets) = reading.context.subnets
        && !is_foreign
        && addresses != 0
        && addresses != subnets
    {
        let message = format!("names {addresses}, for {subnets} subnets");
        let hint = "name one address of each subnet, or none";
        refuse("addresses", &message, hint, reading);
    }
}

/// An endpoint that may not be looked at is known by its addresses, and cannot
/// be changed.
fn check_foreign(asked: &[&'static str], reading: &mut Reading) {
    let unread = reading.problems.is_wrong("endpoint.addresses");
    if !asked.contains(&"addresses") && !unread {
        let hint = "ask the endpoint's owner for its addresses: addresses = [\"10.0.1.10\", \"10.0.2.10\"]";
        refuse(FOREIGN, "needs `addresses`", hint, reading);
    }
    for key in ["manage", "private_dns"] {
        if asked.contains(&key) {
            let message = format!("`{key}` and `foreign` exclude each other");
            let hint = "what this account may not even look at is its owner's to set; leave it out";
            refuse(key, &message, hint, reading);
        }
    }
}

fn refuse(key: &str, message: &str, hint: &str, reading: &mut Reading) {
    let path = format!("endpoint.{key}");
    if let Some(origin) = reading.place(&path) {
        reading.refuse(origin, &path, refusal(message, hint));
    }
}

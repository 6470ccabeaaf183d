//! The data plane: does a request get through, and if not, where does it stop?
//!
//! ```text
//!   record ── load balancer ── group rule ── listener ── certificate ── rule     balance.rs, certificate.rs, conditions.rs
//!                                              │ transforms          rewrite.rs
//!                        target health ── group rule ── endpoint     target.rs
//!                              │               │
//!                   permission ── function     │                     event.rs
//!       mapping ── endpoint policy ── stage ── API policy ── method ── permission    api.rs, policy.rs
//!       bucket ─── endpoint policy ── bucket policy ── object                        bucket.rs
//! ```
//!
//! Nothing changes by asking. Where chance decides on AWS (which node, which
//! target, which group by weight) all of them must let the request pass, and
//! the first one that does not is the answer. The stage comes before the API's
//! policy here: without a stage there is no policy as deployed.
//!
//! Not judged: TLS between the client and the load balancer but for the names in
//! the certificate, from which VPC the client resolves the name, network ACLs
//! and routes.

mod answer;
mod api;
mod balance;
mod bucket;
mod certificate;
mod conditions;
mod entrance;
mod event;
mod passed;
mod rewrite;
mod target;

pub use answer::{Answer, Ask, Hop, Kind, Seen};

use std::net::Ipv4Addr;

pub use super::policy;
use super::world::Ctx;

/// Follows a request through a region of an account as it is.
pub fn ask(ctx: &Ctx<'_>, ask: &Ask) -> Answer {
    balance::answer(ctx, ask).unwrap_or_else(Answer::from)
}

/// The addresses that a name leads to; none: it leads nowhere.
pub fn resolve(ctx: &Ctx<'_>, host: &str) -> Option<Vec<Ipv4Addr>> {
    balance::addresses(ctx, host)
}

#[cfg(test)]
mod tests;

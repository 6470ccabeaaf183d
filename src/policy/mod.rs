//! Policies: those that hybridgw writes, and what those of others say.
//!
//! ```text
//!   text ── normal ──► Value ── same? ──► body, drift
//!     │
//!     └─ document ─► Policy ─┬─ judge ──► Answer: yes, no by which statement, or what it depends on
//!            Request ────────┘     │
//!                                  └── reach: an endpoint's and an API's together
//! ```
//!
//! A policy is judged as AWS judges it, with what is known of a request
//! (`docs/design/0017`): `judge` is the algebra of statements, `principal`,
//! `pattern`, `condition`, `compare` and `variable` that of their elements.

mod authorization;
mod compare;
mod condition;
pub mod delivery;
mod document;
mod judge;
mod normal;
mod ours;
mod pattern;
mod principal;
mod reach;
mod request;
pub mod statements;
mod text;
mod truth;
mod variable;

pub use authorization::Authorization;
pub use document::Policy;
pub use judge::{Answer, Refusal};
pub use normal::{normal, parse, parse_of_api, same, words};
pub use ours::{nothing, only_from, only_through, only_to, read_through};
pub use pattern::Texts;
pub use reach::{Gate, Reach, reach};
pub use request::{Caller, Held, Known, Request, Through, api_arn};

#[cfg(test)]
mod tests;

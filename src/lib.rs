//! hybridgw gives people on a corporate network a serverless application under
//! a private name, with nothing on the internet.
//!
//! ```text
//! hybridgw.toml ─► Config ─► Stack: nodes wired by typed fields         pure
//!                               │
//!                    observe    (clients that cannot write)             reads AWS
//!                               ▼
//!                             Plan: one Action per node                 pure
//!                               │  approve (terminal, or --yes)
//!                    apply      (concurrent graph walk, emits Events)   writes AWS
//!                               ▼
//!                    converged? (plan again, must be empty)
//!                               ▼
//!                             outputs (text, json)
//! ```
//!
//! There is no state file: what is ours is known from names and tags. Read
//! [`resource`] first.

// In the order of the flow.
pub mod cli;

pub mod commands;

pub mod config;
pub mod openapi;

pub mod references;

pub mod stack;

pub mod ownership;
pub mod resource;

pub mod graph;
pub mod look;

pub mod pipeline;

pub mod clock;
pub mod event;
pub mod stop;

pub mod resources;

pub mod names;
pub mod policy;

pub mod outputs;

pub mod aws;

pub use hybridgw_simulator as simulator;

pub mod rehearsal;

pub mod selftest;

pub mod error;

pub mod ui;

pub use error::{Error, Result};

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

pub mod preflight;

pub mod body;
pub mod policy;

pub mod stack;

pub mod resource;
pub mod resources;

pub mod graph;
pub mod pipeline;

pub mod outputs;
pub mod sync;

pub mod checks;
pub mod doctor;
pub mod verify;

pub mod aws;

pub use hybridgw_simulator as simulator;
pub mod rehearsal;
pub mod selftest;

pub mod ui;

// What all of these stand on.
pub mod clock;
pub mod error;
pub mod event;
pub mod file;
pub mod hash;
pub mod host;
pub mod names;
pub mod stop;
pub mod text;

pub use error::{Error, Result};

//! Never an orphan, never a duplicate: faults at every call.
//!
//! The product runs on the simulated account, in virtual time, through the SDK.
//! Something goes wrong at a known place; then one more run has to end with one
//! of everything and nothing else. What is checked is `support/oracle.rs`; what
//! goes wrong has a file each here.
//!
//! ```text
//! cargo test --test reliability                                    a sample of everything
//! HYBRIDGW_SWEEP=full cargo test --test reliability -- --nocapture everything, with figures
//! HYBRIDGW_SEEDS=500 cargo test --test reliability storms          more seeds
//! HYBRIDGW_SEED=<case> cargo test --test reliability <test>        one case again
//! ```

#[path = "../support/bench.rs"]
#[allow(dead_code)]
mod bench;
#[path = "../support/drifts/mod.rs"]
#[allow(dead_code, unused_imports)]
mod drifts;
#[path = "../support/following.rs"]
#[allow(dead_code)]
mod following;
#[path = "../support/onlooker.rs"]
#[allow(dead_code)]
mod onlooker;
mod support;

mod actors;
mod addresses;
mod answers;
mod bodies;
mod clocks;
mod creates;
mod downs;
mod drift;
mod economy;
mod edited;
mod failures;
mod foreign;
mod growth;
mod kills;
mod ownership;
mod parser;
mod passing;
mod processes;
mod refused;
mod results;
mod rollback;
mod service;
mod sessions;
mod stale;
mod storms;
mod subnets;
mod watch;

//! The life of a stack against `LocalStack`: the real program, a server written
//! by others, and a census of the account before and after.
//!
//! `localstack/start` is run once; `LOCALSTACK_PORT` picks its port.
//! `HYBRIDGW_TEST_ENDPOINT` names a server that runs already. Each test has an
//! AWS account of its own, so that tests run side by side.

#[path = "../support/drifts/mod.rs"]
#[allow(dead_code)]
mod drifts;

mod bad_input;
mod changes;
mod consent;
mod drift;
mod interruptions;
mod life_cycle;
mod partial;
mod routes;
mod support;
mod sync;
mod verify;
mod ways;

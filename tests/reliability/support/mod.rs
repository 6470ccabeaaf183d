//! What the tests share: doors that go wrong, worlds to begin with, the oracle,
//! and the sweeps that run many cases.

pub mod document;
pub mod door;
pub mod oracle;
pub mod program;
pub mod scene;
pub mod shape;
pub mod sweep;
mod turns;

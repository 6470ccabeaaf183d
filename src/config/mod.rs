//! The configuration: what `hybridgw.toml` says, read strictly.
//!
//! [`Config::load`] parses the file, lays `--set` over it, fills in `${VAR}`,
//! and checks every value. It reports all problems at once, each with its line
//! and a remedy, before anything talks to AWS.
//!
//! Each key is declared once, in `keys`. The rest of this folder is what the
//! declarations are made of, and the way through it:
//!
//! ```text
//! text ─► tree ─► set, interpolate ─► keys ─► Config
//!                                      │
//!                 table, choice ───────┤  which keys there are
//!                 key ─────────────────┤  required, optional, with a default
//!                 form, values ────────┘  how a value looks, and its check
//! ```

mod choice;
pub(crate) mod files;
mod form;
mod hosts;
mod interpolate;
mod key;
mod keys;
mod load;
mod problem;
mod reading;
mod schema;
mod section;
mod set;
mod table;
#[cfg(test)]
mod tests;
mod tree;
mod values;

pub use hosts::Host;
pub use keys::{
    AccessLogs, Alias, Api, ApiSource, Checks, Config, Domain, Endpoint, Function, FunctionHealth,
    HealthCheck, LoadBalancer, Mode, Network, Route, Site, Target,
};
pub use problem::{ConfigErrors, Problem};
pub(crate) use problem::{shown, write_lines};
pub(crate) use values::dns::is_zone_id;
pub use values::network::Client;
pub use values::s3::S3Location;
pub(crate) use values::stack::check_stack;

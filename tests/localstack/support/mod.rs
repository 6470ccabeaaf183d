//! What the tests share: a server, an account with a network, the program as a
//! child process, a proxy that counts, a census, and the front door.

mod census;
mod command;
mod door;
mod proxy;
pub mod server;
mod world;

pub use census::Census;
pub use command::{Ran, words};
pub use proxy::Proxy;
pub use world::{HOST, REGION, STACK, World, ZONE, make_subnet, replaced};

/// What a stack of one route to a placeholder consists of.
pub const ALL: [&str; 17] = [
    "base-path-mapping",
    "deployment",
    "dns-record",
    "domain-name",
    "endpoint-policy",
    "endpoint-security-group",
    "listener",
    "listener-rule",
    "load-balancer",
    "load-balancer-security-group",
    "redirect-listener",
    "rest-api",
    "security-group-rules",
    "stage",
    "target-group",
    "targets",
    "vpc-endpoint",
];

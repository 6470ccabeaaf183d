//! `ELBv2`: application load balancers, target groups, listeners, rules, and the health of targets.
//!
//! Wire names are those of the API's model of 2015-12-01.

mod account;
mod action;
mod arn;
mod attribute;
mod certificate;
mod check;
mod condition;
mod event;
pub mod furnish;
mod health;
mod list;
mod listener;
mod load_balancer;
mod logs;
mod matcher;
mod network;
mod operations;
mod probe;
mod rule;
mod seam;
mod ssl_policy;
pub mod state;
mod tag;
mod target;
mod target_group;
mod transform;
mod usage;

pub use attribute::{DROP_INVALID, MULTI_VALUE};
pub use state::{
    Action, Answer, Condition, Deed, Event, Field, Health, HealthCheck, Listener, LoadBalancer,
    Pairs, Part, Rule, State, Target, TargetGroup, TargetType, Transform, Verdict,
};

use super::codec::Protocol;
use super::service::Service;

/// The service.
pub const SERVICE: Service = Service {
    name: "elasticloadbalancing",
    protocol: Protocol::Query,
    namespace: "http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/",
    operations: operations::ALL,
};

#[cfg(test)]
mod tests;

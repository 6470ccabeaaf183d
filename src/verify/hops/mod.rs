//! The checks of `verify` that look at the control plane, one file for each
//! hop or two, in the order of a request. Each asks only for its own hop; what
//! the hops before do wrong is theirs to say.

pub mod api;
pub mod balancer;
pub mod certificate;
pub mod endpoint;
pub mod front;
pub mod groups;
pub mod mapping;
pub mod permission;
pub mod policies;
pub mod record;
pub mod rule;
pub mod site;
pub mod targets;

/// What mends most of what is not as the file has it.
pub const UP: &str = "run `hybridgw up`";

/// Takes an answer, or says why there is none and ends the check.
macro_rules! seen {
    ($answer:expr, $check:expr) => {
        match $answer {
            Ok(answer) => answer,
            Err(error) => return vec![$crate::checks::Finding::unseen($check, &error)],
        }
    };
}
pub(crate) use seen;

//! The pipeline: observe, plan, apply, remove, and plan again.

pub mod apply;
pub mod converge;
pub mod observe;
mod patience;
pub mod plan;
pub mod refusal;
pub mod remove;
pub mod report;
mod rhythm;
pub mod rollback;
pub mod saved;
mod signpost;
pub mod survey;
pub mod teardown;

pub use apply::apply;
pub use converge::{converge, execute};
pub use observe::observe;
pub use plan::{Action, Plan, Planned};
pub use remove::remove;
pub use report::Report;
pub use rollback::rollback;
pub use survey::{Survey, survey};

//! What several tests share.

pub mod fake;
pub mod listed;

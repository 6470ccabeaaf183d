//! Sync: follow the endpoints' addresses, and nothing else.
//!
//! AWS may give an endpoint other addresses at any time. The targets that
//! `up` has registered then lead nowhere. This looks the addresses up again and
//! repairs the targets with the resource and the engine of `up`: new ones come,
//! and old ones go once the new ones are healthy. What else differs is named.
//!
//! ```text
//! scope    which groups, which endpoints: from tags, or from the configuration
//!   │
//! round    look at addresses and targets, repair what differs     idempotent
//!   │
//! once     until it is as it should be
//! watch    for ever: few reads, jitter, back-off, everything said once
//! ```
//!
//! There is no lock between several that watch one stack: see
//! `docs/design/0016-watchers-without-a-lock.md`.

mod aside;
pub mod gauges;
mod once;
mod round;
mod scope;
pub mod serve;
pub mod service;
pub mod watch;
mod withdrawn;

pub use once::once;
pub use round::{Change, Round};
pub use scope::{Ahead, Followed, Scope, Wanted};
pub use watch::Watch;

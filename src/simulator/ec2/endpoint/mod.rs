//! Interface endpoints: `pending` for a while, then `available`; `deleting`, `deleted`, then gone.

mod change;
mod check;
mod create;
mod describe;
mod service;

pub use change::{delete, modify, settle, vanish};
pub use check::FULL_ACCESS;
pub use create::create;
pub use describe::describe;
pub use service::describe as describe_services;

#[cfg(test)]
mod tests;

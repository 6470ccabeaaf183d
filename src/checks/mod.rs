//! Checks: what `verify`, `doctor` and the end of `up` say, and how.
//!
//! ```text
//!  Job: a check and the work that answers it
//!    │ run       all side by side, each with a time limit of its own
//!    ▼
//!  Finding: verdict, what was found, the cause, the remedy
//!    │ Report    in the order of the checks; what is suppressed is said to be
//!    ▼
//!  text or JSON, a verdict line, an exit code
//! ```
//!
//! How to add a check: a variant of [`Check`]; a line for each of its codes in
//! `codes.rs`, and a paragraph for it in `docs/reference/checks.md` (a test
//! compares them); a function that answers with [`Finding`]s, made a [`Job`].
//!
//! # Rules
//!
//! - Every check answers: one that found nothing says `ok`, one that could not
//!   look says `skipped` and why. Silence is never success.
//! - A check fails for what its own hop does wrong. What it cannot judge because
//!   something before it is broken is skipped, with that said.
//! - A finding that failed or warns has a code, a remedy where there is one, and a
//!   cause where that is not what was seen itself.

mod check;
mod code;
pub mod codes;
mod finding;
mod report;
mod run;
mod text;
mod wait;

pub use check::Check;
pub use code::Code;
pub use finding::{Finding, Verdict};
pub use report::Report;
pub use run::{Job, run};
pub use text::{line, render};
pub use wait::until_good;

#[cfg(test)]
mod tests;

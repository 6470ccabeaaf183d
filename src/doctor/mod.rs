//! What `doctor` looks at.

pub mod files;

//! Files of others: Terraform, CloudFormation, `OpenAPI`.

use std::path::PathBuf;

use crate::{
    checks::{Check, Finding},
    error::{Error, Result},
    file,
};

/// No configuration that a person keeps is larger.
const MOST_BYTES: usize = 32 * 1024 * 1024;

/// What there is to say of these files.
///
/// # Errors
///
/// A file cannot be read.
pub fn judge(paths: &[PathBuf]) -> Result<Vec<Finding>> {
    let judged = paths.iter().map(|path| {
        let name = path.display();
        file::read_text(path, MOST_BYTES)
            .map_err(|error| Error::invalid(format!("cannot read {name}: {error}")))?;
        Ok(Finding::skipped(
            Check::Config,
            format!("{name}: not judged yet"),
        ))
    });
    judged.collect()
}

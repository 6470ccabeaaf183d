//! Files of others, judged without an account: Terraform, `CloudFormation`, `OpenAPI`.
//!
//! ```text
//!  paths ── reading ──► Reading: which kind, told by content; parsed, each word with its line
//!                         │
//!      terraform ─────────┤   .tf and .tf.json together; a plan or a state as shown
//!      cloudformation ────┤   a template
//!      body ──────────────┤   an OpenAPI file: what the configuration's own are checked by
//!                         ▼
//!                   Configuration: resources, attributes with places, references
//!                         │
//!                       rules      a table; each a function with the source of what it relies on
//!                         ▼
//!                   Finding: file and line, cause, remedy
//! ```
//!
//! # Rules
//!
//! - What the files do not tell (a variable without a default, a call of a
//!   function, what another stack exports) is unknown, and accuses nobody.
//! - What could not be read or judged is said.
//! - A fact of AWS or Terraform without a source is no finding.

use std::path::PathBuf;

use self::{model::Language, said::Said};
use crate::{
    checks::{Check, Finding, Verdict},
    error::{Error, Result},
};

mod cloudformation;
mod document;
mod kind;
mod model;
mod openapi;
mod policies;
mod reading;
mod rules;
mod said;
mod terraform;
#[cfg(test)]
mod tests;

/// Parsing nests as deep as the files do, and unoptimised builds take much of a
/// stack for a level.
const STACK: usize = 64 * 1024 * 1024;

/// What there is to say of these files: in the order of the checks, then of the
/// files and lines.
///
/// # Errors
///
/// A path leads to nothing, or to what is none of the kinds, or a file does not
/// parse; all such problems are in one error, with their places.
pub fn judge(paths: &[PathBuf]) -> Result<Vec<Finding>> {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(STACK);
        let judging = thread
            .spawn_scoped(scope, || judged(paths))
            .map_err(|error| Error::invalid(format!("no thread to read files on: {error}")))?;
        let broken = |_| Error::invalid("the files break the parser");
        judging.join().map_err(broken).and_then(|done| done)
    })
}

fn judged(paths: &[PathBuf]) -> Result<Vec<Finding>> {
    let reading = reading::read(paths)?;
    let mut findings = Vec::new();
    for configuration in reading.configurations() {
        let mut said = Said::default();
        rules::apply(&configuration, &mut said);
        let made = configuration.resources.iter().filter(|one| !one.looked_up);
        let looked_at = made.count();
        for why in &configuration.unread {
            let why = format!("{}: not read: {why}", configuration.name);
            findings.push(Finding::skipped(Check::Config, why));
        }
        let said = said.findings();
        let accuses = |one: &Finding| matches!(one.verdict, Verdict::Failed | Verdict::Warning);
        if !said.iter().any(accuses) && configuration.language != Language::OpenApi {
            let resources = if looked_at == 1 {
                "resource"
            } else {
                "resources"
            };
            let words = format!("{}: {looked_at} {resources} looked at", configuration.name);
            findings.push(match looked_at {
                0 => Finding::skipped(
                    Check::Config,
                    format!("{}: no resources in it", configuration.name),
                ),
                _ => Finding::ok(Check::Config, words),
            });
        }
        findings.extend(said);
    }
    for (path, text, document) in &reading.bodies {
        findings.extend(openapi::judge(path, text, document));
    }
    findings.sort_by_key(|finding| finding.check);
    Ok(findings)
}

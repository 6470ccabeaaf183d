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

use self::{
    model::{Configuration, Language},
    said::Said,
};
use crate::{
    checks::{Check, Finding, Verdict},
    error::{Error, Result},
};

mod cloudformation;
mod document;
mod inline;
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
        findings.extend(unread(&configuration));
        findings.extend(inline::judge(&configuration));
        let said = said.findings();
        let accuses = |one: &Finding| matches!(one.verdict, Verdict::Failed | Verdict::Warning);
        // Of an OpenAPI file the body is what was looked at.
        if !said.iter().any(accuses) && configuration.language != Language::OpenApi {
            findings.extend(looked_at(&configuration));
        }
        findings.extend(said);
    }
    for (path, text, document) in &reading.bodies {
        findings.extend(openapi::judge(path, text, document));
    }
    findings.sort_by_key(|finding| finding.check);
    Ok(findings)
}

/// How much there was to look at, and nothing wrong with it.
fn looked_at(configuration: &Configuration) -> Option<Finding> {
    let name = &configuration.name;
    let made = configuration.resources.iter().filter(|one| !one.looked_up);
    let words = match made.count() {
        0 if !configuration.unread.is_empty() => return None,
        0 => {
            let why = format!("{name}: no resources in it");
            return Some(Finding::skipped(Check::Config, why));
        }
        1 => format!("{name}: 1 resource looked at"),
        count => format!("{name}: {count} resources looked at"),
    };
    Some(Finding::ok(Check::Config, words))
}

/// What of a configuration was not read: modules are in folders of their own,
/// and other files of the folder may hold what is missing in these.
fn unread(configuration: &Configuration) -> Vec<Finding> {
    let skipped = |why: &str, remedy: &str| {
        let why = format!("{}: {why}", configuration.name);
        let mut finding = Finding::skipped(Check::Config, why);
        finding.remedy = Some(remedy.to_owned());
        finding
    };
    let mut all = Vec::new();
    if let Some(open) = configuration
        .open
        .as_ref()
        .filter(|_| configuration.partial)
    {
        let why = format!("not judged whether something is missing: {open}");
        all.push(skipped(&why, "give the whole folder"));
    }
    if !configuration.unread.is_empty() {
        let why = format!("not read: {}", configuration.unread.join(", "));
        let remedy = match configuration.language {
            Language::Terraform => {
                "judge the folders of the modules by themselves, or all of it as `terraform show -json PLAN` writes it"
            }
            _ => "give each resource a type",
        };
        all.push(skipped(&why, remedy));
    }
    all
}

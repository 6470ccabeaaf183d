//! What API Gateway would refuse, and what it would leave out without a word,
//! found before anything is written.

use serde_json::Value;

use super::document::Dialect;
use super::findings::Findings;

mod checked;
mod extensions;
mod form;
mod integration;
mod mapping;
mod operation;
mod paths;
mod references;
mod security;
mod structure;
mod unfilled;
mod unheeded;
mod uri;

pub(super) use checked::Checked;

/// The family of a document by the version it names.
pub(super) fn dialect(document: &Value, findings: &mut Findings) -> Option<Dialect> {
    structure::dialect(document, findings)
}

/// Checks a document, and notes all that is wrong with it.
pub(super) fn document(checked: &Checked<'_>, findings: &mut Findings) {
    // Templates first: what one has left open is said as that, and not as a
    // wrong type or form of what stands there.
    unfilled::check(checked, findings);
    structure::check(checked, findings);
    references::check(checked, findings);
    extensions::check(checked, findings);
    security::check(checked, findings);
    paths::check(checked, findings);
    unheeded::check(checked, findings);
}

//! What API Gateway would refuse, and what it would leave out without a word,
//! found before anything is written.

use serde_json::Value;

use super::findings::{At, Findings};
use super::{ANY_METHOD, Dialect, Limits};

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

const METHODS: [&str; 7] = ["delete", "get", "head", "options", "patch", "post", "put"];

/// Everything that a check may look at.
pub(super) struct Checked<'a> {
    /// The document, with what the region tells filled in.
    pub document: &'a Value,
    /// Its family.
    pub dialect: Dialect,
    /// What the account and the stage allow.
    pub limits: &'a Limits,
}

impl Checked<'_> {
    /// Where a reference leads; the value itself if it is none or leads nowhere.
    fn resolve<'v>(&'v self, value: &'v Value) -> &'v Value {
        let mut value = value;
        for _ in 0..8 {
            let target = value.get("$ref").and_then(Value::as_str);
            let target = target.and_then(|target| references::target(self.document, target));
            match target {
                Some(target) => value = target,
                None => break,
            }
        }
        value
    }

    /// The security schemes by name, and where they stand.
    fn schemes(&self) -> (At, &Value) {
        match self.dialect {
            Dialect::Swagger2 => (
                At::of(["securityDefinitions"]),
                &self.document["securityDefinitions"],
            ),
            Dialect::OpenApi3 => (
                At::of(["components", "securitySchemes"]),
                &self.document["components"]["securitySchemes"],
            ),
        }
    }

    /// The models by name, and where they stand.
    fn models(&self) -> (At, &Value) {
        match self.dialect {
            Dialect::Swagger2 => (At::of(["definitions"]), &self.document["definitions"]),
            Dialect::OpenApi3 => (
                At::of(["components", "schemas"]),
                &self.document["components"]["schemas"],
            ),
        }
    }
}

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

/// Whether a key of a path item is a method that API Gateway has.
pub(super) fn is_method(key: &str) -> bool {
    METHODS.contains(&key) || key == ANY_METHOD
}

/// The method in capitals, as API Gateway reports it.
pub(super) fn verb(key: &str) -> String {
    if key == ANY_METHOD {
        return "ANY".to_owned();
    }
    key.to_ascii_uppercase()
}

/// The operations of a path item, by key.
pub(super) fn operations(item: &Value) -> impl Iterator<Item = (&'static str, &Value)> {
    let keys = METHODS.into_iter().chain([ANY_METHOD]);
    keys.filter_map(|key| Some((key, item.get(key)?)))
}

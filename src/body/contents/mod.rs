//! What an API consists of, in one form whether a file or AWS says it.
//!
//! Of each method every aspect is a text; an aspect that is as API Gateway has
//! it without a word is left out on both sides. What a file says may come out
//! in more than one way (a model without a name gets one from API Gateway):
//! such an aspect is open, and differs from nothing.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::resource::Drift;

mod document;
mod settings;
#[cfg(test)]
mod tests;

pub(crate) use document::{connection, unless};
pub use settings::Settings;

/// The aspects that decide who may invoke a method.
pub const AUTHORIZATION: &str = "authorization";
/// Whether a method wants an API key.
pub const API_KEY: &str = "API key";
/// What kind of integration answers.
pub const INTEGRATION: &str = "integration";
/// Where requests go.
pub const URI: &str = "uri";

/// What is said of a method, by aspect.
pub type Method = BTreeMap<String, String>;

/// Methods by verb and path: `GET /items`.
pub type Methods = BTreeMap<String, Method>;

/// What a file wants of a method.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// What it says.
    pub said: Method,
    /// The aspects of which it cannot be told how API Gateway keeps them.
    pub open: BTreeSet<String>,
    /// Whether somebody is asked for, also if it is open in which way.
    pub guarded: bool,
}

impl Wanted {
    /// Says a text of an aspect, unless there is nothing to say.
    fn say(&mut self, aspect: impl Into<String>, text: impl Into<String>) {
        let text = text.into();
        if !text.is_empty() {
            self.said.insert(aspect.into(), text);
        }
    }

    fn leave_open(&mut self, aspect: impl Into<String>) {
        self.open.insert(aspect.into());
    }

    /// That anybody may invoke what somebody is asked for, where no more can be told.
    fn opened(&self, name: &str, actual: &Method) -> Option<Drift> {
        let is_open = |method: &Method| method.get(AUTHORIZATION).is_none_or(|kind| kind == "NONE");
        let is_due = self.guarded && self.open.contains(AUTHORIZATION) && is_open(actual);
        is_due.then(|| Drift::new(format!("{name}: {AUTHORIZATION}"), "NONE", "an authorizer"))
    }

    /// Every aspect in which a method differs from this.
    fn drift<'a>(
        &'a self,
        name: &'a str,
        actual: &'a Method,
    ) -> impl Iterator<Item = Drift> + use<'a> {
        let aspects: BTreeSet<&String> = self.said.keys().chain(actual.keys()).collect();
        let closed = aspects
            .into_iter()
            .filter(|aspect| !self.open.contains(*aspect));
        closed.filter_map(move |aspect| {
            let text = |method: &Method| method.get(aspect).cloned().unwrap_or_default();
            let field = format!("{name}: {aspect}");
            Drift::between(field, &text(actual), &text(&self.said))
        })
    }
}

/// What a file wants of the methods of an API.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Definition {
    /// Of each method.
    pub methods: BTreeMap<String, Wanted>,
    /// What there is beside them.
    pub beside: Beside,
}

/// The parts of an API beside its methods that a file has. How API Gateway keeps
/// each is not told here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a part of its own")]
pub struct Beside {
    /// Authorizers.
    pub authorizers: bool,
    /// Models.
    pub models: bool,
    /// Request validators.
    pub validators: bool,
    /// Gateway responses.
    pub gateway_responses: bool,
}

impl Definition {
    /// Whether it tells all that API Gateway makes of the file.
    pub fn is_whole(&self) -> bool {
        let open = self.methods.values().any(|method| !method.open.is_empty());
        !open && self.beside == Beside::default()
    }

    /// Every difference, method by method and aspect by aspect.
    pub fn drift(&self, actual: &Methods) -> Vec<Drift> {
        let names: BTreeSet<&String> = self.methods.keys().chain(actual.keys()).collect();
        let mut drift = Vec::new();
        for name in names {
            match (self.methods.get(name), actual.get(name)) {
                (Some(wanted), Some(has)) => {
                    drift.extend(wanted.drift(name, has));
                    drift.extend(wanted.opened(name, has));
                }
                (wanted, has) => {
                    let wanted = wanted.map(|wanted| words(&wanted.said)).unwrap_or_default();
                    let has = has.map(words).unwrap_or_default();
                    drift.push(Drift::new(name.clone(), has, wanted));
                }
            }
        }
        drift
    }

    /// The differences in who may invoke a method. What they come to is
    /// documented, so they count whatever else API Gateway may have made of the
    /// file.
    pub fn protection(&self, actual: &Methods) -> Vec<Drift> {
        let mut drift = Vec::new();
        for (name, wanted) in &self.methods {
            let Some(has) = actual.get(name) else {
                continue;
            };
            drift.extend(wanted.opened(name, has));
            for aspect in [AUTHORIZATION, API_KEY] {
                if wanted.open.contains(aspect) {
                    continue;
                }
                let text = |method: &Method| method.get(aspect).cloned().unwrap_or_default();
                let field = format!("{name}: {aspect}");
                drift.extend(Drift::between(field, &text(has), &text(&wanted.said)));
            }
        }
        drift
    }
}

/// A method in a few words: what answers it.
fn words(method: &Method) -> String {
    let text = |aspect| method.get(aspect).map_or("", String::as_str);
    let words = format!("{} {}", text(INTEGRATION), text(URI));
    words.trim().to_owned()
}

/// JSON as one text, for comparing: sorted keys, nothing that is null or empty.
pub fn text_of(value: &Value) -> String {
    let mut text = String::new();
    super::write_canonical(&tidy(value), &mut text);
    text
}

/// A map in a few words, sorted: `a: 1, b: 2`.
pub fn listed<'a>(pairs: impl IntoIterator<Item = (&'a String, String)>) -> String {
    let sorted: BTreeMap<&String, String> = pairs.into_iter().collect();
    let words = sorted
        .into_iter()
        .map(|(key, value)| format!("{key}: {value}"));
    words.collect::<Vec<_>>().join(", ")
}

/// Without members that say nothing: API Gateway leaves them out, or says null.
fn tidy(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let members = members
                .iter()
                .map(|(key, value)| (key.clone(), tidy(value)));
            members.filter(|(_, value)| !is_empty(value)).collect()
        }
        Value::Array(items) => items.iter().map(tidy).collect(),
        scalar => scalar.clone(),
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        _ => false,
    }
}

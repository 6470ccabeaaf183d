//! A key of a table: its form, and what holds when the file does not give it.

use super::form::Form;
use super::reading::{Context, Reading};
use super::schema::{Object, TableSchema, default_to, is_empty};
use super::section::Section;

/// A key of a table, or several of which one is given.
pub(super) trait Key: Sized {
    type Value;

    /// Takes the key out of its table. `None` only if a problem has been noted.
    fn take(
        &self,
        name: &'static str,
        section: &mut Section,
        reading: &mut Reading,
    ) -> Option<Self::Value>;

    /// Adds the key to a table that is written.
    fn write(&self, name: &str, value: &Self::Value, table: &mut Object);

    /// Adds the key to the schema of its table.
    fn describe(&self, name: &str, description: &str, table: &mut TableSchema);

    /// Lets the context know what has been read.
    fn then(self, note: fn(&Self::Value, &mut Context)) -> Then<Self> {
        Then { key: self, note }
    }
}

/// The key itself, whose value is a `T`: so that a declaration says its type once.
pub(super) fn typed<T, K: Key<Value = T>>(key: K) -> K {
    key
}

/// A key that need not be given.
pub(super) trait Omissible: Key {
    /// What holds without it.
    fn omitted(&self) -> Self::Value;
}

/// A key that must be given.
pub(super) fn required<F: Form>(form: F) -> Required<F> {
    Required(form)
}

/// A key without which there is no value.
pub(super) fn optional<F: Form>(form: F) -> Optional<F> {
    Optional(form)
}

/// A key without which `default` holds.
pub(super) fn or<F: Form>(form: F, default: impl Into<F::Value>) -> Or<F> {
    Or {
        form,
        default: default.into(),
    }
}

/// A key of many values, none of which need be given.
pub(super) fn or_empty<F: Form<Value: Default>>(form: F) -> Or<F> {
    or(form, F::Value::default())
}

pub(super) struct Required<F>(F);

pub(super) struct Optional<F>(F);

pub(super) struct Or<F: Form> {
    form: F,
    default: F::Value,
}

pub(super) struct Then<K: Key> {
    key: K,
    note: fn(&K::Value, &mut Context),
}

impl<F: Form> Key for Required<F> {
    type Value = F::Value;

    fn take(
        &self,
        name: &'static str,
        section: &mut Section,
        reading: &mut Reading,
    ) -> Option<F::Value> {
        if let Some(given) = section.take(name, reading) {
            return self.0.read(given, reading);
        }
        let remedy = self.0.remedy(name, &section.place());
        section.missing(name, remedy, reading);
        None
    }

    fn write(&self, name: &str, value: &F::Value, table: &mut Object) {
        table.insert(name.to_owned(), self.0.write(value));
    }

    fn describe(&self, name: &str, description: &str, table: &mut TableSchema) {
        let schema = self.0.schema(table.definitions);
        table.key(name, description, schema);
        table.require(name);
    }
}

/// A value that is wrong is noted, and reads as if it were not given: the file
/// is refused anyway, and what else is wrong with it is still found.
impl<F: Form> Key for Optional<F> {
    type Value = Option<F::Value>;

    fn take(
        &self,
        name: &'static str,
        section: &mut Section,
        reading: &mut Reading,
    ) -> Option<Self::Value> {
        let given = section.take(name, reading);
        Some(given.and_then(|given| self.0.read(given, reading)))
    }

    fn write(&self, name: &str, value: &Self::Value, table: &mut Object) {
        if let Some(value) = value {
            table.insert(name.to_owned(), self.0.write(value));
        }
    }

    fn describe(&self, name: &str, description: &str, table: &mut TableSchema) {
        let schema = self.0.schema(table.definitions);
        table.key(name, description, schema);
    }
}

impl<F: Form> Omissible for Optional<F> {
    fn omitted(&self) -> Self::Value {
        None
    }
}

/// A value that is wrong reads as the default, for the same reason.
impl<F: Form<Value: Clone>> Key for Or<F> {
    type Value = F::Value;

    fn take(
        &self,
        name: &'static str,
        section: &mut Section,
        reading: &mut Reading,
    ) -> Option<F::Value> {
        let given = section.take(name, reading);
        let value = given.and_then(|given| self.form.read(given, reading));
        Some(value.unwrap_or_else(|| self.omitted()))
    }

    fn write(&self, name: &str, value: &F::Value, table: &mut Object) {
        let value = self.form.write(value);
        if !is_empty(&value) {
            table.insert(name.to_owned(), value);
        }
    }

    fn describe(&self, name: &str, description: &str, table: &mut TableSchema) {
        let mut schema = self.form.schema(table.definitions);
        default_to(&mut schema, self.form.write(&self.default));
        table.key(name, description, schema);
    }
}

impl<F: Form<Value: Clone>> Omissible for Or<F> {
    fn omitted(&self) -> F::Value {
        self.default.clone()
    }
}

impl<K: Key> Key for Then<K> {
    type Value = K::Value;

    fn take(
        &self,
        name: &'static str,
        section: &mut Section,
        reading: &mut Reading,
    ) -> Option<K::Value> {
        let value = self.key.take(name, section, reading)?;
        (self.note)(&value, &mut reading.context);
        Some(value)
    }

    fn write(&self, name: &str, value: &K::Value, table: &mut Object) {
        self.key.write(name, value, table);
    }

    fn describe(&self, name: &str, description: &str, table: &mut TableSchema) {
        self.key.describe(name, description, table);
    }
}

impl<K: Omissible> Omissible for Then<K> {
    fn omitted(&self) -> K::Value {
        self.key.omitted()
    }
}

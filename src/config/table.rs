//! `table!` declares a table of the file: one line of documentation and one of
//! code a key. From it come the type, the reader, the writer and the schema.

use std::marker::PhantomData;

use serde_json::{Value as Json, json};

use super::form::Form;
use super::key::{Key, Omissible};
use super::problem::refusal;
use super::reading::Reading;
use super::schema::{Definitions, Object, TableSchema, default_to, object};
use super::section::{Given, Section};

/// A table of the file. `table!` implements it.
pub(super) trait Table: Sized {
    const NAME: &'static str;
    const DESCRIPTION: &'static str;

    /// Reads every key. `None` only if a problem has been noted.
    fn read(section: Section, reading: &mut Reading) -> Option<Self>;

    /// The table as the file would have it.
    fn write(&self) -> Object;

    /// Adds every key to the schema.
    fn describe(schema: &mut TableSchema);

    /// The schema of the table.
    fn schema(definitions: &mut Definitions) -> Object {
        let mut schema = TableSchema::new(definitions);
        Self::describe(&mut schema);
        schema.into_object(Self::DESCRIPTION)
    }
}

/// Declares a table: the type with its documentation, and of each key the
/// documentation, the field, its type, and what it is.
///
/// - `field as "key": …` where the file has another name for it.
/// - `: Default` after the name where every key may be left out.
/// - `, before: note` calls `note(&section, &mut context)` before the first key
///   is read.
macro_rules! table {
    (
        $(#[doc = $doc:literal])*
        pub struct $Table:ident: Default { $($keys:tt)* }
    ) => {
        $crate::config::table::table! {
            $(#[doc = $doc])*
            pub struct $Table { $($keys)* }
        }
        $crate::config::table::table! { @default $Table { $($keys)* } }
    };
    (@default $Table:ident {
        $( $(#[doc = $doc:literal])* $field:ident $(as $name:literal)?: $Type:ty = $key:expr; )*
    }) => {
        impl Default for $Table {
            fn default() -> Self {
                use $crate::config::key;
                $Table {
                    $( $field: key::Omissible::omitted(&key::typed::<$Type, _>($key)), )*
                }
            }
        }
    };
    (@name $field:ident) => { stringify!($field) };
    (@name $field:ident $name:literal) => { $name };
    (
        $(#[doc = $doc:literal])*
        pub struct $Table:ident $(, before: $before:path)? {
            $(
                $(#[doc = $key_doc:literal])*
                $field:ident $(as $name:literal)?: $Type:ty = $key:expr;
            )*
        }
    ) => {
        $(#[doc = $doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        pub struct $Table {
            $( $(#[doc = $key_doc])* pub $field: $Type, )*
        }

        impl $crate::config::table::Table for $Table {
            const NAME: &'static str = stringify!($Table);
            const DESCRIPTION: &'static str = concat!($($doc),*);

            fn read(
                mut section: $crate::config::section::Section,
                reading: &mut $crate::config::reading::Reading,
            ) -> Option<Self> {
                use $crate::config::{key, table::table};
                $( $before(&section, &mut reading.context); )?
                $(
                    let name = table!(@name $field $($name)?);
                    let key = key::typed::<$Type, _>($key);
                    let $field = key::Key::take(&key, name, &mut section, reading);
                )*
                section.finish(reading);
                Some($Table { $( $field: $field?, )* })
            }

            fn write(&self) -> $crate::config::schema::Object {
                use $crate::config::{key, schema::Object, table::table};
                let mut table = Object::new();
                $(
                    let name = table!(@name $field $($name)?);
                    let key = key::typed::<$Type, _>($key);
                    key::Key::write(&key, name, &self.$field, &mut table);
                )*
                table
            }

            fn describe(schema: &mut $crate::config::schema::TableSchema) {
                use $crate::config::{key, table::table};
                $(
                    let name = table!(@name $field $($name)?);
                    let key = key::typed::<$Type, _>($key);
                    key::Key::describe(&key, name, concat!($($key_doc),*), schema);
                )*
            }
        }
    };
}
pub(super) use table;

/// A table, as the value of a key.
pub(super) fn nested<T: Table>() -> Nested<T> {
    Nested(PhantomData)
}

/// A table that is read even if it is not there: what it must hold is missed
/// key by key.
pub(super) fn section<T: Table>() -> SectionOf<T> {
    SectionOf { default: None }
}

/// A table that need not be there, nor any of its keys.
pub(super) fn section_or_default<T: Table + Default>() -> SectionOf<T> {
    SectionOf {
        default: Some(T::default),
    }
}

/// An array of tables. `shape` says how it is written.
pub(super) fn tables<T: Table>(shape: &'static str) -> Tables<T> {
    Tables {
        of: Nested(PhantomData),
        shape,
        none: None,
    }
}

pub(super) struct Nested<T>(PhantomData<T>);

pub(super) struct SectionOf<T> {
    default: Option<fn() -> T>,
}

pub(super) struct Tables<T> {
    of: Nested<T>,
    shape: &'static str,
    none: Option<(&'static str, &'static str)>,
}

impl<T: Table> Form for Nested<T> {
    type Value = T;

    fn read(&self, given: Given, reading: &mut Reading) -> Option<T> {
        T::read(given.section(reading)?, reading)
    }

    fn write(&self, value: &T) -> Json {
        value.write().into()
    }

    fn schema(&self, definitions: &mut Definitions) -> Object {
        definitions.refer(T::NAME, T::schema)
    }

    fn example(&self) -> String {
        "{}".to_owned()
    }
}

impl<T: Table> Key for SectionOf<T> {
    type Value = T;

    fn take(&self, name: &'static str, section: &mut Section, reading: &mut Reading) -> Option<T> {
        match section.take(name, reading) {
            Some(given) => nested().read(given, reading),
            None => T::read(section.empty(name), reading),
        }
    }

    fn write(&self, name: &str, value: &T, table: &mut Object) {
        table.insert(name.to_owned(), value.write().into());
    }

    fn describe(&self, name: &str, description: &str, schema: &mut TableSchema) {
        let mut property = nested::<T>().schema(schema.definitions);
        match self.default {
            Some(default) => default_to(&mut property, default().write().into()),
            None => schema.require(name),
        }
        schema.key(name, description, property);
    }
}

impl<T: Table + Default> Omissible for SectionOf<T> {
    fn omitted(&self) -> T {
        T::default()
    }
}

impl<T> Tables<T> {
    /// Refuses an array of none: what to say, and what to do.
    pub fn one_or_more(self, message: &'static str, remedy: &'static str) -> Self {
        Tables {
            none: Some((message, remedy)),
            ..self
        }
    }
}

impl<T: Table> Form for Tables<T> {
    type Value = Vec<T>;

    fn read(&self, given: Given, reading: &mut Reading) -> Option<Vec<T>> {
        let (origin, path) = (given.node.origin, given.path.clone());
        let items = given.items("an array of tables", self.shape, reading)?;
        if let (Some((message, remedy)), true) = (self.none, items.is_empty()) {
            reading.refuse(origin, &path, refusal(message, remedy));
            return None;
        }
        let count = items.len();
        let read = |item| self.of.read(item, reading);
        let tables: Vec<T> = items.into_iter().filter_map(read).collect();
        (tables.len() == count).then_some(tables)
    }

    fn write(&self, tables: &Vec<T>) -> Json {
        tables.iter().map(|table| self.of.write(table)).collect()
    }

    fn schema(&self, definitions: &mut Definitions) -> Object {
        let items = self.of.schema(definitions);
        let mut schema = object(json!({ "type": "array", "items": items }));
        if self.none.is_some() {
            schema.insert("minItems".to_owned(), 1.into());
        }
        schema
    }

    fn example(&self) -> String {
        "[]".to_owned()
    }

    fn remedy(&self, name: &str, place: &str) -> String {
        match self.none {
            Some((_, remedy)) => remedy.to_owned(),
            None => format!("add {place}: {name} = {}", self.example()),
        }
    }
}

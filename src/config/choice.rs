//! `choice!` declares keys of which a table gives exactly one; `words!` declares
//! the words that one key takes.

use std::marker::PhantomData;

use serde_json::{Value as Json, json};

use super::form::Form;
use super::key::Key;
use super::problem::{refusal, shown};
use super::reading::Reading;
use super::schema::{Definitions, Object, TableSchema, object, prose};
use super::section::{Given, Section};

/// Keys of which exactly one is given. `choice!` implements it.
pub(super) trait Choice: Sized {
    const KEYS: &'static [&'static str];

    /// Reads all that is given, so that all that is wrong is said at once.
    fn read(section: &mut Section, reading: &mut Reading) -> Option<Self>;

    /// Adds the one key to a table that is written.
    fn write(&self, table: &mut Object);

    /// Adds every key to the schema of the table.
    fn describe(schema: &mut TableSchema);
}

/// Declares keys of which exactly one is given: of each the documentation, the
/// variant, and the key with its form.
macro_rules! choice {
    (
        $(#[doc = $doc:literal])*
        pub enum $Choice:ident {
            $(
                $(#[doc = $key_doc:literal])*
                $Variant:ident $(($Type:ty))? = $name:literal, $form:expr;
            )*
        }
    ) => {
        $(#[doc = $doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        pub enum $Choice {
            $( $(#[doc = $key_doc])* $Variant $(($Type))?, )*
        }

        impl $crate::config::choice::Choice for $Choice {
            const KEYS: &'static [&'static str] = &[$($name),*];

            fn read(
                section: &mut $crate::config::section::Section,
                reading: &mut $crate::config::reading::Reading,
            ) -> Option<Self> {
                use $crate::config::{choice::choice, form};
                let mut choice = None;
                $(
                    let given = section.take($name, reading);
                    let form = form::typed::<choice!(@type $($Type)?), _>($form);
                    let value = given.and_then(|given| form::Form::read(&form, given, reading));
                    choice = choice.or(value.map(choice!(@make $Choice $Variant $($Type)?)));
                )*
                choice
            }

            fn write(&self, table: &mut $crate::config::schema::Object) {
                use $crate::config::choice::choice;
                $( choice!(@write self, table, $name, $form, $Choice $Variant $($Type)?); )*
            }

            fn describe(schema: &mut $crate::config::schema::TableSchema) {
                use $crate::config::{choice::choice, form};
                $(
                    let form = form::typed::<choice!(@type $($Type)?), _>($form);
                    let value = form::Form::schema(&form, schema.definitions);
                    schema.key($name, concat!($($key_doc),*), value);
                )*
            }
        }
    };
    (@type $Type:ty) => { $Type };
    (@type) => { () };
    (@make $Choice:ident $Variant:ident $Type:ty) => { $Choice::$Variant };
    (@make $Choice:ident $Variant:ident) => { |()| $Choice::$Variant };
    (
        @write $this:ident, $table:ident, $name:literal, $form:expr,
        $Choice:ident $Variant:ident $Type:ty
    ) => {
        if let $Choice::$Variant(value) = $this {
            use $crate::config::form;
            let form = form::typed::<$Type, _>($form);
            $table.insert($name.to_owned(), form::Form::write(&form, value));
        }
    };
    (
        @write $this:ident, $table:ident, $name:literal, $form:expr,
        $Choice:ident $Variant:ident
    ) => {
        if let $Choice::$Variant = $this {
            use $crate::config::form;
            $table.insert($name.to_owned(), form::Form::write(&$form, &()));
        }
    };
}
pub(super) use choice;

/// Exactly one of the keys of `T`. `example` is what to do if there is none,
/// `remedy` if there are several.
pub(super) fn one_of<T: Choice>(example: &'static str, remedy: &'static str) -> OneOf<T> {
    OneOf {
        of: PhantomData,
        example,
        remedy,
    }
}

pub(super) struct OneOf<T> {
    of: PhantomData<T>,
    example: &'static str,
    remedy: &'static str,
}

impl<T: Choice> Key for OneOf<T> {
    type Value = T;

    fn take(&self, _: &'static str, section: &mut Section, reading: &mut Reading) -> Option<T> {
        let keys = T::KEYS.iter().copied();
        let given: Vec<&str> = keys.filter(|key| section.has(key)).collect();
        // Of several the first that is right, for the rules between other keys.
        let choice = T::read(section, reading);
        if given.len() == 1 {
            return choice;
        }
        let refusal = if given.is_empty() {
            let keys = listed(T::KEYS.iter().copied());
            refusal(format!("needs one of {keys}"), self.example)
        } else {
            let message = format!("`{}` exclude each other", given.join("` and `"));
            refusal(message, self.remedy)
        };
        reading.refuse(section.origin, &section.path, refusal);
        choice
    }

    fn write(&self, _: &str, value: &T, table: &mut Object) {
        value.write(table);
    }

    fn describe(&self, _: &str, _: &str, table: &mut TableSchema) {
        T::describe(table);
        table.require_one(T::KEYS);
    }
}

/// `a`, `b` and `c`.
fn listed<'a>(words: impl Iterator<Item = &'a str>) -> String {
    let mut words: Vec<String> = words.map(|word| format!("`{word}`")).collect();
    let last = words.pop().unwrap_or_default();
    if words.is_empty() {
        return last;
    }
    format!("{} and {last}", words.join(", "))
}

/// The words that a key takes. `words!` implements it.
pub(super) trait Words: Copy + PartialEq + 'static {
    const NAME: &'static str;
    const DESCRIPTION: &'static str;
    /// What one of them is called.
    const NOUN: &'static str;
    /// Each with its spelling and its documentation.
    const ALL: &'static [(Self, &'static str, &'static str)];
}

/// Declares the words that a key takes: of each the documentation, the variant
/// and the spelling.
macro_rules! words {
    (
        $(#[doc = $doc:literal])*
        pub enum $Words:ident, called $noun:literal {
            $( $(#[doc = $word_doc:literal])* $Variant:ident = $word:literal; )*
        }
    ) => {
        $(#[doc = $doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $Words {
            $( $(#[doc = $word_doc])* $Variant, )*
        }

        impl $crate::config::choice::Words for $Words {
            const NAME: &'static str = stringify!($Words);
            const DESCRIPTION: &'static str = concat!($($doc),*);
            const NOUN: &'static str = $noun;
            const ALL: &'static [(Self, &'static str, &'static str)] =
                &[$( ($Words::$Variant, $word, concat!($($word_doc),*)) ),*];
        }
    };
}
pub(super) use words;

/// One of the words of `T`.
pub(super) fn word<T: Words>() -> Word<T> {
    Word(PhantomData)
}

pub(super) struct Word<T>(PhantomData<T>);

impl<T: Words> Form for Word<T> {
    type Value = T;

    fn read(&self, given: Given, reading: &mut Reading) -> Option<T> {
        let text = given.text(reading)?;
        if let Some((value, ..)) = T::ALL.iter().find(|(_, word, _)| *word == text) {
            return Some(*value);
        }
        let words = listed(T::ALL.iter().map(|(_, word, _)| *word));
        let hint = match T::ALL {
            [_] => format!("the {} is {words}", T::NOUN),
            _ => format!("one of {words}"),
        };
        let message = format!("`{}` is not a {}", shown(text), T::NOUN);
        given.refuse(refusal(message, hint), reading);
        None
    }

    fn write(&self, value: &T) -> Json {
        let word = T::ALL.iter().find(|(known, ..)| known == value);
        word.map(|(_, word, _)| *word).into()
    }

    fn schema(&self, definitions: &mut Definitions) -> Object {
        let one = |(_, word, description): &(T, &str, &str)| {
            let description = prose(description);
            json!({ "type": "string", "const": word, "description": description })
        };
        definitions.refer(T::NAME, |_| {
            let words: Vec<Json> = T::ALL.iter().map(one).collect();
            object(json!({ "description": prose(T::DESCRIPTION), "oneOf": words }))
        })
    }

    fn example(&self) -> String {
        T::ALL
            .first()
            .map_or_else(String::new, |(_, word, _)| format!("\"{word}\""))
    }
}

//! The forms that values take: a string, a switch, a number of seconds, a list
//! of strings. A form reads a value, writes it again and describes it.

use serde_json::{Value as Json, json};

use super::problem::{Checked, refusal};
use super::reading::{Context, Reading};
use super::schema::{Definitions, Object, object};
use super::section::Given;
use super::tree::Value;

/// How the value of a key is written in the file.
pub(super) trait Form {
    type Value;

    /// Reads what the file gives. `None` only if a problem has been noted.
    fn read(&self, given: Given, reading: &mut Reading) -> Option<Self::Value>;

    /// The value as the file would have it.
    fn write(&self, value: &Self::Value) -> Json;

    /// What the schema says of the value.
    fn schema(&self, definitions: &mut Definitions) -> Object;

    /// An example in TOML.
    fn example(&self) -> String;

    /// What to do if the key `name` is not there. `place` says where it belongs.
    fn remedy(&self, name: &str, place: &str) -> String {
        format!("add {place}: {name} = {}", self.example())
    }
}

/// The form itself, whose value is a `T`: so that a declaration says its type once.
pub(super) fn typed<T, F: Form<Value = T>>(form: F) -> F {
    form
}

type Check<T> = fn(&str, &Context) -> Checked<T>;

/// A string that passes a check.
pub(super) struct Text<T> {
    check: Check<T>,
    write: fn(&T) -> String,
    pattern: Option<&'static str>,
    examples: &'static [&'static str],
}

impl<T: ToString> Text<T> {
    pub const fn new(check: Check<T>) -> Self {
        Text::written(check, T::to_string)
    }
}

impl<T> Text<T> {
    /// A string whose value has a spelling of its own.
    pub const fn written(check: Check<T>, write: fn(&T) -> String) -> Self {
        Text {
            check,
            write,
            pattern: None,
            examples: &[],
        }
    }

    /// How the string looks, for editors; the check is stricter.
    pub const fn pattern(self, pattern: &'static str) -> Self {
        Text {
            pattern: Some(pattern),
            ..self
        }
    }

    /// Examples; the first is proposed where the key is missing.
    pub const fn examples(self, examples: &'static [&'static str]) -> Self {
        Text { examples, ..self }
    }
}

impl<T> Form for Text<T> {
    type Value = T;

    fn read(&self, given: Given, reading: &mut Reading) -> Option<T> {
        let checked = (self.check)(given.text(reading)?, &reading.context);
        checked
            .map_err(|refusal| given.refuse(refusal, reading))
            .ok()
    }

    fn write(&self, value: &T) -> Json {
        (self.write)(value).into()
    }

    fn schema(&self, _: &mut Definitions) -> Object {
        let mut schema = object(json!({ "type": "string" }));
        if let Some(pattern) = self.pattern {
            // A variable may stand where the pattern asks for something else.
            let pattern = format!(r"{pattern}|\$\{{");
            schema.insert("pattern".to_owned(), pattern.into());
        }
        if !self.examples.is_empty() {
            schema.insert("examples".to_owned(), self.examples.into());
        }
        schema
    }

    fn example(&self) -> String {
        format!("\"{}\"", self.examples.first().unwrap_or(&""))
    }
}

/// True or false.
pub(super) struct Switch;

impl Form for Switch {
    type Value = bool;

    fn read(&self, given: Given, reading: &mut Reading) -> Option<bool> {
        if let Value::Boolean(yes) = given.node.value {
            return Some(yes);
        }
        given.unexpected("true or false", "without quotes", reading);
        None
    }

    fn write(&self, value: &bool) -> Json {
        (*value).into()
    }

    fn schema(&self, _: &mut Definitions) -> Object {
        object(json!({ "type": "boolean" }))
    }

    fn example(&self) -> String {
        "true".to_owned()
    }
}

/// Only `true`: the key says something by being there. `hint` says what to do
/// instead of writing `false`.
pub(super) struct OnlyTrue {
    pub hint: &'static str,
}

impl Form for OnlyTrue {
    type Value = ();

    fn read(&self, given: Given, reading: &mut Reading) -> Option<()> {
        if let Value::Boolean(false) = given.node.value {
            given.refuse(refusal("must be true", self.hint), reading);
        } else {
            Switch.read(given, reading);
        }
        // It is there, whatever it says.
        Some(())
    }

    fn write(&self, (): &()) -> Json {
        true.into()
    }

    fn schema(&self, _: &mut Definitions) -> Object {
        object(json!({ "type": "boolean", "const": true }))
    }

    fn example(&self) -> String {
        "true".to_owned()
    }
}

/// A number of seconds from `least` to `most`.
pub(super) struct Seconds {
    pub least: u32,
    pub most: u32,
}

impl Form for Seconds {
    type Value = u32;

    fn read(&self, given: Given, reading: &mut Reading) -> Option<u32> {
        whole(&given, self.least, self.most, "seconds", reading)
    }

    fn write(&self, value: &u32) -> Json {
        (*value).into()
    }

    fn schema(&self, _: &mut Definitions) -> Object {
        schema_of_whole(self.least, self.most)
    }

    fn example(&self) -> String {
        self.least.to_string()
    }
}

/// A number of things from `least` to `most`.
pub(super) struct Count {
    pub least: u32,
    pub most: u32,
    pub what: &'static str,
}

impl Form for Count {
    type Value = u32;

    fn read(&self, given: Given, reading: &mut Reading) -> Option<u32> {
        whole(&given, self.least, self.most, self.what, reading)
    }

    fn write(&self, value: &u32) -> Json {
        (*value).into()
    }

    fn schema(&self, _: &mut Definitions) -> Object {
        schema_of_whole(self.least, self.most)
    }

    fn example(&self) -> String {
        self.least.to_string()
    }
}

fn whole(given: &Given, least: u32, most: u32, what: &str, reading: &mut Reading) -> Option<u32> {
    let Value::Integer(number) = given.node.value else {
        given.unexpected("an integer", &format!("{what}, without quotes"), reading);
        return None;
    };
    let fits = u32::try_from(number).ok();
    let fits = fits.filter(|number| (least..=most).contains(number));
    if fits.is_none() {
        let message = format!("{number} is out of range");
        let hint = format!("{least} to {most} {what}");
        given.refuse(refusal(message, hint), reading);
    }
    fits
}

fn schema_of_whole(least: u32, most: u32) -> Object {
    object(json!({
        "type": "integer", "format": "uint32", "minimum": least, "maximum": most,
    }))
}

/// An array of strings, none of them twice.
pub(super) struct List<T> {
    of: Text<T>,
    least: usize,
    why: &'static str,
}

impl<T> List<T> {
    pub const fn of(of: Text<T>) -> Self {
        List {
            of,
            least: 0,
            why: "",
        }
    }

    /// How many it needs, and why.
    pub const fn at_least(self, least: usize, why: &'static str) -> Self {
        List { least, why, ..self }
    }
}

impl<T: PartialEq> Form for List<T> {
    type Value = Vec<T>;

    fn read(&self, given: Given, reading: &mut Reading) -> Option<Vec<T>> {
        let (origin, path) = (given.node.origin, given.path.clone());
        let hint = format!("write {} = {}", given.name(), self.example());
        let items = given.items("an array", &hint, reading)?;
        let count = items.len();
        if count < self.least {
            let message = format!("needs {} or more, has {count}", self.least);
            reading.refuse(origin, &path, refusal(message, self.why));
        }
        let mut values = Vec::new();
        for item in items {
            let (origin, path) = (item.node.origin, item.path.clone());
            let Some(value) = self.of.read(item, reading) else {
                continue;
            };
            if values.contains(&value) {
                let message = format!("`{}` is named twice", (self.of.write)(&value));
                reading.refuse(origin, &path, refusal(message, "name it once"));
                continue;
            }
            values.push(value);
        }
        (values.len() == count).then_some(values)
    }

    fn write(&self, values: &Vec<T>) -> Json {
        values.iter().map(|value| self.of.write(value)).collect()
    }

    fn schema(&self, definitions: &mut Definitions) -> Object {
        let mut items = self.of.schema(definitions);
        items.remove("examples");
        let mut schema = object(json!({
            "type": "array", "items": items, "uniqueItems": true,
            "examples": [self.of.examples],
        }));
        if self.least > 0 {
            schema.insert("minItems".to_owned(), self.least.into());
        }
        schema
    }

    fn example(&self) -> String {
        format!("[\"{}\"]", self.of.examples.join("\", \""))
    }
}

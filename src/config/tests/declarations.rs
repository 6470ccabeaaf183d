//! What one line of a declaration does: a small table of its own.

use serde_json::json;

use super::super::choice::{choice, one_of, word, words};
use super::super::form::{Seconds, Switch};
use super::super::key::{optional, or, required};
use super::super::reading::{Context, Reading};
use super::super::schema::{Definitions, TableSchema};
use super::super::section::Section;
use super::super::table::{Table, nested, table};
use super::super::tree::{self, Origin, Problems};
use super::super::values::api::STAGE;
use super::*;

words! {
    /// What a lamp shows.
    pub enum Colour, called "colour" {
        /// Stop.
        Red = "red";
        /// Go.
        Green = "green";
    }
}

choice! {
    /// Where its power is from.
    pub enum Power {
        /// A line.
        Mains(bool) = "mains", Switch;
        /// A battery, for so long.
        Battery(u32) = "battery", Seconds { least: 1, most: 9 };
    }
}

table! {
    /// A lamp.
    pub struct Lamp {
        /// Where it stands.
        place as "where": String = required(STAGE.examples(&["hall"]));
        /// What it shows.
        colour: Colour = or(word::<Colour>(), Colour::Red);
        /// How long.
        lasting: Option<u32> = optional(Seconds { least: 2, most: 5 });
        /// Its power.
        power: Power = one_of("for example mains = true", "keep one");
        /// A smaller one.
        small: Option<Small> = optional(nested());
    }
}

table! {
    /// A small lamp.
    pub struct Small: Default {
        /// Whether it is lit.
        is_lit: bool = or(Switch, true);
    }
}

/// The lamp that `text` is, or what is said of it.
fn lamp(text: &str) -> Result<Lamp, String> {
    let mut problems = Problems::new(Path::new("lamp"));
    let entries = tree::parse(text, &mut problems).unwrap();
    let mut reading = Reading::new(problems, Context::new(Path::new("")));
    let top = Origin::File { line: 1, column: 1 };
    let lamp = Lamp::read(Section::new(String::new(), top, entries), &mut reading);
    match reading.problems.sorted() {
        found if found.is_empty() => Ok(lamp.expect("nothing is wrong")),
        found => Err(ConfigErrors(found).to_string()),
    }
}

#[test]
fn a_declared_key_is_read_with_its_default_and_written() {
    let least = lamp("where = 'hall'\nbattery = 9").unwrap();
    assert_eq!(least.place, "hall");
    assert_eq!((least.colour, least.lasting), (Colour::Red, None));
    assert_eq!((&least.power, &least.small), (&Power::Battery(9), &None));
    let written = least.write();
    let expected = json!({ "where": "hall", "colour": "red", "battery": 9 });
    assert_eq!(json!(written), expected);

    let all = "where = 'x'\ncolour = 'green'\nlasting = 5\nmains = false\nsmall = {}";
    let all = lamp(all).unwrap();
    assert_eq!((all.colour, all.lasting), (Colour::Green, Some(5)));
    assert_eq!(all.power, Power::Mains(false));
    assert_eq!(all.small, Some(Small { is_lit: true }));
}

#[test]
fn what_is_not_as_declared_is_refused_all_at_once() {
    let text =
        "colour = 'blue'\nlasting = 6\nmains = true\nbattery = 0\nsmall = { is_lit = 1, lit = 1 }";
    insta::assert_snapshot!(lamp(text).unwrap_err(), @r#"
    lamp:1: where: missing required key
      hint: add at the top: where = "hall"
    lamp:1: `mains` and `battery` exclude each other
      hint: keep one
    lamp:1: colour: `blue` is not a colour
      hint: one of `red` and `green`
    lamp:2: lasting: 6 is out of range
      hint: 2 to 5 seconds
    lamp:4: battery: 0 is out of range
      hint: 1 to 9 seconds
    lamp:5: small.is_lit: must be true or false, not an integer
      hint: without quotes
    lamp:5: small.lit: unknown key
      hint: the keys here are `is_lit`
    "#);
}

#[test]
fn a_declared_key_is_described_by_its_own_comment() {
    let mut definitions = Definitions::default();
    let mut schema = TableSchema::new(&mut definitions);
    Lamp::describe(&mut schema);
    let schema = json!(schema.into_object(Lamp::DESCRIPTION));
    assert_eq!(schema["description"], "A lamp.");
    assert_eq!(schema["required"], json!(["where"]));
    let one_of = json!([{ "required": ["mains"] }, { "required": ["battery"] }]);
    assert_eq!(schema["oneOf"], one_of);
    let key = |key: &str| &schema["properties"][key];
    let colour = json!({
        "allOf": [{ "$ref": "#/definitions/Colour" }],
        "default": "red", "description": "What it shows.",
    });
    assert_eq!(*key("colour"), colour);
    let lasting = json!({
        "type": "integer", "format": "uint32", "minimum": 2, "maximum": 5, "description": "How long.",
    });
    assert_eq!(*key("lasting"), lasting);
    assert_eq!(key("where")["examples"], json!(["hall"]));
    let definitions = definitions.into_object();
    let names: Vec<&String> = definitions.keys().collect();
    assert_eq!(names, ["Colour", "Small"]);
    let small = &definitions["Small"]["properties"]["is_lit"];
    assert_eq!(small["default"], true);
}

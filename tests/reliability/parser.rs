//! The readers of files: whatever is in a file, reading it ends, at once and without a panic.

use std::time::{Duration, Instant};

use hybridgw::{
    body::{Body, Limits},
    config::Config,
};
use proptest::{prelude::*, test_runner::TestRunner};

use crate::{
    bench::{EXAMPLES, example},
    support::sweep::full,
};

/// The longest that reading may take; a file has a few kilobytes.
const AT_ONCE: Duration = Duration::from_secs(2);

/// What is put into a file to confuse its reader.
const PIECES: [&str; 36] = [
    "\"",
    "'",
    "'''",
    "[",
    "]",
    "[[",
    "]]",
    "{",
    "}",
    "=",
    ".",
    ",",
    "#",
    "\n",
    "\t",
    "\\",
    "\0",
    "é",
    "\u{202e}",
    "\u{feff}",
    "${HOME}",
    "${",
    "$${",
    "nan",
    "inf",
    "-1",
    "1e400",
    "99999999999999999999",
    "true",
    "2026-01-01T00:00:00Z",
    "[[route]]\n",
    "[network]\n",
    "subnets = []\n",
    "path = \"/\"\n",
    "&a *a",
    "- ",
];

/// One change of a text: where (in thousandths), how many characters go, what comes.
#[derive(Clone, Debug)]
enum Edit {
    Put(usize, usize, &'static str),
    Nest(usize, &'static str, usize),
    Repeat(usize, usize),
    Noise(usize, String),
}

fn edits() -> impl Strategy<Value = Vec<Edit>> {
    let place = 0usize..1000;
    let edit = prop_oneof![
        (place.clone(), 0usize..40, prop::sample::select(&PIECES[..]))
            .prop_map(|(at, less, piece)| Edit::Put(at, less, piece)),
        (
            place.clone(),
            prop::sample::select(&["[", "{a=", "a.", "- ", "{\"a\":", "("][..]),
            1usize..5_000
        )
            .prop_map(|(at, piece, times)| Edit::Nest(at, piece, times)),
        (place.clone(), 1usize..400).prop_map(|(at, length)| Edit::Repeat(at, length)),
        (place, any::<String>()).prop_map(|(at, noise)| Edit::Noise(at, noise)),
    ];
    prop::collection::vec(edit, 1..8)
}

fn edited(text: &str, edits: &[Edit]) -> String {
    let mut text: Vec<char> = text.chars().collect();
    for edit in edits {
        let place = |at: usize| at * text.len() / 1000;
        let (from, less, more) = match edit {
            Edit::Put(at, less, piece) => (place(*at), *less, (*piece).to_owned()),
            Edit::Nest(at, piece, times) => (place(*at), 0, piece.repeat(*times)),
            Edit::Repeat(at, length) => {
                let from = place(*at);
                let to = (from + length).min(text.len());
                (from, 0, text[from..to].iter().collect())
            }
            Edit::Noise(at, noise) => (place(*at), 0, noise.clone()),
        };
        let to = (from + less).min(text.len());
        text.splice(from..to, more.chars());
    }
    text.into_iter().collect()
}

fn cases() -> ProptestConfig {
    ProptestConfig {
        // Failures are shown, not kept in the source tree.
        failure_persistence: None,
        ..ProptestConfig::with_cases(if full() { 200_000 } else { 600 })
    }
}

/// Reads mutations of a text; a panic is the property's failure, and it shows the smallest text.
fn survives(text: &str, read: impl Fn(&str) -> Option<String>) {
    let tested = TestRunner::new(cases()).run(&edits(), |edits| {
        let text = edited(text, &edits);
        let began = Instant::now();
        let refused = read(&text);
        prop_assert!(began.elapsed() < AT_ONCE, "it took {:?}", began.elapsed());
        // Who is refused is told why.
        prop_assert!(refused.is_none_or(|words| !words.trim().is_empty()));
        Ok(())
    });
    tested.unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn no_configuration_makes_its_reader_panic_or_hang() {
    for name in EXAMPLES {
        let file = example(name);
        let text = std::fs::read_to_string(&file).expect("an example can be read");
        survives(&text, |text| {
            let environment = |name: &str| (name == "HOME").then(|| "${HOME}".to_owned());
            let read = Config::parse(text, &file, &[], &environment);
            read.err().map(|errors| errors.to_string())
        });
    }
}

#[test]
fn no_setting_of_the_command_line_makes_its_reader_panic_or_hang() {
    let file = example("apis.toml");
    let text = std::fs::read_to_string(&file).expect("an example can be read");
    survives("route.0.api.stage=\"v2\"", |setting| {
        let read = Config::parse(&text, &file, &[setting.to_owned()], &|_| None);
        read.err().map(|errors| errors.to_string())
    });
}

#[test]
fn no_openapi_file_makes_its_reader_panic_or_hang() {
    let file = example("openapi.yaml");
    let text = std::fs::read_to_string(&file).expect("an example can be read");
    survives(&text, |text| {
        Body::parse(text, &file, &Limits::of("eu-central-1"))
            .err()
            .map(|error| error.to_string())
    });
    let json = r#"{"openapi":"3.0.1","info":{"title":"t","version":"1"},"paths":{"/a":{"get":{"responses":{},
        "x-amazon-apigateway-integration":{"type":"mock","requestTemplates":{"application/json":"{}"}}}}}}"#;
    let file = example("openapi.json");
    survives(json, |text| {
        Body::parse(text, &file, &Limits::of("eu-central-1"))
            .err()
            .map(|error| error.to_string())
    });
}

//! Every refusal says where it is from: this reads the crate's own sources.
//!
//! A refusal is a `Refusal::new`, or a call of a function that makes one out of
//! a text. Beside it, in its function or that one's documentation, stands a
//! source (a page of AWS's, a recording, an observation) or "assumption".

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// What a source looks like.
const SOURCES: &[&str] = &[
    "API reference",
    "guide",
    "General Reference",
    "Error codes",
    "Common errors",
    "bserved",
    "ecorded",
    "ssumption",
    "esearch",
    "Terraform",
    "RFC ",
];

/// A function: where it is, its comments, and its code.
struct Function {
    folder: String,
    place: String,
    comments: String,
    code: String,
}

/// The crate's files, without those of tests.
fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let of_tests = name.starts_with("test") || name == "sources.rs";
        if path.is_dir() && !of_tests {
            files(&path, found);
        } else if path.extension().is_some_and(|end| end == "rs") && !of_tests {
            found.push(path);
        }
    }
}

/// Whether a line begins a function, outside of others.
fn begins(line: &str) -> bool {
    let depth = line.len() - line.trim_start().len();
    let words: Vec<&str> = line.split_whitespace().collect();
    let place = words.iter().position(|word| *word == "fn");
    let before = place.and_then(|place| words.get(..place));
    let known = ["pub", "pub(crate)", "pub(super)", "const", "async"];
    depth <= 4 && before.is_some_and(|words| words.iter().all(|word| known.contains(word)))
}

/// The functions of a file; `inside` is its place in the crate.
fn functions(inside: &str, text: &str) -> Vec<Function> {
    let folder = inside.split_once('/').map_or("", |(folder, _)| folder);
    let text = text.split("\nmod tests {").next().unwrap_or_default();
    let mut found: Vec<Function> = Vec::new();
    let mut ahead = String::new();
    for line in text.lines() {
        let trimmed = line.trim();
        if trimmed.starts_with("///") || trimmed.starts_with("#[") {
            ahead += trimmed.trim_start_matches('/');
            continue;
        }
        if begins(line) {
            let name = line.split("fn ").nth(1).unwrap_or_default();
            let name: String = name
                .chars()
                .take_while(|letter| letter.is_alphanumeric() || *letter == '_')
                .collect();
            found.push(Function {
                folder: folder.to_owned(),
                place: format!("{inside}: {name}"),
                comments: std::mem::take(&mut ahead),
                code: String::new(),
            });
        }
        ahead.clear();
        let Some(function) = found.last_mut() else {
            continue;
        };
        if let Some(comment) = trimmed.strip_prefix("//") {
            function.comments += comment;
        } else {
            function.code += line;
            function.code.push('\n');
        }
    }
    found
}

/// The name of a function that makes a refusal out of a text.
fn maker(function: &Function) -> Option<String> {
    let head = function.code.split('{').next().unwrap_or_default();
    let (ahead, answer) = head.rsplit_once("->")?;
    let takes = ["text: ", "message: "]
        .iter()
        .any(|one| ahead.contains(one));
    let (_, name) = function.place.split_once(": ")?;
    (answer.trim() == "Refusal" && takes).then(|| name.to_owned())
}

/// How many refusals a function makes.
fn refusals(function: &Function, makers: &BTreeSet<(String, String)>) -> usize {
    let own = function.code.matches("Refusal::new(").count();
    let makers = makers
        .iter()
        .filter(|(folder, _)| *folder == function.folder);
    let calls = makers.map(|(_, name)| {
        let call = format!("{name}(");
        let places = function.code.match_indices(&call);
        let called = places.filter(|(at, _)| {
            let before = function.code[..*at].chars().next_back().unwrap_or(' ');
            let declared = function.code[..*at].ends_with("fn ");
            !declared && !before.is_alphanumeric() && !"_.:".contains(before)
        });
        called.count()
    });
    own + calls.sum::<usize>()
}

/// How many refusals there are, and the functions that do not say where theirs are from.
fn unsourced(all: &[Function]) -> (usize, Vec<String>) {
    let makers: BTreeSet<(String, String)> = all
        .iter()
        .filter_map(|one| Some((one.folder.clone(), maker(one)?)))
        .collect();
    let (mut count, mut without) = (0, Vec::new());
    for function in all {
        let found = refusals(function, &makers);
        count += found;
        let said = SOURCES.iter().any(|one| function.comments.contains(one));
        if found > 0 && !said {
            without.push(format!("{} ({found})", function.place));
        }
    }
    (count, without)
}

#[test]
fn every_refusal_has_a_source_or_says_that_it_is_an_assumption() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut paths = Vec::new();
    files(root, &mut paths);
    let read = |path: &PathBuf| {
        let inside = path.strip_prefix(root).unwrap().to_string_lossy();
        functions(&inside, &fs::read_to_string(path).unwrap())
    };
    let all: Vec<Function> = paths.iter().flat_map(read).collect();
    let (count, without) = unsourced(&all);
    assert!(
        count > 500,
        "only {count} refusals were found: they are written otherwise now"
    );
    assert!(
        without.is_empty(),
        "say beside these refusals where they are from (see the head of this file):\n{}",
        without.join("\n")
    );
}

#[test]
fn a_refusal_without_a_source_is_found() {
    let file = "/// `Error` (ELB API\n/// reference).\nfn bad(text: &str) -> Refusal {\n    Refusal::new(\"Error\", text)\n}\n\n\
                /// Observed.\npub fn one() -> Result<(), Refusal> {\n    Err(bad(\"one\"))\n}\n\n\
                fn two() -> Result<(), Refusal> {\n    // Why.\n    Err(bad(\"two\"))\n}\n\n\
                impl One {\n    pub const fn three(&self) -> Refusal {\n        Refusal::new(\"Error\", \"three\")\n    }\n}\n";
    let (count, without) = unsourced(&functions("one/two.rs", file));
    assert_eq!(count, 4);
    assert_eq!(without, ["one/two.rs: two (1)", "one/two.rs: three (1)"]);
}

//! Reading a file, from its bytes to the checked types; and the schema of it.

use std::path::Path;
use std::{fmt, io};

use serde_json::Value as Json;

use super::keys::endpoint;
use super::reading::{Context, Reading};
use super::schema::{Definitions, Object};
use super::section::Section;
use super::table::Table;
use super::tree::{Entries, Origin, Problems};
use super::{Config, ConfigErrors, Problem, interpolate, set, tree};
use crate::file;

/// Far more than any configuration needs.
const MOST_BYTES: usize = 1024 * 1024;

impl Config {
    /// Reads the file at `path`. `sets` are the values of `--set`; `env` looks
    /// up environment variables.
    pub fn load(
        path: &Path,
        sets: &[String],
        env: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Config, ConfigErrors> {
        let unreadable = |why: &dyn fmt::Display, hint: &str| {
            ConfigErrors(vec![Problem {
                file: String::new(),
                line: None,
                column: None,
                key: String::new(),
                message: format!("cannot read {}: {why}", path.display()),
                hint: Some(hint.to_owned()),
            }])
        };
        let bytes = file::read(path, MOST_BYTES).map_err(|error| {
            let hint = match error.kind() {
                io::ErrorKind::NotFound | io::ErrorKind::IsADirectory => {
                    "pass --config FILE, or run in the folder of hybridgw.toml"
                }
                io::ErrorKind::PermissionDenied => "allow yourself to read it",
                _ => "pass the configuration with --config FILE",
            };
            unreadable(&error, hint)
        })?;
        let text = String::from_utf8(bytes).map_err(|error| {
            let valid = &error.as_bytes()[..error.utf8_error().valid_up_to()];
            let line = valid.split(|byte| *byte == b'\n').count();
            let why = format!("line {line} is not UTF-8");
            unreadable(&why, "save it as UTF-8")
        })?;
        Config::parse(&text, path, sets, env)
    }

    /// Reads the text of the file called `file`, whose folder file names are relative to.
    pub fn parse(
        text: &str,
        file: &Path,
        sets: &[String],
        env: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Config, ConfigErrors> {
        let mut problems = Problems::new(file);
        let Some(mut root) = tree::parse(text, &mut problems) else {
            return Err(ConfigErrors(problems.sorted()));
        };
        let arrays = arrays();
        for setting in sets {
            set::set(&mut root, setting, &arrays, &mut problems);
        }
        interpolate::interpolate(&mut root, "", env, &mut problems);
        let folder = file.parent().unwrap_or(Path::new(""));
        read(root, Reading::new(problems, Context::new(folder)))
    }

    /// Checks the file's ARNs against a region that the file does not name,
    /// but the environment or `--region` does.
    pub fn check_region(&self, region: &str) -> Result<(), ConfigErrors> {
        // Read once more, as if the file named the region: no ARN is forgotten.
        let mut written = self.write();
        written.insert("region".to_owned(), region.into());
        let context = Context::new(Path::new(""));
        let reading = Reading::new(Problems::new(Path::new("")), context);
        let outcome = read(tree::from_json(written), reading);
        outcome.map(|_| ()).map_err(|ConfigErrors(found)| {
            let without_place = |problem: Problem| Problem {
                file: String::new(),
                // A function is named by its route's key, however it is written.
                key: match problem.key.strip_suffix(".function") {
                    Some(route) => route.to_owned(),
                    None => problem.key,
                },
                ..problem
            };
            ConfigErrors(found.into_iter().map(without_place).collect())
        })
    }

    /// Returns the JSON schema of the file.
    pub fn json_schema() -> Json {
        let mut definitions = Definitions::default();
        let mut schema = Config::schema(&mut definitions);
        let definitions: Object = definitions.into_object();
        schema.insert("definitions".to_owned(), definitions.into());
        schema.insert("title".to_owned(), "hybridgw.toml".into());
        let draft = "http://json-schema.org/draft-07/schema#";
        schema.insert("$schema".to_owned(), draft.into());
        schema.into()
    }
}

/// Reads the whole tree: every key, then the rules between them.
fn read(root: Entries, mut reading: Reading) -> Result<Config, ConfigErrors> {
    let top = Origin::File { line: 1, column: 1 };
    let root = Section::new(String::new(), top, root);
    let config = Config::read(root, &mut reading);
    endpoint::check(&mut reading);
    match (config, reading.problems.sorted()) {
        (Some(config), found) if found.is_empty() => Ok(config),
        (_, found) => Err(ConfigErrors(found)),
    }
}

/// The keys that hold arrays, as the schema has them.
fn arrays() -> set::Arrays {
    let mut definitions = Definitions::default();
    let root = Config::schema(&mut definitions).into();
    let tables = definitions.into_object();
    let keys = tables.values().chain([&root]).flat_map(|table: &Json| {
        let properties = table["properties"].as_object();
        properties.into_iter().flatten()
    });
    let arrays = keys.filter(|(_, property)| property["type"] == "array");
    arrays.map(|(key, _)| key.clone()).collect()
}

//! From paths to what is in them: the kind of each file, told by its content.

use std::{
    collections::BTreeSet,
    io::ErrorKind,
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{
    cloudformation, document,
    model::{Configuration, Node},
    openapi,
    terraform::{
        self, File, LeftOut,
        values::{Values, precedence, sets_variables},
    },
};
use crate::{
    error::{Error, Result},
    file,
};

/// A plan of a large account has some megabytes.
const MOST_BYTES: usize = 64 * 1024 * 1024;

/// A folder with more files is hardly one module.
const MOST_FILES: usize = 1000;

/// What was read.
#[derive(Default)]
pub struct Reading {
    terraform: Vec<File>,
    /// Files that set its variables, as they were given.
    variables: Vec<File>,
    values: Values,
    /// The names of Terraform's files as they were given, for reports.
    named: Vec<String>,
    /// Terraform's files that were read, and folders, to know what was left out.
    given: BTreeSet<PathBuf>,
    shown: Vec<(String, Node)>,
    templates: Vec<(String, Node)>,
    /// `OpenAPI` files: path, text, and the text as a tree.
    pub bodies: Vec<(PathBuf, String, Node)>,
}

impl Reading {
    /// What is judged together.
    pub fn configurations(&self) -> Vec<Configuration> {
        let mut all = Vec::new();
        if !self.terraform.is_empty() {
            let name = self.named.join(", ");
            let left_out = self.left_out();
            all.push(terraform::configuration(
                &self.terraform,
                name,
                left_out,
                &self.values,
            ));
        }
        for (name, node) in &self.shown {
            all.push(terraform::shown::configuration(node, name.clone()));
        }
        for (name, node) in &self.templates {
            all.push(cloudformation::configuration(node, name.clone()));
        }
        for (path, _, node) in &self.bodies {
            all.extend(openapi::configuration(node, path.display().to_string()));
        }
        all
    }

    /// The folders of Terraform's files.
    fn folders(&self) -> BTreeSet<PathBuf> {
        let parents = self.given.iter().filter_map(|path| path.parent());
        let named = parents.map(|folder| {
            if folder.as_os_str().is_empty() {
                Path::new(".")
            } else {
                folder
            }
        });
        named.map(Path::to_owned).collect()
    }

    /// Finds out what variables are set to: by the files that Terraform takes by
    /// itself and by those that were given. What other files beside them set
    /// is open: they may be given to Terraform.
    fn set_variables(&mut self, problems: &mut Vec<Error>) {
        for folder in self.folders() {
            let beside = std::fs::read_dir(&folder).into_iter().flatten().flatten();
            let beside = beside.map(|entry| entry.path());
            let mut beside: Vec<PathBuf> = beside.filter(|path| sets_variables(path)).collect();
            // What may be given comes last: it would beat the others.
            let turn = |path: &PathBuf| precedence(path).unwrap_or(u8::MAX);
            beside.sort_by_key(|path| (turn(path), path.clone()));
            for path in beside {
                let by_itself = precedence(&path).is_some();
                match variables(&path) {
                    Ok(file) if by_itself => self.values.tell(&file),
                    Ok(file) => self.values.leave_open(&file),
                    Err(error) if by_itself => problems.push(error),
                    Err(_) => {}
                }
            }
        }
        for file in std::mem::take(&mut self.variables) {
            self.values.tell(&file);
        }
    }

    /// What of the folders of the files was not given.
    fn left_out(&self) -> Option<LeftOut> {
        let mut others: BTreeSet<PathBuf> = BTreeSet::new();
        for folder in self.folders() {
            let (files, _) = files_of(&folder).ok()?;
            let not_given = |other: &PathBuf| !self.given.contains(&plainly(other));
            others.extend(files.into_iter().filter(not_given));
        }
        let first = others.first()?;
        let name = first.file_name().unwrap_or_default().to_string_lossy();
        Some(LeftOut {
            why: format!("{name} beside it was not given"),
            declared: declared(&others),
        })
    }
}

/// What these files declare: enough to tell a name that is theirs from one that
/// is nobody's. None: one of them cannot be read.
fn declared(files: &BTreeSet<PathBuf>) -> Option<BTreeSet<String>> {
    let mut reading = Reading::default();
    if files.len() > MOST_FILES {
        return None;
    }
    for file in files.iter().filter(|file| !is_blank(file)) {
        one(file, &mut reading).ok()?;
    }
    let all = terraform::configuration(&reading.terraform, String::new(), None, &Values::default());
    Some(all.declared)
}

/// A path without `./` before it.
fn plainly(path: &Path) -> PathBuf {
    path.strip_prefix(".").unwrap_or(path).to_owned()
}

/// Reads all of these.
///
/// # Errors
///
/// As `judge`: every problem in one error.
pub fn read(paths: &[PathBuf]) -> Result<Reading> {
    let mut reading = Reading::default();
    let mut problems: Vec<Error> = Vec::new();
    for path in paths {
        if path.is_dir() {
            folder(path, &mut reading, &mut problems);
            continue;
        }
        match one(path, &mut reading) {
            Ok(true) => reading.named.push(path.display().to_string()),
            Ok(false) => {}
            Err(error) => problems.push(error),
        }
    }
    if reading.terraform.is_empty() && !reading.variables.is_empty() {
        let error = Error::invalid("only values of variables are given");
        problems.push(error.hint("give the folder of Terraform files that they are for, too"));
    }
    reading.set_variables(&mut problems);
    match problems.len() {
        0 => Ok(reading),
        1 => Err(problems.remove(0)),
        count => {
            let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
            let mut error = Error::invalid(format!(
                "{count} files cannot be judged\n{}",
                lines.join("\n")
            ));
            for hint in problems.into_iter().flat_map(|problem| problem.hints) {
                error = error.hint(hint);
            }
            Err(error)
        }
    }
}

fn is_terraform(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    [".tf", ".tf.json", ".tofu", ".tofu.json"]
        .iter()
        .any(|end| name.ends_with(end))
}

/// The files of Terraform in a folder, and how many other things there are.
/// Folders inside are modules of their own.
fn files_of(folder: &Path) -> std::io::Result<(Vec<PathBuf>, usize)> {
    let (mut files, mut others) = (Vec::new(), 0);
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if is_terraform(&path) && !path.is_dir() {
            files.push(path);
        } else {
            others += 1;
        }
    }
    files.sort();
    Ok((files, others))
}

fn folder(path: &Path, reading: &mut Reading, problems: &mut Vec<Error>) {
    let shown = path.display();
    let (files, others) = match files_of(path) {
        Ok(found) => found,
        Err(error) => {
            let error = Error::invalid(format!("cannot read {shown}: {error}"));
            problems.push(error.hint("name a folder that can be read"));
            return;
        }
    };
    let why = match (files.len(), others) {
        (0, 0) => "the folder is empty".to_owned(),
        (0, _) => "no .tf file in the folder".to_owned(),
        (count, _) if count > MOST_FILES => format!("{count} files are too many"),
        _ => {
            reading.named.push(shown.to_string());
            let before = (reading.terraform.len(), problems.len());
            for file in &files {
                // An empty file beside others is none the worse.
                if !is_blank(file) {
                    problems.extend(one(file, reading).err());
                }
            }
            if before != (reading.terraform.len(), problems.len()) {
                return;
            }
            "every .tf file in the folder is empty".to_owned()
        }
    };
    let error = Error::invalid(format!("{shown}: {why}"));
    problems.push(error.hint("name a folder of Terraform files, or the files themselves"));
}

fn is_blank(path: &Path) -> bool {
    text_of(path).is_ok_and(|text| text.trim().is_empty())
}

/// Reads a file that sets variables.
fn variables(path: &Path) -> Result<File> {
    let shown = path.display().to_string();
    let text = text_of(path).map_err(|error| unreadable(&shown, &error))?;
    let name: Arc<str> = shown.as_str().into();
    let parsed = if path.extension().is_some_and(|end| end == "json") {
        document::json(&text, &name, 0).map(File::Json)
    } else {
        File::hcl(&text, &name)
    };
    parsed.map_err(|(line, words)| {
        Error::invalid(format!("{shown}:{line}: {words}")).hint("mend it at this place")
    })
}

/// Reads a file; whether it is Terraform's.
fn one(path: &Path, reading: &mut Reading) -> Result<bool> {
    if sets_variables(path) {
        reading.variables.push(variables(path)?);
        return Ok(true);
    }
    let shown = path.display().to_string();
    let text = match text_of(path) {
        Ok(text) => text,
        Err(error) => return Err(unreadable(&shown, &error)),
    };
    let name: Arc<str> = shown.as_str().into();
    let refuse = |(line, words): document::Refusal, remedy: &str| {
        Error::invalid(format!("{shown}:{line}: {words}")).hint(remedy)
    };
    if text.trim().is_empty() {
        return Err(Error::invalid(format!("{shown}: the file is empty")).hint(KINDS));
    }
    if text.trim_start().starts_with('{') {
        let node = document::json(&text, &name, 0)
            .map_err(|one| refuse(one, "mend the JSON at this place"))?;
        return sorted(path, text, node, reading);
    }
    if is_terraform(path) || looks_like_hcl(&text) {
        let parsed = File::hcl(&text, &name);
        let parsed =
            parsed.map_err(|one| refuse(one, "mend it there; `terraform validate` says more"))?;
        reading.terraform.push(parsed);
        reading.given.insert(plainly(path));
        return Ok(true);
    }
    let node = document::yaml(&text, &name).map_err(|one| {
        refuse(
            one,
            "mend the YAML at this place, if that is what it should be",
        )
    })?;
    sorted(path, text, node, reading)
}

/// What may be given.
const KINDS: &str = "give a Terraform file (.tf, .tf.json, or what `terraform show -json` writes), a CloudFormation template or an OpenAPI file";

fn text_of(path: &Path) -> std::io::Result<String> {
    let mut text = file::read_text(path, MOST_BYTES)?;
    if text.contains('\0') {
        return Err(std::io::Error::new(ErrorKind::InvalidData, "it is no text"));
    }
    if let Some(rest) = text.strip_prefix('\u{feff}') {
        text = rest.to_owned();
    }
    Ok(text)
}

fn unreadable(shown: &str, error: &std::io::Error) -> Error {
    let words = match error.kind() {
        ErrorKind::NotFound => "there is no such file".to_owned(),
        _ => error.to_string(),
    };
    let remedy = match error.kind() {
        ErrorKind::NotFound => "look at the path",
        ErrorKind::InvalidData => {
            "a plan that Terraform saved is read as `terraform show -json PLAN > plan.json`; other files have to be UTF-8"
        }
        _ => "name a file that can be read",
    };
    Error::invalid(format!("cannot read {shown}: {words}")).hint(remedy)
}

/// Whether a line begins as a block of Terraform does.
fn looks_like_hcl(text: &str) -> bool {
    let words = [
        "resource", "data", "module", "provider", "variable", "output",
    ];
    text.lines().any(|line| {
        let named = words.iter().find_map(|word| line.strip_prefix(word));
        named.is_some_and(|rest| rest.trim_start().starts_with('"') && rest.contains('{'))
            || ["locals", "terraform"].iter().any(|word| {
                let rest = line.strip_prefix(word);
                rest.is_some_and(|rest| rest.trim_start().starts_with('{'))
            })
    })
}

/// Puts a tree where it belongs, by its own words.
fn sorted(path: &Path, text: String, node: Node, reading: &mut Reading) -> Result<bool> {
    let shown = path.display().to_string();
    let has = |name: &str| node.members().iter().any(|(key, _)| key == name);
    let any = |names: &[&str]| names.iter().any(|name| has(name));
    if has("format_version") && any(&["planned_values", "values", "resource_changes"]) {
        reading.shown.push((shown, node));
    } else if any(&["openapi", "swagger"]) {
        reading.bodies.push((path.to_owned(), text, node));
    } else if any(&["Resources", "AWSTemplateFormatVersion"]) {
        reading.templates.push((shown, node));
    } else if has("lineage") && has("serial") {
        return Err(
            Error::invalid(format!("{shown}: this is Terraform's own state file"))
                .hint("read it as `terraform show -json > state.json`, and give that"),
        );
    } else if any(&[
        "resource",
        "data",
        "module",
        "variable",
        "locals",
        "provider",
        "terraform",
        "output",
    ]) {
        reading.terraform.push(File::Json(node));
        reading.given.insert(plainly(path));
        return Ok(true);
    } else {
        return Err(Error::invalid(format!(
            "{shown}: neither Terraform, nor CloudFormation, nor OpenAPI"
        ))
        .hint(KINDS));
    }
    Ok(false)
}

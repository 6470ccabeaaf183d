use std::{
    fmt::Write,
    fs,
    path::PathBuf,
    sync::atomic::{AtomicUsize, Ordering},
};

use super::judge;
use crate::checks::{Finding, Verdict};

mod broken;
mod cloudformation;
mod shown;
mod terraform;

/// A folder of its own, gone at the end.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("hybridgw-files-{}-{count}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        fs::create_dir_all(&folder).expect("a folder");
        Self(folder)
    }

    fn with(files: &[(&str, &str)]) -> Self {
        let folder = Self::new();
        for (name, text) in files {
            fs::write(folder.0.join(name), text).expect("written");
        }
        folder
    }

    /// The words without the folder's own name.
    fn plain(&self, words: &str) -> String {
        let name = self.0.display().to_string();
        words
            .replace(&format!("{name}/"), "")
            .replace(&name, "FOLDER")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// What is said of one file.
fn judged(name: &str, text: &str) -> Vec<Finding> {
    let folder = Folder::with(&[(name, text)]);
    let mut findings = judge(&[folder.0.join(name)]).unwrap_or_else(|error| panic!("{error}"));
    for finding in &mut findings {
        finding.found = folder.plain(&finding.found);
    }
    findings
}

/// The codes that accuse, in order.
fn codes(findings: &[Finding]) -> Vec<String> {
    let accused = findings
        .iter()
        .filter(|one| matches!(one.verdict, Verdict::Failed | Verdict::Warning));
    let mut codes: Vec<String> = accused
        .filter_map(|one| one.code)
        .map(|code| code.to_string())
        .collect();
    codes.sort();
    codes
}

/// The findings as text.
fn text(findings: &[Finding]) -> String {
    let lines = findings.iter().map(|one| {
        let code = one
            .code
            .map_or_else(|| one.check.to_string(), |code| code.to_string());
        let mut text = format!("{} {code}\n  {}\n", one.verdict, one.found);
        for words in [&one.cause, &one.remedy].into_iter().flatten() {
            let _ = writeln!(text, "  - {words}");
        }
        text
    });
    lines.collect()
}

/// A change of a file that is right.
#[derive(Default)]
struct Case {
    name: String,
    /// The lines that go, and those that come.
    from: Vec<String>,
    to: Vec<String>,
    /// The codes that the file is then accused of; none for a near miss.
    codes: Vec<String>,
}

/// Reads a table: `# name`, lines that go (`-`), lines that come (`+`), and
/// after `> ` the codes, or `nothing`. `== ` heads a part.
fn cases(table: &str) -> Vec<Case> {
    let mut all = Vec::new();
    let mut case = Case::default();
    for line in table.lines() {
        if let Some(name) = line.strip_prefix("# ") {
            case.name = name.to_owned();
        } else if let Some(line) = line.strip_prefix('-') {
            case.from.push(line.to_owned());
        } else if let Some(line) = line.strip_prefix('+') {
            case.to.push(line.to_owned());
        } else if let Some(codes) = line.strip_prefix("> ") {
            let codes = codes.split(' ').filter(|code| *code != "nothing");
            case.codes = codes.map(str::to_owned).collect();
            all.push(std::mem::take(&mut case));
        } else {
            assert!(line.is_empty() || line.starts_with("== "), "{line}");
        }
    }
    all
}

/// Each change alone is accused of what it should be, and of nothing else.
fn changed(file: &str, right: &str, table: &str) {
    let mut wrong = String::new();
    for Case {
        name,
        from,
        to,
        codes: expected,
    } in cases(table)
    {
        let from = from.join("\n");
        assert!(right.contains(&from), "{name}: {from} is not in the file");
        let said = judged(file, &right.replacen(&from, &to.join("\n"), 1));
        let codes = codes(&said);
        if codes != expected {
            let said = text(&said);
            let _ = writeln!(wrong, "{name}: {codes:?} instead of {expected:?}\n{said}");
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

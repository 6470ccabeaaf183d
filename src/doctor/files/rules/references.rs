//! Names that lead to nothing.

use std::collections::BTreeMap;

use super::super::{
    model::{Configuration, Language, Place},
    said::{Said, Words},
};
use crate::checks::{Check, codes};

/// As many names as a sentence holds.
const MOST: usize = 5;

/// Terraform language, "References to named values"; `CloudFormation` user guide,
/// "Ref": a reference to what is not declared ends in an error before anything
/// is made.
pub fn undefined(configuration: &Configuration, said: &mut Said) {
    if configuration.language == Language::Shown {
        return;
    }
    let mut missing: BTreeMap<&str, (&Place, usize)> = BTreeMap::new();
    for (reference, at) in &configuration.references {
        if !configuration.declared.contains(&reference.to) {
            missing.entry(&reference.to).or_insert((at, 0)).1 += 1;
        }
    }
    let mut missing: Vec<_> = missing.into_iter().collect();
    missing.sort_by_key(|(_, (at, _))| (*at).clone());
    if let Some(open) = &configuration.open {
        // What nobody declares is missing, whoever was not given.
        let elsewhere = configuration.elsewhere.as_ref();
        let may_be = |name: &str| elsewhere.is_none_or(|names| names.contains(name));
        let nowhere;
        (missing, nowhere) = missing.into_iter().partition(|(name, _)| may_be(name));
        if let Some((_, (at, _))) = missing.first() {
            let names: Vec<&str> = missing.iter().take(MOST).map(|(name, _)| *name).collect();
            let more = match missing.len().saturating_sub(MOST) {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            let names = names.join(", ");
            let why = format!("not judged whether this is defined: {names}{more} ({open})");
            said.skipped(Check::Config, at, "", &why);
        }
        missing = nowhere;
    }
    for (name, (at, count)) in missing {
        let again = match count {
            1 => String::new(),
            count => format!(" ({count} times)"),
        };
        let words = Words {
            found: format!("{name} is not defined{again}"),
            cause: "what refers to it cannot be made",
            remedy: match name.strip_prefix("var.") {
                Some(name) => format!("declare `variable \"{name}\"`"),
                None => format!(
                    "define {name}, or name what is meant; give all files of it, or their folder"
                ),
            },
        };
        said.failed(codes::CONFIG_UNDEFINED, at, "", words);
    }
}

/// Terraform language, "References": a word without quotes is a name. HCL's
/// names may hold hyphens and digits, so that `vpce-0a1b` is one word.
pub fn bare_ids(configuration: &Configuration, said: &mut Said) {
    for (word, at) in &configuration.bare {
        // Types are written like that, and old files hold them elsewhere too.
        if matches!(word.as_str(), "string" | "number" | "bool" | "any") {
            continue;
        }
        let words = Words {
            found: format!("{word} stands without quotes"),
            cause: "Terraform takes it for a name, and there is none",
            remedy: if is_id(word) {
                format!("write \"{word}\", or better the id of the resource that has it")
            } else {
                format!("write \"{word}\" if a text is meant")
            },
        };
        said.failed(codes::CONFIG_BARE_ID, at, "", words);
    }
}

/// Whether a word is an id of EC2: letters, a hyphen, hexadecimal digits.
fn is_id(word: &str) -> bool {
    let digits = word.rsplit_once('-').map(|(_, digits)| digits);
    digits
        .is_some_and(|digits| digits.len() > 3 && digits.bytes().all(|one| one.is_ascii_hexdigit()))
}

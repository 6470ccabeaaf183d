//! How rules rewrite requests on their way to targets.

use serde_json::{Value, json};

use super::arn::invalid;
use super::state::{Part, Transform};
use crate::codec::{Input, Refusal};
use crate::regex;

impl Part {
    const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Host => ("host-header-rewrite", "HostHeaderRewriteConfig"),
            Self::Url => ("url-rewrite", "UrlRewriteConfig"),
        }
    }
}

impl Transform {
    /// Writes the transform.
    pub fn item(&self) -> Value {
        let (kind, config) = self.part.words();
        let mut item = json!({"Type": kind});
        item[config] = json!({"Rewrites": [{"Regex": self.regex, "Replace": self.replace}]});
        item
    }
}

/// Reads the transforms of a request: one of each kind, with one rewrite (ELB
/// user guide, "Transforms for listener rules"; that a list of rewrites holds one is research: peers §3.6).
pub fn read(input: &Input) -> Result<Vec<Transform>, Refusal> {
    let mut transforms: Vec<Transform> = Vec::new();
    for part in input.each("Transforms") {
        let transform = one(&part)?;
        if transforms.iter().any(|other| other.part == transform.part) {
            let (kind, _) = transform.part.words();
            return Err(invalid(format!(
                "A rule can only have one '{kind}' transform"
            )));
        }
        transforms.push(transform);
    }
    Ok(transforms)
}

fn one(input: &Input) -> Result<Transform, Refusal> {
    let part = match input.require("Type")? {
        "host-header-rewrite" => Part::Host,
        "url-rewrite" => Part::Url,
        kind => return Err(invalid(format!("Transform type '{kind}' is not valid"))),
    };
    let (kind, name) = part.words();
    let rewrites = input
        .child(name)
        .map(|config| config.each("Rewrites"))
        .unwrap_or_default();
    let [rewrite] = rewrites.as_slice() else {
        return Err(invalid(format!(
            "A '{kind}' transform needs exactly one rewrite in '{name}'"
        )));
    };
    let regex = rewrite.require("Regex")?.to_owned();
    let replace = rewrite.text("Replace").unwrap_or_default().to_owned();
    check_regex(&regex, 1024)?;
    // ELBv2 API reference, `RewriteConfig`: 1,024 characters each.
    if replace.chars().count() > 1024 {
        return Err(invalid("A replacement has up to 1024 characters"));
    }
    Ok(Transform {
        part,
        regex,
        replace,
    })
}

/// Checks a regular expression.
///
/// ELB user guide, "Listener rules": no lookaround, backreferences, atomic
/// groups, possessive quantifiers, subroutines, recursion or Unicode classes.
/// What the data plane here cannot read (flags, `\b`) is refused too, so that no
/// rule stands that never fits.
pub fn check_regex(regex: &str, most: usize) -> Result<(), Refusal> {
    const FORBIDDEN: &[&str] = &[
        "(?=", "(?!", "(?<=", "(?<!", "(?>", "(?R", "(?&", "(?P>", "++", "*+", "?+", "}+", "\\p{",
        "\\P{",
    ];
    let length = regex.chars().count();
    let plain = regex.replace("\\\\", "");
    let backreference = plain.split('\\').skip(1).any(|rest| {
        rest.starts_with(|letter: char| letter.is_ascii_digit() && letter != '0' || letter == 'k')
    });
    // An escaped plus may follow anything.
    let bare = plain
        .replace("\\+", "")
        .replace("\\*", "")
        .replace("\\?", "");
    let forbidden = FORBIDDEN.iter().any(|form| bare.contains(form));
    let legible = balanced(&plain) && regex::reads(regex);
    if length == 0 || length > most || backreference || forbidden || !legible {
        return Err(invalid(format!(
            "The regular expression '{regex}' is not valid or not supported"
        )));
    }
    Ok(())
}

/// Returns whether brackets that are not escaped close again.
fn balanced(regex: &str) -> bool {
    let (mut open, mut class) = (0_i32, false);
    let mut letters = regex.chars();
    while let Some(letter) = letters.next() {
        match letter {
            // The guard takes the escaped letter.
            '\\' if letters.next().is_none() => return false,
            '[' if !class => class = true,
            ']' if class => class = false,
            '(' if !class => open += 1,
            ')' if !class => open -= 1,
            _ => {}
        }
        if open < 0 {
            return false;
        }
    }
    open == 0 && !class
}

#[cfg(test)]
mod tests {
    use super::check_regex;

    #[test]
    fn expressions_that_load_balancers_do_not_know_are_refused() {
        for good in ["^/api/(.*)$", "^([^?]*)$", "a\\+b", "[)+]x", "\\(x"] {
            assert!(check_regex(good, 128).is_ok(), "{good}");
        }
        for bad in [
            "(?=x)", "(a)\\1", "a++", "\\p{L}", "(a", "a)", "[a", "", "a\\", "(?i)a", "a\\b",
        ] {
            assert!(check_regex(bad, 128).is_err(), "{bad}");
        }
        assert!(check_regex(&"a".repeat(129), 128).is_err());
    }
}

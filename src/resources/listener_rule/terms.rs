//! The terms in which rules are compared: their parts, and what can differ.

use std::fmt;

use aws_sdk_elasticloadbalancingv2::types::RedirectActionConfig;
use strum::{Display, EnumIter};

use crate::hash;

/// Where no request comes from: an address for documentation (RFC 5737). A rule
/// with this condition beside its own takes nothing, but its target group is
/// used, so that ELBv2 checks the targets.
pub const NOBODY: &str = "192.0.2.1/32";

/// Which of a route's rules it is. The first one is deleted first.
///
/// A rule for files is another one when the files are others: the new ones take
/// requests before the old ones stop, so that no file is a page in between.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// What the other parts leave: of an API or a function, everything.
    #[default]
    Rest,
    /// Some of a site's files, by a number for what they match.
    Assets(u32),
    /// A site's path without the slash at its end.
    Redirect,
}

impl Part {
    /// The rule for the files that match these expressions.
    pub fn files(expressions: &[String]) -> Self {
        let digits = &hash::long(&expressions.join("|"))[..7];
        Self::Assets(u32::from_str_radix(digits, 16).unwrap_or_default())
    }

    /// What it takes, in a word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Rest => "rest",
            Self::Assets(_) => ASSETS,
            Self::Redirect => "redirect",
        }
    }

    /// Its name in the tag `hybridgw:part`.
    pub fn tag(self) -> String {
        match self {
            Self::Assets(number) => format!("{ASSETS}-{number:07x}"),
            other => other.word().to_owned(),
        }
    }

    /// The part with this word; the only rule of a route has none.
    pub fn from_tag(word: Option<&String>) -> Self {
        match word.map(String::as_str) {
            Some("redirect") => Self::Redirect,
            Some(word) => word.strip_prefix(ASSETS).map_or(Self::Rest, |number| {
                let number = number.trim_start_matches('-');
                Self::Assets(u32::from_str_radix(number, 16).unwrap_or_default())
            }),
            None => Self::Rest,
        }
    }
}

const ASSETS: &str = "assets";

/// What can differ of one rule.
#[derive(Clone, Debug, Default, PartialEq, Eq, Display, EnumIter)]
#[strum(serialize_all = "lowercase")]
pub enum RuleField {
    /// The host name that it takes.
    #[default]
    Host,
    /// The paths that it takes.
    Path,
    /// Where it forwards to.
    #[strum(to_string = "target group")]
    TargetGroup,
    /// Where it sends the browser.
    Redirect,
    /// How it rewrites requests.
    Transforms,
    /// Whether it takes requests yet.
    #[strum(to_string = "takes requests")]
    Taking,
    /// Its place among the rules.
    Priority,
    /// A tag, by its key.
    #[strum(to_string = "tags.{0}")]
    Tag(String),
}

/// A path that a rule takes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Pattern {
    /// With `*` and `?`.
    Plain(String),
    /// A regular expression.
    Regex(String),
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Plain(text) => f.write_str(text),
            Self::Regex(text) => write!(f, "regex {text}"),
        }
    }
}

/// What a rule rewrites before the target sees it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Transform {
    /// `host-header-rewrite` or `url-rewrite`.
    pub kind: String,
    /// What is replaced.
    pub regex: String,
    /// By what.
    pub replace: String,
}

impl fmt::Display for Transform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} -> {}", self.kind, self.regex, self.replace)
    }
}

/// A redirect in words.
pub fn words_of(redirect: &RedirectActionConfig) -> String {
    let part = |part: Option<&str>| part.unwrap_or_default().to_owned();
    let code = redirect.status_code().map(|code| code.as_str());
    format!(
        "{} to {}://{}:{}{}?{}",
        part(code),
        part(redirect.protocol()),
        part(redirect.host()),
        part(redirect.port()),
        part(redirect.path()),
        part(redirect.query()),
    )
}

//! What a policy says to a request.
//!
//! IAM user guide, "Policy evaluation logic": a Deny that fits wins over every
//! Allow, and without an Allow that fits the answer is no. What is not known of
//! the request is left open, so that the answer is yes or no only if it is the
//! same whatever the unknown turns out to be.

use std::{collections::BTreeSet, fmt};

use super::{
    document::{Element, Policy, Statement},
    request::Request,
    truth::Truth,
};

/// Whether a request is let through, and what decides that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// This statement allows it, and none denies it.
    Yes(String),
    /// It is not.
    No(Refusal),
    /// It depends on these: keys of the request, or what is not documented.
    Depends {
        /// What on, as in `aws:Referer`.
        on: BTreeSet<String>,
        /// The statements that leave it open, as in `statement "team"`.
        by: Vec<String>,
    },
}

/// Why a policy refuses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// A statement denies it, whatever others allow.
    Denied {
        /// The statement, as in `statement 2`.
        by: String,
        /// Its conditions, which the request meets.
        because: Vec<String>,
    },
    /// No statement allows it.
    Silent {
        /// The Allow that comes nearest, and what in it does not fit.
        nearest: Option<(String, Vec<String>)>,
    },
    /// The method wants a signature, and the caller has none.
    Unsigned,
}

impl Answer {
    /// It is let through, whatever is not known.
    pub fn is_yes(&self) -> bool {
        matches!(self, Self::Yes(_))
    }

    /// It is not, whatever is not known.
    pub fn is_no(&self) -> bool {
        matches!(self, Self::No(_))
    }

    /// A statement denies it: no Allow would help.
    pub fn is_denied(&self) -> bool {
        matches!(self, Self::No(Refusal::Denied { .. }))
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Yes(by) => write!(f, "{by} allows it"),
            Self::No(refusal) => refusal.fmt(f),
            Self::Depends { on, by } => {
                let on: Vec<&str> = on.iter().map(String::as_str).collect();
                write!(f, "it depends on {} ({})", listed(&on), by.join(", "))
            }
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Denied { by, because } if because.is_empty() => write!(f, "{by} denies it"),
            Self::Denied { by, because } => write!(f, "{by} denies it ({})", because.join(", ")),
            Self::Unsigned => write!(f, "it wants a signature (AWS_IAM)"),
            Self::Silent { nearest: None } => write!(f, "no statement allows it"),
            Self::Silent {
                nearest: Some((by, what)),
            } => {
                let what: Vec<&str> = what.iter().map(String::as_str).collect();
                write!(
                    f,
                    "no statement allows it ({by} would, but for {})",
                    listed(&what)
                )
            }
        }
    }
}

fn listed(words: &[&str]) -> String {
    match words {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [all @ .., last] => format!("{} and {last}", all.join(", ")),
    }
}

/// A statement, and how each element of it fits.
struct Judged<'a> {
    statement: &'a Statement,
    elements: Vec<Element>,
    whole: Truth,
}

impl Judged<'_> {
    fn name(&self) -> String {
        self.statement.to_string()
    }

    fn open(&self) -> Option<&BTreeSet<String>> {
        match &self.whole {
            Truth::Open(on) => Some(on),
            Truth::Yes | Truth::No => None,
        }
    }

    /// The conditions of a statement that fits.
    fn because(&self) -> Vec<String> {
        let tests = self.elements.iter().filter_map(|element| match element {
            Element::Test(test, _) => Some(test.to_string()),
            Element::Named(..) => None,
        });
        tests.collect()
    }

    /// What does not fit.
    fn misses(&self) -> Vec<String> {
        let misses = self.elements.iter().filter_map(|element| match element {
            element if *element.truth() != Truth::No => None,
            Element::Named(name, _) => Some(format!("its {name}")),
            Element::Test(test, _) if test.mistakes_vpc() => {
                Some(format!("{test} (the key for a vpc- id is aws:SourceVpc)"))
            }
            Element::Test(test, _) => Some(test.to_string()),
        });
        misses.collect()
    }
}

impl Policy {
    /// What the policy says to the request.
    pub fn judge(&self, request: &Request) -> Answer {
        if self.unreadable {
            return Answer::Depends {
                on: BTreeSet::from(["a policy that cannot be read".to_owned()]),
                by: vec!["its text".to_owned()],
            };
        }
        let judged: Vec<Judged<'_>> = self
            .statements
            .iter()
            .map(|statement| self.judge_one(statement, request))
            .collect();
        let of = |effect: &str| {
            let known = |one: &&Judged<'_>| {
                let own = one.statement.effect();
                // What is neither is open both ways.
                own == effect || !matches!(own, "Allow" | "Deny")
            };
            judged.iter().filter(known).collect::<Vec<_>>()
        };
        let (allows, denies) = (of("Allow"), of("Deny"));
        if let Some(deny) = denies.iter().find(|one| one.whole == Truth::Yes) {
            return Answer::No(Refusal::Denied {
                by: deny.name(),
                because: deny.because(),
            });
        }
        let allow = allows.iter().find(|one| one.whole == Truth::Yes);
        if allow.is_none() && allows.iter().all(|one| one.whole == Truth::No) {
            let nearest = nearest(&allows);
            return Answer::No(Refusal::Silent { nearest });
        }
        let open = |all: &[&Judged<'_>]| {
            let open = all
                .iter()
                .filter_map(|one| Some((one.name(), one.open()?.clone())));
            open.collect::<Vec<_>>()
        };
        let mut left = open(&denies);
        match allow {
            Some(allow) if left.is_empty() => return Answer::Yes(allow.name()),
            Some(_) => {}
            None => left.extend(open(&allows)),
        }
        let (by, on): (Vec<String>, Vec<BTreeSet<String>>) = left.into_iter().unzip();
        Answer::Depends {
            on: on.into_iter().flatten().collect(),
            by,
        }
    }

    fn judge_one<'a>(&self, statement: &'a Statement, request: &Request) -> Judged<'a> {
        let elements = statement.elements(request, self.place);
        let mut whole = Truth::all(elements.iter().map(|element| element.truth().clone()));
        if whole == Truth::Yes && !matches!(statement.effect(), "Allow" | "Deny") {
            whole = Truth::open(format!("the Effect of {statement}"));
        }
        Judged {
            statement,
            elements,
            whole,
        }
    }
}

/// The Allow of which the least does not fit, if it is about the action at all.
fn nearest(allows: &[&Judged<'_>]) -> Option<(String, Vec<String>)> {
    let missed = allows.iter().map(|one| (one.name(), one.misses()));
    let about = missed.filter(|(_, misses)| !misses.iter().any(|miss| miss == "its Action"));
    about.min_by_key(|(_, misses)| misses.len())
}

//! Conditions: whether the keys of a request are as a statement wants them.
//!
//! IAM user guide, "Condition operators", "Conditions with multiple keys or
//! values" and "Multivalued context keys". Between operators and between keys
//! stands an AND; between the values of a key an OR, and for a negated operator
//! a NOR.

use std::fmt;

use ipnet::IpNet;
use serde_json::Value;

use super::{
    compare::{self, Kind, Order, Wanted},
    pattern::Fit,
    request::{Held, Known, Request},
    text::texts,
    truth::Truth,
};

/// One key under one operator.
#[derive(Clone, Debug)]
pub(super) struct Test {
    operator: String,
    key: String,
    /// None: something else than texts, numbers and truth values.
    values: Option<Vec<String>>,
}

/// What a set operator says about the values of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Set {
    Any,
    All,
}

/// An operator that is documented.
#[derive(Clone, Copy, Debug)]
struct Operator {
    set: Option<Set>,
    kind: Kind,
    negated: bool,
    if_exists: bool,
}

impl Operator {
    /// Reads a name as the guide spells it; the set operators come before it, and
    /// `IfExists` at its end.
    fn of(name: &str) -> Option<Self> {
        let (set, name) = match name.split_once(':') {
            Some(("ForAnyValue", name)) => (Some(Set::Any), name),
            Some(("ForAllValues", name)) => (Some(Set::All), name),
            Some(_) => return None,
            None => (None, name),
        };
        let plain = name.strip_suffix("IfExists");
        let (kind, negated) = kind(plain.unwrap_or(name))?;
        Some(Self {
            set,
            kind,
            negated,
            if_exists: plain.is_some(),
        })
    }
}

/// What an operator compares, and whether it is negated.
fn kind(name: &str) -> Option<(Kind, bool)> {
    let order = |name: &str| {
        Some(match name {
            "Equals" => (Order::Equal, false),
            "NotEquals" => (Order::Equal, true),
            "LessThan" => (Order::Less, false),
            "LessThanEquals" => (Order::LessOrEqual, false),
            "GreaterThan" => (Order::Greater, false),
            "GreaterThanEquals" => (Order::GreaterOrEqual, false),
            _ => return None,
        })
    };
    Some(match name {
        "StringEquals" => (Kind::Exact, false),
        "StringNotEquals" => (Kind::Exact, true),
        "StringEqualsIgnoreCase" => (Kind::Caseless, false),
        "StringNotEqualsIgnoreCase" => (Kind::Caseless, true),
        "StringLike" => (Kind::Like, false),
        "StringNotLike" => (Kind::Like, true),
        "ArnEquals" | "ArnLike" => (Kind::Arn, false),
        "ArnNotEquals" | "ArnNotLike" => (Kind::Arn, true),
        "Bool" => (Kind::Bool, false),
        "BinaryEquals" => (Kind::Binary, false),
        "IpAddress" => (Kind::Address, false),
        "NotIpAddress" => (Kind::Address, true),
        name => {
            if let Some(rest) = name.strip_prefix("Numeric") {
                let (order, negated) = order(rest)?;
                (Kind::Number(order), negated)
            } else {
                let (order, negated) = order(name.strip_prefix("Date")?)?;
                (Kind::Date(order), negated)
            }
        }
    })
}

impl Test {
    /// The tests of a condition block; none if it is no block.
    pub fn all(block: &Value) -> Option<Vec<Self>> {
        let mut all = Vec::new();
        for (operator, keys) in block.as_object()? {
            for (key, values) in keys.as_object()? {
                all.push(Self {
                    operator: operator.clone(),
                    key: key.clone(),
                    values: texts(values),
                });
            }
        }
        Some(all)
    }

    /// Whether the request is as this wants it.
    pub fn holds(&self, variables: bool, request: &Request) -> Truth {
        let Some(values) = &self.values else {
            return Truth::open(format!("the values of {}", self.key));
        };
        let known = request.key(&self.key);
        if self.operator == "Null" {
            return self.is_null(values, &known);
        }
        let Some(operator) = Operator::of(&self.operator) else {
            return Truth::open(format!("the operator {}", self.operator));
        };
        match known {
            Known::Nothing => Truth::open(&self.key),
            Known::Within(ours) => self.within(operator, values, &ours),
            Known::Either(held) => {
                let cases = held
                    .iter()
                    .map(|held| self.of(operator, values, held, variables, request));
                Truth::same(cases, &self.key)
            }
        }
    }

    /// `Null`: `true` wants that the key is not there, or has no value.
    fn is_null(&self, values: &[String], known: &Known) -> Truth {
        let absent = match known {
            Known::Nothing => Truth::open(&self.key),
            Known::Within(_) => Truth::No,
            Known::Either(held) => {
                let cases = held.iter().map(|held| match held {
                    Held::Absent => Truth::Yes,
                    Held::Text(_) => Truth::No,
                    Held::Several(all) => all.is_empty().into(),
                });
                Truth::same(cases, &self.key)
            }
        };
        let wanted = values.iter().map(|value| match compare::flag(value) {
            Some(true) => absent.clone(),
            Some(false) => !absent.clone(),
            None => Truth::open(format!("the value \"{value}\" of Null")),
        });
        Truth::any(wanted)
    }

    /// An address that is known to be in one of these ranges.
    fn within(&self, operator: Operator, values: &[String], ours: &[IpNet]) -> Truth {
        let nets: Option<Vec<IpNet>> = values.iter().map(|value| compare::net(value)).collect();
        let (Some(nets), Kind::Address) = (nets, operator.kind) else {
            return Truth::open(&self.key);
        };
        let fits = match compare::fit_ranges(&nets, ours) {
            Fit::All => Truth::Yes,
            Fit::None => Truth::No,
            Fit::Some => Truth::open(&self.key),
        };
        // A set operator over one value says the same.
        if operator.negated { !fits } else { fits }
    }

    /// A key that holds this.
    fn of(
        &self,
        operator: Operator,
        values: &[String],
        held: &Held,
        variables: bool,
        request: &Request,
    ) -> Truth {
        let Operator {
            set,
            kind,
            negated,
            if_exists,
        } = operator;
        let actual: Vec<&str> = match held {
            Held::Absent => vec![],
            // "An empty data set (for example, an empty string)": said of set
            // operators alone.
            Held::Text(text) if text.is_empty() && set.is_some() => vec![],
            Held::Text(text) => vec![text],
            Held::Several(all) => all.iter().map(String::as_str).collect(),
        };
        let fits = |actual: &&str| {
            let fits = Truth::any(values.iter().map(|text| {
                let wanted = Wanted {
                    text,
                    variables,
                    negated,
                };
                compare::fits(kind, wanted, actual, request)
            }));
            if negated { !fits } else { fits }
        };
        match (set, actual.as_slice()) {
            (_, []) if if_exists => Truth::Yes,
            (Some(Set::All), []) => Truth::Yes,
            (Some(Set::Any), []) => Truth::No,
            (None, []) => negated.into(),
            (Some(Set::All), some) => Truth::all(some.iter().map(fits)),
            (Some(Set::Any), some) => Truth::any(some.iter().map(fits)),
            (None, [one]) => fits(one),
            // "You must use set operators" for these; what else comes of it is
            // not documented.
            (None, _) => Truth::open(format!("{} with several values", self.key)),
        }
    }

    /// Whether this holds the id of a VPC against those of endpoints, which no
    /// request can be.
    pub fn mistakes_vpc(&self) -> bool {
        let mut values = self.values.iter().flatten();
        self.key.eq_ignore_ascii_case("aws:SourceVpce")
            && values.any(|value| value.starts_with("vpc-"))
    }
}

impl fmt::Display for Test {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.operator, self.key)?;
        match self.values.as_deref() {
            Some([one]) => write!(f, " {one}"),
            Some([first, rest @ ..]) => write!(f, " {first} and {} more", rest.len()),
            _ => Ok(()),
        }
    }
}

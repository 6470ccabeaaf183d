//! How condition operators compare one value of a policy with one of a request
//! (IAM user guide, "Condition operators").

use std::net::IpAddr;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use super::{
    pattern::{self, Piece},
    request::Request,
    truth::Truth,
    variable::{self, Meaning, Reading},
};

/// What an operator compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Text as it is.
    Exact,
    /// Text, without regard to case.
    Caseless,
    /// Text with `*` and `?`.
    Like,
    /// ARNs, segment by segment.
    Arn,
    /// Numbers.
    Number(Order),
    /// Points in time.
    Date(Order),
    /// `true` and `false`.
    Bool,
    /// Bytes, in base64.
    Binary,
    /// An address and a range.
    Address,
}

/// How numbers and dates are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Order {
    fn holds(self, actual: f64, wanted: f64) -> bool {
        match actual.partial_cmp(&wanted) {
            None => false,
            Some(order) => match self {
                Self::Equal => order.is_eq(),
                Self::Less => order.is_lt(),
                Self::LessOrEqual => order.is_le(),
                Self::Greater => order.is_gt(),
                Self::GreaterOrEqual => order.is_ge(),
            },
        }
    }
}

/// A value of a policy.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted<'a> {
    pub text: &'a str,
    /// `${…}` in it are variables.
    pub variables: bool,
    /// It stands under a negated operator.
    pub negated: bool,
}

/// Whether the value of a request fits the one of the policy.
///
/// A value of the policy that is none of its kind is open: AWS may have refused
/// the policy, and how it would compare is not documented.
pub(super) fn fits(kind: Kind, of: Wanted<'_>, actual: &str, request: &Request) -> Truth {
    let wanted = of.text;
    let strange = || Truth::open(format!("the value \"{wanted}\", which is not of its kind"));
    let ordered = |order: Order, wanted: Option<f64>, actual: Option<f64>| match (wanted, actual) {
        (Some(wanted), Some(actual)) => order.holds(actual, wanted).into(),
        _ => strange(),
    };
    match kind {
        Kind::Exact | Kind::Caseless | Kind::Like | Kind::Arn => worded(kind, of, actual, request),
        Kind::Number(order) => ordered(order, number(wanted), number(actual)),
        Kind::Date(order) => ordered(order, date(wanted), date(actual)),
        Kind::Bool => match (flag(wanted), flag(actual)) {
            (Some(wanted), Some(actual)) => (wanted == actual).into(),
            _ => strange(),
        },
        Kind::Binary => (wanted.trim() == actual.trim()).into(),
        Kind::Address => match (net(wanted), actual.parse::<IpAddr>()) {
            (Some(net), Ok(address)) => net.contains(&address).into(),
            _ => strange(),
        },
    }
}

/// Text and ARNs: they may hold variables.
fn worded(kind: Kind, of: Wanted<'_>, actual: &str, request: &Request) -> Truth {
    let reading = Reading {
        wildcards: matches!(kind, Kind::Like | Kind::Arn),
        variables: of.variables,
    };
    let (all, by) = match variable::read(of.text, reading, request) {
        Meaning::Either(all, by) => (all, by),
        // Nothing fits it, or the statement does not count at all: the same but
        // for negated operators.
        Meaning::Void(_) if !of.negated => return Truth::No,
        Meaning::Void(key) | Meaning::Open(key) => return Truth::open(key),
    };
    let by = by.unwrap_or_default();
    let fits = |one: &Vec<Piece>| match kind {
        Kind::Caseless => pattern::matches_caseless(one, actual).into(),
        Kind::Arn => arn(one, actual),
        _ => pattern::matches(one, actual).into(),
    };
    Truth::same(all.iter().map(fits), &by)
}

/// `ArnEquals` and `ArnLike` are the same: each of the six parts is compared for
/// itself, with wildcards.
fn arn(wanted: &[Piece], actual: &str) -> Truth {
    let wanted: Vec<&[Piece]> = wanted
        .splitn(6, |piece| *piece == Piece::Char(':'))
        .collect();
    if wanted.len() < 6 {
        return Truth::open("a value that is no ARN under an operator for ARNs");
    }
    let actual: Vec<&str> = actual.splitn(6, ':').collect();
    let parts = wanted.iter().zip(&actual);
    let fits = parts
        .into_iter()
        .all(|(one, part)| pattern::matches(one, part));
    (actual.len() == 6 && fits).into()
}

fn number(text: &str) -> Option<f64> {
    let number: f64 = text.trim().parse().ok()?;
    number.is_finite().then_some(number)
}

/// `true` or `false`; JSON's own words as well as strings.
pub(super) fn flag(text: &str) -> Option<bool> {
    let text = text.trim();
    match () {
        () if text.eq_ignore_ascii_case("true") => Some(true),
        () if text.eq_ignore_ascii_case("false") => Some(false),
        () => None,
    }
}

/// A range. An address alone is a range of one.
pub(super) fn net(text: &str) -> Option<IpNet> {
    let text = text.trim();
    let alone = || text.parse::<IpAddr>().ok().map(IpNet::from);
    text.parse().ok().or_else(alone)
}

/// How much of our ranges those of the policy hold.
pub(super) fn fit_ranges(wanted: &[IpNet], ours: &[IpNet]) -> pattern::Fit {
    let four = |nets: &[IpNet]| -> Vec<Ipv4Net> {
        let four = nets.iter().filter_map(|net| match net {
            IpNet::V4(net) => Some(*net),
            IpNet::V6(_) => None,
        });
        Ipv4Net::aggregate(&four.collect())
    };
    let six = |nets: &[IpNet]| -> Vec<Ipv6Net> {
        let six = nets.iter().filter_map(|net| match net {
            IpNet::V6(net) => Some(*net),
            IpNet::V4(_) => None,
        });
        Ipv6Net::aggregate(&six.collect())
    };
    // Merged, so that a range which several hold together is in one of them.
    let merged: Vec<IpNet> = four(wanted)
        .into_iter()
        .map(IpNet::V4)
        .chain(six(wanted).into_iter().map(IpNet::V6))
        .collect();
    let held = |net: &IpNet| merged.iter().any(|one| one.contains(net));
    let touched = |net: &IpNet| {
        merged
            .iter()
            .any(|one| one.contains(net) || net.contains(one))
    };
    if ours.iter().all(held) {
        pattern::Fit::All
    } else if ours.iter().any(touched) {
        pattern::Fit::Some
    } else {
        pattern::Fit::None
    }
}

/// Seconds since 1970, of a date in one of W3C's profiles of ISO 8601 or of
/// seconds since 1970 themselves.
pub(super) fn date(text: &str) -> Option<f64> {
    let text = text.trim();
    if text.len() > 4
        && let Some(seconds) = number(text)
    {
        return Some(seconds);
    }
    let (day, time) = match text.split_once('T') {
        Some((day, time)) => (day, Some(time)),
        None => (text, None),
    };
    let mut parts = day.split('-');
    let year = digits(parts.next()?, 4)?;
    let month = parts.next().map_or(Some(1), |part| digits(part, 2))?;
    let of_month = parts.next().map_or(Some(1), |part| digits(part, 2))?;
    if parts.next().is_some() || !(1..=12).contains(&month) || !(1..=31).contains(&of_month) {
        return None;
    }
    let days = days(year, month, of_month);
    Some(f64::from(days) * 86_400.0 + time.map_or(Some(0.0), clock)?)
}

/// Days from 1970-01-01 to a day of the Gregorian calendar.
fn days(year: i32, month: i32, day: i32) -> i32 {
    // Years begin in March, so that the day that leaps is their last.
    let year = if month <= 2 { year - 1 } else { year };
    let month = (month + 9) % 12;
    let before = 365 * year + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    before + (153 * month + 2) / 5 + day - 1 - 719_468
}

/// Seconds of `hh:mm[:ss[.s]]` with `Z` or an offset.
fn clock(text: &str) -> Option<f64> {
    let (time, offset) = if let Some(time) = text.strip_suffix('Z') {
        (time, 0.0)
    } else {
        let at = text.rfind(['+', '-'])?;
        let (hours, minutes) = text[at + 1..].split_once(':')?;
        let offset = f64::from(digits(hours, 2)? * 3600 + digits(minutes, 2)? * 60);
        let ahead = text.as_bytes()[at] == b'+';
        (&text[..at], if ahead { -offset } else { offset })
    };
    let mut parts = time.split(':');
    let (hours, minutes) = (digits(parts.next()?, 2)?, digits(parts.next()?, 2)?);
    let seconds = parts.next().map_or(Some(0.0), number)?;
    let fits = hours < 24 && minutes < 60 && (0.0..61.0).contains(&seconds);
    (fits && parts.next().is_none())
        .then(|| f64::from(hours * 3600 + minutes * 60) + seconds + offset)
}

fn digits(text: &str, count: usize) -> Option<i32> {
    let plain = text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_read_in_every_form_of_the_documentation() {
        for (text, seconds) in [
            ("1970", 0.0),
            ("1970-01", 0.0),
            ("1970-01-02", 86_400.0),
            ("1969-12-31T23:59:59Z", -1.0),
            ("2000-02-29T00:00Z", 951_782_400.0),
            ("2000-03-01T01:00:00+01:00", 951_868_800.0),
            ("2000-02-29T19:00:00-05:00", 951_868_800.0),
            ("2000-03-01T00:00:00.5Z", 951_868_800.5),
            ("951868800", 951_868_800.0),
        ] {
            assert_eq!(date(text), Some(seconds), "{text}");
        }
        for text in [
            "",
            "today",
            "2000-13-01",
            "2000-01-01T00:00",
            "2000-1-1",
            "2000-01-01T25:00Z",
        ] {
            assert_eq!(date(text), None, "{text}");
        }
    }

    #[test]
    fn ranges_hold_together_what_none_holds_alone() {
        let nets = |all: &[&str]| -> Vec<IpNet> { all.iter().filter_map(|one| net(one)).collect() };
        for (wanted, ours, fit) in [
            (vec!["10.0.0.0/8"], vec!["10.1.0.0/24"], pattern::Fit::All),
            (
                vec!["10.1.0.0/25", "10.1.0.128/25"],
                vec!["10.1.0.0/24"],
                pattern::Fit::All,
            ),
            (vec!["10.1.0.0/25"], vec!["10.1.0.0/24"], pattern::Fit::Some),
            (
                vec!["10.1.0.0/24"],
                vec!["10.1.0.0/24", "10.2.0.0/24"],
                pattern::Fit::Some,
            ),
            (
                vec!["192.168.0.0/16", "fd00::/8"],
                vec!["10.1.0.0/24"],
                pattern::Fit::None,
            ),
            (vec!["10.1.0.7"], vec!["10.1.0.7/32"], pattern::Fit::All),
            (vec![], vec!["10.1.0.0/24"], pattern::Fit::None),
        ] {
            assert_eq!(
                fit_ranges(&nets(&wanted), &nets(&ours)),
                fit,
                "{wanted:?} {ours:?}"
            );
        }
    }
}

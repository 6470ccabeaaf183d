//! As much of a certificate as ACM tells about it: a walk over its DER.

use crate::clock::Time;

/// What is read off a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// Its DNS names; the common name where it has none.
    pub names: Vec<String>,
    /// From when to when it is valid.
    pub valid: (Time, Time),
    /// Its serial number.
    pub serial: Vec<u8>,
    /// Its key, as ACM calls it.
    pub algorithm: String,
}

/// A tag, what is in it, and what follows it.
type Element<'a> = (u8, &'a [u8], &'a [u8]);

/// Reads one element; lengths of up to four bytes.
fn element(der: &[u8]) -> Option<Element<'_>> {
    let (tag, rest) = der.split_first()?;
    let (first, rest) = rest.split_first()?;
    let (length, rest) = if *first < 0x80 {
        (usize::from(*first), rest)
    } else {
        let count = usize::from(first & 0x7f);
        let bytes = rest.get(..count).filter(|_| (1..=4).contains(&count))?;
        let length = bytes
            .iter()
            .fold(0, |length, byte| length << 8 | usize::from(*byte));
        (length, &rest[count..])
    };
    Some((*tag, rest.get(..length)?, &rest[length..]))
}

/// Returns what is in an element of this tag.
fn inside(der: &[u8], tag: u8) -> Option<&[u8]> {
    element(der)
        .filter(|(found, ..)| *found == tag)
        .map(|(_, content, _)| content)
}

/// Returns the elements that follow each other in some content.
fn children(mut der: &[u8]) -> Vec<(u8, &[u8])> {
    let mut found = Vec::new();
    while let Some((tag, content, rest)) = element(der) {
        found.push((tag, content));
        der = rest;
    }
    found
}

const SEQUENCE: u8 = 0x30;
const OID: u8 = 0x06;
const OCTETS: u8 = 0x04;
const COMMON_NAME: &[u8] = &[0x55, 0x04, 0x03];
const ALTERNATIVE_NAMES: &[u8] = &[0x55, 0x1d, 0x11];
const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
const CURVES: &[(&[u8], &str)] = &[
    (
        &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07],
        "EC_prime256v1",
    ),
    (&[0x2b, 0x81, 0x04, 0x00, 0x22], "EC_secp384r1"),
    (&[0x2b, 0x81, 0x04, 0x00, 0x23], "EC_secp521r1"),
];

/// Reads a certificate (RFC 5280, section 4.1).
pub fn facts(der: &[u8]) -> Option<Facts> {
    let certificate = inside(der, SEQUENCE)?;
    let mut parts = children(inside(certificate, SEQUENCE)?);
    if parts.first().is_some_and(|(tag, _)| *tag == 0xa0) {
        parts.remove(0);
    }
    let [
        (_, serial),
        _,
        _,
        (_, validity),
        (_, subject),
        (_, key),
        rest @ ..,
    ] = parts.as_slice()
    else {
        return None;
    };
    let extensions = rest
        .iter()
        .find(|(tag, _)| *tag == 0xa3)
        .map(|(_, content)| *content);
    let mut names = extensions.and_then(alternative_names).unwrap_or_default();
    if names.is_empty() {
        names.extend(common_name(subject));
    }
    let times = children(validity);
    let [start, end] = times.as_slice() else {
        return None;
    };
    Some(Facts {
        names,
        valid: (time(*start)?, time(*end)?),
        serial: serial.to_vec(),
        algorithm: algorithm(key)?,
    })
}

/// `[2]` in `GeneralNames` is a DNS name.
fn alternative_names(extensions: &[u8]) -> Option<Vec<String>> {
    let extension = children(inside(extensions, SEQUENCE)?)
        .into_iter()
        .find_map(|(_, extension)| {
            let parts = children(extension);
            parts.contains(&(OID, ALTERNATIVE_NAMES)).then_some(parts)
        })?;
    let (_, value) = extension.into_iter().find(|(tag, _)| *tag == OCTETS)?;
    let names = children(inside(value, SEQUENCE)?)
        .into_iter()
        .filter(|(tag, _)| *tag == 0x82);
    Some(
        names
            .map(|(_, name)| String::from_utf8_lossy(name).to_lowercase())
            .collect(),
    )
}

fn common_name(subject: &[u8]) -> Option<String> {
    children(subject).into_iter().find_map(|(_, set)| {
        let pair = children(inside(set, SEQUENCE)?);
        let [(OID, COMMON_NAME), (_, name)] = pair.as_slice() else {
            return None;
        };
        Some(String::from_utf8_lossy(name).to_lowercase())
    })
}

fn algorithm(key: &[u8]) -> Option<String> {
    let parts = children(key);
    let [(_, kind), (_, bits)] = parts.as_slice() else {
        return None;
    };
    let kind = children(kind);
    if kind.first() == Some(&(OID, RSA)) {
        let (_, modulus) = *children(inside(bits.get(1..)?, SEQUENCE)?).first()?;
        let length = modulus.iter().skip_while(|byte| **byte == 0).count() * 8;
        return Some(format!("RSA_{length}"));
    }
    let curve = kind.get(1).map(|(_, curve)| *curve);
    let known = CURVES.iter().find(|(oid, _)| Some(*oid) == curve);
    known.map(|(_, name)| (*name).to_owned())
}

/// `YYMMDDHHMMSSZ` or `YYYYMMDDHHMMSSZ`.
fn time((tag, text): (u8, &[u8])) -> Option<Time> {
    let text = std::str::from_utf8(text).ok()?.strip_suffix('Z')?;
    let text = match (tag, text.get(..2)?.parse::<u32>().ok()?) {
        (0x17, year) if year >= 50 => format!("19{text}"),
        (0x17, _) => format!("20{text}"),
        _ => text.to_owned(),
    };
    let number = |from: usize, to: usize| text.get(from..to)?.parse::<u64>().ok();
    let (year, month, day) = (number(0, 4)?, number(4, 6)?, number(6, 8)?);
    let (hour, minute, second) = (number(8, 10)?, number(10, 12)?, number(12, 14)?);
    let days = days_until(year, month).checked_add(day.checked_sub(1)?)?;
    let seconds = days * 86_400 + hour * 3_600 + minute * 60 + second;
    Some(Time::from_unix_millis(seconds * 1000))
}

/// Days from 1970 to the first of a month.
fn days_until(year: u64, month: u64) -> u64 {
    const BEFORE: [u64; 12] = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];
    let leaps = |year: u64| year / 4 - year / 100 + year / 400;
    let leap = year.is_multiple_of(4) && !year.is_multiple_of(100) || year.is_multiple_of(400);
    let past = year.saturating_sub(1970) * 365 + leaps(year.max(1970) - 1) - leaps(1969);
    let place = usize::try_from(month.clamp(1, 12) - 1).unwrap_or(0);
    past + BEFORE[place] + u64::from(leap && month > 2)
}

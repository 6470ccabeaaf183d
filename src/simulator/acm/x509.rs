//! As much of a certificate as ACM tells about it: a walk over its DER.

use crate::clock::Time;

/// What is read off a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// Its DNS names, as they are written; the common name where it has none.
    pub names: Vec<String>,
    /// The common name of whom it is for.
    pub common_name: Option<String>,
    /// Whom it is for: `C=DE,O=Example,CN=a.example.com`.
    pub subject: String,
    /// Who made it: the organization, or the common name of one that has none.
    pub issuer: String,
    /// What its key may do.
    pub usages: Vec<&'static str>,
    /// What it may be used for: the object identifiers.
    pub extended_usages: Vec<String>,
    /// How it is signed, as ACM calls it.
    pub signature: &'static str,
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
const BITS: u8 = 0x03;
const ALTERNATIVE_NAMES: &[u8] = &[0x55, 0x1d, 0x11];
const KEY_USAGE: &[u8] = &[0x55, 0x1d, 0x0f];
const EXTENDED_KEY_USAGE: &[u8] = &[0x55, 0x1d, 0x25];
/// The short names of a distinguished name's attributes, under 2.5.4 (RFC 4514).
const ATTRIBUTES: &[(u8, &str)] = &[
    (3, "CN"),
    (5, "SERIALNUMBER"),
    (6, "C"),
    (7, "L"),
    (8, "ST"),
    (9, "STREET"),
    (10, "O"),
    (11, "OU"),
];
/// The bits of a key's usage, from the first on (RFC 5280, section 4.2.1.3), in ACM's words.
const USAGES: &[&str] = &[
    "DIGITAL_SIGNATURE",
    "NON_REPUDIATION",
    "KEY_ENCIPHERMENT",
    "DATA_ENCIPHERMENT",
    "KEY_AGREEMENT",
    "CERTIFICATE_SIGNING",
    "CRL_SIGNING",
    "ENCIPHER_ONLY",
    "DECIPHER_ONLY",
];
/// The algorithms that sign (RFC 4055, RFC 5758), in ACM's words.
const SIGNATURES: &[(&[u8], &str)] = &[
    (
        &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x05],
        "SHA1WITHRSA",
    ),
    (
        &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b],
        "SHA256WITHRSA",
    ),
    (
        &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0c],
        "SHA384WITHRSA",
    ),
    (
        &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0d],
        "SHA512WITHRSA",
    ),
    (
        &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02],
        "SHA256WITHECDSA",
    ),
    (
        &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x03],
        "SHA384WITHECDSA",
    ),
    (
        &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x04],
        "SHA512WITHECDSA",
    ),
];
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
        (_, signed),
        (_, issuer),
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
    let (subject, issuer) = (attributes(subject), attributes(issuer));
    let common_name = of(&subject, "CN");
    if names.is_empty() {
        names.extend(common_name.clone());
    }
    let signed = children(signed).first().copied();
    let signature = SIGNATURES
        .iter()
        .find(|(oid, _)| signed == Some((OID, oid)));
    let times = children(validity);
    let [start, end] = times.as_slice() else {
        return None;
    };
    Some(Facts {
        names,
        common_name,
        subject: written(&subject),
        issuer: of(&issuer, "O")
            .or_else(|| of(&issuer, "CN"))
            .unwrap_or_default(),
        usages: extensions.map(usages).unwrap_or_default(),
        extended_usages: extensions.map(extended_usages).unwrap_or_default(),
        signature: signature?.1,
        valid: (time(*start)?, time(*end)?),
        serial: serial.to_vec(),
        algorithm: algorithm(key)?,
    })
}

/// What an extension says.
fn extension<'a>(extensions: &'a [u8], wanted: &[u8]) -> Option<&'a [u8]> {
    let all = children(inside(extensions, SEQUENCE)?).into_iter();
    let mut parts = all.map(|(_, extension)| children(extension));
    let found = parts.find(|parts| parts.contains(&(OID, wanted)))?;
    let value = found.into_iter().find(|(tag, _)| *tag == OCTETS);
    value.map(|(_, value)| value)
}

/// `[2]` in `GeneralNames` is a DNS name.
fn alternative_names(extensions: &[u8]) -> Option<Vec<String>> {
    let value = extension(extensions, ALTERNATIVE_NAMES)?;
    let names = children(inside(value, SEQUENCE)?)
        .into_iter()
        .filter(|(tag, _)| *tag == 0x82);
    Some(
        names
            .map(|(_, name)| String::from_utf8_lossy(name).into_owned())
            .collect(),
    )
}

/// What the key may do; nothing where the certificate does not say.
fn usages(extensions: &[u8]) -> Vec<&'static str> {
    let bits = extension(extensions, KEY_USAGE).and_then(|value| inside(value, BITS));
    let bits = bits.and_then(|bits| bits.get(1..)).unwrap_or_default();
    let is_set = |place: usize| {
        let byte = bits.get(place / 8).copied().unwrap_or_default();
        byte & (0x80 >> (place % 8)) != 0
    };
    let named = USAGES.iter().enumerate();
    named
        .filter(|(place, _)| is_set(*place))
        .map(|(_, name)| *name)
        .collect()
}

/// What the certificate may be used for, as object identifiers; nothing where it does not say.
fn extended_usages(extensions: &[u8]) -> Vec<String> {
    let value = extension(extensions, EXTENDED_KEY_USAGE);
    let all = value
        .and_then(|value| inside(value, SEQUENCE))
        .unwrap_or_default();
    let all = children(all).into_iter();
    all.map(|(_, oid)| dotted(oid)).collect()
}

/// An object identifier in digits.
fn dotted(oid: &[u8]) -> String {
    let mut arcs: Vec<u64> = Vec::new();
    let mut arc = 0_u64;
    for byte in oid {
        arc = (arc << 7) | u64::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            if arcs.is_empty() {
                let first = (arc / 40).min(2);
                arcs.push(first);
                arc -= first * 40;
            }
            arcs.push(arc);
            arc = 0;
        }
    }
    let texts: Vec<String> = arcs.iter().map(u64::to_string).collect();
    texts.join(".")
}

/// The attributes of a distinguished name, in its order.
fn attributes(name: &[u8]) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for (_, set) in children(name) {
        for (_, pair) in children(set) {
            let parts = children(pair);
            let [(OID, kind), (_, value)] = parts.as_slice() else {
                continue;
            };
            let short = match kind {
                [0x55, 0x04, last] => ATTRIBUTES.iter().find(|(known, _)| known == last),
                _ => None,
            };
            let kind = short.map_or_else(|| dotted(kind), |(_, short)| (*short).to_owned());
            found.push((kind, String::from_utf8_lossy(value).into_owned()));
        }
    }
    found
}

fn of(attributes: &[(String, String)], kind: &str) -> Option<String> {
    let found = attributes.iter().find(|(known, _)| known == kind);
    found.map(|(_, value)| value.clone())
}

fn written(attributes: &[(String, String)]) -> String {
    let parts: Vec<String> = attributes
        .iter()
        .map(|(kind, value)| format!("{kind}={value}"))
        .collect();
    parts.join(",")
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

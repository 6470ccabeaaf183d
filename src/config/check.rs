//! The rules for single values: names, ids, ranges. Each takes the text and gives the value, or says
//! what is wrong with it and what would be right.

use std::net::Ipv4Addr;

use ipnet::Ipv4Net;

use super::Mode;
use super::arn::Arn;
use super::problem::{Wrong, shown, wrong};

pub(super) type Checked<T> = Result<T, Wrong>;

pub(super) fn all(text: &str, allowed: impl Fn(char) -> bool) -> bool {
    !text.is_empty() && text.chars().all(allowed)
}

pub(super) fn lower_or_digit(c: char) -> bool {
    c.is_ascii_lowercase() || c.is_ascii_digit()
}

pub(super) fn stack(text: &str) -> Checked<String> {
    const HINT: &str = "1 to 24 of a-z, 0-9 and '-', as in orders-dev";
    if text.is_empty() || text.len() > 24 || !all(text, |c| lower_or_digit(c) || c == '-') {
        let message = format!("`{}` is not a stack name", shown(text));
        return Err(wrong(message, HINT));
    }
    if text.starts_with('-') || text.ends_with('-') {
        let message = format!("`{text}` has a hyphen at an end");
        return Err(wrong(message, "begin and end with a letter or digit"));
    }
    // The stack names the load balancer and begins the groups' names; AWS
    // reserves `internal-` for the one and `sg-` for the others.
    for reserved in ["internal-", "sg-"] {
        if text.starts_with(reserved) {
            let message = format!("`{text}` begins with `{reserved}`, which AWS reserves");
            return Err(wrong(message, "choose another beginning"));
        }
    }
    Ok(text.to_owned())
}

pub(super) fn region(text: &str) -> Checked<String> {
    let mut parts: Vec<&str> = text.split('-').collect();
    let number = parts.pop().unwrap_or_default();
    let is_region = (2..=4).contains(&parts.len())
        && (1..=2).contains(&number.len())
        && all(number, |c| c.is_ascii_digit())
        && (2..=4).contains(&parts[0].len())
        && parts
            .iter()
            .all(|part| all(part, |c| c.is_ascii_lowercase()));
    if is_region {
        return Ok(text.to_owned());
    }
    Err(wrong(
        format!("`{}` is not a region", shown(text)),
        "a region looks like eu-central-1, us-gov-west-1 or cn-north-1",
    ))
}

pub(super) fn account(text: &str) -> Checked<String> {
    if text.len() == 12 && all(text, |c| c.is_ascii_digit()) {
        return Ok(text.to_owned());
    }
    Err(wrong(
        format!("`{}` is not an account id", shown(text)),
        "12 digits, as in 111122223333",
    ))
}

pub(super) fn mode(text: &str) -> Checked<Mode> {
    if text == "regional-domain" {
        return Ok(Mode::RegionalDomain);
    }
    Err(wrong(
        format!("`{}` is not a mode", shown(text)),
        "the mode is `regional-domain`",
    ))
}

/// AWS's own rules for tags, the strictest of the services used.
fn tag_text(text: &str) -> Checked<()> {
    let strange = text
        .chars()
        .find(|c| !c.is_alphanumeric() && !" _.:/=+-@".contains(*c));
    strange.map_or(Ok(()), |c| {
        Err(wrong(
            format!("`{}` is not allowed in a tag", shown(&c.to_string())),
            "letters, digits, spaces and _ . : / = + - @",
        ))
    })
}

pub(super) fn tag_key(text: &str) -> Checked<()> {
    if text.is_empty() || text.chars().count() > 128 {
        let message = "a tag's key has 1 to 128 characters";
        return Err(wrong(message, "name it, or shorten it"));
    }
    for reserved in ["aws:", "hybridgw:"] {
        if text.to_ascii_lowercase().starts_with(reserved) {
            let message = format!("tags beginning `{reserved}` are reserved");
            return Err(wrong(message, "choose another key"));
        }
    }
    tag_text(text)
}

pub(super) fn tag_value(text: &str) -> Checked<String> {
    if text.chars().count() > 256 {
        let message = "a tag's value has at most 256 characters";
        return Err(wrong(message, "shorten it"));
    }
    tag_text(text).map(|()| text.to_owned())
}

/// An id such as `vpc-0a1b2c3d`: the prefix and 8 or 17 hexadecimal digits.
pub(super) fn resource_id(text: &str, prefix: &str) -> Checked<String> {
    let digits = text.strip_prefix(prefix).unwrap_or_default();
    let is_hex = all(digits, |c| c.is_ascii_digit() || ('a'..='f').contains(&c));
    if is_hex && (digits.len() == 8 || digits.len() == 17) {
        return Ok(text.to_owned());
    }
    Err(wrong(
        format!("`{}` is not a `{prefix}` id", shown(text)),
        format!("`{prefix}` and 8 or 17 of 0-9 and a-f, as in {prefix}0a1b2c3d4e5f60718"),
    ))
}

/// One of the endpoint's addresses. Whether its subnet has it, AWS knows.
pub(super) fn address(text: &str) -> Checked<Ipv4Addr> {
    if text.contains(':') {
        return Err(wrong(
            format!("`{}` is IPv6", shown(text)),
            "the endpoint has IPv4 addresses only; name one of each subnet",
        ));
    }
    text.parse().map_err(|_| {
        let message = format!("`{}` is not an IPv4 address", shown(text));
        wrong(message, "four numbers, as in 10.0.1.10")
    })
}

pub(super) fn client(text: &str) -> Checked<Ipv4Net> {
    if text.contains(':') {
        return Err(wrong(
            format!("`{}` is IPv6", shown(text)),
            "the load balancer has IPv4 addresses only; name the IPv4 ranges",
        ));
    }
    if let Ok(address) = text.parse::<Ipv4Addr>() {
        let message = format!("`{text}` is an address, not a range");
        return Err(wrong(message, format!("write {address}/32")));
    }
    let Ok(range) = text.parse::<Ipv4Net>() else {
        let message = format!("`{}` is not an IPv4 range", shown(text));
        return Err(wrong(message, "write a CIDR block, as in 10.0.0.0/8"));
    };
    if range.prefix_len() == 0 {
        return Err(wrong(
            format!("`{text}` admits everybody"),
            "name the corporate ranges, as in 10.0.0.0/8",
        ));
    }
    let canonical = range.trunc();
    if canonical.to_string() != text {
        let message = format!("`{}` is not the range's canonical form", shown(text));
        return Err(wrong(message, format!("write {canonical}")));
    }
    Ok(canonical)
}

/// A name as DNS compares it: lower case, no dot at the end.
fn normal_name(text: &str) -> String {
    let lower = text.to_ascii_lowercase();
    lower.strip_suffix('.').map(str::to_owned).unwrap_or(lower)
}

/// RFC 1123 labels.
fn labels(name: &str) -> Checked<()> {
    for label in name.split('.') {
        let well_formed = (1..=63).contains(&label.len())
            && all(label, |c| lower_or_digit(c) || c == '-')
            && !label.starts_with('-')
            && !label.ends_with('-');
        if !well_formed {
            return Err(wrong(
                format!("`{}` is not a DNS name", shown(name)),
                "labels of 1 to 63 letters, digits and inner hyphens, separated by dots",
            ));
        }
    }
    Ok(())
}

pub(super) fn domain_name(text: &str) -> Checked<String> {
    const EXAMPLE: &str = "name one host, as in orders.corp.example.com";
    if text.contains('*') {
        let message = format!("`{}` is a wildcard", shown(text));
        return Err(wrong(message, EXAMPLE));
    }
    let name = normal_name(text);
    // What a listener rule takes in a host condition: API_HostHeaderConditionConfig.
    if name.len() > 128 {
        let message = format!("{} characters are too many", name.len());
        return Err(wrong(message, "a listener rule takes host names up to 128"));
    }
    labels(&name)?;
    let Some((_, last)) = name.rsplit_once('.') else {
        let message = format!("`{name}` has one label only");
        return Err(wrong(message, EXAMPLE));
    };
    // From the same page, and it keeps addresses out.
    if !all(last, |c| c.is_ascii_lowercase()) {
        let message = format!("`{name}` does not end in letters");
        return Err(wrong(message, EXAMPLE));
    }
    Ok(name)
}

/// Whether the text is a hosted zone's id, and not a name.
pub(crate) fn is_zone_id(text: &str) -> bool {
    text.starts_with('Z')
        && (5..=32).contains(&text.len())
        && all(text, |c| c.is_ascii_uppercase() || c.is_ascii_digit())
}

/// A hosted zone's id, or the name of a zone that holds the domain.
pub(super) fn zone(text: &str, domain: Option<&str>) -> Checked<String> {
    // Route 53 itself prints ids with this prefix.
    let text = text.strip_prefix("/hostedzone/").unwrap_or(text);
    if is_zone_id(text) {
        return Ok(text.to_owned());
    }
    let name = normal_name(text);
    if labels(&name).is_err() || name.len() > 128 {
        return Err(wrong(
            format!(
                "`{}` is neither a hosted zone's id nor its name",
                shown(text)
            ),
            "write Z0123456789ABCDEFGHIJ, or corp.example.com",
        ));
    }
    let Some(domain) = domain else {
        return Ok(name);
    };
    let inside = domain
        .strip_suffix(&name)
        .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
    if inside {
        return Ok(name);
    }
    Err(wrong(
        format!("the name `{domain}` is outside the zone `{name}`"),
        "name a zone that the domain name ends with, or the zone's id",
    ))
}

fn is_uuid(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    parts.iter().map(|part| part.len()).eq([8, 4, 4, 4, 12])
        && parts
            .iter()
            .all(|part| all(part, |c| c.is_ascii_hexdigit()))
}

pub(super) fn certificate(
    text: &str,
    region: Option<&str>,
    account: Option<&str>,
) -> Checked<String> {
    let refused = || {
        wrong(
            "must be an ACM certificate ARN",
            "arn:aws:acm:eu-central-1:111122223333:certificate/12345678-1234-1234-1234-123456789012",
        )
    };
    let arn = Arn::parse(text).ok_or_else(refused)?;
    let id = arn
        .resource
        .strip_prefix("certificate/")
        .unwrap_or_default();
    if arn.service != "acm" || !is_uuid(id) {
        return Err(refused());
    }
    arn.in_region(region)?;
    match account {
        Some(account) if account != arn.account => Err(wrong(
            format!(
                "the certificate is of account {}, not {account}",
                arn.account
            ),
            "request or import one in the account of this stack",
        )),
        _ => Ok(text.to_owned()),
    }
}

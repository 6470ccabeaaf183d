//! Host names and hosted zones.

use super::{all, lower_or_digit};
use crate::config::form::Text;
use crate::config::problem::{Checked, Refusal, refusal, shown};
use crate::config::reading::Context;

const NAME: &str = r"^([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]+\.?$";

/// The host name of the stack.
pub(in crate::config) const HOST: Text<String> = Text::new(|text, _| domain_name(text))
    .pattern(NAME)
    .examples(&["orders.corp.example.com"]);

/// A further host name of the stack, different from those that have been read.
pub(in crate::config) const FURTHER_HOST: Text<String> = Text::new(further_name)
    .pattern(NAME)
    .examples(&["shop.corp.example.com"]);

/// A hosted zone that holds the host name read before it: its id, or its name.
pub(in crate::config) const ZONE: Text<String> =
    Text::new(|text, context| zone(text, context.host.as_deref()))
        .examples(&["Z0123456789ABCDEFGHIJ", "corp.example.com"]);

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
            return Err(refusal(
                format!("`{}` is not a DNS name", shown(name)),
                "labels of 1 to 63 letters, digits and inner hyphens, separated by dots",
            ));
        }
    }
    Ok(())
}

/// A name beyond ASCII is refused with the form that DNS, certificates and the
/// load balancer know it by: the file then says what AWS will show.
fn only_ascii(text: &str) -> Checked<()> {
    if text.is_ascii() {
        return Ok(());
    }
    let message = format!("`{}` is not in ASCII", shown(text));
    Err(match idna::domain_to_ascii(text) {
        Ok(ascii) if ascii.is_ascii() && !ascii.is_empty() => refusal(
            message,
            format!("write it as DNS has it: {}", shown(&ascii)),
        ),
        _ => refusal(message, "letters a to z, digits, hyphens and dots"),
    })
}

fn domain_name(text: &str) -> Checked<String> {
    const EXAMPLE: &str = "name one host, as in orders.corp.example.com";
    only_ascii(text)?;
    if text.contains('*') {
        let message = format!("`{}` is a wildcard", shown(text));
        return Err(refusal(message, EXAMPLE));
    }
    let name = normal_name(text);
    // What a listener rule takes in a host condition: API_HostHeaderConditionConfig.
    if name.len() > 128 {
        let message = format!("{} characters are too many", name.len());
        return Err(refusal(
            message,
            "a listener rule takes host names up to 128",
        ));
    }
    labels(&name)?;
    let Some((_, last)) = name.rsplit_once('.') else {
        let message = format!("`{name}` has one label only");
        return Err(refusal(message, EXAMPLE));
    };
    // From the same page, and it keeps addresses out.
    if !all(last, |c| c.is_ascii_lowercase()) {
        let message = format!("`{name}` does not end in letters");
        return Err(refusal(message, EXAMPLE));
    }
    Ok(name)
}

fn further_name(text: &str, context: &Context) -> Checked<String> {
    let name = domain_name(text)?;
    if context.hosts.contains(&name) {
        let message = format!("`{name}` is already a name of this stack");
        return Err(refusal(message, "name each host once"));
    }
    // An alias without a zone of its own is in the domain's.
    if let (Some(shared), false) = (&context.zone, context.has_own_zone)
        && let Err(Refusal { message, .. }) = zone(shared, Some(&name))
    {
        return Err(refusal(message, "give the alias a `zone` of its own"));
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
fn zone(text: &str, domain: Option<&str>) -> Checked<String> {
    // Route 53 itself prints ids with this prefix.
    let text = text.strip_prefix("/hostedzone/").unwrap_or(text);
    if is_zone_id(text) {
        return Ok(text.to_owned());
    }
    only_ascii(text)?;
    let name = normal_name(text);
    if labels(&name).is_err() || name.len() > 128 {
        return Err(refusal(
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
    Err(refusal(
        format!("the name `{domain}` is outside the zone `{name}`"),
        "name a zone that the domain name ends with, or the zone's id",
    ))
}

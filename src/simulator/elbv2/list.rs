//! Describing: names and numbers in requests, and pages by marker.

use super::arn::invalid;
use crate::codec::{Input, Refusal};
use crate::paging::cut;
use crate::world::Ctx;

/// Cuts a page out of what was found: `PageSize` 1 to 400 (`ELBv2` API reference), `Marker`, `NextMarker`.
pub fn page<T>(
    ctx: &Ctx<'_>,
    found: Vec<T>,
    input: &Input,
) -> Result<(Vec<T>, Option<String>), Refusal> {
    let asked = number(input, "PageSize", 1, 400)?.unwrap_or(400);
    let asked = usize::try_from(asked).unwrap_or(400);
    let size = ctx.conditions.page.map_or(asked, |most| most.min(asked));
    // Assumption: the code for a marker that is not AWS's.
    cut(found, size, input.text("Marker")).ok_or_else(|| invalid("The marker is not valid"))
}

/// Reads a whole number in a range.
///
/// ELB API reference: the ranges; `ValidationError` is observed, the words are an assumption.
pub fn number(input: &Input, name: &str, least: u32, most: u32) -> Result<Option<u32>, Refusal> {
    let Some(value) = input.get(name) else {
        return Ok(None);
    };
    let number = input
        .number(name)
        .and_then(|number| u32::try_from(number).ok())
        .filter(|number| (least..=most).contains(number));
    number.map(Some).ok_or_else(|| {
        let shown = value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned);
        invalid(format!(
            "{name} '{shown}' must be between {least} and {most} inclusive"
        ))
    })
}

/// Reads a port.
pub fn port(input: &Input, name: &str) -> Result<Option<u16>, Refusal> {
    let port = number(input, name, 1, 65535)?;
    Ok(port.and_then(|port| u16::try_from(port).ok()))
}

/// Checks the name of a load balancer or target group.
///
/// `ELBv2` API reference, `CreateLoadBalancer` and `CreateTargetGroup`: up to 32
/// letters, digits and hyphens, no hyphen at either end.
pub fn check_name(what: &str, name: &str) -> Result<(), Refusal> {
    if name.chars().count() > 32 {
        return Err(invalid(format!(
            "{what} name '{name}' cannot be longer than '32' characters"
        )));
    }
    if name.starts_with('-') || name.ends_with('-') {
        return Err(invalid(format!(
            "{what} name '{name}' cannot begin or end with '-'"
        )));
    }
    if !name
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    {
        return Err(invalid(format!(
            "{what} name '{name}' can only contain characters that are alphanumeric characters and hyphens(-)"
        )));
    }
    Ok(())
}

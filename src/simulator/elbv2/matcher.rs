//! Which status codes are healthy.

use super::arn::invalid;
use crate::codec::Refusal;

/// Returns the ranges of a matcher such as `200,301-302`.
fn ranges(matcher: &str) -> Option<Vec<(u16, u16)>> {
    let one = |part: &str| -> Option<(u16, u16)> {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last) = (first.trim().parse().ok()?, last.trim().parse().ok()?);
        (200 <= first && first <= last && last <= 499).then_some((first, last))
    };
    matcher.split(',').map(one).collect()
}

/// Checks a matcher (`ELBv2` API reference, `Matcher`: 200 to 499, values and ranges).
pub fn check(matcher: &str) -> Result<(), Refusal> {
    match ranges(matcher) {
        Some(_) => Ok(()),
        None => Err(invalid(format!(
            "Health check matcher HTTP code '{matcher}' must be within '200-499' inclusive"
        ))),
    }
}

/// Returns whether a code is healthy; 200 is if nothing else was said.
pub fn fits(matcher: Option<&str>, code: u16) -> bool {
    ranges(matcher.unwrap_or("200"))
        .unwrap_or_default()
        .iter()
        .any(|(first, last)| (*first..=*last).contains(&code))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_and_ranges() {
        assert!(fits(Some("307,405"), 405) && !fits(Some("307,405"), 403));
        assert!(fits(Some("200-499"), 403) && fits(None, 200) && !fits(None, 403));
        for bad in ["199", "200-500", "x", "", "300-200"] {
            assert!(check(bad).is_err(), "{bad}");
        }
    }
}

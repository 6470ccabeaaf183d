//! Conditions and ranges of reads: `If-Match` and the like, `Range` (RFC 9110; S3 API reference, `GetObject`).

use super::state::Object;
use crate::codec::Refusal;

/// What a read answers when its conditions hold, or do not.
#[derive(Debug, PartialEq, Eq)]
pub enum Held {
    /// The object.
    Yes,
    /// It is as the client has it: 304.
    NotModified,
}

/// S3 API reference, "Error responses": `PreconditionFailed`, 412.
pub fn failed(condition: &str) -> Refusal {
    let text = "At least one of the pre-conditions you specified did not hold";
    Refusal::new("PreconditionFailed", text)
        .status(412)
        .detail("Condition", condition)
}

/// Returns whether an entity tag is among those of a header.
pub fn tagged(header: &str, etag: &str) -> bool {
    let mut tags = header
        .split(',')
        .map(|tag| tag.trim().trim_start_matches("W/"));
    tags.any(|tag| tag == "*" || tag.trim_matches('"') == etag.trim_matches('"'))
}

/// Judges the conditions of a read; `given` returns a header by its name.
///
/// S3 API reference, `GetObject`: `If-Match` that holds outweighs
/// `If-Unmodified-Since`, `If-None-Match` that does not hold outweighs `If-Modified-Since`.
pub fn judge<'a>(
    object: &Object,
    modified: &str,
    given: impl Fn(&str) -> Option<&'a str>,
) -> Result<Held, Refusal> {
    match (given("if-match"), given("if-unmodified-since")) {
        (Some(tags), _) if !tagged(tags, &object.etag) => return Err(failed("If-Match")),
        (None, Some(date)) if instant(date).is_some_and(|date| *modified > *date) => {
            return Err(failed("If-Unmodified-Since"));
        }
        _ => {}
    }
    let seen = match (given("if-none-match"), given("if-modified-since")) {
        (Some(tags), _) => tagged(tags, &object.etag),
        (None, Some(date)) => instant(date).is_some_and(|date| *modified <= *date),
        (None, None) => false,
    };
    Ok(if seen { Held::NotModified } else { Held::Yes })
}

/// A date of HTTP's as `2026-01-01T00:00:00`, to be compared as text; none when it is none.
fn instant(date: &str) -> Option<String> {
    const MONTHS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let parts: Vec<&str> = date.split_whitespace().collect();
    let [_, day, month, year, time, "GMT"] = parts[..] else {
        return None;
    };
    let month = MONTHS.iter().position(|known| *known == month)? + 1;
    let day: u8 = day.parse().ok()?;
    Some(format!("{year}-{month:02}-{day:02}T{time}"))
}

/// Reads the one range of a header: the first byte and the one after the last.
///
/// None when there is none, several, or what is no range: S3 answers with the
/// whole object. RFC 9110, 14: one that begins beyond the end is refused
/// (`InvalidRange`, 416).
pub fn range(header: Option<&str>, size: usize) -> Result<Option<(usize, usize)>, Refusal> {
    let Some(text) = header.and_then(|header| header.strip_prefix("bytes=")) else {
        return Ok(None);
    };
    let Some((first, last)) = text.trim().split_once('-') else {
        return Ok(None);
    };
    let number = |text: &str| text.parse::<usize>().ok();
    let found = match (number(first), number(last)) {
        (Some(first), Some(last)) if first <= last => (first, last.saturating_add(1).min(size)),
        (Some(first), None) if last.is_empty() => (first, size),
        (None, Some(most)) if first.is_empty() => (size.saturating_sub(most), size),
        _ => return Ok(None),
    };
    if found.0 >= found.1 {
        let text = "The requested range is not satisfiable";
        return Err(Refusal::new("InvalidRange", text)
            .status(416)
            .detail("ActualObjectSize", size.to_string())
            .detail("RangeRequested", format!("bytes={}", text_of(header))));
    }
    Ok(Some(found))
}

fn text_of(header: Option<&str>) -> &str {
    header
        .and_then(|header| header.strip_prefix("bytes="))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_as_http_has_them() {
        let of = |text: &str| range(Some(text), 10).map_err(|refusal| refusal.status);
        assert_eq!(of("bytes=0-3"), Ok(Some((0, 4))));
        assert_eq!(of("bytes=8-99"), Ok(Some((8, 10))));
        assert_eq!(of("bytes=4-"), Ok(Some((4, 10))));
        assert_eq!(of("bytes=-3"), Ok(Some((7, 10))));
        assert_eq!(of("bytes=10-"), Err(416));
        for whole in ["bytes=3-1", "bytes=a-b", "bytes=0-1,4-5", "lines=1-2"] {
            assert_eq!(of(whole), Ok(None), "{whole}");
        }
    }

    #[test]
    fn dates_compare() {
        assert_eq!(
            instant("Thu, 01 Jan 2026 00:00:00 GMT").as_deref(),
            Some("2026-01-01T00:00:00")
        );
        assert_eq!(instant("yesterday"), None);
    }
}

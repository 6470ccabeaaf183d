//! DNS names: one spelling inside, Route 53's on the wire.

use std::fmt::Write;

use crate::codec::Refusal;

/// Returns a name in the one spelling that is kept: lower case, with a final dot, `\052` read as `*`.
pub fn inside(name: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = name.bytes();
    while let Some(byte) = rest.next() {
        let digits: Vec<u8> = rest.clone().take(3).collect();
        let code = std::str::from_utf8(&digits)
            .ok()
            .filter(|text| byte == b'\\' && text.len() == 3)
            .and_then(|text| u8::from_str_radix(text, 8).ok());
        if let Some(code) = code {
            bytes.push(code);
            rest.nth(2);
        } else {
            bytes.push(byte);
        }
    }
    let text = String::from_utf8_lossy(&bytes).to_ascii_lowercase();
    format!("{}.", text.trim_end_matches('.'))
}

/// Returns a name as Route 53 writes it: what is no letter, digit, `-`, `_` or `.` as `\` and three octal digits.
///
/// Route 53 developer guide, "DNS domain name format": an asterisk comes back as `\052`.
pub fn outside(name: &str) -> String {
    let mut text = String::new();
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.".contains(&byte) {
            text.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(text, "\\{byte:03o}");
        }
    }
    text
}

/// Returns the labels in the order Route 53 sorts by: the last one first (`ListResourceRecordSets`).
pub fn sort_key(name: &str) -> Vec<String> {
    let labels = name.trim_end_matches('.').split('.').rev();
    labels.map(str::to_owned).collect()
}

/// Returns whether a name lies in a zone.
pub fn lies_in(name: &str, zone: &str) -> bool {
    name == zone || name.ends_with(&format!(".{zone}"))
}

/// Route 53 developer guide, "DNS domain name format": labels of 63, names of 255.
pub fn check(name: &str) -> Result<(), Refusal> {
    let label = |label: &str| !label.is_empty() && label.len() <= 63 && !label.contains(' ');
    let fits = name.len() <= 255 && name.trim_end_matches('.').split('.').all(label);
    if fits {
        return Ok(());
    }
    let text = format!("{name} is not a valid domain name");
    Err(Refusal::new("InvalidDomainName", text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_one_spelling_inside_and_one_outside() {
        assert_eq!(inside("WWW.Example.com"), "www.example.com.");
        assert_eq!(inside("\\052.example.com."), "*.example.com.");
        assert_eq!(outside("*.example.com."), "\\052.example.com.");
        assert!(lies_in("a.example.com.", "example.com."));
        assert!(!lies_in("aexample.com.", "example.com."));
    }

    #[test]
    fn reversed_labels_sort() {
        let mut names = vec![
            "b.example.com.",
            "a.b.example.com.",
            "example.com.",
            "a.example.com.",
        ];
        names.sort_by_key(|name| sort_key(name));
        assert_eq!(
            names,
            [
                "example.com.",
                "a.example.com.",
                "b.example.com.",
                "a.b.example.com."
            ]
        );
    }
}

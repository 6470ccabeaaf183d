//! `*` and `?` in names, as EC2's filters and this simulator's rules know them.

/// Returns whether the text matches the pattern: `*` is any run, `?` any one character.
pub fn matches(pattern: &str, text: &str) -> bool {
    match pattern.chars().next() {
        None => text.is_empty(),
        Some('*') => {
            let rest = &pattern[1..];
            let mut tails = text.char_indices().map(|(at, _)| &text[at..]).chain([""]);
            tails.any(|tail| matches(rest, tail))
        }
        Some(wanted) => {
            let mut left = text.chars();
            let fits = left
                .next()
                .is_some_and(|found| wanted == '?' || wanted == found);
            fits && matches(&pattern[wanted.len_utf8()..], left.as_str())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn stars_and_question_marks() {
        assert!(matches("*", ""));
        assert!(matches("ec2:Describe*", "ec2:DescribeVpcs"));
        assert!(matches("a?c*", "abcd"));
        assert!(!matches("a?c", "ac"));
        assert!(!matches("ec2:*", "sts:GetCallerIdentity"));
    }
}

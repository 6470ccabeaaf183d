//! Line breaks that Terraform overlooks and the parser does not.
//!
//! HCL syntax specification, "Whitespace": inside of brackets line breaks mean
//! nothing. The parser stops at one before an operator, as in a condition over
//! several lines.

/// The text with such line breaks as blanks: as long as before, so that places
/// stay. None if there are none.
pub fn joined(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let mut out = bytes.to_vec();
    // What is open: brackets, `"` for a text, `$` for a hole in one.
    let mut open: Vec<u8> = Vec::new();
    let (mut i, mut changed) = (0, false);
    // Where a comment began that ends here.
    let mut comment: Option<usize> = None;
    while let Some(&byte) = bytes.get(i) {
        let next = bytes.get(i + 1).copied();
        if open.last() == Some(&b'"') {
            match (byte, next) {
                (b'\\', _) => i += 1,
                (b'"', _) => drop(open.pop()),
                (b'$' | b'%', Some(b'{')) if i == 0 || bytes[i - 1] != byte => {
                    open.push(b'$');
                    i += 1;
                }
                _ => {}
            }
            i += 1;
            continue;
        }
        match (byte, next) {
            (b'"' | b'(' | b'[' | b'{', _) => open.push(byte),
            (b')' | b']' | b'}', _) => drop(open.pop()),
            (b'#', _) | (b'/', Some(b'/')) => {
                comment = Some(i);
                i = end_of_line(bytes, i);
                continue;
            }
            (b'/', Some(b'*')) => {
                let rest = text.get(i..).unwrap_or_default();
                i += rest.find("*/").map_or(rest.len(), |end| end + 2);
                continue;
            }
            (b'<', Some(b'<')) => {
                i = end_of_heredoc(text, i);
                continue;
            }
            (b'\n', _)
                if open.iter().any(|one| matches!(one, b'(' | b'['))
                    && begins_with_operator(bytes.get(i + 1..).unwrap_or_default()) =>
            {
                // A comment before it would swallow what follows.
                let windows = i > 0 && bytes[i - 1] == b'\r';
                let from = comment.take().unwrap_or(i - usize::from(windows));
                out[from..=i].fill(b' ');
                changed = true;
            }
            _ => {}
        }
        comment = None;
        i += 1;
    }
    changed.then(|| String::from_utf8(out).ok()).flatten()
}

/// Whether what follows is an operator that wants something before it.
fn begins_with_operator(rest: &[u8]) -> bool {
    let rest = rest.trim_ascii_start();
    let two = ["&&", "||", "==", "!=", ">=", "<="];
    matches!(rest.first(), Some(b'?' | b':' | b'+' | b'*' | b'%'))
        || two
            .iter()
            .any(|operator| rest.starts_with(operator.as_bytes()))
}

fn end_of_line(bytes: &[u8], from: usize) -> usize {
    let rest = bytes.get(from..).unwrap_or_default();
    let length = rest.iter().position(|byte| *byte == b'\n');
    length.map_or(bytes.len(), |length| from + length)
}

/// The place behind `<<NAME … NAME`; behind the two signs if that is none.
fn end_of_heredoc(text: &str, from: usize) -> usize {
    let rest = text.get(from + 2..).unwrap_or_default();
    let Some((first, body)) = rest.split_once('\n') else {
        return from + 2;
    };
    let name = first.trim_start_matches('-').trim();
    let mut at = from + 2 + first.len() + 1;
    for line in body.split_inclusive('\n') {
        at += line.len();
        if line.trim() == name {
            return at;
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_condition_over_several_lines_is_one() {
        let text = "x = (\n  a == \"(\\\"\\n?\" # b\n  ? c\n  : [d\n && e]\n)\n";
        let joined = joined(text).expect("changed");
        assert_eq!(joined.len(), text.len());
        assert_eq!(
            joined,
            "x = (\n  a == \"(\\\"\\n?\"       ? c   : [d  && e]\n)\n"
        );
    }

    #[test]
    fn what_is_no_expression_stays_as_it_is() {
        for text in [
            "a {\n  x = 1\n}\n",
            "x = <<T\n(\n? y\nT\n",
            "x = \"${f(\"(\n? y\")}\"\n",
            "/* (\n? */ x = [\n1,\n2]\n",
            "# (\n? y\n",
            "<<",
            "<<A",
        ] {
            assert_eq!(joined(text), None, "{text}");
        }
    }
}

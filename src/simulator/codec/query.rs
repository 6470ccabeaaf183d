//! The query protocols' parameters: `Filter.1.Value.2=x` becomes a tree.

use serde_json::{Map, Value};

/// Reads a form body or a query string into a tree of lists and structures.
///
/// `Tag.1.Key` is a list (EC2), and so is `Tags.member.1.Key` (query). A key
/// that stands twice (`tagKeys=a&tagKeys=b`, as REST writes lists) is a list too.
pub fn form(text: &str) -> Value {
    let mut root = Value::Object(Map::new());
    for pair in text.split('&').filter(|pair| !pair.is_empty()) {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        insert(&mut root, &decode(key, true), decode(value, true));
    }
    tidy(root)
}

/// Decodes `%XX`, and `+` as a space where forms do.
pub fn decode(text: &str, plus: bool) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'+' if plus => bytes.push(b' '),
            b'%' => {
                let digits: Vec<u8> = rest.clone().take(2).collect();
                let code = std::str::from_utf8(&digits)
                    .ok()
                    .and_then(|hex| u8::from_str_radix(hex, 16).ok());
                if let Some(code) = code.filter(|_| digits.len() == 2) {
                    bytes.push(code);
                    rest.nth(1);
                } else {
                    bytes.push(byte);
                }
            }
            other => bytes.push(other),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn insert(node: &mut Value, key: &str, value: String) {
    let (name, rest) = key
        .split_once('.')
        .map_or((key, None), |(name, rest)| (name, Some(rest)));
    if !node.is_object() {
        *node = Value::Object(Map::new());
    }
    let Some(members) = node.as_object_mut() else {
        return;
    };
    match (rest, members.get_mut(name)) {
        (Some(rest), _) => insert(members.entry(name).or_insert(Value::Null), rest, value),
        (None, Some(Value::Array(items))) => items.push(value.into()),
        (None, Some(first @ Value::String(_))) => {
            *first = Value::Array(vec![first.take(), value.into()]);
        }
        (None, _) => {
            members.insert(name.to_owned(), value.into());
        }
    }
}

/// Turns structures with numbered members, and those of one `member`, into lists.
fn tidy(node: Value) -> Value {
    let Value::Object(members) = node else {
        return node;
    };
    let mut members: Map<String, Value> = members
        .into_iter()
        .map(|(name, child)| (name, tidy(child)))
        .collect();
    if members.len() == 1 && members.get("member").is_some_and(Value::is_array) {
        return members.remove("member").unwrap_or_default();
    }
    let numbered: Option<Vec<u64>> = members.keys().map(|name| name.parse().ok()).collect();
    match numbered {
        Some(numbers) if !numbers.is_empty() => {
            let mut items: Vec<(u64, Value)> = numbers
                .into_iter()
                .zip(members.into_iter().map(|(_, child)| child))
                .collect();
            items.sort_by_key(|(number, _)| *number);
            items.into_iter().map(|(_, child)| child).collect()
        }
        _ => Value::Object(members),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn ec2_lists_are_numbered() {
        let tree =
            form("Filter.1.Name=vpc-id&Filter.1.Value.1=a&Filter.1.Value.2=b+c%2Fd&DryRun=true");
        assert_eq!(
            tree,
            json!({"DryRun": "true", "Filter": [{"Name": "vpc-id", "Value": ["a", "b c/d"]}]})
        );
    }

    #[test]
    fn query_lists_have_members() {
        let tree =
            form("Tags.member.1.Key=k&Tags.member.1.Value=v&Names.member.2=b&Names.member.1=a");
        assert_eq!(
            tree,
            json!({"Names": ["a", "b"], "Tags": [{"Key": "k", "Value": "v"}]})
        );
    }

    #[test]
    fn ten_items_keep_their_order() {
        let text: Vec<String> = (1..=11).map(|n| format!("Id.{n}=i{n}")).collect();
        assert_eq!(form(&text.join("&"))["Id"][10], "i11");
    }

    #[test]
    fn a_repeated_key_is_a_list() {
        assert_eq!(
            form("tagKeys=a&tagKeys=b&tagKeys=c"),
            json!({"tagKeys": ["a", "b", "c"]})
        );
    }

    #[test]
    fn broken_escapes_stay() {
        assert_eq!(decode("100%&%4", false), "100%&%4");
    }
}

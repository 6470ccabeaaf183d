//! REST routes: `GET /restapis/{restApiId}/stages/{stageName}`.

use serde_json::{Map, Value};

use super::query::decode;

/// The method and path of a REST operation.
///
/// `{name}` is one segment, `{name+}` the rest of the path. After `?` stand
/// query keys that must be there, each with or without a value:
/// `PUT /{Bucket}?policy`, `POST /restapis?mode=import`. Of a service's
/// routes the first that fits wins, so special ones come first.
#[derive(Clone, Copy, Debug)]
pub struct Route(pub &'static str);

impl Route {
    /// Returns the path's labels, decoded, if the request fits.
    pub fn fits(self, method: &str, path: &str, query: &Value) -> Option<Map<String, Value>> {
        let (wanted, pattern) = self.0.split_once(' ')?;
        let (pattern, keys) = pattern.split_once('?').unwrap_or((pattern, ""));
        if wanted != method
            || !keys
                .split('&')
                .filter(|key| !key.is_empty())
                .all(|key| stands_in(key, query))
        {
            return None;
        }
        labels(pattern, path)
    }
}

fn stands_in(key: &str, query: &Value) -> bool {
    match key.split_once('=') {
        Some((key, value)) => query.get(key).and_then(Value::as_str) == Some(value),
        None => query.get(key).is_some(),
    }
}

fn labels(pattern: &str, path: &str) -> Option<Map<String, Value>> {
    let mut found = Map::new();
    // The end of a greedy label is its own: S3's key `folder/` is another than `folder`.
    let path = path.strip_prefix('/').unwrap_or(path);
    let path = if pattern.ends_with("+}") {
        path
    } else {
        path.trim_matches('/')
    };
    let mut given = path.split('/');
    for wanted in pattern.trim_matches('/').split('/') {
        let Some(label) = wanted
            .strip_prefix('{')
            .and_then(|label| label.strip_suffix('}'))
        else {
            if given.next() == Some(wanted) {
                continue;
            }
            return None;
        };
        let (label, text) = match label.strip_suffix('+') {
            Some(label) => (label, given.by_ref().collect::<Vec<_>>().join("/")),
            None => (label, given.next()?.to_owned()),
        };
        if text.is_empty() {
            return None;
        }
        found.insert(label.to_owned(), decode(&text, false).into());
    }
    given.next().is_none().then_some(found)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn fits(route: &'static str, method: &str, path: &str, query: &Value) -> Option<Value> {
        Route(route).fits(method, path, query).map(Value::Object)
    }

    #[test]
    fn labels_are_decoded() {
        let found = fits(
            "GET /domainnames/{name}/basepathmappings/{path}",
            "GET",
            "/domainnames/a.b/basepathmappings/%28none%29",
            &json!({}),
        );
        assert_eq!(found, Some(json!({"name": "a.b", "path": "(none)"})));
    }

    #[test]
    fn method_length_and_query_must_fit() {
        assert!(fits("GET /restapis", "POST", "/restapis", &json!({})).is_none());
        assert!(fits("GET /restapis", "GET", "/restapis/x", &json!({})).is_none());
        assert!(
            fits(
                "POST /restapis?mode=import",
                "POST",
                "/restapis",
                &json!({})
            )
            .is_none()
        );
        assert!(
            fits(
                "POST /restapis?mode=import",
                "POST",
                "/restapis",
                &json!({"mode": "import"})
            )
            .is_some()
        );
        assert!(fits("PUT /{Bucket}?policy", "PUT", "/b", &json!({"policy": ""})).is_some());
    }

    #[test]
    fn a_greedy_label_keeps_its_slashes() {
        let key = |path| fits("PUT /{Bucket}/{Key+}", "PUT", path, &json!({}));
        for (path, wanted) in [("/b/a/", "a/"), ("/b//a", "/a"), ("/b/a//", "a//")] {
            assert_eq!(key(path), Some(json!({"Bucket": "b", "Key": wanted})));
        }
        assert_eq!(key("/b/"), None);
        assert!(fits("PUT /{Bucket}", "PUT", "/b/", &json!({})).is_some());
    }

    #[test]
    fn a_greedy_label_takes_the_rest() {
        let found = fits(
            "PUT /tags/{arn+}",
            "PUT",
            "/tags/arn%3Aaws%3Aapigateway%3A%3A/restapis/x",
            &json!({}),
        );
        assert_eq!(
            found,
            Some(json!({"arn": "arn:aws:apigateway::/restapis/x"}))
        );
    }
}

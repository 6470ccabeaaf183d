//! How S3 is addressed: buckets in paths or in hosts, parameters in headers.

use std::borrow::Cow;

use serde_json::{Map, Value};

use crate::codec::Protocol;
use crate::service::{Operation, Service};
use crate::wire::Request;

/// Returns the path that a request's route is looked up by; a bucket in the host goes to its front.
///
/// S3 user guide, "Virtual hosting of buckets".
pub fn path<'a>(service: &Service, request: &'a Request) -> Cow<'a, str> {
    let bucket = match service.protocol {
        Protocol::S3 => request.header("host").and_then(bucket_of),
        _ => None,
    };
    bucket.map_or(Cow::Borrowed(request.path.as_str()), |bucket| {
        Cow::Owned(format!("/{bucket}{}", request.path))
    })
}

/// The bucket that a host names: `bucket.s3.region.amazonaws.com`, `bucket.bucket.vpce-….s3.…`, `bucket.localhost`.
fn bucket_of(host: &str) -> Option<&str> {
    let host = host.rsplit_once(':').map_or(host, |(host, _)| host);
    let ends = [".s3.", ".bucket.vpce-", ".localhost"];
    let place = ends.iter().filter_map(|end| host.find(end)).min()?;
    // The endpoint's own names begin with `bucket.vpce-…` or `vpce-…`: paths name the bucket there.
    let bucket = &host[..place];
    let own = bucket.starts_with("bucket.vpce-")
        || bucket.starts_with("vpce-")
        || bucket == "bucket"
        || bucket == "*";
    (!bucket.is_empty() && !own).then_some(bucket)
}

/// Returns the members of an S3 request's input before query and labels: its headers, and its body unless that is an object's.
pub fn members(
    service: &Service,
    operation: &Operation,
    request: &Request,
) -> Option<Map<String, Value>> {
    if service.protocol != Protocol::S3 {
        return None;
    }
    let headers = request
        .headers
        .iter()
        .map(|(name, value)| (name.clone(), value.clone().into()));
    let headers: Map<String, Value> = headers.collect();
    let mut members = Map::new();
    if !operation.route.0.contains("{Key+}") {
        let text = String::from_utf8_lossy(&request.body);
        if let Ok(Value::Object(body)) = crate::codec::read(&text) {
            members = body;
        }
    }
    members.insert("headers".to_owned(), headers.into());
    Some(members)
}

/// A body, and the headers that trail it.
pub type Trailed = (Vec<u8>, Vec<(String, String)>);

/// Takes the chunks of `aws-chunked` apart.
///
/// S3 API reference, "Signature calculations: transferring payload in multiple chunks".
pub fn unchunked(raw: &[u8], headers: Option<&Value>) -> Trailed {
    let header = |name: &str| {
        headers
            .and_then(|headers| headers[name].as_str())
            .unwrap_or_default()
    };
    let chunked = header("content-encoding").contains("aws-chunked")
        || header("x-amz-content-sha256").starts_with("STREAMING-");
    if !chunked {
        return (raw.to_vec(), Vec::new());
    }
    let (mut body, mut rest) = (Vec::new(), raw);
    while let Some(end) = rest.windows(2).position(|pair| pair == b"\r\n") {
        let line = String::from_utf8_lossy(&rest[..end]);
        let digits = line.split(';').next().unwrap_or_default();
        let size = usize::from_str_radix(digits, 16).unwrap_or(0);
        rest = &rest[end + 2..];
        if size == 0 || size > rest.len() {
            break;
        }
        body.extend_from_slice(&rest[..size]);
        rest = rest.get(size + 2..).unwrap_or_default();
    }
    (body, trailers(rest))
}

fn trailers(rest: &[u8]) -> Vec<(String, String)> {
    let text = String::from_utf8_lossy(rest);
    let lines = text.lines().filter_map(|line| line.split_once(':'));
    let trimmed =
        |(name, value): (&str, &str)| (name.trim().to_ascii_lowercase(), value.trim().to_owned());
    lines.map(trimmed).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_bucket_may_stand_in_the_host() {
        for (host, bucket) in [
            ("site.s3.eu-central-1.amazonaws.com", Some("site")),
            ("a.b.s3.amazonaws.com:443", Some("a.b")),
            ("site.localhost:4567", Some("site")),
            (
                "site.bucket.vpce-1-2.s3.eu-central-1.vpce.amazonaws.com",
                Some("site"),
            ),
            ("bucket.vpce-1-2.s3.eu-central-1.vpce.amazonaws.com", None),
            ("s3.eu-central-1.amazonaws.com", None),
            ("127.0.0.1:4567", None),
        ] {
            assert_eq!(bucket_of(host), bucket, "{host}");
        }
    }

    #[test]
    fn chunks_are_joined() {
        let headers = json!({"content-encoding": "aws-chunked"});
        let raw =
            b"5\r\nhello\r\n3;chunk-signature=x\r\n yo\r\n0\r\nx-amz-checksum-crc32:AA==\r\n\r\n";
        let trailer = ("x-amz-checksum-crc32".to_owned(), "AA==".to_owned());
        let whole = (b"hello yo".to_vec(), vec![trailer]);
        assert_eq!(unchunked(raw, Some(&headers)), whole);
        assert_eq!(unchunked(b"plain", None).0, b"plain");
    }
}

//! Objects: copied, read in part and on conditions, checked on their way.

use super::add_bucket;
use crate::testing::{REGION, account, signed};
use crate::testing_rest::{header, here, send};
use crate::{Response, Simulator};

fn with_bucket() -> Simulator {
    let simulator = account();
    here(&simulator, |ctx| add_bucket(ctx, "site", REGION));
    simulator
}

async fn call(
    simulator: &Simulator,
    method: &str,
    path: &str,
    body: &str,
    headers: &[(&str, &str)],
) -> Response {
    let mut request = signed("s3", method, path, body);
    let headers = headers.iter();
    request
        .headers
        .extend(headers.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    send(simulator, request).await
}

fn code(response: &Response) -> String {
    let text = String::from_utf8_lossy(&response.body).into_owned();
    let inside = text
        .split("<Code>")
        .nth(1)
        .and_then(|rest| rest.split('<').next());
    inside.unwrap_or_default().to_owned()
}

#[tokio::test]
async fn a_copy_has_the_sources_bytes_and_metadata() {
    let simulator = with_bucket();
    let meta = [("x-amz-meta-build", "7"), ("content-type", "text/css")];
    call(&simulator, "PUT", "/site/a.css", "body{}", &meta).await;
    let source = |text: &'static str| [("x-amz-copy-source", text)];
    let lost = call(
        &simulator,
        "PUT",
        "/site/b.css",
        "",
        &source("site/none.css"),
    )
    .await;
    assert_eq!((lost.status, code(&lost)), (404, "NoSuchKey".to_owned()));
    let itself = call(&simulator, "PUT", "/site/a.css", "", &source("/site/a.css")).await;
    assert_eq!(
        (itself.status, code(&itself)),
        (400, "InvalidRequest".to_owned())
    );
    let stale = [
        ("x-amz-copy-source", "site/a.css"),
        ("x-amz-copy-source-if-match", "\"0\""),
    ];
    let stale = call(&simulator, "PUT", "/site/b.css", "", &stale).await;
    assert_eq!(stale.status, 412);
    let made = call(
        &simulator,
        "PUT",
        "/site/b.css",
        "",
        &source("/site/a%2Ecss"),
    )
    .await;
    assert!(
        String::from_utf8_lossy(&made.body).contains("CopyObjectResult"),
        "{made:?}"
    );
    let read = call(&simulator, "GET", "/site/b.css", "", &[]).await;
    assert_eq!(read.body, b"body{}");
    assert_eq!(header(&read, "x-amz-meta-build").as_deref(), Some("7"));
    assert_eq!(header(&read, "content-type").as_deref(), Some("text/css"));
}

#[tokio::test]
async fn reads_know_ranges_and_conditions() {
    let simulator = with_bucket();
    let put = call(&simulator, "PUT", "/site/a", "0123456789", &[]).await;
    let tag = header(&put, "etag").unwrap();
    assert_eq!(tag, "\"781e5e245d69b566979b86e28d23f2c7\"", "MD5");
    let part = call(&simulator, "GET", "/site/a", "", &[("range", "bytes=2-4")]).await;
    assert_eq!(
        (part.status, part.body.as_slice()),
        (206, b"234".as_slice())
    );
    assert_eq!(
        header(&part, "content-range").as_deref(),
        Some("bytes 2-4/10")
    );
    let beyond = call(&simulator, "GET", "/site/a", "", &[("range", "bytes=10-")]).await;
    assert_eq!(
        (beyond.status, code(&beyond)),
        (416, "InvalidRange".to_owned())
    );
    for (name, value, status) in [
        ("if-match", tag.as_str(), 200),
        ("if-match", "\"0\"", 412),
        ("if-none-match", tag.as_str(), 304),
        ("if-none-match", "\"0\"", 200),
        ("if-modified-since", "Thu, 01 Jan 2026 00:00:00 GMT", 304),
        ("if-modified-since", "Wed, 31 Dec 2025 00:00:00 GMT", 200),
        ("if-unmodified-since", "Wed, 31 Dec 2025 00:00:00 GMT", 412),
    ] {
        let answer = call(&simulator, "GET", "/site/a", "", &[(name, value)]).await;
        assert_eq!(answer.status, status, "{name}: {value}");
    }
}

#[tokio::test]
async fn writes_are_checked_and_what_is_not_simulated_is_refused() {
    let simulator = with_bucket();
    for (headers, status, code_is) in [
        (("x-amz-checksum-crc32", "AAAAAA=="), 400, "BadDigest"),
        (("x-amz-checksum-crc32", "AA=="), 400, "InvalidRequest"),
        (
            ("content-md5", "AAAAAAAAAAAAAAAAAAAAAA=="),
            400,
            "BadDigest",
        ),
        (("content-md5", "no"), 400, "InvalidDigest"),
        (("if-match", "\"0\""), 404, "NoSuchKey"),
        (("x-amz-tagging", "a=b"), 501, "NotImplemented"),
        (("x-amz-storage-class", "GLACIER"), 501, "NotImplemented"),
        (
            ("x-amz-acl", "public-read"),
            400,
            "AccessControlListNotSupported",
        ),
    ] {
        let answer = call(&simulator, "PUT", "/site/a", "a", &[headers]).await;
        assert_eq!(
            (answer.status, code(&answer).as_str()),
            (status, code_is),
            "{headers:?}"
        );
    }
    let fits = [("x-amz-checksum-crc32", "6Le+Qw==")];
    let put = call(&simulator, "PUT", "/site/folder/", "a", &fits).await;
    assert_eq!(put.status, 200);
    let enabled = [("x-amz-checksum-mode", "ENABLED")];
    let read = call(&simulator, "GET", "/site/folder/", "", &enabled).await;
    assert_eq!(
        header(&read, "x-amz-checksum-crc32").as_deref(),
        Some("6Le+Qw==")
    );
    assert_eq!(
        call(&simulator, "GET", "/site/folder", "", &[])
            .await
            .status,
        404
    );
}

#[tokio::test]
async fn an_object_has_one_checksum_which_a_copy_keeps_or_changes() {
    const SHA1: &str = "hvfkN/qlp/zhXR3cuerq6jd2Z7g=";
    let simulator = with_bucket();
    let both = [
        ("x-amz-checksum-crc32", "6Le+Qw=="),
        ("x-amz-checksum-sha1", SHA1),
    ];
    let refused = call(&simulator, "PUT", "/site/a", "a", &both).await;
    assert_eq!(
        (refused.status, code(&refused)),
        (400, "InvalidRequest".to_owned())
    );
    let put = call(&simulator, "PUT", "/site/a", "a", &both[1..]).await;
    assert_eq!(header(&put, "x-amz-checksum-sha1").as_deref(), Some(SHA1));
    let source = ("x-amz-copy-source", "site/a");
    let copied = async |headers: &[(&str, &str)]| {
        let answer = call(&simulator, "PUT", "/site/b", "", headers).await;
        String::from_utf8_lossy(&answer.body).into_owned()
    };
    let kept = copied(&[source]).await;
    let element = format!("<ChecksumSHA1>{SHA1}</ChecksumSHA1>");
    assert!(kept.contains(&element), "{kept}");
    let other = copied(&[source, ("x-amz-checksum-algorithm", "CRC32")]).await;
    assert!(
        other.contains("<ChecksumCRC32>6Le+Qw==</ChecksumCRC32>") && !other.contains("SHA1"),
        "{other}"
    );
    let none = copied(&[source, ("x-amz-checksum-algorithm", "ADLER")]).await;
    assert!(none.contains("InvalidRequest"), "{none}");
}

#[tokio::test]
async fn a_policy_is_read_as_s3_reads_it() {
    let simulator = with_bucket();
    let policy = |change: &str, to: &str| {
        let whole = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"logdelivery.elasticloadbalancing.amazonaws.com"},"Action":"s3:PutObject","Resource":"arn:aws:s3:::site/*","Condition":{"StringEquals":{"aws:SourceAccount":"111122223333"}}}]}"#;
        assert!(change.is_empty() || whole.contains(change), "{change}");
        whole.replacen(change, to, usize::from(!change.is_empty()))
    };
    let fine = call(&simulator, "PUT", "/site?policy", &policy("", ""), &[]).await;
    assert_eq!(fine.status, 204);
    for (change, to) in [
        ("2012-10-17", "2013-10-17"),
        ("s3:PutObject", "s3:Frobnicate"),
        ("\"s3:PutObject\"", "\"s3:ListBucket\""),
        ("site/*", "site"),
        ("logdelivery.elasticloadbalancing.amazonaws.com", "nobody"),
        (
            r#"{"Service":"logdelivery.elasticloadbalancing.amazonaws.com"}"#,
            r#"{"AWS":"arn:aws:s3:::x"}"#,
        ),
        ("aws:SourceAccount", "s3:nothing"),
        ("StringEquals", "StringAlike"),
        ("\"Statement\"", "\"Extra\":1,\"Statement\""),
    ] {
        let answer = call(&simulator, "PUT", "/site?policy", &policy(change, to), &[]).await;
        assert_eq!(code(&answer), "MalformedPolicy", "{change} -> {to}");
    }
}

#[tokio::test]
async fn errors_name_what_they_are_about() {
    let simulator = with_bucket();
    let filled = call(&simulator, "PUT", "/site/a", "a", &[]).await;
    assert_eq!(filled.status, 200);
    let tags = |key: &str| {
        let tag = format!("<Tag><Key>{key}</Key><Value>1</Value></Tag>");
        format!("<Tagging><TagSet>{tag}{tag}</TagSet></Tagging>")
    };
    for (method, path, body, detail) in [
        (
            "GET",
            "/site?policy",
            String::new(),
            "<BucketName>site</BucketName>",
        ),
        (
            "GET",
            "/site?tagging",
            String::new(),
            "<BucketName>site</BucketName>",
        ),
        (
            "DELETE",
            "/site",
            String::new(),
            "<BucketName>site</BucketName>",
        ),
        ("PUT", "/No", String::new(), "<BucketName>No</BucketName>"),
        (
            "GET",
            "/none?policy",
            String::new(),
            "<BucketName>none</BucketName>",
        ),
        ("GET", "/site/none", String::new(), "<Key>none</Key>"),
        ("PUT", "/site?tagging", tags("a"), "<TagKey>a</TagKey>"),
        (
            "PUT",
            "/site?tagging",
            tags("aws:a"),
            "<TagKey>aws:a</TagKey>",
        ),
        (
            "GET",
            "/site?list-type=2&continuation-token=x",
            String::new(),
            "<ArgumentName>continuation-token</ArgumentName>",
        ),
    ] {
        let answer = call(&simulator, method, path, &body, &[]).await;
        let text = String::from_utf8_lossy(&answer.body).into_owned();
        assert!(text.contains(detail), "{method} {path}: {text}");
    }
}

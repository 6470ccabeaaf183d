//! S3: one test a rule, on the wire.

use super::{add_bucket, object};
use crate::Simulator;
use crate::testing::{REGION, account, signed};
use crate::testing_rest::{header, here, send, xml_call};

fn with_bucket(region: &str) -> Simulator {
    let simulator = account();
    here(&simulator, |ctx| add_bucket(ctx, "site", region));
    simulator
}

async fn code(simulator: &Simulator, method: &str, path: &str, body: &str) -> String {
    let answer = xml_call(simulator, "s3", method, path, body).await;
    answer.map_or_else(|(code, _)| code, |_| "ok".to_owned())
}

#[tokio::test]
async fn names_are_global_and_have_rules() {
    let simulator = account();
    let create = format!("<C><LocationConstraint>{REGION}</LocationConstraint></C>");
    assert_eq!(
        code(&simulator, "PUT", "/site", "").await,
        "IllegalLocationConstraintException"
    );
    assert_eq!(
        code(&simulator, "PUT", "/No", &create).await,
        "InvalidBucketName"
    );
    assert_eq!(code(&simulator, "PUT", "/site", &create).await, "ok");
    assert_eq!(
        code(&simulator, "PUT", "/site", &create).await,
        "BucketAlreadyOwnedByYou"
    );
    let other = || {
        let mut request = signed("s3", "PUT", "/site", &create);
        for (_, value) in &mut request.headers {
            *value = value.replace("111122223333", "444455556666");
        }
        request
    };
    assert_eq!(send(&simulator, other()).await.status, 409);
}

#[tokio::test]
async fn another_region_is_redirected() {
    let simulator = with_bucket("us-east-1");
    let response = send(&simulator, signed("s3", "GET", "/site/index.html", "")).await;
    assert_eq!(response.status, 301);
    assert_eq!(
        header(&response, "x-amz-bucket-region").as_deref(),
        Some("us-east-1")
    );
    assert!(String::from_utf8_lossy(&response.body).contains("PermanentRedirect"));
    assert_eq!(
        code(&simulator, "GET", "/nothing/index.html", "").await,
        "NoSuchBucket"
    );
}

#[tokio::test]
async fn objects_come_back_as_they_were_put() {
    let simulator = with_bucket(REGION);
    let html = "<html><Key>other</Key></html>";
    let mut put = signed("s3", "PUT", "/site/index.html?x-id=PutObject", html);
    put.headers
        .push(("content-type".to_owned(), "text/html".to_owned()));
    assert_eq!(send(&simulator, put).await.status, 200);
    let found = send(&simulator, signed("s3", "GET", "/site/index.html", "")).await;
    assert_eq!(
        (
            found.body.as_slice(),
            header(&found, "content-type").as_deref()
        ),
        (html.as_bytes(), Some("text/html"))
    );
    let mut hosted = signed("s3", "GET", "/index.html", "");
    hosted
        .headers
        .push(("host".to_owned(), format!("site.s3.{REGION}.amazonaws.com")));
    assert_eq!(send(&simulator, hosted).await.body, html.as_bytes());
    assert_eq!(
        code(&simulator, "GET", "/site/nothing", "").await,
        "NoSuchKey"
    );
    let body = here(&simulator, |ctx| {
        object(ctx, "site", "index.html").map(|one| one.body.clone())
    });
    assert_eq!(body.unwrap().0.as_slice(), html.as_bytes());
    let world = serde_json::to_string(&simulator.world()).unwrap();
    let read: crate::world::World = serde_json::from_str(&world).unwrap();
    assert_eq!(
        serde_json::to_string(&read).unwrap(),
        world,
        "through the world file"
    );
}

#[tokio::test]
async fn a_bucket_goes_when_it_is_empty() {
    let simulator = with_bucket(REGION);
    assert_eq!(code(&simulator, "PUT", "/site/a", "x").await, "ok");
    assert_eq!(
        code(&simulator, "DELETE", "/site", "").await,
        "BucketNotEmpty"
    );
    assert_eq!(code(&simulator, "DELETE", "/site/a", "").await, "ok");
    assert_eq!(code(&simulator, "DELETE", "/site/a", "").await, "ok");
    assert_eq!(code(&simulator, "DELETE", "/site", "").await, "ok");
    assert_eq!(code(&simulator, "HEAD", "/site", "").await, "NoSuchBucket");
}

#[tokio::test]
async fn public_policies_are_blocked_until_allowed() {
    let simulator = with_bucket(REGION);
    let policy = |principal: &str| {
        format!(
            r#"{{"Statement": {{"Effect": "Allow", "Principal": {principal}, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::site/*"}}}}"#
        )
    };
    assert_eq!(
        code(&simulator, "GET", "/site?policy", "").await,
        "NoSuchBucketPolicy"
    );
    assert_eq!(
        code(&simulator, "PUT", "/site?policy", "{}").await,
        "MalformedPolicy"
    );
    let foreign = policy("\"*\"").replace(":site/", ":other/");
    assert_eq!(
        code(&simulator, "PUT", "/site?policy", &foreign).await,
        "MalformedPolicy"
    );
    let public = policy("\"*\"");
    assert_eq!(
        code(&simulator, "PUT", "/site?policy", &public).await,
        "AccessDenied"
    );
    let own = policy(r#"{"AWS": "111122223333"}"#);
    assert_eq!(code(&simulator, "PUT", "/site?policy", &own).await, "ok");
    assert_eq!(
        code(&simulator, "DELETE", "/site?publicAccessBlock", "").await,
        "ok"
    );
    assert_eq!(code(&simulator, "PUT", "/site?policy", &public).await, "ok");
}

#[tokio::test]
async fn another_accounts_bucket_is_closed_but_says_where_it_is() {
    let simulator = with_bucket(REGION);
    here(&simulator, |ctx| add_bucket(ctx, "east", "us-east-1"));
    let theirs = async |method: &str, path: &str| {
        let mut request = signed("s3", method, path, "");
        for (_, value) in &mut request.headers {
            *value = value.replace("111122223333", "444455556666");
        }
        let answer = send(&simulator, request).await;
        (answer.status, header(&answer, "x-amz-bucket-region"))
    };
    assert_eq!(
        theirs("HEAD", "/site").await,
        (403, Some(REGION.to_owned()))
    );
    assert_eq!(theirs("GET", "/site?policy").await, (403, None));
    assert_eq!(theirs("GET", "/east?location").await, (403, None));
    let east = Some("us-east-1".to_owned());
    assert_eq!(theirs("HEAD", "/east").await, (301, east));
    assert_eq!(theirs("HEAD", "/none").await, (404, None));
}

#[tokio::test]
async fn policies_that_make_no_sense_are_malformed() {
    let simulator = with_bucket(REGION);
    let own = r#""Sid": "a", "Effect": "Deny", "Principal": {"AWS": "111122223333"}, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::site/*""#;
    let put = async |statements: &str| {
        let policy = format!(r#"{{"Version": "2012-10-17", "Statement": [{statements}]}}"#);
        code(&simulator, "PUT", "/site?policy", &policy).await
    };
    assert_eq!(put(&format!("{{{own}}}")).await, "ok");
    for (from, to) in [
        (r#""Effect": "Deny", "#, ""),
        ("Deny", "Forbid"),
        (r#""Principal": {"AWS": "111122223333"}, "#, ""),
        (r#"{"AWS": "111122223333"}"#, r#""somebody""#),
        (r#"{"AWS": "111122223333"}"#, r#"{"AWS": "me"}"#),
        ("s3:GetObject", "execute-api:Invoke"),
        (":site/*", ":sites/*"),
        ("Sid", "Id"),
    ] {
        let changed = own.replace(from, to);
        assert_ne!(changed, own);
        assert_eq!(
            put(&format!("{{{changed}}}")).await,
            "MalformedPolicy",
            "{changed}"
        );
    }
    let twice = format!("{{{own}}}, {{{own}}}");
    assert_eq!(put(&twice).await, "MalformedPolicy", "one Sid twice");
    let long = own.replace("site/*", &format!("site/{}", "x".repeat(20 * 1024)));
    assert_eq!(put(&format!("{{{long}}}")).await, "PolicyTooLarge");
}

#[tokio::test]
async fn the_endpoints_statement_is_not_public_and_goes_away_again() {
    let simulator = with_bucket(REGION);
    let policy = |condition: &str| {
        format!(
            r#"{{"Statement": [{{"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::site/*"{condition}}}]}}"#
        )
    };
    let endpoint =
        policy(r#", "Condition": {"StringEquals": {"aws:SourceVpce": "vpce-0123456789abcdef0"}}"#);
    let other = policy(r#", "Condition": {"StringEquals": {"s3:prefix": "a"}}"#);
    assert_eq!(
        code(&simulator, "PUT", "/site?policy", &other).await,
        "AccessDenied"
    );
    assert_eq!(
        code(&simulator, "PUT", "/site?policy", &endpoint).await,
        "ok"
    );
    let kept = send(&simulator, signed("s3", "GET", "/site?policy", "")).await;
    assert_eq!(
        String::from_utf8_lossy(&kept.body),
        endpoint,
        "as it was given"
    );
    assert_eq!(code(&simulator, "DELETE", "/site?policy", "").await, "ok");
    assert_eq!(
        code(&simulator, "GET", "/site?policy", "").await,
        "NoSuchBucketPolicy"
    );
    assert_eq!(
        code(&simulator, "DELETE", "/site?policy", "").await,
        "ok",
        "none is a success"
    );
}

#[tokio::test]
async fn objects_are_encrypted_as_they_or_their_bucket_say() {
    let simulator = with_bucket(REGION);
    let algorithm = async |key: &str| {
        let answer = send(
            &simulator,
            signed("s3", "HEAD", &format!("/site/{key}"), ""),
        )
        .await;
        header(&answer, "x-amz-server-side-encryption").unwrap()
    };
    let default = async || {
        let (_, tree) = xml_call(&simulator, "s3", "GET", "/site?encryption", "")
            .await
            .unwrap();
        let rule = &tree["Rule"]["ApplyServerSideEncryptionByDefault"];
        (rule["SSEAlgorithm"].clone(), rule["KMSMasterKeyID"].clone())
    };
    assert_eq!(default().await.0, "AES256");
    assert_eq!(code(&simulator, "PUT", "/site/before", "x").await, "ok");
    let rule = |algorithm: &str| {
        format!(
            "<C><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>{algorithm}</SSEAlgorithm><KMSMasterKeyID>key-1</KMSMasterKeyID></ApplyServerSideEncryptionByDefault></Rule></C>"
        )
    };
    for (body, expected) in [
        ("<C></C>".to_owned(), "MalformedXML"),
        (rule("DES"), "InvalidArgument"),
        (rule("AES256"), "InvalidArgument"),
        (rule("aws:kms"), "ok"),
    ] {
        assert_eq!(
            code(&simulator, "PUT", "/site?encryption", &body).await,
            expected,
            "{body}"
        );
    }
    assert_eq!(default().await, ("aws:kms".into(), "key-1".into()));
    assert_eq!(code(&simulator, "PUT", "/site/after", "x").await, "ok");
    let mut plain = signed("s3", "PUT", "/site/plain", "x");
    plain.headers.push((
        "x-amz-server-side-encryption".to_owned(),
        "AES256".to_owned(),
    ));
    assert_eq!(send(&simulator, plain).await.status, 200);
    let found = (
        algorithm("before").await,
        algorithm("after").await,
        algorithm("plain").await,
    );
    assert_eq!(
        found,
        (
            "AES256".to_owned(),
            "aws:kms".to_owned(),
            "AES256".to_owned()
        )
    );
    assert_eq!(
        code(&simulator, "DELETE", "/site?encryption", "").await,
        "ok"
    );
    assert_eq!(default().await.0, "AES256");
    assert_eq!(algorithm("after").await, "aws:kms", "what is there stays");
}

#[tokio::test]
async fn what_is_not_simulated_is_refused() {
    let simulator = with_bucket(REGION);
    for (method, path) in [
        ("PUT", "/site?versioning"),
        ("GET", "/site/a?tagging"),
        ("PUT", "/site/a?partNumber=1&uploadId=x"),
    ] {
        assert_eq!(
            code(&simulator, method, path, "").await,
            "UnknownParameter",
            "{path}"
        );
    }
}

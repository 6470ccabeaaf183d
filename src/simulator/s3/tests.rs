//! S3: one test a rule, on the wire.

use super::{add_bucket, object};
use crate::simulator::Simulator;
use crate::simulator::testing::{REGION, account, signed};
use crate::simulator::testing_rest::{header, here, send, xml_call};

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
    let read: crate::simulator::world::World = serde_json::from_str(&world).unwrap();
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

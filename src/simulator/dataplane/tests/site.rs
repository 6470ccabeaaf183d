//! A site: from a rule that rewrites, through the endpoint for S3, to a bucket.

use serde_json::{Value, json};

use super::{BALANCER, CLIENT, ENDPOINT, FULL_ACCESS, GROUP, HOST, LISTENER, Stack, get};
use crate::dataplane::{Answer, Ask, Hop, Kind};
use crate::s3;
use crate::testing::REGION;

const BUCKET: &str = "orders-frontend";

/// Writes what a form can hold of an expression.
fn escaped(text: &str) -> String {
    let escape = |letter: char| match letter {
        '%' | '&' | '+' | '=' | '#' | '?' => format!("%{:02X}", u32::from(letter)),
        other => other.to_string(),
    };
    text.chars().map(escape).collect()
}

/// A rule that sends what fits an expression to the bucket, its URL rewritten.
fn rule(path: &str, regex: &str, replace: &str) -> String {
    let rewrite = |place: u8, kind: &str, config: &str, regex: &str, replace: &str| {
        let part = format!("&Transforms.member.{place}");
        format!(
            "{part}.Type={kind}{part}.{config}.Rewrites.member.1.Regex={}{part}.{config}.Rewrites.member.1.Replace={}",
            escaped(regex),
            escaped(replace)
        )
    };
    format!(
        "Actions.member.1.Type=forward&Actions.member.1.TargetGroupArn={GROUP}\
         &Conditions.member.1.Field=host-header&Conditions.member.1.Values.member.1={HOST}\
         &Conditions.member.2.Field=path-pattern&Conditions.member.2.PathPatternConfig.RegexValues.member.1={}{}{}",
        escaped(path),
        rewrite(
            1,
            "host-header-rewrite",
            "HostHeaderRewriteConfig",
            "^.*$",
            &format!("{BUCKET}.s3.{REGION}.amazonaws.com")
        ),
        rewrite(2, "url-rewrite", "UrlRewriteConfig", regex, replace),
    )
}

fn admitting(bucket: &str, principal: &Value) -> String {
    json!({"Statement": [{
        "Effect": "Allow",
        "Principal": principal,
        "Action": "s3:GetObject",
        "Resource": format!("arn:aws:s3:::{bucket}/*"),
        "Condition": {"StringEquals": {"aws:SourceVpce": ENDPOINT}},
    }]})
    .to_string()
}

/// A stack whose endpoint is one for S3, with a site at `/app`: a redirect to the slash, assets, and the rest to the index.
async fn site() -> Stack {
    let stack = Stack::new().await;
    stack.edit(|ctx| {
        let endpoint = ctx.here.ec2.endpoints.get_mut(ENDPOINT).unwrap();
        endpoint.service = format!("com.amazonaws.{REGION}.s3");
        s3::add_bucket(ctx, BUCKET, REGION);
        for key in ["index.html", "js/main.js", "js/a b.js"] {
            assert!(s3::add_object(ctx, BUCKET, key, "x"));
        }
        bucket_of(ctx).policy = Some(admitting(BUCKET, &json!("*")));
    });
    let redirect = format!(
        "Actions.member.1.Type=redirect&Actions.member.1.RedirectConfig.StatusCode=HTTP_302\
         &Actions.member.1.RedirectConfig.Path=/app/\
         &Conditions.member.1.Field=path-pattern&Conditions.member.1.Values.member.1=/app\
         &Conditions.member.2.Field=host-header&Conditions.member.2.Values.member.1={HOST}"
    );
    stack.rule(1, &redirect).await;
    let assets = rule(
        r"^/app/(.*/)?[^/]*\.[^/]*$",
        r"^/app/([^?]*)(\?.*)?$",
        "/$1",
    );
    stack.rule(2, &assets).await;
    stack.rule(3, &rule("^/app/", "^.*$", "/index.html")).await;
    stack
}

fn bucket_of<'a>(ctx: &'a mut crate::world::Ctx<'_>) -> &'a mut s3::Bucket {
    ctx.global.s3.buckets.get_mut(BUCKET).unwrap()
}

fn stopped(answer: &Answer) -> (Option<Hop>, u16) {
    (answer.hop, answer.status)
}

#[tokio::test]
async fn each_path_of_a_site_finds_its_object_without_the_query() {
    let stack = site().await;
    for (path, key) in [
        ("/app/", "/index.html"),
        ("/app/?code=abc&state=1", "/index.html"),
        ("/app/orders/42", "/index.html"),
        ("/app/orders/42?acl", "/index.html"),
        ("/app/js/main.js", "/js/main.js"),
        ("/app/js/main.js?response-content-type=a", "/js/main.js"),
        ("/app/js/a%20b.js?v=1", "/js/a b.js"),
    ] {
        let answer = stack.get(path);
        assert_eq!(stopped(&answer), (None, 200), "{path}: {}", answer.why);
        let seen = answer.seen.unwrap();
        assert_eq!(
            (
                seen.kind,
                seen.path.as_str(),
                seen.query.as_str(),
                seen.bucket.as_deref()
            ),
            (Kind::S3, key, "", Some(BUCKET)),
            "{path}"
        );
        assert_eq!(seen.host, format!("{BUCKET}.s3.{REGION}.amazonaws.com"));
    }
    let moved = stack.get("/app?code=abc");
    assert_eq!(moved.status, 302);
    let location = moved.seen.unwrap().location.unwrap();
    assert_eq!(location, format!("https://{HOST}:443/app/?code=abc"));
    assert_eq!(
        stack.get("/shop/orders/42").status,
        404,
        "what is no site's goes where it went: S3 has no such bucket"
    );
    let missing = stack.get("/app/js/gone.js");
    assert_eq!(
        stopped(&missing),
        (Some(Hop::Method), 403),
        "without ListBucket"
    );
    assert_eq!(missing.seen.unwrap().path, "/js/gone.js", "S3 has seen it");
}

#[tokio::test]
async fn a_query_that_reaches_s3_may_ask_for_something_else() {
    let stack = site().await;
    // A rewrite that keeps the query.
    stack.rule(4, &rule("^/raw/", "^/raw/(.*)$", "/$1")).await;
    let kept = stack.get("/raw/index.html?v=1");
    assert_eq!(stopped(&kept), (None, 200), "{}", kept.why);
    assert_eq!(kept.seen.unwrap().query, "v=1");
    for (query, status, what) in [
        ("acl", 403, "s3:GetObjectAcl"),
        ("tagging=", 403, "s3:GetObjectTagging"),
        ("versionId=1", 403, "s3:GetObjectVersion"),
        (
            "response-content-type=text/plain",
            400,
            "response-content-type",
        ),
        ("X-Amz-Signature=00", 400, "X-Amz-Signature"),
    ] {
        let answer = stack.get(&format!("/raw/index.html?{query}"));
        assert_eq!(
            (answer.status, answer.hop.is_some()),
            (status, true),
            "{query}"
        );
        assert!(answer.why.contains(what), "{query}: {}", answer.why);
    }
    let mut bearer = get("/raw/index.html");
    bearer
        .headers
        .insert("Authorization".to_owned(), "Bearer x".to_owned());
    assert_eq!(stopped(&stack.ask(&bearer)), (Some(Hop::Permission), 400));
}

/// What is wrong with the bucket, and where a request stops then with which status.
type Break = (&'static str, fn(&mut s3::Bucket), Hop, u16);

#[tokio::test]
async fn what_a_bucket_must_be_for_a_site() {
    let breaks: &[Break] = &[
        (
            "another region's",
            |one| "us-east-1".clone_into(&mut one.region),
            Hop::Mapping,
            301,
        ),
        ("no policy", |one| one.policy = None, Hop::Permission, 403),
        (
            "another endpoint's",
            |one| {
                one.policy = one
                    .policy
                    .as_ref()
                    .map(|text| text.replace(ENDPOINT, "vpce-0aaaaaaaaaaaaaaaa"));
            },
            Hop::Permission,
            403,
        ),
        (
            "for somebody",
            |one| one.policy = Some(admitting(BUCKET, &json!({"AWS": "111122223333"}))),
            Hop::Permission,
            403,
        ),
        (
            "public",
            |one| one.policy = Some(FULL_ACCESS.to_owned()),
            Hop::Permission,
            403,
        ),
        (
            "encrypted by KMS",
            |one| {
                for object in one.objects.values_mut() {
                    object
                        .headers
                        .insert(s3::Object::ENCRYPTION.to_owned(), "aws:kms".to_owned());
                }
            },
            Hop::Permission,
            400,
        ),
    ];
    for (what, break_it, hop, status) in breaks {
        let stack = site().await;
        stack.edit(|ctx| break_it(bucket_of(ctx)));
        let answer = stack.get("/app/");
        assert_eq!(
            stopped(&answer),
            (Some(*hop), *status),
            "{what}: {}",
            answer.why
        );
        assert_eq!(
            answer.seen.unwrap().bucket.as_deref(),
            Some(BUCKET),
            "{what}"
        );
    }
    let stack = site().await;
    stack.edit(|ctx| {
        FULL_ACCESS.clone_into(bucket_of(ctx).policy.get_or_insert_default());
        bucket_of(ctx).access_block = None;
    });
    assert_eq!(
        stopped(&stack.get("/app/")),
        (None, 200),
        "public, and nothing blocks it"
    );
    stack.edit(|ctx| {
        ctx.claims
            .insert(format!("s3/{BUCKET}"), "444455556666".to_owned());
    });
    assert_eq!(
        stopped(&stack.get("/app/")),
        (Some(Hop::Permission), 403),
        "another account's"
    );
}

#[tokio::test]
async fn the_endpoints_policy_admits_its_bucket_only() {
    let stack = site().await;
    let admit = |bucket: &str| {
        stack.edit(|ctx| {
            let endpoint = ctx.here.ec2.endpoints.get_mut(ENDPOINT).unwrap();
            endpoint.policy = json!({"Statement": [{
                "Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": format!("arn:aws:s3:::{bucket}/*"),
            }]})
            .to_string();
        });
        stopped(&stack.get("/app/"))
    };
    assert_eq!(admit("other"), (Some(Hop::EndpointPolicy), 403));
    assert_eq!(admit(BUCKET), (None, 200));
}

#[tokio::test]
async fn a_rewrite_that_leaves_no_path_or_host_fails() {
    let stack = site().await;
    stack.rule(4, &rule("^/bad/", "^/bad/", "bad/")).await;
    assert_eq!(stopped(&stack.get("/bad/x")), (Some(Hop::Rule), 500));
    stack
        .rule(5, &rule("^/same/", "^/other/(.*)$", "/$1"))
        .await;
    let same = stack.get("/same/x?y=1");
    assert_eq!(
        same.seen.unwrap().path,
        "/same/x",
        "what does not match stays"
    );
    let host = rule("^/host/", "^.*$", "/index.html").replace(&format!("{BUCKET}.s3"), "a b.s3");
    stack.rule(6, &host).await;
    assert_eq!(stopped(&stack.get("/host/x")), (Some(Hop::Rule), 500));
}

#[tokio::test]
async fn the_certificate_is_chosen_by_name() {
    use crate::acm::{Status, furnish::add_certificate};
    let stack = Stack::new().await;
    let arn = |name: &str| format!("arn:aws:acm:{REGION}:111122223333:certificate/{name}");
    let add = |name: &str, host: &str| {
        let names = [host.to_owned()];
        stack.edit(|ctx| add_certificate(ctx, &arn(name), &names, Status::Issued));
    };
    let shown = || {
        let answer = stack.get("/shop/orders/42");
        (answer.hop, answer.certificate)
    };
    add("1", "other.example.com");
    add("two", "*.example.com");
    assert_eq!(shown(), (Some(Hop::Certificate), None));
    stack
        .elb(&format!("AddListenerCertificates&ListenerArn={LISTENER}&Certificates.member.1.CertificateArn={}", arn("two")))
        .await;
    assert_eq!(shown(), (None, Some(arn("two"))));
    let other = Ask::new("nobody.example.org", "/", CLIENT);
    assert_eq!(
        stack.ask(&other).hop,
        Some(Hop::Record),
        "the record comes first"
    );
    let own = stack.edit(|ctx| ctx.here.elbv2.balancers[BALANCER].dns_name.clone());
    let own = stack.ask(&Ask::new(&own, "/", CLIENT));
    assert_eq!(
        own.hop,
        Some(Hop::Certificate),
        "the load balancer's own name is in no certificate"
    );
    add("1", HOST);
    assert_eq!(
        shown(),
        (None, Some(arn("two"))),
        "the default one only if none of the list fits"
    );
    stack
        .elb(&format!("RemoveListenerCertificates&ListenerArn={LISTENER}&Certificates.member.1.CertificateArn={}", arn("two")))
        .await;
    assert_eq!(shown(), (None, Some(arn("1"))));
}

#[tokio::test]
async fn the_best_certificate_of_a_name_is_shown() {
    use crate::acm::state::Own;
    use crate::acm::{Certificate, Status, furnish::add_certificate};
    type Change = fn(&mut Certificate);
    fn signed(certificate: &mut Certificate, signature: &str) {
        certificate.own = Some(Own {
            domain: HOST.to_owned(),
            subject: String::new(),
            issuer: String::new(),
            usages: Vec::new(),
            extended_usages: Vec::new(),
            signature: signature.to_owned(),
        });
    }
    let stack = Stack::new().await;
    let arn = |name: &str| format!("arn:aws:acm:{REGION}:111122223333:certificate/{name}");
    // Each is better than the one before, by what the guide names first.
    let order: [(&str, Change); 6] = [
        ("aa", |_| {}),
        ("zz", |one| {
            let (start, end) = one.valid.unwrap();
            one.valid = Some((start, end + std::time::Duration::from_hours(24)));
        }),
        ("yy", |one| "RSA_4096".clone_into(&mut one.algorithm)),
        ("xx", |one| signed(one, "SHA512WITHRSA")),
        ("ww", |one| "EC_prime256v1".clone_into(&mut one.algorithm)),
        ("vv", |one| {
            "EC_prime256v1".clone_into(&mut one.algorithm);
            signed(one, "SHA384WITHECDSA");
        }),
    ];
    for (name, change) in order {
        stack.edit(|ctx| {
            add_certificate(ctx, &arn(name), &[HOST.to_owned()], Status::Issued);
            change(ctx.here.acm.certificates.get_mut(&arn(name)).unwrap());
        });
        stack
            .elb(&format!("AddListenerCertificates&ListenerArn={LISTENER}&Certificates.member.1.CertificateArn={}", arn(name)))
            .await;
        let shown = stack.get("/shop/orders/42").certificate;
        assert_eq!(shown, Some(arn(name)));
    }
}

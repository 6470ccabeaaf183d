//! Functions, buckets, borrowed APIs.

use super::*;
use crate::error::ErrorKind;
use crate::simulator::{
    faults::{Fault, Rule},
    s3::{self, Encryption},
};

fn kms() -> Encryption {
    Encryption {
        algorithm: "aws:kms".to_owned(),
        key: None,
        bucket_key: true,
    }
}

#[tokio::test(start_paused = true)]
async fn a_function_needs_the_alias_that_the_route_names() {
    let bench = Bench::new(FUNCTION).spoil(|ctx| {
        let functions = &mut ctx.here.lambda.functions;
        functions.get_mut("sms").unwrap().aliases.clear();
    });
    insta::assert_snapshot!(bench.refused().await, @"route /sms: the function arn:aws:lambda:eu-central-1:111122223333:function:sms:live does not exist");
}

#[tokio::test(start_paused = true)]
async fn a_bucket_is_there_in_the_region_and_ones_own() {
    let gone = Bench::new(SITE).spoil(|ctx| ctx.global.s3.buckets.clear());
    insta::assert_snapshot!(gone.refused().await, @"route /app: the bucket orders-frontend does not exist");
    let elsewhere = Bench::new(SITE).spoil(|ctx| {
        let buckets = &mut ctx.global.s3.buckets;
        buckets.get_mut("orders-frontend").unwrap().region = "eu-west-1".to_owned();
    });
    insta::assert_snapshot!(elsewhere.refused().await, @"route /app: the bucket orders-frontend is in eu-west-1, not in eu-central-1");
    let edited = Bench::new(SITE);
    edited
        .simulator
        .edit(|world, conditions| {
            let ctx = world.context(ACCOUNT, REGION, conditions);
            ctx.global.s3.buckets.clear();
            let mut ctx = world.context("444455556666", REGION, conditions);
            s3::add_bucket(&mut ctx, "orders-frontend", REGION);
        })
        .unwrap();
    insta::assert_snapshot!(edited.refused().await, @"route /app: the bucket orders-frontend may not be looked at");
    // A permission is lacking: exit code 4.
    let error = edited.check().await.expect_err("it is refused");
    assert_eq!(error.kind, ErrorKind::Denied);
}

#[tokio::test(start_paused = true)]
async fn an_index_that_needs_a_key_of_kms_is_refused() {
    let bench = Bench::new(SITE).spoil(|ctx| {
        let bucket = ctx.global.s3.buckets.get_mut("orders-frontend").unwrap();
        bucket.encryption = Some(kms());
        s3::add_object(ctx, "orders-frontend", "index.html", "x");
    });
    insta::assert_snapshot!(bench.refused().await, @"route /app: index.html of the bucket orders-frontend is encrypted with a KMS key, so that it cannot be read without credentials");
}

#[tokio::test(start_paused = true)]
async fn what_will_be_missing_or_unreadable_is_warned_of() {
    let bench = Bench::new(SITE).spoil(|ctx| {
        let bucket = ctx.global.s3.buckets.get_mut("orders-frontend").unwrap();
        bucket.encryption = Some(kms());
        bucket.objects.clear();
    });
    insta::assert_snapshot!(bench.warnings().await, @r"
    route /app: the bucket orders-frontend has no index.html yet; upload it: until then people get an error of S3
    route /app: the bucket orders-frontend encrypts new objects with a KMS key; they cannot be read without credentials, so upload with SSE-S3 (AES256) or change the default
    ");
}

#[tokio::test(start_paused = true)]
async fn a_bucket_that_does_not_admit_the_endpoint_is_named_with_the_statement() {
    let closed = |keys: &str| {
        Bench::new(keys).spoil(|ctx| {
            let bucket = ctx.global.s3.buckets.get_mut("orders-frontend").unwrap();
            bucket.policy = None;
        })
    };
    insta::assert_snapshot!(closed(SITE).warnings().await, @r#"route /app: the policy of the bucket orders-frontend does not admit this stack's S3 endpoint yet (it does not exist): no statement allows it; add this statement, or set `manage_policy = true`: {"Action":"s3:GetObject","Condition":{"StringEquals":{"aws:SourceVpce":"<the endpoint's id, see `hybridgw outputs`>"}},"Effect":"Allow","Principal":"*","Resource":"arn:aws:s3:::orders-frontend/*"}"#);
    // With leave to change the policy there is nothing to say.
    let managed = SITE.replace("\" }", "\", manage_policy = true }");
    assert_eq!(closed(&managed).warnings().await, "");
    // Single objects are not a site.
    let one = Bench::new(SITE).spoil(|ctx| {
        let bucket = ctx.global.s3.buckets.get_mut("orders-frontend").unwrap();
        let policy = bucket.policy.take().unwrap();
        bucket.policy = Some(policy.replace("/*", "/index.html"));
    });
    assert!(one.warnings().await.contains("does not admit"));
}

#[tokio::test(start_paused = true)]
async fn another_endpoint_in_a_buckets_policy_does_not_admit_ours() {
    let bench = Bench::new(SITE).spoil(|ctx| {
        let bucket = ctx.global.s3.buckets.get_mut("orders-frontend").unwrap();
        let policy = bucket.policy.take().unwrap();
        let policy = policy.replace("aws:SourceVpc", "aws:SourceVpce");
        bucket.policy = Some(policy.replace("vpc-0a1b2c3d", "vpce-0a1b2c3d"));
    });
    assert!(
        bench
            .warnings()
            .await
            .contains("does not admit this stack's S3 endpoint")
    );
}

#[tokio::test(start_paused = true)]
async fn a_borrowed_api_is_judged_by_the_borrowed_endpoint() {
    let keys = "[endpoint]\nid = \"vpce-0123456789abcdef0\"\n[[route]]\npath = \"/\"\napi = { id = \"a1b2c3d4e5\", stage = \"prod\" }\n";
    let admitting = |endpoint: &'static str| {
        Bench::new(keys).spoil(move |ctx| {
            ctx.here.apigateway.apis.clear();
            let endpoints = [endpoint.to_owned()];
            crate::simulator::apigateway::furnish::add_api(ctx, "a1b2c3d4e5", "prod", &endpoints)
                .unwrap();
        })
    };
    assert_eq!(admitting("vpce-0123456789abcdef0").warnings().await, "");
    let said = admitting("vpce-0fffffffffffffff0").warnings().await;
    insta::assert_snapshot!(said, @"route /: the policy of the API a1b2c3d4e5 does not admit this stack's endpoint: statement 2 denies it (StringNotEquals aws:SourceVpce vpce-0fffffffffffffff0); a Deny wins over every Allow: its team has to except requests through vpce-0123456789abcdef0 from it and deploy again");
}

/// An API of another team, with this policy, behind a borrowed endpoint.
fn lent(policy: serde_json::Value) -> Bench {
    let keys = "[endpoint]\nid = \"vpce-0123456789abcdef0\"\n[[route]]\npath = \"/\"\napi = { id = \"a1b2c3d4e5\", stage = \"prod\" }\n";
    Bench::new(keys).spoil(move |ctx| {
        ctx.here.apigateway.apis.clear();
        crate::simulator::apigateway::furnish::add_api(ctx, "a1b2c3d4e5", "prod", &[]).unwrap();
        let api = ctx.here.apigateway.apis.get_mut("a1b2c3d4e5").unwrap();
        api.content.policy = Some(policy.to_string());
        for deployment in api.deployments.values_mut() {
            deployment.snapshot.content.policy = Some(policy.to_string());
        }
    })
}

fn allow(more: &serde_json::Value) -> serde_json::Value {
    let mut all = json!({"Effect": "Allow", "Principal": "*", "Action": "execute-api:Invoke",
        "Resource": "arn:aws:execute-api:eu-central-1:111122223333:a1b2c3d4e5/*"});
    for (name, value) in more.as_object().unwrap() {
        all[name] = value.clone();
    }
    all
}

#[tokio::test(start_paused = true)]
async fn a_borrowed_apis_policy_that_fits_is_no_alarm() {
    for statements in [
        json!([allow(
            &json!({"Condition": {"StringLike": {"aws:SourceVpce": "vpce-*"}}})
        )]),
        json!([allow(
            &json!({"Resource": "arn:aws:execute-api:eu-central-1:111122223333:a1b2c3d4e5/prod/*"})
        )]),
        json!([
            allow(&json!({})),
            allow(
                &json!({"Effect": "Deny", "Condition": {"NotIpAddress": {"aws:VpcSourceIp": "10.0.0.0/8"}}})
            ),
        ]),
        json!([
            allow(&json!({})),
            allow(
                &json!({"Effect": "Deny", "Condition": {"IpAddress": {"aws:VpcSourceIp": "10.9.0.0/16"}}})
            ),
        ]),
        json!([
            allow(&json!({})),
            allow(
                &json!({"Effect": "Deny", "Condition": {"BoolIfExists": {"aws:SecureTransport": "false"}}})
            ),
        ]),
    ] {
        let said = lent(json!({ "Version": "2012-10-17", "Statement": statements }))
            .warnings()
            .await;
        assert_eq!(said, "", "{statements}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_borrowed_apis_policy_that_shuts_us_out_is_named_with_its_statement() {
    let other = "arn:aws:execute-api:eu-central-1:111122223333:a1b2c3d4e5/dev/*";
    for (statements, words) in [
        (
            json!([allow(&json!({"Resource": other}))]),
            "does not admit this stack's endpoint: no statement allows it (statement 1 would, but for its Resource)",
        ),
        (
            json!([allow(
                &json!({"Condition": {"StringEquals": {"aws:SourceVpce": "vpc-0a1b2c3d"}}})
            )]),
            "the key for a vpc- id is aws:SourceVpc",
        ),
        (
            json!([
                allow(&json!({})),
                allow(
                    &json!({"Sid": "office", "Effect": "Deny", "Condition": {"NotIpAddress": {"aws:SourceIp": "192.0.2.0/24"}}})
                )
            ]),
            "statement \"office\" denies it (NotIpAddress aws:SourceIp 192.0.2.0/24); a Deny wins over every Allow: its team has to except requests through vpce-0123456789abcdef0 from it and deploy again",
        ),
        (
            json!([
                allow(&json!({})),
                allow(
                    &json!({"Effect": "Deny", "Condition": {"StringNotEquals": {"aws:Referer": "x"}}})
                )
            ]),
            "may not admit this stack's endpoint: it depends on aws:Referer (statement 2)",
        ),
    ] {
        let said = lent(json!({ "Version": "2012-10-17", "Statement": statements }))
            .warnings()
            .await;
        assert!(said.contains(words), "{said}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_deny_that_wins_over_the_statement_for_a_site_is_named_beforehand() {
    for managed in [false, true] {
        let keys = if managed {
            SITE.replace("\" }", "\", manage_policy = true }")
        } else {
            SITE.to_owned()
        };
        let bench = Bench::new(&keys).spoil(|ctx| {
            let bucket = ctx.global.s3.buckets.get_mut("orders-frontend").unwrap();
            let deny = json!({"Statement": [{"Sid": "perimeter", "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "arn:aws:s3:::orders-frontend/*",
                "Condition": {"StringNotEquals": {"aws:PrincipalOrgID": "o-1"}}}]});
            bucket.policy = Some(deny.to_string());
        });
        let said = bench.warnings().await;
        assert!(said.contains("statement \"perimeter\" denies it (StringNotEquals aws:PrincipalOrgID o-1); a Deny wins over every Allow: its owner has to except reads through"), "{said}");
        assert_eq!(said.contains("the statement that hybridgw adds to the policy of the bucket orders-frontend will not help"), managed, "{said}");
    }
}

/// Changes what the next deployment of the borrowed API would have.
fn undeployed(bench: Bench, policy: &serde_json::Value) -> Bench {
    bench.spoil(|ctx| {
        let api = ctx.here.apigateway.apis.get_mut("a1b2c3d4e5").unwrap();
        api.content.policy = Some(policy.to_string());
    })
}

#[tokio::test(start_paused = true)]
async fn a_borrowed_apis_policy_that_is_changed_and_not_deployed_is_named() {
    let of =
        |statement: serde_json::Value| json!({ "Version": "2012-10-17", "Statement": [statement] });
    let open = of(allow(&json!({})));
    let ours = of(allow(
        &json!({"Condition": {"StringEquals": {"aws:SourceVpce": "vpce-0123456789abcdef0"}}}),
    ));
    // Both admit the endpoint, but what is live is the one before.
    let said = undeployed(lent(open.clone()), &ours).warnings().await;
    insta::assert_snapshot!(said, @"route /: the policy of the API a1b2c3d4e5 was changed and not deployed: stage prod still has the one before; its team has to deploy the API to prod");
    assert_eq!(lent(ours.clone()).warnings().await, "");
    // Another spelling is no other policy.
    let mut respelt = ours.clone();
    respelt["Statement"] = respelt["Statement"][0].take();
    respelt["Statement"]["Action"] = json!(["execute-api:Invoke"]);
    assert_eq!(
        undeployed(lent(ours.clone()), &respelt).warnings().await,
        ""
    );
    // Who may not export is told no less than before.
    let shut = undeployed(lent(open), &ours);
    shut.simulator.set_faults(vec![Rule {
        operation: "apigateway:GetExport".to_owned(),
        calls: None,
        from: None,
        probability: None,
        times: None,
        then: Fault::Refuse {
            code: "AccessDeniedException".to_owned(),
            status: 403,
            message: String::new(),
        },
    }]);
    assert_eq!(shut.warnings().await, "");
}

#[tokio::test(start_paused = true)]
async fn access_logs_to_a_log_group_want_the_accounts_role() {
    let logging = |destination: &str| {
        Bench::new(&format!(
            "[[route]]\npath = \"/\"\napi = {{ placeholder = true, access_logs = {{ destination = \"{destination}\" }} }}\n"
        ))
    };
    let group = "arn:aws:logs:eu-central-1:111122223333:log-group:orders";
    let firehose =
        "arn:aws:firehose:eu-central-1:111122223333:deliverystream/amazon-apigateway-orders";
    insta::assert_snapshot!(logging(group).warnings().await, @"access_logs: API Gateway writes to log groups by one role for the account and region: set it in API Gateway's settings (`aws apigateway update-account`, /cloudwatchRoleArn)");
    assert_eq!(
        logging(firehose).warnings().await,
        "",
        "by a role of its own"
    );
    let with_role = logging(group).spoil(|ctx| {
        let role = "arn:aws:iam::111122223333:role/gateway-logs".to_owned();
        ctx.here.apigateway.log_role = Some(role);
    });
    assert_eq!(with_role.warnings().await, "");
}

//! Targets: health, functions, S3.

use std::time::Duration;

use serde_json::json;

use super::{BALANCER, CLIENT, ENDPOINT, FULL_ACCESS, FUNCTION, GROUP, Stack, get, permit};
use crate::dataplane::{Ask, Hop, Kind};
use crate::elbv2::{TargetType, Verdict};
use crate::s3::{self, Bucket, Object};
use crate::testing::REGION;
use crate::testing_rest::json_call;

#[tokio::test]
async fn without_a_healthy_target_all_are_tried() {
    let stack = Stack::new().await;
    assert!(!stack.serves("healthy").why.contains("no target is healthy"));
    stack.edit(|ctx| {
        for target in &mut ctx.here.elbv2.groups.get_mut(GROUP).unwrap().targets {
            target.health.verdict = Verdict::Initial;
        }
    });
    assert!(stack.serves("initial").why.contains("no target is healthy"));
    // The probes find out, and what is behind still decides.
    stack.edit(|ctx| ctx.here.ec2.rules.remove("balancer"));
    stack.simulator.skip(Duration::from_mins(5));
    stack.stops(Hop::SecurityGroup, 504, "unhealthy");
    assert!(stack.get("/shop").why.contains("no target is healthy"));
}

#[tokio::test]
async fn one_healthy_target_spares_the_others() {
    let stack = Stack::new().await;
    let second = stack.edit(|ctx| {
        let targets = &mut ctx.here.elbv2.groups.get_mut(GROUP).unwrap().targets;
        assert_eq!(targets.len(), 2);
        targets[1].health.verdict = Verdict::Initial;
        targets[1].id.clone()
    });
    stack.edit(|ctx| {
        let mut all = ctx.here.ec2.interfaces.values_mut();
        let interface = all.find(|one| one.address.to_string() == second).unwrap();
        interface.leaving = true;
    });
    stack.serves("the healthy one");
    stack.edit(|ctx| {
        let targets = &mut ctx.here.elbv2.groups.get_mut(GROUP).unwrap().targets;
        targets[1].health.verdict = Verdict::Healthy;
    });
    stack.stops(Hop::Endpoint, 504, "both healthy, one of them stale");
}

#[tokio::test]
async fn a_function_is_invoked_with_permission() {
    let stack = Stack::new().await;
    stack.edit(|ctx| {
        let group = ctx.here.elbv2.groups.get_mut(GROUP).unwrap();
        group.kind = TargetType::Lambda;
        group.targets.truncate(1);
        FUNCTION.clone_into(&mut group.targets[0].id);
    });
    stack.stops(Hop::Permission, 502, "not permitted");
    stack.edit(|ctx| permit(ctx, "elasticloadbalancing.amazonaws.com", GROUP));
    let seen = stack.serves("permitted").seen.unwrap();
    assert_eq!(
        (seen.kind, seen.function.as_deref()),
        (Kind::Lambda, Some(FUNCTION))
    );
    assert_eq!(seen.path, "/shop/orders/42");
}

#[tokio::test]
async fn a_functions_event_has_the_whole_path_and_one_value_or_all() {
    let stack = Stack::new().await;
    stack.edit(|ctx| {
        let group = ctx.here.elbv2.groups.get_mut(GROUP).unwrap();
        group.kind = TargetType::Lambda;
        group.targets.truncate(1);
        FUNCTION.clone_into(&mut group.targets[0].id);
        permit(ctx, "elasticloadbalancing.amazonaws.com", GROUP);
    });
    let mut ask = get("/shop/a%20b?x=1&x=%32&y");
    ask.headers.insert("X-Kind".to_owned(), "big".to_owned());
    let event = || stack.ask(&ask).seen.unwrap().event.unwrap();
    let one = event();
    assert_eq!(one["path"], "/shop/a%20b");
    assert_eq!(one["requestContext"]["elb"]["targetGroupArn"], GROUP);
    assert_eq!(one["queryStringParameters"], json!({"x": "%32", "y": ""}));
    assert_eq!(
        (&one["headers"]["host"], &one["headers"]["x-kind"]),
        (&json!(super::HOST), &json!("big"))
    );
    assert!(one.get("multiValueHeaders").is_none());
    stack
        .elb(&format!(
            "ModifyTargetGroupAttributes&TargetGroupArn={GROUP}&Attributes.member.1.Key=lambda.multi_value_headers.enabled&Attributes.member.1.Value=true"
        ))
        .await;
    let all = event();
    assert_eq!(
        all["multiValueQueryStringParameters"],
        json!({"x": ["1", "%32"], "y": [""]})
    );
    assert_eq!(
        all["multiValueHeaders"]["x-forwarded-for"],
        json!([CLIENT.to_string()])
    );
    assert!(all.get("headers").is_none() && all.get("queryStringParameters").is_none());
}

/// A stack whose target is a function, to see what it is sent.
async fn with_function() -> Stack {
    let stack = Stack::new().await;
    stack.edit(|ctx| {
        let group = ctx.here.elbv2.groups.get_mut(GROUP).unwrap();
        group.kind = TargetType::Lambda;
        group.targets.truncate(1);
        FUNCTION.clone_into(&mut group.targets[0].id);
        permit(ctx, "elasticloadbalancing.amazonaws.com", GROUP);
    });
    stack
}

async fn attribute(stack: &Stack, name: &str, value: &str) {
    let change = format!(
        "ModifyLoadBalancerAttributes&LoadBalancerArn={BALANCER}&Attributes.member.1.Key={name}&Attributes.member.1.Value={value}"
    );
    stack.elb(&change).await;
}

#[tokio::test]
async fn invalid_headers_are_dropped_where_the_load_balancer_is_told_to() {
    let stack = with_function().await;
    let mut ask = get("/shop/a");
    for name in ["client_id", "X-Good", "x.dot"] {
        ask.headers.insert(name.to_owned(), "1".to_owned());
    }
    let seen = || stack.ask(&ask).seen.unwrap().event.unwrap()["headers"].clone();
    let all = seen();
    assert_eq!(
        (&all["client_id"], &all["x-good"], &all["x.dot"]),
        (&json!("1"), &json!("1"), &json!("1")),
        "ELB's default"
    );
    let name = "routing.http.drop_invalid_header_fields.enabled";
    attribute(&stack, name, "true").await;
    let left = seen();
    assert!(left.get("client_id").is_none() && left.get("x.dot").is_none());
    assert_eq!(left["x-good"], "1");
}

#[tokio::test]
async fn the_load_balancer_tells_where_a_request_comes_from() {
    let stack = with_function().await;
    let mut ask = get("/shop/a");
    let one = |ask: &Ask, name: &str| {
        let event = stack.ask(ask).seen.unwrap().event.unwrap();
        event["headers"][name].as_str().map(str::to_owned)
    };
    let client = CLIENT.to_string();
    assert_eq!(one(&ask, "x-forwarded-for"), Some(client.clone()));
    assert_eq!(one(&ask, "x-forwarded-proto").as_deref(), Some("https"));
    let root = one(&ask, "x-amzn-trace-id").unwrap();
    let parts: Vec<usize> = root.split('-').map(str::len).collect();
    assert!(root.starts_with("Root=1-") && parts == [6, 8, 24], "{root}");
    ask.headers
        .insert("X-Forwarded-For".to_owned(), "192.0.2.9".to_owned());
    ask.headers
        .insert("X-Forwarded-Proto".to_owned(), "ftp".to_owned());
    ask.headers
        .insert("X-Amzn-Trace-Id".to_owned(), "Root=1-a-b".to_owned());
    assert_eq!(
        one(&ask, "x-forwarded-for"),
        Some(format!("192.0.2.9, {client}"))
    );
    assert_eq!(one(&ask, "x-forwarded-proto").as_deref(), Some("https"));
    let traced = one(&ask, "x-amzn-trace-id").unwrap();
    assert!(
        traced.starts_with("Self=1-") && traced.ends_with(";Root=1-a-b"),
        "{traced}"
    );
    let mode = "routing.http.xff_header_processing.mode";
    attribute(&stack, mode, "preserve").await;
    assert_eq!(one(&ask, "x-forwarded-for").as_deref(), Some("192.0.2.9"));
    attribute(&stack, mode, "remove").await;
    assert_eq!(one(&ask, "x-forwarded-for"), None);
    assert_eq!(one(&ask, "x-amzn-tls-version"), None);
    let tells = "routing.http.x_amzn_tls_version_and_cipher_suite.enabled";
    attribute(&stack, tells, "true").await;
    assert_eq!(one(&ask, "x-amzn-tls-version").as_deref(), Some("TLSv1.3"));
    ask.headers
        .insert("Upgrade".to_owned(), "websocket".to_owned());
    assert_eq!(stack.ask(&ask).status, 400);
}

#[tokio::test]
async fn a_permission_counts_for_the_alias_and_the_group_it_names() {
    let stack = Stack::new().await;
    let alias = format!("{FUNCTION}:live");
    stack.edit(|ctx| crate::lambda::add_function(ctx, &alias));
    let made = stack
        .elb_group("CreateTargetGroup&Name=fn&TargetType=lambda")
        .await;
    let permit = async |function: &str, source: &str| {
        let body = json!({"StatementId": format!("s{}", source.len()), "Action": "lambda:InvokeFunction", "Principal": "elasticloadbalancing.amazonaws.com", "SourceArn": source});
        let path = format!("/2015-03-31/functions/{function}/policy");
        json_call(&stack.simulator, "lambda", "POST", &path, &body)
            .await
            .unwrap();
    };
    let registered = async || {
        let call = format!("RegisterTargets&TargetGroupArn={made}&Targets.member.1.Id={alias}");
        stack.elb_status(&call).await
    };
    assert_eq!(registered().await, 403, "no permission");
    permit("orders", &made).await;
    assert_eq!(
        registered().await,
        403,
        "the function's permission is not its alias's"
    );
    permit("orders:live", GROUP).await;
    assert_eq!(registered().await, 403, "another group's");
    permit("orders:live", &made).await;
    assert_eq!(registered().await, 200);
}

#[tokio::test]
async fn weight_zero_is_no_target() {
    let stack = Stack::new().await;
    let tuple = "Actions.member.1.ForwardConfig.TargetGroups.member.1";
    stack
        .rule(
            1,
            &format!(
                "Actions.member.1.Type=forward&{tuple}.TargetGroupArn={GROUP}&{tuple}.Weight=0\
                 &Conditions.member.1.Field=path-pattern&Conditions.member.1.Values.member.1=*"
            ),
        )
        .await;
    stack.stops(Hop::TargetHealth, 503, "weight 0");
}

const SITE: &str = "orders.example.com";

/// The stack's endpoint is one for S3, and a bucket has the host's name.
async fn site() -> Stack {
    let stack = Stack::new().await;
    stack.edit(|ctx| {
        let endpoint = ctx.here.ec2.endpoints.get_mut(ENDPOINT).unwrap();
        endpoint.service = format!("com.amazonaws.{REGION}.s3");
        let object = Object {
            body: s3::Bytes::default(),
            etag: String::new(),
            modified: ctx.now,
            headers: std::collections::BTreeMap::default(),
        };
        let policy = json!({"Statement": {
            "Effect": "Allow",
            "Principal": "*",
            "Action": "s3:GetObject",
            "Resource": format!("arn:aws:s3:::{SITE}/*"),
            "Condition": {"StringEquals": {"aws:SourceVpce": ENDPOINT}},
        }});
        let bucket = Bucket {
            region: REGION.to_owned(),
            policy: Some(policy.to_string()),
            objects: [("index.html".to_owned(), object)].into(),
            ..Bucket::default()
        };
        ctx.global.s3.buckets.insert(SITE.to_owned(), bucket);
    });
    stack
}

#[tokio::test]
async fn a_bucket_of_the_hosts_name_serves_its_objects() {
    let stack = site().await;
    let answer = stack.get("/index.html?v=1");
    assert_eq!((answer.status, answer.hop), (200, None), "{}", answer.why);
    let seen = answer.seen.unwrap();
    assert_eq!((seen.kind, seen.path.as_str()), (Kind::S3, "/index.html"));
    let stops = |ask: &Ask| {
        let answer = stack.ask(ask);
        (answer.hop, answer.status)
    };
    assert_eq!(stops(&get("/missing.html")), (Some(Hop::Method), 403));
    assert_eq!(stops(&get("/")), (Some(Hop::Permission), 403));
    let mut put = get("/index.html");
    "PUT".clone_into(&mut put.method);
    assert_eq!(stops(&put), (Some(Hop::Method), 405));
    stack.edit(|ctx| {
        let policy = FULL_ACCESS.replace("\"Action\": \"*\"", "\"Action\": \"s3:ListBucket\"");
        ctx.here.ec2.endpoints.get_mut(ENDPOINT).unwrap().policy = policy;
    });
    assert_eq!(stops(&get("/index.html")), (Some(Hop::EndpointPolicy), 403));
    stack.edit(|ctx| {
        FULL_ACCESS.clone_into(&mut ctx.here.ec2.endpoints.get_mut(ENDPOINT).unwrap().policy);
        ctx.global.s3.buckets.get_mut(SITE).unwrap().policy = None;
    });
    assert_eq!(stops(&get("/index.html")), (Some(Hop::Permission), 403));
    stack.edit(|ctx| ctx.global.s3.buckets.clear());
    assert_eq!(stops(&get("/index.html")), (Some(Hop::Mapping), 404));
}

#[tokio::test]
async fn ports_that_nobody_listens_on_refuse() {
    let stack = Stack::new().await;
    stack.edit(|ctx| {
        for target in &mut ctx.here.elbv2.groups.get_mut(GROUP).unwrap().targets {
            target.port = Some(8443);
        }
        for rule in ctx.here.ec2.rules.values_mut() {
            rule.traffic.to = rule.traffic.to.map(|_| 9000);
        }
    });
    stack.stops(Hop::Endpoint, 502, "port 8443");
    let mut http = get("/");
    (http.port, http.client) = (80, CLIENT);
    assert_eq!(stack.ask(&http).hop, Some(Hop::SecurityGroup));
}

//! What decides behind the endpoint: policies, deployments, names, permissions.

use serde_json::json;

use super::{API, ENDPOINT, FUNCTION, HOST, STAGE, Stack};
use super::{api, denying, get, integrate, invoking, permit, snapshot};
use crate::dataplane::{Ask, Hop, Kind};
use crate::testing::REGION;
use crate::testing_rest::json_call;

#[tokio::test]
async fn a_whole_stack_serves() {
    let stack = Stack::new().await;
    let seen = stack.serves("whole").seen.unwrap();
    assert_eq!(seen.kind, Kind::Api);
    assert_eq!(
        (seen.api.as_deref(), seen.stage.as_deref()),
        (Some(API), Some(STAGE))
    );
    assert_eq!(
        (seen.path.as_str(), seen.host.as_str(), seen.method.as_str()),
        ("/orders/42", HOST, "GET")
    );
    let seen = stack.get("/shop?page=2").seen.unwrap();
    assert_eq!(seen.path, "/?page=2");
    let mut upper = get("/shop/orders/42");
    upper.host = "Orders.Example.com:443".to_owned();
    assert_eq!(stack.ask(&upper).hop, None);
}

#[tokio::test]
async fn a_vpc_under_source_vpce_admits_nobody() {
    let stack = Stack::new().await;
    let vpc = stack.network.vpc.clone();
    for (condition, serves) in [
        (json!({"StringNotEquals": {"aws:SourceVpce": vpc}}), false),
        (json!({"StringNotEquals": {"aws:SourceVpc": vpc}}), true),
        (
            json!({"StringNotEquals": {"aws:SourceVpce": [vpc, ENDPOINT]}}),
            true,
        ),
        (json!({"StringNotLike": {"aws:SourceVpce": "vpce-*"}}), true),
        (json!({"StringEquals": {"aws:SourceVpce": ENDPOINT}}), false),
    ] {
        stack.edit(|ctx| snapshot(ctx).content.policy = Some(denying(&condition)));
        let words = condition.to_string();
        if serves {
            stack.serves(&words);
        } else {
            stack.stops(Hop::ApiPolicy, 403, &words);
        }
    }
}

#[tokio::test]
async fn what_was_not_deployed_does_not_count() {
    let stack = Stack::new().await;
    stack.edit(|ctx| api(ctx).content.policy = Some(denying(&json!({}))));
    stack.serves("changed, not deployed");
    let path = format!("/restapis/{API}/deployments");
    let body = json!({"stageName": STAGE});
    json_call(&stack.simulator, "apigateway", "POST", &path, &body)
        .await
        .unwrap();
    stack.stops(Hop::ApiPolicy, 403, "deployed");
}

#[tokio::test]
async fn health_paths_need_no_mapping_and_no_policy() {
    let stack = Stack::new().await;
    stack.edit(|ctx| {
        ctx.here.apigateway.domains.clear();
        ctx.here.ec2.endpoints.get_mut(ENDPOINT).unwrap().policy = "{}".to_owned();
    });
    for path in ["/ping", "/sping", "/ping?x=1"] {
        let answer = stack.get(path);
        assert_eq!(
            (answer.status, answer.hop),
            (200, None),
            "{path}: {}",
            answer.why
        );
    }
    stack.stops(Hop::Mapping, 403, "anything else");
}

#[tokio::test]
async fn an_api_is_reached_by_header_and_by_its_own_name() {
    let stack = Stack::new().await;
    let by_header = |api: &str, path: &str| {
        let mut ask = get(path);
        ask.headers
            .insert("X-Apigw-Api-Id".to_owned(), api.to_owned());
        stack.ask(&ask)
    };
    let answer = by_header(API, "/live/orders/42?a=b");
    let seen = answer.seen.unwrap();
    assert_eq!((answer.status, seen.path.as_str()), (200, "/orders/42?a=b"));
    assert_eq!(by_header("nobody", "/live/orders").hop, Some(Hop::Mapping));
    assert_eq!(by_header(API, "/test/orders").hop, Some(Hop::Stage));
    stack.edit(|ctx| snapshot(ctx).content.default_endpoint_off = true);
    assert_eq!(by_header(API, "/live/orders").hop, Some(Hop::Mapping));
    stack.edit(|ctx| snapshot(ctx).content.default_endpoint_off = false);

    stack.rule(5, &format!(
        "{}&Conditions.member.1.Field=path-pattern&Conditions.member.1.Values.member.1=/live/*\
         &Transforms.member.1.Type=host-header-rewrite&Transforms.member.1.HostHeaderRewriteConfig.Rewrites.member.1.Regex=^.*$\
         &Transforms.member.1.HostHeaderRewriteConfig.Rewrites.member.1.Replace={API}-{ENDPOINT}.execute-api.{REGION}.amazonaws.com",
        super::FORWARD
    )).await;
    let answer = stack.get("/live/orders");
    assert_eq!((answer.status, answer.hop), (200, None), "{}", answer.why);
    assert!(answer.seen.unwrap().host.starts_with("orders0001-vpce-"));
}

#[tokio::test]
async fn a_permission_is_for_the_method_and_the_resource() {
    for (source, serves) in [
        (
            "arn:aws:execute-api:eu-central-1:111122223333:orders0001/*/*",
            true,
        ),
        (
            "arn:aws:execute-api:eu-central-1:111122223333:orders0001/live/GET/*",
            true,
        ),
        (
            "arn:aws:execute-api:eu-central-1:111122223333:orders0001/live/POST/*",
            false,
        ),
        (
            "arn:aws:execute-api:eu-central-1:111122223333:orders0001/test/*/*",
            false,
        ),
    ] {
        let stack = Stack::new().await;
        stack.edit(|ctx| {
            integrate(ctx, &invoking());
            permit(ctx, "apigateway.amazonaws.com", source);
        });
        if serves {
            let why = stack.serves(source).why;
            assert!(why.contains(FUNCTION), "{why}");
        } else {
            stack.stops(Hop::Permission, 500, source);
        }
    }
}

#[tokio::test]
async fn a_function_is_invoked_by_post_and_variables_are_there() {
    let stack = Stack::new().await;
    let source = format!("arn:aws:execute-api:{REGION}:111122223333:{API}/*/*/*");
    let mut by_get = invoking();
    by_get.http_method = Some("GET".to_owned());
    stack.edit(|ctx| {
        permit(ctx, "apigateway.amazonaws.com", &source);
        integrate(ctx, &by_get);
    });
    stack.stops(Hop::Method, 500, "GET");
    let mut variable = invoking();
    let uri = variable.uri.take().unwrap();
    variable.uri = Some(uri.replace("function:orders", "function:${stageVariables.name}"));
    stack.edit(|ctx| integrate(ctx, &variable));
    stack.stops(Hop::Method, 500, "no variable");
    stack.edit(|ctx| {
        let stage = api(ctx).stages.get_mut(STAGE).unwrap();
        stage
            .variables
            .insert("name".to_owned(), "orders".to_owned());
    });
    stack.serves("with the variable");
}

#[tokio::test]
async fn methods_may_want_more_than_a_request() {
    let stack = Stack::new().await;
    for (kind, key, header, status) in [
        ("AWS_IAM", false, "authorization", 403),
        ("CUSTOM", false, "authorization", 401),
        ("JWT", false, "authorization", 401),
    ] {
        stack.edit(|ctx| {
            let methods = snapshot(ctx).operations.get_mut("/{proxy+}").unwrap();
            let method = methods.get_mut("ANY").unwrap();
            kind.clone_into(&mut method.authorization);
            method.api_key_required = key;
        });
        stack.stops(Hop::Method, status, kind);
        let mut ask = get("/shop/orders/42");
        ask.headers.insert(header.to_owned(), "x".to_owned());
        assert_eq!(stack.ask(&ask).hop, None, "{kind}");
    }
    stack.edit(|ctx| {
        let methods = snapshot(ctx).operations.get_mut("/{proxy+}").unwrap();
        let method = methods.get_mut("ANY").unwrap();
        "NONE".clone_into(&mut method.authorization);
        method.api_key_required = true;
    });
    let mut ask = get("/shop/orders/42");
    ask.headers.insert("x-api-key".to_owned(), "x".to_owned());
    assert_eq!(
        stack.ask(&ask).status,
        403,
        "no key is valid without a usage plan"
    );
}

#[tokio::test(start_paused = true)]
async fn asking_changes_nothing() {
    let stack = Stack::new().await;
    let before = serde_json::to_string(&stack.simulator.world()).unwrap();
    stack.serves("whole");
    let elsewhere = stack.simulator.ask("444455556666", "us-east-1", &get("/"));
    assert_eq!(elsewhere.hop, Some(Hop::Record));
    assert_eq!(
        serde_json::to_string(&stack.simulator.world()).unwrap(),
        before
    );
}

#[test]
fn asks_and_answers_are_json() {
    let ask: Ask = serde_json::from_value(json!({"host": HOST, "client": "192.168.7.9"})).unwrap();
    assert_eq!(ask, get("/"));
    assert!(serde_json::from_value::<Ask>(json!({"host": HOST, "client": "nobody"})).is_err());
    assert_eq!(
        serde_json::to_value(Hop::SecurityGroup).unwrap(),
        "security-group"
    );
    assert_eq!(serde_json::to_value(Kind::S3).unwrap(), "s3");
}

/// API Gateway developer guide, "How API Gateway resource policies affect
/// authorization workflow", table A.
#[tokio::test]
async fn what_the_apis_policy_does_not_say_an_authorizer_or_iam_may() {
    let stack = Stack::new().await;
    let other = json!({"Statement": {"Effect": "Allow", "Principal": "*", "Action": "execute-api:Invoke", "Resource": "*",
        "Condition": {"StringEquals": {"aws:SourceVpce": "vpce-0fffffffffffffff0"}}}});
    let policies = [
        ("silent", Some(other.to_string())),
        ("denying", Some(denying(&json!({})))),
        ("missing", None),
    ];
    for (what, policy) in policies {
        for (kind, asked) in [
            ("NONE", false),
            ("COGNITO_USER_POOLS", false),
            ("CUSTOM", true),
            ("AWS_IAM", true),
        ] {
            stack.edit(|ctx| {
                snapshot(ctx).content.policy.clone_from(&policy);
                let methods = snapshot(ctx).operations.get_mut("/{proxy+}").unwrap();
                kind.clone_into(&mut methods.get_mut("ANY").unwrap().authorization);
            });
            let mut ask = get("/shop/orders/42");
            ask.headers
                .insert("authorization".to_owned(), "x".to_owned());
            let hop = stack.ask(&ask).hop;
            let open = asked && what == "silent";
            let expected = (!open).then_some(Hop::ApiPolicy);
            assert_eq!(hop, expected, "{what}, {kind}");
            if open {
                let status = if kind == "CUSTOM" { 401 } else { 403 };
                stack.stops(Hop::Method, status, kind);
            }
        }
    }
}

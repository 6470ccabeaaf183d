//! Each hop, broken.

use serde_json::json;

use super::{API, BALANCER, ENDPOINT, FULL_ACCESS, FUNCTION, GROUP, HOST, LISTENER, STAGE, Stack};
use super::{api, denying, get, integrate, invoking, permit, snapshot};
use crate::simulator::dataplane::{Ask, Hop, Kind};
use crate::simulator::ec2::EndpointState;
use crate::simulator::testing::REGION;
use crate::simulator::testing_rest::json_call;
use crate::simulator::world::Ctx;

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

/// What breaks, how, and where a request stops then with which status.
type Break = (&'static str, fn(&mut Ctx<'_>), Hop, u16);

const BREAKS: &[Break] = &[
    (
        "no record",
        |ctx| ctx.global.route53.zones.clear(),
        Hop::Record,
        0,
    ),
    (
        "a record that is no alias",
        |ctx| {
            for record in &mut ctx.global.route53.zones.get_mut("Z1").unwrap().records {
                record.alias = None;
            }
        },
        Hop::Record,
        0,
    ),
    (
        "an alias to another load balancer",
        |ctx| {
            ctx.here.elbv2.balancers.get_mut(BALANCER).unwrap().dns_name =
                "other.elb.amazonaws.com".to_owned();
        },
        Hop::LoadBalancer,
        0,
    ),
    (
        "provisioning",
        |ctx| {
            ctx.here.elbv2.balancers.get_mut(BALANCER).unwrap().active = false;
        },
        Hop::LoadBalancer,
        0,
    ),
    (
        "no interfaces",
        |ctx| {
            ctx.here
                .ec2
                .interfaces
                .retain(|_, one| one.holder != BALANCER);
        },
        Hop::LoadBalancer,
        0,
    ),
    (
        "clients are not admitted",
        |ctx| {
            ctx.here.ec2.rules.remove("client");
        },
        Hop::SecurityGroup,
        0,
    ),
    (
        "the endpoint does not admit the load balancer",
        |ctx| {
            ctx.here.ec2.rules.remove("balancer");
        },
        Hop::SecurityGroup,
        504,
    ),
    (
        "the load balancer lets nothing out",
        |ctx| {
            ctx.here
                .ec2
                .rules
                .retain(|_, rule| !(rule.egress && rule.group == "sg-balancer"));
        },
        Hop::SecurityGroup,
        504,
    ),
    (
        "no listener on the port",
        |ctx| {
            ctx.here.elbv2.listeners.get_mut(LISTENER).unwrap().port = 8443;
        },
        Hop::Listener,
        0,
    ),
    (
        "only the default rule",
        |ctx| {
            ctx.here
                .elbv2
                .rules
                .retain(|_, rule| rule.priority.is_none());
        },
        Hop::Rule,
        404,
    ),
    (
        "no rule at all",
        |ctx| ctx.here.elbv2.rules.clear(),
        Hop::Rule,
        0,
    ),
    (
        "no target",
        |ctx| {
            ctx.here
                .elbv2
                .groups
                .get_mut(GROUP)
                .unwrap()
                .targets
                .clear();
        },
        Hop::TargetHealth,
        503,
    ),
    (
        "draining targets",
        |ctx| {
            for target in &mut ctx.here.elbv2.groups.get_mut(GROUP).unwrap().targets {
                target.draining = true;
            }
        },
        Hop::TargetHealth,
        503,
    ),
    (
        "targets in no zone of the load balancer",
        |ctx| {
            for target in &mut ctx.here.elbv2.groups.get_mut(GROUP).unwrap().targets {
                target.zone = Some("eu-central-1z".to_owned());
            }
        },
        Hop::TargetHealth,
        503,
    ),
    (
        "the endpoint's addresses moved",
        |ctx| {
            for interface in ctx.here.ec2.interfaces.values_mut() {
                interface.leaving |= interface.holder == ENDPOINT;
            }
        },
        Hop::Endpoint,
        504,
    ),
    (
        "the endpoint is on its way out",
        |ctx| {
            ctx.here.ec2.endpoints.get_mut(ENDPOINT).unwrap().state = EndpointState::Deleting;
        },
        Hop::Endpoint,
        504,
    ),
    (
        "an address that is no endpoint's",
        |ctx| ctx.here.ec2.endpoints.clear(),
        Hop::Endpoint,
        504,
    ),
    (
        "plain HTTP to the endpoint",
        |ctx| {
            ctx.here.elbv2.groups.get_mut(GROUP).unwrap().protocol = Some("HTTP".to_owned());
        },
        Hop::Endpoint,
        400,
    ),
    (
        "the endpoint's policy allows another API",
        |ctx| {
            let other = FULL_ACCESS.replace(
                "\"Resource\": \"*\"",
                "\"Resource\": \"arn:aws:execute-api:eu-central-1:111122223333:other00001/*\"",
            );
            ctx.here.ec2.endpoints.get_mut(ENDPOINT).unwrap().policy = other;
        },
        Hop::EndpointPolicy,
        403,
    ),
    (
        "the endpoint's policy denies all",
        |ctx| {
            let nothing = FULL_ACCESS.replace("Allow", "Deny");
            ctx.here.ec2.endpoints.get_mut(ENDPOINT).unwrap().policy = nothing;
        },
        Hop::EndpointPolicy,
        403,
    ),
    (
        "no domain name",
        |ctx| ctx.here.apigateway.domains.clear(),
        Hop::Mapping,
        403,
    ),
    (
        "no mapping",
        |ctx| {
            ctx.here
                .apigateway
                .domains
                .get_mut(HOST)
                .unwrap()
                .mappings
                .clear();
        },
        Hop::Mapping,
        403,
    ),
    (
        "endpoint access mode STRICT",
        |ctx| {
            let settings = &mut ctx.here.apigateway.domains.get_mut(HOST).unwrap().settings;
            settings.insert("endpointAccessMode".to_owned(), "STRICT".into());
        },
        Hop::Mapping,
        403,
    ),
    (
        "a public API",
        |ctx| {
            "REGIONAL".clone_into(&mut snapshot(ctx).content.kind);
        },
        Hop::Mapping,
        403,
    ),
    (
        "no API policy",
        |ctx| snapshot(ctx).content.policy = None,
        Hop::ApiPolicy,
        403,
    ),
    (
        "the API's policy admits another endpoint",
        |ctx| {
            let text = denying(&json!({"StringNotEquals": {"aws:SourceVpce": "vpce-other"}}));
            snapshot(ctx).content.policy = Some(text);
        },
        Hop::ApiPolicy,
        403,
    ),
    ("no stage", |ctx| api(ctx).stages.clear(), Hop::Stage, 403),
    (
        "no method",
        |ctx| {
            snapshot(ctx).operations.remove("/{proxy+}");
        },
        Hop::Method,
        403,
    ),
    (
        "another verb",
        |ctx| {
            let methods = snapshot(ctx).operations.get_mut("/{proxy+}").unwrap();
            let any = methods.remove("ANY").unwrap();
            methods.insert("POST".to_owned(), any);
        },
        Hop::Method,
        403,
    ),
    (
        "no permission",
        |ctx| integrate(ctx, &invoking()),
        Hop::Permission,
        500,
    ),
    (
        "a permission for another API",
        |ctx| {
            integrate(ctx, &invoking());
            permit(
                ctx,
                "apigateway.amazonaws.com",
                "arn:aws:execute-api:eu-central-1:111122223333:other00001/*",
            );
        },
        Hop::Permission,
        500,
    ),
    (
        "a permission for another service",
        |ctx| {
            integrate(ctx, &invoking());
            permit(ctx, "elasticloadbalancing.amazonaws.com", "*");
        },
        Hop::Permission,
        500,
    ),
];

#[tokio::test]
async fn each_hop_broken_stops_the_request_there() {
    for (what, change, hop, status) in BREAKS {
        let stack = Stack::new().await;
        stack.serves(what);
        stack.edit(change);
        stack.stops(*hop, *status, what);
    }
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
async fn methods_may_want_more_than_a_request() {
    let stack = Stack::new().await;
    for (kind, key, header, status) in [
        ("AWS_IAM", false, "authorization", 403),
        ("CUSTOM", false, "authorization", 401),
        ("NONE", true, "x-api-key", 403),
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
}

#[tokio::test]
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

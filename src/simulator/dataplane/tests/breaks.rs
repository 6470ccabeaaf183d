//! Each hop, broken.

use serde_json::json;

use super::{BALANCER, ENDPOINT, FULL_ACCESS, GROUP, HOST, LISTENER, Stack};
use super::{api, denying, integrate, invoking, permit, snapshot};
use crate::dataplane::Hop;
use crate::ec2::EndpointState;
use crate::world::Ctx;

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

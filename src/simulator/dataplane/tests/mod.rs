//! A whole stack: a request gets through, and each hop broken in turn stops it there.

mod breaks;
mod hops;
mod policy;
mod rules;
mod site;
mod targets;

use std::net::Ipv4Addr;
use std::time::Duration;

use serde_json::{Value, json};

use super::{Answer, Ask, Hop};
use crate::acm;
use crate::apigateway::{self, Api, Integration, Snapshot};
use crate::ec2::{self, Peer, Rule, Traffic};
use crate::elbv2;
use crate::lambda;
use crate::route53::{self, Alias, Record};
use crate::testing::{ACCOUNT, Network, REGION, furnished, signed};
use crate::testing_rest::{here, json_call, send};
use crate::world::Ctx;
use crate::{Simulator, codec};

const HOST: &str = "orders.example.com";
const API: &str = "orders0001";
const STAGE: &str = "live";
const ENDPOINT: &str = "vpce-0123456789abcdef0";
const BALANCER: &str = "arn:aws:elasticloadbalancing:eu-central-1:111122223333:loadbalancer/app/orders/0123456789abcdef";
const LISTENER: &str = "arn:aws:elasticloadbalancing:eu-central-1:111122223333:listener/app/orders/0123456789abcdef/1111111111111111";
const GROUP: &str =
    "arn:aws:elasticloadbalancing:eu-central-1:111122223333:targetgroup/api/2222222222222222";
const FUNCTION: &str = "arn:aws:lambda:eu-central-1:111122223333:function:orders";
const CERTIFICATE: &str = "arn:aws:acm:eu-central-1:111122223333:certificate/1";
const CLIENT: Ipv4Addr = Ipv4Addr::new(192, 168, 7, 9);
const FULL_ACCESS: &str =
    r#"{"Statement": {"Action": "*", "Effect": "Allow", "Principal": "*", "Resource": "*"}}"#;
const FORWARD: &str = "Actions.member.1.Type=forward&Actions.member.1.TargetGroupArn=arn:aws:elasticloadbalancing:eu-central-1:111122223333:targetgroup/api/2222222222222222";

/// A stack that serves: record, load balancer, rule, target group, endpoint, mapping, API.
struct Stack {
    simulator: Simulator,
    network: Network,
}

impl Stack {
    /// A stack whose targets are healthy.
    async fn new() -> Self {
        let (simulator, network) = furnished().await;
        let stack = Self { simulator, network };
        here(&stack.simulator, |ctx| furnish(ctx, &stack.network));
        for (path, body) in [
            (
                "/domainnames",
                json!({"domainName": HOST, "regionalCertificateArn": CERTIFICATE, "endpointConfiguration": {"types": ["REGIONAL"]}, "securityPolicy": "TLS_1_2"}),
            ),
            (
                "/domainnames/orders.example.com/basepathmappings",
                json!({"basePath": "shop", "restApiId": API, "stage": STAGE}),
            ),
        ] {
            let made = json_call(&stack.simulator, "apigateway", "POST", path, &body).await;
            made.unwrap_or_else(|error| panic!("{path}: {error:?}"));
        }
        stack.register().await;
        stack.rule(10, &format!("{FORWARD}&Conditions.member.1.Field=host-header&Conditions.member.1.Values.member.1={HOST}")).await;
        stack.simulator.skip(Duration::from_mins(5));
        stack
    }

    async fn elb_tree(&self, call: &str) -> (u16, Value) {
        let body = format!("Action={call}");
        let request = signed("elasticloadbalancing", "POST", "/", &body);
        let response = send(&self.simulator, request).await;
        let tree = codec::read(&String::from_utf8_lossy(&response.body));
        (response.status, tree.unwrap_or_default())
    }

    async fn elb(&self, call: &str) {
        let (status, tree) = self.elb_tree(call).await;
        assert_eq!(status, 200, "{call}: {tree:?}");
    }

    /// Makes a call and returns its status.
    async fn elb_status(&self, call: &str) -> u16 {
        self.elb_tree(call).await.0
    }

    /// Makes a target group and returns its ARN.
    async fn elb_group(&self, call: &str) -> String {
        let (_, tree) = self.elb_tree(call).await;
        let arn = &tree["CreateTargetGroupResult"]["TargetGroups"]["member"]["TargetGroupArn"];
        arn.as_str().unwrap().to_owned()
    }

    /// Registers the endpoint's addresses.
    async fn register(&self) {
        let addresses: Vec<Ipv4Addr> = self.edit(|ctx| {
            let all = ctx.here.ec2.interfaces.values();
            all.filter(|one| one.holder == ENDPOINT)
                .map(|one| one.address)
                .collect()
        });
        for address in addresses {
            self.elb(&format!(
                "RegisterTargets&TargetGroupArn={GROUP}&Targets.member.1.Id={address}"
            ))
            .await;
        }
    }

    /// Adds a rule.
    async fn rule(&self, priority: u16, rest: &str) {
        self.elb(&format!(
            "CreateRule&ListenerArn={LISTENER}&Priority={priority}&{rest}"
        ))
        .await;
    }

    fn edit<T>(&self, change: impl FnOnce(&mut Ctx<'_>) -> T) -> T {
        here(&self.simulator, change)
    }

    fn ask(&self, ask: &Ask) -> Answer {
        self.simulator.ask(ACCOUNT, REGION, ask)
    }

    /// Asks for a path of the stack's host.
    fn get(&self, path: &str) -> Answer {
        self.ask(&get(path))
    }

    /// Asks for the order, which must stop at a hop with a status.
    fn stops(&self, hop: Hop, status: u16, what: &str) {
        let answer = self.get("/shop/orders/42");
        assert_eq!(
            (answer.hop, answer.status),
            (Some(hop), status),
            "{what}: {}",
            answer.why
        );
        assert!(!answer.why.is_empty());
    }

    /// Asks for the order, which must get through.
    fn serves(&self, what: &str) -> Answer {
        let answer = self.get("/shop/orders/42");
        assert_eq!(
            (answer.hop, answer.status),
            (None, 200),
            "{what}: {}",
            answer.why
        );
        answer
    }
}

fn get(path: &str) -> Ask {
    Ask::new(HOST, path, CLIENT)
}

fn furnish(ctx: &mut Ctx<'_>, network: &Network) {
    let subnets = [network.one.clone(), network.two.clone()];
    for group in ["sg-balancer", "sg-endpoint"] {
        ec2::furnish::add_group(ctx, group, &network.vpc, group, group);
    }
    let net = Peer::Ipv4("192.168.0.0/16".parse().unwrap());
    admit(ctx, "client", "sg-balancer", net);
    admit(
        ctx,
        "balancer",
        "sg-endpoint",
        Peer::Group("sg-balancer".to_owned()),
    );
    let service = format!("com.amazonaws.{REGION}.execute-api");
    let groups = ["sg-endpoint".to_owned()];
    ec2::furnish::add_endpoint(ctx, ENDPOINT, &network.vpc, &service, &subnets, &groups).unwrap();
    let groups = ["sg-balancer".to_owned()];
    elbv2::furnish::add_load_balancer(ctx, BALANCER, &network.vpc, &subnets, &groups).unwrap();
    acm::furnish::add_certificate(ctx, CERTIFICATE, &[HOST.to_owned()], acm::Status::Issued);
    elbv2::furnish::add_https_listener(ctx, LISTENER, 443, CERTIFICATE);
    elbv2::furnish::add_target_group(ctx, GROUP, &network.vpc, "/ping");
    apigateway::furnish::add_api(ctx, API, STAGE, &[ENDPOINT.to_owned()]).unwrap();
    lambda::add_function(ctx, FUNCTION);
    route53::add_zone(ctx, "Z1", "example.com", false, &[]);
    let alias = Alias {
        zone: "Z2".to_owned(),
        name: format!("dualstack.{}.", ctx.here.elbv2.balancers[BALANCER].dns_name),
        follows_health: false,
    };
    let record = Record {
        name: format!("{HOST}."),
        kind: "A".to_owned(),
        alias: Some(alias),
        ..Record::default()
    };
    ctx.global
        .route53
        .zones
        .get_mut("Z1")
        .unwrap()
        .records
        .push(record);
}

/// Lets a peer in on 443.
fn admit(ctx: &mut Ctx<'_>, id: &str, group: &str, peer: Peer) {
    let rule = Rule {
        group: group.to_owned(),
        egress: false,
        traffic: Traffic {
            protocol: "tcp".to_owned(),
            from: Some(443),
            to: Some(443),
        },
        peer,
        description: None,
    };
    ctx.here.ec2.rules.insert(id.to_owned(), rule);
}

fn api<'a>(ctx: &'a mut Ctx<'_>) -> &'a mut Api {
    ctx.here.apigateway.apis.get_mut(API).unwrap()
}

/// What the stage serves.
fn snapshot<'a>(ctx: &'a mut Ctx<'_>) -> &'a mut Snapshot {
    &mut api(ctx).deployments.values_mut().next().unwrap().snapshot
}

/// Sends everything below the root to an integration.
fn integrate(ctx: &mut Ctx<'_>, integration: &Integration) {
    let methods = snapshot(ctx).operations.get_mut("/{proxy+}").unwrap();
    methods.get_mut("ANY").unwrap().integration = Some(integration.clone());
}

/// An integration that invokes the function.
fn invoking() -> Integration {
    Integration {
        kind: "AWS_PROXY".to_owned(),
        http_method: Some("POST".to_owned()),
        uri: Some(format!(
            "arn:aws:apigateway:{REGION}:lambda:path/2015-03-31/functions/{FUNCTION}/invocations"
        )),
        ..Integration::default()
    }
}

/// Lets a service invoke the function for a source.
fn permit(ctx: &mut Ctx<'_>, service: &str, source: &str) {
    let statement = json!({
        "Sid": "one",
        "Effect": "Allow",
        "Principal": {"Service": service},
        "Action": "lambda:InvokeFunction",
        "Condition": {"ArnLike": {"AWS:SourceArn": source}},
    });
    let function = ctx.here.lambda.functions.get_mut("orders").unwrap();
    function
        .policies
        .entry(String::new())
        .or_default()
        .statements
        .push(statement);
}

/// A policy that allows all, and denies what meets a condition.
fn denying(condition: &Value) -> String {
    let statement = |effect: &str| json!({"Effect": effect, "Principal": "*", "Action": "execute-api:Invoke", "Resource": "*"});
    let mut deny = statement("Deny");
    deny["Condition"] = condition.clone();
    json!({"Statement": [statement("Allow"), deny]}).to_string()
}

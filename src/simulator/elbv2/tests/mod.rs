//! One test a rule, on the wire.

mod balancer;
mod function;
mod group;
mod health;
mod listener;
mod logs;
mod rule;

use serde_json::{Value, json};

use crate::acm::{self, Status};
use crate::codec::read;
use crate::testing::{ACCOUNT, Network, REGION, furnished, signed};
use crate::testing_rest::json_call;
use crate::{Outcome, Response, Simulator};

/// A certificate that is issued.
pub const CERTIFICATE: &str = "arn:aws:acm:eu-central-1:111122223333:certificate/issued";
/// A certificate that is not.
pub const PENDING: &str = "arn:aws:acm:eu-central-1:111122223333:certificate/pending";
/// A fixed answer as the default action.
pub const FIXED: &str = "DefaultActions.member.1.Type=fixed-response&DefaultActions.member.1.FixedResponseConfig.StatusCode=404";

/// Sends a request such as `DescribeRules&ListenerArn=…`, and returns the members of the result or the error's code.
pub async fn elb(simulator: &Simulator, call: &str) -> Result<Value, String> {
    let request = signed(
        "elasticloadbalancing",
        "POST",
        "/",
        &format!("Action={call}"),
    );
    let Outcome::Reply(response) = simulator.handle(request).await else {
        return Err("dropped".to_owned());
    };
    let tree = read(&String::from_utf8_lossy(&response.body))?;
    let action = call.split('&').next().unwrap_or_default();
    match response {
        Response { status: 200, .. } => Ok(tree[format!("{action}Result")].clone()),
        _ => Err(tree["Error"]["Code"]
            .as_str()
            .unwrap_or_default()
            .to_owned()),
    }
}

/// Sends a request that must work, and returns a text of the answer by its JSON pointer.
pub async fn text(simulator: &Simulator, call: &str, pointer: &str) -> String {
    let tree = elb(simulator, call)
        .await
        .unwrap_or_else(|code| panic!("{call}: {code}"));
    let text = tree.pointer(pointer).and_then(Value::as_str);
    text.unwrap_or_else(|| panic!("{call}: no {pointer} in {tree}"))
        .to_owned()
}

/// Sends a request that must be refused with this code.
pub async fn refused(simulator: &Simulator, call: &str, code: &str) {
    assert_eq!(elb(simulator, call).await, Err(code.to_owned()), "{call}");
}

/// An account with a network and certificates.
pub async fn ready() -> (Simulator, Network) {
    let (simulator, network) = furnished().await;
    simulator
        .edit(|world, conditions| {
            let mut ctx = world.context(ACCOUNT, REGION, conditions);
            let names = ["orders.example.com".to_owned()];
            acm::furnish::add_certificate(&mut ctx, CERTIFICATE, &names, Status::Issued);
            acm::furnish::add_certificate(&mut ctx, PENDING, &names, Status::PendingValidation);
        })
        .unwrap();
    (simulator, network)
}

/// Lets load balancers invoke a function for a target group.
pub async fn permit(simulator: &Simulator, function: &str, group: &str) {
    let permission = json!({
        "StatementId": "alb", "Action": "lambda:InvokeFunction",
        "Principal": "elasticloadbalancing.amazonaws.com", "SourceArn": group,
    });
    let policy = format!("/2015-03-31/functions/{function}/policy");
    let added = json_call(simulator, "lambda", "POST", &policy, &permission).await;
    added.unwrap_or_else(|error| panic!("{function}: {error:?}"));
}

/// A request for a load balancer of this name.
pub fn balancer(network: &Network, name: &str) -> String {
    format!(
        "CreateLoadBalancer&Name={name}&Scheme=internal&Subnets.member.1={}&Subnets.member.2={}&SecurityGroups.member.1={}",
        network.one, network.two, network.group
    )
}

/// A request for a target group of this name: HTTPS 443, `/ping`, every 10 s, twice.
pub fn group(network: &Network, name: &str) -> String {
    format!(
        "CreateTargetGroup&Name={name}&TargetType=ip&Protocol=HTTPS&Port=443&VpcId={}&HealthCheckProtocol=HTTPS\
         &HealthCheckPath=/ping&HealthCheckIntervalSeconds=10&HealthCheckTimeoutSeconds=5\
         &HealthyThresholdCount=2&UnhealthyThresholdCount=2",
        network.vpc
    )
}

/// Makes a load balancer and returns its ARN.
pub async fn new_balancer(simulator: &Simulator, network: &Network, name: &str) -> String {
    let arn = "/LoadBalancers/member/LoadBalancerArn";
    text(simulator, &balancer(network, name), arn).await
}

/// Makes a target group and returns its ARN.
pub async fn new_group(simulator: &Simulator, network: &Network, name: &str) -> String {
    let arn = "/TargetGroups/member/TargetGroupArn";
    text(simulator, &group(network, name), arn).await
}

/// A request for an HTTP listener.
pub fn listener(balancer: &str, port: u16) -> String {
    format!("CreateListener&LoadBalancerArn={balancer}&Protocol=HTTP&Port={port}&{FIXED}")
}

/// Makes an HTTP listener and returns its ARN.
pub async fn new_listener(simulator: &Simulator, balancer: &str, port: u16) -> String {
    let arn = "/Listeners/member/ListenerArn";
    text(simulator, &listener(balancer, port), arn).await
}

/// A request for a rule on a path.
pub fn path_rule(listener: &str, priority: u32, path: &str, action: &str) -> String {
    format!(
        "CreateRule&ListenerArn={listener}&Priority={priority}&{action}\
         &Conditions.member.1.Field=path-pattern&Conditions.member.1.Values.member.1={path}"
    )
}

/// An action that forwards.
pub fn forward(group: &str) -> String {
    format!("Actions.member.1.Type=forward&Actions.member.1.TargetGroupArn={group}")
}

//! A small client for tests: requests on the wire, answers as trees.

use serde_json::Value;

use super::codec::read;
use super::conditions::Conditions;
use super::ec2::State;
use super::{Outcome, Request, Response, Simulator};

/// The account of tests.
pub const ACCOUNT: &str = "111122223333";
/// The region of tests.
pub const REGION: &str = "eu-central-1";

/// Returns an account without quotas.
pub fn account() -> Simulator {
    Simulator::new(Conditions {
        quotas: false,
        ..Conditions::default()
    })
}

/// Returns a signed request (its signature is nonsense, which is fine).
pub fn signed(service: &str, method: &str, path: &str, body: &str) -> Request {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let scope = format!(
        "AWS4-HMAC-SHA256 Credential={ACCOUNT}/20260101/{REGION}/{service}/aws4_request, SignedHeaders=host, Signature=00"
    );
    Request {
        method: method.to_owned(),
        path: path.to_owned(),
        query: query.to_owned(),
        headers: vec![("authorization".to_owned(), scope)],
        body: body.as_bytes().to_vec(),
    }
}

/// Sends an EC2 request such as `DescribeVpcs&VpcId.1=vpc-1`, and returns the members of the answer or the error's code.
pub async fn ec2(simulator: &Simulator, call: &str) -> Result<Value, String> {
    let Outcome::Reply(response) = simulator
        .handle(signed("ec2", "POST", "/", &format!("Action={call}")))
        .await
    else {
        return Err("dropped".to_owned());
    };
    let tree = read(&String::from_utf8_lossy(&response.body))?;
    match response {
        Response { status: 200, .. } => Ok(tree),
        _ => Err(tree["Errors"]["Error"]["Code"]
            .as_str()
            .unwrap_or_default()
            .to_owned()),
    }
}

/// Sends an EC2 request that must work, and returns a text of the answer by its JSON pointer.
///
/// # Panics
///
/// When the request is refused, or the answer has no such text.
pub async fn ec2_text(simulator: &Simulator, call: &str, pointer: &str) -> String {
    let tree = ec2(simulator, call)
        .await
        .unwrap_or_else(|code| panic!("{call}: {code}"));
    let text = tree.pointer(pointer).and_then(Value::as_str);
    text.unwrap_or_else(|| panic!("{call}: no {pointer} in {tree}"))
        .to_owned()
}

/// A VPC with two subnets in two zones, and a group.
pub struct Network {
    /// The VPC.
    pub vpc: String,
    /// In zone a, 10.0.1.0/24.
    pub one: String,
    /// In zone b, 10.0.2.0/24.
    pub two: String,
    /// The group.
    pub group: String,
}

/// Furnishes an account with a network.
pub async fn network(simulator: &Simulator) -> Network {
    let vpc = ec2_text(simulator, "CreateVpc&CidrBlock=10.0.0.0/16", "/vpc/vpcId").await;
    let subnet = |number: u8, letter: char| {
        format!(
            "CreateSubnet&VpcId={vpc}&CidrBlock=10.0.{number}.0/24&AvailabilityZone={REGION}{letter}"
        )
    };
    let one = ec2_text(simulator, &subnet(1, 'a'), "/subnet/subnetId").await;
    let two = ec2_text(simulator, &subnet(2, 'b'), "/subnet/subnetId").await;
    let group = format!("CreateSecurityGroup&GroupName=one&GroupDescription=one&VpcId={vpc}");
    let group = ec2_text(simulator, &group, "/groupId").await;
    Network {
        vpc,
        one,
        two,
        group,
    }
}

impl Network {
    /// A request for an endpoint in both subnets, without private DNS.
    pub fn endpoint(&self) -> String {
        let Self {
            vpc,
            one,
            two,
            group,
        } = self;
        format!(
            "CreateVpcEndpoint&VpcEndpointType=Interface&VpcId={vpc}&ServiceName=com.amazonaws.{REGION}.execute-api\
             &PrivateDnsEnabled=false&SubnetId.1={one}&SubnetId.2={two}&SecurityGroupId.1={group}"
        )
    }
}

/// A furnished account.
pub async fn furnished() -> (Simulator, Network) {
    let simulator = account();
    let network = network(&simulator).await;
    (simulator, network)
}

/// Sends an EC2 request that must be refused with this code.
///
/// # Panics
///
/// When it is not.
pub async fn refused(simulator: &Simulator, call: &str, code: &str) {
    assert_eq!(ec2(simulator, call).await, Err(code.to_owned()), "{call}");
}

/// Makes a second group in the network.
pub async fn second_group(simulator: &Simulator, network: &Network) -> String {
    let create = format!(
        "CreateSecurityGroup&GroupName=two&GroupDescription=two&VpcId={}",
        network.vpc
    );
    ec2_text(simulator, &create, "/groupId").await
}

/// Returns EC2's state in the region of tests.
pub fn state(simulator: &Simulator) -> State {
    let world = simulator.world();
    world
        .region(ACCOUNT, REGION)
        .map(|region| region.ec2.clone())
        .unwrap_or_default()
}

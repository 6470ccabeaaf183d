//! The machinery around the services: routing, faults, lag, quotas, the world file.

use std::time::Duration;

use serde_json::Value;
use tokio::time::Instant;

use super::clock::Time;
use super::conditions::Conditions;
use super::testing::{ACCOUNT, REGION, account, ec2, ec2_text, network, signed};
use super::{Outcome, Request, SERVICES, Simulator, codec};

const VPC: &str = "CreateVpc&CidrBlock=10.0.0.0/16";

fn under(json: &str) -> Simulator {
    Simulator::new(Conditions::from_json(json).unwrap())
}

async fn vpcs(simulator: &Simulator) -> usize {
    let tree = ec2(simulator, "DescribeVpcs").await.unwrap();
    match &tree["vpcSet"]["item"] {
        Value::Array(items) => items.len(),
        Value::Object(_) => 1,
        _ => 0,
    }
}

#[tokio::test]
async fn the_scope_names_service_account_and_region() {
    let simulator = account();
    let Outcome::Reply(response) = simulator
        .handle(signed(
            "sts",
            "POST",
            "/",
            "Action=GetCallerIdentity&Version=2011-06-15",
        ))
        .await
    else {
        panic!()
    };
    let tree = codec::read(&String::from_utf8(response.body).unwrap()).unwrap();
    assert_eq!(tree["GetCallerIdentityResult"]["Account"], ACCOUNT);
}

#[tokio::test]
async fn an_unsigned_request_is_known_by_its_action() {
    let request = |body: &str| Request {
        method: "POST".to_owned(),
        path: "/".to_owned(),
        body: body.into(),
        ..Request::default()
    };
    let simulator = account();
    let Outcome::Reply(response) = simulator.handle(request("Action=DescribeVpcs")).await else {
        panic!()
    };
    assert_eq!(response.status, 200);
    let Outcome::Reply(response) = simulator.handle(request("nonsense")).await else {
        panic!()
    };
    assert_eq!(response.status, 403);
}

#[tokio::test]
async fn what_is_not_simulated_is_refused() {
    let simulator = account();
    assert_eq!(
        ec2(&simulator, "RunInstances").await,
        Err("InvalidAction".to_owned())
    );
    assert_eq!(
        ec2(&simulator, &format!("{VPC}&Ipv6Pool=x")).await,
        Err("UnknownParameter".to_owned())
    );
}

#[test]
fn operations_have_one_name_each() {
    for service in SERVICES {
        let mut names: Vec<_> = service
            .operations
            .iter()
            .map(|operation| operation.name)
            .collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), service.operations.len(), "{}", service.name);
    }
}

#[tokio::test(start_paused = true)]
async fn same_seed_and_same_calls_same_world() {
    let run = |seed: u64| async move {
        let simulator = under(&format!(
            r#"{{"seed": {seed}, "latency": {{"jitter": 0.3}}}}"#
        ));
        let network = network(&simulator).await;
        ec2(&simulator, &network.endpoint()).await.unwrap();
        simulator.skip(Duration::from_secs(200));
        serde_json::to_string(simulator.world().accounts()).unwrap()
    };
    assert_eq!(run(1).await, run(1).await);
    assert_ne!(run(1).await, run(2).await);
}

#[tokio::test(start_paused = true)]
async fn a_whole_endpoint_takes_no_real_time() {
    let simulator = account();
    let network = network(&simulator).await;
    let id = ec2_text(
        &simulator,
        &network.endpoint(),
        "/vpcEndpoint/vpcEndpointId",
    )
    .await;
    let describe = format!("DescribeVpcEndpoints&VpcEndpointId.1={id}");
    let (start, real) = (Instant::now(), std::time::Instant::now());
    while ec2_text(&simulator, &describe, "/vpcEndpointSet/item/state").await != "available" {
        tokio::time::sleep(Duration::from_secs(5)).await;
    }
    assert_eq!(start.elapsed(), Duration::from_secs(90));
    assert!(real.elapsed() < Duration::from_secs(2));
}

#[tokio::test(start_paused = true)]
async fn faults_before_and_after_the_call_is_applied() {
    let simulator = under(
        r#"{"faults": [
            {"operation": "ec2:CreateVpc", "calls": [1], "then": "drop-request"},
            {"operation": "ec2:CreateVpc", "calls": [2], "then": "drop-reply"},
            {"operation": "ec2:CreateVpc", "calls": [3], "then": {"refuse": {"code": "Unavailable", "status": 503}}},
            {"operation": "ec2:CreateVpc", "calls": [4], "then": {"delay": {"seconds": 30}}}]}"#,
    );
    assert_eq!(ec2(&simulator, VPC).await, Err("dropped".to_owned()));
    assert_eq!(ec2(&simulator, VPC).await, Err("dropped".to_owned()));
    assert_eq!(vpcs(&simulator).await, 1);
    assert_eq!(ec2(&simulator, VPC).await, Err("Unavailable".to_owned()));
    let start = Instant::now();
    ec2(&simulator, VPC).await.unwrap();
    assert_eq!(start.elapsed(), Duration::from_secs(30));
    let outcomes: Vec<_> = simulator
        .journal()
        .into_iter()
        .map(|entry| entry.outcome)
        .collect();
    assert_eq!(
        outcomes,
        [
            "drop-request",
            "drop-reply: ok",
            "ok",
            "refuse: Unavailable",
            "delay: ok"
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_hanging_call_never_returns() {
    let simulator =
        under(r#"{"faults": [{"operation": "ec2:CreateVpc", "times": 1, "then": "hang-reply"}]}"#);
    assert!(
        tokio::time::timeout(Duration::from_hours(1), ec2(&simulator, VPC))
            .await
            .is_err()
    );
    assert_eq!(vpcs(&simulator).await, 1);
}

#[tokio::test(start_paused = true)]
async fn reads_lag_behind_writes() {
    let simulator = under(r#"{"lag": [{"operation": "ec2:Describe*", "seconds": 30}]}"#);
    ec2(&simulator, VPC).await.unwrap();
    assert_eq!(vpcs(&simulator).await, 0);
    tokio::time::sleep(Duration::from_secs(29)).await;
    assert_eq!(vpcs(&simulator).await, 0);
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(vpcs(&simulator).await, 1);
}

#[tokio::test(start_paused = true)]
async fn what_is_seen_late_has_moved_on() {
    let simulator = under(r#"{"lag": [{"operation": "ec2:DescribeVpcEndpoints", "seconds": 30}]}"#);
    let network = network(&simulator).await;
    let id = ec2_text(
        &simulator,
        &network.endpoint(),
        "/vpcEndpoint/vpcEndpointId",
    )
    .await;
    let describe = format!("DescribeVpcEndpoints&VpcEndpointId.1={id}");
    tokio::time::sleep(Duration::from_secs(100)).await;
    assert_eq!(
        ec2_text(&simulator, &describe, "/vpcEndpointSet/item/state").await,
        "pending"
    );
    tokio::time::sleep(Duration::from_secs(20)).await;
    assert_eq!(
        ec2_text(&simulator, &describe, "/vpcEndpointSet/item/state").await,
        "available"
    );
}

#[tokio::test(start_paused = true)]
async fn a_flapping_read_sees_both() {
    let simulator =
        under(r#"{"quotas": false, "lag": [{"operation": "ec2:*", "seconds": 30, "flap": 0.5}]}"#);
    ec2(&simulator, VPC).await.unwrap();
    let mut seen = Vec::new();
    for _ in 0..20 {
        seen.push(vpcs(&simulator).await);
    }
    assert!(seen.contains(&0) && seen.contains(&1), "{seen:?}");
}

#[tokio::test(start_paused = true)]
async fn quotas_refuse_and_refill() {
    let simulator = under("{}");
    let modify = "ModifyVpcEndpoint&VpcEndpointId=vpce-0123456789abcdef0";
    for _ in 0..4 {
        assert_eq!(
            ec2(&simulator, modify).await,
            Err("InvalidVpcEndpointId.NotFound".to_owned())
        );
    }
    assert_eq!(
        ec2(&simulator, modify).await,
        Err("RequestLimitExceeded".to_owned())
    );
    tokio::time::sleep(Duration::from_secs(4)).await;
    assert_eq!(
        ec2(&simulator, modify).await,
        Err("InvalidVpcEndpointId.NotFound".to_owned())
    );
}

#[tokio::test]
async fn a_refused_write_changes_nothing() {
    let simulator = account();
    let network = network(&simulator).await;
    let before = serde_json::to_value(simulator.world().accounts()).unwrap();
    let rules = format!(
        "AuthorizeSecurityGroupIngress&GroupId={}&IpPermissions.1.IpProtocol=tcp&IpPermissions.1.FromPort=1&IpPermissions.1.ToPort=1\
         &IpPermissions.1.IpRanges.1.CidrIp=10.0.0.0/8&IpPermissions.1.IpRanges.2.CidrIp=10.0.0.0/8",
        network.group
    );
    assert_eq!(
        ec2(&simulator, &rules).await,
        Err("InvalidParameterValue".to_owned())
    );
    assert_eq!(
        serde_json::to_value(simulator.world().accounts()).unwrap(),
        before
    );
}

#[tokio::test(start_paused = true)]
async fn no_time_passes_between_commands() {
    let folder = std::env::temp_dir().join(format!("hybridgw-simulator-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    let path = folder.join("world.json");
    let open = || Simulator::open(&path, Time::START, Conditions::default()).unwrap();

    let simulator = open();
    let network = network(&simulator).await;
    let id = ec2_text(
        &simulator,
        &network.endpoint(),
        "/vpcEndpoint/vpcEndpointId",
    )
    .await;
    let describe = format!("DescribeVpcEndpoints&VpcEndpointId.1={id}");
    tokio::time::sleep(Duration::from_mins(1)).await;
    assert_eq!(
        ec2_text(&simulator, &describe, "/vpcEndpointSet/item/state").await,
        "pending"
    );
    let (then, requests) = (simulator.now(), simulator.world().requests);
    assert!(
        Simulator::open(&path, Time::START, Conditions::default()).is_err(),
        "one command at a time"
    );
    drop(simulator);

    tokio::time::sleep(Duration::from_hours(1)).await;
    let simulator = open();
    assert_eq!(
        (simulator.now(), simulator.world().requests),
        (then, requests)
    );
    tokio::time::sleep(Duration::from_secs(29)).await;
    assert_eq!(
        ec2_text(&simulator, &describe, "/vpcEndpointSet/item/state").await,
        "pending"
    );
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(
        ec2_text(&simulator, &describe, "/vpcEndpointSet/item/state").await,
        "available"
    );
    let _ = std::fs::remove_dir_all(&folder);
}

#[test]
fn conditions_with_a_misspelt_name_are_refused() {
    assert!(Conditions::from_json(r#"{"fault": []}"#).is_err());
    assert!(Conditions::from_json(r#"{"latency": {"seconds": {"ec2/nothing": 1}}}"#).is_err());
    assert!(
        Conditions::from_json(r#"{"faults": [{"operation": "*", "then": "explode"}]}"#).is_err()
    );
}

#[tokio::test]
async fn only_loopback_is_served() {
    assert!(
        super::server::listen("0.0.0.0:0".parse().unwrap())
            .await
            .is_err()
    );
    assert!(
        super::server::listen("127.0.0.1:0".parse().unwrap())
            .await
            .is_ok()
    );
}

#[tokio::test]
async fn the_world_can_be_edited_behind_awss_back() {
    let simulator = account();
    let id = ec2_text(&simulator, VPC, "/vpc/vpcId").await;
    simulator
        .edit(|world, conditions| {
            world
                .context(ACCOUNT, REGION, conditions)
                .here
                .ec2
                .vpcs
                .clear();
        })
        .unwrap();
    assert_eq!(
        ec2(&simulator, &format!("DescribeVpcs&VpcId.1={id}")).await,
        Err("InvalidVpcID.NotFound".to_owned())
    );
}

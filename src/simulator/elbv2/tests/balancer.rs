//! Load balancers.

use std::time::Duration;

use super::{balancer, elb, listener, new_balancer, ready, refused, text};
use crate::testing::{ec2, ec2_text};

const STATE: &str = "/LoadBalancers/member/State/Code";

#[tokio::test]
async fn names_have_rules() {
    let (simulator, network) = ready().await;
    for name in ["internal-a", "-a", "a-", "a_b", &"a".repeat(33)] {
        refused(&simulator, &balancer(&network, name), "ValidationError").await;
    }
}

#[tokio::test]
async fn the_same_settings_give_the_same_load_balancer() {
    let (simulator, network) = ready().await;
    let arn = new_balancer(&simulator, &network, "orders").await;
    assert_eq!(new_balancer(&simulator, &network, "orders").await, arn);
    let tagged = format!(
        "{}&Tags.member.1.Key=a&Tags.member.1.Value=b",
        balancer(&network, "orders")
    );
    refused(&simulator, &tagged, "DuplicateLoadBalancerName").await;
}

#[tokio::test]
async fn two_zones_and_one_subnet_a_zone() {
    let (simulator, network) = ready().await;
    let create = balancer(&network, "orders");
    refused(
        &simulator,
        &create.replace(&network.two, "subnet-0123456789abcdef0"),
        "SubnetNotFound",
    )
    .await;
    refused(
        &simulator,
        &create.replace(&network.two, &network.one),
        "InvalidConfigurationRequest",
    )
    .await;
    let one = create.replace(&format!("&Subnets.member.2={}", network.two), "");
    refused(&simulator, &one, "ValidationError").await;
    let small = format!(
        "CreateSubnet&VpcId={}&CidrBlock=10.0.9.0/28&AvailabilityZone=eu-central-1b",
        network.vpc
    );
    let small = ec2_text(&simulator, &small, "/subnet/subnetId").await;
    refused(
        &simulator,
        &create.replace(&network.two, &small),
        "InvalidSubnet",
    )
    .await;
}

#[tokio::test]
async fn subnets_and_groups_are_of_one_vpc() {
    let (simulator, network) = ready().await;
    let other = ec2_text(&simulator, "CreateVpc&CidrBlock=10.1.0.0/16", "/vpc/vpcId").await;
    let foreign =
        format!("CreateSubnet&VpcId={other}&CidrBlock=10.1.0.0/24&AvailabilityZone=eu-central-1b");
    let foreign = ec2_text(&simulator, &foreign, "/subnet/subnetId").await;
    let create = balancer(&network, "orders");
    refused(
        &simulator,
        &create.replace(&network.two, &foreign),
        "InvalidConfigurationRequest",
    )
    .await;
    let group = format!("CreateSecurityGroup&GroupName=x&GroupDescription=x&VpcId={other}");
    let group = ec2_text(&simulator, &group, "/groupId").await;
    refused(
        &simulator,
        &create.replace(&network.group, &group),
        "InvalidConfigurationRequest",
    )
    .await;
    refused(
        &simulator,
        &create.replace(&network.group, "sg-0123456789abcdef0"),
        "InvalidSecurityGroup",
    )
    .await;
}

#[tokio::test]
async fn what_is_not_simulated_is_refused() {
    let (simulator, network) = ready().await;
    let create = balancer(&network, "orders");
    refused(
        &simulator,
        &create.replace("Scheme=internal&", ""),
        "InvalidSubnet",
    )
    .await;
    refused(
        &simulator,
        &format!("{create}&Type=network"),
        "ValidationError",
    )
    .await;
    refused(
        &simulator,
        &format!("{create}&IpAddressType=dualstack"),
        "InvalidConfigurationRequest",
    )
    .await;
    refused(
        &simulator,
        &format!("{create}&CustomerOwnedIpv4Pool=x"),
        "UnknownParameter",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_load_balancer_is_provisioned_for_a_while() {
    let (simulator, network) = ready().await;
    new_balancer(&simulator, &network, "orders").await;
    let describe = "DescribeLoadBalancers&Names.member.1=orders";
    tokio::time::sleep(Duration::from_secs(173)).await;
    assert_eq!(text(&simulator, describe, STATE).await, "provisioning");
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(text(&simulator, describe, STATE).await, "active");
    let name = text(&simulator, describe, "/LoadBalancers/member/DNSName").await;
    assert!(
        name.starts_with("internal-orders-") && name.ends_with(".eu-central-1.elb.amazonaws.com")
    );
    let zone = text(
        &simulator,
        describe,
        "/LoadBalancers/member/CanonicalHostedZoneId",
    )
    .await;
    assert_eq!(zone, "Z215JYRZR1TBD5");
}

#[tokio::test(start_paused = true)]
async fn interfaces_hold_the_group_after_deletion() {
    let (simulator, network) = ready().await;
    let arn = new_balancer(&simulator, &network, "orders").await;
    tokio::time::sleep(Duration::from_secs(15)).await;
    let id = arn.rsplit('/').next().unwrap();
    let describe = format!(
        "DescribeNetworkInterfaces&Filter.1.Name=description&Filter.1.Value.1=ELB+app/orders/{id}"
    );
    let found = ec2(&simulator, &describe).await.unwrap();
    assert_eq!(
        found["networkInterfaceSet"]["item"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
    let delete = format!("DeleteLoadBalancer&LoadBalancerArn={arn}");
    elb(&simulator, &delete).await.unwrap();
    refused(
        &simulator,
        "DescribeLoadBalancers&Names.member.1=orders",
        "LoadBalancerNotFound",
    )
    .await;
    elb(&simulator, &delete).await.unwrap();
    let group = format!("DeleteSecurityGroup&GroupId={}", network.group);
    tokio::time::sleep(Duration::from_secs(89)).await;
    assert_eq!(
        ec2(&simulator, &group).await,
        Err("DependencyViolation".to_owned())
    );
    tokio::time::sleep(Duration::from_secs(1)).await;
    ec2(&simulator, &group).await.unwrap();
}

#[tokio::test]
async fn deletion_protection_protects() {
    let (simulator, network) = ready().await;
    let arn = new_balancer(&simulator, &network, "orders").await;
    let set = |key: &str, value: &str| {
        format!(
            "ModifyLoadBalancerAttributes&LoadBalancerArn={arn}&Attributes.member.1.Key={key}&Attributes.member.1.Value={value}"
        )
    };
    elb(&simulator, &set("deletion_protection.enabled", "true"))
        .await
        .unwrap();
    let delete = format!("DeleteLoadBalancer&LoadBalancerArn={arn}");
    refused(&simulator, &delete, "OperationNotPermitted").await;
    elb(&simulator, &set("deletion_protection.enabled", "false"))
        .await
        .unwrap();
    elb(&simulator, &delete).await.unwrap();
}

#[tokio::test]
async fn attributes_are_known_and_in_range() {
    let (simulator, network) = ready().await;
    let arn = new_balancer(&simulator, &network, "orders").await;
    let set = |key: &str, value: &str| {
        format!(
            "ModifyLoadBalancerAttributes&LoadBalancerArn={arn}&Attributes.member.1.Key={key}&Attributes.member.1.Value={value}"
        )
    };
    for (key, value) in [
        ("colour", "red"),
        ("idle_timeout.timeout_seconds", "4001"),
        ("routing.http2.enabled", "yes"),
        ("load_balancing.cross_zone.enabled", "false"),
        ("routing.http.desync_mitigation_mode", "lax"),
    ] {
        refused(&simulator, &set(key, value), "ValidationError").await;
    }
    refused(
        &simulator,
        &set("access_logs.s3.enabled", "true"),
        "InvalidConfigurationRequest",
    )
    .await;
    let describe = format!("DescribeLoadBalancerAttributes&LoadBalancerArn={arn}");
    let all = elb(&simulator, &describe).await.unwrap();
    let all = all["Attributes"]["member"].as_array().unwrap().clone();
    let idle = all
        .iter()
        .find(|one| one["Key"] == "idle_timeout.timeout_seconds")
        .unwrap();
    assert_eq!(idle["Value"], "60");
}

#[tokio::test(start_paused = true)]
async fn subnets_and_groups_can_be_replaced() {
    let (simulator, network) = ready().await;
    let arn = new_balancer(&simulator, &network, "orders").await;
    let third = format!(
        "CreateSubnet&VpcId={}&CidrBlock=10.0.3.0/24&AvailabilityZone=eu-central-1c",
        network.vpc
    );
    let third = ec2_text(&simulator, &third, "/subnet/subnetId").await;
    let set = format!(
        "SetSubnets&LoadBalancerArn={arn}&Subnets.member.1={}&Subnets.member.2={third}",
        network.one
    );
    elb(&simulator, &set).await.unwrap();
    let delete = format!("DeleteSubnet&SubnetId={}", network.two);
    assert_eq!(
        ec2(&simulator, &delete).await,
        Err("DependencyViolation".to_owned())
    );
    tokio::time::sleep(Duration::from_secs(90)).await;
    ec2(&simulator, &delete).await.unwrap();
    let two = crate::testing::second_group(&simulator, &network).await;
    elb(
        &simulator,
        &format!("SetSecurityGroups&LoadBalancerArn={arn}&SecurityGroups.member.1={two}"),
    )
    .await
    .unwrap();
    ec2(
        &simulator,
        &format!("DeleteSecurityGroup&GroupId={}", network.group),
    )
    .await
    .unwrap();
}

#[tokio::test]
async fn tags_are_limited_and_keys_stand_once() {
    let (simulator, network) = ready().await;
    let twice =
        "&Tags.member.1.Key=a&Tags.member.1.Value=1&Tags.member.2.Key=a&Tags.member.2.Value=2";
    refused(
        &simulator,
        &format!("{}{twice}", balancer(&network, "orders")),
        "DuplicateTagKeys",
    )
    .await;
    let arn = new_balancer(&simulator, &network, "orders").await;
    let many: Vec<String> = (1..=51)
        .map(|n| format!("&Tags.member.{n}.Key=k{n}&Tags.member.{n}.Value=v"))
        .collect();
    let many = many.concat();
    refused(
        &simulator,
        &format!("AddTags&ResourceArns.member.1={arn}{many}"),
        "TooManyTags",
    )
    .await;
    elb(
        &simulator,
        &format!("AddTags&ResourceArns.member.1={arn}&Tags.member.1.Key=a&Tags.member.1.Value=1"),
    )
    .await
    .unwrap();
    let describe = format!("DescribeTags&ResourceArns.member.1={arn}");
    let value = text(
        &simulator,
        &describe,
        "/TagDescriptions/member/Tags/member/Value",
    )
    .await;
    assert_eq!(value, "1");
    elb(
        &simulator,
        &format!("DeleteLoadBalancer&LoadBalancerArn={arn}"),
    )
    .await
    .unwrap();
    refused(&simulator, &describe, "LoadBalancerNotFound").await;
}

#[tokio::test]
async fn pages_follow_each_other() {
    let (simulator, network) = ready().await;
    for name in ["a", "b", "c"] {
        new_balancer(&simulator, &network, name).await;
    }
    let marker = text(
        &simulator,
        "DescribeLoadBalancers&PageSize=2",
        "/NextMarker",
    )
    .await;
    let rest = elb(
        &simulator,
        &format!("DescribeLoadBalancers&PageSize=2&Marker={marker}"),
    )
    .await
    .unwrap();
    assert!(rest["LoadBalancers"]["member"].is_object() && rest.get("NextMarker").is_none());
    refused(
        &simulator,
        "DescribeLoadBalancers&PageSize=401",
        "ValidationError",
    )
    .await;
    refused(
        &simulator,
        "DescribeLoadBalancers&Marker=x",
        "ValidationError",
    )
    .await;
}

#[tokio::test]
async fn listeners_go_with_their_load_balancer() {
    let (simulator, network) = ready().await;
    let arn = new_balancer(&simulator, &network, "orders").await;
    let listener = text(
        &simulator,
        &listener(&arn, 80),
        "/Listeners/member/ListenerArn",
    )
    .await;
    elb(
        &simulator,
        &format!("DeleteLoadBalancer&LoadBalancerArn={arn}"),
    )
    .await
    .unwrap();
    refused(
        &simulator,
        &format!("DescribeRules&ListenerArn={listener}"),
        "ListenerNotFound",
    )
    .await;
}

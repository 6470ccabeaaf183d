//! Endpoints: one test a rule, on the wire.

use std::time::Duration;

use crate::simulator::testing::{REGION, ec2, ec2_text, furnished, refused, second_group, state};

#[tokio::test(start_paused = true)]
async fn a_token_makes_one_endpoint() {
    let (simulator, network) = furnished().await;
    let create = format!("{}&ClientToken=t", network.endpoint());
    let id = ec2_text(&simulator, &create, "/vpcEndpoint/vpcEndpointId").await;
    assert_eq!(
        ec2_text(&simulator, &create, "/vpcEndpoint/vpcEndpointId").await,
        id
    );
    refused(
        &simulator,
        &create.replace("PrivateDnsEnabled=false", "PrivateDnsEnabled=true"),
        "IdempotentParameterMismatch",
    )
    .await;
    ec2(
        &simulator,
        &format!("DeleteVpcEndpoints&VpcEndpointId.1={id}"),
    )
    .await
    .unwrap();
    tokio::time::sleep(Duration::from_secs(61)).await;
    assert_eq!(
        ec2_text(&simulator, &create, "/vpcEndpoint/state").await,
        "deleted"
    );
}

#[tokio::test(start_paused = true)]
async fn an_endpoint_holds_groups_and_subnets_until_its_interfaces_are_gone() {
    let (simulator, network) = furnished().await;
    let id = ec2_text(
        &simulator,
        &network.endpoint(),
        "/vpcEndpoint/vpcEndpointId",
    )
    .await;
    let (group, subnet) = (
        format!("DeleteSecurityGroup&GroupId={}", network.group),
        format!("DeleteSubnet&SubnetId={}", network.one),
    );
    refused(&simulator, &group, "DependencyViolation").await;
    ec2(
        &simulator,
        &format!("DeleteVpcEndpoints&VpcEndpointId.1={id}"),
    )
    .await
    .unwrap();
    tokio::time::sleep(Duration::from_mins(1)).await;
    refused(
        &simulator,
        &format!("DescribeVpcEndpoints&VpcEndpointId.1={id}"),
        "InvalidVpcEndpointId.NotFound",
    )
    .await;
    refused(&simulator, &group, "DependencyViolation").await;
    refused(&simulator, &subnet, "DependencyViolation").await;
    tokio::time::sleep(Duration::from_secs(10)).await;
    ec2(&simulator, &group).await.unwrap();
    ec2(&simulator, &subnet).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_deletion_beats_a_creation_under_way() {
    let (simulator, network) = furnished().await;
    let id = ec2_text(
        &simulator,
        &network.endpoint(),
        "/vpcEndpoint/vpcEndpointId",
    )
    .await;
    tokio::time::sleep(Duration::from_mins(1)).await;
    ec2(
        &simulator,
        &format!("DeleteVpcEndpoints&VpcEndpointId.1={id}"),
    )
    .await
    .unwrap();
    tokio::time::sleep(Duration::from_secs(40)).await;
    let describe = format!("DescribeVpcEndpoints&VpcEndpointId.1={id}");
    assert_eq!(
        ec2_text(&simulator, &describe, "/vpcEndpointSet/item/state").await,
        "deleting"
    );
}

#[tokio::test]
async fn addresses_can_be_pinned() {
    let (simulator, network) = furnished().await;
    let pin = |subnet: &str, address: &str| {
        format!(
            "{}&SubnetConfiguration.1.SubnetId={subnet}&SubnetConfiguration.1.Ipv4={address}",
            network.endpoint()
        )
    };
    refused(
        &simulator,
        &pin(&network.one, "10.0.2.9"),
        "InvalidParameterValue",
    )
    .await;
    refused(
        &simulator,
        &pin(&network.one, "10.0.1.255"),
        "InvalidParameterValue",
    )
    .await;
    refused(
        &simulator,
        &pin("subnet-0123456789abcdef0", "10.0.1.9"),
        "InvalidParameter",
    )
    .await;
    ec2(&simulator, &pin(&network.one, "10.0.1.9"))
        .await
        .unwrap();
    refused(
        &simulator,
        &pin(&network.one, "10.0.1.9"),
        "InvalidIPAddress.InUse",
    )
    .await;
    let state = state(&simulator);
    let pinned = state
        .interfaces
        .values()
        .find(|interface| interface.subnet == network.one);
    assert_eq!(pinned.unwrap().address.to_string(), "10.0.1.9");
}

#[tokio::test]
async fn a_full_subnet_is_refused() {
    let (simulator, network) = furnished().await;
    let small = format!(
        "CreateSubnet&VpcId={}&CidrBlock=10.0.3.0/28&AvailabilityZone={REGION}c",
        network.vpc
    );
    let small = ec2_text(&simulator, &small, "/subnet/subnetId").await;
    let create = network.endpoint().replace(&network.one, &small);
    for _ in 0..11 {
        ec2(&simulator, &create).await.unwrap();
    }
    refused(&simulator, &create, "InsufficientFreeAddressesInSubnet").await;
    let describe = format!("DescribeSubnets&SubnetId.1={small}");
    assert_eq!(
        ec2_text(
            &simulator,
            &describe,
            "/subnetSet/item/availableIpAddressCount"
        )
        .await,
        "0"
    );
}

#[tokio::test]
async fn one_endpoint_has_a_services_names() {
    let (simulator, network) = furnished().await;
    let create = network
        .endpoint()
        .replace("PrivateDnsEnabled=false", "PrivateDnsEnabled=true");
    refused(&simulator, &create, "InvalidParameter").await;
    for attribute in ["EnableDnsSupport", "EnableDnsHostnames"] {
        let modify = format!(
            "ModifyVpcAttribute&VpcId={}&{attribute}.Value=true",
            network.vpc
        );
        ec2(&simulator, &modify).await.unwrap();
    }
    ec2(&simulator, &create).await.unwrap();
    refused(&simulator, &create, "InvalidParameter").await;
}

#[tokio::test(start_paused = true)]
async fn a_change_of_groups_reaches_the_interfaces_at_once() {
    let (simulator, network) = furnished().await;
    let two = second_group(&simulator, &network).await;
    let id = ec2_text(
        &simulator,
        &network.endpoint(),
        "/vpcEndpoint/vpcEndpointId",
    )
    .await;
    tokio::time::sleep(Duration::from_secs(90)).await;
    let modify = format!(
        "ModifyVpcEndpoint&VpcEndpointId={id}&AddSecurityGroupId.1={two}&RemoveSecurityGroupId.1={}",
        network.group
    );
    ec2(&simulator, &modify).await.unwrap();
    let describe = format!("DescribeVpcEndpoints&VpcEndpointId.1={id}");
    assert_eq!(
        ec2_text(&simulator, &describe, "/vpcEndpointSet/item/state").await,
        "available"
    );
    ec2(
        &simulator,
        &format!("DeleteSecurityGroup&GroupId={}", network.group),
    )
    .await
    .unwrap();
    refused(
        &simulator,
        &format!("DeleteSecurityGroup&GroupId={two}"),
        "DependencyViolation",
    )
    .await;
}

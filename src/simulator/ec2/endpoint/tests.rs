//! Endpoints: one test a rule, on the wire.

use std::time::Duration;

use serde_json::Value;

use crate::Simulator;
use crate::testing::{Network, REGION, ec2, ec2_text, furnished, refused, second_group, state};

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
    let describe = format!("DescribeVpcEndpoints&VpcEndpointId.1={id}");
    let gone = ec2_text(&simulator, &describe, "/vpcEndpointSet/item/state").await;
    assert_eq!(gone, "deleted", "for a while");
    refused(&simulator, &group, "DependencyViolation").await;
    refused(&simulator, &subnet, "DependencyViolation").await;
    tokio::time::sleep(Duration::from_secs(10)).await;
    ec2(&simulator, &group).await.unwrap();
    ec2(&simulator, &subnet).await.unwrap();
    tokio::time::sleep(Duration::from_secs(20)).await;
    refused(&simulator, &describe, "InvalidVpcEndpointId.NotFound").await;
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

/// Makes an endpoint and waits until it is available.
async fn available(simulator: &Simulator, network: &Network) -> String {
    let id = ec2_text(simulator, &network.endpoint(), "/vpcEndpoint/vpcEndpointId").await;
    tokio::time::sleep(Duration::from_mins(2)).await;
    id
}

/// The addresses of the interfaces that an endpoint names, by subnet.
async fn addresses(simulator: &Simulator, id: &str) -> Vec<(String, String)> {
    let describe = format!("DescribeVpcEndpoints&VpcEndpointId.1={id}");
    let shown = ec2(simulator, &describe).await.unwrap();
    let ids = shown["vpcEndpointSet"]["item"]["networkInterfaceIdSet"]["item"].clone();
    let ids = match ids {
        Value::Array(ids) => ids,
        Value::Null => Vec::new(),
        one => vec![one],
    };
    let interfaces = state(simulator).interfaces;
    let mut found: Vec<_> = ids
        .iter()
        .map(|id| &interfaces[id.as_str().unwrap()])
        .map(|one| (one.subnet.clone(), one.address.to_string()))
        .collect();
    found.sort();
    found
}

fn repin(id: &str, subnet: &str, address: &str) -> String {
    format!(
        "ModifyVpcEndpoint&VpcEndpointId={id}&SubnetConfiguration.1.SubnetId={subnet}&SubnetConfiguration.1.Ipv4={address}"
    )
}

#[tokio::test(start_paused = true)]
async fn a_new_pin_replaces_one_interface_and_leaves_the_other_zone_alone() {
    let (simulator, network) = furnished().await;
    let id = available(&simulator, &network).await;
    let before = addresses(&simulator, &id).await;
    let other: Vec<_> = before
        .iter()
        .filter(|(subnet, _)| *subnet == network.two)
        .collect();
    ec2(&simulator, &repin(&id, &network.one, "10.0.1.9"))
        .await
        .unwrap();
    let describe = format!("DescribeVpcEndpoints&VpcEndpointId.1={id}");
    let now = ec2_text(&simulator, &describe, "/vpcEndpointSet/item/state").await;
    assert_eq!(now, "pending");
    let meanwhile = addresses(&simulator, &id).await;
    assert_eq!(
        meanwhile.iter().collect::<Vec<_>>(),
        other,
        "the subnet is disconnected, the other zone serves"
    );
    refused(
        &simulator,
        &repin(&id, &network.two, "10.0.2.9"),
        "IncorrectState",
    )
    .await;
    tokio::time::sleep(Duration::from_mins(2)).await;
    let after = addresses(&simulator, &id).await;
    assert!(
        after.contains(&(network.one.clone(), "10.0.1.9".to_owned())),
        "{after:?}"
    );
    assert!(after.contains(other[0]) && after.len() == 2, "{after:?}");
    // The same pin again is no change.
    ec2(&simulator, &repin(&id, &network.one, "10.0.1.9"))
        .await
        .unwrap();
    assert_eq!(addresses(&simulator, &id).await, after);
}

#[tokio::test(start_paused = true)]
async fn a_new_pin_is_checked_like_a_first_one_and_a_refusal_changes_nothing() {
    let (simulator, network) = furnished().await;
    let id = available(&simulator, &network).await;
    let before = addresses(&simulator, &id).await;
    let own = &before
        .iter()
        .find(|(subnet, _)| *subnet == network.two)
        .unwrap()
        .1;
    let taken = ec2_text(
        &simulator,
        &network.endpoint(),
        "/vpcEndpoint/vpcEndpointId",
    )
    .await;
    tokio::time::sleep(Duration::from_mins(2)).await;
    let taken = addresses(&simulator, &taken).await;
    let taken = &taken
        .iter()
        .find(|(subnet, _)| *subnet == network.one)
        .unwrap()
        .1;
    for (address, code) in [
        ("10.0.2.77", "InvalidParameterValue"),
        ("10.0.1.3", "InvalidParameterValue"),
        ("ten", "InvalidParameterValue"),
        (own.as_str(), "InvalidParameterValue"),
        (taken.as_str(), "InvalidIPAddress.InUse"),
    ] {
        refused(&simulator, &repin(&id, &network.one, address), code).await;
    }
    let twice = format!(
        "{}&SubnetConfiguration.2.SubnetId={}&SubnetConfiguration.2.Ipv4=10.0.1.10",
        repin(&id, &network.one, "10.0.1.9"),
        network.one
    );
    refused(&simulator, &twice, "InvalidParameter").await;
    assert_eq!(addresses(&simulator, &id).await, before);
}

#[tokio::test]
async fn s3_is_offered_twice_and_only_once_by_interface() {
    let (simulator, network) = furnished().await;
    let describe = format!("DescribeVpcEndpointServices&ServiceName.1=com.amazonaws.{REGION}.s3");
    let both = ec2(&simulator, &describe).await.unwrap();
    let details = both["serviceDetailSet"]["item"].as_array().unwrap().clone();
    let kinds: Vec<_> = details
        .iter()
        .map(|one| &one["serviceType"]["item"]["serviceType"])
        .collect();
    assert_eq!(kinds, ["Gateway", "Interface"]);
    assert_ne!(details[0]["serviceId"], details[1]["serviceId"]);
    assert_eq!(
        both["serviceNameSet"]["item"],
        format!("com.amazonaws.{REGION}.s3")
    );
    let one = format!("{describe}&Filter.1.Name=service-type&Filter.1.Value.1=Interface");
    let one = ec2(&simulator, &one).await.unwrap();
    let base = &one["serviceDetailSet"]["item"]["baseEndpointDnsNameSet"]["item"];
    assert_eq!(*base, format!("s3.{REGION}.vpce.amazonaws.com"));
    // Names of S3's own in a VPC need a gateway beside the interface.
    for attribute in ["EnableDnsSupport", "EnableDnsHostnames"] {
        let modify = format!(
            "ModifyVpcAttribute&VpcId={}&{attribute}.Value=true",
            network.vpc
        );
        ec2(&simulator, &modify).await.unwrap();
    }
    let create = network.endpoint().replace("execute-api", "s3");
    let private = create.replace("PrivateDnsEnabled=false", "PrivateDnsEnabled=true");
    refused(&simulator, &private, "InvalidParameter").await;
    ec2(&simulator, &create).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_borrowed_endpoint_is_changed_like_ones_own() {
    let (simulator, network) = furnished().await;
    let id = "vpce-0123456789abcdef0";
    simulator
        .edit(|world, conditions| {
            let mut ctx = world.context(crate::testing::ACCOUNT, REGION, conditions);
            let service = format!("com.amazonaws.{REGION}.execute-api");
            let groups = [network.group.clone()];
            let subnets = [network.one.clone()];
            crate::ec2::furnish::add_endpoint(
                &mut ctx,
                id,
                &network.vpc,
                &service,
                &subnets,
                &groups,
            )
        })
        .unwrap()
        .unwrap();
    let policy =
        |document: &str| format!("ModifyVpcEndpoint&VpcEndpointId={id}&PolicyDocument={document}");
    refused(&simulator, &policy("no"), "InvalidPolicyDocument").await;
    let open = r#"{"Statement":[{"Sid":"hybridgw-orders","Effect":"Allow","Principal":"*","Action":"execute-api:Invoke","Resource":"*"}]}"#;
    ec2(&simulator, &policy(open)).await.unwrap();
    let describe = format!("DescribeVpcEndpoints&VpcEndpointId.1={id}");
    let shown = ec2(&simulator, &describe).await.unwrap()["vpcEndpointSet"]["item"].clone();
    assert_eq!(
        (&shown["policyDocument"], &shown["state"]),
        (&open.into(), &"available".into())
    );
    let rule = format!(
        "AuthorizeSecurityGroupIngress&GroupId={}&IpPermissions.1.IpProtocol=tcp&IpPermissions.1.FromPort=443&IpPermissions.1.ToPort=443\
         &IpPermissions.1.IpRanges.1.CidrIp=10.0.0.0/8&IpPermissions.1.IpRanges.1.Description=hybridgw:orders-dev",
        network.group
    );
    ec2(&simulator, &rule).await.unwrap();
    let rules = format!(
        "DescribeSecurityGroupRules&Filter.1.Name=group-id&Filter.1.Value.1={}",
        network.group
    );
    let rules = ec2(&simulator, &rules).await.unwrap();
    let described = rules
        .to_string()
        .contains("\"description\":\"hybridgw:orders-dev\"");
    assert!(described, "{rules}");
}

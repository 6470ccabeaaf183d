//! Networks and groups: one test a rule, on the wire.

use std::time::Duration;

use serde_json::Value;

use super::{Flow, NewInterface, attach_interface, furnish, groups_admit, release_interfaces};
use crate::Simulator;
use crate::codec::Refusal;
use crate::latency::LOAD_BALANCER_INTERFACES_LINGER;
use crate::testing::{
    ACCOUNT, REGION, account, ec2, ec2_text, furnished, refused, second_group, state,
};
use crate::world::Ctx;

const HTTPS: &str =
    "IpPermissions.1.IpProtocol=tcp&IpPermissions.1.FromPort=443&IpPermissions.1.ToPort=443";

#[tokio::test]
async fn five_vpcs_a_region() {
    let simulator = account();
    for _ in 0..5 {
        ec2(&simulator, "CreateVpc&CidrBlock=10.0.0.0/16")
            .await
            .unwrap();
    }
    refused(
        &simulator,
        "CreateVpc&CidrBlock=10.0.0.0/16",
        "VpcLimitExceeded",
    )
    .await;
}

#[tokio::test]
async fn subnets_lie_inside_their_vpc_and_apart() {
    let (simulator, network) = furnished().await;
    let subnet = |cidr| format!("CreateSubnet&VpcId={}&CidrBlock={cidr}", network.vpc);
    refused(
        &simulator,
        &subnet("10.0.1.128/25"),
        "InvalidSubnet.Conflict",
    )
    .await;
    refused(&simulator, &subnet("10.1.0.0/24"), "InvalidSubnet.Range").await;
    refused(&simulator, &subnet("10.0.4.0/29"), "InvalidSubnet.Range").await;
}

#[tokio::test]
async fn a_vpc_is_deleted_last() {
    let (simulator, network) = furnished().await;
    let delete = format!("DeleteVpc&VpcId={}", network.vpc);
    refused(&simulator, &delete, "DependencyViolation").await;
    for id in [&network.one, &network.two] {
        ec2(&simulator, &format!("DeleteSubnet&SubnetId={id}"))
            .await
            .unwrap();
    }
    refused(&simulator, &delete, "DependencyViolation").await;
    ec2(
        &simulator,
        &format!("DeleteSecurityGroup&GroupId={}", network.group),
    )
    .await
    .unwrap();
    ec2(&simulator, &delete).await.unwrap();
    let world = serde_json::to_value(state(&simulator)).unwrap();
    assert!(
        world
            .as_object()
            .unwrap()
            .values()
            .all(|kind| kind.as_object().unwrap().is_empty()),
        "{world}"
    );
}

#[tokio::test]
async fn group_names_are_unique_in_their_vpc() {
    let (simulator, network) = furnished().await;
    let create = format!(
        "CreateSecurityGroup&GroupName=one&GroupDescription=other&VpcId={}",
        network.vpc
    );
    refused(&simulator, &create, "InvalidGroup.Duplicate").await;
    let reserved = create.replace("=one&", "=default&");
    refused(&simulator, &reserved, "InvalidGroup.Reserved").await;
}

#[tokio::test]
async fn a_group_that_another_names_stays() {
    let (simulator, network) = furnished().await;
    let two = second_group(&simulator, &network).await;
    let rule = format!(
        "GroupId={two}&{HTTPS}&IpPermissions.1.Groups.1.GroupId={}",
        network.group
    );
    let delete = format!("DeleteSecurityGroup&GroupId={}", network.group);
    ec2(&simulator, &format!("AuthorizeSecurityGroupIngress&{rule}"))
        .await
        .unwrap();
    refused(&simulator, &delete, "DependencyViolation").await;
    ec2(&simulator, &format!("RevokeSecurityGroupIngress&{rule}"))
        .await
        .unwrap();
    ec2(&simulator, &delete).await.unwrap();
}

#[tokio::test]
async fn a_group_that_names_itself_may_go() {
    let (simulator, network) = furnished().await;
    let rule = format!(
        "AuthorizeSecurityGroupIngress&GroupId={0}&{HTTPS}&IpPermissions.1.Groups.1.GroupId={0}",
        network.group
    );
    ec2(&simulator, &rule).await.unwrap();
    ec2(
        &simulator,
        &format!("DeleteSecurityGroup&GroupId={}", network.group),
    )
    .await
    .unwrap();
}

#[tokio::test]
async fn rules_are_unique_whatever_their_description() {
    let (simulator, network) = furnished().await;
    let rule = format!(
        "GroupId={}&{HTTPS}&IpPermissions.1.IpRanges.1.CidrIp=10.9.8.7/8",
        network.group
    );
    ec2(&simulator, &format!("AuthorizeSecurityGroupIngress&{rule}"))
        .await
        .unwrap();
    let again =
        format!("AuthorizeSecurityGroupIngress&{rule}&IpPermissions.1.IpRanges.1.Description=x")
            .replace("10.9.8.7", "10.0.0.0");
    refused(&simulator, &again, "InvalidPermission.Duplicate").await;
    ec2(&simulator, &format!("RevokeSecurityGroupIngress&{rule}"))
        .await
        .unwrap();
    refused(
        &simulator,
        &format!("RevokeSecurityGroupIngress&{rule}"),
        "InvalidPermission.NotFound",
    )
    .await;
}

#[tokio::test]
async fn sixty_rules_a_direction() {
    let (simulator, network) = furnished().await;
    let ranges = |from: u8, to: u8| {
        let range = |n: u8| format!("&IpPermissions.1.IpRanges.{n}.CidrIp=10.0.{n}.0/24");
        format!(
            "AuthorizeSecurityGroupIngress&GroupId={}&{HTTPS}{}",
            network.group,
            (from..=to).map(range).collect::<String>()
        )
    };
    refused(
        &simulator,
        &ranges(1, 61),
        "RulesPerSecurityGroupLimitExceeded",
    )
    .await;
    ec2(&simulator, &ranges(1, 60)).await.unwrap();
    refused(
        &simulator,
        &ranges(61, 61),
        "RulesPerSecurityGroupLimitExceeded",
    )
    .await;
}

#[tokio::test]
async fn groups_admit_what_their_rules_say() {
    let (simulator, network) = furnished().await;
    let two = second_group(&simulator, &network).await;
    let allow = format!(
        "AuthorizeSecurityGroupIngress&GroupId={two}&{HTTPS}&IpPermissions.1.Groups.1.GroupId={}",
        network.group
    );
    let (ones, twos) = (vec![network.group.clone()], vec![two]);
    let from = Flow {
        address: "10.0.1.9".parse().unwrap(),
        groups: &ones,
    };
    let to = Flow {
        address: "10.0.2.9".parse().unwrap(),
        groups: &twos,
    };
    assert!(
        !groups_admit(&state(&simulator), from, to, 443),
        "nothing is let in"
    );
    ec2(&simulator, &allow).await.unwrap();
    assert!(groups_admit(&state(&simulator), from, to, 443));
    assert!(
        !groups_admit(&state(&simulator), from, to, 80),
        "another port"
    );
    assert!(
        !groups_admit(&state(&simulator), to, from, 443),
        "the other way"
    );
    let outside = Flow {
        address: "10.99.0.1".parse().unwrap(),
        groups: &[],
    };
    assert!(
        !groups_admit(&state(&simulator), outside, to, 443),
        "no such group outside"
    );
    let stop = format!(
        "RevokeSecurityGroupEgress&GroupId={}&IpPermissions.1.IpProtocol=-1&IpPermissions.1.IpRanges.1.CidrIp=0.0.0.0/0",
        network.group
    );
    ec2(&simulator, &stop).await.unwrap();
    assert!(
        !groups_admit(&state(&simulator), from, to, 443),
        "nothing is let out"
    );
}

#[tokio::test]
async fn a_dry_run_writes_nothing() {
    let simulator = account();
    refused(
        &simulator,
        "CreateVpc&CidrBlock=10.0.0.0/16&DryRun=true",
        "DryRunOperation",
    )
    .await;
    ec2(&simulator, "DescribeVpcs").await.unwrap();
    assert!(state(&simulator).vpcs.is_empty());
}

#[tokio::test(start_paused = true)]
async fn interfaces_of_others_hold_groups_and_linger() {
    let (simulator, network) = furnished().await;
    let edit = |change: fn(&mut Ctx<'_>, NewInterface) -> Result<(), Refusal>| {
        let new = NewInterface {
            subnet: network.one.clone(),
            groups: vec![network.group.clone()],
            address: None,
            description: "ELB app/orders/0123456789abcdef".to_owned(),
            kind: "interface",
            requester: "amazon-elb",
            holder: "arn:balancer".to_owned(),
            since: simulator.now(),
        };
        let done = simulator
            .edit(|world, conditions| change(&mut world.context(ACCOUNT, REGION, conditions), new));
        done.unwrap().unwrap();
    };
    edit(|ctx, new| attach_interface(ctx, new).map(drop));
    let describe = "DescribeNetworkInterfaces&Filter.1.Name=description&Filter.1.Value.1=ELB+app/*";
    let owner = "/networkInterfaceSet/item/attachment/instanceOwnerId";
    assert_eq!(ec2_text(&simulator, describe, owner).await, "amazon-elb");
    let delete = format!("DeleteSecurityGroup&GroupId={}", network.group);
    refused(&simulator, &delete, "DependencyViolation").await;
    edit(|ctx, _| {
        release_interfaces(ctx, LOAD_BALANCER_INTERFACES_LINGER, |interface| {
            interface.holder == "arn:balancer"
        });
        Ok(())
    });
    tokio::time::sleep(Duration::from_secs(89)).await;
    refused(&simulator, &delete, "DependencyViolation").await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    ec2(&simulator, &delete).await.unwrap();
}

#[tokio::test]
async fn an_account_can_be_furnished_under_given_ids() {
    let simulator = account();
    let furnish = |ctx: &mut Ctx<'_>| {
        furnish::add_vpc(ctx, "vpc-0aaaaaaaaaaaaaaaa", "10.0.0.0/16".parse().unwrap());
        let subnet = "subnet-0aaaaaaaaaaaaaaaa";
        furnish::add_subnet(
            ctx,
            subnet,
            "vpc-0aaaaaaaaaaaaaaaa",
            "10.0.0.0/24".parse().unwrap(),
            "eu-central-1a",
        );
        furnish::add_group(
            ctx,
            "sg-0aaaaaaaaaaaaaaaa",
            "vpc-0aaaaaaaaaaaaaaaa",
            "inner",
            "inner door",
        );
        let groups = ["sg-0aaaaaaaaaaaaaaaa".to_owned()];
        furnish::add_endpoint(
            ctx,
            "vpce-0aaaaaaaaaaaaaaaa",
            "vpc-0aaaaaaaaaaaaaaaa",
            "com.amazonaws.eu-central-1.execute-api",
            &[subnet.to_owned()],
            &groups,
        )
    };
    simulator
        .edit(|world, conditions| furnish(&mut world.context(ACCOUNT, REGION, conditions)))
        .unwrap()
        .unwrap();
    let describe = "DescribeVpcEndpoints&VpcEndpointId.1=vpce-0aaaaaaaaaaaaaaaa";
    assert_eq!(
        ec2_text(&simulator, describe, "/vpcEndpointSet/item/state").await,
        "available"
    );
    assert!(
        ec2_text(
            &simulator,
            describe,
            "/vpcEndpointSet/item/networkInterfaceIdSet/item"
        )
        .await
        .starts_with("eni-")
    );
}

/// Adds permissions to a group, and returns the answer or the error's code.
pub async fn authorized(
    simulator: &Simulator,
    group: &str,
    parts: &[String],
) -> Result<Value, String> {
    let parts = parts.iter().enumerate().map(|(place, part)| {
        let at = format!("&IpPermissions.{}.", place + 1);
        format!("{at}IpProtocol=tcp{at}FromPort=443{at}ToPort=443{at}{part}")
    });
    let parts: String = parts.collect();
    ec2(
        simulator,
        &format!("AuthorizeSecurityGroupIngress&GroupId={group}{parts}"),
    )
    .await
}

#[tokio::test]
async fn one_permission_stands_once_in_a_request() {
    let (simulator, network) = furnished().await;
    let range = |text: &str| {
        format!("IpRanges.1.CidrIp=10.0.0.0/8&IpPermissions.1.IpRanges.1.Description={text}")
    };
    let twice = [range("a"), "IpRanges.1.CidrIp=10.0.0.0/8".to_owned()];
    let refusal = authorized(&simulator, &network.group, &twice).await;
    assert_eq!(refusal, Err("InvalidParameterValue".to_owned()));
    refused(
        &simulator,
        "DescribeSecurityGroupRules&Filter.1.Name=group-id&Filter.1.Value.1=foobar",
        "InvalidGroupId.Malformed",
    )
    .await;
}

#[tokio::test]
async fn what_a_deletion_does_not_find_has_a_code_of_its_own() {
    let simulator = account();
    let gone = "DeleteVpcEndpoints&VpcEndpointId.1=vpce-0123456789abcdef0";
    let answer = ec2(&simulator, gone).await.unwrap();
    let code = &answer["unsuccessful"]["item"]["error"]["code"];
    assert_eq!(code, "InvalidVpcEndpoint.NotFound");
    let many = ec2(&simulator, "DescribeVpcEndpoints&MaxResults=5000").await;
    assert!(many.is_ok(), "capped, not refused: {many:?}");
}

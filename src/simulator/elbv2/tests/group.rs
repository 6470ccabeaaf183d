//! Target groups.

use std::time::Duration;

use super::{
    elb, forward, group, new_balancer, new_group, new_listener, path_rule, permit, ready, refused,
    text,
};
use crate::lambda;
use crate::testing_rest::here;

#[tokio::test]
async fn the_same_settings_give_the_same_group() {
    let (simulator, network) = ready().await;
    let arn = new_group(&simulator, &network, "api").await;
    assert_eq!(new_group(&simulator, &network, "api").await, arn);
    let other = group(&network, "api").replace("/ping", "/sping");
    refused(&simulator, &other, "DuplicateTargetGroupName").await;
    refused(&simulator, &group(&network, "a_b"), "ValidationError").await;
}

#[tokio::test]
async fn settings_are_checked() {
    let (simulator, network) = ready().await;
    let create = group(&network, "api");
    for (from, to) in [
        ("&Port=443", ""),
        ("Protocol=HTTPS&Port", "Protocol=UDP&Port"),
        ("TargetType=ip", "TargetType=instance"),
        ("HealthCheckPath=/ping", "HealthCheckPath=ping"),
        ("IntervalSeconds=10", "IntervalSeconds=4"),
        ("IntervalSeconds=10", "IntervalSeconds=5"),
        ("UnhealthyThresholdCount=2", "UnhealthyThresholdCount=11"),
        ("UnhealthyThresholdCount=2", "Matcher.HttpCode=200-599"),
        ("UnhealthyThresholdCount=2", "HealthCheckEnabled=false"),
        (&network.vpc, "vpc-0123456789abcdef0"),
    ] {
        let call = create.replace(from, to);
        assert_ne!(call, create);
        refused(&simulator, &call, "ValidationError").await;
    }
}

#[tokio::test]
async fn defaults_are_awss() {
    let (simulator, network) = ready().await;
    let create = format!(
        "CreateTargetGroup&Name=a&TargetType=ip&Protocol=HTTPS&Port=443&VpcId={}",
        network.vpc
    );
    let made = elb(&simulator, &create).await.unwrap()["TargetGroups"]["member"].clone();
    for (name, value) in [
        ("HealthCheckProtocol", "HTTP"),
        ("HealthCheckPath", "/"),
        ("HealthCheckPort", "traffic-port"),
        ("HealthCheckIntervalSeconds", "30"),
        ("HealthyThresholdCount", "5"),
        ("UnhealthyThresholdCount", "2"),
        ("ProtocolVersion", "HTTP1"),
    ] {
        assert_eq!(made[name], value, "{name}");
    }
    assert_eq!(made["Matcher"]["HttpCode"], "200");
}

#[tokio::test(start_paused = true)]
async fn a_group_in_use_stays_and_a_little_longer() {
    let (simulator, network) = ready().await;
    let balancer = new_balancer(&simulator, &network, "orders").await;
    let listener = new_listener(&simulator, &balancer, 80).await;
    let arn = new_group(&simulator, &network, "api").await;
    let rule = path_rule(&listener, 1, "/a", &forward(&arn));
    let rule = text(&simulator, &rule, "/Rules/member/RuleArn").await;
    let delete = format!("DeleteTargetGroup&TargetGroupArn={arn}");
    refused(&simulator, &delete, "ResourceInUse").await;
    elb(&simulator, &format!("DeleteRule&RuleArn={rule}"))
        .await
        .unwrap();
    refused(&simulator, &delete, "ResourceInUse").await;
    tokio::time::sleep(Duration::from_secs(5)).await;
    elb(&simulator, &delete).await.unwrap();
    refused(&simulator, &delete, "TargetGroupNotFound").await;
}

#[tokio::test]
async fn a_group_has_one_load_balancer() {
    let (simulator, network) = ready().await;
    let arn = new_group(&simulator, &network, "api").await;
    for (name, code) in [("one", None), ("two", Some("TargetGroupAssociationLimit"))] {
        let balancer = new_balancer(&simulator, &network, name).await;
        let listener = new_listener(&simulator, &balancer, 80).await;
        let rule = path_rule(&listener, 1, "/a", &forward(&arn));
        match code {
            None => drop(elb(&simulator, &rule).await.unwrap()),
            Some(code) => refused(&simulator, &rule, code).await,
        }
    }
}

#[tokio::test]
async fn attributes_go_by_the_kind_of_target() {
    let (simulator, network) = ready().await;
    let addresses = new_group(&simulator, &network, "api").await;
    let create = "CreateTargetGroup&Name=fn&TargetType=lambda";
    let functions = text(&simulator, create, "/TargetGroups/member/TargetGroupArn").await;
    let set = |arn: &str, key: &str, value: &str| {
        format!(
            "ModifyTargetGroupAttributes&TargetGroupArn={arn}&Attributes.member.1.Key={key}&Attributes.member.1.Value={value}"
        )
    };
    let delay = "deregistration_delay.timeout_seconds";
    elb(&simulator, &set(&addresses, delay, "30"))
        .await
        .unwrap();
    refused(
        &simulator,
        &set(&addresses, delay, "3601"),
        "ValidationError",
    )
    .await;
    refused(&simulator, &set(&functions, delay, "30"), "ValidationError").await;
    elb(
        &simulator,
        &set(&functions, "lambda.multi_value_headers.enabled", "true"),
    )
    .await
    .unwrap();
}

#[tokio::test]
async fn functions_have_no_network_and_must_permit() {
    let (simulator, network) = ready().await;
    let create = "CreateTargetGroup&Name=fn&TargetType=lambda";
    refused(
        &simulator,
        &format!("{create}&VpcId={}", network.vpc),
        "ValidationError",
    )
    .await;
    let made = elb(&simulator, create).await.unwrap()["TargetGroups"]["member"].clone();
    assert_eq!(made["HealthCheckEnabled"], "false");
    assert!(made.get("VpcId").is_none() && made.get("Port").is_none());
    let arn = made["TargetGroupArn"].as_str().unwrap();
    let register = |name: &str| {
        format!(
            "RegisterTargets&TargetGroupArn={arn}&Targets.member.1.Id=arn:aws:lambda:eu-central-1:111122223333:function:{name}"
        )
    };
    let functions = "arn:aws:lambda:eu-central-1:111122223333:function:";
    for name in ["other", "permitted"] {
        here(&simulator, |ctx| {
            lambda::add_function(ctx, &format!("{functions}{name}"));
        });
    }
    permit(&simulator, "permitted", arn).await;
    refused(&simulator, &register("other"), "AccessDenied").await;
    elb(&simulator, &register("permitted")).await.unwrap();
    let second = register("permitted").replace(":lambda:eu-central-1:", ":lambda:eu-west-1:");
    refused(&simulator, &second, "TooManyTargets").await;
}

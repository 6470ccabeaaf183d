//! Targets and their health, in time.

use std::time::Duration;

use serde_json::Value;

use super::{elb, forward, new_balancer, new_group, new_listener, path_rule, ready, refused, text};
use crate::Simulator;
use crate::testing::{Network, ec2, ec2_text, state};

/// A stack whose endpoint is available and whose load balancer is active; the target is registered, and forwarded to.
struct Stack {
    simulator: Simulator,
    network: Network,
    balancer: String,
    listener: String,
    group: String,
    rule: String,
    address: String,
}

fn permit(group: &str) -> String {
    format!(
        "AuthorizeSecurityGroupIngress&GroupId={group}&IpPermissions.1.IpProtocol=tcp&IpPermissions.1.FromPort=443\
         &IpPermissions.1.ToPort=443&IpPermissions.1.Groups.1.GroupId={group}"
    )
}

async fn sleep(seconds: u64) {
    tokio::time::sleep(Duration::from_secs(seconds)).await;
}

impl Stack {
    async fn new() -> Self {
        let (simulator, network) = ready().await;
        ec2_text(
            &simulator,
            &network.endpoint(),
            "/vpcEndpoint/vpcEndpointId",
        )
        .await;
        ec2(&simulator, &permit(&network.group)).await.unwrap();
        let address = state(&simulator)
            .interfaces
            .values()
            .next()
            .unwrap()
            .address
            .to_string();
        let balancer = new_balancer(&simulator, &network, "orders").await;
        let listener = new_listener(&simulator, &balancer, 80).await;
        let group = new_group(&simulator, &network, "api").await;
        let stack = Self {
            simulator,
            network,
            balancer,
            listener,
            group,
            rule: String::new(),
            address,
        };
        sleep(180).await;
        stack
    }

    async fn healthy() -> Self {
        let mut stack = Self::new().await;
        stack.register().await.unwrap();
        stack.forward().await;
        sleep(20).await;
        assert_eq!(stack.health().await, ("healthy".to_owned(), String::new()));
        stack
    }

    fn targets(&self, operation: &str) -> String {
        format!(
            "{operation}&TargetGroupArn={}&Targets.member.1.Id={}",
            self.group, self.address
        )
    }

    async fn register(&self) -> Result<Value, String> {
        elb(&self.simulator, &self.targets("RegisterTargets")).await
    }

    async fn forward(&mut self) {
        let rule = path_rule(&self.listener, 1, "/*", &forward(&self.group));
        self.rule = text(&self.simulator, &rule, "/Rules/member/RuleArn").await;
    }

    async fn health(&self) -> (String, String) {
        let describe = format!("DescribeTargetHealth&TargetGroupArn={}", self.group);
        let all = elb(&self.simulator, &describe).await.unwrap();
        let health = all["TargetHealthDescriptions"]["member"]["TargetHealth"].clone();
        let word = |name: &str| health[name].as_str().unwrap_or_default().to_owned();
        (word("State"), word("Reason"))
    }

    async fn is(&self, state: &str, reason: &str) {
        assert_eq!(self.health().await, (state.to_owned(), reason.to_owned()));
    }
}

#[tokio::test(start_paused = true)]
async fn a_target_is_unused_then_initial_then_healthy() {
    let mut stack = Stack::new().await;
    stack.register().await.unwrap();
    stack.is("unused", "Target.NotInUse").await;
    sleep(100).await;
    stack.is("unused", "Target.NotInUse").await;
    stack.forward().await;
    stack.is("initial", "Elb.RegistrationInProgress").await;
    // One good answer will do.
    sleep(10).await;
    stack.is("healthy", "").await;
    let describe = format!("DescribeTargetHealth&TargetGroupArn={}", stack.group);
    let zone = text(
        &stack.simulator,
        &describe,
        "/TargetHealthDescriptions/member/Target/AvailabilityZone",
    )
    .await;
    assert!(zone.starts_with("eu-central-1"));
    elb(
        &stack.simulator,
        &format!("DeleteRule&RuleArn={}", stack.rule),
    )
    .await
    .unwrap();
    stack.is("unused", "Target.NotInUse").await;
}

#[tokio::test(start_paused = true)]
async fn a_group_of_weight_0_is_used_and_checked() {
    let mut stack = Stack::new().await;
    stack.register().await.unwrap();
    let other = new_group(&stack.simulator, &stack.network, "old").await;
    stack.rule = text(
        &stack.simulator,
        &path_rule(&stack.listener, 1, "/*", &forward(&other)),
        "/Rules/member/RuleArn",
    )
    .await;
    sleep(30).await;
    stack.is("unused", "Target.NotInUse").await;
    let tuple = "Actions.member.1.ForwardConfig.TargetGroups.member";
    let beside = format!(
        "ModifyRule&RuleArn={}&Actions.member.1.Type=forward&{tuple}.1.TargetGroupArn={other}&{tuple}.1.Weight=1\
         &{tuple}.2.TargetGroupArn={}&{tuple}.2.Weight=0",
        stack.rule, stack.group
    );
    elb(&stack.simulator, &beside).await.unwrap();
    sleep(30).await;
    stack.is("healthy", "").await;
}

#[tokio::test(start_paused = true)]
async fn until_the_load_balancer_is_active_targets_are_initial() {
    let (simulator, network) = ready().await;
    let balancer = new_balancer(&simulator, &network, "orders").await;
    let listener = new_listener(&simulator, &balancer, 80).await;
    let group = new_group(&simulator, &network, "api").await;
    elb(&simulator, &path_rule(&listener, 1, "/*", &forward(&group)))
        .await
        .unwrap();
    elb(
        &simulator,
        &format!("RegisterTargets&TargetGroupArn={group}&Targets.member.1.Id=10.0.1.9"),
    )
    .await
    .unwrap();
    let describe = format!("DescribeTargetHealth&TargetGroupArn={group}");
    let reason = "/TargetHealthDescriptions/member/TargetHealth/Reason";
    sleep(173).await;
    assert_eq!(
        text(&simulator, &describe, reason).await,
        "Elb.RegistrationInProgress"
    );
    sleep(30).await;
    assert_eq!(text(&simulator, &describe, reason).await, "Target.Timeout");
}

#[tokio::test(start_paused = true)]
async fn security_groups_make_and_break_health() {
    let stack = Stack::healthy().await;
    let revoke = permit(&stack.network.group).replace("Authorize", "Revoke");
    ec2(&stack.simulator, &revoke).await.unwrap();
    sleep(9).await;
    stack.is("healthy", "").await;
    sleep(11).await;
    stack.is("unhealthy", "Target.Timeout").await;
    ec2(&stack.simulator, &permit(&stack.network.group))
        .await
        .unwrap();
    sleep(20).await;
    stack.is("healthy", "").await;
}

#[tokio::test(start_paused = true)]
async fn path_and_matcher_count() {
    let stack = Stack::healthy().await;
    let modify =
        |change: &str| format!("ModifyTargetGroup&TargetGroupArn={}&{change}", stack.group);
    elb(&stack.simulator, &modify("HealthCheckPath=/health"))
        .await
        .unwrap();
    sleep(20).await;
    stack.is("unhealthy", "Target.ResponseCodeMismatch").await;
    let describe = format!("DescribeTargetHealth&TargetGroupArn={}", stack.group);
    let words = text(
        &stack.simulator,
        &describe,
        "/TargetHealthDescriptions/member/TargetHealth/Description",
    )
    .await;
    assert_eq!(words, "Health checks failed with these codes: [403]");
    elb(&stack.simulator, &modify("Matcher.HttpCode=200,403"))
        .await
        .unwrap();
    sleep(20).await;
    stack.is("healthy", "").await;
    elb(&stack.simulator, &modify("HealthCheckPort=8443"))
        .await
        .unwrap();
    sleep(20).await;
    stack.is("unhealthy", "Target.Timeout").await;
}

#[tokio::test(start_paused = true)]
async fn an_endpoint_that_goes_takes_health_with_it() {
    let stack = Stack::healthy().await;
    let endpoint = state(&stack.simulator)
        .endpoints
        .keys()
        .next()
        .unwrap()
        .clone();
    ec2(
        &stack.simulator,
        &format!("DeleteVpcEndpoints&VpcEndpointId.1={endpoint}"),
    )
    .await
    .unwrap();
    sleep(20).await;
    stack.is("unhealthy", "Target.Timeout").await;
}

#[tokio::test(start_paused = true)]
async fn a_drained_address_waits_for_its_delay() {
    let stack = Stack::healthy().await;
    let delay = format!(
        "ModifyTargetGroupAttributes&TargetGroupArn={}&Attributes.member.1.Key=deregistration_delay.timeout_seconds&Attributes.member.1.Value=30",
        stack.group
    );
    elb(&stack.simulator, &delay).await.unwrap();
    elb(&stack.simulator, &stack.targets("DeregisterTargets"))
        .await
        .unwrap();
    stack
        .is("draining", "Target.DeregistrationInProgress")
        .await;
    sleep(29).await;
    assert_eq!(stack.register().await, Err("InvalidTarget".to_owned()));
    sleep(1).await;
    stack.register().await.unwrap();
    stack.is("initial", "Elb.RegistrationInProgress").await;
    elb(
        &stack.simulator,
        &stack
            .targets("DeregisterTargets")
            .replace(&stack.address, "10.0.1.77"),
    )
    .await
    .unwrap();
}

#[tokio::test(start_paused = true)]
async fn addresses_are_private_and_in_subnets() {
    let stack = Stack::new().await;
    let register = |id: &str| stack.targets("RegisterTargets").replace(&stack.address, id);
    let node = state(&stack.simulator);
    let node = node
        .interfaces
        .values()
        .find(|one| one.holder == stack.balancer)
        .unwrap()
        .address;
    for id in ["8.8.8.8", "10.0.200.1", &node.to_string()] {
        refused(&stack.simulator, &register(id), "InvalidTarget").await;
    }
    refused(
        &stack.simulator,
        &register("orders.example.com"),
        "ValidationError",
    )
    .await;
    // Outside the VPC, and no zone is said.
    refused(
        &stack.simulator,
        &register("192.168.0.1"),
        "ValidationError",
    )
    .await;
    let outside = format!(
        "{}&Targets.member.1.AvailabilityZone=all",
        register("192.168.0.1")
    );
    elb(&stack.simulator, &outside).await.unwrap();
    let wrong = format!(
        "{}&Targets.member.1.AvailabilityZone=eu-central-1c",
        register(&stack.address)
    );
    refused(&stack.simulator, &wrong, "InvalidTarget").await;
}

#[tokio::test(start_paused = true)]
async fn a_target_that_is_not_registered_says_so() {
    let stack = Stack::new().await;
    let health = elb(&stack.simulator, &stack.targets("DescribeTargetHealth"))
        .await
        .unwrap();
    assert_eq!(
        health["TargetHealthDescriptions"]["member"]["TargetHealth"]["Reason"],
        "Target.NotRegistered"
    );
    refused(
        &stack.simulator,
        &stack
            .targets("DescribeTargetHealth")
            .replace("/api/", "/lost/"),
        "TargetGroupNotFound",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_day_of_checks_is_cheap_and_ends_with_the_load_balancer() {
    let stack = Stack::healthy().await;
    let real = std::time::Instant::now();
    stack.simulator.skip(Duration::from_hours(24));
    stack.is("healthy", "").await;
    assert!(real.elapsed() < Duration::from_secs(10));
    elb(
        &stack.simulator,
        &format!("DeleteLoadBalancer&LoadBalancerArn={}", stack.balancer),
    )
    .await
    .unwrap();
    stack.simulator.skip(Duration::from_hours(1));
    assert_eq!(stack.simulator.world().next_event(), None);
}

#[tokio::test(start_paused = true)]
async fn a_zone_without_the_load_balancer_is_not_used() {
    let stack = Stack::new().await;
    let third = format!(
        "CreateSubnet&VpcId={}&CidrBlock=10.0.3.0/24&AvailabilityZone=eu-central-1c",
        stack.network.vpc
    );
    ec2(&stack.simulator, &third).await.unwrap();
    let register = stack
        .targets("RegisterTargets")
        .replace(&stack.address, "10.0.3.9");
    elb(&stack.simulator, &register).await.unwrap();
    elb(
        &stack.simulator,
        &path_rule(&stack.listener, 1, "/*", &forward(&stack.group)),
    )
    .await
    .unwrap();
    sleep(60).await;
    stack.is("unused", "Target.NotInUse").await;
}

/// The health of an endpoint for S3 by the pattern that AWS documents: `/`, and 307 or 405 is healthy.
async fn s3_health(protocol: &str, port: &str, matcher: &str) -> String {
    let (simulator, network) = ready().await;
    let create = network.endpoint().replace("execute-api", "s3");
    ec2(&simulator, &create).await.unwrap();
    ec2(&simulator, &permit(&network.group).replace("443", port))
        .await
        .unwrap();
    let address = state(&simulator)
        .interfaces
        .values()
        .next()
        .unwrap()
        .address;
    let balancer = new_balancer(&simulator, &network, "web").await;
    let listener = new_listener(&simulator, &balancer, 80).await;
    let group = format!(
        "CreateTargetGroup&Name=s3&TargetType=ip&Protocol={protocol}&Port={port}&VpcId={}&Matcher.HttpCode={matcher}\
         &HealthCheckProtocol={protocol}&HealthCheckIntervalSeconds=10&HealthyThresholdCount=2",
        network.vpc
    );
    let group = text(&simulator, &group, "/TargetGroups/member/TargetGroupArn").await;
    let register = format!("RegisterTargets&TargetGroupArn={group}&Targets.member.1.Id={address}");
    elb(&simulator, &register).await.unwrap();
    let rule = path_rule(&listener, 1, "/*", &forward(&group));
    elb(&simulator, &rule).await.unwrap();
    sleep(200).await;
    let describe = format!("DescribeTargetHealth&TargetGroupArn={group}");
    let found = "/TargetHealthDescriptions/member/TargetHealth/State";
    text(&simulator, &describe, found).await
}

#[tokio::test(start_paused = true)]
async fn s3_answers_health_checks_with_a_redirect() {
    assert_eq!(s3_health("HTTPS", "443", "307,405").await, "healthy");
    assert_eq!(s3_health("HTTP", "80", "307,405").await, "healthy");
    assert_eq!(s3_health("HTTPS", "443", "200").await, "unhealthy");
}

#[tokio::test(start_paused = true)]
async fn the_same_seed_gives_the_same_stack() {
    let run = || async {
        let stack = Stack::healthy().await;
        serde_json::to_string(stack.simulator.world().accounts()).unwrap()
    };
    assert_eq!(run().await, run().await);
}

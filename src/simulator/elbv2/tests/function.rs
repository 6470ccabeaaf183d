//! Functions as targets, in time.

use std::time::Duration;

use serde_json::json;

use super::{elb, forward, new_balancer, new_listener, path_rule, permit, ready, text};
use crate::Simulator;
use crate::lambda;
use crate::testing_rest::{here, json_call};

const FUNCTION: &str = "arn:aws:lambda:eu-central-1:111122223333:function:orders:live";

async fn sleep(seconds: u64) {
    tokio::time::sleep(Duration::from_secs(seconds)).await;
}

async fn health(simulator: &Simulator, group: &str) -> (String, String) {
    let describe = format!("DescribeTargetHealth&TargetGroupArn={group}");
    let all = elb(simulator, &describe).await.unwrap();
    let health = all["TargetHealthDescriptions"]["member"]["TargetHealth"].clone();
    let word = |name: &str| health[name].as_str().unwrap_or_default().to_owned();
    (word("State"), word("Reason"))
}

fn words(state: &str, reason: &str) -> (String, String) {
    (state.to_owned(), reason.to_owned())
}

#[tokio::test(start_paused = true)]
async fn a_functions_health_is_unavailable_until_checks_invoke_it() {
    let (simulator, network) = ready().await;
    here(&simulator, |ctx| lambda::add_function(ctx, FUNCTION));
    let create = "CreateTargetGroup&Name=fn&TargetType=lambda";
    let group = text(&simulator, create, "/TargetGroups/member/TargetGroupArn").await;
    permit(&simulator, "orders:live", &group).await;
    let register = format!("RegisterTargets&TargetGroupArn={group}&Targets.member.1.Id={FUNCTION}");
    elb(&simulator, &register).await.unwrap();
    assert_eq!(
        health(&simulator, &group).await,
        words("unused", "Target.NotInUse")
    );
    let balancer = new_balancer(&simulator, &network, "orders").await;
    let listener = new_listener(&simulator, &balancer, 80).await;
    let rule = path_rule(&listener, 1, "/sms", &forward(&group));
    elb(&simulator, &rule).await.unwrap();
    sleep(200).await;
    assert_eq!(
        health(&simulator, &group).await,
        words("unavailable", "Target.HealthCheckDisabled")
    );
    let check = format!(
        "ModifyTargetGroup&TargetGroupArn={group}&HealthCheckEnabled=true&HealthCheckPath=/up&HealthCheckIntervalSeconds=35"
    );
    elb(&simulator, &check).await.unwrap();
    assert_eq!(health(&simulator, &group).await.0, "initial");
    // Five good answers in a row.
    sleep(10 + 4 * 35).await;
    assert_eq!(health(&simulator, &group).await, words("healthy", ""));
    let remove = "/2015-03-31/functions/orders:live/policy/alb";
    json_call(&simulator, "lambda", "DELETE", remove, &json!(null))
        .await
        .unwrap();
    sleep(5 * 35).await;
    assert_eq!(
        health(&simulator, &group).await,
        words("unhealthy", "Target.FailedHealthChecks")
    );
    // A function goes at once, and the group is free for another.
    let leave = register.replace("RegisterTargets", "DeregisterTargets");
    elb(&simulator, &leave).await.unwrap();
    assert_eq!(health(&simulator, &group).await, words("", ""));
}

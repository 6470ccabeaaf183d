//! Rules.

use serde_json::json;

use super::{elb, forward, new_balancer, new_group, new_listener, path_rule, ready, refused, text};
use crate::Simulator;

const RESPOND: &str =
    "Actions.member.1.Type=fixed-response&Actions.member.1.FixedResponseConfig.StatusCode=403";

async fn at_a_listener() -> (Simulator, String) {
    let (simulator, network) = ready().await;
    let balancer = new_balancer(&simulator, &network, "orders").await;
    let listener = new_listener(&simulator, &balancer, 80).await;
    (simulator, listener)
}

fn with(listener: &str, conditions: &str) -> String {
    let conditions = conditions
        .replace("C1.", "Conditions.member.1.")
        .replace("C2.", "Conditions.member.2.");
    format!("CreateRule&ListenerArn={listener}&Priority=9&{RESPOND}&{conditions}")
}

#[tokio::test]
async fn priorities_are_unique_and_in_range() {
    let (simulator, listener) = at_a_listener().await;
    elb(&simulator, &path_rule(&listener, 1, "/a", RESPOND))
        .await
        .unwrap();
    refused(
        &simulator,
        &path_rule(&listener, 1, "/a", RESPOND),
        "PriorityInUse",
    )
    .await;
    refused(
        &simulator,
        &path_rule(&listener, 0, "/b", RESPOND),
        "ValidationError",
    )
    .await;
    refused(
        &simulator,
        &path_rule(&listener, 50_001, "/b", RESPOND),
        "ValidationError",
    )
    .await;
    elb(&simulator, &path_rule(&listener, 50_000, "/b", RESPOND))
        .await
        .unwrap();
}

#[tokio::test]
async fn a_hundred_rules() {
    let (simulator, listener) = at_a_listener().await;
    for priority in 1..=100 {
        elb(&simulator, &path_rule(&listener, priority, "/a", RESPOND))
            .await
            .unwrap();
    }
    refused(
        &simulator,
        &path_rule(&listener, 101, "/a", RESPOND),
        "TooManyRules",
    )
    .await;
}

#[tokio::test]
async fn the_default_rule_comes_last_and_stays() {
    let (simulator, listener) = at_a_listener().await;
    elb(&simulator, &path_rule(&listener, 20, "/b", RESPOND))
        .await
        .unwrap();
    elb(&simulator, &path_rule(&listener, 3, "/a", RESPOND))
        .await
        .unwrap();
    let rules = elb(&simulator, &format!("DescribeRules&ListenerArn={listener}"))
        .await
        .unwrap();
    let rules = rules["Rules"]["member"].as_array().unwrap().clone();
    let priorities: Vec<_> = rules
        .iter()
        .map(|rule| rule["Priority"].as_str().unwrap())
        .collect();
    assert_eq!(priorities, ["3", "20", "default"]);
    assert_eq!(rules[2]["IsDefault"], "true");
    let default = rules[2]["RuleArn"].as_str().unwrap();
    refused(
        &simulator,
        &format!("DeleteRule&RuleArn={default}"),
        "OperationNotPermitted",
    )
    .await;
    let transform = "Transforms.member.1.Type=url-rewrite&Transforms.member.1.UrlRewriteConfig.Rewrites.member.1.Regex=a";
    refused(
        &simulator,
        &format!("ModifyRule&RuleArn={default}&{transform}"),
        "OperationNotPermitted",
    )
    .await;
}

#[tokio::test]
async fn rules_can_change_places() {
    let (simulator, listener) = at_a_listener().await;
    let arn = "/Rules/member/RuleArn";
    let one = text(&simulator, &path_rule(&listener, 1, "/a", RESPOND), arn).await;
    let two = text(&simulator, &path_rule(&listener, 2, "/b", RESPOND), arn).await;
    let pair = |place: u8, rule: &str, priority: u8| {
        format!(
            "&RulePriorities.member.{place}.RuleArn={rule}&RulePriorities.member.{place}.Priority={priority}"
        )
    };
    refused(
        &simulator,
        &format!("SetRulePriorities{}", pair(1, &one, 2)),
        "PriorityInUse",
    )
    .await;
    let swap = format!("SetRulePriorities{}{}", pair(1, &one, 2), pair(2, &two, 1));
    elb(&simulator, &swap).await.unwrap();
    let describe = format!("DescribeRules&RuleArns.member.1={one}");
    assert_eq!(
        text(&simulator, &describe, "/Rules/member/Priority").await,
        "2"
    );
}

#[tokio::test]
async fn conditions_are_checked() {
    let (simulator, listener) = at_a_listener().await;
    for conditions in [
        "",
        "C1.Field=colour&C1.Values.member.1=red",
        "C1.Field=host-header&C1.Values.member.1=nodot",
        "C1.Field=host-header&C1.Values.member.1=a.example.com1",
        "C1.Field=path-pattern&C1.Values.member.1=/a%20b",
        "C1.Field=path-pattern&C1.Values.member.1=/a&C1.Values.member.2=/b",
        "C1.Field=path-pattern&C1.Values.member.1=/a&C1.PathPatternConfig.Values.member.1=/b",
        "C1.Field=path-pattern&C1.Values.member.1=/a&C2.Field=path-pattern&C2.Values.member.1=/b",
        "C1.Field=path-pattern&C1.Values.member.1=/*?*?*?",
        "C1.Field=http-header&C1.HttpHeaderConfig.HttpHeaderName=Host&C1.HttpHeaderConfig.Values.member.1=a",
        "C1.Field=http-header&C1.Values.member.1=a",
        "C1.Field=http-request-method&C1.HttpRequestMethodConfig.Values.member.1=get",
        "C1.Field=http-request-method&C1.HttpRequestMethodConfig.RegexValues.member.1=GET",
        "C1.Field=source-ip&C1.SourceIpConfig.Values.member.1=10.0.0.1",
        "C1.Field=path-pattern&C1.PathPatternConfig.RegexValues.member.1=(a",
    ] {
        refused(&simulator, &with(&listener, conditions), "ValidationError").await;
    }
    let values: Vec<String> = (1..=6)
        .map(|n| format!("&C1.PathPatternConfig.Values.member.{n}=/{n}"))
        .collect();
    let values = values.concat();
    refused(
        &simulator,
        &with(&listener, &format!("C1.Field=path-pattern{values}")),
        "ValidationError",
    )
    .await;
}

#[tokio::test]
async fn conditions_are_answered_in_both_forms() {
    let (simulator, listener) = at_a_listener().await;
    let create = with(
        &listener,
        "C1.Field=host-header&C1.HostHeaderConfig.Values.member.1=orders.example.com\
         &C2.Field=query-string&C2.QueryStringConfig.Values.member.1.Key=v&C2.QueryStringConfig.Values.member.1.Value=1",
    );
    let rule = elb(&simulator, &create).await.unwrap()["Rules"]["member"].clone();
    let conditions = &rule["Conditions"]["member"];
    assert_eq!(conditions[0]["Values"]["member"], "orders.example.com");
    assert_eq!(
        conditions[0]["HostHeaderConfig"]["Values"]["member"],
        "orders.example.com"
    );
    assert_eq!(
        conditions[1]["QueryStringConfig"]["Values"]["member"],
        json!({"Key": "v", "Value": "1"})
    );
    assert!(conditions[1].get("Values").is_none());
}

#[tokio::test]
async fn transforms_are_one_of_each() {
    let (simulator, listener) = at_a_listener().await;
    let transform = |place: u8, kind: &str, config: &str| {
        format!(
            "&Transforms.member.{place}.Type={kind}&Transforms.member.{place}.{config}.Rewrites.member.1.Regex=%5Ea\
             &Transforms.member.{place}.{config}.Rewrites.member.1.Replace=b"
        )
    };
    let (host, url) = (
        transform(1, "host-header-rewrite", "HostHeaderRewriteConfig"),
        transform(2, "url-rewrite", "UrlRewriteConfig"),
    );
    let again = transform(2, "host-header-rewrite", "HostHeaderRewriteConfig");
    let create = path_rule(&listener, 1, "/a", RESPOND);
    refused(
        &simulator,
        &format!("{create}{host}{again}"),
        "ValidationError",
    )
    .await;
    refused(
        &simulator,
        &format!(
            "{create}{}",
            transform(1, "url-rewrite", "HostHeaderRewriteConfig")
        ),
        "ValidationError",
    )
    .await;
    let made = elb(&simulator, &format!("{create}{host}{url}"))
        .await
        .unwrap()["Rules"]["member"]
        .clone();
    assert_eq!(
        made["Transforms"]["member"][1]["UrlRewriteConfig"]["Rewrites"]["member"]["Regex"],
        "^a"
    );
    let reset = format!(
        "ModifyRule&RuleArn={}&ResetTransforms=true",
        made["RuleArn"].as_str().unwrap()
    );
    let after = elb(&simulator, &reset).await.unwrap();
    assert!(
        after["Rules"]["member"]["Transforms"]
            .as_str()
            .unwrap()
            .is_empty()
    );
}

#[tokio::test]
async fn weights_and_stickiness() {
    let (simulator, network) = ready().await;
    let balancer = new_balancer(&simulator, &network, "orders").await;
    let listener = new_listener(&simulator, &balancer, 80).await;
    let (blue, green) = (
        new_group(&simulator, &network, "blue").await,
        new_group(&simulator, &network, "green").await,
    );
    let a = "Actions.member.1";
    let action = |weight: u16| {
        format!(
            "{a}.Type=forward&{a}.ForwardConfig.TargetGroups.member.1.TargetGroupArn={blue}&{a}.ForwardConfig.TargetGroups.member.1.Weight={weight}\
             &{a}.ForwardConfig.TargetGroups.member.2.TargetGroupArn={green}"
        )
    };
    refused(
        &simulator,
        &path_rule(&listener, 1, "/a", &action(1000)),
        "ValidationError",
    )
    .await;
    let sticky = format!(
        "{}&{a}.ForwardConfig.TargetGroupStickinessConfig.Enabled=true",
        action(9)
    );
    refused(
        &simulator,
        &path_rule(&listener, 1, "/a", &sticky),
        "InvalidLoadBalancerAction",
    )
    .await;
    let both = format!("{}&{a}.TargetGroupArn={green}", action(9));
    refused(
        &simulator,
        &path_rule(&listener, 1, "/a", &both),
        "InvalidLoadBalancerAction",
    )
    .await;
    let made = elb(&simulator, &path_rule(&listener, 1, "/a", &action(9)))
        .await
        .unwrap();
    let made = &made["Rules"]["member"]["Actions"]["member"];
    assert!(made.get("TargetGroupArn").is_none());
    assert_eq!(
        made["ForwardConfig"]["TargetGroups"]["member"][1]["Weight"],
        "1"
    );
    let single = elb(&simulator, &path_rule(&listener, 2, "/b", &forward(&blue)))
        .await
        .unwrap();
    let single = &single["Rules"]["member"]["Actions"]["member"];
    assert_eq!(
        single["ForwardConfig"]["TargetGroups"]["member"]["TargetGroupArn"],
        single["TargetGroupArn"]
    );
}

//! The result line of the real program: on every failure, with all that was
//! refused, and never without what is still there.

use std::{thread, time::Duration};

use aws_sdk_elasticloadbalancingv2::types::{
    Action, ActionTypeEnum, FixedResponseActionConfig, LoadBalancerAttribute, RuleCondition,
};
use hybridgw::{
    pipeline::observe::discover,
    simulator::faults::{Fault, Rule},
};
use serde_json::{Value, json};

use crate::support::{
    program::{Ended, Running, Served},
    scene::{Scene, Verb},
    sweep::prepared,
};

const DOWN: [&str; 4] = ["down", "--yes", "-o", "json"];

fn standing() -> Served {
    Served::of(&Scene::of("placeholder.toml", Verb::Down))
}

fn result(ended: &Ended) -> Value {
    let last = ended.stdout.lines().last().unwrap_or_default();
    let value: Value = serde_json::from_str(last).unwrap_or_else(|_| panic!("{ended}"));
    assert_eq!(value["event"], "result", "{ended}");
    assert_eq!(value["ok"], false, "{ended}");
    value
}

fn names(value: &Value) -> Vec<&str> {
    let all = value.as_array().expect("a list");
    all.iter().filter_map(Value::as_str).collect()
}

fn denying(operation: &str) -> Vec<Rule> {
    let then = Fault::Refuse {
        code: "AccessDenied".to_owned(),
        status: 403,
        message: "no".to_owned(),
    };
    always(operation, then)
}

fn always(operation: &str, then: Fault) -> Vec<Rule> {
    vec![Rule {
        operation: operation.to_owned(),
        calls: None,
        from: Some(1),
        probability: None,
        times: None,
        then,
    }]
}

/// Protects the load balancer, and puts somebody's rule on its listener.
fn hindered(served: &Served) {
    let bench = served.bench(&Scene::of("placeholder.toml", Verb::Down));
    prepared(async move || {
        tokio::time::resume();
        let all = discover(&bench.look()).await.expect("it can be read");
        let id = |key: &str| {
            let one = all.iter().find(|one| one.key.as_str() == key);
            one.expect("it stands").id.clone()
        };
        let elb = bench.connection.writer().elb;
        let on = LoadBalancerAttribute::builder()
            .key("deletion_protection.enabled")
            .value("true");
        let protect = elb.modify_load_balancer_attributes().attributes(on.build());
        let protect = protect.load_balancer_arn(id("load-balancer"));
        protect.send().await.expect("it can be protected");
        let answer = FixedResponseActionConfig::builder().status_code("204");
        let action = Action::builder()
            .r#type(ActionTypeEnum::FixedResponse)
            .fixed_response_config(answer.build());
        let condition = RuleCondition::builder()
            .field("path-pattern")
            .values("/theirs");
        let rule = elb.create_rule().listener_arn(id("listener")).priority(40);
        let rule = rule.conditions(condition.build());
        rule.actions(action.build())
            .send()
            .await
            .expect("a rule of somebody's");
    });
}

#[test]
fn a_refused_down_says_all_that_refuses_and_what_still_stands() {
    let served = standing();
    hindered(&served);
    let down = served.run(&DOWN).exits(1);
    let value = result(&down);
    let said = value["error"].to_string();
    for part in [
        "deletion_protection",
        "not this stack's",
        "nothing was deleted",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    let left = names(&value["left_behind"]);
    for key in ["load-balancer", "rest-api", "dns-record"] {
        assert!(left.contains(&key), "{key}: {left:?}");
    }
    assert_eq!(value["deleted"], json!([]), "{down}");
    // A person reads the refusal, and no list of all that was not touched.
    let shown = served.run(&["down", "--yes"]).exits(1);
    assert!(!shown.stderr.contains("left behind"), "{shown}");
}

#[test]
fn a_look_at_a_removal_with_something_unreadable_in_it_ends_like_the_removal() {
    let served = standing();
    served.simulator.set_faults(denying("apigateway:GetStages"));
    let dry = served.run(&["down", "--dry-run", "-o", "json"]).exits(4);
    let value = result(&dry);
    assert_eq!(value["converged"], false, "{dry}");
    assert!(value["error"].to_string().contains("GetStages"), "{value}");
    assert!(!names(&value["left_behind"]).is_empty(), "{value}");
}

#[test]
fn who_presses_ctrl_c_twice_gets_the_result_line_all_the_same() {
    for (verb, operation, key) in [
        (
            Verb::Up,
            "elasticloadbalancing:CreateTargetGroup",
            "target-group",
        ),
        (
            Verb::Down,
            "elasticloadbalancing:DeleteLoadBalancer",
            "load-balancer",
        ),
    ] {
        let served = Served::of(&Scene::of("placeholder.toml", verb));
        served.hang(operation, 1, true);
        let arguments = if verb == Verb::Down {
            DOWN
        } else {
            ["up", "--yes", "-o", "json"]
        };
        let running = Running::start(&mut served.command(&arguments));
        assert!(served.hangs(), "{}", running.end());
        running.signal("INT");
        thread::sleep(Duration::from_millis(500));
        running.signal("INT");
        let ended = running.end().exits(130);
        let value = result(&ended);
        assert!(names(&value["left_behind"]).contains(&key), "{value}");
        assert_ne!(value["api_calls"], 0, "{value}");
    }
}

#[test]
fn the_endpoint_is_named_by_whatever_gets_no_answer_from_it() {
    let served = standing();
    // A read of each command that no earlier one of it makes.
    for (command, operation) in [
        ("plan", "elasticloadbalancing:DescribeTargetHealth"),
        ("outputs", "sts:GetCallerIdentity"),
    ] {
        let page = Fault::Page {
            status: 503,
            applied: false,
        };
        served.simulator.set_faults(always(operation, page));
        let ended = served.run(&[command]).exits(1);
        let named = ended.stderr.contains("the endpoint is http://127.0.0.1:");
        assert!(named, "{command}: {ended}");
    }
}

use serde_json::json;

use super::*;
use crate::{outputs::TargetRow, resource::Key};

fn existing(key: &str, id: &str, state: &str) -> Existing {
    Existing {
        resource: Key::from_tag(key).expect("a key"),
        id: id.to_owned(),
        state: state.to_owned(),
        created: None,
    }
}

fn target(route: &str, address: &str, health: &str, reason: Option<&str>) -> TargetRow {
    TargetRow {
        route: route.to_owned(),
        address: address.to_owned(),
        zone: "eu-central-1a".to_owned(),
        health: health.to_owned(),
        reason: reason.map(str::to_owned),
    }
}

fn stack(resources: Vec<Existing>, targets: Vec<TargetRow>) -> Status {
    Status {
        format_version: 1,
        stack: "orders".to_owned(),
        url: Some("https://orders.corp.example.com".to_owned()),
        resources,
        targets,
        unreadable: Vec::new(),
    }
}

fn plainly_shown(status: &Status, ids: bool) -> String {
    let now = DateTime::from_secs(1_000_000);
    let shown = super::status(status, ids, now);
    anstream::adapter::strip_str(&shown).to_string()
}

const BALANCER: &str = "arn:aws:elasticloadbalancing:eu-central-1:111122223333:loadbalancer/app/orders/50dc6c495c0c9188";

#[test]
fn the_way_of_a_request_is_one_look() {
    let mut balancer = existing("load-balancer", BALANCER, "active");
    balancer.created = Some(DateTime::from_secs(1_000_000 - 3 * 86_400));
    let rule = BALANCER.replace("loadbalancer/", "listener-rule/");
    let function = "arn:aws:lambda:eu-central-1:111122223333:function:sms:3";
    let status = stack(
        vec![
            existing("base-path-mapping", "(none)", "available"),
            existing("dns-record", "orders.corp.example.com", "active"),
            existing("endpoint-policy", "vpce-1", "available"),
            existing("listener", "arn:l", "active"),
            existing("listener-rule", &rule, "active"),
            existing("listener-rule/sms", &rule, "active"),
            balancer,
            existing("load-balancer-security-group", "sg-1", "available"),
            existing("rest-api", "a1b2c3", "available"),
            existing("target-group", "arn:t", "active"),
            existing("vpc-endpoint", "vpce-1", "available"),
        ],
        vec![
            target("/", "10.0.1.10", "healthy", None),
            target("/", "10.0.2.10", "unhealthy", Some("Target.Timeout")),
            target(
                "/sms",
                function,
                "unavailable",
                Some("Target.HealthCheckDisabled"),
            ),
        ],
    );
    insta::assert_snapshot!(plainly_shown(&status, false));
    let whole = plainly_shown(&status, true);
    assert!(
        whole.contains(BALANCER) && whole.contains(function),
        "{whole}"
    );
}

#[test]
fn a_missing_load_balancer_is_seen_to_be_missing() {
    let status = stack(
        vec![existing(
            "load-balancer-security-group",
            "sg-1",
            "available",
        )],
        Vec::new(),
    );
    let shown = plainly_shown(&status, false);
    assert!(
        shown
            .lines()
            .any(|line| line.trim().starts_with("load-balancer ") && line.ends_with("none")),
        "{shown}"
    );
}

#[test]
fn words_of_others_break_no_line_of_the_tree() {
    let evil = "a\n\u{1b}[2K\u{202e}";
    let status = stack(
        vec![
            existing("load-balancer", evil, evil),
            existing("rest-api", evil, evil),
        ],
        vec![target("/", evil, evil, Some(evil))],
    );
    let shown = plainly_shown(&status, true);
    assert_eq!(shown.lines().count(), 5, "{shown}");
    assert!(!shown.contains(['\u{1b}', '\u{202e}']), "{shown}");
}

#[test]
fn the_json_says_when_a_thing_was_made() {
    let mut one = existing("load-balancer", BALANCER, "active");
    assert_eq!(json!(one).get("created"), None);
    one.created = Some(DateTime::from_secs(0));
    assert_eq!(json!(one)["created"], "1970-01-01T00:00:00Z");
}

#[test]
fn waiting_ends_when_every_route_is_served_and_not_before() {
    let good = || {
        vec![
            existing("dns-record", "orders.corp.example.com", "active"),
            existing("listener", "arn:l", "active"),
            existing("listener-rule", "arn:r", "active"),
            existing("load-balancer", BALANCER, "active"),
        ]
    };
    let row = || target("/", "10.0.1.10", "healthy", None);
    assert_eq!(stack(good(), vec![row()]).not_yet_healthy(), None);
    for missing in 0..good().len() {
        let mut rest = good();
        rest.remove(missing);
        assert!(
            stack(rest, vec![row()]).not_yet_healthy().is_some(),
            "{missing}"
        );
    }
    let mut pending = good();
    pending[3].state = "provisioning".to_owned();
    let why = stack(pending, vec![row()]).not_yet_healthy();
    assert_eq!(why.as_deref(), Some("load-balancer is provisioning"));
    let fresh = vec![row(), target("/", "10.0.2.10", "initial", None)];
    let why = stack(good(), fresh).not_yet_healthy();
    assert_eq!(why.as_deref(), Some("10.0.2.10 of route / is initial"));
    assert!(stack(good(), Vec::new()).not_yet_healthy().is_some());
    // A function whose health is not checked serves; what is drained does not.
    let unchecked = target("/", "arn:aws:lambda:x", "unavailable", None);
    assert_eq!(stack(good(), vec![unchecked]).not_yet_healthy(), None);
    let drained = target("/", "10.0.2.10", "draining", None);
    let drained = stack(good(), vec![drained]).not_yet_healthy();
    assert_eq!(drained.as_deref(), Some("listener-rule leads to no target"));
    // One route serves, the other one has nobody.
    let mut two = good();
    two.push(existing("listener-rule/sms", "arn:s", "active"));
    let why = stack(two, vec![row()]).not_yet_healthy();
    assert_eq!(why.as_deref(), Some("listener-rule/sms leads to no target"));

    assert_eq!(stack(Vec::new(), Vec::new()).not_yet_gone(), None);
    let why = stack(good(), Vec::new()).not_yet_gone();
    assert_eq!(why.as_deref(), Some("dns-record and 3 more are left"));
}

//! A saved plan pins everything that would be written.

use std::fs;

use hybridgw::{
    config::Config,
    pipeline::saved::Saved,
    rehearsal,
    simulator::{Simulator, conditions::Conditions},
};

use super::{ACCOUNT, Bench, Folder, REGION, example};

/// An example, what is changed in it, and a resource that is then another one.
const CHANGES: [(&str, &str, &str, &str); 15] = [
    (
        "apis.toml",
        "10.0.0.0/8",
        "10.1.0.0/16",
        "security-group-rules",
    ),
    (
        "apis.toml",
        "idle_timeout = 120",
        "idle_timeout = 121",
        "load-balancer",
    ),
    (
        "apis.toml",
        "idle_timeout = 120",
        "deletion_protection = true",
        "load-balancer",
    ),
    (
        "apis.toml",
        "idle_timeout = 120",
        "idle_timeout = 120\ntls_policy = \"ELBSecurityPolicy-TLS13-1-2-2021-06\"",
        "listener",
    ),
    (
        "apis.toml",
        "idle_timeout = 120",
        "idle_timeout = 120\nhealth_check = { path = \"/ping\", matcher = \"200-299\" }",
        "target-group",
    ),
    ("apis.toml", "12345678-1234-", "22345678-1234-", "listener"),
    (
        "apis.toml",
        r#"orders.corp.example.com"
zone        = "Z0123456789ABCDEFGHIJ"
certificate = "arn:aws:acm:eu-central-1:111122223333:certificate/1"#,
        r#"sales.corp.example.com"
zone        = "Z0123456789ABCDEFGHIJ"
certificate = "arn:aws:acm:eu-central-1:111122223333:certificate/3"#,
        "dns-record",
    ),
    (
        "apis.toml",
        "team = \"orders\"",
        "team = \"sales\"",
        "rest-api",
    ),
    (
        "apis.toml",
        "openapi.yaml\", stage = \"v1\"",
        "openapi.yaml\", stage = \"v2\"",
        "stage",
    ),
    (
        "apis.toml",
        "function:sms",
        "function:other",
        "rest-api/sms",
    ),
    (
        "apis.toml",
        "a1b2c3d4e5",
        "b1b2c3d4e5",
        "base-path-mapping/billing",
    ),
    (
        "apis.toml",
        "subnet-0bbbbbbbbbbbbbbbb",
        "subnet-0cccccccccccccccc",
        "vpc-endpoint",
    ),
    (
        "everything.toml",
        "hooks:live",
        "hooks:next",
        "lambda-permission/hooks",
    ),
    (
        "everything.toml",
        "orders-frontend",
        "orders-backend",
        "bucket-policy",
    ),
    ("everything.toml", "/hooks", "/calls", "listener-rule/calls"),
];

fn load(text: &str) -> Config {
    let config = Config::parse(text, &example("text.toml"), &[], &|_| None);
    config.unwrap_or_else(|errors| panic!("{errors}"))
}

/// An account that has what these configurations borrow.
fn account(configs: [&Config; 2]) -> Simulator {
    let simulator = Simulator::new(Conditions::default());
    let three = super::config("placeholder.toml", &[]);
    for config in [&[&three], &configs[..]].concat() {
        rehearsal::furnish(&simulator, config, ACCOUNT, REGION).expect("it is in memory");
    }
    simulator
}

async fn saved(bench: &Bench) -> Saved {
    let (_, plan) = bench.plan(&bench.look()).await.expect("a plan");
    Saved::parse(&plan.to_json().to_string()).expect("it is what `--out` writes")
}

async fn refusal(saved: &Saved, bench: &Bench) -> Option<String> {
    match bench.plan(&bench.look()).await {
        Ok((_, plan)) => saved
            .refuse_stale(&plan)
            .err()
            .map(|error| error.to_string()),
        Err(error) => Some(format!("no plan: {error}")),
    }
}

#[tokio::test(start_paused = true)]
async fn whatever_is_changed_in_the_file_a_saved_plan_is_refused_and_says_what_it_is() {
    let mut wrong = Vec::new();
    for (name, was, is, of) in CHANGES {
        let text = fs::read_to_string(example(name)).expect("an example can be read");
        assert!(text.contains(was), "{name} has no {was}");
        let (first, second) = (load(&text), load(&text.replace(was, is)));
        let simulator = account([&first, &second]);
        let before = Bench::at(simulator.clone(), first);
        let after = Bench::at(simulator, second);
        let plan = saved(&before).await;
        assert_eq!(refusal(&plan, &before).await, None, "nothing has changed");
        let words = refusal(&plan, &after).await.unwrap_or_default();
        let wanted = words.split("what exists").next().unwrap_or_default();
        if !wanted.contains(of) {
            wrong.push(format!("{name}: {is} is not told of {of}: {words}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test(start_paused = true)]
async fn what_differs_only_from_what_exists_is_refused_too() {
    let bench = Bench::new("placeholder.toml", Conditions::default());
    let plan = saved(&bench).await;
    assert!(bench.up().await.ok());
    let words = refusal(&plan, &bench).await.expect("it has been applied");
    assert!(words.contains("what exists has changed for"), "{words}");
    assert!(!words.contains("what is wanted"), "{words}");
}

#[test]
fn a_plan_without_pins_is_refused_with_the_remedy() {
    let old = r#"{"format_version": 1, "actions": []}"#;
    let why = Saved::parse(old).expect_err("it pins nothing");
    assert!(why.contains("does not pin"), "{why}");
}

#[test]
fn a_plan_is_applied_from_its_file_and_not_when_a_body_has_changed() {
    let folder = Folder::new("saved");
    let run = |arguments: &[&str]| {
        let all = [&["--simulate", "--config", "apis.toml"], arguments].concat();
        let output = folder.run(&all);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        (output.status.code(), said)
    };
    // The first command furnishes the account.
    assert_eq!(run(&["plan"]).0, Some(0));
    assert_eq!(run(&["plan", "--out", "plan.json"]).0, Some(0));
    let body = folder.0.join("openapi.yaml");
    let text = fs::read_to_string(&body).expect("it can be read");
    fs::write(&body, format!("{text}\nx-changed: true\n")).expect("it can be written");
    let (code, said) = run(&["up", "plan.json"]);
    assert_eq!(code, Some(1), "{said}");
    assert!(
        said.contains("what is wanted has changed for rest-api;"),
        "{said}"
    );
    assert!(said.contains("nothing was written"), "{said}");
    fs::write(&body, text).expect("it can be written");
    let (code, said) = run(&["up", "plan.json"]);
    assert_eq!(code, Some(0), "{said}");
}

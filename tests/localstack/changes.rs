//! The file changes, and the stack follows: just that, and in the right order.

use crate::support::{ALL, HOST, Proxy, STACK, World, ZONE, make_subnet, replaced, words};

/// Writes the file with one thing said otherwise, runs `up`, and asserts what
/// it did and that the stack answers.
#[track_caller]
fn change(world: &World, toml: &mut String, from: &str, to: &str, done: &[&str]) {
    *toml = replaced(toml, from, to);
    world.write(toml);
    let plan = world.hybridgw("plan --detailed-exitcode -o json").exits(2);
    let up = world.up();
    assert_eq!(up.done(), done, "{from} -> {to}\n{plan}\n{up}");
    world.plan_is_empty(to);
}

#[tokio::test]
async fn a_setting_changes_its_own_resource_only() {
    let world = World::new().await;
    world.up();
    let mut toml = world.toml();
    let balancer = &["update load-balancer"];
    let listener = &["update listener"];
    let group = &["update target-group"];
    let rules = &["update security-group-rules"];
    let mut change = |from: &str, to: &str, done: &[&str]| {
        change(&world, &mut toml, from, to, done);
        world.answers(to);
    };
    change(
        r#"["10.0.0.0/8"]"#,
        r#"["10.0.0.0/8", "192.168.0.0/16"]"#,
        rules,
    );
    change(
        r#"["10.0.0.0/8", "192.168.0.0/16"]"#,
        r#"["10.0.0.0/8"]"#,
        rules,
    );
    change("idle_timeout = 60", "idle_timeout = 120", balancer);
    change("idle_timeout = 120", "idle_timeout = 60", balancer);
    change(
        "idle_timeout = 60",
        "idle_timeout = 60\ntls_policy = \"ELBSecurityPolicy-TLS13-1-2-2021-06\"",
        listener,
    );
    change(
        "idle_timeout = 60",
        "idle_timeout = 60\nhealth_check = { path = \"/sping\", matcher = \"200-299\" }",
        group,
    );
    change(
        "[network]",
        "[tags]\nteam = \"orders\"\n\n[network]",
        &[
            "update domain-name",
            "update endpoint-security-group",
            "update listener",
            "update listener-rule",
            "update load-balancer",
            "update load-balancer-security-group",
            "update redirect-listener",
            "update rest-api",
            "update stage",
            "update target-group",
            "update vpc-endpoint",
        ],
    );
}

#[tokio::test]
async fn set_on_the_command_line_counts_like_the_file() {
    let world = World::new().await;
    world.up();
    let set = "--set load_balancer.idle_timeout=90";
    let up = world
        .hybridgw(&format!("up --yes -o json {set}"))
        .converged();
    assert_eq!(up.done(), ["update load-balancer"], "{up}");
    world
        .hybridgw(&format!("plan --detailed-exitcode {set}"))
        .exits(0);
    world.hybridgw("plan --detailed-exitcode").exits(2);
}

#[tokio::test]
async fn targets_follow_the_subnets() {
    let world = World::new().await;
    let mut toml = replaced(
        &world.toml(),
        &format!("{:?}", world.subnets),
        &format!("{:?}", &world.subnets[..2]),
    );
    world.write(&toml);
    world.up();
    assert_eq!(zones(&world), ["eu-central-1a", "eu-central-1b"]);
    let moved = &[
        "update load-balancer",
        "update targets",
        "update vpc-endpoint",
    ];

    let (two, three) = (
        format!("{:?}", &world.subnets[..2]),
        format!("{:?}", world.subnets),
    );
    change(&world, &mut toml, &two, &three, moved);
    assert_eq!(
        zones(&world),
        ["eu-central-1a", "eu-central-1b", "eu-central-1c"]
    );
    world.answers("a third subnet");

    let last = format!("{:?}", &world.subnets[1..]);
    change(&world, &mut toml, &three, &last, moved);
    assert_eq!(zones(&world), ["eu-central-1b", "eu-central-1c"]);
    world.answers("the first subnet gone");

    // Another subnet in a zone that stays: an endpoint takes one a zone.
    let other = make_subnet(&world.aws, &world.vpc, "10.0.9.0/24", "a").await;
    let swapped = format!("{:?}", [&other, &world.subnets[1]]);
    change(&world, &mut toml, &last, &swapped, moved);
    assert_eq!(zones(&world), ["eu-central-1a", "eu-central-1b"]);
    world.answers("a subnet swapped");
}

/// The zones of the targets, all of which are healthy.
#[track_caller]
fn zones(world: &World) -> Vec<String> {
    let ran = world.hybridgw("status -o json").exits(0);
    let status = ran.json();
    let targets = status["targets"].as_array().expect("targets");
    for target in targets {
        assert_eq!(target["health"], "healthy", "{ran}");
    }
    let zones: Vec<_> = targets.iter().map(|row| row["zone"].clone()).collect();
    words(&zones.into())
}

#[tokio::test]
async fn a_protected_stack_is_not_taken_down() {
    let world = World::new().await;
    let protected = "idle_timeout = 60\ndeletion_protection = true";
    world.write_with("idle_timeout = 60", protected);
    world.up();
    let standing = world.census().await;
    let proxy = Proxy::start();
    let down = world
        .call("down --yes -o json")
        .through(&proxy)
        .run()
        .exits(1);
    let down = down.says(&["load_balancer.deletion_protection"]);
    assert_eq!(proxy.writes(), [""; 0], "of {down}");
    assert_eq!(down.result()["deleted"], serde_json::json!([]), "{down}");
    world.census().await.assert_equals(&standing, &down);

    world.write(&world.toml());
    let up = world.up();
    assert_eq!(up.done(), ["update load-balancer"], "{up}");
    world.down();
}

#[tokio::test]
async fn a_renamed_stage_replaces_the_old_one_behind_the_same_api() {
    let world = World::new().await;
    world.up();
    let mut toml = world.toml();
    change(
        &world,
        &mut toml,
        r#"stage = "v1""#,
        r#"stage = "v2""#,
        &["create stage", "delete stage", "update base-path-mapping"],
    );
    assert_eq!(world.ids()["stage"], "v2");
    world.answers("a renamed stage");
}

#[tokio::test]
async fn a_route_comes_and_goes_and_the_other_is_not_touched() {
    let world = World::new().await;
    let before = world.census().await;
    world.up();
    let standing = world.census().await;
    let kinds = [
        "base-path-mapping",
        "deployment",
        "listener-rule",
        "rest-api",
        "stage",
    ];
    let verb = |verb: &str| kinds.map(|kind| format!("{verb} {kind}/shop"));
    let mut toml = world.toml();
    let route = "\n[[route]]\npath = \"/shop\"\napi = { placeholder = true }\n";
    toml.push_str(route);
    world.write(&toml);
    let up = world.up();
    let mut done = verb("create").to_vec();
    done.push("update endpoint-policy".to_owned());
    assert_eq!(up.done(), done, "{up}");
    world.answers("a second route");
    assert_eq!(world.ask("/shop").status, 200);
    assert_eq!(world.ask("/shop/7").status, 200);

    world.write(&world.toml());
    let up = world.up();
    let mut done = verb("delete").to_vec();
    done.push("update endpoint-policy".to_owned());
    assert_eq!(up.done(), done, "{up}");
    world.census().await.assert_equals(&standing, &up);
    world.answers("a route less");
    let down = world.down();
    world.census().await.assert_equals(&before, &down);
}

#[tokio::test]
async fn a_renamed_host_stands_before_the_old_one_goes() {
    const NEW: &str = "shop.corp.example.com";
    let world = World::new().await;
    let before = world.census().await;
    world.up();
    let certificate = world.make_certificate(&format!("*.{ZONE}")).await;
    let toml = replaced(&world.toml(), HOST, NEW);
    world.write(&replaced(&toml, &world.certificate, &certificate));
    let proxy = Proxy::start();
    let up = world.call("up --yes -o json").through(&proxy).run();
    let up = up.converged();
    let done = [
        "create base-path-mapping",
        "create dns-record",
        "create domain-name",
        "create listener-rule",
        "delete base-path-mapping",
        "delete dns-record",
        "delete domain-name",
        "delete listener-rule",
        "update listener",
        "update load-balancer-security-group",
    ];
    assert_eq!(up.done(), done, "{up}");
    let writes = proxy.writes();
    let records = |write: &&String| write.ends_with("/rrset") || write.ends_with("/rrset/");
    assert_eq!(writes.iter().filter(records).count(), 2, "{writes:#?}");
    let last_made = writes.iter().rposition(|write| {
        write == "CreateRule"
            || write == "POST /domainnames"
            || write.ends_with("/basepathmappings")
    });
    let first_gone = writes
        .iter()
        .position(|write| write.starts_with("DELETE ") || write == "DeleteRule");
    assert!(last_made < first_gone, "{writes:#?}");

    let headers = [("x-forwarded-proto", "https")];
    let answer = world.request_to(NEW, "GET", "/", &headers);
    assert_eq!(answer.status, 200, "{answer:?}");
    world.plan_is_empty("a renamed host");
    let down = world.down();
    assert_eq!(words(&down.result()["deleted"]), ALL, "{down}");
    let acm = &world.aws.acm;
    let gone = acm.delete_certificate().certificate_arn(certificate).send();
    gone.await.expect("the second certificate can go");
    world.census().await.assert_equals(&before, &down);
}

#[tokio::test]
async fn an_old_deployment_that_a_foreign_stage_serves_is_left_alone() {
    let world = World::new().await;
    let body = |text: &str| MOCK.replace("TEXT", text);
    world.save("openapi.json", &body("one"));
    world.write_with("placeholder = true", "openapi = \"openapi.json\"");
    world.up();
    assert_eq!(world.ask("/").body.trim(), "one");
    let ids = world.ids();
    let foreign = world.aws.apigateway.create_stage();
    let foreign = foreign
        .rest_api_id(&ids["rest-api"])
        .stage_name("theirs")
        .deployment_id(&ids["deployment"]);
    foreign.send().await.expect("a stage of somebody else's");

    world.save("openapi.json", &body("two"));
    let up = world.up();
    let redeployed = ["update deployment", "update rest-api", "update stage"];
    assert_eq!(up.done(), redeployed, "{up}");
    assert_eq!(world.ask("/").body.trim(), "two");
    let census = world.census().await;
    assert_eq!(census.count("deployments"), 2, "{census}");

    let gateway = &world.aws.apigateway;
    let gone = gateway.delete_stage().rest_api_id(&ids["rest-api"]);
    gone.stage_name("theirs").send().await.expect("it can go");
    world.save("openapi.json", &body("three"));
    world.up();
    assert_eq!(world.ask("/").body.trim(), "three");
    let census = world.census().await;
    assert_eq!(census.count("deployments"), 1, "of {STACK}: {census}");
}

/// An `OpenAPI` body with one method that answers TEXT.
const MOCK: &str = r#"{
  "openapi": "3.0.1",
  "info": { "title": "orders", "version": "1" },
  "paths": { "/": { "get": {
    "responses": { "200": { "description": "ok" } },
    "x-amazon-apigateway-integration": {
      "type": "mock",
      "requestTemplates": { "application/json": "{\"statusCode\": 200}" },
      "responses": { "default": {
        "statusCode": "200", "responseTemplates": { "application/json": "TEXT" }
      } }
    }
  } } }
}"#;

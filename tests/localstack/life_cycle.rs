//! From nothing to a stack that answers, and back to nothing.

use crate::support::{ALL, HOST, Proxy, REGION, STACK, World, words};

#[tokio::test]
async fn the_account_is_after_down_as_it_was_before_up() {
    let world = World::new().await;
    let proxy = Proxy::start();
    let before = world.census().await;

    let plan = world
        .call("plan --detailed-exitcode -o json")
        .through(&proxy)
        .run()
        .exits(2);
    let created: Vec<String> = ALL.iter().map(|key| format!("create {key}")).collect();
    assert_eq!(plan.planned(), created, "{plan}");
    assert!(proxy.calls().len() > 10, "{:?}", proxy.calls());
    assert_eq!(proxy.writes(), [""; 0], "of {plan}");
    world.census().await.assert_equals(&before, &plan);

    let up = world.up();
    assert_eq!(words(&up.result()["created"]), ALL, "{up}");
    assert_eq!(up.done(), created, "{up}");
    let standing = world.census().await;
    let touched = [
        "apis",
        "balancers",
        "certificates",
        "deployments",
        "domains",
        "endpoints",
        "interfaces",
        "listeners",
        "mappings",
        "records",
        "rules",
        "security groups",
        "stages",
        "subnets", // their free addresses
        "target groups",
        "targets",
        "zones",
    ];
    assert_eq!(standing.differing(&before), touched, "{standing}");
    world.answers("up");

    let down = world.down();
    assert_eq!(words(&down.result()["deleted"]), ALL, "{down}");
    world.census().await.assert_equals(&before, &down);

    proxy.clear();
    let again = world.call("down --yes -o json").through(&proxy).run();
    let again = again.converged();
    assert_eq!(again.done(), [""; 0], "{again}");
    assert_eq!(proxy.writes(), [""; 0], "of {again}");
}

#[tokio::test]
async fn a_second_up_makes_no_write_and_few_calls() {
    let world = World::new().await;
    world.up();
    let standing = world.census().await;
    let proxy = Proxy::start();
    let again = world.call("up --yes -o json").through(&proxy).run();
    let again = again.converged();
    assert_eq!(again.done(), [""; 0], "{again}");
    assert_eq!(proxy.writes(), [""; 0], "of {again}");
    world.census().await.assert_equals(&standing, &again);

    let calls = again.result()["api_calls"].as_u64();
    assert_eq!(calls, Some(proxy.calls().len() as u64), "{again}");
    assert!(calls <= Some(27), "{:#?}", proxy.calls());
}

#[tokio::test]
async fn status_and_outputs_show_what_stands_in_every_form() {
    let world = World::new().await;
    let nothing = world.hybridgw("status -o json").exits(0).json();
    assert_eq!(nothing["resources"], serde_json::json!([]), "{nothing}");
    assert_eq!(nothing["targets"], serde_json::json!([]), "{nothing}");
    assert_eq!(nothing["url"], serde_json::Value::Null, "{nothing}");
    world.up();

    let url = format!("https://{HOST}");
    let ran = world.hybridgw("status -o json").exits(0);
    let status = ran.json();
    assert_eq!(status["format_version"], 1, "{ran}");
    assert_eq!(status["stack"], STACK, "{ran}");
    assert_eq!(status["url"], *url, "{ran}");
    let ids = world.ids();
    assert_eq!(
        ids.keys().collect::<Vec<_>>(),
        ALL.iter().collect::<Vec<_>>()
    );
    assert_eq!(ids["dns-record"], HOST);
    assert_eq!(ids["domain-name"], HOST);
    assert_eq!(ids["base-path-mapping"], "(none)");
    assert_eq!(ids["stage"], "v1");
    for (key, begin) in [
        ("vpc-endpoint", "vpce-"),
        ("load-balancer-security-group", "sg-"),
        ("load-balancer", "arn:aws:elasticloadbalancing:"),
        ("listener-rule", "arn:aws:elasticloadbalancing:"),
    ] {
        assert!(ids[key].starts_with(begin), "{key} of {ran}");
    }
    let targets = status["targets"].as_array().expect("targets");
    let zones: Vec<_> = targets.iter().map(|row| row["zone"].clone()).collect();
    let wanted: Vec<_> = ["a", "b", "c"].map(|zone| format!("{REGION}{zone}")).into();
    assert_eq!(zones, wanted, "{ran}");
    for row in targets {
        assert_eq!(
            (&row["route"], &row["health"]),
            (&"/".into(), &"healthy".into()),
            "{ran}"
        );
    }

    let ran = world.hybridgw("outputs -o json").exits(0);
    let outputs = ran.json();
    assert_eq!(outputs["format_version"], 1, "{ran}");
    assert_eq!(outputs["account"], *world.account, "{ran}");
    assert_eq!(outputs["region"], REGION, "{ran}");
    assert_eq!(outputs["host"], HOST, "{ran}");
    assert_eq!(outputs["url"], *url, "{ran}");
    assert_eq!(outputs["endpoint_id"], *ids["vpc-endpoint"], "{ran}");
    let addresses: Vec<_> = targets.iter().map(|row| row["address"].clone()).collect();
    assert_eq!(
        words(&outputs["addresses"]),
        words(&addresses.clone().into()),
        "{ran}"
    );
    assert_eq!(
        outputs["apis"],
        serde_json::json!([{ "route": "/", "id": ids["rest-api"], "stage": "v1" }]),
        "{ran}"
    );

    let shell = world.hybridgw("outputs -o env").exits(0);
    for line in [
        format!("HYBRIDGW_URL='{url}'"),
        format!("HYBRIDGW_ENDPOINT_ID='{}'", ids["vpc-endpoint"]),
    ] {
        assert!(
            shell.stdout.lines().any(|one| one == line),
            "{line}: {shell}"
        );
    }
    let github = world.hybridgw("outputs -o github").exits(0);
    let line = format!("url={url}");
    assert!(github.stdout.lines().any(|one| one == line), "{github}");

    let all = world
        .hybridgw(&format!("status --all --region {REGION} -o json"))
        .exits(0);
    assert_eq!(
        all.json()["stacks"],
        serde_json::json!([{ "stack": STACK, "url": url }]),
        "{all}"
    );
}

#[tokio::test]
async fn the_front_door_answers_the_application_and_nothing_else() {
    let world = World::new().await;
    world.up();
    world.answers("up");
    // A placeholder takes every path and method.
    let deep = world.request("POST", "/deep/down", &[("x-forwarded-proto", "https")]);
    assert_eq!(deep.status, 200, "{deep:?}");

    let plain = world.request("GET", "/orders?id=7", &[]);
    assert_eq!(plain.status, 301, "{plain:?}");
    let location = format!("location: https://{HOST}:443/orders?id=7");
    assert!(
        plain.headers.to_lowercase().contains(&location),
        "{plain:?}"
    );

    let api = &world.ids()["rest-api"];
    let headers = [
        ("x-forwarded-proto", "https"),
        ("x-apigw-api-id", api.as_str()),
    ];
    let picked = world.request("GET", "/", &headers);
    assert_eq!(picked.status, 403, "{picked:?}");
    assert!(
        picked.body.contains("x-apigw-api-id"),
        "the rule's own answer: {picked:?}"
    );

    let stranger = [
        ("x-forwarded-proto", "https"),
        ("x-hybridgw-client", "192.168.1.1"),
    ];
    let outside = world.request("GET", "/", &stranger);
    assert_eq!(outside.status, 503, "{outside:?}");
}

//! Nothing is written without consent, and a saved plan is applied as it was
//! seen or not at all.

use crate::support::{ALL, Proxy, World, words};

#[tokio::test]
async fn without_terminal_and_yes_nothing_is_asked_of_aws() {
    let world = World::new().await;
    for args in ["up", "down", "up -o json", "up --rollback --allow-replace"] {
        let proxy = Proxy::start();
        let ran = world.call(args).through(&proxy).run().exits(1);
        let ran = ran.says(&["error: there is no terminal to ask on", "--yes"]);
        assert_eq!(proxy.calls(), [""; 0], "of {ran}");
    }
}

#[tokio::test]
async fn a_dry_run_writes_nothing() {
    let world = World::new().await;
    let before = world.census().await;
    let proxy = Proxy::start();
    let up = world.call("up --dry-run").through(&proxy).run().exits(0);
    world.census().await.assert_equals(&before, &up);
    world.up();
    let standing = world.census().await;
    let down = world.call("down --dry-run").through(&proxy).run().exits(0);
    world.census().await.assert_equals(&standing, &down);
    assert_eq!(proxy.writes(), [""; 0], "of {up}\n{down}");
}

#[tokio::test]
async fn a_saved_plan_is_applied_as_it_was_seen_or_not_at_all() {
    let world = World::new().await;
    let before = world.census().await;
    world.hybridgw("plan --out plan.json").exits(0);
    let other = replaced_idle_timeout(&world);
    let proxy = Proxy::start();
    // It needs no consent: the plan was looked at.
    let up = world.call("up plan.json -o json").through(&proxy).run();
    let up = up.converged();
    assert_eq!(words(&up.result()["created"]), ALL, "{up}");
    world.answers("a saved plan");

    proxy.clear();
    let stale = world.call("up plan.json -o json").through(&proxy).run();
    let stale = stale.exits(1).says(&["stale", "hybridgw plan --out"]);
    assert_eq!(proxy.writes(), [""; 0], "of {stale}");

    world.hybridgw("plan --out plan.json").exits(0);
    world.write(&other);
    let stale = world.call("up plan.json").through(&proxy).run();
    let stale = stale.exits(1).says(&["stale"]);
    assert_eq!(proxy.writes(), [""; 0], "of {stale}");

    world.save("plan.json", "{}");
    let wrong = world.call("up plan.json").through(&proxy).run();
    wrong.exits(1).says(&["plan.json is not a saved plan"]);
    let missing = world.hybridgw("up nowhere.json").exits(1);
    missing.says(&["nowhere.json is not a saved plan"]);
    world.write(&world.toml());
    let down = world.down();
    world.census().await.assert_equals(&before, &down);
}

fn replaced_idle_timeout(world: &World) -> String {
    crate::support::replaced(&world.toml(), "idle_timeout = 60", "idle_timeout = 90")
}

#[tokio::test]
async fn a_replacement_needs_a_flag_of_its_own() {
    let world = World::new().await;
    world.up();
    let ids = world.ids();
    // A target group of another VPC can only be made anew.
    let ec2 = &world.aws.ec2;
    let other = ec2.create_vpc().cidr_block("10.9.0.0/16").send().await;
    let other = other.expect("a VPC").vpc.and_then(|vpc| vpc.vpc_id);
    let other = other.expect("the VPC's id");
    let mut subnets = Vec::new();
    for (number, letter) in [(1, "a"), (2, "b")] {
        let block = format!("10.9.{number}.0/24");
        let made = crate::support::make_subnet(&world.aws, &other, &block, letter);
        subnets.push(made.await);
    }
    let toml = world.toml().replace(&world.vpc, &other);
    let toml = toml.replace(&format!("{:?}", world.subnets), &format!("{subnets:?}"));
    world.write(&toml);
    let proxy = Proxy::start();
    let refused = world.call("up --yes -o json").through(&proxy).run();
    let refused = refused.exits(1).says(&["--allow-replace", "vpc-endpoint"]);
    assert_eq!(proxy.writes(), [""; 0], "of {refused}");

    let up = world
        .hybridgw("up --yes --allow-replace -o json")
        .converged();
    world.plan_is_empty("a move to another VPC");
    world.answers("a move to another VPC");
    let moved = world.ids();
    assert_ne!(moved["vpc-endpoint"], ids["vpc-endpoint"], "{up}");
    assert_ne!(moved["target-group"], ids["target-group"], "{up}");
    assert_eq!(moved.len(), ids.len(), "{up}");
    world.down();
}

//! `down` from states that no run of ours leaves, and without the file.

use std::collections::BTreeMap;

use crate::support::{HOST, REGION, STACK, World};

/// What can be lost without anything else being in the way.
#[derive(Clone, Copy, Debug)]
enum Loss {
    Balancer,
    Domain,
    Api,
    Endpoint,
    Record,
    /// The rules of both groups.
    Rules,
}

const LOSSES: [Loss; 6] = [
    Loss::Balancer,
    Loss::Domain,
    Loss::Api,
    Loss::Endpoint,
    Loss::Record,
    Loss::Rules,
];

impl Loss {
    /// Takes it away from a stack that consisted of these ids.
    async fn strike(self, world: &World, ids: &BTreeMap<String, String>) {
        let gateway = &world.aws.apigateway;
        let ec2 = &world.aws.ec2;
        match self {
            Self::Balancer => {
                let call = world.aws.elb.delete_load_balancer();
                let call = call.load_balancer_arn(&ids["load-balancer"]);
                call.send().await.expect("the load balancer can go");
            }
            Self::Domain => {
                let call = gateway.delete_domain_name().domain_name(HOST);
                call.send().await.expect("the domain can go");
            }
            Self::Api => {
                // Gone already where the domain is.
                let mapping = gateway.delete_base_path_mapping().domain_name(HOST);
                let _ = mapping.base_path("(none)").send().await;
                let call = gateway.delete_rest_api().rest_api_id(&ids["rest-api"]);
                call.send().await.expect("the API can go");
            }
            Self::Endpoint => {
                let call = ec2.delete_vpc_endpoints();
                let call = call.vpc_endpoint_ids(&ids["vpc-endpoint"]);
                call.send().await.expect("the endpoint can go");
            }
            Self::Record => world.delete_record().await,
            Self::Rules => {
                for key in ["load-balancer-security-group", "endpoint-security-group"] {
                    let group = &ids[key];
                    let shown = ec2.describe_security_groups().group_ids(group).send().await;
                    let shown = shown.expect("a group");
                    let rules = shown.security_groups()[0].ip_permissions().to_vec();
                    let call = ec2.revoke_security_group_ingress().group_id(group);
                    let call = call.set_ip_permissions(Some(rules));
                    call.send().await.expect("rules can go");
                }
            }
        }
    }
}

/// Takes down, by name alone, what is left after these losses.
async fn survives(losses: &[Loss]) {
    let world = World::new().await;
    let before = world.census().await;
    for loss in losses {
        world.up();
        loss.strike(&world, &world.ids()).await;
        down_by_name(&world, &format!("{loss:?}"), &before).await;
    }
    world.up();
    let ids = world.ids();
    for loss in losses {
        loss.strike(&world, &ids).await;
    }
    down_by_name(&world, &format!("{losses:?}"), &before).await;
}

async fn down_by_name(world: &World, lost: &str, before: &crate::support::Census) {
    std::fs::remove_file(world.dir.join("hybridgw.toml")).expect("the file is there");
    let down = world.hybridgw(&format!(
        "down --yes --stack {STACK} --region {REGION} -o json"
    ));
    assert_eq!(down.code, Some(0), "without {lost}: {down}");
    let down = down.converged();
    world.census().await.assert_equals(before, &down);
    world.write(&world.toml());
}

#[tokio::test]
async fn down_works_without_balancer_or_record_or_both() {
    survives(&[Loss::Balancer, Loss::Record]).await;
}

#[tokio::test]
async fn down_works_without_domain_or_api_or_both() {
    survives(&[Loss::Domain, Loss::Api]).await;
}

#[tokio::test]
async fn down_works_without_endpoint_or_rules_or_both() {
    survives(&[Loss::Endpoint, Loss::Rules]).await;
}

#[tokio::test]
async fn down_works_when_nearly_everything_is_gone() {
    let world = World::new().await;
    let before = world.census().await;
    world.up();
    let ids = world.ids();
    for loss in LOSSES {
        loss.strike(&world, &ids).await;
    }
    down_by_name(&world, "anything but groups", &before).await;
}

#[tokio::test]
async fn what_somebody_hung_onto_a_group_is_named_and_kept() {
    let world = World::new().await;
    world.up();
    let ids = world.ids();
    let ec2 = &world.aws.ec2;
    let theirs = ec2.create_network_interface().subnet_id(&world.subnets[0]);
    let theirs = theirs.groups(&ids["endpoint-security-group"]);
    let theirs = theirs.description("theirs").send().await;
    let theirs = theirs.expect("an interface").network_interface;
    let theirs = theirs.and_then(|one| one.network_interface_id);
    let theirs = theirs.expect("the interface's id");
    let down = world.hybridgw("down --yes -o json --timeout 20s").exits(1);
    let down = down.says(&["endpoint-security-group", &theirs, "theirs"]);
    let left = crate::support::words(&down.result()["left_behind"]);
    assert_eq!(
        left,
        ["endpoint-security-group", "load-balancer-security-group"],
        "{down}"
    );
    let gone = ec2.delete_network_interface().network_interface_id(theirs);
    gone.send().await.expect("it can go");
    world.down();
}

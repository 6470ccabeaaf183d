//! `sync` against `LocalStack`: the endpoint's addresses change, and the targets follow.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::{
    drifts::done,
    support::{STACK, World},
};

impl World {
    /// The addresses of the endpoint's interfaces, and whether all carry the stack's tag.
    async fn addresses(&self) -> (BTreeSet<String>, bool) {
        let call = self.aws.ec2.describe_vpc_endpoints();
        let id = self.ids()["vpc-endpoint"].clone();
        let shown = done!(call.vpc_endpoint_ids(id));
        let ids = shown.vpc_endpoints()[0].network_interface_ids().to_vec();
        let call = self.aws.ec2.describe_network_interfaces();
        let shown = done!(call.set_network_interface_ids(Some(ids)));
        let all = shown.network_interfaces();
        let addresses = all.iter().filter_map(|one| one.private_ip_address());
        let tagged = all.iter().all(|one| {
            let mut tags = one.tag_set().iter();
            tags.any(|tag| tag.key() == Some("hybridgw:stack") && tag.value() == Some(STACK))
        });
        (addresses.map(str::to_owned).collect(), tagged)
    }

    /// The addresses that are registered.
    fn registered(&self) -> BTreeSet<String> {
        let status = self.hybridgw("status -o json").exits(0).json();
        let targets = status["targets"].as_array().expect("a list").iter();
        let address = |one: &Value| one["address"].as_str().unwrap_or_default().to_owned();
        targets.map(address).collect()
    }
}

#[tokio::test]
async fn changed_addresses_of_the_endpoint_are_followed_with_the_file_and_without() {
    let world = World::new().await;
    world.up();
    let (first, tagged) = world.addresses().await;
    assert!(tagged, "the interfaces have no tags after `up`");
    assert_eq!(world.registered(), first);
    let id = world.ids()["vpc-endpoint"].clone();
    let last = world.subnets.last().expect("it has subnets").clone();
    let by_tags = format!("sync --stack {STACK} --region eu-central-1 -o json");
    for sync in ["sync -o json", by_tags.as_str()] {
        let before = world.addresses().await.0;
        let modify = || world.aws.ec2.modify_vpc_endpoint().vpc_endpoint_id(&id);
        done!(modify().remove_subnet_ids(&last));
        done!(modify().add_subnet_ids(&last));
        let (now, _) = world.addresses().await;
        let ran = world.hybridgw(sync).exits(0);
        let result = ran.result();
        assert_eq!(result["ok"], true, "{ran}");
        let words = |list: &str| -> BTreeSet<String> {
            let all = result[list].as_array().expect("a list").iter();
            all.map(|one| one.as_str().unwrap_or_default().to_owned())
                .collect()
        };
        assert_eq!(
            words("registered"),
            now.difference(&before).cloned().collect(),
            "{ran}"
        );
        assert_eq!(
            words("deregistered"),
            before.difference(&now).cloned().collect(),
            "{ran}"
        );
        let (after, tagged) = world.addresses().await;
        assert!(tagged, "the new interface has no tags: {ran}");
        assert_eq!(world.registered(), after, "{ran}");
        world.plan_is_empty("sync");
        world.answers("sync");
    }
    let ran = world.hybridgw(&by_tags).exits(0);
    assert_eq!(ran.result()["registered"], serde_json::json!([]), "{ran}");
    world
        .hybridgw("sync --stack nobody --region eu-central-1")
        .exits(1)
        .says(&["nothing of the stack nobody exists"]);
    world.down();
    world
        .hybridgw("sync")
        .exits(1)
        .says(&["make it with `hybridgw up`"]);
}

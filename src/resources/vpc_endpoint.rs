//! The interface endpoint through which the private APIs are reached.
//!
//! Its addresses are read from its network interfaces. They are what nobody
//! else resolves: they become the load balancer's targets.
//!
//! It is created closed, with a policy that lets nothing pass; [`EndpointPolicy`]
//! opens it for the stack's APIs. Subnets that are no longer wanted are taken
//! from it at the very end, when the targets in the other ones are healthy.
//!
//! [`EndpointPolicy`]: super::EndpointPolicy

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use aws_sdk_ec2::types::{self, Filter, NetworkInterface, ResourceType, TagSpecification};

use crate::{
    aws::{
        Aws, Called,
        tags::{self, Owner, Tags},
    },
    error::{Error, Result},
    graph::Node,
    look::Look,
    names,
    ownership::{Found, Mark, Ours},
    policy,
    resource::{Drift, Key, Need, Resource, Settled, UNKNOWN},
    resources::{SecurityGroup, security_group::set_tags},
};

/// An interface endpoint.
pub struct VpcEndpoint {
    /// Whose it is.
    pub owner: Owner,
    /// The VPC.
    pub vpc: String,
    /// Its subnets, one a zone.
    pub subnets: BTreeSet<String>,
    /// The zone of each of them.
    pub zones: BTreeMap<String, String>,
    /// Its security group.
    pub group: Arc<Node<SecurityGroup>>,
    /// The endpoint service, as in `com.amazonaws.eu-central-1.execute-api`.
    pub service: String,
    /// Whether the service's own names resolve to it in the whole VPC.
    pub private_dns: bool,
}

/// One of the endpoint's network interfaces.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Address {
    /// Its subnet.
    pub subnet: String,
    /// The subnet's availability zone.
    pub zone: String,
    /// Its private IPv4 address.
    pub ip: String,
}

/// An endpoint as EC2 reports it.
#[derive(Clone, Debug)]
pub struct Actual {
    /// `vpce-…`.
    pub id: String,
    /// In lower case: the wire says `available`, the SDK's enum `Available`.
    pub state: String,
    /// Why it failed.
    pub failure: Option<String>,
    /// The VPC.
    pub vpc: String,
    /// Its subnets.
    pub subnets: BTreeSet<String>,
    /// Its security groups.
    pub groups: BTreeSet<String>,
    /// Whether private DNS is on.
    pub private_dns: bool,
    /// Its policy, normalised.
    pub policy: serde_json::Value,
    /// Its interfaces that have an address.
    pub addresses: BTreeSet<Address>,
    /// All its tags.
    pub tags: Tags,
}

impl VpcEndpoint {
    /// The addresses in the wanted subnets: what is to be registered.
    pub fn wanted_addresses(&self, actual: &Actual) -> BTreeSet<Address> {
        let wanted = actual.addresses.iter();
        wanted
            .filter(|address| self.subnets.contains(&address.subnet))
            .cloned()
            .collect()
    }

    /// A token for this incarnation of the stack: the group's id is new after
    /// every `down`, and equal for two runs at once, which then make one
    /// endpoint. The Rust SDK does not fill the token in by itself.
    fn token(&self, group: &str, attempt: usize) -> String {
        let subnets: Vec<&str> = self.subnets.iter().map(String::as_str).collect();
        let parts = [&self.owner.stack, group, &self.service, &subnets.join(",")];
        names::long_hash(&format!(
            "{}|{}|{attempt}",
            parts.join("|"),
            self.private_dns
        ))
    }

    async fn create_once(
        &self,
        aws: &Aws,
        group: &str,
        attempt: usize,
    ) -> Result<Option<types::VpcEndpoint>> {
        let tags = TagSpecification::builder()
            .resource_type(ResourceType::VpcEndpoint)
            .set_tags(Some(tags::to_ec2(&self.owner.tags(&self.key()))))
            .build();
        let created = aws
            .ec2
            .create_vpc_endpoint()
            .vpc_endpoint_type(types::VpcEndpointType::Interface)
            .vpc_id(&self.vpc)
            .service_name(&self.service)
            .set_subnet_ids(Some(self.subnets.iter().cloned().collect()))
            .security_group_ids(group)
            .private_dns_enabled(self.private_dns)
            .policy_document(policy::nothing().to_string())
            .client_token(self.token(group, attempt))
            .tag_specifications(tags)
            .send()
            .await
            .called("CreateVpcEndpoint")?;
        Ok(created.vpc_endpoint)
    }
}

impl Resource for VpcEndpoint {
    type Actual = Actual;
    const ASKS: &'static [&'static str] = &["DescribeVpcEndpoints", "DescribeNetworkInterfaces"];

    fn key(&self) -> Key {
        Key::bare("vpc-endpoint")
    }

    fn needs(&self) -> Vec<Need> {
        vec![self.group.exists()]
    }

    fn summary(&self) -> String {
        let subnets: Vec<&str> = self.subnets.iter().map(String::as_str).collect();
        format!("execute-api in {}", subnets.join(", "))
    }

    async fn discover(look: &Look) -> Result<Vec<Found<Actual>>> {
        let endpoints = tagged(look).await?;
        let interfaces = interfaces(look, &endpoints).await?;
        let found = endpoints.iter().filter_map(|endpoint| {
            let actual = actual(endpoint, &interfaces)?;
            // EC2 shows deleted endpoints for a while.
            (actual.state != "deleted").then_some(())?;
            let mark = Mark::of_tags(&actual.tags, &look.stack)?;
            let (id, state) = (actual.id.clone(), actual.state.clone());
            Some(Found::ours(mark, id, state, actual))
        });
        Ok(found.collect())
    }

    fn is(&self, found: &Found<Actual>) -> bool {
        found.key == self.key() && found.state != "deleting"
    }

    fn diff(&self, actual: &Actual) -> Vec<Drift> {
        let Actual {
            id: _,
            state: _,
            failure: _,
            vpc,
            subnets: _, // in subnet_drift
            groups,
            private_dns,
            policy: _, // EndpointPolicy's
            addresses: _,
            tags: has,
        } = actual;
        let mut drift: Vec<Drift> = Drift::between("vpc", vpc, &self.vpc)
            .map(Drift::replaces)
            .into_iter()
            .collect();
        drift.extend(self.subnet_drift(actual));
        let group = self.group.id();
        let wanted: BTreeSet<String> = group.iter().cloned().collect();
        if group.is_none() || *groups != wanted {
            let desired = group.unwrap_or_else(|| UNKNOWN.to_owned());
            drift.push(Drift::new("security groups", join(groups), desired));
        }
        drift.extend(Drift::between(
            "private_dns",
            private_dns,
            &self.private_dns,
        ));
        drift.extend(tags::drift(has, &self.owner.tags(&self.key())));
        drift
    }

    fn settled(&self, actual: &Actual) -> Settled {
        match actual.state.as_str() {
            "available" => {
                let have: BTreeSet<&String> = actual
                    .addresses
                    .iter()
                    .map(|address| &address.subnet)
                    .collect();
                // What is not there at all is drift.
                let wanted = || actual.subnets.intersection(&self.subnets);
                let missing = wanted().filter(|id| !have.contains(id)).count();
                if missing == 0 {
                    Settled::Yes
                } else {
                    let all = wanted().count();
                    Settled::NotYet(format!("{} of {all} addresses", all - missing))
                }
            }
            "failed" | "rejected" | "expired" => Settled::Never(match &actual.failure {
                Some(why) => format!("the endpoint is {}: {why}", actual.state),
                None => format!("the endpoint is {}", actual.state),
            }),
            state => Settled::NotYet(state.to_owned()),
        }
    }

    async fn create(&self, aws: &Aws) -> Result<()> {
        let group = self.group.require()?.id;
        // A token outlives the endpoint it made: what it then returns is gone.
        for attempt in 0..8 {
            let made = self.create_once(aws, &group, attempt).await?;
            let state = made.as_ref().map(state_of).unwrap_or_default();
            if !matches!(state.as_str(), "deleting" | "deleted" | "failed") {
                return Ok(());
            }
        }
        Err(Error::not_yet("an earlier endpoint is still being deleted"))
    }

    async fn update(&self, aws: &Aws, actual: &Ours<Actual>, drift: &[Drift]) -> Result<()> {
        set_tags(aws, &actual.id, drift).await?;
        let changed = |field: &str| drift.iter().any(|one| one.field == field);
        let mut call = aws.ec2.modify_vpc_endpoint().vpc_endpoint_id(&actual.id);
        let mut needed = false;
        if changed("subnets") {
            let wanted = if drift.iter().any(|one| one.last) {
                self.subnets.clone()
            } else {
                self.subnets_now(actual)
            };
            let added: Vec<String> = wanted.difference(&actual.subnets).cloned().collect();
            let stale: Vec<String> = actual.subnets.difference(&wanted).cloned().collect();
            call = call
                .set_add_subnet_ids((!added.is_empty()).then_some(added))
                .set_remove_subnet_ids((!stale.is_empty()).then_some(stale));
            needed = true;
        }
        if changed("security groups") {
            let group = self.group.require()?.id;
            let stale: Vec<String> = actual
                .groups
                .iter()
                .filter(|id| **id != group)
                .cloned()
                .collect();
            if !actual.groups.contains(&group) {
                call = call.add_security_group_ids(&group);
            }
            if !stale.is_empty() {
                call = call.set_remove_security_group_ids(Some(stale));
            }
            needed = true;
        }
        if changed("private_dns") {
            call = call.private_dns_enabled(self.private_dns);
            needed = true;
        }
        if needed {
            call.send().await.called("ModifyVpcEndpoint")?;
        }
        Ok(())
    }

    async fn delete(aws: &Aws, actual: &Ours<Actual>) -> Result<()> {
        if actual.state == "deleting" {
            return Ok(());
        }
        let deleted = aws
            .ec2
            .delete_vpc_endpoints()
            .vpc_endpoint_ids(&actual.id)
            .send()
            .await
            .called("DeleteVpcEndpoints");
        // The call succeeds and carries its failures in the answer.
        let Some(answer) = crate::aws::error::none_if_missing(deleted)? else {
            return Ok(());
        };
        let refused = answer.unsuccessful().iter().filter_map(|item| item.error());
        for error in refused {
            let code = error.code().unwrap_or("Unknown");
            if !code.ends_with("NotFound") {
                let words = error.message().unwrap_or("no message");
                return Err(Error::invalid(format!(
                    "{code}: {words} (DeleteVpcEndpoints)"
                )));
            }
        }
        Ok(())
    }

    fn held_by(_key: &Key) -> &'static [&'static str] {
        // An API that names the endpoint goes first.
        &["dns-record", "rest-api"]
    }
}

impl VpcEndpoint {
    /// The subnets while others still use the addresses of stale ones: wanted
    /// subnets are added, stale ones stay until the end.
    ///
    /// A zone takes one subnet (`DuplicateSubnetsInSameZone`): a stale one in a
    /// zone that gets another goes at once. If that would be all of them, one
    /// zone waits for the end, so that one address always serves.
    fn subnets_now(&self, actual: &Actual) -> BTreeSet<String> {
        let zone_of = |subnet: &String| {
            let seen = actual.addresses.iter().find(|one| one.subnet == *subnet);
            seen.map(|address| address.zone.as_str())
        };
        let added: BTreeSet<&String> = self.subnets.difference(&actual.subnets).collect();
        let mut swapped: Vec<(&String, &String)> = Vec::new();
        for stale in actual.subnets.difference(&self.subnets) {
            let zone = zone_of(stale);
            let same = |one: &&&String| zone == self.zones.get(**one).map(String::as_str);
            swapped.extend(added.iter().find(same).map(|new| (stale, *new)));
        }
        let mut now: BTreeSet<String> = actual.subnets.union(&self.subnets).cloned().collect();
        if swapped.len() == actual.subnets.len()
            && let Some((_, waiting)) = swapped.pop()
        {
            now.remove(waiting);
        }
        for (stale, _) in swapped {
            now.remove(stale);
        }
        now
    }

    fn subnet_drift(&self, actual: &Actual) -> Vec<Drift> {
        let now = self.subnets_now(actual);
        let mut drift = Vec::new();
        if now != actual.subnets {
            drift.push(Drift::new("subnets", join(&actual.subnets), join(&now)));
        }
        if now != self.subnets {
            drift.push(Drift::new("subnets", join(&now), join(&self.subnets)).at_last());
        }
        drift
    }
}

/// Every endpoint with the stack's tag.
pub(super) async fn tagged(look: &Look) -> Result<Arc<Vec<types::VpcEndpoint>>> {
    look.once("DescribeVpcEndpoints", "", || async {
        let filter = Filter::builder()
            .name(format!("tag:{}", tags::STACK))
            .values(&look.stack)
            .build();
        let pages = look
            .aws
            .ec2
            .describe_vpc_endpoints()
            .filters(filter)
            .into_paginator()
            .items()
            .send();
        pages
            .collect::<Result<Vec<_>, _>>()
            .await
            .called("DescribeVpcEndpoints")
    })
    .await
}

/// The endpoints' interfaces. A filter, not ids: an id that has just gone would
/// fail the whole call.
async fn interfaces(
    look: &Look,
    endpoints: &[types::VpcEndpoint],
) -> Result<Arc<Vec<NetworkInterface>>> {
    let mut ids: Vec<String> = endpoints
        .iter()
        .flat_map(|endpoint| endpoint.network_interface_ids().iter().cloned())
        .collect();
    ids.sort();
    if ids.is_empty() {
        return Ok(Arc::default());
    }
    look.once("DescribeNetworkInterfaces", &ids.join(","), || async {
        let filter = Filter::builder()
            .name("network-interface-id")
            .set_values(Some(ids.clone()))
            .build();
        let pages = look
            .aws
            .ec2
            .describe_network_interfaces()
            .filters(filter)
            .into_paginator()
            .items()
            .send();
        pages
            .collect::<Result<Vec<_>, _>>()
            .await
            .called("DescribeNetworkInterfaces")
    })
    .await
}

/// The state as the wire spells it, in lower case (aws-sdk-rust issue 619: the
/// enum's values begin with a capital, the wire's do not).
fn state_of(endpoint: &types::VpcEndpoint) -> String {
    endpoint
        .state()
        .map(|state| state.as_str().to_ascii_lowercase())
        .unwrap_or_default()
}

fn actual(endpoint: &types::VpcEndpoint, interfaces: &[NetworkInterface]) -> Option<Actual> {
    let own: BTreeSet<&String> = endpoint.network_interface_ids().iter().collect();
    let addresses = interfaces.iter().filter_map(|interface| {
        let id = interface.network_interface_id()?;
        own.iter().any(|own| *own == id).then_some(())?;
        Some(Address {
            subnet: interface.subnet_id()?.to_owned(),
            zone: interface.availability_zone().unwrap_or_default().to_owned(),
            ip: interface.private_ip_address()?.to_owned(),
        })
    });
    Some(Actual {
        id: endpoint.vpc_endpoint_id()?.to_owned(),
        state: state_of(endpoint),
        failure: endpoint
            .last_error()
            .and_then(|error| error.message())
            .map(str::to_owned),
        vpc: endpoint.vpc_id().unwrap_or_default().to_owned(),
        subnets: endpoint.subnet_ids().iter().cloned().collect(),
        groups: endpoint
            .groups()
            .iter()
            .filter_map(|group| group.group_id().map(str::to_owned))
            .collect(),
        private_dns: endpoint.private_dns_enabled().unwrap_or(false),
        policy: policy::parse(endpoint.policy_document().unwrap_or_default()),
        addresses: addresses.collect(),
        tags: tags::of_ec2(endpoint.tags()),
    })
}

fn join(items: &BTreeSet<String>) -> String {
    items.iter().cloned().collect::<Vec<_>>().join(", ")
}

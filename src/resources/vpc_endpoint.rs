//! An interface endpoint: for `execute-api`, through which the private APIs are
//! reached, or for S3, through which the sites' buckets are.
//!
//! Its addresses are read from its network interfaces. They are what nobody
//! else resolves: they become the load balancer's targets.
//!
//! The one for `execute-api` is created closed, with a policy that lets nothing
//! pass; [`EndpointPolicy`] opens it for the stack's APIs. The buckets of sites
//! are known before, so the one for S3 has its policy from the start. One that
//! the configuration borrows is looked at and never written to.
//!
//! [`EndpointPolicy`]: super::EndpointPolicy

use std::{collections::BTreeSet, net::Ipv4Addr, sync::Arc};

use aws_sdk_ec2::types::{self, ResourceType, SubnetConfiguration, TagSpecification};
use serde_json::Value;

use crate::{
    aws::{
        Aws, Called,
        tags::{self, Owner, Tags},
    },
    error::{Error, Kind, Result},
    graph::Node,
    look::Look,
    names,
    ownership::{Found, Mark, Ours},
    policy::{self, statements},
    resource::{Drift, Key, Need, Resource, Settled, UNKNOWN},
    resources::{SecurityGroup, security_group::set_tags},
};

mod places;
pub mod reading;

pub use places::Places;

/// The kind of the endpoint for `execute-api`.
pub const APIS: &str = "vpc-endpoint";
/// The kind of the endpoint for S3.
pub const SITES: &str = "site-endpoint";

/// An interface endpoint.
pub struct VpcEndpoint {
    /// [`APIS`] or [`SITES`].
    pub kind: &'static str,
    /// Whose it is.
    pub source: Source,
}

/// Whose an endpoint is.
pub enum Source {
    /// The stack's own.
    Own(Box<Own>),
    /// Somebody else's, with this id.
    Borrowed(String),
}

/// An endpoint of the stack's own.
pub struct Own {
    /// Whose it is.
    pub owner: Owner,
    /// The VPC.
    pub vpc: String,
    /// Where it has its interfaces.
    pub places: Places,
    /// Its security group.
    pub group: Arc<Node<SecurityGroup>>,
    /// The endpoint service, as in `com.amazonaws.eu-central-1.execute-api`.
    pub service: String,
    /// Whether the service's own names resolve to it in the whole VPC.
    pub private_dns: bool,
    /// The objects that may be read through it, as ARNs; none for APIs.
    pub objects: Option<BTreeSet<String>>,
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
#[derive(Clone, Debug, Default)]
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
    pub policy: Value,
    /// Its policy as it is written.
    pub policy_text: String,
    /// Its interfaces that have an address.
    pub addresses: BTreeSet<Address>,
    /// All its tags.
    pub tags: Tags,
}

impl VpcEndpoint {
    /// The addresses that serve now: what is to be registered.
    pub fn wanted_addresses(&self, actual: &Actual) -> BTreeSet<Address> {
        match &self.source {
            Source::Own(own) => own.places.serving(actual),
            Source::Borrowed(_) => actual.addresses.clone(),
        }
    }

    /// Whether addresses are still to come or to go.
    pub fn is_moving(&self, actual: &Actual) -> bool {
        match &self.source {
            Source::Own(own) => {
                let moves = own.places.moves(actual);
                actual.subnets != own.places.subnets || !moves.wrong.is_empty()
            }
            Source::Borrowed(_) => false,
        }
    }

    fn own(&self) -> Result<&Own> {
        match &self.source {
            Source::Own(own) => Ok(own),
            Source::Borrowed(id) => Err(Error::new(
                Kind::NotFound,
                format!("the endpoint {id} is not there and is not hybridgw's to make"),
            )),
        }
    }
}

impl Own {
    /// Its policy when it is made.
    fn first_policy(&self) -> Value {
        match &self.objects {
            Some(objects) => statements::only_objects(objects),
            None => policy::nothing(),
        }
    }

    /// A token for this incarnation of the stack: the group's id is new after
    /// every `down`, and equal for two runs at once, which then make one
    /// endpoint. The Rust SDK does not fill the token in by itself. AWS refuses
    /// one that it has seen with another request, so it is made of all of it.
    fn token(&self, tags: &Tags, group: &str, attempt: usize) -> String {
        let request = format!(
            "{}|{group}|{}|{:?}|{:?}|{}|{}|{tags:?}|{attempt}",
            self.owner.stack,
            self.service,
            self.places.subnets,
            self.places.pins,
            self.private_dns,
            self.first_policy(),
        );
        names::long_hash(&request)
    }

    async fn create_once(
        &self,
        aws: &Aws,
        tags: &Tags,
        group: &str,
        attempt: usize,
    ) -> Result<Option<types::VpcEndpoint>> {
        let specification = TagSpecification::builder()
            .resource_type(ResourceType::VpcEndpoint)
            .set_tags(Some(tags::to_ec2(tags)))
            .build();
        let created = aws
            .ec2
            .create_vpc_endpoint()
            .vpc_endpoint_type(types::VpcEndpointType::Interface)
            .vpc_id(&self.vpc)
            .service_name(&self.service)
            .set_subnet_ids(Some(self.places.subnets.iter().cloned().collect()))
            .set_subnet_configurations(self.pins(&self.places.subnets))
            .security_group_ids(group)
            .private_dns_enabled(self.private_dns)
            .policy_document(self.first_policy().to_string())
            .client_token(self.token(tags, group, attempt))
            .tag_specifications(specification)
            .send()
            .await
            .called("CreateVpcEndpoint")?;
        Ok(created.vpc_endpoint)
    }

    /// The pinned addresses of these subnets, as EC2 takes them.
    fn pins(&self, subnets: &BTreeSet<String>) -> Option<Vec<SubnetConfiguration>> {
        let pinned = self.places.pins.iter();
        let pinned = pinned.filter(|(subnet, _)| subnets.contains(*subnet));
        let all: Vec<SubnetConfiguration> = pinned
            .map(|(subnet, address)| {
                SubnetConfiguration::builder()
                    .subnet_id(subnet)
                    .ipv4(address.to_string())
                    .build()
            })
            .collect();
        (!all.is_empty()).then_some(all)
    }

    fn place_drift(&self, actual: &Actual) -> Vec<Drift> {
        let moves = self.places.moves(actual);
        let mut drift = Vec::new();
        let now: BTreeSet<String> = actual.subnets.union(&moves.now).cloned().collect();
        if now != actual.subnets {
            drift.push(Drift::new("subnets", join(&actual.subnets), join(&now)));
        }
        let wanted = &self.places.subnets;
        if now != *wanted {
            drift.push(Drift::new("subnets", join(&now), join(wanted)).at_last());
        }
        if !moves.wrong.is_empty() {
            let wrong = actual.addresses.iter();
            let wrong = wrong.filter(|one| moves.wrong.contains(&one.subnet));
            let has: BTreeSet<String> = wrong.map(|one| one.ip.clone()).collect();
            let pins = self.places.pins.iter();
            let pins = pins.filter(|(subnet, _)| moves.wrong.contains(*subnet));
            let pins: BTreeSet<Ipv4Addr> = pins.map(|(_, pin)| *pin).collect();
            drift.push(Drift::new("addresses", join(&has), join(&pins)).at_last());
        }
        drift
    }

    /// The policy to have now, and the one to have at last: a bucket that is no
    /// longer wanted stays readable until no rule leads to it.
    fn policies(&self, actual: &Actual) -> Option<(Value, Value)> {
        let wanted = self.objects.as_ref()?;
        let has = statements::objects_of(&actual.policy).unwrap_or_default();
        let now: BTreeSet<String> = has.union(wanted).cloned().collect();
        let both = [&now, wanted].map(|all| policy::normal(&statements::only_objects(all)));
        let [now, last] = both;
        Some((now, last))
    }

    fn policy_drift(&self, actual: &Actual) -> Vec<Drift> {
        let Some((now, last)) = self.policies(actual) else {
            return vec![]; // EndpointPolicy's
        };
        let first = Drift::between("policy", &actual.policy, &now);
        let then = Drift::between("policy", &now, &last).map(Drift::at_last);
        first.into_iter().chain(then).collect()
    }
}

impl Resource for VpcEndpoint {
    type Actual = Actual;
    const ASKS: &'static [&'static str] = &["DescribeVpcEndpoints", "DescribeNetworkInterfaces"];

    fn key(&self) -> Key {
        Key::bare(self.kind)
    }

    fn needs(&self) -> Vec<Need> {
        match &self.source {
            Source::Own(own) => vec![own.group.exists()],
            Source::Borrowed(_) => vec![],
        }
    }

    fn summary(&self) -> String {
        match &self.source {
            Source::Own(own) => {
                let subnets: Vec<&str> = own.places.subnets.iter().map(String::as_str).collect();
                let service = own.service.rsplit('.').next().unwrap_or_default();
                format!("{service} in {}", subnets.join(", "))
            }
            Source::Borrowed(id) => format!("{id}, borrowed"),
        }
    }

    async fn discover(look: &Look) -> Result<Vec<Found<Actual>>> {
        let endpoints = reading::tagged(look).await?;
        let interfaces = reading::interfaces(look, &endpoints).await?;
        let found = endpoints.iter().filter_map(|endpoint| {
            let actual = reading::actual(endpoint, &interfaces)?;
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

    async fn find(&self, look: &Look) -> Result<Option<Found<Actual>>> {
        let Source::Borrowed(id) = &self.source else {
            let all = Self::discover(look).await?;
            return Ok(all.into_iter().find(|found| self.is(found)));
        };
        let Some(actual) = reading::one(look, id).await? else {
            return Ok(None);
        };
        if tags::key_of(&actual.tags, &look.stack).is_some() {
            return Err(Error::new(
                Kind::NotOurs,
                format!("the endpoint {id} is this stack's own and cannot be borrowed"),
            )
            .hint("leave out `endpoint.id`"));
        }
        let state = actual.state.clone();
        Ok(Some(Found::borrowed(self.key(), id, state, actual)))
    }

    fn diff(&self, actual: &Actual) -> Vec<Drift> {
        let Source::Own(own) = &self.source else {
            return vec![]; // looked at before anything is written
        };
        let Actual {
            id: _,
            state: _,
            failure: _,
            vpc,
            subnets: _, // in place_drift
            groups,
            private_dns,
            policy: _, // in policy_drift
            policy_text: _,
            addresses: _, // in place_drift
            tags: has,
        } = actual;
        let mut drift: Vec<Drift> = Drift::between("vpc", vpc, &own.vpc)
            .map(Drift::replaces)
            .into_iter()
            .collect();
        drift.extend(own.place_drift(actual));
        let group = own.group.id();
        let wanted: BTreeSet<String> = group.iter().cloned().collect();
        if group.is_none() || *groups != wanted {
            let desired = group.unwrap_or_else(|| UNKNOWN.to_owned());
            drift.push(Drift::new("security groups", join(groups), desired));
        }
        drift.extend(Drift::between("private_dns", private_dns, &own.private_dns));
        drift.extend(own.policy_drift(actual));
        drift.extend(tags::drift(has, &own.owner.tags(&self.key())));
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
                let all = actual.subnets.len();
                let missing = actual.subnets.iter().filter(|id| !have.contains(id));
                match missing.count() {
                    0 => Settled::Yes,
                    missing => Settled::NotYet(format!("{} of {all} addresses", all - missing)),
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
        let own = self.own()?;
        let tags = own.owner.tags(&self.key());
        let group = own.group.require()?.id;
        // A token outlives the endpoint it made: what it then returns is gone.
        for attempt in 0..8 {
            let made = own.create_once(aws, &tags, &group, attempt).await?;
            let state = made.as_ref().map(reading::state_of).unwrap_or_default();
            if !matches!(state.as_str(), "deleting" | "deleted" | "failed") {
                return Ok(());
            }
        }
        Err(Error::not_yet("an earlier endpoint is still being deleted"))
    }

    async fn update(&self, aws: &Aws, actual: &Ours<Actual>, drift: &[Drift]) -> Result<()> {
        let own = self.own()?;
        set_tags(aws, &actual.id, drift).await?;
        let due = |field: &str| drift.iter().find(|one| one.field == field);
        let list = |set: &BTreeSet<String>| -> Option<Vec<String>> {
            (!set.is_empty()).then(|| set.iter().cloned().collect())
        };
        let mut call = aws.ec2.modify_vpc_endpoint().vpc_endpoint_id(&actual.id);
        let mut needed = false;
        if let Some(one) = due("subnets").or(due("addresses")) {
            let moves = own.places.moves(actual);
            call = if one.last {
                let placed = moves.following.union(&moves.repinned).cloned().collect();
                call.set_add_subnet_ids(list(&moves.following))
                    .set_remove_subnet_ids(list(&moves.leaving))
                    .set_subnet_configurations(own.pins(&placed))
            } else {
                call.set_add_subnet_ids(list(&moves.now))
                    .set_subnet_configurations(own.pins(&moves.now))
            };
            needed = true;
        }
        if due("security groups").is_some() {
            let group = own.group.require()?.id;
            let mut stale = actual.groups.clone();
            if !stale.remove(&group) {
                call = call.add_security_group_ids(&group);
            }
            call = call.set_remove_security_group_ids(list(&stale));
            needed = true;
        }
        if due("private_dns").is_some() {
            call = call.private_dns_enabled(own.private_dns);
            needed = true;
        }
        if let Some(one) = due("policy")
            && let Some((now, last)) = own.policies(actual)
        {
            let policy = if one.last { last } else { now };
            call = call.policy_document(policy.to_string());
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

    fn held_by(key: &Key) -> &'static [&'static str] {
        if key.kind() == SITES {
            &["dns-record", "bucket-policy"]
        } else {
            // An API that names the endpoint goes first.
            &["dns-record", "rest-api"]
        }
    }
}

fn join<T: ToString>(items: &BTreeSet<T>) -> String {
    let all: Vec<String> = items.iter().map(ToString::to_string).collect();
    all.join(", ")
}

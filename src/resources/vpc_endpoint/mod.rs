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

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use strum::{Display, EnumIter};

use crate::{
    aws::{
        Aws, Called,
        error::{none_if_missing, of_item},
        read::{Endpoints, Query, Reads},
    },
    error::{Error, ErrorKind, Result},
    policy,
    resource::{
        Drift, Due, Found, Key, Kind, Mark, Need, Ours, Resource, Settled, UNKNOWN,
        tags::{self, Tags},
    },
    resources::security_group::set_tags,
};

pub mod following;
mod foreign;
mod ghosts;
pub mod interfaces;
pub mod lending;
mod own;
mod placement;
pub mod reading;

pub use foreign::Foreign;
pub use ghosts::Ghosts;
pub use own::Own;
pub use placement::Placement;

/// An interface endpoint.
#[derive(Hash)]
pub struct VpcEndpoint {
    /// Whether it is for `execute-api` ([`Kind::VpcEndpoint`]) or for S3
    /// ([`Kind::SiteEndpoint`]).
    pub kind: Kind,
    /// Whose it is.
    pub source: Source,
}

/// Whose an endpoint is.
#[derive(Hash)]
pub enum Source {
    /// The stack's own.
    Own(Box<Own>),
    /// Somebody else's.
    Borrowed {
        /// Its id.
        id: String,
        /// The load balancer's zones. It does not use a target in another one
        /// (ELBv2 API reference, `Target.NotInUse`).
        zones: BTreeSet<String>,
    },
    /// Whoever's: only its addresses are looked at, and nothing of it is written.
    Followed {
        /// Its id.
        id: String,
        /// All endpoints that are looked at together, it among them.
        among: Vec<String>,
        /// The load balancer's zones.
        zones: BTreeSet<String>,
    },
    /// Somebody else's that this account may not look at.
    Foreign(Foreign),
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
    /// The tags of each of its interfaces, by id.
    pub interfaces: BTreeMap<String, Tags>,
    /// All its tags.
    pub tags: Tags,
}

impl Actual {
    /// How many of its subnets show no address of it.
    fn without_address(&self) -> usize {
        let have: BTreeSet<&String> = self.addresses.iter().map(|one| &one.subnet).collect();
        let missing = self.subnets.iter().filter(|id| !have.contains(id));
        missing.count()
    }
}

/// What can differ.
#[derive(Clone, Debug, PartialEq, Eq, Display, EnumIter)]
#[strum(serialize_all = "lowercase")]
pub enum Field {
    /// The VPC.
    Vpc,
    /// The subnets.
    Subnets,
    /// The pinned addresses.
    Addresses,
    /// The security groups.
    #[strum(to_string = "security groups")]
    SecurityGroups,
    /// Whether private DNS is on.
    #[strum(to_string = "private_dns")]
    PrivateDns,
    /// The policy.
    Policy,
    /// The tags of its interfaces, all together.
    #[strum(to_string = "interface tags")]
    InterfaceTags,
    /// A tag, by its key.
    #[strum(to_string = "tags.{0}")]
    Tag(String),
}

impl VpcEndpoint {
    /// The addresses that serve now: what is to be registered.
    pub fn wanted_addresses(&self, actual: &Actual) -> BTreeSet<Address> {
        match &self.source {
            Source::Own(own) => own.placement.serving(actual),
            Source::Borrowed { zones, .. } | Source::Followed { zones, .. } => {
                let all = actual.addresses.iter();
                let used = all.filter(|address| zones.contains(&address.zone));
                used.cloned().collect()
            }
            Source::Foreign(_) => actual.addresses.clone(),
        }
    }

    /// Whom the load balancer has to reach: groups, or addresses where the groups
    /// are not known.
    pub fn peers(&self, actual: &Actual) -> Vec<String> {
        match &self.source {
            Source::Own(_) | Source::Borrowed { .. } | Source::Followed { .. } => {
                actual.groups.iter().cloned().collect()
            }
            Source::Foreign(foreign) => foreign.ranges(),
        }
    }

    /// The policy of an API that is reached through it alone.
    pub fn admission(&self, id: &str) -> Value {
        match &self.source {
            Source::Own(_) | Source::Borrowed { .. } | Source::Followed { .. } => {
                policy::only_through(id)
            }
            Source::Foreign(foreign) => foreign.admission(),
        }
    }

    /// The endpoint that an API can be associated with: whether that may be
    /// another account's, nobody documents, and requests by a custom domain do
    /// without.
    pub fn association(&self, id: &str) -> Option<String> {
        match &self.source {
            Source::Own(_) | Source::Borrowed { .. } | Source::Followed { .. } => {
                Some(id.to_owned())
            }
            Source::Foreign(_) => None,
        }
    }

    /// Whether addresses are still to come or to go.
    pub fn is_moving(&self, actual: &Actual) -> bool {
        match &self.source {
            Source::Own(own) => {
                let moves = own.placement.moves(actual);
                actual.subnets != own.placement.subnets || !moves.misplaced.is_empty()
            }
            Source::Borrowed { .. } | Source::Followed { .. } | Source::Foreign(_) => false,
        }
    }

    /// Its addresses that stay if they are registered: who follows them may know
    /// the load balancer's zones of a while ago.
    pub fn kept_addresses(&self, actual: &Actual) -> BTreeSet<String> {
        let all = actual.addresses.iter().filter(|_| self.is_followed());
        all.map(|address| address.ip.clone()).collect()
    }

    /// Whether all of its addresses are known, so that others are no longer its
    /// own: EC2 may show an endpoint before its new interface.
    pub fn is_complete(&self, actual: &Actual) -> bool {
        match &self.source {
            Source::Followed { .. } => actual.without_address() == 0,
            _ => true,
        }
    }

    fn is_followed(&self) -> bool {
        matches!(self.source, Source::Followed { .. })
    }

    fn own(&self) -> Result<&Own> {
        match &self.source {
            Source::Own(own) => Ok(own),
            Source::Borrowed { id, .. } | Source::Followed { id, .. } => Err(Error::new(
                ErrorKind::NotFound,
                format!("the endpoint {id} is not there and is not hybridgw's to make"),
            )),
            Source::Foreign(_) => Err(Error::invalid("a foreign endpoint is not hybridgw's")),
        }
    }
}

impl Resource for VpcEndpoint {
    type Actual = Actual;
    type Field = Field;
    type Receipt = ();
    const READS: &'static [Query] = &[
        Query::DescribeVpcEndpoints,
        Query::DescribeNetworkInterfaces,
    ];

    fn key(&self) -> Key {
        Key::bare(self.kind)
    }

    fn needs(&self) -> Vec<Need> {
        match &self.source {
            Source::Own(own) => vec![own.group.exists()],
            Source::Borrowed { .. } | Source::Followed { .. } | Source::Foreign(_) => vec![],
        }
    }

    fn waits_for(&self) -> Vec<Need> {
        match &self.source {
            Source::Own(own) => own.after.clone(),
            Source::Borrowed { .. } | Source::Followed { .. } | Source::Foreign(_) => vec![],
        }
    }

    fn summary(&self) -> String {
        match &self.source {
            Source::Own(own) => {
                let subnets: Vec<&str> = own.placement.subnets.iter().map(String::as_str).collect();
                let service = own.service.rsplit('.').next().unwrap_or_default();
                format!("{service} in {}", subnets.join(", "))
            }
            Source::Borrowed { id, .. } => format!("{id}, borrowed"),
            Source::Followed { id, .. } => id.clone(),
            Source::Foreign(foreign) => foreign.to_string(),
        }
    }

    async fn discover(reads: &Reads) -> Result<Vec<Found<Actual>>> {
        let endpoints = reads.vpc_endpoints(Endpoints::OfStack).await?;
        let interfaces = reading::interfaces(reads, &endpoints).await?;
        let found = endpoints.iter().filter_map(|endpoint| {
            let actual = reading::actual(endpoint, &interfaces)?;
            // EC2 shows deleted endpoints for a while.
            (actual.state != "deleted").then_some(())?;
            let mark = Mark::of_tags(&actual.tags, &reads.stack)?;
            // An endpoint has no name; what it leads to has to fit.
            let service = endpoint.service_name().unwrap_or_default();
            leads_to(mark.key().kind(), service).then_some(())?;
            let (id, state) = (actual.id.clone(), actual.state.clone());
            let created = endpoint.creation_timestamp().copied();
            Some(Found::ours(mark, id, state, actual).since(created))
        });
        Ok(found.collect())
    }

    fn matches(&self, found: &Found<Actual>) -> bool {
        found.key == self.key() && found.state != "deleting"
    }

    async fn find(&self, reads: &Reads) -> Result<Option<Found<Actual>>> {
        let id = match &self.source {
            Source::Borrowed { id, .. } => id,
            Source::Followed { id, among, .. } => {
                return following::find(reads, self.key(), id, among).await;
            }
            Source::Foreign(foreign) => return Ok(Some(foreign.found(self.key()))),
            Source::Own(_) => {
                let all = Self::discover(reads).await?;
                return Ok(all.into_iter().find(|found| self.matches(found)));
            }
        };
        let Some(actual) = reading::one(reads, id).await? else {
            return Ok(None);
        };
        if tags::key_of(&actual.tags, &reads.stack).is_some() {
            return Err(Error::new(
                ErrorKind::NotOurs,
                format!("the endpoint {id} is this stack's own and cannot be borrowed"),
            )
            .hint("leave out `endpoint.id`"));
        }
        let state = actual.state.clone();
        Ok(Some(Found::borrowed(self.key(), id, state, actual)))
    }

    fn diff(&self, actual: &Actual) -> Vec<Drift<Field>> {
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
            addresses: _,  // in place_drift
            interfaces: _, // in interfaces::drift
            tags: has,
        } = actual;
        let mut drift: Vec<Drift<Field>> = Drift::between(Field::Vpc, vpc, &own.vpc)
            .map(Drift::replaces)
            .into_iter()
            .collect();
        drift.extend(own.place_drift(actual));
        let group = own.group.id();
        let wanted: BTreeSet<String> = group.iter().cloned().collect();
        if group.is_none() || *groups != wanted {
            let desired = group.unwrap_or_else(|| UNKNOWN.to_owned());
            drift.push(Drift::new(Field::SecurityGroups, join(groups), desired));
        }
        drift.extend(Drift::between(
            Field::PrivateDns,
            private_dns,
            &own.private_dns,
        ));
        drift.extend(own.policy_drift(actual));
        let wanted = own.owner.tags(&self.key());
        drift.extend(interfaces::drift(actual, &wanted));
        drift.extend(tags::drift(has, &wanted, Field::Tag));
        drift
    }

    fn settled(&self, actual: &Actual) -> Settled {
        match actual.state.as_str() {
            "available" => {
                // What is not there at all is drift.
                let all = actual.subnets.len();
                match actual.without_address() {
                    0 => Settled::Yes,
                    // Those that are there can be followed.
                    missing if missing < all && self.is_followed() => Settled::Yes,
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
        // A token outlives the endpoint it made: what it then names is gone.
        for _ in 0..IN_A_ROW {
            if own.create_once(aws, &tags, &group).await? {
                return Ok(());
            }
        }
        Err(Error::not_yet("its tokens name endpoints that are gone"))
    }

    async fn update(&self, aws: &Aws, actual: &Ours<Actual>, drift: &[Drift<Field>]) -> Result<()> {
        let own = self.own()?;
        let wanted_tags = own.owner.tags(&self.key());
        let list = |set: &BTreeSet<String>| -> Option<Vec<String>> {
            (!set.is_empty()).then(|| set.iter().cloned().collect())
        };
        let mut changes = Tags::new();
        let mut bare = Vec::new();
        let mut call = aws.ec2.modify_vpc_endpoint().vpc_endpoint_id(&actual.id);
        let mut needed = false;
        for one in drift {
            call = match &one.field {
                Field::Vpc => continue, // only a new one has another VPC
                Field::Tag(key) => {
                    changes.extend(tags::to_repair(key, &actual.tags, &wanted_tags));
                    continue;
                }
                Field::InterfaceTags => {
                    bare = interfaces::bare(actual, &wanted_tags);
                    continue;
                }
                // One is a part of the other: both in one call.
                Field::Subnets | Field::Addresses => {
                    let moves = own.placement.moves(actual);
                    match one.due {
                        Due::Now | Due::Switch => call
                            .set_add_subnet_ids(list(&moves.adding))
                            .set_subnet_configurations(own.pins(&moves.adding)),
                        Due::Deferred => {
                            let placed = moves.replacing.union(&moves.repinned);
                            call.set_add_subnet_ids(list(&moves.replacing))
                                .set_remove_subnet_ids(list(&moves.removing))
                                .set_subnet_configurations(own.pins(&placed.cloned().collect()))
                        }
                    }
                }
                Field::SecurityGroups => {
                    let group = own.group.require()?.id;
                    let mut stale = actual.groups.clone();
                    let missing = (!stale.remove(&group)).then(|| vec![group]);
                    call.set_add_security_group_ids(missing)
                        .set_remove_security_group_ids(list(&stale))
                }
                Field::PrivateDns => call.private_dns_enabled(own.private_dns),
                Field::Policy => {
                    let policies = own.policies(actual);
                    let policy = policies.map(|(now, last)| match one.due {
                        Due::Now | Due::Switch => now,
                        Due::Deferred => last,
                    });
                    call.set_policy_document(policy.map(|policy| policy.to_string()))
                }
            };
            needed = true;
        }
        set_tags(aws, &actual.id, &changes).await?;
        interfaces::set_tags(aws, bare, &wanted_tags).await?;
        if needed {
            call.send().await.called("ModifyVpcEndpoint")?;
        }
        Ok(())
    }

    #[cfg(test)]
    fn alter(&self, field: &Field, actual: &mut Actual) {
        match field {
            Field::Vpc => actual.vpc = "vpc-0another".to_owned(),
            Field::Subnets => drop(actual.subnets.pop_first()),
            Field::Addresses => {
                let all = std::mem::take(&mut actual.addresses).into_iter();
                let ip = "192.0.2.1".to_owned();
                let moved = all.map(|one| Address {
                    ip: ip.clone(),
                    ..one
                });
                actual.addresses = moved.collect();
            }
            Field::SecurityGroups => actual.groups.clear(),
            Field::PrivateDns => actual.private_dns = !actual.private_dns,
            Field::Policy => actual.policy = Value::Null,
            Field::InterfaceTags => {
                actual.interfaces.values_mut().for_each(Tags::clear);
            }
            Field::Tag(_) => tags::alter(&mut actual.tags),
        }
    }

    async fn delete(aws: &Aws, actual: &Ours<Actual>) -> Result<()> {
        if actual.state == "deleting" {
            return Ok(());
        }
        lending::refuse_used_now(aws, actual).await?;
        let deleted = aws
            .ec2
            .delete_vpc_endpoints()
            .vpc_endpoint_ids(&actual.id)
            .send()
            .await
            .called("DeleteVpcEndpoints");
        // The call succeeds and carries its failures in the answer.
        let Some(answer) = none_if_missing(deleted)? else {
            return Ok(());
        };
        let refused = answer.unsuccessful().iter().filter_map(|item| item.error());
        for error in refused {
            let code = error.code().unwrap_or("Unknown");
            if !code.ends_with("NotFound") {
                let words = error.message().unwrap_or("no message");
                return Err(of_item("DeleteVpcEndpoints", code, words));
            }
        }
        Ok(())
    }
}

/// How many tokens are tried before others get their turn: EC2 takes four calls
/// at once (EC2 developer guide, "Request throttling").
const IN_A_ROW: usize = 4;

fn join<T: ToString>(items: &BTreeSet<T>) -> String {
    let all: Vec<String> = items.iter().map(ToString::to_string).collect();
    all.join(", ")
}

/// Whether a service is the one of this kind of endpoint, in any partition.
fn leads_to(kind: Kind, service: &str) -> bool {
    let wanted = if kind == Kind::SiteEndpoint {
        ".s3"
    } else {
        ".execute-api"
    };
    service.ends_with(wanted)
}

//! An endpoint of the stack's own: what is asked of AWS for it.

use std::{collections::BTreeSet, net::Ipv4Addr, sync::Arc};

use aws_sdk_ec2::types::{self, ResourceType, SubnetConfiguration, TagSpecification};
use serde_json::Value;

use super::{Actual, Field, Ghosts, Placement, join, reading};
use crate::{
    aws::{Aws, Called},
    error::{Error, Result},
    graph::Node,
    hash,
    policy::{self, statements},
    resource::{
        Drift, Need, Owner,
        tags::{self, Tags},
    },
    resources::SecurityGroup,
};

/// An endpoint of the stack's own.
#[derive(Hash)]
pub struct Own {
    /// Whose it is.
    pub owner: Owner,
    /// The VPC.
    pub vpc: String,
    /// Where it has its interfaces.
    pub placement: Placement,
    /// Its security group.
    pub group: Arc<Node<SecurityGroup>>,
    /// The endpoint service, as in `com.amazonaws.eu-central-1.execute-api`.
    pub service: String,
    /// Whether the service's own names resolve to it in the whole VPC.
    pub private_dns: bool,
    /// The objects that may be read through it, as ARNs; none for APIs.
    pub objects: Option<BTreeSet<String>>,
    /// What has its addresses before this takes any of its subnets.
    pub after: Vec<Need>,
    /// What its tokens name and is gone.
    pub ghosts: Ghosts,
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
    fn token(&self, tags: &Tags, group: &str) -> String {
        let gone = self.ghosts.last();
        let request = format!(
            "{}|{group}|{}|{:?}|{:?}|{}|{}|{tags:?}|{gone}",
            self.owner.stack,
            self.service,
            self.placement.subnets,
            self.placement.pins,
            self.private_dns,
            self.first_policy(),
        );
        hash::long(&request)
    }

    /// Makes it, unless the token names one that is gone: then the next call has
    /// another token. Returns whether it was made.
    pub(super) async fn create_once(&self, aws: &Aws, tags: &Tags, group: &str) -> Result<bool> {
        let token = self.token(tags, group);
        let made = match self.send(aws, tags, group, &token).await {
            Ok(made) => made,
            Err(error) if says_token_is_used(&error) => {
                self.ghosts.gone(&token);
                return Ok(false);
            }
            Err(error) => return Err(error),
        };
        let state = made.as_ref().map(reading::state_of).unwrap_or_default();
        let id = made.and_then(|one| one.vpc_endpoint_id).unwrap_or_default();
        let there = !matches!(state.as_str(), "deleting" | "deleted" | "failed");
        if there && self.ghosts.named(&id) {
            return Ok(true);
        }
        self.ghosts.gone(if id.is_empty() { &token } else { &id });
        Ok(false)
    }

    async fn send(
        &self,
        aws: &Aws,
        tags: &Tags,
        group: &str,
        token: &str,
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
            .set_subnet_ids(Some(self.placement.subnets.iter().cloned().collect()))
            .set_subnet_configurations(self.pins(&self.placement.subnets))
            .security_group_ids(group)
            .private_dns_enabled(self.private_dns)
            .policy_document(self.first_policy().to_string())
            .client_token(token)
            .tag_specifications(specification)
            .send()
            .await
            .called("CreateVpcEndpoint")?;
        Ok(created.vpc_endpoint)
    }

    /// The pinned addresses of these subnets, as EC2 takes them.
    pub(super) fn pins(&self, subnets: &BTreeSet<String>) -> Option<Vec<SubnetConfiguration>> {
        let pinned = self.placement.pins.iter();
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

    /// What is not where it should be.
    pub(super) fn place_drift(&self, actual: &Actual) -> Vec<Drift<Field>> {
        let moves = self.placement.moves(actual);
        let mut drift = Vec::new();
        let now: BTreeSet<String> = actual.subnets.union(&moves.adding).cloned().collect();
        if now != actual.subnets {
            drift.push(Drift::new(
                Field::Subnets,
                join(&actual.subnets),
                join(&now),
            ));
        }
        let wanted = &self.placement.subnets;
        if now != *wanted {
            drift.push(Drift::new(Field::Subnets, join(&now), join(wanted)).deferred());
        }
        if !moves.misplaced.is_empty() {
            let wrong = actual.addresses.iter();
            let wrong = wrong.filter(|one| moves.misplaced.contains(&one.subnet));
            let has: BTreeSet<String> = wrong.map(|one| one.ip.clone()).collect();
            let pins = self.placement.pins.iter();
            let pins = pins.filter(|(subnet, _)| moves.misplaced.contains(*subnet));
            let pins: BTreeSet<Ipv4Addr> = pins.map(|(_, pin)| *pin).collect();
            drift.push(Drift::new(Field::Addresses, join(&has), join(&pins)).deferred());
        }
        drift
    }

    /// The policy to have now, and the one to have at last: a bucket that is no
    /// longer wanted stays readable until no rule leads to it.
    pub(super) fn policies(&self, actual: &Actual) -> Option<(Value, Value)> {
        let wanted = self.objects.as_ref()?;
        let has = statements::objects_of(&actual.policy).unwrap_or_default();
        let now: BTreeSet<String> = has.union(wanted).cloned().collect();
        let both = [&now, wanted].map(|all| policy::normal(&statements::only_objects(all)));
        let [now, last] = both;
        Some((now, last))
    }

    /// What may be read through it and should not be, or the other way round.
    pub(super) fn policy_drift(&self, actual: &Actual) -> Vec<Drift<Field>> {
        let Some((now, last)) = self.policies(actual) else {
            return vec![]; // EndpointPolicy's
        };
        let first = Drift::between(Field::Policy, &actual.policy, &now);
        let then = Drift::between(Field::Policy, &now, &last).map(Drift::deferred);
        first.into_iter().chain(then).collect()
    }
}

/// Whether AWS will have no more of a token: it was used with another request,
/// or what it made has ended (EC2 API reference, "Error codes", which has the
/// second for instances).
fn says_token_is_used(error: &Error) -> bool {
    let codes = [
        "IdempotentParameterMismatch",
        "IdempotentInstanceTerminated",
    ];
    error.code().is_some_and(|code| codes.contains(&code))
}

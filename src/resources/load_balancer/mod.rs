//! The internal application load balancer.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use aws_sdk_elasticloadbalancingv2::types::{
    self, IpAddressType, LoadBalancerAttribute, LoadBalancerSchemeEnum, LoadBalancerTypeEnum,
};
use strum::{Display, EnumIter};

use crate::{
    aws::{
        Aws, Called,
        error::none_if_missing,
        read::{Query, Reads},
    },
    error::{Error, ErrorKind, Result},
    graph::Node,
    resource::{
        Drift, Due, Found, Key, Kind, Mark, Need, Ours, Owner, Resource, Settled, UNKNOWN,
        tags::{self, Tags},
    },
    resources::{
        SecurityGroup,
        balancing::{self, About},
    },
};

mod subnets;

/// An internal load balancer, called like its stack.
#[derive(Hash)]
pub struct LoadBalancer {
    /// Whose it is.
    pub owner: Owner,
    /// The VPC.
    pub vpc: String,
    /// Its subnets by zone, two zones or more.
    pub subnets: BTreeMap<String, String>,
    /// Its security group.
    pub group: Arc<Node<SecurityGroup>>,
    /// The attributes that are managed, as ELBv2 spells them.
    pub attributes: BTreeMap<String, String>,
    /// What has its addresses before this takes any of its subnets.
    pub after: Vec<Need>,
}

/// A load balancer as ELBv2 reports it.
#[derive(Clone, Debug, Default)]
pub struct Actual {
    /// Its ARN.
    pub arn: String,
    /// Its name.
    pub name: String,
    /// Its own DNS name.
    pub dns_name: String,
    /// The hosted zone that aliases to it must name.
    pub zone: String,
    /// Whether it is internal.
    pub internal: bool,
    /// The VPC.
    pub vpc: String,
    /// `provisioning`, `active`, `failed`, …
    pub state: String,
    /// Its subnets by zone.
    pub subnets: BTreeMap<String, String>,
    /// Of these, the ones that have its nodes; asked only if the subnets differ.
    pub nodes: BTreeSet<String>,
    /// Its security groups.
    pub groups: BTreeSet<String>,
    /// `ipv4`, or with IPv6 too.
    pub ip_address_type: String,
    /// Its attributes.
    pub attributes: BTreeMap<String, String>,
    /// All its tags.
    pub tags: Tags,
}

/// What can differ.
#[derive(Clone, Debug, PartialEq, Eq, Display, EnumIter)]
#[strum(serialize_all = "lowercase")]
pub enum Field {
    /// The scheme.
    Internal,
    /// The VPC.
    Vpc,
    /// The subnets, and with them the zones.
    Subnets,
    /// The security groups.
    #[strum(to_string = "security groups")]
    SecurityGroups,
    /// Whether it has IPv6 addresses, which `network.clients` says nothing of.
    #[strum(to_string = "ip address type")]
    IpAddressType,
    /// An attribute, as ELBv2 spells it.
    #[strum(to_string = "{0}")]
    Attribute(String),
    /// A tag, by its key.
    #[strum(to_string = "tags.{0}")]
    Tag(String),
}

/// The attribute that makes AWS refuse a deletion.
pub const PROTECTION: &str = "deletion_protection.enabled";

impl LoadBalancer {
    fn tags(&self) -> Tags {
        self.owner.tags(&self.key())
    }
}

impl Resource for LoadBalancer {
    type Actual = Actual;
    type Field = Field;
    type Receipt = ();
    const READS: &'static [Query] = &[
        Query::DescribeLoadBalancers,
        Query::DescribeLoadBalancerAttributes,
        Query::DescribeTags,
        Query::DescribeNetworkInterfaces,
    ];

    fn key(&self) -> Key {
        Key::bare(Kind::LoadBalancer)
    }

    fn needs(&self) -> Vec<Need> {
        vec![self.group.exists()]
    }

    /// ELBv2 takes any free address of a subnet (ELB user guide, "Subnets for your
    /// load balancer"), a pinned one too.
    fn waits_for(&self) -> Vec<Need> {
        self.after.clone()
    }

    fn summary(&self) -> String {
        format!(
            "{}, internal, {} zones",
            self.owner.stack,
            self.subnets.len()
        )
    }

    async fn discover(reads: &Reads) -> Result<Vec<Found<Actual>>> {
        let standing = balancing::standing(reads, About::Balancer).await?;
        let Some((balancer, tags)) = standing.balancer else {
            return Ok(vec![]);
        };
        let name = balancer.load_balancer_name().unwrap_or_default();
        let expected = |_: &Key| reads.stack.clone();
        let Some(mark) = Mark::of_tags_and_name(&tags, &reads.stack, name, expected) else {
            return Ok(vec![]);
        };
        let arn = balancer.load_balancer_arn().unwrap_or_default().to_owned();
        let attributes = attributes(reads, &arn).await?;
        let actual = actual(&balancer, attributes, tags);
        let protected = actual
            .attributes
            .get(PROTECTION)
            .is_some_and(|on| on == "true");
        let setting = protected.then_some("load_balancer.deletion_protection");
        let found = Found::ours(mark, arn, actual.state.clone(), actual);
        let created = balancer.created_time().copied();
        Ok(vec![found.protected(setting).since(created)])
    }

    async fn complete(&self, reads: &Reads, _: Option<&()>, actual: &mut Actual) -> Result<()> {
        if actual.subnets != self.subnets {
            actual.nodes = subnets::with_nodes(reads, actual).await?;
        }
        Ok(())
    }

    async fn conflict(&self, reads: &Reads) -> Result<Option<Error>> {
        let foreign = balancing::standing(reads, About::Balancer).await?.balancer;
        Ok(foreign.map(|_| {
            Error::new(
                ErrorKind::NotOurs,
                format!("the load balancer {} is not this stack's", self.owner.stack),
            )
            .hint("delete it, or choose another `stack` name: load balancers are called like their stack")
        }))
    }

    fn diff(&self, actual: &Actual) -> Vec<Drift<Field>> {
        let Actual {
            arn: _,
            name: _,
            dns_name: _,
            zone: _,
            internal,
            vpc,
            state: _,
            subnets,
            nodes: _, // ELB's own
            groups,
            ip_address_type,
            attributes,
            tags: has,
        } = actual;
        let mut drift = Vec::new();
        drift.extend(Drift::between(Field::Internal, internal, &true).map(Drift::replaces));
        drift.extend(Drift::between(Field::Vpc, vpc, &self.vpc).map(Drift::replaces));
        // A target whose zone is taken away is no longer used: zones go last,
        // when the targets in the other ones are healthy.
        let (was, wanted) = (subnets::listed(subnets), subnets::listed(&self.subnets));
        let now = subnets::listed(&subnets::now(actual, &self.subnets));
        drift.extend(Drift::between(Field::Subnets, &was, &now));
        drift.extend(Drift::between(Field::Subnets, &now, &wanted).map(Drift::deferred));
        let group = self.group.id().unwrap_or_else(|| UNKNOWN.to_owned());
        drift.extend(Drift::between(Field::SecurityGroups, &join(groups), &group));
        let addresses = IpAddressType::Ipv4.as_str();
        drift.extend(Drift::between(
            Field::IpAddressType,
            ip_address_type.as_str(),
            addresses,
        ));
        for (name, wanted) in &self.attributes {
            // An account or an emulator that does not know a kind of logs has it off.
            let off = || {
                let is_switch = name.ends_with(".s3.enabled");
                if is_switch { "false" } else { "" }.to_owned()
            };
            let has = attributes.get(name).cloned().unwrap_or_else(off);
            drift.extend(Drift::between(Field::Attribute(name.clone()), &has, wanted));
        }
        drift.extend(tags::drift(has, &self.tags(), Field::Tag));
        drift
    }

    fn settled(&self, actual: &Actual) -> Settled {
        match actual.state.as_str() {
            "active" | "active_impaired" => match subnets::waits(actual, &self.subnets) {
                Some(why) => Settled::NotYet(why),
                None => Settled::Yes,
            },
            "failed" => Settled::Never("the load balancer is failed".to_owned()),
            state => Settled::NotYet(state.to_owned()),
        }
    }

    async fn create(&self, aws: &Aws) -> Result<()> {
        let group = self.group.require()?.id;
        aws.elb
            .create_load_balancer()
            .name(&self.owner.stack)
            .scheme(LoadBalancerSchemeEnum::Internal)
            .r#type(LoadBalancerTypeEnum::Application)
            .ip_address_type(IpAddressType::Ipv4)
            .set_subnets(Some(self.subnets.values().cloned().collect()))
            .security_groups(group)
            .set_tags(Some(tags::to_elb(&self.tags())))
            .send()
            .await
            .called("CreateLoadBalancer")
            .map(drop)
    }

    async fn update(&self, aws: &Aws, actual: &Ours<Actual>, drift: &[Drift<Field>]) -> Result<()> {
        let (mut changes, mut attributes) = (Tags::new(), Vec::new());
        for one in drift {
            match &one.field {
                // Only a new one has another scheme or VPC.
                Field::Internal | Field::Vpc => {}
                Field::Subnets => {
                    let subnets = match one.due {
                        Due::Now | Due::Switch => subnets::now(actual, &self.subnets),
                        Due::Deferred => self.subnets.clone(),
                    };
                    subnets::set(aws, &actual.arn, subnets).await?;
                }
                Field::SecurityGroups => {
                    let group = self.group.require()?.id;
                    set_security_group(aws, &actual.arn, group).await?;
                }
                Field::IpAddressType => set_ip_address_type(aws, &actual.arn).await?,
                Field::Attribute(name) => {
                    let attribute = LoadBalancerAttribute::builder().key(name);
                    let value = self.attributes.get(name).cloned();
                    attributes.push(attribute.set_value(value).build());
                }
                Field::Tag(key) => {
                    changes.extend(tags::to_repair(key, &actual.tags, &self.tags()));
                }
            }
        }
        balancing::set_tags(aws, &actual.arn, &changes).await?;
        if attributes.is_empty() {
            return Ok(());
        }
        aws.elb
            .modify_load_balancer_attributes()
            .load_balancer_arn(&actual.arn)
            .set_attributes(Some(attributes))
            .send()
            .await
            .called("ModifyLoadBalancerAttributes")
            .map(drop)
    }

    #[cfg(test)]
    fn alter(&self, field: &Field, actual: &mut Actual) {
        match field {
            Field::Internal => actual.internal = false,
            Field::Vpc => actual.vpc = "vpc-0another".to_owned(),
            Field::Subnets => drop(actual.subnets.pop_first()),
            Field::SecurityGroups => actual.groups.clear(),
            Field::IpAddressType => actual.ip_address_type = "dualstack".to_owned(),
            Field::Attribute(_) => drop(actual.attributes.remove(PROTECTION)),
            Field::Tag(_) => tags::alter(&mut actual.tags),
        }
    }

    async fn delete(aws: &Aws, actual: &Ours<Actual>) -> Result<()> {
        let deleted = aws
            .elb
            .delete_load_balancer()
            .load_balancer_arn(&actual.arn)
            .send()
            .await
            .called("DeleteLoadBalancer");
        none_if_missing(deleted).map(drop)
    }
}

async fn set_security_group(aws: &Aws, arn: &str, group: String) -> Result<()> {
    aws.elb
        .set_security_groups()
        .load_balancer_arn(arn)
        .security_groups(group)
        .send()
        .await
        .called("SetSecurityGroups")
        .map(drop)
}

async fn set_ip_address_type(aws: &Aws, arn: &str) -> Result<()> {
    aws.elb
        .set_ip_address_type()
        .load_balancer_arn(arn)
        .ip_address_type(IpAddressType::Ipv4)
        .send()
        .await
        .called("SetIpAddressType")
        .map(drop)
}

async fn attributes(reads: &Reads, arn: &str) -> Result<BTreeMap<String, String>> {
    let answer = reads.load_balancer_attributes(arn).await?;
    let all = answer.as_ref().as_ref().map(|answer| answer.attributes());
    let attributes = all.into_iter().flatten();
    Ok(attributes
        .filter_map(|one| Some((one.key()?.to_owned(), one.value()?.to_owned())))
        .collect())
}

fn actual(
    balancer: &types::LoadBalancer,
    attributes: BTreeMap<String, String>,
    tags: Tags,
) -> Actual {
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    Actual {
        arn: text(balancer.load_balancer_arn()),
        name: text(balancer.load_balancer_name()),
        dns_name: text(balancer.dns_name()),
        zone: text(balancer.canonical_hosted_zone_id()),
        internal: balancer.scheme() == Some(&LoadBalancerSchemeEnum::Internal),
        vpc: text(balancer.vpc_id()),
        state: balancer
            .state()
            .and_then(|state| state.code())
            .map_or("unknown", |code| code.as_str())
            .to_owned(),
        subnets: balancer
            .availability_zones()
            .iter()
            .filter_map(|zone| Some((zone.zone_name()?.to_owned(), zone.subnet_id()?.to_owned())))
            .collect(),
        nodes: BTreeSet::new(),
        groups: balancer.security_groups().iter().cloned().collect(),
        ip_address_type: balancer
            .ip_address_type()
            .unwrap_or(&IpAddressType::Ipv4)
            .as_str()
            .to_owned(),
        attributes,
        tags,
    }
}

fn join(items: &BTreeSet<String>) -> String {
    items.iter().cloned().collect::<Vec<_>>().join(", ")
}

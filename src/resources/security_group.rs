//! The security groups of the load balancer and of the endpoint.
//!
//! A group's name is unique in its VPC, so the first of two concurrent runs
//! makes it and the second finds it. The load balancer's group also remembers,
//! in tags, the DNS records that the stack has: records cannot be tagged. It is
//! the last thing that `down` deletes.

use std::collections::BTreeSet;

use aws_sdk_ec2::types::{self, Filter, ResourceType, TagSpecification};
use strum::{Display, EnumIter};

use crate::{
    aws::{
        Aws, Called,
        error::none_if_missing,
        read::{Groups, Query, Reads},
        record::Record,
    },
    error::{Error, ErrorKind, Result},
    names,
    resource::{
        Drift, Found, Key, Kind, Mark, Need, Ours, Owner, Resource,
        tags::{self, Tags},
    },
};

/// A security group without its rules.
#[derive(Hash)]
pub struct SecurityGroup {
    /// Whose it is.
    pub owner: Owner,
    /// Whether it is the load balancer's or the endpoints'.
    pub kind: Kind,
    /// The VPC.
    pub vpc: String,
    /// Its name, unique in the VPC and never changed.
    pub name: String,
    /// The DNS records to remember.
    pub records: Vec<Record>,
    /// The endpoint that the stack borrows, to remember.
    pub borrowed: Option<String>,
}

/// A security group as EC2 reports it.
#[derive(Clone, Debug)]
pub struct Actual {
    /// `sg-…`.
    pub id: String,
    /// The VPC.
    pub vpc: String,
    /// All its tags.
    pub tags: Tags,
}

/// What can differ.
#[derive(Clone, Debug, PartialEq, Eq, Display, EnumIter)]
#[strum(serialize_all = "lowercase")]
pub enum Field {
    /// The VPC.
    Vpc,
    /// A tag, by its key.
    #[strum(to_string = "tags.{0}")]
    Tag(String),
}

impl SecurityGroup {
    fn tags(&self) -> Tags {
        let mut tags = self.owner.tags(&self.key());
        tags.extend(self.records.iter().map(Record::tag));
        let borrowed = self.borrowed.clone();
        tags.extend(borrowed.map(|id| (tags::ENDPOINT.to_owned(), id)));
        tags
    }
}

/// The mark of a group. Its name cannot be changed, and the console copies tags
/// with a group: both have to say the same.
pub(super) fn mark(group: &types::SecurityGroup, stack: &str) -> Option<Mark> {
    let name = group.group_name().unwrap_or_default();
    Mark::of_tags_and_name(&tags::of_ec2(group.tags()), stack, name, |key| {
        names::security_group(stack, key)
    })
}

impl Resource for SecurityGroup {
    type Actual = Actual;
    type Field = Field;
    type Receipt = ();
    const READS: &'static [Query] = &[Query::DescribeSecurityGroups];

    fn key(&self) -> Key {
        Key::bare(self.kind)
    }

    fn needs(&self) -> Vec<Need> {
        vec![]
    }

    fn summary(&self) -> String {
        self.name.clone()
    }

    async fn discover(reads: &Reads) -> Result<Vec<Found<Actual>>> {
        let groups = reads.security_groups(Groups::OfStack).await?;
        let found = groups.iter().filter_map(|group| {
            let tags = tags::of_ec2(group.tags());
            let id = group.group_id()?.to_owned();
            let mark = mark(group, &reads.stack)?;
            let actual = Actual {
                id,
                vpc: group.vpc_id().unwrap_or_default().to_owned(),
                tags,
            };
            Some(Found::ours(mark, actual.id.clone(), "available", actual))
        });
        Ok(found.collect())
    }

    async fn conflict(&self, reads: &Reads) -> Result<Option<Error>> {
        let which = Groups::Named {
            name: self.name.clone(),
            vpc: self.vpc.clone(),
        };
        let groups = reads.security_groups(which).await?;
        let foreign = groups
            .iter()
            .find(|group| mark(group, &self.owner.stack).is_none());
        Ok(foreign.map(|group| {
            Error::new(
                ErrorKind::NotOurs,
                format!(
                    "the security group {} in {} is called {} and is not this stack's",
                    group.group_id().unwrap_or("?"),
                    self.vpc,
                    self.name
                ),
            )
            .hint("rename or delete it, or choose another `stack` name")
        }))
    }

    fn diff(&self, actual: &Actual) -> Vec<Drift<Field>> {
        let Actual {
            id: _,
            vpc,
            tags: has,
        } = actual;
        let vpc = Drift::between(Field::Vpc, vpc, &self.vpc).map(Drift::replaces);
        vpc.into_iter()
            .chain(tags::drift(has, &self.tags(), Field::Tag))
            .collect()
    }

    async fn create(&self, aws: &Aws) -> Result<()> {
        let mut own = self.tags();
        if self.kind == Kind::LoadBalancerSecurityGroup {
            // No load balancer yet: no record is the stack's (`dns_record`).
            own.insert(tags::BALANCER.to_owned(), String::new());
        }
        let tags = TagSpecification::builder()
            .resource_type(ResourceType::SecurityGroup)
            .set_tags(Some(tags::to_ec2(&own)))
            .build();
        let created = aws
            .ec2
            .create_security_group()
            .group_name(&self.name)
            .description(format!("hybridgw stack {}", self.owner.stack))
            .vpc_id(&self.vpc)
            .tag_specifications(tags)
            .send()
            .await
            .called("CreateSecurityGroup");
        match created {
            Err(error) if error.code() == Some("InvalidGroup.Duplicate") => {
                Err(Error::not_yet("another run is making it"))
            }
            other => other.map(drop),
        }
    }

    async fn update(&self, aws: &Aws, actual: &Ours<Actual>, drift: &[Drift<Field>]) -> Result<()> {
        let mut changes = Tags::new();
        for one in drift {
            match &one.field {
                Field::Vpc => {} // only a new one has another VPC
                Field::Tag(key) => {
                    changes.extend(tags::to_repair(key, &actual.tags, &self.tags()));
                }
            }
        }
        set_tags(aws, &actual.id, &changes).await
    }

    #[cfg(test)]
    fn alter(&self, field: &Field, actual: &mut Actual) {
        match field {
            Field::Vpc => actual.vpc = "vpc-0another".to_owned(),
            Field::Tag(_) => tags::alter(&mut actual.tags),
        }
    }

    async fn delete(aws: &Aws, actual: &Ours<Actual>) -> Result<()> {
        let deleted = aws
            .ec2
            .delete_security_group()
            .group_id(&actual.id)
            .send()
            .await
            .called("DeleteSecurityGroup");
        match none_if_missing(deleted) {
            Err(error) if error.kind == ErrorKind::NotYet => Err(held(aws, actual, error).await),
            other => other.map(drop),
        }
    }
}

/// Sets these tags, on anything of EC2's.
pub(super) async fn set_tags(aws: &Aws, id: &str, tags: &Tags) -> Result<()> {
    set_tags_of_all(aws, vec![id.to_owned()], tags).await
}

/// Sets these tags on several things, in one call.
pub(super) async fn set_tags_of_all(aws: &Aws, ids: Vec<String>, tags: &Tags) -> Result<()> {
    if tags.is_empty() || ids.is_empty() {
        return Ok(());
    }
    aws.ec2
        .create_tags()
        .set_resources(Some(ids))
        .set_tags(Some(tags::to_ec2(tags)))
        .send()
        .await
        .called("CreateTags")
        .map(drop)
}

/// Says who still uses a group: the question that every user of AWS asks of a
/// `DependencyViolation`. Interfaces go by themselves; rules of others do not.
async fn held(aws: &Aws, own: &Ours<Actual>, error: Error) -> Error {
    let group = own.id.as_str();
    let by = |name: &str| Filter::builder().name(name).values(group).build();
    let groups = |filter| {
        let call = aws.ec2.describe_security_groups().filters(filter);
        call.send()
    };
    let interfaces = aws.ec2.describe_network_interfaces();
    let (interfaces, admitting, letting_out) = tokio::join!(
        interfaces.filters(by("group-id")).send(),
        groups(by("ip-permission.group-id")),
        groups(by("egress.ip-permission.group-id")),
    );
    let mut holders: BTreeSet<String> = BTreeSet::new();
    if let Ok(found) = &interfaces {
        holders.extend(found.network_interfaces().iter().map(|interface| {
            format!(
                "{} ({})",
                interface.network_interface_id().unwrap_or("?"),
                interface.description().unwrap_or("no description")
            )
        }));
    }
    let mut of_others = false;
    for found in [&admitting, &letting_out].into_iter().flatten() {
        for other in found.security_groups() {
            let id = other.group_id().unwrap_or("?");
            if id == group {
                continue;
            }
            of_others |= is_foreign(other, own);
            holders.insert(match tags::of_ec2(other.tags()).get(tags::STACK) {
                Some(stack) if stack != own.stack() => format!("a rule of {id} (stack {stack})"),
                _ => format!("a rule of {id}"),
            });
        }
    }
    if holders.is_empty() {
        return error;
    }
    let holders: Vec<String> = holders.into_iter().collect();
    let words = format!("{group} is used by {}", holders.join(", "));
    if of_others {
        return Error::new(ErrorKind::NotOurs, words)
            .hint("take the rules of others away that name it, then run this again");
    }
    Error::not_yet(words)
}

/// Whether another group has a rule for this one that the stack has not made,
/// and so does not take away.
fn is_foreign(other: &types::SecurityGroup, own: &Ours<Actual>) -> bool {
    let rules = other.ip_permissions().iter();
    let rules = rules.chain(other.ip_permissions_egress());
    let pairs = rules.flat_map(|rule| rule.user_id_group_pairs());
    let mut naming = pairs.filter(|pair| pair.group_id() == Some(&own.id));
    let opening = names::opening(own.stack());
    mark(other, own.stack()).is_none() && naming.any(|pair| pair.description() != Some(&opening))
}

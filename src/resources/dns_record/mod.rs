//! The alias that leads the name to the load balancer.
//!
//! A record cannot be tagged. It is ours if it is a simple alias to a load
//! balancer of ours, whether or not that still exists (`whose`); where to look,
//! and how our load balancers are called in DNS, is remembered in tags of the
//! load balancer's security group. A record that is not ours is somebody's, and
//! is not touched: creation uses `CREATE`, which Route 53 refuses for an existing
//! name, and a change deletes exactly the record that was read.
//!
//! It is made early, and switched late: a name that is alive moves when all that
//! it will lead to works.

use std::{collections::BTreeSet, sync::Arc};

use aws_sdk_route53::types::{AliasTarget, ChangeStatus, ResourceRecordSet, RrType};
use strum::{Display, EnumIter};

use crate::{
    aws::{
        Aws, Called,
        error::none_if_missing,
        read::{Query, Reads},
        record::Record,
    },
    error::{Error, Result},
    graph::Node,
    resource::{
        Drift, Found, Host, Key, Kind, Mark, Need, Ours, Resource, Settled, UNKNOWN,
        tags::{self, Tags},
    },
    resources::{
        LoadBalancer, SecurityGroup,
        security_group::{mark, set_tags},
    },
};

mod change;
#[cfg(test)]
mod tests;
mod whose;

pub use change::ChangeId;

use change::Place;
use whose::{Memory, Shape, Standing, plain};

/// An alias record.
#[derive(Hash)]
pub struct DnsRecord {
    /// The stack's name, which is the load balancer's.
    pub stack: String,
    /// The hosted zone's id.
    pub zone: String,
    /// The host name, without a trailing dot.
    pub host: Host,
    /// Where it leads.
    pub load_balancer: Arc<Node<LoadBalancer>>,
    /// Remembers the record.
    pub group: Arc<Node<SecurityGroup>>,
    /// What the name must find when it appears: its certificate and its ways.
    pub after: Vec<Need>,
}

/// A record as Route 53 reports it.
#[derive(Clone, Debug)]
pub struct Actual {
    /// The hosted zone's id.
    pub zone: String,
    /// The host name.
    pub host: String,
    /// The load balancer's DNS name.
    pub target: String,
    /// Whether Route 53 asks the load balancer for its health.
    pub follows_health: bool,
    /// Whether every name server knows it; true unless this run changed it.
    pub in_sync: bool,
    /// Whether the group remembers where it leads.
    pub remembered: bool,
    /// The exact record: only this can be deleted.
    pub record: ResourceRecordSet,
}

/// What can differ.
#[derive(Clone, Debug, PartialEq, Eq, Display, EnumIter)]
#[strum(serialize_all = "lowercase")]
pub enum Field {
    /// Where it leads.
    Alias,
    /// Whether it follows the health of what it leads to.
    #[strum(to_string = "evaluate target health")]
    EvaluateTargetHealth,
    /// The name of the load balancer in the tags of its group.
    Remembered,
}

impl DnsRecord {
    fn record(&self) -> Result<ResourceRecordSet> {
        let balancer = self.load_balancer.require()?;
        let alias = AliasTarget::builder()
            .hosted_zone_id(&balancer.zone)
            .dns_name(&balancer.dns_name)
            .evaluate_target_health(true)
            .build()
            .map_err(|error| Error::invalid(error.to_string()))?;
        ResourceRecordSet::builder()
            .name(&self.host.name)
            .r#type(RrType::A)
            .alias_target(alias)
            .build()
            .map_err(|error| Error::invalid(error.to_string()))
    }

    fn place<'a>(&'a self, aws: &'a Aws) -> Place<'a> {
        Place {
            zone: &self.zone,
            host: &self.host.name,
            shape: Shape {
                stack: &self.stack,
                region: &aws.region,
            },
        }
    }

    /// The name in DNS of the load balancer that was last seen.
    fn present(&self) -> Option<String> {
        self.load_balancer
            .actual()
            .map(|balancer| balancer.dns_name)
    }

    async fn standing(&self, reads: &Reads) -> Result<Standing> {
        let present = self.present();
        whose::standing(reads, &self.zone, &self.host.name, present.as_deref()).await
    }

    /// Lets the group remember how the load balancer is called in DNS, before a
    /// record leads there: of a later run, and of any without the configuration,
    /// the record is ours by that. Where it leads until then stays remembered.
    ///
    /// Written also if it is there already: nobody makes a record whose group a
    /// `down` beside this run has deleted.
    async fn remember(&self, aws: &Aws, until_now: Option<&str>) -> Result<()> {
        let group = self.group.require()?;
        let next = self.load_balancer.require()?.dns_name;
        let newest: Vec<&str> = [next.as_str()].into_iter().chain(until_now).collect();
        let value = Memory::of_tags(&group.tags).with(&newest).value();
        let tag = Tags::from([(tags::BALANCER.to_owned(), value)]);
        set_tags(aws, &group.id, &tag).await
    }
}

impl Resource for DnsRecord {
    type Actual = Actual;
    type Field = Field;
    type Receipt = ChangeId;
    const READS: &'static [Query] = &[
        Query::GetChange,
        Query::ListResourceRecordSets,
        Query::DescribeSecurityGroups,
    ];

    fn key(&self) -> Key {
        self.host.key(Kind::DnsRecord, "/")
    }

    fn needs(&self) -> Vec<Need> {
        // Settled: the group remembers the record before the record is there.
        vec![self.load_balancer.exists(), self.group.settled()]
    }

    /// The name appears when what it leads to is there, and outlives it: other
    /// routes go on being served.
    fn waits_for(&self) -> Vec<Need> {
        self.after.clone()
    }

    fn summary(&self) -> String {
        format!("{}, alias to the load balancer", self.host.name)
    }

    async fn discover(reads: &Reads) -> Result<Vec<Found<Actual>>> {
        let places = places(reads).await?;
        let looks = places
            .iter()
            .map(|record| at(reads, &record.zone, &record.host));
        let found = futures_util::future::try_join_all(looks).await?;
        Ok(found.into_iter().flatten().collect())
    }

    async fn again(reads: &Reads, was: &Found<Actual>) -> Result<Option<Found<Actual>>> {
        let host = Host::served_by(&was.key, &was.actual.host);
        at(reads, &was.actual.zone, &host).await
    }

    /// The name is known here, also when the group that remembers it is new.
    ///
    /// What stands beside our record may be what clients follow: AWS would show
    /// ours as it should be, and nobody would get to it.
    async fn find(&self, reads: &Reads) -> Result<Option<Found<Actual>>> {
        let standing = self.standing(reads).await?;
        let shape = Shape::of(reads);
        let Some(found) = own(reads, &standing, &self.zone, &self.host) else {
            return Ok(None);
        };
        match whose::in_the_way(&standing.foreign, &self.host.name, &shape) {
            Some(beside) => Err(beside),
            None => Ok(Some(found)),
        }
    }

    /// Whether the change of this run has reached every name server.
    async fn complete(
        &self,
        reads: &Reads,
        change: Option<&ChangeId>,
        actual: &mut Actual,
    ) -> Result<()> {
        let Some(ChangeId(Some(id))) = change else {
            return Ok(());
        };
        let change = reads.change(id).await?;
        let status = change.as_ref().as_ref();
        actual.in_sync = status.is_none_or(|info| *info.status() == ChangeStatus::Insync);
        Ok(())
    }

    async fn conflict(&self, reads: &Reads) -> Result<Option<Error>> {
        let foreign = self.standing(reads).await?.foreign;
        let shape = Shape::of(reads);
        Ok(whose::in_the_way(&foreign, &self.host.name, &shape))
    }

    fn diff(&self, actual: &Actual) -> Vec<Drift<Field>> {
        let Actual {
            zone: _,
            host: _,
            target,
            follows_health,
            in_sync: _,
            remembered,
            record: _,
        } = actual;
        let present = self.present().map(|name| plain(&name));
        let wanted = present.clone().unwrap_or_else(|| UNKNOWN.to_owned());
        let target = Drift::between(Field::Alias, target, &wanted);
        let health = Drift::between(Field::EvaluateTargetHealth, follows_health, &true);
        if let Some(target) = target {
            // Both are one change of the record: clients follow it to where it
            // leads, so everything there works before.
            let both = [Some(target), health].into_iter().flatten();
            return both.map(Drift::deferred).collect();
        }
        let known = if *remembered { wanted.as_str() } else { "" };
        let remembered = Drift::between(Field::Remembered, known, &wanted);
        health.into_iter().chain(remembered).collect()
    }

    fn settled(&self, actual: &Actual) -> Settled {
        if actual.in_sync {
            Settled::Yes
        } else {
            Settled::NotYet("not on every name server yet".to_owned())
        }
    }

    async fn create(&self, aws: &Aws) -> Result<ChangeId> {
        let record = self.record()?;
        self.remember(aws, None).await?;
        change::create(aws, &self.place(aws), record).await
    }

    async fn update(
        &self,
        aws: &Aws,
        actual: &Ours<Actual>,
        drift: &[Drift<Field>],
    ) -> Result<ChangeId> {
        let is_of_record = |one: &Drift<Field>| match one.field {
            Field::Alias | Field::EvaluateTargetHealth => true,
            Field::Remembered => false,
        };
        if drift.is_empty() {
            return Ok(ChangeId(None));
        }
        let record = self.record()?;
        self.remember(aws, Some(&actual.target)).await?;
        if !drift.iter().any(is_of_record) {
            return Ok(ChangeId(None));
        }
        change::replace(aws, &self.place(aws), actual.record.clone(), record).await
    }

    #[cfg(test)]
    fn alter(&self, field: &Field, actual: &mut Actual) {
        match field {
            Field::Alias => actual.target = "another".to_owned(),
            Field::EvaluateTargetHealth => actual.follows_health = false,
            Field::Remembered => actual.remembered = false,
        }
    }

    async fn delete(aws: &Aws, actual: &Ours<Actual>) -> Result<()> {
        none_if_missing(change::delete(aws, &actual.zone, actual.record.clone()).await)?;
        let record = Record {
            zone: actual.zone.clone(),
            host: Host::served_by(actual.key(), &actual.host),
        };
        forget(aws, actual.stack(), record).await
    }
}

/// Takes the record's tag from the group that remembers it.
async fn forget(aws: &Aws, stack: &str, record: Record) -> Result<()> {
    let (key, value) = record.tag();
    let by = |tag: &str, value: &str| {
        let filter = aws_sdk_ec2::types::Filter::builder();
        filter.name(format!("tag:{tag}")).values(value).build()
    };
    let groups = aws
        .ec2
        .describe_security_groups()
        .filters(by(&key, &value))
        .filters(by(tags::STACK, stack))
        .send()
        .await
        .called("DescribeSecurityGroups")?;
    let own = groups.security_groups().iter();
    for group in own.filter(|group| mark(group, stack).is_some()) {
        let tag = aws_sdk_ec2::types::Tag::builder().key(&key).build();
        aws.ec2
            .delete_tags()
            .set_resources(group.group_id().map(|id| vec![id.to_owned()]))
            .tags(tag)
            .send()
            .await
            .called("DeleteTags")?;
    }
    Ok(())
}

/// The records that the load balancer's group remembers, and those of the
/// configuration.
async fn places(reads: &Reads) -> Result<Vec<Record>> {
    let groups = whose::groups(reads).await?;
    let records = groups.iter().flat_map(Record::of_tags);
    let mut records: Vec<Record> = records.collect();
    for record in &reads.records {
        let same = |one: &Record| one.zone == record.zone && one.host.name == record.host.name;
        if !records.iter().any(same) {
            records.push(record.clone());
        }
    }
    Ok(records)
}

/// The hosts that have records of the stack's, or had until a moment ago.
pub async fn remembered(reads: &Reads) -> Result<BTreeSet<String>> {
    let places = places(reads).await?;
    Ok(places.into_iter().map(|record| record.host.name).collect())
}

/// The record of a host, if it is the stack's.
async fn at(reads: &Reads, zone: &str, host: &Host) -> Result<Option<Found<Actual>>> {
    let standing = whose::standing(reads, zone, &host.name, None).await?;
    if standing.seems_ours(&Shape::of(reads)) {
        tracing::warn!(
            "{} leads to a load balancer that is called like {}'s and that nothing here remembers: it is left alone",
            host.name,
            reads.stack
        );
    }
    Ok(own(reads, &standing, zone, host))
}

/// What of this is the stack's.
fn own(reads: &Reads, standing: &Standing, zone: &str, host: &Host) -> Option<Found<Actual>> {
    let (record, target) = standing.own.as_ref()?;
    let mark = Mark::signed(&reads.stack, host.key(Kind::DnsRecord, "/"), true)?;
    let alias = record.alias_target()?;
    let actual = Actual {
        zone: zone.to_owned(),
        host: host.name.clone(),
        target: target.clone(),
        follows_health: alias.evaluate_target_health(),
        in_sync: true,
        remembered: standing.memory.names.contains(target),
        record: record.clone(),
    };
    Some(Found::ours(mark, &host.name, "active", actual).scoped(zone))
}

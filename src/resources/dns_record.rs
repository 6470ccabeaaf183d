//! The alias that leads the name to the load balancer.
//!
//! A record cannot be tagged. It is ours if it is an alias to a load balancer
//! of our name, whether or not that load balancer still exists; where to look
//! is remembered in tags of the load balancer's security group. A record that
//! is not ours is somebody's, and is not touched: creation uses `CREATE`, which
//! Route 53 refuses for an existing name, and a change deletes exactly the
//! record that was read.

use std::{collections::BTreeSet, sync::Arc};

use aws_sdk_route53::types::{
    AliasTarget, Change, ChangeAction, ChangeBatch, ChangeStatus, ResourceRecordSet, RrType,
};
use strum::{Display, EnumIter};

use crate::{
    aws::{
        Aws, Called,
        error::none_if_missing,
        read::{Groups, Query, Reads},
        record::Record,
    },
    error::{Error, ErrorKind, Result},
    graph::Node,
    resource::{Drift, Found, Host, Key, Kind, Mark, Need, Ours, Resource, Settled, UNKNOWN, tags},
    resources::{LoadBalancer, SecurityGroup, security_group::mark},
};

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
}

/// The id of a change: AWS tells of changes only by it.
#[derive(Clone, Debug)]
pub struct ChangeId(Option<String>);

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

    async fn change(&self, aws: &Aws, changes: Vec<Change>) -> Result<ChangeId> {
        send(aws, &self.zone, changes).await
    }
}

impl Resource for DnsRecord {
    type Actual = Actual;
    type Field = Field;
    type Receipt = ChangeId;
    const READS: &'static [Query] = &[Query::GetChange, Query::ListResourceRecordSets];

    fn key(&self) -> Key {
        self.host.key(Kind::DnsRecord, "/")
    }

    fn needs(&self) -> Vec<Need> {
        // Settled: the group remembers the record before the record is there.
        vec![self.load_balancer.exists(), self.group.settled()]
    }

    fn summary(&self) -> String {
        format!("{}, alias to the load balancer", self.host.name)
    }

    async fn discover(reads: &Reads) -> Result<Vec<Found<Actual>>> {
        let places = places(reads).await?;
        let looks = places
            .iter()
            .map(|record| own(reads, &record.zone, &record.host));
        let found = futures_util::future::try_join_all(looks).await?;
        Ok(found.into_iter().flatten().collect())
    }

    async fn again(reads: &Reads, was: &Found<Actual>) -> Result<Option<Found<Actual>>> {
        let host = Host::served_by(&was.key, &was.actual.host);
        own(reads, &was.actual.zone, &host).await
    }

    /// The name is known here, also when the group that remembers it is new.
    async fn find(&self, reads: &Reads) -> Result<Option<Found<Actual>>> {
        own(reads, &self.zone, &self.host).await
    }

    /// Whether the change of this run has reached every name server.
    async fn follow(reads: &Reads, change: &ChangeId, actual: &mut Actual) -> Result<()> {
        let ChangeId(Some(id)) = change else {
            return Ok(());
        };
        let change = reads.change(id).await?;
        let status = change.as_ref().as_ref();
        actual.in_sync = status.is_none_or(|info| *info.status() == ChangeStatus::Insync);
        Ok(())
    }

    async fn conflict(&self, reads: &Reads) -> Result<Option<Error>> {
        let foreign = at(reads, &self.zone, &self.host.name).await?;
        Ok(foreign.first().map(|record| {
            let value = record
                .alias_target()
                .map(|alias| alias.dns_name().to_owned())
                .or_else(|| {
                    record
                        .resource_records()
                        .first()
                        .map(|one| one.value().to_owned())
                })
                .unwrap_or_default();
            Error::new(
                ErrorKind::NotOurs,
                format!(
                    "{} has the record {} {value}, which is not this stack's",
                    self.host.name,
                    record.r#type().as_str()
                ),
            )
            .hint("delete the record, or choose another `domain.name`")
        }))
    }

    fn diff(&self, actual: &Actual) -> Vec<Drift<Field>> {
        let Actual {
            zone: _,
            host: _,
            target,
            follows_health,
            in_sync: _,
            record: _,
        } = actual;
        let wanted = self
            .load_balancer
            .actual()
            .map_or_else(|| UNKNOWN.to_owned(), |balancer| plain(&balancer.dns_name));
        let target = Drift::between(Field::Alias, target, &wanted);
        let health = Drift::between(Field::EvaluateTargetHealth, follows_health, &true);
        target.into_iter().chain(health).collect()
    }

    fn settled(&self, actual: &Actual) -> Settled {
        if actual.in_sync {
            Settled::Yes
        } else {
            Settled::NotYet("not on every name server yet".to_owned())
        }
    }

    async fn create(&self, aws: &Aws) -> Result<ChangeId> {
        let create = change(ChangeAction::Create, self.record()?)?;
        self.change(aws, vec![create]).await
    }

    async fn update(
        &self,
        aws: &Aws,
        actual: &Ours<Actual>,
        drift: &[Drift<Field>],
    ) -> Result<ChangeId> {
        let differs = |one: &Drift<Field>| match one.field {
            Field::Alias | Field::EvaluateTargetHealth => true,
        };
        if !drift.iter().any(differs) {
            return Ok(ChangeId(None));
        }
        // One atomic batch: it fails if the record is no longer what was read.
        let delete = change(ChangeAction::Delete, actual.record.clone())?;
        let create = change(ChangeAction::Create, self.record()?)?;
        self.change(aws, vec![delete, create]).await
    }

    #[cfg(test)]
    fn alter(&self, field: &Field, actual: &mut Actual) {
        match field {
            Field::Alias => actual.target = "another".to_owned(),
            Field::EvaluateTargetHealth => actual.follows_health = false,
        }
    }

    async fn delete(aws: &Aws, actual: &Ours<Actual>) -> Result<()> {
        let delete = change(ChangeAction::Delete, actual.record.clone())?;
        none_if_missing(send(aws, &actual.zone, vec![delete]).await)?;
        let record = Record {
            zone: actual.zone.clone(),
            host: Host::served_by(actual.key(), &actual.host),
        };
        forget(aws, actual.stack(), record).await
    }
}

fn change(action: ChangeAction, record: ResourceRecordSet) -> Result<Change> {
    Change::builder()
        .action(action)
        .resource_record_set(record)
        .build()
        .map_err(|error| Error::invalid(error.to_string()))
}

async fn send(aws: &Aws, zone: &str, changes: Vec<Change>) -> Result<ChangeId> {
    let batch = ChangeBatch::builder()
        .comment("hybridgw")
        .set_changes(Some(changes))
        .build()
        .map_err(|error| Error::invalid(error.to_string()))?;
    let sent = aws
        .route53
        .change_resource_record_sets()
        .hosted_zone_id(zone)
        .change_batch(batch)
        .send()
        .await
        .called("ChangeResourceRecordSets");
    match sent {
        // The record changed between the read and this call: look again.
        Err(error) if error.code() == Some("InvalidChangeBatch") => {
            Err(Error::not_yet(error.to_string()))
        }
        Err(error) => Err(error),
        Ok(answer) => Ok(ChangeId(answer.change_info.map(|info| info.id))),
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
    let groups = reads.security_groups(Groups::OfStack).await?;
    let own = groups.iter().filter(|group| {
        let mark = mark(group, &reads.stack);
        mark.is_some_and(|mark| mark.key().kind() == Kind::LoadBalancerSecurityGroup)
    });
    let records = own.flat_map(|group| Record::of_tags(&tags::of_ec2(group.tags())));
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
pub(super) async fn remembered(reads: &Reads) -> Result<BTreeSet<String>> {
    let places = places(reads).await?;
    Ok(places.into_iter().map(|record| record.host.name).collect())
}

/// A DNS name in the one spelling that is compared: lower case, no final dot,
/// without the prefix that the console puts before a load balancer's name.
fn plain(name: &str) -> String {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    name.strip_prefix("dualstack.").unwrap_or(&name).to_owned()
}

/// Whether an alias leads to a load balancer of this name: ELB calls it
/// `internal-<name>-<digits>.<region>.elb.amazonaws.com`.
fn leads_to(target: &str, balancer: &str) -> bool {
    let name = plain(target);
    let name = name.strip_prefix("internal-").unwrap_or(&name);
    let label = name.split('.').next().unwrap_or_default();
    label
        .strip_prefix(&balancer.to_ascii_lowercase())
        .and_then(|rest| rest.strip_prefix('-'))
        .is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()))
}

/// The record of a host, if it is the stack's.
async fn own(reads: &Reads, zone: &str, host: &Host) -> Result<Option<Found<Actual>>> {
    let records = at(reads, zone, &host.name).await?;
    let found = records.iter().find_map(|record| {
        let alias = record.alias_target()?;
        let ours = leads_to(alias.dns_name(), &reads.stack);
        let mark = Mark::signed(&reads.stack, host.key(Kind::DnsRecord, "/"), ours)?;
        let actual = Actual {
            zone: zone.to_owned(),
            host: host.name.clone(),
            target: plain(alias.dns_name()),
            follows_health: alias.evaluate_target_health(),
            in_sync: true,
            record: record.clone(),
        };
        Some(Found::ours(mark, &host.name, "active", actual).scoped(zone))
    });
    Ok(found)
}

/// The address records of a host: A, and CNAME, which would exclude an A.
async fn at(reads: &Reads, zone: &str, host: &str) -> Result<Vec<ResourceRecordSet>> {
    let records = reads.records_from(zone, host).await?;
    let named = records.iter().filter(|record| {
        record
            .name()
            .trim_end_matches('.')
            .eq_ignore_ascii_case(host)
            && matches!(record.r#type(), RrType::A | RrType::Cname)
    });
    Ok(named.cloned().collect())
}

#[cfg(test)]
mod tests {
    use super::leads_to;

    #[test]
    fn only_an_alias_to_a_load_balancer_of_our_name_is_ours() {
        let ours = [
            "internal-orders-dev-123456.eu-central-1.elb.amazonaws.com",
            "dualstack.internal-orders-dev-9.eu-central-1.elb.amazonaws.com.",
            "ORDERS-DEV-77.cn-north-1.elb.amazonaws.com.cn",
        ];
        let theirs = [
            "internal-orders-dev-blue-123456.eu-central-1.elb.amazonaws.com",
            "internal-orders-dev.eu-central-1.elb.amazonaws.com",
            "internal-orders-dev-.eu-central-1.elb.amazonaws.com",
            "orders-dev-12x.example.com",
        ];
        for target in ours {
            assert!(leads_to(target, "orders-dev"), "{target}");
        }
        for target in theirs {
            assert!(!leads_to(target, "orders-dev"), "{target}");
        }
    }
}

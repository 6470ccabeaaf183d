//! Whose a record is, and what stands in the way of the stack's own.
//!
//! A record cannot be tagged. Its own words have to say whose it is: where it
//! leads. Route 53 is global and a zone may be shared, so that a load balancer
//! of the stack's name may be one of another region or account.

use std::collections::BTreeSet;

use aws_sdk_route53::types::{ResourceRecordSet, RrType};

use crate::{
    aws::{
        Aws, Called, Partition,
        error::none_if_missing,
        read::{Groups, Reads},
    },
    error::{Error, ErrorKind, Result},
    resource::{
        Key, Kind, Mark,
        tags::{self, Tags},
    },
    resources::{
        balancing::{self, About},
        security_group::mark,
    },
};

/// How ELB calls the load balancers of a stack:
/// `internal-<name>-<digits>.<region>.elb.<suffix of the partition>`.
pub(super) struct Shape<'a> {
    pub stack: &'a str,
    pub region: &'a str,
}

/// Where a name leads that ELB may have given.
#[derive(Debug, PartialEq, Eq)]
enum Leads {
    /// To a load balancer of the stack's name, in its region.
    Here,
    /// To one of the stack's name in another region.
    Abroad(String),
    Elsewhere,
}

impl<'a> Shape<'a> {
    /// That of the stack which is looked for.
    pub(super) fn of(reads: &'a Reads) -> Self {
        Self {
            stack: &reads.stack,
            region: &reads.region,
        }
    }

    fn leads(&self, target: &str) -> Leads {
        let name = plain(target);
        let name = name.strip_prefix("internal-").unwrap_or(&name);
        let own = name
            .strip_prefix(&self.stack.to_ascii_lowercase())
            .and_then(|rest| rest.strip_prefix('-'))
            .and_then(|rest| rest.split_once('.'))
            .filter(|(digits, _)| {
                !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
            });
        let Some((_, rest)) = own else {
            return Leads::Elsewhere;
        };
        let suffix = Partition::of(self.region).dns_suffix();
        match rest.split_once(".elb.") {
            Some((region, end)) if region == self.region && end == suffix => Leads::Here,
            Some((region, end)) if end == Partition::of(region).dns_suffix() => {
                Leads::Abroad(region.to_owned())
            }
            _ => Leads::Elsewhere,
        }
    }

    /// Whether it is a load balancer of the stack's name, in its region.
    pub(super) fn fits(&self, target: &str) -> bool {
        self.leads(target) == Leads::Here
    }
}

/// A DNS name in the one spelling that is compared: lower case, no final dot,
/// without the prefix that the console puts before a load balancer's name.
pub(super) fn plain(name: &str) -> String {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    name.strip_prefix("dualstack.").unwrap_or(&name).to_owned()
}

/// What the load balancer's group remembers of the names that the stack's load
/// balancers have in DNS: that of the one the record leads to, and before it is
/// moved also that of the next.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Memory {
    /// The names, newest first.
    pub names: Vec<String>,
    /// The group was made by a version that did not remember them. Then the
    /// shape of the name has to do.
    pub is_old: bool,
}

/// How many names are remembered: more than a record can still lead to. What
/// a tag holds is limited to 256 characters, and a name has about 80 at most.
const REMEMBERED: usize = 3;

impl Memory {
    pub(super) fn of_tags(tags: &Tags) -> Self {
        let remembered = tags.get(tags::BALANCER);
        let names = remembered.into_iter().flat_map(|all| all.split(' '));
        Self {
            names: names
                .filter(|name| !name.is_empty())
                .map(str::to_owned)
                .collect(),
            is_old: remembered.is_none(),
        }
    }

    async fn read(reads: &Reads) -> Result<Self> {
        let groups = groups(reads).await?;
        let mut all = Self::default();
        for group in &groups {
            let one = Self::of_tags(group);
            all.names.extend(one.names);
            all.is_old |= one.is_old;
        }
        Ok(all)
    }

    /// With these names, the newest first.
    pub(super) fn with(&self, newest: &[&str]) -> Self {
        let mut names: Vec<String> = Vec::new();
        let all = newest.iter().map(|name| plain(name));
        for name in all.chain(self.names.clone()) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names.truncate(REMEMBERED);
        let is_old = false;
        Self { names, is_old }
    }

    /// The value of the tag that remembers them.
    pub(super) fn value(&self) -> String {
        self.names.join(" ")
    }

    /// Whether this name is known as that of a load balancer of the stack's.
    fn knows(&self, target: &str, shape: &Shape<'_>) -> bool {
        let target = plain(target);
        shape.fits(&target) && (self.is_old || self.names.contains(&target))
    }
}

/// The tags of the load balancer's group; of two, if one copy has its marks.
pub(super) async fn groups(reads: &Reads) -> Result<Vec<Tags>> {
    let groups = reads.security_groups(Groups::OfStack).await?;
    let own = groups.iter().filter(|group| {
        let mark = mark(group, &reads.stack);
        mark.is_some_and(|mark| mark.key().kind() == Kind::LoadBalancerSecurityGroup)
    });
    Ok(own.map(|group| tags::of_ec2(group.tags())).collect())
}

/// What stands at a name, and whose it is.
pub(super) struct Standing {
    /// The stack's own record, and where it leads.
    pub own: Option<(ResourceRecordSet, String)>,
    /// What clients would be led by instead.
    pub foreign: Vec<ResourceRecordSet>,
    /// What is remembered.
    pub memory: Memory,
}

impl Standing {
    /// Whether nothing here is the stack's, and something foreign leads to what
    /// is called like it.
    pub(super) fn seems_ours(&self, shape: &Shape<'_>) -> bool {
        let mut targets = self.foreign.iter().filter_map(simple_alias);
        self.own.is_none() && targets.any(|target| shape.fits(target))
    }
}

/// Looks at a name. `present` is a name of the stack's load balancer that the
/// caller knows.
pub(super) async fn standing(
    reads: &Reads,
    zone: &str,
    host: &str,
    present: Option<&str>,
) -> Result<Standing> {
    let all = reads.records_from(zone, host).await?;
    let (memory, mut own, mut foreign) = (Memory::read(reads).await?, None, Vec::new());
    for record in at(&all, host) {
        let target = match simple_alias(record) {
            Some(target) if is_own(reads, &memory, target, present).await? => plain(target),
            _ => {
                foreign.push(record.clone());
                continue;
            }
        };
        // IPv6 is not this program's, and leads nowhere else.
        if *record.r#type() == RrType::A {
            own = Some((record.clone(), target));
        }
    }
    Ok(Standing {
        own,
        foreign,
        memory,
    })
}

/// Whether this is the name of a load balancer of the stack's: the one that
/// stands, or one that is remembered.
async fn is_own(
    reads: &Reads,
    memory: &Memory,
    target: &str,
    present: Option<&str>,
) -> Result<bool> {
    let shape = Shape::of(reads);
    if !shape.fits(target) {
        return Ok(false);
    }
    let target = plain(target);
    if memory.knows(&target, &shape) || present.is_some_and(|name| plain(name) == target) {
        return Ok(true);
    }
    let Some((balancer, tags)) = balancing::standing(reads, About::Balancer).await?.balancer else {
        return Ok(false);
    };
    let name = balancer.load_balancer_name().unwrap_or_default();
    let expected = |_: &Key| reads.stack.clone();
    let is_ours = Mark::of_tags_and_name(&tags, &reads.stack, name, expected).is_some();
    Ok(is_ours && balancer.dns_name().map(plain) == Some(target))
}

/// Where a record leads that is an alias and no part of a set.
pub(super) fn simple_alias(record: &ResourceRecordSet) -> Option<&str> {
    let is_simple = record.set_identifier().is_none();
    let alias = record.alias_target().filter(|_| is_simple)?;
    Some(alias.dns_name())
}

/// What of these decides where clients of a host are led: addresses, CNAME,
/// and a delegation, which at a zone's own name is none.
pub(super) fn at<'a>(
    all: &'a [ResourceRecordSet],
    host: &str,
) -> impl Iterator<Item = &'a ResourceRecordSet> {
    let is_named = move |record: &&ResourceRecordSet| {
        let name = record.name().trim_end_matches('.');
        name.eq_ignore_ascii_case(host)
    };
    let named: Vec<_> = all.iter().filter(is_named).collect();
    let is_apex = named.iter().any(|record| *record.r#type() == RrType::Soa);
    named.into_iter().filter(move |record| {
        let kind = record.r#type();
        matches!(kind, RrType::A | RrType::Aaaa | RrType::Cname)
            || (*kind == RrType::Ns && !is_apex)
    })
}

/// What stands at a name now, past all that is remembered: asked when Route 53
/// refuses a change.
pub(super) async fn now(aws: &Aws, zone: &str, host: &str) -> Result<Vec<ResourceRecordSet>> {
    let list = aws.route53.list_resource_record_sets();
    let list = list.hosted_zone_id(zone).start_record_name(host);
    let answer = list.send().await.called("ListResourceRecordSets");
    let all = none_if_missing(answer)?.map(|answer| answer.resource_record_sets);
    Ok(at(&all.unwrap_or_default(), host).cloned().collect())
}

/// Says what is in the way, and what to do.
pub(super) fn in_the_way(
    foreign: &[ResourceRecordSet],
    host: &str,
    shape: &Shape<'_>,
) -> Option<Error> {
    let mut said = foreign
        .iter()
        .map(|record| format!("{host} has {}, which is not this stack's", words(record)));
    let mut error = Error::new(ErrorKind::NotOurs, said.next()?);
    error.also.extend(said);
    let remedies: BTreeSet<String> = foreign.iter().map(|one| remedy(one, shape)).collect();
    error.hints.extend(remedies);
    Some(error)
}

fn words(record: &ResourceRecordSet) -> String {
    let kind = record.r#type().as_str();
    let values = record.resource_records().iter().map(|one| one.value());
    let value = match record.alias_target() {
        Some(alias) => alias.dns_name().to_owned(),
        None => values.collect::<Vec<_>>().join(", "),
    };
    match record.set_identifier() {
        Some(set) => format!(
            "the record {kind} {value} of the {} set {set}",
            routing(record)
        ),
        None => format!("the record {kind} {value}"),
    }
}

/// What chooses between the sets of a name.
fn routing(record: &ResourceRecordSet) -> &'static str {
    if record.weight().is_some() {
        "weighted"
    } else if record.region().is_some() {
        "latency"
    } else if record.failover().is_some() {
        "failover"
    } else if record.geo_location().is_some() || record.geo_proximity_location().is_some() {
        "geographic"
    } else if record.multi_value_answer().is_some() {
        "multivalue"
    } else {
        "routed"
    }
}

fn remedy(record: &ResourceRecordSet, shape: &Shape<'_>) -> String {
    let target = simple_alias(record).unwrap_or_default();
    match (record.r#type(), shape.leads(target)) {
        (RrType::Ns, _) => {
            "the name is delegated to other name servers: let `domain.zone` be the zone they serve, or choose another `domain.name`".to_owned()
        }
        (RrType::Aaaa, _) => {
            "clients that have IPv6 would be led by it: delete the record, or choose another `domain.name`".to_owned()
        }
        (_, Leads::Abroad(region)) => format!(
            "it leads to a stack of this name in {region}: take that one down first, or choose another `domain.name`"
        ),
        (_, Leads::Here) => {
            "nothing here remembers that load balancer, and another account may have a stack of this name: if nobody needs the record, delete it and run the command again; else choose another `domain.name`".to_owned()
        }
        _ if record.set_identifier().is_some() => {
            "a name that several sets share stays as it is: delete its records, or choose another `domain.name`".to_owned()
        }
        _ => "delete the record, or choose another `domain.name`".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRANKFURT: Shape<'_> = Shape {
        stack: "orders-dev",
        region: "eu-central-1",
    };

    #[test]
    fn only_a_load_balancer_of_our_name_in_our_region_has_the_shape() {
        let ours = [
            "internal-orders-dev-123456.eu-central-1.elb.amazonaws.com",
            "dualstack.internal-orders-dev-9.eu-central-1.elb.amazonaws.com.",
            "ORDERS-DEV-77.EU-Central-1.elb.amazonaws.com",
        ];
        let theirs = [
            "internal-orders-dev-blue-123456.eu-central-1.elb.amazonaws.com",
            "internal-orders-dev.eu-central-1.elb.amazonaws.com",
            "internal-orders-dev-.eu-central-1.elb.amazonaws.com",
            "internal-orders-dev-1.us-east-1.elb.amazonaws.com",
            "internal-orders-dev-1.eu-central-1.elb.amazonaws.com.cn",
            "internal-orders-dev-1.eu-central-1.elb.example.com",
            "internal-orders-dev-1.eu-central-1.example.com",
            "internal-orders-dev-1.elb.amazonaws.com",
            "internal-internal-orders-dev-1.eu-central-1.elb.amazonaws.com",
            "x.internal-orders-dev-1.eu-central-1.elb.amazonaws.com",
            "orders-dev-12x.example.com",
        ];
        for target in ours {
            assert!(FRANKFURT.fits(target), "{target}");
        }
        for target in theirs {
            assert!(!FRANKFURT.fits(target), "{target}");
        }
    }

    #[test]
    fn each_partition_ends_its_names_in_its_own_way() {
        let beijing = Shape {
            stack: "orders-dev",
            region: "cn-north-1",
        };
        let name = "internal-orders-dev-7.cn-north-1.elb.amazonaws.com.cn";
        assert!(beijing.fits(name));
        assert!(!beijing.fits("internal-orders-dev-7.cn-north-1.elb.amazonaws.com"));
        assert_eq!(
            FRANKFURT.leads(name),
            Leads::Abroad("cn-north-1".to_owned())
        );
    }

    #[test]
    fn what_is_remembered_decides_between_accounts() {
        let name =
            |digits: u32| format!("internal-orders-dev-{digits}.eu-central-1.elb.amazonaws.com");
        let tags = |value: &str| Tags::from([(tags::BALANCER.to_owned(), value.to_owned())]);
        let memory = Memory::of_tags(&tags(&format!("{} {}", name(2), name(1))));
        assert!(memory.knows(&format!("dualstack.{}.", name(1)), &FRANKFURT));
        assert!(memory.knows(&name(2), &FRANKFURT));
        assert!(!memory.knows(&name(3), &FRANKFURT));
        // Nothing made yet: nothing is ours.
        assert!(!Memory::of_tags(&tags("")).knows(&name(1), &FRANKFURT));
        // A tag is anybody's to write: the shape has to fit all the same.
        let elsewhere = "internal-orders-dev-1.us-east-1.elb.amazonaws.com";
        assert!(!Memory::of_tags(&tags(elsewhere)).knows(elsewhere, &FRANKFURT));
        // A group of before.
        let old = Memory::of_tags(&Tags::new());
        assert!(old.knows(&name(1), &FRANKFURT));
        assert!(!old.knows(elsewhere, &FRANKFURT));
    }

    #[test]
    fn the_newest_names_are_kept_and_fit_into_a_tag() {
        let long = "a".repeat(24);
        let name = |digit: char| {
            let digits = digit.to_string().repeat(10);
            format!("internal-{long}-{digits}.ap-southeast-1.elb.amazonaws.com.cn")
        };
        let mut memory = Memory::default();
        for digit in ['1', '2', '3', '2', '4'] {
            memory = memory.with(&[&name(digit)]);
        }
        assert_eq!(memory.names, [name('4'), name('2'), name('3')]);
        assert!(memory.value().len() <= 256, "{}", memory.value().len());
    }
}

//! Which subnets the load balancer gets now, and which only later.
//!
//! In a subnet that comes, its node takes a while; the node in a subnet that goes
//! is gone at once. So one node that answers stays until another one is there.

use std::collections::{BTreeMap, BTreeSet};

use super::Actual;
use crate::{
    aws::{
        Aws, Called,
        read::{Interfaces, Query, Reads},
    },
    error::Result,
};

/// Subnets by zone.
pub(super) type Zones = BTreeMap<String, String>;

/// The subnets in which a load balancer has its nodes' interfaces by now (ELB user
/// guide, "Subnets for your load balancer": a node in each zone; its interfaces are
/// in the load balancer's groups).
pub(super) async fn with_nodes(reads: &Reads, actual: &Actual) -> Result<BTreeSet<String>> {
    let news = reads.likewise(&[Query::DescribeNetworkInterfaces]);
    let mut found = BTreeSet::new();
    let begins = format!("ELB app/{}/", actual.name);
    for group in &actual.groups {
        let interfaces = news.network_interfaces(Interfaces::Using(group.clone()));
        let interfaces = interfaces.await?;
        let own = interfaces.iter().filter(|one| {
            let words = one.description();
            words.is_some_and(|words| words.starts_with(&begins))
        });
        found.extend(own.filter_map(|one| one.subnet_id().map(str::to_owned)));
    }
    found.retain(|subnet| actual.subnets.values().any(|one| one == subnet));
    Ok(found)
}

/// What it gets now. A zone that goes stays, since targets in it are still used.
/// If each zone is to have another subnet, one in which there is a node stays.
pub(super) fn now(actual: &Actual, wanted: &Zones) -> Zones {
    let mut now = actual.subnets.clone();
    now.extend(wanted.clone());
    let has_node = |(_, subnet): &(&String, &String)| actual.nodes.contains(*subnet);
    let answers = now.iter().any(|one| has_node(&one));
    let last = actual.subnets.iter().find(has_node).filter(|_| !answers);
    now.extend(last.map(|(zone, subnet)| (zone.clone(), subnet.clone())));
    now
}

/// Why nothing more can be done now: what is to stay has no node yet, and what goes
/// has one.
pub(super) fn waits(actual: &Actual, wanted: &Zones) -> Option<String> {
    let stays = |subnet: &&String| wanted.values().any(|one| one == *subnet);
    if actual.nodes.iter().any(|one| stays(&one)) {
        return None;
    }
    let goes = actual.nodes.first()?;
    Some(format!("{goes} stays until another subnet has its node"))
}

/// For plans.
pub(super) fn listed(subnets: &Zones) -> String {
    let sorted: BTreeSet<&str> = subnets.values().map(String::as_str).collect();
    sorted.into_iter().collect::<Vec<_>>().join(", ")
}

pub(super) async fn set(aws: &Aws, arn: &str, subnets: Zones) -> Result<()> {
    aws.elb
        .set_subnets()
        .load_balancer_arn(arn)
        .set_subnets(Some(subnets.into_values().collect()))
        .send()
        .await
        .called("SetSubnets")
        .map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zones(pairs: &[(&str, &str)]) -> Zones {
        let pairs = pairs.iter();
        pairs
            .map(|(zone, subnet)| ((*zone).to_owned(), (*subnet).to_owned()))
            .collect()
    }

    fn standing(subnets: &[(&str, &str)], nodes: &[&str]) -> Actual {
        Actual {
            subnets: zones(subnets),
            nodes: nodes.iter().map(|one| (*one).to_owned()).collect(),
            ..Actual::default()
        }
    }

    #[test]
    fn a_node_that_answers_stays_until_another_one_is_there() {
        let wanted = zones(&[("1", "d"), ("2", "e")]);
        let next = |subnets: &[(&str, &str)], nodes: &[&str]| {
            let actual = standing(subnets, nodes);
            (listed(&now(&actual, &wanted)), waits(&actual, &wanted))
        };
        let (subnets, waits) = next(&[("1", "a"), ("2", "b")], &["a", "b"]);
        assert_eq!((subnets.as_str(), waits.is_some()), ("a, e", true));
        let (subnets, waits) = next(&[("1", "a"), ("2", "e")], &["a"]);
        assert_eq!((subnets.as_str(), waits.is_some()), ("a, e", true));
        let (subnets, waits) = next(&[("1", "a"), ("2", "e")], &["a", "e"]);
        assert_eq!((subnets.as_str(), waits), ("d, e", None));
        // Nobody is answered: there is nothing to keep.
        let (subnets, waits) = next(&[("1", "a"), ("2", "b")], &[]);
        assert_eq!((subnets.as_str(), waits), ("d, e", None));
        // The node in a zone that goes is enough to begin with, and goes when
        // another one is there.
        let (subnets, waits) = next(&[("1", "a"), ("3", "c")], &["a", "c"]);
        assert_eq!((subnets.as_str(), waits.is_some()), ("c, d, e", true));
        let old = [("1", "d"), ("2", "e"), ("3", "c")];
        let (subnets, waits) = next(&old, &["c"]);
        assert_eq!((subnets.as_str(), waits.is_some()), ("c, d, e", true));
        let (subnets, waits) = next(&old, &["c", "e"]);
        assert_eq!((subnets.as_str(), waits), ("c, d, e", None));
    }
}

//! Who may reach the load balancer: prefix lists and groups that are there, and
//! how many rules all of them take.

use std::sync::Arc;

use aws_sdk_ec2::types::ManagedPrefixList;

use super::finding::{Finding, Problems, failed, problem};
use crate::{
    aws::read::{Groups, Reads},
    checks::codes,
    config::{Client, Config},
};

/// The entries that AWS's own lists count for, which they do not say themselves
/// (VPC user guide, "Available AWS-managed prefix lists").
const WEIGHTS: &[(&str, usize)] = &[
    ("global.cloudfront.origin-facing", 55),
    ("global.groundstation", 5),
    ("ec2-instance-connect", 2),
    ("route53-healthchecks", 25),
    ("vpc-lattice", 10),
];

/// Checks the lists and groups. Returns how many rules the load balancer's group
/// needs: 443 and 80 for each, and a list counts with its largest size (VPC user
/// guide, "Amazon VPC quotas").
pub(super) async fn check(config: &Config, reads: &Reads) -> Finding<usize> {
    let clients = &config.network.clients;
    let lists = clients.iter().filter_map(|client| match client {
        Client::PrefixList(id) => Some(id.clone()),
        _ => None,
    });
    let groups = clients.iter().filter_map(|client| match client {
        Client::Group(id) => Some(id.clone()),
        _ => None,
    });
    let (lists, groups): (Vec<String>, Vec<String>) = (lists.collect(), groups.collect());
    let lists = async {
        if lists.is_empty() {
            return Ok(Arc::default());
        }
        reads.prefix_lists(lists).await
    };
    let groups = async {
        if groups.is_empty() {
            return Ok(Arc::default());
        }
        reads.security_groups(Groups::With(groups)).await
    };
    let (lists, groups) = tokio::join!(lists, groups);
    let (lists, groups) = (lists.map_err(failed)?, groups.map_err(failed)?);
    let mut problems = Problems::default();
    let mut entries = 0;
    for (index, client) in clients.iter().enumerate() {
        let place = format!("network.clients.{index}");
        entries += match client {
            Client::Range(_) => 1,
            Client::PrefixList(id) => {
                let list = lists.iter().find(|one| one.prefix_list_id() == Some(id));
                problems
                    .take(check_list(list, id, &place, reads))
                    .unwrap_or(1)
            }
            Client::Group(id) => {
                let mut all = groups.iter();
                let group = all.find(|one| one.group_id() == Some(id));
                let vpc = group.map(|group| group.vpc_id().unwrap_or("another VPC"));
                problems.take(check_group(vpc, id, &place, config, reads));
                1
            }
        };
    }
    problems.or(2 * entries)
}

/// How many entries the list counts for.
fn check_list(
    list: Option<&ManagedPrefixList>,
    id: &str,
    place: &str,
    reads: &Reads,
) -> Finding<usize> {
    let Some(list) = list else {
        return Err(vec![problem(
            codes::CLIENTS_MISSING,
            place,
            format!(
                "{id} does not exist in {}, or is not shared with this account",
                reads.region
            ),
            "check the id and the region; a list of another account has to be shared with this one",
        )]);
    };
    let family = list.address_family().unwrap_or("IPv4");
    if !family.eq_ignore_ascii_case("IPv4") {
        return Err(vec![problem(
            codes::CLIENTS_NOT_IPV4,
            place,
            format!("{id} is a list of {family} ranges"),
            "name an IPv4 list: the load balancer has IPv4 addresses only",
        )]);
    }
    let name = list.prefix_list_name().unwrap_or_default();
    let weight = WEIGHTS.iter().find(|(end, _)| name.ends_with(end));
    let most = list
        .max_entries()
        .and_then(|most| usize::try_from(most).ok());
    Ok(most.or(weight.map(|(_, weight)| *weight)).unwrap_or(1))
}

/// Whether rules of the load balancer's group can name this one. `vpc` is where
/// it is.
fn check_group(
    vpc: Option<&str>,
    id: &str,
    place: &str,
    config: &Config,
    reads: &Reads,
) -> Finding<()> {
    let own = &config.network.vpc;
    match vpc {
        Some(vpc) if vpc == own => Ok(()),
        Some(vpc) => Err(vec![problem(
            codes::CLIENTS_OTHER_VPC,
            place,
            format!("{id} is in {vpc}, not in {own}"),
            "name a security group of `network.vpc`, or the addresses of what is in this one",
        )]),
        None => Err(vec![problem(
            codes::CLIENTS_MISSING,
            place,
            format!("{id} does not exist in {}", reads.region),
            "check the id, the region and the account",
        )]),
    }
}

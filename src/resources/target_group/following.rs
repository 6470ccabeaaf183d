//! The groups whose targets are addresses, as they stand: who follows the
//! addresses needs no configuration.

use std::collections::BTreeSet;

use aws_sdk_elasticloadbalancingv2::types::TargetTypeEnum;

use super::{Behind, TargetGroup};
use crate::{
    aws::read::Reads,
    config::HealthCheck,
    error::Result,
    resource::{
        Mark, Owner,
        tags::{self, Tags},
    },
    resources::balancing::{self, About},
};

/// What stands of a stack that leads to addresses, read off the things
/// themselves.
pub struct Standing {
    /// The zones of the stack's load balancer; none: there is no load balancer.
    pub zones: Option<BTreeSet<String>>,
    /// The target groups whose targets are addresses.
    pub groups: Vec<OfAddresses>,
    /// Whether there is any target group, also of functions.
    pub any: bool,
}

/// A target group whose targets are addresses.
pub struct OfAddresses {
    /// Its ARN.
    pub arn: String,
    /// As far as its tags tell what it should be.
    pub group: TargetGroup,
    /// The bucket behind it; none: the APIs are.
    pub bucket: Option<String>,
    /// How targets are checked: path and codes.
    pub check: (String, String),
}

/// The stack's load balancer and its groups of addresses, without any
/// configuration.
///
/// # Errors
///
/// AWS refuses or does not answer.
pub async fn of_addresses(reads: &Reads) -> Result<Standing> {
    let standing = balancing::standing(reads, About::Groups(&|_| true)).await?;
    let own = |tags: &Tags| Mark::of_tags(tags, &reads.stack);
    let balancer = standing.balancer.filter(|(_, tags)| own(tags).is_some());
    let zones = balancer.map(|(balancer, _)| {
        let zones = balancer.availability_zones().iter();
        let names = zones.filter_map(|zone| zone.zone_name().map(str::to_owned));
        names.collect()
    });
    let marked = standing.groups.iter();
    let marked: Vec<_> = marked
        .filter_map(|(group, tags)| Some((group, tags, own(tags)?)))
        .collect();
    let of_addresses = marked.iter().filter_map(|(group, tags, mark)| {
        (group.target_type() == Some(&TargetTypeEnum::Ip)).then_some(())?;
        let bucket = tags.get(tags::BUCKET).cloned();
        let behind = match &bucket {
            Some(bucket) => Behind::Site {
                bucket: bucket.clone(),
                manage_policy: tags.contains_key(tags::BUCKET_POLICY),
            },
            None => Behind::Api {
                health: HealthCheck::default(),
            },
        };
        let group_of_tags = TargetGroup {
            owner: Owner {
                stack: reads.stack.clone(),
                extra: Tags::new(),
            },
            vpc: group.vpc_id().unwrap_or_default().to_owned(),
            key: mark.key().clone(),
            behind,
        };
        // Its name says what it leads to, and nobody can change that.
        let name = group_of_tags.name();
        (group.target_group_name() == Some(&name)).then_some(())?;
        let codes = group.matcher().and_then(|matcher| matcher.http_code());
        let path = group.health_check_path().unwrap_or_default();
        Some(OfAddresses {
            arn: group.target_group_arn()?.to_owned(),
            group: group_of_tags,
            bucket,
            check: (path.to_owned(), codes.unwrap_or_default().to_owned()),
        })
    });
    Ok(Standing {
        zones,
        groups: of_addresses.collect(),
        any: !marked.is_empty(),
    })
}

/// Whether a load balancer forwards to the group, as the list says.
///
/// # Errors
///
/// AWS refuses or does not answer.
pub async fn is_used(reads: &Reads, arn: &str) -> Result<bool> {
    let groups = reads.target_groups().await?;
    let mut groups = groups.iter();
    let group = groups.find(|group| group.target_group_arn() == Some(arn));
    Ok(group.is_some_and(|group| !group.load_balancer_arns().is_empty()))
}

//! An endpoint of the stack's own that other stacks borrow.
//!
//! Who borrows is told by the groups of other stacks' load balancers: name and
//! tags of such a group have to agree, and a tag names the endpoint
//! (`docs/design/0015-shared-endpoints.md`). A mark in a rule or a statement
//! alone proves nothing: anybody may write one.

use std::collections::BTreeSet;

use aws_sdk_ec2::types::{Filter, SecurityGroup};

use crate::{
    aws::{
        Aws, Called,
        read::{Endpoints, Groups, Reads},
    },
    error::{Error, Result},
    resource::{
        Kind, Mark, Ours, Resource,
        tags::{self, Tags},
    },
    resources::security_group,
};

use super::{Actual, VpcEndpoint};

/// Another stack that borrows an endpoint of this one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Borrower {
    /// Its name.
    pub stack: String,
    /// Its load balancer's security group.
    pub group: String,
}

/// The load balancer's group of another stack, with its tags.
fn of_another(group: &SecurityGroup, stack: &str) -> Option<(Borrower, Tags)> {
    let tags = tags::of_ec2(group.tags());
    let other = tags.get(tags::STACK).filter(|other| *other != stack)?;
    let mark = security_group::mark(group, other)?;
    (mark.key().kind() == Kind::LoadBalancerSecurityGroup).then_some(())?;
    let borrower = Borrower {
        stack: other.clone(),
        group: group.group_id()?.to_owned(),
    };
    Some((borrower, tags))
}

/// Those of these groups that belong to stacks which borrow one of these
/// endpoints from this stack.
fn borrowing(groups: &[SecurityGroup], stack: &str, endpoints: &BTreeSet<String>) -> Vec<Borrower> {
    let others = groups.iter().filter_map(|group| of_another(group, stack));
    let borrowing = others.filter(|(_, tags)| {
        let named = tags::now_and_before(tags, tags::ENDPOINT);
        named.into_iter().any(|id| endpoints.contains(id))
    });
    borrowing.map(|(borrower, _)| borrower).collect()
}

/// The stacks that borrow this endpoint.
pub async fn borrowers(reads: &Reads, endpoint: &str) -> Result<Vec<Borrower>> {
    let groups = reads.security_groups(Groups::OfStacks).await?;
    let endpoint = BTreeSet::from([endpoint.to_owned()]);
    Ok(borrowing(&groups, &reads.stack, &endpoint))
}

/// The stacks that borrow an endpoint for APIs of this stack's.
pub async fn borrowers_of_stack(reads: &Reads) -> Result<Vec<Borrower>> {
    let all = reads.vpc_endpoints(Endpoints::OfStack).await?;
    let own = all.iter().filter(|endpoint| {
        let mark = Mark::of_tags(&tags::of_ec2(endpoint.tags()), &reads.stack);
        mark.is_some_and(|mark| mark.key().kind() == Kind::VpcEndpoint)
    });
    let own = own.filter_map(|endpoint| endpoint.vpc_endpoint_id().map(str::to_owned));
    let groups = reads.security_groups(Groups::OfStacks).await?;
    Ok(borrowing(&groups, &reads.stack, &own.collect()))
}

/// The stacks that borrow this endpoint, asked right before a write.
pub async fn borrowers_now(aws: &Aws, stack: &str, endpoint: &str) -> Result<Vec<Borrower>> {
    let filter = Filter::builder().name("tag-key").values(tags::STACK);
    let groups = groups_with(aws, filter.build()).await?;
    let endpoint = BTreeSet::from([endpoint.to_owned()]);
    Ok(borrowing(&groups, stack, &endpoint))
}

async fn groups_with(aws: &Aws, filter: Filter) -> Result<Vec<SecurityGroup>> {
    let call = aws.ec2.describe_security_groups().filters(filter);
    let pages = call.into_paginator().items().send();
    let groups = pages.collect::<Result<Vec<_>, _>>().await;
    groups.called("DescribeSecurityGroups")
}

/// Why an endpoint cannot go: others let traffic out to it. Asked of the rules
/// themselves, and not of tags, which a stack that has moved on may still have.
/// AWS would delete the endpoint from under them, and then keep its group
/// because of those rules.
fn used(groups: &[SecurityGroup], stack: &str, endpoint: &str) -> Option<Error> {
    let others = groups
        .iter()
        .filter(|group| security_group::mark(group, stack).is_none());
    let users: Vec<String> = others
        .map(|group| {
            let id = group.group_id().unwrap_or("?");
            match of_another(group, stack) {
                Some((other, _)) => format!("the stack {} (by {id})", other.stack),
                None => format!("{id} ({})", group.group_name().unwrap_or("no name")),
            }
        })
        .collect();
    (!users.is_empty()).then(|| {
        let users = users.join(" and ");
        Error::invalid(format!("{endpoint} is used by {users}; it was not deleted")).hint(
            "give them another endpoint or take them down first; their rules lead to its security group",
        )
    })
}

/// Refuses the deletion of these endpoints while others use one of them.
///
/// # Errors
///
/// One is used, or that cannot be read.
pub async fn refuse_used(reads: &Reads, doomed: &BTreeSet<&str>) -> Result<()> {
    if doomed.is_empty() {
        return Ok(());
    }
    for found in VpcEndpoint::discover(reads).await? {
        let is_shared = found.key.kind() == Kind::VpcEndpoint && !found.actual.groups.is_empty();
        if !is_shared || !doomed.contains(found.id.as_str()) {
            continue;
        }
        let groups = found.actual.groups.iter().cloned().collect();
        let groups = reads.security_groups(Groups::LettingOutTo(groups)).await?;
        if let Some(error) = used(&groups, &reads.stack, &found.id) {
            return Err(error);
        }
    }
    Ok(())
}

/// The same right before the call that deletes it.
pub(super) async fn refuse_used_now(aws: &Aws, actual: &Ours<Actual>) -> Result<()> {
    if actual.key().kind() != Kind::VpcEndpoint || actual.groups.is_empty() {
        return Ok(());
    }
    let filter = Filter::builder().name("egress.ip-permission.group-id");
    let filter = filter.set_values(Some(actual.groups.iter().cloned().collect()));
    let groups = groups_with(aws, filter.build()).await?;
    match used(&groups, actual.stack(), &actual.id) {
        Some(error) => Err(error),
        None => Ok(()),
    }
}

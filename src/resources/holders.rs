//! What of others stands on the stack's own things, or in them: AWS would refuse
//! to delete such a thing, or would delete what is theirs with it.
//!
//! A domain's mappings are not asked: they cannot be tagged, and one that leads to
//! another team's API may be the stack's own, made for an API that it borrowed. They
//! count as the stack's, and a plan names each of them.

use std::collections::BTreeSet;

use aws_sdk_elasticloadbalancingv2::types::Rule;

use crate::{
    aws::read::{Endpoints, Groups, Interfaces, Reads},
    error::Result,
    graph::Owned,
    resource::{Kind, Resource, tags},
    resources::{DomainName, security_group, security_group_rules},
};

/// What keeps a thing from being deleted, in words: what others have in it, which
/// AWS deletes together with it, without a word (ELBv2 API reference,
/// `DeleteLoadBalancer`: "Deleting a load balancer also deletes its listeners"; API
/// Gateway does so with an API's stages); and others who use a target group, of
/// which AWS says the same as of our own listener that is going.
///
/// # Errors
///
/// A read that fails.
pub async fn of_removed(thing: &Owned, reads: &Reads) -> Result<Vec<String>> {
    match thing.key.kind() {
        Kind::RestApi => stages(&thing.id, reads).await,
        Kind::LoadBalancer => listeners(&thing.id, reads).await,
        // Also one that goes without its load balancer.
        Kind::Listener | Kind::RedirectListener => {
            let rules = foreign_rules(&thing.id, reads).await?;
            Ok(rules.iter().map(named).collect())
        }
        Kind::TargetGroup => of_target_group(&thing.id, reads).await,
        _ => Ok(Vec::new()),
    }
}

/// The same, and what AWS refuses to delete at once: all that can refuse a
/// replacement.
///
/// # Errors
///
/// A read that fails.
pub async fn of_replaced(thing: &Owned, reads: &Reads) -> Result<Vec<String>> {
    let mut found = of_removed(thing, reads).await?;
    found.extend(match thing.key.kind() {
        Kind::RestApi => mappings_to(&thing.id, reads).await?,
        Kind::LoadBalancerSecurityGroup | Kind::EndpointSecurityGroup => {
            of_security_group(&thing.id, reads).await?
        }
        // A part of one of these, or nothing that others can refer to.
        _ => Vec::new(),
    });
    Ok(found)
}

/// Stages that are not the stack's.
async fn stages(api: &str, reads: &Reads) -> Result<Vec<String>> {
    let mut found = Vec::new();
    for stage in reads.stages(api).await?.iter() {
        let tags = stage
            .tags()
            .cloned()
            .unwrap_or_default()
            .into_iter()
            .collect();
        if tags::key_of(&tags, &reads.stack).is_none() {
            let name = stage.stage_name().unwrap_or("?");
            found.push(format!("stage {name} of {api}"));
        }
    }
    Ok(found)
}

/// Mappings of other domains (API Gateway refuses to delete a mapped API).
async fn mappings_to(api: &str, reads: &Reads) -> Result<Vec<String>> {
    let mut found = Vec::new();
    let own = DomainName::discover(reads).await?;
    let own: BTreeSet<String> = own.into_iter().map(|domain| domain.id).collect();
    for domain in reads.domain_names().await?.iter() {
        let name = domain.domain_name().unwrap_or_default();
        if own.contains(name) {
            continue;
        }
        let mappings = reads.base_path_mappings(name).await?;
        let here = mappings.iter().any(|one| one.rest_api_id() == Some(api));
        found.extend(here.then(|| format!("a mapping of {name}")));
    }
    Ok(found)
}

/// Listeners that are not the stack's.
async fn listeners(balancer: &str, reads: &Reads) -> Result<Vec<String>> {
    let all = reads.listeners(balancer).await?;
    let arns = all.iter().filter_map(|one| one.listener_arn());
    let arns: Vec<String> = arns.map(str::to_owned).collect();
    let tags = reads.tags(&arns, |_, _| true).await?;
    let all = all.iter().zip(&arns).zip(&tags);
    let foreign = all.filter(|(_, tags)| tags::key_of(tags, &reads.stack).is_none());
    Ok(foreign
        .map(|((listener, arn), _)| {
            let port = listener.port().unwrap_or_default();
            format!("the listener {arn} on port {port}")
        })
        .collect())
}

/// Rules of a listener that are not the stack's. Also one on port 80 may have some.
async fn foreign_rules(listener: &str, reads: &Reads) -> Result<Vec<Rule>> {
    let all = reads.rules(listener).await?;
    let all = all.iter().filter(|rule| rule.is_default() != Some(true));
    let all: Vec<Rule> = all.cloned().collect();
    let arns = all.iter().map(|rule| rule.rule_arn().unwrap_or_default());
    let arns: Vec<String> = arns.map(str::to_owned).collect();
    let tags = reads.tags(&arns, |_, _| true).await?;
    let all = all.into_iter().zip(&tags);
    let foreign = all.filter(|(_, tags)| tags::key_of(tags, &reads.stack).is_none());
    Ok(foreign.map(|(rule, _)| rule).collect())
}

fn named(rule: &Rule) -> String {
    let arn = rule.rule_arn().unwrap_or("?");
    let priority = rule.priority().unwrap_or("?");
    format!("the rule {arn} with priority {priority}")
}

/// Load balancers of others that forward to it, and rules of others in ours.
async fn of_target_group(group: &str, reads: &Reads) -> Result<Vec<String>> {
    let own = reads.load_balancer(&reads.stack).await?;
    let own = own.as_ref().and_then(|own| own.load_balancer_arn());
    let groups = reads.target_groups().await?;
    let this = groups
        .iter()
        .find(|one| one.target_group_arn() == Some(group));
    let users = this.map(|one| one.load_balancer_arns()).unwrap_or_default();
    let foreign = users.iter().filter(|user| own != Some(user.as_str()));
    let mut found: Vec<String> = foreign.map(|user| format!("listeners of {user}")).collect();
    let Some(own) = own.filter(|own| users.iter().any(|user| user == own)) else {
        return Ok(found);
    };
    for listener in reads.listeners(own).await?.iter() {
        let listener = listener.listener_arn().unwrap_or_default();
        let rules = foreign_rules(listener, reads).await?;
        let using = rules.iter().filter(|rule| forwards_to(rule, group));
        found.extend(using.map(named));
    }
    Ok(found)
}

fn forwards_to(rule: &Rule, group: &str) -> bool {
    rule.actions().iter().any(|action| {
        let weighted = action.forward_config().map(|config| config.target_groups());
        let mut all = weighted.unwrap_or_default().iter();
        action.target_group_arn() == Some(group)
            || all.any(|one| one.target_group_arn() == Some(group))
    })
}

/// Interfaces that are neither the load balancer's nor those of the stack's
/// endpoints, and rules of other groups that name it.
async fn of_security_group(group: &str, reads: &Reads) -> Result<Vec<String>> {
    let mut found = Vec::new();
    let endpoints = reads.vpc_endpoints(Endpoints::OfStack).await?;
    let own: BTreeSet<&str> = endpoints
        .iter()
        .flat_map(|endpoint| endpoint.network_interface_ids())
        .map(String::as_str)
        .collect();
    let balancer = format!("ELB app/{}/", reads.stack);
    let which = Interfaces::Using(group.to_owned());
    for interface in reads.network_interfaces(which).await?.iter() {
        let id = interface.network_interface_id().unwrap_or_default();
        let words = interface.description().unwrap_or_default();
        if !own.contains(id) && !words.starts_with(&balancer) {
            found.push(format!("the interface {id} ({words})"));
        }
    }
    let admitting = reads
        .security_groups(Groups::Admitting(group.to_owned()))
        .await?;
    let own_words = security_group_rules::description(&reads.stack);
    for other in admitting.iter() {
        let is_own = security_group::mark(other, &reads.stack).is_some();
        let pairs = other.ip_permissions().iter();
        let pairs = pairs.flat_map(|rule| rule.user_id_group_pairs());
        let mut naming = pairs.filter(|pair| pair.group_id() == Some(group));
        let foreign = naming.any(|pair| pair.description() != Some(&own_words));
        if !is_own && foreign {
            found.push(format!("a rule of {}", other.group_id().unwrap_or("?")));
        }
    }
    Ok(found)
}

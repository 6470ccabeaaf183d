//! One file for each AWS resource, all of the same shape: what it is and which
//! quirks of AWS it answers, the desired fields, the actual fields, the trait.

use futures_util::future::BoxFuture;

use crate::{
    aws::read::{Reads, stands_aside},
    error::{Error, Result},
    graph::Owned,
    resource::{Kind, Resource},
};

pub mod base_path_mapping;
pub mod bucket_policy;
pub mod deployment;
pub mod dns_record;
pub mod domain_name;
pub mod endpoint_policy;
pub mod holders;
pub mod lambda_permission;
pub mod listener;
pub mod listener_rule;
pub mod load_balancer;
pub mod rest_api;
pub mod security_group;
pub mod security_group_rules;
pub mod stage;
pub mod target_group;
pub mod targets;
pub mod vpc_endpoint;

mod balancing;
mod patches;
#[cfg(test)]
mod tests;

pub use base_path_mapping::BasePathMapping;
pub use bucket_policy::BucketPolicy;
pub use deployment::Deployment;
pub use dns_record::DnsRecord;
pub use domain_name::DomainName;
pub use endpoint_policy::EndpointPolicy;
pub use lambda_permission::LambdaPermission;
pub use listener::Listener;
pub use listener_rule::ListenerRule;
pub use load_balancer::LoadBalancer;
pub use rest_api::RestApi;
pub use security_group::SecurityGroup;
pub use security_group_rules::SecurityGroupRules;
pub use stage::Stage;
pub use target_group::TargetGroup;
pub use targets::Targets;
pub use vpc_endpoint::VpcEndpoint;

type Look<'a> = BoxFuture<'a, Result<Vec<Owned>>>;

/// A look for everything of one type, and the kinds that are of it.
fn looks(reads: &Reads) -> [(&'static [Kind], Look<'_>); 17] {
    fn all<R: Resource>(reads: &Reads) -> Look<'_> {
        Box::pin(Owned::discover::<R>(reads))
    }
    use Kind as K;
    [
        (
            &[K::EndpointSecurityGroup, K::LoadBalancerSecurityGroup],
            all::<SecurityGroup>(reads),
        ),
        (&[K::SecurityGroupRules], all::<SecurityGroupRules>(reads)),
        (
            &[K::SiteEndpoint, K::VpcEndpoint],
            all::<VpcEndpoint>(reads),
        ),
        (&[K::EndpointPolicy], all::<EndpointPolicy>(reads)),
        (&[K::RestApi], all::<RestApi>(reads)),
        (&[K::LambdaPermission], all::<LambdaPermission>(reads)),
        (&[K::Deployment], all::<Deployment>(reads)),
        (&[K::Stage], all::<Stage>(reads)),
        (&[K::DomainName], all::<DomainName>(reads)),
        (&[K::BasePathMapping], all::<BasePathMapping>(reads)),
        (&[K::LoadBalancer], all::<LoadBalancer>(reads)),
        (&[K::TargetGroup], all::<TargetGroup>(reads)),
        (&[K::Targets], all::<Targets>(reads)),
        (&[K::BucketPolicy], all::<BucketPolicy>(reads)),
        (&[K::Listener, K::RedirectListener], all::<Listener>(reads)),
        (&[K::ListenerRule], all::<ListenerRule>(reads)),
        (&[K::DnsRecord], all::<DnsRecord>(reads)),
    ]
}

/// Everything in the account and region that carries the stack's marks, every
/// kind looked for directly: a child is found also when its parent is not ours
/// to see any more.
pub async fn discover_all(reads: &Reads) -> Result<Vec<Owned>> {
    let looks = looks(reads).into_iter().map(|(_, look)| look);
    let found = futures_util::future::try_join_all(looks).await?;
    Ok(found.into_iter().flatten().collect())
}

/// The same, as far as it may be read; and the kinds that may not, with why.
///
/// # Errors
///
/// A failure that is not this kind's alone, or nothing can be read at all.
pub async fn discover_readable(
    reads: &Reads,
) -> Result<(Vec<Owned>, Vec<(&'static [Kind], Error)>)> {
    let looks = looks(reads);
    let (kinds, looks): (Vec<_>, Vec<_>) = looks.into_iter().unzip();
    let answers = futures_util::future::join_all(looks).await;
    let (mut owned, mut unread) = (Vec::new(), Vec::new());
    for (kinds, answer) in kinds.into_iter().zip(answers) {
        match answer {
            Ok(found) => owned.extend(found),
            Err(error) if stands_aside(&error) => unread.push((kinds, error)),
            Err(error) => return Err(error),
        }
    }
    if owned.is_empty() && unread.len() > 1 {
        return Err(unread.swap_remove(0).1);
    }
    Ok((owned, unread))
}

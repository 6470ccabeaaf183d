//! One file for each AWS resource, all of the same shape: what it is and which
//! quirks of AWS it answers, the desired fields, the actual fields, the trait.

use futures_util::future::BoxFuture;

use crate::{aws::read::Reads, error::Result, graph::Owned, resource::Resource};

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

/// Everything in the account and region that carries the stack's marks, every
/// kind looked for directly: a child is found also when its parent is not ours
/// to see any more.
pub async fn discover_all(reads: &Reads) -> Result<Vec<Owned>> {
    fn all<R: Resource>(reads: &Reads) -> BoxFuture<'_, Result<Vec<Owned>>> {
        Box::pin(Owned::discover::<R>(reads))
    }
    let kinds = [
        all::<SecurityGroup>(reads),
        all::<SecurityGroupRules>(reads),
        all::<VpcEndpoint>(reads),
        all::<EndpointPolicy>(reads),
        all::<RestApi>(reads),
        all::<LambdaPermission>(reads),
        all::<Deployment>(reads),
        all::<Stage>(reads),
        all::<DomainName>(reads),
        all::<BasePathMapping>(reads),
        all::<LoadBalancer>(reads),
        all::<TargetGroup>(reads),
        all::<Targets>(reads),
        all::<BucketPolicy>(reads),
        all::<Listener>(reads),
        all::<ListenerRule>(reads),
        all::<DnsRecord>(reads),
    ];
    let found = futures_util::future::try_join_all(kinds).await?;
    Ok(found.into_iter().flatten().collect())
}

//! One file for each AWS resource, all of the same shape: what it is and which
//! quirks of AWS it answers, the desired fields, the actual fields, the trait.

use futures_util::future::BoxFuture;

use crate::{error::Result, graph::Owned, look::Look, resource::Resource};

pub mod base_path_mapping;
pub mod bucket_policy;
pub mod deployment;
pub mod dns_record;
pub mod domain_name;
pub mod endpoint_policy;
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
pub async fn discover_all(look: &Look) -> Result<Vec<Owned>> {
    fn all<R: Resource>(look: &Look) -> BoxFuture<'_, Result<Vec<Owned>>> {
        Box::pin(Owned::discover::<R>(look))
    }
    let kinds = [
        all::<SecurityGroup>(look),
        all::<SecurityGroupRules>(look),
        all::<VpcEndpoint>(look),
        all::<EndpointPolicy>(look),
        all::<RestApi>(look),
        all::<LambdaPermission>(look),
        all::<Deployment>(look),
        all::<Stage>(look),
        all::<DomainName>(look),
        all::<BasePathMapping>(look),
        all::<LoadBalancer>(look),
        all::<TargetGroup>(look),
        all::<Targets>(look),
        all::<BucketPolicy>(look),
        all::<Listener>(look),
        all::<ListenerRule>(look),
        all::<DnsRecord>(look),
    ];
    let found = futures_util::future::try_join_all(kinds).await?;
    Ok(found.into_iter().flatten().collect())
}

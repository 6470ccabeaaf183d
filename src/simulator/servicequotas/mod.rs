//! Service Quotas: how much of what the account may have.
//!
//! Wire names are those of the API's model of 2019-06-24.

mod answer;
mod table;

use super::codec::{Protocol, Refusal};
use super::service::{Service, read};
use super::world::Ctx;

/// The service.
pub const SERVICE: Service = Service {
    name: "servicequotas",
    protocol: Protocol::Json,
    namespace: "ServiceQuotasV20190624",
    operations: &[
        read(
            "GetServiceQuota",
            answer::get,
            &["ContextId", "QuotaCode", "ServiceCode"],
        ),
        read(
            "GetAWSDefaultServiceQuota",
            answer::get_default,
            &["QuotaCode", "ServiceCode"],
        ),
        read("ListServiceQuotas", answer::list, LISTING),
        read(
            "ListAWSDefaultServiceQuotas",
            answer::list_defaults,
            LISTING,
        ),
        read(
            "ListServices",
            answer::services,
            &["MaxResults", "NextToken"],
        ),
    ],
};

const LISTING: &[&str] = &[
    "MaxResults",
    "NextToken",
    "QuotaAppliedAtLevel",
    "QuotaCode",
    "ServiceCode",
];

/// Quotas that the account's operations hold to: `service/code`.
pub mod code {
    /// Application load balancers a region.
    pub const BALANCERS: &str = "elasticloadbalancing/L-53DA6B97";
    /// Target groups a region.
    pub const TARGET_GROUPS: &str = "elasticloadbalancing/L-B22855CB";
    /// Listeners an application load balancer.
    pub const LISTENERS: &str = "elasticloadbalancing/L-B6DF7632";
    /// Rules an application load balancer.
    pub const RULES: &str = "elasticloadbalancing/L-7EED9B64";
    /// Certificates an application load balancer.
    pub const CERTIFICATES: &str = "elasticloadbalancing/L-9365A611";
    /// Targets an application load balancer.
    pub const TARGETS_A_BALANCER: &str = "elasticloadbalancing/L-7E6692B2";
    /// Targets a target group.
    pub const TARGETS: &str = "elasticloadbalancing/L-A0D0B863";
    /// Interface endpoints a VPC.
    pub const ENDPOINTS: &str = "vpc/L-29B6F2EB";
    /// Rules of one direction a security group.
    pub const GROUP_RULES: &str = "vpc/L-0EA8095F";
    /// Security groups an interface.
    pub const GROUPS_AN_INTERFACE: &str = "vpc/L-2AFB9258";
    /// Security groups a region.
    pub const GROUPS: &str = "vpc/L-E79EC296";
    /// VPCs a region.
    pub const VPCS: &str = "vpc/L-F678F1CE";
    /// Regional REST APIs a region.
    pub const REGIONAL_APIS: &str = "apigateway/L-AA0FF27B";
    /// Private REST APIs a region.
    pub const PRIVATE_APIS: &str = "apigateway/L-A966AB5C";
    /// Public custom domain names a region.
    pub const DOMAINS: &str = "apigateway/L-A93447B8";
    /// Private custom domain names a region.
    pub const PRIVATE_DOMAINS: &str = "apigateway/L-24E7E662";
    /// The longest integration, in milliseconds.
    pub const INTEGRATION_TIMEOUT: &str = "apigateway/L-E5AE38E3";
}

/// Returns a quota's value here, under `service/code`: AWS's, or what the
/// account was given ([`super::world::Region::raised`]); none is 0.
pub fn most(ctx: &Ctx<'_>, code: &str) -> usize {
    let raised = ctx.here.raised.get(code).copied();
    let default = || table::find(code).map_or(0, |quota| quota.default);
    usize::try_from(raised.unwrap_or_else(default)).unwrap_or(usize::MAX)
}

/// Service Quotas API reference: `NoSuchResourceException`.
fn unknown() -> Refusal {
    let text = "The request failed because the specified service or quota does not exist.";
    Refusal::new("NoSuchResourceException", text)
}

#[cfg(test)]
mod tests;

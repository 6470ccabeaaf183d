//! The kinds of resource, as keys, tags and JSON spell them.

use strum::{Display, EnumIter, EnumString, IntoStaticStr};

/// A kind of resource. Its spelling is part of the contract with users: it
/// begins every key, and stands in the tag `hybridgw:resource`.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Display,
    EnumIter,
    EnumString,
    IntoStaticStr,
)]
#[strum(serialize_all = "kebab-case")]
pub enum Kind {
    /// The security group of the load balancer.
    LoadBalancerSecurityGroup,
    /// The security group of the endpoints.
    EndpointSecurityGroup,
    /// The rules of both groups.
    SecurityGroupRules,
    /// The interface endpoint for `execute-api`.
    VpcEndpoint,
    /// What may be invoked through that endpoint.
    EndpointPolicy,
    /// The interface endpoint for S3.
    SiteEndpoint,
    /// The statement in a bucket's policy.
    BucketPolicy,
    /// A PRIVATE REST API.
    RestApi,
    /// The statement in a function's policy.
    LambdaPermission,
    /// A snapshot of an API.
    Deployment,
    /// The name under which a deployment is invoked.
    Stage,
    /// A custom domain of API Gateway.
    DomainName,
    /// The way from a domain and path to a stage.
    BasePathMapping,
    /// The internal load balancer.
    LoadBalancer,
    /// A target group.
    TargetGroup,
    /// What is registered in a target group.
    Targets,
    /// The HTTPS listener.
    Listener,
    /// The HTTP listener, which redirects to HTTPS.
    RedirectListener,
    /// The rules of a route on a host.
    ListenerRule,
    /// The alias that leads a name to the load balancer.
    DnsRecord,
}

impl Kind {
    /// The spelling.
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

#[cfg(test)]
mod tests {
    use strum::IntoEnumIterator;

    use super::*;

    #[test]
    fn the_spelling_of_every_kind_leads_back_to_it() {
        for kind in Kind::iter() {
            assert_eq!(kind.as_str().parse(), Ok(kind));
            assert!(!kind.as_str().contains('/'), "a slash ends the kind");
        }
        assert_eq!(
            Kind::LoadBalancerSecurityGroup.as_str(),
            "load-balancer-security-group"
        );
        assert_eq!(Kind::RestApi.to_string(), "rest-api");
        assert!("rest_api".parse::<Kind>().is_err());
    }
}

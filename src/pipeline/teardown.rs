//! The order of removal, in one table.
//!
//! It has to hold without any configuration and from any partial state, so it
//! is by kind, and not read off a stack's needs; a test holds it against them.
//! What lives in another thing (a listener in its load balancer) goes with that
//! and is not waited for.

use crate::resource::{Key, Kind};

/// Whether the first thing stays until the second one is gone.
pub fn waits_for(thing: &Key, other: &Key) -> bool {
    first(thing.kind()).contains(&other.kind())
}

/// Whether requests find their way by a thing of this kind: what nobody wants
/// any more of these goes before anything that they lead to.
pub fn leads_requests(kind: Kind) -> bool {
    matches!(kind, Kind::DnsRecord | Kind::ListenerRule)
}

/// The kinds that go before a thing of this kind does: what uses it, and what
/// is known from it alone. Names go first of all, so that nobody is led to what
/// is being taken down.
pub fn first(kind: Kind) -> &'static [Kind] {
    use Kind::{
        BasePathMapping, BucketPolicy, Deployment, DnsRecord, DomainName, EndpointPolicy,
        EndpointSecurityGroup, LambdaPermission, Listener, ListenerRule, LoadBalancer,
        LoadBalancerSecurityGroup, RedirectListener, RestApi, SecurityGroupRules, SiteEndpoint,
        Stage, TargetGroup, Targets, VpcEndpoint,
    };
    match kind {
        DnsRecord | EndpointPolicy | Targets => &[],
        BasePathMapping | BucketPolicy | LambdaPermission | LoadBalancer | Listener
        | ListenerRule | RedirectListener => &[DnsRecord],
        DomainName => &[DnsRecord, BasePathMapping],
        Stage => &[BasePathMapping],
        Deployment => &[Stage],
        // A mapped API is refused; the permission is known from the API's tag.
        RestApi => &[BasePathMapping, LambdaPermission],
        // A permission and a bucket's statement are known from the group's tags.
        TargetGroup => &[
            ListenerRule,
            Listener,
            LoadBalancer,
            LambdaPermission,
            BucketPolicy,
        ],
        SecurityGroupRules => &[DnsRecord, LoadBalancer],
        // An API that names the endpoint goes first.
        VpcEndpoint => &[DnsRecord, RestApi],
        SiteEndpoint => &[DnsRecord, BucketPolicy],
        EndpointSecurityGroup => &[SecurityGroupRules, VpcEndpoint, SiteEndpoint],
        // The last of all: its tags say where records and openings are.
        LoadBalancerSecurityGroup => &[
            SecurityGroupRules,
            EndpointPolicy,
            LoadBalancer,
            DnsRecord,
            TargetGroup,
            DomainName,
            RestApi,
            VpcEndpoint,
            SiteEndpoint,
            EndpointSecurityGroup,
        ],
    }
}

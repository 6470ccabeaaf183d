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
        LoadBalancer | Listener | ListenerRule | RedirectListener => &[DnsRecord],
        // Without its rule, a path's requests follow the mapping still. And what
        // leads to a bucket would be refused, where a shorter path may answer (a
        // rollback leaves the record).
        BasePathMapping | BucketPolicy => &[DnsRecord, ListenerRule],
        LambdaPermission => &[DnsRecord, ListenerRule, BasePathMapping],
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

/// The kind that this kind lives in, and disappears with.
pub fn home(kind: Kind) -> Option<Kind> {
    match kind {
        Kind::Listener | Kind::RedirectListener => Some(Kind::LoadBalancer),
        Kind::ListenerRule => Some(Kind::Listener),
        Kind::Targets => Some(Kind::TargetGroup),
        Kind::Deployment | Kind::Stage => Some(Kind::RestApi),
        Kind::EndpointPolicy => Some(Kind::VpcEndpoint),
        _ => None,
    }
}

/// Whether a thing of the first kind may hold things of the second kind that are
/// somebody else's: AWS deletes these with it, so that they have to be looked at.
pub fn may_hold_others(kind: Kind, other: Kind) -> bool {
    let tagged = matches!(
        other,
        Kind::Listener | Kind::RedirectListener | Kind::ListenerRule | Kind::Stage
    );
    let home = home(other).filter(|_| tagged);
    home.is_some_and(|home| home == kind || may_hold_others(kind, home))
}

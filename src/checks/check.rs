//! The checks by their names.

use serde::{Serialize, Serializer};
use strum::{Display, EnumIter};

/// A check: a hop of a request, or something that a stack needs.
///
/// Those of `verify` as a request passes them, then those that `doctor` alone
/// has, which puts them into an order of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Display, EnumIter)]
#[strum(serialize_all = "kebab-case")]
pub enum Check {
    /// The name, resolved where the command runs.
    Dns,
    /// A connection to the load balancer's addresses.
    Tcp,
    /// The handshake, and the certificate that is shown.
    Tls,
    /// The record in the hosted zone.
    Record,
    /// The load balancer.
    LoadBalancer,
    /// The security groups of the load balancer and of the endpoint.
    SecurityGroup,
    /// The listeners.
    Listener,
    /// The listener's certificates.
    Certificate,
    /// The listener's rules.
    Rule,
    /// Whether the registered addresses are the endpoint's.
    TargetGroup,
    /// What the load balancer's health checks say.
    TargetHealth,
    /// The VPC endpoint.
    Endpoint,
    /// The endpoint's policy.
    EndpointPolicy,
    /// From the host and the path to a stage of an API.
    Mapping,
    /// The API's policy as deployed.
    ApiPolicy,
    /// The stage.
    Stage,
    /// The methods as deployed, or a site's first object.
    Method,
    /// Whether functions may be invoked.
    Permission,
    /// The bucket's policy.
    BucketPolicy,
    /// A request to each route, from where the command runs.
    Request,
    /// Who calls.
    Credentials,
    /// What the caller may do.
    Permissions,
    /// Which account it is.
    Account,
    /// The clock of this machine.
    Clock,
    /// The VPC's DNS attributes.
    VpcDns,
    /// The subnets.
    Subnets,
    /// The availability zones.
    Zones,
    /// Private DNS, and which public APIs it would hide.
    PrivateDns,
    /// The endpoint service.
    EndpointService,
    /// The hosted zone.
    Zone,
    /// Quotas near their limit.
    Quotas,
    /// Who may reach the load balancer.
    Clients,
    /// The APIs' definitions.
    Body,
    /// The policies that the file leads to.
    Policy,
    /// Where logs go.
    Logs,
    /// The configuration file, or somebody else's.
    Config,
}

impl Serialize for Check {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

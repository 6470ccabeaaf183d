//! The configuration: what `hybridgw.toml` says, read strictly.
//!
//! [`Config::load`] parses the file, lays `--set` over it, fills in `${VAR}`,
//! and checks every value. It reports all problems at once, each with its line
//! and a remedy, before anything talks to AWS.

use std::collections::BTreeMap;
use std::fmt;
use std::net::Ipv4Addr;

use ipnet::Ipv4Net;
use schemars::JsonSchema;
use serde::{Serialize, Serializer};

mod arn;
mod check;
mod check_routes;
mod check_serving;
mod hosts;
mod interpolate;
mod load;
mod problem;
mod read;
mod read_routes;
mod route;
mod schema;
mod section;
mod set;
#[cfg(test)]
mod tests;
mod tree;

pub(crate) use check::is_zone_id;
pub use hosts::Host;
pub use problem::{ConfigErrors, Problem};
pub(crate) use problem::{shown, write_lines};
pub use route::{Api, ApiSource, Function, FunctionHealth, Route, Site, Target};

/// One stack: a private name, the load balancer behind it, and what it leads to.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The stack's name. It names and owns everything that hybridgw makes.
    #[schemars(regex(pattern = r"^(?!internal-|sg-)[a-z0-9]([a-z0-9-]{0,22}[a-z0-9])?$"))]
    #[schemars(example = &"orders-dev")]
    pub stack: String,
    /// The region. Without it the environment or `--region` says.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = r"^[a-z]{2,4}(-[a-z]+){1,3}-[0-9]{1,2}$"))]
    #[schemars(example = &"eu-central-1")]
    pub region: Option<String>,
    /// The account's 12 digits. A guard: hybridgw refuses to act in any other.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = r"^[0-9]{12}$"), example = &"111122223333")]
    pub account: Option<String>,
    /// How a request's host name finds the API.
    #[schemars(default)]
    pub mode: Mode,
    /// Tags for everything that is made, 40 at most. Keys beginning `aws:` and
    /// `hybridgw:` are reserved.
    #[schemars(default, extend("maxProperties" = 40))]
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
    /// The network that the stack stands in.
    pub network: Network,
    /// The private name.
    pub domain: Domain,
    /// The VPC endpoint for `execute-api`.
    #[schemars(default)]
    pub endpoint: Endpoint,
    /// The internal load balancer.
    #[schemars(default)]
    pub load_balancer: LoadBalancer,
    /// The routes. The longest path wins; `/` takes the rest.
    #[serde(rename = "route")]
    #[schemars(length(min = 1))]
    pub routes: Vec<Route>,
}

/// How a request's host name finds the API.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// A regional custom domain in API Gateway carries the name.
    #[default]
    RegionalDomain,
}

/// The network that the stack stands in.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Network {
    /// The VPC.
    #[schemars(regex(pattern = r"^vpc-([0-9a-f]{8}|[0-9a-f]{17})$"))]
    #[schemars(example = &"vpc-0a1b2c3d4e5f60718")]
    pub vpc: String,
    /// Two subnets or more, one a zone, in zones that the endpoint service offers.
    #[schemars(length(min = 2), extend("uniqueItems" = true))]
    #[schemars(inner(regex(pattern = r"^subnet-([0-9a-f]{8}|[0-9a-f]{17})$")))]
    #[schemars(extend("examples" = [["subnet-0aaaaaaaaaaaaaaaa", "subnet-0bbbbbbbbbbbbbbbb"]]))]
    pub subnets: Vec<String>,
    /// Who may reach the load balancer: canonical IPv4 ranges. `0.0.0.0/0` is refused.
    #[serde(serialize_with = "as_texts")]
    #[schemars(with = "Vec<String>", length(min = 1), extend("uniqueItems" = true))]
    #[schemars(inner(regex(
        pattern = r"^([0-9]{1,3}\.){3}[0-9]{1,3}/([1-9]|[12][0-9]|3[0-2])$"
    )))]
    #[schemars(extend("examples" = [["10.0.0.0/8"]]))]
    pub clients: Vec<Ipv4Net>,
}

/// The private name.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Domain {
    /// The host name that people use, in lower case once read.
    #[schemars(regex(
        pattern = r"^([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]+\.?$"
    ))]
    #[schemars(example = &"orders.corp.example.com")]
    pub name: String,
    /// The hosted zone of the record: its id, or its name.
    #[schemars(example = &"Z0123456789ABCDEFGHIJ", example = &"corp.example.com")]
    pub zone: String,
    /// The ARN of an ACM certificate that covers the name, in the stack's region.
    #[schemars(regex(
        pattern = r"^arn:aws[a-z-]*:acm:[a-z0-9-]+:[0-9]{12}:certificate/[0-9A-Fa-f-]{36}$"
    ))]
    #[schemars(
        example = &"arn:aws:acm:eu-central-1:111122223333:certificate/12345678-1234-1234-1234-123456789012"
    )]
    pub certificate: String,
    /// Further names of the same stack.
    #[schemars(default)]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<Alias>,
}

/// A further name of the stack: it leads to the same routes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Alias {
    /// The host name, in lower case once read.
    #[schemars(regex(
        pattern = r"^([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]+\.?$"
    ))]
    #[schemars(example = &"shop.corp.example.com")]
    pub name: String,
    /// The ARN of an ACM certificate that covers this name, in the stack's region.
    #[schemars(regex(
        pattern = r"^arn:aws[a-z-]*:acm:[a-z0-9-]+:[0-9]{12}:certificate/[0-9A-Fa-f-]{36}$"
    ))]
    #[schemars(
        example = &"arn:aws:acm:eu-central-1:111122223333:certificate/12345678-1234-1234-1234-123456789012"
    )]
    pub certificate: String,
    /// The hosted zone of the record: its id, or its name. By default the
    /// domain's.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"Z0123456789ABCDEFGHIJ", example = &"corp.example.com")]
    pub zone: Option<String>,
}

/// The VPC endpoint for `execute-api`. Only stacks with `api` routes have one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Endpoint {
    /// The id of an endpoint to borrow. It is never deleted. Without it the
    /// stack has its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = r"^vpce-([0-9a-f]{8}|[0-9a-f]{17})$"))]
    #[schemars(example = &"vpce-0a1b2c3d4e5f60718")]
    pub id: Option<String>,
    /// Whether hybridgw may open a borrowed endpoint's groups and policy for
    /// this stack. Otherwise it prints what has to be opened.
    #[schemars(default)]
    pub manage: bool,
    /// Whether `*.execute-api` names resolve to the endpoint in the whole VPC.
    #[schemars(default)]
    pub private_dns: bool,
    /// The endpoint's addresses, one in each subnet. AWS chooses without them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(default, with = "Vec<String>", extend("uniqueItems" = true))]
    #[schemars(inner(regex(pattern = r"^([0-9]{1,3}\.){3}[0-9]{1,3}$")))]
    #[schemars(extend("examples" = [["10.0.1.10", "10.0.2.10"]]))]
    pub addresses: Vec<Ipv4Addr>,
}

/// The internal load balancer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LoadBalancer {
    /// The security policy of the HTTPS listener.
    #[schemars(default = "default_tls_policy")]
    #[schemars(regex(pattern = r"^ELBSecurityPolicy-[A-Za-z0-9-]+$"))]
    pub tls_policy: String,
    /// Whether AWS refuses to delete the load balancer; `down` then refuses too.
    #[schemars(default)]
    pub deletion_protection: bool,
    /// Seconds until an idle connection is closed.
    #[schemars(default = "default_idle_timeout", range(min = 1, max = 4000))]
    pub idle_timeout: u32,
    /// Where access logs go: `s3://bucket` or `s3://bucket/prefix`. None by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", example = &"s3://bucket/prefix")]
    #[schemars(regex(pattern = r"^s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[^/].*[^/]|/[^/])?$"))]
    pub access_logs: Option<S3Location>,
    /// How targets are checked.
    #[schemars(default)]
    pub health_check: HealthCheck,
}

/// How targets are checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HealthCheck {
    /// The path asked for, over HTTPS.
    #[schemars(default = "default_health_path", regex(pattern = r"^/[!-~]*$"))]
    pub path: String,
    /// The codes of a healthy answer, from 200 to 499: `200`, `200,301`, `200-299`.
    #[schemars(default = "default_matcher")]
    #[schemars(regex(pattern = r"^[2-4][0-9]{2}(-[2-4][0-9]{2}|(,[2-4][0-9]{2})*)$"))]
    #[schemars(example = &"200", example = &"200,301", example = &"200-299")]
    pub matcher: String,
}

/// A place in S3, written `s3://bucket/prefix`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct S3Location {
    /// The bucket.
    pub bucket: String,
    /// What keys begin with, without slashes at its ends; may be empty.
    pub prefix: String,
}

fn default_tls_policy() -> String {
    LoadBalancer::default().tls_policy
}

fn default_idle_timeout() -> u32 {
    LoadBalancer::default().idle_timeout
}

fn default_health_path() -> String {
    HealthCheck::default().path
}

fn default_matcher() -> String {
    HealthCheck::default().matcher
}

impl Default for LoadBalancer {
    fn default() -> Self {
        LoadBalancer {
            tls_policy: "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09".to_owned(),
            deletion_protection: false,
            idle_timeout: 60,
            access_logs: None,
            health_check: HealthCheck::default(),
        }
    }
}

impl Default for HealthCheck {
    /// API Gateway answers `/ping` itself: 200 means that the endpoint works.
    fn default() -> Self {
        HealthCheck {
            path: "/ping".to_owned(),
            matcher: "200".to_owned(),
        }
    }
}

impl fmt::Display for S3Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "s3://{}", self.bucket)?;
        if !self.prefix.is_empty() {
            write!(f, "/{}", self.prefix)?;
        }
        Ok(())
    }
}

impl Serialize for S3Location {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

fn as_texts<S: Serializer>(ranges: &[Ipv4Net], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(ranges.iter().map(ToString::to_string))
}

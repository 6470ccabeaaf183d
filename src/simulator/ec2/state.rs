//! What EC2 knows.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use ipnet::{Ipv4Net, Ipv6Net};
use serde::{Deserialize, Serialize};

use crate::clock::Time;

/// The tags of one thing.
pub type Tags = BTreeMap<String, String>;

/// EC2 in one region of an account; everything is under its id.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct State {
    /// VPCs.
    pub vpcs: BTreeMap<String, Vpc>,
    /// Subnets.
    pub subnets: BTreeMap<String, Subnet>,
    /// Security groups.
    pub groups: BTreeMap<String, Group>,
    /// The rules of all security groups, one source or destination each.
    pub rules: BTreeMap<String, Rule>,
    /// Prefix lists that the account manages.
    pub prefix_lists: BTreeMap<String, PrefixList>,
    /// What was changed of prefix lists, under their ids.
    pub prefix_list_changes: BTreeMap<String, PrefixListChange>,
    /// Interface endpoints.
    pub endpoints: BTreeMap<String, Endpoint>,
    /// Endpoints that are gone and still shown as `deleted`.
    pub gone: BTreeMap<String, Endpoint>,
    /// Network interfaces, whoever holds them.
    pub interfaces: BTreeMap<String, Interface>,
    /// Tags, under the id of what they are on.
    pub tags: BTreeMap<String, Tags>,
    /// Client tokens that were used.
    pub tokens: BTreeMap<String, Token>,
}

/// A VPC.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Vpc {
    /// Its range.
    pub cidr: Ipv4Net,
    /// `enableDnsSupport`.
    pub dns_support: bool,
    /// `enableDnsHostnames`.
    pub dns_hostnames: bool,
}

/// A subnet.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Subnet {
    /// Its VPC.
    pub vpc: String,
    /// Its range.
    pub cidr: Ipv4Net,
    /// The name of its zone.
    pub zone: String,
}

/// A security group.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Group {
    /// Its VPC.
    pub vpc: String,
    /// Its name, unique in the VPC.
    pub name: String,
    /// What it is for.
    pub description: String,
}

/// A rule of a security group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    /// The group it belongs to.
    pub group: String,
    /// Whether it lets out rather than in.
    pub egress: bool,
    /// What it lets through.
    pub traffic: Traffic,
    /// From or to whom.
    pub peer: Peer,
    /// What it is for.
    pub description: Option<String>,
}

/// Protocol and ports, as EC2 reports them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Traffic {
    /// `tcp`, `udp`, `icmp`, `icmpv6`, `-1` for all, or a number.
    pub protocol: String,
    /// The first port.
    pub from: Option<i64>,
    /// The last port.
    pub to: Option<i64>,
}

/// Where traffic comes from or goes to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Peer {
    /// An IPv4 range.
    Ipv4(Ipv4Net),
    /// An IPv6 range.
    Ipv6(Ipv6Net),
    /// The interfaces of a security group.
    Group(String),
    /// A prefix list.
    PrefixList(String),
}

/// A managed prefix list.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PrefixList {
    /// Its name.
    pub name: String,
    /// Whether its entries are IPv6 ranges.
    pub ipv6: bool,
    /// How many entries it may have; rules count for as many.
    pub most: usize,
    /// Its IPv4 entries.
    pub entries: Vec<Ipv4Net>,
}

/// What became of a prefix list after it was made, and what its entries are for.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PrefixListChange {
    /// Its version, from 1.
    pub version: u64,
    /// `modify-complete`, `modify-failed`; none, it was never changed.
    pub state: Option<String>,
    /// Why a change failed.
    pub message: Option<String>,
    /// What entries are for, under their ranges.
    pub descriptions: BTreeMap<String, String>,
}

impl Default for PrefixListChange {
    fn default() -> Self {
        Self {
            version: 1,
            state: None,
            message: None,
            descriptions: BTreeMap::new(),
        }
    }
}

/// Where an endpoint is in its life. The wire has these words in lower case (observed; the API's model says `Available`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EndpointState {
    /// Being made, or being changed.
    Pending,
    /// Ready.
    Available,
    /// On its way out.
    Deleting,
    /// Gone; shown a little longer, and in the reply to an old client token.
    Deleted,
}

impl EndpointState {
    /// The word on the wire.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Available => "available",
            Self::Deleting => "deleting",
            Self::Deleted => "deleted",
        }
    }
}

/// An interface endpoint.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Endpoint {
    /// Its VPC.
    pub vpc: String,
    /// The service's name.
    pub service: String,
    /// Where it is in its life.
    pub state: EndpointState,
    /// Counts the changes that take time; only the last one's end settles it.
    pub change: u64,
    /// Its subnets, in order.
    pub subnets: Vec<String>,
    /// Its security groups, in order.
    pub groups: Vec<String>,
    /// Its policy, as given.
    pub policy: String,
    /// Whether the service's own names lead to it inside the VPC.
    pub private_dns: bool,
    /// When it was asked for.
    pub created: Time,
    /// The part of its DNS names that chance gives.
    pub label: String,
}

/// A network interface.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Interface {
    /// Its subnet.
    pub subnet: String,
    /// Its address.
    pub address: Ipv4Addr,
    /// Its security groups.
    pub groups: Vec<String>,
    /// EC2's description: `VPC Endpoint Interface vpce-…`, `ELB app/…`.
    pub description: String,
    /// `vpc_endpoint`, or `interface` for load balancers.
    pub kind: String,
    /// Who made it: `amazon-elb`, or an account of AWS's.
    pub requester: String,
    /// Who holds it: an endpoint's id, a load balancer's ARN.
    pub holder: String,
    /// When it first shows.
    pub since: Time,
    /// Whether its holder has let go of it already.
    pub leaving: bool,
}

/// A client token that was used.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Token {
    /// A digest of the parameters it was used with.
    pub parameters: String,
    /// What it made.
    pub endpoint: String,
    /// What it made, once that is gone.
    pub ghost: Option<Endpoint>,
}

/// What lies ahead in EC2.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Event {
    /// A change of an endpoint is done.
    EndpointSettled {
        /// The endpoint.
        id: String,
        /// The change's number.
        change: u64,
    },
    /// An endpoint is gone.
    EndpointGone(String),
    /// A deleted endpoint is not shown any more.
    EndpointForgotten(String),
    /// Interfaces are gone.
    InterfacesGone(Vec<String>),
}

//! Where requests enter: a load balancer's nodes, an endpoint.

use std::net::Ipv4Addr;

use crate::ec2::{Endpoint, Interface};
use crate::world::Ctx;

/// The nodes of a load balancer.
pub fn nodes<'a>(ctx: &'a Ctx<'_>, balancer: &'a str) -> impl Iterator<Item = &'a Interface> {
    let now = ctx.now;
    let all = ctx.here.ec2.interfaces.values();
    all.filter(move |one| one.holder == balancer && !one.leaving && one.since <= now)
}

/// Where a request enters an AWS service.
pub struct Entrance<'a> {
    /// The endpoint's id.
    pub id: &'a str,
    /// The endpoint.
    pub endpoint: &'a Endpoint,
    /// The load balancer's node that sends the request.
    pub sender: Ipv4Addr,
}

impl Entrance<'_> {
    /// The condition keys of requests through an endpoint. IAM user guide,
    /// "Global condition keys": `aws:SourceIp` is not among them, `aws:VpcSourceIp` is.
    pub fn keys(&self) -> [(&'static str, String); 4] {
        [
            ("aws:SourceVpce", self.id.to_owned()),
            ("aws:SourceVpc", self.endpoint.vpc.clone()),
            ("aws:VpcSourceIp", self.sender.to_string()),
            ("aws:SecureTransport", "true".to_owned()),
        ]
    }
}

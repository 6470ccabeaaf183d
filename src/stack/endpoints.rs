//! The endpoints: for `execute-api`, and for S3.

use std::{collections::BTreeMap, sync::Arc};

use super::Builder;
use crate::{
    graph::Node,
    resources::{
        SecurityGroup, VpcEndpoint,
        vpc_endpoint::{APIS, Own, Places, Source},
    },
};

impl Builder<'_> {
    /// The endpoint for `execute-api`.
    pub(super) fn endpoint(&mut self, group: Arc<Node<SecurityGroup>>) -> Arc<Node<VpcEndpoint>> {
        let source = Source::Own(Box::new(Own {
            owner: self.owner.clone(),
            vpc: self.config.network.vpc.clone(),
            places: self.places(BTreeMap::new()),
            group,
            service: self.references.endpoint_service.clone(),
            private_dns: self.config.endpoint.private_dns,
            objects: None,
        }));
        self.add(VpcEndpoint { kind: APIS, source })
    }

    fn places(&self, pins: BTreeMap<String, std::net::Ipv4Addr>) -> Places {
        Places {
            subnets: self.config.network.subnets.iter().cloned().collect(),
            zones: self.references.zones.clone(),
            pins,
        }
    }
}

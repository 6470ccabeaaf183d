//! The security groups and the endpoints: for `execute-api`, and for S3.

use std::{collections::BTreeMap, net::Ipv4Addr, sync::Arc};

use super::{Builder, Name};
use crate::{
    aws::Partition,
    aws::record::Record,
    graph::Node,
    names,
    resource::{Key, Kind, Need},
    resources::{
        SecurityGroup, SecurityGroupRules, VpcEndpoint,
        vpc_endpoint::{Foreign, Ghosts, Own, Placement, Source},
    },
};

/// The security groups, what they let through, and the endpoints behind them.
pub(super) struct Way {
    pub(super) balancer_group: Arc<Node<SecurityGroup>>,
    pub(super) rules: Arc<Node<SecurityGroupRules>>,
    /// For `execute-api`, if there is a route to an API.
    pub(super) apis: Option<Arc<Node<VpcEndpoint>>>,
    /// For S3, if there is a route to a site.
    pub(super) sites: Option<Arc<Node<VpcEndpoint>>>,
    /// What has pinned addresses, which nothing else may take before.
    pub(super) pinned: Vec<Need>,
}

impl Builder<'_> {
    /// The way from the load balancer to the endpoints.
    pub(super) fn way(&mut self, names: &[Name]) -> Way {
        let config = self.config;
        let is_foreign = config.endpoint.foreign && config.has_api();
        let borrowed = config.endpoint.id.clone();
        let borrowed = borrowed.filter(|_| config.has_api() && !is_foreign);
        let open = borrowed.is_some() && config.endpoint.manage;
        let records = names.iter().map(|name| Record {
            zone: name.zone.clone(),
            host: name.host.clone(),
        });
        let balancer_group = self.group(
            Kind::LoadBalancerSecurityGroup,
            records.collect(),
            borrowed.clone(),
        );
        let is_own = config.has_api() && borrowed.is_none() && !is_foreign;
        let has_own = config.has_site() || is_own;
        let group = has_own.then(|| self.group(Kind::EndpointSecurityGroup, vec![], None));
        let source = borrowed.map(|id| Source::Borrowed {
            id,
            zones: self.references.zones.values().cloned().collect(),
        });
        let source = source.or_else(|| {
            is_foreign.then(|| {
                Source::Foreign(Foreign {
                    id: config.endpoint.id.clone(),
                    vpc: config.network.vpc.clone(),
                    addresses: config.endpoint.addresses.clone(),
                })
            })
        });
        let kind = Kind::VpcEndpoint;
        let borrowed = source.map(|source| self.add(VpcEndpoint { kind, source }));
        let clients = config.network.clients.iter().map(ToString::to_string);
        let rules = self.add(SecurityGroupRules {
            owner: self.owner.clone(),
            load_balancer: balancer_group.clone(),
            endpoint: group.clone(),
            borrowed: borrowed.clone(),
            open,
            clients: clients.collect(),
        });
        let own = group.filter(|_| is_own);
        let apis = borrowed.or_else(|| own.map(|group| self.api_endpoint(group)));
        let sites = rules.desired.endpoint.clone().filter(|_| config.has_site());
        let pinned = self.pinned(apis.as_ref());
        let sites = sites.map(|group| self.site_endpoint(group, pinned.clone()));
        Way {
            balancer_group,
            rules,
            apis,
            sites,
            pinned,
        }
    }

    fn group(
        &mut self,
        kind: Kind,
        records: Vec<Record>,
        borrowed: Option<String>,
    ) -> Arc<Node<SecurityGroup>> {
        self.add(SecurityGroup {
            owner: self.owner.clone(),
            kind,
            vpc: self.config.network.vpc.clone(),
            name: names::security_group(&self.config.stack, &Key::bare(kind)),
            records,
            borrowed,
        })
    }

    fn api_endpoint(&mut self, group: Arc<Node<SecurityGroup>>) -> Arc<Node<VpcEndpoint>> {
        let own = Own {
            owner: self.owner.clone(),
            vpc: self.config.network.vpc.clone(),
            placement: self.placement(self.references.addresses.clone()),
            group,
            service: self.references.endpoint_service.clone(),
            private_dns: self.config.endpoint.private_dns,
            objects: None,
            after: vec![],
            ghosts: Ghosts::default(),
        };
        let source = Source::Own(Box::new(own));
        self.add(VpcEndpoint {
            kind: Kind::VpcEndpoint,
            source,
        })
    }

    /// The endpoint, if addresses are pinned: AWS gives a free one to whoever asks,
    /// and what else stands in the subnets asks at the same time.
    fn pinned(&self, endpoint: Option<&Arc<Node<VpcEndpoint>>>) -> Vec<Need> {
        let is_pinned = !self.references.addresses.is_empty();
        let pinned = endpoint.filter(|_| is_pinned).map(|one| one.settled());
        pinned.into_iter().collect()
    }

    /// Private DNS stays off: with it, whatever in the VPC uses S3 would go
    /// through this endpoint, whose policy admits the sites' buckets only.
    fn site_endpoint(
        &mut self,
        group: Arc<Node<SecurityGroup>>,
        after: Vec<Need>,
    ) -> Arc<Node<VpcEndpoint>> {
        let sites = self.config.sites();
        let objects = sites.map(|(_, site)| self.objects(&site.bucket)).collect();
        let own = Own {
            owner: self.owner.clone(),
            vpc: self.config.network.vpc.clone(),
            placement: self.placement(BTreeMap::new()),
            group,
            service: self.references.site_endpoint_service.clone(),
            private_dns: false,
            objects: Some(objects),
            after,
            ghosts: Ghosts::default(),
        };
        let source = Source::Own(Box::new(own));
        self.add(VpcEndpoint {
            kind: Kind::SiteEndpoint,
            source,
        })
    }

    fn placement(&self, pins: BTreeMap<String, Ipv4Addr>) -> Placement {
        Placement {
            subnets: self.config.network.subnets.iter().cloned().collect(),
            zones: self.references.zones.clone(),
            pins,
        }
    }

    /// The objects of a bucket, as an ARN.
    pub(super) fn objects(&self, bucket: &str) -> String {
        let partition = Partition::of(&self.references.region).id();
        format!("arn:{partition}:s3:::{bucket}/*")
    }
}

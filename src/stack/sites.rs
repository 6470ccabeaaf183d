//! The routes to sites: buckets behind the S3 endpoint.

use std::sync::Arc;

use super::{Builder, Name};
use crate::{
    aws::Partition,
    graph::Node,
    resource::{Key, Kind, Need},
    resources::{
        BucketPolicy, Listener, SecurityGroupRules, TargetGroup, Targets, VpcEndpoint,
        listener_rule::{Site, Way},
        target_group::Behind,
        targets::Source,
    },
};

impl Builder<'_> {
    /// For each route to a site its own group of the endpoint's addresses, its
    /// rules, and a statement in the bucket's policy if hybridgw may add it.
    pub(super) fn site_routes(
        &mut self,
        names: &[Name],
        listener: &Arc<Node<Listener>>,
        endpoint: &Arc<Node<VpcEndpoint>>,
        rules: &Arc<Node<SecurityGroupRules>>,
    ) {
        let config = self.config;
        for (route, site) in config.sites() {
            let group = self.target_group(
                TargetGroup::key_of_route(&route.path, config.has_api()),
                Behind::Site {
                    bucket: site.bucket.clone(),
                    manage_policy: site.manage_policy,
                },
            );
            if site.manage_policy {
                self.add(BucketPolicy {
                    stack: config.stack.clone(),
                    path: route.path.clone(),
                    group: group.clone(),
                    endpoint: endpoint.clone(),
                    bucket: site.bucket.clone(),
                    partition: Partition::of(&self.references.region).id(),
                });
            }
            let to_bucket = Site {
                bucket_host: self.host_of(&site.bucket),
                index: site.index.clone(),
                files: site.files.clone(),
            };
            let mut forwarders = Vec::new();
            for name in names {
                let statement = Key::of_route(Kind::BucketPolicy, &route.path);
                let way = Way {
                    site: Some(to_bucket.clone()),
                    behind: vec![Need::Settled(statement)],
                    ..Way::default()
                };
                forwarders.push(self.rule(name, listener, &route.path, &group, way));
            }
            self.add(Targets {
                group,
                source: Source::Endpoint {
                    endpoint: endpoint.clone(),
                    rules: Some(rules.clone()),
                },
                forwarders,
            });
        }
    }

    /// The host by which S3 finds a bucket (S3 user guide, "Virtual hosting of
    /// buckets").
    fn host_of(&self, bucket: &str) -> String {
        let region = &self.references.region;
        let suffix = Partition::of(region).dns_suffix();
        format!("{bucket}.s3.{region}.{suffix}")
    }
}

//! The load balancer, and where it sends requests.

use std::{collections::BTreeMap, sync::Arc};

use super::{Builder, Name};
use crate::{
    config::{Config, Target},
    graph::Node,
    resource::{Key, Kind, Need},
    resources::{
        LambdaPermission, Listener, ListenerRule, LoadBalancer, SecurityGroup, SecurityGroupRules,
        TargetGroup, Targets, VpcEndpoint, lambda_permission::Caller, listener::Purpose,
        listener_rule::Way, load_balancer::PROTECTION, target_group::Behind, targets::Source,
    },
};

impl Builder<'_> {
    pub(super) fn balancer(
        &mut self,
        group: &Arc<Node<SecurityGroup>>,
        after: Vec<Need>,
    ) -> Arc<Node<LoadBalancer>> {
        self.add(LoadBalancer {
            owner: self.owner.clone(),
            vpc: self.config.network.vpc.clone(),
            subnets: by_zone(&self.references.zones),
            group: group.clone(),
            attributes: attributes(self.config),
            after,
        })
    }

    /// Both listeners; returns the one that serves.
    pub(super) fn listeners(
        &mut self,
        names: &[Name],
        balancer: &Arc<Node<LoadBalancer>>,
    ) -> Arc<Node<Listener>> {
        let domain = &self.config.domain;
        let further = names.iter().map(|name| name.certificate.clone());
        let further = further.filter(|certificate| *certificate != domain.certificate);
        let listener = self.add(Listener {
            owner: self.owner.clone(),
            load_balancer: balancer.clone(),
            purpose: Purpose::Https {
                certificate: domain.certificate.clone(),
                hosts: names.iter().map(|name| name.host.name.clone()).collect(),
                further: further.collect(),
                tls_policy: self.config.load_balancer.tls_policy.clone(),
            },
        });
        self.add(Listener {
            owner: self.owner.clone(),
            load_balancer: balancer.clone(),
            purpose: Purpose::Redirect,
        });
        listener
    }

    /// The group that all routes to APIs share, their rules, and the endpoint's
    /// addresses.
    pub(super) fn api_routes(
        &mut self,
        names: &[Name],
        listener: &Arc<Node<Listener>>,
        endpoint: Arc<Node<VpcEndpoint>>,
        rules: &Arc<Node<SecurityGroupRules>>,
    ) {
        let config = self.config;
        let group = self.target_group(
            Key::bare(Kind::TargetGroup),
            Behind::Api {
                health: config.load_balancer.health_check.clone(),
            },
        );
        let mut forwarders = Vec::new();
        for name in names {
            for route in config.routes.iter().filter(|route| route.api().is_some()) {
                let host = &name.host;
                let way = Way {
                    behind: vec![
                        Need::Settled(Key::bare(Kind::EndpointPolicy)),
                        Need::Settled(host.key(Kind::DomainName, "/")),
                        Need::Settled(host.key(Kind::BasePathMapping, &route.path)),
                    ],
                    ..Way::default()
                };
                forwarders.push(self.rule(name, listener, &route.path, &group, way));
            }
        }
        self.add(Targets {
            group,
            source: Source::Endpoint {
                endpoint,
                rules: Some(rules.clone()),
            },
            forwarders,
        });
    }

    /// For each route to a function its own group, the permission to invoke it,
    /// and rules that come when it is registered.
    pub(super) fn function_routes(&mut self, names: &[Name], listener: &Arc<Node<Listener>>) {
        let config = self.config;
        for route in &config.routes {
            let Target::Lambda(function) = &route.target else {
                continue;
            };
            let group = self.target_group(
                TargetGroup::key_of_route(&route.path, config.has_api()),
                Behind::Lambda {
                    function: function.arn.clone(),
                    multi_value_headers: function.multi_value_headers,
                    health_check: function.health_check.clone(),
                },
            );
            let permission = self.add(LambdaPermission {
                stack: config.stack.clone(),
                path: route.path.clone(),
                function: function.arn.clone(),
                caller: Caller::Balancer(group.clone()),
            });
            let targets = self.add(Targets {
                group: group.clone(),
                source: Source::Function {
                    function: function.arn.clone(),
                    permission,
                },
                forwarders: vec![],
            });
            for name in names {
                let way = Way {
                    after: Some(targets.clone()),
                    ..Way::default()
                };
                self.rule(name, listener, &route.path, &group, way);
            }
        }
    }

    pub(super) fn target_group(&mut self, key: Key, behind: Behind) -> Arc<Node<TargetGroup>> {
        self.add(TargetGroup {
            owner: self.owner.clone(),
            vpc: self.config.network.vpc.clone(),
            key,
            behind,
        })
    }

    pub(super) fn rule(
        &mut self,
        name: &Name,
        listener: &Arc<Node<Listener>>,
        path: &str,
        group: &Arc<Node<TargetGroup>>,
        way: Way,
    ) -> Arc<Node<ListenerRule>> {
        self.add(ListenerRule {
            owner: self.owner.clone(),
            key: name.host.key(Kind::ListenerRule, path),
            listener: listener.clone(),
            host: name.host.name.clone(),
            path: path.to_owned(),
            group: group.clone(),
            way,
        })
    }
}

fn by_zone(zones: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let pairs = zones.iter();
    pairs
        .map(|(subnet, zone)| (zone.clone(), subnet.clone()))
        .collect()
}

/// The load balancer's attributes, as ELBv2 spells them.
fn attributes(config: &Config) -> BTreeMap<String, String> {
    let settings = &config.load_balancer;
    let mut attributes = BTreeMap::from([
        (
            PROTECTION.to_owned(),
            settings.deletion_protection.to_string(),
        ),
        (
            "idle_timeout.timeout_seconds".to_owned(),
            settings.idle_timeout.to_string(),
        ),
        (
            "routing.http.drop_invalid_header_fields.enabled".to_owned(),
            settings.drop_invalid_headers.to_string(),
        ),
    ]);
    for (kind, logs) in settings.logs() {
        let name = |end: &str| format!("{kind}.s3.{end}");
        attributes.insert(name("enabled"), logs.is_some().to_string());
        if let Some(logs) = logs {
            attributes.insert(name("bucket"), logs.bucket.clone());
            attributes.insert(name("prefix"), logs.prefix.clone());
        }
    }
    attributes
}

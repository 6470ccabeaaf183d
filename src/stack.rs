//! From configuration to wired nodes: the architecture diagram as code.
//!
//! ```text
//!  dns-record ─► load-balancer ─► listener ─► listener-rule ─► target-group
//!                                                                  │
//!      clients ─► load-balancer-security-group                  targets
//!                         │ security-group-rules                   │ addresses
//!                 endpoint-security-group ─► vpc-endpoint ◄────────┘
//!                                                 │ endpoint-policy
//!  domain-name ─► base-path-mapping ─► stage ─► deployment ─► rest-api
//! ```

use std::{collections::BTreeMap, sync::Arc};

use crate::{
    aws::{Partition, tags::Owner},
    config::{self, ApiSource, Config},
    error::{Error, Result},
    graph::{Node, Step},
    names,
    openapi::Body,
    references::References,
    resource::Key,
    resources::{
        BasePathMapping, Deployment, DnsRecord, DomainName, EndpointPolicy, LambdaPermission,
        Listener, ListenerRule, LoadBalancer, RestApi, SecurityGroup, SecurityGroupRules, Stage,
        TargetGroup, Targets, VpcEndpoint,
        listener::Purpose,
        load_balancer::PROTECTION,
        rest_api::Api,
        security_group::{ENDPOINT, LOAD_BALANCER},
        vpc_endpoint,
    },
};

/// The wanted resources, each after those it needs.
pub struct Stack {
    /// Its name.
    pub name: String,
    /// The account's id.
    pub account: String,
    /// The region.
    pub region: String,
    /// The resources.
    pub steps: Vec<Arc<dyn Step>>,
}

/// The bodies of the APIs, read before AWS is asked anything: by route path.
pub type Bodies = BTreeMap<String, Body>;

/// Reads or makes the body of every API of the stack's own.
///
/// # Errors
///
/// An `OpenAPI` file that cannot be read or is not one; the error names it.
pub fn bodies(config: &Config, region: &str) -> Result<Bodies> {
    let partition = Partition::of(region).id();
    let mut bodies = Bodies::new();
    for route in &config.routes {
        let Some(api) = route.api() else {
            continue;
        };
        let title = names::rest_api(&config.stack, &route.path);
        let body = match &api.source {
            ApiSource::Borrowed(_) => continue,
            ApiSource::OpenApi(path) => Body::read(path).map_err(|error| {
                Error::invalid(error.to_string()).context(format!(
                    "route {}: the OpenAPI file cannot be used",
                    route.path
                ))
            })?,
            ApiSource::Lambda(function) => Body::lambda_proxy(function, region, partition, &title),
            ApiSource::Placeholder => Body::placeholder(&title),
        };
        bodies.insert(route.path.clone(), body);
    }
    Ok(bodies)
}

impl Stack {
    /// Wires the resources of a stack. Pure.
    pub fn new(config: &Config, references: &References, bodies: Bodies) -> Self {
        Builder {
            config,
            references,
            owner: Owner {
                stack: config.stack.clone(),
                extra: config.tags.clone(),
            },
            steps: Vec::new(),
        }
        .build(bodies)
    }
}

struct Builder<'a> {
    config: &'a Config,
    references: &'a References,
    owner: Owner,
    steps: Vec<Arc<dyn Step>>,
}

/// The API of a route as the mapping needs it.
struct Served {
    path: String,
    /// The stage's name.
    name: String,
    api: Api,
    stage: Option<Arc<Node<Stage>>>,
}

impl Builder<'_> {
    fn add<R: crate::resource::Resource>(&mut self, resource: R) -> Arc<Node<R>> {
        let node = Node::new(resource);
        self.steps.push(node.clone());
        node
    }

    fn group(&mut self, kind: &'static str) -> Arc<Node<SecurityGroup>> {
        let domain = &self.config.domain;
        let records = match kind {
            LOAD_BALANCER => vec![(self.references.zone.clone(), domain.name.clone())],
            _ => vec![],
        };
        self.add(SecurityGroup {
            owner: self.owner.clone(),
            kind,
            vpc: self.config.network.vpc.clone(),
            name: names::security_group(&self.config.stack, &Key::bare(kind)),
            records,
        })
    }

    fn build(mut self, mut bodies: Bodies) -> Stack {
        let config = self.config;
        let subnets: std::collections::BTreeSet<String> =
            config.network.subnets.iter().cloned().collect();

        let balancer_group = self.group(LOAD_BALANCER);
        let endpoint_group = self.group(ENDPOINT);
        let rules = self.add(SecurityGroupRules {
            load_balancer: balancer_group.clone(),
            endpoint: endpoint_group.clone(),
            clients: config
                .network
                .clients
                .iter()
                .map(ToString::to_string)
                .collect(),
        });
        let endpoint = self.add(VpcEndpoint {
            kind: vpc_endpoint::APIS,
            source: vpc_endpoint::Source::Own(Box::new(vpc_endpoint::Own {
                owner: self.owner.clone(),
                vpc: config.network.vpc.clone(),
                places: vpc_endpoint::Places {
                    subnets,
                    zones: self.references.zones.clone(),
                    pins: BTreeMap::new(),
                },
                group: endpoint_group,
                service: self.references.endpoint_service.clone(),
                private_dns: config.endpoint.private_dns,
                objects: None,
            })),
        });

        let served: Vec<Served> = config
            .routes
            .iter()
            .filter_map(|route| Some((route.path.as_str(), route.api()?)))
            .map(|(path, api)| self.api(path, api, bodies.remove(path), &endpoint))
            .collect();
        self.add(EndpointPolicy {
            endpoint: endpoint.clone(),
            apis: served.iter().map(|served| served.api.clone()).collect(),
            arn_prefix: self.references.execute_api_arn(),
        });
        let domain = self.add(DomainName {
            owner: self.owner.clone(),
            host: config.domain.name.clone(),
            certificate: config.domain.certificate.clone(),
        });
        for served in &served {
            self.add(BasePathMapping {
                domain: domain.clone(),
                path: served.path.clone(),
                api: served.api.clone(),
                stage: served.name.clone(),
                own_stage: served.stage.clone(),
            });
        }

        let balancer = self.add(LoadBalancer {
            owner: self.owner.clone(),
            vpc: config.network.vpc.clone(),
            subnets: by_zone(&self.references.zones),
            group: balancer_group.clone(),
            attributes: attributes(config),
        });
        let target_group = self.add(TargetGroup {
            owner: self.owner.clone(),
            vpc: config.network.vpc.clone(),
            health_path: config.load_balancer.health_check.path.clone(),
            health_matcher: config.load_balancer.health_check.matcher.clone(),
        });
        let forwarders = self.listeners(&balancer, &target_group);
        self.add(Targets {
            group: target_group,
            endpoint,
            rules,
            forwarders,
        });
        self.add(DnsRecord {
            stack: config.stack.clone(),
            zone: self.references.zone.clone(),
            host: config.domain.name.clone(),
            load_balancer: balancer,
            group: balancer_group,
            change: std::sync::Mutex::default(),
        });
        Stack {
            name: config.stack.clone(),
            account: self.references.account.clone(),
            region: self.references.region.clone(),
            steps: self.steps,
        }
    }

    /// An API of the stack's own with its deployment and stage, or a borrowed
    /// one as it is.
    fn api(
        &mut self,
        path: &str,
        wanted: &config::Api,
        body: Option<Body>,
        endpoint: &Arc<Node<VpcEndpoint>>,
    ) -> Served {
        let function = match &wanted.source {
            ApiSource::Lambda(function) => Some(function.clone()),
            _ => None,
        };
        let Some(body) = body else {
            let id = match &wanted.source {
                ApiSource::Borrowed(id) => id.clone(),
                _ => String::new(),
            };
            return Served {
                path: path.to_owned(),
                name: wanted.stage.clone(),
                api: Api::Borrowed(id),
                stage: None,
            };
        };
        let api = self.add(RestApi {
            owner: self.owner.clone(),
            path: path.to_owned(),
            body,
            endpoint: endpoint.clone(),
            function: function.clone(),
        });
        if let Some(function) = function {
            self.add(LambdaPermission {
                stack: self.config.stack.clone(),
                path: path.to_owned(),
                function,
                api: api.clone(),
                arn_prefix: self.references.execute_api_arn(),
            });
        }
        let deployment = self.add(Deployment { api: api.clone() });
        let stage = self.add(Stage {
            owner: self.owner.clone(),
            api: api.clone(),
            deployment,
            name: wanted.stage.clone(),
        });
        Served {
            path: path.to_owned(),
            name: wanted.stage.clone(),
            api: Api::Own(api),
            stage: Some(stage),
        }
    }

    fn listeners(
        &mut self,
        balancer: &Arc<Node<LoadBalancer>>,
        target_group: &Arc<Node<TargetGroup>>,
    ) -> Vec<Arc<Node<ListenerRule>>> {
        let config = self.config;
        let listener = self.add(Listener {
            owner: self.owner.clone(),
            load_balancer: balancer.clone(),
            purpose: Purpose::Https {
                certificate: config.domain.certificate.clone(),
                tls_policy: config.load_balancer.tls_policy.clone(),
            },
        });
        self.add(Listener {
            owner: self.owner.clone(),
            load_balancer: balancer.clone(),
            purpose: Purpose::Redirect,
        });
        let apis = config.routes.iter().filter(|route| route.api().is_some());
        let rules = apis.map(|route| {
            self.add(ListenerRule {
                owner: self.owner.clone(),
                key: Key::of_route("listener-rule", &route.path),
                listener: listener.clone(),
                host: config.domain.name.clone(),
                path: route.path.clone(),
                group: target_group.clone(),
                site: None,
            })
        });
        rules.collect()
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
            "true".to_owned(),
        ),
        (
            "access_logs.s3.enabled".to_owned(),
            settings.access_logs.is_some().to_string(),
        ),
    ]);
    if let Some(logs) = &settings.access_logs {
        attributes.insert("access_logs.s3.bucket".to_owned(), logs.bucket.clone());
        attributes.insert("access_logs.s3.prefix".to_owned(), logs.prefix.clone());
    }
    attributes
}

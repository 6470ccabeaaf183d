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
//!
//! A route to a function has a target group of its own, with the function in it
//! and a `lambda-permission` for the group. What only `api` routes need is not
//! there without one.

use std::{collections::BTreeMap, path::Path, sync::Arc};

use crate::{
    aws::Partition,
    body::{Admitted, Body, Claims, Limits, Line, OpenApiError, Read},
    config::{ApiSource, Config, Route},
    error::{Error, Result},
    graph::{Node, Step},
    names,
    preflight::References,
    resource::{Host, Kind, Need, Owner, Resource},
    resources::{DnsRecord, Listener},
};

mod apis;
mod endpoints;
mod front;
mod sites;

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

/// What there is to say of the files that bodies were read from.
#[derive(Default)]
pub struct Notes {
    /// What is not wrong but worth saying.
    pub warnings: Vec<String>,
    /// What each file says of policy and endpoints, by route path.
    pub claims: Vec<(String, Claims)>,
}

/// Reads or makes the body of every API of the stack's own.
///
/// # Errors
///
/// An `OpenAPI` file that cannot be read or is not one; the error names it.
pub fn bodies(config: &Config, region: &str) -> Result<Bodies> {
    read(config, region).map(|(bodies, _)| bodies)
}

/// As [`bodies`], with what there is to say of the files.
///
/// # Errors
///
/// As [`bodies`].
pub fn read(config: &Config, region: &str) -> Result<(Bodies, Notes)> {
    let partition = Partition::of(region).id();
    let (mut bodies, mut notes) = (Bodies::new(), Notes::default());
    for route in &config.routes {
        let Some(api) = route.api() else {
            continue;
        };
        let title = names::rest_api(&config.stack, &route.path);
        let body = match &api.source {
            ApiSource::Borrowed(_) => continue,
            ApiSource::OpenApi(_) => {
                let Some((_, read)) = definition(route, region) else {
                    continue;
                };
                let read = read.map_err(|error| unusable(&route.path, &error))?;
                let said = read.warnings.iter().map(|one| Line(one).to_string());
                notes.warnings.extend(said);
                notes.claims.push((route.path.clone(), read.claims));
                read.body
            }
            ApiSource::Lambda(function) => Body::lambda_proxy(function, region, partition, &title),
            ApiSource::Placeholder => Body::placeholder(&title),
        };
        bodies.insert(route.path.clone(), body);
    }
    Ok((bodies, notes))
}

/// The definition that a route names, and its file; none if it names none.
pub fn definition<'a>(
    route: &'a Route,
    region: &str,
) -> Option<(&'a Path, std::result::Result<Read, OpenApiError>)> {
    let api = route.api()?;
    let ApiSource::OpenApi(path) = &api.source else {
        return None;
    };
    let limits = Limits {
        integration_timeout_ms: u64::from(api.integration_timeout) * 1000,
        resources: usize::try_from(api.resources).unwrap_or(usize::MAX),
        variables: api.variables.keys().cloned().collect(),
        ..Limits::of(region)
    };
    Some((path, Body::read(path, &limits)))
}

/// Whom hybridgw's own policy of an API lets in; `endpoint` is the stack's, if it
/// is there or borrowed.
pub fn admitted<'a>(config: &'a Config, endpoint: Option<&'a str>) -> Admitted<'a> {
    match endpoint {
        Some(id) => Admitted::Endpoint(id),
        None if config.endpoint.foreign => Admitted::Vpc(&config.network.vpc),
        None => Admitted::ToCome,
    }
}

/// The error of a route whose file cannot be used. Several problems are one list.
pub fn unusable(path: &str, error: &OpenApiError) -> Error {
    let message = format!("route {path}: the OpenAPI file cannot be used");
    match error.0.as_slice() {
        [_] => Error::invalid(error.to_string()).context(message),
        _ => Error::invalid(format!("{message}\n{error}")),
    }
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

/// A host name of the stack with what belongs to it.
struct Name {
    host: Host,
    /// The certificate's ARN.
    certificate: String,
    /// The hosted zone's id.
    zone: String,
}

impl Builder<'_> {
    fn add<R: Resource>(&mut self, resource: R) -> Arc<Node<R>> {
        let node = Node::new(resource);
        self.steps.push(node.clone());
        node
    }

    fn build(mut self, bodies: Bodies) -> Stack {
        let names = self.names();
        let way = self.way(&names);
        if let Some(endpoint) = &way.apis {
            self.gateway(&names, endpoint, &way.balancer_group, bodies);
        }
        let balancer = self.balancer(&way.balancer_group, way.pinned);
        let listener = self.listeners(&names, &balancer);
        if let Some(endpoint) = way.apis {
            self.api_routes(&names, &listener, endpoint, &way.rules);
        }
        if let Some(endpoint) = &way.sites {
            self.site_routes(&names, &listener, endpoint, &way.rules);
        }
        self.function_routes(&names, &listener);
        for name in names {
            let after = self.ways_of(&name.host, &listener);
            self.add(DnsRecord {
                after,
                stack: self.config.stack.clone(),
                zone: name.zone,
                host: name.host,
                load_balancer: balancer.clone(),
                group: way.balancer_group.clone(),
            });
        }
        Stack {
            name: self.config.stack.clone(),
            account: self.references.account.clone(),
            region: self.references.region.clone(),
            steps: self.steps,
        }
    }

    /// What is there before the name of a host is: the listener with the
    /// certificate, and what leads from it to the routes.
    fn ways_of(&self, host: &Host, listener: &Node<Listener>) -> Vec<Need> {
        let routes = self.config.routes.iter();
        let ways = routes.flat_map(|route| {
            let rule = Need::Exists(host.key(Kind::ListenerRule, &route.path));
            let mapping = host.key(Kind::BasePathMapping, &route.path);
            let mapping = route.api().map(|_| Need::Settled(mapping));
            [Some(rule), mapping]
        });
        ways.flatten().chain([listener.settled()]).collect()
    }

    /// The host names: the domain's own first.
    fn names(&self) -> Vec<Name> {
        let hosts = self.config.hosts().into_iter().enumerate();
        let names = hosts.map(|(place, host)| Name {
            host: Host {
                name: host.name.to_owned(),
                alias: place > 0,
            },
            certificate: host.certificate.to_owned(),
            zone: self.references.hosted_zone(host.name),
        });
        names.collect()
    }
}

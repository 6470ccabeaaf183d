//! What AWS shows of a stack, along the way of a request.
//!
//! Followed as requests go: from the name to the load balancer of the stack's
//! name, its listener, the rule that takes a request, the target group that this
//! forwards to, the domain, the mapping, the API. Tags only help where the way
//! is broken, so that what is behind the break can be judged too.

use std::{collections::BTreeSet, sync::Arc};

use aws_sdk_apigateway::types::{BasePathMapping, DomainName, RestApi};
use aws_sdk_elasticloadbalancingv2::types::{
    Listener, LoadBalancer, Rule, TargetGroup, TargetHealthDescription, TargetTypeEnum,
};
use futures_util::future::join_all;

use crate::{
    aws::{
        Partition,
        read::{Groups, Reads},
        record::Record,
        tags,
    },
    config::Config,
    error::{Error, Result},
    names,
    resource::{Key, Kind, Resource, tags::key_of},
    resources::{ListenerRule, vpc_endpoint},
};

use super::{
    Walk,
    choice::{self, Taken},
};
use places::{behind, endpoints, hosts};

mod places;

/// A name of the stack.
#[derive(Clone, Debug)]
pub struct HostPlace {
    /// The name.
    pub name: String,
    /// The hosted zone's id, where it is known.
    pub zone: Option<String>,
}

/// What should answer at a route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Behind {
    /// An API: its id if it is borrowed, and the stage's name if that is known.
    Api {
        /// The id of a borrowed one.
        borrowed: Option<String>,
        /// The stage's name.
        stage: Option<String>,
    },
    /// A function, straight behind the load balancer.
    Function(String),
    /// A site.
    Site {
        /// The bucket.
        bucket: String,
        /// Its first object.
        index: String,
    },
}

/// A route of the stack.
#[derive(Clone, Debug)]
pub struct RoutePlace {
    /// Its path.
    pub path: String,
    /// What should answer.
    pub behind: Behind,
}

impl RoutePlace {
    /// The path by which the route's rule is looked for.
    pub fn probe(&self) -> String {
        match &self.behind {
            Behind::Site { .. } if self.path != "/" => format!("{}/", self.path),
            _ => self.path.clone(),
        }
    }

    /// Whether an API answers.
    pub fn is_api(&self) -> bool {
        matches!(self.behind, Behind::Api { .. })
    }

    /// Whether another team's API answers.
    pub fn is_borrowed_api(&self) -> bool {
        matches!(
            &self.behind,
            Behind::Api {
                borrowed: Some(_),
                ..
            }
        )
    }
}

/// A host with a route, and the way that requests to it take.
#[derive(Clone, Debug)]
pub struct Way {
    /// The host.
    pub host: String,
    /// The route.
    pub route: RoutePlace,
    /// The rule that takes requests; none where the rules are not seen.
    pub taken: Option<Taken>,
    /// The target group that requests should go to.
    pub group: Option<TargetGroup>,
    /// Where the mapping leads: the API's id and the stage.
    pub mapped: Option<(String, String)>,
    /// Where it should lead, as far as that is known.
    pub wanted: (Option<String>, Option<String>),
}

impl Way {
    /// The API and the stage that should answer, as far as that is known; else
    /// those that the mapping leads to.
    pub fn api(&self) -> Option<(String, String)> {
        let (api, stage) = self.wanted.clone();
        let (mapped_api, mapped_stage) = self.mapped.clone().unzip();
        Some((api.or(mapped_api)?, stage.or(mapped_stage)?))
    }
}

/// What AWS shows of a stack. What it does not show is an error, and keeps
/// nothing else from being seen.
pub struct Scene<'a> {
    /// The reads.
    pub reads: &'a Reads,
    /// The configuration, where there is one.
    pub config: Option<&'a Config>,
    /// What time it is, in seconds since 1970.
    pub now: i64,
    /// Whether what is deployed is looked at: a call for each API.
    pub sees_deployed: bool,
    /// The account's id.
    pub account: Result<Arc<String>>,
    /// The names.
    pub hosts: Vec<HostPlace>,
    /// The load balancer of the stack's name.
    pub balancer: Result<Option<LoadBalancer>>,
    /// Its listeners.
    pub listeners: Result<Arc<Vec<Listener>>>,
    /// The rules of the one on 443.
    pub rules: Result<Arc<Vec<Rule>>>,
    /// The target groups of the account.
    pub groups: Result<Arc<Vec<TargetGroup>>>,
    /// The endpoint for `execute-api`.
    pub endpoint: Result<Option<vpc_endpoint::Actual>>,
    /// The endpoint for S3.
    pub site_endpoint: Result<Option<vpc_endpoint::Actual>>,
    /// The domains of the account.
    pub domains: Result<Arc<Vec<DomainName>>>,
    /// The APIs of the account.
    pub apis: Result<Arc<Vec<RestApi>>>,
    /// Each host with each route.
    pub ways: Vec<Way>,
}

/// The port that the stack is served at.
pub const PORT: i32 = 443;

impl<'a> Scene<'a> {
    /// Looks.
    ///
    /// # Errors
    ///
    /// Nothing of the stack is there, or no host of it is known.
    pub async fn read(walk: &Walk<'a>) -> Result<Self> {
        let (reads, config) = (walk.reads, walk.config);
        let (account, own_groups, balancer, groups, endpoints, domains, apis) = tokio::join!(
            reads.account(),
            reads.security_groups(Groups::OfStack),
            reads.load_balancer(&reads.stack),
            reads.target_groups(),
            endpoints(reads, config),
            reads.domain_names(),
            reads.rest_apis(),
        );
        let balancer_arn = balancer.as_ref().ok().and_then(|one| {
            let arn = one.as_ref()?.load_balancer_arn()?;
            Some(arn.to_owned())
        });
        let listeners = match &balancer_arn {
            Some(arn) => reads.listeners(arn).await,
            None => balancer
                .as_ref()
                .map(|_| Arc::default())
                .map_err(Clone::clone),
        };
        let front = listeners.as_ref().ok().and_then(|all| {
            let front = all.iter().find(|one| one.port() == Some(PORT))?;
            Some(front.listener_arn()?.to_owned())
        });
        let rules = match &front {
            Some(arn) => reads.rules(arn).await,
            None => listeners
                .as_ref()
                .map(|_| Arc::default())
                .map_err(Clone::clone),
        };
        let remembered = own_groups.as_ref().map(|all| {
            let tags = all.iter().map(|group| tags::of_ec2(group.tags()));
            tags.flat_map(|tags| Record::of_tags(&tags)).collect()
        });
        let remembered: Vec<Record> = remembered.unwrap_or_default();
        let hosts = hosts(reads, config, &remembered, &domains).await;
        let (endpoint, site_endpoint) = endpoints;
        let mut scene = Self {
            reads,
            config,
            now: walk.now,
            sees_deployed: true,
            account,
            hosts,
            balancer,
            listeners,
            rules,
            groups,
            endpoint,
            site_endpoint,
            domains,
            apis,
            ways: Vec::new(),
        };
        scene.refuse_nothing(own_groups.is_ok_and(|all| all.is_empty()))?;
        let routes = scene.routes().await;
        scene.ways = scene.ways(routes).await;
        Ok(scene)
    }

    /// Nothing there is no stack to walk through.
    fn refuse_nothing(&self, no_groups: bool) -> Result<()> {
        let no_api = self.apis.as_ref().is_ok_and(|all| {
            let stacks = all.iter().filter_map(|api| api.tags()?.get(tags::STACK));
            !stacks.into_iter().any(|stack| *stack == self.reads.stack)
        });
        let no_balancer = matches!(self.balancer, Ok(None));
        let no_endpoint = matches!(self.endpoint, Ok(None)) || self.config.is_some();
        if no_groups && no_api && no_balancer && no_endpoint {
            let message = format!(
                "nothing of the stack {} exists in {}",
                self.reads.stack, self.reads.region
            );
            return Err(Error::invalid(message).hint(
                "run `hybridgw up`, or look at `hybridgw status --all` for the stacks there are",
            ));
        }
        Ok(())
    }

    /// The listener on 443.
    pub fn front(&self) -> Option<&Listener> {
        let all = self.listeners.as_ref().ok()?;
        all.iter().find(|one| one.port() == Some(PORT))
    }

    /// Begins the ARN of an API: `arn:aws:execute-api:<region>:<account>`.
    pub fn execute_api_arn(&self) -> String {
        let partition = Partition::of(&self.reads.region).id();
        let account = self.account.as_ref().map(|one| one.as_str());
        let account = account.unwrap_or_default();
        format!(
            "arn:{partition}:execute-api:{}:{account}",
            self.reads.region
        )
    }

    /// The targets of a group.
    pub async fn targets(&self, group: &TargetGroup) -> Result<Arc<Vec<TargetHealthDescription>>> {
        let arn = group.target_group_arn().unwrap_or_default();
        self.reads.target_health(arn).await
    }

    /// The endpoint behind a route.
    pub fn endpoint_of(&self, behind: &Behind) -> Option<&Result<Option<vpc_endpoint::Actual>>> {
        match behind {
            Behind::Api { .. } => Some(&self.endpoint),
            Behind::Site { .. } => Some(&self.site_endpoint),
            Behind::Function(_) => None,
        }
    }

    /// The target groups in use, each once, with its first way.
    pub fn used_groups(&self) -> Vec<(&TargetGroup, &Way)> {
        let mut seen = BTreeSet::new();
        let all = self
            .ways
            .iter()
            .filter_map(|way| Some((way.group.as_ref()?, way)));
        all.filter(|(group, _)| seen.insert(group.target_group_arn()))
            .collect()
    }

    /// The ways whose first part has not been seen yet: an API is judged once,
    /// whatever the host.
    pub fn once_a_route(&self) -> Vec<&Way> {
        let mut seen = BTreeSet::new();
        let all = self.ways.iter();
        all.filter(|way| seen.insert(way.route.path.clone()))
            .collect()
    }

    async fn routes(&self) -> Vec<RoutePlace> {
        if let Some(config) = self.config {
            let routes = config.routes.iter();
            return routes
                .map(|route| RoutePlace {
                    path: route.path.clone(),
                    behind: behind(&route.target),
                })
                .collect();
        }
        // Without a file: what rules and mappings there are.
        let mut routes: Vec<RoutePlace> = Vec::new();
        let mut add = |path: String, behind: Behind| {
            if !routes.iter().any(|route| route.path == path) {
                routes.push(RoutePlace { path, behind });
            }
        };
        let found = ListenerRule::discover(self.reads).await.unwrap_or_default();
        for rule in found {
            let path = rule.key.path_at(&rule.actual.host());
            let groups = self.groups.as_ref().ok();
            let group = groups.and_then(|all| {
                let mut all = all.iter();
                all.find(|one| {
                    one.target_group_arn()
                        .is_some_and(|arn| rule.actual.forwards_to(arn))
                })
            });
            let Some(group) = group else { continue };
            let transforms = rule.actual.rules.iter().flat_map(|one| &one.transforms);
            let site =
                choice::site_of(transforms.map(|one| (one.kind.as_str(), one.replace.as_str())));
            if group.target_type() == Some(&TargetTypeEnum::Lambda) {
                let targets = self.targets(group).await.unwrap_or_default();
                let function = targets
                    .first()
                    .and_then(|one| one.target()?.id().map(str::to_owned));
                add(path, Behind::Function(function.unwrap_or_default()));
            } else if let Some((bucket, index)) = site {
                add(path, Behind::Site { bucket, index });
            } else {
                add(
                    path,
                    Behind::Api {
                        borrowed: None,
                        stage: None,
                    },
                );
            }
        }
        for host in &self.hosts {
            let mappings = self.mappings(&host.name).await.unwrap_or_default();
            for mapping in mappings.iter() {
                let path = path_of(mapping);
                add(
                    path,
                    Behind::Api {
                        borrowed: None,
                        stage: None,
                    },
                );
            }
        }
        routes
    }

    /// The mappings of a host; none without its domain.
    pub async fn mappings(&self, host: &str) -> Result<Arc<Vec<BasePathMapping>>> {
        let domains = self.domains.as_ref().map_err(Clone::clone)?;
        if domains.iter().any(|one| one.domain_name() == Some(host)) {
            self.reads.base_path_mappings(host).await
        } else {
            Ok(Arc::default())
        }
    }

    async fn ways(&self, routes: Vec<RoutePlace>) -> Vec<Way> {
        let pairs = self.hosts.iter().flat_map(|host| {
            let routes = routes.iter();
            routes.map(move |route| (host.name.clone(), route.clone()))
        });
        join_all(pairs.map(|(host, route)| self.way(host, route))).await
    }

    async fn way(&self, host: String, route: RoutePlace) -> Way {
        let rules = self.rules.as_ref().ok();
        let taken = rules.map(|rules| choice::take(rules, &host, &route.probe(), self.config));
        let group = self.group_of(&route, taken.as_ref());
        let mapped = if route.is_api() {
            let mappings = self.mappings(&host).await.unwrap_or_default();
            let mapping = mappings.iter().find(|one| path_of(one) == route.path);
            mapping.map(|one| {
                let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
                (text(one.rest_api_id()), text(one.stage()))
            })
        } else {
            None
        };
        let wanted = match &route.behind {
            Behind::Api { borrowed, stage } => (
                borrowed.clone().or_else(|| self.own_api(&route.path)),
                stage.clone(),
            ),
            _ => (None, None),
        };
        Way {
            host,
            route,
            taken,
            group,
            mapped,
            wanted,
        }
    }

    /// The API of the stack's own for a route, by its tags.
    fn own_api(&self, path: &str) -> Option<String> {
        let key = Key::of_route(Kind::RestApi, path);
        let apis = self.apis.as_ref().ok()?;
        let own = apis.iter().find(|api| {
            let tags = api
                .tags()
                .cloned()
                .unwrap_or_default()
                .into_iter()
                .collect();
            key_of(&tags, &self.reads.stack).is_some_and(|one| one == key)
        });
        own.and_then(|api| api.id().map(str::to_owned))
    }

    /// The target group of a route: the one of its name, or without a file the
    /// one that its rule forwards to.
    fn group_of(&self, route: &RoutePlace, taken: Option<&Taken>) -> Option<TargetGroup> {
        let all = self.groups.as_ref().ok()?;
        let place = match &route.behind {
            Behind::Api { .. } => Key::bare(Kind::TargetGroup).to_string(),
            Behind::Site { .. } => {
                format!("{} site", Key::of_route(Kind::TargetGroup, &route.path))
            }
            Behind::Function(arn) => {
                format!("{} {arn}", Key::of_route(Kind::TargetGroup, &route.path))
            }
        };
        let name = names::target_group(&self.reads.stack, &place);
        let named = all
            .iter()
            .find(|one| one.target_group_name() == Some(&name));
        let forwarded = || {
            let arn = taken?.forwards_to()?;
            all.iter().find(|one| one.target_group_arn() == Some(arn))
        };
        match self.config {
            Some(_) => named.cloned(),
            None => named.or_else(forwarded).cloned(),
        }
    }
}

/// The path of the route that a mapping is for: API Gateway calls the empty one
/// `(none)`.
pub fn path_of(mapping: &BasePathMapping) -> String {
    match mapping.base_path().unwrap_or("(none)") {
        "(none)" | "" => "/".to_owned(),
        path => format!("/{path}"),
    }
}

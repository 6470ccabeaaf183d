//! What API Gateway holds: the APIs, and a domain with mappings for each host.

use std::sync::Arc;

use super::{Bodies, Builder, Name};
use crate::{
    body::Body,
    config::{self, ApiSource},
    graph::Node,
    resource::{Key, Kind, Need},
    resources::{
        BasePathMapping, Deployment, DomainName, EndpointPolicy, LambdaPermission, RestApi,
        SecurityGroup, Stage, VpcEndpoint, lambda_permission::Caller, rest_api::Api, stage,
    },
};

/// The API of a route as the mapping needs it.
struct Served {
    path: String,
    /// The stage's name.
    name: String,
    api: Api,
    stage: Option<Arc<Node<Stage>>>,
    /// The permission to invoke the function, if the API is the proxy of one.
    permission: Option<Key>,
}

impl Builder<'_> {
    /// The APIs of all routes, and how hosts and paths lead to them.
    pub(super) fn gateway(
        &mut self,
        names: &[Name],
        endpoint: &Arc<Node<VpcEndpoint>>,
        balancer_group: &Arc<Node<SecurityGroup>>,
        mut bodies: Bodies,
    ) {
        let routes = self.config.routes.iter();
        let apis = routes.filter_map(|route| Some((route.path.as_str(), route.api()?)));
        let served: Vec<Served> = apis
            .map(|(path, api)| self.api(path, api, bodies.remove(path), endpoint))
            .collect();
        // The policy of a borrowed endpoint is touched only if that is allowed.
        let lent = &self.config.endpoint;
        if !lent.foreign && (lent.id.is_none() || lent.manage) {
            self.add(EndpointPolicy {
                stack: self.config.stack.clone(),
                endpoint: endpoint.clone(),
                apis: served.iter().map(|served| served.api.clone()).collect(),
                arn_prefix: self.references.execute_api_arn(),
                group: lent.id.as_ref().map(|_| balancer_group.clone()),
            });
        }
        for name in names {
            let domain = self.add(DomainName {
                owner: self.owner.clone(),
                host: name.host.clone(),
                certificate: name.certificate.clone(),
            });
            for served in &served {
                let policy = Key::bare(Kind::EndpointPolicy);
                let behind = served.permission.iter().cloned().chain([policy]);
                self.add(BasePathMapping {
                    domain: domain.clone(),
                    path: served.path.clone(),
                    api: served.api.clone(),
                    stage: served.name.clone(),
                    own_stage: served.stage.clone(),
                    behind: behind.map(Need::Settled).collect(),
                });
            }
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
                permission: None,
            };
        };
        let api = self.add(RestApi {
            owner: self.owner.clone(),
            path: path.to_owned(),
            body: body.in_account(&self.references.account),
            endpoint: endpoint.clone(),
            function: function.clone(),
        });
        let permission = function.map(|function| {
            let permission = self.add(LambdaPermission {
                stack: self.config.stack.clone(),
                path: path.to_owned(),
                function,
                caller: Caller::Api {
                    api: api.clone(),
                    arn_prefix: self.references.execute_api_arn(),
                },
            });
            permission.key()
        });
        let deployment = self.add(Deployment { api: api.clone() });
        let stage = self.add(Stage {
            owner: self.owner.clone(),
            api: api.clone(),
            deployment,
            name: wanted.stage.clone(),
            settings: stage::Settings {
                variables: wanted.variables.clone(),
                tracing: wanted.tracing,
                access_logs: wanted
                    .access_logs
                    .as_ref()
                    .map(|logs| (logs.destination.clone(), logs.format.clone())),
            },
        });
        Served {
            path: path.to_owned(),
            name: wanted.stage.clone(),
            api: Api::Own(api),
            stage: Some(stage),
            permission,
        }
    }
}

//! API Gateway: APIs and what is in them, domains and their mappings.

use std::sync::Arc;

use aws_sdk_apigateway::{
    operation::{
        get_account::GetAccountOutput, get_deployment::GetDeploymentOutput,
        get_rest_api::GetRestApiOutput, get_stage::GetStageOutput,
    },
    types::{
        Authorizer, BasePathMapping, Deployment, DomainName, GatewayResponse, Model,
        RequestValidator, Resource, RestApi, Stage,
    },
};

use super::{Answers, Query, Reads, all};
use crate::{
    aws::{Called, error::none_if_missing},
    error::Result,
};

#[derive(Debug)]
pub(super) struct Known {
    account: Answers<(), GetAccountOutput>,
    rest_apis: Answers<(), Vec<RestApi>>,
    rest_api: Answers<String, Option<GetRestApiOutput>>,
    resources: Answers<String, Vec<Resource>>,
    authorizers: Answers<String, Vec<Authorizer>>,
    models: Answers<String, Vec<Model>>,
    validators: Answers<String, Vec<RequestValidator>>,
    gateway_responses: Answers<String, Vec<GatewayResponse>>,
    deployment: Answers<(String, String), Option<GetDeploymentOutput>>,
    export: Answers<(String, String), Option<serde_json::Value>>,
    deployments: Answers<String, Vec<Deployment>>,
    stages: Answers<String, Vec<Stage>>,
    stage: Answers<(String, String), Option<GetStageOutput>>,
    domain_names: Answers<(), Vec<DomainName>>,
    mappings: Answers<String, Vec<BasePathMapping>>,
}

impl Default for Known {
    fn default() -> Self {
        Self {
            account: Answers::to(Query::GetAccount),
            rest_apis: Answers::to(Query::GetRestApis),
            rest_api: Answers::to(Query::GetRestApi),
            resources: Answers::to(Query::GetResources),
            authorizers: Answers::to(Query::GetAuthorizers),
            models: Answers::to(Query::GetModels),
            validators: Answers::to(Query::GetRequestValidators),
            gateway_responses: Answers::to(Query::GetGatewayResponses),
            deployment: Answers::to(Query::GetDeployment),
            export: Answers::to(Query::GetExport),
            deployments: Answers::to(Query::GetDeployments),
            stages: Answers::to(Query::GetStages),
            stage: Answers::to(Query::GetStage),
            domain_names: Answers::to(Query::GetDomainNames),
            mappings: Answers::to(Query::GetBasePathMappings),
        }
    }
}

/// The most that API Gateway gives on one page.
const PAGE: i32 = 500;

/// Every item of every page, of operations that the SDK has no paginator for.
macro_rules! paged {
    ($call:ident, $name:ident) => {{
        let (mut all, mut position) = (Vec::new(), None);
        loop {
            let call = $call.clone().limit(PAGE).set_position(position);
            let Some(page) = none_if_missing(call.send().await.called($name))? else {
                return Ok(all);
            };
            all.extend(page.items.unwrap_or_default());
            position = page.position;
            if position.is_none() {
                return Ok(all);
            }
        }
    }};
}

impl Reads {
    /// Every REST API of the account and region.
    pub async fn rest_apis(&self) -> Result<Arc<Vec<RestApi>>> {
        let call = self.aws.apigateway.get_rest_apis().limit(PAGE);
        self.get(&self.memory.apigateway.rest_apis, (), |name| {
            all(call.into_paginator().items().send(), name)
        })
        .await
    }

    /// A REST API; none if it is not there.
    pub async fn rest_api(&self, id: &str) -> Result<Arc<Option<GetRestApiOutput>>> {
        let call = self.aws.apigateway.get_rest_api().rest_api_id(id);
        let known = &self.memory.apigateway.rest_api;
        self.get(known, id.to_owned(), |name| async move {
            none_if_missing(call.send().await.called(name))
        })
        .await
    }

    /// The paths of an API with their methods; none of an API that has gone.
    pub async fn resources(&self, api: &str) -> Result<Arc<Vec<Resource>>> {
        let call = self.aws.apigateway.get_resources().rest_api_id(api);
        let pages = call.limit(PAGE).embed("methods").into_paginator().items();
        let known = &self.memory.apigateway.resources;
        self.get(known, api.to_owned(), |name| async move {
            none_if_missing(all(pages.send(), name).await).map(Option::unwrap_or_default)
        })
        .await
    }

    /// The authorizers of an API; none of an API that has gone.
    pub async fn authorizers(&self, api: &str) -> Result<Arc<Vec<Authorizer>>> {
        let call = self.aws.apigateway.get_authorizers().rest_api_id(api);
        let known = &self.memory.apigateway.authorizers;
        self.get(
            known,
            api.to_owned(),
            |name| async move { paged!(call, name) },
        )
        .await
    }

    /// The models of an API; none of an API that has gone.
    pub async fn models(&self, api: &str) -> Result<Arc<Vec<Model>>> {
        let call = self.aws.apigateway.get_models().rest_api_id(api);
        let pages = call.limit(PAGE).into_paginator().items();
        let known = &self.memory.apigateway.models;
        self.get(known, api.to_owned(), |name| async move {
            none_if_missing(all(pages.send(), name).await).map(Option::unwrap_or_default)
        })
        .await
    }

    /// The request validators of an API; none of an API that has gone.
    pub async fn request_validators(&self, api: &str) -> Result<Arc<Vec<RequestValidator>>> {
        let call = self.aws.apigateway.get_request_validators();
        let call = call.rest_api_id(api);
        let known = &self.memory.apigateway.validators;
        self.get(
            known,
            api.to_owned(),
            |name| async move { paged!(call, name) },
        )
        .await
    }

    /// The gateway responses of an API, API Gateway's own among them; none of an
    /// API that has gone.
    pub async fn gateway_responses(&self, api: &str) -> Result<Arc<Vec<GatewayResponse>>> {
        let call = self.aws.apigateway.get_gateway_responses();
        let call = call.rest_api_id(api);
        let known = &self.memory.apigateway.gateway_responses;
        self.get(
            known,
            api.to_owned(),
            |name| async move { paged!(call, name) },
        )
        .await
    }

    /// A deployment with the summary of what it serves; none if it is not there.
    pub async fn deployment(
        &self,
        api: &str,
        id: &str,
    ) -> Result<Arc<Option<GetDeploymentOutput>>> {
        let call = self.aws.apigateway.get_deployment();
        let call = call.rest_api_id(api).deployment_id(id).embed("apisummary");
        let about = (api.to_owned(), id.to_owned());
        let known = &self.memory.apigateway.deployment;
        self.get(known, about, |name| async move {
            none_if_missing(call.send().await.called(name))
        })
        .await
    }

    /// What a stage serves, as an `OpenAPI` document with API Gateway's
    /// extensions; none if the stage is not there.
    pub async fn export(&self, api: &str, stage: &str) -> Result<Arc<Option<serde_json::Value>>> {
        let call = self.aws.apigateway.get_export();
        let call = call.rest_api_id(api).stage_name(stage).export_type("oas30");
        let call = call.parameters("extensions", "apigateway");
        let call = call.accepts("application/json");
        let about = (api.to_owned(), stage.to_owned());
        let known = &self.memory.apigateway.export;
        self.get(known, about, |name| async move {
            let answer = none_if_missing(call.send().await.called(name))?;
            let body = answer.and_then(|answer| answer.body);
            Ok(body.and_then(|body| serde_json::from_slice(body.as_ref()).ok()))
        })
        .await
    }

    /// What is set for API Gateway in the account and region.
    pub async fn gateway_account(&self) -> Result<Arc<GetAccountOutput>> {
        let call = self.aws.apigateway.get_account();
        let known = &self.memory.apigateway.account;
        self.get(
            known,
            (),
            |name| async move { call.send().await.called(name) },
        )
        .await
    }

    /// The deployments of an API; none of an API that has gone.
    pub async fn deployments(&self, api: &str) -> Result<Arc<Vec<Deployment>>> {
        let call = self.aws.apigateway.get_deployments().rest_api_id(api);
        let pages = call.limit(PAGE).into_paginator().items();
        let known = &self.memory.apigateway.deployments;
        self.get(known, api.to_owned(), |name| async move {
            none_if_missing(all(pages.send(), name).await).map(Option::unwrap_or_default)
        })
        .await
    }

    /// The stages of an API; none of an API that has gone.
    pub async fn stages(&self, api: &str) -> Result<Arc<Vec<Stage>>> {
        let call = self.aws.apigateway.get_stages().rest_api_id(api);
        let known = &self.memory.apigateway.stages;
        self.get(known, api.to_owned(), |name| async move {
            let answer = none_if_missing(call.send().await.called(name))?;
            Ok(answer.and_then(|answer| answer.item).unwrap_or_default())
        })
        .await
    }

    /// A stage; none if it is not there.
    pub async fn stage(&self, api: &str, stage: &str) -> Result<Arc<Option<GetStageOutput>>> {
        let call = self.aws.apigateway.get_stage();
        let call = call.rest_api_id(api).stage_name(stage);
        let about = (api.to_owned(), stage.to_owned());
        let known = &self.memory.apigateway.stage;
        self.get(known, about, |name| async move {
            none_if_missing(call.send().await.called(name))
        })
        .await
    }

    /// Every custom domain of the account and region.
    pub async fn domain_names(&self) -> Result<Arc<Vec<DomainName>>> {
        let call = self.aws.apigateway.get_domain_names().limit(PAGE);
        self.get(&self.memory.apigateway.domain_names, (), |name| {
            all(call.into_paginator().items().send(), name)
        })
        .await
    }

    /// The mappings of a domain; none of a domain that has gone.
    pub async fn base_path_mappings(&self, domain: &str) -> Result<Arc<Vec<BasePathMapping>>> {
        let call = self.aws.apigateway.get_base_path_mappings();
        let pages = call.domain_name(domain).limit(PAGE).into_paginator();
        let pages = pages.items();
        let known = &self.memory.apigateway.mappings;
        self.get(known, domain.to_owned(), |name| async move {
            none_if_missing(all(pages.send(), name).await).map(Option::unwrap_or_default)
        })
        .await
    }
}

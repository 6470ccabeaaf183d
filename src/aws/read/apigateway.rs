//! API Gateway: APIs and what is in them, domains and their mappings.

use std::sync::Arc;

use aws_sdk_apigateway::{
    operation::{get_rest_api::GetRestApiOutput, get_stage::GetStageOutput},
    types::{BasePathMapping, Deployment, DomainName, Resource, RestApi, Stage},
};

use super::{Answers, Query, Reads, all};
use crate::{
    aws::{Called, error::none_if_missing},
    error::Result,
};

#[derive(Debug)]
pub(super) struct Known {
    rest_apis: Answers<(), Vec<RestApi>>,
    rest_api: Answers<String, Option<GetRestApiOutput>>,
    resources: Answers<String, Vec<Resource>>,
    deployments: Answers<String, Vec<Deployment>>,
    stages: Answers<String, Vec<Stage>>,
    stage: Answers<(String, String), Option<GetStageOutput>>,
    domain_names: Answers<(), Vec<DomainName>>,
    mappings: Answers<String, Vec<BasePathMapping>>,
}

impl Default for Known {
    fn default() -> Self {
        Self {
            rest_apis: Answers::to(Query::GetRestApis),
            rest_api: Answers::to(Query::GetRestApi),
            resources: Answers::to(Query::GetResources),
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

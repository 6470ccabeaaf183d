//! The deployment: a snapshot of the API's body and policy.
//!
//! A policy takes effect only with the next deployment (API Gateway developer
//! guide, "Control access to a REST API with resource policies"). So the
//! deployment is made after body and policy read back as wanted, and again
//! exactly when one of them changes: its description holds their fingerprint.
//! Superseded deployments are removed by the stage, once it points elsewhere.

use std::sync::Arc;

use aws_sdk_apigateway::types;

use crate::{
    aws::{Aws, Called, error::none_if_missing},
    error::{Error, Result},
    graph::Node,
    look::Look,
    ownership::{Found, Ours},
    resource::{Drift, Key, Need, Resource, UNKNOWN},
    resources::RestApi,
};

/// The newest deployment of an API.
pub struct Deployment {
    /// The API.
    pub api: Arc<Node<RestApi>>,
}

/// A deployment as API Gateway reports it.
#[derive(Clone, Debug)]
pub struct Actual {
    /// The API's id.
    pub api: String,
    /// The deployment's id.
    pub id: String,
    /// The fingerprint in its description.
    pub fingerprint: String,
}

/// Begins the description of a deployment of ours.
const MARK: &str = "hybridgw ";

impl Deployment {
    async fn deploy(&self, aws: &Aws) -> Result<()> {
        let fingerprint = self
            .api
            .desired
            .fingerprint()
            .ok_or_else(|| Error::not_yet("its endpoint is not there yet"))?;
        aws.apigateway
            .create_deployment()
            .rest_api_id(self.api.require()?.id)
            .description(format!("{MARK}{fingerprint}"))
            .send()
            .await
            .called("CreateDeployment")
            .map(drop)
    }
}

impl Resource for Deployment {
    type Actual = Actual;
    const ASKS: &'static [&'static str] = &["GetDeployments"];

    fn key(&self) -> Key {
        self.api.key().sibling("deployment")
    }

    fn needs(&self) -> Vec<Need> {
        vec![self.api.settled()]
    }

    fn summary(&self) -> String {
        "body and policy as they are in the file".to_owned()
    }

    async fn discover(look: &Look) -> Result<Vec<Found<Actual>>> {
        let apis = RestApi::discover(look).await?;
        let looks = apis.iter().map(|api| async move {
            let id = &api.id;
            let own = own(look, id).await?;
            let found = api.mark().zip(own.last()).map(|(api, newest)| {
                let mark = api.for_part(api.key().sibling("deployment"));
                let actual = Actual {
                    api: id.clone(),
                    id: newest.id().unwrap_or_default().to_owned(),
                    fingerprint: fingerprint(newest).unwrap_or_default().to_owned(),
                };
                Found::ours(mark, actual.id.clone(), "available", actual).within(id)
            });
            Ok(found)
        });
        let found = futures_util::future::try_join_all(looks).await?;
        Ok(found.into_iter().flatten().collect())
    }

    fn is(&self, found: &Found<Actual>) -> bool {
        // Not that of a second API of the same key.
        let api = self.api.id();
        api.map_or(found.key == self.key(), |id| id == found.actual.api)
    }

    fn diff(&self, actual: &Actual) -> Vec<Drift> {
        let Actual {
            api: _,
            id: _,
            fingerprint,
        } = actual;
        let wanted = self.api.desired.fingerprint();
        let wanted = wanted.unwrap_or_else(|| UNKNOWN.to_owned());
        Drift::between("content", fingerprint, &wanted)
            .into_iter()
            .collect()
    }

    async fn create(&self, aws: &Aws) -> Result<()> {
        self.deploy(aws).await
    }

    async fn update(&self, aws: &Aws, _actual: &Ours<Actual>, _drift: &[Drift]) -> Result<()> {
        self.deploy(aws).await
    }

    async fn delete(aws: &Aws, actual: &Ours<Actual>) -> Result<()> {
        remove(aws, &actual.api, &actual.id).await
    }

    fn held_by(_key: &Key) -> &'static [&'static str] {
        &["stage"]
    }
}

/// Deletes one deployment.
pub(super) async fn remove(aws: &Aws, api: &str, id: &str) -> Result<()> {
    let deleted = aws
        .apigateway
        .delete_deployment()
        .rest_api_id(api)
        .deployment_id(id)
        .send()
        .await
        .called("DeleteDeployment");
    none_if_missing(deleted).map(drop)
}

pub(super) fn fingerprint(deployment: &types::Deployment) -> Option<&str> {
    deployment.description()?.strip_prefix(MARK)
}

/// The deployments of ours of an API, the newest last.
pub(super) async fn own(look: &Look, api: &str) -> Result<Arc<Vec<types::Deployment>>> {
    look.once("GetDeployments", api, || async {
        let mut own = all(look, api).await?;
        // Two of one second: every run has to see the same one as the newest.
        own.sort_by_key(|one| {
            let created = one.created_date().map_or(0, |date| date.secs());
            (created, one.id.clone())
        });
        Ok(own)
    })
    .await
}

async fn all(look: &Look, api: &str) -> Result<Vec<types::Deployment>> {
    let pages = look
        .aws
        .apigateway
        .get_deployments()
        .rest_api_id(api)
        .limit(500)
        .into_paginator()
        .items()
        .send();
    let all = pages
        .collect::<Result<Vec<_>, _>>()
        .await
        .called("GetDeployments");
    let all = none_if_missing(all)?.unwrap_or_default();
    let ours = all.into_iter().filter(|one| fingerprint(one).is_some());
    Ok(ours.collect())
}

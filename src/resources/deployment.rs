//! The deployment: a snapshot of the API's body and policy.
//!
//! A policy takes effect only with the next deployment (API Gateway developer
//! guide, "Control access to a REST API with resource policies"). So the
//! deployment is made after body and policy read back as wanted, and again
//! exactly when one of them changes: its description holds their fingerprint.
//! Superseded deployments are removed by the stage, once it points elsewhere.

use std::sync::Arc;

use aws_sdk_apigateway::{primitives::DateTime, types};
use strum::{Display, EnumIter};

use crate::{
    aws::{
        Aws, Called,
        error::none_if_missing,
        read::{Query, Reads},
    },
    error::{Error, Result},
    graph::Node,
    resource::{Drift, Found, Key, Kind, Need, Ours, Resource, UNKNOWN},
    resources::{
        RestApi,
        rest_api::{self, Listed},
    },
};

/// The newest deployment of an API.
#[derive(Hash)]
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
    /// Its place among the API's deployments.
    pub age: Age,
}

/// Orders deployments, the newest last: by the second, then by the id. API
/// Gateway tells no more, and every run has to see the same one as the newest.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Age(i64, String);

impl Age {
    fn of(created: Option<&DateTime>, id: Option<&str>) -> Self {
        let second = created.map_or(0, DateTime::secs);
        Self(second, id.unwrap_or_default().to_owned())
    }
}

/// What can differ.
#[derive(Clone, Debug, PartialEq, Eq, Display, EnumIter)]
#[strum(serialize_all = "lowercase")]
pub enum Field {
    /// What was deployed: the API's body, policy and endpoint.
    Content,
}

/// Begins the description of a deployment of ours.
const MARK: &str = "hybridgw ";

impl Deployment {
    async fn deploy(&self, aws: &Aws) -> Result<Age> {
        let fingerprint = self
            .api
            .desired
            .fingerprint()
            .ok_or_else(|| Error::not_yet("its endpoint is not there yet"))?;
        let made = aws
            .apigateway
            .create_deployment()
            .rest_api_id(self.api.require()?.id)
            .description(format!("{MARK}{fingerprint}"))
            .send()
            .await
            .called("CreateDeployment")?;
        Ok(Age::of(made.created_date(), made.id()))
    }
}

impl Resource for Deployment {
    type Actual = Actual;
    type Field = Field;
    type Receipt = ();
    const READS: &'static [Query] = &[Query::GetDeployments];

    fn key(&self) -> Key {
        self.api.key().sibling(Kind::Deployment)
    }

    fn needs(&self) -> Vec<Need> {
        vec![self.api.settled()]
    }

    fn summary(&self) -> String {
        "body and policy as they are in the file".to_owned()
    }

    async fn discover(reads: &Reads) -> Result<Vec<Found<Actual>>> {
        those(reads, |_| true).await
    }

    /// Not that of a second API of the same key.
    async fn find(&self, reads: &Reads) -> Result<Option<Found<Actual>>> {
        let found = those(reads, |api| api.is(&self.api)).await?;
        Ok(found.into_iter().next())
    }

    async fn again(reads: &Reads, was: &Found<Actual>) -> Result<Option<Found<Actual>>> {
        let found = those(reads, |api| api.id == was.actual.api).await?;
        Ok(found.into_iter().find(|found| found.id == was.id))
    }

    fn diff(&self, actual: &Actual) -> Vec<Drift<Field>> {
        let Actual {
            api: _,
            id: _,
            fingerprint,
            age: _,
        } = actual;
        let wanted = self.api.desired.fingerprint();
        let wanted = wanted.unwrap_or_else(|| UNKNOWN.to_owned());
        Drift::between(Field::Content, fingerprint, &wanted)
            .into_iter()
            .collect()
    }

    async fn create(&self, aws: &Aws) -> Result<()> {
        self.deploy(aws).await.map(drop)
    }

    async fn update(
        &self,
        aws: &Aws,
        actual: &Ours<Actual>,
        _drift: &[Drift<Field>],
    ) -> Result<()> {
        let made = self.deploy(aws).await?;
        if made > actual.age {
            return Ok(());
        }
        // Of the same second, it would never be seen as the newest.
        remove(aws, &actual.api, &made.1).await?;
        Err(Error::not_yet(
            "the deployment before it is of the same second",
        ))
    }

    #[cfg(test)]
    fn alter(&self, field: &Field, actual: &mut Actual) {
        match field {
            Field::Content => actual.fingerprint = "another".to_owned(),
        }
    }

    async fn delete(aws: &Aws, actual: &Ours<Actual>) -> Result<()> {
        remove(aws, &actual.api, &actual.id).await
    }
}

/// The newest deployment of each API that is wanted.
async fn those(reads: &Reads, wanted: impl Fn(&Listed) -> bool) -> Result<Vec<Found<Actual>>> {
    let apis = rest_api::listed(&reads.remembered()).await?.into_iter();
    let looks = apis.filter(wanted).map(|api| async move {
        let own = own(reads, &api.id).await?;
        let found = own.last().map(|newest| {
            let mark = api.mark.for_part(api.mark.key().sibling(Kind::Deployment));
            let actual = Actual {
                api: api.id.clone(),
                id: newest.id().unwrap_or_default().to_owned(),
                fingerprint: fingerprint(newest).unwrap_or_default().to_owned(),
                age: age(newest),
            };
            Found::ours(mark, actual.id.clone(), "available", actual).within(&api.id)
        });
        Ok(found)
    });
    let found = futures_util::future::try_join_all(looks).await?;
    Ok(found.into_iter().flatten().collect())
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

fn age(deployment: &types::Deployment) -> Age {
    Age::of(deployment.created_date(), deployment.id())
}

/// The deployments of ours of an API, the newest last.
pub(super) async fn own(reads: &Reads, api: &str) -> Result<Vec<types::Deployment>> {
    let all = reads.deployments(api).await?;
    let ours = all.iter().filter(|one| fingerprint(one).is_some());
    let mut own: Vec<types::Deployment> = ours.cloned().collect();
    own.sort_by_key(age);
    Ok(own)
}

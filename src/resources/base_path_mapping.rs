//! The mapping from a path below the domain to a stage of an API.
//!
//! It cannot be tagged. Every mapping in a domain of ours is ours; its key is
//! its path. API Gateway calls the empty path `(none)`.

use std::sync::Arc;

use aws_sdk_apigateway::types::PatchOperation;
use strum::{Display, EnumIter};

use crate::{
    aws::{
        Aws, Called,
        error::none_if_missing,
        read::{Query, Reads},
    },
    error::{Error, Result},
    graph::Node,
    resource::{Drift, Found, Host, Key, Kind, Mark, Need, Ours, Resource, UNKNOWN},
    resources::{DomainName, Stage, patches::replace, rest_api::Api},
};

/// A mapping.
#[derive(Hash)]
pub struct BasePathMapping {
    /// The domain.
    pub domain: Arc<Node<DomainName>>,
    /// The path of the route.
    pub path: String,
    /// The API behind the route.
    pub api: Api,
    /// The stage's name.
    pub stage: String,
    /// The stage, if it is the stack's own.
    pub own_stage: Option<Arc<Node<Stage>>>,
    /// What else a request meets behind it: the endpoint's policy, the
    /// permission to invoke a function.
    pub behind: Vec<Need>,
}

/// A mapping as API Gateway reports it.
#[derive(Clone, Debug)]
pub struct Actual {
    /// The domain's host name.
    pub host: String,
    /// `(none)`, or the path without slashes.
    pub base_path: String,
    /// The API's id.
    pub api: String,
    /// The stage's name.
    pub stage: String,
}

impl Actual {
    /// The path of the route.
    pub fn path(&self) -> String {
        match self.base_path.as_str() {
            NONE => "/".to_owned(),
            path => format!("/{path}"),
        }
    }
}

/// What can differ.
#[derive(Clone, Debug, PartialEq, Eq, Display, EnumIter)]
#[strum(serialize_all = "lowercase")]
pub enum Field {
    /// The API it leads to.
    Api,
    /// The stage it leads to.
    Stage,
}

/// API Gateway's word for the empty path.
const NONE: &str = "(none)";

impl BasePathMapping {
    /// The API's id.
    fn api(&self) -> Result<String> {
        let id = self.api.id();
        id.ok_or_else(|| Error::not_yet("its API is not there yet"))
    }

    fn base_path(&self) -> &str {
        match self.path.trim_start_matches('/') {
            "" => NONE,
            path => path,
        }
    }
}

impl Resource for BasePathMapping {
    type Actual = Actual;
    type Field = Field;
    type Receipt = ();
    const READS: &'static [Query] = &[Query::GetBasePathMappings];
    const MADE_ONCE: bool = true;

    fn key(&self) -> Key {
        let host = &self.domain.desired.host;
        host.key(Kind::BasePathMapping, &self.path)
    }

    fn needs(&self) -> Vec<Need> {
        let stage = self.own_stage.iter().map(|stage| stage.settled());
        stage.chain([self.domain.exists()]).collect()
    }

    /// A mapping takes requests as soon as it is there: those that a mapping
    /// above it has served until then.
    fn waits_for(&self) -> Vec<Need> {
        self.behind.clone()
    }

    fn switches_after(&self) -> Vec<Need> {
        self.behind.clone()
    }

    fn summary(&self) -> String {
        format!(
            "{}{} to stage {}",
            self.domain.desired.host.name, self.path, self.stage
        )
    }

    async fn discover(reads: &Reads) -> Result<Vec<Found<Actual>>> {
        those(reads, |_| true).await
    }

    async fn find(&self, reads: &Reads) -> Result<Option<Found<Actual>>> {
        let host = &self.domain.desired.host.name;
        let found = those(reads, |domain| domain == host).await?;
        Ok(found.into_iter().find(|found| self.matches(found)))
    }

    async fn again(reads: &Reads, was: &Found<Actual>) -> Result<Option<Found<Actual>>> {
        let found = those(reads, |domain| *domain == was.actual.host).await?;
        Ok(found.into_iter().find(|found| found.id == was.id))
    }

    fn matches(&self, found: &Found<Actual>) -> bool {
        let host = &self.domain.desired.host.name;
        found.actual.host == *host && found.actual.base_path == self.base_path()
    }

    fn diff(&self, actual: &Actual) -> Vec<Drift<Field>> {
        let Actual {
            host: _,
            base_path: _,
            api,
            stage,
        } = actual;
        let wanted = self.api.id().unwrap_or_else(|| UNKNOWN.to_owned());
        let api = Drift::between(Field::Api, api, &wanted);
        let stage = Drift::between(Field::Stage, stage, &self.stage);
        let led = api.into_iter().chain(stage);
        led.map(Drift::switches).collect()
    }

    async fn create(&self, aws: &Aws) -> Result<()> {
        aws.apigateway
            .create_base_path_mapping()
            .domain_name(&self.domain.desired.host.name)
            .base_path(self.base_path())
            .rest_api_id(self.api()?)
            .stage(&self.stage)
            .send()
            .await
            .called("CreateBasePathMapping")
            .map(drop)
    }

    async fn update(&self, aws: &Aws, actual: &Ours<Actual>, drift: &[Drift<Field>]) -> Result<()> {
        let patch = |one: &Drift<Field>| match one.field {
            Field::Api => Ok(replace("/restapiId", self.api()?)),
            Field::Stage => Ok(replace("/stage", &self.stage)),
        };
        let patches: Vec<PatchOperation> = drift.iter().map(patch).collect::<Result<_>>()?;
        aws.apigateway
            .update_base_path_mapping()
            .domain_name(&actual.host)
            .base_path(&actual.base_path)
            .set_patch_operations(Some(patches))
            .send()
            .await
            .called("UpdateBasePathMapping")
            .map(drop)
    }

    #[cfg(test)]
    fn alter(&self, field: &Field, actual: &mut Actual) {
        match field {
            Field::Api => actual.api = "another".to_owned(),
            Field::Stage => actual.stage = "another".to_owned(),
        }
    }

    async fn delete(aws: &Aws, actual: &Ours<Actual>) -> Result<()> {
        let deleted = aws
            .apigateway
            .delete_base_path_mapping()
            .domain_name(&actual.host)
            .base_path(&actual.base_path)
            .send()
            .await
            .called("DeleteBasePathMapping");
        none_if_missing(deleted).map(drop)
    }
}

/// The mappings in the domains that are wanted.
async fn those(reads: &Reads, wanted: impl Fn(&String) -> bool) -> Result<Vec<Found<Actual>>> {
    let domains = DomainName::discover(&reads.remembered()).await?;
    let wanted = domains.iter().filter(|domain| wanted(&domain.id));
    let looks = wanted.filter_map(|domain| Some(mappings(reads, domain.mark()?, &domain.id)));
    let found = futures_util::future::try_join_all(looks).await?;
    Ok(found.into_iter().flatten().collect())
}

async fn mappings(reads: &Reads, domain: &Mark, host: &str) -> Result<Vec<Found<Actual>>> {
    let all = reads.base_path_mappings(host).await?;
    let found = all.iter().map(|mapping| {
        let base_path = match mapping.base_path() {
            None | Some("") => NONE.to_owned(),
            Some(path) => path.to_owned(),
        };
        let path = if base_path == NONE { "" } else { &base_path };
        let served = Host::served_by(domain.key(), host);
        let mark = domain.for_part(served.key(Kind::BasePathMapping, path));
        let actual = Actual {
            host: host.to_owned(),
            api: mapping.rest_api_id().unwrap_or_default().to_owned(),
            stage: mapping.stage().unwrap_or_default().to_owned(),
            base_path,
        };
        Found::ours(mark, actual.base_path.clone(), "available", actual).scoped(host)
    });
    Ok(found.collect())
}

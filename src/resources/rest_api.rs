//! The PRIVATE REST API: policy, endpoint association and body.
//!
//! API names are not unique, `CreateRestApi` takes no token, and a repeated
//! call makes a second API. The tags, set in the call, are what finds it again.
//!
//! The body is put with `PutRestApi` in overwrite mode: `merge` never takes a
//! path away. Overwriting drops policy and endpoint association unless the
//! body carries them, so they are injected. What was put is known by the hash
//! in the API's description; methods and integrations are compared too, so that
//! a change behind our back shows.

use std::{collections::BTreeSet, sync::Arc};

use aws_sdk_apigateway::{
    primitives::Blob,
    types::{self, EndpointConfiguration, EndpointType, PutMode},
};
use serde_json::Value;
use strum::{Display, EnumIter};

use crate::{
    aws::{
        Aws, Called,
        error::none_if_missing,
        read::{Query, Reads},
    },
    body::{Body, Operations},
    error::{Error, Result},
    graph::Node,
    hash, names, policy,
    resource::{
        Drift, Found, Key, Kind, Mark, Need, Ours, Owner, Resource, UNKNOWN,
        tags::{self, Tags},
    },
    resources::{BasePathMapping, VpcEndpoint, patches},
};

/// A REST API of the stack's own.
#[derive(Hash)]
pub struct RestApi {
    /// Whose it is.
    pub owner: Owner,
    /// The path of its route.
    pub path: String,
    /// What it answers.
    pub body: Body,
    /// The only endpoint that may invoke it.
    pub endpoint: Arc<Node<VpcEndpoint>>,
    /// The function behind it, remembered in a tag for its permission.
    pub function: Option<String>,
}

/// An API as API Gateway reports it.
#[derive(Clone, Debug)]
pub struct Actual {
    /// Ten characters.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its description, which ends with the body's hash.
    pub description: String,
    /// Its policy, normalised.
    pub policy: Value,
    /// The endpoints it is associated with.
    pub endpoints: BTreeSet<String>,
    /// Its paths, methods and integrations.
    pub operations: Operations,
    /// All its tags.
    pub tags: Tags,
}

/// What can differ.
#[derive(Clone, Debug, PartialEq, Eq, Display, EnumIter)]
#[strum(serialize_all = "lowercase")]
pub enum Field {
    /// The name.
    Name,
    /// The resource policy.
    Policy,
    /// The endpoints it is associated with.
    Endpoints,
    /// The body, by its hash in the description.
    Body,
    /// A method, by its verb and path.
    #[strum(to_string = "method {0}")]
    Method(String),
    /// A tag, by its key.
    #[strum(to_string = "tags.{0}")]
    Tag(String),
}

/// An API behind a route: the stack's own or a borrowed one.
#[derive(Clone, Hash)]
pub enum Api {
    /// Made by this stack.
    Own(Arc<Node<RestApi>>),
    /// Deployed by an application team; its id.
    Borrowed(String),
}

impl Api {
    /// The API's id, once it exists.
    pub fn id(&self) -> Option<String> {
        match self {
            Self::Own(node) => node.id(),
            Self::Borrowed(id) => Some(id.clone()),
        }
    }

    /// What has to be waited for until the id is known.
    pub fn exists(&self) -> Option<Need> {
        match self {
            Self::Own(node) => Some(node.exists()),
            Self::Borrowed(_) => None,
        }
    }
}

impl RestApi {
    fn name(&self) -> String {
        names::rest_api(&self.owner.stack, &self.path)
    }

    fn tags(&self) -> Tags {
        let mut tags = self.owner.tags(&self.key());
        if let Some(function) = &self.function {
            tags.insert(tags::FUNCTION.to_owned(), function.clone());
        }
        tags
    }

    fn description(&self) -> String {
        let hash = format!("hybridgw body {}", self.body.hash());
        match self.body.description() {
            Some(words) => format!("{words} ({hash})"),
            None => hash,
        }
    }

    fn policy(&self) -> Option<Value> {
        let id = self.endpoint.id()?;
        Some(self.endpoint.desired.admission(&id))
    }

    /// The endpoint that the API is associated with, once that is known.
    fn association(&self) -> Option<String> {
        let id = self.endpoint.id()?;
        self.endpoint.desired.association(&id)
    }

    /// What a deployment has to contain: it changes with body, policy and
    /// endpoint, and nothing else. None while the endpoint is unknown.
    pub fn fingerprint(&self) -> Option<String> {
        let endpoint = self.endpoint.id()?;
        let policy = policy::normal(&self.policy()?);
        let parts = format!("{}|{policy}|{endpoint}", self.body.hash());
        Some(hash::long(&parts)[..16].to_owned())
    }

    /// Writes body, policy and endpoint association in one call.
    async fn put(&self, aws: &Aws, actual: &Actual) -> Result<()> {
        let endpoint = self.endpoint.require()?.id;
        let policy = self.endpoint.desired.admission(&endpoint);
        let association: Vec<String> = self.association().into_iter().collect();
        let body = self
            .body
            .with(&self.name(), &self.description(), &policy, &association);
        let call = aws.apigateway.put_rest_api().rest_api_id(&actual.id);
        let call = call.mode(PutMode::Overwrite);
        let body = Blob::new(body.to_string().into_bytes());
        let put = call.body(body).send().await.called("PutRestApi")?;
        for warning in put.warnings() {
            tracing::warn!(resource = %self.key(), "API Gateway says: {warning}");
        }
        Ok(())
    }
}

fn endpoint_missing() -> Error {
    Error::not_yet("its endpoint is not there yet")
}

impl Resource for RestApi {
    type Actual = Actual;
    type Field = Field;
    type Receipt = ();
    const READS: &'static [Query] = &[Query::GetRestApis, Query::GetResources];

    fn key(&self) -> Key {
        Key::of_route(Kind::RestApi, &self.path)
    }

    fn needs(&self) -> Vec<Need> {
        vec![self.endpoint.exists()]
    }

    fn summary(&self) -> String {
        format!("{}, {}", self.name(), self.body.summary())
    }

    async fn discover(reads: &Reads) -> Result<Vec<Found<Actual>>> {
        those(reads, |_| true).await
    }

    async fn find(&self, reads: &Reads) -> Result<Option<Found<Actual>>> {
        let key = self.key();
        let found = those(reads, |api| *api.mark.key() == key).await?;
        Ok(found.into_iter().next())
    }

    async fn again(reads: &Reads, was: &Found<Actual>) -> Result<Option<Found<Actual>>> {
        let found = those(reads, |api| api.id == was.id).await?;
        Ok(found.into_iter().next())
    }

    fn diff(&self, actual: &Actual) -> Vec<Drift<Field>> {
        let Actual {
            id: _,
            name,
            description,
            policy: has,
            endpoints,
            operations,
            tags: has_tags,
        } = actual;
        let mut drift: Vec<Drift<Field>> = Drift::between(Field::Name, name, &self.name())
            .into_iter()
            .collect();
        match self.policy() {
            Some(policy) => {
                drift.extend(Drift::between(Field::Policy, has, &policy::normal(&policy)));
                let joined = endpoints.iter().cloned().collect::<Vec<_>>().join(", ");
                let wanted = self.association().unwrap_or_default();
                drift.extend(Drift::between(Field::Endpoints, &joined, &wanted));
            }
            None => drift.push(Drift::new(Field::Policy, policy::words(has), UNKNOWN)),
        }
        drift.extend(Drift::between(
            Field::Body,
            description,
            &self.description(),
        ));
        let methods = self.body.drift(operations).into_iter();
        drift.extend(methods.map(|one| one.map(Field::Method)));
        drift.extend(tags::drift(has_tags, &self.tags(), Field::Tag));
        drift
    }

    async fn create(&self, aws: &Aws) -> Result<()> {
        let endpoint = self.endpoint.require()?.id;
        let configuration = EndpointConfiguration::builder()
            .types(EndpointType::Private)
            .set_vpc_endpoint_ids(self.association().map(|id| vec![id]))
            .build();
        let created = aws
            .apigateway
            .create_rest_api()
            .name(self.name())
            .endpoint_configuration(configuration)
            .policy(self.endpoint.desired.admission(&endpoint).to_string())
            .set_tags(Some(tags::to_map(&self.tags())))
            .send()
            .await
            .called("CreateRestApi");
        match created {
            // Nobody documents whether a pending endpoint is accepted here. A
            // refusal while it is pending means "not yet".
            Err(error)
                if error.code() == Some("BadRequestException") && !self.endpoint.is_settled() =>
            {
                Err(Error::not_yet(format!("its endpoint is pending: {error}")))
            }
            other => other.map(drop),
        }
    }

    async fn update(&self, aws: &Aws, actual: &Ours<Actual>, drift: &[Drift<Field>]) -> Result<()> {
        let (mut changes, mut patches) = (Tags::new(), Vec::new());
        let mut body_differs = false;
        for one in drift {
            match &one.field {
                Field::Name => patches.push(patches::replace("/name", self.name())),
                Field::Policy => {
                    let policy = self.policy().ok_or_else(endpoint_missing)?;
                    patches.push(patches::replace("/policy", policy.to_string()));
                }
                Field::Endpoints => {
                    self.endpoint.id().ok_or_else(endpoint_missing)?;
                    let wanted = self.association();
                    let path = "/endpointConfiguration/vpcEndpointIds";
                    let missing = wanted.iter().filter(|id| !actual.endpoints.contains(*id));
                    patches.extend(missing.map(|id| patches::add(path, id)));
                    let stale = actual.endpoints.iter();
                    let stale = stale.filter(|id| wanted.as_ref() != Some(*id));
                    patches.extend(stale.map(|id| patches::remove(path, id)));
                }
                Field::Body | Field::Method(_) => body_differs = true,
                Field::Tag(key) => {
                    changes.extend(tags::to_repair(key, &actual.tags, &self.tags()));
                }
            }
        }
        tag(aws, &format!("/restapis/{}", actual.id), &changes).await?;
        if body_differs {
            // What the body does not carry over shows at the next look.
            return self.put(aws, actual).await;
        }
        if patches.is_empty() {
            return Ok(());
        }
        let call = aws.apigateway.update_rest_api().rest_api_id(&actual.id);
        let call = call.set_patch_operations(Some(patches));
        call.send().await.called("UpdateRestApi").map(drop)
    }

    #[cfg(test)]
    fn alter(&self, field: &Field, actual: &mut Actual) {
        match field {
            Field::Name => actual.name = "another".to_owned(),
            Field::Policy => actual.policy = Value::Null,
            Field::Endpoints => actual.endpoints = BTreeSet::from(["vpce-0another".to_owned()]),
            Field::Body => actual.description = "another".to_owned(),
            Field::Method(_) => actual.operations.clear(),
            Field::Tag(_) => tags::alter(&mut actual.tags),
        }
    }

    async fn delete(aws: &Aws, actual: &Ours<Actual>) -> Result<()> {
        let deleted = aws
            .apigateway
            .delete_rest_api()
            .rest_api_id(&actual.id)
            .send()
            .await
            .called("DeleteRestApi");
        none_if_missing(deleted).map(drop)
    }
}

/// API Gateway's ARN of a thing, as its tagging calls want it.
pub(super) fn arn(aws: &Aws, path: &str) -> String {
    let (partition, region) = (aws.partition().id(), &aws.region);
    format!("arn:{partition}:apigateway:{region}::{path}")
}

/// Sets tags on anything of API Gateway's.
pub(super) async fn tag(aws: &Aws, path: &str, tags: &Tags) -> Result<()> {
    if tags.is_empty() {
        return Ok(());
    }
    aws.apigateway
        .tag_resource()
        .resource_arn(arn(aws, path))
        .set_tags(Some(tags::to_map(tags)))
        .send()
        .await
        .called("TagResource")
        .map(drop)
}

/// An API of the stack's own, without what takes a call of its own.
pub(super) struct Listed {
    /// Its id.
    pub id: String,
    /// The proof that it is the stack's.
    pub mark: Mark,
    /// All its tags.
    pub tags: Tags,
    api: types::RestApi,
}

impl Listed {
    /// Whether it is the API of this node: of two of a key, the one that the
    /// node has.
    pub fn is(&self, node: &Node<RestApi>) -> bool {
        node.id()
            .map_or_else(|| *self.mark.key() == node.key(), |id| id == self.id)
    }
}

/// The stack's own APIs as the list has them.
///
/// Where there are two of a key, the one that is mapped comes first, else the
/// older one, else the one of the smaller id: every run decides alike.
pub(super) async fn listed(reads: &Reads) -> Result<Vec<Listed>> {
    let apis = reads.rest_apis().await?;
    let own = apis.iter().filter_map(|api| {
        let tags = tags_of(api);
        Some(Listed {
            id: api.id()?.to_owned(),
            mark: Mark::of_tags(&tags, &reads.stack)?,
            tags,
            api: api.clone(),
        })
    });
    let mut own: Vec<Listed> = own.collect();
    let keys: BTreeSet<&Key> = own.iter().map(|api| api.mark.key()).collect();
    let mapped = if keys.len() < own.len() {
        mapped(reads).await?
    } else {
        BTreeSet::new()
    };
    own.sort_by_key(|one| {
        let created = one.api.created_date().map_or(0, |date| date.secs());
        (!mapped.contains(&one.id), created, one.id.clone())
    });
    Ok(own)
}

async fn those(reads: &Reads, wanted: impl Fn(&Listed) -> bool) -> Result<Vec<Found<Actual>>> {
    let own = listed(reads).await?.into_iter();
    let looks = own.filter(wanted).map(|api| found(reads, api));
    futures_util::future::try_join_all(looks).await
}

/// The APIs that a mapping in a domain of ours names, asked afresh: another run
/// may have mapped one a moment ago.
async fn mapped(reads: &Reads) -> Result<BTreeSet<String>> {
    let afresh = reads.afresh(BasePathMapping::READS);
    let mappings = BasePathMapping::discover(&afresh).await?;
    Ok(mappings.into_iter().map(|found| found.actual.api).collect())
}

fn tags_of(api: &types::RestApi) -> Tags {
    let pairs = api.tags().into_iter().flatten();
    pairs
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect()
}

async fn found(reads: &Reads, listed: Listed) -> Result<Found<Actual>> {
    let Listed {
        id,
        mark,
        tags,
        api,
    } = listed;
    // Who takes it away needs to know nothing of what is in it.
    let resources = if reads.wants_details() {
        reads.resources(&id).await?
    } else {
        Arc::default()
    };
    let configuration = api.endpoint_configuration();
    let actual = Actual {
        name: api.name().unwrap_or_default().to_owned(),
        description: api.description().unwrap_or_default().to_owned(),
        policy: policy::parse_of_api(api.policy().unwrap_or_default(), &id),
        endpoints: configuration
            .into_iter()
            .flat_map(|configuration| configuration.vpc_endpoint_ids())
            .cloned()
            .collect(),
        operations: operations(&resources),
        tags,
        id,
    };
    let found = Found::ours(mark, actual.id.clone(), "available", actual);
    Ok(found.since(api.created_date().copied()))
}

fn operations(resources: &[types::Resource]) -> Operations {
    let mut all = Operations::new();
    for resource in resources {
        let path = resource.path().unwrap_or_default();
        for (verb, method) in resource.resource_methods().into_iter().flatten() {
            let integration = method.method_integration();
            let kind = integration
                .and_then(|integration| integration.r#type())
                .map(|kind| kind.as_str().to_owned())
                .unwrap_or_default();
            let uri = integration.and_then(|integration| integration.uri());
            all.entry(path.to_owned()).or_default().insert(
                verb.clone(),
                crate::body::Integration {
                    kind,
                    uri: uri.map(str::to_owned),
                },
            );
        }
    }
    all
}

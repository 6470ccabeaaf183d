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
    types::{self, EndpointConfiguration, EndpointType, Op, PatchOperation, PutMode},
};
use serde_json::Value;

use crate::{
    aws::{
        Aws, Called,
        error::none_if_missing,
        read::{Query, Reads},
        tags::{self, Owner, Tags},
    },
    error::{Error, Result},
    graph::Node,
    names,
    openapi::{Body, Operations},
    ownership::{Found, Mark, Ours},
    policy,
    resource::{Drift, Key, Need, Resource, UNKNOWN},
    resources::{BasePathMapping, VpcEndpoint},
};

/// A REST API of the stack's own.
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

/// An API behind a route: the stack's own or a borrowed one.
#[derive(Clone)]
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
        self.endpoint.id().map(|id| policy::only_through(&id))
    }

    /// What a deployment has to contain: it changes with body, policy and
    /// endpoint, and nothing else. None while the endpoint is unknown.
    pub fn fingerprint(&self) -> Option<String> {
        let endpoint = self.endpoint.id()?;
        let policy = policy::normal(&self.policy()?);
        let parts = format!("{}|{policy}|{endpoint}", self.body.hash());
        Some(names::long_hash(&parts)[..16].to_owned())
    }

    async fn patch(&self, aws: &Aws, actual: &Actual, drift: &[Drift]) -> Result<()> {
        let mut patches = Vec::new();
        for field in drift.iter().map(|drift| drift.field.as_str()) {
            match field {
                "name" => patches.push(replace("/name", self.name())),
                "policy" => {
                    let policy = self.policy().ok_or_else(endpoint_missing)?;
                    patches.push(replace("/policy", policy.to_string()));
                }
                "endpoints" => {
                    let wanted = self.endpoint.id().ok_or_else(endpoint_missing)?;
                    let path = "/endpointConfiguration/vpcEndpointIds";
                    if !actual.endpoints.contains(&wanted) {
                        patches.push(patch(Op::Add, path, wanted.clone()));
                    }
                    let stale = actual.endpoints.iter().filter(|id| **id != wanted);
                    patches.extend(stale.map(|id| patch(Op::Remove, path, id.clone())));
                }
                _ => {}
            }
        }
        if patches.is_empty() {
            return Ok(());
        }
        let call = aws.apigateway.update_rest_api().rest_api_id(&actual.id);
        let call = call.set_patch_operations(Some(patches));
        call.send().await.called("UpdateRestApi").map(drop)
    }
}

fn replace(path: &str, value: String) -> PatchOperation {
    patch(Op::Replace, path, value)
}

fn patch(op: Op, path: &str, value: String) -> PatchOperation {
    PatchOperation::builder()
        .op(op)
        .path(path)
        .value(value)
        .build()
}

fn endpoint_missing() -> Error {
    Error::not_yet("its endpoint is not there yet")
}

impl Resource for RestApi {
    type Actual = Actual;
    const READS: &'static [Query] = &[Query::GetRestApis, Query::GetResources];

    fn key(&self) -> Key {
        Key::of_route("rest-api", &self.path)
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

    fn diff(&self, actual: &Actual) -> Vec<Drift> {
        let Actual {
            id: _,
            name,
            description,
            policy: has,
            endpoints,
            operations,
            tags: has_tags,
        } = actual;
        let mut drift: Vec<Drift> = Drift::between("name", name, &self.name())
            .into_iter()
            .collect();
        match (self.policy(), self.endpoint.id()) {
            (Some(policy), Some(endpoint)) => {
                drift.extend(Drift::between("policy", has, &policy::normal(&policy)));
                let joined = endpoints.iter().cloned().collect::<Vec<_>>().join(", ");
                drift.extend(Drift::between("endpoints", &joined, &endpoint));
            }
            _ => drift.push(Drift::new("policy", policy::words(has), UNKNOWN)),
        }
        drift.extend(Drift::between("body", description, &self.description()));
        drift.extend(self.body.drift(operations));
        drift.extend(tags::drift(has_tags, &self.tags()));
        drift
    }

    async fn create(&self, aws: &Aws) -> Result<()> {
        let endpoint = self.endpoint.require()?.id;
        let configuration = EndpointConfiguration::builder()
            .types(EndpointType::Private)
            .vpc_endpoint_ids(&endpoint)
            .build();
        let created = aws
            .apigateway
            .create_rest_api()
            .name(self.name())
            .endpoint_configuration(configuration)
            .policy(policy::only_through(&endpoint).to_string())
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

    async fn update(&self, aws: &Aws, actual: &Ours<Actual>, drift: &[Drift]) -> Result<()> {
        let changes = tags::to_repair(drift);
        if !changes.is_empty() {
            tag(aws, &format!("/restapis/{}", actual.id), &changes).await?;
        }
        let body_differs = drift
            .iter()
            .any(|one| one.field == "body" || one.field.starts_with("method "));
        if body_differs {
            let endpoint = self.endpoint.require()?.id;
            let policy = policy::only_through(&endpoint);
            let body = self
                .body
                .with(&self.name(), &self.description(), &policy, &[endpoint]);
            let call = aws.apigateway.put_rest_api().rest_api_id(&actual.id);
            let call = call.mode(PutMode::Overwrite);
            let body = Blob::new(body.to_string().into_bytes());
            let put = call.body(body).send().await.called("PutRestApi")?;
            for warning in put.warnings() {
                tracing::warn!(resource = %self.key(), "API Gateway says: {warning}");
            }
            // What the body did not carry over shows at the next look.
            return Ok(());
        }
        self.patch(aws, actual, drift).await
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

    fn held_by(_key: &Key) -> &'static [&'static str] {
        // A mapped API is refused; the permission is known from the API's tag.
        &["base-path-mapping", "lambda-permission"]
    }
}

/// API Gateway's ARN of a thing, as its tagging calls want it.
pub(super) fn arn(aws: &Aws, path: &str) -> String {
    let (partition, region) = (aws.partition().id(), &aws.region);
    format!("arn:{partition}:apigateway:{region}::{path}")
}

/// Sets tags on anything of API Gateway's.
pub(super) async fn tag(aws: &Aws, path: &str, tags: &Tags) -> Result<()> {
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
    let resources = reads.resources(&id).await?;
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
    Ok(Found::ours(mark, actual.id.clone(), "available", actual))
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
                crate::openapi::Integration {
                    kind,
                    uri: uri.map(str::to_owned),
                },
            );
        }
    }
    all
}

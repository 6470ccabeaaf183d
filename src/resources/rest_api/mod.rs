//! The PRIVATE REST API: policy, endpoint association and body.
//!
//! API names are not unique, `CreateRestApi` takes no token, and a repeated
//! call makes a second API. The tags, set in the call, are what finds it again.
//!
//! The body is put with `PutRestApi` in overwrite mode: `merge` never takes a
//! path away. Overwriting drops policy and endpoint association unless the
//! body carries them, so they are injected. What was put is known by the hash
//! in the API's description.
//!
//! What AWS has made of it is compared with what AWS reported directly after the
//! put, which a tag records: whatever of the file API Gateway keeps in its own
//! way is no drift, and every edit is. What differs is named method by method.
//! Who may invoke a method is compared with the file itself, always.
//!
//! An API that was never deployed serves nothing: its first deployment puts the
//! body, and what is in it before does not matter.

use std::{collections::BTreeSet, sync::Arc};

use aws_sdk_apigateway::{
    primitives::Blob,
    types::{EndpointConfiguration, EndpointType, PutMode},
};
use serde_json::Value;
use strum::{Display, EnumIter};

use crate::{
    aws::{
        Aws, Called,
        error::none_if_missing,
        read::{Query, Reads},
    },
    body::{Body, contents::Settings},
    error::{Error, Result},
    graph::Node,
    hash, names, policy,
    resource::{
        Drift, Found, Key, Kind, Need, Ours, Owner, Resource, Settled, UNKNOWN,
        tags::{self, Tags},
    },
    resources::{VpcEndpoint, patches},
};

mod contents;
mod judged;
mod listing;
mod settings;

pub use contents::Part;
use contents::{Contents, Record};
pub use judged::Put;
use listing::those;
pub(super) use listing::{Listed, listed};

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
    /// What it consists of.
    pub contents: Contents,
    /// What it consisted of when it was right.
    pub record: Option<Record>,
    /// What is set on the API itself.
    pub settings: Settings,
    /// All its tags.
    pub tags: Tags,
    /// That this run has put the body.
    pub put: Option<Put>,
    /// Whether it was never deployed: then its body is still to be put.
    pub is_empty: bool,
}

/// What this run knows of its last write to an API.
#[derive(Clone, Debug, Default)]
pub struct Written {
    /// That it has put the body.
    put: Option<Put>,
    /// What the API consists of, if nothing but tags was written since that was read.
    contents: Option<Contents>,
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
    /// An aspect of a method: `GET /items: authorization`.
    #[strum(to_string = "{0}")]
    Method(String),
    /// A part of the definition, as a whole.
    #[strum(to_string = "{0}")]
    Part(Part),
    /// The record of what was put.
    #[strum(to_string = "record of what was put")]
    Record,
    /// The types of bodies that are bytes and not text.
    #[strum(to_string = "binary media types")]
    BinaryTypes,
    /// From how many bytes on answers are compressed.
    #[strum(to_string = "minimum compression size")]
    Compression,
    /// Where API keys come from.
    #[strum(to_string = "API key source")]
    KeySource,
    /// Whether its execute-api name is off.
    #[strum(to_string = "default endpoint disabled")]
    DefaultEndpoint,
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
    pub(super) async fn put(&self, aws: &Aws, id: &str) -> Result<()> {
        let endpoint = self.endpoint.require()?.id;
        let policy = self.endpoint.desired.admission(&endpoint);
        let association: Vec<String> = self.association().into_iter().collect();
        let body = self
            .body
            .with(&self.name(), &self.description(), &policy, &association);
        let call = aws.apigateway.put_rest_api().rest_api_id(id);
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
    type Receipt = Written;
    const READS: &'static [Query] = &[
        Query::GetRestApis,
        Query::GetResources,
        Query::GetGatewayResponses,
        Query::GetAuthorizers,
        Query::GetModels,
        Query::GetRequestValidators,
        Query::GetDeployments,
    ];

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

    async fn complete(
        &self,
        reads: &Reads,
        written: Option<&Written>,
        actual: &mut Actual,
    ) -> Result<()> {
        let put = written.and_then(|written| written.put);
        actual.put = put.map(Put::now);
        if let Some(contents) = written.and_then(|written| written.contents.as_ref()) {
            actual.contents = contents.clone();
            return Ok(());
        }
        if actual.record.is_none() && !actual.tags.contains_key(tags::DEPLOYED) {
            actual.is_empty = reads.deployments(&actual.id).await?.is_empty();
        }
        if actual.is_empty {
            return Ok(());
        }
        self.read_contents(reads, actual).await
    }

    /// What this run has put is remembered until that is recorded.
    fn settled(&self, actual: &Actual) -> Settled {
        if actual.put.is_some() && !self.of_contents(actual).is_empty() {
            return Settled::NotYet("what was put is not visible yet".to_owned());
        }
        Settled::Yes
    }

    fn diff(&self, actual: &Actual) -> Vec<Drift<Field>> {
        let Actual {
            id: _,
            name,
            description,
            policy: has,
            endpoints,
            contents: _,
            record: _,
            settings: set,
            tags: has_tags,
            put: _,
            is_empty,
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
        if !is_empty {
            let body = Drift::between(Field::Body, description, &self.description());
            let mut contents = self.of_contents(actual);
            if body.is_some() {
                contents.retain(|one| one.field != Field::Record);
            }
            drift.extend(body);
            drift.extend(contents);
            drift.extend(settings::drift(set, &self.body.settings()));
        }
        drift.extend(tags::drift(has_tags, &self.tags(), Field::Tag));
        drift
    }

    async fn create(&self, aws: &Aws) -> Result<Written> {
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
            .disable_execute_api_endpoint(self.body.settings().default_endpoint_off)
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
            other => other.map(|_| Written::default()),
        }
    }

    async fn update(
        &self,
        aws: &Aws,
        actual: &Ours<Actual>,
        drift: &[Drift<Field>],
    ) -> Result<Written> {
        let (mut changes, mut patches) = (Tags::new(), Vec::new());
        let wanted = self.body.settings();
        let (mut body_differs, mut is_unrecorded) = (false, false);
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
                Field::Body | Field::Method(_) | Field::Part(_) => body_differs = true,
                Field::Record => is_unrecorded = true,
                Field::BinaryTypes
                | Field::Compression
                | Field::KeySource
                | Field::DefaultEndpoint => {
                    patches.extend(settings::patches(&one.field, &actual.settings, &wanted));
                }
                Field::Tag(key) => {
                    changes.extend(tags::to_repair(key, &actual.tags, &self.tags()));
                }
            }
        }
        // Recorded is what this run has put, and nothing older.
        body_differs |= is_unrecorded && actual.put.is_none();
        if is_unrecorded && !body_differs {
            let record = actual.contents.record(&self.body.hash());
            changes.insert(tags::CONTENTS.to_owned(), record.tag());
        }
        tag(aws, &format!("/restapis/{}", actual.id), &changes).await?;
        if body_differs {
            // What the body does not carry over shows at the next look.
            self.put(aws, &actual.id).await?;
            return Ok(Written {
                put: Some(Put::again(actual.put)),
                contents: None,
            });
        }
        if patches.is_empty() {
            return Ok(Written {
                put: actual.put,
                contents: Some(actual.contents.clone()).filter(|_| !actual.is_empty),
            });
        }
        let call = aws.apigateway.update_rest_api().rest_api_id(&actual.id);
        let call = call.set_patch_operations(Some(patches));
        call.send().await.called("UpdateRestApi")?;
        Ok(Written {
            put: actual.put,
            contents: None,
        })
    }

    #[cfg(test)]
    fn alter(&self, field: &Field, actual: &mut Actual) {
        match field {
            Field::Name => actual.name = "another".to_owned(),
            Field::Policy => actual.policy = Value::Null,
            Field::Endpoints => actual.endpoints = BTreeSet::from(["vpce-0another".to_owned()]),
            Field::Body => actual.description = "another".to_owned(),
            Field::Method(_) => {
                for method in actual.contents.methods.values_mut() {
                    method.insert("authorization".to_owned(), "ANOTHER".to_owned());
                }
            }
            Field::Part(part) => {
                actual.contents.parts.remove(part);
            }
            Field::Record => actual.record = None,
            Field::BinaryTypes => actual.settings.binary_types = BTreeSet::from(["a/b".to_owned()]),
            Field::Compression => actual.settings.compression = Some(4711),
            Field::KeySource => actual.settings.key_source = "ANOTHER".to_owned(),
            Field::DefaultEndpoint => actual.settings.default_endpoint_off ^= true,
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

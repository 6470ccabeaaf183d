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

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use aws_sdk_apigateway::{
    primitives::Blob,
    types::{self, EndpointConfiguration, EndpointType, PutMode},
};
use serde_json::Value;
use strum::{Display, EnumIter};
use tokio::time::Instant;

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
        Drift, Found, Key, Kind, Mark, Need, Ours, Owner, Resource, Settled, UNKNOWN,
        tags::{self, Tags},
    },
    resources::{BasePathMapping, VpcEndpoint, patches},
};

mod contents;
mod settings;

pub use contents::Part;
pub(super) use contents::{Contents, Record};

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
}

/// That the body was put by this run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Put {
    /// How often.
    times: u32,
    /// When last.
    at: Instant,
    /// How long ago that was when the API was looked at.
    age: Duration,
}

impl Put {
    /// One more put.
    fn again(earlier: Option<Self>) -> Self {
        Self {
            times: earlier.map_or(1, |put| put.times + 1),
            at: Instant::now(),
            age: Duration::ZERO,
        }
    }
}

/// After so long what is reported is no older answer any more, but what API
/// Gateway has made of the put.
const LAG: Duration = Duration::from_secs(45);

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

    /// What is not as the body has it, where that is known to be put.
    fn of_contents(&self, actual: &Actual) -> Vec<Drift<Field>> {
        let hash = self.body.hash();
        let definition = self.body.definition();
        let methods = &actual.contents.methods;
        let named = || definition.drift(methods).into_iter();
        // Each step of the way to the record reads otherwise: put, put again, recorded.
        let unrecorded = || {
            let step = match actual.put.map(|put| put.times) {
                None => "none",
                Some(1) => "none, put once",
                Some(_) => "none, put twice",
            };
            Drift::new(Field::Record, step, hash.clone())
        };
        let protection = definition.protection(methods).into_iter();
        let mut drift: Vec<Drift<Field>> = protection.map(|one| one.map(Field::Method)).collect();
        let known = actual.record.as_ref().filter(|record| record.body == hash);
        let Some(record) = known else {
            // What is put twice and still reads otherwise is how API Gateway
            // keeps it.
            if actual.put.is_none_or(|put| put.times < 2) {
                drift = named().map(|one| one.map(Field::Method)).collect();
            }
            drift.push(unrecorded());
            return drift;
        };
        let now = actual.contents.record(&hash);
        let changed: Vec<Part> = record.changed(&now).collect();
        if changed.is_empty() {
            return drift;
        }
        if drift.is_empty() && actual.put.is_some_and(|put| put.age >= LAG) {
            return vec![unrecorded()];
        }
        for part in changed {
            let methods: Vec<Drift> = match part {
                Part::Methods => named().collect(),
                _ => Vec::new(),
            };
            if methods.is_empty() {
                let (was, is) = ("changed since they were put", "as the body has them");
                drift.push(Drift::new(Field::Part(part), was, is));
            } else {
                // Who may invoke them is among these.
                drift = methods
                    .into_iter()
                    .map(|one| one.map(Field::Method))
                    .collect();
            }
        }
        drift
    }
}

fn endpoint_missing() -> Error {
    Error::not_yet("its endpoint is not there yet")
}

impl Resource for RestApi {
    type Actual = Actual;
    type Field = Field;
    type Receipt = Option<Put>;
    const READS: &'static [Query] = &[
        Query::GetRestApis,
        Query::GetResources,
        Query::GetGatewayResponses,
        Query::GetAuthorizers,
        Query::GetModels,
        Query::GetRequestValidators,
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

    async fn follow(_: &Reads, receipt: &Option<Put>, actual: &mut Actual) -> Result<()> {
        actual.put = receipt.map(|put| Put {
            age: put.at.elapsed(),
            ..put
        });
        Ok(())
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
        let body = Drift::between(Field::Body, description, &self.description());
        let mut contents = self.of_contents(actual);
        if body.is_some() {
            contents.retain(|one| one.field != Field::Record);
        }
        drift.extend(body);
        drift.extend(contents);
        drift.extend(settings::drift(set, &self.body.settings()));
        drift.extend(tags::drift(has_tags, &self.tags(), Field::Tag));
        drift
    }

    async fn create(&self, aws: &Aws) -> Result<Option<Put>> {
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
            other => other.map(|_| None),
        }
    }

    async fn update(
        &self,
        aws: &Aws,
        actual: &Ours<Actual>,
        drift: &[Drift<Field>],
    ) -> Result<Option<Put>> {
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
            return Ok(Some(Put::again(actual.put)));
        }
        if patches.is_empty() {
            return Ok(actual.put);
        }
        let call = aws.apigateway.update_rest_api().rest_api_id(&actual.id);
        let call = call.set_patch_operations(Some(patches));
        call.send().await.called("UpdateRestApi")?;
        Ok(actual.put)
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

/// One API of the stack's own, by its id.
pub(super) async fn look(reads: &Reads, id: &str) -> Result<Option<Actual>> {
    let found = those(reads, |api| api.id == id).await?.into_iter().next();
    Ok(found.map(|found| found.actual))
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
    let record = tags.get(tags::CONTENTS).and_then(|tag| Record::read(tag));
    // Who takes it away needs to know nothing of what is in it.
    let contents = if reads.wants_details() {
        contents::read(reads, &api, record.as_ref()).await?
    } else {
        Contents::default()
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
        settings: settings::of(&api),
        contents,
        record,
        tags,
        put: None,
        id,
    };
    let found = Found::ours(mark, actual.id.clone(), "available", actual);
    Ok(found.since(api.created_date().copied()))
}

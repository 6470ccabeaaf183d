//! The deployment: an immutable snapshot of the API's definition and policy.
//!
//! A policy takes effect only with the next deployment (API Gateway developer
//! guide, "Control access to a REST API with resource policies"). So the
//! deployment is made after body and policy read back as wanted, and again
//! exactly when one of them changes: its description holds their fingerprint.
//! Superseded deployments are removed by the stage, once it points elsewhere.
//!
//! What somebody has edited is not published: the body is put directly before,
//! and looked at directly after: that look makes the record of what was put, too.
//! A deployment that may have caught an edit is taken away again. That one is known
//! to be right stands in a tag of the API; of any other the summary is compared.

use std::{fmt::Display, sync::Arc};

use aws_sdk_apigateway::{primitives::DateTime, types};
use strum::EnumIter;

use crate::{
    aws::{
        Aws, Called,
        error::none_if_missing,
        read::{Query, Reads},
    },
    body::contents::{API_KEY, AUTHORIZATION, Methods},
    error::{Error, Result},
    graph::Node,
    resource::{Drift, Found, Key, Kind, Need, Ours, Resource, UNKNOWN, tags},
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
    /// Whether a tag of the API says that it is right.
    pub is_known: bool,
    /// Who may invoke its methods. None: it is known to be right.
    pub live: Option<Methods>,
}

/// The deployment that this run knows to be right.
#[derive(Clone, Debug, Default)]
pub struct Known(Option<String>);

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
#[derive(Clone, Debug, PartialEq, Eq, strum::Display, EnumIter)]
#[strum(serialize_all = "lowercase")]
pub enum Field {
    /// What was deployed: the API's body, policy and endpoint.
    Content,
    /// Who may invoke a method that is live: `GET /items: authorization`.
    #[strum(to_string = "{0}")]
    Live(String),
}

/// Begins the description of a deployment of ours.
const MARK: &str = "hybridgw ";

impl Deployment {
    async fn deploy(&self, aws: &Aws, newer_than: Option<&Age>) -> Result<Known> {
        let desired = &self.api.desired;
        let api = self.api.require()?.id;
        let fingerprint = desired
            .fingerprint()
            .ok_or_else(|| Error::not_yet("its endpoint is not there yet"))?;
        desired.put(aws, &api).await?;
        let made = aws
            .apigateway
            .create_deployment()
            .rest_api_id(&api)
            .description(format!("{MARK}{fingerprint}"))
            .send()
            .await
            .called("CreateDeployment")?;
        let age = Age::of(made.created_date(), made.id());
        if newer_than.is_some_and(|before| age <= *before) {
            // Of the same second, it would never be seen as the newest.
            remove(aws, &api, &age.1).await?;
            let why = "the deployment before it is of the same second";
            return Err(Error::not_yet(why));
        }
        let tags = match self.checked(aws, &api).await? {
            Checked::Right(record) => {
                let known = (tags::DEPLOYED.to_owned(), age.1.clone());
                record.into_iter().chain([known]).collect()
            }
            Checked::Edited(what) => {
                remove(aws, &api, &age.1).await?;
                return Err(Error::not_yet(what));
            }
            Checked::Refused(error) => {
                remove(aws, &api, &age.1).await?;
                return Err(*error);
            }
        };
        rest_api::tag(aws, &format!("/restapis/{api}"), &tags).await?;
        Ok(Known(Some(age.1)))
    }

    /// Looks at what was deployed a moment ago. What neither the file tells nor
    /// the record is put and read once more: if it stays that way, API Gateway
    /// keeps it so.
    async fn checked(&self, aws: &Aws, api: &str) -> Result<Checked> {
        let desired = &self.api.desired;
        let Some(first) = self.look(aws, api).await? else {
            return Ok(Checked::unseen());
        };
        if let Some(field) = desired.edited(&first) {
            return Ok(Checked::edited(&field));
        }
        if desired.is_known(&first) {
            return Ok(Checked::Right(desired.record(&first)));
        }
        let definition = desired.body.definition();
        if first.contents.methods.is_empty() && !definition.methods.is_empty() {
            return Ok(Checked::unseen());
        }
        desired.put(aws, api).await?;
        let Some(second) = self.look(aws, api).await? else {
            return Ok(Checked::unseen());
        };
        if let Some(field) = desired.edited(&second) {
            return Ok(Checked::edited(&field));
        }
        if let Some(what) = first.contents.differs(&second.contents) {
            return Ok(Checked::edited(&what));
        }
        let protection = definition.protection(&second.contents.methods);
        if let Some(one) = protection.first() {
            return Ok(Checked::Refused(Box::new(Error::invalid(format!(
                "AWS took the body but does not show it: {}: {} -> {}",
                one.field, one.actual, one.desired
            )))));
        }
        Ok(Checked::Right(desired.record(&second)))
    }

    async fn look(&self, aws: &Aws, api: &str) -> Result<Option<rest_api::Actual>> {
        let reads = Reads::new(aws.clone(), &self.api.desired.owner.stack);
        self.api.desired.look(&reads, api).await
    }
}

/// What a look directly after a deployment has shown.
enum Checked {
    /// What was put; with the tag that records it, if it is not there.
    Right(Option<(String, String)>),
    /// Something else; in a while it may be another. Why.
    Edited(String),
    /// Something else, and it stays.
    Refused(Box<Error>),
}

impl Checked {
    fn unseen() -> Self {
        Self::Edited("what was put is not visible yet".to_owned())
    }

    fn edited(what: &impl Display) -> Self {
        Self::Edited(format!(
            "somebody changed the API while it was deployed: {what}"
        ))
    }
}

impl Resource for Deployment {
    type Actual = Actual;
    type Field = Field;
    type Receipt = Known;
    const READS: &'static [Query] = &[Query::GetDeployments, Query::GetDeployment];

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

    async fn complete(
        &self,
        reads: &Reads,
        known: Option<&Known>,
        actual: &mut Actual,
    ) -> Result<()> {
        let by_this_run = known.is_some_and(|Known(id)| id.as_ref() == Some(&actual.id));
        if !actual.is_known && !by_this_run {
            actual.live = live(reads, &actual.api, &actual.id).await?;
        }
        Ok(())
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
            is_known: _,
            live,
        } = actual;
        let wanted = self.api.desired.fingerprint();
        let wanted = wanted.unwrap_or_else(|| UNKNOWN.to_owned());
        let content = Drift::between(Field::Content, fingerprint, &wanted);
        if let Some(content) = content {
            // Another body has other methods.
            return vec![content];
        }
        let definition = self.api.desired.body.definition();
        let live = live.as_ref().map(|live| definition.protection(live));
        let live = live.into_iter().flatten();
        live.map(|one| one.map(Field::Live)).collect()
    }

    async fn create(&self, aws: &Aws) -> Result<Known> {
        self.deploy(aws, None).await
    }

    async fn update(
        &self,
        aws: &Aws,
        actual: &Ours<Actual>,
        _drift: &[Drift<Field>],
    ) -> Result<Known> {
        self.deploy(aws, Some(&actual.age)).await
    }

    #[cfg(test)]
    fn alter(&self, field: &Field, actual: &mut Actual) {
        match field {
            Field::Content => actual.fingerprint = "another".to_owned(),
            Field::Live(_) => {
                let methods = self.api.desired.body.definition().methods.into_keys();
                let open = |name| (name, [(AUTHORIZATION.to_owned(), "?".to_owned())].into());
                actual.live = Some(methods.map(open).collect());
            }
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
        let Some(newest) = own.last() else {
            return Ok(None);
        };
        let id = newest.id().unwrap_or_default();
        let is_known = api
            .tags
            .get(tags::DEPLOYED)
            .is_some_and(|known| known == id);
        let mark = api.mark.for_part(api.mark.key().sibling(Kind::Deployment));
        let actual = Actual {
            api: api.id.clone(),
            id: id.to_owned(),
            fingerprint: fingerprint(newest).unwrap_or_default().to_owned(),
            age: age(newest),
            is_known,
            live: None,
        };
        let found = Found::ours(mark, actual.id.clone(), "available", actual);
        Ok(Some(found.within(&api.id)))
    });
    let found = futures_util::future::try_join_all(looks).await?;
    Ok(found.into_iter().flatten().collect())
}

/// Who may invoke what a deployment serves: its summary tells no more (API
/// Gateway API reference, `MethodSnapshot`). None: it has no summary.
async fn live(reads: &Reads, api: &str, id: &str) -> Result<Option<Methods>> {
    let answer = reads.deployment(api, id).await?;
    let summary = answer.as_ref().as_ref().and_then(|one| one.api_summary());
    let Some(summary) = summary.filter(|summary| !summary.is_empty()) else {
        return Ok(None);
    };
    let mut methods = Methods::new();
    for (path, verbs) in summary {
        for (verb, one) in verbs {
            let kind = one.authorization_type().unwrap_or("NONE");
            let mut said = vec![(AUTHORIZATION.to_owned(), kind.to_ascii_uppercase())];
            if one.api_key_required() {
                said.push((API_KEY.to_owned(), "required".to_owned()));
            }
            methods.insert(format!("{verb} {path}"), said.into_iter().collect());
        }
    }
    Ok(Some(methods))
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

//! The stage: the name under which a deployment is invoked, and its settings.
//!
//! A canary sends a part of the requests to another deployment: it is drift.
//! Caches, settings of single methods and web ACLs are left as they are.

use std::{collections::BTreeMap, sync::Arc};

use aws_sdk_apigateway::types::{self, Op, PatchOperation};
use strum::{Display, EnumIter};

use crate::{
    aws::{
        Aws, Called,
        error::none_if_missing,
        read::{Query, Reads},
    },
    error::{Error, Result},
    graph::Node,
    resource::{
        Drift, Found, Key, Kind, Mark, Need, Ours, Owner, Resource, UNKNOWN,
        tags::{self, Tags},
    },
    resources::{
        Deployment, RestApi, deployment,
        patches::{bare, replace},
        rest_api::{self, Listed},
    },
};

/// The stage of an API of the stack's own.
#[derive(Hash)]
pub struct Stage {
    /// Whose it is.
    pub owner: Owner,
    /// The API.
    pub api: Arc<Node<RestApi>>,
    /// The deployment it serves.
    pub deployment: Arc<Node<Deployment>>,
    /// Its name.
    pub name: String,
    /// How it is set.
    pub settings: Settings,
}

/// What is set on a stage.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Settings {
    /// Its variables.
    pub variables: BTreeMap<String, String>,
    /// Whether X-Ray traces its requests.
    pub tracing: bool,
    /// Where its access logs go, and what a line says.
    pub access_logs: Option<(String, String)>,
}

/// A stage as API Gateway reports it.
#[derive(Clone, Debug)]
pub struct Actual {
    /// The API's id.
    pub api: String,
    /// Its name.
    pub name: String,
    /// The deployment it serves.
    pub deployment: String,
    /// The newest deployment of ours, and its fingerprint. Asked afresh: another
    /// run may have made it a moment ago, and removed the one this run made.
    pub newest: Option<(String, String)>,
    /// Older deployments of ours that no other stage serves.
    pub superseded: Vec<String>,
    /// How it is set.
    pub settings: Settings,
    /// The deployment that gets a part of its requests.
    pub canary: Option<String>,
    /// All its tags.
    pub tags: Tags,
}

/// What can differ.
#[derive(Clone, Debug, PartialEq, Eq, Display, EnumIter)]
#[strum(serialize_all = "lowercase")]
pub enum Field {
    /// The deployment it serves.
    Deployment,
    /// Older deployments of ours.
    #[strum(to_string = "superseded deployments")]
    SupersededDeployments,
    /// A variable, by its name.
    #[strum(to_string = "variables.{0}")]
    Variable(String),
    /// Whether X-Ray traces its requests.
    Tracing,
    /// Where its access logs go, and what a line says.
    #[strum(to_string = "access_logs")]
    AccessLogs,
    /// The deployment that gets a part of its requests.
    Canary,
    /// A tag, by its key.
    #[strum(to_string = "tags.{0}")]
    Tag(String),
}

/// What access logs to a log group need (API Gateway developer guide, "Set up
/// `CloudWatch` logging for REST APIs").
pub const LOG_ROLE: &str = "API Gateway writes to log groups by one role for the account and region: set it in API Gateway's settings (`aws apigateway update-account`, /cloudwatchRoleArn)";

impl Stage {
    fn tags(&self) -> Tags {
        self.owner.tags(&self.key())
    }

    /// What sets a field (API Gateway API reference, "Patch Operations").
    fn patches(&self, field: &Field) -> Vec<PatchOperation> {
        match field {
            Field::Variable(name) => {
                let path = format!("/variables/{name}");
                vec![match self.settings.variables.get(name) {
                    Some(value) => replace(&path, value),
                    None => bare(Op::Remove, &path),
                }]
            }
            Field::Tracing => vec![replace(
                "/tracingEnabled",
                self.settings.tracing.to_string(),
            )],
            Field::AccessLogs => match &self.settings.access_logs {
                Some((destination, format)) => vec![
                    replace("/accessLogSettings/destinationArn", destination),
                    replace("/accessLogSettings/format", format),
                ],
                None => vec![bare(Op::Remove, "/accessLogSettings")],
            },
            Field::Canary => vec![bare(Op::Remove, "/canarySettings")],
            Field::Deployment | Field::SupersededDeployments | Field::Tag(_) => Vec::new(),
        }
    }

    /// Sets what is not set as it should be, in one call.
    async fn set(&self, aws: &Aws, actual: &Actual, drift: &[Drift<Field>]) -> Result<()> {
        let patches = drift.iter().flat_map(|one| self.patches(&one.field));
        let patches: Vec<PatchOperation> = patches.collect();
        if patches.is_empty() {
            return Ok(());
        }
        let call = aws.apigateway.update_stage().rest_api_id(&actual.api);
        let call = call.stage_name(&actual.name);
        let set = call.set_patch_operations(Some(patches)).send().await;
        // "CloudWatch Logs role ARN must be set in account settings to enable logging".
        set.called("UpdateStage").map(drop).map_err(|error| {
            if error.message.contains("role ARN must be set") {
                return error.hint(LOG_ROLE);
            }
            error
        })
    }

    /// Lets it serve the newest deployment of ours.
    async fn serve_newest(&self, aws: &Aws, actual: &Actual) -> Result<()> {
        let newest = actual.newest.as_ref().map(|(id, _)| id);
        let Some(newest) = newest.filter(|id| **id != actual.deployment) else {
            return Ok(());
        };
        // Another run may have removed it in this very moment: refused for a
        // minute means "look again" (`aws/codes.rs`).
        aws.apigateway
            .update_stage()
            .rest_api_id(&actual.api)
            .stage_name(&actual.name)
            .patch_operations(replace("/deploymentId", newest))
            .send()
            .await
            .called("UpdateStage")
            .map(drop)
    }
}

impl Resource for Stage {
    type Actual = Actual;
    type Field = Field;
    type Receipt = ();
    const READS: &'static [Query] = &[Query::GetStages, Query::GetDeployments];
    const MADE_ONCE: bool = true;

    fn key(&self) -> Key {
        self.api.key().sibling(Kind::Stage)
    }

    fn needs(&self) -> Vec<Need> {
        vec![self.deployment.settled()]
    }

    fn summary(&self) -> String {
        self.name.clone()
    }

    async fn discover(reads: &Reads) -> Result<Vec<Found<Actual>>> {
        those(reads, |_| true).await
    }

    async fn find(&self, reads: &Reads) -> Result<Option<Found<Actual>>> {
        let found = those(reads, |api| api.is(&self.api)).await?;
        Ok(found.into_iter().find(|found| self.matches(found)))
    }

    async fn again(reads: &Reads, was: &Found<Actual>) -> Result<Option<Found<Actual>>> {
        let found = those(reads, |api| api.id == was.actual.api).await?;
        Ok(found.into_iter().find(|found| found.id == was.id))
    }

    fn matches(&self, found: &Found<Actual>) -> bool {
        // Not that of a second API of the same key.
        let of_api = self.api.id().is_none_or(|id| id == found.actual.api);
        found.key == self.key() && found.actual.name == self.name && of_api
    }

    fn diff(&self, actual: &Actual) -> Vec<Drift<Field>> {
        let Actual {
            api: _,
            name: _,
            deployment,
            newest,
            superseded,
            settings,
            canary,
            tags: has,
        } = actual;
        let fresh = self.deployment.desired.api.desired.fingerprint();
        let current = newest
            .as_ref()
            .filter(|(_, fingerprint)| Some(fingerprint) == fresh.as_ref())
            .map_or_else(|| UNKNOWN.to_owned(), |(id, _)| id.clone());
        let mut drift: Vec<Drift<Field>> = Drift::between(Field::Deployment, deployment, &current)
            .into_iter()
            .collect();
        if !superseded.is_empty() {
            let text = superseded.join(", ");
            drift.push(Drift::new(Field::SupersededDeployments, text, ""));
        }
        drift.extend(self.settings.drift(settings));
        if let Some(canary) = canary {
            drift.push(Drift::new(Field::Canary, canary, ""));
        }
        drift.extend(tags::drift(has, &self.tags(), Field::Tag));
        drift
    }

    async fn create(&self, aws: &Aws) -> Result<()> {
        let deployment = self.deployment.require()?;
        let variables = self.settings.variables.clone().into_iter().collect();
        let variables = Some(variables).filter(|_| !self.settings.variables.is_empty());
        aws.apigateway
            .create_stage()
            .rest_api_id(&deployment.api)
            .stage_name(&self.name)
            .deployment_id(&deployment.id)
            .set_variables(variables)
            .set_tracing_enabled(self.settings.tracing.then_some(true))
            .set_tags(Some(tags::to_map(&self.tags())))
            .send()
            .await
            .called("CreateStage")
            .map(drop)
    }

    async fn update(&self, aws: &Aws, actual: &Ours<Actual>, drift: &[Drift<Field>]) -> Result<()> {
        let mut changes = Tags::new();
        for one in drift {
            if let Field::Tag(key) = &one.field {
                changes.extend(tags::to_repair(key, &actual.tags, &self.tags()));
            }
        }
        let path = format!("/restapis/{}/stages/{}", actual.api, actual.name);
        rest_api::tag(aws, &path, &changes).await?;
        self.set(aws, actual, drift).await?;
        for one in drift {
            match one.field {
                Field::Deployment => self.serve_newest(aws, actual).await?,
                Field::SupersededDeployments => {
                    for old in &actual.superseded {
                        remove_unless_used(aws, &actual.api, old).await?;
                    }
                }
                Field::Variable(_)
                | Field::Tracing
                | Field::AccessLogs
                | Field::Canary
                | Field::Tag(_) => {}
            }
        }
        Ok(())
    }

    #[cfg(test)]
    fn alter(&self, field: &Field, actual: &mut Actual) {
        match field {
            Field::Deployment => actual.deployment = "another".to_owned(),
            Field::SupersededDeployments => actual.superseded = vec!["older".to_owned()],
            Field::Variable(_) => {
                let one = ("another".to_owned(), "1".to_owned());
                actual.settings.variables.extend([one]);
            }
            Field::Tracing => actual.settings.tracing ^= true,
            Field::AccessLogs => {
                actual.settings.access_logs = Some(("another".to_owned(), String::new()));
            }
            Field::Canary => actual.canary = Some("another".to_owned()),
            Field::Tag(_) => tags::alter(&mut actual.tags),
        }
    }

    async fn delete(aws: &Aws, actual: &Ours<Actual>) -> Result<()> {
        let deleted = aws
            .apigateway
            .delete_stage()
            .rest_api_id(&actual.api)
            .stage_name(&actual.name)
            .send()
            .await
            .called("DeleteStage");
        none_if_missing(deleted).map(drop)
    }
}

impl Settings {
    fn of(stage: &types::Stage) -> Self {
        let logs = stage.access_log_settings();
        let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
        let logs = logs.map(|logs| (text(logs.destination_arn()), text(logs.format())));
        let variables = stage.variables().into_iter().flatten();
        Self {
            variables: variables
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect(),
            tracing: stage.tracing_enabled(),
            // Emptied is taken away.
            access_logs: logs.filter(|(destination, _)| !destination.is_empty()),
        }
    }

    fn drift(&self, actual: &Self) -> Vec<Drift<Field>> {
        let Self {
            variables,
            tracing,
            access_logs,
        } = actual;
        let names: std::collections::BTreeSet<&String> =
            self.variables.keys().chain(variables.keys()).collect();
        let text =
            |all: &BTreeMap<String, String>, name| all.get(name).cloned().unwrap_or_default();
        let mut drift: Vec<Drift<Field>> = names
            .into_iter()
            .filter_map(|name| {
                let (has, wants) = (text(variables, name), text(&self.variables, name));
                Drift::between(Field::Variable(name.clone()), &has, &wants)
            })
            .collect();
        drift.extend(Drift::between(Field::Tracing, tracing, &self.tracing));
        let words = |logs: &Option<(String, String)>| {
            let logs = logs.as_ref();
            logs.map_or_else(String::new, |(place, format)| format!("{place} {format}"))
        };
        let (has, wants) = (words(access_logs), words(&self.access_logs));
        drift.extend(Drift::between(Field::AccessLogs, &has, &wants));
        drift
    }
}

/// The deployment of a canary, as long as it gets requests.
fn canary(stage: &types::Stage) -> Option<String> {
    let canary = stage.canary_settings()?;
    let id = canary.deployment_id().unwrap_or_default();
    Some(format!("{id} {} %", canary.percent_traffic()))
}

/// The stages of the stack's own of the APIs that are wanted.
async fn those(reads: &Reads, wanted: impl Fn(&Listed) -> bool) -> Result<Vec<Found<Actual>>> {
    let apis = rest_api::listed(&reads.remembered()).await?.into_iter();
    let looks = apis.filter(wanted).map(|api| async move {
        let id = &api.id;
        let (stages, deployments) = tokio::try_join!(reads.stages(id), deployment::own(reads, id))?;
        let own = stages.iter().filter_map(|stage| {
            let pairs = stage.tags().into_iter().flatten();
            let tags: Tags = pairs
                .map(|(key, value)| (key.clone(), value.clone()))
                .collect();
            let name = stage.stage_name()?.to_owned();
            let mark = Mark::of_tags(&tags, &reads.stack)?;
            let actual = Actual {
                api: id.clone(),
                name,
                deployment: stage.deployment_id().unwrap_or_default().to_owned(),
                newest: deployments.last().and_then(|newest| {
                    let fingerprint = deployment::fingerprint(newest)?;
                    Some((newest.id.clone()?, fingerprint.to_owned()))
                }),
                superseded: superseded(&deployments, &stages, stage),
                settings: Settings::of(stage),
                canary: canary(stage),
                tags,
            };
            let stage = Found::ours(mark, actual.name.clone(), "available", actual);
            Some(stage.within(id).scoped(id))
        });
        Ok::<_, Error>(own.collect::<Vec<_>>())
    });
    let found = futures_util::future::try_join_all(looks).await?;
    Ok(found.into_iter().flatten().collect())
}

/// The deployments that nobody needs once this stage serves the newest. One that
/// a stage of somebody else's serves stays: AWS refuses to delete it.
fn superseded(
    deployments: &[types::Deployment],
    stages: &[types::Stage],
    this: &types::Stage,
) -> Vec<String> {
    let elsewhere = |id: &str| {
        let others = stages
            .iter()
            .filter(|stage| stage.stage_name() != this.stage_name());
        others
            .filter_map(types::Stage::deployment_id)
            .any(|served| served == id)
    };
    let older = deployments.split_last().map_or(&[][..], |(_, older)| older);
    let ids = older.iter().filter_map(types::Deployment::id);
    ids.filter(|id| !elsewhere(id)).map(str::to_owned).collect()
}

/// A stage that somebody adds meanwhile may serve it.
async fn remove_unless_used(aws: &Aws, api: &str, deployment: &str) -> Result<()> {
    match deployment::remove(aws, api, deployment).await {
        Err(error) if error.code() == Some("BadRequestException") => Ok(()),
        other => other,
    }
}

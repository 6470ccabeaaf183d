//! The target groups: one for all `api` routes, and one for each route to a
//! function or a site.
//!
//! What a group leads to cannot be changed in AWS, or not without a gap: a group
//! has one target type, and a group of functions one function. So a group's name
//! says what it leads to. A route that leads elsewhere gets another group beside
//! the old one, its rule is switched over in one call, and the old group goes
//! last.

use std::collections::BTreeMap;

use aws_sdk_elasticloadbalancingv2::types::{self, TargetTypeEnum};
use strum::{Display, EnumIter};

use crate::{
    aws::{
        Aws, Called,
        error::none_if_missing,
        read::{Query, Reads},
    },
    config::{FunctionHealth, HealthCheck},
    error::{Error, ErrorKind, Result},
    names,
    resource::{
        Drift, Found, Key, Kind, Mark, Need, Ours, Owner, Resource,
        tags::{self, Tags},
    },
    resources::balancing::{self, About},
};

mod following;
mod settings;

pub use following::{OfAddresses, Standing, is_used, of_addresses};

use settings::{Check, Settings};

/// A target group.
#[derive(Hash)]
pub struct TargetGroup {
    /// Whose it is.
    pub owner: Owner,
    /// The VPC.
    pub vpc: String,
    /// How it is called.
    pub key: Key,
    /// What it leads to.
    pub behind: Behind,
}

/// What a target group leads to.
#[derive(Clone, Debug, PartialEq, Hash)]
pub enum Behind {
    /// The addresses of the `execute-api` endpoint, for every `api` route.
    Api {
        /// How they are checked. `/ping`, which API Gateway reserves for its
        /// service health, and 200: a wider matcher would call a refusing
        /// policy healthy.
        health: HealthCheck,
    },
    /// The addresses of the S3 endpoint, for one bucket.
    Site {
        /// The bucket.
        bucket: String,
        /// Whether the stack has a statement in the bucket's policy. It is
        /// found by the bucket's name in a tag.
        manage_policy: bool,
    },
    /// One function.
    Lambda {
        /// Its ARN, with its version or alias. Its permission is found by it.
        function: String,
        /// Whether headers and query parameters come and go as lists.
        multi_value_headers: bool,
        /// How it is checked. Each check invokes it, so not at all by default.
        health_check: Option<FunctionHealth>,
    },
}

impl Behind {
    /// What else belongs to the group's identity than its route.
    fn identity(&self) -> String {
        match self {
            Self::Api { .. } => String::new(),
            Self::Site { .. } => " site".to_owned(),
            Self::Lambda { function, .. } => format!(" {function}"),
        }
    }

    fn tags(&self) -> Tags {
        let pairs = match self {
            Self::Api { .. } => vec![],
            Self::Site {
                bucket,
                manage_policy,
            } => {
                let managed = manage_policy.then_some((tags::BUCKET_POLICY, bucket));
                [(tags::BUCKET, bucket)]
                    .into_iter()
                    .chain(managed)
                    .collect()
            }
            Self::Lambda { function, .. } => vec![(tags::FUNCTION, function)],
        };
        let pairs = pairs.into_iter();
        pairs
            .map(|(tag, value)| (tag.to_owned(), value.clone()))
            .collect()
    }
}

/// A target group as ELBv2 reports it.
#[derive(Clone, Debug)]
pub struct Actual {
    /// Its ARN.
    pub arn: String,
    /// Its name, which nobody can change.
    pub name: String,
    /// `ip` or `lambda`.
    pub target_type: String,
    /// Protocol and port; empty for functions.
    pub traffic: String,
    /// The VPC; empty for functions.
    pub vpc: String,
    /// The health check's settings.
    pub health: BTreeMap<Field, String>,
    /// Its attributes, as ELBv2 spells them.
    pub attributes: BTreeMap<String, String>,
    /// All its tags.
    pub tags: Tags,
}

/// What can differ.
#[derive(Clone, Debug, PartialOrd, Ord, PartialEq, Eq, Display, EnumIter)]
#[strum(serialize_all = "lowercase")]
pub enum Field {
    /// Protocol and port.
    Traffic,
    /// `ip` or `lambda`.
    #[strum(to_string = "target type")]
    TargetType,
    /// The VPC.
    Vpc,
    /// Whether targets are checked.
    #[strum(to_string = "health check")]
    HealthCheck,
    /// The protocol of the check.
    #[strum(to_string = "health check protocol")]
    HealthCheckProtocol,
    /// The path that is asked for.
    #[strum(to_string = "health check path")]
    HealthCheckPath,
    /// The healthy codes.
    #[strum(to_string = "health check matcher")]
    HealthCheckMatcher,
    /// The time from one check to the next.
    #[strum(to_string = "health check interval")]
    HealthCheckInterval,
    /// The time to wait for an answer.
    #[strum(to_string = "health check timeout")]
    HealthCheckTimeout,
    /// The answers that make a target healthy.
    #[strum(to_string = "healthy threshold")]
    HealthyThreshold,
    /// The answers that make a target unhealthy.
    #[strum(to_string = "unhealthy threshold")]
    UnhealthyThreshold,
    /// How long a target that goes keeps its connections.
    #[strum(to_string = "deregistration delay")]
    DeregistrationDelay,
    /// Whether headers come and go as lists.
    #[strum(to_string = "multi-value headers")]
    MultiValueHeaders,
    /// A tag, by its key.
    #[strum(to_string = "tags.{0}")]
    Tag(String),
}

impl TargetGroup {
    /// The key of the group of a route to a function or a site.
    ///
    /// What belongs to `/` is bare, but the group of the `api` routes is always
    /// called `target-group`: beside it the group of `/` is `target-group/`.
    pub fn key_of_route(path: &str, beside_apis: bool) -> Key {
        match (path, beside_apis) {
            ("/", true) => Key::of_root(Kind::TargetGroup),
            _ => Key::of_route(Kind::TargetGroup, path),
        }
    }

    /// Its name, which is never changed.
    pub(super) fn name(&self) -> String {
        // Of the path: the key of `/` changes when the first API comes.
        let place = Key::of_route(Kind::TargetGroup, &self.key.path());
        let of = format!("{place}{}", self.behind.identity());
        names::target_group(&self.owner.stack, &of)
    }

    fn tags(&self) -> Tags {
        let mut tags = self.owner.tags(&self.key);
        tags.extend(self.behind.tags());
        tags
    }
}

impl Resource for TargetGroup {
    type Actual = Actual;
    type Field = Field;
    type Receipt = ();
    const READS: &'static [Query] = &[
        Query::DescribeTargetGroups,
        Query::DescribeTargetGroupAttributes,
        Query::DescribeTags,
    ];

    fn key(&self) -> Key {
        self.key.clone()
    }

    fn needs(&self) -> Vec<Need> {
        vec![]
    }

    fn summary(&self) -> String {
        match &self.behind {
            Behind::Api { health } => format!(
                "HTTPS:443, healthy when {} answers {}",
                health.path, health.matcher
            ),
            Behind::Site { bucket, .. } => format!("HTTPS:443, bucket {bucket}"),
            Behind::Lambda { function, .. } => format!("function {function}"),
        }
    }

    async fn discover(reads: &Reads) -> Result<Vec<Found<Actual>>> {
        those(reads, |_| true).await
    }

    async fn find(&self, reads: &Reads) -> Result<Option<Found<Actual>>> {
        let name = self.name();
        let found = those(reads, |one| one.target_group_name() == Some(&name)).await?;
        Ok(found.into_iter().next())
    }

    async fn again(reads: &Reads, was: &Found<Actual>) -> Result<Option<Found<Actual>>> {
        let found = those(reads, |one| one.target_group_arn() == Some(&was.id)).await?;
        Ok(found.into_iter().next())
    }

    fn matches(&self, found: &Found<Actual>) -> bool {
        found.actual.name == self.name()
    }

    async fn conflict(&self, reads: &Reads) -> Result<Option<Error>> {
        let name = self.name();
        let standing = balancing::standing(reads, About::Groups(&|_| true)).await?;
        let foreign = standing
            .groups
            .iter()
            .any(|(group, _)| group.target_group_name() == Some(&name));
        Ok(foreign.then(|| {
            Error::new(
                ErrorKind::NotOurs,
                format!("the target group {name} is not this stack's"),
            )
            .hint("delete it, or choose another `stack` name")
        }))
    }

    fn diff(&self, actual: &Actual) -> Vec<Drift<Field>> {
        let Actual {
            arn: _,
            name: _,
            target_type,
            traffic,
            vpc,
            health,
            attributes,
            tags: has,
        } = actual;
        let wanted = Settings::of(&self.behind, &self.vpc);
        let fixed = [
            Drift::between(Field::Traffic, traffic, &wanted.traffic),
            Drift::between(Field::TargetType, target_type, &wanted.target_type),
            Drift::between(Field::Vpc, vpc, &wanted.vpc),
        ];
        let mut drift: Vec<Drift<Field>> = fixed
            .into_iter()
            .flatten()
            .map(|one| one.replaces())
            .collect();
        for (field, wanted) in wanted.health() {
            let has = health.get(&field).cloned().unwrap_or_default();
            drift.extend(Drift::between(field, &has, &wanted));
        }
        for (field, attribute, wanted) in &wanted.attributes {
            let has = attributes.get(*attribute).cloned().unwrap_or_default();
            drift.extend(Drift::between(field.clone(), &has, wanted));
        }
        drift.extend(tags::drift(has, &self.tags(), Field::Tag));
        drift
    }

    async fn create(&self, aws: &Aws) -> Result<()> {
        let settings = Settings::of(&self.behind, &self.vpc);
        let check = settings.check.as_ref();
        aws.elb
            .create_target_group()
            .name(self.name())
            .target_type(TargetTypeEnum::from(settings.target_type.as_str()))
            .set_protocol(settings.protocol())
            .set_port(settings.port())
            .set_vpc_id((!settings.vpc.is_empty()).then(|| settings.vpc.clone()))
            .health_check_enabled(check.is_some())
            .set_health_check_protocol(check.and_then(|check| check.protocol.clone()))
            .set_health_check_path(check.map(|check| check.path.clone()))
            .set_health_check_interval_seconds(check.map(|check| check.interval))
            .set_health_check_timeout_seconds(check.map(|check| check.timeout))
            .set_healthy_threshold_count(check.map(|check| check.threshold))
            .set_unhealthy_threshold_count(check.map(|check| check.threshold))
            .set_matcher(check.map(Check::matcher))
            .set_tags(Some(tags::to_elb(&self.tags())))
            .send()
            .await
            .called("CreateTargetGroup")
            .map(drop)
    }

    async fn update(&self, aws: &Aws, actual: &Ours<Actual>, drift: &[Drift<Field>]) -> Result<()> {
        let settings = Settings::of(&self.behind, &self.vpc);
        let (mut changes, mut attributes) = (Tags::new(), Vec::new());
        let mut check_differs = false;
        for one in drift {
            match &one.field {
                // Only a new one has another protocol, type or VPC.
                Field::Traffic | Field::TargetType | Field::Vpc => {}
                Field::HealthCheck
                | Field::HealthCheckProtocol
                | Field::HealthCheckPath
                | Field::HealthCheckMatcher
                | Field::HealthCheckInterval
                | Field::HealthCheckTimeout
                | Field::HealthyThreshold
                | Field::UnhealthyThreshold => check_differs = true,
                Field::DeregistrationDelay | Field::MultiValueHeaders => {
                    attributes.extend(settings.attribute(&one.field));
                }
                Field::Tag(key) => {
                    changes.extend(tags::to_repair(key, &actual.tags, &self.tags()));
                }
            }
        }
        balancing::set_tags(aws, &actual.arn, &changes).await?;
        if check_differs {
            modify_check(aws, &actual.arn, settings.check.as_ref()).await?;
        }
        if attributes.is_empty() {
            return Ok(());
        }
        aws.elb
            .modify_target_group_attributes()
            .target_group_arn(&actual.arn)
            .set_attributes(Some(attributes))
            .send()
            .await
            .called("ModifyTargetGroupAttributes")
            .map(drop)
    }

    #[cfg(test)]
    fn alter(&self, field: &Field, actual: &mut Actual) {
        let mut check = |value: &str| drop(actual.health.insert(field.clone(), value.to_owned()));
        match field {
            Field::Traffic => actual.traffic = "HTTP:80".to_owned(),
            Field::TargetType => actual.target_type = "instance".to_owned(),
            Field::Vpc => actual.vpc = "vpc-0another".to_owned(),
            Field::HealthCheck
            | Field::HealthCheckProtocol
            | Field::HealthCheckPath
            | Field::HealthCheckMatcher
            | Field::HealthCheckInterval
            | Field::HealthCheckTimeout
            | Field::HealthyThreshold
            | Field::UnhealthyThreshold => check("another"),
            Field::DeregistrationDelay | Field::MultiValueHeaders => actual.attributes.clear(),
            Field::Tag(_) => tags::alter(&mut actual.tags),
        }
    }

    async fn delete(aws: &Aws, actual: &Ours<Actual>) -> Result<()> {
        let deleted = aws
            .elb
            .delete_target_group()
            .target_group_arn(&actual.arn)
            .send()
            .await
            .called("DeleteTargetGroup");
        none_if_missing(deleted).map(drop)
    }
}

async fn modify_check(aws: &Aws, arn: &str, check: Option<&Check>) -> Result<()> {
    aws.elb
        .modify_target_group()
        .target_group_arn(arn)
        .health_check_enabled(check.is_some())
        .set_health_check_protocol(check.and_then(|check| check.protocol.clone()))
        .set_health_check_path(check.map(|check| check.path.clone()))
        .set_health_check_interval_seconds(check.map(|check| check.interval))
        .set_health_check_timeout_seconds(check.map(|check| check.timeout))
        .set_healthy_threshold_count(check.map(|check| check.threshold))
        .set_unhealthy_threshold_count(check.map(|check| check.threshold))
        .set_matcher(check.map(Check::matcher))
        .send()
        .await
        .called("ModifyTargetGroup")
        .map(drop)
}

/// A target group of the stack's own, without what takes a call of its own.
pub(super) struct Listed {
    /// Its ARN.
    pub arn: String,
    /// The proof that it is the stack's.
    pub mark: Mark,
    /// All its tags.
    pub tags: Tags,
    group: types::TargetGroup,
}

/// The stack's own target groups as the list has them; the tags of those that
/// are wanted are as new as the list.
pub(super) async fn listed(
    reads: &Reads,
    wanted: impl Fn(&types::TargetGroup) -> bool + Sync,
) -> Result<Vec<Listed>> {
    let standing = balancing::standing(reads, About::Groups(&wanted)).await?;
    // Only groups whose names can be the stack's are listed, and names are
    // unique and never changed.
    let wanted = standing.groups.into_iter().filter(|(one, _)| wanted(one));
    let own = wanted.filter_map(|(group, tags)| {
        Some(Listed {
            arn: group.target_group_arn()?.to_owned(),
            mark: Mark::of_tags(&tags, &reads.stack)?,
            tags,
            group,
        })
    });
    Ok(own.collect())
}

async fn those(
    reads: &Reads,
    wanted: impl Fn(&types::TargetGroup) -> bool + Sync,
) -> Result<Vec<Found<Actual>>> {
    let own = listed(reads, wanted).await?;
    let looks = own.into_iter().map(|one| async move {
        let attributes = attributes(reads, &one.arn).await?;
        let actual = actual(&one.group, attributes, one.tags);
        Ok(Found::ours(one.mark, one.arn, "available", actual))
    });
    futures_util::future::try_join_all(looks).await
}

async fn attributes(reads: &Reads, arn: &str) -> Result<BTreeMap<String, String>> {
    let answer = reads.target_group_attributes(arn).await?;
    let all = answer.as_ref().as_ref().map(|answer| answer.attributes());
    let all = all.into_iter().flatten();
    let pairs = all.filter_map(|one| Some((one.key()?.to_owned(), one.value()?.to_owned())));
    Ok(pairs.collect())
}

fn actual(group: &types::TargetGroup, attributes: BTreeMap<String, String>, tags: Tags) -> Actual {
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    Actual {
        arn: text(group.target_group_arn()),
        name: text(group.target_group_name()),
        target_type: text(group.target_type().map(TargetTypeEnum::as_str)),
        traffic: settings::traffic(group),
        vpc: text(group.vpc_id()),
        health: settings::health(group),
        attributes,
        tags,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(path: &str, beside_apis: bool, function: &str) -> TargetGroup {
        TargetGroup {
            owner: Owner {
                stack: "orders".to_owned(),
                extra: Tags::new(),
            },
            vpc: "vpc-1".to_owned(),
            key: TargetGroup::key_of_route(path, beside_apis),
            behind: Behind::Lambda {
                function: function.to_owned(),
                multi_value_headers: false,
                health_check: None,
            },
        }
    }

    #[test]
    fn the_group_of_the_first_route_stays_when_an_api_comes_or_goes() {
        let (alone, beside) = (group("/", false, "f"), group("/", true, "f"));
        assert_eq!(alone.key().as_str(), "target-group");
        assert_eq!(beside.key().as_str(), "target-group/");
        assert_eq!(beside.key().sibling(Kind::Targets).as_str(), "targets/");
        assert_eq!(beside.key().path(), "/");
        assert_eq!(alone.name(), beside.name());
    }

    #[test]
    fn a_route_that_leads_elsewhere_has_another_group() {
        let names = [
            group("/sms", true, "f").name(),
            group("/sms", true, "f:live").name(),
            group("/texts", true, "f").name(),
        ];
        assert!(names[0] != names[1] && names[0] != names[2]);
        assert!(
            names
                .iter()
                .all(|name| names::is_target_group("orders", name))
        );
    }
}

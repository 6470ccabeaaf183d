//! The target groups: one for all `api` routes, and one for each route to a
//! function or a site.
//!
//! What a group leads to cannot be changed in AWS, or not without a gap: a group
//! has one target type, and a group of functions one function. So a group's name
//! says what it leads to. A route that leads elsewhere gets another group beside
//! the old one, its rule is switched over in one call, and the old group goes
//! last.

use std::collections::BTreeMap;

use aws_sdk_elasticloadbalancingv2::types::{self, Matcher, TargetGroupAttribute, TargetTypeEnum};

use crate::{
    aws::{
        Aws, Called,
        error::none_if_missing,
        read::{Query, Reads},
        tags::{self, Owner, Tags},
    },
    config::{FunctionHealth, HealthCheck},
    error::{Error, Kind as Cause, Result},
    names,
    ownership::{Found, Mark, Ours},
    resource::{Drift, Key, Need, Resource},
    resources::balancing::{self, About},
};

mod settings;

use settings::Settings;

/// A target group.
pub struct TargetGroup {
    /// Whose it is.
    pub owner: Owner,
    /// The VPC.
    pub vpc: String,
    /// How it is called.
    pub key: Key,
    /// What it leads to.
    pub kind: Kind,
}

/// What a target group leads to.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
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

impl Kind {
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
    /// The health check's settings, by the names that differences have.
    pub health: BTreeMap<&'static str, String>,
    /// Its attributes, as ELBv2 spells them.
    pub attributes: BTreeMap<String, String>,
    /// All its tags.
    pub tags: Tags,
}

impl TargetGroup {
    /// The key of the group of a route to a function or a site.
    ///
    /// What belongs to `/` is bare, but the group of the `api` routes is always
    /// called `target-group`: beside it the group of `/` is `target-group/`.
    pub fn key_of_route(path: &str, beside_apis: bool) -> Key {
        match (path, beside_apis) {
            ("/", true) => Key::from_tag("target-group/"),
            _ => Key::of_route("target-group", path),
        }
    }

    /// Its name, which is never changed.
    pub(super) fn name(&self) -> String {
        // Of the path: the key of `/` changes when the first API comes.
        let place = Key::of_route("target-group", &self.key.path());
        let of = format!("{place}{}", self.kind.identity());
        names::target_group(&self.owner.stack, &of)
    }

    fn tags(&self) -> Tags {
        let mut tags = self.owner.tags(&self.key);
        tags.extend(self.kind.tags());
        tags
    }
}

impl Resource for TargetGroup {
    type Actual = Actual;
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
        match &self.kind {
            Kind::Api { health } => format!(
                "HTTPS:443, healthy when {} answers {}",
                health.path, health.matcher
            ),
            Kind::Site { bucket, .. } => format!("HTTPS:443, bucket {bucket}"),
            Kind::Lambda { function, .. } => format!("function {function}"),
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

    fn is(&self, found: &Found<Actual>) -> bool {
        found.actual.name == self.name()
    }

    async fn obstacle(&self, reads: &Reads) -> Result<Option<Error>> {
        let name = self.name();
        let standing = balancing::standing(reads, About::Groups(&|_| true)).await?;
        let foreign = standing
            .groups
            .iter()
            .any(|(group, _)| group.target_group_name() == Some(&name));
        Ok(foreign.then(|| {
            Error::new(
                Cause::NotOurs,
                format!("the target group {name} is not this stack's"),
            )
            .hint("delete it, or choose another `stack` name")
        }))
    }

    fn diff(&self, actual: &Actual) -> Vec<Drift> {
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
        let wanted = Settings::of(&self.kind, &self.vpc);
        let fixed = [
            Drift::between("traffic", traffic, &wanted.traffic),
            Drift::between("target type", target_type, &wanted.target_type),
            Drift::between("vpc", vpc, &wanted.vpc),
        ];
        let mut drift: Vec<Drift> = fixed
            .into_iter()
            .flatten()
            .map(|one| one.replaces())
            .collect();
        for (field, wanted) in wanted.health() {
            let has = health.get(field).cloned().unwrap_or_default();
            drift.extend(Drift::between(field, &has, &wanted));
        }
        for (field, attribute, wanted) in &wanted.attributes {
            let has = attributes.get(*attribute).cloned().unwrap_or_default();
            drift.extend(Drift::between(field, &has, wanted));
        }
        drift.extend(tags::drift(has, &self.tags()));
        drift
    }

    async fn create(&self, aws: &Aws) -> Result<()> {
        let settings = Settings::of(&self.kind, &self.vpc);
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
            .set_matcher(check.map(|check| matcher(&check.matcher)))
            .set_tags(Some(tags::to_elb(&self.tags())))
            .send()
            .await
            .called("CreateTargetGroup")
            .map(drop)
    }

    async fn update(&self, aws: &Aws, actual: &Ours<Actual>, drift: &[Drift]) -> Result<()> {
        balancing::set_tags(aws, &actual.arn, drift).await?;
        let settings = Settings::of(&self.kind, &self.vpc);
        if drift.iter().any(|one| one.field.contains("health")) {
            let check = settings.check.as_ref();
            aws.elb
                .modify_target_group()
                .target_group_arn(&actual.arn)
                .health_check_enabled(check.is_some())
                .set_health_check_protocol(check.and_then(|check| check.protocol.clone()))
                .set_health_check_path(check.map(|check| check.path.clone()))
                .set_health_check_interval_seconds(check.map(|check| check.interval))
                .set_health_check_timeout_seconds(check.map(|check| check.timeout))
                .set_healthy_threshold_count(check.map(|check| check.threshold))
                .set_unhealthy_threshold_count(check.map(|check| check.threshold))
                .set_matcher(check.map(|check| matcher(&check.matcher)))
                .send()
                .await
                .called("ModifyTargetGroup")?;
        }
        let changed: Vec<TargetGroupAttribute> = settings
            .attributes
            .iter()
            .filter(|(field, ..)| drift.iter().any(|one| one.field == *field))
            .map(|(_, key, value)| {
                let attribute = TargetGroupAttribute::builder().key(*key);
                attribute.value(value).build()
            })
            .collect();
        if !changed.is_empty() {
            aws.elb
                .modify_target_group_attributes()
                .target_group_arn(&actual.arn)
                .set_attributes(Some(changed))
                .send()
                .await
                .called("ModifyTargetGroupAttributes")?;
        }
        Ok(())
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

    fn held_by(_key: &Key) -> &'static [&'static str] {
        // A permission and a bucket's statement are known from the group's tags.
        &[
            "listener-rule",
            "listener",
            "load-balancer",
            "lambda-permission",
            "bucket-policy",
        ]
    }
}

fn matcher(codes: &str) -> Matcher {
    Matcher::builder().http_code(codes).build()
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
            kind: Kind::Lambda {
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
        assert_eq!(beside.key().sibling("targets").as_str(), "targets/");
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

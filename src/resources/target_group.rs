//! The target group of the API routes: HTTPS to the endpoint's addresses.
//!
//! The health check asks for `/ping`, which API Gateway reserves for its
//! service health, and wants 200. A wider matcher would call a refusing policy
//! healthy.

use std::collections::BTreeMap;

use aws_sdk_elasticloadbalancingv2::types::{
    self, Matcher, ProtocolEnum, TargetGroupAttribute, TargetTypeEnum,
};

use crate::{
    aws::{
        Aws, Called,
        error::none_if_missing,
        tags::{self, Owner, Tags},
    },
    error::{Error, Kind, Result},
    look::Look,
    names,
    ownership::{Found, Mark, Ours},
    resource::{Drift, Key, Need, Resource},
    resources::balancing,
};

/// A target group for addresses.
pub struct TargetGroup {
    /// Whose it is.
    pub owner: Owner,
    /// The VPC.
    pub vpc: String,
    /// The path that is asked for.
    pub health_path: String,
    /// The status codes that are healthy.
    pub health_matcher: String,
}

/// A target group as ELBv2 reports it.
#[derive(Clone, Debug)]
pub struct Actual {
    /// Its ARN.
    pub arn: String,
    /// Protocol and port.
    pub traffic: String,
    /// `ip`.
    pub target_type: String,
    /// The VPC.
    pub vpc: String,
    /// The health check's settings, by the names used in [`TargetGroup`].
    pub health: BTreeMap<&'static str, String>,
    /// How long a target that goes keeps its connections, in seconds.
    pub deregistration_delay: String,
    /// All its tags.
    pub tags: Tags,
}

const PORT: i32 = 443;
const INTERVAL: i32 = 10;
const TIMEOUT: i32 = 5;
const THRESHOLD: i32 = 2;
const DELAY: &str = "deregistration_delay.timeout_seconds";
const DELAY_SECONDS: &str = "30";

impl TargetGroup {
    fn health(&self) -> BTreeMap<&'static str, String> {
        BTreeMap::from([
            ("health check protocol", "HTTPS".to_owned()),
            ("health check path", self.health_path.clone()),
            ("health check matcher", self.health_matcher.clone()),
            ("health check interval", INTERVAL.to_string()),
            ("health check timeout", TIMEOUT.to_string()),
            ("healthy threshold", THRESHOLD.to_string()),
            ("unhealthy threshold", THRESHOLD.to_string()),
        ])
    }

    fn matcher(&self) -> Matcher {
        Matcher::builder().http_code(&self.health_matcher).build()
    }
}

impl Resource for TargetGroup {
    type Actual = Actual;
    const ASKS: &'static [&'static str] = &[
        "DescribeTargetGroups",
        "DescribeTargetGroupAttributes",
        balancing::TAGS_OF_STANDING,
    ];

    fn key(&self) -> Key {
        Key::bare("target-group")
    }

    fn needs(&self) -> Vec<Need> {
        vec![]
    }

    fn summary(&self) -> String {
        format!(
            "HTTPS:443, healthy when {} answers {}",
            self.health_path, self.health_matcher
        )
    }

    async fn discover(look: &Look) -> Result<Vec<Found<Actual>>> {
        let standing = balancing::standing(look).await?;
        let own = standing.groups.iter().filter_map(|(group, tags)| {
            let name = group.target_group_name().unwrap_or_default();
            let expected = |key: &Key| names::target_group(&look.stack, key);
            let mark = Mark::of_tags_and_name(tags, &look.stack, name, expected)?;
            Some((mark, group, tags.clone()))
        });
        let looks = own.map(|(mark, group, tags)| async move {
            let arn = group.target_group_arn().unwrap_or_default().to_owned();
            let delay = deregistration_delay(look, &arn).await?;
            let actual = actual(group, delay, tags);
            Ok(Found::ours(mark, arn, "available", actual))
        });
        futures_util::future::try_join_all(looks).await
    }

    async fn obstacle(&self, look: &Look) -> Result<Option<Error>> {
        let name = names::target_group(&self.owner.stack, &self.key());
        let standing = balancing::standing(look).await?;
        let foreign = standing
            .groups
            .iter()
            .any(|(group, _)| group.target_group_name() == Some(&name));
        Ok(foreign.then(|| {
            Error::new(
                Kind::NotOurs,
                format!("the target group {name} is not this stack's"),
            )
            .hint("delete it, or choose another `stack` name")
        }))
    }

    fn diff(&self, actual: &Actual) -> Vec<Drift> {
        let Actual {
            arn: _,
            traffic,
            target_type,
            vpc,
            health,
            deregistration_delay,
            tags: has,
        } = actual;
        let mut drift = Vec::new();
        let traffic = Drift::between("traffic", traffic, &format!("HTTPS:{PORT}"));
        let kind = Drift::between("target type", target_type, &"ip".to_owned());
        let vpc = Drift::between("vpc", vpc, &self.vpc);
        let fixed = [traffic, kind, vpc];
        drift.extend(fixed.into_iter().flatten().map(Drift::replaces));
        for (field, wanted) in self.health() {
            let has = health.get(field).cloned().unwrap_or_default();
            drift.extend(Drift::between(field, &has, &wanted));
        }
        drift.extend(Drift::between(
            "deregistration delay",
            deregistration_delay,
            &DELAY_SECONDS.to_owned(),
        ));
        drift.extend(tags::drift(has, &self.owner.tags(&self.key())));
        drift
    }

    async fn create(&self, aws: &Aws) -> Result<()> {
        aws.elb
            .create_target_group()
            .name(names::target_group(&self.owner.stack, &self.key()))
            .target_type(TargetTypeEnum::Ip)
            .protocol(ProtocolEnum::Https)
            .port(PORT)
            .vpc_id(&self.vpc)
            .health_check_protocol(ProtocolEnum::Https)
            .health_check_path(&self.health_path)
            .health_check_interval_seconds(INTERVAL)
            .health_check_timeout_seconds(TIMEOUT)
            .healthy_threshold_count(THRESHOLD)
            .unhealthy_threshold_count(THRESHOLD)
            .matcher(self.matcher())
            .set_tags(Some(tags::to_elb(&self.owner.tags(&self.key()))))
            .send()
            .await
            .called("CreateTargetGroup")
            .map(drop)
    }

    async fn update(&self, aws: &Aws, actual: &Ours<Actual>, drift: &[Drift]) -> Result<()> {
        balancing::set_tags(aws, &actual.arn, drift).await?;
        if drift.iter().any(|one| one.field.contains("health")) {
            aws.elb
                .modify_target_group()
                .target_group_arn(&actual.arn)
                .health_check_protocol(ProtocolEnum::Https)
                .health_check_path(&self.health_path)
                .health_check_interval_seconds(INTERVAL)
                .health_check_timeout_seconds(TIMEOUT)
                .healthy_threshold_count(THRESHOLD)
                .unhealthy_threshold_count(THRESHOLD)
                .matcher(self.matcher())
                .send()
                .await
                .called("ModifyTargetGroup")?;
        }
        if drift.iter().any(|one| one.field == "deregistration delay") {
            let delay = TargetGroupAttribute::builder()
                .key(DELAY)
                .value(DELAY_SECONDS)
                .build();
            aws.elb
                .modify_target_group_attributes()
                .target_group_arn(&actual.arn)
                .attributes(delay)
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
        &["listener-rule", "listener", "load-balancer"]
    }
}

async fn deregistration_delay(look: &Look, arn: &str) -> Result<String> {
    let answer = look
        .once("DescribeTargetGroupAttributes", arn, || async {
            let answer = look
                .aws
                .elb
                .describe_target_group_attributes()
                .target_group_arn(arn)
                .send()
                .await
                .called("DescribeTargetGroupAttributes");
            none_if_missing(answer)
        })
        .await?;
    let mut attributes = answer.iter().flat_map(|answer| answer.attributes());
    let delay = attributes.find(|one| one.key() == Some(DELAY));
    Ok(delay
        .and_then(|one| one.value())
        .unwrap_or_default()
        .to_owned())
}

fn actual(group: &types::TargetGroup, deregistration_delay: String, tags: Tags) -> Actual {
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    let number = |number: Option<i32>| number.map(|n| n.to_string()).unwrap_or_default();
    let protocol = |protocol: Option<&ProtocolEnum>| text(protocol.map(ProtocolEnum::as_str));
    let matcher = group.matcher().and_then(|matcher| matcher.http_code());
    Actual {
        arn: text(group.target_group_arn()),
        traffic: format!("{}:{}", protocol(group.protocol()), number(group.port())),
        target_type: text(group.target_type().map(TargetTypeEnum::as_str)),
        vpc: text(group.vpc_id()),
        health: BTreeMap::from([
            (
                "health check protocol",
                protocol(group.health_check_protocol()),
            ),
            ("health check path", text(group.health_check_path())),
            ("health check matcher", text(matcher)),
            (
                "health check interval",
                number(group.health_check_interval_seconds()),
            ),
            (
                "health check timeout",
                number(group.health_check_timeout_seconds()),
            ),
            ("healthy threshold", number(group.healthy_threshold_count())),
            (
                "unhealthy threshold",
                number(group.unhealthy_threshold_count()),
            ),
        ]),
        deregistration_delay,
        tags,
    }
}

//! The registered targets: the endpoint's addresses, as they are now.
//!
//! New addresses are registered and healthy before old ones are deregistered,
//! so that there is never less than one healthy target. An unhealthy target is
//! a state, not a difference.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use aws_sdk_elasticloadbalancingv2::types::{
    TargetDescription, TargetHealthDescription, TargetHealthReasonEnum, TargetHealthStateEnum,
};

use crate::{
    aws::{Aws, Called, error::none_if_missing},
    error::{Error, Result},
    graph::{Node, Step},
    look::Look,
    resource::{Drift, Found, Key, Need, Resource, Settled, UNKNOWN},
    resources::{ListenerRule, SecurityGroupRules, TargetGroup, VpcEndpoint},
};

/// The addresses behind a target group.
pub struct Targets {
    /// The target group.
    pub group: Arc<Node<TargetGroup>>,
    /// The endpoint whose addresses they are.
    pub endpoint: Arc<Node<VpcEndpoint>>,
    /// Without them nothing reaches the endpoint.
    pub rules: Arc<Node<SecurityGroupRules>>,
    /// What forwards to the group: until then AWS reports targets `unused`.
    pub forwarders: Vec<Arc<Node<ListenerRule>>>,
}

/// One registered target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Its availability zone, where ELBv2 says it.
    pub zone: String,
    /// `healthy`, `initial`, `unhealthy`, `unused`, …
    pub health: String,
    /// AWS's reason code and description.
    pub reason: Option<String>,
}

/// The targets as ELBv2 reports them; those that are draining are gone already.
#[derive(Clone, Debug)]
pub struct Actual {
    /// The target group's ARN.
    pub group: String,
    /// By address.
    pub targets: BTreeMap<String, Target>,
}

impl Actual {
    fn is_healthy(&self, address: &str) -> bool {
        self.targets
            .get(address)
            .is_some_and(|target| target.health == "healthy")
    }
}

impl Targets {
    fn wanted(&self) -> Option<BTreeSet<String>> {
        let endpoint = self.endpoint.actual()?;
        let addresses = self.endpoint.desired.wanted_addresses(&endpoint);
        Some(addresses.into_iter().map(|address| address.ip).collect())
    }

    fn known(&self) -> Result<BTreeSet<String>> {
        self.wanted()
            .filter(|wanted| !wanted.is_empty())
            .ok_or_else(|| Error::not_yet("the endpoint has no addresses yet"))
    }
}

impl Resource for Targets {
    type Actual = Actual;
    const ASKS: &'static [&'static str] = &["DescribeTargetHealth"];

    fn key(&self) -> Key {
        self.group.key().sibling("targets")
    }

    fn needs(&self) -> Vec<Need> {
        let rules = self.forwarders.iter().map(|rule| rule.exists());
        rules
            .chain([
                self.group.exists(),
                self.endpoint.settled(),
                self.rules.settled(),
            ])
            .collect()
    }

    fn summary(&self) -> String {
        "the endpoint's addresses".to_owned()
    }

    async fn discover(look: &Look) -> Result<Vec<Found<Actual>>> {
        let groups = TargetGroup::discover(look).await?;
        let looks = groups.iter().map(|group| async move {
            let targets = registered(look, &group.id).await?;
            let found = (!targets.is_empty()).then(|| Found {
                key: group.key.sibling("targets"),
                id: group.id.clone(),
                state: summary(&targets),
                parent: Some(group.id.clone()),
                actual: Actual {
                    group: group.id.clone(),
                    targets,
                },
            });
            Ok(found)
        });
        let found = futures_util::future::try_join_all(looks).await?;
        Ok(found.into_iter().flatten().collect())
    }

    /// An address that does not answer may be one that the endpoint no longer
    /// has: AWS replaces an interface when it wants to.
    async fn find(&self, look: &Look) -> Result<Option<Found<Actual>>> {
        let all = Self::discover(look).await?;
        let found = all.into_iter().find(|found| self.is(found));
        let sick = |found: &Found<Actual>| {
            let mut targets = found.actual.targets.values();
            targets.any(|target| target.health == "unhealthy")
        };
        if found.as_ref().is_some_and(sick) {
            self.endpoint.look_again(look).await?;
        }
        Ok(found)
    }

    fn diff(&self, actual: &Actual) -> Vec<Drift> {
        let Actual { group: _, targets } = actual;
        let has: BTreeSet<String> = targets.keys().cloned().collect();
        match self.wanted() {
            None => vec![Drift::new("addresses", join(&has), UNKNOWN)],
            Some(wanted) => {
                let desired = if self.endpoint.is_settled() {
                    join(&wanted)
                } else {
                    UNKNOWN.to_owned()
                };
                (has != wanted)
                    .then(|| Drift::new("addresses", join(&has), desired))
                    .into_iter()
                    .collect()
            }
        }
    }

    fn settled(&self, actual: &Actual) -> Settled {
        let sick = actual
            .targets
            .iter()
            .find(|(_, target)| target.health != "healthy");
        match sick {
            None => Settled::Yes,
            Some((address, target)) => {
                let reason = target.reason.as_deref().unwrap_or("no reason given");
                Settled::NotYet(format!("{address} is {}: {reason}", target.health))
            }
        }
    }

    async fn create(&self, aws: &Aws) -> Result<()> {
        register(aws, &self.group.require()?.arn, &self.known()?).await
    }

    async fn update(&self, aws: &Aws, actual: &Actual, _drift: &[Drift]) -> Result<()> {
        let wanted = self.known()?;
        let has: BTreeSet<String> = actual.targets.keys().cloned().collect();
        let missing: BTreeSet<String> = wanted.difference(&has).cloned().collect();
        if !missing.is_empty() {
            return register(aws, &actual.group, &missing).await;
        }
        if let Some(sick) = wanted.iter().find(|address| !actual.is_healthy(address)) {
            return Err(Error::not_yet(format!(
                "old addresses stay until {sick} is healthy"
            )));
        }
        let stale: BTreeSet<String> = has.difference(&wanted).cloned().collect();
        deregister(aws, &actual.group, &stale).await
    }

    async fn delete(aws: &Aws, actual: &Actual) -> Result<()> {
        let all = actual.targets.keys().cloned().collect();
        none_if_missing(deregister(aws, &actual.group, &all).await).map(drop)
    }
}

fn descriptions(addresses: &BTreeSet<String>) -> Vec<TargetDescription> {
    addresses
        .iter()
        .map(|address| TargetDescription::builder().id(address).build())
        .collect()
}

async fn register(aws: &Aws, group: &str, addresses: &BTreeSet<String>) -> Result<()> {
    let registered = aws
        .elb
        .register_targets()
        .target_group_arn(group)
        .set_targets(Some(descriptions(addresses)))
        .send()
        .await
        .called("RegisterTargets");
    match registered {
        // An address that was deregistered cannot come back before its
        // deregistration delay has passed.
        Err(error) if error.code() == Some("InvalidTarget") => {
            Err(Error::not_yet(error.to_string()))
        }
        other => other.map(drop),
    }
}

async fn deregister(aws: &Aws, group: &str, addresses: &BTreeSet<String>) -> Result<()> {
    if addresses.is_empty() {
        return Ok(());
    }
    aws.elb
        .deregister_targets()
        .target_group_arn(group)
        .set_targets(Some(descriptions(addresses)))
        .send()
        .await
        .called("DeregisterTargets")
        .map(drop)
}

async fn registered(look: &Look, group: &str) -> Result<BTreeMap<String, Target>> {
    let answer = look
        .once("DescribeTargetHealth", group, || async {
            let answer = look
                .aws
                .elb
                .describe_target_health()
                .target_group_arn(group)
                .send()
                .await
                .called("DescribeTargetHealth");
            none_if_missing(answer)
        })
        .await?;
    let all = answer
        .iter()
        .flat_map(|answer| answer.target_health_descriptions());
    Ok(all.filter_map(target).collect())
}

fn target(description: &TargetHealthDescription) -> Option<(String, Target)> {
    let target = description.target()?;
    let health = description.target_health();
    let state = health.and_then(|health| health.state());
    // A target on its way out still shows for its deregistration delay.
    let going = health
        .and_then(|health| health.reason())
        .is_some_and(|reason| {
            matches!(
                reason,
                TargetHealthReasonEnum::DeregistrationInProgress
                    | TargetHealthReasonEnum::NotRegistered
            )
        });
    if going || state == Some(&TargetHealthStateEnum::Draining) {
        return None;
    }
    let reason = health.and_then(|health| {
        let code = health.reason().map(TargetHealthReasonEnum::as_str)?;
        Some(match health.description() {
            Some(words) => format!("{code}: {words}"),
            None => code.to_owned(),
        })
    });
    Some((
        target.id()?.to_owned(),
        Target {
            zone: target.availability_zone().unwrap_or_default().to_owned(),
            health: state.map_or("unknown", |state| state.as_str()).to_owned(),
            reason,
        },
    ))
}

fn summary(targets: &BTreeMap<String, Target>) -> String {
    let healthy = targets.values().filter(|target| target.health == "healthy");
    format!("{} of {} healthy", healthy.count(), targets.len())
}

fn join(addresses: &BTreeSet<String>) -> String {
    addresses.iter().cloned().collect::<Vec<_>>().join(", ")
}

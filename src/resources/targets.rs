//! The registered targets: an endpoint's addresses, as they are now, or a
//! function.
//!
//! New addresses are registered and healthy before old ones are deregistered,
//! so that there is never less than one healthy target. An unhealthy target is
//! a state, not a difference.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use aws_sdk_elasticloadbalancingv2::types::{
    TargetDescription, TargetGroup as Group, TargetHealthDescription, TargetHealthReasonEnum,
    TargetHealthStateEnum,
};
use strum::{Display, EnumIter};

use crate::{
    aws::{
        Aws, Called,
        error::none_if_missing,
        read::{Query, Reads},
    },
    error::{Error, Result},
    graph::{Node, Step},
    resource::{Drift, Found, Key, Kind, Need, Ours, Resource, Settled, UNKNOWN},
    resources::{
        LambdaPermission, ListenerRule, SecurityGroupRules, TargetGroup, VpcEndpoint,
        target_group::{self, Listed},
    },
};

/// What is behind a target group.
#[derive(Hash)]
pub struct Targets {
    /// The target group.
    pub group: Arc<Node<TargetGroup>>,
    /// Where the targets come from.
    pub source: Source,
    /// What forwards to the group before it has targets: until then AWS reports
    /// addresses `unused` and does not check them. None for a function, which is
    /// registered before its rule forwards to it.
    pub forwarders: Vec<Arc<Node<ListenerRule>>>,
}

/// Where targets come from.
#[derive(Hash)]
pub enum Source {
    /// An endpoint's addresses.
    Endpoint {
        /// The endpoint.
        endpoint: Arc<Node<VpcEndpoint>>,
        /// Without them nothing reaches the endpoint; none for who only follows
        /// its addresses.
        rules: Option<Arc<Node<SecurityGroupRules>>>,
    },
    /// A function.
    Function {
        /// Its ARN, with its version or alias.
        function: String,
        /// Without it the registration is refused (ELB user guide, "Lambda
        /// functions as targets").
        permission: Arc<Node<LambdaPermission>>,
    },
}

/// One registered target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Its availability zone, where ELBv2 says it. Functions are in all of them.
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

/// What can differ.
#[derive(Clone, Debug, PartialEq, Eq, Display, EnumIter)]
#[strum(serialize_all = "lowercase")]
pub enum Field {
    /// An endpoint's addresses.
    Addresses,
    /// A function.
    Function,
}

impl Target {
    /// Whether AWS does not check it, because its group says so.
    fn is_unchecked(&self) -> bool {
        let off = TargetHealthReasonEnum::HealthCheckDisabled;
        let reason = self.reason.as_deref().unwrap_or_default();
        self.health == "unavailable" && reason.starts_with(off.as_str())
    }

    /// Whether it is healthy, as far as anybody asks.
    pub fn works(&self) -> bool {
        self.health == "healthy" || self.is_unchecked()
    }
}

impl Actual {
    /// The targets that work.
    pub fn working(&self) -> usize {
        self.targets.values().filter(|one| one.works()).count()
    }

    /// What is registered and should not be.
    fn stale(&self, wanted: &BTreeSet<String>) -> BTreeSet<String> {
        let has = self.targets.keys();
        has.filter(|one| !wanted.contains(*one)).cloned().collect()
    }

    fn works(&self, target: &str) -> bool {
        self.targets.get(target).is_some_and(Target::works)
    }
}

impl Targets {
    /// The targets that should be registered, as far as they are known.
    fn wanted(&self) -> Option<BTreeSet<String>> {
        match &self.source {
            Source::Function { function, .. } => Some(BTreeSet::from([function.clone()])),
            Source::Endpoint { endpoint, .. } => {
                let addresses = endpoint.desired.wanted_addresses(&endpoint.actual()?);
                Some(addresses.into_iter().map(|address| address.ip).collect())
            }
        }
    }

    /// The same, and what is registered besides and may not go: whatever there is,
    /// as long as nobody knows all of the endpoint's addresses.
    fn wanted_beside(&self, actual: &Actual) -> Option<BTreeSet<String>> {
        let mut wanted = self.wanted()?;
        if let Source::Endpoint { endpoint, .. } = &self.source {
            let seen = endpoint.actual()?;
            let registered = actual.targets.keys().cloned();
            if endpoint.desired.is_complete(&seen) {
                let kept = endpoint.desired.kept_addresses(&seen);
                wanted.extend(registered.filter(|one| kept.contains(one)));
            } else {
                wanted.extend(registered);
            }
        }
        Some(wanted)
    }

    /// Whether what is wanted will change no more in this run.
    fn is_final(&self) -> bool {
        match &self.source {
            Source::Function { .. } => true,
            Source::Endpoint { endpoint, .. } => {
                let actual = endpoint.actual();
                let moving = |actual| endpoint.desired.is_moving(&actual);
                endpoint.is_settled() && !actual.is_some_and(moving)
            }
        }
    }

    fn known(&self) -> Result<BTreeSet<String>> {
        self.wanted()
            .filter(|wanted| !wanted.is_empty())
            .ok_or_else(|| Error::not_yet("the endpoint has no addresses yet"))
    }

    fn field(&self) -> Field {
        match self.source {
            Source::Function { .. } => Field::Function,
            Source::Endpoint { .. } => Field::Addresses,
        }
    }

    /// A group takes one function (ELB user guide, "Lambda functions as
    /// targets"), so the other one goes first. A route that is given another
    /// function gets another group: only somebody else's registration leads
    /// here.
    async fn exchange_function(&self, aws: &Aws, actual: &Actual) -> Result<()> {
        let wanted = self.known()?;
        deregister(aws, &actual.group, &actual.stale(&wanted)).await?;
        register(aws, &actual.group, &wanted).await
    }

    /// New addresses come, and old ones go once the new ones are healthy.
    async fn follow_addresses(&self, aws: &Aws, actual: &Actual) -> Result<()> {
        let wanted = self.known()?;
        let missing = wanted
            .iter()
            .filter(|one| !actual.targets.contains_key(*one));
        let missing: BTreeSet<String> = missing.cloned().collect();
        if !missing.is_empty() {
            return register(aws, &actual.group, &missing).await;
        }
        if let Some(sick) = wanted.iter().find(|address| !actual.works(address)) {
            return Err(Error::not_yet(format!(
                "old addresses stay until {sick} is healthy"
            )));
        }
        let kept = self.wanted_beside(actual).unwrap_or(wanted);
        deregister(aws, &actual.group, &actual.stale(&kept)).await
    }
}

impl Resource for Targets {
    type Actual = Actual;
    type Field = Field;
    type Receipt = ();
    const READS: &'static [Query] = &[Query::DescribeTargetHealth];
    const MADE_ONCE: bool = true;

    fn key(&self) -> Key {
        self.group.key().sibling(Kind::Targets)
    }

    fn needs(&self) -> Vec<Need> {
        let rules = self.forwarders.iter().map(|rule| rule.exists());
        let mut needs: Vec<Need> = rules.chain([self.group.exists()]).collect();
        match &self.source {
            Source::Endpoint { endpoint, rules } => {
                needs.push(endpoint.settled());
                needs.extend(rules.as_ref().map(|rules| rules.settled()));
            }
            Source::Function { permission, .. } => needs.push(permission.settled()),
        }
        needs
    }

    /// A load balancer that is still being made checks nothing, and what no rule
    /// leads to is not used.
    fn settles_after(&self) -> Vec<Need> {
        let rules = self.forwarders.iter();
        let balancers = rules.map(|rule| rule.desired.listener.desired.load_balancer.settled());
        match &self.source {
            Source::Endpoint { .. } => balancers.collect(),
            // It is unused until its rule stands, which comes after it.
            Source::Function { .. } => vec![Need::Exists(self.key().sibling(Kind::ListenerRule))],
        }
    }

    fn summary(&self) -> String {
        match &self.source {
            Source::Endpoint { .. } => "the endpoint's addresses".to_owned(),
            Source::Function { function, .. } => function.clone(),
        }
    }

    async fn discover(reads: &Reads) -> Result<Vec<Found<Actual>>> {
        let groups = target_group::listed(&reads.remembered(), |_| true).await?;
        let looks = groups.iter().map(|group| of_group(reads, group));
        let found = futures_util::future::try_join_all(looks).await?;
        Ok(found.into_iter().flatten().collect())
    }

    async fn again(reads: &Reads, was: &Found<Actual>) -> Result<Option<Found<Actual>>> {
        let own = |group: &Group| group.target_group_arn() == Some(&was.id);
        first_of(reads, own).await
    }

    /// Those of this very group: beside it may stand one that goes, of the same
    /// route.
    ///
    /// An address that does not answer may be one that the endpoint no longer
    /// has: AWS replaces an interface when it wants to.
    async fn find(&self, reads: &Reads) -> Result<Option<Found<Actual>>> {
        let name = self.group.desired.name();
        let own = |group: &Group| group.target_group_name() == Some(&name);
        let found = first_of(reads, own).await?;
        let sick = |found: &Found<Actual>| {
            let mut targets = found.actual.targets.values();
            targets.any(|target| target.health == "unhealthy")
        };
        if let Source::Endpoint { endpoint, .. } = &self.source
            && found.as_ref().is_some_and(sick)
        {
            endpoint
                .observe(&reads.likewise(VpcEndpoint::READS))
                .await?;
        }
        Ok(found)
    }

    fn diff(&self, actual: &Actual) -> Vec<Drift<Field>> {
        let Actual { group: _, targets } = actual;
        let has: BTreeSet<String> = targets.keys().cloned().collect();
        let wanted = self.wanted_beside(actual);
        if wanted.as_ref() == Some(&has) {
            return vec![];
        }
        let known = wanted.filter(|_| self.is_final());
        let desired = known.map_or_else(|| UNKNOWN.to_owned(), |wanted| join(&wanted));
        vec![Drift::new(self.field(), join(&has), desired)]
    }

    fn settled(&self, actual: &Actual) -> Settled {
        let sick = actual.targets.iter().find(|(_, target)| !target.works());
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

    async fn update(&self, aws: &Aws, actual: &Ours<Actual>, drift: &[Drift<Field>]) -> Result<()> {
        for one in drift {
            match one.field {
                Field::Function => self.exchange_function(aws, actual).await?,
                Field::Addresses => self.follow_addresses(aws, actual).await?,
            }
        }
        Ok(())
    }

    #[cfg(test)]
    fn alter(&self, field: &Field, actual: &mut Actual) {
        let other = match field {
            Field::Addresses => "192.0.2.1",
            Field::Function => "arn:aws:lambda:eu-central-1:111122223333:function:another",
        };
        let (_, target) = actual.targets.pop_first().expect("one is registered");
        actual.targets.insert(other.to_owned(), target);
    }

    async fn delete(aws: &Aws, actual: &Ours<Actual>) -> Result<()> {
        let all = actual.targets.keys().cloned().collect();
        none_if_missing(deregister(aws, &actual.group, &all).await).map(drop)
    }
}

/// The targets of the group that is wanted, if it has any.
async fn first_of(
    reads: &Reads,
    wanted: impl Fn(&Group) -> bool + Sync,
) -> Result<Option<Found<Actual>>> {
    let groups = target_group::listed(&reads.remembered(), wanted).await?;
    match groups.first() {
        Some(group) => of_group(reads, group).await,
        None => Ok(None),
    }
}

/// The targets of a group, if it has any.
async fn of_group(reads: &Reads, group: &Listed) -> Result<Option<Found<Actual>>> {
    let targets = registered(reads, &group.arn).await?;
    Ok((!targets.is_empty()).then(|| {
        let key = group.mark.key().sibling(Kind::Targets);
        let mark = group.mark.for_part(key);
        let state = summary(&targets);
        let actual = Actual {
            group: group.arn.clone(),
            targets,
        };
        Found::ours(mark, &group.arn, state, actual).within(&group.arn)
    }))
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

async fn registered(reads: &Reads, group: &str) -> Result<BTreeMap<String, Target>> {
    let all = reads.target_health(group).await?;
    Ok(all.iter().filter_map(target).collect())
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
    if targets.values().all(Target::is_unchecked) {
        return "health checks off".to_owned();
    }
    let healthy = targets.values().filter(|target| target.health == "healthy");
    format!("{} of {} healthy", healthy.count(), targets.len())
}

fn join(addresses: &BTreeSet<String>) -> String {
    addresses.iter().cloned().collect::<Vec<_>>().join(", ")
}

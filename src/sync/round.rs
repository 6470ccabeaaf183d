//! One round: look at the endpoints and the targets, and repair what differs.
//! Every repair may be made twice and by several at once.

use std::{
    collections::{BTreeMap, BTreeSet},
    pin::pin,
    time::Duration,
};

use futures_util::future::{join_all, try_join_all};

use crate::{
    aws::{
        Aws,
        read::{Query, Reads},
    },
    error::{Error, ErrorKind, Result},
    event::Sink,
    graph::Step,
    pipeline::{Report, apply},
    resource::{Due, Key, Resource},
    resources::{
        Targets, VpcEndpoint,
        target_group::is_used,
        vpc_endpoint::{Actual, interfaces},
    },
    stack::Stack,
    stop::{Stop, Why},
    sync::{Followed, Scope, Wanted, aside, withdrawn::Withdrawn},
};

/// How long calls that are on their way may take after the end of a repair.
const SETTLE: Duration = Duration::from_mins(1);

/// A target that came or went.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Change {
    /// Of which targets it is.
    pub targets: Key,
    /// Its address.
    pub address: String,
}

/// What a round has found and done.
#[derive(Clone, Debug, Default)]
pub struct Round {
    /// What came.
    pub registered: Vec<Change>,
    /// What went.
    pub deregistered: Vec<Change>,
    /// The interfaces that were given tags.
    pub tagged: Vec<String>,
    /// What is under way, or waits for somebody else.
    pub waiting: Vec<String>,
    /// Targets that are registered as they should be and do not work.
    pub sick: Vec<String>,
    /// What is not as it should be and not to be repaired here.
    pub warnings: Vec<String>,
    /// What could not be done.
    pub failed: Vec<Error>,
    /// Why interfaces could not be given tags.
    pub untagged: Vec<Error>,
    /// How many addresses each endpoint has that could serve.
    pub addresses: BTreeMap<String, usize>,
    /// Of the targets that were looked at: how many work, and of how many.
    pub targets: BTreeMap<Key, (usize, usize)>,
    /// Whether what is followed has to be looked up again.
    pub is_stale: bool,
    /// Whether an endpoint is changing just now.
    pub is_moving: bool,
    /// Whether targets still differ, and nobody else has to do anything first.
    pub is_open: bool,
}

impl Round {
    /// Whether anything was written.
    pub fn has_changed(&self) -> bool {
        let changes = self.registered.len() + self.deregistered.len() + self.tagged.len();
        changes > 0
    }

    /// Goes on with a later round of the same run: what was done adds up, what
    /// was found is the later one's.
    pub fn followed_by(&mut self, later: Self) {
        let mut all = std::mem::replace(self, later);
        all.registered.append(&mut self.registered);
        all.deregistered.append(&mut self.deregistered);
        all.tagged.append(&mut self.tagged);
        self.registered = all.registered;
        self.deregistered = all.deregistered;
        self.tagged = all.tagged;
    }
}

/// What a round writes with, and how long it may.
pub(super) struct Hand<'a> {
    pub aws: &'a Aws,
    pub sink: &'a dyn Sink,
    pub stop: &'a Stop,
    /// How long a repair may wait for healthy targets; none: it takes one step,
    /// and the next round sees what has become of it.
    pub limit: Option<Duration>,
    /// Whether interfaces are given tags.
    pub tags: bool,
}

/// Looks at all endpoints, and at the targets of these groups; of an endpoint
/// whose addresses have changed, at all. Returns the groups that were looked at.
///
/// # Errors
///
/// AWS refuses or does not answer.
pub(super) async fn look(scope: &mut Scope, due: &[usize]) -> Result<BTreeSet<usize>> {
    // One moment for all: an endpoint is not asked for again by its targets.
    let moment = scope.reads.now();
    let reads = scope.reads.since(moment, VpcEndpoint::READS);
    try_join_all(scope.endpoints.values().map(|one| one.observe(&reads))).await?;
    let mut looked: BTreeSet<usize> = due.iter().copied().collect();
    for (kind, endpoint) in &scope.endpoints {
        let actual = endpoint.actual();
        let settled = actual.filter(|actual| actual.state == "available");
        if let Some(actual) = &settled {
            let outside = outside(&endpoint.desired, actual);
            let before = scope.outside.insert(*kind, outside.clone());
            scope.is_outdated |= before.is_some_and(|before| before != outside);
        }
        let wanted = settled.map(|actual| addresses(&endpoint.desired, &actual));
        let wanted = wanted.unwrap_or_default();
        if scope.addresses.get(kind) != Some(&wanted) {
            let all = scope.groups.iter().enumerate();
            let its = all.filter(|(_, group)| group.kind == *kind);
            looked.extend(its.map(|(place, _)| place));
            scope.addresses.insert(*kind, wanted);
        }
    }
    let reads = scope.reads.since(moment, Targets::READS);
    let groups = looked.iter().filter_map(|place| scope.groups.get(*place));
    let seen = try_join_all(groups.map(|group| group.targets.observe(&reads))).await;
    if let Err(error) = seen {
        // They have not been seen: the next round looks at all.
        scope.addresses.clear();
        return Err(error);
    }
    Ok(looked)
}

/// Its addresses that are in no zone of the load balancer, as far as is known.
fn outside(endpoint: &VpcEndpoint, actual: &Actual) -> BTreeSet<String> {
    let usable = addresses(endpoint, actual);
    let all = endpoint.kept_addresses(actual);
    all.difference(&usable).cloned().collect()
}

fn addresses(endpoint: &VpcEndpoint, actual: &Actual) -> BTreeSet<String> {
    let wanted = endpoint.wanted_addresses(actual).into_iter();
    wanted.map(|address| address.ip).collect()
}

/// Repairs what the look has shown.
pub(super) async fn act(
    scope: &mut Scope,
    wanted: &Wanted,
    looked: &BTreeSet<usize>,
    withdrawn: &mut Withdrawn,
    hand: &Hand<'_>,
) -> Round {
    let mut round = Round {
        warnings: scope.asides.clone(),
        is_stale: scope.is_outdated,
        ..Round::default()
    };
    for (kind, endpoint) in &scope.endpoints {
        let serves = scope.groups.iter().any(|group| group.kind == *kind);
        let Some(actual) = endpoint.actual() else {
            let id = endpoint.summary();
            let words = "is not there, so its targets stay as they are";
            round.warnings.push(format!("the endpoint {id} {words}"));
            round.addresses.insert(id, 0);
            round.is_stale = true;
            continue;
        };
        if serves {
            judge_endpoint(&mut round, &endpoint.desired, &actual);
        }
        if scope.own.contains(kind) && actual.state == "available" {
            round
                .warnings
                .extend(aside::of_endpoint(wanted, *kind, &actual));
        }
    }
    let groups = looked.iter().filter_map(|place| scope.groups.get(*place));
    let broken = groups.filter(|group| is_broken(group, withdrawn, &mut round, hand.stop));
    let broken: Vec<&Followed> = broken.collect();
    if !broken.is_empty() {
        // Of one list for all of them.
        let reads = scope.reads.afresh(&[Query::DescribeTargetGroups]);
        let repairs = broken
            .iter()
            .map(|group| repair(scope, group, &reads, hand));
        for (group, repaired) in broken.iter().zip(join_all(repairs).await) {
            note(&mut round, group, repaired);
        }
    }
    let groups = looked.iter().filter_map(|place| scope.groups.get(*place));
    for group in groups {
        judge_targets(&mut round, group, hand.limit.is_some());
    }
    // What is not done yet is looked at in the next round, too.
    let open = looked.iter().filter_map(|place| scope.groups.get(*place));
    let open: Vec<_> = open
        .filter(|one| one.differs())
        .map(|one| one.kind)
        .collect();
    scope.addresses.retain(|kind, _| !open.contains(kind));
    round.is_open = !open.is_empty();
    if hand.tags && hand.stop.why().is_none() {
        tag_interfaces(scope, hand, &mut round).await;
    }
    round
}

fn judge_endpoint(round: &mut Round, endpoint: &VpcEndpoint, actual: &Actual) {
    let usable = addresses(endpoint, actual);
    let id = &actual.id;
    round.addresses.insert(id.clone(), usable.len());
    let stay = "its targets stay as they are";
    match actual.state.as_str() {
        "available" if usable.is_empty() => round.warnings.push(format!(
            "the endpoint {id} has no address in a zone of the load balancer; {stay}"
        )),
        "available" if !endpoint.is_complete(actual) => {
            round.is_moving = true;
            round.waiting.push(format!(
                "the endpoint {id} does not show an address in every subnet; nothing is deregistered meanwhile"
            ));
        }
        "available" => {}
        "deleting" | "failed" | "rejected" | "expired" => {
            round.is_stale = true;
            let state = &actual.state;
            round
                .warnings
                .push(format!("the endpoint {id} is {state}; {stay}"));
        }
        state => {
            round.is_moving = true;
            round
                .waiting
                .push(format!("the endpoint {id} is {state}; {stay} meanwhile"));
        }
    }
}

/// Whether the targets differ from the addresses, and may be repaired now.
fn is_broken(group: &Followed, withdrawn: &mut Withdrawn, round: &mut Round, stop: &Stop) -> bool {
    let differs = group.differs();
    let Some(wanted) = group.wanted() else {
        return false;
    };
    let actual = group.targets.actual();
    let holds = withdrawn.holds(&group.arn, &group.registered(), &wanted, stop.clock);
    let works = actual.is_some_and(|actual| actual.working() > 0);
    if differs && holds && works {
        let key = group.targets.key();
        round.waiting.push(format!(
            "{key}: somebody has taken a target out a moment ago; it is left so for two minutes"
        ));
        return false;
    }
    differs
}

fn judge_targets(round: &mut Round, group: &Followed, waits: bool) {
    let key = group.targets.key();
    let Some(actual) = group.targets.actual() else {
        round.targets.insert(key, (0, 0));
        return;
    };
    // What is on its way, in or out, is nobody's worry yet.
    let wanted = group.wanted().unwrap_or_default();
    let all = actual.targets.iter().filter(|(address, target)| {
        let comes = target.health == "initial" && !waits;
        wanted.contains(*address) && !target.works() && !comes
    });
    for (address, target) in all {
        let reason = target.reason.as_deref().unwrap_or("no reason given");
        round
            .sick
            .push(format!("{key}: {address} is {}: {reason}", target.health));
    }
    let count = (actual.working(), actual.targets.len());
    round.targets.insert(key, count);
}

/// What a repair of one group came to.
enum Repaired {
    /// No load balancer leads to it.
    Unused,
    /// What was registered before, and what was done.
    Tried(BTreeSet<String>, Report),
    /// It could not be tried.
    Failed(Error),
}

async fn repair(scope: &Scope, group: &Followed, list: &Reads, hand: &Hand<'_>) -> Repaired {
    let before = group.registered();
    let used = hand.stop.looking(is_used(list, &group.arn)).await;
    match used.unwrap_or_else(|why| Err(why.error())) {
        Ok(true) => {}
        Ok(false) => return Repaired::Unused,
        Err(error) => return Repaired::Failed(error),
    }
    if before.is_empty() {
        // Its ARN is needed to register the first.
        let seen = hand.stop.looking(group.group.observe(&scope.reads)).await;
        if let Err(error) = seen.unwrap_or_else(|why| Err(why.error())) {
            return Repaired::Failed(error);
        }
    }
    let Some(limit) = hand.limit else {
        return step(scope, group, before, hand).await;
    };
    let stack = Stack {
        name: scope.reads.stack.clone(),
        account: String::new(),
        region: scope.reads.region.clone(),
        steps: vec![group.endpoint.clone(), group.targets.clone()],
    };
    let inner = Stop::by(hand.stop.clock);
    let mut work = pin!(apply(&stack, hand.aws, &scope.reads, hand.sink, &inner));
    let over = async {
        tokio::select! {
            why = hand.stop.thrown() => why,
            () = hand.stop.clock.sleep(limit) => Why::TimedOut,
        }
    };
    let report = tokio::select! {
        biased;
        report = &mut work => report,
        why = over => {
            inner.set(why);
            tokio::select! {
                biased;
                report = &mut work => report,
                () = hand.stop.clock.sleep(SETTLE) => Report::default(),
            }
        }
    };
    Repaired::Tried(before, report)
}

/// One step: what is missing is registered, or what is stale is taken out. It
/// does not wait, so that it never acts on what was true a while ago.
async fn step(
    scope: &Scope,
    group: &Followed,
    before: BTreeSet<String>,
    hand: &Hand<'_>,
) -> Repaired {
    let targets: &dyn Step = group.targets.as_ref();
    let mut report = Report::default();
    let done = if before.is_empty() {
        targets.create(hand.aws).await
    } else {
        targets.update(hand.aws, Due::Now).await
    };
    let key = targets.key();
    match done {
        Ok(()) => {
            let reads = scope.reads.afresh(Targets::READS);
            if let Err(error) = targets.observe(&reads).await {
                report.failed.push((key, error));
            }
        }
        Err(error) if error.kind == ErrorKind::NotYet => {
            report.unsettled.push((key, error.message));
        }
        Err(error) => report.failed.push((key, error)),
    }
    Repaired::Tried(before, report)
}

fn note(round: &mut Round, group: &Followed, repaired: Repaired) {
    let key = group.targets.key();
    let (before, report) = match repaired {
        Repaired::Unused => {
            round.is_stale = true;
            round.warnings.push(format!(
                "{key}: no load balancer leads to them, so they stay as they are"
            ));
            return;
        }
        Repaired::Failed(error) => return round.failed.push(error),
        Repaired::Tried(before, report) => (before, report),
    };
    let now = group.registered();
    let change = |address: &String| Change {
        targets: key.clone(),
        address: address.clone(),
    };
    round.registered.extend(now.difference(&before).map(change));
    round
        .deregistered
        .extend(before.difference(&now).map(change));
    round
        .failed
        .extend(report.failed.into_iter().map(|(_, error)| error));
    round.waiting.extend(
        report
            .unsettled
            .into_iter()
            .map(|(key, why)| format!("{key}: {why}")),
    );
}

/// Gives the interfaces of the stack's own endpoints the endpoints' tags. One
/// that has gone meanwhile is nobody's loss.
async fn tag_interfaces(scope: &Scope, hand: &Hand<'_>, round: &mut Round) {
    let own = scope.endpoints.iter();
    for (_, endpoint) in own.filter(|(kind, _)| scope.own.contains(kind)) {
        let Some(actual) = endpoint.actual() else {
            continue;
        };
        let bare = interfaces::bare(&actual, &actual.tags);
        if bare.is_empty() || !matches!(actual.state.as_str(), "available" | "pending") {
            continue;
        }
        match interfaces::set_tags(hand.aws, bare.clone(), &actual.tags).await {
            Ok(()) => round.tagged.extend(bare),
            Err(error) if error.kind == ErrorKind::NotFound => {}
            Err(error) => {
                let context = format!("the interfaces of {} have no tags", actual.id);
                round.untagged.push(error.context(context));
            }
        }
    }
}

//! Rollback: take away again what a failed run has made, and nothing else.
//!
//! Three things stay. What the run found and changed in place is not changed
//! back. What that now uses, and what completes it, stays with it: to take away
//! the new group of a rule that serves would be an outage. And what cannot be
//! read may be there: it blocks the removal of what remembers it.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use futures_util::future::BoxFuture;

use crate::{
    aws::{
        Aws,
        read::{Moment, Reads},
    },
    error::{Error, ErrorKind, Result},
    event::Sink,
    graph::{Owned, Removable, Step},
    pipeline::{Report, remove, teardown::home},
    resource::{Key, Kind},
    stack::Stack,
    stop::Stop,
};

/// How long what was made may stay invisible, and a read may fail (EC2 API
/// reference, "Eventual consistency").
const GRACE: Duration = Duration::from_mins(1);
const PAUSE: Duration = Duration::from_secs(5);

/// Removes what this run made, users before what they use, and adds to its
/// report what came of it. `stop` is not the switch that ended the run.
pub async fn rollback(
    stack: &Stack,
    aws: &Aws,
    reads: &Reads,
    sink: &dyn Sink,
    stop: &Stop,
    report: &mut Report,
) {
    let changed = changed(stack, reads, report).await;
    let in_use = in_use(stack, report, &changed);
    let mut looks = Vec::new();
    for step in &stack.steps {
        let key = step.key();
        if report.created.contains(&key) && !in_use.contains(&key) {
            looks.push(seen(step.as_ref(), reads, stop));
        }
    }
    let mut doomed: Vec<Owned> = Vec::new();
    let mut unread: Vec<(Key, Error)> = Vec::new();
    for (key, seen) in futures_util::future::join_all(looks).await {
        match seen {
            Ok(Some(owned)) => doomed.push(owned),
            // It never came about.
            Ok(None) => report.created.retain(|one| *one != key),
            Err(error) => unread.push((key, error)),
        }
    }
    let parents: Vec<(Kind, String)> = doomed
        .iter()
        .map(|thing| (thing.key.kind(), thing.id.clone()))
        .collect();
    doomed.extend(unread.into_iter().map(|(key, error)| {
        let parent = parents
            .iter()
            .find(|(kind, _)| Some(*kind) == home(key.kind()));
        Unreadable::standing_for(key, error, parent.map(|(_, id)| id.clone()))
    }));
    let undone = remove(&doomed, aws, reads, sink, stop).await;
    report.rolled_back.extend(undone.deleted.clone());
    report.extend(undone);
    report.in_use = in_use.into_iter().collect();
}

/// What was there before the run and is another now, as far as anybody knows.
async fn changed(stack: &Stack, reads: &Reads, report: &Report) -> BTreeSet<Key> {
    // What was replaced has nothing to fall back on.
    let replaced = report.deleted.iter().cloned();
    let mut changed: BTreeSet<Key> = report.updated.iter().cloned().chain(replaced).collect();
    for (key, before) in &report.touched {
        let known = changed.contains(key) || report.created.contains(key);
        let step = stack.steps.iter().find(|step| step.key() == *key);
        let Some(step) = step.filter(|_| !known) else {
            continue;
        };
        let looked = step.refresh(reads, reads.now()).await;
        let now = step.observed().map(|observed| observed.drift);
        if looked.is_err() || now.as_ref() != Some(before) {
            changed.insert(key.clone());
        }
    }
    changed
}

/// Of what the run made, what those that it changed now use, and what completes
/// them.
fn in_use(stack: &Stack, report: &Report, changed: &BTreeSet<Key>) -> BTreeSet<Key> {
    let mut used: BTreeSet<Key> = changed.clone();
    loop {
        let before = used.len();
        for step in &stack.steps {
            let key = step.key();
            let needs = step.needs();
            if used.contains(&key) {
                let before_switch = step.switches_after();
                let serves = needs.iter().chain(&before_switch).map(|need| need.key());
                let serves = serves.filter(|need| !only_follows(key.kind(), need.kind()));
                used.extend(serves.cloned());
            }
            let completes = needs.iter().any(|need| {
                let need = need.key();
                let is_new = report.created.contains(need) || changed.contains(need);
                is_new && used.contains(need) && is_part(key.kind(), need.kind())
            });
            // A rule that now leads to APIs gets there by the route's mapping.
            let rule = key.sibling(Kind::ListenerRule);
            let maps = key.kind() == Kind::BasePathMapping && used.contains(&rule);
            if completes || maps {
                used.insert(key);
            }
        }
        if used.len() == before {
            break;
        }
    }
    used.retain(|key| report.created.contains(key));
    used
}

/// Whether the first kind only comes after the second one, and works without it.
fn only_follows(kind: Kind, need: Kind) -> bool {
    matches!(
        (kind, need),
        (Kind::Targets, Kind::ListenerRule)
            | (Kind::EndpointPolicy, Kind::RestApi)
            | (Kind::LoadBalancer | Kind::SiteEndpoint, Kind::VpcEndpoint)
    )
}

/// Whether the second kind does not serve without the first one.
fn is_part(kind: Kind, of: Kind) -> bool {
    home(kind) == Some(of)
        || matches!(
            (kind, of),
            (Kind::LambdaPermission, Kind::TargetGroup | Kind::RestApi)
                | (Kind::BucketPolicy, Kind::TargetGroup | Kind::SiteEndpoint)
                | (
                    Kind::SecurityGroupRules,
                    Kind::LoadBalancerSecurityGroup | Kind::EndpointSecurityGroup
                )
        )
}

/// Looks a thing up for as long as AWS may hide it.
async fn seen(node: &dyn Step, reads: &Reads, stop: &Stop) -> (Key, Result<Option<Owned>>) {
    let since = stop.clock.now();
    loop {
        let looked = node.refresh(reads, reads.now()).await;
        let found = match (looked, node.owned()) {
            // Seen before: its removal looks for itself.
            (_, Some(owned)) => Ok(Some(owned)),
            (looked, None) => looked.map(|()| None),
        };
        let is_final = match &found {
            Ok(found) => found.is_some(),
            Err(error) => error.kind == ErrorKind::Denied || error.kind == ErrorKind::Credentials,
        };
        let over = is_final || stop.clock.since(since) >= GRACE;
        if over || stop.sleep(PAUSE).await.is_err() {
            return (node.key(), found);
        }
    }
}

/// Stands for a thing that may be there and cannot be read.
struct Unreadable(Error);

impl Unreadable {
    fn standing_for(key: Key, error: Error, parent: Option<String>) -> Owned {
        Owned {
            id: key.to_string(),
            key,
            scope: String::new(),
            state: "unreadable".to_owned(),
            parent,
            protection: None,
            created: None,
            thing: Arc::new(Self(error.context("it cannot be read, and may be there"))),
        }
    }
}

impl Removable for Unreadable {
    fn delete<'a>(&'a self, _aws: &'a Aws) -> BoxFuture<'a, Result<()>> {
        let mut error = self.0.clone();
        // Not "gone", and nothing to wait for.
        if !matches!(error.kind, ErrorKind::Denied | ErrorKind::Credentials) {
            error.kind = ErrorKind::Invalid;
        }
        Box::pin(std::future::ready(Err(error)))
    }

    fn again<'a>(
        &'a self,
        _reads: &'a Reads,
        _moment: Moment,
    ) -> BoxFuture<'a, Result<Option<Arc<dyn Removable>>>> {
        Box::pin(std::future::ready(Err(self.0.clone())))
    }
}

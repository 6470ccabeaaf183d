//! Plan: one action for each resource, as a value.
//!
//! The same value is shown, written as JSON, saved, compared and applied.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::{
    graph::{Observed, Owned},
    resource::{Drift, Key, Settled},
    stack::Stack,
};

/// The program that makes a plan. What is not in the file (a default, a rule's
/// conditions) is in the program: another one does not apply it.
pub const MADE_BY: &str = concat!("hybridgw ", env!("CARGO_PKG_VERSION"));

/// What is to be done with a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// Nothing.
    Keep,
    /// Make it.
    Create,
    /// Change it in place.
    Update,
    /// Delete it and make it anew.
    Replace,
    /// Delete it: it is ours and no longer wanted.
    Delete,
}

/// A resource and what is to be done with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Planned {
    /// The resource.
    pub resource: Key,
    /// AWS's id, if it exists.
    pub id: Option<String>,
    /// What is to be done.
    pub action: Action,
    /// Why: what is not as it should be.
    pub changes: Vec<Drift>,
    /// What it is, in a few words.
    #[serde(skip)]
    pub summary: String,
    /// What AWS is still doing with it.
    #[serde(skip)]
    pub settling: Option<String>,
}

/// How many of each action.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// Left alone.
    pub keep: usize,
    /// To be made.
    pub create: usize,
    /// To be changed.
    pub update: usize,
    /// To be made anew.
    pub replace: usize,
    /// To be deleted.
    pub delete: usize,
}

/// What `up` would do.
#[derive(Clone)]
pub struct Plan {
    /// The stack's name.
    pub stack: String,
    /// The account's id.
    pub account: String,
    /// The region.
    pub region: String,
    /// One action for each resource: wanted ones in the order of the stack,
    /// then the orphans.
    pub actions: Vec<Planned>,
    /// What is ours and no longer wanted.
    pub orphans: Vec<Owned>,
    /// What is wanted and there.
    claimed: Vec<Owned>,
    /// Of each wanted resource a hash of all that would be written to it.
    pins: BTreeMap<Key, String>,
}

impl Plan {
    /// Compares what was seen of the stack with what should be. Pure.
    pub fn new(stack: &Stack, owned: Vec<Owned>) -> Self {
        let mut actions: Vec<Planned> = stack
            .steps
            .iter()
            .map(|step| wanted(step.key(), step.summary(), step.observed()))
            .collect();
        spread_replacement(stack, &mut actions);
        let claimed: Vec<Owned> = stack.steps.iter().filter_map(|step| step.owned()).collect();
        let is_claimed = |thing: &Owned| claimed.iter().any(|own| own.same(thing));
        let orphans: Vec<Owned> = owned
            .into_iter()
            .filter(|thing| !is_claimed(thing))
            .collect();
        actions.extend(orphans.iter().map(deletion));
        Self {
            stack: stack.name.clone(),
            account: stack.account.clone(),
            region: stack.region.clone(),
            actions,
            orphans,
            claimed,
            pins: stack
                .steps
                .iter()
                .map(|step| (step.key(), step.pin()))
                .collect(),
        }
    }

    /// The orphans that are second things in the place of wanted ones, and
    /// what lives in them.
    pub fn duplicates(&self) -> Vec<Owned> {
        let is_duplicate =
            |thing: &Owned| self.claimed.iter().any(|own| thing.is_duplicate_of(own));
        let duplicates = self.orphans.iter().filter(|thing| is_duplicate(thing));
        duplicates.cloned().collect()
    }

    /// The plan of `down`: everything goes.
    pub fn removal(stack: &str, account: &str, region: &str, owned: Vec<Owned>) -> Self {
        Self {
            stack: stack.to_owned(),
            account: account.to_owned(),
            region: region.to_owned(),
            actions: owned.iter().map(deletion).collect(),
            orphans: owned,
            claimed: Vec::new(),
            pins: BTreeMap::new(),
        }
    }

    /// Whether there is nothing to do. Things may still be settling.
    pub fn is_empty(&self) -> bool {
        self.actions
            .iter()
            .all(|planned| planned.action == Action::Keep)
    }

    /// Whether there is nothing to do and nothing to wait for.
    pub fn converged(&self) -> bool {
        self.is_empty()
            && self
                .actions
                .iter()
                .all(|planned| planned.settling.is_none())
    }

    /// The action for a wanted resource.
    pub fn action(&self, key: &Key) -> Option<Action> {
        let wanted = self
            .actions
            .iter()
            .find(|planned| planned.resource == *key && planned.action != Action::Delete);
        wanted.map(|planned| planned.action)
    }

    /// Whether a resource has to be made where none of ours is.
    pub fn creates(&self, key: &Key) -> bool {
        self.action(key) == Some(Action::Create)
    }

    /// The resources with this action.
    pub fn with(&self, action: Action) -> Vec<&Planned> {
        self.actions
            .iter()
            .filter(|planned| planned.action == action)
            .collect()
    }

    /// How many of each action.
    pub fn summary(&self) -> Summary {
        let mut summary = Summary::default();
        for planned in &self.actions {
            *match planned.action {
                Action::Keep => &mut summary.keep,
                Action::Create => &mut summary.create,
                Action::Update => &mut summary.update,
                Action::Replace => &mut summary.replace,
                Action::Delete => &mut summary.delete,
            } += 1;
        }
        summary
    }

    /// The document of `plan -o json`, also what `plan --out` saves.
    pub fn to_json(&self) -> serde_json::Value {
        serde_json::json!({
            "format_version": 1,
            "stack": self.stack,
            "account": self.account,
            "region": self.region,
            "converged": self.converged(),
            "actions": self.actions,
            "summary": self.summary(),
            "made_by": MADE_BY,
            "pins": self.pins,
        })
    }
}

fn wanted(key: Key, summary: String, observed: Option<Observed>) -> Planned {
    let mut planned = Planned {
        resource: key,
        id: None,
        action: Action::Create,
        changes: Vec::new(),
        summary,
        settling: None,
    };
    let Some(observed) = observed else {
        return planned;
    };
    planned.id = Some(observed.id);
    planned.changes = observed.drift;
    match observed.settled {
        Settled::Yes => {}
        Settled::NotYet(why) => planned.settling = Some(why),
        Settled::Never(why) => planned
            .changes
            .push(Drift::new("state".to_owned(), why, "working").replaces()),
    }
    planned.action = if planned.changes.iter().any(|drift| drift.replace) {
        Action::Replace
    } else if planned.changes.is_empty() {
        Action::Keep
    } else {
        Action::Update
    };
    planned
}

/// A replacement takes down all that stands on the thing: AWS lets nothing be
/// deleted from under its users, and the new thing has a new id.
fn spread_replacement(stack: &Stack, actions: &mut [Planned]) {
    let mut replaced: BTreeSet<Key> = actions
        .iter()
        .filter(|planned| planned.action == Action::Replace)
        .map(|planned| planned.resource.clone())
        .collect();
    // The steps are in the order of their needs: one pass sees every cause
    // before its consequences.
    for (step, planned) in stack.steps.iter().zip(actions) {
        let needs = step.built_on();
        let cause = needs.iter().find(|need| replaced.contains(need.key()));
        let Some(cause) = cause else { continue };
        replaced.insert(step.key());
        if matches!(planned.action, Action::Keep | Action::Update) {
            planned.action = Action::Replace;
            let cause = format!("with {}", cause.key());
            let drift = Drift::new("made anew".to_owned(), "", cause);
            planned.changes.push(drift.replaces());
        }
    }
}

fn deletion(thing: &Owned) -> Planned {
    Planned {
        resource: thing.key.clone(),
        id: Some(thing.id.clone()),
        action: Action::Delete,
        changes: Vec::new(),
        summary: String::new(),
        settling: None,
    }
}

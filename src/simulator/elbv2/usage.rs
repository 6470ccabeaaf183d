//! Which load balancer uses which target group, and when checks begin.

use std::collections::{BTreeMap, BTreeSet};

use super::state::{Event, Health, State};
use crate::latency;
use crate::world::{self, Ctx};

/// Returns the users of all groups that any action names, with whatever weight:
/// a group of weight 0 is in use and checked (goployer's pull request 191 relies
/// on it), and so is that of a rule whose conditions no request meets.
fn users(state: &State) -> BTreeMap<String, String> {
    let mut users = BTreeMap::new();
    for rule in state.rules.values() {
        let Some(listener) = state.listeners.get(&rule.listener) else {
            continue;
        };
        for group in rule.action.groups() {
            users.insert(group.clone(), listener.balancer.clone());
        }
    }
    users
}

/// Brings the groups' users up to date after listeners or rules changed.
///
/// A group that comes into use has its targets checked; one that goes out of
/// use still counts as used for a while (`latency::TARGET_GROUP_RELEASE`).
pub fn refresh(ctx: &mut Ctx<'_>) {
    refresh_certificates(ctx);
    let users = users(&ctx.here.elbv2);
    let changed: Vec<(String, Option<String>)> = ctx
        .here
        .elbv2
        .groups
        .iter()
        .filter(|(arn, group)| users.get(*arn) != group.used_by.as_ref())
        .map(|(arn, _)| (arn.clone(), users.get(arn).cloned()))
        .collect();
    for (arn, user) in changed {
        let held_until = match user {
            None => Some(ctx.now + ctx.takes(latency::TARGET_GROUP_RELEASE)),
            Some(_) => None,
        };
        if let Some(group) = ctx.here.elbv2.groups.get_mut(&arn) {
            group.used_by = user;
            group.held_until = held_until;
        }
        begin(ctx, &arn);
    }
}

/// Brings the certificates' users up to date: one that is let go of is in use a little longer.
pub fn refresh_certificates(ctx: &mut Ctx<'_>) {
    let state = &ctx.here.elbv2;
    let mut bound = BTreeSet::new();
    for listener in state.listeners.values() {
        for certificate in listener.certificate.iter().chain(&listener.extra) {
            bound.insert((certificate.clone(), listener.balancer.clone()));
        }
    }
    let gone: Vec<_> = state.bound.difference(&bound).cloned().collect();
    let mut released = state.released.clone();
    released.retain(|(.., until)| ctx.now < *until);
    for (certificate, balancer) in gone {
        let until = ctx.now + ctx.takes(latency::CERTIFICATE_RELEASE);
        released.push((certificate, balancer, until));
    }
    ctx.here.elbv2.bound = bound;
    ctx.here.elbv2.released = released;
}

/// Begins the checks of all groups of a load balancer that has become active.
pub fn begin_checks(ctx: &mut Ctx<'_>, balancer: &str) {
    let used = |user: &Option<String>| user.as_deref() == Some(balancer);
    let groups: Vec<String> = ctx
        .here
        .elbv2
        .groups
        .iter()
        .filter(|(_, group)| used(&group.used_by))
        .map(|(arn, _)| arn.clone())
        .collect();
    for group in groups {
        begin(ctx, &group);
    }
}

/// Begins the checks of a group anew, if anything uses it and can check.
pub fn begin(ctx: &mut Ctx<'_>, group: &str) {
    let delay = ctx.takes(latency::TARGET_INITIAL);
    let state = &mut ctx.here.elbv2;
    let Some(checked) = state.groups.get(group) else {
        return;
    };
    let active = is_active(state, checked.used_by.as_deref()) && checked.check.enabled;
    let count = checked.targets.len();
    let serials: Vec<u64> = (0..count).map(|_| state.next_serial()).collect();
    let Some(checked) = state.groups.get_mut(group) else {
        return;
    };
    let mut due = Vec::new();
    for (target, serial) in checked.targets.iter_mut().zip(serials) {
        if target.draining {
            continue;
        }
        target.serial = serial;
        target.health = Health::default();
        due.push(serial);
    }
    for serial in due.into_iter().filter(|_| active) {
        let group = group.to_owned();
        ctx.after(delay, world::Event::Elbv2(Event::Check { group, serial }));
    }
}

/// Returns whether a load balancer is there and active.
pub fn is_active(state: &State, balancer: Option<&str>) -> bool {
    balancer
        .and_then(|arn| state.balancers.get(arn))
        .is_some_and(|balancer| balancer.active)
}

//! The health of targets, in time.
//!
//! While an active load balancer uses a group, each target is checked as often
//! as the group says: every check is an event that puts the next one on the
//! agenda. As many good or bad answers in a row as the group's thresholds say
//! change the target's health. So a change of anything, security groups or an
//! endpoint's addresses or the check itself, shows after interval × threshold.

use std::time::Duration;

use serde_json::{Value, json};

use super::arn::GROUP;
use super::probe::probe;
use super::state::{Answer, Event, Health, Target, TargetGroup, Verdict};
use super::usage::is_active;
use super::{matcher, target};
use crate::codec::{Input, Output, Refusal, ok};
use crate::world::{self, Ctx};

impl Health {
    /// Takes the answer to a check into account.
    ///
    /// ELB user guide, "Health checks": the thresholds are consecutive checks, and
    /// a target that was just registered must pass one to be healthy.
    fn after(self, answer: Answer, healthy: u32, unhealthy: u32, fits: bool) -> Self {
        let (good, bad) = if fits {
            (self.good.saturating_add(1), 0)
        } else {
            (0, self.bad.saturating_add(1))
        };
        let fresh = matches!(self.verdict, Verdict::Registering | Verdict::Initial);
        let verdict = match self.verdict {
            _ if fits && fresh => Verdict::Healthy,
            _ if fits && good >= healthy => Verdict::Healthy,
            _ if !fits && bad >= unhealthy => Verdict::Unhealthy(answer),
            Verdict::Registering => Verdict::Initial,
            verdict => verdict,
        };
        Self { verdict, good, bad }
    }
}

/// A check of a target is due, unless its registration or the group's use ended in between.
pub fn check(ctx: &mut Ctx<'_>, arn: &str, serial: u64) {
    let state = &ctx.here.elbv2;
    let Some(group) = state.groups.get(arn) else {
        return;
    };
    let Some(target) = group
        .targets
        .iter()
        .find(|target| target.serial == serial && !target.draining)
    else {
        return;
    };
    if !is_active(state, group.used_by.as_deref()) || !group.check.enabled {
        return;
    }
    let answer = probe(ctx, group, arn, target);
    let fits =
        matches!(answer, Answer::Code(code) if matcher::fits(group.check.matcher.as_deref(), code));
    let (healthy, unhealthy, interval) = (
        group.check.healthy,
        group.check.unhealthy,
        group.check.interval,
    );
    let found = ctx.here.elbv2.groups.get_mut(arn).and_then(|group| {
        group
            .targets
            .iter_mut()
            .find(|target| target.serial == serial)
    });
    if let Some(target) = found {
        let before = std::mem::take(&mut target.health);
        target.health = before.after(answer, healthy, unhealthy, fits);
    }
    let group = arn.to_owned();
    let delay = Duration::from_secs(interval.into());
    ctx.after(delay, world::Event::Elbv2(Event::Check { group, serial }));
}

/// `DescribeTargetHealth`: of all targets, or of those asked for, registered or not.
pub fn describe(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let arn = input.require("TargetGroupArn")?;
    let group = GROUP.find(&ctx.here.elbv2.groups, arn)?;
    let wanted = input.each("Targets");
    let mut items = Vec::new();
    for part in &wanted {
        let (id, port) = target::named(part, group)?;
        let known = group
            .targets
            .iter()
            .find(|target| target.id == id && target.port == port);
        items.push(match known {
            Some(target) => item(ctx, group, target),
            None => json!({
                "HealthCheckPort": check_port(group, port),
                "Target": {"Id": id, "Port": port},
                "TargetHealth": words("unused", "Target.NotRegistered", "Target is not registered to the target group"),
            }),
        });
    }
    if wanted.is_empty() {
        items.extend(group.targets.iter().map(|target| item(ctx, group, target)));
    }
    ok(json!({"TargetHealthDescriptions": items}))
}

fn item(ctx: &Ctx<'_>, group: &TargetGroup, target: &Target) -> Value {
    json!({
        "HealthCheckPort": check_port(group, target.port),
        "Target": {"AvailabilityZone": target.zone, "Id": target.id, "Port": target.port},
        "TargetHealth": state(ctx, group, target),
    })
}

fn check_port(group: &TargetGroup, port: Option<u16>) -> Option<String> {
    match group.check.port.as_deref() {
        Some("traffic-port") => port.map(|port| port.to_string()),
        other => other.map(str::to_owned),
    }
}

fn words(state: &str, reason: &str, description: &str) -> Value {
    json!({"Description": description, "Reason": reason, "State": state})
}

/// States and reasons: `ELBv2` API reference, `TargetHealth`; descriptions as observed.
fn state(ctx: &Ctx<'_>, group: &TargetGroup, target: &Target) -> Value {
    let registering = || {
        words(
            "initial",
            "Elb.RegistrationInProgress",
            "Target registration is in progress",
        )
    };
    if target.draining {
        return words(
            "draining",
            "Target.DeregistrationInProgress",
            "Target deregistration is in progress",
        );
    }
    let Some(user) = group.used_by.as_deref() else {
        let text = "Target group is not configured to receive traffic from the load balancer";
        return words("unused", "Target.NotInUse", text);
    };
    if !zone_enabled(ctx, user, target) {
        let text = "Target is in an Availability Zone that is not enabled for the load balancer";
        return words("unused", "Target.NotInUse", text);
    }
    if !group.check.enabled {
        let text = "Health checks are disabled for the target group";
        return words("unavailable", "Target.HealthCheckDisabled", text);
    }
    if !is_active(&ctx.here.elbv2, Some(user)) {
        return registering();
    }
    match &target.health.verdict {
        Verdict::Registering => registering(),
        Verdict::Initial => words(
            "initial",
            "Elb.InitialHealthChecking",
            "Initial health checks in progress",
        ),
        Verdict::Healthy => json!({"State": "healthy"}),
        Verdict::Unhealthy(answer) => words("unhealthy", answer.reason(), &answer.words()),
    }
}

/// ELB user guide, "Target health status": a target in a zone the load balancer does not stand in is unused.
fn zone_enabled(ctx: &Ctx<'_>, balancer: &str, target: &Target) -> bool {
    let Some(zone) = target.zone.as_deref().filter(|zone| *zone != "all") else {
        return true;
    };
    let subnets = ctx
        .here
        .elbv2
        .balancers
        .get(balancer)
        .map_or(&[][..], |balancer| &balancer.subnets);
    subnets.iter().any(|id| {
        ctx.here
            .ec2
            .subnets
            .get(id)
            .is_some_and(|subnet| subnet.zone == zone)
    })
}

//! From the name to the rule that takes the request.

use std::borrow::Cow;
use std::net::Ipv4Addr;

use super::answer::{Answer, Ask, Hop, Kind};
use super::conditions::fits;
use super::entrance::nodes;
use super::passed::{Passed, Stop, bare, through};
use super::rewrite::{location, rewritten};
use super::{certificate, target};
use crate::ec2::{Flow, groups_admit};
use crate::elbv2::{DROP_INVALID, Deed, Listener, LoadBalancer, Rule};
use crate::route53::{resolve_alias, spelled};
use crate::world::Ctx;

/// Follows a request.
pub fn answer(ctx: &Ctx<'_>, ask: &Ask) -> Result<Answer, Stop> {
    let name = resolved(ctx, ask)?;
    let balancer = balancer(ctx, &name)?;
    admitted(ctx, balancer, ask)?;
    let (arn, listener) = listener(ctx, balancer, ask.port)?;
    let certificate = certificate::shown(ctx, listener, ask)?;
    let kept = kept(ctx, balancer, ask);
    let answer = ruled(ctx, balancer, (arn, listener), &kept).unwrap_or_else(Answer::from);
    Ok(Answer {
        certificate,
        ..answer
    })
}

/// The request without the headers that the load balancer drops: where it is to
/// drop invalid ones, those whose names are not of `[-A-Za-z0-9]+` (ELB user guide,
/// "Load balancer attributes"). That rules do not see them either is an assumption.
fn kept<'a>(ctx: &Ctx<'_>, balancer: &str, ask: &'a Ask) -> Cow<'a, Ask> {
    let balancer = ctx.here.elbv2.balancers.get(balancer);
    let drops = balancer.and_then(|one| one.attributes.get(DROP_INVALID));
    if drops.is_none_or(|on| on != "true") {
        return Cow::Borrowed(ask);
    }
    let mut ask = ask.clone();
    let valid = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    ask.headers.retain(|name, _| name.bytes().all(valid));
    Cow::Owned(ask)
}

/// The addresses of the load balancer that a name leads to.
pub fn addresses(ctx: &Ctx<'_>, host: &str) -> Option<Vec<Ipv4Addr>> {
    let ask = Ask::new(host, "/", Ipv4Addr::UNSPECIFIED);
    let name = resolved(ctx, &ask).ok()?;
    let plain = name.strip_prefix("dualstack.").unwrap_or(&name);
    let mut all = ctx.here.elbv2.balancers.iter();
    let (arn, _) = all.find(|(_, balancer)| bare(&balancer.dns_name) == plain)?;
    let addresses: Vec<Ipv4Addr> = nodes(ctx, arn).map(|one| one.address).collect();
    (!addresses.is_empty()).then_some(addresses)
}

/// Follows a request from the listener on.
fn ruled(
    ctx: &Ctx<'_>,
    balancer: &str,
    (listener, settings): (&str, &Listener),
    ask: &Ask,
) -> Result<Answer, Stop> {
    let rule = rule(ctx, listener, ask)?;
    match &rule.action.deed {
        Deed::Respond { status, .. } => Ok(fixed(ask, rule, status)),
        Deed::Redirect { status, .. } => {
            let mut seen = passed(ask).seen(Kind::Redirect);
            seen.location = location(&rule.action.deed, ask, &settings.protocol);
            // ELBv2 API reference, `RedirectActionConfig`: `HTTP_301` or `HTTP_302`.
            let status = status.trim_start_matches("HTTP_").parse().unwrap_or(302);
            Ok(through(status, format!("{} redirects", place(rule)), seen))
        }
        Deed::Forward { groups, .. } => {
            let passed = rewritten(&rule.transforms, passed(ask))?;
            target::forward(ctx, balancer, groups, &passed)
        }
    }
}

fn passed(ask: &Ask) -> Passed<'_> {
    let url = if ask.path.starts_with('/') {
        ask.path.clone()
    } else {
        format!("/{}", ask.path)
    };
    Passed {
        ask,
        host: ask.host.clone(),
        url,
    }
}

/// The name that the host's A record leads to. A load balancer's own name is its own record.
fn resolved(ctx: &Ctx<'_>, ask: &Ask) -> Result<String, Stop> {
    let host = bare(&ask.host);
    let mut balancers = ctx.here.elbv2.balancers.values();
    if balancers.any(|balancer| bare(&balancer.dns_name) == host) {
        return Ok(host);
    }
    let alias = resolve_alias(ctx, &host);
    let name = alias.map(|alias| bare(&spelled(&alias.name)));
    name.ok_or_else(|| {
        let text = format!("{host} has no A record that is an alias");
        Stop::at(Hop::Record, 0, text)
    })
}

/// The load balancer of a name. Route 53 developer guide, "Values for alias
/// records": `dualstack.` before it is the same one. One that is not active
/// answers nobody (assumption).
fn balancer<'a>(ctx: &'a Ctx<'_>, name: &str) -> Result<&'a str, Stop> {
    let plain = name.strip_prefix("dualstack.").unwrap_or(name);
    let mut all = ctx.here.elbv2.balancers.iter();
    let found = all.find(|(_, balancer)| bare(&balancer.dns_name) == plain);
    let stop = |text: String| Stop::at(Hop::LoadBalancer, 0, text);
    match found {
        None => Err(stop(format!("no load balancer has the name {plain}"))),
        Some((_, LoadBalancer { active: false, .. })) => {
            Err(stop(format!("the load balancer {plain} is not active yet")))
        }
        Some((arn, _)) => Ok(arn),
    }
}

/// The client reaches every node, for DNS names any of them. A client inside the VPC is judged by its address only.
fn admitted(ctx: &Ctx<'_>, balancer: &str, ask: &Ask) -> Result<(), Stop> {
    let client = Flow {
        address: ask.client,
        groups: &[],
    };
    if nodes(ctx, balancer).next().is_none() {
        let text = "the load balancer has no network interface yet";
        return Err(Stop::at(Hop::LoadBalancer, 0, text));
    }
    for node in nodes(ctx, balancer) {
        let end = Flow {
            address: node.address,
            groups: &node.groups,
        };
        if !groups_admit(&ctx.here.ec2, client, end, ask.port) {
            let text = format!(
                "the load balancer's security groups ({}) do not admit {} on port {}",
                node.groups.join(", "),
                ask.client,
                ask.port
            );
            return Err(Stop::at(Hop::SecurityGroup, 0, text));
        }
    }
    Ok(())
}

/// ELB user guide, "Listeners": without one on the port the connection is refused.
fn listener<'a>(
    ctx: &'a Ctx<'_>,
    balancer: &'a str,
    port: u16,
) -> Result<(&'a str, &'a Listener), Stop> {
    let mut all = ctx.here.elbv2.listeners_of(balancer);
    let found = all.find(|(_, listener)| listener.port == port);
    let text = || format!("the load balancer has no listener on port {port}");
    found
        .map(|(arn, listener)| (arn.as_str(), listener))
        .ok_or_else(|| Stop::at(Hop::Listener, 0, text()))
}

/// ELB user guide, "Listener rules": by priority, the lowest number first; all conditions of a rule must hold; the default one last.
fn rule<'a>(ctx: &'a Ctx<'_>, listener: &str, ask: &Ask) -> Result<&'a Rule, Stop> {
    let rules = ctx.here.elbv2.rules_of(listener);
    let mut fitting = rules
        .into_iter()
        .map(|(_, rule)| rule)
        .filter(|rule| rule.conditions.iter().all(|one| fits(one, ask)));
    let text = "the listener has no rule for the request, not even a default one";
    fitting.next().ok_or_else(|| Stop::at(Hop::Rule, 0, text))
}

fn place(rule: &Rule) -> String {
    rule.priority.map_or_else(
        || "the default rule".to_owned(),
        |priority| format!("the rule of priority {priority}"),
    )
}

/// A fixed response below 400 is an answer like any other; from there on the request stopped at the rule.
fn fixed(ask: &Ask, rule: &Rule, status: &str) -> Answer {
    let status = status.parse().unwrap_or(500);
    let why = format!("{} answers {status}", place(rule));
    let answer = through(status, why, passed(ask).seen(Kind::Fixed));
    Answer {
        hop: (status >= 400).then_some(Hop::Rule),
        ..answer
    }
}

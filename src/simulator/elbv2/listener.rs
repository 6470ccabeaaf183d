//! Listeners: made, described, modified, deleted.

use serde_json::{Value, json};

use super::arn::{BALANCER, LISTENER, RULE, below, invalid};
use super::list::{page, port};
use super::state::{Listener, Pairs, Rule, State};
use super::{action, certificate, ssl_policy, tag, usage};
use crate::codec::{Input, Output, Refusal, ok};
use crate::servicequotas::{code, most};
use crate::world::Ctx;

/// `CreateListener`.
///
/// `ELBv2` API reference: idempotent; the same settings on the same port give
/// the same listener, others `DuplicateListener`. Assumption: tags are settings.
pub fn create(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let balancer = input.require("LoadBalancerArn")?;
    BALANCER.find(&ctx.here.elbv2.balancers, balancer)?;
    let tags = tag::specified(input)?;
    let protocol = input
        .text("Protocol")
        .ok_or_else(|| invalid("A listener protocol must be specified"))?;
    let port = port(input, "Port")?.ok_or_else(|| invalid("A listener port must be specified"))?;
    let bare = Listener {
        balancer: balancer.to_owned(),
        protocol: String::new(),
        port,
        policy: None,
        certificate: None,
        extra: Vec::new(),
        attributes: Pairs::new(),
    };
    let listener = changed(ctx, input, protocol, bare)?;
    let action = action::read(&ctx.here.elbv2, &listener, input, "DefaultActions")?;
    let state = &ctx.here.elbv2;
    if let Some((arn, known)) = state
        .listeners_of(balancer)
        .find(|(_, known)| known.port == port)
    {
        let settings = |listener: &Listener| {
            (
                listener.protocol.clone(),
                listener.policy.clone(),
                listener.certificate.clone(),
            )
        };
        let default = state.rules_of(arn).pop().map(|(_, rule)| &rule.action);
        if settings(known) == settings(&listener)
            && default == Some(&action)
            && tag::same(state, arn, &tags)
        {
            return ok(json!({"Listeners": [item(state, arn, known)]}));
        }
        return Err(taken());
    }
    let limit = most(ctx, code::LISTENERS);
    if state.listeners_of(balancer).count() >= limit {
        let text = format!("The limit of {limit} listeners of a load balancer has been reached");
        return Err(Refusal::new("TooManyListeners", text));
    }
    let arn = below(balancer, &BALANCER, &LISTENER, &ctx.random.hex(16));
    let rule_arn = below(&arn, &LISTENER, &RULE, &ctx.random.hex(16));
    let rule = Rule {
        listener: arn.clone(),
        priority: None,
        conditions: Vec::new(),
        action,
        transforms: Vec::new(),
    };
    let state = &mut ctx.here.elbv2;
    state.listeners.insert(arn.clone(), listener);
    state.rules.insert(rule_arn, rule);
    tag::put(state, &arn, tags);
    usage::refresh(ctx);
    let state = &ctx.here.elbv2;
    ok(json!({"Listeners": [item(state, &arn, LISTENER.find(&state.listeners, &arn)?)]}))
}

fn taken() -> Refusal {
    // Observed.
    Refusal::new(
        "DuplicateListener",
        "A listener already exists on this port for this load balancer",
    )
}

/// Reads what a request makes of a listener's protocol, policy and certificate.
///
/// `ELBv2` API reference, `ModifyListener`: from HTTPS to HTTP they go; HTTPS
/// needs exactly one certificate (observed: "A certificate must be specified for HTTPS listeners").
fn changed(
    ctx: &Ctx<'_>,
    input: &Input,
    protocol: &str,
    mut listener: Listener,
) -> Result<Listener, Refusal> {
    if input.has("AlpnPolicy") {
        return Err(invalid("ALPN policies are for TLS listeners"));
    }
    let mutual = input
        .child("MutualAuthentication")
        .and_then(|mutual| mutual.text("Mode").map(str::to_owned));
    if mutual.is_some_and(|mode| mode != "off") {
        return Err(super::arn::unsupported("Mutual authentication"));
    }
    let certificates = input.each("Certificates");
    match protocol {
        "HTTP" => {
            if input.has("SslPolicy") || !certificates.is_empty() {
                return Err(invalid(
                    "An SSL policy and certificates cannot be specified for HTTP listeners",
                ));
            }
            listener.policy = None;
            listener.certificate = None;
            listener.extra.clear();
        }
        "HTTPS" => {
            let policy = input
                .text("SslPolicy")
                .map(str::to_owned)
                .or(listener.policy.take());
            let policy = policy.unwrap_or_else(|| ssl_policy::DEFAULT.to_owned());
            ssl_policy::check(&policy)?;
            listener.policy = Some(policy);
            if certificates.len() > 1 {
                return Err(invalid(
                    "Up to one certificate can be specified, but '2' were specified",
                ));
            }
            if let Some(one) = certificates.first() {
                listener.certificate = Some(certificate::usable(ctx, one)?);
            }
            if listener.certificate.is_none() {
                return Err(invalid(
                    "A certificate must be specified for HTTPS listeners",
                ));
            }
        }
        other => {
            return Err(invalid(format!(
                "Listener protocol '{other}' must be one of 'HTTPS, HTTP'"
            )));
        }
    }
    protocol.clone_into(&mut listener.protocol);
    Ok(listener)
}

/// `ModifyListener`.
pub fn modify(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let arn = input.require("ListenerArn")?;
    let old = LISTENER.find(&ctx.here.elbv2.listeners, arn)?.clone();
    let protocol = input.text("Protocol").unwrap_or(&old.protocol).to_owned();
    let mut new = changed(ctx, input, &protocol, old)?;
    if let Some(port) = port(input, "Port")? {
        let rival = ctx
            .here
            .elbv2
            .listeners_of(&new.balancer)
            .any(|(other, known)| other != arn && known.port == port);
        if rival {
            return Err(taken());
        }
        new.port = port;
    }
    if input.has("DefaultActions") {
        let action = action::read(&ctx.here.elbv2, &new, input, "DefaultActions")?;
        let rules = ctx.here.elbv2.rules.values_mut();
        for rule in rules.filter(|rule| rule.listener == arn && rule.priority.is_none()) {
            rule.action = action.clone();
        }
    }
    ctx.here.elbv2.listeners.insert(arn.to_owned(), new);
    usage::refresh(ctx);
    let state = &ctx.here.elbv2;
    ok(json!({"Listeners": [item(state, arn, LISTENER.find(&state.listeners, arn)?)]}))
}

/// `DescribeListeners`: of a load balancer, or by ARN (`ELBv2` API reference: one of the two must be given).
pub fn describe(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let state = &ctx.here.elbv2;
    let (balancer, arns) = (input.text("LoadBalancerArn"), input.texts("ListenerArns"));
    if balancer.is_some() != arns.is_empty() {
        return Err(invalid(
            "You must specify either listener ARNs or a load balancer ARN",
        ));
    }
    if let Some(arn) = balancer {
        BALANCER.find(&state.balancers, arn)?;
    }
    for arn in &arns {
        LISTENER.find(&state.listeners, arn)?;
    }
    let asked = |arn: &String, listener: &Listener| {
        arns.contains(arn) || balancer == Some(listener.balancer.as_str())
    };
    let found: Vec<_> = state
        .listeners
        .iter()
        .filter(|(arn, listener)| asked(arn, listener))
        .collect();
    let (found, next) = page(ctx, found, input)?;
    let items: Value = found
        .into_iter()
        .map(|(arn, listener)| item(state, arn, listener))
        .collect();
    ok(json!({"Listeners": items, "NextMarker": next}))
}

fn item(state: &State, arn: &str, listener: &Listener) -> Value {
    let actions: Value = state
        .rules_of(arn)
        .pop()
        .iter()
        .map(|(_, rule)| rule.action.item())
        .collect();
    let certificates: Option<Value> = listener
        .certificate
        .as_ref()
        .map(|certificate| json!([{"CertificateArn": certificate}]));
    let mutual = (listener.protocol == "HTTPS").then(|| json!({"Mode": "off"}));
    json!({
        "Certificates": certificates,
        "DefaultActions": actions,
        "ListenerArn": arn,
        "LoadBalancerArn": listener.balancer,
        "MutualAuthentication": mutual,
        "Port": listener.port,
        "Protocol": listener.protocol,
        "SslPolicy": listener.policy,
    })
}

/// `DeleteListener`: its rules go with it; one that does not exist is `ListenerNotFound` (`ELBv2` API reference).
pub fn delete(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let arn = input.require("ListenerArn")?;
    LISTENER.find(&ctx.here.elbv2.listeners, arn)?;
    drop(&mut ctx.here.elbv2, arn);
    usage::refresh(ctx);
    ok(json!({}))
}

/// Takes a listener away, with its rules and their tags.
pub fn drop(state: &mut State, arn: &str) {
    state.listeners.remove(arn);
    state.tags.remove(arn);
    let rules: Vec<String> = state
        .rules_of(arn)
        .into_iter()
        .map(|(rule, _)| rule.clone())
        .collect();
    for rule in rules {
        state.rules.remove(&rule);
        state.tags.remove(&rule);
    }
}

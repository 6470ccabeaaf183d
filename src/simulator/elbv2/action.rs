//! What listeners and rules do with requests.

use serde_json::{Value, json};

use super::account::{GROUPS_A_BALANCER, GROUPS_AN_ACTION};
use super::arn::{GROUP, invalid, unsupported};
use super::list::number;
use super::state::{Action, Deed, Listener, State};
use crate::codec::{Input, Refusal};

impl Action {
    /// Returns the groups it forwards to.
    pub fn groups(&self) -> impl Iterator<Item = &String> {
        let groups = match &self.deed {
            Deed::Forward { groups, .. } => groups.as_slice(),
            _ => &[],
        };
        groups.iter().map(|(arn, _)| arn)
    }

    /// Writes the action. A forward to one group is written in both forms, and
    /// a redirect with its defaults (CLI reference, examples of `describe-rules`).
    pub fn item(&self) -> Value {
        let mut item = match &self.deed {
            Deed::Forward { groups, sticky } => {
                let tuples: Value = groups
                    .iter()
                    .map(|(arn, weight)| json!({"TargetGroupArn": arn, "Weight": weight}))
                    .collect();
                let single = match groups.as_slice() {
                    [(arn, _)] => Some(arn),
                    _ => None,
                };
                json!({
                    "ForwardConfig": {
                        "TargetGroupStickinessConfig": {"DurationSeconds": sticky, "Enabled": sticky.is_some()},
                        "TargetGroups": tuples,
                    },
                    "TargetGroupArn": single,
                    "Type": "forward",
                })
            }
            Deed::Redirect {
                protocol,
                port,
                host,
                path,
                query,
                status,
            } => json!({
                "RedirectConfig": {
                    "Host": host, "Path": path, "Port": port, "Protocol": protocol, "Query": query, "StatusCode": status,
                },
                "Type": "redirect",
            }),
            Deed::Respond {
                status,
                content_type,
                body,
            } => json!({
                "FixedResponseConfig": {"ContentType": content_type, "MessageBody": body, "StatusCode": status},
                "Type": "fixed-response",
            }),
        };
        item["Order"] = json!(self.order);
        item
    }
}

/// Reads the actions of a request, of which there is exactly one (ELB user
/// guide, "Listener rules": one of forward, redirect, fixed-response, the last
/// one; those that may stand before it are not simulated).
pub fn read(
    state: &State,
    listener: &Listener,
    input: &Input,
    name: &str,
) -> Result<Action, Refusal> {
    let actions = input.each(name);
    let [action] = actions.as_slice() else {
        return Err(if actions.is_empty() {
            input.protocol.missing(name)
        } else {
            let text =
                "A rule can only have one action of the types forward, redirect and fixed-response";
            Refusal::new("TooManyActions", text)
        });
    };
    let order = number(action, "Order", 1, 50_000)?;
    let deed = match action.require("Type")? {
        "forward" => forward(state, listener, action)?,
        "redirect" => redirect(listener, action)?,
        "fixed-response" => respond(action)?,
        kind @ ("authenticate-oidc" | "authenticate-cognito" | "jwt-validation") => {
            return Err(unsupported(&format!("An action of type '{kind}'")));
        }
        kind => return Err(invalid(format!("Action type '{kind}' is not valid"))),
    };
    Ok(Action { deed, order })
}

fn bad(text: impl Into<String>) -> Refusal {
    // ELBv2 API reference: InvalidLoadBalancerAction.
    Refusal::new("InvalidLoadBalancerAction", text)
}

fn forward(state: &State, listener: &Listener, action: &Input) -> Result<Deed, Refusal> {
    let single = action.text("TargetGroupArn");
    let config = action.child("ForwardConfig");
    let mut groups = Vec::new();
    for tuple in config.iter().flat_map(|config| config.each("TargetGroups")) {
        let arn = tuple.require("TargetGroupArn")?.to_owned();
        // ELBv2 API reference, `TargetGroupTuple`: 0 to 999. The default weight is 1 (observed).
        groups.push((arn, number(&tuple, "Weight", 0, 999)?.unwrap_or(1)));
    }
    match single {
        Some(arn) if groups.is_empty() => groups.push((arn.to_owned(), 1)),
        // ELBv2 API reference, `Action`: both forms only with the same one group.
        Some(arn) if !matches!(groups.as_slice(), [(same, _)] if same == arn) => {
            return Err(bad(
                "TargetGroupArn and ForwardConfig must name the same single target group",
            ));
        }
        _ => {}
    }
    if groups.is_empty() {
        return Err(bad("A forward action needs a target group"));
    }
    if groups.len() > GROUPS_AN_ACTION {
        return Err(bad(format!(
            "A forward action can have up to {GROUPS_AN_ACTION} target groups"
        )));
    }
    for (place, (arn, _)) in groups.iter().enumerate() {
        if groups.iter().take(place).any(|(other, _)| other == arn) {
            return Err(bad(format!(
                "The target group '{arn}' is named more than once"
            )));
        }
        check_group(state, listener, arn)?;
    }
    let sticky = config.and_then(|config| config.child("TargetGroupStickinessConfig"));
    let sticky = match sticky.filter(|sticky| sticky.flag("Enabled") == Some(true)) {
        // ELBv2 API reference, `TargetGroupStickinessConfig`: 1 second to 7 days; required when it is on.
        Some(sticky) => Some(
            number(&sticky, "DurationSeconds", 1, 604_800)?
                .ok_or_else(|| bad("Stickiness needs DurationSeconds"))?,
        ),
        None => None,
    };
    Ok(Deed::Forward { groups, sticky })
}

/// Checks that a listener may forward to a group.
///
/// `ELBv2` API reference, `CreateListener`: `TargetGroupNotFound`, `IncompatibleProtocols`,
/// `TargetGroupAssociationLimit` (one load balancer a group: ELB user guide, "Target groups").
/// That the VPC differs is `InvalidConfigurationRequest`: assumption.
fn check_group(state: &State, listener: &Listener, arn: &str) -> Result<(), Refusal> {
    let group = GROUP.find(&state.groups, arn)?;
    if let Some(protocol @ ("TCP" | "TLS")) = group.protocol.as_deref() {
        let text = format!(
            "Protocol '{protocol}' of the target group '{arn}' does not go with a listener of protocol '{}'",
            listener.protocol
        );
        return Err(Refusal::new("IncompatibleProtocols", text));
    }
    if group
        .used_by
        .as_ref()
        .is_some_and(|user| *user != listener.balancer)
    {
        let text = format!(
            "The following target groups cannot be associated with more than one load balancer: {arn}"
        );
        return Err(Refusal::new("TargetGroupAssociationLimit", text));
    }
    let vpc = state
        .balancers
        .get(&listener.balancer)
        .map(|balancer| &balancer.vpc);
    if group.vpc.is_some() && group.vpc.as_ref() != vpc {
        let text = format!("The target group '{arn}' is not in the VPC of the load balancer");
        return Err(Refusal::new("InvalidConfigurationRequest", text));
    }
    let mut used: Vec<&String> = state
        .rules_under(&listener.balancer)
        .flat_map(|(_, rule)| rule.action.groups())
        .collect();
    used.sort_unstable();
    used.dedup();
    if used.len() >= GROUPS_A_BALANCER && !used.iter().any(|known| *known == arn) {
        let text = "The limit of target groups for this load balancer has been reached";
        return Err(Refusal::new(
            "TooManyUniqueTargetGroupsPerLoadBalancer",
            text,
        ));
    }
    Ok(())
}

/// `ELBv2` API reference, `RedirectActionConfig`.
fn redirect(listener: &Listener, action: &Input) -> Result<Deed, Refusal> {
    let config = action
        .child("RedirectConfig")
        .ok_or_else(|| bad("A redirect action needs RedirectConfig"))?;
    let or = |name: &str, default: &str| config.text(name).unwrap_or(default).to_owned();
    let (protocol, port) = (or("Protocol", "#{protocol}"), or("Port", "#{port}"));
    let (host, path, query) = (
        or("Host", "#{host}"),
        or("Path", "/#{path}"),
        or("Query", "#{query}"),
    );
    let status = config.require("StatusCode")?.to_owned();
    if !matches!(status.as_str(), "HTTP_301" | "HTTP_302") {
        return Err(bad(format!(
            "The status code '{status}' is not HTTP_301 or HTTP_302"
        )));
    }
    if !matches!(protocol.as_str(), "HTTP" | "HTTPS" | "#{protocol}") {
        return Err(bad(format!(
            "The protocol '{protocol}' is not HTTP, HTTPS or #{{protocol}}"
        )));
    }
    if protocol == "HTTP" && listener.protocol == "HTTPS" {
        return Err(bad("HTTPS cannot be redirected to HTTP"));
    }
    if port != "#{port}" && !port.parse::<u16>().is_ok_and(|port| port > 0) {
        return Err(bad(format!(
            "The port '{port}' is not 1 to 65535 or #{{port}}"
        )));
    }
    if !path.starts_with('/') {
        return Err(bad("The path must begin with '/'"));
    }
    if [&host, &path, &query]
        .iter()
        .any(|part| part.chars().count() > 128)
        || host.is_empty()
    {
        return Err(bad("Host, path and query have up to 128 characters"));
    }
    let kept = (protocol == "#{protocol}" || protocol == listener.protocol)
        && (port == "#{port}" || port == listener.port.to_string())
        && host == "#{host}"
        && path == "/#{path}";
    if kept {
        // ELB user guide, "Redirect actions": one of protocol, port, host and path must change, or it is a loop.
        return Err(bad(
            "A redirect must change the protocol, port, host or path, or it is a loop",
        ));
    }
    Ok(Deed::Redirect {
        protocol,
        port,
        host,
        path,
        query,
        status,
    })
}

/// `ELBv2` API reference, `FixedResponseActionConfig`.
fn respond(action: &Input) -> Result<Deed, Refusal> {
    const TYPES: &[&str] = &[
        "text/plain",
        "text/css",
        "text/html",
        "application/javascript",
        "application/json",
    ];
    let config = action
        .child("FixedResponseConfig")
        .ok_or_else(|| bad("A fixed-response action needs FixedResponseConfig"))?;
    let status = config.require("StatusCode")?.to_owned();
    let digits = status.len() == 3 && status.bytes().all(|byte| byte.is_ascii_digit());
    if !digits || !matches!(status.as_bytes(), [b'2' | b'4' | b'5', ..]) {
        return Err(bad(format!(
            "The status code '{status}' is not 2XX, 4XX or 5XX"
        )));
    }
    let content_type = config.text("ContentType").map(str::to_owned);
    if content_type
        .as_deref()
        .is_some_and(|kind| !TYPES.contains(&kind))
    {
        return Err(bad(format!("The content type must be one of {TYPES:?}")));
    }
    let body = config.text("MessageBody").map(str::to_owned);
    if body
        .as_ref()
        .is_some_and(|body| body.chars().count() > 1024)
    {
        return Err(bad("The message body has up to 1024 characters"));
    }
    Ok(Deed::Respond {
        status,
        content_type,
        body,
    })
}

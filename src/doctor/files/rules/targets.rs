//! Target groups that lead to the endpoint, and their targets.

use std::{borrow::Cow, net::IpAddr};

use super::{
    super::{
        kind::Kind,
        model::{Configuration, Node, Resource, leads},
        said::{Said, Words},
    },
    is_of, is_private_way,
};
use crate::checks::codes;

/// The group that a target is in.
fn group_of<'c>(configuration: &'c Configuration, target: &Resource) -> Option<&'c Resource> {
    configuration.led_to(target.get("target_group_arn")?, Kind::TargetGroup)
}

fn targets<'c>(
    configuration: &'c Configuration,
    group: &'c Resource,
) -> impl Iterator<Item = &'c Resource> {
    let all = configuration.of(Kind::Attachment);
    all.filter(move |one| leads(one, "target_group_arn", group))
}

fn is(resource: &Resource, path: &str, word: &str) -> bool {
    resource
        .text(path)
        .is_some_and(|text| text.eq_ignore_ascii_case(word))
}

/// Whether there is an interface endpoint for S3, whose groups look alike.
fn has_site(configuration: &Configuration) -> bool {
    let mut endpoints = configuration.of(Kind::Endpoint);
    endpoints
        .any(|one| is_of(configuration, one, "s3") && is(one, "vpc_endpoint_type", "Interface"))
}

/// How many resources may stand between a target and the endpoint.
const FURTHEST: usize = 4;

/// The endpoint that a resource asks for, itself or through others: interfaces
/// that are looked up, a custom resource.
fn endpoint_behind<'c>(
    configuration: &'c Configuration,
    from: &Resource,
    left: usize,
) -> Option<&'c Resource> {
    let all = from.mentions.values().flatten();
    let mut asked = all
        .filter_map(|one| configuration.target(one))
        .filter(|one| {
            // What the balancer is made of leads everywhere.
            matches!(one.kind, Kind::Endpoint | Kind::Other)
        });
    asked.find_map(|one| match one.kind {
        Kind::Endpoint => Some(one),
        _ if left > 0 => endpoint_behind(configuration, one, left - 1),
        _ => None,
    })
}

/// Whether the group leads to the endpoint for private APIs.
pub fn is_of_endpoint(configuration: &Configuration, group: &Resource) -> bool {
    if !is_private_way(configuration) || is(group, "target_type", "lambda") {
        return false;
    }
    let mut behind = targets(configuration, group);
    if let Some(endpoint) = behind.find_map(|one| endpoint_behind(configuration, one, FURTHEST)) {
        return is_of(configuration, endpoint, "execute-api");
    }
    let on_443 = is(group, "protocol", "HTTPS") || is(group, "port", "443");
    if has_site(configuration) || !on_443 {
        return false;
    }
    let interfaces = |one: &Resource| {
        let mut all = one.mentions.values().flatten();
        all.any(|reference| reference.to.contains("aws_network_interface"))
    };
    is(group, "target_type", "ip")
        || targets(configuration, group).any(|one| interfaces(one) || typed(one).is_some())
}

/// Who types the target: the words for it, if it is an address or a variable.
fn typed(target: &Resource) -> Option<Cow<'_, str>> {
    let id = target.get("target_id")?;
    let mentioned = || {
        let all = target
            .mentioned("target_id")
            .iter()
            .chain(target.mentioned("for_each"));
        all.chain(target.mentioned("count"))
            .filter(|one| !one.to.starts_with("local."))
    };
    if mentioned().any(|one| !one.input) {
        return None;
    }
    if let Some(text) = id.text() {
        return text.parse::<IpAddr>().is_ok().then_some(text);
    }
    if let Some(reference) = id.reference() {
        return reference.input.then(|| Cow::Owned(reference.to.clone()));
    }
    let first = target
        .mentioned("target_id")
        .iter()
        .chain(target.mentioned("for_each"));
    let mut inputs = first.filter(|one| one.input);
    inputs.next().map(|one| Cow::Owned(one.to.clone()))
}

/// The addresses that endpoints of the configuration are pinned to (EC2 API
/// reference, `SubnetConfiguration`): these are typed in both places and agree.
fn pinned(configuration: &Configuration) -> Vec<String> {
    let mut all = Vec::new();
    for endpoint in configuration.of(Kind::Endpoint) {
        let blocks = endpoint
            .get("subnet_configuration")
            .map(Node::items)
            .unwrap_or_default();
        let ips = blocks
            .into_iter()
            .filter_map(|block| block.get("ipv4")?.text());
        all.extend(ips.map(Cow::into_owned));
        let asked = endpoint.mentioned("subnet_configuration").iter();
        all.extend(asked.filter(|one| one.input).map(|one| one.to.clone()));
    }
    all
}

/// VPC user guide, "Interface endpoints": an interface keeps its addresses until
/// it is replaced, as when the endpoint's subnets change or it is made anew.
pub fn typed_addresses(configuration: &Configuration, said: &mut Said) {
    if !is_private_way(configuration) {
        return;
    }
    let pinned = pinned(configuration);
    for target in configuration.of(Kind::Attachment) {
        let group = group_of(configuration, target);
        if group.is_some_and(|group| !is_of_endpoint(configuration, group)) {
            continue;
        }
        let Some(by) = typed(target).filter(|by| !pinned.contains(&by.to_string())) else {
            continue;
        };
        let words = Words {
            found: match by.parse::<IpAddr>() {
                Ok(_) => format!("the endpoint's address {by} is typed by hand"),
                Err(_) => format!("the endpoint's address is {by}, which somebody types"),
            },
            cause: "the endpoint gets other addresses when its subnets change or it is made anew, and nothing follows",
            remedy: "take them from the endpoint's network interfaces, or pin them with its `subnet_configuration`; `hybridgw sync --watch` follows them".to_owned(),
        };
        let at = target.place("target_id");
        said.warned(codes::CONFIG_TYPED_ADDRESS, at, &target.address, words);
    }
}

/// AWS provider, issues 26338 and 38148: what `for_each` takes has to be known at
/// the plan, and the interfaces of an endpoint that is made with it are not.
pub fn unknown_before_apply(configuration: &Configuration, said: &mut Said) {
    for one in &configuration.resources {
        let Some(node) = one.get("for_each") else {
            continue;
        };
        let Some(reference) = node
            .reference()
            .filter(|one| one.leaf() == "network_interface_ids")
        else {
            continue;
        };
        let made = configuration
            .target(reference)
            .is_some_and(|one| !one.looked_up);
        if !made {
            continue;
        }
        let words = Words {
            found: format!("for_each goes over {reference}"),
            cause: "the plan does not know them before the endpoint is there, and ends in an error",
            remedy: "go over the subnets, and take the interface by its index".to_owned(),
        };
        said.failed(
            codes::CONFIG_UNKNOWN_FOR_EACH,
            &node.at,
            &one.address,
            words,
        );
    }
}

/// Elastic Load Balancing guide, "Lambda functions as targets": the function's
/// policy has to let `elasticloadbalancing.amazonaws.com` invoke it before it is
/// registered.
pub fn not_permitted(configuration: &Configuration, said: &mut Said) {
    let mut permissions = configuration.of(Kind::Permission);
    let permitted = permissions.any(|one| {
        one.get("principal").is_none_or(|principal| {
            principal
                .text()
                .is_none_or(|text| text.starts_with("elasticloadbalancing."))
        })
    });
    if permitted || configuration.partial || !configuration.passed.is_empty() {
        return;
    }
    for group in configuration
        .of(Kind::TargetGroup)
        .filter(|one| is(one, "target_type", "lambda"))
    {
        let Some(target) = targets(configuration, group).next() else {
            continue;
        };
        // A function of somebody else has its permission there.
        let mut asked = target.mentioned("target_id").iter();
        if !asked.any(|one| configuration.target(one).is_some_and(|one| !one.looked_up)) {
            continue;
        }
        let words = Words {
            found: "a function is a target, and nothing permits the load balancer to invoke it".to_owned(),
            cause: "AWS refuses to register it",
            remedy: "permit elasticloadbalancing.amazonaws.com lambda:InvokeFunction from this target group, before the target".to_owned(),
        };
        said.failed(
            codes::CONFIG_NOT_PERMITTED,
            &target.at,
            &target.address,
            words,
        );
    }
}

fn of_endpoint(configuration: &Configuration) -> impl Iterator<Item = &Resource> {
    let groups = configuration.of(Kind::TargetGroup);
    groups.filter(|group| is_of_endpoint(configuration, group))
}

/// Elastic Load Balancing guide, "Target type": addresses are targets of the type
/// `ip`; it is `instance` if none is named.
pub fn target_type(configuration: &Configuration, said: &mut Said) {
    for group in of_endpoint(configuration) {
        let found = match group.get("target_type").map(Node::text) {
            None => "no target type, so `instance`".to_owned(),
            Some(Some(word)) if word != "ip" => format!("its target type is {word}"),
            Some(_) => continue,
        };
        let words = Words {
            found,
            cause: "the endpoint is reached by its addresses, and such a group takes none",
            remedy: "set the target type to ip".to_owned(),
        };
        said.failed(
            codes::CONFIG_TARGET_TYPE,
            group.place("target_type"),
            &group.address,
            words,
        );
    }
}

/// API Gateway developer guide, "Private REST APIs": private APIs answer TLS on
/// 443 alone. Health checks speak HTTP if no protocol is named (Elastic Load
/// Balancing API reference, `CreateTargetGroup`).
pub fn protocol(configuration: &Configuration, said: &mut Said) {
    for group in of_endpoint(configuration) {
        let mut say = |found: String, path: &str| {
            let words = Words {
                found,
                cause: "the endpoint answers HTTPS on 443 alone",
                remedy: "set protocol and health check to HTTPS, and the port to 443".to_owned(),
            };
            said.failed(
                codes::CONFIG_TARGET_PROTOCOL,
                group.place(path),
                &group.address,
                words,
            );
        };
        match (group.text("protocol"), group.text("port")) {
            (Some(word), _)
                if !word.eq_ignore_ascii_case("HTTPS")
                    && !word.eq_ignore_ascii_case("TLS")
                    && !word.eq_ignore_ascii_case("TCP") =>
            {
                say(format!("its protocol is {word}"), "protocol");
            }
            (_, Some(port)) if port != "443" => say(format!("its port is {port}"), "port"),
            _ => {
                let of_balancer = is(group, "protocol", "HTTPS");
                match group.get("health_check.protocol").map(Node::text) {
                    Some(Some(word)) if word.eq_ignore_ascii_case("HTTP") => {
                        say(
                            "its health check speaks HTTP".to_owned(),
                            "health_check.protocol",
                        );
                    }
                    None if of_balancer => {
                        say(
                            "its health check names no protocol, so HTTP".to_owned(),
                            "health_check",
                        );
                    }
                    _ => {}
                }
            }
        }
    }
}

/// The codes of a matcher, as ranges.
fn ranges(matcher: &str) -> Option<Vec<(u16, u16)>> {
    let part = |part: &str| {
        let (from, to) = part.split_once('-').unwrap_or((part, part));
        Some((from.trim().parse().ok()?, to.trim().parse().ok()?))
    };
    matcher.split(',').map(part).collect()
}

fn takes(matcher: &str, code: u16) -> bool {
    let ranges = ranges(matcher).unwrap_or_default();
    ranges
        .iter()
        .any(|(from, to)| (*from..=*to).contains(&code))
}

/// API Gateway developer guide, "Reserved paths": `/ping` and `/sping` answer
/// health checks. Elastic Load Balancing guide, "Health checks": what the matcher
/// takes is healthy. 405 is what S3 answers to anybody, and no mistake there.
pub fn health_hides(configuration: &Configuration, said: &mut Said) {
    if !is_private_way(configuration) {
        return;
    }
    for group in configuration.of(Kind::TargetGroup) {
        let Some(matcher) = group.text("health_check.matcher") else {
            continue;
        };
        let hidden = [403, 404, 401, 400, 429]
            .into_iter()
            .find(|code| takes(&matcher, *code));
        let Some(code) = hidden else { continue };
        let words = Words {
            found: format!("its health check takes {matcher} for healthy, {code} with it"),
            cause: "a policy that lets nobody in, or an API that is not there, looks healthy",
            remedy: if is_of_endpoint(configuration, group) {
                "set the path to /ping and the matcher to 200: API Gateway answers that by itself"
                    .to_owned()
            } else {
                "set a path that answers 200, and the matcher to 200".to_owned()
            },
        };
        let at = group.place("health_check.matcher");
        said.warned(codes::CONFIG_HEALTH_HIDES, at, &group.address, words);
    }
}

/// The same sources: a health check asks an address, which is the name of no
/// API, so API Gateway answers 403 on every path but the reserved ones. Where no
/// target is healthy, the load balancer sends to all (the guide, "Health checks").
pub fn health_never_well(configuration: &Configuration, said: &mut Said) {
    for group in of_endpoint(configuration) {
        // A network load balancer's checks may do with a connection.
        if !is(group, "protocol", "HTTPS") || is(group, "health_check.protocol", "TCP") {
            continue;
        }
        let path = match group.get("health_check.path").map(Node::text) {
            None => Cow::Borrowed("/"),
            Some(Some(path)) => path,
            Some(None) => continue,
        };
        let matcher = match group.get("health_check.matcher").map(Node::text) {
            None => Cow::Borrowed("200"),
            Some(Some(matcher)) => matcher,
            Some(None) => continue,
        };
        let reserved = matches!(path.trim_start_matches('/'), "ping" | "sping");
        if reserved || takes(&matcher, 403) || ranges(&matcher).is_none() {
            continue;
        }
        let words = Words {
            found: format!("its health check asks {path} and wants {matcher}"),
            cause: "a health check names no API, so API Gateway answers 403: no target is ever healthy, and the load balancer works only because it then sends to all",
            remedy: "set the path to /ping and the matcher to 200".to_owned(),
        };
        let at = group.place("health_check.path");
        let at = if group.get("health_check.path").is_some() {
            at
        } else {
            group.place("health_check")
        };
        said.failed(codes::CONFIG_HEALTH_NEVER_WELL, at, &group.address, words);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_matcher_is_read_as_the_guide_writes_it() {
        assert!(takes("200-499", 403) && takes("200,403", 403) && takes("200, 403", 403));
        assert!(!takes("200-399", 403) && !takes("307,405", 403) && !takes("abc", 403));
        assert!(ranges("200").is_some() && ranges("two hundred").is_none());
    }
}

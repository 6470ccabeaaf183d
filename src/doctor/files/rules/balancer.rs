//! The load balancer and its listeners.

use super::{
    super::{
        kind::Kind,
        model::{Configuration, Is, Node, Resource, leads},
        said::{Said, Words},
    },
    is_private_way,
    targets::is_of_endpoint,
};
use crate::checks::codes;

fn is_application(balancer: &Resource) -> bool {
    balancer
        .text("load_balancer_type")
        .is_none_or(|word| word == "application")
}

/// Whether a balancer leads to the endpoint. Where no group is known to do that,
/// any balancer may.
fn is_in_the_way(configuration: &Configuration, balancer: &Resource) -> bool {
    let groups = configuration.of(Kind::TargetGroup);
    let groups: Vec<&Resource> = groups
        .filter(|group| is_of_endpoint(configuration, group))
        .collect();
    if groups.is_empty() {
        return true;
    }
    let listeners = configuration.of(Kind::Listener);
    let mut mine = listeners.filter(|one| leads(one, "load_balancer_arn", balancer));
    mine.any(|listener| {
        let to_group = |one: &Resource| groups.iter().any(|group| one.asks_for(&group.base));
        // Its rules are resources of their own.
        let mut rules = configuration
            .resources
            .iter()
            .filter(|one| one.asks_for(&listener.base));
        to_group(listener) || rules.any(to_group)
    })
}

/// Elastic Load Balancing guide, "Load balancer scheme": internet-facing if
/// nothing is said.
pub fn public(configuration: &Configuration, said: &mut Said) {
    if !is_private_way(configuration) {
        return;
    }
    for balancer in configuration.of(Kind::LoadBalancer) {
        if !is_in_the_way(configuration, balancer) {
            continue;
        }
        let found = match balancer.get("internal") {
            None => "nothing says that it is internal, so it is internet-facing",
            Some(node) if node.flag() == Some(false) => "it is internet-facing",
            Some(_) => continue,
        };
        let words = Words {
            found: found.to_owned(),
            cause: "what should be private can be reached from the internet, and the scheme cannot be changed later",
            remedy: "make it internal".to_owned(),
        };
        said.failed(
            codes::CONFIG_PUBLIC_BALANCER,
            balancer.place("internal"),
            &balancer.address,
            words,
        );
    }
}

/// Elastic Load Balancing guide, "Subnets for your load balancer": two
/// availability zones at least for an application load balancer.
pub fn one_subnet(configuration: &Configuration, said: &mut Said) {
    for balancer in configuration
        .of(Kind::LoadBalancer)
        .filter(|one| is_application(one))
    {
        let Some(subnets) = balancer.get("subnets") else {
            continue;
        };
        // A list whose only item may itself be a list is not counted.
        let Is::List(items) = &subnets.is else {
            continue;
        };
        let [only] = items.as_slice() else { continue };
        let single = only.text().is_some()
            || only
                .reference()
                .is_some_and(|one| !one.input && matches!(one.leaf(), "id" | "" | "SubnetId"));
        let made = only
            .reference()
            .is_none_or(|one| configuration.declared.contains(&one.to));
        if !single || !made {
            continue;
        }
        let words = Words {
            found: "it has one subnet".to_owned(),
            cause: "AWS wants subnets of two zones at least",
            remedy: "name a subnet of another zone too".to_owned(),
        };
        said.failed(
            codes::SUBNETS_TOO_FEW,
            &subnets.at,
            &balancer.address,
            words,
        );
    }
}

/// Elastic Load Balancing API reference, `CreateLoadBalancer`: 32 characters of
/// letters, digits and hyphens, no hyphen at either end, not `internal-`.
pub fn name(configuration: &Configuration, said: &mut Said) {
    for balancer in configuration.of(Kind::LoadBalancer) {
        let Some(name) = balancer.text("name") else {
            continue;
        };
        let plain = name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        let why = if name.chars().count() > 32 {
            "AWS takes 32 characters"
        } else if name.starts_with("internal-") {
            "AWS keeps names that begin with internal- for itself"
        } else if !plain || name.starts_with('-') || name.ends_with('-') {
            "AWS takes letters, digits, and hyphens between them"
        } else {
            continue;
        };
        let words = Words {
            found: format!("its name is {name}"),
            cause: why,
            remedy: "choose another name".to_owned(),
        };
        said.failed(
            codes::CONFIG_BALANCER_NAME,
            balancer.place("name"),
            &balancer.address,
            words,
        );
    }
}

/// Whether a security policy lets TLS 1.0 or 1.1 in (Elastic Load Balancing
/// guide, "Security policies": the names say it but for the oldest).
fn is_old(policy: &str) -> bool {
    let Some(name) = policy.strip_prefix("ELBSecurityPolicy-") else {
        return false;
    };
    let of_years = ["2011-", "2014-", "2015-", "2016-"];
    let by_name = [
        "TLS-1-0-",
        "TLS-1-1-",
        "TLS13-1-0-",
        "TLS13-1-1-",
        "FS-1-1-",
        "FS-2018-",
    ];
    of_years
        .iter()
        .chain(&by_name)
        .any(|old| name.starts_with(old))
}

/// Elastic Load Balancing guide, "Security policies"; the API's default is
/// `ELBSecurityPolicy-2016-08`, with TLS 1.0.
pub fn old_tls(configuration: &Configuration, said: &mut Said) {
    for listener in configuration.of(Kind::Listener) {
        let secure = listener
            .text("protocol")
            .is_some_and(|word| word == "HTTPS" || word == "TLS");
        let found = match listener.get("ssl_policy").map(Node::text) {
            Some(Some(policy)) if is_old(&policy) => format!("its security policy is {policy}"),
            None if secure => "no security policy, so ELBSecurityPolicy-2016-08".to_owned(),
            _ => continue,
        };
        let words = Words {
            found,
            cause: "it takes TLS 1.0 and 1.1, which are broken",
            remedy: "set ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09, or another of TLS 1.2 and 1.3"
                .to_owned(),
        };
        said.warned(
            codes::CONFIG_OLD_TLS,
            listener.place("ssl_policy"),
            &listener.address,
            words,
        );
    }
}

/// Elastic Load Balancing guide, "HTTP listeners": a redirect leads to HTTPS. An
/// application load balancer alone speaks HTTP to its clients.
pub fn plain_http(configuration: &Configuration, said: &mut Said) {
    if !is_private_way(configuration) {
        return;
    }
    for listener in configuration.of(Kind::Listener) {
        if listener.text("protocol").is_none_or(|word| word != "HTTP") {
            continue;
        }
        let balancer = listener.get("load_balancer_arn");
        let balancer = balancer.and_then(|node| configuration.led_to(node, Kind::LoadBalancer));
        if balancer.is_some_and(|balancer| !is_in_the_way(configuration, balancer)) {
            continue;
        }
        let actions = listener
            .get("default_action")
            .map(Node::items)
            .unwrap_or_default();
        let forwards = actions.iter().any(|action| {
            action
                .get("type")
                .and_then(Node::text)
                .is_some_and(|word| word == "forward")
        });
        if !forwards {
            continue;
        }
        let words = Words {
            found: "it speaks HTTP and forwards".to_owned(),
            cause: "names, tokens and content go over the network in the clear",
            remedy: "let it redirect to HTTPS on 443 (HTTP_301)".to_owned(),
        };
        said.warned(
            codes::CONFIG_PLAIN_HTTP,
            listener.place("protocol"),
            &listener.address,
            words,
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn policies_with_tls_1_0_are_told_from_those_without() {
        for old in [
            "ELBSecurityPolicy-2016-08",
            "ELBSecurityPolicy-2015-05",
            "ELBSecurityPolicy-TLS-1-0-2015-04",
            "ELBSecurityPolicy-TLS-1-1-2017-01",
            "ELBSecurityPolicy-FS-2018-06",
            "ELBSecurityPolicy-FS-1-1-2019-08",
            "ELBSecurityPolicy-TLS13-1-0-2021-06",
            "ELBSecurityPolicy-TLS13-1-1-2021-06",
        ] {
            assert!(is_old(old), "{old}");
        }
        for new in [
            "ELBSecurityPolicy-FS-1-2-2019-08",
            "ELBSecurityPolicy-TLS-1-2-2017-01",
            "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09",
            "ELBSecurityPolicy-TLS13-1-3-2021-06",
        ] {
            assert!(!is_old(new), "{new}");
        }
    }
}

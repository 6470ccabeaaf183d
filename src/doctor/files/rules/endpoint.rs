//! The interface endpoint for private APIs.

use super::{
    super::{
        kind::Kind,
        model::{Configuration, Is, Node, Resource, leads},
        said::{Said, Words},
    },
    endpoints,
};
use crate::checks::codes;

fn is_on(node: Option<&Node>) -> bool {
    node.and_then(Node::flag) == Some(true)
}

/// API Gateway developer guide, "Private REST APIs": with private DNS on, the
/// names of all APIs of the region lead to the endpoint, and public ones are not
/// reached from the VPC any more.
pub fn private_dns(configuration: &Configuration, said: &mut Said) {
    for endpoint in endpoints(configuration) {
        let Some(node) = endpoint.get("private_dns_enabled") else {
            continue;
        };
        if !is_on(Some(node)) {
            continue;
        }
        let words = Words {
            found: "private DNS is on".to_owned(),
            cause: "in the whole VPC, every public API of the region then ends in 403; and one endpoint of a VPC alone can have it",
            remedy: "set it to false: behind a load balancer nothing needs it".to_owned(),
        };
        said.warned(codes::PRIVATE_DNS_ON, &node.at, &endpoint.address, words);
    }
}

/// VPC user guide, "DNS attributes for your VPC": private DNS needs both, and
/// `enableDnsHostnames` is off unless it is asked for.
pub fn vpc_attributes(configuration: &Configuration, said: &mut Said) {
    for endpoint in endpoints(configuration) {
        let vpc = endpoint
            .get("vpc_id")
            .and_then(|node| configuration.led_to(node, Kind::Vpc));
        let Some(vpc) =
            vpc.filter(|vpc| !vpc.looked_up && is_on(endpoint.get("private_dns_enabled")))
        else {
            continue;
        };
        for (name, default) in [
            ("enable_dns_support", true),
            ("enable_dns_hostnames", false),
        ] {
            let on = match vpc.get(name) {
                None => default,
                Some(node) => node.flag() != Some(false),
            };
            if on {
                continue;
            }
            let words = Words {
                found: format!("{name} is off, and {} has private DNS on", endpoint.address),
                cause: "AWS refuses private DNS in such a VPC",
                remedy: format!("set {name} to true, or private DNS to false"),
            };
            said.failed(codes::VPC_DNS_OFF, vpc.place(name), &vpc.address, words);
        }
    }
}

/// AWS PrivateLink guide, "AWS services that integrate": `execute-api` has
/// interface endpoints. The type is Gateway if none is named (EC2 API reference,
/// `CreateVpcEndpoint`).
pub fn gateway(configuration: &Configuration, said: &mut Said) {
    for endpoint in endpoints(configuration) {
        let named = endpoint.get("vpc_endpoint_type");
        let found = match named.map(Node::text) {
            None => "no type, so a gateway endpoint".to_owned(),
            Some(Some(word)) if word != "Interface" => format!("its type is {word}"),
            Some(_) => continue,
        };
        let words = Words {
            found,
            cause: "execute-api has interface endpoints only, and AWS refuses others",
            remedy: "set the type to Interface".to_owned(),
        };
        let at = endpoint.place("vpc_endpoint_type");
        said.failed(codes::CONFIG_ENDPOINT_TYPE, at, &endpoint.address, words);
    }
}

fn is_interface(endpoint: &Resource) -> bool {
    endpoint
        .text("vpc_endpoint_type")
        .is_some_and(|word| word == "Interface")
}

/// AWS `PrivateLink` guide, "Access an AWS service using an interface VPC
/// endpoint": an endpoint has a network interface in each subnet that is named,
/// and without subnets none.
pub fn without_subnets(configuration: &Configuration, said: &mut Said) {
    if configuration.partial {
        return;
    }
    for endpoint in endpoints(configuration).filter(|one| is_interface(one)) {
        let subnets = endpoint.get("subnet_ids");
        let none = subnets.is_none_or(|node| node.items().is_empty());
        let named = !endpoint.mentioned("subnet_ids").is_empty()
            || endpoint.get("subnet_configuration").is_some()
            || endpoint.get("subnet_configurations").is_some();
        let apart = configuration.of(Kind::EndpointSubnet).next().is_some();
        if !none || named || apart || configuration.passed.contains(&endpoint.base) {
            continue;
        }
        let words = Words {
            found: "an interface endpoint without subnets".to_owned(),
            cause: "it gets no network interface, so no address: nothing reaches it",
            remedy: "name a subnet for each zone of the load balancer".to_owned(),
        };
        said.failed(codes::SUBNETS_NONE, &endpoint.at, &endpoint.address, words);
    }
}

/// AWS `PrivateLink` guide, "Access an AWS service using an interface VPC
/// endpoint": the endpoint's security group has to let in 443. A group that is
/// made without a rule lets nothing in (VPC user guide, "Security groups").
pub fn closed(configuration: &Configuration, said: &mut Said) {
    if configuration.partial || configuration.of(Kind::EndpointGroup).next().is_some() {
        return;
    }
    for endpoint in endpoints(configuration) {
        let Some(groups) = groups(configuration, endpoint) else {
            continue;
        };
        if groups.iter().any(|group| may_let_in(configuration, group)) {
            continue;
        }
        let names: Vec<&str> = groups.iter().map(|group| group.address.as_str()).collect();
        let Some(first) = groups.first() else {
            continue;
        };
        let words = Words {
            found: format!(
                "nothing lets 443 in to {}, through {}",
                endpoint.address,
                names.join(" and ")
            ),
            cause: "the load balancer does not reach the endpoint: requests end in 504",
            remedy: "add an ingress rule for TCP 443 from the load balancer's security group"
                .to_owned(),
        };
        said.failed(
            codes::CONFIG_ENDPOINT_CLOSED,
            &first.at,
            &first.address,
            words,
        );
    }
}

/// The groups of an endpoint, if all of them are made here and nowhere added to.
fn groups<'c>(configuration: &'c Configuration, endpoint: &Resource) -> Option<Vec<&'c Resource>> {
    let node = endpoint.get("security_group_ids")?;
    let mut groups = Vec::new();
    let found = match &node.is {
        Is::List(items) => items
            .iter()
            .map(|one| configuration.led_to(one, Kind::SecurityGroup))
            .collect(),
        Is::Reference(_) => vec![configuration.led_to(node, Kind::SecurityGroup)],
        _ => vec![None],
    };
    for group in found {
        let group = group.filter(|one| !one.looked_up && !configuration.passed.contains(&one.base));
        groups.push(group?);
    }
    (!groups.is_empty()).then_some(groups)
}

/// Whether a rule may let in 443: also where a part of it is not told.
fn may_let_in(configuration: &Configuration, group: &Resource) -> bool {
    let inline = group.get("ingress").map(Node::items).unwrap_or_default();
    if inline.into_iter().any(takes_443) {
        return true;
    }
    let apart = configuration
        .of(Kind::Ingress)
        .filter(|rule| rule.text("type").is_none_or(|word| word == "ingress"));
    let mut apart = apart.filter(|rule| {
        let told = rule.get("security_group_id").is_some_and(|node| {
            node.text().is_some() || configuration.led_to(node, Kind::SecurityGroup).is_some()
        });
        !told || leads(rule, "security_group_id", group)
    });
    apart.any(|rule| takes_443(&rule.attributes))
}

fn takes_443(rule: &Node) -> bool {
    if !matches!(rule.is, Is::Map(_)) {
        return true;
    }
    let word = |name: &str| rule.get(name).map(Node::text);
    let protocol = word("protocol").or_else(|| word("ip_protocol"));
    match protocol {
        Some(Some(word)) if word == "-1" || word == "all" => return true,
        Some(Some(word)) if !word.eq_ignore_ascii_case("tcp") && word != "6" => return false,
        _ => {}
    }
    let bound = |name: &str| match word(name) {
        Some(Some(text)) => text.parse::<u32>().ok(),
        _ => None,
    };
    bound("from_port").is_none_or(|from| from <= 443) && bound("to_port").is_none_or(|to| to >= 443)
}

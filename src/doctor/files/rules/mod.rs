//! What is a mistake: a table of functions, each with the source of what it
//! relies on. Sources are AWS's guides by their titles, Terraform's and its AWS
//! provider's documentation, and issues of the provider by number.

use super::{
    kind::Kind,
    model::{Configuration, Is, Node, Part, Resource},
    said::Said,
};

mod api;
mod balancer;
mod deployment;
mod domain;
mod endpoint;
mod policy;
mod record;
mod references;
mod targets;

/// Says what is wrong with a configuration.
type Rule = fn(&Configuration, &mut Said);

/// All rules.
const RULES: &[Rule] = &[
    references::undefined,
    references::bare_ids,
    policy::wrong_key,
    policy::broken,
    policy::missing,
    policy::open,
    policy::admits_nobody,
    policy::too_long,
    api::public_beside_endpoint,
    api::integration_timeout,
    deployment::stage_name,
    deployment::order,
    deployment::not_redeployed,
    deployment::before_methods,
    endpoint::private_dns,
    endpoint::vpc_attributes,
    endpoint::gateway,
    endpoint::without_subnets,
    endpoint::closed,
    targets::typed_addresses,
    targets::unknown_before_apply,
    targets::not_permitted,
    targets::target_type,
    targets::protocol,
    targets::health_hides,
    targets::health_never_well,
    balancer::public,
    balancer::one_subnet,
    balancer::name,
    balancer::old_tls,
    balancer::plain_http,
    domain::old_tls,
    domain::strict,
    domain::private,
    domain::other_region,
    record::other_zone_id,
];

/// Applies all rules.
pub fn apply(configuration: &Configuration, said: &mut Said) {
    for rule in RULES {
        rule(configuration, said);
    }
}

/// The words of a text, also where parts of it are open.
fn words(node: &Node) -> String {
    match &node.is {
        Is::Template(parts) => {
            let texts = parts.iter().filter_map(|part| match part {
                Part::Text(text) => Some(text.as_str()),
                Part::Hole(_) => None,
            });
            texts.collect()
        }
        _ => node.text().unwrap_or_default().into_owned(),
    }
}

/// Whether an endpoint is one of this service.
fn is_of(configuration: &Configuration, endpoint: &Resource, service: &str) -> bool {
    let Some(name) = endpoint.get("service_name") else {
        return false;
    };
    let ends = |words: &str| words == service || words.ends_with(&format!(".{service}"));
    if ends(&words(name)) {
        return true;
    }
    let looked_up = name.reference().and_then(|one| configuration.target(one));
    looked_up.is_some_and(|one| one.text("service").is_some_and(|word| word == service))
}

/// The endpoints for private APIs.
fn endpoints(configuration: &Configuration) -> impl Iterator<Item = &Resource> {
    let all = configuration.of(Kind::Endpoint);
    all.filter(|one| is_of(configuration, one, "execute-api"))
}

/// The types of an API or a domain, if they are told; an API without any is EDGE
/// (API Gateway API reference, `EndpointConfiguration`).
fn types(resource: &Resource) -> Option<Vec<String>> {
    if resource.get("endpoint_configuration").is_none() {
        return Some(vec!["EDGE".to_owned()]);
    }
    let types = resource.get("endpoint_configuration.types")?.items();
    let types = types.into_iter().map(|one| Some(one.text()?.into_owned()));
    types.collect()
}

/// The APIs that only endpoints reach.
fn private_apis(configuration: &Configuration) -> impl Iterator<Item = &Resource> {
    configuration
        .of(Kind::RestApi)
        .filter(|api| types(api).is_some_and(|types| types.iter().any(|one| one == "PRIVATE")))
}

/// Whether it is about a way to private APIs at all.
fn is_private_way(configuration: &Configuration) -> bool {
    endpoints(configuration).next().is_some() || private_apis(configuration).next().is_some()
}

/// Whether a body is put into an API by a resource of its own
/// (`aws_api_gateway_rest_api_put`): it may bring methods and a policy.
fn is_imported_apart(configuration: &Configuration, api: &Resource) -> bool {
    let mut others = configuration.resources.iter();
    others.any(|one| one.base.contains("aws_api_gateway_rest_api_put.") && one.asks_for(&api.base))
}

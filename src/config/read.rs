//! From the tree to the types: every key asked for once, every problem noted.

use std::collections::BTreeMap;
use std::path::Path;

use super::arn::Arn;
use super::check;
use super::check_serving;
use super::problem::wrong;
use super::read_routes::routes;
use super::section::{List, Section, section_of, text_of, unexpected};
use super::tree::{Entries, Origin, Problems, Value, join};
use super::{Alias, Config, Domain, Endpoint, HealthCheck, LoadBalancer, Mode, Network, Route};

/// Reads the whole tree. `None` only if a problem has been noted.
pub(super) fn config(root: Entries, folder: &Path, problems: &mut Problems) -> Option<Config> {
    let top = Origin::File { line: 1, column: 1 };
    let mut root = Section::new(String::new(), top, root);
    let stack = root.text("stack", "\"orders-dev\"", problems, check::stack);
    let region = root.text_opt("region", problems, check::region);
    let account = root.text_opt("account", problems, check::account);
    let mode = root.text_opt("mode", problems, check::mode);
    let tags = tags(root.section("tags", problems), problems);
    let network = network(root.section("network", problems), problems);
    let (domain, home) = {
        let stated = Home {
            region: region.clone(),
            account: account.clone(),
        };
        domain(root.section("domain", problems), stated, problems)
    };
    let endpoint_section = root.section("endpoint", problems);
    let load_balancer = load_balancer(root.section("load_balancer", problems), problems);
    let aliases = domain.iter().flat_map(|domain| &domain.aliases);
    let place = Place {
        home,
        folder,
        aliases: aliases.map(|alias| alias.name.clone()).collect(),
    };
    let routes = routes(&mut root, &place, problems);
    let subnets = network.as_ref().map(|network| network.subnets.len());
    let endpoint = endpoint(endpoint_section, routes.as_deref(), subnets, problems);
    root.finish(problems);
    Some(Config {
        stack: stack?,
        mode: mode.unwrap_or(Mode::RegionalDomain),
        tags,
        network: network?,
        domain: domain?,
        endpoint,
        load_balancer,
        routes: routes?,
        region,
        account,
    })
}

/// Where the stack stands: what the file says, or else its certificate.
pub(super) struct Home {
    pub region: Option<String>,
    pub account: Option<String>,
}

/// What the routes are checked against.
pub(super) struct Place<'a> {
    pub home: Home,
    pub folder: &'a Path,
    pub aliases: Vec<String>,
}

fn tags(mut section: Section, problems: &mut Problems) -> BTreeMap<String, String> {
    // AWS takes 50 on a resource; hybridgw keeps room for its own.
    const MOST: usize = 40;
    if section.entries.len() > MOST {
        let message = format!("{} tags are too many", section.entries.len());
        let refused = wrong(message, format!("{MOST} at most"));
        problems.push(section.origin, &section.path, refused);
    }
    let mut tags = BTreeMap::new();
    for (key, (at, node)) in std::mem::take(&mut section.entries) {
        let path = join(&section.path, &key);
        if let Err(refused) = check::tag_key(&key) {
            problems.push(at, &path, refused);
        }
        if let Some(value) = text_of(&node, &path, problems, check::tag_value) {
            tags.insert(key, value);
        }
    }
    tags
}

fn network(mut section: Section, problems: &mut Problems) -> Option<Network> {
    let vpc = section.text("vpc", "\"vpc-0a1b2c3d4e5f60718\"", problems, |text| {
        check::resource_id(text, "vpc-")
    });
    let subnets = List {
        key: "subnets",
        least: 2,
        why: "two subnets or more, each in a zone of its own",
        example: "[\"subnet-0aaaaaaaaaaaaaaaa\", \"subnet-0bbbbbbbbbbbbbbbb\"]",
    };
    let subnets = section.list(&subnets, problems, |text| {
        check::resource_id(text, "subnet-")
    });
    let clients = List {
        key: "clients",
        least: 1,
        why: "say who may reach the load balancer",
        example: "[\"10.0.0.0/8\"]",
    };
    let clients = section.list(&clients, problems, check::client);
    section.finish(problems);
    Some(Network {
        vpc: vpc?,
        subnets: subnets?,
        clients: clients?,
    })
}

const CERTIFICATE: &str =
    "\"arn:aws:acm:eu-central-1:111122223333:certificate/12345678-1234-1234-1234-123456789012\"";

fn domain(mut section: Section, stated: Home, problems: &mut Problems) -> (Option<Domain>, Home) {
    let example = "\"orders.corp.example.com\"";
    let name = section.text("name", example, problems, check::domain_name);
    let zone = section.text("zone", "\"Z0123456789ABCDEFGHIJ\"", problems, |text| {
        check::zone(text, name.as_deref())
    });
    let certificate = section.text("certificate", CERTIFICATE, problems, |text| {
        check::certificate(text, stated.region.as_deref(), stated.account.as_deref())
    });
    let named = certificate.as_deref().and_then(Arn::parse);
    let home = Home {
        region: stated
            .region
            .or(named.as_ref().map(|arn| arn.region.to_owned())),
        account: stated
            .account
            .or(named.as_ref().map(|arn| arn.account.to_owned())),
    };
    let main = name.as_deref().zip(zone.as_deref());
    let aliases = aliases(&mut section, main, &home, problems);
    section.finish(problems);
    let domain = || {
        Some(Domain {
            name: name?,
            zone: zone?,
            certificate: certificate?,
            aliases: aliases?,
        })
    };
    (domain(), home)
}

/// The aliases. `main` are the domain's own name and zone.
fn aliases(
    section: &mut Section,
    main: Option<(&str, &str)>,
    home: &Home,
    problems: &mut Problems,
) -> Option<Vec<Alias>> {
    let Some((_, node)) = section.take("aliases") else {
        return Some(Vec::new());
    };
    let path = join(&section.path, "aliases");
    let Value::Array(items) = node.value else {
        let hint = "write [[domain.aliases]], with name and certificate";
        unexpected(&node, &path, "an array of tables", hint, problems);
        return None;
    };
    let mut seen: Vec<String> = main.iter().map(|(name, _)| (*name).to_owned()).collect();
    let count = items.len();
    let mut aliases = Vec::new();
    for (i, item) in items.into_iter().enumerate() {
        let origin = item.origin;
        let path = join(&path, &i.to_string());
        let section = section_of(item, path, origin, problems);
        let zone = main.map(|(_, zone)| zone);
        aliases.extend(section.and_then(|one| alias(one, zone, home, &mut seen, problems)));
    }
    (aliases.len() == count).then_some(aliases)
}

fn alias(
    mut section: Section,
    domains_zone: Option<&str>,
    home: &Home,
    seen: &mut Vec<String>,
    problems: &mut Problems,
) -> Option<Alias> {
    let has_zone = section.entries.contains_key("zone");
    let example = "\"shop.corp.example.com\"";
    let name = section.text("name", example, problems, |text| {
        let name = check::domain_name(text)?;
        if seen.contains(&name) {
            let message = format!("`{name}` is already a name of this stack");
            return Err(wrong(message, "name each host once"));
        }
        seen.push(name.clone());
        if let (Some(zone), false) = (domains_zone, has_zone)
            && let Err(refused) = check::zone(zone, Some(&name))
        {
            let hint = "give the alias a `zone` of its own";
            return Err(wrong(refused.message, hint));
        }
        Ok(name)
    });
    let certificate = section.text("certificate", CERTIFICATE, problems, |text| {
        check::certificate(text, home.region.as_deref(), home.account.as_deref())
    });
    let zone = section.text_opt("zone", problems, |text| check::zone(text, name.as_deref()));
    section.finish(problems);
    Some(Alias {
        name: name?,
        certificate: certificate?,
        zone: if has_zone { Some(zone?) } else { None },
    })
}

/// The endpoint for `execute-api`. `routes` and `subnets` (how many) are what
/// could be read of them.
fn endpoint(
    mut section: Section,
    routes: Option<&[Route]>,
    subnets: Option<usize>,
    problems: &mut Problems,
) -> Endpoint {
    let places: BTreeMap<String, Origin> = section
        .entries
        .iter()
        .map(|(key, (_, node))| (key.clone(), node.origin))
        .collect();
    let id = section.text_opt("id", problems, |text| check::resource_id(text, "vpce-"));
    let manage = section.boolean("manage", false, problems);
    let private_dns = section.boolean("private_dns", false, problems);
    let list = List {
        key: "addresses",
        least: 0,
        why: "",
        example: "[\"10.0.1.10\", \"10.0.2.10\"]",
    };
    let addresses = section.list_opt(&list, problems, check::address);
    let addresses = addresses.unwrap_or_default();

    let mut refuse = |key: &str, refused| {
        if let Some(origin) = places.get(key) {
            problems.push(*origin, &join("endpoint", key), refused);
        }
    };
    let is_borrowed = places.contains_key("id");
    let given = [
        ("id", is_borrowed),
        ("manage", manage),
        ("private_dns", private_dns),
        ("addresses", !addresses.is_empty()),
    ];
    let given: Vec<&str> = given
        .iter()
        .filter(|(_, is)| *is)
        .map(|(key, _)| *key)
        .collect();
    let has_api = routes.is_none_or(|routes| routes.iter().any(|route| route.api().is_some()));
    if !has_api {
        for key in given {
            let hint = "leave it out, or add a route with `api`";
            refuse(
                key,
                wrong("no route leads to an API, so there is no endpoint", hint),
            );
        }
    } else if is_borrowed {
        for key in given
            .into_iter()
            .filter(|key| ["private_dns", "addresses"].contains(key))
        {
            let message = format!("`{key}` and `id` exclude each other");
            refuse(
                key,
                wrong(
                    message,
                    "a borrowed endpoint stays as it is; keep one of them",
                ),
            );
        }
    } else if manage {
        let hint = "name the endpoint to borrow with `id`, or leave it out";
        refuse(
            "manage",
            wrong("the stack manages its own endpoint anyway", hint),
        );
    }
    if let Some(subnets) = subnets
        && !addresses.is_empty()
        && addresses.len() != subnets
    {
        let message = format!("names {}, for {subnets} subnets", addresses.len());
        refuse(
            "addresses",
            wrong(message, "name one address of each subnet, or none"),
        );
    }
    section.finish(problems);
    Endpoint {
        id,
        manage,
        private_dns,
        addresses,
    }
}

fn load_balancer(mut section: Section, problems: &mut Problems) -> LoadBalancer {
    let default = LoadBalancer::default();
    let tls_policy = section.text_opt("tls_policy", problems, check_serving::tls_policy);
    let protection = default.deletion_protection;
    let deletion_protection = section.boolean("deletion_protection", protection, problems);
    let idle_timeout = section.seconds("idle_timeout", 1..=4000, problems);
    let access_logs = section.text_opt("access_logs", problems, check_serving::access_logs);
    let mut health = section.section("health_check", problems);
    let path = health.text_opt("path", problems, check_serving::health_path);
    let matcher = health.text_opt("matcher", problems, check_serving::matcher);
    health.finish(problems);
    section.finish(problems);
    LoadBalancer {
        tls_policy: tls_policy.unwrap_or(default.tls_policy),
        deletion_protection,
        idle_timeout: idle_timeout.unwrap_or(default.idle_timeout),
        access_logs,
        health_check: HealthCheck {
            path: path.unwrap_or(default.health_check.path),
            matcher: matcher.unwrap_or(default.health_check.matcher),
        },
    }
}

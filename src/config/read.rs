//! From the tree to the types: every key asked for once, every problem noted.

use std::collections::BTreeMap;
use std::path::Path;

use super::check;
use super::check_serving;
use super::problem::wrong;
use super::section::{List, Section, section_of, text_of};
use super::tree::{Entries, Origin, Problems, Value, join};
use super::{
    Api, ApiSource, Config, Domain, Endpoint, HealthCheck, LoadBalancer, Mode, Network, Route,
};

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
    let place = Place {
        region: region.as_deref(),
        account: account.as_deref(),
        folder,
    };
    let domain = domain(root.section("domain", problems), &place, problems);
    let mut section = root.section("endpoint", problems);
    let private_dns = section.boolean("private_dns", false, problems);
    section.finish(problems);
    let load_balancer = load_balancer(root.section("load_balancer", problems), problems);
    let routes = routes(&mut root, &place, problems);
    root.finish(problems);
    Some(Config {
        stack: stack?,
        mode: mode.unwrap_or(Mode::RegionalDomain),
        tags,
        network: network?,
        domain: domain?,
        endpoint: Endpoint { private_dns },
        load_balancer,
        routes: routes?,
        region,
        account,
    })
}

/// What values elsewhere in the file are checked against.
struct Place<'a> {
    region: Option<&'a str>,
    account: Option<&'a str>,
    folder: &'a Path,
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

fn domain(mut section: Section, place: &Place, problems: &mut Problems) -> Option<Domain> {
    let example = "\"orders.corp.example.com\"";
    let name = section.text("name", example, problems, check::domain_name);
    let zone = section.text("zone", "\"Z0123456789ABCDEFGHIJ\"", problems, |text| {
        check::zone(text, name.as_deref())
    });
    let example = "\"arn:aws:acm:eu-central-1:111122223333:certificate/12345678-1234-1234-1234-123456789012\"";
    let certificate = section.text("certificate", example, problems, |text| {
        check::certificate(text, place.region, place.account)
    });
    section.finish(problems);
    Some(Domain {
        name: name?,
        zone: zone?,
        certificate: certificate?,
    })
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

fn routes(root: &mut Section, place: &Place, problems: &mut Problems) -> Option<Vec<Route>> {
    const HINT: &str =
        "add [[route]] with path = \"/\" and api = { openapi = \"openapi.json\", stage = \"v1\" }";
    let Some((at, node)) = root.take("route") else {
        problems.push(root.origin, "route", wrong("missing required key", HINT));
        return None;
    };
    let Value::Array(items) = node.value else {
        let message = format!("must be an array of tables, not {}", node.value.kind());
        problems.push(
            at,
            "route",
            wrong(message, "write [[route]], in two brackets"),
        );
        return None;
    };
    if items.is_empty() {
        problems.push(node.origin, "route", wrong("needs one route or more", HINT));
        return None;
    }
    let mut seen = Vec::new();
    let mut routes = Vec::new();
    let mut complete = true;
    for (i, item) in items.into_iter().enumerate() {
        let path = join("route", &i.to_string());
        let origin = item.origin;
        let Some(section) = section_of(item, path, origin, problems) else {
            complete = false;
            continue;
        };
        match route(section, place, &mut seen, problems) {
            Some(route) => routes.push(route),
            None => complete = false,
        }
    }
    complete.then_some(routes)
}

fn route(
    mut section: Section,
    place: &Place,
    seen: &mut Vec<String>,
    problems: &mut Problems,
) -> Option<Route> {
    let path = section.text("path", "\"/\"", problems, |text| {
        let path = check_serving::route_path(text)?;
        if seen.contains(&path) {
            let message = format!("`{path}` is already the path of another route");
            return Err(wrong(message, "give each route a path of its own"));
        }
        seen.push(path.clone());
        Ok(path)
    });
    let api = if section.entries.contains_key("api") {
        api(section.section("api", problems), place, problems)
    } else {
        let example = "{ openapi = \"openapi.json\", stage = \"v1\" }";
        section.missing("api", example, problems);
        section.asked.push("api");
        None
    };
    section.finish(problems);
    Some(Route {
        path: path?,
        api: api?,
    })
}

fn api(mut section: Section, place: &Place, problems: &mut Problems) -> Option<Api> {
    if section.unusable {
        return None;
    }
    let given: Vec<&str> = ["openapi", "id", "lambda", "placeholder"]
        .into_iter()
        .filter(|key| section.entries.contains_key(*key))
        .collect();
    let openapi = section.text_opt("openapi", problems, check_serving::file);
    let id = section.text_opt("id", problems, check_serving::api_id);
    let lambda = section.text_opt("lambda", problems, |text| {
        check_serving::lambda(text, place.region)
    });
    let placeholder = section.placeholder(problems);
    let stage = section.text_opt("stage", problems, check_serving::stage);
    if given.len() != 1 {
        let refused = if given.is_empty() {
            wrong(
                "needs one of `openapi`, `id`, `lambda` and `placeholder`",
                "for example api = { openapi = \"openapi.json\", stage = \"v1\" }",
            )
        } else {
            let named = format!("`{}` exclude each other", given.join("` and `"));
            wrong(named, "keep one of them")
        };
        problems.push(section.origin, &section.path, refused);
    }
    section.finish(problems);
    let source = openapi
        .map(|file| ApiSource::OpenApi(place.folder.join(file)))
        .or(id.map(ApiSource::Borrowed))
        .or(lambda.map(ApiSource::Lambda))
        .or(placeholder.then_some(ApiSource::Placeholder));
    Some(Api {
        source: source?,
        stage: stage.unwrap_or_else(|| super::DEFAULT_STAGE.to_owned()),
    })
}

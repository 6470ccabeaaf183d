//! Changes of a file, one of each kind: what a stack served before, and what it
//! is to serve.

use crate::bench::{ACCOUNT, REGION, config};
use hybridgw::config::Config;

/// A change: the example, and what is set in it before and after.
struct Turn {
    name: &'static str,
    example: &'static str,
    before: Vec<String>,
    after: Vec<String>,
}

/// Every change, by name.
pub fn names() -> impl Iterator<Item = &'static str> {
    all().into_iter().map(|turn| turn.name)
}

/// The file before the change of this name and after it; none if there is no such change.
pub fn files(name: &str) -> Option<(Config, Config)> {
    let turn = all().into_iter().find(|turn| turn.name == name)?;
    let read = |set: &[String]| config(turn.example, set);
    Some((read(&turn.before), read(&turn.after)))
}

fn all() -> Vec<Turn> {
    let mut turns: Vec<Turn> = kinds().into_iter().chain(paths()).collect();
    turns.extend(settings().map(|(name, example, before, after)| {
        let [before, after] = [before, after].map(|set| set.iter().copied().map(String::from));
        Turn {
            name,
            example,
            before: before.collect(),
            after: after.collect(),
        }
    }));
    turns.extend(hosts());
    turns
}

fn function(name: &str) -> String {
    format!("arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}")
}

fn target(kind: &str) -> String {
    match kind {
        "openapi" => "api={openapi=\"openapi.yaml\"}".to_owned(),
        "placeholder" => "api={placeholder=true}".to_owned(),
        "other stage" => "api={placeholder=true, stage=\"v2\"}".to_owned(),
        "borrowed" => "api={id=\"a1b2c3d4e5\", stage=\"v1\"}".to_owned(),
        "proxy" => format!("api={{lambda=\"{}\"}}", function("behind")),
        "site" => "site={bucket=\"pages\", manage_policy=true}".to_owned(),
        name => format!("lambda=\"{}\"", function(name)),
    }
}

fn routes(routes: &[(&str, &str)]) -> Vec<String> {
    let one = |(path, kind): &(&str, &str)| format!("{{path=\"{path}\", {}}}", target(kind));
    let all: Vec<String> = routes.iter().map(one).collect();
    vec![format!("route=[{}]", all.join(","))]
}

/// What a route leads to becomes something else, alone and beside others.
fn kinds() -> Vec<Turn> {
    let alone = [
        ("an API becomes a function", "placeholder", "alone"),
        ("a function becomes a site", "alone", "site"),
        ("a site becomes an API", "site", "openapi"),
        ("an API becomes another", "openapi", "proxy"),
        ("an API becomes a borrowed one", "placeholder", "borrowed"),
        ("a borrowed API becomes its own", "borrowed", "placeholder"),
        ("a function becomes another", "alone", "other"),
        ("a stage is called otherwise", "placeholder", "other stage"),
    ];
    let turn = |name, before: &[(&str, &str)], after: &[(&str, &str)]| Turn {
        name,
        example: "placeholder.toml",
        before: routes(before),
        after: routes(after),
    };
    let mut turns: Vec<Turn> = alone
        .into_iter()
        .map(|(name, from, to)| turn(name, &[("/", from)], &[("/", to)]))
        .collect();
    let beside = |kind| [("/", "borrowed"), ("/app", kind), ("/sms", "alone")];
    turns.push(turn(
        "an API below another becomes a site",
        &beside("placeholder"),
        &beside("site"),
    ));
    turns.push(turn(
        "a site below an API becomes an API",
        &beside("site"),
        &beside("proxy"),
    ));
    turns
}

/// Routes come, go, and take one another's places.
fn paths() -> Vec<Turn> {
    let turn = |name, before: &[(&str, &str)], after: &[(&str, &str)]| Turn {
        name,
        example: "placeholder.toml",
        before: routes(before),
        after: routes(after),
    };
    vec![
        turn(
            "an API moves",
            &[("/", "borrowed"), ("/old", "placeholder")],
            &[("/", "borrowed"), ("/new", "placeholder")],
        ),
        turn(
            "routes change places",
            &[("/", "placeholder"), ("/app", "site"), ("/sms", "alone")],
            &[("/", "site"), ("/app", "alone"), ("/sms", "placeholder")],
        ),
        turn(
            "a route goes and another takes its part",
            &[("/", "alone"), ("/app", "site")],
            &[("/", "site")],
        ),
    ]
}

type Setting = (
    &'static str,
    &'static str,
    &'static [&'static str],
    &'static [&'static str],
);

/// The network and the load balancer's settings.
fn settings() -> [Setting; 5] {
    [
        (
            "every subnet but one is another",
            "placeholder.toml",
            &[r#"network.subnets=["subnet-0aaaaaaaaaaaaaaaa","subnet-0bbbbbbbbbbbbbbbb"]"#],
            &[r#"network.subnets=["subnet-0bbbbbbbbbbbbbbbb","subnet-0cccccccccccccccc"]"#],
        ),
        (
            "every zone that stays has another subnet and one goes",
            "placeholder.toml",
            &[], // three, each in a zone of its own
            &[r#"network.subnets=["subnet-0dddddddddddddddd","subnet-0eeeeeeeeeeeeeeee"]"#],
        ),
        (
            "every pin moves",
            "pinned.toml",
            &[r#"endpoint.addresses=["10.0.1.10","10.0.2.10"]"#],
            &[r#"endpoint.addresses=["10.0.1.12","10.0.2.12"]"#],
        ),
        (
            "clients are others",
            "placeholder.toml",
            &[r#"network.clients=["10.0.0.0/8","172.16.0.0/12"]"#],
            &[r#"network.clients=["10.1.0.0/16","192.168.0.0/16"]"#],
        ),
        (
            "the load balancer is set otherwise",
            "everything.toml",
            &["load_balancer.idle_timeout=60"],
            &[
                "load_balancer.idle_timeout=90",
                "load_balancer.tls_policy=ELBSecurityPolicy-TLS13-1-2-2021-06",
            ],
        ),
    ]
}

const ORDERS: &str = "orders.corp.example.com";
const SHOP: &str = "shop.corp.example.com";
const BILLS: &str = "bills.corp.example.com";

fn named((name, digit): (&str, char), aliases: &[(&str, char)]) -> Vec<String> {
    let certificate = |digit: char| {
        let rest = "2345678-1234-1234-1234-123456789012";
        format!("arn:aws:acm:{REGION}:{ACCOUNT}:certificate/{digit}{rest}")
    };
    let aliases: Vec<String> = aliases
        .iter()
        .map(|(host, digit)| {
            let certificate = certificate(*digit);
            format!("{{name=\"{host}\", certificate=\"{certificate}\"}}")
        })
        .collect();
    vec![
        format!("domain.name={name}"),
        format!("domain.certificate={}", certificate(digit)),
        format!("domain.aliases=[{}]", aliases.join(",")),
    ]
}

/// Names and their certificates.
fn hosts() -> Vec<Turn> {
    let turn = |name, before, after| Turn {
        name,
        example: "aliases.toml",
        before,
        after,
    };
    vec![
        turn(
            "name and alias change places",
            named((ORDERS, '1'), &[(SHOP, '2')]),
            named((SHOP, '2'), &[(ORDERS, '1')]),
        ),
        turn(
            "certificates are others and an alias comes",
            named((ORDERS, '1'), &[(SHOP, '2')]),
            named((ORDERS, '4'), &[(SHOP, '6'), (BILLS, '5')]),
        ),
        turn(
            "the name goes and its alias stays",
            named((ORDERS, '1'), &[(SHOP, '2')]),
            named((SHOP, '2'), &[]),
        ),
    ]
}

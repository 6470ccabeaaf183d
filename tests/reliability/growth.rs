//! How calls and time grow with the routes: each adds what it needs itself, and
//! nothing for each of the others.

use std::{collections::BTreeMap, fs, path::Path, time::Duration};

use hybridgw::{
    config::Config,
    rehearsal,
    simulator::{Simulator, conditions::Conditions},
};
use serde_json::json;
use tokio::time::Instant;

use crate::{
    bench::{ACCOUNT, Bench, REGION},
    support::sweep::prepared,
};

/// What routes may lead to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Api,
    Lambda,
    Site,
}

/// All of a stack but its routes.
const HEAD: &str = r#"
stack  = "orders"
region = "eu-central-1"

[network]
vpc     = "vpc-0a1b2c3d4e5f60718"
subnets = ["subnet-0aaaaaaaaaaaaaaaa", "subnet-0bbbbbbbbbbbbbbbb"]
clients = ["10.0.0.0/8"]

[domain]
name        = "orders.corp.example.com"
zone        = "Z0123456789ABCDEFGHIJ"
certificate = "arn:aws:acm:eu-central-1:111122223333:certificate/12345678-1234-1234-1234-123456789012"
"#;

/// A stack of so many routes of one kind.
fn config(kind: Kind, routes: usize) -> Config {
    let mut text = HEAD.to_owned();
    for number in 0..routes {
        let target = match kind {
            Kind::Api => "api = { placeholder = true, stage = \"v1\" }".to_owned(),
            Kind::Lambda => {
                format!("lambda = \"arn:aws:lambda:{REGION}:{ACCOUNT}:function:orders-{number}\"")
            }
            Kind::Site => {
                format!("site = {{ bucket = \"orders-site-{number}\", manage_policy = true }}")
            }
        };
        let route = format!("\n[[route]]\npath = \"/part-{number}\"\n{target}\n");
        text.push_str(&route);
    }
    let path = Path::new("growth.toml");
    Config::parse(&text, path, &[], &|_| None).expect("it is right")
}

/// Calls and virtual time of one command.
#[derive(Clone, Debug)]
struct Cost {
    calls: usize,
    took: Duration,
    by_operation: BTreeMap<String, usize>,
}

/// One after the other on one account.
fn costs(kind: Kind, routes: usize, verbs: &'static [&'static str]) -> Vec<Cost> {
    prepared(async move || {
        let config = config(kind, routes);
        let simulator = Simulator::new(Conditions::default());
        rehearsal::furnish(&simulator, &config, ACCOUNT, REGION).expect("it is in memory");
        let mut costs = Vec::new();
        for verb in verbs {
            let bench = Bench::at(simulator.clone(), config.clone());
            let began = Instant::now();
            let outcome = match *verb {
                "down" => Box::pin(bench.down()).await,
                _ => Box::pin(bench.up()).await,
            };
            assert!(outcome.ok(), "{verb} of {routes}: {outcome:?}");
            let journal = &bench.connection.journal;
            costs.push(Cost {
                calls: journal.attempts(),
                took: began.elapsed(),
                by_operation: journal.by_operation(),
            });
            // Every bucket of tokens is full again.
            tokio::time::sleep(Duration::from_mins(5)).await;
        }
        costs
    })
}

/// Calls of `up`, of an idle `up` and of `down` for each route more.
fn of_a_further_route(kind: Kind) -> [f64; 3] {
    const VERBS: &[&str] = &["up", "idle up", "down"];
    let (few, many) = (costs(kind, 8, VERBS), costs(kind, 20, VERBS));
    let further = few.iter().zip(&many).map(|(few, many)| {
        let calls = f64::from(u32::try_from(many.calls - few.calls).expect("some"));
        calls / 12.0
    });
    let further: Vec<f64> = further.collect();
    println!("{kind:?}: {further:?} calls a further route");
    further.try_into().expect("three")
}

#[test]
fn a_further_api_costs_what_it_needs_itself() {
    let [up, idle, down] = of_a_further_route(Kind::Api);
    // Seven writes, a look after each at what it has changed, one at all that API
    // Gateway keeps of it directly after the deployment, and a second plan.
    assert!(up <= 20.5, "{up} calls of up");
    assert!(idle <= 4.5, "{idle} calls of an idle up");
    assert!(down <= 8.0, "{down} calls of down");
}

#[test]
fn a_further_function_costs_what_it_needs_itself() {
    let [up, idle, down] = of_a_further_route(Kind::Lambda);
    assert!(up <= 15.0, "{up} calls of up");
    assert!(idle <= 5.0, "{idle} calls of an idle up");
    assert!(down <= 8.0, "{down} calls of down");
}

#[test]
fn a_further_site_costs_what_it_needs_itself() {
    let [up, idle, down] = of_a_further_route(Kind::Site);
    assert!(up <= 30.0, "{up} calls of up");
    assert!(idle <= 7.0, "{idle} calls of an idle up");
    assert!(down <= 12.0, "{down} calls of down");
}

/// How many releases of one route are made.
const RELEASES: usize = 60;

/// What one release is made of: a function's version, another body, other files.
fn release(what: &str, number: usize, folder: &Path) -> Config {
    let target = match what {
        "proxy" => format!(
            "api = {{ lambda = \"arn:aws:lambda:{REGION}:{ACCOUNT}:function:orders:{number}\", stage = \"v1\" }}"
        ),
        "lambda" => {
            format!("lambda = \"arn:aws:lambda:{REGION}:{ACCOUNT}:function:orders:{number}\"")
        }
        "body" => {
            let body = json!({
                "openapi": "3.0.1",
                "info": { "title": "orders", "version": number.to_string() },
                "paths": { "/": { "get": {
                    "responses": { "200": { "description": format!("release {number}") } },
                    "x-amazon-apigateway-integration": {
                        "type": "mock",
                        "requestTemplates": { "application/json": "{\"statusCode\": 200}" },
                        "responses": { "default": { "statusCode": "200" } },
                    },
                }}},
            });
            let text = body.to_string();
            fs::write(folder.join("body.json"), text).expect("it can be written");
            "api = { openapi = \"body.json\", stage = \"v1\" }".to_owned()
        }
        _ => format!(
            "site = {{ bucket = \"orders-site\", manage_policy = true, files = [\"/assets-{number}/*\"] }}"
        ),
    };
    let text = format!("{HEAD}\n[[route]]\npath = \"/part\"\n{target}\n");
    Config::parse(&text, &folder.join("growth.toml"), &[], &|_| None).expect("it is right")
}

/// How many tags all things of the account have together.
fn tags(value: &serde_json::Value) -> usize {
    match value {
        serde_json::Value::Object(members) => members
            .iter()
            .map(|(name, inner)| usize::from(name.starts_with("hybridgw:")) + tags(inner))
            .sum(),
        serde_json::Value::Array(items) => items.iter().map(tags).sum(),
        _ => 0,
    }
}

#[test]
fn the_sixtieth_release_costs_what_the_sixth_did_and_leaves_nothing_more() {
    for what in ["proxy", "lambda", "body", "site"] {
        prepared(async move || {
            let folder = std::env::temp_dir();
            let folder = folder.join(format!("hybridgw-releases-{}-{what}", std::process::id()));
            fs::create_dir_all(&folder).expect("a folder");
            let simulator = Simulator::new(Conditions::default());
            let mut sixth = None;
            for number in 1..=RELEASES {
                let config = release(what, number, &folder);
                rehearsal::furnish(&simulator, &config, ACCOUNT, REGION).expect("it is in memory");
                let bench = Bench::at(simulator.clone(), config);
                let outcome = Box::pin(bench.up()).await;
                assert!(outcome.ok(), "{what} {number}: {outcome:?}");
                tokio::time::sleep(Duration::from_mins(5)).await;
                if number != 6 && number != RELEASES {
                    continue;
                }
                let calls = bench.connection.journal.attempts();
                let now = (calls, tags(&bench.census()));
                println!("{what}: release {number}: {} calls, {} tags", now.0, now.1);
                let (calls, tagged) = *sixth.get_or_insert(now);
                assert!(now.0 <= calls, "{what}: {} calls for {calls}", now.0);
                assert_eq!(now.1, tagged, "{what}: tags of old releases stay");
            }
            let bench = Bench::at(simulator.clone(), release(what, RELEASES, &folder));
            let outcome = Box::pin(bench.down()).await;
            assert!(outcome.ok(), "{what}: {outcome:?}");
            assert_eq!(tags(&bench.census()), 0, "{what}: tags are left");
            let _ = fs::remove_dir_all(folder);
        });
    }
}

/// API Gateway takes one deployment in five seconds; the name comes last, when
/// all that it leads to is there, and takes Route 53's half a minute.
#[test]
fn forty_apis_come_as_fast_as_they_can_be_deployed() {
    let up = &costs(Kind::Api, 40, &["up"])[0];
    let least = Duration::from_secs(5) * 39 + Duration::from_secs(35);
    println!("40 APIs: {} calls, {:?}", up.calls, up.took);
    assert!(up.took <= least.mul_f64(1.15), "{:?}", up.took);
    assert!(up.calls <= 1_050, "{}", up.calls);
}

/// The table of `docs/benchmarks.md`: its first rows, or the sizes that
/// `HYBRIDGW_ROUTES` names.
#[test]
fn figures() {
    let only = std::env::var("HYBRIDGW_ROUTES").unwrap_or_else(|_| "1".to_owned());
    for kind in [Kind::Api, Kind::Lambda, Kind::Site] {
        for routes in only.split(',') {
            let wanted: usize = routes.parse().expect("a number");
            // A load balancer takes 100 rules, and a site three.
            let routes = wanted.min(if kind == Kind::Site { 32 } else { wanted });
            let costs = costs(kind, routes, &["up", "idle up", "down"]);
            let cells = costs
                .iter()
                .map(|cost| format!("{} | {:.0} s", cost.calls, cost.took.as_secs_f64()));
            let cells: Vec<String> = cells.collect();
            println!("| {kind:?} | {routes} | {} |", cells.join(" | "));
            if std::env::var("HYBRIDGW_OPERATIONS").is_ok() {
                for cost in costs {
                    println!("{:?}", cost.by_operation);
                }
            }
        }
    }
}

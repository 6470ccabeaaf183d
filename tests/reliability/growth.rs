//! How calls and time grow with the routes: each adds what it needs itself, and
//! nothing for each of the others.

use std::{collections::BTreeMap, time::Duration};

use hybridgw::{
    config::Config,
    rehearsal,
    simulator::{Simulator, conditions::Conditions},
};
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

/// A stack of so many routes of one kind.
fn config(kind: Kind, routes: usize) -> Config {
    let mut text = String::from(
        r#"
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
"#,
    );
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
        text.push_str(&format!(
            "\n[[route]]\npath = \"/part-{number}\"\n{target}\n"
        ));
    }
    let path = std::path::Path::new("growth.toml");
    Config::parse(&text, path, &[], &|_| None).expect("it is right")
}

/// Calls and virtual time of one command.
#[derive(Clone, Debug)]
struct Cost {
    calls: usize,
    took: Duration,
    by_operation: BTreeMap<String, usize>,
}

/// `up` from nothing, `up` with nothing to do, `down`.
fn costs(kind: Kind, routes: usize) -> [Cost; 3] {
    prepared(async move || {
        let config = config(kind, routes);
        let simulator = Simulator::new(Conditions::default());
        rehearsal::furnish(&simulator, &config, ACCOUNT, REGION).expect("it is in memory");
        let mut costs = Vec::new();
        for verb in ["up", "idle up", "down"] {
            let bench = Bench::at(simulator.clone(), config.clone());
            let began = Instant::now();
            let outcome = match verb {
                "down" => Box::pin(bench.down()).await,
                _ => Box::pin(bench.up()).await,
            };
            assert!(outcome.ok(), "{verb} of {routes}: {outcome:?}");
            let journal = &bench.connection.journal;
            let by_operation = journal.by_operation().into_iter();
            costs.push(Cost {
                calls: journal.attempts(),
                took: began.elapsed(),
                by_operation: by_operation
                    .map(|(name, count)| (name.to_string(), count))
                    .collect(),
            });
            // What AWS's quotas have saved up is used up by nobody in between.
            tokio::time::sleep(Duration::from_mins(5)).await;
        }
        costs.try_into().expect("three")
    })
}

/// The table of `docs/benchmarks.md`.
#[test]
#[ignore = "takes a minute; prints figures"]
fn figures() {
    let only = std::env::var("HYBRIDGW_ROUTES").unwrap_or_else(|_| "1,10,20,40".to_owned());
    for kind in [Kind::Api, Kind::Lambda, Kind::Site] {
        for routes in only.split(',') {
            let wanted: usize = routes.parse().expect("a number");
            // A load balancer takes 100 rules, and a site three.
            let routes = wanted.min(if kind == Kind::Site { 32 } else { 40 });
            let [up, idle, down] = costs(kind, routes);
            println!(
                "| {kind:?} | {routes} | {} | {:.0} s | {} | {:.1} s | {} | {:.0} s |",
                up.calls,
                up.took.as_secs_f64(),
                idle.calls,
                idle.took.as_secs_f64(),
                down.calls,
                down.took.as_secs_f64(),
            );
            if std::env::var("HYBRIDGW_OPERATIONS").is_ok() {
                println!("up {:?}", up.by_operation);
                println!("idle {:?}", idle.by_operation);
                println!("down {:?}", down.by_operation);
            }
        }
    }
}

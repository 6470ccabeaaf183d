//! The whole product on the simulated account: in virtual time, through the
//! SDK's own serialisation, and as a person runs it with `--simulate`.

mod aliases;
mod authorization;
#[path = "../support/bench.rs"]
#[allow(dead_code)] // shared with the other test binaries
mod bench;
mod beside;
mod bodies;
mod changes;
mod doctor;
mod endpoints;
mod entrance;
#[path = "../support/following.rs"]
#[allow(dead_code)] // shared with the other test binaries
mod following;
mod functions;
mod guard;
mod names;
#[path = "../support/onlooker.rs"]
#[allow(dead_code)] // shared with the other test binaries
mod onlooker;
mod pins;
mod probe;
mod recipes;
mod replacement;
mod saved;
mod several;
mod sharing;
mod sites;
mod slots;
mod sync;
mod teardown;
mod throttles;
mod verify;
mod waiting;
mod watch;

use std::{
    fs,
    path::PathBuf,
    process::{Command, Output, Stdio},
    time::Duration,
};

use hybridgw::{
    outputs::{Outputs, Status},
    rehearsal,
    simulator::{
        conditions::Conditions,
        dataplane::{Ask, Hop},
        latency,
    },
};
use tokio::time::Instant;

use bench::{ACCOUNT, Bench, EXAMPLES, REGION, assert_same, config, example};

fn quick() -> Conditions {
    Conditions::default()
}

#[tokio::test(start_paused = true)]
async fn up_takes_hardly_longer_than_the_longest_wait_of_aws() {
    let bench = Bench::new("placeholder.toml", quick());
    let began = Instant::now();
    let report = bench.up().await;
    assert!(report.ok(), "{report:?}");
    let took = began.elapsed().as_secs_f64();
    let longest = latency::LOAD_BALANCER_CREATE.seconds;
    let began = Instant::now();
    assert!(bench.down().await.ok());
    let down = began.elapsed().as_secs_f64();
    println!("simulated seconds: up {took:.1}, longest wait {longest:.1}, down {down:.1}");
    // The longest chain: the balancer, then two health checks 10 s apart.
    assert!(
        took < (longest + 20.0) * 1.05,
        "{took} s, the longest wait is {longest} s"
    );
}

#[tokio::test(start_paused = true)]
async fn every_example_goes_up_and_converges_and_goes_down_without_a_trace() {
    for name in EXAMPLES {
        let bench = Bench::new(name, quick());
        let before = bench.census();
        let report = bench.up().await;
        assert!(report.ok(), "{name}: {report:?}");
        let writes = bench.writes();
        let again = bench.up().await.report;
        assert!(again.created.is_empty() && again.updated.is_empty());
        assert_eq!(bench.writes(), writes, "{name}: a second up writes");
        let report = bench.down().await;
        assert!(report.ok(), "{name}: {report:?}");
        assert_same(&before, &bench.census(), name);
    }
}

#[tokio::test(start_paused = true)]
async fn requests_get_to_the_api_of_their_route_and_nowhere_else() {
    let bench = Bench::new("apis.toml", quick());
    let ask = |path: &str| {
        let client = std::net::Ipv4Addr::new(10, 1, 2, 3);
        let ask = Ask::new(&bench.config.domain.name, path, client);
        bench.simulator.ask(ACCOUNT, REGION, &ask)
    };
    assert_eq!(ask("/").hop, Some(Hop::Record), "before up");
    assert!(bench.up().await.ok());
    let outputs = Outputs::read(&bench.look(), ACCOUNT)
        .await
        .expect("reads work");
    let api_of = |route: &str| {
        let mut rows = outputs.apis.iter();
        rows.find(|row| row.route == route)
            .map(|row| row.id.clone())
    };
    // Path asked for, its route, and the path that the API sees.
    let cases = [
        ("/orders", "/", "/orders"),
        ("/billing/invoices", "/billing", "/invoices"),
        ("/sms/send", "/sms", "/send"),
        ("/soon", "/soon", "/"),
    ];
    for (path, route, sees) in cases {
        let answer = ask(path);
        assert_eq!(
            (answer.status, answer.hop),
            (200, None),
            "{path}: {}",
            answer.why
        );
        let seen = answer.seen.expect("something answered");
        assert_eq!(
            (seen.api, seen.path.as_str()),
            (api_of(route), sees),
            "{path}"
        );
    }
    // The article's API has no such path; nobody may choose an API by header.
    assert_eq!(ask("/nothing").hop, Some(Hop::Method));
    let mut sneaky = Ask::new(&bench.config.domain.name, "/orders", [10, 1, 2, 3].into());
    sneaky
        .headers
        .insert("x-apigw-api-id".to_owned(), "a1b2c3d4e5".to_owned());
    let refused = bench.simulator.ask(ACCOUNT, REGION, &sneaky);
    assert_eq!((refused.status, refused.hop), (403, Some(Hop::Rule)));
    let stranger = Ask::new(&bench.config.domain.name, "/orders", [192, 0, 2, 1].into());
    let dropped = bench.simulator.ask(ACCOUNT, REGION, &stranger);
    assert_eq!(dropped.hop, Some(Hop::SecurityGroup));
    assert!(bench.down().await.ok());
    assert_eq!(ask("/orders").hop, Some(Hop::Record), "after down");
}

/// Changes the file's subnets and applies that, while a watcher looks at the
/// targets every other second.
async fn move_to(bench: &mut Bench, subnets: &str) {
    let set = [format!("network.subnets={subnets}")];
    bench.config = config("placeholder.toml", &set);
    rehearsal::furnish(&bench.simulator, &bench.config, ACCOUNT, REGION).expect("in memory");
    let watch = async {
        loop {
            tokio::time::sleep(Duration::from_secs(2)).await;
            let status = Status::read(&bench.look()).await.expect("reads work");
            let healthy = status.targets.iter().filter(|row| row.health == "healthy");
            assert!(healthy.count() >= 1, "{subnets}: {:?}", status.targets);
        }
    };
    let report = tokio::select! {
        report = bench.up() => report,
        () = watch => unreachable!(),
    };
    assert!(report.ok(), "{subnets}: {report:?}");
}

#[tokio::test(start_paused = true)]
async fn moving_to_other_subnets_never_leaves_a_moment_without_a_healthy_target() {
    // Quotas would slow the watcher down, and it the product.
    let conditions = Conditions {
        quotas: false,
        ..quick()
    };
    let mut bench = Bench::new("placeholder.toml", conditions);
    assert!(bench.up().await.ok());
    let subnet = |letter: &str| format!("\"subnet-0{}\"", letter.repeat(16));
    let [first, second, third] = ["a", "b", "c"].map(subnet);
    let [fourth, fifth] = ["d", "e"].map(subnet);
    // One goes, one comes back, one moves within its zone, all move.
    move_to(&mut bench, &format!("[{first}, {second}]")).await;
    move_to(&mut bench, &format!("[{first}, {second}, {third}]")).await;
    move_to(&mut bench, &format!("[{first}, {second}, {fourth}]")).await;
    move_to(&mut bench, &format!("[{first}, {fourth}]")).await;
    move_to(&mut bench, &format!("[{second}, {fifth}]")).await;
}

#[tokio::test(start_paused = true)]
async fn the_same_seed_gives_the_same_run() {
    let run = async || {
        // The SDK's pauses after a throttle are random: no quotas here.
        let conditions = Conditions {
            seed: 7,
            quotas: false,
            ..quick()
        };
        let bench = Bench::new("apis.toml", conditions);
        assert!(bench.up().await.ok());
        (bench.census(), bench.simulator.journal().len())
    };
    let (first, calls) = run().await;
    let (second, again) = run().await;
    assert_eq!(calls, again);
    assert_same(&first, &second, "the second run");
}

#[tokio::test(start_paused = true)]
async fn a_lost_reply_to_any_call_that_duplicates_sends_one_request_and_makes_one_thing() {
    for operation in ["CreateRestApi", "CreateDeployment", "CreateRule"] {
        let service = if operation == "CreateRule" {
            "elasticloadbalancing"
        } else {
            "apigateway"
        };
        let faults = format!(
            r#"{{"faults": [{{"operation": "{service}:{operation}", "calls": [1], "then": "drop-reply"}}]}}"#
        );
        let conditions = Conditions::from_json(&faults).expect("it is understood");
        let bench = Bench::new("placeholder.toml", conditions);
        let report = bench.up().await;
        assert!(report.ok(), "{operation}: {report:?}");
        // A rule for the route and one that guards the listener.
        let expected = if operation == "CreateRule" { 2 } else { 1 };
        let sent = bench.connection.journal.by_operation()[operation];
        assert_eq!(sent, expected, "{operation}");
        let entries = bench.simulator.journal();
        let mut lost = entries.iter().filter(|entry| entry.outcome != "ok");
        assert!(
            lost.any(|entry| entry.operation.ends_with(operation)),
            "{operation}: no reply was lost"
        );
    }
}

/// A folder of its own with the examples in it; removed at the end.
struct Folder(PathBuf);

impl Folder {
    fn new(test: &str) -> Self {
        let name = format!("hybridgw-rehearsal-{}-{test}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path).expect("the folder can be made");
        for file in ["placeholder.toml", "apis.toml", "openapi.yaml"] {
            fs::copy(example(file), path.join(file)).expect("it can be copied");
        }
        Self(path)
    }

    fn run(&self, arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_hybridgw"))
            .args(["--speed", "40"])
            .args(arguments)
            .current_dir(&self.0)
            .env_clear()
            .stdin(Stdio::null())
            .output()
            .expect("the program runs")
    }

    fn result(&self, arguments: &[&str]) -> serde_json::Value {
        let output = self.run(arguments);
        let text = String::from_utf8_lossy(&output.stdout);
        let last = text.lines().last().unwrap_or_default();
        serde_json::from_str(last).unwrap_or_else(|error| {
            panic!("{error}\n{text}{}", String::from_utf8_lossy(&output.stderr))
        })
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn commands_follow_one_another_on_one_world_file() {
    let folder = Folder::new("life");
    let config = ["--simulate", "--config", "apis.toml"];
    let with = |more: &[&'static str]| [&config[..], more].concat();

    let plan = folder.run(&with(&["plan", "--detailed-exitcode"]));
    assert_eq!(plan.status.code(), Some(2));
    let said = String::from_utf8_lossy(&plan.stderr).into_owned();
    assert!(
        said.contains("The simulated account now holds vpc-0a1b"),
        "{said}"
    );

    let up = folder.result(&with(&["up", "--yes", "-o", "json"]));
    assert_eq!(
        (&up["ok"], &up["converged"]),
        (&true.into(), &true.into()),
        "{up}"
    );
    assert_eq!(up["created"].as_array().map(Vec::len), Some(30), "{up}");
    // No time passes between commands, and nothing is invented twice.
    let again = folder.run(&with(&["plan", "--detailed-exitcode"]));
    assert_eq!(again.status.code(), Some(0));
    assert!(!String::from_utf8_lossy(&again.stderr).contains("now holds"));

    let status = folder.run(&with(&["status", "-o", "json"]));
    let status: serde_json::Value = serde_json::from_slice(&status.stdout).expect("it is JSON");
    let targets = status["targets"].as_array().expect("a list");
    assert_eq!(targets.len(), 8, "two addresses for each of four routes");
    assert!(targets.iter().all(|row| row["health"] == "healthy"));

    // Without the configuration: the name and the world are enough.
    let arguments = [
        "--simulate",
        "--region",
        REGION,
        "down",
        "--stack",
        "orders",
    ];
    let down = folder.result(&[&arguments[..], &["--yes", "-o", "json"]].concat());
    assert_eq!(down["deleted"].as_array().map(Vec::len), Some(30), "{down}");
    assert_eq!(down["left_behind"], serde_json::json!([]));
}

#[test]
fn a_damaged_or_foreign_world_is_refused_and_kept() {
    let folder = Folder::new("damaged");
    fs::write(folder.0.join("w.json"), r#"{"version": 99}"#).expect("it can be written");
    let output = folder.run(&["--simulate=w.json", "--config", "placeholder.toml", "plan"]);
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(text.contains("a world of format 99"), "{text}");
    let kept = fs::read_to_string(folder.0.join("w.json")).expect("it is there");
    assert_eq!(kept, r#"{"version": 99}"#);
}

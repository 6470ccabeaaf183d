//! The recipes of `docs/operate`: their policies allow what is called and nothing else, and each
//! file is one that its reader takes.

use std::{
    collections::BTreeSet,
    fs,
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use serde_json::Value;

use super::{
    bench::{Bench, EXAMPLES},
    quick,
};

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("docs/operate")
        .join(name)
}

fn text(name: &str) -> String {
    fs::read_to_string(file(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn json(name: &str) -> Value {
    serde_json::from_str(&text(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The actions that a policy allows.
fn allowed(policy: &Value) -> BTreeSet<String> {
    let statements = policy["Statement"].as_array().expect("statements");
    let actions = statements
        .iter()
        .flat_map(|statement| match &statement["Action"] {
            Value::Array(all) => all.clone(),
            one => vec![one.clone()],
        });
    actions
        .map(|action| action.as_str().expect("an action").to_owned())
        .collect()
}

#[tokio::test(start_paused = true)]
async fn the_policy_of_sync_allows_what_is_called_and_nothing_else() {
    let mut called = BTreeSet::new();
    for name in EXAMPLES {
        let bench = Bench::new(name, quick());
        assert!(bench.up().await.ok(), "{name}");
        bench.simulator.set_faults(Vec::new());
        let before = bench.simulator.journal().len();
        let bench = Bench::at(bench.simulator, bench.config);
        assert!(bench.sync(true).await.1.is_ok(), "{name}");
        if bench.groups().is_empty() {
            continue;
        }
        for interface in bench.interfaces().iter().take(1) {
            bench.replace(interface);
        }
        assert!(bench.sync(true).await.1.is_ok(), "{name}");
        // A group that somebody has emptied is read once more.
        let groups = bench.groups();
        let world = bench.simulator.world();
        let here = world
            .region(super::bench::ACCOUNT, super::bench::REGION)
            .expect("it is in use");
        let arns = here.elbv2.groups.iter();
        let arns: Vec<String> = arns
            .filter(|(_, group)| groups.contains_key(&group.name))
            .map(|(arn, _)| arn.clone())
            .collect();
        let elb = bench.look_writer();
        for (arn, group) in arns.iter().zip(groups.values()) {
            let mut call = elb.deregister_targets().target_group_arn(arn);
            for address in &group.registered {
                let target = aws_sdk_elasticloadbalancingv2::types::TargetDescription::builder();
                call = call.targets(target.id(address).build());
            }
            let _ = call.send().await;
        }
        tokio::time::sleep(std::time::Duration::from_mins(2)).await;
        assert!(bench.sync(true).await.1.is_ok(), "{name}");
        let journal = bench.simulator.journal();
        called.extend(
            journal[before..]
                .iter()
                .map(|entry| entry.operation.clone()),
        );
    }
    assert_eq!(allowed(&json("policies/sync.json")), called);
}

impl Bench {
    /// A client of somebody else's.
    fn look_writer(&self) -> aws_sdk_elasticloadbalancingv2::Client {
        Self::at(self.simulator.clone(), self.config.clone())
            .connection
            .writer()
            .elb
    }
}

#[test]
fn policies_patterns_and_targets_are_json_and_mean_one_stack() {
    let sync = json("policies/sync.json");
    for statement in sync["Statement"].as_array().expect("statements") {
        let writes = allowed(&serde_json::json!({ "Statement": [statement] }));
        let writes = writes.iter().any(|action| !action.contains(":Describe"));
        assert!(!writes || statement["Resource"] != "*", "{statement}");
    }
    let run = allowed(&json("policies/run-task.json"));
    assert_eq!(
        run,
        ["ecs:RunTask", "iam:PassRole"].map(str::to_owned).into()
    );
    let names = &json("eventbridge/pattern.json")["detail"]["eventName"];
    let names: Vec<&str> = names
        .as_array()
        .expect("names")
        .iter()
        .filter_map(Value::as_str)
        .collect();
    assert!(names.contains(&"ModifyVpcEndpoint") && names.contains(&"DeleteNetworkInterface"));
    let target = json("eventbridge/ecs-target.json");
    let input = target[0]["Input"].as_str().expect("an input is a text");
    let input: Value = serde_json::from_str(input).expect("of JSON");
    takes(&input["containerOverrides"][0]["command"]);
}

/// Whether the program takes these arguments.
fn takes(arguments: &Value) {
    use clap::Parser;
    let arguments = arguments.as_array().expect("arguments");
    let arguments = arguments.iter().map(|one| one.as_str().expect("a text"));
    let all: Vec<&str> = ["hybridgw"].into_iter().chain(arguments).collect();
    let read = hybridgw::cli::Cli::try_parse_from(&all);
    assert!(
        read.is_ok(),
        "{all:?}: {}",
        read.err()
            .map(|error| error.to_string())
            .unwrap_or_default()
    );
}

#[test]
fn the_manifests_are_yaml_and_start_the_program_as_it_takes_it() {
    let containers = |name: &str| -> Vec<Value> {
        let text = text(name);
        let all = text.split("\n---\n");
        let all: Vec<Value> = all
            .map(|one| {
                serde_saphyr::from_str(one).unwrap_or_else(|error| panic!("{name}: {error}"))
            })
            .collect();
        let specs = all.iter().map(|one| match one["kind"].as_str() {
            Some("CronJob") => &one["spec"]["jobTemplate"]["spec"]["template"]["spec"],
            _ => &one["spec"]["template"]["spec"],
        });
        let containers = specs.filter_map(|spec| spec["containers"].as_array());
        containers.flatten().cloned().collect()
    };
    for name in ["kubernetes/cronjob.yaml", "kubernetes/deployment.yaml"] {
        let containers = containers(name);
        assert_eq!(containers.len(), 1, "{name}");
        takes(&containers[0]["args"]);
        assert_eq!(
            containers[0]["securityContext"]["readOnlyRootFilesystem"], true,
            "{name}"
        );
    }
}

#[test]
fn the_unit_is_one_that_systemd_takes_and_starts_the_program_as_it_takes_it() {
    let unit = text("systemd/hybridgw-sync@.service");
    let start = unit
        .lines()
        .find_map(|line| line.strip_prefix("ExecStart="))
        .expect("it starts something");
    let arguments = start.replace("%i", "orders-dev");
    let arguments: Vec<Value> = arguments.split(' ').skip(1).map(Value::from).collect();
    takes(&Value::Array(arguments));
    for line in ["Type=notify", "WatchdogSec=5min", "DynamicUser=yes"] {
        assert!(unit.lines().any(|one| one == line), "{line}");
    }
    // Where systemd is at hand, it is asked, too.
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let copy = folder.join("hybridgw-sync@orders-dev.service");
    let here = unit.replace("/usr/local/bin/hybridgw", env!("CARGO_BIN_EXE_hybridgw"));
    fs::write(&copy, here).expect("it is written");
    let asked = Command::new("systemd-analyze")
        .arg("verify")
        .arg(&copy)
        .output();
    if let Ok(asked) = asked {
        let said = String::from_utf8_lossy(&asked.stderr).into_owned();
        let about = said.lines().filter(|line| line.contains("hybridgw-sync"));
        let about: Vec<&str> = about.filter(|line| !line.contains("man ")).collect();
        assert!(about.is_empty(), "{said}");
    }
}

/// Reads a request as far as it goes; its first line and its body.
fn request(stream: &mut TcpStream) -> (String, String) {
    let mut bytes = Vec::new();
    let mut more = [0; 1024];
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| {
                let (name, value) = line.split_once(':')?;
                name.eq_ignore_ascii_case("content-length")
                    .then(|| value.trim().parse().ok())?
            });
            if body.len() >= length.unwrap_or(0) {
                let first = head.lines().next().unwrap_or_default();
                return (first.to_owned(), body.to_owned());
            }
        }
        let count = stream.read(&mut more).expect("it sends");
        assert!(count > 0, "it broke off: {text}");
        bytes.extend_from_slice(&more[..count]);
    }
}

#[test]
fn the_lambda_runtime_answers_each_event_with_the_result_or_with_the_failure() {
    if Command::new("curl")
        .arg("--version")
        .stdout(Stdio::null())
        .status()
        .is_err()
    {
        return; // the image of the recipe has it
    }
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("lambda");
    fs::create_dir_all(&folder).expect("it can be made");
    // In place of the program: fails the second time.
    let program = folder.join("hybridgw");
    let script = "#!/bin/sh\necho '{\"event\":\"round\"}'; echo \"{\\\"event\\\":\\\"result\\\",\\\"args\\\":\\\"$*\\\"}\"\ntest ! -e \"$0.fail\"\n";
    fs::write(&program, script).expect("it is written");
    let _ = fs::remove_file(folder.join("hybridgw.fail"));
    let executable = Command::new("chmod").arg("+x").arg(&program).status();
    assert!(executable.expect("there is a chmod").success());
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let api = listener.local_addr().expect("it has one").to_string();
    let path = std::env::var("PATH").unwrap_or_default();
    let mut runtime = Command::new("sh")
        .arg(file("eventbridge/bootstrap"))
        .env("PATH", format!("{}:{path}", folder.display()))
        .env("AWS_LAMBDA_RUNTIME_API", &api)
        .env("HYBRIDGW_STACK", "orders-dev")
        .spawn()
        .expect("there is a shell");
    let mut seen = Vec::new();
    for id in ["one", "two"] {
        if id == "two" {
            fs::write(folder.join("hybridgw.fail"), "").expect("it is written");
        }
        for answer in [
            format!(
                "HTTP/1.1 200 OK\r\nLambda-Runtime-Aws-Request-Id: {id}\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{{}}"
            ),
            "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".to_owned(),
        ] {
            let (mut stream, _) = listener.accept().expect("it asks");
            seen.push(request(&mut stream));
            stream.write_all(answer.as_bytes()).expect("it is answered");
        }
    }
    let _ = runtime.kill();
    let _ = runtime.wait();
    let first: Vec<&str> = seen.iter().map(|(first, _)| first.as_str()).collect();
    let expected = [
        "GET /2018-06-01/runtime/invocation/next HTTP/1.1",
        "POST /2018-06-01/runtime/invocation/one/response HTTP/1.1",
        "GET /2018-06-01/runtime/invocation/next HTTP/1.1",
        "POST /2018-06-01/runtime/invocation/two/error HTTP/1.1",
    ];
    assert_eq!(first, expected);
    let result: Value = serde_json::from_str(&seen[1].1).expect("the last line alone");
    assert_eq!(result["event"], "result");
    let args = result["args"]
        .as_str()
        .unwrap_or_default()
        .split(' ')
        .map(Value::from);
    takes(&Value::Array(args.collect()));
    assert!(seen[3].1.contains("SyncFailed"), "{}", seen[3].1);
}

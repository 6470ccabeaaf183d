//! The real program: killed with SIGKILL, interrupted, with closed pipes and full disks, and never
//! showing a secret.

use std::{
    fs::{self, OpenOptions},
    io::Write,
    path::PathBuf,
    process::{Command, Stdio},
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use crate::{
    bench::{ACCOUNT, Outcome},
    support::{
        program::{CANARIES, Ended, Running, Served},
        scene::{Scene, Verb},
        sweep::{Breach, Findings, full, prepared},
    },
};

const UP: [&str; 4] = ["up", "--yes", "-o", "json"];
const DOWN: [&str; 4] = ["down", "--yes", "-o", "json"];

/// Judges the account by the oracle of the scene.
fn judge(scene: &Arc<Scene>, served: &Served, verb: Verb) -> Findings {
    let bench = served.bench(scene);
    let scene = Arc::clone(scene);
    prepared(async move || {
        // The account is in real time; the reads of the judge are not held up by it.
        tokio::time::resume();
        match verb {
            Verb::Down => scene.oracle.gone(&bench, &Outcome::default()).await,
            _ => scene.oracle.whole(&bench, &Outcome::default()).await,
        }
    })
}

fn whole(served: &Served) {
    let scene = Scene::of("placeholder.toml", Verb::Up);
    served.simulator.set_faults(Vec::new());
    let up = served.run(&UP).exits(0);
    let findings = judge(&scene, served, Verb::Up);
    assert!(findings.is_empty(), "{findings:?}\n{up}");
}

fn empty(served: &Served) {
    let scene = Scene::of("placeholder.toml", Verb::Down);
    served.simulator.set_faults(Vec::new());
    let down = served.run(&DOWN).exits(0);
    let findings = judge(&scene, served, Verb::Down);
    assert!(findings.is_empty(), "{findings:?}\n{down}");
}

/// Kills the program at these calls, each in an account of its own, and lets the next one finish.
fn killed(verb: Verb, calls: &[(&str, u64)]) {
    let scene = Scene::of("placeholder.toml", verb);
    let arguments = if verb == Verb::Down { DOWN } else { UP };
    let points = calls
        .iter()
        .flat_map(|call| [false, true].map(|applied| (*call, applied)));
    let points: Vec<_> = points.collect();
    for together in points.chunks(4) {
        thread::scope(|scope| {
            for &((operation, call), applied) in together {
                let scene = &scene;
                scope.spawn(move || {
                    let served = Served::of(scene);
                    served.hang(operation, call, applied);
                    let running = Running::start(&mut served.command(&arguments));
                    let hangs = served.hangs();
                    assert!(hangs, "{operation} {call}: {}", running.end());
                    running.signal("KILL");
                    let ended = running.end();
                    assert_eq!(ended.status.code(), None, "{ended}");
                    if verb == Verb::Down {
                        empty(&served);
                    } else {
                        whole(&served);
                    }
                });
            }
        });
    }
    println!("SIGKILL of {verb}: {} points, all converged", points.len());
}

#[test]
fn up_killed_by_the_system_is_made_whole_by_the_next() {
    let mut calls = vec![
        ("apigateway:CreateRestApi", 1),
        ("elasticloadbalancing:CreateRule", 2),
        ("route53:ChangeResourceRecordSets", 1),
    ];
    if full() {
        calls.extend([
            ("ec2:CreateSecurityGroup", 1),
            ("ec2:CreateSecurityGroup", 2),
            ("ec2:AuthorizeSecurityGroupIngress", 1),
            ("ec2:CreateVpcEndpoint", 1),
            ("apigateway:PutRestApi", 1),
            ("apigateway:CreateDeployment", 1),
            ("apigateway:CreateStage", 1),
            ("apigateway:CreateDomainName", 1),
            ("apigateway:CreateBasePathMapping", 1),
            ("elasticloadbalancing:CreateLoadBalancer", 1),
            ("elasticloadbalancing:CreateTargetGroup", 1),
            ("elasticloadbalancing:CreateListener", 1),
            ("elasticloadbalancing:CreateListener", 2),
            ("elasticloadbalancing:RegisterTargets", 1),
        ]);
    }
    killed(Verb::Up, &calls);
}

#[test]
fn down_killed_by_the_system_is_finished_by_the_next() {
    let mut calls = vec![("elasticloadbalancing:DeleteLoadBalancer", 1)];
    if full() {
        calls.extend([
            ("ec2:DeleteVpcEndpoints", 1),
            ("ec2:DeleteSecurityGroup", 1),
            ("ec2:DeleteSecurityGroup", 2),
            ("apigateway:DeleteRestApi", 1),
            ("apigateway:DeleteDomainName", 1),
            ("elasticloadbalancing:DeleteTargetGroup", 1),
            ("route53:ChangeResourceRecordSets", 1),
        ]);
    }
    killed(Verb::Down, &calls);
}

/// An `up` that waits for its load balancer: its reply does not come.
fn waiting() -> (Served, Running) {
    let served = Served::of(&Scene::of("placeholder.toml", Verb::Up));
    served.hang("elasticloadbalancing:CreateTargetGroup", 1, true);
    let running = Running::start(&mut served.command(&UP));
    assert!(served.hangs(), "{}", running.end());
    (served, running)
}

/// The call that hangs is let go: what was under way can finish.
fn interrupted_by(signal: &str) {
    let served = Served::of(&Scene::of("placeholder.toml", Verb::Up));
    served.hang("elasticloadbalancing:CreateLoadBalancer", 1, false);
    let running = Running::start(&mut served.command(&UP));
    assert!(served.hangs(), "{}", running.end());
    running.signal(signal);
    let ended = running.end().exits(130);
    let last = ended.stdout.lines().last().unwrap_or_default();
    let result: serde_json::Value = serde_json::from_str(last).expect("the last line is JSON");
    assert_eq!(result["event"], "result", "{ended}");
    assert_eq!(result["ok"], false, "{ended}");
    assert!(ended.stderr.contains("hybridgw up"), "{ended}");
    // What it says is left is there.
    let world = served.simulator.world();
    let here = world
        .region(crate::bench::ACCOUNT, crate::bench::REGION)
        .expect("it is in use");
    let left = result["left_behind"].as_array().expect("a list");
    let groups = here
        .ec2
        .groups
        .values()
        .filter(|group| group.name == "orders-dev-endpoint");
    // One of that name is a decoy in another VPC.
    let stands = groups.count() == 2;
    assert_eq!(
        left.iter().any(|key| key == "endpoint-security-group"),
        stands,
        "{ended}"
    );
    whole(&served);
}

#[test]
fn interrupted_once_it_settles_reports_and_leaves() {
    thread::scope(|scope| {
        for signal in ["INT", "TERM"] {
            scope.spawn(move || interrupted_by(signal));
        }
    });
}

#[test]
fn interrupted_twice_it_leaves_at_once_and_the_next_run_is_whole() {
    let (served, running) = waiting();
    running.signal("INT");
    thread::sleep(Duration::from_millis(500));
    running.signal("INT");
    let ended = running.end().exits(130);
    // The call that hangs would have taken half a minute to time out.
    assert!(ended.took < Duration::from_secs(10), "{ended}");
    whole(&served);
}

/// Interrupts a run while this call has no answer; it would have none for half a minute.
fn interrupted_at(verb: Verb, operation: &str, call: u64) -> Ended {
    let served = Served::of(&Scene::of("placeholder.toml", verb));
    served.hang(operation, call, false);
    let arguments = if verb == Verb::Down { DOWN } else { UP };
    let running = Running::start(&mut served.command(&arguments));
    assert!(served.hangs(), "{operation} {call}: {}", running.end());
    // What does not wait for it comes to its end.
    thread::sleep(Duration::from_secs(1));
    let began = Instant::now();
    running.signal("INT");
    let ended = running.end().exits(130);
    let took = began.elapsed();
    assert!(
        took < Duration::from_secs(10),
        "{operation}: {took:?}\n{ended}"
    );
    ended
}

#[test]
fn a_read_without_an_answer_holds_up_nobody_who_presses_ctrl_c() {
    let reads = [
        // Of the plan; while a resource is waited for; of the last plan.
        (Verb::Up, "apigateway:GetRestApis", 1),
        (Verb::Up, "elasticloadbalancing:DescribeTargetHealth", 1),
        (Verb::Up, "apigateway:GetStages", 2),
        // While a thing goes; of the last look.
        (Verb::Down, "ec2:DescribeNetworkInterfaces", 3),
        (Verb::Down, "apigateway:GetRestApis", 3),
    ];
    thread::scope(|scope| {
        for (verb, operation, call) in reads {
            scope.spawn(move || interrupted_at(verb, operation, call));
        }
    });
}

#[test]
fn interrupted_when_all_is_done_nothing_is_said_to_be_left_behind() {
    // Asked by the last check alone.
    let operation = "elasticloadbalancing:DescribeListenerCertificates";
    let ended = interrupted_at(Verb::Up, operation, 1);
    let last = ended.stdout.lines().last().unwrap_or_default();
    let result: serde_json::Value = serde_json::from_str(last).expect("the last line is JSON");
    assert_eq!(result["converged"], true, "{ended}");
    assert_eq!(result["left_behind"], serde_json::json!([]), "{ended}");
    assert!(ended.stderr.contains("was not looked at"), "{ended}");
}

#[test]
fn who_reads_no_output_makes_no_command_deaf() {
    let served = Served::of(&Scene::of("placeholder.toml", Verb::Up));
    let (reader, writer) = std::io::pipe().expect("a pipe");
    let mut full = writer.try_clone().expect("a second end");
    // A pipe that is full, and never emptied.
    thread::spawn(move || {
        let _ = full.write_all(&vec![b'x'; 1 << 20]);
    });
    let mut command = served.command(&["plan", "-o", "json"]);
    command.stdout(writer).stderr(Stdio::null());
    let mut child = command.spawn().expect("it runs");
    drop(command);
    thread::sleep(Duration::from_secs(3));
    assert!(
        child.try_wait().expect("a child").is_none(),
        "it is held up"
    );
    let id = child.id().to_string();
    let sent = Command::new("kill").args(["-INT", &id]).status();
    assert!(sent.expect("kill").success());
    let began = Instant::now();
    while child.try_wait().expect("a child").is_none() {
        assert!(began.elapsed() < Duration::from_secs(10), "it is deaf");
        thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(child.wait().expect("a child").code(), Some(130));
    drop(reader);
}

/// Somebody whose session ends in the middle: the program asks for credentials, and there are none.
fn signed_out(verb: Verb, operation: &str) {
    let served = Served::of(&Scene::of("placeholder.toml", verb));
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let session = folder.join(format!("session-{verb}-{}", std::process::id()));
    let config = session.with_extension("config");
    let script = session.with_extension("sh");
    // They are good for less than the SDK wants to have left: each call asks anew.
    let text = format!(
        "[ -e {session} ] || {{ echo 'the session has ended' >&2; exit 255; }}\n\
         ends=$(date -u -d '+5 seconds' +%Y-%m-%dT%H:%M:%SZ)\n\
         printf '{{\"Version\":1,\"AccessKeyId\":\"{ACCOUNT}\",\"SecretAccessKey\":\"{secret}\",\"SessionToken\":\"{token}\",\"Expiration\":\"%s\"}}' $ends\n",
        session = session.display(),
        secret = CANARIES[0],
        token = CANARIES[1],
    );
    fs::write(&script, text).expect("it can be written");
    fs::write(&session, "").expect("it can be written");
    let profile = format!("[default]\ncredential_process = sh {}\n", script.display());
    fs::write(&config, profile).expect("it can be written");
    // A call that takes long enough for the session to end meanwhile.
    let rule = format!(
        r#"[{{"operation": "{operation}", "calls": [1], "then": {{"delay-reply": {{"seconds": 600}}}}}}]"#
    );
    let rules = serde_json::from_str(&rule).expect("a rule");
    served.simulator.set_faults(rules);
    let arguments = if verb == Verb::Down { DOWN } else { UP };
    let mut command = served.command(&arguments);
    for name in [
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
    ] {
        command.env_remove(name);
    }
    let running = Running::start(command.env("AWS_CONFIG_FILE", &config));
    let began = Instant::now();
    let is_sent = || {
        let journal = served.simulator.journal();
        journal
            .iter()
            .any(|entry| entry.outcome.starts_with("delay-reply"))
    };
    while !is_sent() && began.elapsed() < Duration::from_mins(2) {
        thread::sleep(Duration::from_millis(10));
    }
    fs::remove_file(&session).expect("it is there");
    let ended = running.end();
    for path in [&config, &script] {
        let _ = fs::remove_file(path);
    }
    assert!(served.simulator.idle().is_empty(), "{ended}");
    let ended = ended.exits(4);
    for said in [
        "no usable credentials",
        "sign in",
        "run again",
        "left behind: ",
    ] {
        assert!(ended.stderr.contains(said), "{said}: {ended}");
    }
    assert!(!ended.stderr.contains("check the network"), "{ended}");
    let last = ended.stdout.lines().last().unwrap_or_default();
    let result: serde_json::Value = serde_json::from_str(last).expect("the last line is JSON");
    let left = result["left_behind"].as_array().expect("a list");
    assert!(!left.is_empty(), "{ended}");
    if verb == Verb::Down {
        empty(&served);
    } else {
        whole(&served);
    }
}

#[test]
fn a_session_that_ends_in_the_middle_is_named_with_what_is_left_behind() {
    signed_out(Verb::Up, "elasticloadbalancing:CreateLoadBalancer");
    signed_out(Verb::Down, "elasticloadbalancing:DeleteLoadBalancer");
}

#[test]
fn with_nobody_to_read_it_does_not_panic_and_the_next_run_is_whole() {
    let served = Served::of(&Scene::of("placeholder.toml", Verb::Up));
    let mut command = served.command(&UP);
    let mut running = command.spawn().expect("the program runs");
    // Both ends of both pipes are gone before it says anything.
    drop(running.stdout.take());
    drop(running.stderr.take());
    let status = running.wait().expect("it ends");
    assert_ne!(status.code(), Some(101), "it panicked");
    if status.success() {
        let scene = Scene::of("placeholder.toml", Verb::Up);
        let findings = judge(&scene, &served, Verb::Up);
        assert!(
            findings.is_empty(),
            "it says that all is done: {findings:?}"
        );
    }
    whole(&served);
}

#[test]
fn a_full_disk_is_an_error_and_not_a_panic() {
    let served = Served::of(&Scene::of("placeholder.toml", Verb::Down));
    let full = || {
        let device = OpenOptions::new().write(true).open("/dev/full");
        Stdio::from(device.expect("there is a full device"))
    };
    for arguments in [
        &["plan"][..],
        &["plan", "-o", "json"],
        &["status"],
        &["outputs"],
        &UP,
    ] {
        let ended = Running::start(served.command(arguments).stdout(full())).end();
        // A plan for people goes to stderr, which is not full.
        let said = ended.stderr.contains("No space left") || ended.status.success();
        assert!(said, "{arguments:?}: {ended}");
        let ended = Running::start(served.command(arguments).stdout(full()).stderr(full())).end();
        assert_ne!(ended.status.code(), Some(101), "{arguments:?}: {ended}");
    }
    // A plan that could not be saved is not said to be.
    let ended = served.run(&["plan", "--out", "/dev/full"]);
    assert!(!ended.status.success(), "{ended}");
    // A world that cannot be written stops the rehearsal before anything is made.
    let mut command = served.command(&["--simulate=/proc/hybridgw-world.json", "up", "--yes"]);
    let ended = Running::start(&mut command).end().exits(1);
    assert!(
        ended.stderr.contains("simulated account cannot be used"),
        "{ended}"
    );
}

#[test]
fn no_secret_is_ever_shown_not_even_in_the_most_talkative_log() {
    let served = Served::of(&Scene::of("placeholder.toml", Verb::Up));
    // The program looks at what it says when it ends; here it says everything it can.
    let talk = |arguments: &[&str]| {
        let mut command = served.command(arguments);
        command.env("RUST_LOG", "trace");
        let ended = Running::start(&mut command).end();
        assert!(
            ended.stderr.lines().count() > 100,
            "it was to be talkative: {ended}"
        );
        ended
    };
    talk(&["-vv", "up", "--yes"]).exits(0);
    talk(&["-vv", "status", "-o", "json"]).exits(0);
    served.simulator.set_faults(
        serde_json::from_str(
            r#"[{"operation": "ec2:Describe*", "then": {"refuse": {"code": "AuthFailure", "status": 401}}}]"#,
        )
        .expect("a rule"),
    );
    talk(&["-vv", "plan"]).exits(4);
    // Neither does the account keep it.
    let world = serde_json::to_string(&served.simulator.world()).expect("a world is JSON");
    let shown = CANARIES.iter().filter(|secret| world.contains(*secret));
    let findings: Findings = shown
        .map(|one| (Breach::Secret, (*one).to_owned()))
        .collect();
    assert!(findings.is_empty(), "{findings:?}");
}

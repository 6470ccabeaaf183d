//! `sync` as the real program: signals, a file that is read again, the service manager, metrics.

use std::{
    fs,
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    os::unix::net::UnixDatagram,
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::{
    bench::{Bench, example},
    support::{
        program::{Running, Served},
        scene::{Scene, Verb},
    },
};

/// A stack that stands, served.
fn standing() -> Served {
    Served::of(&Scene::of("placeholder.toml", Verb::Down))
}

fn bench(served: &Served) -> Bench {
    served.bench(&Scene::of("placeholder.toml", Verb::Down))
}

fn free_port() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    listener.local_addr().expect("it has one")
}

/// What the program answers; nothing as long as nobody listens.
fn get(address: SocketAddr, path: &str) -> Option<(u16, String)> {
    let mut stream = TcpStream::connect(address).ok()?;
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).ok()?;
    let mut text = String::new();
    stream.read_to_string(&mut text).ok()?;
    let status = text.split(' ').nth(1)?.parse().ok()?;
    let body = text.split_once("\r\n\r\n")?.1.to_owned();
    Some((status, body))
}

/// Waits for something, not for ever.
fn wait<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(began.elapsed() < Duration::from_mins(1), "never: {what}");
        thread::sleep(Duration::from_millis(20));
    }
}

fn lines(text: &str) -> Vec<Value> {
    let lines = text.lines();
    lines
        .map(|line| serde_json::from_str(line).expect("a line of JSON"))
        .collect()
}

/// A socket of a service manager's.
struct Manager {
    socket: UnixDatagram,
    path: PathBuf,
    heard: Vec<String>,
}

impl Manager {
    fn new(test: &str) -> Self {
        let path = std::env::temp_dir().join(format!("hybridgw-{}-{test}", std::process::id()));
        let _ = fs::remove_file(&path);
        let socket = UnixDatagram::bind(&path).expect("a socket");
        socket
            .set_read_timeout(Some(Duration::from_mins(1)))
            .expect("it can be set");
        Self {
            socket,
            path,
            heard: Vec::new(),
        }
    }

    /// Reads on until these words come.
    fn hears(&mut self, words: &str) {
        let mut bytes = [0; 4096];
        loop {
            let length = self.socket.recv(&mut bytes);
            let length =
                length.unwrap_or_else(|error| panic!("no {words}: {error}; {:?}", self.heard));
            let text = String::from_utf8_lossy(&bytes[..length]).into_owned();
            self.heard.push(text.clone());
            if text.lines().any(|line| line.starts_with(words)) {
                return;
            }
        }
    }
}

impl Drop for Manager {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

/// Ends a program that a failed test leaves.
struct Leash(Option<u32>);

impl Drop for Leash {
    fn drop(&mut self) {
        if let Some(id) = self.0 {
            let _ = std::process::Command::new("kill")
                .args(["-KILL", &id.to_string()])
                .status();
        }
    }
}

#[test]
fn sync_writes_its_result_and_changes_what_differs() {
    let served = standing();
    let new = bench(&served).replace(&bench(&served).interfaces()[0]);
    let ended = served.run(&["sync", "-o", "json"]).exits(0);
    let last = lines(&ended.stdout).pop().expect("a result");
    assert_eq!(last["event"], "result");
    assert_eq!(last["ok"], true);
    assert_eq!(last["registered"], serde_json::json!([new]));
    assert_eq!(last["deregistered"].as_array().map(Vec::len), Some(1));
    assert!(
        last["api_calls"].as_u64() > Some(5) && last["seconds"].is_number(),
        "{last}"
    );
    bench(&served).assert_followed("sync");
    let ended = served.run(&["sync", "--stack", "orders-dev", "--region", "eu-central-1"]);
    assert!(
        ended
            .stderr
            .contains("Nothing to do: 3 of 3 targets healthy"),
        "{ended}"
    );
}

#[test]
fn a_watcher_is_ready_reads_its_file_again_and_ends_with_130_on_sigterm() {
    let served = standing();
    let mut manager = Manager::new("ready");
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("watched.toml");
    let text = fs::read_to_string(example("placeholder.toml")).expect("it is there");
    fs::write(&file, &text).expect("it is written");
    let metrics = free_port();
    let mut command = served.command(&[
        "sync",
        "--watch",
        "--interval",
        "5s",
        "-o",
        "json",
        "--metrics",
        &metrics.to_string(),
    ]);
    command.args(["--config".as_ref(), file.as_os_str()]);
    command
        .env("NOTIFY_SOCKET", &manager.path)
        .env("WATCHDOG_USEC", "400000");
    let running = Running::start(&mut command);
    let mut leash = Leash(Some(running.child.id()));
    manager.hears("READY=1");
    manager.hears("WATCHDOG=1");
    let (status, body) = wait("it serves", || get(metrics, "/healthz"));
    assert!(status == 200 && body.starts_with("ok"), "{status} {body}");
    let new = bench(&served).replace(&bench(&served).interfaces()[0]);
    wait("the new address is healthy", || {
        let groups = bench(&served).groups();
        groups
            .values()
            .any(|group| group.healthy.contains(&new))
            .then_some(())
    });
    wait("it is measured", || {
        let (_, text) = get(metrics, "/metrics")?;
        text.contains("hybridgw_sync_registrations_total{targets=\"targets\"} 1")
            .then_some(())
    });
    assert_eq!(get(metrics, "/").map(|(status, _)| status), Some(404));

    fs::write(&file, "stack = 7").expect("it is written");
    running.signal("HUP");
    manager.hears("RELOADING=1");
    manager.hears("READY=1");
    fs::write(&file, &text).expect("it is written");
    running.signal("HUP");
    manager.hears("RELOADING=1");
    manager.hears("READY=1");
    let (_, text) = get(metrics, "/metrics").expect("it still serves");
    assert!(text.ends_with("# EOF\n"), "{text}");

    running.signal("TERM");
    manager.hears("STOPPING=1");
    leash.0 = None;
    let ended = running.end().exits(130);
    let lines = lines(&ended.stdout);
    let events: Vec<&str> = lines
        .iter()
        .filter_map(|line| line["event"].as_str())
        .collect();
    let others: Vec<&str> = events
        .iter()
        .filter(|one| **one != "round")
        .copied()
        .collect();
    assert_eq!(
        others,
        ["watching", "not-reloaded", "reloaded", "result"],
        "{ended}"
    );
    assert!(events.contains(&"round"), "{ended}");
    let last = lines.last().expect("a result");
    assert_eq!(
        (&last["ok"], &last["registered"]),
        (&true.into(), &serde_json::json!([new]))
    );
}

#[test]
fn a_watcher_that_cannot_begin_says_why_before_the_first_call() {
    let served = standing();
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let address = taken.local_addr().expect("it has one").to_string();
    let ended = served
        .run(&["sync", "--watch", "--metrics", &address])
        .exits(1);
    assert!(
        ended
            .stderr
            .contains(&format!("cannot serve metrics on {address}")),
        "{ended}"
    );
    assert!(served.simulator.journal().is_empty(), "AWS was asked");
    let ended = served.run(&[
        "sync",
        "--watch",
        "--stack",
        "nobody",
        "--region",
        "eu-central-1",
        "-o",
        "json",
    ]);
    let ended = ended.exits(1);
    assert!(
        ended
            .stderr
            .contains("nothing of the stack nobody exists in eu-central-1"),
        "{ended}"
    );
    let last = lines(&ended.stdout).pop().expect("a result");
    assert_eq!(
        (&last["event"], &last["ok"]),
        (&"result".into(), &false.into())
    );
}

#[test]
fn a_single_sync_that_is_interrupted_exits_with_130_and_the_next_goes_on() {
    let served = standing();
    bench(&served).replace(&bench(&served).interfaces()[0]);
    served.hang("elasticloadbalancing:RegisterTargets", 1, true);
    let running = Running::start(&mut served.command(&["sync", "-o", "json"]));
    assert!(served.hangs(), "{}", running.end());
    running.signal("TERM");
    served.simulator.set_faults(Vec::new());
    running.signal("INT");
    running.end().exits(130);
    served.run(&["sync"]).exits(0);
    bench(&served).assert_followed("the next sync");
}

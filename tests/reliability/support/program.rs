//! The real program against the served account, in real time.

use std::{
    fmt,
    net::SocketAddr,
    path::PathBuf,
    process::{Child, Command, ExitStatus, Stdio},
    sync::mpsc,
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use hybridgw::simulator::{
    Simulator,
    conditions::Conditions,
    faults::{Fault, Rule},
    server,
};
use tokio::sync::oneshot;

use super::scene::{Scene, account_with};
use crate::bench::{ACCOUNT, Bench, example};

/// What must never be shown.
pub const CANARIES: [&str; 2] = ["canary7secret7access7key", "canary7session7token"];

/// How long a command may take: many times as long as the slowest does.
const DEADLINE: Duration = Duration::from_mins(3);

/// A served account that goes a hundred times as fast as AWS, and whose world the test can see.
pub struct Served {
    pub simulator: Simulator,
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Served {
    /// Serves the world of a scene's beginning.
    pub fn of(scene: &Scene) -> Self {
        let conditions = Conditions {
            speed: 100.0,
            ..Conditions::default()
        };
        let simulator = account_with(&scene.start, conditions);
        let (stop, stopped) = oneshot::channel::<()>();
        let (tell, told) = mpsc::channel();
        let served = simulator.clone();
        let thread = thread::spawn(move || {
            let mut runtime = tokio::runtime::Builder::new_multi_thread();
            let runtime = runtime.worker_threads(1).enable_all().build();
            runtime.expect("a runtime").block_on(async {
                let loopback = SocketAddr::from(([127, 0, 0, 1], 0));
                let listener = server::listen(loopback).await.expect("a port");
                let address = listener.local_addr().expect("a port");
                tell.send(address).expect("the test waits");
                let stopped = async {
                    let _ = stopped.await;
                };
                server::serve(listener, served, stopped)
                    .await
                    .expect("it serves");
            });
        });
        Self {
            simulator,
            address: told.recv().expect("it serves"),
            stop: Some(stop),
            thread: Some(thread),
        }
    }

    /// The program with these arguments, on the placeholder's configuration.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hybridgw"));
        command
            .args(["--config".as_ref(), example("placeholder.toml").as_os_str()])
            .args(arguments)
            .env_clear()
            .env("HOME", env!("CARGO_TARGET_TMPDIR"))
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("AWS_ENDPOINT_URL", format!("http://{}", self.address))
            .env("AWS_ACCESS_KEY_ID", ACCOUNT)
            .env("AWS_SECRET_ACCESS_KEY", CANARIES[0])
            .env("AWS_SESSION_TOKEN", CANARIES[1])
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .current_dir(PathBuf::from(env!("CARGO_TARGET_TMPDIR")))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Runs the program to its end.
    pub fn run(&self, arguments: &[&str]) -> Ended {
        Running::start(&mut self.command(arguments)).end()
    }

    /// Lets the n-th call of an operation hang, before it is applied or after.
    pub fn hang(&self, operation: &str, call: u64, applied: bool) {
        self.simulator.set_faults(vec![Rule {
            operation: operation.to_owned(),
            calls: Some(vec![call]),
            from: None,
            probability: None,
            times: None,
            then: if applied {
                Fault::HangReply
            } else {
                Fault::Hang
            },
        }]);
    }

    /// Waits until a call hangs; whether one did.
    pub fn hangs(&self) -> bool {
        let began = Instant::now();
        while began.elapsed() < DEADLINE {
            let journal = self.simulator.journal();
            if journal
                .iter()
                .any(|entry| entry.outcome.starts_with("hang"))
            {
                return true;
            }
            thread::sleep(Duration::from_millis(10));
        }
        false
    }

    /// The account as the oracle wants it.
    pub fn bench(&self, scene: &Scene) -> Bench {
        Bench::at(self.simulator.clone(), scene.config.clone())
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// A program that runs.
pub struct Running {
    pub child: Child,
    stdout: Option<JoinHandle<String>>,
    stderr: Option<JoinHandle<String>>,
}

fn drain(stream: Option<impl std::io::Read + Send + 'static>) -> Option<JoinHandle<String>> {
    let mut stream = stream?;
    Some(thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = stream.read_to_end(&mut bytes);
        String::from_utf8_lossy(&bytes).into_owned()
    }))
}

impl Running {
    /// Starts it, and reads what it says.
    pub fn start(command: &mut Command) -> Self {
        let mut child = command.spawn().expect("the program runs");
        Self {
            stdout: drain(child.stdout.take()),
            stderr: drain(child.stderr.take()),
            child,
        }
    }

    /// Sends it a signal: `INT`, `TERM`, `KILL`.
    pub fn signal(&self, name: &str) {
        let sent = Command::new("kill")
            .args([format!("-{name}"), self.child.id().to_string()])
            .status();
        assert!(
            sent.expect("there is a kill").success(),
            "the program is gone already"
        );
    }

    /// Waits for its end, not for ever.
    pub fn end(mut self) -> Ended {
        let began = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().expect("it can be waited for") {
                break status;
            }
            if began.elapsed() > DEADLINE {
                let _ = self.child.kill();
                break self.child.wait().expect("it can be waited for");
            }
            thread::sleep(Duration::from_millis(10));
        };
        let read = |stream: Option<JoinHandle<String>>| {
            stream
                .map(|thread| thread.join().expect("it reads"))
                .unwrap_or_default()
        };
        let ended = Ended {
            status,
            took: began.elapsed(),
            stdout: read(self.stdout),
            stderr: read(self.stderr),
        };
        ended.keeps_secrets();
        ended
    }
}

/// How a program ended, and what it said.
pub struct Ended {
    pub status: ExitStatus,
    pub took: Duration,
    pub stdout: String,
    pub stderr: String,
}

impl Ended {
    fn keeps_secrets(&self) {
        for secret in CANARIES {
            for text in [&self.stdout, &self.stderr] {
                let line = text.lines().find(|line| line.contains(secret));
                assert!(line.is_none(), "a secret is shown: {line:?}");
            }
        }
        assert!(!self.stderr.contains("panicked at"), "{self}");
    }

    /// Fails if the exit code is another one.
    #[track_caller]
    pub fn exits(self, code: i32) -> Self {
        assert_eq!(self.status.code(), Some(code), "{self}");
        self
    }
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            status,
            took,
            stdout,
            stderr,
        } = self;
        write!(f, "{status} after {took:?}\n{stdout}\n{stderr}")
    }
}

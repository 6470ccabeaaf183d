//! The program as a child process in a clean environment.

use std::{
    collections::BTreeMap,
    fmt,
    io::Read,
    path::PathBuf,
    process::{Child, Command, Stdio},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use serde_json::Value;

use super::{Proxy, World, server};

/// How long a command may take. The slowest deletes three APIs at the pace that AWS allows.
const DEADLINE: Duration = Duration::from_mins(4);

/// A command about to be run.
pub struct Call {
    args: Vec<String>,
    env: BTreeMap<String, String>,
    dir: PathBuf,
}

/// A command that runs.
pub struct Running {
    args: String,
    child: Child,
    stdout: JoinHandle<String>,
    stderr: JoinHandle<String>,
}

/// What a command said and how it ended.
pub struct Ran {
    args: String,
    /// The exit code; none after a signal.
    pub code: Option<i32>,
    /// What it wrote to stdout.
    pub stdout: String,
    /// What it wrote to stderr.
    pub stderr: String,
}

impl World {
    /// Runs `hybridgw` with these arguments, separated by blanks.
    pub fn hybridgw(&self, args: &str) -> Ran {
        self.call(args).run()
    }

    /// The same, to be changed before it runs.
    pub fn call(&self, args: &str) -> Call {
        let env = [
            ("PATH", std::env::var("PATH").unwrap_or_default()),
            ("HOME", self.dir.display().to_string()),
            ("AWS_ACCESS_KEY_ID", self.account.clone()),
            ("AWS_SECRET_ACCESS_KEY", "test".to_owned()),
            ("AWS_ENDPOINT_URL", server::endpoint().to_owned()),
            // Without credentials the SDK would look for them in the network.
            ("AWS_EC2_METADATA_DISABLED", "true".to_owned()),
        ];
        Call {
            args: args.split_whitespace().map(str::to_owned).collect(),
            env: env
                .map(|(name, value)| (name.to_owned(), value))
                .into_iter()
                .collect(),
            dir: self.dir.clone(),
        }
    }
}

impl Call {
    /// Sends its calls through the proxy.
    pub fn through(self, proxy: &Proxy) -> Self {
        self.env("AWS_ENDPOINT_URL", &proxy.url)
    }

    /// Sets an environment variable.
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.env.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Takes an environment variable away.
    pub fn without(mut self, name: &str) -> Self {
        self.env.remove(name);
        self
    }

    /// Starts it.
    pub fn spawn(self) -> Running {
        let mut child = Command::new(env!("CARGO_BIN_EXE_hybridgw"))
            .args(&self.args)
            .env_clear()
            .envs(&self.env)
            .current_dir(&self.dir)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        Running {
            args: self.args.join(" "),
            stdout: drain(child.stdout.take().expect("stdout is piped")),
            stderr: drain(child.stderr.take().expect("stderr is piped")),
            child,
        }
    }

    /// Runs it to its end.
    pub fn run(self) -> Ran {
        self.spawn().wait()
    }
}

impl Running {
    /// Waits for its end.
    ///
    /// # Panics
    ///
    /// It takes too long.
    pub fn wait(mut self) -> Ran {
        let began = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().expect("a child can be asked") {
                break status;
            }
            if began.elapsed() > DEADLINE {
                let _ = self.child.kill();
                panic!("no end after {DEADLINE:?}: {}", self.end(None));
            }
            thread::sleep(Duration::from_millis(5));
        };
        self.end(status.code())
    }

    /// Kills it with SIGKILL.
    pub fn kill(mut self) -> Ran {
        self.child.kill().expect("a child can be killed");
        let status = self.child.wait().expect("a killed child ends");
        self.end(status.code())
    }

    fn end(self, code: Option<i32>) -> Ran {
        let text = |reader: JoinHandle<String>| reader.join().expect("the pipe is read");
        Ran {
            args: self.args,
            code,
            stdout: text(self.stdout),
            stderr: text(self.stderr),
        }
    }
}

fn drain(mut pipe: impl Read + Send + 'static) -> JoinHandle<String> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = pipe.read_to_end(&mut bytes);
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

impl Ran {
    /// Asserts the exit code.
    #[track_caller]
    pub fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "the exit code of {self}");
        self
    }

    /// stdout as one JSON document.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self}"))
    }

    /// The last line of stdout, which is the result of `up` and `down`.
    #[track_caller]
    pub fn result(&self) -> Value {
        let line = self.stdout.lines().last().unwrap_or_default();
        let value: Value =
            serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {self}"));
        assert_eq!(value["event"], "result", "the last line of {self}");
        value
    }

    /// What a plan means to do: `update targets`, sorted; kept things are not in it.
    #[track_caller]
    pub fn planned(&self) -> Vec<String> {
        let plan = self.json();
        let actions = plan["actions"].as_array().into_iter().flatten();
        let mut planned: Vec<String> = actions
            .filter(|one| one["action"] != "keep")
            .map(|one| format!("{} {}", text(&one["action"]), text(&one["resource"])))
            .collect();
        planned.sort();
        planned
    }

    /// What `up` did, in the words of [`Ran::planned`].
    #[track_caller]
    pub fn done(&self) -> Vec<String> {
        let result = self.result();
        let mut done = Vec::new();
        for (list, verb) in [
            ("created", "create"),
            ("updated", "update"),
            ("deleted", "delete"),
        ] {
            let keys = words(&result[list]).into_iter();
            done.extend(keys.map(|key| format!("{verb} {key}")));
        }
        done.sort();
        done
    }

    /// Asserts that `up` or `down` worked and a last plan was empty.
    #[track_caller]
    pub fn converged(self) -> Self {
        let ran = self.exits(0);
        let result = ran.result();
        assert_eq!(result["ok"], true, "{ran}");
        assert_eq!(result["converged"], true, "{ran}");
        for list in ["failed", "left_behind"] {
            assert_eq!(result[list], serde_json::json!([]), "{list} of {ran}");
        }
        ran
    }

    /// Asserts that it says all of this on stderr.
    #[track_caller]
    pub fn says(self, all: &[&str]) -> Self {
        for words in all {
            assert!(self.stderr.contains(words), "no {words:?} in {self}");
        }
        self
    }
}

/// A JSON list of strings, sorted.
pub fn words(list: &Value) -> Vec<String> {
    let mut words: Vec<String> = list.as_array().into_iter().flatten().map(text).collect();
    words.sort();
    words
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

impl fmt::Display for Ran {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "hybridgw {} (exit {:?})\n--- stdout\n{}\n--- stderr\n{}",
            self.args, self.code, self.stdout, self.stderr
        )
    }
}

//! The program itself, run as a process: to its end, or until it is killed.

use std::{
    io::{BufRead, BufReader, Read},
    path::PathBuf,
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

use crate::{
    cli::Global,
    error::{Error, Result},
    hash,
};

/// How to run this program for one scratch account.
#[derive(Clone, Debug)]
pub struct Program {
    file: PathBuf,
    flags: Vec<String>,
}

/// What a finished process leaves.
pub struct Done {
    /// The exit code; none after a signal.
    pub code: Option<i32>,
    /// What it wrote to stdout.
    pub out: String,
    /// What it wrote to stderr.
    pub said: String,
}

/// How a process that was to be killed ended.
pub enum Ending {
    /// It was killed; how far it had come.
    Killed {
        /// The last event it told of.
        after: String,
    },
    /// It was done before.
    Finished {
        /// The exit code; none after a signal.
        code: Option<i32>,
        /// What it wrote to stderr.
        said: String,
    },
}

/// When a process is killed: some time after one of its writes began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// After this many writes.
    writes: usize,
    /// This long after the last of them began.
    later: Duration,
}

impl Moment {
    /// As soon as the first write begins.
    pub const AT_ONCE: Self = Self {
        writes: 1,
        later: Duration::ZERO,
    };

    /// The moment of a round. Early in a run, so that every round finds work;
    /// up to 120 ms after a call has begun, so that some calls are cut off and
    /// some have just been applied.
    pub fn of(seed: u64, round: usize) -> Self {
        let hash = hash::long(&format!("{seed}/{round}"));
        let digit = |at: usize| u64::from_str_radix(&hash[at..at + 4], 16).unwrap_or_default();
        Self {
            writes: 1 + usize::try_from(digit(0) % 2).unwrap_or_default(),
            later: Duration::from_millis(digit(4) % 120),
        }
    }
}

impl Program {
    /// This program, with the flags that lead to the same account and file.
    /// `set` overrides values of the file.
    ///
    /// # Errors
    ///
    /// The program's own file is not known.
    pub fn new(global: &Global, set: &[String]) -> Result<Self> {
        let file = std::env::current_exe()
            .map_err(|error| Error::invalid(format!("cannot run myself: {error}")))?;
        let mut flags = vec![
            format!("--config={}", global.config_file().display()),
            format!("--timeout={}s", global.timeout().as_secs()),
        ];
        let named = [
            ("--profile", &global.profile),
            ("--region", &global.region),
            ("--endpoint-url", &global.endpoint_url),
        ];
        for (flag, value) in named {
            flags.extend(value.iter().map(|value| format!("{flag}={value}")));
        }
        flags.extend(global.allow_http.then(|| "--allow-http".to_owned()));
        let sets = global.set.iter().chain(set);
        flags.extend(sets.map(|set| format!("--set={set}")));
        Ok(Self { file, flags })
    }

    /// Runs a command to its end, with JSON on stdout.
    ///
    /// # Errors
    ///
    /// The process cannot be started or watched.
    pub async fn run(&self, args: &[&str]) -> Result<Done> {
        let mut command = self.command(args);
        blocking(move || {
            let output = command.output().map_err(|error| unable(&error))?;
            Ok(Done {
                code: output.status.code(),
                out: String::from_utf8_lossy(&output.stdout).into_owned(),
                said: String::from_utf8_lossy(&output.stderr).into_owned(),
            })
        })
        .await
    }

    /// Runs `up` or `down` and kills it at that moment, if it lasts so long.
    ///
    /// # Errors
    ///
    /// The process cannot be started or watched.
    pub async fn killed(&self, verb: &str, moment: Moment) -> Result<Ending> {
        let mut command = self.command(&[verb, "--yes"]);
        blocking(move || {
            let child = command.spawn().map_err(|error| unable(&error))?;
            watch(child, moment).map_err(|error| unable(&error))
        })
        .await
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(&self.file);
        command
            .args(args)
            .args(&self.flags)
            .args(["--output=json", "--color=never"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }
}

/// Reads a process's events, and kills it at the moment.
fn watch(mut child: Child, moment: Moment) -> std::io::Result<Ending> {
    // Both pipes are read, so that the process never waits for room in one.
    let stderr = child.stderr.take();
    let said = thread::spawn(move || {
        let mut said = String::new();
        let read = stderr.map(|mut pipe| pipe.read_to_string(&mut said));
        read.transpose().map(|_| said)
    });
    let mut writes = 0;
    let mut last = String::new();
    if let Some(stdout) = child.stdout.take() {
        for line in BufReader::new(stdout).lines() {
            let Some((write, words)) = event(&line?) else {
                continue;
            };
            last = words;
            writes += usize::from(write);
            if writes == moment.writes {
                break;
            }
        }
    }
    if writes == moment.writes {
        thread::sleep(moment.later);
        if child.try_wait()?.is_none() {
            child.kill()?;
        }
    }
    let status = child.wait()?;
    let said = said.join().unwrap_or_else(|_| Ok(String::new()))?;
    Ok(match status.code() {
        None => Ending::Killed { after: last },
        code => Ending::Finished { code, said },
    })
}

/// An event in words, and whether it begins a write.
fn event(line: &str) -> Option<(bool, String)> {
    let event: serde_json::Value = serde_json::from_str(line).ok()?;
    let word = event["state"].as_str()?;
    let resource = event["resource"].as_str()?;
    let write = matches!(word, "creating" | "updating" | "deleting");
    Some((write, format!("{word} {resource}")))
}

fn unable(error: &std::io::Error) -> Error {
    Error::invalid(format!("cannot run the test's commands: {error}"))
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| Error::invalid(error.to_string()))?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_seed_kills_at_the_same_moments() {
        assert_eq!(Moment::of(7, 1), Moment::of(7, 1));
        let all: Vec<Moment> = (0..64).map(|round| Moment::of(7, round)).collect();
        assert!(all.iter().all(|one| (1..=2).contains(&one.writes)));
        assert!(all.iter().any(|one| *one != all[0]));
    }
}

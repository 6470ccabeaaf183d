//! The program itself, run as a process: to its end, or until it is killed.

use std::{
    io::{self, BufRead, BufReader, Read},
    path::PathBuf,
    process::{Child, ChildStderr, ChildStdout, Command, ExitStatus, Stdio},
    sync::{Arc, Mutex, PoisonError},
    thread,
    time::Duration,
};

use crate::{
    cli::Global,
    error::{Error, Result},
    hash,
};

/// How to run this program for one scratch account. What runs when this is
/// dropped is killed: nobody would watch what it goes on to do.
#[derive(Debug)]
pub struct Program {
    file: PathBuf,
    flags: Vec<String>,
    running: Running,
}

impl Drop for Program {
    fn drop(&mut self) {
        // If it has ended by itself, that is as good.
        let _ = self.running.kill();
    }
}

/// The process that runs now.
#[derive(Clone, Debug, Default)]
struct Running(Arc<Mutex<Option<Child>>>);

impl Running {
    fn start(&self, command: &mut Command) -> io::Result<(Option<ChildStdout>, ChildStderr)> {
        let mut place = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let child = place.insert(command.spawn()?);
        let stderr = child.stderr.take().ok_or(io::ErrorKind::BrokenPipe)?;
        Ok((child.stdout.take(), stderr))
    }

    fn kill(&self) -> io::Result<()> {
        let mut place = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        place.as_mut().map_or(Ok(()), Child::kill)
    }

    /// Waits for its end. Whoever calls has read its output to the end.
    fn end(&self) -> io::Result<ExitStatus> {
        let mut place = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let child = place.as_mut().ok_or(io::ErrorKind::NotFound)?;
        let status = child.wait()?;
        *place = None;
        Ok(status)
    }
}

/// Reads a pipe beside another one, so that the process never waits for room in
/// one of them.
fn beside(mut pipe: ChildStderr) -> thread::JoinHandle<io::Result<String>> {
    thread::spawn(move || {
        let mut said = Vec::new();
        pipe.read_to_end(&mut said)?;
        Ok(String::from_utf8_lossy(&said).into_owned())
    })
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
        Ok(Self {
            file,
            flags,
            running: Running::default(),
        })
    }

    /// Runs a command to its end, with JSON on stdout.
    ///
    /// # Errors
    ///
    /// The process cannot be started or watched.
    pub async fn run(&self, args: &[&str]) -> Result<Done> {
        let mut command = self.command(args);
        let running = self.running.clone();
        blocking(move || finish(&running, &mut command).map_err(|error| unable(&error))).await
    }

    /// Runs `up` or `down` and kills it at that moment, if it lasts so long.
    ///
    /// # Errors
    ///
    /// The process cannot be started or watched.
    pub async fn killed(&self, verb: &str, moment: Moment) -> Result<Ending> {
        let mut command = self.command(&[verb, "--yes"]);
        let running = self.running.clone();
        blocking(move || watch(&running, &mut command, moment).map_err(|error| unable(&error)))
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

/// Runs a process to its end.
fn finish(running: &Running, command: &mut Command) -> io::Result<Done> {
    let (stdout, stderr) = running.start(command)?;
    let said = beside(stderr);
    let mut out = Vec::new();
    if let Some(mut stdout) = stdout {
        stdout.read_to_end(&mut out)?;
    }
    let said = said.join().unwrap_or_else(|_| Ok(String::new()))?;
    Ok(Done {
        code: running.end()?.code(),
        out: String::from_utf8_lossy(&out).into_owned(),
        said,
    })
}

/// Reads a process's events, and kills it at the moment.
fn watch(running: &Running, command: &mut Command, moment: Moment) -> io::Result<Ending> {
    let (stdout, stderr) = running.start(command)?;
    let said = beside(stderr);
    let mut writes = 0;
    let mut last = String::new();
    // It stays open: who writes into a closed pipe ends in another way.
    let mut stdout = stdout.map(BufReader::new);
    if let Some(stdout) = &mut stdout {
        for line in stdout.lines() {
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
        running.kill()?;
    }
    let said = said.join().unwrap_or_else(|_| Ok(String::new()))?;
    let status = running.end()?;
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

fn unable(error: &io::Error) -> Error {
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

    #[tokio::test]
    async fn what_nobody_watches_any_more_is_killed() {
        let told = std::env::temp_dir().join(format!("hybridgw-selftest-{}", std::process::id()));
        let program = Program {
            file: "/bin/sh".into(),
            flags: Vec::new(),
            running: Running::default(),
        };
        let script = format!("echo $$ > {}; exec sleep 60", told.display());
        let begun = async {
            loop {
                let pid = std::fs::read_to_string(&told).unwrap_or_default();
                if pid.ends_with('\n') {
                    return pid.trim().to_owned();
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let script = ["-c", &script];
        let pid = tokio::select! {
            done = program.run(&script) => panic!("{}", done.is_ok()),
            pid = begun => pid,
        };
        let is_alive = || {
            let asked = Command::new("kill").args(["-0", &pid]).output();
            asked.expect("kill").status.success()
        };
        assert!(is_alive());
        drop(program);
        let dropped = std::time::Instant::now();
        while is_alive() {
            assert!(dropped.elapsed() < Duration::from_secs(10), "it goes on");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        std::fs::remove_file(&told).expect("it is there");
    }

    #[test]
    fn one_seed_kills_at_the_same_moments() {
        assert_eq!(Moment::of(7, 1), Moment::of(7, 1));
        let all: Vec<Moment> = (0..64).map(|round| Moment::of(7, round)).collect();
        assert!(all.iter().all(|one| (1..=2).contains(&one.writes)));
        assert!(all.iter().any(|one| *one != all[0]));
    }
}

//! The self-test: the promise of [`crate`], tried in a scratch account.
//!
//! `up` is killed five times and then allowed to finish, the stack is altered
//! behind hybridgw's back and repaired, `down` is killed once and then allowed
//! to finish. What exists is counted before and after. The program is run as
//! its users run it, as a process of its own, and killed with SIGKILL.

use std::time::Instant;

use serde::Serialize;

use crate::{
    aws::{Connection, read::Reads},
    error::{Error, Result},
    ui::{Printer, Text},
};

mod census;
mod drift;
mod process;
mod scratch;

pub use census::Census;
pub use drift::Alteration;
pub use process::Program;
pub use scratch::Scratch;

use process::Ending;

/// How often `up` is killed, and `down`.
const KILLS: (usize, usize) = (5, 1);

/// The document of `selftest`.
#[derive(Debug, Serialize)]
pub struct Report {
    /// 1.
    pub format_version: u32,
    /// The stack's name.
    pub stack: String,
    /// The account's id.
    pub account: String,
    /// The region.
    pub region: String,
    /// Decides the moments of the kills; `--seed` repeats them.
    pub seed: u64,
    /// Whether every step went as it must.
    pub ok: bool,
    /// How often a process was killed while it worked.
    pub kills: usize,
    /// Resources of which there was more than one.
    pub duplicates: Vec<String>,
    /// What is there that was not there before.
    pub orphans: Vec<String>,
    /// What is gone or different that was there before.
    pub foreign_changes: Vec<String>,
    /// What was done, in order.
    pub steps: Vec<Step>,
}

impl Report {
    /// A report in which nothing has been said yet.
    pub fn new(stack: &str, account: &str, region: &str, seed: u64) -> Self {
        Self {
            format_version: 1,
            stack: stack.to_owned(),
            account: account.to_owned(),
            region: region.to_owned(),
            seed,
            ok: false,
            kills: 0,
            duplicates: Vec::new(),
            orphans: Vec::new(),
            foreign_changes: Vec::new(),
            steps: Vec::new(),
        }
    }

    /// The result in one line.
    pub fn summary(&self) -> String {
        let failed = self.steps.iter().filter(|step| !step.ok).count();
        let verdict = match failed {
            0 => "passed".to_owned(),
            _ => format!("{failed} of {} steps FAILED", self.steps.len()),
        };
        format!(
            "{verdict}: {} kills, {} duplicates, {} orphans, {} foreign changes (seed {})",
            self.kills,
            self.duplicates.len(),
            self.orphans.len(),
            self.foreign_changes.len(),
            self.seed
        )
    }
}

/// One step of the test.
#[derive(Debug, Serialize)]
pub struct Step {
    /// What was tried.
    pub name: String,
    /// Whether it went as it must.
    pub ok: bool,
    /// What happened.
    pub detail: String,
    /// How long it took, in seconds.
    pub seconds: f64,
}

/// A self-test under way.
pub struct Selftest<'a> {
    /// The program, with the flags that lead to the scratch account.
    pub program: Program,
    /// The way to the same account, to count and to alter.
    pub connection: &'a Connection,
    /// The stack's name.
    pub stack: String,
    /// The hosted zones whose records are counted.
    pub zones: Vec<String>,
    /// The two streams.
    pub printer: Printer,
    /// What there is to say in the end.
    pub report: Report,
}

impl Selftest<'_> {
    /// Does everything. The report says how it went; an error is what kept the
    /// test from being carried out at all.
    ///
    /// # Errors
    ///
    /// The stack exists already, or AWS cannot be asked.
    pub async fn run(&mut self) -> Result<()> {
        let before = self.census().await?;
        if !self.look().await?.is_empty() {
            return Err(
                Error::invalid(format!("the stack {} exists already", self.stack))
                    .hint("name another stack in the file: the test takes its stack down"),
            );
        }
        for round in 1..=KILLS.0 {
            self.killed("up", round).await?;
        }
        self.finished("up", &["up", "--yes"], 0).await?;
        self.one_of_each().await?;
        self.finished("plan is empty", &["plan", "--detailed-exitcode"], 0)
            .await?;
        self.altered().await?;
        for round in 1..=KILLS.1 {
            self.killed("down", round).await?;
        }
        self.finished("down", &["down", "--yes"], 0).await?;
        self.finished("down again", &["down", "--yes"], 0).await?;
        self.compare(&before).await
    }

    async fn census(&self) -> Result<Census> {
        let reads = Reads::new(self.connection.reader(), &self.stack);
        Census::take(&reads, &self.zones).await
    }

    /// The keys of everything that carries the stack's marks.
    async fn look(&self) -> Result<Vec<String>> {
        let reads = Reads::new(self.connection.reader(), &self.stack);
        let owned = crate::pipeline::observe::discover(&reads).await?;
        Ok(owned.iter().map(|thing| thing.key.to_string()).collect())
    }

    /// Runs a command and kills it soon after one of its first writes.
    async fn killed(&mut self, verb: &str, round: usize) -> Result<()> {
        let began = Instant::now();
        let moment = process::Moment::of(self.report.seed, round);
        let mut ending = self.program.killed(verb, moment).await?;
        if verb == "up" && matches!(ending, Ending::Finished { code: Some(0), .. }) {
            // The rounds before have left nothing to do: give it work.
            drift::alter(self.connection, &self.stack).await?;
            ending = self.program.killed(verb, process::Moment::AT_ONCE).await?;
        }
        let (ok, detail) = match ending {
            Ending::Killed { after } => {
                self.report.kills += 1;
                (true, format!("killed after {after}"))
            }
            Ending::Finished { code: Some(0), .. } => {
                (true, "it was done before it could be killed".to_owned())
            }
            Ending::Finished { code, said } => (false, failure(code, &said)),
        };
        self.note(format!("{verb}, kill {round}"), ok, detail, began);
        Ok(())
    }

    /// Runs a command to its end, which must be this exit code.
    async fn finished(&mut self, name: &str, args: &[&str], wanted: i32) -> Result<String> {
        let began = Instant::now();
        let done = self.program.run(args).await?;
        let ok = done.code == Some(wanted);
        let detail = if ok {
            format!("exit code {wanted}")
        } else {
            failure(done.code, &done.said)
        };
        self.note(name.to_owned(), ok, detail, began);
        Ok(done.out)
    }

    async fn one_of_each(&mut self) -> Result<()> {
        let began = Instant::now();
        let mut keys = self.look().await?;
        let all = keys.len();
        keys.sort();
        let twice = keys.windows(2).filter(|two| two[0] == two[1]);
        let duplicates: Vec<String> = twice.map(|two| two[0].clone()).collect();
        let detail = if duplicates.is_empty() {
            format!("{all} resources")
        } else {
            format!("twice: {}", duplicates.join(", "))
        };
        let ok = duplicates.is_empty() && all > 0;
        self.report.duplicates.extend(duplicates);
        self.note("one of each".to_owned(), ok, detail, began);
        Ok(())
    }

    /// Alters the stack, sees that `plan` names it, and repairs it.
    async fn altered(&mut self) -> Result<()> {
        let began = Instant::now();
        let altered = drift::alter(self.connection, &self.stack).await?;
        let ok = !altered.is_empty();
        self.note("altered".to_owned(), ok, altered.join(", "), began);
        let args = ["plan", "--detailed-exitcode"];
        let plan = self.finished("plan shows it", &args, 2).await?;
        let began = Instant::now();
        let missed = drift::missing_from(&plan, &altered);
        let detail = if missed.is_empty() {
            "every one of them".to_owned()
        } else {
            format!("not named: {}", missed.join(", "))
        };
        self.note("plan names it".to_owned(), missed.is_empty(), detail, began);
        self.finished("repaired", &["up", "--yes"], 0).await?;
        let args = ["plan", "--detailed-exitcode"];
        self.finished("plan is empty again", &args, 0).await?;
        Ok(())
    }

    async fn compare(&mut self, before: &Census) -> Result<()> {
        let began = Instant::now();
        let after = self.census().await?;
        self.report.orphans = after.beyond(before);
        self.report.foreign_changes = after.changed_since(before);
        let ok = self.report.orphans.is_empty() && self.report.foreign_changes.is_empty();
        let detail = if ok {
            format!("{} things, as before", before.count())
        } else {
            let found = self.report.orphans.iter();
            let found = found.chain(&self.report.foreign_changes);
            found.cloned().collect::<Vec<_>>().join(", ")
        };
        self.note("census".to_owned(), ok, detail, began);
        self.report.ok = self.report.steps.iter().all(|step| step.ok);
        Ok(())
    }

    fn note(&mut self, name: String, ok: bool, detail: String, began: Instant) {
        let seconds = began.elapsed().as_secs_f64();
        let word = if ok { "ok    " } else { "FAILED" };
        self.printer.note(&Text::of(format_args!(
            "{word}  {name:<22} {detail} ({seconds:.1} s)"
        )));
        self.report.steps.push(Step {
            name,
            ok,
            detail,
            seconds: (seconds * 1000.0).round() / 1000.0,
        });
    }
}

/// The exit code and the last lines of what a process said.
fn failure(code: Option<i32>, said: &str) -> String {
    let code = code.map_or("a signal".to_owned(), |code| format!("exit code {code}"));
    let lines: Vec<&str> = said.lines().filter(|line| !line.is_empty()).collect();
    let last = &lines[lines.len().saturating_sub(4)..];
    format!("{code}: {}", last.join(" / "))
}

//! The command line: types, from which documentation, completions and the man page
//! are made, and how they are read.

use std::{
    ffi::OsString,
    net::{IpAddr, SocketAddr},
    path::{Path, PathBuf},
    time::Duration,
};

use clap::{
    ArgAction, Args, ColorChoice, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum,
};
use clap_complete::Shell;

use crate::{checks::Code, text, verify::network::Override};

/// Serverless applications under a private name, with nothing on the internet.
///
/// hybridgw makes a PRIVATE API Gateway, an interface VPC endpoint, an internal
/// load balancer whose targets are the endpoint's addresses, a custom domain and
/// a DNS alias from one TOML file, and can be killed and run again at any point.
#[derive(Debug, Parser)]
#[command(
    name = "hybridgw",
    version,
    max_term_width = 100,
    propagate_version = true
)]
pub struct Cli {
    /// What every command takes.
    #[command(flatten)]
    pub global: Global,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// Reads the command line.
///
/// # Errors
///
/// A usage error, or what was asked for instead of a command: help, the version.
/// Both are coloured as `--color` says, wherever that stands.
pub fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Cli, clap::Error> {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let plain: Vec<OsString> = arguments
        .iter()
        .map(|one| text::plain(&one.to_string_lossy()).into_owned().into())
        .collect();
    // An error repeats what it does not understand: nothing in that may move the
    // cursor.
    read(arguments).map_err(|error| read(plain).err().unwrap_or(error))
}

fn read(arguments: Vec<OsString>) -> Result<Cli, clap::Error> {
    let mut command = Cli::command().color(colour(&arguments));
    let matches = command.try_get_matches_from_mut(arguments)?;
    Cli::from_arg_matches(&matches).map_err(|error| error.format(&mut command))
}

/// What `--color` says, before it is known whether the rest can be read.
fn colour(arguments: &[OsString]) -> ColorChoice {
    let texts = arguments.iter().map(|one| one.to_str().unwrap_or_default());
    let mut texts = texts.take_while(|text| *text != "--");
    let mut choice = ColorChoice::Auto;
    while let Some(text) = texts.next() {
        let value = match text.strip_prefix("--color") {
            Some("") => texts.next(),
            Some(rest) => rest.strip_prefix('='),
            None => None,
        };
        let read = value.and_then(|value| <ColorChoice as ValueEnum>::from_str(value, false).ok());
        choice = read.unwrap_or(choice);
    }
    choice
}

/// What every command takes.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Global options")]
pub struct Global {
    /// Configuration file [default: hybridgw.toml]
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Override a value of the configuration, as in `load_balancer.idle_timeout=120`
    #[arg(long, global = true, value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    /// AWS profile
    #[arg(long, global = true, value_name = "NAME")]
    pub profile: Option<String>,
    /// AWS region; must be the configuration's if that names one
    #[arg(long, global = true, value_name = "NAME")]
    pub region: Option<String>,
    /// Where to send AWS calls, for emulators
    #[arg(long, global = true, value_name = "URL")]
    pub endpoint_url: Option<String>,
    /// Let endpoints be plain http, not only those on this machine
    #[arg(long, global = true)]
    pub allow_http: bool,
    /// Work on a simulated AWS account, kept in a file between commands
    #[arg(long, global = true, value_name = "WORLD_FILE", num_args = 0..=1, require_equals = true, default_missing_value = ".hybridgw/world.json", conflicts_with_all = ["endpoint_url", "profile"])]
    pub simulate: Option<PathBuf>,
    /// Simulated seconds a second
    #[arg(long, global = true, value_name = "N", default_value_t = 60.0, value_parser = speed)]
    pub speed: f64,
    /// Conditions of the simulated account: seed, latencies, lag, quotas, faults (JSON)
    #[arg(long, global = true, value_name = "FILE", hide = true)]
    pub faults: Option<PathBuf>,
    /// Output on stdout; `env` and `github` are for `outputs`
    #[arg(short, long, global = true, value_enum, default_value_t = Output::Text, value_name = "FORMAT")]
    pub output: Output,
    /// Say more on stderr; twice for every AWS call
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub verbose: u8,
    /// Say nothing on stderr but errors
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
    /// When to use colour
    #[arg(long, global = true, value_enum, default_value_t = ColorChoice::Auto, value_name = "WHEN")]
    pub color: ColorChoice,
    /// Give up after this time, as in `90s`, `20m`, `1h` [default: 20m; with --wait, that much longer]
    #[arg(long, global = true, value_name = "TIME", value_parser = duration)]
    pub timeout: Option<Duration>,
}

impl Global {
    /// The configuration file, named or not.
    pub fn config_file(&self) -> &Path {
        let named = self.config.as_deref();
        named.unwrap_or(Path::new("hybridgw.toml"))
    }

    /// The time that the whole command has.
    pub fn timeout(&self) -> Duration {
        self.timeout_with(None)
    }

    /// The same for a command that may wait for so long besides.
    pub fn timeout_with(&self, wait: Option<Duration>) -> Duration {
        let usual = Duration::from_mins(20) + wait.unwrap_or_default();
        self.timeout.unwrap_or(usual)
    }
}

/// The forms in which results are written to stdout.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Output {
    /// For people
    Text,
    /// For programs: one document, or a line for each event
    Json,
    /// `NAME=value` lines for a shell
    Env,
    /// Lines for a GitHub Actions output file
    Github,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make it so: plan, ask, apply, plan again; safe to repeat, safe to kill
    Up(Up),
    /// Show what `up` would do; cannot write
    Plan(PlanArgs),
    /// Take away exactly what hybridgw made
    Down(Down),
    /// Follow the endpoint's addresses: register new ones, wait until healthy, deregister old ones
    Sync(Sync),
    /// Show what exists now: ids, states, target health, addresses
    Status(Status),
    /// Block until the stack serves, or until nothing of it is left
    Wait(Wait),
    /// Show the values that others need
    Outputs(Named),
    /// Walk the way a request takes, hop by hop: what is broken, why, and the mend
    Verify(Verify),
    /// Look for what stands in the way before the first `up` and after, or in somebody else's files
    Doctor(Doctor),
    /// Try the promise in a scratch account: kill, repeat, alter, repair, remove, count
    Selftest(Selftest),
    /// Write a completion script for a shell
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Write the manual page
    Man,
    /// Write the JSON schema of the configuration
    Schema,
    /// Serve a simulated AWS account on loopback, for any AWS client
    Simulate(Simulate),
}

/// `up`.
#[derive(Args, Debug)]
pub struct Up {
    /// A plan saved by `plan --out`: apply exactly that, or nothing
    pub plan: Option<PathBuf>,
    /// What `up` and `down` share.
    #[command(flatten)]
    pub consent: Consent,
    /// Allow things to be deleted and made anew
    #[arg(long)]
    pub allow_replace: bool,
    /// On failure, remove what this run created
    #[arg(long)]
    pub rollback: bool,
}

/// `plan`.
#[derive(Args, Debug)]
pub struct PlanArgs {
    /// Exit with 2 if there are differences
    #[arg(long)]
    pub detailed_exitcode: bool,
    /// Save the plan for `up FILE`
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

/// `down`.
#[derive(Args, Debug)]
pub struct Down {
    /// What `up` and `down` share.
    #[command(flatten)]
    pub consent: Consent,
    /// Which stack.
    #[command(flatten)]
    pub named: Named,
}

/// `status`.
#[derive(Args, Debug)]
pub struct Status {
    /// Which stack.
    #[command(flatten)]
    pub named: Named,
    /// Show every stack of the region, a line each
    #[arg(long, conflicts_with = "stack")]
    pub all: bool,
    /// Show it again whenever something has changed, until Ctrl-C
    #[arg(long, conflicts_with = "all")]
    pub watch: bool,
}

/// `wait`.
#[derive(Args, Debug)]
pub struct Wait {
    /// What to wait for
    #[arg(value_enum)]
    pub state: Awaited,
    /// Which stack.
    #[command(flatten)]
    pub named: Named,
}

/// What `wait` waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Awaited {
    /// Every route has healthy targets, and the name leads to them
    Healthy,
    /// Nothing of the stack is left
    Gone,
}

/// `sync`.
#[derive(Args, Clone, Debug)]
pub struct Sync {
    /// Which stack.
    #[command(flatten)]
    pub named: Named,
    /// Go on until stopped, a round each interval; SIGHUP reads the configuration again
    #[arg(long)]
    pub watch: bool,
    /// From one round to the next, give or take a fifth; 5s to 24h
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = interval, requires = "watch")]
    pub interval: Duration,
    /// Serve /healthz and /metrics at this loopback address
    #[arg(long, value_name = "ADDRESS", value_parser = loopback, requires = "watch")]
    pub metrics: Option<std::net::SocketAddr>,
}

/// `verify`.
#[derive(Args, Debug)]
pub struct Verify {
    /// Which stack.
    #[command(flatten)]
    pub named: Named,
    /// Connect to this address for a host, whatever DNS says, as in curl
    #[arg(long, value_name = "HOST:PORT:ADDR")]
    pub resolve: Vec<Override>,
    /// Ask this resolver instead of the system's
    #[arg(long, value_name = "ADDR", value_parser = resolver)]
    pub resolver: Option<SocketAddr>,
    /// Trust the authorities of this PEM file, and no others
    #[arg(long, value_name = "FILE")]
    pub cacert: Option<PathBuf>,
    /// What `verify` and `doctor` share.
    #[command(flatten)]
    pub checking: Checking,
}

/// `doctor`.
#[derive(Args, Debug)]
pub struct Doctor {
    // A comment would need the names in backticks.
    #[expect(missing_docs, reason = "the help says it")]
    #[arg(
        long,
        value_name = "PATH",
        conflicts_with = "wait",
        help = "Judge this Terraform, CloudFormation or OpenAPI file, or this folder of Terraform files; repeatable; needs no account and no configuration"
    )]
    pub file: Vec<PathBuf>,
    /// What `verify` and `doctor` share.
    #[command(flatten)]
    pub checking: Checking,
}

/// What `verify` and `doctor` share.
#[derive(Args, Clone, Debug)]
pub struct Checking {
    /// Show failures only, and the verdict
    #[arg(long)]
    pub short: bool,
    /// Repeat until nothing fails, for so long at most
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub wait: Option<Duration>,
    /// Leave this finding alone, as in `target-health/initial`
    #[arg(long, value_name = "CODE", value_parser = code)]
    pub suppress: Vec<Code>,
}

/// `simulate`.
#[derive(Args, Debug)]
pub struct Simulate {
    /// Where to listen; loopback only
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:4567")]
    pub listen: std::net::SocketAddr,
    /// Keep the account in this file; without it, it is gone at the end
    #[arg(long, value_name = "FILE")]
    pub world: Option<PathBuf>,
}

/// `selftest`.
#[derive(Args, Clone, Copy, Debug)]
pub struct Selftest {
    /// Do not ask
    #[arg(short, long)]
    pub yes: bool,
    /// Build a VPC with two subnets for the test, and delete it afterwards
    #[arg(long)]
    pub create_vpc: bool,
    /// Repeat the moments of an earlier test's kills
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
}

/// Consent before anything is written.
#[derive(Args, Clone, Copy, Debug)]
pub struct Consent {
    /// Do not ask
    #[arg(short, long)]
    pub yes: bool,
    /// Show the plan and stop
    #[arg(long)]
    pub dry_run: bool,
}

/// A stack named on the command line.
#[derive(Args, Clone, Debug)]
pub struct Named {
    /// The stack's name; no configuration is read
    #[arg(long, value_name = "NAME")]
    pub stack: Option<String>,
}

/// Reads `90s`, `20m`, `1h`; a bare number is seconds.
fn duration(text: &str) -> Result<Duration, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let scale = match &text[digits.len()..] {
        "" | "s" => 1,
        "m" => 60,
        "h" => 3600,
        _ => return Err("write a number and s, m or h, as in 20m".to_owned()),
    };
    let number: u64 = digits
        .parse()
        .map_err(|_| "write a number and s, m or h, as in 20m".to_owned())?;
    match number.checked_mul(scale) {
        Some(seconds) if (1..=86_400).contains(&seconds) => Ok(Duration::from_secs(seconds)),
        _ => Err("choose a time from 1s to 24h".to_owned()),
    }
}

/// Reads an interval: not so short that watching costs others their calls.
fn interval(text: &str) -> Result<Duration, String> {
    match duration(text) {
        Ok(time) if time < Duration::from_secs(5) => {
            Err("choose 5s or more: AWS counts the calls of all that use the account".to_owned())
        }
        other => other,
    }
}

/// Reads an address that nobody else can reach.
fn loopback(text: &str) -> Result<std::net::SocketAddr, String> {
    let address: std::net::SocketAddr = text
        .parse()
        .map_err(|_| "write an address and a port, as in 127.0.0.1:9464".to_owned())?;
    if address.ip().is_loopback() {
        Ok(address)
    } else {
        Err("only a loopback address: what is served has no locks".to_owned())
    }
}

/// Reads the code of a check.
fn code(text: &str) -> Result<Code, String> {
    Code::named(text).map_err(|nearest| format!("there is no such code; did you mean {nearest}?"))
}

/// Reads an address, with or without a port; resolvers answer on 53.
fn resolver(text: &str) -> Result<SocketAddr, String> {
    let bare = text.trim_start_matches('[').trim_end_matches(']');
    let with_port = |address: IpAddr| SocketAddr::new(address, 53);
    let read = text
        .parse()
        .ok()
        .or_else(|| bare.parse().ok().map(with_port));
    read.ok_or_else(|| "write an address, as in 10.0.0.2 or 127.0.0.1:5353".to_owned())
}

/// Reads a speed: more than nothing, and not so fast that timers cannot follow.
fn speed(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(speed) if (0.01..=10_000.0).contains(&speed) => Ok(speed),
        _ => Err("choose a number from 0.01 to 10000".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_usage_error_repeats_nothing_that_a_terminal_would_obey() {
        let evil = "\u{1b}[2K\u{202e}x";
        for arguments in [
            vec![evil],
            vec!["plan", evil],
            vec!["plan", "--timeout", evil],
        ] {
            let all = ["hybridgw", "--color", "never"]
                .into_iter()
                .chain(arguments);
            let error = parse(all.map(OsString::from)).expect_err("it is nonsense");
            let said = error.render().ansi().to_string();
            assert!(said.contains(r"\u{1b}[2K\u{202e}x"), "{said}");
            assert!(!said.contains(evil), "{said}");
        }
    }

    #[test]
    fn durations_are_read_and_nonsense_is_refused() {
        assert_eq!(duration("90s"), Ok(Duration::from_secs(90)));
        assert_eq!(duration("20m"), Ok(Duration::from_mins(20)));
        assert_eq!(duration("1h"), Ok(Duration::from_hours(1)));
        assert!(interval("4s").is_err() && interval("5s").is_ok());
        assert!(loopback("127.0.0.1:9464").is_ok() && loopback("[::1]:9464").is_ok());
        for wrong in ["0.0.0.0:9464", "10.0.0.1:9464", "localhost", "9464"] {
            assert!(loopback(wrong).is_err(), "{wrong}");
        }
        for wrong in ["", "m", "20d", "-5m", "0s", "25h", "18446744073709551615h"] {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
    }
}

//! Rehearsals: `--simulate` works on a simulated AWS account instead of AWS.
//!
//! The account already holds whatever the configuration borrows: VPC, subnets,
//! zones, certificates, functions, APIs, buckets, an endpoint. It is topped up at each command, and what
//! was invented is said once, when it is invented.

use std::path::Path;

use crate::{
    aws::{Connection, simulated},
    cli::Global,
    clock::Clock,
    config::Config,
    error::{Error, Result},
    file,
    simulator::{self, Simulator, WorldError, clock::Time, conditions::Conditions, world::World},
    ui::{Printer, Text},
};

mod furnish;
mod furnish_network;

/// Far more than any conditions need.
const MOST_BYTES: usize = 1024 * 1024;

/// The account of a rehearsal whose configuration names none.
const ACCOUNT: &str = "111122223333";

/// The clock of a command: real for AWS, at `--speed` for a rehearsal.
pub fn clock(global: &Global) -> Clock {
    match global.simulate {
        Some(_) => Clock::at_speed(global.speed),
        None => Clock::REAL,
    }
}

/// The simulated account, in a file or in memory. A new one begins now: what its
/// users bring, certificates for example, was made today.
///
/// # Errors
///
/// The file is locked by another command, of another format or damaged; the
/// conditions of `--faults` are not understood.
pub fn account(global: &Global, world: Option<&Path>) -> Result<Simulator> {
    let mut conditions = match &global.faults {
        None => Conditions::default(),
        Some(path) => {
            let unreadable =
                |why: String| Error::invalid(format!("{} cannot be used: {why}", path.display()));
            let text =
                file::read_text(path, MOST_BYTES).map_err(|error| unreadable(error.to_string()))?;
            let conditions = Conditions::from_json(&text);
            let conditions = conditions.and_then(|read| simulator::check(&read).map(|()| read));
            conditions.map_err(|error| unreadable(error.to_string()))?
        }
    };
    conditions.speed = global.speed;
    match world {
        None => Ok(Simulator::beginning(Time::present(), conditions)),
        Some(path) => {
            let opened = Simulator::open(path, Time::present(), conditions);
            opened.map_err(|error| unusable(&error))
        }
    }
}

fn unusable(error: &WorldError) -> Error {
    let shown = Error::invalid(format!("the simulated account cannot be used: {error}"));
    match error {
        WorldError::InUse(_) => shown.hint("wait for the other command, or name another file"),
        _ => shown,
    }
}

/// A connection to the simulated account in `world`, which then holds what the
/// configuration borrows.
///
/// # Errors
///
/// No region is known, or the world cannot be used.
pub fn open(
    global: &Global,
    world: &Path,
    region: Option<String>,
    config: Option<&Config>,
) -> Result<Connection> {
    let simulator = account(global, Some(world))?;
    let from_environment = || std::env::var("AWS_REGION").ok();
    let region = region
        .or_else(|| config.map(certificates_region))
        .or_else(from_environment)
        .ok_or_else(|| {
            Error::invalid("no region is configured")
                .hint("set `region` in the configuration, pass --region, or set AWS_REGION")
        })?;
    let account = match config {
        Some(config) => account_of(config),
        None => only_account(&simulator.world()),
    };
    if let Some(config) = config {
        let invented = furnish(&simulator, config, &account, &region)?;
        say(global, &invented);
    }
    let http = simulated::http_client(simulator.clone());
    let mut connection = Connection::through(http, &account, &region, clock(global));
    connection.endpoint = Some(format!("the simulated account in {}", world.display()));
    connection.simulated = Some(simulator);
    Ok(connection)
}

/// Lets a served account hold what `--config` borrows; without it, it is empty.
///
/// # Errors
///
/// The configuration has problems, or the world cannot be written.
pub fn furnish_if_configured(global: &Global, simulator: &Simulator) -> Result<()> {
    let Some(file) = &global.config else {
        return Ok(());
    };
    let environment = |name: &str| std::env::var(name).ok();
    let config = Config::load(file, &global.set, &environment)
        .map_err(|errors| Error::invalid(errors.to_string()))?;
    let region = global
        .region
        .clone()
        .or_else(|| config.region.clone())
        .unwrap_or_else(|| certificates_region(&config));
    let account = account_of(&config);
    let invented = furnish(simulator, &config, &account, &region)?;
    say(global, &invented);
    Ok(())
}

fn say(global: &Global, invented: &[String]) {
    if !invented.is_empty() {
        let mut text = Text::of("The simulated account now holds ");
        text.say(invented.join(", ")).line();
        Printer::new(global).note(&text);
    }
}

/// ARNs name the account; the certificate always has one.
fn account_of(config: &Config) -> String {
    let named = config.domain.certificate.split(':').nth(4);
    let account = config.account.as_deref().or(named);
    account.unwrap_or(ACCOUNT).to_owned()
}

fn certificates_region(config: &Config) -> String {
    let named = config.domain.certificate.split(':').nth(3);
    named.unwrap_or_default().to_owned()
}

fn only_account(world: &World) -> String {
    let first = world.accounts().keys().next();
    first.map_or(ACCOUNT, String::as_str).to_owned()
}

/// Lets the account hold what the configuration borrows; says what was added.
///
/// # Errors
///
/// The world cannot be written.
pub fn furnish(
    simulator: &Simulator,
    config: &Config,
    account: &str,
    region: &str,
) -> Result<Vec<String>> {
    simulator
        .edit(|world, conditions| {
            let mut ctx = world.context(account, region, conditions);
            furnish::add_missing(&mut ctx, config)
        })
        .map_err(|error| unusable(&error))
}

//! `hybridgw selftest`: the promise, tried in a scratch account.

use std::cell::Cell;

use crate::{
    aws::{Connection, read::Reads},
    cli::{Global, Selftest as Args},
    commands::{ask, connect, refuse_without_consent, signals},
    config::Config,
    error::{Error, ErrorKind, Result},
    preflight,
    selftest::{Program, Report, Scratch, Selftest},
    stop::{Stop, Why},
    ui::{Printer, Text},
};

pub(super) async fn run(global: &Global, printer: Printer, args: Args) -> Result<u8> {
    if global.simulate.is_some() {
        return Err(Error::invalid(
            "selftest cannot share the simulated account's file with itself",
        )
        .hint("run `hybridgw simulate`, and pass its address with --endpoint-url"));
    }
    refuse_without_consent(!args.yes)?;
    // Before somebody has agreed, nothing is written.
    let agreed = Cell::new(false);
    let interrupted = || {
        let error = Why::Interrupted.error();
        if agreed.get() {
            error.hint("run `hybridgw down`, and then `hybridgw selftest` again")
        } else {
            error
        }
    };
    tokio::select! {
        done = tried(global, printer, args, &agreed) => done,
        () = signals::reading() => Err(interrupted()),
    }
}

async fn tried(global: &Global, printer: Printer, args: Args, agreed: &Cell<bool>) -> Result<u8> {
    let (config, connection) = connect(global).await?;
    refuse_what_is_tied_to_a_network(&config, &args)?;
    let reads = Reads::new(connection.reader(), &config.stack);
    let account = preflight::account(&reads, config.account.as_deref()).await?;
    consent(&config, &connection, &account, &args, printer).await?;
    agreed.set(true);

    let scratch = if args.create_vpc {
        Some(Scratch::build(&connection, &config.stack).await?)
    } else {
        None
    };
    let set = scratch.iter().flat_map(Scratch::overrides);
    let set: Vec<String> = set.collect();
    let mut test = Selftest {
        program: Program::new(global, &set)?,
        connection: &connection,
        stack: config.stack.clone(),
        zones: preflight::zones(&config, &reads).await?,
        printer,
        report: Report::new(&config.stack, &account, &connection.region, seed(&args)),
    };
    let done = test.run().await;
    let report = test.report;
    let removed = match &scratch {
        Some(scratch) if done.is_ok() => scratch.remove(&connection).await,
        _ => Ok(()),
    };
    done?;
    removed?;
    if printer.is_json() {
        printer.json(&report)?;
    } else {
        printer.data(&Text::of(report.summary()))?;
    }
    Ok(if report.ok { 0 } else { 2 })
}

/// Addresses and endpoints belong to a VPC that exists already.
fn refuse_what_is_tied_to_a_network(config: &Config, args: &Args) -> Result<()> {
    let endpoint = &config.endpoint;
    if args.create_vpc && (endpoint.id.is_some() || !endpoint.addresses.is_empty()) {
        return Err(Error::invalid(
            "--create-vpc does not go with `endpoint.id` or `endpoint.addresses`",
        )
        .hint("leave the flag out: the test then runs in the network that the file names"));
    }
    Ok(())
}

async fn consent(
    config: &Config,
    connection: &Connection,
    account: &str,
    args: &Args,
    printer: Printer,
) -> Result<()> {
    let endpoint = connection.endpoint.as_ref();
    let endpoint = endpoint.map(|url| format!(" at {url}")).unwrap_or_default();
    let vpc = if args.create_vpc { "a VPC and " } else { "" };
    let mut text = Text::of(format_args!(
        "This makes, breaks and deletes {vpc}the stack {} in {account} / {} (profile {}){endpoint}.",
        config.stack, connection.region, connection.profile
    ));
    text.line()
        .say("It takes about a quarter of an hour and costs less than a dollar.");
    printer.note(&text);
    if args.yes {
        return Ok(());
    }
    let question = format!("Type {} to go ahead:", config.stack);
    if ask(&question, &Stop::default()).await? == config.stack {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::Declined,
        "declined; nothing was written",
    ))
}

/// The given seed, or one that the time of day decides.
fn seed(args: &Args) -> u64 {
    args.seed.unwrap_or_else(|| {
        let now = std::time::SystemTime::now();
        let since = now.duration_since(std::time::UNIX_EPOCH);
        since.map_or(1, |since| since.as_secs() % 100_000)
    })
}

//! `hybridgw sync`: follow the endpoint's addresses, once or until stopped.

use std::{
    collections::BTreeSet,
    hash::{BuildHasher, RandomState},
    sync::Arc,
    time::Duration,
};

use fastrand::Rng;
use serde_json::{Value, json};
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::{
    aws::{Connection, read::Reads},
    cli::{Global, Sync},
    commands::{located, named, signals, unusable},
    config::Config,
    error::{Error, Result},
    preflight, rehearsal,
    stop::Stop,
    sync::{
        self, Change, Round, Wanted, Watch,
        gauges::Gauges,
        serve,
        service::Service,
        watch::{Happened, Reloads, Total, Voice},
    },
    ui::{self, Printer, Text, progress},
};

/// The exit code of whoever a signal has ended.
const INTERRUPTED: u8 = 130;

pub(super) async fn run(global: &Global, printer: Printer, args: Sync) -> Result<u8> {
    let clock = rehearsal::clock(global);
    let began = clock.now();
    let stop = Arc::new(Stop::by(clock));
    let mut calls = 0;
    let (registered, deregistered, done) = if args.watch {
        let mut total = Total::default();
        let done = watch(global, printer, &args, &stop, &mut total, &mut calls).await;
        (total.registered, total.deregistered, done)
    } else {
        let mut round = Round::default();
        let done = once(global, printer, &args, &stop, &mut round, &mut calls).await;
        let set = |all: &[Change]| all.iter().map(|one| one.address.clone()).collect();
        (set(&round.registered), set(&round.deregistered), done)
    };
    if printer.is_json() {
        let seconds = clock.since(began).as_secs_f64();
        let line = result(
            &registered,
            &deregistered,
            calls,
            seconds,
            done.as_ref().err(),
        );
        printer.json_line(&line)?;
    }
    // Nothing but a signal ends a watcher that does not fail.
    done.map(|()| if args.watch { INTERRUPTED } else { 0 })
}

fn result(
    registered: &BTreeSet<String>,
    deregistered: &BTreeSet<String>,
    calls: usize,
    seconds: f64,
    error: Option<&Error>,
) -> Value {
    let mut value = json!({
        "event": "result",
        "ok": error.is_none(),
        "registered": registered,
        "deregistered": deregistered,
        "api_calls": calls,
        "seconds": (seconds * 1000.0).round() / 1000.0,
    });
    if let Some(error) = error {
        value["error"] = json!({
            "message": error.to_string(), "also": error.also, "hints": error.hints,
        });
    }
    value
}

/// What to follow, and how to reach it. Refuses another account than the file's.
async fn open(global: &Global, args: &Sync) -> Result<(Wanted, Connection)> {
    let (connection, reads, config) = named(global, args.named.stack.as_deref()).await?;
    let account = config.as_ref().and_then(|config| config.account.as_deref());
    if account.is_some() {
        let account = preflight::account(&reads, account).await;
        account.map_err(|error| located(error, &connection))?;
    }
    let stack = reads.stack;
    Ok((Wanted { stack, config }, connection))
}

async fn once(
    global: &Global,
    printer: Printer,
    args: &Sync,
    stop: &Arc<Stop>,
    round: &mut Round,
    calls: &mut usize,
) -> Result<()> {
    signals::watch(Arc::clone(stop), printer, || {});
    signals::limit(Arc::clone(stop), global.timeout());
    let (wanted, connection) = stop.reading(open(global, args)).await?;
    connection.heed(stop);
    let sink = progress::sink(printer, global.verbose > 0, stop.clock);
    let (done, ended) = sync::once(&connection, &wanted, sink.as_ref(), stop).await;
    drop(sink);
    *calls = connection.journal.attempts();
    *round = done;
    for words in round.warnings.iter().chain(&round.sick) {
        if printer.is_json() {
            printer.json_line(&json!({ "event": "warning", "message": words }))?;
        }
        printer.warn(words);
    }
    ended.map_err(|error| located(error, &connection))?;
    printer.note(&summary(round));
    Ok(())
}

fn summary(round: &Round) -> Text {
    let mut text = Text::new();
    let healthy: usize = round.targets.values().map(|(works, _)| works).sum();
    let all: usize = round.targets.values().map(|(_, all)| all).sum();
    let state = format!("{healthy} of {all} targets healthy");
    if round.has_changed() {
        text.styled(ui::GOOD, "Synced");
        text.say(format_args!(": {}; {state}", changes(round)));
    } else {
        text.say(format_args!("Nothing to do: {state}"));
    }
    text
}

/// What a round has changed, in words.
fn changes(round: &Round) -> String {
    let list = |verb: &str, all: &[Change]| {
        let all: Vec<String> = all
            .iter()
            .map(|one| format!("{} ({})", one.address, one.targets))
            .collect();
        (!all.is_empty()).then(|| format!("{verb} {}", all.join(", ")))
    };
    let tagged = &round.tagged;
    let tagged = (!tagged.is_empty()).then(|| format!("tagged {}", tagged.join(", ")));
    let all = [
        list("registered", &round.registered),
        list("deregistered", &round.deregistered),
        tagged,
    ];
    all.into_iter().flatten().collect::<Vec<_>>().join("; ")
}

async fn watch(
    global: &Global,
    printer: Printer,
    args: &Sync,
    stop: &Arc<Stop>,
    total: &mut Total,
    calls: &mut usize,
) -> Result<()> {
    // Whoever sends it to a watcher means it: in place before anything else.
    let hangup = signal(SignalKind::hangup());
    let hangup = hangup.map_err(|error| Error::invalid(error.to_string()))?;
    signals::watch(Arc::clone(stop), printer, || {});
    let gauges = Arc::new(Gauges::new(stop.clock, args.interval));
    let served = match args.metrics {
        Some(address) => Some(serve::listen(address).await?),
        None => None,
    };
    if let Some(listener) = served {
        tokio::spawn(serve::serve(listener, Arc::clone(&gauges)));
    }
    let (wanted, connection) = tokio::select! {
        opened = open(global, args) => opened?,
        _ = stop.thrown() => return Ok(()),
    };
    connection.heed(stop);
    let service = Service::of_environment();
    tokio::spawn(service.clone().watchdog());
    let mut reloads = Hangups {
        signal: hangup,
        global,
        args,
        connection: connection.clone(),
    };
    let watch = Watch {
        connection,
        wanted,
        interval: args.interval,
        chance: Rng::with_seed(RandomState::new().hash_one(std::process::id())),
        stop,
        voice: &Told(printer),
        gauges,
        service,
    };
    let ended = watch.run(&mut reloads).await;
    if ended.is_ok() && !printer.is_json() {
        note(printer, "Stopped watching");
    }
    *calls = reloads.connection.journal.attempts();
    *total = ended.map_err(|error| located(error, &reloads.connection))?;
    *calls += total.earlier_calls;
    Ok(())
}

/// Hang-ups: the configuration is to be read again.
struct Hangups<'a> {
    signal: Signal,
    global: &'a Global,
    args: &'a Sync,
    connection: Connection,
}

impl Reloads for Hangups<'_> {
    async fn asked(&mut self) {
        if self.signal.recv().await.is_none() {
            std::future::pending::<()>().await;
        }
    }

    /// The connection stays as long as the region does: credentials are asked
    /// for again by themselves. A named stack has no file; it is looked up anew.
    async fn read(&mut self) -> Result<(Wanted, Connection)> {
        if let Some(name) = &self.args.named.stack {
            let stack = name.clone();
            let wanted = Wanted {
                stack,
                config: None,
            };
            return Ok((wanted, self.connection.clone()));
        }
        let config = read(self.global)?;
        let region = config.region.as_ref().or(self.global.region.as_ref());
        if region.is_some_and(|region| *region != self.connection.region) {
            let (wanted, connection) = open(self.global, self.args).await?;
            self.connection = connection.clone();
            return Ok((wanted, connection));
        }
        config
            .check_region(&self.connection.region)
            .map_err(|errors| unusable(&errors))?;
        let reads = Reads::new(self.connection.reader(), &config.stack);
        if config.account.is_some() {
            preflight::account(&reads, config.account.as_deref()).await?;
        }
        let stack = config.stack.clone();
        let config = Some(config);
        Ok((Wanted { stack, config }, self.connection.clone()))
    }
}

fn read(global: &Global) -> Result<Config> {
    let environment = |name: &str| std::env::var(name).ok();
    let config = Config::load(global.config_file(), &global.set, &environment);
    config.map_err(|errors| unusable(&errors))
}

/// Says what happens: a line each, for people or for programs.
struct Told(Printer);

impl Voice for Told {
    fn say(&self, happened: &Happened, elapsed: Duration) {
        let Self(printer) = self;
        if printer.is_json() {
            // Nobody reads any more: that is no reason to stop watching.
            let _ = printer.json_line(&line(happened, elapsed));
            return;
        }
        match happened {
            Happened::Began(what) => note(*printer, format_args!("Watching {what}")),
            Happened::Changed(round) => {
                let mut text = Text::new();
                text.styled(ui::GOOD, "Synced")
                    .say(": ")
                    .say(changes(round));
                printer.note(&text);
            }
            Happened::Warning(words) => printer.warn(words),
            Happened::Failing(error) => {
                printer.error(error);
                note(
                    *printer,
                    "trying again, more and more seldom, until it works",
                );
            }
            Happened::Well(spent) => {
                let spent = progress::time(*spent);
                note(*printer, format_args!("Well again after {spent}"));
            }
            Happened::Gone => printer.warn("nothing of the stack is left; waiting for it"),
            Happened::Back => note(*printer, "The stack is there again"),
            Happened::Reloaded => note(*printer, "The configuration was read again"),
            Happened::NotReloaded(error) => {
                printer.error(error);
                note(*printer, "the configuration from before still counts");
            }
        }
    }
}

fn note(printer: Printer, words: impl std::fmt::Display) {
    printer.note(&Text::of(words));
}

fn line(happened: &Happened, elapsed: Duration) -> Value {
    let told = |all: &[Change]| -> Vec<Value> {
        let one = |change: &Change| json!({ "targets": change.targets, "address": change.address });
        all.iter().map(one).collect()
    };
    let failure = |event: &str, error: &Error| json!({ "event": event, "message": error.to_string(), "hints": error.hints });
    let mut line = match happened {
        Happened::Began(what) => json!({ "event": "watching", "what": what }),
        Happened::Changed(round) => json!({
            "event": "round",
            "registered": told(&round.registered),
            "deregistered": told(&round.deregistered),
            "tagged": round.tagged,
        }),
        Happened::Warning(words) => json!({ "event": "warning", "message": words }),
        Happened::Failing(error) => failure("failing", error),
        Happened::Well(spent) => json!({ "event": "well", "after": spent.as_secs() }),
        Happened::Gone => json!({ "event": "gone" }),
        Happened::Back => json!({ "event": "back" }),
        Happened::Reloaded => json!({ "event": "reloaded" }),
        Happened::NotReloaded(error) => failure("not-reloaded", error),
    };
    line["seconds"] = json!((elapsed.as_secs_f64() * 1000.0).round() / 1000.0);
    line
}

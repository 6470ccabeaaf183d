//! `hybridgw wait`: for scripts that go on when the stack serves, or is gone.

use serde_json::json;

use crate::{
    cli::{self, Awaited, Global},
    commands::named,
    error::Result,
    outputs::{self, Status},
    preflight, rehearsal,
    stop::Why,
    ui::{Printer, Text},
};

pub(super) async fn run(global: &Global, printer: Printer, args: cli::Wait) -> Result<u8> {
    let mut missing = String::new();
    let waited = tokio::select! {
        done = wait(global, printer, &args, &mut missing) => done,
        () = super::signals::reading() => Err(Why::Interrupted.error()),
        () = rehearsal::clock(global).sleep(global.timeout()) => Err(super::out_of_time()),
    };
    waited.map(|()| 0).map_err(|mut error| {
        if !missing.is_empty() {
            error.also.push(format!("not yet: {missing}"));
        }
        error
    })
}

/// Returns when what is awaited has come; `missing` says what it waits for.
async fn wait(
    global: &Global,
    printer: Printer,
    args: &cli::Wait,
    missing: &mut String,
) -> Result<()> {
    let (_connection, reads, config) = named(global, args.named.stack.as_deref()).await?;
    let wanted = config.and_then(|config| config.account);
    if wanted.is_some() {
        preflight::account(&reads, wanted.as_deref()).await?;
    }
    let clock = rehearsal::clock(global);
    let began = clock.now();
    let (word, open): (_, fn(&Status) -> Option<String>) = match args.state {
        Awaited::Healthy => ("healthy", Status::not_yet_healthy),
        Awaited::Gone => ("gone", Status::not_yet_gone),
    };
    let status = outputs::until(&reads, clock, open, |words| {
        printer.note(&Text::of(format_args!("waiting: {words}")));
        words.clone_into(missing);
    })
    .await?;
    if printer.is_json() {
        let seconds = clock.since(began).as_secs_f64();
        printer.json(&json!({
            "format_version": 1, "stack": status.stack, "state": word,
            "url": status.url, "seconds": (seconds * 1000.0).round() / 1000.0,
        }))?;
    }
    Ok(())
}

//! `hybridgw simulate`: the simulated AWS account on loopback.

use crate::{
    cli::{Global, Simulate},
    commands::signals,
    error::{Error, Result},
    rehearsal,
    simulator::server,
    ui::{Printer, Text},
};

pub(super) async fn run(global: &Global, printer: Printer, args: Simulate) -> Result<u8> {
    let simulator = rehearsal::account(global, args.world.as_deref())?;
    rehearsal::furnish_if_configured(global, &simulator)?;
    let failed = |error: std::io::Error| {
        Error::invalid(format!("cannot listen on {}: {error}", args.listen))
    };
    let listener = server::listen(args.listen).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    // Whoever has read the address may send a signal at once.
    let stopped = signals::first();
    printer.data(&Text::of(format_args!("http://{address}")))?;
    server::serve(listener, simulator, stopped)
        .await
        .map_err(failed)?;
    Ok(0)
}

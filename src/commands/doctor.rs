//! `hybridgw doctor`: what stands in the way, before the first `up` and after.

use std::path::PathBuf;

use crate::{
    checks::Report,
    cli::{self, Checking},
    commands::verify::show,
    doctor,
    error::{Error, Result},
    ui::Printer,
};

pub(super) async fn run(printer: Printer, args: cli::Doctor) -> Result<u8> {
    if args.file.is_empty() {
        return Err(Error::invalid("doctor without --file is not built yet")
            .hint("name a file with --file"));
    }
    files(args.file, &args.checking, printer).await
}

/// Judges files of others: no account, no configuration, no network.
async fn files(paths: Vec<PathBuf>, checking: &Checking, printer: Printer) -> Result<u8> {
    let names: Vec<String> = paths.iter().map(|one| one.display().to_string()).collect();
    // A pipe may be waited for, and parsing takes its time.
    let judged = tokio::task::spawn_blocking(move || doctor::files::judge(&paths)).await;
    let findings = judged.map_err(|error| Error::invalid(error.to_string()))??;
    let report = Report::new(names.join(", "), findings, &checking.suppress);
    show(report, checking.short, printer)
}

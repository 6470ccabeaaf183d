//! `hybridgw doctor`: what stands in the way, before the first `up` and after.

use std::path::PathBuf;

use crate::{
    aws::read::Reads,
    checks::{Finding, Report, until_good},
    cli::{self, Checking, Global},
    commands::{connect, load, verify::show},
    doctor::{self, Patient},
    error::{Error, ErrorKind, Result},
    rehearsal,
    ui::Printer,
};

pub(super) async fn run(global: &Global, printer: Printer, args: cli::Doctor) -> Result<u8> {
    if args.file.is_empty() {
        live(global, &args.checking, printer).await
    } else {
        files(args.file, &args.checking, printer).await
    }
}

/// Looks at the account, with the configuration in hand.
async fn live(global: &Global, checking: &Checking, printer: Printer) -> Result<u8> {
    let (config, connection) = match connect(global).await {
        Err(error) if error.kind == ErrorKind::Credentials => {
            return show(
                without_credentials(global, checking, &error)?,
                checking.short,
                printer,
            );
        }
        connected => connected?,
    };
    let mut suppress = checking.suppress.clone();
    suppress.extend(&config.checks.suppress);
    let reads = Reads::new(connection.reader(), &config.stack);
    let clock = rehearsal::clock(global);
    let look = async || {
        let reads = reads.forgetful();
        let patient = Patient {
            config: &config,
            file: global.config_file(),
            connection: &connection,
            reads: &reads,
            clock,
            now: connection.now(),
        };
        let findings = doctor::examine(&patient).await;
        Ok(Report::new(&config.stack, findings, &suppress))
    };
    let report = until_good(clock, checking.wait, printer, look).await?;
    tracing::info!(calls = connection.journal.attempts(), "examined");
    show(report, checking.short, printer)
}

/// Nothing can be asked: that is what there is to report.
fn without_credentials(global: &Global, checking: &Checking, error: &Error) -> Result<Report> {
    let config = load(global)?;
    let findings: Vec<Finding> = doctor::without_credentials(error);
    let mut suppress = checking.suppress.clone();
    suppress.extend(&config.checks.suppress);
    Ok(Report::new(config.stack, findings, &suppress))
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

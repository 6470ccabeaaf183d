//! `hybridgw verify`: the way a request takes, hop by hop.

use std::net::Ipv4Addr;

use ipnet::Ipv4Net;

use crate::{
    aws::{
        Connection,
        read::{Groups, Reads},
    },
    checks::{self, Report, until_good},
    cli::{self, Global},
    commands::{located, named},
    config::Config,
    error::Result,
    preflight, rehearsal, stack,
    ui::Printer,
    verify::{
        self, Walk,
        network::{Network, Rehearsed, Roots},
    },
};

pub(super) async fn run(global: &Global, printer: Printer, args: cli::Verify) -> Result<u8> {
    let roots = match &args.cacert {
        Some(file) => Roots::of_file(file)?,
        None => Roots::of_system(),
    };
    let (connection, reads, config) = named(global, args.named.stack.as_deref()).await?;
    if let Some(config) = &config {
        preflight::account(&reads, config.account.as_deref()).await?;
    }
    let bodies = config
        .as_ref()
        .map(|config| stack::bodies(config, &connection.region));
    let bodies = bodies.transpose().unwrap_or_else(|error| {
        printer.warn(&error);
        None
    });
    let bodies = bodies.unwrap_or_default();
    let network = match rehearsed(&connection, config.as_ref(), &reads).await? {
        Some(network) => network,
        None => Network::of_this_machine(args.resolve, args.resolver, roots)?,
    };
    let checking = args.checking;
    let mut suppress = checking.suppress.clone();
    suppress.extend(config.iter().flat_map(|config| &config.checks.suppress));

    let clock = rehearsal::clock(global);
    let look = async || {
        let reads = reads.forgetful();
        let walk = Walk {
            reads: &reads,
            config: config.as_ref(),
            bodies: &bodies,
            clock,
            now: connection.now(),
        };
        let findings = verify::verify(&walk, &network).await;
        let findings = findings.map_err(|error| located(error, &connection))?;
        Ok(Report::new(&reads.stack, findings, &suppress))
    };
    let report = until_good(clock, checking.wait, printer, look).await?;
    tracing::info!(calls = connection.journal.attempts(), "verified");
    show(report, checking.short, printer)
}

/// Shows a report; the exit code is that of the whole one.
pub(super) fn show(report: Report, short: bool, printer: Printer) -> Result<u8> {
    let (code, verdict) = (report.exit_code(), checks::line(&report));
    let report = if short { report.short() } else { report };
    if printer.is_json() {
        printer.json(&report)?;
    } else {
        printer.data(&checks::render(&report, &verdict))?;
    }
    Ok(code)
}

/// The data plane of the simulated account, if that is worked on: asked by one
/// of the clients.
async fn rehearsed(
    connection: &Connection,
    config: Option<&Config>,
    reads: &Reads,
) -> Result<Option<Network>> {
    let Some(simulator) = &connection.simulated else {
        return Ok(None);
    };
    let named = config.and_then(|config| {
        let mut clients = config.network.clients.iter();
        clients.find_map(|client| first(&client.to_string()))
    });
    let client = match named {
        Some(client) => client,
        None => admitted(reads).await?,
    };
    Ok(Some(Network::Rehearsed(Rehearsed {
        simulator: simulator.clone(),
        account: reads.account().await?.to_string(),
        region: connection.region.clone(),
        client,
    })))
}

/// The first address of a range.
fn first(range: &str) -> Option<Ipv4Addr> {
    let range: Ipv4Net = range.parse().ok()?;
    range.hosts().next()
}

/// An address that the stack's groups admit, or one of a private network.
async fn admitted(reads: &Reads) -> Result<Ipv4Addr> {
    let groups = reads.security_groups(Groups::OfStack).await?;
    let rules = groups.iter().flat_map(|group| group.ip_permissions());
    let mut ranges = rules.flat_map(|rule| rule.ip_ranges());
    let admitted = ranges.find_map(|range| first(range.cidr_ip()?));
    Ok(admitted.unwrap_or(Ipv4Addr::new(10, 0, 0, 10)))
}

//! The command: parse, set up logging, run, turn an error into an exit code.

use std::process::ExitCode;

use clap::Parser;
use hybridgw::{cli::Cli, commands, ui::Printer};
use tracing_subscriber::EnvFilter;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let _ = error.print();
            // clap's own code for a usage error is 2, which means "differences"
            // here.
            return ExitCode::from(u8::from(error.use_stderr()));
        }
    };
    log(cli.global.verbose);
    let printer = Printer::new(&cli.global);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => {
            printer.error(&hybridgw::Error::invalid(error.to_string()));
            return ExitCode::FAILURE;
        }
    };
    let code = match runtime.block_on(commands::run(cli, printer)) {
        Ok(code) => code,
        Err(error) => {
            printer.error(&error);
            error.exit_code()
        }
    };
    // A read from the terminal may still be waiting in a thread.
    runtime.shutdown_background();
    ExitCode::from(code)
}

/// Logs go to stderr. `RUST_LOG` beats `-v`.
fn log(verbose: u8) {
    let default = match verbose {
        0 => "hybridgw=warn",
        1 => "hybridgw=info",
        _ => "hybridgw=debug",
    };
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(default));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_target(false)
        .init();
}

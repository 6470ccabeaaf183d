//! The command: parse, set up logging, run, turn an error into an exit code.

use std::process::ExitCode;

use hybridgw::{
    cli, commands,
    ui::{Printer, log},
};

fn main() -> ExitCode {
    let cli = match cli::parse(std::env::args_os()) {
        Ok(cli) => cli,
        Err(error) => {
            let _ = error.print();
            // clap's own code for a usage error is 2, which means "differences"
            // here.
            return ExitCode::from(u8::from(error.use_stderr()));
        }
    };
    let printer = Printer::new(&cli.global);
    log::start(cli.global.verbose);
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

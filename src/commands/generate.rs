//! `completions`, `man` and `schema`: made from the types that the program
//! itself uses.

use clap::CommandFactory;
use clap_complete::Shell;

use crate::{
    cli::Cli,
    config::Config,
    error::{Error, Result},
    ui::Printer,
};

pub(super) fn completions(printer: Printer, shell: Shell) -> Result<u8> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "hybridgw", &mut script);
    write(printer, &script)
}

pub(super) fn man(printer: Printer) -> Result<u8> {
    let mut page = Vec::new();
    clap_mangen::Man::new(Cli::command())
        .render(&mut page)
        .map_err(|error| Error::invalid(error.to_string()))?;
    write(printer, &page)
}

pub(super) fn schema(printer: Printer) -> Result<u8> {
    printer.json(&Config::json_schema())?;
    Ok(0)
}

fn write(printer: Printer, bytes: &[u8]) -> Result<u8> {
    printer.made(&String::from_utf8_lossy(bytes))?;
    Ok(0)
}

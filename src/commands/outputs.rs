//! `hybridgw outputs`: the values that others need.

use crate::{
    cli::{Global, Named, Output},
    commands::{at, named},
    error::Result,
    outputs::Outputs,
    preflight,
    ui::{Printer, Text, tables},
};

pub(super) async fn run(global: &Global, printer: Printer, args: Named) -> Result<u8> {
    let (connection, reads, config) = named(global, args.stack.as_deref()).await?;
    let wanted = config.and_then(|one| one.account);
    let outputs = at(&connection, async {
        let account = preflight::account(&reads, wanted.as_deref()).await?;
        Outputs::read(&reads, &account).await
    });
    let outputs = outputs.await?;
    if outputs.is_empty() {
        printer.warn(format_args!("nothing of {} exists", outputs.stack));
    }
    match printer.output {
        Output::Text => printer.data(&tables::outputs(&outputs))?,
        Output::Json => printer.json(&outputs)?,
        Output::Env => lines(printer, &outputs, |name, value| {
            let name = name.to_uppercase();
            format!("HYBRIDGW_{name}='{}'", value.replace('\'', "'\\''"))
        })?,
        Output::Github => lines(printer, &outputs, |name, value| format!("{name}={value}"))?,
    }
    Ok(0)
}

fn lines(printer: Printer, outputs: &Outputs, form: impl Fn(&str, &str) -> String) -> Result<()> {
    let mut text = Text::new();
    for (name, value) in outputs.flat() {
        // A line break in a value would be a variable of its own.
        text.say(form(name, &value)).line();
    }
    printer.data(&text)
}

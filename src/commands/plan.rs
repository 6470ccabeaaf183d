//! `hybridgw plan`: what `up` would do.

use crate::{
    cli::{Global, PlanArgs},
    commands::{Session, header},
    error::{Error, Result},
    pipeline::refusal,
    rehearsal, text,
    ui::{self, Printer},
};

pub(super) async fn run(global: &Global, printer: Printer, args: PlanArgs) -> Result<u8> {
    let session = Session::open(global, printer).await?;
    let plan = session.observe(rehearsal::clock(global)).await?;
    if let Some(path) = &args.out {
        let text = serde_json::to_string_pretty(&plan.to_json()).unwrap_or_default();
        std::fs::write(path, format!("{}\n", text::json(&text))).map_err(|error| {
            Error::invalid(format!("{} cannot be written: {error}", path.display()))
        })?;
    }
    if printer.is_json() {
        let mut document = plan.to_json();
        document["warnings"] = session.warned.json().into();
        printer.json(&document)?;
    } else {
        printer.note(&header(&session.connection, &plan));
        printer.data(&ui::plan::render(&plan))?;
    }
    let replaced = refusal::replaced(&session.stack, &plan);
    if let Err(error) = refusal::of_replacement(&replaced, &session.reads).await {
        printer.warn(format!("`up --allow-replace` would refuse: {error}"));
    }
    if let Err(error) = refusal::of_removal(&plan.orphans, &session.reads).await {
        printer.warn(format!("`up` would refuse: {error}"));
    }
    tracing::info!(calls = session.connection.journal.attempts(), "planned");
    Ok(if args.detailed_exitcode && !plan.is_empty() {
        2
    } else {
        0
    })
}

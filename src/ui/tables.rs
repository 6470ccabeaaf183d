//! `status` and `outputs` as text.

use std::fmt::Write;

use crate::{
    outputs::{Outputs, Status},
    ui::{BOLD, DIM},
};

/// What exists, a line each.
pub fn status(status: &Status) -> String {
    let mut text = format!("{BOLD}{}{BOLD:#}", status.stack);
    if let Some(url) = &status.url {
        let _ = write!(text, "  {url}");
    }
    text.push('\n');
    for one in &status.unreadable {
        let _ = writeln!(text, "  unreadable: {}", one.words());
    }
    if status.resources.is_empty() {
        let words = if status.unreadable.is_empty() {
            "  nothing exists\n"
        } else {
            "  nothing else is seen\n"
        };
        text.push_str(words);
        return text;
    }
    let rows: Vec<[&str; 3]> = status
        .resources
        .iter()
        .map(|one| [one.resource.as_str(), one.state.as_str(), one.id.as_str()])
        .collect();
    columns(&mut text, &rows);
    if !status.targets.is_empty() {
        let _ = writeln!(text, "\n{BOLD}targets{BOLD:#}");
        let rows: Vec<[&str; 4]> = status
            .targets
            .iter()
            .map(|row| {
                [
                    row.route.as_str(),
                    row.address.as_str(),
                    row.zone.as_str(),
                    row.health.as_str(),
                ]
            })
            .collect();
        columns(&mut text, &rows);
        let reasons = status
            .targets
            .iter()
            .filter_map(|row| Some((row, row.reason.as_ref()?)));
        for (row, reason) in reasons {
            let _ = writeln!(text, "  {DIM}{}: {reason}{DIM:#}", row.address);
        }
    }
    text
}

/// The outputs, a line each.
pub fn outputs(outputs: &Outputs) -> String {
    let mut text = String::new();
    let flat = outputs.flat();
    let rows: Vec<[&str; 2]> = flat
        .iter()
        .map(|(name, value)| [*name, value.as_str()])
        .collect();
    columns(&mut text, &rows);
    for api in &outputs.apis {
        let _ = writeln!(text, "  api {}  {} stage {}", api.route, api.id, api.stage);
    }
    for row in &outputs.functions {
        let _ = writeln!(text, "  function {}  {}", row.route, row.function);
    }
    for row in &outputs.sites {
        let _ = writeln!(text, "  site {}  bucket {}", row.route, row.bucket);
        let has = if row.manage_policy {
            "hybridgw keeps in its policy"
        } else {
            "its policy needs"
        };
        let _ = writeln!(text, "    {has} {}", row.statement);
    }
    if let Some(opening) = &outputs.borrowed_endpoint {
        let groups = opening.security_groups.join(" or ");
        let _ = writeln!(text, "  borrowed endpoint {}", opening.endpoint);
        let _ = writeln!(
            text,
            "    {groups} has to let in tcp/443 from {}",
            opening.from
        );
        let _ = writeln!(text, "    its policy needs {}", opening.statement);
    }
    text
}

/// Lines of cells, each column as wide as its widest cell.
pub fn columns<const N: usize>(text: &mut String, rows: &[[&str; N]]) {
    let width = |column: usize| {
        rows.iter()
            .map(|row| row[column].chars().count())
            .max()
            .unwrap_or_default()
    };
    let widths: [usize; N] = std::array::from_fn(width);
    for row in rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(widths) {
            let _ = write!(line, "  {cell:width$}");
        }
        let _ = writeln!(text, "{}", line.trim_end());
    }
}

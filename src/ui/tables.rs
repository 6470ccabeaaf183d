//! `status` and `outputs` as text.

use crate::{
    outputs::{Outputs, Status, TargetRow},
    text::plainly,
    ui::{BOLD, DIM, Text},
};

/// What exists, a line each.
pub fn status(status: &Status) -> Text {
    let mut text = Text::new();
    text.styled(BOLD, &status.stack);
    if let Some(url) = &status.url {
        text.say("  ").say(url);
    }
    text.line();
    for one in &status.unreadable {
        text.say("  unreadable: ").say(one.words()).line();
    }
    if status.resources.is_empty() {
        let words = if status.unreadable.is_empty() {
            "  nothing exists"
        } else {
            "  nothing else is seen"
        };
        text.say(words).line();
        return text;
    }
    let rows: Vec<[&str; 3]> = status
        .resources
        .iter()
        .map(|one| [one.resource.as_str(), one.state.as_str(), one.id.as_str()])
        .collect();
    columns(&mut text, &rows);
    if !status.targets.is_empty() {
        targets(&mut text, &status.targets);
    }
    text
}

fn targets(text: &mut Text, targets: &[TargetRow]) {
    text.line().styled(BOLD, "targets").line();
    let rows: Vec<[&str; 4]> = targets
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
    columns(text, &rows);
    for row in targets {
        if let Some(reason) = &row.reason {
            let reason = format_args!("{}: {reason}", row.address);
            text.say("  ").styled(DIM, reason).line();
        }
    }
}

/// The outputs, a line each.
pub fn outputs(outputs: &Outputs) -> Text {
    let mut text = Text::new();
    let flat = outputs.flat();
    let rows: Vec<[&str; 2]> = flat
        .iter()
        .map(|(name, value)| [*name, value.as_str()])
        .collect();
    columns(&mut text, &rows);
    let mut line = |words: String| {
        text.say("  ").say(words).line();
    };
    for api in &outputs.apis {
        line(format!("api {}  {} stage {}", api.route, api.id, api.stage));
    }
    for row in &outputs.functions {
        line(format!("function {}  {}", row.route, row.function));
    }
    for row in &outputs.sites {
        line(format!("site {}  bucket {}", row.route, row.bucket));
        let has = if row.manage_policy {
            "hybridgw keeps in its policy"
        } else {
            "its policy needs"
        };
        line(format!("  {has} {}", row.statement));
    }
    if let Some(opening) = &outputs.borrowed_endpoint {
        let groups = opening.security_groups.join(" or ");
        line(format!("borrowed endpoint {}", opening.endpoint));
        line(format!(
            "  {groups} has to let in tcp/443 from {}",
            opening.from
        ));
        line(format!("  its policy needs {}", opening.statement));
    }
    text
}

/// Lines of cells, each column as wide as its widest cell.
pub fn columns<const N: usize>(text: &mut Text, rows: &[[&str; N]]) {
    let width = |column: usize| {
        rows.iter()
            .map(|row| plainly(row[column]).chars().count())
            .max()
            .unwrap_or_default()
    };
    let widths: [usize; N] = std::array::from_fn(width);
    for row in rows {
        for (cell, width) in row.iter().zip(widths) {
            text.say("  ").cell(cell, width);
        }
        text.line();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_stays_in_its_row_and_its_column() {
        let mut text = Text::new();
        columns(&mut text, &[["a\nb\u{1b}[2K", "x"], ["c", "y\r"]]);
        assert_eq!(&*text, "  a\\nb\\u{1b}[2K  x\n  c              y\\r\n");
    }
}

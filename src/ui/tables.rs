//! Values in columns.

use crate::{outputs::Outputs, text::plainly, ui::Text};

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

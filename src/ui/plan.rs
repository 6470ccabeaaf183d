//! A plan as text.

use std::fmt::Write;

use anstyle::{AnsiColor, Style};

use crate::{
    pipeline::{Action, Plan, Planned},
    resource::Drift,
    ui::{BOLD, DIM},
};

const GREEN: Style = AnsiColor::Green.on_default();
const YELLOW: Style = AnsiColor::Yellow.on_default();
const RED: Style = AnsiColor::Red.on_default();

/// The sign of an action: the meaning never lies in the colour alone.
fn sign(action: Action) -> (&'static str, Style) {
    match action {
        Action::Keep => ("  .", DIM),
        Action::Create => ("  +", GREEN),
        Action::Update => ("  ~", YELLOW),
        Action::Replace => ("-/+", RED),
        Action::Delete => ("  -", RED),
    }
}

/// Values longer than this are cut: a policy would fill the screen.
const LONGEST: usize = 100;

/// The plan, an entry for each thing to do and a count of the rest.
pub fn render(plan: &Plan) -> String {
    let mut text = String::new();
    let shown = plan
        .actions
        .iter()
        .filter(|planned| planned.action != Action::Keep || planned.settling.is_some());
    let width = plan
        .actions
        .iter()
        .map(|planned| planned.resource.as_str().len())
        .max()
        .unwrap_or_default();
    for planned in shown {
        entry(&mut text, planned, width);
    }
    let keep = plan.summary().keep;
    if keep > 0 {
        let _ = writeln!(text, "{DIM}  . {keep} unchanged{DIM:#}");
    }
    let _ = write!(text, "\n{}", totals(plan));
    text
}

fn entry(text: &mut String, planned: &Planned, width: usize) {
    let (sign, style) = sign(planned.action);
    let about = match (&planned.settling, planned.action, &planned.id) {
        (Some(why), ..) => format!("settling: {why}"),
        (None, Action::Create, _) => planned.summary.clone(),
        (None, _, Some(id)) => id.clone(),
        (None, _, None) => String::new(),
    };
    let line = format!("{:width$}  {about}", planned.resource);
    let _ = writeln!(text, "{style}{sign}{style:#} {}", line.trim_end());
    for drift in &planned.changes {
        change(text, drift);
    }
}

fn change(text: &mut String, drift: &Drift) {
    if drift.replace && drift.actual.is_empty() {
        let _ = writeln!(text, "        {} {}", drift.field, drift.desired);
        return;
    }
    let note = if drift.replace {
        "  (forces replacement)"
    } else {
        ""
    };
    let line = match (drift.actual.as_str(), drift.desired.as_str()) {
        ("", desired) => format!("+ {}", shortened(desired)),
        (actual, "") => format!("- {}", shortened(actual)),
        (actual, desired) => format!("{} -> {}", shortened(actual), shortened(desired)),
    };
    let _ = writeln!(text, "        {}: {line}{note}", drift.field);
}

fn shortened(text: &str) -> String {
    if text.chars().count() <= LONGEST {
        return text.to_owned();
    }
    let head: String = text.chars().take(LONGEST).collect();
    format!("{head}…")
}

/// The last line: what is to be done, in numbers.
pub fn totals(plan: &Plan) -> String {
    let summary = plan.summary();
    let parts: Vec<String> = [
        (summary.create, "create"),
        (summary.update, "update"),
        (summary.replace, "replace"),
        (summary.delete, "delete"),
    ]
    .iter()
    .filter(|(count, _)| *count > 0)
    .map(|(count, verb)| format!("{count} to {verb}"))
    .collect();
    match (parts.is_empty(), plan.converged()) {
        (false, _) => format!("{BOLD}Plan:{BOLD:#} {}", parts.join(", ")),
        (true, true) => format!("{BOLD}Nothing to do:{BOLD:#} everything is as the file says"),
        (true, false) => {
            format!("{BOLD}Nothing to change:{BOLD:#} AWS is still settling")
        }
    }
}

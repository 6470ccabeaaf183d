//! A plan as text.

use std::collections::BTreeSet;

use anstyle::{AnsiColor, Style};

use crate::{
    pipeline::{Action, Plan, Planned},
    resource::Drift,
    text::plainly,
    ui::{
        BOLD, DIM, Text,
        order::{Order, Part},
    },
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

/// The plan, an entry for each thing to do, in the order of a request, and a
/// count of the rest.
pub fn render(plan: &Plan) -> Text {
    let mut text = Text::new();
    let order = Order::of(plan.actions.iter().map(|planned| &planned.resource));
    let mut shown: Vec<&Planned> = plan
        .actions
        .iter()
        .filter(|planned| planned.action != Action::Keep || planned.settling.is_some())
        .collect();
    shown.sort_by_cached_key(|planned| order.place(&planned.resource));
    let parts: BTreeSet<Part> = shown.iter().map(|one| order.part(&one.resource)).collect();
    let width = plan
        .actions
        .iter()
        .map(|planned| plainly(&planned.resource).chars().count())
        .max()
        .unwrap_or_default();
    let mut last = None;
    for planned in shown {
        let part = order.part(&planned.resource);
        if parts.len() > 1 && last.as_ref() != Some(&part) {
            text.styled(DIM, format_args!("  {part}")).line();
        }
        last = Some(part);
        entry(&mut text, planned, width);
    }
    let keep = plan.summary().keep;
    if keep > 0 {
        text.styled(DIM, format_args!("  . {keep} unchanged"))
            .line();
    }
    text.line().append(&totals(plan));
    text
}

fn entry(text: &mut Text, planned: &Planned, width: usize) {
    let (sign, style) = sign(planned.action);
    text.styled(style, sign)
        .say(' ')
        .cell(&planned.resource, width)
        .say("  ");
    match (&planned.settling, planned.action, &planned.id) {
        (Some(why), ..) => text.say(format_args!("settling: {why}")),
        (None, Action::Create, _) => text.say(&planned.summary),
        (None, _, Some(id)) => text.say(id),
        (None, _, None) => text,
    };
    text.line();
    for drift in &planned.changes {
        change(text, drift);
    }
}

fn change(text: &mut Text, drift: &Drift) {
    text.say("        ").say(&drift.field);
    if drift.replace && drift.actual.is_empty() {
        text.say(' ').say(&drift.desired).line();
        return;
    }
    match (drift.actual.as_str(), drift.desired.as_str()) {
        ("", desired) => text.say(": + ").say(shortened(desired)),
        (actual, "") => text.say(": - ").say(shortened(actual)),
        (actual, desired) => text
            .say(": ")
            .say(shortened(actual))
            .say(" -> ")
            .say(shortened(desired)),
    };
    if drift.replace {
        text.say("  (forces replacement)");
    }
    text.line();
}

fn shortened(text: &str) -> String {
    if text.chars().count() <= LONGEST {
        return text.to_owned();
    }
    let head: String = text.chars().take(LONGEST).collect();
    format!("{head}…")
}

/// The last line: what is to be done, in numbers.
pub fn totals(plan: &Plan) -> Text {
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
    let mut text = Text::new();
    match (parts.is_empty(), plan.converged()) {
        (false, _) => text.styled(BOLD, "Plan:").say(' ').say(parts.join(", ")),
        (true, true) => text
            .styled(BOLD, "Nothing to do:")
            .say(" everything is as the file says"),
        (true, false) => text
            .styled(BOLD, "Nothing to change:")
            .say(" AWS is still settling"),
    };
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{graph::Owned, pipeline::Planned, resource::Key};

    /// What a person who can name things in the account would write there.
    const FORGED: &str = "a1\u{1b}[1A\u{1b}[2K\n\u{1b}[1mNothing to do:\u{1b}[0m\u{202e}";

    #[test]
    fn names_from_aws_cannot_rewrite_the_plan_that_is_approved() {
        let mut plan = Plan::removal(
            "orders",
            "111122223333",
            "eu-central-1",
            Vec::<Owned>::new(),
        );
        for (action, settling) in [
            (Action::Create, None),
            (Action::Update, None),
            (Action::Delete, None),
            (Action::Keep, Some(FORGED.to_owned())),
        ] {
            plan.actions.push(Planned {
                resource: Key::from_tag(&format!("listener-rule/{FORGED}")).expect("a key"),
                id: Some(FORGED.to_owned()),
                action,
                changes: vec![
                    Drift::new(FORGED.to_owned(), FORGED, FORGED),
                    Drift::new(FORGED.to_owned(), "", FORGED).replaces(),
                ],
                summary: FORGED.to_owned(),
                settling,
            });
        }
        let shown = anstream::adapter::strip_str(&render(&plan)).to_string();
        assert_eq!(shown.lines().count(), 4 * 3 + 3, "{shown}");
        assert!(
            !shown.contains(|c: char| c != '\n' && c.is_control()),
            "{shown:?}"
        );
        assert!(!shown.contains('\u{202e}'), "{shown:?}");
        assert!(
            !shown.lines().any(|line| line.starts_with("Nothing to do")),
            "{shown}"
        );
        // What is stripped above is this program's own: nothing else is an escape sequence.
        let raw = render(&plan).to_string();
        assert!(!raw.contains("\u{1b}[2K"), "{raw:?}");
    }
}

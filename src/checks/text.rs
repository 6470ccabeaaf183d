//! A report as people read it.

use super::{Finding, Report, Verdict};
use crate::ui::{self, Text};

/// The findings, a line each with what belongs to it, and the verdict.
/// `verdict` is that of the whole report, also where only failures are shown.
pub fn render(report: &Report, verdict: &Text) -> Text {
    let mut text = Text::new();
    text.styled(ui::BOLD, &report.stack).line();
    let name = |finding: &Finding| finding.check.to_string().len();
    let width = report.checks.iter().map(name).max().unwrap_or_default();
    for finding in &report.checks {
        row(&mut text, finding, width);
    }
    if !report.checks.is_empty() {
        text.line();
    }
    text.append(verdict);
    text.line();
    text
}

fn row(text: &mut Text, finding: &Finding, width: usize) {
    let style = match finding.verdict {
        Verdict::Ok => ui::GOOD,
        Verdict::Warning => ui::WARNING,
        Verdict::Failed => ui::ERROR,
        Verdict::Skipped => ui::DIM,
    };
    text.say("  ");
    text.styled(style, format_args!("{:<7}", finding.verdict.to_string()));
    text.say("  ")
        .cell(finding.check.to_string(), width)
        .say("  ");
    match (&finding.host, &finding.route) {
        (Some(host), Some(route)) => text.say(host).say(route).say(": "),
        (Some(place), None) | (None, Some(place)) => text.say(place).say(": "),
        (None, None) => text,
    };
    text.say(&finding.found).line();
    let mut further = |name: &str, words: Option<String>| {
        if let Some(words) = words {
            let gap = " ".repeat(width + 13);
            text.say(gap)
                .styled(ui::DIM, name)
                .say(' ')
                .say(words)
                .line();
        }
    };
    further("cause:", finding.cause.clone());
    further("remedy:", finding.remedy.clone());
    further("code:", finding.code.map(|code| code.to_string()));
}

/// The verdict in a line: what failed, and how many of each there are.
pub fn line(report: &Report) -> Text {
    let count = |verdict: Verdict, word: &str| {
        let count = report.count(verdict);
        (count > 0).then(|| format!("{count} {word}"))
    };
    let warnings = match report.count(Verdict::Warning) {
        1 => "warning",
        _ => "warnings",
    };
    let counts = [
        count(Verdict::Failed, "failed"),
        count(Verdict::Warning, warnings),
        count(Verdict::Skipped, "not judged"),
        count(Verdict::Ok, "ok"),
    ];
    let counts: Vec<String> = counts.into_iter().flatten().collect();
    let mut text = Text::new();
    if report.ok {
        let word = match report.count(Verdict::Skipped) {
            0 => "All is well",
            _ => "Well as far as it was judged",
        };
        text.styled(ui::GOOD, word);
    } else if report.failed().next().is_some() {
        let mut codes: Vec<String> = Vec::new();
        for code in report.failed().filter_map(|one| one.code) {
            if !codes.contains(&code.to_string()) {
                codes.push(code.to_string());
            }
        }
        text.styled(ui::ERROR, "Failed")
            .say(' ')
            .say(codes.join(", "));
    } else {
        text.styled(ui::ERROR, "Nothing could be judged");
    }
    text.say(": ").say(counts.join(", "));
    text
}

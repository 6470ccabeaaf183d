use std::time::Duration;

use super::*;
use crate::clock::Clock;

fn failed() -> Finding {
    Finding::failed(
        codes::RULE_MISSING,
        "no rule",
        "nobody made one",
        "run `hybridgw up`",
    )
}

#[tokio::test(start_paused = true)]
async fn a_check_that_hangs_is_skipped_and_keeps_no_other_from_answering() {
    let limit = Duration::from_secs(5);
    let hangs = Job::new(Check::Tls, limit, std::future::pending());
    let answers = Job::new(Check::Dns, limit, async {
        vec![Finding::ok(Check::Dns, "fine")]
    });
    let all = run(vec![hangs, answers], Clock::REAL).await;
    let verdicts: Vec<_> = all.iter().map(|one| (one.check, one.verdict)).collect();
    let expected = [(Check::Dns, Verdict::Ok), (Check::Tls, Verdict::Skipped)];
    assert_eq!(verdicts, expected);
    assert_eq!(all[1].found, "not judged: no answer within 5 s");
    assert_eq!(all[1].took, limit);
}

#[tokio::test]
async fn a_check_that_says_nothing_is_not_taken_for_well() {
    let silent = Job::new(Check::Rule, Duration::from_secs(1), async { vec![] });
    let all = run(vec![silent], Clock::REAL).await;
    assert_eq!(all[0].verdict, Verdict::Skipped);
    assert_eq!(Report::new("orders", all, &[]).exit_code(), 2);
}

#[test]
fn what_failed_decides_the_exit_code_and_warnings_do_not() {
    let well = Finding::ok(Check::Dns, "fine");
    let warning = Finding {
        verdict: Verdict::Warning,
        ..failed()
    };
    let code = |checks: &[Finding]| Report::new("orders", checks.to_vec(), &[]).exit_code();
    assert_eq!(code(std::slice::from_ref(&well)), 0);
    assert_eq!(code(&[well.clone(), warning]), 0);
    assert_eq!(code(&[well, failed()]), 2);
    assert_eq!(code(&[]), 2);
}

#[test]
fn a_short_report_of_which_nothing_could_be_judged_says_why() {
    let skipped = Finding::skipped(Check::Tls, "no way there");
    let denied = Finding {
        remedy: Some("allow it".to_owned()),
        ..Finding::skipped(Check::Rule, "the caller may not")
    };
    let report = Report::new("orders", vec![skipped, denied], &[]).short();
    let found: Vec<&str> = report.checks.iter().map(|one| one.found.as_str()).collect();
    assert_eq!(found, ["the caller may not"]);
}

#[test]
fn what_is_suppressed_is_still_shown_and_counts_no_more() {
    let checks = vec![Finding::ok(Check::Dns, "fine"), failed()];
    let report = Report::new("orders", checks, &[codes::RULE_MISSING]);
    assert!(report.ok);
    let one = &report.checks[1];
    assert_eq!(
        (one.verdict, one.code),
        (Verdict::Skipped, Some(codes::RULE_MISSING))
    );
}

#[test]
fn the_document_is_the_contract() {
    let failed = failed().on_route("/sms").on_host("orders.example.com");
    let report = Report::new("orders", vec![failed], &[]);
    let value = serde_json::to_value(&report).expect("JSON");
    let expected = serde_json::json!({
        "format_version": 1, "stack": "orders", "ok": false,
        "checks": [{
            "check": "rule", "code": "rule/missing", "verdict": "failed", "route": "/sms",
            "host": "orders.example.com", "found": "no rule", "cause": "nobody made one",
            "remedy": "run `hybridgw up`", "seconds": 0.0,
        }],
    });
    assert_eq!(value, expected);
}

#[test]
fn the_last_line_says_what_it_came_to() {
    let of = |checks: Vec<Finding>| {
        let line = line(&Report::new("orders", checks, &[]));
        anstream::adapter::strip_str(&line).to_string()
    };
    let well = Finding::ok(Check::Dns, "fine");
    let skipped = Finding::skipped(Check::Tls, "no way there");
    assert_eq!(of(vec![well.clone()]), "All is well: 1 ok");
    let partly = of(vec![well.clone(), skipped.clone()]);
    assert_eq!(partly, "Well as far as it was judged: 1 not judged, 1 ok");
    assert_eq!(
        of(vec![well, failed()]),
        "Failed rule/missing: 1 failed, 1 ok"
    );
    assert_eq!(of(vec![skipped]), "Nothing could be judged: 1 not judged");
}

#[test]
fn an_unknown_code_has_a_nearest_one() {
    assert_eq!(Code::named("rule/missing"), Ok(codes::RULE_MISSING));
    assert_eq!(Code::named("rule/mising"), Err(codes::RULE_MISSING));
}

#[test]
fn a_code_is_named_once() {
    let mut names: Vec<String> = codes::ALL.iter().map(ToString::to_string).collect();
    let count = names.len();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), count);
}

#[tokio::test(start_paused = true)]
async fn waiting_ends_when_all_is_well_or_the_time_is_over() {
    use crate::{cli::Output, ui::Printer};
    let printer = Printer {
        quiet: true,
        output: Output::Text,
    };
    let well = |is: bool| {
        let finding = if is {
            Finding::ok(Check::Rule, "there")
        } else {
            failed()
        };
        Report::new("orders", vec![finding], &[])
    };
    for (patience, well_after, ok, looks) in [(300, 3, true, 3), (25, 100, false, 4)] {
        let mut seen = 0;
        let patience = Some(Duration::from_secs(patience));
        let report = until_good(Clock::REAL, patience, printer, async || {
            seen += 1;
            Ok(well(seen >= well_after))
        });
        assert_eq!(report.await.expect("a report").ok, ok);
        assert_eq!(seen, looks);
    }
}

#[test]
fn every_code_has_its_paragraph_and_every_paragraph_its_code() {
    let page = include_str!("../../docs/reference/checks.md");
    let headings = page.lines().filter_map(|line| line.strip_prefix("### `"));
    let explained: Vec<&str> = headings.map(|rest| rest.trim_end_matches('`')).collect();
    let codes: Vec<String> = codes::ALL.iter().map(ToString::to_string).collect();
    for code in &codes {
        assert!(
            explained.contains(&code.as_str()),
            "{code} is not explained"
        );
    }
    for code in &explained {
        assert!(codes.iter().any(|one| one == code), "{code} is no code");
    }
    assert_eq!(explained.len(), codes.len(), "one is explained twice");
    for paragraph in page.split("\n### ").skip(1) {
        let words = paragraph.split("\n\n").nth(1).unwrap_or_default();
        assert!(words.len() > 60, "{paragraph}");
    }
}

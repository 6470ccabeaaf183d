//! `hybridgw up`: plan, ask, apply, plan again.

use std::sync::Arc;

use crate::{
    aws::{Aws, read::Reads},
    checks::{self, Finding, Verdict},
    cli::Up,
    commands::{Run, Session, ask, refuse_without_consent, signals},
    error::{Error, ErrorKind, Result},
    event::Sink,
    pipeline::{self, Action, Plan, converge, refusal, report::failure, saved::Saved},
    stop::Stop,
    ui::{self, Text},
    verify::{self, Walk},
};

pub(super) async fn run(run: &mut Run<'_>, args: Up) -> Result<()> {
    let saved = args.plan.as_deref().map(Saved::read).transpose()?;
    let asks = !args.consent.yes && !args.consent.dry_run && saved.is_none();
    refuse_without_consent(asks)?;

    let planning = async {
        let session = Session::open(run.global, run.printer).await?;
        let plan = session.observe(run.stop.clock).await?;
        Ok((session, plan))
    };
    let (session, plan) = run.stop.reading(planning).await?;
    session.connection.heed(&run.stop);
    run.begin(&session.connection, Vec::new());
    run.converged = plan.converged();
    if run.printer.is_json() {
        for mut line in session.warned.json() {
            line["event"] = "warning".into();
            run.printer.json_line(&line)?;
        }
    }
    run.show(&session.connection, &plan, asks && !plan.is_empty())?;
    if let Some(saved) = saved {
        saved.refuse_stale(&plan)?;
    }
    if args.consent.dry_run {
        return Ok(());
    }
    if plan.converged() {
        return serves(run, &session, &session.reads).await;
    }
    refuse_replacement(&plan, args.allow_replace)?;
    let refusals = refusal::of_plan(&session.stack, &plan, &session.reads);
    run.stop.reading(refusals).await?;
    if asks && !plan.is_empty() {
        let place = format!("{} in {} / {}", plan.stack, plan.account, plan.region);
        let answer = ask(&format!("Apply to {place}? [y/N]"), &run.stop).await?;
        if !matches!(answer.to_lowercase().as_str(), "y" | "yes") {
            return Err(Error::new(
                ErrorKind::Declined,
                "declined; nothing was written",
            ));
        }
    }
    let (again, reads) = execute(run, &session, &plan, args.rollback).await?;
    confirm(run, &session, &again, &reads).await
}

/// Applies the plan: replaced things go, wanted things come, orphans go, and
/// what other runs have done meanwhile is set right. Returns the last plan.
async fn execute(
    run: &mut Run<'_>,
    session: &Session,
    plan: &Plan,
    rollback: bool,
) -> Result<(Plan, Reads)> {
    let aws = session.connection.writer();
    let sink = run.sink();
    let reads = &session.reads;
    let stack = &session.stack;

    let done = pipeline::execute(stack, plan, &aws, reads, &sink, &run.stop).await;
    run.report.extend(done);
    let mut unread = None;
    if run.report.may_go_on() {
        let (stop, report) = (&run.stop, &mut run.report);
        match converge(stack, &session.connection, &sink, stop, report).await {
            Ok(last) if run.report.ok() => return Ok(last),
            Ok(_) => {}
            Err(error) => unread = Some(error),
        }
    }
    let why = run.stop.why();
    if rollback {
        undo(run, session, &aws, &sink).await;
    }
    run.left_behind = run.report.left_behind();
    let error = failure(&run.report, why);
    let error = match unread {
        None => error,
        Some(mut first) => {
            first.also.extend(error.also);
            first
        }
    };
    Err(if run.left_behind.is_empty() {
        error
    } else {
        error.hint("run `hybridgw up` to continue, or `hybridgw down` to remove what was made")
    })
}

/// Removes what this run created. The switch that ended it does not end this:
/// it has a time limit of its own, and a second Ctrl-C leaves at once.
async fn undo(run: &mut Run<'_>, session: &Session, aws: &Aws, sink: &dyn Sink) {
    let stop = Arc::new(Stop::by(run.stop.clock));
    signals::limit(Arc::clone(&stop), run.global.timeout());
    session.connection.heed(&stop);
    let reads = session.reads.forgetful();
    let (stack, report) = (&session.stack, &mut run.report);
    pipeline::rollback(stack, aws, &reads, sink, &stop, report).await;
}

/// Says "converged" only if a second plan is empty.
async fn confirm(run: &mut Run<'_>, session: &Session, again: &Plan, reads: &Reads) -> Result<()> {
    run.converged = again.converged();
    if !again.converged() {
        let mut error = Error::invalid("not converged: a second plan is not empty");
        let open = again
            .actions
            .iter()
            .filter(|planned| planned.action != Action::Keep || planned.settling.is_some());
        error.also.extend(open.map(|planned| {
            let fields: Vec<&str> = planned
                .changes
                .iter()
                .map(|one| one.field.as_str())
                .collect();
            format!("{}: {}", planned.resource, fields.join(", "))
        }));
        return Err(error.hint("somebody else is changing the stack; run `hybridgw up` again"));
    }
    if !run.printer.is_json() {
        let report = &run.report;
        let done = [
            (report.created.len(), "created"),
            (report.updated.len(), "updated"),
            (report.deleted.len(), "deleted"),
        ];
        let done: Vec<String> = done
            .iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, verb)| format!("{count} {verb}"))
            .collect();
        let done = if done.is_empty() {
            "nothing changed".to_owned()
        } else {
            done.join(", ")
        };
        let mut text = Text::new();
        text.line()
            .styled(ui::GOOD, "Converged")
            .say(format_args!(": {done}; a second plan is empty"));
        run.printer.note(&text);
    }
    serves(run, session, reads).await
}

/// Says where the stack answers, and warns of what would keep it from that: the
/// checks of `verify` that need no network path, on what the plan has read.
async fn serves(run: &Run<'_>, session: &Session, reads: &Reads) -> Result<()> {
    let walk = Walk {
        reads,
        config: Some(&session.config),
        bodies: &session.bodies,
        clock: run.stop.clock,
        now: session.connection.now(),
    };
    let findings = run.stop.reading(verify::control_plane(&walk)).await;
    if let (Err(error), Some(_)) = (&findings, run.stop.why()) {
        let mut error = error.clone();
        let words = "the stack is as it should be; whether it serves was not looked at";
        error.also.push(words.to_owned());
        return Err(error);
    }
    let report = findings.map(|found| {
        checks::Report::new(&session.stack.name, found, &session.config.checks.suppress)
    });
    match report {
        Err(error) => run.printer.warn(format_args!(
            "it could not be checked whether it serves: {error}"
        )),
        Ok(report) => {
            let counts = |one: &&Finding| matches!(one.verdict, Verdict::Failed | Verdict::Warning);
            for finding in report.checks.iter().filter(counts) {
                warn(run, finding)?;
            }
        }
    }
    if !run.printer.is_json() {
        let url = format!("https://{}", session.config.domain.name);
        run.printer.data(&Text::of(url))?;
    }
    Ok(())
}

fn warn(run: &Run<'_>, finding: &Finding) -> Result<()> {
    if run.printer.is_json() {
        let mut line = serde_json::to_value(finding).unwrap_or_default();
        line["event"] = "warning".into();
        return run.printer.json_line(&line);
    }
    let code = finding
        .code
        .map(|code| code.to_string())
        .unwrap_or_default();
    let part = |text: &Option<String>, before: &str| {
        let text = text.as_deref();
        text.map_or(String::new(), |text| format!("{before}{text}"))
    };
    let place = format!("{}{}", part(&finding.host, " "), part(&finding.route, " "));
    run.printer.warn(format_args!(
        "{code}{place}: {}{}{}",
        finding.found,
        part(&finding.cause, ": "),
        part(&finding.remedy, "; "),
    ));
    Ok(())
}

fn refuse_replacement(plan: &Plan, allowed: bool) -> Result<()> {
    let replaced = plan.with(Action::Replace);
    if allowed || replaced.is_empty() {
        return Ok(());
    }
    let names: Vec<String> = replaced
        .iter()
        .map(|one| one.resource.to_string())
        .collect();
    Err(Error::invalid(format!(
        "{} would be deleted and made anew; nothing was written",
        names.join(", ")
    ))
    .hint("run `hybridgw up --allow-replace` if that is what you want"))
}

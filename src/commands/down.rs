//! `hybridgw down`: take away exactly what hybridgw made.

use crate::{
    aws::{Connection, read::Reads},
    cli::Down,
    commands::{Run, ask, at, named, refuse_without_consent},
    error::{Error, ErrorKind, Result},
    graph::Owned,
    pipeline::{Plan, Survey, refusal, remove, report::failure, survey},
    preflight,
    ui::{self, Text},
};

pub(super) async fn run(run: &mut Run<'_>, args: Down) -> Result<()> {
    let asks = !args.consent.yes && !args.consent.dry_run;
    refuse_without_consent(asks)?;
    let looking = async {
        let named = named(run.global, args.named.stack.as_deref()).await?;
        let (connection, mut reads, config) = named;
        let wanted = config.as_ref().and_then(|config| config.account.as_deref());
        let account = at(&connection, preflight::account(&reads, wanted)).await?;
        if let Some(config) = &config {
            at(&connection, preflight::locate(config, &mut reads)).await?;
        }
        let mut found = at(&connection, survey(&reads)).await?;
        let free = std::mem::take(&mut found.free);
        let plan = Plan::removal(&reads.stack, &account, &connection.region, free);
        Ok((connection, reads, plan, found))
    };
    let (connection, reads, plan, found) = run.stop.reading(looking).await?;
    connection.heed(&run.stop);
    let doomed = plan.orphans.iter().chain(&found.bound);
    let doomed = doomed.map(|thing| thing.key.clone()).collect();
    run.begin(&connection, doomed);
    for one in &found.unread {
        run.printer.warn(format!("unreadable: {}", one.words()));
    }
    run.converged = plan.is_empty() && found.unread.is_empty();
    if plan.is_empty() {
        let Some(error) = found.gaps() else {
            run.printer
                .note(&Text::of(format_args!("Nothing of {} exists", reads.stack)));
            return Ok(());
        };
        return Err(unfinished(run, error, &found));
    }
    run.show(&connection, &plan, asks)?;
    if args.consent.dry_run {
        return found.gaps().map_or(Ok(()), Err);
    }
    let refused = refusal::of_removal(&plan.orphans, &reads);
    run.stop.reading(refused).await?;
    if asks {
        let answer = ask(
            &format!("Type {} to delete all of this:", reads.stack),
            &run.stop,
        )
        .await?;
        if answer != reads.stack {
            return Err(Error::new(
                ErrorKind::Declined,
                "declined; nothing was deleted",
            ));
        }
    }
    take_down(run, &connection, &reads, plan.orphans).await
}

/// Removes what may go, and says what is left.
async fn take_down(
    run: &mut Run<'_>,
    connection: &Connection,
    reads: &Reads,
    doomed: Vec<Owned>,
) -> Result<()> {
    let sink = run.sink();
    let aws = connection.writer();
    let mut rest = doomed;
    let anew = reads.forgetful();
    let refused = refusal::of_removal(&rest, &anew);
    run.stop.reading(refused).await?;
    // Things that another run made meanwhile, or that showed late, go in a
    // second round.
    for _ in 0..2 {
        let gone = remove(&rest, &aws, reads, &sink, &run.stop).await;
        run.report.extend(gone);
        if !run.report.ok() {
            break;
        }
        let Ok(now) = run.stop.looking(survey(&reads.forgetful())).await else {
            break;
        };
        let now = now?;
        if now.free.is_empty() {
            if let Some(error) = now.gaps() {
                return Err(unfinished(run, error, &now));
            }
            run.converged = true;
            let count = run.report.deleted.len();
            let mut text = Text::new();
            text.line()
                .styled(ui::GOOD, "Gone")
                .say(format_args!(": {count} deleted, nothing is left"));
            run.printer.note(&text);
            return Ok(());
        }
        rest = now.free;
    }
    // If nobody can say any more what is left (credentials ran out, no answer
    // after Ctrl-C): what was not seen to go.
    let deleted = &run.report.deleted;
    let looked = run.stop.looking(survey(&reads.forgetful())).await;
    let left = looked.ok().and_then(Result::ok);
    let left = left.unwrap_or_else(|| Survey {
        free: rest
            .into_iter()
            .filter(|thing| !deleted.contains(&thing.key))
            .collect(),
        ..Survey::default()
    });
    let mut error = failure(&run.report, run.stop.why());
    if let Some(gaps) = left.gaps() {
        error.also.extend(gaps.also);
    }
    Err(unfinished(run, error, &left))
}

/// An error with what is left behind.
fn unfinished(run: &mut Run<'_>, mut error: Error, left: &Survey) -> Error {
    run.left_behind = left.owned().map(|thing| thing.key.clone()).collect();
    let names: Vec<String> = left
        .owned()
        .map(|one| format!("{} ({})", one.key, one.id))
        .collect();
    if !names.is_empty() {
        error
            .also
            .push(format!("left behind: {}", names.join(", ")));
    }
    error.hint("run `hybridgw down` again to go on")
}

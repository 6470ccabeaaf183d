//! `hybridgw down`: take away exactly what hybridgw made.

use crate::{
    cli::Down,
    commands::{Run, ask, located, named, refuse_without_consent},
    error::{Error, ErrorKind, Result},
    pipeline::{Plan, Report, observe::discover, refusal, remove, report::failure},
    preflight,
    ui::{self, Text, progress},
};

pub(super) async fn run(run: &mut Run<'_>, args: Down) -> Result<()> {
    let asks = !args.consent.yes && !args.consent.dry_run;
    refuse_without_consent(asks)?;
    let looking = async {
        let named = named(run.global, args.named.stack.as_deref()).await?;
        let (connection, mut reads, config) = named;
        let wanted = config.as_ref().and_then(|config| config.account.as_deref());
        let account = preflight::account(&reads, wanted).await;
        let account = account.map_err(|error| located(error, &connection))?;
        if let Some(config) = &config {
            reads.records = preflight::records(config, &reads).await;
        }
        let owned = discover(&reads).await?;
        let plan = Plan::removal(&reads.stack, &account, &connection.region, owned);
        Ok((connection, reads, plan))
    };
    let (connection, reads, plan) = tokio::select! {
        done = looking => done?,
        why = run.stop.thrown() => return Err(failure(&Report::default(), Some(why))),
    };
    connection.heed(&run.stop);
    run.connection = Some(connection.clone());
    run.converged = plan.is_empty();
    if plan.is_empty() {
        run.printer
            .note(&Text::of(format_args!("Nothing of {} exists", reads.stack)));
        return Ok(());
    }
    run.show(&connection, &plan)?;
    if args.consent.dry_run {
        return Ok(());
    }
    refuse_protected(&plan)?;
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
    let sink = progress::sink(run.printer, run.global.verbose > 0);
    let aws = connection.writer();
    let mut rest = plan.orphans;
    refusal::of_removal(&rest, &reads.forgetful()).await?;
    // Things that another run made meanwhile, or that showed late, go in a
    // second round.
    for _ in 0..2 {
        let gone = remove(&rest, &aws, &reads, sink.as_ref(), &run.stop).await;
        run.report.extend(gone);
        if !run.report.ok() {
            break;
        }
        let fresh = reads.forgetful();
        rest = discover(&fresh).await?;
        if rest.is_empty() {
            run.converged = true;
            let count = run.report.deleted.len();
            let mut text = Text::new();
            text.line()
                .styled(ui::GOOD, "Gone")
                .say(format_args!(": {count} deleted, nothing is left"));
            run.printer.note(&text);
            return Ok(());
        }
    }
    let fresh = reads.forgetful();
    let left = discover(&fresh).await.unwrap_or(rest);
    run.left_behind = left.iter().map(|thing| thing.key.clone()).collect();
    let mut error = failure(&run.report, run.stop.why());
    let names: Vec<String> = left
        .iter()
        .map(|one| format!("{} ({})", one.key, one.id))
        .collect();
    if !names.is_empty() {
        error
            .also
            .push(format!("left behind: {}", names.join(", ")));
    }
    Err(error.hint("run `hybridgw down` again to go on"))
}

/// What is protected is not deleted, and the protection is not lifted quietly.
fn refuse_protected(plan: &Plan) -> Result<()> {
    let protected = plan.orphans.iter().find_map(|thing| {
        let setting = thing.protection?;
        Some((thing, setting))
    });
    match protected {
        None => Ok(()),
        Some((thing, setting)) => Err(Error::invalid(format!(
            "{} is protected by `{setting}`; nothing was deleted",
            thing.key
        ))
        .hint(format!(
            "set `{setting} = false`, run `hybridgw up`, then `hybridgw down`"
        ))),
    }
}

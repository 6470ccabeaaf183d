//! `hybridgw status`: what exists now.

use std::{collections::BTreeMap, io::IsTerminal, time::Duration};

use aws_smithy_types::DateTime;
use serde_json::{Value, json};

use crate::{
    aws::{
        Connection,
        read::{Groups, Reads},
        record::Record,
        tags,
    },
    cli::{self, Global},
    commands::{at, load, named, open},
    error::Result,
    outputs::Status,
    preflight, rehearsal,
    ui::{Printer, Text, tables, tree},
};

pub(super) async fn run(global: &Global, printer: Printer, args: cli::Status) -> Result<u8> {
    if args.all {
        return all(global, printer).await;
    }
    let (connection, reads, config) = named(global, args.named.stack.as_deref()).await?;
    let wanted = config.and_then(|config| config.account);
    let status = at(&connection, async {
        if wanted.is_some() {
            preflight::account(&reads, wanted.as_deref()).await?;
        }
        Status::read(&reads).await
    });
    let status = status.await?;
    if printer.is_json() {
        printer.json(&status)?;
    } else {
        printer.data(&shown(global, &status, &connection))?;
    }
    let codes = status.unreadable.iter().map(|one| one.error.exit_code());
    Ok(codes.max().unwrap_or_default())
}

fn shown(global: &Global, status: &Status, connection: &Connection) -> Text {
    let now = DateTime::from_secs(connection.now());
    tree::status(status, global.verbose > 0, now)
}

/// How long after a look the next one is.
const INTERVAL: Duration = Duration::from_secs(5);

/// Shows the status again and again: in place on a terminal, else, and as JSON
/// lines, whenever it has changed. A look that fails is said, and the next one
/// follows; the first one has to succeed.
pub(super) async fn watch(global: &Global, printer: Printer, args: cli::Status) -> Result<u8> {
    let (connection, reads, config) = named(global, args.named.stack.as_deref()).await?;
    let wanted = config.and_then(|config| config.account);
    if wanted.is_some() {
        preflight::account(&reads, wanted.as_deref()).await?;
    }
    let clock = rehearsal::clock(global);
    let in_place = !printer.is_json() && std::io::stdout().is_terminal();
    let mut last: Option<Value> = None;
    let mut trouble = false;
    loop {
        match Status::read(&reads.forgetful()).await {
            Ok(status) => {
                let now = json!(status);
                let changed = last.as_ref() != Some(&now);
                if printer.is_json() && changed {
                    printer.json_line(&now)?;
                } else if in_place {
                    printer.page(&shown(global, &status, &connection))?;
                } else if changed {
                    printer.data(&shown(global, &status, &connection))?;
                }
                last = Some(now);
                trouble = false;
            }
            Err(error) if last.is_none() && !error.kind.passes() => return Err(error),
            Err(error) => {
                if !std::mem::replace(&mut trouble, true) {
                    printer.warn(format_args!("not up to date: {error}"));
                }
            }
        }
        clock.sleep(INTERVAL).await;
    }
}

/// Every stack of the region, told by the groups that are made first and go
/// last, and by the APIs.
async fn all(global: &Global, printer: Printer) -> Result<u8> {
    // A file that is there says which region is meant; none is needed.
    let of_file = || load(global).ok()?.region;
    let region = global.region.clone().or_else(of_file);
    let connection = open(global, region, None).await?;
    let reads = Reads::new(connection.reader(), "");
    let (groups, apis) =
        tokio::try_join!(reads.security_groups(Groups::OfStacks), reads.rest_apis())?;

    let mut stacks: BTreeMap<String, Option<String>> = BTreeMap::new();
    for group in groups.iter() {
        let tags = tags::of_ec2(group.tags());
        let Some(stack) = tags.get(tags::STACK) else {
            continue;
        };
        let records = Record::of_tags(&tags).into_iter();
        let host = records.map(|record| record.host.name).next();
        let known = stacks.entry(stack.clone()).or_default();
        *known = known.take().or(host);
    }
    let named = apis.iter().filter_map(|api| api.tags()?.get(tags::STACK));
    for stack in named {
        stacks.entry(stack.clone()).or_default();
    }
    if printer.is_json() {
        let rows: Vec<_> = stacks
            .iter()
            .map(|(stack, host)| {
                let url = host.as_ref().map(|host| format!("https://{host}"));
                json!({ "stack": stack, "url": url })
            })
            .collect();
        printer.json(&json!({ "format_version": 1, "stacks": rows }))?;
        return Ok(0);
    }
    let mut text = Text::new();
    let rows: Vec<[String; 2]> = stacks
        .into_iter()
        .map(|(stack, host)| {
            let url = host.map(|host| format!("https://{host}"));
            [stack, url.unwrap_or_default()]
        })
        .collect();
    let rows: Vec<[&str; 2]> = rows.iter().map(|[a, b]| [a.as_str(), b.as_str()]).collect();
    tables::columns(&mut text, &rows);
    if !text.is_empty() {
        printer.data(&text)?;
    }
    Ok(0)
}

//! `hybridgw status`: what exists now.

use std::collections::BTreeMap;

use aws_sdk_ec2::types::Filter;
use serde_json::json;

use crate::{
    aws::{Called, tags},
    cli::{self, Global},
    commands::{named, open},
    error::Result,
    look::Look,
    outputs::Status,
    references,
    resources::security_group::Record,
    ui::{Printer, tables},
};

pub(super) async fn run(global: &Global, printer: Printer, args: cli::Status) -> Result<u8> {
    if args.all {
        return all(global, printer).await;
    }
    let (_, look, config) = named(global, args.named.stack.as_deref()).await?;
    let wanted = config.and_then(|config| config.account);
    if wanted.is_some() {
        references::account(&look, wanted.as_deref()).await?;
    }
    let status = Status::read(&look).await?;
    if printer.is_json() {
        printer.json(&status)?;
    } else {
        printer.data(&tables::status(&status))?;
    }
    Ok(0)
}

/// Every stack of the region, told by the groups that are made first and go
/// last, and by the APIs.
async fn all(global: &Global, printer: Printer) -> Result<u8> {
    let connection = open(global, global.region.clone(), None).await?;
    let look = Look::new(connection.reader(), "");
    let filter = Filter::builder()
        .name("tag-key")
        .values(tags::STACK)
        .build();
    let groups = look
        .aws
        .ec2
        .describe_security_groups()
        .filters(filter)
        .into_paginator()
        .items()
        .send();
    let apis = look
        .aws
        .apigateway
        .get_rest_apis()
        .limit(500)
        .into_paginator()
        .items()
        .send();
    let groups = groups
        .collect::<std::result::Result<Vec<_>, _>>()
        .await
        .called("DescribeSecurityGroups")?;
    let apis = apis
        .collect::<std::result::Result<Vec<_>, _>>()
        .await
        .called("GetRestApis")?;

    let mut stacks: BTreeMap<String, Option<String>> = BTreeMap::new();
    for group in &groups {
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
    let mut text = String::new();
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

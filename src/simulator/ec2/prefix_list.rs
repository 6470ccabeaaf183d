//! Prefix lists: the one AWS keeps for S3, for clients that ask before they look at an endpoint.

use serde_json::{Value, json};

use super::filter::{filters, page};
use crate::codec::{Input, Output, Refusal, ok};
use crate::random::digest;
use crate::world::Ctx;

/// `DescribePrefixLists`.
pub fn describe(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let filters = filters(input, &["prefix-list-id", "prefix-list-name"])?;
    let (id, name) = (s3(ctx.region), format!("com.amazonaws.{}.s3", ctx.region));
    let wanted = input.texts("PrefixListId");
    if let Some(lost) = wanted.iter().find(|wanted| **wanted != id) {
        return Err(absent(lost));
    }
    let values = |filter: &str| {
        let value = if filter == "prefix-list-id" {
            &id
        } else {
            &name
        };
        vec![value.clone()]
    };
    let mut lists =
        vec![json!({"cidrSet": ["192.0.2.0/24"], "prefixListId": id, "prefixListName": name})];
    lists.retain(|_| filters.iter().all(|filter| filter.keeps(None, values)));
    let (lists, next) = page(ctx, lists, input, 1)?;
    ok(json!({"nextToken": next, "prefixListSet": Value::Array(lists)}))
}

/// The list's id in a region, made up.
fn s3(region: &str) -> String {
    format!("pl-{}", digest(region, 8))
}

/// EC2 API reference, "Error codes".
fn absent(id: &str) -> Refusal {
    Refusal::new(
        "InvalidPrefixListID.NotFound",
        format!("The prefix list ID '{id}' does not exist"),
    )
}

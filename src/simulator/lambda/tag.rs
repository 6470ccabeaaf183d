//! Tags of functions.

use serde_json::{Value, json};

use super::name::{invalid, parse};
use super::state::{Function, Tags};
use crate::codec::{Input, Output, Refusal, ok};
use crate::world::Ctx;

/// Reads a map of tags.
pub fn tags(input: &Input, name: &str) -> Tags {
    let given = input.get(name).and_then(Value::as_object);
    let pairs = given.into_iter().flatten();
    pairs
        .filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned())))
        .collect()
}

/// Lambda developer guide, "Using tags": 50 at most (the words are recorded).
pub fn within_limit(tags: &Tags) -> Result<(), Refusal> {
    if tags.len() > 50 {
        return Err(invalid("Number of tags exceeds resource tag limit."));
    }
    Ok(())
}

/// The function of a tagging call: its ARN, without a qualifier (Lambda API reference, `TagResource`).
fn tagged<'a>(ctx: &'a mut Ctx<'_>, input: &Input) -> Result<&'a mut Function, Refusal> {
    let arn = input.require("Resource")?;
    let named = parse(ctx, arn)?;
    if !arn.starts_with("arn:") || named.qualifier.is_some() {
        return Err(invalid(
            "Tags on function aliases and versions are not supported. Please specify a function ARN.",
        ));
    }
    let absent = named.absent(ctx);
    ctx.here.lambda.functions.get_mut(&named.name).ok_or(absent)
}

/// `TagResource`: 50 at most, `aws:` is reserved (Lambda developer guide, "Using tags").
pub fn tag(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let new = tags(input, "Tags");
    if new.is_empty() {
        // Recorded.
        let text = "An error occurred and the request cannot be processed.";
        return Err(invalid(text));
    }
    let function = tagged(ctx, input)?;
    if new
        .keys()
        .any(|key| key.to_ascii_lowercase().starts_with("aws:"))
    {
        return Err(invalid("Tag keys starting with 'aws:' are reserved."));
    }
    function.tags.extend(new);
    within_limit(&function.tags)?;
    Ok(Output::empty(204))
}

/// `UntagResource`.
pub fn untag(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let keys = input.texts("tagKeys");
    tagged(ctx, input)?
        .tags
        .retain(|key, _| !keys.contains(key));
    Ok(Output::empty(204))
}

/// `ListTags`.
pub fn list_tags(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let tags = &tagged(ctx, input)?.tags;
    ok(json!({"Tags": tags}))
}

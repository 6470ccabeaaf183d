//! Tags: in create calls, afterwards, and as things of their own.

use serde_json::{Value, json};

use super::filter::{filters, page};
use super::id::{Kind, TAGGED, tagged};
use super::state::{State, Tags};
use crate::codec::{Input, Output, Refusal, ok};
use crate::world::Ctx;

/// Reads the `TagSpecification`s of a create call for a thing of this kind.
///
/// Another resource type is refused, and duplicate keys are (observed).
pub fn specified(input: &Input, kind: &Kind) -> Result<Tags, Refusal> {
    let mut tags = Tags::new();
    for specification in input.each("TagSpecification") {
        let resource = specification.text("ResourceType").unwrap_or_default();
        if resource != kind.tagged {
            let text =
                format!("'{resource}' is not a valid taggable resource type for this operation.");
            return Err(Refusal::new("InvalidParameterValue", text));
        }
        add(&mut tags, &specification)?;
    }
    within_limit(&tags)?;
    Ok(tags)
}

/// Adds the tags of a request; a key that stands twice is refused.
///
/// Observed: `CreateTags`.
fn add(tags: &mut Tags, input: &Input) -> Result<(), Refusal> {
    let mut seen = Vec::new();
    for tag in input.each("Tag") {
        let key = tag.require("Key")?.to_owned();
        let value = tag.text("Value").unwrap_or_default().to_owned();
        check(&key, &value)?;
        if seen.contains(&key) {
            return Err(Refusal::new(
                "InvalidParameterValue",
                format!("Duplicate tag key '{key}' specified."),
            ));
        }
        seen.push(key.clone());
        tags.insert(key, value);
    }
    Ok(())
}

/// EC2 user guide, "Tag restrictions": 128 and 256 characters, `aws:` is reserved.
fn check(key: &str, value: &str) -> Result<(), Refusal> {
    let refuse = |text: String| Err(Refusal::new("InvalidParameterValue", text));
    if key.to_ascii_lowercase().starts_with("aws:") {
        return refuse("Tag keys starting with 'aws:' are reserved for internal use".to_owned());
    }
    if key.chars().count() > 128 {
        return refuse(format!(
            "Tag key exceeds the maximum length of 128 characters: {key}"
        ));
    }
    if value.chars().count() > 256 {
        return refuse(format!(
            "Tag value exceeds the maximum length of 256 characters: {value}"
        ));
    }
    Ok(())
}

/// EC2 user guide, "Tag restrictions": 50 tags a resource.
fn within_limit(tags: &Tags) -> Result<(), Refusal> {
    if tags.len() > 50 {
        return Err(Refusal::new(
            "TagLimitExceeded",
            "The maximum number of tags for a resource is 50",
        ));
    }
    Ok(())
}

/// Puts the tags of a new thing in place.
pub fn put(state: &mut State, id: &str, tags: Tags) {
    if !tags.is_empty() {
        state.tags.insert(id.to_owned(), tags);
    }
}

/// Returns a thing's `tagSet`.
pub fn set(state: &State, id: &str) -> Value {
    let tags = state.tags.get(id).into_iter().flatten();
    tags.map(|(key, value)| json!({"key": key, "value": value}))
        .collect()
}

/// `CreateTags`: sets tags on several things, or on none of them.
pub fn create(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let ids = input.texts("ResourceId");
    if ids.is_empty() {
        return Err(input.protocol.missing("resourceIdSet"));
    }
    if input.each("Tag").is_empty() {
        return Err(input.protocol.missing("tagSet"));
    }
    for id in ids {
        let state = &mut ctx.here.ec2;
        tagged(state, &id)?;
        let tags = state.tags.entry(id).or_default();
        add(tags, input)?;
        within_limit(tags)?;
    }
    ok(json!({"return": true}))
}

/// `DeleteTags`: a key alone removes the tag, a key with a value only a tag of that value, no tags at all every tag.
pub fn delete(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let ids = input.texts("ResourceId");
    if ids.is_empty() {
        return Err(input.protocol.missing("resourceIdSet"));
    }
    let wanted = input.each("Tag");
    for id in ids {
        let state = &mut ctx.here.ec2;
        tagged(state, &id)?;
        let Some(tags) = state.tags.get_mut(&id) else {
            continue;
        };
        tags.retain(|key, value| {
            !wanted.is_empty() && !wanted.iter().any(|tag| goes(tag, key, value))
        });
        if tags.is_empty() {
            state.tags.remove(&id);
        }
    }
    ok(json!({"return": true}))
}

fn goes(tag: &Input, key: &str, value: &str) -> bool {
    tag.text("Key") == Some(key) && tag.text("Value").is_none_or(|wanted| wanted == value)
}

/// `DescribeTags`.
pub fn describe(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let filters = filters(input, &["key", "value", "resource-id", "resource-type"])?;
    let mut found = Vec::new();
    for (id, tags) in &ctx.here.ec2.tags {
        let kind = TAGGED
            .iter()
            .find(|kind| kind.fits(id))
            .map_or("", |kind| kind.tagged);
        for (key, value) in tags {
            let alone = Tags::from([(key.clone(), value.clone())]);
            let values = |name: &str| match name {
                "key" => vec![key.clone()],
                "value" => vec![value.clone()],
                "resource-id" => vec![id.clone()],
                _ => vec![kind.to_owned()],
            };
            if filters
                .iter()
                .all(|filter| filter.keeps(Some(&alone), values))
            {
                found.push(
                    json!({"key": key, "resourceId": id, "resourceType": kind, "value": value}),
                );
            }
        }
    }
    let (tags, next) = page(ctx, found, input, 5)?;
    ok(json!({"nextToken": next, "tagSet": tags}))
}

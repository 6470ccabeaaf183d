//! Tags of hosted zones.

use serde_json::{Value, json};

use super::zone::absent;
use crate::codec::{Input, Output, Refusal, ok};
use crate::world::Ctx;

/// Health checks are not simulated.
///
/// Route 53 API reference, `ListTagsForResource` (the code is an assumption).
fn zone_id(input: &Input) -> Result<&str, Refusal> {
    match input.require("ResourceType")? {
        "hostedzone" => input.require("ResourceId"),
        other => {
            let text = format!("Tags of a {other} are not simulated");
            Err(Refusal::new("InvalidInput", text))
        }
    }
}

/// `ListTagsForResource`.
pub fn list(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let id = zone_id(input)?;
    let zones = &ctx.global.route53.zones;
    let zone = zones.get(id).ok_or_else(|| absent(id))?;
    let tags = zone.tags.iter();
    let tags: Vec<Value> = tags
        .map(|(key, value)| json!({"Key": key, "Value": value}))
        .collect();
    ok(json!({"ListTagsForResourceResponse": {"ResourceTagSet": {
        "ResourceType": "hostedzone",
        "ResourceId": id,
        "Tags": {"Tag": tags},
    }}}))
}

/// `ChangeTagsForResource`: 10 tags a zone at most (Route 53 API reference).
pub fn change(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let id = zone_id(input)?;
    let zones = &mut ctx.global.route53.zones;
    let zone = zones.get_mut(id).ok_or_else(|| absent(id))?;
    let adds = input
        .child("AddTags")
        .map(|tags| tags.each("Tag"))
        .unwrap_or_default();
    let removes = input
        .child("RemoveTagKeys")
        .map(|keys| keys.texts("Key"))
        .unwrap_or_default();
    if adds.is_empty() && removes.is_empty() {
        return Err(Refusal::new(
            "InvalidInput",
            "AddTags or RemoveTagKeys is required",
        ));
    }
    for tag in adds {
        let value = tag.text("Value").unwrap_or_default().to_owned();
        zone.tags.insert(tag.require("Key")?.to_owned(), value);
    }
    zone.tags.retain(|key, _| !removes.contains(key));
    if zone.tags.len() > 10 {
        return Err(Refusal::new(
            "InvalidInput",
            "A hosted zone has 10 tags at most",
        ));
    }
    ok(json!({"ChangeTagsForResourceResponse": {}}))
}

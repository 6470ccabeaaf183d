//! Tags.

use serde_json::{Value, json};

use super::arn::{exists, invalid};
use super::state::{Pairs, State};
use crate::codec::{Input, Output, Refusal, ok};
use crate::world::Ctx;

/// Reads the tags of a request.
///
/// `ELBv2` API reference: a key that stands twice is `DuplicateTagKeys`; a
/// resource has up to 50 (`TooManyTags`); `aws:` is reserved (`Tag`).
pub fn specified(input: &Input) -> Result<Pairs, Refusal> {
    let mut tags = Pairs::new();
    for tag in input.each("Tags") {
        let key = tag.require("Key")?;
        let value = tag.text("Value").unwrap_or_default();
        check(key, value)?;
        if tags.insert(key.to_owned(), value.to_owned()).is_some() {
            let text = format!("The tag key '{key}' was specified more than once");
            return Err(Refusal::new("DuplicateTagKeys", text));
        }
    }
    within_limit(&tags)?;
    Ok(tags)
}

/// `ELBv2` API reference, `Tag`: 128 and 256 characters of letters, spaces, digits and `_.:/=+-@`.
fn check(key: &str, value: &str) -> Result<(), Refusal> {
    let plain = |text: &str| {
        text.chars()
            .all(|letter| letter.is_alphanumeric() || letter == ' ' || "_.:/=+-@".contains(letter))
    };
    if key.to_ascii_lowercase().starts_with("aws:") {
        return Err(invalid("Tag keys beginning with 'aws:' are reserved"));
    }
    if key.chars().count() > 128 || value.chars().count() > 256 || !plain(key) || !plain(value) {
        return Err(invalid(format!("The tag '{key}'='{value}' is not valid")));
    }
    Ok(())
}

/// ELB API reference, `AddTags`: `TooManyTags`, beyond 50.
fn within_limit(tags: &Pairs) -> Result<(), Refusal> {
    if tags.len() > 50 {
        let text = "The limit of 50 tags for this resource has been reached";
        return Err(Refusal::new("TooManyTags", text));
    }
    Ok(())
}

/// Puts the tags of a new thing in place.
pub fn put(state: &mut State, arn: &str, tags: Pairs) {
    if !tags.is_empty() {
        state.tags.insert(arn.to_owned(), tags);
    }
}

/// Returns whether a thing has exactly these tags.
pub fn same(state: &State, arn: &str, tags: &Pairs) -> bool {
    state
        .tags
        .get(arn)
        .map_or(tags.is_empty(), |has| has == tags)
}

/// `AddTags`.
pub fn add(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let arns = arns(ctx, input)?;
    let tags = specified(input)?;
    if tags.is_empty() {
        return Err(input.protocol.missing("Tags"));
    }
    for arn in arns {
        let has = ctx.here.elbv2.tags.entry(arn).or_default();
        has.extend(tags.clone());
        within_limit(has)?;
    }
    ok(json!({}))
}

/// `RemoveTags`.
pub fn remove(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let arns = arns(ctx, input)?;
    let keys = input.texts("TagKeys");
    if keys.is_empty() {
        return Err(input.protocol.missing("TagKeys"));
    }
    for arn in arns {
        let state = &mut ctx.here.elbv2;
        if let Some(has) = state.tags.get_mut(&arn) {
            has.retain(|key, _| !keys.contains(key));
        }
        state.tags.retain(|_, tags| !tags.is_empty());
    }
    ok(json!({}))
}

/// `DescribeTags`.
pub fn describe(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let arns = arns(ctx, input)?;
    let set = |arn: &String| -> Value {
        let tags = ctx.here.elbv2.tags.get(arn).into_iter().flatten();
        tags.map(|(key, value)| json!({"Key": key, "Value": value}))
            .collect()
    };
    let descriptions: Value = arns
        .iter()
        .map(|arn| json!({"ResourceArn": arn, "Tags": set(arn)}))
        .collect();
    ok(json!({"TagDescriptions": descriptions}))
}

/// Reads the ARNs of a request: up to 20 (`ELBv2` API reference, `DescribeTags`; for the others an assumption), all of which exist.
fn arns(ctx: &Ctx<'_>, input: &Input) -> Result<Vec<String>, Refusal> {
    let arns = input.texts("ResourceArns");
    if arns.is_empty() {
        return Err(input.protocol.missing("ResourceArns"));
    }
    if arns.len() > 20 {
        return Err(invalid("Up to 20 resources can be specified in one call"));
    }
    for arn in &arns {
        exists(&ctx.here.elbv2, arn)?;
    }
    Ok(arns)
}

//! Tags of certificates.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::arn::{find, find_mut};
use crate::codec::{Input, Output, Refusal, ok};
use crate::world::Ctx;

/// Reads the tags of a request (ACM API reference: `InvalidTagException`, `TooManyTagsException`, 50 tags).
pub fn read(input: &Input) -> Result<BTreeMap<String, String>, Refusal> {
    let mut tags = BTreeMap::new();
    for tag in input.each("Tags") {
        let key = tag.require("Key")?;
        let value = tag.text("Value").unwrap_or_default();
        let reserved = key.to_ascii_lowercase().starts_with("aws:");
        let long = key.chars().count() > 128 || value.chars().count() > 256;
        if reserved || long || tags.insert(key.to_owned(), value.to_owned()).is_some() {
            let text = format!("The tag '{key}' is reserved, too long, or there twice");
            return Err(Refusal::new("InvalidTagException", text));
        }
    }
    within_limit(&tags)?;
    Ok(tags)
}

/// ACM API reference: `TooManyTagsException`, beyond 50.
fn within_limit(tags: &BTreeMap<String, String>) -> Result<(), Refusal> {
    if tags.len() > 50 {
        let text = "A certificate has up to 50 tags";
        return Err(Refusal::new("TooManyTagsException", text));
    }
    Ok(())
}

/// `AddTagsToCertificate`.
pub fn add(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let tags = read(input)?;
    let certificate = find_mut(ctx, input.require("CertificateArn")?)?;
    certificate.tags.extend(tags);
    within_limit(&certificate.tags)?;
    ok(json!({}))
}

/// `ListTagsForCertificate`.
pub fn list(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let certificate = find(ctx, input.require("CertificateArn")?)?;
    let item = |(key, value): (&String, &String)| json!({"Key": key, "Value": value});
    ok(json!({"Tags": certificate.tags.iter().map(item).collect::<Value>()}))
}

/// `RemoveTagsFromCertificate`: a key alone removes the tag, a key with a value only a tag of that value (ACM API reference).
pub fn remove(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let wanted = input.each("Tags");
    let certificate = find_mut(ctx, input.require("CertificateArn")?)?;
    let goes = |key: &str, value: &str| {
        wanted.iter().any(|tag| {
            tag.text("Key") == Some(key) && tag.text("Value").is_none_or(|wanted| wanted == value)
        })
    };
    certificate.tags.retain(|key, value| !goes(key, value));
    ok(json!({}))
}

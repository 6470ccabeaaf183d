//! What all of API Gateway's operations share: refusals, paging, tags in calls.

use serde_json::{Map, Value};

use super::state::{Api, State, Tags};
use crate::codec::{Input, Refusal};
use crate::paging;
use crate::world::Ctx;

/// API Gateway API reference: `BadRequestException`, 400.
pub fn bad(message: impl Into<String>) -> Refusal {
    Refusal::new("BadRequestException", message)
}

/// API Gateway API reference: `ConflictException`, 409.
pub fn conflict(message: impl Into<String>) -> Refusal {
    Refusal::new("ConflictException", message).status(409)
}

/// API Gateway API reference: `NotFoundException`, 404. "Invalid … identifier specified": observed (serverless-domain-manager#210).
pub fn missing(what: &str) -> Refusal {
    let text = format!("Invalid {what} identifier specified");
    Refusal::new("NotFoundException", text).status(404)
}

/// API Gateway API reference: `LimitExceededException`, 429.
pub fn limit(message: impl Into<String>) -> Refusal {
    Refusal::new("LimitExceededException", message).status(429)
}

/// Returns the API that a request names. The message names the account too (observed: localstack#3288).
pub fn api<'a>(ctx: &'a Ctx<'_>, input: &Input) -> Result<(&'a str, &'a Api), Refusal> {
    let id = input.require("restapi_id")?;
    let found = ctx.here.apigateway.apis.get_key_value(id);
    found
        .map(|(id, api)| (id.as_str(), api))
        .ok_or_else(|| missing_api(ctx.account, id))
}

/// Returns the API that a request names, to change it.
pub fn api_mut<'a>(
    account: &str,
    state: &'a mut State,
    input: &Input,
) -> Result<&'a mut Api, Refusal> {
    let id = input.require("restapi_id")?;
    state
        .apis
        .get_mut(id)
        .ok_or_else(|| missing_api(account, id))
}

/// API Gateway API reference: `NotFoundException` (the words are recorded).
fn missing_api(account: &str, id: &str) -> Refusal {
    let text = format!("Invalid API identifier specified {account}:{id}");
    Refusal::new("NotFoundException", text).status(404)
}

/// Cuts a page: `limit` is 25 unless told, and 500 at most (API Gateway API reference, `GetRestApis`).
pub fn page(ctx: &Ctx<'_>, input: &Input, items: Vec<Value>) -> Result<Value, Refusal> {
    let asked = match input.number("limit") {
        None => 25,
        Some(asked @ 1..=500) => usize::try_from(asked).unwrap_or(500),
        Some(asked) => {
            return Err(bad(format!(
                "limit must be between 1 and 500, and is {asked}"
            )));
        }
    };
    let size = ctx.conditions.page.unwrap_or(asked).min(asked);
    let (items, position) = paging::cut(items, size, input.text("position"))
        .ok_or_else(|| bad("Invalid position specified"))?;
    let mut answer = Map::new();
    answer.insert("item".to_owned(), items.into());
    if let Some(position) = position {
        answer.insert("position".to_owned(), position.into());
    }
    Ok(Value::Object(answer))
}

/// Reads the tags of a request.
pub fn tags(input: &Input) -> Result<Tags, Refusal> {
    let mut tags = Tags::new();
    for (key, value) in strings(input, "tags")? {
        check_tag(&key, &value)?;
        tags.insert(key, value);
    }
    within_limit(&tags)?;
    Ok(tags)
}

/// API Gateway API reference, `TagResource`: 128 and 256 characters, `aws:` is reserved.
fn check_tag(key: &str, value: &str) -> Result<(), Refusal> {
    if key.is_empty() || key.chars().count() > 128 || key.to_ascii_lowercase().starts_with("aws:") {
        return Err(bad(format!("Invalid tag key: {key}")));
    }
    if value.chars().count() > 256 {
        return Err(bad(format!("Invalid tag value for the key {key}")));
    }
    Ok(())
}

/// API Gateway developer guide, "Tag restrictions": 50 tags a resource. The code is an assumption.
pub fn within_limit(tags: &Tags) -> Result<(), Refusal> {
    if tags.len() > 50 {
        return Err(bad("The maximum number of tags for a resource is 50"));
    }
    Ok(())
}

/// Reads a map of texts.
///
/// Assumption: what is no such map is a `BadRequestException`.
pub fn strings(input: &Input, name: &str) -> Result<Vec<(String, String)>, Refusal> {
    let members = match input.get(name) {
        None => return Ok(Vec::new()),
        Some(Value::Object(members)) => members,
        Some(_) => return Err(bad(format!("{name} must be a map"))),
    };
    let text = |(key, value): (&String, &Value)| {
        let value = value
            .as_str()
            .ok_or_else(|| bad(format!("{name} must be a map of strings")))?;
        Ok((key.clone(), value.to_owned()))
    };
    members.iter().map(text).collect()
}

/// Copies the members that are there.
pub fn settings(input: &Input, names: &[&str]) -> Map<String, Value> {
    let given = names
        .iter()
        .filter_map(|name| Some(((*name).to_owned(), input.get(name)?.clone())));
    given.collect()
}

/// A structure without its null members: API Gateway leaves out what is not set (observed).
pub fn tidy(tree: Value) -> Value {
    match tree {
        Value::Object(members) => members
            .into_iter()
            .filter(|(_, value)| !value.is_null())
            .collect::<Map<_, _>>()
            .into(),
        other => other,
    }
}

/// How an import says what it could not do (observed).
pub fn failed(what: &str, refusal: &Refusal) -> Refusal {
    bad(format!(
        "Errors found during import:\n\tUnable to {what}: {}",
        refusal.message
    ))
}

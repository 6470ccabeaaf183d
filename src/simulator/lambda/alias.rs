//! Aliases: names for versions.

use serde_json::{Value, json};

use super::name::{Named, conflict, missing, unfit};
use super::revision::revision;
use super::state::Alias;
use crate::codec::{Input, Output, Refusal, ok};
use crate::world::Ctx;

fn alias_shown(ctx: &Ctx<'_>, function: &str, name: &str, alias: &Alias) -> Value {
    json!({
        "AliasArn": ctx.arn("lambda", &format!("function:{function}:{name}")),
        "Name": name,
        "FunctionVersion": alias.version,
        "Description": alias.description,
        "RevisionId": alias.revision,
    })
}

/// `CreateAlias`: of a version that is there, under a name that is no number (Lambda API reference).
pub fn create(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let named = Named::of(ctx, input)?;
    let (name, version) = (input.require("Name")?, input.require("FunctionVersion")?);
    let allowed = |letter: char| letter.is_ascii_alphanumeric() || letter == '-' || letter == '_';
    let number = name.bytes().all(|byte| byte.is_ascii_digit());
    if name.len() > 128 || number || !name.chars().all(allowed) {
        // Recorded.
        return Err(unfit("name", name, "(?!^[0-9]+$)([a-zA-Z0-9-_]+)"));
    }
    let function = named.find(ctx, &ctx.here.lambda)?;
    let target = Named {
        name: named.name.clone(),
        qualifier: Some(version.to_owned()),
    };
    let of_alias = function.aliases.contains_key(version);
    if of_alias || !target.qualified(function) {
        return Err(target.absent(ctx));
    }
    if function.aliases.contains_key(name) {
        let arn = ctx.arn("lambda", &format!("function:{}:{name}", named.name));
        return Err(conflict(format!("Alias already exists: {arn}")));
    }
    let alias = Alias {
        version: version.to_owned(),
        description: input.text("Description").unwrap_or_default().to_owned(),
        revision: revision(ctx.random),
    };
    let tree = alias_shown(ctx, &named.name, name, &alias);
    if let Some(function) = ctx.here.lambda.functions.get_mut(&named.name) {
        function.aliases.insert(name.to_owned(), alias);
    }
    Ok(Output::from(tree).status(201))
}

/// `GetAlias`.
///
/// The words are recorded.
pub fn get(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let named = Named::of(ctx, input)?;
    let name = input.require("Name")?;
    let function = named.find(ctx, &ctx.here.lambda)?;
    let alias = function.aliases.get(name).ok_or_else(|| {
        let arn = ctx.arn("lambda", &format!("function:{}:{name}", named.name));
        missing(format!("Cannot find alias arn: {arn}"))
    })?;
    ok(alias_shown(ctx, &named.name, name, alias))
}

/// `DeleteAlias`: also if it is gone already (assumption), with its policy.
pub fn delete(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let named = Named::of(ctx, input)?;
    let name = input.require("Name")?;
    named.find(ctx, &ctx.here.lambda)?;
    if let Some(function) = ctx.here.lambda.functions.get_mut(&named.name) {
        function.aliases.remove(name);
        function.policies.remove(name);
    }
    Ok(Output::empty(204))
}

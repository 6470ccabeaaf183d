//! `UpdateFunctionConfiguration`.

use super::check::{CHANGES, check_settings};
use super::function::{CREATION, settings, shown};
use super::name::{Named, conflict, invalid};
use super::revision::{check_revision, fresh};
use crate::codec::{Input, Output, Refusal, ok};
use crate::world::Ctx;

/// `UpdateFunctionConfiguration`: of `$LATEST`; it is `InProgress` for a while (recorded).
pub fn update(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let named = Named::of(ctx, input)?;
    let function = named.find(ctx, &ctx.here.lambda)?;
    if named
        .qualifier
        .as_deref()
        .is_some_and(|one| one != "$LATEST")
    {
        // Lambda API reference: only the unpublished version can be changed; the code is an assumption.
        return Err(invalid("A published version cannot be changed."));
    }
    let revision = function.revision("", ctx.now);
    check_revision(revision, input, "GetFunction/GetAlias API")?;
    if function.latest.is_under_way(ctx.now) {
        // The first is observed, the second recorded.
        let why = if function.latest.updating {
            let arn = ctx.arn("lambda", &format!("function:{}", named.name));
            format!("An update is in progress for resource: {arn}")
        } else {
            "The function is currently in the following state: Pending".to_owned()
        };
        let text = format!("The operation cannot be performed at this time. {why}");
        return Err(conflict(text));
    }
    check_settings(ctx, input)?;
    let mut changes = settings(input, &named.name, CHANGES);
    changes.remove("FunctionName");
    changes.remove("RevisionId");
    let mut function = function.clone();
    function.latest.settings.extend(changes);
    function.latest.modified = ctx.now;
    function.latest.active = Some(ctx.now + CREATION);
    function.latest.updating = true;
    function.revise("", fresh(ctx.random));
    let tree = shown(ctx, &named.name, &function, "$LATEST", None);
    ctx.here.lambda.functions.insert(named.name, function);
    ok(tree)
}

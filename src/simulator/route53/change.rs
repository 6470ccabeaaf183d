//! Changes: `PENDING`, and `INSYNC` in time.

use serde_json::{Value, json};

use super::state::{Change, Event};
use crate::codec::{Input, Output, Refusal, ok};
use crate::latency::CHANGE_INSYNC;
use crate::world::{self, Ctx};

/// Begins a change, and returns its `ChangeInfo`.
pub fn begin(ctx: &mut Ctx<'_>, comment: Option<&str>) -> Value {
    let id = format!("C{}", ctx.random.letters(20).to_ascii_uppercase());
    let change = Change {
        submitted: ctx.now,
        in_sync: false,
        comment: comment.map(str::to_owned),
    };
    let tree = shown(&id, &change);
    ctx.global.route53.changes.insert(id.clone(), change);
    let delay = ctx.takes(CHANGE_INSYNC);
    ctx.after(delay, world::Event::Route53(Event::InSync(id)));
    tree
}

fn shown(id: &str, change: &Change) -> Value {
    json!({
        "Id": format!("/change/{id}"),
        "Status": if change.in_sync { "INSYNC" } else { "PENDING" },
        "SubmittedAt": change.submitted.iso(),
        "Comment": change.comment,
    })
}

/// `GetChange`. Route 53 API reference: `NoSuchChange`, 404; the words are observed.
pub fn get(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let id = input.require("Id")?;
    let change = ctx.global.route53.changes.get(id).ok_or_else(|| {
        let text = format!("Could not find resource with ID: {id}");
        Refusal::new("NoSuchChange", text).status(404)
    })?;
    ok(json!({"GetChangeResponse": {"ChangeInfo": shown(id, change)}}))
}

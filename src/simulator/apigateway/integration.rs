//! What answers a method.

use serde_json::{Value, json};

use super::common::{missing, settings};
use super::integration_check::{TYPES, check, check_types, mapped};
use super::integration_view::{own, shown};
use super::method::{method, method_mut, patched};
use super::patch::{Form, invalid, outside, patches};
use super::state::{Integration, Members};
use crate::codec::{Input, Output, Refusal, ok};
use crate::world::Ctx;

/// API Gateway API reference, `Integration`: what it has besides its type, verb, URI and responses.
pub const SETTINGS: &[&str] = &[
    "cacheKeyParameters",
    "cacheNamespace",
    "connectionId",
    "connectionType",
    "contentHandling",
    "credentials",
    "integrationTarget",
    "passthroughBehavior",
    "requestParameters",
    "requestTemplates",
    "responseTransferMode",
    "timeoutInMillis",
    "tlsConfig",
];

/// Makes an integration of its members.
pub fn of(mut tree: Members) -> Integration {
    let mut text = |name: &str| match tree.remove(name) {
        Some(Value::String(text)) => Some(text),
        _ => None,
    };
    let kind = text("type").unwrap_or_default();
    let (mut http_method, mut uri) = (text("httpMethod"), text("uri"));
    if kind == "MOCK" {
        // Recorded: a mock keeps neither.
        (http_method, uri) = (None, None);
    }
    Integration {
        kind,
        http_method,
        uri,
        settings: tree,
        ..Integration::default()
    }
}

/// `PutIntegration`: in place of the one before, without its responses.
pub fn put(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let kind = input.require("type")?;
    if !TYPES.contains(&kind) {
        // Before existence is looked at (recorded).
        invalid(&[outside(kind, "putIntegrationInput.type", TYPES)])?;
    }
    let mut tree = settings(input, SETTINGS);
    tree.extend(settings(input, &["type", "httpMethod", "uri"]));
    check_types(&tree)?;
    let method = method_mut(ctx, input)?;
    let mut integration = of(tree);
    check(&integration)?;
    mapped(&integration, method)?;
    defaults(
        &mut integration,
        input.text("resource_id").unwrap_or_default(),
    );
    let tree = shown(&integration);
    method.integration = Some(integration);
    Ok(Output::from(tree).status(201))
}

/// What is there when nothing is said (recorded: `PutIntegration` and imports; `INTERNET` only towards HTTP).
pub fn defaults(integration: &mut Integration, resource: &str) {
    let defaults = [
        ("passthroughBehavior", json!("WHEN_NO_MATCH")),
        ("timeoutInMillis", json!(29_000)),
        ("cacheNamespace", json!(resource)),
        ("cacheKeyParameters", json!([])),
    ];
    for (name, value) in defaults {
        integration.settings.entry(name).or_insert(value);
    }
    if integration.kind.starts_with("HTTP") {
        let kind = integration.settings.entry("connectionType");
        kind.or_insert_with(|| "INTERNET".into());
    }
}

/// `GetIntegration`.
pub fn get(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let (_, method) = method(ctx, input)?;
    let integration = method.integration.as_ref();
    ok(shown(integration.ok_or_else(|| missing("Integration"))?))
}

/// API Gateway API reference, "Patch operations": `UpdateIntegration`.
const PATCHES: &[(&str, Form)] = &[
    ("/cacheKeyParameters/", Form::Items),
    ("/cacheKeyParameters", Form::Values),
    ("/cacheNamespace", Form::Text),
    ("/connectionId", Form::Text),
    ("/connectionType", Form::Text),
    ("/contentHandling", Form::Text),
    ("/credentials", Form::Text),
    ("/httpMethod", Form::Text),
    ("/integrationTarget", Form::Text),
    ("/passthroughBehavior", Form::Text),
    ("/requestParameters/", Form::Texts),
    ("/requestTemplates/", Form::Texts),
    ("/responseTransferMode", Form::Text),
    ("/timeoutInMillis", Form::Number),
    ("/tlsConfig/insecureSkipVerification", Form::Flag),
    ("/uri", Form::Text),
];

/// `UpdateIntegration`: all patches or none.
pub fn update(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let patches = patches(input, "updateIntegrationInput")?;
    let method = method_mut(ctx, input)?;
    let before = method.clone();
    let found = method.integration.as_mut();
    let found = found.ok_or_else(|| missing("Integration"))?;
    let mut changed = of(patched(&Value::Object(own(found)), &patches, PATCHES)?);
    check(&changed)?;
    mapped(&changed, &before)?;
    changed.responses.clone_from(&found.responses);
    *found = changed;
    ok(shown(found))
}

/// `DeleteIntegration`.
pub fn delete(ctx: &mut Ctx<'_>, input: &Input) -> Result<Output, Refusal> {
    let method = method_mut(ctx, input)?;
    let gone = method.integration.take();
    gone.ok_or_else(|| missing("Integration"))?;
    Ok(Output::empty(204))
}

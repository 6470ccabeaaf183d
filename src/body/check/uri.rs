//! The forms of integration URIs and ARNs.

use crate::body::normal::ACCOUNT;

/// What a variable of the stage looks like; its value is not known here.
const STAGE_VARIABLE: &str = "${stageVariables.";

/// An action of an AWS service, as an integration names it:
/// `arn:<partition>:apigateway:<region>:<service>:path|action/…`
/// (API reference, "Integration", `uri`).
pub(super) struct Action<'a> {
    pub partition: &'a str,
    pub region: &'a str,
    pub service: &'a str,
    /// `path/…` or `action/…`.
    pub rest: &'a str,
}

/// Reads the ARN of an action.
pub(super) fn action(uri: &str) -> Option<Action<'_>> {
    let mut fields = uri.splitn(6, ':');
    let (arn, partition, gateway) = (fields.next()?, fields.next()?, fields.next()?);
    let (region, service, rest) = (fields.next()?, fields.next()?, fields.next()?);
    let kind = rest.starts_with("path/") || rest.starts_with("action/");
    let named = !partition.is_empty() && !region.is_empty() && !service.is_empty();
    (arn == "arn" && gateway == "apigateway" && kind && named).then_some(Action {
        partition,
        region,
        service,
        rest,
    })
}

/// How an integration invokes a function.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Invocation {
    Buffered,
    Streamed,
}

/// The function and the way of its invocation in the path of a Lambda action.
pub(super) fn invocation(rest: &str) -> Option<(&str, Invocation)> {
    let path = rest.strip_prefix("path/")?;
    let path = path.strip_prefix('/').unwrap_or(path);
    let (_, path) = path.split_once("/functions/")?;
    if let Some(function) = path.strip_suffix("/invocations") {
        return Some((function, Invocation::Buffered));
    }
    // Developer guide, "Configure a Lambda proxy integration with payload response streaming".
    let function = path.strip_suffix("/response-streaming-invocations")?;
    Some((function, Invocation::Streamed))
}

/// The region of a function's ARN.
pub(super) fn function_region(arn: &str) -> Option<&str> {
    let known = arn.replace(ACCOUNT, "000000000000");
    let fields: Vec<&str> = known.split(':').collect();
    let [a, _, service, region, account, kind, name, ..] = fields.as_slice() else {
        return None;
    };
    let account_fits = account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
    let fits = *a == "arn" && *service == "lambda" && *kind == "function";
    if !fits || !account_fits || name.is_empty() || region.is_empty() {
        return None;
    }
    arn.split(':').nth(3)
}

/// Whether text leaves a part to the stage.
pub(super) fn is_open(text: &str) -> bool {
    text.contains(STAGE_VARIABLE)
}

/// An IAM role's ARN, or the one that passes the caller's credentials on
/// (API reference, "Integration", `credentials`).
pub(super) fn is_credentials(text: &str) -> bool {
    if is_open(text) {
        return true;
    }
    let known = text.replace(ACCOUNT, "000000000000");
    let fields: Vec<&str> = known.splitn(6, ':').collect();
    let [arn, _, iam, region, account, name] = fields.as_slice() else {
        return false;
    };
    if *arn != "arn" || *iam != "iam" || !region.is_empty() {
        return false;
    }
    if (*account, *name) == ("*", "user/*") {
        return true;
    }
    let digits = account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
    digits
        && name
            .strip_prefix("role/")
            .is_some_and(|name| !name.is_empty())
}

/// The names of stage variables in text: `${stageVariables.x}` in addresses,
/// `stageVariables.x` in mappings and templates.
pub(super) fn stage_variables(text: &str) -> impl Iterator<Item = &str> {
    text.split("stageVariables.").skip(1).filter_map(|rest| {
        let end = rest
            .find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_')
            .unwrap_or(rest.len());
        let name = &rest[..end];
        (!name.is_empty()).then_some(name)
    })
}

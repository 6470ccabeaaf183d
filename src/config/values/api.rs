//! What names an API and what it is made from.

use std::path::PathBuf;

use super::{all, arn::Arn, lower_or_digit};
use crate::config::form::Text;
use crate::config::problem::{Checked, Refusal, refusal, shown};
use crate::config::reading::Context;

/// An `OpenAPI` file, relative to the folder of the configuration.
pub(in crate::config) const OPENAPI: Text<PathBuf> =
    Text::written(relative_file, |file| file.display().to_string()).examples(&["openapi.json"]);

/// The id of a REST API.
pub(in crate::config) const ID: Text<String> = Text::new(|text, _| api_id(text))
    .pattern(r"^[a-z0-9]{10}$")
    .examples(&["a1b2c3d4e5"]);

/// The name of a stage.
pub(in crate::config) const STAGE: Text<String> =
    Text::new(|text, _| stage(text)).pattern(r"^[A-Za-z0-9_-]{1,128}$");

/// The value of a stage variable (API reference, `CreateStage`).
pub(in crate::config) const VARIABLE: Text<String> =
    Text::new(|text, _| variable(text)).pattern(r"^[A-Za-z0-9._~:/?#&=,-]+$");

/// Where access logs go: a log group or a Firehose stream, in the stack's region.
pub(in crate::config) const LOG_DESTINATION: Text<String> = Text::new(log_destination)
    .pattern(r"^arn:aws[a-z-]*:(logs:[a-z0-9-]+:[0-9]{12}:log-group:[A-Za-z0-9._/#-]{1,512}|firehose:[a-z0-9-]+:[0-9]{12}:deliverystream/amazon-apigateway-[A-Za-z0-9._-]+)$")
    .examples(&["arn:aws:logs:eu-central-1:111122223333:log-group:orders"]);

/// What a line of the access log says.
pub(in crate::config) const LOG_FORMAT: Text<String> =
    Text::new(|text, _| log_format(text)).examples(&["$context.requestId $context.status"]);

/// The line unless the file has another: JSON, as log queries want it.
pub(in crate::config) const LOG_DEFAULT: &str = r#"{"requestId":"$context.requestId","ip":"$context.identity.sourceIp","time":"$context.requestTime","method":"$context.httpMethod","path":"$context.path","status":"$context.status","responseLength":"$context.responseLength"}"#;

/// Checks the name of a stage variable (API reference, `CreateStage`: letters,
/// digits and underscores).
pub(in crate::config) fn variable_name(text: &str) -> Result<(), Refusal> {
    if all(text, |c| c.is_ascii_alphanumeric() || c == '_') {
        return Ok(());
    }
    Err(refusal(
        format!("`{}` is not a stage variable's name", shown(text)),
        "letters, digits and `_`",
    ))
}

fn variable(text: &str) -> Checked<String> {
    let fits = |c: char| c.is_ascii_alphanumeric() || "-._~:/?#&=,".contains(c);
    if all(text, fits) {
        return Ok(text.to_owned());
    }
    Err(refusal(
        format!("`{}` is not a stage variable's value", shown(text)),
        "letters, digits and -._~:/?#&=, are taken",
    ))
}

fn log_destination(text: &str, context: &Context) -> Checked<String> {
    const HINT: &str =
        "as in arn:aws:logs:eu-central-1:111122223333:log-group:orders, without `:*`";
    let refused = || refusal("must be the ARN of a log group or a Firehose stream", HINT);
    let arn = Arn::parse(text).ok_or_else(refused)?;
    match arn.service {
        "logs" => {
            let name = arn
                .resource
                .strip_prefix("log-group:")
                .ok_or_else(refused)?;
            let fits = |c: char| c.is_ascii_alphanumeric() || "._/#-".contains(c);
            if name.len() > 512 || !all(name, fits) {
                return Err(refused());
            }
        }
        // API Gateway developer guide, "Log API calls to Amazon Data Firehose".
        "firehose" => {
            let stream = "deliverystream/amazon-apigateway-";
            if arn.resource.strip_prefix(stream).is_none_or(str::is_empty) {
                let hint = "the stream's name begins with amazon-apigateway-";
                return Err(refusal("API Gateway writes to no such stream", hint));
            }
        }
        _ => return Err(refused()),
    }
    arn.in_region(context.region.as_deref())?;
    Ok(text.to_owned())
}

/// API reference, `AccessLogSettings`: a single line with a request's id.
fn log_format(text: &str) -> Checked<String> {
    if text.contains(['\n', '\r']) {
        return Err(refusal("must be one line", "take the line breaks out"));
    }
    let ids = ["$context.requestId", "$context.extendedRequestId"];
    if !ids.iter().any(|id| text.contains(id)) {
        let hint = "add $context.requestId or $context.extendedRequestId: API Gateway wants one";
        return Err(refusal("names no request id", hint));
    }
    Ok(text.to_owned())
}

fn relative_file(text: &str, context: &Context) -> Checked<PathBuf> {
    if text.is_empty() || text.contains('\0') {
        let message = "is not a file's name";
        return Err(refusal(
            message,
            "name the OpenAPI file, as in openapi.json",
        ));
    }
    Ok(context.folder.join(text))
}

fn api_id(text: &str) -> Checked<String> {
    if text.len() == 10 && all(text, lower_or_digit) {
        return Ok(text.to_owned());
    }
    Err(refusal(
        format!("`{}` is not a REST API's id", shown(text)),
        "10 lower-case letters and digits, as in a1b2c3d4e5",
    ))
}

fn stage(text: &str) -> Checked<String> {
    let fits =
        text.len() <= 128 && all(text, |c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
    if fits {
        return Ok(text.to_owned());
    }
    Err(refusal(
        format!("`{}` is not a stage's name", shown(text)),
        "1 to 128 letters, digits, '_' and '-', as in v1",
    ))
}

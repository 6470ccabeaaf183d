//! What names an API and what it is made from.

use std::path::PathBuf;

use super::{all, lower_or_digit};
use crate::config::form::Text;
use crate::config::problem::{Checked, refusal, shown};
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

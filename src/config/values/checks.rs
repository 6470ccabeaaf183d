//! The codes of checks.

use crate::checks::Code;
use crate::config::form::Text;
use crate::config::problem::{Checked, refusal, shown};

/// A code.
pub(in crate::config) const CODE: Text<Code> =
    Text::written(|text, _| code(text), ToString::to_string)
        .pattern(r"^[a-z-]+/[a-z-]+$")
        .examples(&["target-health/initial"]);

fn code(text: &str) -> Checked<Code> {
    Code::named(text).map_err(|nearest| {
        let message = format!("`{}` is not the code of a check", shown(text));
        refusal(message, format!("did you mean `{nearest}`?"))
    })
}

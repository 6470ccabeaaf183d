//! Function names: by name, partial ARN or ARN, each with a qualifier or without.

use super::state::{Function, State};
use crate::codec::{Input, Refusal};
use crate::world::Ctx;

/// A function, as a request names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// Its name.
    pub name: String,
    /// A version or an alias.
    pub qualifier: Option<String>,
}

/// Lambda API reference: `ResourceNotFoundException`, 404.
pub fn missing(text: impl Into<String>) -> Refusal {
    Refusal::new("ResourceNotFoundException", text).status(404)
}

/// Lambda API reference: `InvalidParameterValueException`, 400.
pub fn invalid(text: impl Into<String>) -> Refusal {
    Refusal::new("InvalidParameterValueException", text)
}

/// What does not fit a pattern of the API's model (recorded: `ValidationException`).
pub fn unfit(place: &str, value: &str, pattern: &str) -> Refusal {
    let text = format!(
        "1 validation error detected: Value '{value}' at '{place}' failed to satisfy constraint: Member must satisfy regular expression pattern: {pattern}"
    );
    Refusal::new("ValidationException", text)
}

/// Lambda API reference: `ResourceConflictException`, 409.
pub fn conflict(text: impl Into<String>) -> Refusal {
    Refusal::new("ResourceConflictException", text).status(409)
}

impl Named {
    /// Reads what a request names: `FunctionName`, and `Qualifier`.
    pub fn of(ctx: &Ctx<'_>, input: &Input) -> Result<Self, Refusal> {
        let mut named = parse(ctx, input.require("FunctionName")?)?;
        let asked = input.text("Qualifier").filter(|asked| !asked.is_empty());
        if let Some(asked) = asked {
            check_qualifier(asked)?;
        }
        match (&named.qualifier, asked) {
            // Observed.
            (Some(derived), Some(asked)) if derived != asked => {
                return Err(invalid(
                    "The derived qualifier from the function name does not match the specified qualifier.",
                ));
            }
            (None, Some(asked)) => named.qualifier = Some(asked.to_owned()),
            _ => {}
        }
        Ok(named)
    }

    /// Returns its ARN.
    pub fn arn(&self, ctx: &Ctx<'_>) -> String {
        let resource = match &self.qualifier {
            Some(qualifier) => format!("function:{}:{qualifier}", self.name),
            None => format!("function:{}", self.name),
        };
        ctx.arn("lambda", &resource)
    }

    /// Returns the function; what the qualifier names must be there too.
    pub fn find<'a>(&self, ctx: &Ctx<'_>, state: &'a State) -> Result<&'a Function, Refusal> {
        let known = state
            .functions
            .get(&self.name)
            .filter(|function| self.qualified(function));
        known.ok_or_else(|| self.absent(ctx))
    }

    /// Returns the function, for who changes its policy: other words for an alias that is not there (recorded).
    pub fn find_for_policy<'a>(
        &self,
        ctx: &Ctx<'_>,
        state: &'a State,
    ) -> Result<&'a Function, Refusal> {
        let alias = self
            .qualifier
            .as_deref()
            .filter(|one| !one.contains('$') && !one.bytes().all(|byte| byte.is_ascii_digit()));
        match (state.functions.get(&self.name), alias) {
            (Some(function), Some(_)) if !self.qualified(function) => {
                Err(missing(format!("Cannot find alias arn: {}", self.arn(ctx))))
            }
            _ => self.find(ctx, state),
        }
    }

    /// Returns the refusal for a function, a version or an alias that is not there (observed).
    pub fn absent(&self, ctx: &Ctx<'_>) -> Refusal {
        missing(format!("Function not found: {}", self.arn(ctx)))
    }

    /// Returns whether the function has what the qualifier names.
    pub fn qualified(&self, function: &Function) -> bool {
        match self.qualifier.as_deref() {
            None | Some("$LATEST") => true,
            Some(qualifier) => {
                let number = qualifier.parse::<u64>().ok();
                number.is_some_and(|number| function.versions.contains_key(&number))
                    || function.aliases.contains_key(qualifier)
            }
        }
    }
}

/// Recorded: the pattern of `Qualifier`, and its length.
fn check_qualifier(text: &str) -> Result<(), Refusal> {
    let allowed = |letter: char| letter.is_ascii_alphanumeric() || "-_$".contains(letter);
    if text.len() > 128 {
        let text = format!(
            "1 validation error detected: Value '{text}' at 'qualifier' failed to satisfy constraint: Member must have length less than or equal to 128"
        );
        return Err(Refusal::new("ValidationException", text));
    }
    if text != "$LATEST.PUBLISHED" && !text.chars().all(allowed) {
        let pattern = "\\$(LATEST(\\.PUBLISHED)?)|[a-zA-Z0-9-_$]+";
        return Err(unfit("qualifier", text, pattern));
    }
    Ok(())
}

/// Lambda API reference, `FunctionName`: its pattern, shortened.
const PATTERN: &str =
    "(arn:(aws[a-zA-Z-]*)?:lambda:)?…(function:)?([a-zA-Z0-9-_]+)(:(\\$LATEST|[a-zA-Z0-9-_]+))?";

/// Reads `my-function`, `my-function:alias`, `111122223333:function:my-function` or an ARN.
///
/// Lambda API reference, `FunctionName`. Another region's function, another
/// account's: observed.
pub fn parse(ctx: &Ctx<'_>, text: &str) -> Result<Named, Refusal> {
    let parts: Vec<&str> = text.split(':').collect();
    let rest = match parts[..] {
        [
            "arn",
            _,
            "lambda",
            region,
            account,
            "function",
            ref rest @ ..,
        ] => {
            if region != ctx.region {
                return Err(missing(format!(
                    "Functions from '{region}' are not reachable in this region ('{}')",
                    ctx.region
                )));
            }
            own(ctx, account)?;
            rest
        }
        [account, "function", ref rest @ ..] => {
            own(ctx, account)?;
            rest
        }
        ref rest => rest,
    };
    let named = match rest {
        [name] => (*name, None),
        [name, qualifier] => (*name, Some((*qualifier).to_owned())),
        _ => return Err(unfit("functionName", text, PATTERN)),
    };
    let (name, qualifier) = named;
    let allowed = |letter: char| letter.is_ascii_alphanumeric() || letter == '-' || letter == '_';
    if name.len() > 64 && name.chars().all(allowed) {
        // Recorded.
        return Err(invalid(format!(
            "1 validation error detected: Value '{text}' at 'functionName' failed to satisfy constraint: Member must have length less than or equal to 64"
        )));
    }
    if name.is_empty() || !name.chars().all(allowed) {
        return Err(unfit("functionName", text, PATTERN));
    }
    Ok(Named {
        name: name.to_owned(),
        qualifier,
    })
}

/// Assumption: the words; what may be done in other accounts is not simulated.
fn own(ctx: &Ctx<'_>, account: &str) -> Result<(), Refusal> {
    if account == ctx.account {
        return Ok(());
    }
    let text = format!(
        "User: {} is not authorized to perform this action",
        ctx.account
    );
    Err(Refusal::new("AccessDeniedException", text).status(403))
}

//! Revisions: what a client has seen, so that it changes nothing else.

use crate::codec::{Input, Refusal};
use crate::random::Random;

/// A revision id.
pub fn revision(random: &mut Random) -> String {
    let digits = random.hex(32);
    format!(
        "{}-{}-4{}-8{}-{}",
        &digits[..8],
        &digits[8..12],
        &digits[13..16],
        &digits[17..20],
        &digits[20..]
    )
}

/// Two revisions: while something is under way, and once it is done.
pub fn fresh(random: &mut Random) -> [String; 2] {
    [revision(random), revision(random)]
}

/// Lambda API reference: `PreconditionFailedException`, 412. Recorded: which operation
/// tells the revision depends on the one that asks.
pub fn check_revision(known: Option<&str>, input: &Input, told_by: &str) -> Result<(), Refusal> {
    match input.text("RevisionId") {
        Some(asked) if Some(asked) != known => {
            let text = format!(
                "The Revision Id provided does not match the latest Revision Id. Call the {told_by} to retrieve the latest Revision Id"
            );
            Err(Refusal::new("PreconditionFailedException", text).status(412))
        }
        _ => Ok(()),
    }
}

//! Certificates by their ARNs.

use super::state::Certificate;
use crate::codec::Refusal;
use crate::world::Ctx;

/// Checks an ARN: not one is `ValidationException` (ACM API reference, the pattern of `Arn`), an unknown one `ResourceNotFoundException`.
pub fn find<'a>(ctx: &'a Ctx<'_>, arn: &str) -> Result<&'a Certificate, Refusal> {
    check_arn(arn)?;
    ctx.here
        .acm
        .certificates
        .get(arn)
        .ok_or_else(|| absent(ctx, arn))
}

/// Returns the certificate of an ARN, to change it.
pub fn find_mut<'a>(ctx: &'a mut Ctx<'_>, arn: &str) -> Result<&'a mut Certificate, Refusal> {
    check_arn(arn)?;
    let absent = absent(ctx, arn);
    ctx.here.acm.certificates.get_mut(arn).ok_or(absent)
}

/// ACM API reference, the pattern of `Arn` (recorded elsewhere: what does not fit a pattern is
/// `ValidationException`).
fn check_arn(arn: &str) -> Result<(), Refusal> {
    let mut parts = arn.splitn(6, ':');
    if (parts.next(), parts.nth(1)) == (Some("arn"), Some("acm"))
        && parts
            .nth(2)
            .is_some_and(|resource| resource.starts_with("certificate/"))
    {
        return Ok(());
    }
    let text = format!(
        "1 validation error detected: Value '{arn}' at 'certificateArn' failed to satisfy constraint"
    );
    Err(Refusal::new("ValidationException", text))
}

/// ACM API reference: `ResourceNotFoundException` (the words are observed).
fn absent(ctx: &Ctx<'_>, arn: &str) -> Refusal {
    let text = format!(
        "Could not find certificate {arn} in account {}.",
        ctx.account
    );
    Refusal::new("ResourceNotFoundException", text)
}

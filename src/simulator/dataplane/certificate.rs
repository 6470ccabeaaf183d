//! Which certificate a client is shown, and whether it fits.

use std::time::Duration;

use super::answer::{Ask, Hop};
use super::passed::{Stop, bare};
use crate::acm;
use crate::elbv2::Listener;
use crate::world::Ctx;

/// Returns the certificate that a client is shown; none over HTTP.
///
/// ELB user guide, "SSL certificates": one of the list that covers the name in
/// SNI; the default one only if none of the list does. Of several the best one,
/// see [`rank`]. A client that is shown another name ends the connection.
pub fn shown(ctx: &Ctx<'_>, listener: &Listener, ask: &Ask) -> Result<Option<String>, Stop> {
    let Some(default) = &listener.certificate else {
        return Ok(None);
    };
    let host = bare(&ask.host);
    let fits = |arn: &&String| acm::covers(ctx, arn, &host);
    let listed = listener.extra.iter().filter(fits);
    // The last of equals: which one AWS takes is not documented.
    let best = listed.max_by_key(|arn| rank(ctx, arn));
    if let Some(arn) = best.or_else(|| Some(default).filter(fits)) {
        return Ok(Some(arn.clone()));
    }
    let text =
        format!("no certificate of the listener covers {host}; the client is shown {default}");
    Err(Stop::at(Hop::Certificate, 0, text))
}

/// What is preferred between certificates of one name, first things first.
///
/// ELB user guide, "SSL certificates": the public key's algorithm (ECDSA before
/// RSA), whether it has run out, the hash (the highest number of SHA), the key's
/// length, the validity period.
fn rank(ctx: &Ctx<'_>, arn: &str) -> (bool, bool, u32, u32, Duration) {
    let Some(certificate) = ctx.here.acm.certificates.get(arn) else {
        return (false, false, 0, 0, Duration::ZERO);
    };
    let algorithm = &certificate.algorithm;
    let own = certificate.own.as_ref();
    let (start, end) = certificate.valid.unwrap_or_default();
    (
        algorithm.starts_with("EC"),
        end > ctx.now,
        number(own.map_or("SHA256", |own| &own.signature)),
        number(algorithm),
        end.since(start),
    )
}

/// The first number in a name: 384 in `EC_secp384r1`, 256 in `SHA256WITHRSA`.
fn number(name: &str) -> u32 {
    let digits = name.chars().skip_while(|letter| !letter.is_ascii_digit());
    let digits: String = digits.take_while(char::is_ascii_digit).collect();
    digits.parse().unwrap_or(0)
}

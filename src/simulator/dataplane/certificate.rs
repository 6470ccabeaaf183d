//! Which certificate a client is shown, and whether it fits.

use super::answer::{Ask, Hop};
use super::passed::{Stop, bare};
use crate::acm;
use crate::elbv2::Listener;
use crate::world::Ctx;

/// Returns the certificate that a client is shown; none over HTTP.
///
/// ELB user guide, "SSL certificates": one that covers the name in SNI, else
/// the default one. Between several it goes by keys and dates there; that the
/// default one is preferred here, then the one added first, is an assumption.
/// A client that is shown another name ends the connection.
pub fn shown(ctx: &Ctx<'_>, listener: &Listener, ask: &Ask) -> Result<Option<String>, Stop> {
    let Some(default) = &listener.certificate else {
        return Ok(None);
    };
    let host = bare(&ask.host);
    let fits = |arn: &&String| acm::covers(ctx, arn, &host);
    let mut all = [default].into_iter().chain(&listener.extra);
    if let Some(arn) = all.find(fits) {
        return Ok(Some(arn.clone()));
    }
    let text =
        format!("no certificate of the listener covers {host}; the client is shown {default}");
    Err(Stop::at(Hop::Certificate, 0, text))
}

//! `tls`: the handshake, and what the certificate is worth.

use super::Reached;
use crate::{
    checks::{
        Check, Finding,
        codes::{
            TLS_EXPIRED, TLS_EXPIRES_SOON, TLS_INVALID, TLS_NOT_YET_VALID, TLS_OLD_PROTOCOL,
            TLS_PLAIN_HTTP, TLS_REFUSED, TLS_SILENT, TLS_UNKNOWN_AUTHORITY, TLS_WRONG_NAME,
        },
    },
    verify::{
        hops::certificate::{SOON, days},
        network::{Distrust, Handshake, Network, Shown},
    },
};

/// `tls`.
pub async fn tls(network: &Network, now: i64, reached: &Reached) -> Finding {
    let Some(address) = reached.open() else {
        let why = "no connection to shake hands over";
        return Finding::skipped(Check::Tls, why).because("see tcp");
    };
    let host = &reached.host;
    let failed = |code, found: String, cause: &str, remedy: &str| {
        Finding::failed(code, format!("{address}: {found}"), cause, remedy)
    };
    match network.handshake(host, address).await {
        Handshake::Done(shown) => certificate(network, now, host, &shown),
        Handshake::PlainHttp => failed(
            TLS_PLAIN_HTTP,
            "it answers plain HTTP".to_owned(),
            "no TLS is set up on the port",
            "run `hybridgw up`; with --resolve, name the HTTPS port",
        ),
        Handshake::OldProtocol(said) => failed(
            TLS_OLD_PROTOCOL,
            said,
            "what answers there takes no protocol that is still safe; the stack's listener takes TLS 1.2 and 1.3",
            "set `load_balancer.tls_policy` and run `hybridgw up`; if it is a proxy on the way, it has to be brought up to date",
        ),
        Handshake::Silent => failed(
            TLS_SILENT,
            "it takes the connection and says nothing".to_owned(),
            "what answers there is not a TLS server, or a firewall swallows the handshake",
            "look what stands between here and the load balancer",
        ),
        Handshake::Refused(said) => failed(
            TLS_REFUSED,
            said,
            "the handshake was ended by the other side",
            "look at the listener's TLS policy, and what stands on the way",
        ),
    }
}

fn certificate(network: &Network, now: i64, host: &str, shown: &Shown) -> Finding {
    // The simulated account tells which certificate is shown, and not its names.
    let names = match (network, shown.names.as_slice()) {
        (Network::Rehearsed(_), []) => String::new(),
        (Network::Real(_), []) => " for no name".to_owned(),
        (_, names) => format!(" for {}", names.join(", ")),
    };
    let left = shown.not_after.map(|until| days(now, until));
    let remaining = left.map_or(String::new(), |days| format!(", {days} days left"));
    let spoken = [shown.protocol.as_str(), shown.cipher.as_str()];
    let spoken: Vec<&str> = spoken.into_iter().filter(|word| !word.is_empty()).collect();
    let spoken = if spoken.is_empty() {
        "TLS".to_owned()
    } else {
        spoken.join(" ")
    };
    let issuer = if shown.issuer.is_empty() {
        String::new()
    } else {
        format!(", issued by {}", shown.issuer)
    };
    let found = format!("{spoken}, certificate{names}{issuer}{remaining}");
    let renew = "renew the certificate: ACM does so by itself where DNS validation still holds";
    let whose = match network {
        Network::Real(real) => real.roots.whose.clone(),
        Network::Rehearsed(_) => "the simulated account".to_owned(),
    };
    let failed =
        |code, cause: &str, remedy: &str| Finding::failed(code, found.clone(), cause, remedy);
    match &shown.distrust {
        Some(Distrust::Expired) => failed(
            TLS_EXPIRED,
            "its time, or that of one in its chain, is over",
            renew,
        ),
        Some(Distrust::NotYetValid) => failed(
            TLS_NOT_YET_VALID,
            "its time has not come, or the clock here is slow",
            "check the clock of this machine",
        ),
        Some(Distrust::WrongName) => failed(
            TLS_WRONG_NAME,
            &format!("it does not cover {host}"),
            "name a certificate that covers the host in `domain.certificate` (of an alias: `domain.aliases`), and run `hybridgw up`; with --resolve, check the address",
        ),
        Some(Distrust::UnknownAuthority) => failed(
            TLS_UNKNOWN_AUTHORITY,
            &format!("no authority that {whose} trusts has issued it"),
            "with a private authority, name its certificate with --cacert FILE, and let clients trust it; otherwise something on the way decrypts",
        ),
        Some(Distrust::Other(why)) => failed(
            TLS_INVALID,
            why,
            "look at the chain: `openssl s_client -showcerts`",
        ),
        None => match left {
            Some(days) if days < SOON => Finding::warning(
                TLS_EXPIRES_SOON,
                found,
                "it has not been renewed yet",
                renew,
            ),
            _ => Finding::ok(Check::Tls, found),
        },
    }
}

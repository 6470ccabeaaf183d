//! Real servers on loopback: TLS that is well and TLS that is not, a resolver.

mod resolver;
mod servers;

use std::{net::SocketAddr, path::PathBuf};

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};

use super::*;
use crate::{
    checks::{Finding, Verdict},
    verify::path::{Reached, reach, tcp, tls},
};
use servers::{Answers, serve};

const HOST: &str = "orders.example.com";

/// An authority, and what it issues.
struct Authority {
    pem: String,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).expect("parameters");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        let pem = params.self_signed(&key).expect("a certificate").pem();
        Self {
            pem,
            issuer: Issuer::new(params, key),
        }
    }

    /// A certificate for a name, from and until these years.
    fn issue(&self, name: &str, years: (i32, i32)) -> servers::Identity {
        let mut params = CertificateParams::new(vec![name.to_owned()]).expect("parameters");
        params.not_before = rcgen::date_time_ymd(years.0, 1, 1);
        params.not_after = rcgen::date_time_ymd(years.1, 1, 1);
        let key = KeyPair::generate().expect("a key");
        let certificate = params.signed_by(&key, &self.issuer).expect("signed");
        servers::Identity {
            certificate: certificate.der().clone(),
            key: key.serialize_der(),
        }
    }

    fn good(&self) -> servers::Identity {
        self.issue(HOST, (2020, 2090))
    }

    /// Roots of a file with this authority.
    fn roots(&self) -> Roots {
        let file = File::with(&self.pem);
        Roots::of_file(&file.0).expect("an authority")
    }
}

/// A file that is gone at the end.
struct File(PathBuf);

impl File {
    fn with(text: &str) -> Self {
        use std::sync::atomic::{AtomicU32, Ordering};
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("hybridgw-roots-{}-{number}.pem", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::write(&path, text).expect("a file");
        Self(path)
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// A network in which the host is at this address.
fn network(server: SocketAddr, roots: Roots) -> Network {
    let one = format!("{HOST}:{}:{}", server.port(), server.ip());
    let one = one.parse().expect("an override");
    Network::of_this_machine(vec![one], None, roots).expect("a network")
}

fn now() -> i64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    i64::try_from(now.expect("after 1970").as_secs()).expect("a time")
}

async fn looked(server: SocketAddr, roots: Roots) -> (Network, Reached) {
    let network = network(server, roots);
    let reached = reach(&network, None, HOST).await;
    (network, reached)
}

async fn judged(answers: Answers, roots: Roots) -> Finding {
    let server = serve(answers).await;
    let (network, reached) = looked(server, roots).await;
    tls(&network, now(), &reached).await
}

fn code(finding: &Finding) -> String {
    finding
        .code
        .map(|code| code.to_string())
        .unwrap_or_default()
}

#[tokio::test]
async fn a_certificate_that_is_well_is_shown_with_protocol_cipher_and_end() {
    let authority = Authority::new();
    let finding = judged(Answers::Tls(authority.good()), authority.roots()).await;
    assert_eq!(finding.verdict, Verdict::Ok, "{finding:?}");
    for part in ["TLS 1.3", "TLS13_", HOST, "days left"] {
        assert!(finding.found.contains(part), "{part}: {finding:?}");
    }
}

#[tokio::test]
async fn each_way_in_which_tls_fails_is_told_from_the_others() {
    let (authority, other) = (Authority::new(), Authority::new());
    let expired = authority.issue(HOST, (2019, 2020));
    let future = authority.issue(HOST, (2080, 2090));
    let elsewhere = authority.issue("other.example.com", (2020, 2090));
    for (answers, roots, expected) in [
        (Answers::Tls(expired), authority.roots(), "tls/expired"),
        (Answers::Tls(future), authority.roots(), "tls/not-yet-valid"),
        (Answers::Tls(elsewhere), authority.roots(), "tls/wrong-name"),
        (
            Answers::Tls(authority.good()),
            other.roots(),
            "tls/unknown-authority",
        ),
        // An alert protocol_version, and a ServerHello of TLS 1.1.
        (
            Answers::Bytes(vec![21, 3, 1, 0, 2, 2, 70]),
            authority.roots(),
            "tls/old-protocol",
        ),
        (
            Answers::Bytes(servers::hello_of_tls_1_1()),
            authority.roots(),
            "tls/old-protocol",
        ),
        (
            Answers::Bytes(b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec()),
            authority.roots(),
            "tls/plain-http",
        ),
        (Answers::OnlyHttp, authority.roots(), "tls/plain-http"),
        (Answers::Bytes(Vec::new()), authority.roots(), "tls/refused"),
    ] {
        let finding = judged(answers, roots).await;
        assert_eq!(code(&finding), expected, "{finding:?}");
        assert!(finding.cause.is_some() && finding.remedy.is_some());
    }
}

#[tokio::test]
async fn a_server_that_says_nothing_ends_the_check_in_time() {
    let server = serve(Answers::Silence).await;
    let (network, reached) = looked(server, Authority::new().roots()).await;
    // From here on the time to wait is not waited for.
    tokio::time::pause();
    let finding = tls(&network, now(), &reached).await;
    assert_eq!(code(&finding), "tls/silent", "{finding:?}");
}

#[tokio::test]
async fn the_answer_comes_whatever_the_certificate_is_worth() {
    let authority = Authority::new();
    let expired = authority.issue("other.example.com", (2019, 2020));
    let server = serve(Answers::Tls(expired)).await;
    let network = network(server, authority.roots());
    let answer = network
        .get(HOST, server.ip(), "/orders")
        .await
        .expect("an answer");
    assert_eq!(
        (answer.status, answer.error.as_deref()),
        (403, Some("ForbiddenException"))
    );
    assert_eq!(
        answer.words,
        "{\"message\":\"Forbidden\"} /orders orders.example.com"
    );
}

#[tokio::test]
async fn a_closed_port_is_refused_and_no_route_is_outside() {
    let free = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let closed = free.local_addr().expect("its address");
    drop(free);
    let (network, reached) = looked(closed, Roots::of_system()).await;
    assert_eq!(code(&tcp(&network, &reached)), "tcp/refused");
    assert!(Connected::TimedOut.is_outside());
    assert!(Connected::NoRoute(String::new()).is_outside());
    assert!(!Connected::Refused.is_outside());
}

#[test]
fn a_file_that_is_no_authority_is_refused_with_what_it_lacks() {
    let broken = "-----BEGIN CERTIFICATE-----\nnot base64!\n-----END CERTIFICATE-----\n";
    for (text, words) in [("hello", "holds no certificate"), (broken, "not PEM")] {
        let file = File::with(text);
        let error = Roots::of_file(&file.0).expect_err(text);
        assert!(error.to_string().contains(words), "{error}");
        assert_eq!(error.exit_code(), 1);
    }
    let missing = Roots::of_file(std::path::Path::new("/no/such.pem")).expect_err("no file");
    assert!(missing.to_string().contains("cannot be read"), "{missing}");
}

#[test]
fn a_wildcard_covers_one_level() {
    assert!(covers("*.example.com", "orders.example.com"));
    assert!(covers("Orders.example.com", HOST));
    assert!(!covers("*.example.com", "a.orders.example.com"));
    assert!(!covers("*.example.com", "example.com"));
}

//! What is seen of the way from where the command runs: over the network, or in
//! a rehearsal over the simulated account's data plane.

use std::{net::IpAddr, time::Duration};

use crate::error::Result;

mod dns;
mod http;
mod overrides;
mod real;
mod rehearsed;
mod roots;
mod tap;
mod tls;

pub use overrides::Override;
pub use real::Real;
pub use rehearsed::Rehearsed;
pub use roots::Roots;
pub use tls::covers;

/// What a name resolves to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resolved {
    /// To these addresses.
    To(Vec<IpAddr>),
    /// To nothing: there is no such name, or it has no address.
    Nothing,
    /// The resolver did not answer; why.
    NoAnswer(String),
}

/// What became of a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Connected {
    /// It was made.
    Open,
    /// Nothing listens there.
    Refused,
    /// Nobody answered in time.
    TimedOut,
    /// There is no way there from here; why.
    NoRoute(String),
}

impl Connected {
    /// Whether it looks as if the load balancer's network were not reached from
    /// here: private addresses answer with nothing, or have no route.
    pub fn is_outside(&self) -> bool {
        matches!(self, Self::TimedOut | Self::NoRoute(_))
    }
}

/// What became of a handshake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Handshake {
    /// It was finished, whatever the certificate is worth.
    Done(Box<Shown>),
    /// The port speaks plain HTTP.
    PlainHttp,
    /// The server speaks none of TLS 1.2 and 1.3; what it said.
    OldProtocol(String),
    /// The server said nothing.
    Silent,
    /// The server ended it; what it said.
    Refused(String),
}

/// A handshake that was finished.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shown {
    /// As in `TLS 1.3`; empty where it is not known.
    pub protocol: String,
    /// The cipher suite; empty where it is not known.
    pub cipher: String,
    /// The names that the certificate covers.
    pub names: Vec<String>,
    /// Who issued it.
    pub issuer: String,
    /// When it ends, in seconds since 1970.
    pub not_after: Option<i64>,
    /// Why it is not to be trusted for the host.
    pub distrust: Option<Distrust>,
}

/// Why a certificate is not to be trusted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Distrust {
    /// Its time, or that of one in its chain, is over.
    Expired,
    /// Its time has not come.
    NotYetValid,
    /// It covers other names.
    WrongName,
    /// Nobody who is trusted here has issued it.
    UnknownAuthority,
    /// Something else, in words.
    Other(String),
}

/// What answered a request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// API Gateway's word for the kind of error (`x-amzn-errortype`), or S3's code.
    pub error: Option<String>,
    /// The beginning of the body, on one line.
    pub words: String,
    /// Whether API Gateway has passed an application's answer on.
    pub is_application: bool,
}

/// How long a connection may take to be made.
const TO_CONNECT: Duration = Duration::from_secs(5);
/// How long a handshake may take.
const TO_SHAKE: Duration = Duration::from_secs(10);
/// How long an answer may take: longer than the load balancer and API Gateway
/// wait themselves (29 s for an integration by default, 60 s idle).
const TO_ANSWER: Duration = Duration::from_secs(65);

/// The network that the checks go through.
#[derive(Debug)]
pub enum Network {
    /// This machine's.
    Real(Box<Real>),
    /// The simulated account's data plane.
    Rehearsed(Rehearsed),
}

impl Network {
    /// Where it is looked from, in words.
    pub fn words(&self) -> &'static str {
        match self {
            Self::Real(_) => "from here",
            Self::Rehearsed(_) => "in the simulated account",
        }
    }

    /// The port that a host is asked at: 443, or what `--resolve` says.
    pub fn port(&self, host: &str) -> u16 {
        match self {
            Self::Real(real) => real.port(host),
            Self::Rehearsed(_) => 443,
        }
    }

    /// Whether `--resolve` says where a host is.
    pub fn is_overridden(&self, host: &str) -> bool {
        match self {
            Self::Real(real) => real.is_overridden(host),
            Self::Rehearsed(_) => false,
        }
    }

    /// Who is asked for addresses, in words.
    pub fn resolver(&self) -> String {
        match self {
            Self::Real(real) => real.resolver(),
            Self::Rehearsed(_) => "the simulated account".to_owned(),
        }
    }

    /// What a name resolves to.
    pub async fn resolve(&self, host: &str) -> Resolved {
        match self {
            Self::Real(real) => real.resolve(host).await,
            Self::Rehearsed(account) => account.resolve(host),
        }
    }

    /// Connects to an address for a host.
    pub async fn connect(&self, host: &str, address: IpAddr) -> Connected {
        match self {
            Self::Real(real) => real.connect(address, real.port(host)).await,
            Self::Rehearsed(account) => account.connect(host, address),
        }
    }

    /// Shakes hands for a host.
    pub async fn handshake(&self, host: &str, address: IpAddr) -> Handshake {
        match self {
            Self::Real(real) => real.handshake(host, address).await,
            Self::Rehearsed(account) => account.handshake(host),
        }
    }

    /// GETs a path of a host, whatever its certificate is worth.
    ///
    /// # Errors
    ///
    /// No answer came; what came instead.
    pub async fn get(&self, host: &str, address: IpAddr, path: &str) -> Result<Answer, String> {
        match self {
            Self::Real(real) => real.get(host, address, path).await,
            Self::Rehearsed(account) => account.get(host, path),
        }
    }

    /// The address of this machine that requests to an address come from.
    pub fn source(&self, to: IpAddr) -> Option<IpAddr> {
        match self {
            Self::Real(_) => real::source(to),
            Self::Rehearsed(account) => Some(account.client.into()),
        }
    }

    /// Checks what was named on the command line.
    ///
    /// # Errors
    ///
    /// A network of this machine without a TLS implementation.
    pub fn of_this_machine(
        overrides: Vec<Override>,
        resolver: Option<std::net::SocketAddr>,
        roots: Roots,
    ) -> Result<Self> {
        Ok(Self::Real(Box::new(Real::new(overrides, resolver, roots)?)))
    }
}

#[cfg(test)]
mod tests;

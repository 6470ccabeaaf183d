//! The network of this machine.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use super::{
    Answer, Connected, Handshake, Override, Resolved, Roots, TO_ANSWER, TO_CONNECT, TO_SHAKE, dns,
    http,
    tap::Tap,
    tls::{self, Client},
};
use crate::error::Result;

/// The network of this machine, as the command line says it.
#[derive(Debug)]
pub struct Real {
    overrides: Vec<Override>,
    resolver: Option<SocketAddr>,
    /// Whom it trusts.
    pub roots: Roots,
}

impl Real {
    /// A network with these overrides, resolver and authorities.
    ///
    /// # Errors
    ///
    /// There is no TLS.
    pub fn new(
        overrides: Vec<Override>,
        resolver: Option<SocketAddr>,
        roots: Roots,
    ) -> Result<Self> {
        Client::new(&roots.store)?;
        Ok(Self {
            overrides,
            resolver,
            roots,
        })
    }

    /// Of several for a host the one for 443 counts.
    fn about(&self, host: &str) -> Option<&Override> {
        let all = || self.overrides.iter().filter(|one| one.is_about(host));
        all().find(|one| one.port == 443).or_else(|| all().next())
    }

    pub(super) fn port(&self, host: &str) -> u16 {
        self.about(host).map_or(443, |one| one.port)
    }

    pub(super) fn is_overridden(&self, host: &str) -> bool {
        self.about(host).is_some()
    }

    pub(super) fn resolver(&self) -> String {
        match self.resolver {
            Some(server) => format!("the resolver {server}"),
            None => "the system's resolver".to_owned(),
        }
    }

    pub(super) async fn resolve(&self, host: &str) -> Resolved {
        match (self.about(host), self.resolver) {
            (Some(one), _) => Resolved::To(one.addresses.clone()),
            (None, Some(server)) => dns::by_server(host, server).await,
            (None, None) => dns::by_system(host).await,
        }
    }

    pub(super) async fn connect(&self, address: IpAddr, port: u16) -> Connected {
        match timeout(TO_CONNECT, TcpStream::connect((address, port))).await {
            Err(_) => Connected::TimedOut,
            Ok(Ok(_)) => Connected::Open,
            Ok(Err(error)) => match error.kind() {
                io::ErrorKind::ConnectionRefused => Connected::Refused,
                io::ErrorKind::TimedOut => Connected::TimedOut,
                _ => Connected::NoRoute(error.to_string()),
            },
        }
    }

    pub(super) async fn handshake(&self, host: &str, address: IpAddr) -> Handshake {
        let port = self.port(host);
        let Ok(client) = Client::new(&self.roots.store) else {
            return Handshake::Refused("TLS cannot be used here".to_owned());
        };
        let Ok(Ok(stream)) = timeout(TO_CONNECT, TcpStream::connect((address, port))).await else {
            return Handshake::Refused("it takes no connection".to_owned());
        };
        let (tap, first) = Tap::new(stream);
        let failure = match timeout(TO_SHAKE, client.shake(host, tap)).await {
            Ok(Ok(stream)) => return Handshake::Done(Box::new(client.shown(host, &stream))),
            Ok(Err(error)) => tls::failed(&error, &first),
            Err(_) if first.bytes().is_empty() => Handshake::Silent,
            Err(_) => Handshake::Refused("it stopped in the middle of the handshake".to_owned()),
        };
        let unclear = matches!(failure, Handshake::Silent | Handshake::Refused(_));
        if unclear && speaks_http(host, address, port).await {
            return Handshake::PlainHttp;
        }
        failure
    }

    pub(super) async fn get(
        &self,
        host: &str,
        address: IpAddr,
        path: &str,
    ) -> Result<Answer, String> {
        let client = Client::new(&self.roots.store).map_err(|error| error.to_string())?;
        let asked = async {
            let stream = TcpStream::connect((address, self.port(host))).await?;
            client.shake(host, Tap::new(stream).0).await
        };
        let stream = match timeout(TO_CONNECT + TO_SHAKE, asked).await {
            Err(_) => return Err("no TLS connection in time".to_owned()),
            Ok(stream) => stream.map_err(|error| error.to_string())?,
        };
        match timeout(TO_ANSWER, http::get(stream, host, path)).await {
            Err(_) => Err(format!("no answer within {} s", TO_ANSWER.as_secs())),
            Ok(answer) => answer,
        }
    }
}

/// Whether the port answers plain HTTP in plain HTTP.
async fn speaks_http(host: &str, address: IpAddr, port: u16) -> bool {
    let asked = async {
        let mut stream = TcpStream::connect((address, port)).await.ok()?;
        let request = format!("HEAD / HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.ok()?;
        let mut begin = [0; 5];
        stream.read_exact(&mut begin).await.ok()?;
        (&begin == b"HTTP/").then_some(())
    };
    // A TLS port answers this too, with 400 in plain HTTP (nginx): only who was
    // silent or closed before is asked.
    matches!(timeout(TO_CONNECT, asked).await, Ok(Some(())))
}

/// The address that requests to another one come from. Nothing is sent: a UDP
/// socket that is connected only looks up the route.
pub(super) fn source(to: IpAddr) -> Option<IpAddr> {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).ok()?;
    socket.connect((to, 443)).ok()?;
    socket.local_addr().ok().map(|address| address.ip())
}

//! Servers on loopback that speak TLS, or do not.

use std::{net::SocketAddr, sync::Arc};

use rustls::{
    ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use tokio_rustls::TlsAcceptor;

/// A certificate with its key.
pub struct Identity {
    pub certificate: CertificateDer<'static>,
    pub key: Vec<u8>,
}

/// What a server does with a connection.
pub enum Answers {
    /// It speaks TLS, and answers 403 to every request.
    Tls(Identity),
    /// It says these bytes to whatever comes, and closes.
    Bytes(Vec<u8>),
    /// It answers HTTP, and waits for the rest of everything else.
    OnlyHttp,
    /// It says nothing.
    Silence,
}

/// Serves on a free port of loopback until the test ends.
pub async fn serve(answers: Answers) -> SocketAddr {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let address = listener.local_addr().expect("its address");
    let answers = Arc::new(prepared(answers));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let answers = Arc::clone(&answers);
            tokio::spawn(async move { answer(&answers, stream).await });
        }
    });
    address
}

enum Prepared {
    Tls(TlsAcceptor),
    Bytes(Vec<u8>),
    OnlyHttp,
    Silence,
}

fn prepared(answers: Answers) -> Prepared {
    match answers {
        Answers::Bytes(bytes) => Prepared::Bytes(bytes),
        Answers::OnlyHttp => Prepared::OnlyHttp,
        Answers::Silence => Prepared::Silence,
        Answers::Tls(identity) => {
            let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
            let key = PrivateKeyDer::Pkcs8(identity.key.into());
            let config = ServerConfig::builder_with_provider(provider)
                .with_safe_default_protocol_versions()
                .expect("protocols")
                .with_no_client_auth()
                .with_single_cert(vec![identity.certificate], key)
                .expect("a certificate");
            Prepared::Tls(TlsAcceptor::from(Arc::new(config)))
        }
    }
}

async fn answer(answers: &Prepared, mut stream: TcpStream) {
    match answers {
        Prepared::Silence => std::future::pending().await,
        Prepared::Bytes(bytes) => {
            let mut begin = [0; 1024];
            let _ = stream.read(&mut begin).await;
            let _ = stream.write_all(bytes).await;
            let _ = stream.shutdown().await;
        }
        Prepared::OnlyHttp => {
            let mut begin = [0; 1024];
            let read = stream.read(&mut begin).await.unwrap_or_default();
            if begin[..read].starts_with(b"HEAD ") {
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await;
            } else {
                // Not a line of HTTP: it closes without a word.
                let _ = stream.shutdown().await;
            }
        }
        Prepared::Tls(acceptor) => {
            let Ok(mut stream) = acceptor.accept(stream).await else {
                return;
            };
            let mut request = Vec::new();
            while !request.ends_with(b"\r\n\r\n") {
                match stream.read_u8().await {
                    Ok(byte) => request.push(byte),
                    Err(_) => return,
                }
            }
            let request = String::from_utf8_lossy(&request);
            let path = request.split(' ').nth(1).unwrap_or_default();
            let lines = request.lines();
            let mut hosts = lines.filter_map(|line| line.strip_prefix("host: "));
            let body = format!(
                "{{\"message\":\"Forbidden\"}}\n{path} {}",
                hosts.next().unwrap_or_default()
            );
            let reply = format!(
                "HTTP/1.1 403 Forbidden\r\nx-amzn-errortype: ForbiddenException:http://x\r\ncontent-length: {}\r\n\r\n{body}",
                body.len()
            );
            let _ = stream.write_all(reply.as_bytes()).await;
            let _ = stream.shutdown().await;
        }
    }
}

/// A `ServerHello` as servers of TLS 1.1 send it (RFC 4346, 7.4.1.3).
pub fn hello_of_tls_1_1() -> Vec<u8> {
    let mut hello = vec![3, 2];
    hello.extend([7; 32]);
    // No session; TLS_RSA_WITH_AES_128_CBC_SHA; no compression.
    hello.extend([0, 0, 0x2f, 0]);
    let length = u8::try_from(hello.len()).expect("short");
    let mut record = vec![22, 3, 2, 0, length + 4, 2, 0, 0, length];
    record.extend(hello);
    record
}

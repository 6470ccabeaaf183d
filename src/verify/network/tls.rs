//! A handshake whose certificate is judged, but does not end it: what the
//! server shows is said in any case, and the request is made all the same.

use std::{
    io,
    sync::{Arc, Mutex, PoisonError},
};

use rustls::{
    AlertDescription, CertificateError, ClientConfig, DigitallySignedStruct, Error as TlsError,
    PeerIncompatible, RootCertStore, SignatureScheme,
    client::{
        WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    },
    crypto::{CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, ServerName, UnixTime},
};
use tokio_rustls::{TlsConnector, client::TlsStream};
use x509_parser::prelude::{FromDer, GeneralName, X509Certificate};

use super::{
    Distrust, Handshake, Shown,
    tap::{First, Tap},
};
use crate::error::{Error, Result};

/// Judges certificates, and lets them all pass.
#[derive(Debug)]
struct Witness {
    provider: Arc<CryptoProvider>,
    /// None where no authority is trusted.
    judge: Option<Arc<WebPkiServerVerifier>>,
    saw: Mutex<Saw>,
}

/// What a handshake showed.
#[derive(Clone, Debug, Default)]
struct Saw {
    certificate: Vec<u8>,
    distrust: Option<Distrust>,
}

impl ServerCertVerifier for Witness {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        chain: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, TlsError> {
        let judged = self
            .judge
            .as_ref()
            .map(|judge| judge.verify_server_cert(certificate, chain, name, ocsp, now));
        let distrust = match judged {
            None => Some(Distrust::UnknownAuthority),
            Some(Ok(_)) => None,
            Some(Err(error)) => Some(distrust(&error)),
        };
        let mut saw = self.saw.lock().unwrap_or_else(PoisonError::into_inner);
        *saw = Saw {
            certificate: certificate.to_vec(),
            distrust,
        };
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        let known = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signed, known)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        let known = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signed, known)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        let known = &self.provider.signature_verification_algorithms;
        known.supported_schemes()
    }
}

fn distrust(error: &TlsError) -> Distrust {
    let TlsError::InvalidCertificate(error) = error else {
        return Distrust::Other(error.to_string());
    };
    match error {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => Distrust::Expired,
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            Distrust::NotYetValid
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            Distrust::WrongName
        }
        // A trusted authority of the same name has another key: it was made anew.
        CertificateError::UnknownIssuer | CertificateError::BadSignature => {
            Distrust::UnknownAuthority
        }
        other => Distrust::Other(other.to_string()),
    }
}

/// What is trusted, for one handshake.
pub struct Client {
    witness: Arc<Witness>,
    connector: TlsConnector,
}

impl Client {
    /// A client that trusts these authorities.
    ///
    /// # Errors
    ///
    /// The TLS library offers none of the protocols.
    pub fn new(roots: &Arc<RootCertStore>) -> Result<Self> {
        let unusable = |error: TlsError| Error::invalid(format!("TLS cannot be used: {error}"));
        let provider = Arc::new(aws_lc_rs::default_provider());
        let judge =
            WebPkiServerVerifier::builder_with_provider(Arc::clone(roots), Arc::clone(&provider));
        let witness = Arc::new(Witness {
            provider: Arc::clone(&provider),
            judge: judge.build().ok(),
            saw: Mutex::default(),
        });
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(unusable)?
            .dangerous()
            .with_custom_certificate_verifier(Arc::clone(&witness) as Arc<dyn ServerCertVerifier>)
            .with_no_client_auth();
        Ok(Self {
            witness,
            connector: TlsConnector::from(Arc::new(config)),
        })
    }

    /// Shakes hands.
    pub async fn shake(&self, host: &str, stream: Tap) -> io::Result<TlsStream<Tap>> {
        let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
        self.connector.connect(name, stream).await
    }

    /// What the handshake showed.
    pub fn shown(&self, host: &str, stream: &TlsStream<Tap>) -> Shown {
        let (_, connection) = stream.get_ref();
        let saw = self
            .witness
            .saw
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let protocol = connection.protocol_version();
        let protocol = protocol.map(|version| format!("{version:?}"));
        let cipher = connection.negotiated_cipher_suite();
        let cipher = cipher.map(|suite| format!("{:?}", suite.suite()));
        let mut shown = Shown {
            protocol: protocol
                .map(|word| word.replace("TLSv", "TLS ").replace('_', "."))
                .unwrap_or_default(),
            cipher: cipher.unwrap_or_default(),
            distrust: saw.distrust.clone(),
            ..Shown::default()
        };
        if let Ok((_, certificate)) = X509Certificate::from_der(&saw.certificate) {
            shown.issuer = certificate.issuer().to_string();
            shown.not_after = Some(certificate.validity().not_after.timestamp());
            let others = certificate.subject_alternative_name().ok().flatten();
            let names = others.map(|one| one.value.general_names.clone());
            shown.names = names.unwrap_or_default().iter().filter_map(name).collect();
        }
        // A name that does not fit is the plainer truth than a chain that does not.
        if shown.distrust == Some(Distrust::UnknownAuthority)
            && !shown.names.iter().any(|name| covers(name, host))
        {
            shown.distrust = Some(Distrust::WrongName);
        }
        shown
    }
}

fn name(name: &GeneralName<'_>) -> Option<String> {
    match name {
        GeneralName::DNSName(name) => Some((*name).to_owned()),
        _ => None,
    }
}

/// Whether a name in a certificate covers a host (RFC 6125, 6.4.3).
pub fn covers(name: &str, host: &str) -> bool {
    let (name, host) = (name.to_ascii_lowercase(), host.to_ascii_lowercase());
    match name.strip_prefix("*.") {
        Some(rest) => host
            .split_once('.')
            .is_some_and(|(_, parent)| parent == rest),
        None => name == host,
    }
}

/// What a handshake that failed means.
pub fn failed(error: &io::Error, first: &First) -> Handshake {
    if first.bytes().starts_with(b"HTTP/") {
        return Handshake::PlainHttp;
    }
    let inner = error
        .get_ref()
        .and_then(|inner| inner.downcast_ref::<TlsError>());
    match inner {
        Some(TlsError::AlertReceived(AlertDescription::ProtocolVersion)) => {
            Handshake::OldProtocol("it refuses TLS 1.2 and 1.3 (alert protocol_version)".to_owned())
        }
        Some(TlsError::PeerIncompatible(
            PeerIncompatible::ServerDoesNotSupportTls12Or13
            | PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig,
        )) => Handshake::OldProtocol(old(&first.bytes())),
        Some(other) => Handshake::Refused(other.to_string()),
        None if error.kind() == io::ErrorKind::UnexpectedEof => {
            Handshake::Refused("it closed the connection".to_owned())
        }
        None => Handshake::Refused(error.to_string()),
    }
}

/// The version in a `ServerHello`: behind five bytes of a record and four of the
/// message (RFC 5246, 7.4.1.3).
fn old(first: &[u8]) -> String {
    match (first.first(), first.get(5), first.get(9..11)) {
        (Some(22), Some(2), Some([3, 1])) => "it speaks TLS 1.0".to_owned(),
        (Some(22), Some(2), Some([3, 2])) => "it speaks TLS 1.1".to_owned(),
        (Some(22), Some(2), Some([3, 0])) => "it speaks SSL 3".to_owned(),
        _ => "it speaks neither TLS 1.2 nor 1.3".to_owned(),
    }
}

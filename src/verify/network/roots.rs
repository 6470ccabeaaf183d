//! Whose certificates are trusted.

use std::{path::Path, sync::Arc};

use rustls::{
    RootCertStore,
    pki_types::{CertificateDer, pem::PemObject},
};

use crate::{
    error::{Error, Result},
    file,
};

/// Far more than all the roots of the world.
const MOST_BYTES: usize = 16 * 1024 * 1024;

/// The authorities that are trusted.
#[derive(Clone, Debug)]
pub struct Roots {
    /// Their certificates.
    pub store: Arc<RootCertStore>,
    /// Whose choice they are, in words.
    pub whose: String,
}

impl Roots {
    /// The system's.
    pub fn of_system() -> Self {
        let mut store = RootCertStore::empty();
        // One that cannot be read is not there; none at all shows as "unknown authority".
        store.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        Self {
            store: Arc::new(store),
            whose: "this system".to_owned(),
        }
    }

    /// Those of a PEM file, and no others, as curl's `--cacert` has it.
    ///
    /// # Errors
    ///
    /// The file cannot be read, or holds no certificate.
    pub fn of_file(path: &Path) -> Result<Self> {
        let unusable = |why: String| {
            Error::invalid(format!("--cacert {}: {why}", path.display()))
                .hint("name a file with the authority's certificate in PEM, `-----BEGIN CERTIFICATE-----`")
        };
        let pem = file::read(path, MOST_BYTES)
            .map_err(|error| unusable(format!("it cannot be read: {error}")))?;
        let mut store = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(&pem) {
            let certificate =
                certificate.map_err(|error| unusable(format!("it is not PEM: {error}")))?;
            store.add(certificate).map_err(|error| {
                unusable(format!("a certificate in it cannot be used: {error}"))
            })?;
        }
        if store.is_empty() {
            return Err(unusable("it holds no certificate".to_owned()));
        }
        Ok(Self {
            store: Arc::new(store),
            whose: path.display().to_string(),
        })
    }
}

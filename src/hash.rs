//! Hashes that are the same in every run, for short names and fingerprints.

use std::fmt::Write as _;

use sha2::{Digest, Sha256};

/// The first seven hexadecimal digits of a text's SHA-256.
pub fn short(text: &str) -> String {
    long(text)[..7].to_owned()
}

/// A text's SHA-256 in hexadecimal digits.
pub fn long(text: &str) -> String {
    let mut digits = String::with_capacity(64);
    for byte in Sha256::digest(text.as_bytes()) {
        let _ = write!(digits, "{byte:02x}");
    }
    digits
}

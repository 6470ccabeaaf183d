//! Entity tags and checksums of objects.

use std::fmt::Write;

use md5::{Digest, Md5};
use sha2::Sha256;

use crate::base64;
use crate::codec::Refusal;

/// The headers of checksums begin so.
pub const HEADER: &str = "x-amz-checksum-";

/// What an object has when the client sends no checksum (S3 user guide,
/// "Checking object integrity").
pub const DEFAULT: &str = "x-amz-checksum-crc64nvme";

/// S3 API reference, `Object`: the MD5 digest, for objects that are put at once
/// and not encrypted by KMS; for those it is an assumption.
pub fn entity_tag(body: &[u8]) -> String {
    let mut tag = String::from("\"");
    for byte in Md5::digest(body) {
        // Writing to a string cannot fail.
        let _ = write!(tag, "{byte:02x}");
    }
    tag + "\""
}

/// Returns a body's checksum under one of the headers' names, in base 64.
///
/// S3 API reference, `PutObject`: CRC32, CRC32C, CRC64NVME, SHA1, SHA256; SHA1 is not simulated.
pub fn checksum(header: &str, body: &[u8]) -> Option<String> {
    let reflected = |polynomial, bits| reflected_crc(body, polynomial, bits);
    let bytes = match header.strip_prefix(HEADER)? {
        "crc32" => reflected(0xedb8_8320, 32)[4..].to_vec(),
        "crc32c" => reflected(0x82f6_3b78, 32)[4..].to_vec(),
        "crc64nvme" => reflected(0x9a6c_9329_ac4b_c9b5, 64).to_vec(),
        "sha256" => Sha256::digest(body).to_vec(),
        _ => return None,
    };
    Some(base64::encode(&bytes))
}

/// A reflected CRC with all bits set before and turned over after.
fn reflected_crc(body: &[u8], polynomial: u64, bits: u32) -> [u8; 8] {
    let ones = u64::MAX >> (64 - bits);
    let mut crc = ones;
    for byte in body {
        crc ^= u64::from(*byte);
        for _ in 0..8 {
            crc = (crc >> 1) ^ (polynomial & (crc & 1).wrapping_neg());
        }
    }
    (crc ^ ones).to_be_bytes()
}

/// Checks what a request says of its body: `Content-MD5`.
///
/// S3 API reference, "Error responses": `InvalidDigest`, `BadDigest`.
pub fn check_md5(given: Option<&str>, body: &[u8]) -> Result<(), Refusal> {
    let Some(given) = given else {
        return Ok(());
    };
    if given.len() != 24 || !given.ends_with("==") {
        let text = "The Content-MD5 you specified was invalid.";
        return Err(Refusal::new("InvalidDigest", text));
    }
    if given == base64::encode(&Md5::digest(body)) {
        return Ok(());
    }
    let text = "The Content-MD5 you specified did not match what we received.";
    Err(Refusal::new("BadDigest", text))
}

/// Checks a checksum that a request gives, under its header's name (the words are recorded).
pub fn check(header: &str, given: &str, body: &[u8]) -> Result<(), Refusal> {
    let name = header.trim_start_matches(HEADER).to_uppercase();
    let Some(wanted) = checksum(header, body) else {
        let text = format!("The checksum {name} is not simulated");
        return Err(Refusal::new("NotImplemented", text).status(501));
    };
    // As many letters as the checksum has, or it is none at all.
    if given.len() != wanted.len() {
        let text = format!("Value for {header} header is invalid.");
        return Err(Refusal::new("InvalidRequest", text));
    }
    if given == wanted {
        return Ok(());
    }
    let text = format!("The {name} you specified did not match the calculated checksum.");
    Err(Refusal::new("BadDigest", text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_are_those_of_the_catalogues() {
        // The check values of each for "123456789" (the catalogue of CRC algorithms; RFC 1321).
        let of = |name: &str| checksum(&format!("{HEADER}{name}"), b"123456789").unwrap();
        assert_eq!(of("crc32"), base64::encode(&0xcbf4_3926_u32.to_be_bytes()));
        assert_eq!(of("crc32c"), base64::encode(&0xe306_9283_u32.to_be_bytes()));
        assert_eq!(
            of("crc64nvme"),
            base64::encode(&0xae8b_1486_0a79_9888_u64.to_be_bytes())
        );
        assert_eq!(entity_tag(b""), "\"d41d8cd98f00b204e9800998ecf8427e\"");
        assert_eq!(base64::encode(b"Ma"), "TWE=");
    }
}

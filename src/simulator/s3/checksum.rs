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
/// S3 API reference, `PutObject`: CRC32, CRC32C, CRC64NVME, SHA1, SHA256.
pub fn checksum(header: &str, body: &[u8]) -> Option<String> {
    let reflected = |polynomial, bits| reflected_crc(body, polynomial, bits);
    let bytes = match header.strip_prefix(HEADER)? {
        "crc32" => reflected(0xedb8_8320, 32)[4..].to_vec(),
        "crc32c" => reflected(0x82f6_3b78, 32)[4..].to_vec(),
        "crc64nvme" => reflected(0x9a6c_9329_ac4b_c9b5, 64).to_vec(),
        "sha1" => sha1(body).to_vec(),
        "sha256" => Sha256::digest(body).to_vec(),
        _ => return None,
    };
    Some(base64::encode(&bytes))
}

/// The names of the headers of checksums.
pub const HEADERS: [&str; 5] = [
    "x-amz-checksum-crc32",
    "x-amz-checksum-crc32c",
    DEFAULT,
    "x-amz-checksum-sha1",
    "x-amz-checksum-sha256",
];

/// The header of an algorithm's checksum: `SHA256`.
pub fn header(algorithm: &str) -> Option<&'static str> {
    let wanted = format!("{HEADER}{}", algorithm.to_ascii_lowercase());
    HEADERS.into_iter().find(|known| *known == wanted)
}

/// FIPS 180-4, section 6.1. What S3 offers, it is asked for: nothing rests on it here.
fn sha1(body: &[u8]) -> [u8; 20] {
    let mut state: [u32; 5] = [
        0x6745_2301,
        0xefcd_ab89,
        0x98ba_dcfe,
        0x1032_5476,
        0xc3d2_e1f0,
    ];
    let mut padded = body.to_vec();
    padded.push(0x80);
    padded.resize(padded.len().next_multiple_of(64), 0);
    if padded.len() < body.len() + 9 {
        padded.resize(padded.len() + 64, 0);
    }
    let place = padded.len() - 8;
    padded[place..].copy_from_slice(&(body.len() as u64 * 8).to_be_bytes());
    for block in padded.chunks_exact(64) {
        let mut words = [0_u32; 80];
        for (word, bytes) in words.iter_mut().zip(block.chunks_exact(4)) {
            *word = bytes
                .iter()
                .fold(0, |word, byte| word << 8 | u32::from(*byte));
        }
        for place in 16..80 {
            let mixed = words[place - 3] ^ words[place - 8] ^ words[place - 14] ^ words[place - 16];
            words[place] = mixed.rotate_left(1);
        }
        let [mut one, mut two, mut three, mut four, mut five] = state;
        for (place, word) in words.iter().enumerate() {
            let (mixed, constant) = match place {
                0..20 => ((two & three) | (!two & four), 0x5a82_7999),
                20..40 => (two ^ three ^ four, 0x6ed9_eba1),
                40..60 => ((two & three) | (two & four) | (three & four), 0x8f1b_bcdc),
                _ => (two ^ three ^ four, 0xca62_c1d6_u32),
            };
            let next = one.rotate_left(5).wrapping_add(mixed).wrapping_add(five);
            let next = next.wrapping_add(constant).wrapping_add(*word);
            (five, four, three, two, one) = (four, three, two.rotate_left(30), one, next);
        }
        let round = [one, two, three, four, five];
        for (sum, new) in state.iter_mut().zip(round) {
            *sum = sum.wrapping_add(new);
        }
    }
    let mut digest = [0; 20];
    for (bytes, word) in digest.chunks_exact_mut(4).zip(state) {
        bytes.copy_from_slice(&word.to_be_bytes());
    }
    digest
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
        return Err(Refusal::new("InvalidDigest", text).detail("Content-MD5", given));
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
        // S3 user guide, "Checking object integrity": there are others; the code is an assumption.
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
        // FIPS 180-4's examples, and lengths on both sides of a block's end.
        let of = |body: &[u8]| checksum("x-amz-checksum-sha1", body).unwrap();
        assert_eq!(of(b"abc"), "qZk+NkcGgWq6PiVxeFDCbJzQ2J0=");
        assert_eq!(
            of(b"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "hJg+RBw70m66rkqh+VEp5eVGcPE="
        );
        assert_eq!(of(&[b'a'; 55]), "wci73CJ5bijA4VFj0giZtlYh1lo=");
        assert_eq!(of(&[b'a'; 64]), "AJi6gktcFkJ716ESKlpEKiXsZE0=");
        assert_eq!(entity_tag(b""), "\"d41d8cd98f00b204e9800998ecf8427e\"");
        assert_eq!(base64::encode(b"Ma"), "TWE=");
    }
}

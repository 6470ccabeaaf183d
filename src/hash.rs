//! Hashes that are the same in every run, for short names, fingerprints and pins.

use std::{
    fmt::Write as _,
    hash::{Hash, Hasher},
};

use sha2::{Digest, Sha256};

/// The first seven hexadecimal digits of a text's SHA-256.
pub fn short(text: &str) -> String {
    long(text)[..7].to_owned()
}

/// A text's SHA-256 in hexadecimal digits.
pub fn long(text: &str) -> String {
    digits(&Sha256::digest(text.as_bytes()))
}

/// The SHA-256, in hexadecimal digits, of all that a value counts in its
/// [`Hash`]. The same on every machine; another version of the program, or of
/// the compiler that built it, may get another one.
pub fn of(value: &impl Hash) -> String {
    let mut canonical = Canonical(Sha256::new());
    value.hash(&mut canonical);
    digits(&canonical.0.finalize())
}

fn digits(bytes: &[u8]) -> String {
    let mut digits = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        let _ = write!(digits, "{byte:02x}");
    }
    digits
}

/// Takes numbers in one order of bytes and one width, whatever the machine's.
struct Canonical(Sha256);

impl Hasher for Canonical {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn write_u16(&mut self, number: u16) {
        self.write(&number.to_le_bytes());
    }

    fn write_u32(&mut self, number: u32) {
        self.write(&number.to_le_bytes());
    }

    fn write_u64(&mut self, number: u64) {
        self.write(&number.to_le_bytes());
    }

    fn write_u128(&mut self, number: u128) {
        self.write(&number.to_le_bytes());
    }

    fn write_usize(&mut self, number: usize) {
        self.write_u64(number as u64);
    }

    fn write_isize(&mut self, number: isize) {
        self.write(&(number as i64).to_le_bytes());
    }

    fn finish(&self) -> u64 {
        let digest = self.0.clone().finalize();
        digest
            .iter()
            .take(8)
            .fold(0, |sum, byte| (sum << 8) | u64::from(*byte))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_side_by_side_do_not_run_into_each_other() {
        assert_ne!(of(&("ab", "c")), of(&("a", "bc")));
        assert_ne!(of(&vec!["a", "b"]), of(&vec!["a"]));
        assert_ne!(of(&Some("")), of(&None::<&str>));
    }

    #[test]
    fn a_hash_is_the_same_in_every_run() {
        let digits = of(&("orders", 443_u16, true, 7_usize));
        let bytes = b"orders\xff\xbb\x01\x01\x07\0\0\0\0\0\0\0";
        assert_eq!(digits, super::digits(&Sha256::digest(bytes)));
    }
}

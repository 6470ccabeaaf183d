//! The account's only source of chance, seeded: same seed and same calls give the same ids.

use std::fmt::Write;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// A small seeded generator (the `SplitMix64` step), kept in the world file.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Random {
    state: u64,
}

impl Random {
    /// Returns a generator for this seed.
    pub const fn seeded(seed: u64) -> Self {
        Self { state: seed }
    }

    /// Returns the next 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Returns a number below `bound` (0 when the bound is 0).
    pub fn below(&mut self, bound: u64) -> u64 {
        if bound == 0 { 0 } else { self.bits() % bound }
    }

    /// Returns a number in `0.0..1.0`.
    pub fn unit(&mut self) -> f64 {
        // 32 bits are exact in an f64, and fine enough for chance.
        f64::from(u32::try_from(self.bits() >> 32).unwrap_or(0)) / 4_294_967_296.0
    }

    /// Returns an EC2-like id: the prefix, and 17 hexadecimal digits.
    pub fn id(&mut self, prefix: &str) -> String {
        format!("{prefix}-0{:016x}", self.bits())
    }

    /// Returns `length` characters of lower-case letters and digits.
    pub fn letters(&mut self, length: usize) -> String {
        const ALPHABET: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";
        let pick = |random: &mut Self| {
            let index = usize::try_from(random.below(36)).unwrap_or(0);
            char::from(ALPHABET[index])
        };
        (0..length).map(|_| pick(self)).collect()
    }

    /// Returns `length` hexadecimal digits.
    pub fn hex(&mut self, length: usize) -> String {
        let mut digits = String::new();
        while digits.len() < length {
            // Writing to a string cannot fail.
            let _ = write!(digits, "{:016x}", self.bits());
        }
        digits.truncate(length);
        digits
    }
}

/// Returns `length` hexadecimal digits that depend on the text alone (64 at most).
pub fn digest(text: &str, length: usize) -> String {
    let mut digits = String::new();
    for byte in Sha256::digest(text.as_bytes()) {
        let _ = write!(digits, "{byte:02x}");
    }
    digits.truncate(length);
    digits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_ids() {
        let (mut one, mut two) = (Random::seeded(7), Random::seeded(7));
        assert_eq!(one.id("vpc"), two.id("vpc"));
        assert_ne!(
            one.id("vpc"),
            two.id("subnet").replace("subnet", "vpc") + "x"
        );
        assert_eq!(one.letters(10).len(), 10);
        assert!((0.0..1.0).contains(&one.unit()));
    }
}

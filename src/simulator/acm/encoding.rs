//! PEM.

pub use crate::base64::{decode, encode};

/// Writes a certificate's PEM.
pub fn pem(der: &[u8]) -> String {
    let text = encode(der);
    let lines: Vec<&str> = (0..text.len())
        .step_by(64)
        .map(|start| &text[start..text.len().min(start + 64)])
        .collect();
    format!(
        "-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n",
        lines.join("\n")
    )
}

/// Returns the DER of the first block of a label in a PEM document.
pub fn block(document: &str, label: &str) -> Option<Vec<u8>> {
    let (_, rest) = document.split_once(&format!("-----BEGIN {label}-----"))?;
    let (body, _) = rest.split_once(&format!("-----END {label}-----"))?;
    decode(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_encoded_is_decoded() {
        for text in ["", "f", "fo", "foo", "foob"] {
            assert_eq!(decode(&encode(text.as_bytes())).unwrap(), text.as_bytes());
        }
        assert_eq!(encode(b"fo"), "Zm8=");
        assert!(decode("Zm8=Zm8").is_none() && decode("!").is_none());
        assert_eq!(block(&pem(b"der"), "CERTIFICATE").unwrap(), b"der");
    }
}

//! How Route 53 refuses.

use crate::codec::Refusal;

/// Route 53 API reference: `InvalidChangeBatch`; its messages stand in brackets (observed).
pub fn invalid(text: impl std::fmt::Display) -> Refusal {
    Refusal::new("InvalidChangeBatch", format!("[{text}]"))
}

/// Route 53 API reference: `InvalidInput`.
pub fn malformed(text: impl Into<String>) -> Refusal {
    Refusal::new("InvalidInput", text)
}

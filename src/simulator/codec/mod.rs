//! AWS's wire protocols, generic: a request becomes an [`Input`] tree, an
//! [`Output`] tree becomes a response, and a [`Refusal`] becomes the error
//! shape of its protocol. Services see trees only.

mod input;
mod path;
mod protocol;
mod query;
mod refusal;
mod reply;
mod xml;

pub use input::Input;
pub use path::Route;
pub use protocol::Protocol;
pub use query::{decode, form};
pub use refusal::Refusal;
pub use reply::{Body, Output, encode, ok};
pub use xml::{escape, read};

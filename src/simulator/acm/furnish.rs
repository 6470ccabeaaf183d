//! Certificates under ARNs that are given: what a configuration borrows.

use std::collections::BTreeMap;

use super::request::{serial, validity};
use super::state::{Certificate, Kind, Status};
use crate::world::Ctx;

/// Adds a certificate for these names, the main one first, as ACM would have issued it.
pub fn add_certificate(ctx: &mut Ctx<'_>, arn: &str, names: &[String], status: Status) {
    let issued = status == Status::Issued;
    let certificate = Certificate {
        names: names.to_vec(),
        status,
        kind: Kind::AmazonIssued,
        algorithm: "RSA_2048".to_owned(),
        created: ctx.now,
        issued: issued.then_some(ctx.now),
        valid: issued.then(|| validity(ctx.now)),
        records_since: ctx.now,
        found: issued,
        body: None,
        chain: None,
        serial: serial(ctx.random),
        transparency: "ENABLED".to_owned(),
        tags: BTreeMap::new(),
        own: None,
    };
    ctx.here
        .acm
        .certificates
        .insert(arn.to_owned(), certificate);
}

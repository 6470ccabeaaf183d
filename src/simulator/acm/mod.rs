//! ACM: certificates that are requested and validated by DNS, imported, or there already.
//!
//! Wire names are those of the API's model of 2015-12-08.

mod arn;
mod certificate;
mod encoding;
mod event;
pub mod furnish;
mod import;
mod request;
mod seam;
pub mod state;
mod tag;
mod x509;

pub use state::{Certificate, Event, Kind, State, Status};

use super::codec::Protocol;
use super::service::{Operation, Service, read, write};
use super::world::Ctx;

/// The service.
pub const SERVICE: Service = Service {
    name: "acm",
    protocol: Protocol::Json,
    namespace: "CertificateManager",
    operations: OPERATIONS,
};

const ARN: &[&str] = &["CertificateArn"];

const OPERATIONS: &[Operation] = &[
    write(
        "RequestCertificate",
        request::request,
        &[
            "DomainName",
            "DomainValidationOptions",
            "IdempotencyToken",
            "KeyAlgorithm",
            "Options",
            "SubjectAlternativeNames",
            "Tags",
            "ValidationMethod",
        ],
    ),
    write(
        "ImportCertificate",
        import::import,
        &[
            "Certificate",
            "CertificateArn",
            "CertificateChain",
            "PrivateKey",
            "Tags",
        ],
    ),
    read("DescribeCertificate", certificate::describe, ARN),
    read(
        "ListCertificates",
        certificate::list,
        &[
            "CertificateStatuses",
            "Includes",
            "MaxItems",
            "NextToken",
            "SortBy",
            "SortOrder",
        ],
    ),
    read("GetCertificate", certificate::get, ARN),
    write("DeleteCertificate", certificate::delete, ARN),
    write(
        "AddTagsToCertificate",
        tag::add,
        &["CertificateArn", "Tags"],
    ),
    read("ListTagsForCertificate", tag::list, ARN),
    write(
        "RemoveTagsFromCertificate",
        tag::remove,
        &["CertificateArn", "Tags"],
    ),
];

/// Returns the status of a certificate of this region, if it exists.
pub fn status(ctx: &Ctx<'_>, arn: &str) -> Option<Status> {
    ctx.here
        .acm
        .certificates
        .get(arn)
        .map(|certificate| certificate.status)
}

/// Returns the names a certificate is for, the main one first, if it exists.
pub fn names<'a>(ctx: &'a Ctx<'_>, arn: &str) -> Option<&'a [String]> {
    ctx.here
        .acm
        .certificates
        .get(arn)
        .map(|certificate| certificate.names.as_slice())
}

/// Returns whether a certificate is there, issued, and covers a host: a wildcard stands for exactly one label.
pub fn covers(ctx: &Ctx<'_>, arn: &str, host: &str) -> bool {
    let fits = |name: &String| match name.strip_prefix("*.") {
        Some(above) => host
            .split_once('.')
            .is_some_and(|(_, rest)| rest.eq_ignore_ascii_case(above)),
        None => host.eq_ignore_ascii_case(name),
    };
    status(ctx, arn) == Some(Status::Issued)
        && names(ctx, arn).is_some_and(|names| names.iter().any(fits))
}

#[cfg(test)]
mod samples;
#[cfg(test)]
mod tests;

//! ACM: certificates that are requested and validated by DNS, imported, or there already.
//!
//! Wire names are those of the API's model of 2015-12-08.

mod certificate;
mod encoding;
pub mod furnish;
mod import;
mod request;
mod seam;
mod state;
mod tag;
mod x509;

pub use state::{Certificate, Event, Kind, State, Status};

use super::codec::{Protocol, Refusal};
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
    let host = host.to_ascii_lowercase();
    let fits = |name: &String| match name.strip_prefix("*.") {
        Some(above) => host.split_once('.').is_some_and(|(_, rest)| rest == above),
        None => host == *name,
    };
    status(ctx, arn) == Some(Status::Issued)
        && names(ctx, arn).is_some_and(|names| names.iter().any(fits))
}

/// Checks an ARN: not one is `ValidationException` (ACM API reference, the pattern of `Arn`), an unknown one `ResourceNotFoundException`.
fn find<'a>(ctx: &'a Ctx<'_>, arn: &str) -> Result<&'a Certificate, Refusal> {
    check_arn(arn)?;
    ctx.here
        .acm
        .certificates
        .get(arn)
        .ok_or_else(|| absent(ctx, arn))
}

fn find_mut<'a>(ctx: &'a mut Ctx<'_>, arn: &str) -> Result<&'a mut Certificate, Refusal> {
    check_arn(arn)?;
    let absent = absent(ctx, arn);
    ctx.here.acm.certificates.get_mut(arn).ok_or(absent)
}

fn check_arn(arn: &str) -> Result<(), Refusal> {
    let mut parts = arn.splitn(6, ':');
    if (parts.next(), parts.nth(1)) == (Some("arn"), Some("acm"))
        && parts
            .nth(2)
            .is_some_and(|resource| resource.starts_with("certificate/"))
    {
        return Ok(());
    }
    let text = format!(
        "1 validation error detected: Value '{arn}' at 'certificateArn' failed to satisfy constraint"
    );
    Err(Refusal::new("ValidationException", text))
}

fn absent(ctx: &Ctx<'_>, arn: &str) -> Refusal {
    let text = format!(
        "Could not find certificate {arn} in account {}.",
        ctx.account
    );
    Refusal::new("ResourceNotFoundException", text)
}

#[cfg(test)]
mod samples;
#[cfg(test)]
mod tests;

//! The SDK's errors in the words of this program.
//!
//! Errors are told apart by AWS's error code, never by their text: the SDK's
//! `Display` says only "service error", and messages change.

use std::{error::Error as StdError, time::SystemTime};

use aws_smithy_runtime_api::client::{orchestrator::HttpResponse, result::SdkError};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use super::{reply, resend};
use crate::error::{Error, ErrorKind, Result};

/// Refused for load; nothing was applied.
const THROTTLED: &[&str] = &[
    "EC2ThrottledException",
    "PriorRequestNotComplete",
    "RequestLimitExceeded",
    "RequestThrottled",
    "RequestThrottledException",
    "SlowDown",
    "ThrottledException",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
];

/// Refused because of the state of a neighbour, which changes by itself.
const NOT_YET: &[&str] = &[
    "ConcurrentModificationException",
    "ConflictException",
    "DependencyViolation",
    "IncorrectState",
    "InvalidGroup.InUse",
    "PriorityInUse",
    "ResourceConflictException",
    "ResourceInUse",
    "ResourceInUseException",
];

/// The name is taken, which a moment ago it was not.
const EXISTS: &[&str] = &[
    "DuplicateListener",
    "DuplicateLoadBalancerName",
    "DuplicateTargetGroupName",
    "InvalidGroup.Duplicate",
];

/// The caller is known but not allowed.
const DENIED: &[&str] = &[
    "AccessDenied",
    "AccessDeniedException",
    "AuthorizationError",
    "NotAuthorized",
    "UnauthorizedOperation",
];

/// The caller is not known.
const CREDENTIALS: &[&str] = &[
    "AuthFailure",
    "ExpiredToken",
    "ExpiredTokenException",
    "InvalidAccessKeyId",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "MissingAuthenticationToken",
    "MissingAuthenticationTokenException",
    "RequestExpired",
    "RequestTimeTooSkewed",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
];

/// What AWS says when the time in a signature is not its own; most of these are
/// said for other reasons too (EC2 and S3 API references, "Error codes").
const CLOCK: &[&str] = &[
    "AuthFailure",
    "InvalidSignatureException",
    "RequestExpired",
    "RequestTimeTooSkewed",
    "SignatureDoesNotMatch",
];

/// Whether a wrong clock may be behind this code.
pub(super) fn is_clock_code(code: &str) -> bool {
    CLOCK.contains(&code)
}

/// Turns an SDK result into ours.
pub trait Called<T> {
    /// Names the operation in the error.
    fn called(self, operation: &'static str) -> Result<T>;
}

impl<T, E> Called<T> for Result<T, SdkError<E, HttpResponse>>
where
    E: ProvideErrorMetadata + StdError + 'static,
{
    fn called(self, operation: &'static str) -> Result<T> {
        self.map_err(|error| explain(operation, &error))
    }
}

/// Gives "not found" a value, for reads of one thing and for deletes.
pub fn none_if_missing<T>(result: Result<T>) -> Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.kind == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn explain<E>(operation: &'static str, error: &SdkError<E, HttpResponse>) -> Error
where
    E: ProvideErrorMetadata + StdError + 'static,
{
    if let Some(reason) = resend::put_off(error) {
        return Error::not_yet(format!("{operation} was not sent: {reason}"));
    }
    match error {
        SdkError::ServiceError(service) => {
            let refusal = refused(operation, service.err().meta());
            let by_clock = service.err().meta().code().is_some_and(is_clock_code);
            match reply::wrong_clock(service.raw(), SystemTime::now()).filter(|_| by_clock) {
                Some(words) => refusal.hint(words),
                None => refusal,
            }
        }
        SdkError::ConstructionFailure(_) => Error::invalid(format!(
            "{operation} was not sent: {}",
            chain(error.source().unwrap_or(error))
        )),
        SdkError::TimeoutError(_) => Error::new(
            ErrorKind::Unknown,
            format!("{operation} got no answer in time"),
        )
        .hint("check the network, HTTPS_PROXY and --endpoint-url"),
        SdkError::DispatchFailure(failure) => {
            let kind = if failure.is_user() {
                ErrorKind::Invalid
            } else {
                ErrorKind::Unknown
            };
            Error::new(
                kind,
                format!("{operation}: {}", chain(error.source().unwrap_or(error))),
            )
            .hint("check the network, HTTPS_PROXY, AWS_CA_BUNDLE and --endpoint-url")
        }
        _ => Error::new(
            ErrorKind::Unknown,
            format!(
                "{operation}: the answer makes no sense: {}",
                chain(error.source().unwrap_or(error))
            ),
        ),
    }
}

fn refused(operation: &str, meta: &aws_smithy_types::error::ErrorMetadata) -> Error {
    let code = meta.code().unwrap_or("Unknown");
    let words = meta.message().unwrap_or("no message");
    let request = meta.extra("aws_request_id").map_or_else(
        || format!("({operation})"),
        |id| format!("({operation}, request {id})"),
    );
    let kind = kind_of(code, words);
    let error = Error::new(kind.clone(), format!("{code}: {words} {request}"));
    match kind {
        ErrorKind::Denied => error.hint(format!("allow the caller {operation}")),
        ErrorKind::Credentials => {
            error.hint("the credentials are not valid here: log in again, and check the clock")
        }
        _ => error,
    }
}

/// What a code means for the engine.
///
/// `ConflictException` covers both "try again later" and "exists already" in
/// API Gateway. Both are answered in the same way: look again.
pub(super) fn kind_of(code: &str, words: &str) -> ErrorKind {
    let bare = code.strip_prefix("Client.").unwrap_or(code);
    if THROTTLED.contains(&bare) || words.starts_with("Rate exceeded") {
        ErrorKind::Throttled
    } else if NOT_YET.contains(&bare) {
        ErrorKind::NotYet
    } else if let Some(code) = EXISTS.iter().find(|code| **code == bare) {
        ErrorKind::Exists(code)
    } else if bare == "BadRequestException" && words.contains("already exists") {
        // API Gateway has no code of its own for a domain name that is taken.
        ErrorKind::Exists("BadRequestException")
    } else if DENIED.contains(&bare) {
        ErrorKind::Denied
    } else if CREDENTIALS.contains(&bare) {
        ErrorKind::Credentials
    } else if matches!(
        bare,
        "InternalError"
            | "InternalFailure"
            | "RequestTimeout"
            | "RequestTimeoutException"
            | "ServiceUnavailable"
            | "Unavailable"
    ) {
        ErrorKind::Unknown
    } else if bare == "SSLPolicyNotFound" {
        // A name that AWS does not know, and never will: nothing to wait for.
        ErrorKind::Refused(bare.to_owned())
    } else if bare.ends_with("NotFound")
        || bare.ends_with("NotFoundException")
        || bare.starts_with("NoSuch")
    {
        ErrorKind::NotFound
    } else {
        ErrorKind::Refused(bare.to_owned())
    }
}

/// An error and its sources in one line, each said once.
pub fn chain(error: &dyn StdError) -> String {
    let mut parts = vec![error.to_string()];
    let mut source = error.source();
    while let Some(inner) = source {
        let text = inner.to_string();
        if parts.last().is_none_or(|last| !last.contains(&text)) {
            parts.push(text);
        }
        source = inner.source();
    }
    parts.join(": ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_decide_and_texts_do_not() {
        assert_eq!(
            kind_of("TooManyRequestsException", ""),
            ErrorKind::Throttled
        );
        assert_eq!(kind_of("DependencyViolation", ""), ErrorKind::NotYet);
        assert_eq!(
            kind_of("Client.UnauthorizedOperation", ""),
            ErrorKind::Denied
        );
        assert_eq!(kind_of("ExpiredToken", ""), ErrorKind::Credentials);
        assert_eq!(kind_of("InvalidGroup.NotFound", ""), ErrorKind::NotFound);
        assert_eq!(kind_of("NoSuchHostedZone", ""), ErrorKind::NotFound);
        assert_eq!(
            kind_of("SSLPolicyNotFound", ""),
            ErrorKind::Refused("SSLPolicyNotFound".to_owned())
        );
        assert_eq!(kind_of("ServiceUnavailable", ""), ErrorKind::Unknown);
        assert_eq!(
            kind_of("DuplicateListener", ""),
            ErrorKind::Exists("DuplicateListener")
        );
        assert_eq!(
            kind_of("InvalidParameterValue", "the thing was NotFound"),
            ErrorKind::Refused("InvalidParameterValue".to_owned())
        );
    }
}

//! AWS's error codes, and what each means for the engine.

use crate::error::ErrorKind;

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

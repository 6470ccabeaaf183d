//! AWS's answers, and what each means for the engine.
//!
//! Most codes mean the same wherever they are said. Those that do not are in one
//! table, [`PARTICULAR`], told apart by operation and, where AWS has no code of
//! its own for a cause, by its words. Answers of servers in between have no
//! code at all: what became of the call is not known then.

use crate::error::{ErrorKind, Unseen};

/// A refusal, as far as it decides what to do.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Refusal<'a> {
    /// The operation.
    pub operation: &'a str,
    /// The HTTP status.
    pub status: u16,
    /// AWS's error code; empty where there is none.
    pub code: &'a str,
    /// AWS's message.
    pub words: &'a str,
    /// Whether it says when to come back (`Retry-After`).
    pub says_when: bool,
}

/// What a refusal of the table means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Meaning {
    /// The thing is there already.
    Exists,
    /// A neighbour's state, which changes by itself.
    NotYet,
    /// Something is not visible yet or, if that lasts, not there.
    Unseen(&'static Unseen),
}

/// One line of the table.
struct Row {
    /// AWS's error code.
    code: &'static str,
    /// The operations that say it so; none: all of them.
    operations: &'static [&'static str],
    /// One of these is in the message, in lower case; none: any message.
    words: &'static [&'static str],
    meaning: Meaning,
}

/// What a code means here and not elsewhere; the first line that fits counts.
const PARTICULAR: &[Row] = &[
    // API Gateway has no code of its own for what exists: a domain name that is taken is a
    // BadRequestException, a base path or a stage a ConflictException ("Base path already exists
    // for this domain name", "Stage already exists"). Lambda: "The statement id (…) provided
    // already exists".
    Row {
        code: "BadRequestException",
        operations: &[],
        words: &["already exists"],
        meaning: Meaning::Exists,
    },
    Row {
        code: "ConflictException",
        operations: &[],
        words: &["already exists"],
        meaning: Meaning::Exists,
    },
    Row {
        code: "ResourceConflictException",
        operations: &["AddPermission"],
        words: &["already exists"],
        meaning: Meaning::Exists,
    },
    // API Gateway locks a whole API or domain while one call changes it ("Unable to complete
    // operation due to concurrent modification. Please try again later."); a domain's update takes
    // up to 15 minutes (API Gateway developer guide, "Regional custom domain names").
    Row {
        code: "ConflictException",
        operations: &["UpdateDomainName", "DeleteDomainName"],
        words: &[],
        meaning: Meaning::NotYet,
    },
    Row {
        code: "ConflictException",
        operations: &[],
        words: &["try again", "concurrent", "in progress"],
        meaning: Meaning::NotYet,
    },
    // Any other cause does not pass (API Gateway API reference, ConflictException: "the request
    // configuration has conflicts"); a minute, for words that nobody has written down.
    Row {
        code: "ConflictException",
        operations: &[],
        words: &[],
        meaning: Meaning::Unseen(&Unseen {
            code: "ConflictException",
            minutes: 1,
        }),
    },
    // ELBv2 API reference. The rule at the priority may be about to go, or be somebody's.
    Row {
        code: "PriorityInUse",
        operations: &[],
        words: &[],
        meaning: Meaning::Unseen(&Unseen {
            code: "PriorityInUse",
            minutes: 1,
        }),
    },
    // "Invalid stage identifier specified" for a stage that was made a moment ago, "Deployment id
    // does not exist" likewise (Terraform's provider repeats both for 30 s and more).
    Row {
        code: "BadRequestException",
        operations: &[
            "CreateBasePathMapping",
            "CreateStage",
            "UpdateBasePathMapping",
            "UpdateStage",
        ],
        words: &[],
        meaning: Meaning::Unseen(&Unseen {
            code: "BadRequestException",
            minutes: 1,
        }),
    },
    // ELBv2 looks whether the function admits it ("elasticloadbalancing principal does not have
    // permission to invoke …"); a statement that was added a moment ago may not show yet.
    Row {
        code: "AccessDenied",
        operations: &["RegisterTargets"],
        words: &["permission to invoke"],
        meaning: Meaning::Unseen(&Unseen {
            code: "AccessDenied",
            minutes: 1,
        }),
    },
    // A certificate that ACM shows is not known to ELBv2 for up to five minutes (Terraform's
    // provider waits as long at listeners).
    Row {
        code: "CertificateNotFound",
        operations: &[
            "AddListenerCertificates",
            "CreateListener",
            "ModifyListener",
        ],
        words: &[],
        meaning: Meaning::Unseen(&Unseen {
            code: "CertificateNotFound",
            minutes: 5,
        }),
    },
    // S3 API reference, "Error codes": a conflicting operation on the bucket is in progress, try
    // again.
    Row {
        code: "OperationAborted",
        operations: &[],
        words: &[],
        meaning: Meaning::NotYet,
    },
];

impl Row {
    fn fits(&self, refusal: &Refusal<'_>, words: &str) -> bool {
        let named = self.operations.is_empty() || self.operations.contains(&refusal.operation);
        let says = self.words.is_empty() || self.words.iter().any(|one| words.contains(one));
        self.code == refusal.code && named && says
    }

    fn kind(&self) -> ErrorKind {
        match self.meaning {
            Meaning::Exists => ErrorKind::Exists(self.code),
            Meaning::NotYet => ErrorKind::NotYet,
            Meaning::Unseen(refusal) => ErrorKind::Unseen(refusal),
        }
    }
}

fn particular(refusal: &Refusal<'_>) -> Option<ErrorKind> {
    let words = refusal.words.to_lowercase();
    // API Gateway API reference, LimitExceededException: "retry after the time in the Retry-After
    // header". Without that header it is a quota of things, which no waiting lifts.
    if refusal.code == "LimitExceededException" && refusal.says_when {
        return Some(ErrorKind::Throttled);
    }
    let row = PARTICULAR.iter().find(|row| row.fits(refusal, &words));
    row.map(Row::kind)
}

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
    "DependencyViolation",
    "IncorrectState",
    "InvalidGroup.InUse",
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

/// What a refusal means for the engine.
pub(super) fn kind_of(refusal: &Refusal<'_>) -> ErrorKind {
    let Refusal { code, words, .. } = *refusal;
    let bare = code.strip_prefix("Client.").unwrap_or(code);
    let is_nameless = bare.is_empty();
    if THROTTLED.contains(&bare)
        || words.starts_with("Rate exceeded")
        || (is_nameless && refusal.status == 429)
    {
        ErrorKind::Throttled
    } else if refusal.status >= 500 {
        // It may have been applied, whatever the code says.
        ErrorKind::Unknown
    } else if is_nameless && is_bodiless(refusal.operation) && refusal.status >= 400 {
        match refusal.status {
            404 => ErrorKind::NotFound,
            403 => ErrorKind::Denied,
            status => ErrorKind::Refused(format!("HTTP {status}")),
        }
    } else if is_nameless {
        // Not AWS's words: a proxy's or a gateway's page.
        ErrorKind::Unknown
    } else if let Some(kind) = particular(refusal) {
        kind
    } else {
        by_code(bare)
    }
}

/// Whether an operation's answers have no body, and so no code.
pub(super) fn is_bodiless(operation: &str) -> bool {
    operation.starts_with("Head")
}

/// What a code means wherever it is said.
fn by_code(bare: &str) -> ErrorKind {
    if NOT_YET.contains(&bare) {
        ErrorKind::NotYet
    } else if let Some(code) = EXISTS.iter().find(|code| **code == bare) {
        ErrorKind::Exists(code)
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

    fn said(operation: &str, status: u16, code: &str, words: &str) -> ErrorKind {
        kind_of(&Refusal {
            operation,
            status,
            code,
            words,
            says_when: false,
        })
    }

    fn kind(code: &str, words: &str) -> ErrorKind {
        said("?", 400, code, words)
    }

    #[test]
    fn codes_decide_and_texts_do_not() {
        assert_eq!(kind("TooManyRequestsException", ""), ErrorKind::Throttled);
        assert_eq!(kind("DependencyViolation", ""), ErrorKind::NotYet);
        assert_eq!(kind("Client.UnauthorizedOperation", ""), ErrorKind::Denied);
        assert_eq!(kind("ExpiredToken", ""), ErrorKind::Credentials);
        assert_eq!(kind("InvalidGroup.NotFound", ""), ErrorKind::NotFound);
        assert_eq!(kind("NoSuchHostedZone", ""), ErrorKind::NotFound);
        assert_eq!(
            kind("SSLPolicyNotFound", ""),
            ErrorKind::Refused("SSLPolicyNotFound".to_owned())
        );
        assert_eq!(kind("ServiceUnavailable", ""), ErrorKind::Unknown);
        assert_eq!(
            kind("DuplicateListener", ""),
            ErrorKind::Exists("DuplicateListener")
        );
        assert_eq!(
            kind("InvalidParameterValue", "the thing was NotFound"),
            ErrorKind::Refused("InvalidParameterValue".to_owned())
        );
    }

    #[test]
    fn from_500_on_nobody_knows_what_became_of_the_call() {
        for (status, code) in [
            (500, "ServiceException"),
            (503, "ServiceUnavailableException"),
            (500, "HealthUnavailable"),
            (502, ""),
            (504, ""),
            (403, ""),
            (200, ""),
            (404, ""),
        ] {
            assert_eq!(said("CreateRule", status, code, ""), ErrorKind::Unknown);
        }
        // A throttle is one at any status, and nothing was applied.
        let slow = said("CreateRule", 503, "RequestLimitExceeded", "");
        assert_eq!(slow, ErrorKind::Throttled);
        assert_eq!(said("CreateRule", 429, "", ""), ErrorKind::Throttled);
        // An answer to HEAD has no body.
        assert_eq!(said("HeadObject", 404, "", ""), ErrorKind::NotFound);
    }

    #[test]
    fn one_code_of_several_causes_is_told_apart_by_operation_and_cause() {
        let unseen =
            |code, minutes| ErrorKind::Unseen(Box::leak(Box::new(Unseen { code, minutes })));
        let bad = "BadRequestException";
        let conflict = "ConflictException";
        let refused = |code: &str| ErrorKind::Refused(code.to_owned());
        for (operation, code, words, kind) in [
            (
                "CreateStage",
                bad,
                "Deployment id does not exist",
                unseen(bad, 1),
            ),
            ("CreateRestApi", bad, "Invalid API name", refused(bad)),
            (
                "CreateDomainName",
                bad,
                "The domain name already exists.",
                ErrorKind::Exists(bad),
            ),
            (
                "CreateStage",
                conflict,
                "Stage already exists",
                ErrorKind::Exists(conflict),
            ),
            (
                "PutRestApi",
                conflict,
                "Please try again later.",
                ErrorKind::NotYet,
            ),
            ("PutRestApi", conflict, "Models in use", unseen(conflict, 1)),
            (
                "UpdateDomainName",
                conflict,
                "It is being updated",
                ErrorKind::NotYet,
            ),
            (
                "SetRulePriorities",
                "PriorityInUse",
                "",
                unseen("PriorityInUse", 1),
            ),
            ("PutBucketPolicy", "OperationAborted", "", ErrorKind::NotYet),
            (
                "ModifyListener",
                "CertificateNotFound",
                "",
                unseen("CertificateNotFound", 5),
            ),
            (
                "DescribeRules",
                "CertificateNotFound",
                "",
                ErrorKind::NotFound,
            ),
            (
                "RegisterTargets",
                "AccessDenied",
                "not authorized to perform",
                ErrorKind::Denied,
            ),
            (
                "RegisterTargets",
                "AccessDenied",
                "elasticloadbalancing principal does not have permission to invoke it",
                unseen("AccessDenied", 1),
            ),
            (
                "CreateRestApi",
                "LimitExceededException",
                "too many APIs",
                refused("LimitExceededException"),
            ),
        ] {
            assert_eq!(
                said(operation, 400, code, words),
                kind,
                "{operation}: {words}"
            );
        }
    }

    #[test]
    fn a_limit_that_says_when_to_come_back_is_one_of_load() {
        let limit = Refusal {
            operation: "CreateRestApi",
            status: 429,
            code: "LimitExceededException",
            says_when: true,
            ..Refusal::default()
        };
        assert_eq!(kind_of(&limit), ErrorKind::Throttled);
    }
}

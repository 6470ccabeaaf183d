//! All codes. A new one is a line here and a paragraph in
//! `docs/reference/checks.md`.

use super::{Check, Code};

macro_rules! codes {
    ($($name:ident: $check:ident / $cause:literal;)*) => {
        $(
            #[expect(missing_docs, reason = "docs/reference/checks.md explains it")]
            pub const $name: Code = Code { check: Check::$check, cause: $cause };
        )*

        /// All of them.
        pub const ALL: &[Code] = &[$($name),*];
    };
}

codes! {
    DNS_NOT_FOUND: Dns / "not-found";
    DNS_NO_ANSWER: Dns / "no-answer";
    DNS_PUBLIC_ADDRESS: Dns / "public-address";
    DNS_OTHER_ADDRESS: Dns / "other-address";
    DNS_NOT_FORWARDED: Dns / "not-forwarded";
    TCP_REFUSED: Tcp / "refused";
    TCP_PARTLY: Tcp / "partly";
    TCP_UNREACHABLE: Tcp / "unreachable";
    TLS_EXPIRED: Tls / "expired";
    TLS_NOT_YET_VALID: Tls / "not-yet-valid";
    TLS_EXPIRES_SOON: Tls / "expires-soon";
    TLS_WRONG_NAME: Tls / "wrong-name";
    TLS_UNKNOWN_AUTHORITY: Tls / "unknown-authority";
    TLS_OLD_PROTOCOL: Tls / "old-protocol";
    TLS_PLAIN_HTTP: Tls / "plain-http";
    TLS_SILENT: Tls / "silent";
    TLS_REFUSED: Tls / "refused";
    TLS_INVALID: Tls / "invalid";
    RECORD_MISSING: Record / "missing";
    RECORD_NOT_AN_ALIAS: Record / "not-an-alias";
    RECORD_OTHER_TARGET: Record / "other-target";
    RECORD_NO_ZONE: Record / "no-zone";
    LOAD_BALANCER_MISSING: LoadBalancer / "missing";
    LOAD_BALANCER_NOT_ACTIVE: LoadBalancer / "not-active";
    LOAD_BALANCER_PUBLIC: LoadBalancer / "public";
    SECURITY_GROUP_CLIENTS: SecurityGroup / "clients-not-admitted";
    SECURITY_GROUP_EGRESS: SecurityGroup / "balancer-not-let-out";
    SECURITY_GROUP_ENDPOINT: SecurityGroup / "endpoint-not-admitting";
    LISTENER_MISSING: Listener / "missing";
    LISTENER_NOT_HTTPS: Listener / "not-https";
    LISTENER_NO_REDIRECT: Listener / "no-redirect";
    CERTIFICATE_NOT_COVERING: Certificate / "not-covering";
    CERTIFICATE_MISSING: Certificate / "missing";
    CERTIFICATE_EXPIRED: Certificate / "expired";
    CERTIFICATE_EXPIRES_SOON: Certificate / "expires-soon";
    CERTIFICATE_NOT_ISSUED: Certificate / "not-issued";
    RULE_MISSING: Rule / "missing";
    RULE_SHADOWED: Rule / "shadowed";
    RULE_HELD: Rule / "held";
    RULE_NOT_FORWARDING: Rule / "not-forwarding";
    RULE_TRANSFORM: Rule / "transform";
    RULE_OTHER_TARGET: Rule / "other-target";
    TARGET_GROUP_MISSING: TargetGroup / "missing";
    TARGET_GROUP_EMPTY: TargetGroup / "empty";
    TARGET_GROUP_ADDRESS_MISSING: TargetGroup / "address-missing";
    TARGET_GROUP_ADDRESS_STALE: TargetGroup / "address-stale";
    TARGET_GROUP_PROTOCOL: TargetGroup / "protocol";
    TARGET_GROUP_OTHER_FUNCTION: TargetGroup / "other-function";
    TARGET_HEALTH_UNHEALTHY: TargetHealth / "unhealthy";
    TARGET_HEALTH_ALL_UNHEALTHY: TargetHealth / "all-unhealthy";
    TARGET_HEALTH_INITIAL: TargetHealth / "initial";
    TARGET_HEALTH_UNUSED: TargetHealth / "unused";
    ENDPOINT_MISSING: Endpoint / "missing";
    ENDPOINT_NOT_AVAILABLE: Endpoint / "not-available";
    ENDPOINT_NO_ADDRESS: Endpoint / "no-address";
    ENDPOINT_POLICY_DENIES: EndpointPolicy / "denies";
    ENDPOINT_POLICY_SILENT: EndpointPolicy / "no-allow";
    ENDPOINT_POLICY_UNCLEAR: EndpointPolicy / "unclear";
    MAPPING_NO_DOMAIN: Mapping / "no-domain";
    MAPPING_MISSING: Mapping / "missing";
    MAPPING_OTHER_API: Mapping / "other-api";
    MAPPING_OTHER_STAGE: Mapping / "other-stage";
    MAPPING_DOMAIN_NOT_AVAILABLE: Mapping / "domain-not-available";
    MAPPING_STRICT: Mapping / "strict";
    MAPPING_NOT_PRIVATE: Mapping / "not-private";
    MAPPING_NO_API: Mapping / "no-api";
    MAPPING_NO_BUCKET: Mapping / "no-bucket";
    API_POLICY_DENIES: ApiPolicy / "denies";
    API_POLICY_SILENT: ApiPolicy / "no-allow";
    API_POLICY_MISSING: ApiPolicy / "missing";
    API_POLICY_NOT_DEPLOYED: ApiPolicy / "not-deployed";
    API_POLICY_UNCLEAR: ApiPolicy / "unclear";
    STAGE_MISSING: Stage / "missing";
    STAGE_NO_DEPLOYMENT: Stage / "no-deployment";
    METHOD_NONE: Method / "none";
    METHOD_NOT_DEPLOYED: Method / "not-deployed";
    METHOD_MISSING: Method / "missing";
    METHOD_NO_INTEGRATION: Method / "no-integration";
    METHOD_NO_OBJECT: Method / "no-object";
    PERMISSION_MISSING: Permission / "missing";
    PERMISSION_NO_FUNCTION: Permission / "no-function";
    BUCKET_POLICY_DENIES: BucketPolicy / "denies";
    BUCKET_POLICY_SILENT: BucketPolicy / "no-allow";
    BUCKET_POLICY_UNCLEAR: BucketPolicy / "unclear";
    REQUEST_FORBIDDEN: Request / "forbidden";
    REQUEST_ACCESS_DENIED: Request / "access-denied";
    REQUEST_MISSING_TOKEN: Request / "missing-authentication-token";
    REQUEST_BAD_SIGNATURE: Request / "bad-signature";
    REQUEST_NOT_FOUND: Request / "not-found";
    REQUEST_SERVER_ERROR: Request / "server-error";
    REQUEST_BAD_GATEWAY: Request / "bad-gateway";
    REQUEST_UNAVAILABLE: Request / "unavailable";
    REQUEST_TIMED_OUT: Request / "timed-out";
    REQUEST_REFUSED: Request / "refused";
    REQUEST_NO_ANSWER: Request / "no-answer";
    REQUEST_APPLICATION: Request / "application-error";
}

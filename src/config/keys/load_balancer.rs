//! The internal load balancer.

use crate::config::form::{Seconds, Switch};
use crate::config::key::{optional, or};
use crate::config::table::{section_or_default, table};
use crate::config::values::s3::{LOGS, S3Location};
use crate::config::values::serving::{HEALTH_PATH, MATCHER, TLS_POLICY};

table! {
    /// The internal load balancer.
    pub struct LoadBalancer: Default {
        /// The security policy of the HTTPS listener.
        tls_policy: String = or(TLS_POLICY, "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09");
        /// Whether AWS refuses to delete the load balancer; `down` then refuses too.
        deletion_protection: bool = or(Switch, false);
        /// Seconds until an idle connection is closed.
        idle_timeout: u32 = or(Seconds { least: 1, most: 4000 }, 60_u32);
        /// Where access logs go: `s3://bucket` or `s3://bucket/prefix`. None by default.
        access_logs: Option<S3Location> = optional(LOGS);
        /// Where connection logs go, likewise: who connected, with which TLS.
        connection_logs: Option<S3Location> = optional(LOGS);
        /// Where health check logs go, likewise: each target's checks, and why one
        /// failed.
        health_check_logs: Option<S3Location> = optional(LOGS);
        /// Whether headers go no further whose names are not of letters, digits and
        /// hyphens: `client_id` is one.
        drop_invalid_headers: bool = or(Switch, true);
        /// How targets are checked.
        health_check: HealthCheck = section_or_default();
    }
}

// API Gateway answers `/ping` itself: 200 means that the endpoint works.
table! {
    /// How targets are checked.
    pub struct HealthCheck: Default {
        /// The path asked for, over HTTPS.
        path: String = or(HEALTH_PATH, "/ping");
        /// The codes of a healthy answer, from 200 to 499: `200`, `200,301`, `200-299`.
        matcher: String = or(MATCHER, "200");
    }
}

impl LoadBalancer {
    /// The kinds of logs, as the file and `ELBv2` call them, and where each goes.
    pub fn logs(&self) -> [(&'static str, Option<&S3Location>); 3] {
        [
            ("access_logs", self.access_logs.as_ref()),
            ("connection_logs", self.connection_logs.as_ref()),
            ("health_check_logs", self.health_check_logs.as_ref()),
        ]
    }
}

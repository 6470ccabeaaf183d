//! How long things take in AWS, as a table that a user can override.
//!
//! `{"latency": {"seconds": {"ec2/endpoint-create": 5}, "jitter": 0.2}}` makes
//! endpoints ready in about five seconds, and every span vary by a fifth.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::random::Random;

/// A span of AWS's time: its name in overrides, its typical seconds, and where the figure is from.
#[derive(Clone, Copy, Debug)]
pub struct Span {
    /// The name used in overrides.
    pub name: &'static str,
    /// Typical seconds.
    pub seconds: f64,
    /// Where the figure comes from.
    pub source: &'static str,
}

macro_rules! spans {
    ($($id:ident = $name:literal, $seconds:literal, $source:literal;)*) => {
        $(#[doc = concat!("`", $name, "`: ", $source, ".")]
        pub const $id: Span = Span { name: $name, seconds: $seconds, source: $source };)*

        /// Every span there is.
        pub const TABLE: &[Span] = &[$($id),*];
    };
}

spans! {
    ENDPOINT_CREATE = "ec2/endpoint-create", 90.0, "an interface endpoint is available after 1 to 2 minutes (research: peers §3.8)";
    ENDPOINT_INTERFACES = "ec2/endpoint-interfaces", 10.0, "assumption: an endpoint's interfaces show long before it is available";
    ENDPOINT_MODIFY = "ec2/endpoint-modify", 40.0, "assumption: subnets added or removed, back to available";
    ENDPOINT_DELETE = "ec2/endpoint-delete", 60.0, "assumption: deleting, until the endpoint is gone";
    ENDPOINT_DELETED = "ec2/endpoint-deleted", 30.0, "assumption: an endpoint that is gone is shown as deleted for a while";
    ENDPOINT_INTERFACES_LINGER = "ec2/endpoint-interfaces-linger", 10.0, "assumption: interfaces hold their groups a little longer than the endpoint (research: reliability §7)";
    LOAD_BALANCER_CREATE = "elbv2/load-balancer-create", 174.0, "2 min 54 s in a public apply log of this very stack (research: peers §3.8)";
    LOAD_BALANCER_INTERFACES = "elbv2/load-balancer-interfaces", 15.0, "assumption: a load balancer's interfaces show while it is provisioning";
    LOAD_BALANCER_INTERFACES_LINGER = "elbv2/load-balancer-interfaces-linger", 90.0, "assumption: the Terraform provider waits for them after deletion, up to 35 min (research: reliability §2.1)";
    TARGET_INITIAL = "elbv2/target-initial", 10.0, "assumption: until the first health check of a new target; then the group's own interval counts";
    TARGET_GROUP_RELEASE = "elbv2/target-group-release", 5.0, "assumption: ResourceInUse goes on a little after the listener is gone; the provider retries 2 min (research: reliability §2.1)";
    DOMAIN_NAME_UPDATE = "apigateway/domain-name-update", 60.0, "assumption: UPDATING until AVAILABLE; the provider waits up to 15 min (research: reliability §2.1)";
    DOMAIN_NAME_CREATE = "apigateway/domain-name-create", 5.0, "assumption: a REGIONAL domain name is AVAILABLE at once or nearly";
    PRIVATE_DOMAIN_CREATE = "apigateway/private-domain-create", 180.0, "minutes for private domains and access associations (research: peers §3.8)";
    CHANGE_INSYNC = "route53/change-insync", 35.0, "a change is PENDING, then INSYNC after generally less than 60 s (Route 53 API_ChangeResourceRecordSets)";
    CERTIFICATE_RELEASE = "acm/certificate-release", 10.0, "a certificate is in use for about 10 s after its load balancer let go of it (research: peers §2.5)";
    CERTIFICATE_RECORDS = "acm/certificate-records", 5.0, "several seconds until a request can be looked at whole (ACM API_RequestCertificate); the figure is an assumption";
    CERTIFICATE_VALIDATE = "acm/certificate-validate", 150.0, "DNS validation takes 1 to 5 minutes and more (research: peers §3.8)";
}

/// What a user overrides.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Latency {
    /// Seconds by name; see [`TABLE`].
    pub seconds: BTreeMap<String, f64>,
    /// By how much each span varies: 0.2 is a fifth up or down.
    pub jitter: f64,
}

impl Latency {
    /// Returns how long a span takes this time.
    pub fn draw(&self, span: Span, random: &mut Random) -> Duration {
        let seconds = self.seconds.get(span.name).copied().unwrap_or(span.seconds);
        let factor = 1.0 + self.jitter * (2.0 * random.unit() - 1.0);
        Duration::try_from_secs_f64(seconds * factor).unwrap_or_default()
    }

    /// Returns the first override that names no span.
    pub fn unknown(&self) -> Option<&str> {
        let known = |name: &str| TABLE.iter().any(|span| span.name == name);
        self.seconds
            .keys()
            .map(String::as_str)
            .find(|name| !known(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_override_beats_the_table() {
        let latency: Latency =
            serde_json::from_str(r#"{"seconds": {"ec2/endpoint-create": 5}}"#).unwrap();
        let mut random = Random::seeded(1);
        assert_eq!(
            latency.draw(ENDPOINT_CREATE, &mut random),
            Duration::from_secs(5)
        );
        assert_eq!(
            latency.draw(ENDPOINT_DELETE, &mut random),
            Duration::from_mins(1)
        );
    }

    #[test]
    fn a_misspelt_override_is_found() {
        let latency: Latency = serde_json::from_str(r#"{"seconds": {"ec2/endpoint": 5}}"#).unwrap();
        assert_eq!(latency.unknown(), Some("ec2/endpoint"));
    }
}
